/** What the files of techniques share: what one is, and how its programs are written. */
import type { AttachMode } from "./stage.ts";

/** What an event has to show; `known`: the file's attributes are. */
export interface Expected {
  readonly type: string;
  readonly path?: string;
  readonly destination?: string;
  readonly text?: string;
  readonly textKnown?: boolean;
  readonly known?: boolean;
  readonly opFlags?: number;
  readonly opMode?: number;
  readonly opUid?: number;
  readonly opGid?: number;
  readonly mode?: number;
  readonly fileUid?: number;
  /** 0 or -errno. */
  readonly retval?: number;
  readonly created?: boolean;
  readonly resolution?: "object" | "syscall";
  readonly filesystem?: string;
}

export interface Technique {
  readonly name: string;
  /** Done before anything is watched. */
  readonly before?: string;
  readonly act: string;
  readonly after?: string;
  /** In order; of the types that are watched for this technique, nothing else may be reported. */
  readonly expected: (mode: AttachMode) => readonly Expected[];
  /** Types that are watched; those of the expected events by default. */
  readonly types?: readonly string[];
  /** Where only one of them sees it. */
  readonly modes?: readonly AttachMode[];
  /** First kernel that has the call. */
  readonly since?: readonly [major: number, minor: number];
  /** A shell's condition without which the technique is not to be had. */
  readonly needs?: string;
}

export const UNCHANGED = 0xffffffff;
export const objects = (mode: AttachMode): boolean => mode === "trampoline";

/** A Perl program; its calls of `call` die where the kernel refuses. */
export const perl = (text: string): string =>
  `perl -e 'use strict; sub call { my $r = syscall(shift, @_); $r >= 0 or die "@_: $!"; return $r } ${text}'`;
export const OPEN = (name: string): string => `open(my $f, "+<", "${name}") or die $!; my $n = fileno($f);`;

export const file = ": > f; chmod 640 f; chown 9:9 f";
export const FILE = { mode: 0o100640, fileUid: 9 };
export const AT_FDCWD = -100;

/** Names of files that techniques use outside of their folder, where it has no path. */
export const ELSEWHERE: readonly string[] = ["memfd:weir", "pipefs", "weir-pivoted"];
