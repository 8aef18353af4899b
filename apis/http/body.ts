// Reads request bodies once, within a limit, as strict JSON or as text.
import type { ZodError, ZodType } from 'zod';
import { withDeadline } from '../../concurrency/deadline.ts';
import { DomainError } from '../../domain/errors.ts';
import { looksLikeCardNumber } from './card-numbers.ts';
import { parseStrictJson, type OnLiteral } from '../../domain/strict-json.ts';

/** The largest JSON body of a store, an operator or a provider, in bytes. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** A shopper's: parsing a larger one would keep all others waiting. */
export const SHOPPER_BYTES_MAX = 64 * 1024;

export const tooLarge = (max: number): DomainError =>
  new DomainError('BODY_TOO_LARGE', `the body is larger than ${max} bytes`);

/** The limits of a body's size and of its whole reading time. */
export interface BodyLimits {
  bytesMax: number;
  ms: number;
}

/** A sender that pauses for longer is gone, in ms. */
const PAUSE_MS_MAX = 60_000;
/** How long a JSON body may take to arrive, in ms. */
const JSON_MS_MAX = 10_000;

const tooSlow = (): DomainError =>
  new DomainError('BODY_TOO_SLOW', 'the body takes too long to come');

const broken = (cause: unknown): DomainError =>
  new DomainError('MALFORMED_BODY', 'the body did not come to its end', { cause });

/**
 * The body chunk by chunk. BODY_TOO_LARGE by declared length or while reading, BODY_TOO_SLOW;
 * MALFORMED_BODY when its sender disconnects.
 */
export async function* boundedPieces(
  request: Request,
  { bytesMax, ms }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const reader = request.body?.getReader();
  if (!reader) return;
  const until = performance.now() + ms;
  const read = () =>
    reader.read().catch((error: unknown) => {
      throw request.signal.aborted ? broken(error) : error;
    });
  let bytes = 0;
  try {
    for (;;) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw tooSlow();
      // Each read has a deadline of its own: one for all would keep every chunk until the end.
      const { value, done } = await withDeadline(read, Math.min(leftMs, PAUSE_MS_MAX), tooSlow);
      if (done) return;
      bytes += value.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** A request whose body is in memory, and how many bytes it has. */
export interface Received {
  request: Request;
  bytes: number;
}

/**
 * Reads a whole body within its limits, before any other work is done for it. `onBytes` is called
 * for each chunk, and may refuse it. BODY_TOO_LARGE, BODY_TOO_SLOW.
 */
export const receive = async (
  request: Request,
  { bytesMax, ms = JSON_MS_MAX }: Partial<BodyLimits> & Pick<BodyLimits, 'bytesMax'>,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Received> => {
  if (!request.body) return { request, bytes: 0 };
  const pieces: Uint8Array[] = [];
  for await (const piece of boundedPieces(request, { bytesMax, ms })) {
    onBytes(piece.byteLength);
    pieces.push(piece);
  }
  const body = pieces.length === 0 ? null : Buffer.concat(pieces);
  return {
    request: new Request(request, { method: request.method, body }),
    bytes: body?.byteLength ?? 0,
  };
};

/** The received body as UTF-8 text. MALFORMED_BODY. */
export const textBody = async (request: Request): Promise<string> => {
  const bytes = await request.bytes();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DomainError('MALFORMED_BODY', 'the body is not UTF-8', { cause });
  }
};

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** CARD_DATA_FORBIDDEN when the text has a card number; the refusal names the field. */
export const assertNoCardNumber = (text: string, field: string): void => {
  if (!looksLikeCardNumber(text)) return;
  const fields = [{ path: field, message: 'has a card number, which must never be sent here' }];
  throw new DomainError('CARD_DATA_FORBIDDEN', 'a card number must never be sent here', { fields });
};

/** Strict JSON without a card number in any field of `at`. MALFORMED_BODY, CARD_DATA_FORBIDDEN. */
export const jsonWithoutCards = (text: string, at: readonly string[] = []): unknown => {
  const check: OnLiteral = (literal, path) =>
    assertNoCardNumber(literal, [...at, ...path].join('.'));
  try {
    return parseStrictJson(text, check);
  } catch (error) {
    // Text that is not JSON may have a card number beyond the place where the parser stopped.
    if (error instanceof DomainError && error.code === 'MALFORMED_BODY') {
      assertNoCardNumber(text, at.join('.'));
    }
    throw error;
  }
};

/** The body as JSON, by `parse`; UNSUPPORTED_MEDIA_TYPE unless its media type is JSON. */
export const jsonBody = async (
  request: Request,
  parse: (text: string) => unknown = jsonWithoutCards,
): Promise<unknown> => {
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? '')) {
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', 'send application/json');
  }
  return parse(await textBody(request));
};

const FORM_TYPE = /^application\/x-www-form-urlencoded\b/i;

/** True for the body that a page's form sends. */
export const isForm = (request: Request): boolean =>
  FORM_TYPE.test(request.headers.get('content-type') ?? '');

/** The fields of a form that are filled in. INVALID_INPUT for one that is given twice. */
export const formBody = async (request: Request): Promise<Record<string, string>> => {
  const sent = new URLSearchParams(await textBody(request));
  const fields = [...sent].filter(([, value]) => value !== '');
  for (const [name, value] of fields) {
    assertNoCardNumber(name, '');
    assertNoCardNumber(value, name);
  }
  if (new Set(fields.map(([name]) => name)).size < fields.length) {
    throw new DomainError('INVALID_INPUT', 'a field is given twice');
  }
  return Object.fromEntries(fields);
};

const fieldsOf = (error: ZodError) =>
  error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));

/** Parses a value with a schema; INVALID_INPUT with every wrong field. */
export const parsed = <T>(schema: ZodType<T>, value: unknown): T => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = fieldsOf(result.error);
  const first = fields[0];
  const at = first?.path ? `${first.path}: ` : '';
  throw new DomainError('INVALID_INPUT', `${at}${first?.message ?? 'is wrong'}`, { fields });
};
