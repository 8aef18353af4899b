// Proxies paths to the service that answers them under the same name.
import { DomainError } from '../../domain/errors.ts';
import { traceHeaders } from '../../telemetry/spans.ts';
import { boundedPieces, textBody } from '../http/body.ts';
import type { Permission } from '../../domain/permissions.ts';
import type { Cookies } from '../http/credentials/cookies.ts';
import { bearerOf } from '../http/principals.ts';
import type { CallKind } from '../http/gate.ts';
import type { Fetch } from '../rpc/peer-tls.ts';
import { media, type Method, type Route } from '../http/routes.ts';
import { IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER, STORE_HEADER } from '../../domain/headers.ts';

const TIMEOUT_MS = 10_000;
/** An upload takes as long as the store's connection is slow. */
const UPLOAD_TIMEOUT_MS = 10 * 60_000;
/** Only these request headers are forwarded: no forged address, user or tenant. */
const PASSED_ON = [
  'accept',
  'content-type',
  STORE_HEADER,
  IDEMPOTENCY_KEY_HEADER,
  'if-match',
  'if-none-match',
  'stripe-signature',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
];
const PASSED_BACK = [
  'content-type',
  'etag',
  'link',
  'location',
  'allow',
  'retry-after',
  'cache-control',
  'content-security-policy',
  'www-authenticate',
];

/** The named headers that are present. */
export const pick = (headers: Headers, names: string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

/** Streams the body. */
const streamed = (request: Request, bytesMax: number): ReadableStream<Uint8Array> => {
  const pieces = boundedPieces(request, { bytesMax, ms: UPLOAD_TIMEOUT_MS });
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await pieces.return(undefined)),
  });
};

/** The target of proxied paths; uploads are streamed up to a limit of their own. */
interface Behind {
  baseUrl: string;
  fetch: Fetch;
  cookies: Cookies;
  uploadBytesMax?: number;
  /** The kind of these paths for the limits, where it does not follow from the method. */
  kind?: CallKind;
}

const bodyFor = async (request: Request, { uploadBytesMax }: Behind) => {
  if (request.method === 'GET' || request.method === 'DELETE') return {};
  if (uploadBytesMax === undefined) return { body: await textBody(request) };
  return { body: streamed(request, uploadBytesMax) };
};

const passOn = async (request: Request, requestId: string, behind: Behind): Promise<Response> => {
  const { pathname, search } = new URL(request.url);
  const { baseUrl, uploadBytesMax } = behind;
  const answer = await behind
    .fetch(`${baseUrl}${pathname}${search}`, {
      method: request.method,
      headers: {
        ...pick(request.headers, PASSED_ON),
        ...bearerOf(request, behind.cookies),
        ...traceHeaders(),
        [REQUEST_ID_HEADER]: requestId,
      },
      ...(await bodyFor(request, behind)),
      redirect: 'manual',
      signal: AbortSignal.timeout(uploadBytesMax ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS),
    })
    .catch((cause: unknown) => {
      if (cause instanceof DomainError) throw cause;
      throw new DomainError('UNAVAILABLE', 'this part of the shop is unavailable', { cause });
    });
  const headers = { ...pick(answer.headers, PASSED_BACK), [REQUEST_ID_HEADER]: requestId };
  const isEmpty = answer.status === 204 || answer.status === 304;
  return new Response(isEmpty ? null : answer.body, {
    status: answer.status,
    headers,
  });
};

/** A proxied path; both the gateway and the service check its permission. */
export type PassedOn = [method: Method, path: string, needs: Permission];

/** The service that answers proxied paths. */
export type To = Pick<Behind, 'baseUrl' | 'fetch' | 'cookies'>;

/** `get /products`, …: each is proxied to the service at `baseUrl`. */
export const proxied = (to: To, paths: PassedOn[], special: Omit<Behind, keyof To> = {}): Route[] =>
  paths.map(([method, path, needs]) => ({
    method,
    path,
    needs,
    summary: `Answered by another service.`,
    response: media('*/*'),
    statuses: {},
    query: undefined,
    passesQuery: true,
    ...(special.kind && { kind: special.kind }),
    handler: ({ request, requestId }) => passOn(request, requestId, { ...to, ...special }),
  }));
