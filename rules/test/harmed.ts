/** Modules as a tenant with stolen keys could sign them: admitted, and not to be called. */
import binaryen from "binaryen";

export interface Harm {
  /** Name of the export that does it. */
  readonly exported: string;
  readonly harm: "trap" | "loop";
}

/** @returns a real matcher, but for one of its functions */
export function harmed(wasm: Uint8Array, { exported, harm }: Harm): Uint8Array {
  const module = binaryen.readBinary(wasm);
  const { value } = binaryen.getExportInfo(module.getExport(exported));
  const { params, results } = binaryen.getFunctionInfo(module.getFunction(value));
  const loop = module.block(null, [module.loop("for-ever", module.br("for-ever")), module.unreachable()]);
  module.removeFunction(value);
  module.addFunction(value, params, results, [], harm === "loop" ? loop : module.unreachable());
  return module.emitBinary();
}
