// Reads a file's rows one after the other, in any format, and notes how it is read.
import { DomainError } from '../../domain/errors.ts';
import {
  UNKNOWN_COLUMNS_MAX,
  type Encoding,
  type ImportSettings,
} from '../../domain/catalogue/import-report.ts';
import type {
  FileFormat,
  ImportCategory,
  ImportFormat,
  ImportRow,
} from '../../domain/catalogue/imports.ts';
import { parseStrictJson } from '../../domain/strict-json.ts';
import { isSameField } from './columns.ts';
import { csvRecords } from './csv.ts';
import { asUtf8 } from './encoding.ts';
import { csvFormat, type ReadRecord } from './formats.ts';
import { jsonElements } from './json-elements.ts';
import { asElement, categoriesOf, isCategory, jsonRows } from './json-rows.ts';

/** A column's header as a report shows it. */
const COLUMN_LENGTH_MAX = 100;

export interface FileShape {
  format: ImportFormat;
  mapping: Record<string, string>;
  settings: ImportSettings;
}

/** A row, a node of a category tree, or an element that is neither. */
export type Item =
  | { row: ImportRow }
  | { number: number; categories: ImportCategory[] }
  | { number: number; problem: string };

/** What a reading finds out, complete when the last row is read. */
export interface Facts {
  format: FileFormat;
  encoding: Encoding;
  /** How many values each column of no field has. */
  unknown: Map<string, number>;
}

export const newFacts = (): Facts => ({
  format: 'holdfast',
  encoding: 'utf-8',
  unknown: new Map(),
});

export type Pieces = AsyncIterable<Uint8Array>;

/** Detects the format from the file's first character that is not a blank. */
const sniffed = async (pieces: Pieces): Promise<{ isJson: boolean; all: Pieces }> => {
  const held: Uint8Array[] = [];
  const iterator = pieces[Symbol.asyncIterator]();
  let text = '';
  while (text === '') {
    const next = await iterator.next();
    if (next.done) break;
    held.push(next.value);
    text = new TextDecoder().decode(next.value.subarray(0, 1_000)).trim();
  }
  const all = async function* () {
    yield* held;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      yield next.value;
    }
  };
  return { isJson: text.startsWith('[') || text.startsWith('{'), all: all() };
};

/** The header with our names for the columns that the mapping names. */
const mappedHeader = (header: string[], mapping: Record<string, string>): string[] => {
  const fields = new Map(Object.entries(mapping).map(([field, column]) => [column, field]));
  const isMapped = (column: string): boolean => isSameField(column, Object.keys(mapping));
  return header.map((column) => {
    const field = fields.get(column.trim());
    if (field) return field;
    return isMapped(column) ? `${column.trim()} (not mapped)` : column;
  });
};

type OnUnknown = (column: string) => void;

const unknownCounter =
  ({ unknown }: Facts): OnUnknown =>
  (column) => {
    const name = column.trim().slice(0, COLUMN_LENGTH_MAX);
    if (unknown.size < UNKNOWN_COLUMNS_MAX || unknown.has(name)) {
      unknown.set(name, (unknown.get(name) ?? 0) + 1);
    }
  };

async function* csvRows(pieces: Pieces, shape: FileShape, facts: Facts): AsyncGenerator<Item> {
  const onUnknown = unknownCounter(facts);
  let read: ReadRecord | undefined;
  let number = 0;
  for await (const record of csvRecords(pieces)) {
    if (!read) {
      const found = csvFormat(mappedHeader(record, shape.mapping), shape.format);
      facts.format = found.format;
      read = found.read;
      continue;
    }
    // Spreadsheets save rows of nothing but delimiters.
    if (record.every((field) => field.trim() === '')) continue;
    yield { row: read(record, ++number, onUnknown) };
  }
  if (!read) throw new DomainError('INVALID_INPUT', 'the file is empty');
}

const parsedElement = (text: string): { value?: unknown; problem?: string } => {
  try {
    return { value: parseStrictJson(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'is not JSON' };
  }
};

async function* jsonItems(pieces: Pieces, shape: FileShape, facts: Facts): AsyncGenerator<Item> {
  facts.format = 'json';
  const reading = { mapping: shape.mapping, onUnknown: unknownCounter(facts) };
  let number = 0;
  for await (const text of jsonElements(pieces)) {
    number++;
    const { value, problem = 'is not an object' } = parsedElement(text);
    const element = asElement(value);
    if (!element) yield { number, problem };
    else if (isCategory(element)) yield { number, categories: categoriesOf(element, number) };
    else for (const row of jsonRows(element, reading, number)) yield { row };
  }
}

/** Yields every row of the file in order. INVALID_INPUT or MALFORMED_BODY when unreadable. */
export async function* rowsOf(
  pieces: Pieces,
  shape: FileShape,
  facts: Facts,
): AsyncGenerator<Item> {
  const text = asUtf8(pieces, shape.settings.encoding, (encoding) => (facts.encoding = encoding));
  const { isJson, all } = await sniffed(text);
  if (shape.format === 'json' && !isJson) {
    throw new DomainError('MALFORMED_BODY', 'the file is not a JSON array');
  }
  yield* isJson ? jsonItems(all, shape, facts) : csvRows(all, shape, facts);
}
