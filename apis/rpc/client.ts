// Makes clients of Holdfast's services, with deadline, service token, trace and error translation.
import type { DescService } from '@bufbuild/protobuf';
import {
  createClient,
  type CallOptions,
  type Client,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import { createFetchClient } from '@connectrpc/connect/protocol';
import { createTransport } from '@connectrpc/connect/protocol-connect';
import { DEFAULT_STORE, isId } from '../../domain/ids.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { traceHeaders } from '../../telemetry/spans.ts';
import { refusalOf } from './refusals.ts';
import { peerFetch, type PeerTls } from './peer-tls.ts';
import type { MintToken } from './tokens.ts';
import { unaryCalls } from './unary-client.ts';
import { STORE_HEADER } from '../../domain/headers.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const BYTES_MAX = 4 * 1024 * 1024;

interface Peer {
  url: string;
  /** The audience its tokens must name: the service's own name. */
  audience: string;
  mint: MintToken;
  telemetry: Telemetry;
  timeoutMs?: number;
  /** How peers are reached: with mutual TLS where it is configured. */
  tls?: PeerTls | undefined;
}

/** Token and trace; the store of the call becomes a claim of the token. */
const headersTo = async ({ audience, mint }: Peer, requested: Headers) => {
  const store = requested.get(STORE_HEADER);
  const storeId = isId('store', store) ? store : DEFAULT_STORE;
  return { authorization: `Bearer ${await mint(audience, storeId)}`, ...traceHeaders() };
};

const calling =
  (peer: Peer): Interceptor =>
  (next) =>
  async (request) => {
    const headers = await headersTo(peer, request.header);
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    const name = `${request.service.typeName}/${request.method.name}`;
    return peer.telemetry.timed('rpc-client', name, () => next(request));
  };

type Answer = Promise<unknown> | AsyncIterable<unknown>;
type Call = (request: unknown, options?: CallOptions) => Answer;

async function* refusingStream(answers: AsyncIterable<unknown>) {
  try {
    yield* answers;
  } catch (error) {
    throw refusalOf(error);
  }
}

const refused = (answer: Answer): Answer =>
  Symbol.asyncIterator in answer
    ? refusingStream(answer)
    : answer.catch((error: unknown) => {
        throw refusalOf(error);
      });

/** Connect wraps what an interceptor throws, so refusals are translated outside of it. */
const refusing = <C extends object>(client: C): C =>
  Object.fromEntries(
    Object.entries(client).map(([name, call]: [string, Call]) => [
      name,
      (request: unknown, options?: CallOptions) => refused(call(request, options)),
    ]),
  ) as C;

/** A client of `service` at a peer. Throws DomainError, UNAVAILABLE among them. */
export const clientOf = <S extends DescService>(service: S, peer: Peer): Client<S> =>
  refusing(createClient(service, transportTo(peer)));

/** Unary calls use the plain transport of unary-client.ts, streams the library's. */
const transportTo = (peer: Peer): Transport => {
  const fetching = peerFetch(peer.tls);
  const streaming = createTransport({
    baseUrl: peer.url,
    httpClient: createFetchClient(fetching as typeof fetch),
    useBinaryFormat: true,
    interceptors: [calling(peer)],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: BYTES_MAX,
    readMaxBytes: BYTES_MAX,
    writeMaxBytes: BYTES_MAX,
    defaultTimeoutMs: peer.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  });
  const { telemetry, timeoutMs = DEFAULT_TIMEOUT_MS } = peer;
  const unary = unaryCalls({
    baseUrl: peer.url,
    bytesMax: BYTES_MAX,
    timeoutMs,
    fetch: fetching,
    headersFor: (requested) => headersTo(peer, requested),
    timed: (name, work) => telemetry.timed('rpc-client', name, work),
  });
  return { unary, stream: streaming.stream };
};
