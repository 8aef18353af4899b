// Answers cacheable responses: a strong ETag of the bytes, and 304 for a matching one.
import { createHash } from 'node:crypto';

const ETAG_LENGTH = 22;

/** A strong ETag (RFC 9110, 8.8.3): other bytes have another tag. */
export const etagOf = (bytes: string | Uint8Array): string =>
  `"${createHash('sha256').update(bytes).digest('base64url').slice(0, ETAG_LENGTH)}"`;

/** If-None-Match is compared weakly: a proxy may have marked the tag as weak. */
const hasAlready = (request: Request, etag: string): boolean => {
  const known = request.headers.get('if-none-match');
  if (known === null) return false;
  const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
};

export interface Kept {
  body: string | Uint8Array<ArrayBuffer>;
  etag: string;
  cacheControl: string;
  headers: Record<string, string>;
}

/** 200, or 304 when the caller has these bytes; only for responses that are the same for all. */
export const keptAnswer = (request: Request, { body, etag, cacheControl, headers }: Kept) => {
  const all = { ...headers, etag, 'cache-control': cacheControl };
  if (hasAlready(request, etag)) return new Response(null, { status: 304, headers: all });
  return new Response(body, { headers: all });
};
