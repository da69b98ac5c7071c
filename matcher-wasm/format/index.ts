export * from "./decode.ts";
export * from "./fields.ts";
export * from "./hash.ts";
export * from "./layout.ts";
export * from "./module.ts";
export * from "./record.ts";
export * from "./ring.ts";
export * from "./seeds.ts";
