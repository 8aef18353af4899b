// Sends unary calls of the Connect protocol, one fetch each: the client of unary.ts.
// https://connectrpc.com/docs/protocol/#unary-request
import { create, isMessage, type DescMessage, type DescMethodUnary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createMethodSerializationLookup, createMethodUrl } from '@connectrpc/connect/protocol';
import { codeFromHttpStatus, errorFromJsonBytes } from '@connectrpc/connect/protocol-connect';

import type { Fetch } from './peer-tls.ts';

const PROTO_TYPE = 'application/proto';

interface Calls {
  baseUrl: string;
  /** The largest request or response, in bytes. */
  bytesMax: number;
  timeoutMs: number;
  /** Headers of every call, made from its caller's headers. */
  headersFor(given: Headers): Promise<Record<string, string>>;
  /** Sends the requests to the peer. */
  fetch: Fetch;
  timed<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** The precomputed facts of a method. */
const pathTo = (method: DescMethodUnary, { baseUrl, bytesMax }: Calls) => {
  const limits = { readMaxBytes: bytesMax, writeMaxBytes: bytesMax };
  const formats = createMethodSerializationLookup(method, undefined, undefined, limits);
  return {
    name: `${method.parent.typeName}/${method.name}`,
    url: createMethodUrl(baseUrl, method),
    request: formats.getI(true),
    answer: formats.getO(true),
  };
};

/** The bytes of a successful response; any other response is thrown as the peer's error. */
const bytesOf = async (response: Response, bytesMax: number): Promise<Uint8Array> => {
  if (Number(response.headers.get('content-length') ?? 0) > bytesMax) {
    throw new ConnectError('the response is too large', Code.ResourceExhausted);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get('content-type') ?? '';
  if (response.status === 200 && type === PROTO_TYPE) return bytes;
  if (response.status === 200) throw new ConnectError(`answered as ${type}`, Code.Internal);
  const code = codeFromHttpStatus(response.status);
  const byStatus = new ConnectError(`HTTP ${response.status}`, code, response.headers);
  throw type.startsWith('application/json')
    ? errorFromJsonBytes(bytes, response.headers, byStatus)
    : byStatus;
};

/** The unary half of a transport; errors are ConnectErrors, or fetch's own. */
export const unaryCalls = (calls: Calls): Transport['unary'] => {
  const paths = new Map<DescMethodUnary, ReturnType<typeof pathTo>>();
  const pathOf = (method: DescMethodUnary) => {
    const known = paths.get(method) ?? pathTo(method, calls);
    if (!paths.has(method)) paths.set(method, known);
    return known;
  };
  return async (method, signal, timeoutMs = calls.timeoutMs, given, input) => {
    const { name, url, request, answer } = pathOf(method);
    const message = isMessage(input, method.input)
      ? input
      : create(method.input as DescMessage, input);
    const deadline = AbortSignal.timeout(timeoutMs);
    return calls.timed(name, async () => {
      const headers = new Headers(given);
      for (const [key, value] of Object.entries(await calls.headersFor(headers))) {
        headers.set(key, value);
      }
      headers.set('content-type', PROTO_TYPE);
      headers.set('connect-protocol-version', '1');
      headers.set('connect-timeout-ms', String(timeoutMs));
      const response = await calls.fetch(url, {
        method: 'POST',
        headers,
        body: request.serialize(message),
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      const bytes = await bytesOf(response, calls.bytesMax);
      return {
        stream: false,
        service: method.parent,
        method,
        header: response.headers,
        trailer: new Headers(),
        message: answer.parse(bytes) as never,
      };
    });
  };
};
