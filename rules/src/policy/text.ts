/** Bytes of a policy file to text, refusing what cannot be one before anything looks at it. */
import { type Diagnostic, diagnosticAt, diagnosticOf, placeAt } from "../diagnostics.ts";
import { SourceFile } from "../source.ts";

/** Most bytes of one policy file. */
export const POLICY_BYTES_MAX = 2 << 20;

/** A policy file as given: its name for messages, its content. */
export interface PolicyInput {
  readonly name: string;
  readonly text: string | Uint8Array;
}

/** Not allowed in YAML: control characters other than tab and line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** @returns the file, or why it cannot be a policy */
export function decodePolicy({ name, text }: PolicyInput): SourceFile | Diagnostic {
  const bytes = typeof text === "string" ? Buffer.byteLength(text) : text.length;
  if (bytes > POLICY_BYTES_MAX)
    return diagnosticOf(name, {
      severity: "error",
      code: "file-too-large",
      message: `the file has ${bytes} bytes: at most ${POLICY_BYTES_MAX} are allowed`,
      hint: "split it into several files",
    });
  if (typeof text !== "string" && isUtf16(text))
    return diagnosticOf(name, {
      severity: "error",
      code: "not-text",
      message: "the file is UTF-16 text: a policy is UTF-8",
      hint: "save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`",
    });
  const decoded = typeof text === "string" ? text.replace(/^\ufeff/, "") : new TextDecoder().decode(text);
  const file = new SourceFile(name, decoded);
  if (typeof text !== "string" && !isUtf8(text))
    return diagnosticAt(placeAt(file, decoded.indexOf("\ufffd")), {
      severity: "error",
      code: "not-text",
      message: "the file is not UTF-8 text",
    });
  const control = CONTROL.exec(decoded);
  if (control !== null)
    return diagnosticAt(placeAt(file, control.index), {
      severity: "error",
      code: "not-text",
      message: `control character U+${control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}: this is not a text file`,
    });
  return file;
}

/** By its byte order mark, or because the first two characters are ASCII. */
function isUtf16([first, second, third, fourth]: Uint8Array): boolean {
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return (first === 0 && third === 0 && !!second && !!fourth) || (second === 0 && fourth === 0 && !!first && !!third);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
