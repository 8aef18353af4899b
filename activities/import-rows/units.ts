// Splits a file into units that are written whole: the rows of one product, or a category node.
import type { ImportReading } from '../../domain/catalogue/import-report.ts';
import type { ImportCategory, ImportRow, PlannedProduct } from '../../domain/catalogue/imports.ts';
import { withOptionNames } from './columns.ts';
import { byFamily, familiesOf, neighbours, type Grouping } from './grouping.ts';
import { planProduct } from './plan.ts';
import { newFacts, rowsOf, type FileShape, type Pieces } from './rows.ts';

export interface Unit {
  /** The unit's last row: units come in the order of these. */
  last: number;
  /** The numbers of its rows. */
  rows: number[];
  planned?: PlannedProduct;
  categories?: ImportCategory[];
  /** The reason why the row could not be read at all. */
  problem?: string;
}

const unitOf = (rows: ImportRow[], reading: ImportReading): Unit => {
  const names = rows
    .flatMap(({ options }) => Object.keys(options))
    .filter((name) => !/^Option \d$/.test(name));
  const own = [...new Set(names)];
  const named = rows.map((row) => withOptionNames(row, own));
  const numbers = [...new Set(rows.map(({ row }) => row))];
  const planned = planProduct(named, reading);
  return { last: Math.max(...numbers), rows: numbers, planned };
};

async function* rowsAlone(pieces: Pieces, shape: FileShape): AsyncGenerator<ImportRow> {
  for await (const item of rowsOf(pieces, shape, newFacts())) if ('row' in item) yield item.row;
}

/**
 * Yields every unit of the file, by their last rows, so that a resumed import can skip all rows up
 * to a number. INVALID_INPUT or MALFORMED_BODY when unreadable.
 */
export async function* unitsOf(
  open: () => Pieces,
  shape: FileShape,
  reading: ImportReading,
): AsyncGenerator<Unit> {
  const grouping: Grouping =
    reading.format === 'woocommerce'
      ? byFamily(await familiesOf(rowsAlone(open(), shape)))
      : neighbours();
  const flush = (groups: ImportRow[][]): Unit[] => groups.map((rows) => unitOf(rows, reading));
  for await (const item of rowsOf(open(), shape, newFacts())) {
    if ('row' in item) yield* flush(grouping.push(item.row));
    else {
      yield* flush(grouping.flush());
      const { number, ...rest } = item;
      yield { last: number, rows: [number], ...rest };
    }
  }
  yield* flush(grouping.flush());
}
