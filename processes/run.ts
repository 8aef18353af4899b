// Runs a process: telemetry, an operations port, and an orderly stop on SIGTERM.
import { readFileSync } from 'node:fs';
import { serveOps, type OpsPort, type ReadyChecks } from '../apis/http/ops.ts';
import { installTracing } from '../telemetry/spans.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { CommonConfig } from './config.ts';
import type { Cookies } from '../apis/http/credentials/cookies.ts';
import { keyRing } from '../apis/http/credentials/keys.ts';
import { authenticating, type Authenticate } from '../apis/http/principals.ts';
import type { PeerTls } from '../apis/rpc/peer-tls.ts';
import type { Tls } from '../apis/rpc/server.ts';
import type { Pg } from '../db/postgres/client.ts';
import { findApiKey, KEYS_CHANNEL } from '../db/postgres/identity/keys.ts';
import { findSession } from '../db/postgres/identity/sessions.ts';
import { sql } from 'drizzle-orm';

/** Limit of the drain after the load balancer's grace; requests still running then are aborted. */
const DRAIN_MS_MAX = 9_000;

/** The result of starting a process: its readiness checks, and how it stops. */
export interface Running {
  checks: ReadyChecks;
  /** A library's own metrics, as Prometheus' text. */
  moreMetrics?: () => Promise<string>;
  stop(): Promise<void>;
}

interface Ending {
  telemetry: Telemetry;
  ops: OpsPort;
  /** Aborted at the first signal. */
  draining: AbortController;
  /** How long connections are still accepted, until no load balancer sends new ones. */
  graceMs: number;
  stop(): Promise<void>;
}

const endOnSignal = ({ telemetry, ops, draining, graceMs, stop }: Ending): void => {
  let ending = false;
  const end = async (signal: string): Promise<void> => {
    // A second signal must not interrupt a running drain.
    if (ending) return;
    ending = true;
    telemetry.log.info('stopping', { signal });
    ops.drain();
    draining.abort();
    await Bun.sleep(graceMs);
    setTimeout(() => process.exit(1), DRAIN_MS_MAX);
    await stop().catch((error: unknown) => telemetry.log.error('stop failed', error));
    await ops.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('SIGINT', () => void end('SIGINT'));
};

/** Starts a process and keeps it running; a failed start is logged and exits with 1. */
export const run = async (
  config: CommonConfig,
  start: (telemetry: Telemetry, draining: AbortSignal) => Promise<Running>,
): Promise<void> => {
  const telemetry = createTelemetry(config.HOLDFAST_PROCESS, config.HOLDFAST_LOG_LEVEL);
  const endTracing = installTracing(config.OTEL_EXPORTER_OTLP_ENDPOINT);
  try {
    const draining = new AbortController();
    const running = await start(telemetry, draining.signal);
    const { HOLDFAST_HOST: host, HOLDFAST_OPS_PORT: port } = config;
    const ops = serveOps(host, port, telemetry, running);
    const stop = async (): Promise<void> => {
      await running.stop();
      await endTracing();
    };
    const graceMs = config.HOLDFAST_DRAIN_GRACE_MS;
    endOnSignal({ telemetry, ops, draining, graceMs, stop });
    telemetry.log.info('started', { port, pid: process.pid });
  } catch (error) {
    telemetry.log.error('start failed', error);
    process.exit(1);
  }
};

/** How a service authenticates callers: keys and sessions are looked up in the identity schema. */
export const identityIn = (
  pg: Pg,
  sessionSecret: string,
  telemetry: Telemetry,
  cookies?: Cookies,
): Authenticate => {
  const keys = keyRing((hash) => findApiKey(pg, hash));
  // Without this listener a revoked key stays valid as long as keys are cached.
  pg.listen(KEYS_CHANNEL, keys.forget).catch((error: unknown) => {
    telemetry.log.warn('key revocations not received immediately', { reason: String(error) });
  });
  return authenticating({
    findKey: keys.find,
    findSession: (token) => findSession(pg, token),
    sessionSecret,
    ...(cookies && { cookies }),
  });
};

/** A readiness check: Postgres answers. */
export const pgAnswers = (pg: Pg) => (): Promise<unknown> =>
  pg.query('ready', (db) => db.execute(sql`select 1`));

const pem = (path: string): string => readFileSync(path, 'utf8');

interface PeerTlsConfig {
  HOLDFAST_PEER_TLS_CERT: string | undefined;
  HOLDFAST_PEER_TLS_KEY: string | undefined;
  HOLDFAST_PEER_TLS_CA: string | undefined;
}

/**
 * The service's certificate for mutual TLS with its peers; throws when only some settings are set.
 */
export const peerTlsOf = (config: PeerTlsConfig): PeerTls | undefined => {
  const { HOLDFAST_PEER_TLS_CERT: cert, HOLDFAST_PEER_TLS_KEY: key } = config;
  const { HOLDFAST_PEER_TLS_CA: ca } = config;
  if (!cert && !key && !ca) return undefined;
  if (!cert || !key || !ca) throw new Error('TLS between services needs certificate, key and CA');
  return { cert: pem(cert), key: pem(key), ca: pem(ca) };
};

interface TlsConfig {
  HOLDFAST_GRPC_TLS_CERT: string | undefined;
  HOLDFAST_GRPC_TLS_KEY: string | undefined;
  HOLDFAST_GRPC_TLS_CLIENT_CA: string | undefined;
}

/** The gRPC listener's certificate, if configured; throws when only some settings are set. */
export const tlsOf = (config: TlsConfig): Tls | undefined => {
  const { HOLDFAST_GRPC_TLS_CERT: cert, HOLDFAST_GRPC_TLS_KEY: key } = config;
  const { HOLDFAST_GRPC_TLS_CLIENT_CA: clientCa } = config;
  if (!cert && !key && !clientCa) return undefined;
  if (!cert || !key) throw new Error('TLS for gRPC needs both a certificate and its key');
  return { cert: pem(cert), key: pem(key), clientCa: clientCa ? pem(clientCa) : undefined };
};
