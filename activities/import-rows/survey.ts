// Reads a whole file once before anything is written: how it is to be read, and what is in it.
import type {
  DecimalSign,
  ImportReading,
  ImportSettings,
} from '../../domain/catalogue/import-report.ts';
import type { ImportRow } from '../../domain/catalogue/imports.ts';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_CURRENCY, isCurrency, type Currency } from '../../domain/money.ts';
import { amountOf, currencyBeside, evidenceOf, shownCell, type Amount } from './amounts.ts';
import { suggestionFor } from './columns.ts';
import { newFacts, rowsOf, type FileShape, type Pieces } from './rows.ts';

export interface Survey {
  /** The number of the file's last row. */
  total: number;
  /** The first row that sets stock. */
  firstStock: number | undefined;
  reading: ImportReading;
}

/** Adds the currencies that a row's column or its amounts name. */
const noteCurrency = (row: ImportRow, amount: Amount | undefined, named: Named): void => {
  const code = row.currency?.toUpperCase() ?? currencyBeside(amount);
  if (isCurrency(code)) named.currencies.add(code);
  else named.isGuessed = true;
};

/** The first row that shows each decimal sign, with the cell that does. */
type Shown = Map<DecimalSign, { row: number; text: string }>;

const amountsOf = ({ price, compareAt }: ImportRow): string[] =>
  [price, compareAt].filter((value) => typeof value === 'string');

const decimalOf = ({ decimal }: ImportSettings, shown: Shown): ImportReading['decimal'] => {
  if (decimal) return { sign: decimal, from: 'given' };
  const [point, comma] = [shown.get('.'), shown.get(',')];
  if (point && comma) {
    const why = `row ${point.row} has ${point.text} and row ${comma.row} has ${comma.text}`;
    throw new DomainError('INVALID_INPUT', `${why}: import with decimal=. or decimal=,`);
  }
  if (!point && !comma) return { sign: '.', from: 'default' };
  return { sign: point ? '.' : ',', from: 'file' };
};

/** The currencies that rows name, and whether some row names none. */
interface Named {
  currencies: Set<Currency>;
  isGuessed: boolean;
}

/** What rows without a currency of their own are priced in. */
const readCurrency = (
  { currency }: ImportSettings,
  { currencies, isGuessed }: Named,
  ofStore: Currency[],
): ImportReading['currency'] => {
  if (currency) return { code: currency, from: 'given' };
  const [named] = currencies;
  if (named && !isGuessed) return { code: named, from: 'file' };
  const [first, ...more] = ofStore;
  if (!first) return { code: DEFAULT_CURRENCY, from: 'default' };
  if (more.length === 0) return { code: first, from: 'store' };
  if (ofStore.includes(DEFAULT_CURRENCY)) return { code: DEFAULT_CURRENCY, from: 'default' };
  const why = `the store sells in ${ofStore.join(' and ')}: import with currency=`;
  throw new DomainError('INVALID_INPUT', why);
};

/**
 * Reads every row. `ofStore` are the currencies of the store's products. INVALID_INPUT or
 * MALFORMED_BODY when the file cannot be read, or not without a setting.
 */
export const surveyOf = async (
  pieces: Pieces,
  shape: FileShape,
  ofStore: Currency[],
  onRow: (row: number) => void = () => undefined,
): Promise<Survey> => {
  const facts = newFacts();
  const shown: Shown = new Map();
  const named: Named = { currencies: new Set(), isGuessed: false };
  let total = 0;
  let firstStock: number | undefined;
  for await (const item of rowsOf(pieces, shape, facts)) {
    total = 'row' in item ? item.row.row : item.number;
    onRow(total);
    if (!('row' in item)) continue;
    if (item.row.stock !== undefined) firstStock ??= total;
    if (typeof item.row.price === 'number') noteCurrency(item.row, undefined, named);
    for (const text of amountsOf(item.row)) {
      const amount = amountOf(text);
      noteCurrency(item.row, amount, named);
      const evidence = amount && evidenceOf(amount.number);
      const isClear = evidence === '.' || evidence === ',';
      if (isClear && !shown.has(evidence))
        shown.set(evidence, { row: total, text: shownCell(text) });
    }
  }
  const unknownColumns = [...facts.unknown].map(([column, values]) => {
    const suggestion = suggestionFor(column);
    return { column, values, ...(suggestion && { suggestion }) };
  });
  const { format, encoding } = facts;
  const reading: ImportReading = {
    format,
    source: shape.settings.source ?? format,
    encoding,
    currency: readCurrency(shape.settings, named, ofStore),
    decimal: decimalOf(shape.settings, shown),
    unknownColumns,
  };
  return { total, firstStock, reading };
};
