/** The kernel's own type information (BTF): the functions it has and what they take. Through libbpf. */
import koffi from "koffi";
import { checkPointer, libbpf, type Pointer } from "./libbpf.ts";

const c = {
  vmlinux: libbpf.func("void *btf__load_vmlinux_btf()"),
  free: libbpf.func("void btf__free(void *btf)"),
  find: libbpf.func("int btf__find_by_name_kind(const void *btf, const char *name, uint32_t kind)"),
  name: libbpf.func("const char *btf__name_by_offset(const void *btf, uint32_t offset)"),
  type: libbpf.func("const void *btf__type_by_id(const void *btf, uint32_t id)"),
};

const BTF_KIND = { pointer: 2, struct: 4, union: 5, typedef: 8, const: 10, func: 12 };

/** A function of the kernel, as its type information describes it. */
export interface KernelFunction {
  /** For each parameter the name of the structure that it points to; undefined for others. */
  readonly parameters: readonly (string | undefined)[];
  /** The same of what it returns. */
  readonly returns: string | undefined;
  /** Whether a parameter is a structure itself; trampolines take such functions since Linux 6.1. */
  readonly byValue?: boolean;
}

/**
 * Looks functions up in the kernel's own BTF.
 * @returns those that it has
 * @throws KernelError when the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)
 */
export function kernelFunctions(names: readonly string[]): Map<string, KernelFunction> {
  const btf = checkPointer("kernel BTF (/sys/kernel/btf/vmlinux)", c.vmlinux() as Pointer | null);
  // struct btf_type: u32 name_off, u32 info (kind in bits 24 to 28, vlen in the low 16), u32 type or size; behind
  // that of a function's prototype come its struct btf_param: u32 name_off, u32 type.
  const words = (id: number, count: number): Uint32Array =>
    new Uint32Array(koffi.view(c.type(btf, id) as Pointer, count * 4));
  const kindOf = (info: number): number => (info >>> 24) & 0x1f;
  const isStructure = (id: number): boolean => {
    let [, info = 0, target = 0] = id === 0 ? [] : words(id, 3);
    while (kindOf(info) === BTF_KIND.typedef || kindOf(info) === BTF_KIND.const)
      [, info = 0, target = 0] = target === 0 ? [] : words(target, 3);
    return kindOf(info) === BTF_KIND.struct || kindOf(info) === BTF_KIND.union;
  };
  const pointee = (id: number): string | undefined => {
    let [name = 0, info = 0, target = 0] = id === 0 ? [] : words(id, 3);
    if (kindOf(info) !== BTF_KIND.pointer) return undefined;
    do [name = 0, info = 0, target = 0] = target === 0 ? [] : words(target, 3);
    while (kindOf(info) === BTF_KIND.const);
    return kindOf(info) === BTF_KIND.struct ? (c.name(btf, name) as string) : undefined;
  };
  try {
    const found = new Map<string, KernelFunction>();
    for (const name of names) {
      const id = c.find(btf, name, BTF_KIND.func) as number;
      if (id < 0) continue;
      const prototype = words(id, 3)[2] as number;
      const [, info = 0, returned = 0] = words(prototype, 3);
      const parameters = words(prototype, 3 + (info & 0xffff) * 2).subarray(3);
      found.set(name, {
        parameters: Array.from({ length: info & 0xffff }, (_, i) => pointee(parameters[i * 2 + 1] as number)),
        returns: pointee(returned),
        ...(parameters.some((id, i) => i % 2 === 1 && isStructure(id)) && { byValue: true }),
      });
    }
    return found;
  } finally {
    c.free(btf);
  }
}

/**
 * Whether trampolines take functions with structures as arguments: since Linux 6.1, on some processors later.
 * @throws KernelError when the kernel has no BTF
 */
export function takesStructures(): boolean {
  return structMembers("btf_func_model").includes("arg_flags");
}

/** Names of the members of a structure of the kernel's; none where it has no such structure. */
function structMembers(name: string): string[] {
  const btf = checkPointer("kernel BTF (/sys/kernel/btf/vmlinux)", c.vmlinux() as Pointer | null);
  try {
    const id = c.find(btf, name, BTF_KIND.struct) as number;
    if (id < 0) return [];
    const words = (count: number): Uint32Array => new Uint32Array(koffi.view(c.type(btf, id) as Pointer, count * 4));
    // Behind struct btf_type come its struct btf_member: u32 name_off, u32 type, u32 offset.
    const count = (words(3)[1] as number) & 0xffff;
    const members = words(3 + count * 3).subarray(3);
    return Array.from({ length: count }, (_, i) => c.name(btf, members[i * 3] as number) as string);
  } finally {
    c.free(btf);
  }
}
