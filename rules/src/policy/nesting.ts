/** How deep YAML nests, before it is parsed: the parser recurses that deep. */
import type { CST } from "yaml";

/** How deep the tokens of a file nest, from their types and widths alone. */
export class NestingDepth {
  /** Widths of the indentations that are open, growing. */
  readonly #indents: number[] = [];
  #brackets = 0;
  /** List items begun on the current line. */
  #items = 0;
  #atLineStart = true;

  /** @returns the depth behind this token */
  after(token: string, type: CST.TokenType | null): number {
    if (type === "newline") {
      this.#atLineStart = true;
    } else if (this.#atLineStart) {
      const width = type === "space" ? token.length : 0;
      while ((this.#indents.at(-1) ?? -1) >= width) this.#indents.pop();
      this.#indents.push(width);
      this.#items = 0;
      this.#atLineStart = false;
    }
    if (type === "seq-item-ind") this.#items++;
    if (type === "flow-seq-start" || type === "flow-map-start") this.#brackets++;
    if (type === "flow-seq-end" || type === "flow-map-end") this.#brackets--;
    return this.#indents.length + this.#items + this.#brackets;
  }
}
