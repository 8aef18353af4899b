// Parses JSON strictly, in one pass, and refuses input that JSON.parse accepts silently.
import { DomainError } from './errors.ts';

const DEPTH_MAX = 32;

const refuse = (why: string): DomainError => new DomainError('MALFORMED_BODY', `the body ${why}`);
const notJson = (): DomainError => refuse('is not JSON');

/** Where a value is, by names and positions from the top. */
export type Path = readonly (string | number)[];

/** Is called for each name, text and number as it is sent; a name has the path of its object. */
export type OnLiteral = (literal: string, path: Path) => void;

/** How far the text has been read. */
interface Cursor {
  text: string;
  at: number;
  path: (string | number)[];
  onLiteral: OnLiteral | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** Sticky, without alternatives that overlap: the time is linear in what is matched. */
const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

const skipBlanks = (cursor: Cursor): void => {
  if (cursor.text.charCodeAt(cursor.at) > SPACE) return;
  BLANKS.lastIndex = cursor.at;
  BLANKS.test(cursor.text);
  cursor.at = BLANKS.lastIndex;
};

/** Passes the character, which must be the next one that is not blank. */
const expect = (cursor: Cursor, char: string): void => {
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== char) throw notJson();
  cursor.at++;
};

/** True when the next character that is not blank is this one, which is passed. */
const has = (cursor: Cursor, char: string): boolean => {
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== char) return false;
  cursor.at++;
  return true;
};

/** Decodes escapes; the native parser knows which there are. */
const unescaped = (literal: string): string => {
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw notJson();
  }
};

const textAt = (cursor: Cursor): string => {
  const { text } = cursor;
  const from = cursor.at;
  expect(cursor, '"');
  let hasEscapes = false;
  for (;;) {
    const code = text.charCodeAt(cursor.at++);
    if (code === QUOTE) break;
    // NaN is the end of the text.
    if (!(code >= SPACE)) throw notJson();
    if (code !== BACKSLASH) continue;
    hasEscapes = true;
    cursor.at++;
  }
  const literal = text.slice(from, cursor.at);
  const value = hasEscapes ? unescaped(literal) : literal.slice(1, -1);
  if (!value.isWellFormed()) throw refuse('has a lone surrogate');
  if (value.includes('\0')) throw refuse('has a NUL character');
  cursor.onLiteral?.(value, cursor.path);
  return value;
};

const numberAt = (cursor: Cursor): number => {
  NUMBER.lastIndex = cursor.at;
  const literal = NUMBER.exec(cursor.text)?.[0];
  if (literal === undefined) throw notJson();
  cursor.at += literal.length;
  cursor.onLiteral?.(literal, cursor.path);
  const value = Number(literal);
  if (!Number.isFinite(value)) throw refuse('has a number too large');
  return value;
};

const listAt = (cursor: Cursor): unknown[] => {
  const list: unknown[] = [];
  if (has(cursor, ']')) return list;
  do {
    cursor.path.push(list.length);
    list.push(valueAt(cursor));
    cursor.path.pop();
  } while (has(cursor, ','));
  expect(cursor, ']');
  return list;
};

const objectAt = (cursor: Cursor): Record<string, unknown> => {
  const object: Record<string, unknown> = {};
  if (has(cursor, '}')) return object;
  do {
    skipBlanks(cursor);
    const key = textAt(cursor);
    if (key === '__proto__') throw refuse('has a field named __proto__');
    if (Object.hasOwn(object, key)) throw refuse(`names ${JSON.stringify(key)} twice`);
    expect(cursor, ':');
    cursor.path.push(key);
    object[key] = valueAt(cursor);
    cursor.path.pop();
  } while (has(cursor, ','));
  expect(cursor, '}');
  return object;
};

const WORDS: Record<string, [word: string, value: boolean | null]> = {
  t: ['true', true],
  f: ['false', false],
  n: ['null', null],
};

const wordAt = (cursor: Cursor): boolean | null | undefined => {
  const [word, value] = WORDS[cursor.text[cursor.at] ?? ''] ?? [];
  if (word === undefined || !cursor.text.startsWith(word, cursor.at)) return undefined;
  cursor.at += word.length;
  return value;
};

/** The path is as long as the value is deep. */
const valueAt = (cursor: Cursor): unknown => {
  skipBlanks(cursor);
  const char = cursor.text[cursor.at];
  if (char === '"') return textAt(cursor);
  if (char === '{' || char === '[') {
    if (cursor.path.length >= DEPTH_MAX) throw refuse(`is nested deeper than ${DEPTH_MAX}`);
    cursor.at++;
    return char === '{' ? objectAt(cursor) : listAt(cursor);
  }
  const word = wordAt(cursor);
  return word === undefined ? numberAt(cursor) : word;
};

/**
 * Parses JSON; `onLiteral` may refuse what it is called with. Throws MALFORMED_BODY for bad JSON,
 * duplicate names, `__proto__`, NUL, lone surrogates, and depth over 32.
 */
export const parseStrictJson = (text: string, onLiteral?: OnLiteral): unknown => {
  const cursor: Cursor = { text, at: 0, path: [], onLiteral };
  const value = valueAt(cursor);
  skipBlanks(cursor);
  if (cursor.at < text.length) throw notJson();
  return value;
};
