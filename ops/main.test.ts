// Tests the command line: parsing, refusals, and the help of every command.
import { afterAll, describe, expect, test } from 'bun:test';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import {
  command,
  commandOf,
  find,
  flag,
  required,
  text,
  UsageError,
  wholeNumber,
  withDefault,
  type Command,
} from './arguments.ts';
import { ROOT } from './instance.ts';
import { COMMANDS, run } from './main.ts';

/** Every command without sub-commands, with its path. */
const leavesOf = (commands: Command[], path: string[] = []): [string[], Command][] =>
  commands.flatMap((one) => {
    const words = [...path, one.name];
    return one.commands.length > 0
      ? leavesOf(one.commands, words)
      : [[words, one] as [string[], Command]];
  });
const LEAVES = leavesOf(COMMANDS);

const shown = async (...words: string[]): Promise<string> => {
  const lines: string[] = [];
  await run(words, (line) => void lines.push(line));
  return lines.join('\n');
};

const refusal = (...words: string[]): Promise<string> =>
  run(words).then(
    () => 'not refused',
    (error: unknown) => (error as Error).message,
  );

describe('words', () => {
  const given: unknown[] = [];
  const sample = command({
    name: 'sample',
    summary: 'a sample',
    about: 'A sample.',
    example: 'sample',
    positionals: ['ID', '[FILE…]'],
    options: {
      count: withDefault(wholeNumber('N', 'how many', [1, 9]), 3),
      size: wholeNumber('N', 'how large', [0, 9]),
      role: required(text('ROLE', 'which role')),
      quick: flag('quickly', 'q'),
    },
    run: (values, positionals) => void given.push([values, positionals]),
  });
  const refused = (...words: string[]): Promise<unknown> =>
    sample.run(words).catch((error: unknown) => error);

  test('are read by type, with defaults for what is absent', async () => {
    await sample.run(['x', '--role', 'clerk', '-q', 'a', 'b']);
    await sample.run(['--count=9', '--size', '0', '--role', 'owner', '--', '-x']);
    expect(given).toEqual([
      [{ count: 3, size: undefined, role: 'clerk', quick: true }, ['x', 'a', 'b']],
      [{ count: 9, size: 0, role: 'owner', quick: false }, ['-x']],
    ]);
  });

  test('that are unknown, missing, extra or out of range are refused in one line', async () => {
    const cases: [string[], string][] = [
      [['x', '--role', 'clerk', '--nope'], "Unknown option '--nope'"],
      [['--role', 'clerk'], 'ID is missing'],
      [['x'], '--role ROLE is missing'],
      [['x', '--role'], "Option '--role <value>' argument missing"],
      ...['0', '10', '1.5', '-1', 'many', ''].map((count): [string[], string] => [
        ['x', '--role', 'clerk', `--count=${count}`],
        '--count takes a whole number from 1 to 9',
      ]),
    ];
    for (const [words, line] of cases) {
      const error = await refused(...words);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toBe(line);
    }
    expect(await refusal('env', 'extra')).toStartWith('unexpected argument: extra\nusage: ');
  });

  test('select a sub-command, or a line that lists them', async () => {
    const group = commandOf({ ...sample, commands: [sample] });
    await group.run(['sample', 'y', '--role', 'clerk']);
    expect(given.at(-1)).toMatchObject([{ role: 'clerk' }, ['y']]);
    expect(group.run([])).rejects.toThrow('sample takes: sample');
    expect(find([group], ['sample', 'sample', 'z'])).toMatchObject({
      path: './holdfast sample sample',
      words: ['z'],
    });
  });
});

describe('the command line', () => {
  test('lists every command, and no alias', async () => {
    const list = await shown();
    for (const { name, isAlias } of COMMANDS) {
      expect([name, list.includes(`./holdfast ${name} `)]).toEqual([name, !isAlias]);
    }
    expect(await shown('help')).toBe(list);
    expect(await shown('--help')).toBe(list);
    for (const line of list.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  test('has help for each command, with its usage and an example of it', async () => {
    const groups = COMMANDS.filter(({ commands }) => commands.length > 0);
    for (const one of groups) expect(await shown(one.name, 'help')).toContain('\ncommands');
    for (const [words, { example, isAlias }] of LEAVES) {
      const help = await shown('help', ...words);
      expect(help).toStartWith(`usage: ./holdfast ${words.join(' ')}`);
      expect(await shown(...words, '--help')).toBe(help);
      if (!isAlias && words[0] !== 'check') expect(example).toStartWith(words.join(' '));
    }
  });

  test('refuses an unknown option of each command with one line and its usage', async () => {
    for (const [words, { isPassedOn }] of LEAVES) {
      if (isPassedOn) continue;
      const lines = (await refusal(...words, '--nope')).split('\n');
      expect(lines).toHaveLength(2);
      expect(lines[0]).toBe("Unknown option '--nope'");
      expect(lines[1]).toStartWith(`usage: ./holdfast ${words.join(' ')}`);
    }
  });

  test('refuses unknown commands, and an ambiguous check', async () => {
    expect(await refusal('frob')).toBe('unknown command frob; ./holdfast help lists them');
    expect(await refusal('orders')).toStartWith('orders takes: overview, stuck, ');
    for (const words of [[], ['sources']]) {
      const line = await refusal('check', ...words);
      expect(line).toContain('./holdfast lint');
      expect(line).toContain('./holdfast compare stock|search');
      expect(line).not.toContain('\n');
    }
  });

  test('accepts check stock and check search as compare', () => {
    for (const name of ['stock', 'search']) {
      const [one, other] = ['check', 'compare'].map((word) => find(COMMANDS, [word, name]));
      expect(one?.command).toBe(other?.command as Command);
    }
  });

  test('has every command named in a page', () => {
    const pages = ['*.md', 'docs/**/*.md'].flatMap((glob) => [
      ...new Bun.Glob(glob).scanSync({ cwd: ROOT }),
    ]);
    const named = pages.flatMap((page) =>
      [...readFileSync(resolve(ROOT, page), 'utf8').matchAll(/\.\/holdfast ([a-z-]+)/g)].map(
        ([, name = '']) => ({ page, name }),
      ),
    );
    const known = ['help', ...COMMANDS.map(({ name }) => name)];
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(({ name }) => !known.includes(name))).toEqual([]);
  });
});

describe('the script', () => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-script-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const one of ['ops', 'patches', 'node_modules']) mkdirSync(resolve(folder, one));
  copyFileSync(resolve(ROOT, 'holdfast'), resolve(folder, 'holdfast'));
  for (const file of ['bun.lock', 'patches/none']) writeFileSync(resolve(folder, file), '');
  const stamp = Bun.spawnSync(['cksum'], { stdin: Buffer.from('') }).stdout;
  writeFileSync(resolve(folder, 'node_modules/.holdfast-lock'), stamp);

  /** Runs the script in a folder without sources, with this main file. */
  const script = (main: string, ...words: string[]) => {
    writeFileSync(resolve(folder, 'ops/main.ts'), main);
    const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
    return Bun.spawnSync([resolve(folder, 'holdfast'), ...words], {
      env: { ...process.env, PATH },
    });
  };

  test('replaces itself by the command after dev', () => {
    const result = script(
      '',
      'dev',
      'sh',
      '-c',
      'echo "$1 $(bun --version) $PATH"; exit 7',
      'sh',
      'a  b',
    );
    expect(result.exitCode).toBe(7);
    expect(result.stdout.toString()).toStartWith(`a  b ${Bun.version} `);
    expect(result.stdout.toString()).toContain(`${folder}/node_modules/.bin:`);
    expect(script('', 'dev', 'sh', '-c', 'kill -TERM $$').signalCode).toBe('SIGTERM');
  });

  test('passes dev without arguments, or with an option, to the commands', () => {
    const main = 'console.log(process.argv.slice(2).join(" "))';
    expect(script(main, 'dev').stdout.toString()).toBe('dev\n');
    expect(script(main, 'dev', '--help').stdout.toString()).toBe('dev --help\n');
  });
});

describe('output', () => {
  test('exits without an error when its reader ends first', () => {
    const lines = `
      import { endWhenReaderEnds, print } from '${resolve(ROOT, 'ops/output.ts')}';
      endWhenReaderEnds();
      for (let at = 0; at < 20_000; at++) print('a line that is longer than nothing');
    `;
    const result = Bun.spawnSync(
      ['bash', '-c', '"$0" -e "$1" | head -1; echo "${PIPESTATUS[0]}"', process.execPath, lines],
      { stderr: 'pipe' },
    );
    expect(result.stdout.toString()).toBe('a line that is longer than nothing\n0\n');
    expect(result.stderr.toString()).toBe('');
  });
});
