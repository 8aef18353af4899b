// Reads CSV as a stream, record by record, with BOMs, mixed line ends and unescaped quotes.
import { DomainError } from '../../domain/errors.ts';

/** A longer field means a quote that is never closed. */
const FIELD_LENGTH_MAX = 200_000;
const FIELDS_MAX = 1_000;
const DELIMITERS = [',', ';', '\t'];

/** The most frequent of comma, semicolon and tab in the header. */
const delimiterOf = (header: string): string => {
  const counts = DELIMITERS.map((one) => header.split(one).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
};

/** The reader's state: its unread text, and the field and record it is in. */
interface Reading {
  delimiter: string;
  rest: string;
  field: string;
  record: string[];
  isQuoted: boolean;
  /** Whether the field is still empty, so that a quote opens it. */
  isFresh: boolean;
  records: string[][];
}

const endField = (reading: Reading): void => {
  reading.record.push(reading.field);
  if (reading.record.length > FIELDS_MAX) throw tooLarge('a row has too many fields');
  reading.field = '';
  reading.isFresh = true;
};

const endRecord = (reading: Reading): void => {
  endField(reading);
  const { record } = reading;
  if (record.length > 1 || record[0] !== '') reading.records.push(record);
  reading.record = [];
};

const append = (reading: Reading, text: string): void => {
  reading.field += text;
  reading.isFresh = false;
  if (reading.field.length > FIELD_LENGTH_MAX) throw tooLarge('a quote is opened and never closed');
};

/** The blanks that spreadsheets' users leave after a closing quote. */
const blanksFrom = (text: string, at: number, delimiter: string): number => {
  let end = at;
  while (text[end] === ' ' || (text[end] === '\t' && delimiter !== '\t')) end++;
  return end - at;
};

/**
 * Reads a quote inside a quoted field; returns how many characters it takes, 0 when the following
 * ones decide and have not come yet.
 */
const closeOrKeep = (reading: Reading, text: string, at: number, isLast: boolean): number => {
  if (text[at + 1] === '"') {
    append(reading, '"');
    return 2;
  }
  const blanks = blanksFrom(text, at + 1, reading.delimiter);
  if (blanks > FIELD_LENGTH_MAX) throw tooLarge('too many blanks follow a quote');
  const next = text[at + 1 + blanks];
  if (next === undefined && !isLast) return 0;
  if (![undefined, reading.delimiter, '\r', '\n'].includes(next)) {
    append(reading, '"');
    return 1;
  }
  reading.isQuoted = false;
  return 1 + blanks;
};

/** Reads a quote, a delimiter or a line end outside of quotes. */
const structure = (reading: Reading, char: string, next: string | undefined): number => {
  if (char === '"') {
    if (reading.isFresh) reading.isQuoted = true;
    else append(reading, '"');
    reading.isFresh = false;
    return 1;
  }
  if (char === reading.delimiter) {
    endField(reading);
    return 1;
  }
  endRecord(reading);
  return char === '\r' && next === '\n' ? 2 : 1;
};

/** Reads until one more character is needed to decide; returns that position. */
const read = (reading: Reading, text: string, isLast: boolean): number => {
  const plain = new RegExp(`[^"\\r\\n\\${reading.delimiter}]+`, 'y');
  const quoted = /[^"]+/y;
  let at = 0;
  while (at < text.length) {
    const run = reading.isQuoted ? quoted : plain;
    run.lastIndex = at;
    const chunk = run.exec(text)?.[0] ?? '';
    if (chunk) append(reading, chunk);
    at += chunk.length;
    const char = text[at];
    if (char === undefined) break;
    const next = text[at + 1];
    if (next === undefined && !isLast && (char === '"' || char === '\r')) return at;
    const taken = reading.isQuoted
      ? closeOrKeep(reading, text, at, isLast)
      : structure(reading, char, next);
    if (taken === 0) return at;
    at += taken;
  }
  return at;
};

/**
 * Returns the complete records of this text. RFC 4180, with two leniencies: a quote ends a field
 * only before a delimiter or a line end, so an unescaped quote inside a field stays; and blanks may
 * come between them.
 */
const consume = (reading: Reading, text: string, isLast: boolean): string[][] => {
  reading.records = [];
  reading.rest += text;
  if (!reading.delimiter) {
    const whole = isLast ? reading.rest : undefined;
    const header = /^[^\r\n]*(?:\r\n|\n|\r(?!$))/.exec(reading.rest)?.[0] ?? whole;
    if (header === undefined) return [];
    // Excel's own first line names the delimiter and is no record.
    const named = /^sep=(.)\s*$/i.exec(header)?.[1];
    if (named) reading.rest = reading.rest.slice(header.length);
    reading.delimiter = named ?? delimiterOf(header);
  }
  reading.rest = reading.rest.slice(read(reading, reading.rest, isLast));
  if (isLast && (reading.field !== '' || reading.record.length > 0)) endRecord(reading);
  return reading.records;
};

const tooLarge = (message: string): DomainError => new DomainError('INVALID_INPUT', message);

/** Yields the records of a UTF-8 file, the header first, without blank lines. INVALID_INPUT. */
export async function* csvRecords(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8');
  const reading: Reading = {
    delimiter: '',
    rest: '',
    field: '',
    record: [],
    isQuoted: false,
    isFresh: true,
    records: [],
  };
  for await (const piece of pieces) {
    yield* consume(reading, decoder.decode(piece, { stream: true }), false);
  }
  yield* consume(reading, decoder.decode(), true);
}
