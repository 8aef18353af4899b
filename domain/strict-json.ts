// Parses JSON strictly and refuses input that JSON.parse accepts silently.
import { DomainError } from './errors.ts';

const DEPTH_MAX = 32;

const refuse = (why: string): DomainError => new DomainError('MALFORMED_BODY', `the body ${why}`);

interface Frame {
  keys: Set<string> | undefined;
  expectsKey: boolean;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;

/** Finds a string's end with one sticky pattern; `text` is known to be valid JSON. */
const stringAt = (text: string, at: number): string => {
  STRING.lastIndex = at;
  return STRING.exec(text)?.[0] ?? '""';
};

const checkText = (text: string): void => {
  if (!text.isWellFormed()) throw refuse('has a lone surrogate');
  if (text.includes('\0')) throw refuse('has a NUL character');
};

const checkKey = (frame: Frame, literal: string): void => {
  const key = JSON.parse(literal) as string;
  checkText(key);
  if (key === '__proto__') throw refuse('has a field named __proto__');
  if (frame.keys?.has(key)) throw refuse(`names ${literal} twice`);
  frame.keys?.add(key);
};

/** Checks depth and duplicate keys in one pass over valid JSON. */
const checkShape = (text: string): void => {
  const frames: Frame[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    const frame = frames.at(-1);
    if (char === '"') {
      const literal = stringAt(text, at);
      if (frame?.keys && frame.expectsKey) checkKey(frame, literal);
      at += literal.length - 1;
    } else if (char === '{' || char === '[') {
      if (frames.length >= DEPTH_MAX) throw refuse(`is nested deeper than ${DEPTH_MAX}`);
      frames.push({ keys: char === '{' ? new Set() : undefined, expectsKey: true });
    } else if (char === '}' || char === ']') frames.pop();
    else if (frame && char === ':') frame.expectsKey = false;
    else if (frame && char === ',') frame.expectsKey = true;
  }
};

/** Checks the depth before parsing, so that 10,000 brackets never reach the parser. */
const checkDepth = (text: string): void => {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > DEPTH_MAX) throw refuse(`is nested deeper than ${DEPTH_MAX}`);
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
};

const checkLeaf = (_key: string, value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw refuse('has a number too large');
  if (typeof value === 'string') checkText(value);
  return value;
};

/** Parses JSON. Throws MALFORMED_BODY for bad JSON, duplicate keys, `__proto__`, depth over 32. */
export const parseStrictJson = (text: string): unknown => {
  checkDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text, checkLeaf);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw refuse('is not JSON');
  }
  checkShape(text);
  return value;
};
