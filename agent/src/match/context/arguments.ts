/**
 * Flags and options among arguments, as `args_flags` and `args_options` have them. `-lt` may be two flags or one
 * with a long name, so it counts as all of l, t and lt.
 */

const LETTERS_AND_DIGITS = /^[a-zA-Z0-9]+$/;

/** @returns the argument without its one or two dashes; undefined for any other */
function nameOf(argument: string): string | undefined {
  const name = /^--?(.+)$/s.exec(argument)?.[1];
  return name;
}

/** @param args without argv[0] */
export function flagsOf(args: readonly string[]): string[] {
  return args.flatMap((argument) => {
    const name = nameOf(argument);
    if (name === undefined) return [];
    const isShort = !argument.startsWith("--") && LETTERS_AND_DIGITS.test(name);
    return [...(isShort ? name : []), ...(name.includes("=") || name.length < 2 ? [] : [name])];
  });
}

/**
 * `--name=value` and `--name value`, with one dash as well, as name=value.
 * @param args without argv[0]
 */
export function optionsOf(args: readonly string[]): string[] {
  const options: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = nameOf(args[i] ?? "");
    if (name === undefined || !LETTERS_AND_DIGITS.test(name[0] ?? "")) continue;
    const value = args[i + 1];
    if (name.includes("=")) {
      options.push(name);
    } else if (value !== undefined && !value.startsWith("-")) {
      options.push(`${name}=${value}`);
      i++;
    }
  }
  return options;
}
