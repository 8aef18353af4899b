// Splits a file into units that are written whole: the rows of one product, or a category node.
import { DomainError } from '../../domain/errors.ts';
import type {
  ImportCategory,
  ImportFormat,
  ImportRow,
  PlannedProduct,
} from '../../domain/catalogue/imports.ts';
import { slugOf } from '../../domain/product.ts';
import { parseStrictJson } from '../../domain/strict-json.ts';
import { isHeader, rowReader, withOptionNames } from './columns.ts';
import { csvRecords } from './csv.ts';
import { asUtf8 } from './encoding.ts';
import { jsonElements } from './json-elements.ts';
import { asElement, categoriesOf, isCategory, jsonRows } from './json-rows.ts';
import { planProduct } from './plan.ts';

const SLUG_LENGTH_MAX = 80;
/** The rows of one product: its variants, and rows with further fields of the product. */
const GROUP_ROWS_MAX = 500;

export interface Unit {
  /** The unit's first and last row. */
  first: number;
  last: number;
  planned?: PlannedProduct;
  categories?: ImportCategory[];
  /** The reason why the row could not be read at all. */
  problem?: string;
}

export interface FileShape {
  format: ImportFormat;
  mapping: Record<string, string>;
}

type Pieces = AsyncIterable<Uint8Array>;

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

/** Makes slugs for products without one: from the name, made unique by the sku or a number. */
const slugMaker = () => {
  const counts = new Map<string, number>();
  return ({ name = '', sku = '' }: ImportRow): string => {
    const own = slugOf(sku);
    const base = slugOf(name) || own || 'product';
    const whole =
      own && base !== own ? `${base.slice(0, SLUG_LENGTH_MAX - own.length - 1)}-${own}` : base;
    const count = (counts.get(whole) ?? 0) + 1;
    counts.set(whole, count);
    return count === 1 ? whole : `${whole.slice(0, SLUG_LENGTH_MAX - 8)}-${count}`;
  };
};

/** Groups neighbouring rows of one slug; a row without a slug is a product of its own. */
const createGrouping = () => {
  const slugFor = slugMaker();
  let rows: ImportRow[] = [];
  let slug = '';
  const flush = (): Unit[] => {
    const [head] = rows;
    if (!head) return [];
    const names = rows
      .flatMap(({ options }) => Object.keys(options))
      .filter((n) => !/^Option \d$/.test(n));
    const own = [...new Set(names)];
    const named = rows.map((row) => withOptionNames(row, own));
    const planned = planProduct(named, slug || slugFor(head), slug !== '');
    const unit = { first: head.row, last: rows.at(-1)?.row ?? head.row, planned };
    rows = [];
    return [unit];
  };
  const push = (row: ImportRow): Unit[] => {
    const own = row.slug === undefined ? '' : slugOf(row.slug);
    const isSameElement = rows.at(-1)?.row === row.row;
    const isSame = isSameElement || (own !== '' && own === slug && rows.length < GROUP_ROWS_MAX);
    const before = isSame ? [] : flush();
    if (!isSame) slug = own;
    rows.push(row);
    return before;
  };
  return { push, flush };
};

/** The header with our names for the columns that the mapping names. */
const mappedHeader = (header: string[], mapping: Record<string, string>): string[] => {
  const fields = new Map(Object.entries(mapping).map(([field, column]) => [column, field]));
  return header.map((column) => fields.get(column.trim()) ?? column);
};

async function* csvUnits(pieces: Pieces, mapping: Record<string, string>): AsyncGenerator<Unit> {
  const grouping = createGrouping();
  let read: ReturnType<typeof rowReader> | undefined;
  let number = 0;
  for await (const record of csvRecords(pieces)) {
    if (!read) {
      const header = mappedHeader(record, mapping);
      if (!isHeader(header)) {
        throw new DomainError('INVALID_INPUT', 'the first line is no header we know');
      }
      read = rowReader(header);
      continue;
    }
    // Spreadsheets save rows of nothing but delimiters.
    if (record.every((field) => field.trim() === '')) continue;
    yield* grouping.push(read(record, ++number));
  }
  if (!read) throw new DomainError('INVALID_INPUT', 'the file is empty');
  yield* grouping.flush();
}

const parsedElement = (text: string): { value?: unknown; problem?: string } => {
  try {
    return { value: parseStrictJson(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'is not JSON' };
  }
};

async function* jsonUnits(pieces: Pieces, mapping: Record<string, string>): AsyncGenerator<Unit> {
  const grouping = createGrouping();
  let number = 0;
  for await (const text of jsonElements(pieces)) {
    number++;
    const { value, problem = 'is not an object' } = parsedElement(text);
    const element = asElement(value);
    if (!element) {
      yield* grouping.flush();
      yield { first: number, last: number, problem };
    } else if (isCategory(element)) {
      // Units leave in row order, so that a resumed import can skip all rows up to a number.
      yield* grouping.flush();
      yield { first: number, last: number, categories: categoriesOf(element, number) };
    } else {
      for (const row of jsonRows(element, mapping, number)) yield* grouping.push(row);
    }
  }
  yield* grouping.flush();
}

/** Yields every unit of the file in order. INVALID_INPUT or MALFORMED_BODY when unreadable. */
export async function* unitsOf(pieces: Pieces, shape: FileShape): AsyncGenerator<Unit> {
  const { isJson, all } = await sniffed(asUtf8(pieces));
  if (shape.format === 'json' && !isJson) {
    throw new DomainError('MALFORMED_BODY', 'the file is not a JSON array');
  }
  if (isJson) yield* jsonUnits(all, shape.mapping);
  else yield* csvUnits(all, shape.mapping);
}
