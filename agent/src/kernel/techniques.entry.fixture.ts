/** Ways into the kernel beside the usual system calls: io_uring and int 0x80. */
import { AT_FDCWD, objects, perl, type Technique } from "./techniques.kit.fixture.ts";

/**
 * A Perl program that submits operations of io_uring one by one, and dies where one fails. `submit(opcode, fd, addr2,
 * addr, len, flags, addr3)` as in struct io_uring_sqe; strings are given as numbers by `at`. The rings are mapped, and
 * written through a pipe, as Perl can write to no address.
 */
const uring = (text: string): string =>
  perl(`my $p = "\\0" x 120; my $u = call(425, 4, $p); my @p = unpack("I30", $p); my $k = 0; pipe(my $r, my $w);
    my ($ring, $entries) = (call(9, 0, 8192, 3, 0x8001, $u, 0), call(9, 0, 4096, 3, 0x8001, $u, 0x10000000));
    sub poke { my ($to, $bytes) = @_; syswrite($w, $bytes); call(0, fileno($r), $to, length $bytes) } sub at { unpack("Q", pack("P", $_[0])) }
    sub submit { my ($op, $fd, $off, $addr, $len, $flags, $addr3) = @_; my $slot = $k & 3;
      poke($entries + 64 * $slot, pack("CCSlQQIIQQQQ", $op, 0, 0, $fd, $off, $addr, $len, $flags, 0, 0, $addr3 || 0, 0));
      poke($ring + $p[16] + 4 * $slot, pack("I", $slot)); poke($ring + $p[11], pack("I", ++$k)); call(426, $u, 1, 1, 1, 0, 0);
      my (undef, $result) = unpack("Ql", unpack("P16", pack("Q", $ring + $p[25] + 16 * (($k - 1) & 7))));
      $result >= 0 or die "operation $op: $result"; poke($ring + $p[20], pack("I", $k)) }
    ${text}`);

const LOAD_ADDRESS = 0x400000;
const HEADER_BYTES = 120;
const CALL_BYTES = 40;
const EXIT_BYTES = 12;

/**
 * A program of 64 bits that makes calls by int 0x80, in the numbers of 32 bits, and ends with status 1 where one fails:
 * a script's lines that write it to `file`.
 * @param calls number, then up to five arguments; a text stands for its address
 */
function int80(file: string, calls: readonly (readonly (number | string)[])[]): string {
  const code: number[] = [];
  const u32 = (value: number): number[] => [...new Uint8Array(new Uint32Array([value]).buffer)];
  const strings: number[] = [];
  const end = HEADER_BYTES + calls.length * CALL_BYTES + 2 * EXIT_BYTES;
  const operand = (value: number | string): number => {
    if (typeof value === "number") return value;
    const address = LOAD_ADDRESS + end + strings.length;
    strings.push(...new TextEncoder().encode(value), 0);
    return address;
  };
  const failed = calls.length * CALL_BYTES + EXIT_BYTES;
  for (const call of calls) {
    // mov eax, ebx, ecx, edx, esi, edi
    for (const [i, opcode] of [0xb8, 0xbb, 0xb9, 0xba, 0xbe, 0xbf].entries())
      code.push(opcode, ...u32(operand(call[i] ?? 0)));
    code.push(0xcd, 0x80, 0x85, 0xc0, 0x0f, 0x88); // int 0x80; test eax, eax; js failed
    code.push(...u32(failed - (code.length + 4)));
  }
  for (const status of [0, 1]) code.push(0xb8, ...u32(1), 0xbb, ...u32(status), 0xcd, 0x80);
  const bytes = HEADER_BYTES + code.length + strings.length;
  const u64 = (value: number): number[] => [...u32(value), 0, 0, 0, 0];
  const header = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...Array<number>(9).fill(0), 2, 0, 62, 0, ...u32(1)];
  header.push(
    ...u64(LOAD_ADDRESS + HEADER_BYTES),
    ...u64(64),
    ...u64(0),
    ...u32(0),
    64,
    0,
    56,
    0,
    1,
    0,
    64,
    0,
    0,
    0,
    0,
    0,
  );
  header.push(
    ...u32(1),
    ...u32(5),
    ...u64(0),
    ...u64(LOAD_ADDRESS),
    ...u64(LOAD_ADDRESS),
    ...u64(bytes),
    ...u64(bytes),
  );
  header.push(...u64(0x1000));
  const program = Buffer.from([...header, ...code, ...strings]).toString("base64");
  return `echo ${program} | base64 -d > ${file}; chmod +x ${file}`;
}

const TYPES = ["open", "unlink", "rename", "mkdir", "rmdir", "link", "chmod", "chown", "setxattr"];

export const entries: readonly Technique[] = [
  {
    name: "io_uring",
    since: [6, 0],
    before: `mkdir d; : > d/f; : > d/g; mkdir d/r`,
    act: uring(`my ($f, $g, $h, $m, $l, $s, $r, $x, $a, $v, $how) = map { $_ . "" } ("d/f", "d/g", "d/h", "d/m", "d/l", "d/s", "d/r", "d/x",
      "trusted.weir", "v", pack("QQQ", 0102, 0640, 8));
      submit(18, ${AT_FDCWD}, 0, at($f), 0, 01001); submit(28, ${AT_FDCWD}, at($how), at($x), 24, 0); submit(35, ${AT_FDCWD}, at($h), at($g), ${AT_FDCWD} & 0xffffffff, 0);
      submit(37, ${AT_FDCWD}, 0, at($m), 0750, 0); submit(39, ${AT_FDCWD}, at($l), at($f), ${AT_FDCWD} & 0xffffffff, 0);
      submit(38, ${AT_FDCWD}, at($s), at($f), 0, 0); submit(36, ${AT_FDCWD}, 0, at($h), 0, 0); submit(36, ${AT_FDCWD}, 0, at($r), 0, 0x200);
      submit(42, 0, at($v), at($a), 1, 0, at($f))`),
    types: TYPES,
    expected: () => [
      { type: "open", path: "d/f", opFlags: 0o101001 },
      { type: "open", path: "d/x", created: true },
      { type: "rename", path: "d/g", destination: "d/h" },
      { type: "mkdir", path: "d/m", opMode: 0o750 },
      { type: "link", path: "d/f", destination: "d/l" },
      { type: "link", path: "d/d/f", destination: "d/s" },
      { type: "unlink", path: "d/h" },
      { type: "rmdir", path: "d/r" },
      { type: "setxattr", path: "d/f", text: "trusted.weir" },
    ],
  },
  {
    name: "int 0x80: the calls of 32 bits",
    before: `mkdir d; : > d/f; : > d/g; mkdir d/r d/from d/to; mount -t tmpfs t d/from; ${int80("p", [
      [5, "d/f", 0o1001, 0],
      [38, "d/g", "d/h"],
      [39, "d/m", 0o750],
      [9, "d/f", "d/l"],
      [83, "f", "d/s"],
      [15, "d/f", 0o600],
      [198, "d/f", 3, 4],
      [226, "d/f", "trusted.weir", "v", 1, 0],
      [92, "d/f", 0],
      [14, "d/p", 0o10600, 0],
      [10, "d/h"],
      [40, "d/r"],
      [429, -100, "d/from", -100, "d/to"],
    ])}`,
    act: "./p",
    after: "umount d/to",
    types: [...TYPES, "mount"],
    expected: (mode) => [
      ...(objects(mode) ? [{ type: "open", path: "p" }] : []), // that of execve
      { type: "open", path: "d/f", opFlags: 0o1001 },
      { type: "rename", path: "d/g", destination: "d/h" },
      { type: "mkdir", path: "d/m", opMode: 0o750 },
      { type: "link", path: "d/f", destination: "d/l" },
      { type: "link", path: "d/f", destination: "d/s" },
      { type: "chmod", path: "d/f", opMode: 0o600 },
      { type: "chown", path: "d/f", opUid: 3, opGid: 4 },
      { type: "setxattr", path: "d/f", text: "trusted.weir" },
      { type: "open", path: "d/f", opFlags: 0o1001 },
      { type: "open", path: "d/p", created: true },
      { type: "unlink", path: "d/h" },
      { type: "rmdir", path: "d/r" },
      { type: "mount", path: "d/to", text: objects(mode) ? "/" : "" },
    ],
  },
];
