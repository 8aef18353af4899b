// The entry of ./holdfast: resolves its arguments to a command, and runs it or prints its help.
import { columns, find, helpOf, UsageError, usageOf, wordsOf, type Command } from './arguments.ts';
import { CATALOGUE } from './commands/catalogue.ts';
import { DISPUTES } from './commands/disputes.ts';
import { KEYS } from './commands/keys.ts';
import { MEASURE } from './commands/measure.ts';
import { OPERATORS } from './commands/operators.ts';
import { ORDERS } from './commands/orders.ts';
import { REPAIR } from './commands/repair.ts';
import { RUN } from './commands/run.ts';
import { SECRETS } from './commands/secrets.ts';
import { endWhenReaderEnds, print, report } from './output.ts';

const GROUPS: Record<string, Command[]> = {
  run: RUN,
  'test and measure': MEASURE,
  stores: [...CATALOGUE, ...KEYS],
  operators: [ORDERS, DISPUTES, ...OPERATORS, ...SECRETS],
  repair: REPAIR,
};
export const COMMANDS = Object.values(GROUPS).flat();

const HELP_WORDS = ['help', '--help', '-h'];

const NOTES = `./holdfast help COMMAND and ./holdfast COMMAND --help show its arguments.
./holdfast dev bun test FILE starts the tests' instance too and leaves it running:
./holdfast down --test ends it. Commands with --test act on that instance.
HOLDFAST_HOME (.holdfast) and HOLDFAST_PORT_BASE (24000) move an instance elsewhere.`;

/** A command with more sub-commands lists them only in its own help. */
const INNER_MAX = 4;

const overview = (): string => {
  const rows = COMMANDS.filter(({ isAlias }) => !isAlias).map((one): [string, string] => {
    const { commands, positionals } = one;
    const inner = commands.length > INNER_MAX ? 'COMMAND' : wordsOf(one);
    const words = commands.length > 0 ? inner : positionals.join(' ');
    return [`./holdfast ${one.name} ${words}`.trimEnd(), one.summary];
  });
  const lines = columns(rows);
  const groups = Object.entries(GROUPS).flatMap(([title, commands]) => {
    const listed = commands.filter(({ isAlias }) => !isAlias);
    return [title, ...lines.splice(0, listed.length), ''];
  });
  return ['Holdfast: a shop that does not lose orders.', '', ...groups, NOTES].join('\n');
};

/** For a command that passes its arguments on, `help` counts only as the first argument. */
const requestsHelp = ({ commands, isPassedOn }: Command, words: string[]): boolean => {
  if (commands.length > 0 && words[0] === 'help') return true;
  const end = words.indexOf('--');
  const own = isPassedOn ? words.slice(0, 1) : words.slice(0, end < 0 ? undefined : end);
  return own.includes('--help') || own.includes('-h');
};

/** Runs the named command; returns its exit code, if any. */
export const run = async (words: string[], show = print): Promise<number | void> => {
  const [first = 'help', ...rest] = words;
  const isHelp = HELP_WORDS.includes(first);
  if (isHelp && rest.length === 0) return show(overview());
  const found = find(COMMANDS, isHelp ? rest : words);
  if (isHelp || requestsHelp(found.command, found.words)) return show(helpOf(found));
  try {
    return await found.command.run(found.words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new Error(`${error.message}\n${usageOf(found)}`, { cause: error });
  }
};

if (import.meta.main) {
  endWhenReaderEnds();
  try {
    const code = await run(process.argv.slice(2));
    if (code !== undefined) process.exit(code);
  } catch (error) {
    report(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
