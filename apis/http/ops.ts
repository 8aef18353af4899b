// Serves every process's operations port: heartbeat, readiness, metrics. Never public.
import { withDeadline } from '../../concurrency/deadline.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { listen, type Listener } from './server.ts';

const CHECK_TIMEOUT_MS = 2_000;

/** The process's dependencies, each with a cheap check that throws when it is unavailable. */
export type ReadyChecks = Record<string, () => Promise<unknown>>;

export interface OpsPort extends Listener {
  /** From now on `/ready` answers 503, so that load balancers send no new requests. */
  drain(): void;
}

/** Whether a check passes in time. */
export const passes = (check: () => Promise<unknown>): Promise<boolean> =>
  withDeadline(
    () => check(),
    CHECK_TIMEOUT_MS,
    () => new Error('the check takes too long'),
  ).then(
    () => true,
    () => false,
  );

export const serveOps = (
  host: string,
  port: number,
  telemetry: Telemetry,
  { checks, moreMetrics }: { checks: ReadyChecks; moreMetrics?: () => Promise<string> },
): OpsPort => {
  let draining = false;
  const ready = async (): Promise<Response> => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await passes(check)] as const),
    );
    const ok = !draining && results.every(([, good]) => good);
    return Response.json(
      { ready: ok, draining, checks: Object.fromEntries(results) },
      { status: ok ? 200 : 503 },
    );
  };
  const listener = listen(host, port, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/heartbeat') return Response.json({ status: 'ok' });
    if (pathname === '/ready') return ready();
    if (pathname === '/metrics') {
      const texts = [await telemetry.registry.metrics(), (await moreMetrics?.()) ?? ''];
      return new Response(texts.join('\n'), {
        headers: { 'content-type': telemetry.registry.contentType },
      });
    }
    return new Response('not found', { status: 404 });
  });
  return { ...listener, drain: () => void (draining = true) };
};
