// Answers plain unary calls of the Connect protocol whole. Most calls are small, and the library's
// streams, signals and copied headers cost several times what such a call does.
// https://connectrpc.com/docs/protocol/#unary-request
import { create, isMessage, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouterOptions,
  type Interceptor,
} from '@connectrpc/connect';
import {
  createMethodSerializationLookup,
  mergeNonProtocolHeaders,
} from '@connectrpc/connect/protocol';
import {
  codeToHttpStatus,
  errorToJsonBytes,
  parseTimeout,
  trailerMux,
} from '@connectrpc/connect/protocol-connect';
import { UnaryCall, type UnarySpec } from './unary-call.ts';

const JSON_TYPE = 'application/json';
const PROTO_TYPE = 'application/proto';
const WRITE_BYTES_MAX = 64 * 1024 * 1024;

export interface UnaryOptions {
  readMaxBytes: number;
  jsonOptions: NonNullable<ConnectRouterOptions['jsonOptions']>;
  interceptors: Interceptor[];
}

/** The path of an absolute URL, without parsing the rest of it. */
export const pathOf = (url: string): string => {
  const from = url.indexOf('/', url.indexOf('//') + 2);
  const to = url.indexOf('?', from);
  return to === -1 ? url.slice(from) : url.slice(from, to);
};

/**
 * Whether a request is plain: a POST of a known type, uncompressed, with a declared length within
 * the limit. The library answers, or refuses, all others.
 */
export const isPlain = ({ method, headers }: Request, bytesMax: number): boolean => {
  if (method !== 'POST') return false;
  const length = headers.get('content-length');
  if (length === null || Number(length) > bytesMax) return false;
  const type = headers.get('content-type');
  const version = headers.get('connect-protocol-version');
  return (
    (type === JSON_TYPE || type === PROTO_TYPE) &&
    (version === null || version === '1') &&
    !headers.has('content-encoding')
  );
};

type Invoke = (call: UnaryCall) => Promise<MessageShape<DescMessage>>;

/** The handler behind its interceptors, wrapped once and not again for every call. */
const invoking = (spec: UnarySpec, interceptors: Interceptor[]): Invoke => {
  const handler = async (request: unknown) => {
    const call = request as UnaryCall;
    const answer = await spec.impl(call.message, call);
    const { output } = spec.method;
    return call.answered(isMessage(answer, output) ? answer : create(output, answer));
  };
  type Next = ReturnType<Interceptor>;
  const next = interceptors.reduceRight<Next>((inner, wrap) => wrap(inner), handler as Next);
  return async (call) => (await next(call)).message as MessageShape<DescMessage>;
};

/** The response's headers; nothing is copied when a handler has set none. */
const headersOf = (
  call: UnaryCall | undefined,
  type: string,
  error?: ConnectError,
): Record<string, string> | Headers => {
  const { header, trailer } = call?.metadata() ?? {};
  if (!header && !trailer && !error) return { 'content-type': type };
  const all = trailerMux(header ?? new Headers(), trailer ?? new Headers());
  all.set('content-type', type);
  // The headers of a dependency's error are not sent to the caller.
  if (error && !error.isWireError) mergeNonProtocolHeaders(all, error.metadata);
  return all;
};

/** Answers plain unary requests of one method. */
export const unaryHandler = (
  spec: UnarySpec,
  { jsonOptions, readMaxBytes, interceptors }: UnaryOptions,
): ((request: Request) => Promise<Response>) => {
  const limits = { readMaxBytes, writeMaxBytes: WRITE_BYTES_MAX };
  const formats = createMethodSerializationLookup(spec.method, undefined, jsonOptions, limits);
  const invoke = invoking(spec, interceptors);
  const refusal = (call: UnaryCall | undefined, cause: unknown): Response => {
    const error =
      cause instanceof ConnectError
        ? cause
        : new ConnectError('internal error', Code.Internal, undefined, undefined, cause);
    const status = codeToHttpStatus(error.code);
    const headers = headersOf(call, JSON_TYPE, error);
    return new Response(errorToJsonBytes(error, jsonOptions), { status, headers });
  };
  return async (request) => {
    const type = request.headers.get('content-type') ?? JSON_TYPE;
    const isBinary = type === PROTO_TYPE;
    let call: UnaryCall | undefined;
    try {
      const { timeoutMs, error } = parseTimeout(
        request.headers.get('connect-timeout-ms'),
        Number.MAX_SAFE_INTEGER,
      );
      if (error) throw error;
      const message = formats.getI(isBinary).parse(new Uint8Array(await request.arrayBuffer()));
      call = new UnaryCall(spec, request, message, timeoutMs);
      const bytes = formats.getO(isBinary).serialize(await invoke(call));
      return new Response(bytes, { headers: headersOf(call, type) });
    } catch (cause) {
      return refusal(call, cause);
    } finally {
      call?.end();
    }
  };
};
