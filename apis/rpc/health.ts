// Serves gRPC's health protocol, by which load balancers learn whether to send calls here.
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import { DomainError } from '../../domain/errors.ts';
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { passes, type ReadyChecks } from '../http/ops.ts';

const LOOK_EVERY_MS = 1_000;

export interface HealthState {
  /** False when a check fails or takes too long, and once the server drains. */
  isServing(): Promise<boolean>;
  /** From now on nothing is served, and watches end. */
  drain(): void;
  draining: AbortSignal;
}

/** The same checks as `/ready`. */
export const createHealth = (checks: ReadyChecks): HealthState => {
  const drained = new AbortController();
  return {
    isServing: async () => {
      const well = await Promise.all(Object.values(checks).map(passes));
      return !drained.signal.aborted && well.every(Boolean);
    },
    drain: () => drained.abort(),
    draining: drained.signal,
  };
};

const handlers = (state: HealthState, services: string[]): ServiceImpl<typeof Health> => {
  const isKnown = (service: string): boolean => service === '' || services.includes(service);
  const status = async (): Promise<Status> =>
    (await state.isServing()) ? Status.SERVING : Status.NOT_SERVING;
  return {
    async check({ service }) {
      if (!isKnown(service)) throw new DomainError('NOT_FOUND', 'no such service here');
      return { status: await status() };
    },
    async *watch({ service }, { signal }) {
      let last: Status | undefined;
      while (!signal.aborted) {
        const now = isKnown(service) ? await status() : Status.SERVICE_UNKNOWN;
        if (now !== last) yield { status: now };
        last = now;
        if (state.draining.aborted) return;
        await Bun.sleep(LOOK_EVERY_MS);
      }
    },
  };
};

export const healthRpc =
  (state: HealthState, services: string[]) =>
  (router: ConnectRouter): ConnectRouter =>
    router.service(Health, handlers(state, services));

/** Needs no token: the response shows only whether to send calls here. */
export const isHealthCall = (service: string): boolean => service === Health.typeName;
