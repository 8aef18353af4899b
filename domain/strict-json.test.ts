// Tests that ambiguous JSON is refused and every other JSON is read as JSON.parse reads it.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DomainError } from './errors.ts';
import { parseStrictJson } from './strict-json.ts';

const refusalOf = (text: string): DomainError => {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error(`it was not refused: ${text.slice(0, 200)}`);
};

const DEPTH_MAX = 32;
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const nestedObjects = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
/** An escape in the text that is parsed, such as `\u0000`. */
const escape = (code: string): string => `\\u${code}`;

describe('strict JSON', () => {
  const REFUSED: [what: string, text: string, why: string][] = [
    ['a key twice', '{"a":1,"a":2}', 'names "a" twice'],
    ['a key twice with the same value', '{"a":1,"a":1}', 'twice'],
    ['a key twice, far apart', '{"a":1,"b":{"c":[1,{"d":2}]},"a":2}', 'names "a" twice'],
    ['a key twice deep inside', '{"a":[{"b":{"c":1,"c":2}}]}', 'names "c" twice'],
    ['a key twice after an inner object closed', '{"a":{"b":1},"a":{"b":1}}', 'names "a" twice'],
    ['a key twice in a list', '[{"a":1},{"b":1,"b":1}]', 'names "b" twice'],
    ['a key twice, once escaped', `{"a":1,"${escape('0061')}":2}`, 'twice'],
    ['an empty key twice', '{"":1,"":2}', 'twice'],
    ['a key twice after brackets in a text', '{"a":"}]{[,:","a":1}', 'names "a" twice'],
    ['a key twice after a quote in a text', '{"a":"\\"","a":1}', 'names "a" twice'],
    ['a key twice after a backslash in a text', '{"a":"\\\\","a":1}', 'names "a" twice'],
    ['a field named __proto__', '{"__proto__":{"admin":true}}', '__proto__'],
    ['an escaped __proto__', `{"${escape('005f')}_proto__":1}`, '__proto__'],
    ['__proto__ deep inside', '{"a":[1,{"b":{"__proto__":null}}]}', '__proto__'],
    ['lists deeper than the limit', nested(DEPTH_MAX + 1), 'deeper than 32'],
    ['objects deeper than the limit', nestedObjects(DEPTH_MAX + 1), 'deeper than 32'],
    ['a hundred thousand brackets', '['.repeat(100_000), 'deeper than 32'],
    ['a lone high surrogate', `{"a":"${escape('d800')}"}`, 'lone surrogate'],
    ['a lone low surrogate', `["x${escape('dc00')}y"]`, 'lone surrogate'],
    ['surrogates the wrong way round', `"${escape('dc00')}${escape('d800')}"`, 'lone surrogate'],
    ['a lone surrogate in a key', `{"${escape('d800')}":1}`, 'lone surrogate'],
    ['NUL in a text', `{"a":"x${escape('0000')}y"}`, 'NUL'],
    ['NUL in a key', `{"${escape('0000')}":1}`, 'NUL'],
    ['NUL as the whole body', `"${escape('0000')}"`, 'NUL'],
    ['a number too large', '{"a":1e999}', 'number too large'],
    ['a number too large below zero', '[[-1e999]]', 'number too large'],
    ['a number too large alone', '1e400', 'number too large'],
  ];
  test.each(REFUSED)('refuses %s', (_what, text, why) => {
    const refusal = refusalOf(text);
    expect(refusal.code).toBe('MALFORMED_BODY');
    expect(refusal.message).toContain(why);
  });

  const NOT_JSON = [
    '',
    ' ',
    'nothing',
    'undefined',
    'NaN',
    'Infinity',
    "{'a':1}",
    '{a:1}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '{"a" 1}',
    '{"a":1}{"a":1}',
    '{"a":1',
    '"open',
    '"a\nb"',
    '01',
    '.5',
    '0x10',
    '// note\n1',
    '\uFEFF{}',
    ']',
    '}{',
    '\0',
  ];
  test.each(NOT_JSON)('refuses %p, which is not JSON', (text) => {
    const refusal = refusalOf(text);
    expect(refusal.code).toBe('MALFORMED_BODY');
    expect(refusal.message).toBe('the body is not JSON');
  });

  const AB = { a: 'b', b: 'a', c: ['a', 'a'] };
  const KEPT: [what: string, text: string, value: unknown][] = [
    ['the same key in two objects', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['the same key inside its own value', '{"a":{"a":{"a":1}}}', { a: { a: { a: 1 } } }],
    ['a key that is also a text', '{"a":"b","b":"a","c":["a","a"]}', AB],
    ['keys that differ in case', '{"a":1,"A":2}', { a: 1, A: 2 }],
    ['__proto__ as a text', '{"a":"__proto__"}', { a: '__proto__' }],
    ['brackets in texts', `{"a":"${'['.repeat(99)}"}`, { a: '['.repeat(99) }],
    ['brackets after an escaped quote', `"\\"${'['.repeat(99)}"`, `"${'['.repeat(99)}`],
    ['a pair of surrogates', `"${escape('d83d')}${escape('de42')}"`, '🙂'],
    ['an escaped backslash before u0000', '"\\\\u0000"', '\\u0000'],
    ['spaces, tabs and line ends', ' {\r\n\t"a" : [ 1 , 2 ] } ', { a: [1, 2] }],
    ['a large number', '1e308', 1e308],
    ['null', 'null', null],
  ];
  test.each(KEPT)('keeps %s', (_what, text, value) => {
    expect(parseStrictJson(text)).toEqual(value);
  });

  test('accepts 32 levels and any number of sibling brackets', () => {
    expect(() => parseStrictJson(nested(DEPTH_MAX))).not.toThrow();
    expect(() => parseStrictJson(nestedObjects(DEPTH_MAX))).not.toThrow();
    expect(parseStrictJson(`[${'[],'.repeat(1_000)}[]]`)).toHaveLength(1_001);
  });

  test('ignores brackets inside a large string', () => {
    const note = '[{"a":1,\\'.repeat(100_000);
    expect(parseStrictJson(JSON.stringify({ note }))).toEqual({ note });
    const twice = `{"note":${JSON.stringify(note)},"b":1,"b":2}`;
    expect(refusalOf(twice).message).toContain('names "b" twice');
  });

  test('shows each name, text and number once, as it was sent, with its path', () => {
    const seen: string[] = [];
    const text = '{"a":[1.50,"x",{"b":true}],"c":{"d":null,"e":12345678901234567890}}';
    parseStrictJson(text, (literal, path) => seen.push(`${path.join('.')}=${literal}`));
    expect(seen).toEqual([
      '=a',
      'a.0=1.50',
      'a.1=x',
      'a.2=b',
      '=c',
      'c=d',
      'c=e',
      'c.e=12345678901234567890',
    ]);
  });

  const isHarmless = (text: string): boolean =>
    !text.includes('__proto__') && !text.includes('\\u');
  const value = fc
    .jsonValue({ maxDepth: 6, stringUnit: 'grapheme' })
    .filter((one) => isHarmless(JSON.stringify(one)));

  test('reads valid documents as JSON.parse does', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1, '\t'), (one, space) => {
        const text = JSON.stringify(one, null, space);
        expect(JSON.stringify(parseStrictJson(text))).toBe(JSON.stringify(one));
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  test('refuses a duplicate key at any depth', () => {
    const steps = fc.array(fc.constantFrom('list', 'object', 'beside'), { maxLength: 20 });
    const wrapped = (inner: string, step: string): string => {
      if (step === 'list') return `[0,${inner}]`;
      return step === 'object' ? `{"k":${inner}}` : `{"j":"k","k":${inner},"l":{"k":1}}`;
    };
    fc.assert(
      fc.property(steps, value, (around, one) => {
        const key = JSON.stringify(one);
        const sound = around.reduce(wrapped, `{"x":${key},"y":${key}}`);
        const doubled = around.reduce(wrapped, `{"x":${key},"x":${key}}`);
        expect(() => parseStrictJson(sound)).not.toThrow();
        expect(refusalOf(doubled).message).toContain('names "x" twice');
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('either parses or refuses any text', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'a', '1'))
        .map((all) => all.join('')),
    );
    fc.assert(
      fc.property(noise, (text) => {
        try {
          parseStrictJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });
});
