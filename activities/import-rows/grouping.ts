// Groups a file's rows by the product they mean.
import type { ImportRow } from '../../domain/catalogue/imports.ts';
import { DomainError } from '../../domain/errors.ts';

/** The rows of one product: its variants, and rows with further fields of the product. */
const GROUP_ROWS_MAX = 500;
/** Rows of products whose variations are still to come. */
const HELD_ROWS_MAX = 200_000;

export interface Grouping {
  /** Takes the next row; returns the products that are complete by now. */
  push(row: ImportRow): ImportRow[][];
  /** The products that no further row can belong to. */
  flush(): ImportRow[][];
}

/** Groups neighbouring rows of one key; a row without a key is a product of its own. */
export const neighbours = (): Grouping => {
  let rows: ImportRow[] = [];
  const flush = (): ImportRow[][] => {
    const whole = rows.length > 0 ? [rows] : [];
    rows = [];
    return whole;
  };
  const isSame = (row: ImportRow): boolean => {
    const last = rows.at(-1);
    // The variants of one JSON element have its number.
    if (last?.row === row.row) return true;
    const [key] = row.keys;
    return key !== undefined && last?.keys[0] === key && rows.length < GROUP_ROWS_MAX;
  };
  const push = (row: ImportRow): ImportRow[][] => {
    const before = isSame(row) ? [] : flush();
    rows.push(row);
    return before;
  };
  return { push, flush };
};

/** How many rows each product of variations has, and its name by every key of it. */
export interface Families {
  nameOf: Map<string, string>;
  rowsOf: Map<string, number>;
}

/** A variable product is one with its variations, wherever in the file they are. */
export const familiesOf = async (rows: AsyncIterable<ImportRow>): Promise<Families> => {
  const nameOf = new Map<string, string>();
  const parents = new Set<string>();
  const children = new Map<string, number>();
  for await (const row of rows) {
    const [name] = row.keys;
    if (name === undefined) continue;
    if (row.isMaster) {
      parents.add(name);
      for (const key of row.keys) nameOf.set(key, name);
    } else if (row.isVariation) children.set(name, (children.get(name) ?? 0) + 1);
  }
  const rowsOf = new Map<string, number>();
  for (const name of parents) rowsOf.set(name, 1);
  for (const [key, count] of children) {
    const name = nameOf.get(key) ?? key;
    rowsOf.set(name, (rowsOf.get(name) ?? 0) + count);
  }
  return { nameOf, rowsOf };
};

/** Holds a product's rows until its last one has come. INVALID_INPUT when too many are held. */
export const byFamily = ({ nameOf, rowsOf }: Families): Grouping => {
  const held = new Map<string, ImportRow[]>();
  let heldRows = 0;
  const push = (row: ImportRow): ImportRow[][] => {
    const [key] = row.keys;
    if (key === undefined || (!row.isMaster && !row.isVariation)) return [[row]];
    const name = nameOf.get(key) ?? key;
    const rows = held.get(name) ?? [];
    rows.push(row);
    heldRows++;
    if (heldRows > HELD_ROWS_MAX) {
      throw new DomainError(
        'INVALID_INPUT',
        'variations are too far from their products: sort them',
      );
    }
    if (rows.length < (rowsOf.get(name) ?? 1)) {
      held.set(name, rows);
      return [];
    }
    held.delete(name);
    heldRows -= rows.length;
    // The product's own row comes first, wherever it is.
    return [rows.toSorted((a, b) => Number(b.isMaster ?? false) - Number(a.isMaster ?? false))];
  };
  return { push, flush: () => [...held.values()] };
};
