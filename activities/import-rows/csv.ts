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

/** Reads a quote inside a quoted field; returns how many characters it takes. */
const closeOrKeep = (reading: Reading, next: string | undefined): number => {
  if (next === '"') {
    append(reading, '"');
    return 2;
  }
  const isEnd = [undefined, reading.delimiter, '\r', '\n'].includes(next);
  if (isEnd) reading.isQuoted = false;
  else append(reading, '"');
  return 1;
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
    at += reading.isQuoted ? closeOrKeep(reading, next) : structure(reading, char, next);
  }
  return at;
};

/**
 * Returns the complete records of this text. RFC 4180, with one leniency: a quote ends a field only
 * before a delimiter or a line end, so an unescaped quote inside a field stays.
 */
const consume = (reading: Reading, text: string, isLast: boolean): string[][] => {
  reading.records = [];
  reading.rest += text;
  if (!reading.delimiter) {
    const whole = isLast ? reading.rest : undefined;
    const header = /^[^\r\n]*[\r\n]/.exec(reading.rest)?.[0] ?? whole;
    if (header === undefined) return [];
    reading.delimiter = delimiterOf(header);
  }
  reading.rest = reading.rest.slice(read(reading, reading.rest, isLast));
  if (isLast && (reading.field !== '' || reading.record.length > 0)) endRecord(reading);
  return reading.records;
};

const tooLarge = (message: string): DomainError => new DomainError('INVALID_INPUT', message);

/** Yields the records of a file, the header first, without blank lines. INVALID_INPUT. */
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
