/**
 * Kernel stages with a fault, built from a copy of the sources: what the search must find. A fault is a text that
 * stands in a file once, and what takes its place.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Mutant {
  readonly name: string;
  /** Below bpf/. */
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
  /** Found by one to four cases from any seed that was tried, so that `npm test` can afford it. */
  readonly quick?: true;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "approvers of rmdir are looked up under another type",
    file: "lib/filter.h",
    from: /\.type = s->type\b/,
    to: ".type = s->type == EVENT_RMDIR ? EVENT_MKDIR : s->type",
  },
  {
    name: "directories deeper than 12 are no ancestors",
    file: "lib/path.h",
    from: /approved\(s,[^;]* APPROVER_ANCESTOR, parent->hash\)/,
    to: "(depth < 12 ? $& : 0)",
  },
  {
    name: "all flags of a condition are asked for, not any",
    file: "lib/filter.h",
    from: /\(any & flags\) != 0/,
    to: "(any & flags) == any",
  },
  {
    name: "the first of two paths approves nobody",
    quick: true,
    file: "lib/emit.h",
    from: /__u64 tenants = path_approved\([^;]*\);/,
    to: "__u64 tenants = 0;",
  },
  {
    name: "truncated paths are judged like whole ones",
    file: "lib/emit.h",
    from: /tenants = i->tenants;/,
    to: ";",
  },
  {
    name: "a silent directory is known by its inode, whatever its path becomes",
    quick: true,
    file: "lib/discard.h",
    from: /key = sip_end\([^;]*\);/,
    to: "$& struct dentry *at_ = (void *)s->subject_dentry; if (at_) key = BPF_CORE_READ(at_, d_parent, d_inode, i_ino);",
  },
  {
    name: "directories below a silent one are silent",
    file: "lib/discard.h",
    from: /len = s->levels\[above\]/,
    to: "len = s->levels[above > 6 ? 6 : above]",
  },
  {
    name: "mounts that come and go are not noticed",
    file: "lib/places.h",
    from: /e->event == mounts_event\(ns\) &&/,
    to: "",
  },
  {
    name: "of two paths the second is not looked for on other mounts",
    file: "lib/names.h",
    from: /there \|= push_on\(s, second, mnt\);/,
    to: "push_object(s, second, second->mnt);",
  },
  {
    name: "hard links that were removed are still names",
    file: "lib/places.h",
    from: / \|\| !READ\(dentry, d_hash\.pprev\)/,
    to: "",
  },
  {
    name: "other names have no approvers above the name itself",
    file: "lib/names.h",
    from: /\n\treturn event_judge\(s, tenants\);/,
    to: "\n\ts->levels[s->depth & 127].below = 0;\n\treturn event_judge(s, tenants);",
  },
];

const SOURCES = fileURLToPath(new URL("../../../bpf/", import.meta.url));

/** @throws Error when the text is not there exactly once, or the result does not compile */
export function builtMutant({ name, file, from, to }: Mutant): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "weir-mutant-"));
  try {
    cpSync(SOURCES, folder, { recursive: true, filter: (path) => !/\/(build|node_modules)$/.test(path) });
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    const places = [...text.matchAll(new RegExp(from, "g"))].length;
    if (places !== 1) throw new Error(`${name}: ${from} is in bpf/${file} ${places} times, expected once`);
    writeFileSync(path, text.replace(from, to));
    execFileSync("make", ["-s", "-C", folder], { stdio: "pipe" });
    return readFileSync(join(folder, "build/weir.bpf.o"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
