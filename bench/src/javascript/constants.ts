/** What generated code refers to by name and gets when it is made: sets, regular expressions, conditions. */

export class Constants {
  readonly values: unknown[] = [];
  readonly #names = new Map<string, string>();

  /** @param key what makes equal values one; @returns the name of the value in the code */
  add(key: string, make: () => unknown): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = `k${this.values.length}`;
    this.values.push(make());
    this.#names.set(key, name);
    return name;
  }

  get names(): string[] {
    return this.values.map((_, i) => `k${i}`);
  }
}
