/** Comparisons of network addresses. Networks stand in lists and behind `in`; `==` wants one address. */
import type { Expr, Network } from "../ir.ts";
import type { Comparison } from "./compare.ts";
import type { Membership } from "./member.ts";
import { describeOperand, type Operand } from "./operand.ts";
import type { Scope } from "./scope.ts";

type Typed<T extends Operand["type"]> = Extract<Operand, { type: T }>;

const ADDRESS_MASK = (1n << 128n) - 1n;
const isAddress = ({ mask }: Network): boolean => mask === ADDRESS_MASK;

/** One side is an address. @returns undefined when the sides do not go together */
export function compareAddresses(scope: Scope, comparison: Comparison): Expr | undefined {
  const { left, right, op, opSpan } = comparison;
  const sides = [left, right];
  const constants = sides.filter((side): side is Typed<"ip"> => side.type === "ip");
  const [field] = sides.filter((side): side is Typed<"address"> => side.type === "address");
  if (constants.length + (field === undefined ? 0 : 1) !== 2) return undefined;
  if (op !== "==" && op !== "!=")
    scope.fail("type", opSpan, `\`${op}\` cannot compare addresses: use \`==\`, \`!=\` or \`in\``);
  const odd = constants.find(({ network }) => !isAddress(network));
  if (odd !== undefined)
    scope.fail("type", odd.span, `\`${op}\` compares with one address, received a network`, "use `in`");
  const [first, second] = constants;
  if (field === undefined)
    return { kind: "const", value: (first?.network.network === second?.network.network) === (op === "==") };
  return { kind: "ip", field: field.field, networks: [(first as Typed<"ip">).network], negated: op === "!=" };
}

/** The left side is an address. @returns undefined when the sides do not go together */
export function memberAddresses(scope: Scope, { op, left, right }: Membership): Expr | undefined {
  const items = right.type === "list" ? right.items : [right];
  if (!items.every((item): item is Typed<"ip"> => item.type === "ip")) return undefined;
  const networks = items.map(({ network }) => network);
  const negated = op === "not in";
  if (left.type === "address")
    return { kind: "ip", field: left.field, networks, ...(op === "allin" ? { all: true } : {}), negated };
  if (left.type !== "ip") return undefined;
  if (!isAddress(left.network))
    scope.fail("type", left.span, `\`${op}\` looks up an address, received ${describeOperand(left)}`);
  const { family, network: address } = left.network;
  const isIn = networks.some(({ family: f, network, mask }) => f === family && (address & mask) === network);
  return { kind: "const", value: isIn !== negated };
}
