// Defines commands as data: arguments are parsed by node:util, and help is made from the
// definition.
import { parseArgs } from 'node:util';

/** Invalid arguments: printed as one line, followed by the command's usage. */
export class UsageError extends Error {}

export interface Option<T> {
  /** Placeholder of the value in usage and help; a flag has none. */
  value?: string;
  short?: string;
  summary: string;
  /** The default as shown in help. */
  fallback?: string;
  isRequired?: boolean;
  read(given: string | undefined, name: string): T;
}
type Options = Record<string, Option<unknown>>;
type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

const FLAG_IS_SET = 'true';

export const flag = (summary: string, short?: string): Option<boolean> => ({
  summary,
  ...(short && { short }),
  read: (given) => given === FLAG_IS_SET,
});

export const text = (value: string, summary: string): Option<string | undefined> => ({
  value,
  summary,
  read: (given) => given,
});

/** A number without a sign or a fraction, from `min` to `max`. */
export const wholeNumber = (
  value: string,
  summary: string,
  [min, max]: readonly [number, number],
): Option<number | undefined> => ({
  value,
  summary,
  read: (given, name) => {
    if (given === undefined) return undefined;
    const number = Number(given);
    if (/^\d+$/.test(given) && number >= min && number <= max) return number;
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}`);
  },
});

export const withDefault = <T extends string | number>(
  option: Option<T | undefined>,
  fallback: T,
): Option<T> => ({
  ...option,
  fallback: String(fallback),
  read: (given, name) => option.read(given, name) ?? fallback,
});

export const required = <T>(option: Option<T | undefined>): Option<T> => ({
  ...option,
  isRequired: true,
  read: (given, name) => {
    const value = option.read(given, name);
    if (value === undefined) throw new UsageError(`--${name} ${option.value} is missing`);
    return value;
  },
});

/** The exit code; without one the process ends when no work is pending. */
type Outcome = number | void;

export interface Command {
  name: string;
  /** One line of the list of commands. */
  summary: string;
  /** The paragraph of the command's own help. */
  about: string;
  example: string;
  /** `ID` is required, `[ID]` is optional; `…` stands for any number. */
  positionals: string[];
  options: Options;
  /** Sub-commands; a command with sub-commands does nothing else. */
  commands: Command[];
  /** The arguments are passed on unparsed to another program. */
  isPassedOn: boolean;
  /** Hidden from the list of commands. */
  isAlias: boolean;
  run(words: string[]): Promise<Outcome>;
}

type Described = Pick<Command, 'name' | 'summary' | 'about' | 'example'>;

interface Definition<O extends Options> extends Described {
  positionals?: string[];
  options?: O;
  isPassedOn?: boolean;
  run(values: Values<O>, positionals: string[]): Promise<Outcome> | Outcome;
}

const isOptional = (positional: string): boolean => positional.startsWith('[');
const isMany = (positional: string): boolean => positional.includes('…');

const parsed = (options: Options, words: string[]) => {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value, short }]) => [
          name,
          { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
        ]),
      ),
    });
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split(/[.\n]/);
    throw new UsageError(sentence, { cause: error });
  }
};

const assertCount = (expected: string[], given: string[]): void => {
  const missing = expected.filter((one) => !isOptional(one))[given.length];
  if (missing) throw new UsageError(`${missing} is missing`);
  const extra = expected.some(isMany) ? undefined : given[expected.length];
  if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
};

/** A command whose arguments are parsed before it runs. */
export const command = <O extends Options = Record<string, never>>({
  options = {} as O,
  positionals: expected = [],
  isPassedOn = false,
  run,
  ...described
}: Definition<O>): Command => ({
  ...described,
  options,
  positionals: expected,
  commands: [],
  isPassedOn,
  isAlias: false,
  run: async (words) => {
    const { values, positionals } = isPassedOn
      ? { values: {}, positionals: words }
      : parsed(options, words);
    assertCount(expected, positionals);
    const given: Record<string, string | boolean | undefined> = values;
    const read = Object.entries(options).map(([name, option]) => [
      name,
      option.read(given[name]?.toString(), name),
    ]);
    return await run(Object.fromEntries(read) as Values<O>, positionals);
  },
});

interface Group extends Described {
  commands: Command[];
}

/** A command of sub-commands, chosen by the first argument. */
export const commandOf = ({ commands, ...described }: Group): Command => ({
  ...described,
  commands,
  options: {},
  positionals: [],
  isPassedOn: false,
  isAlias: false,
  run: async ([word, ...words]) => {
    const chosen = commands.find(({ name }) => name === word);
    if (chosen) return await chosen.run(words);
    throw new UsageError(`${described.name} takes: ${commands.map(({ name }) => name).join(', ')}`);
  },
});

type Named = [name: string, option: Option<unknown>];

const optionText = ([name, { value }]: Named): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}`;

/** The required arguments after the command's name. */
const neededWords = ({ positionals, options }: Command): string[] => {
  const required = Object.entries(options).filter(([, { isRequired }]) => isRequired);
  return positionals.concat(required.map(optionText));
};

/** All arguments after the command's name. */
export const wordsOf = (one: Command): string => {
  if (one.commands.length > 0) return one.commands.map(({ name }) => name).join('|');
  const optional = Object.entries(one.options)
    .filter(([, { isRequired }]) => !isRequired)
    .map(([name, option]) => `[${option.short ? `-${option.short}` : optionText([name, option])}]`);
  return neededWords(one).concat(optional).join(' ');
};

/** A command and its path of names. */
export interface Found {
  path: string;
  command: Command;
  /** The arguments after the path. */
  words: string[];
}

/** Resolves arguments to a command, through sub-commands as far as they go. */
export const find = (commands: Command[], words: string[], path = './holdfast'): Found => {
  const [word = '', ...rest] = words;
  const chosen = commands.find(({ name }) => name === word);
  if (!chosen) throw new UsageError(`unknown command ${word}; ./holdfast help lists them`);
  const found = { path: `${path} ${word}`, command: chosen, words: rest };
  const isDeeper = chosen.commands.some(({ name }) => name === rest[0]);
  return isDeeper ? find(chosen.commands, rest, found.path) : found;
};

export const usageOf = ({ path, command }: Found): string =>
  `usage: ${path} ${wordsOf(command)}`.trimEnd();

/** Lines of two columns, the second one aligned. */
export const columns = (rows: [string, string][]): string[] => {
  const leftLength = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(leftLength)}  ${right}`);
};

const ABOUT_COLUMNS = 96;
const wrapped = (text: string): string =>
  text.replaceAll(new RegExp(`(.{1,${ABOUT_COLUMNS}})(?: |$)`, 'g'), '$1\n').trimEnd();

/** The help of one command: usage, a paragraph, arguments, an example. */
export const helpOf = (found: Found): string => {
  const { about, example, commands, options } = found.command;
  const inner = commands.map((one): [string, string] => [
    [one.name, ...neededWords(one)].join(' '),
    one.summary,
  ]);
  const taken = Object.entries(options).map(([name, option]): [string, string] => [
    `${option.short ? `-${option.short}, ` : ''}${optionText([name, option])}`,
    option.summary + (option.fallback === undefined ? '' : ` (default ${option.fallback})`),
  ]);
  return [
    usageOf(found),
    '',
    wrapped(about),
    '',
    ...(inner.length > 0 ? ['commands, each with its own help', ...columns(inner), ''] : []),
    ...(taken.length > 0 ? ['options', ...columns(taken), ''] : []),
    'example',
    `  ./holdfast ${example}`,
  ].join('\n');
};
