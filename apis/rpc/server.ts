// Listens for RPC: Connect over HTTP/1.1 on Bun, gRPC on its own HTTP/2 port.
import { createSecureServer, createServer } from 'node:http2';
import type { Registry } from '@bufbuild/protobuf';
import {
  createConnectRouter,
  createContextKey,
  createMethodImplSpec,
  createServiceImplSpec,
  type ConnectRouter,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from '@connectrpc/connect';
import { createFetchHandler, createMethodUrl } from '@connectrpc/connect/protocol';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Listener } from '../http/server.ts';
import { isHealthCall } from './health.ts';
import { translatingRefusals } from './refusals.ts';
import type { ServiceCaller, VerifyToken } from './tokens.ts';
import { isPlain, pathOf, unaryHandler } from './unary.ts';
import { validating } from './validate.ts';

const READ_BYTES_MAX = 1024 * 1024;
const GRPC_CLOSE_TIMEOUT_MS = 5_000;

const CALLER = createContextKey<ServiceCaller | undefined>(undefined);

/** The caller, verified before any handler runs. */
export const callerOf = (context: HandlerContext): ServiceCaller => {
  const caller = context.values.get(CALLER);
  if (!caller) throw new Error('an RPC handler ran without a verified caller');
  return caller;
};

const authenticating =
  (verify: VerifyToken, may: RpcService['may']): Interceptor =>
  (next) =>
  async (request) => {
    if (isHealthCall(request.service.typeName)) return next(request);
    const caller = await verify(request.header.get('authorization'));
    const call = `${request.service.typeName}/${request.method.name}`;
    if (!may(caller.subject, call)) {
      throw new DomainError('PERMISSION_DENIED', `${caller.subject} may not call ${call}`);
    }
    request.contextValues.set(CALLER, caller);
    return next(request);
  };

interface RpcService {
  routes: (router: ConnectRouter) => void;
  verify: VerifyToken;
  /** Whether a caller may make a call (`<service>/<method>`). */
  may: (subject: string, call: string) => boolean;
  telemetry: Telemetry;
  /** Types that may be inside an Any, for JSON; our own contracts have none. */
  registry?: Registry;
}

/** Zeros are sent in JSON too: `"available": 0` is a fact. */
const optionsOf = ({ verify, may, telemetry, registry }: RpcService) => ({
  readMaxBytes: READ_BYTES_MAX,
  jsonOptions: {
    alwaysEmitImplicit: true,
    ignoreUnknownFields: false,
    ...(registry && { registry }),
  },
  interceptors: [translatingRefusals(telemetry), authenticating(verify, may), validating()],
});

export type RpcFetch = (request: Request) => Promise<Response> | undefined;

/** Registers the routes; returns the handlers by their paths. */
const registered = (router: ConnectRouter, routes: RpcService['routes']) => {
  const specs = new Map<string, MethodImplSpec>();
  const note = (spec: MethodImplSpec) => specs.set(createMethodUrl('/', spec.method), spec);
  const noting: ConnectRouter = {
    handlers: router.handlers,
    service: (service, implementation, options) => {
      Object.values(createServiceImplSpec(service, implementation).methods).forEach(note);
      router.service(service, implementation, options);
      return noting;
    },
    rpc: (method, implementation, options) => {
      note(createMethodImplSpec(method, implementation));
      router.rpc(method, implementation, options);
      return noting;
    },
  };
  routes(noting);
  return specs;
};

/** Connect as a fetch handler; undefined for a path that is no RPC of this service. */
export const rpcFetch = (service: RpcService): RpcFetch => {
  const options = optionsOf(service);
  const router = createConnectRouter({ ...options, grpc: false, grpcWeb: false });
  const specs = registered(router, service.routes);
  const handlers = new Map(
    router.handlers.map((handler) => {
      const whole = createFetchHandler(handler);
      const spec = specs.get(handler.requestPath);
      if (spec?.kind !== 'unary') return [handler.requestPath, whole];
      const plain = unaryHandler(spec, options);
      const either = (request: Request) =>
        isPlain(request, READ_BYTES_MAX) ? plain(request) : whole(request);
      return [handler.requestPath, either];
    }),
  );
  return (request) => handlers.get(pathOf(request.url))?.(request);
};

/** PEM texts; with `clientCa` a caller needs a certificate that it signed (mutual TLS). */
export interface Tls {
  cert: string;
  key: string;
  clientCa?: string | undefined;
}

type Http2Handler = ReturnType<typeof connectNodeAdapter>;

const http2Server = (handler: Http2Handler, tls: Tls | undefined) => {
  if (!tls) return createServer(handler);
  const { cert, key, clientCa } = tls;
  const mutual = clientCa ? { ca: clientCa, requestCert: true, rejectUnauthorized: true } : {};
  return createSecureServer({ cert, key, ...mutual }, handler);
};

/** gRPC over HTTP/2, which Bun.serve cannot serve because it has no trailers; h2c without TLS. */
export const listenGrpc = async (
  host: string,
  port: number,
  service: RpcService,
  tls?: Tls,
): Promise<Listener> => {
  const handler = connectNodeAdapter({
    ...optionsOf(service),
    routes: service.routes,
    connect: false,
    grpcWeb: false,
  });
  const server = http2Server(handler, tls);
  const sessions = new Set<{ close(): void; destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) session.close();
    const timer = setTimeout(() => sessions.forEach((one) => one.destroy()), GRPC_CLOSE_TIMEOUT_MS);
    await closed;
    clearTimeout(timer);
  };
  return { port, stop };
};
