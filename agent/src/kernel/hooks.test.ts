import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type KernelFunction, kernelFunctions } from "./btf.ts";
import { essentialMissing, HOOKED_FUNCTIONS, OPTIONAL_TYPES, planHooks } from "./hooks.ts";

/** What a kernel has that fits. */
const STRUCTS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  do_filp_open: [undefined, "filename", "open_flags"],
  security_path_unlink: ["path", "dentry"],
  vfs_unlink: ["mnt_idmap", "inode", "dentry"],
  security_path_rename: ["path", "dentry", "path", "dentry"],
  vfs_rename: ["renamedata"],
  notify_change: ["mnt_idmap", "dentry", "iattr"],
  security_path_chmod: ["path"],
  security_path_chown: ["path"],
  vfs_setxattr: ["mnt_idmap", "dentry"],
  mnt_want_write: ["vfsmount"],
  mnt_want_write_file: ["file"],
};
const kernel = (changes: Record<string, readonly (string | undefined)[] | null> = {}): Map<string, KernelFunction> =>
  new Map(
    Object.entries({ ...STRUCTS, ...changes }).flatMap(([name, parameters]) =>
      parameters === null ? [] : [[name, { parameters, returns: undefined }]],
    ),
  );

describe("planHooks", () => {
  test("a type whose functions are all there is captured, others say what is missing", () => {
    const { programs, captured, missing } = planHooks(kernel());
    expect(captured).toEqual(["open", "unlink", "rename", "chmod", "chown", "setxattr", "exec", "exit"]);
    expect(missing["mkdir"]).toBe("this kernel has no function security_path_mkdir");
    expect(programs).toContain("trampoline_chown_asked");
    expect(programs).not.toContain("trampoline_mkdir_done");
    // Shared with a type that is captured.
    expect(programs).toContain("trampoline_attributes_done");
  });

  test("a function with other parameters is not hung on", () => {
    const { captured, missing } = planHooks(kernel({ vfs_setxattr: ["dentry", undefined] }));
    expect(captured).not.toContain("setxattr");
    expect(missing["setxattr"]).toBe("parameter 1 of the kernel's vfs_setxattr is no structure, not struct dentry");
  });

  test("what only serves types that are missing is left out", () => {
    expect(planHooks(kernel({ vfs_setxattr: null })).programs).not.toContain("trampoline_xattr_mount");
    expect(planHooks(kernel({ vfs_symlink: [undefined, "inode", "dentry"] })).programs).not.toContain(
      "trampoline_symlink_done",
    );
  });

  test("what adds to a type is taken where it is, and missed by nobody", () => {
    expect(planHooks(kernel({ vfs_create: ["mnt_idmap", "inode", "dentry"] })).programs).toContain(
      "trampoline_create_done",
    );
    const { programs, missing } = planHooks(kernel({ vfs_create: ["mnt_idmap", "dentry"], vfs_truncate: null }));
    expect(programs).toContain("trampoline_create_done_in");
    expect(programs).not.toContain("trampoline_create_done");
    expect(missing).not.toHaveProperty("open");
  });

  test("without an essential type the mode is not worth having", () => {
    expect(essentialMissing(planHooks(kernel()))).toBeUndefined();
    expect(essentialMissing(planHooks(kernel({ do_filp_open: null })))).toBe(
      "open: this kernel has no function do_filp_open",
    );
  });

  test("before 5.12, without parameters for id mappings", () => {
    const old = kernel({
      vfs_unlink: ["inode", "dentry"],
      vfs_rename: ["inode", "dentry", "inode", "dentry"],
      notify_change: ["dentry", "iattr"],
      vfs_setxattr: ["dentry"],
    });
    expect(planHooks(old).missing["unlink"]).toBeUndefined();
    expect(planHooks(old).captured).toEqual(planHooks(kernel()).captured);
  });

  test("where trampolines take no structures as arguments, chown hangs on another function, or is not captured", () => {
    const functions = kernel({ chown_common: ["path"] });
    functions.set("security_path_chown", { parameters: ["path"], returns: undefined, byValue: true });
    expect(planHooks(functions).programs).toContain("trampoline_chown_asked");
    const { programs, missing } = planHooks(functions, { structures: false });
    expect(programs).toContain("trampoline_chown_common_asked");
    expect(programs).not.toContain("trampoline_chown_asked");
    expect(missing["chown"]).toBeUndefined();
    functions.delete("chown_common");
    expect(planHooks(functions, { structures: false }).missing["chown"]).toBe(
      "this kernel's trampolines do not take the arguments of security_path_chown",
    );
  });

  test("a function under its later name", () => {
    const functions = kernel({ do_filp_open: null, do_file_open: [undefined, "filename", "open_flags"] });
    const { captured, targets } = planHooks(functions);
    expect(captured).toContain("open");
    expect(targets).toEqual(new Map([["trampoline_open", "do_file_open"]]));
  });

  test("types can be done without", () => {
    const refused = Object.fromEntries(OPTIONAL_TYPES.map((type) => [type, "refused"]));
    const { captured, missing } = planHooks(kernel(), { refused });
    expect(captured).toEqual(["open", "unlink", "rename", "chmod", "exec", "exit"]);
    expect(missing["chown"]).toBe("refused");
  });
});

test.skipIf(!existsSync("/sys/kernel/btf/vmlinux"))("this machine's kernel has functions as they are expected", () => {
  const functions = kernelFunctions(HOOKED_FUNCTIONS);
  expect(functions.get("vfs_rename")).toEqual({ parameters: ["renamedata"], returns: undefined });
  expect(functions.get("do_filp_open")?.returns ?? "file").toBe("file");
  expect(functions.has("no_such_function")).toBe(false);
});
