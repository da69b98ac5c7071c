/**
 * A file that events are appended to, one a line, with older ones beside it: `path.1` is the newest of them.
 *
 * Invariant: the file holds whole lines. A batch that could not be written is taken back; a line that the end of an
 * earlier process has cut is ended before the next.
 */
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import type { SpoolRecord } from "../record.ts";
import { type Format, type Receipt, type Sink, TAKEN, UnreachableError } from "../sink.ts";

export interface FileSinkOptions {
  readonly path: string;
  /** undefined: grows without end, as when another program rotates it. */
  readonly rotate:
    | { readonly bytesMax: number /** Kept beside the current one. */; readonly files: number }
    | undefined;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly isRegular: boolean;
  bytes: number;
}

export class FileSink implements Sink {
  readonly #options: FileSinkOptions;
  readonly #format: Format;
  #file: OpenFile | undefined;

  constructor(options: FileSinkOptions, format: Format) {
    this.#options = options;
    this.#format = format;
  }

  async deliver(records: readonly SpoolRecord[]): Promise<Receipt> {
    const data = Buffer.from(records.map(({ payload }) => `${this.#format(payload)}\n`).join(""));
    try {
      const file = await this.#ready(data.length);
      await this.#write(file, data);
    } catch (error) {
      throw new UnreachableError(`${this.#options.path}: ${(error as Error).message}`, { cause: error });
    }
    return TAKEN;
  }

  /** The file to append to, with room for so many bytes. */
  async #ready(bytes: number): Promise<OpenFile> {
    const { path, rotate } = this.#options;
    // Another program may have moved it away.
    const isCurrent = this.#file && (await stat(path).catch(() => undefined))?.ino === this.#file.inode;
    if (!isCurrent) await this.#reopen();
    const file = this.#file as OpenFile;
    if (!rotate || !file.isRegular || file.bytes === 0 || file.bytes + bytes <= rotate.bytesMax) return file;
    await file.handle.datasync();
    await this.#rotate(rotate.files);
    await this.#reopen();
    return this.#file as OpenFile;
  }

  /** Created readable by its owner only. */
  async #reopen(): Promise<void> {
    await this.close();
    const handle = await open(this.#options.path, "a+", 0o600);
    try {
      const { ino, size } = await handle.stat();
      const isRegular = (await handle.stat()).isFile();
      const file = { handle, inode: ino, isRegular, bytes: isRegular ? size : 0 };
      if (isRegular && size > 0) {
        const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
        if (buffer[0] !== 0x0a) await this.#write(file, Buffer.from("\n"));
      }
      this.#file = file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #write(file: OpenFile, data: Buffer): Promise<void> {
    try {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await file.handle.write(data, done);
        done += bytesWritten;
      }
      file.bytes += data.length;
    } catch (error) {
      if (file.isRegular) await file.handle.truncate(file.bytes).catch(() => undefined);
      throw error;
    }
  }

  async #rotate(files: number): Promise<void> {
    const { path } = this.#options;
    const nth = (n: number): string => (n === 0 ? path : `${path}.${n}`);
    await rm(nth(files), { force: true });
    for (let n = files - 1; n >= 0; n--)
      await rename(nth(n), nth(n + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
  }

  async sync(): Promise<void> {
    if (this.#file?.isRegular) await this.#file.handle.datasync();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }
}
