/** A line on the terminal that says how far a command is; nothing where standard error is no terminal. */
export class Progress {
  readonly #enabled = process.stderr.isTTY === true;
  #shown = false;

  show(text: string): void {
    if (!this.#enabled) return;
    process.stderr.write(`\r\u001b[K${text}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stderr.write("\r\u001b[K");
    this.#shown = false;
  }

  /** Writes to standard output, with the line out of the way. */
  print(text: string): void {
    this.clear();
    process.stdout.write(text);
  }
}
