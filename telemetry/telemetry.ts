// Telemetry for every client and server: a log, a metrics registry, and timed, traced calls.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createLog, type Log } from './logs.ts';
import { inSpan } from './spans.ts';

const CALL_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15,
];

export interface Telemetry {
  log: Log;
  registry: Registry;
  /** Spans and times a call to `kind` (sql, cql, redis, kafka, rpc, stripe, …) by `name`. */
  timed<T>(kind: string, name: string, work: () => Promise<T>): Promise<T>;
  counter<L extends string>(name: string, help: string, labelNames?: L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labelNames?: L[]): Gauge<L>;
}

export const createTelemetry = (process: string, level: string): Telemetry => {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  const registers = [registry];
  const calls = new Histogram({
    name: 'holdfast_call_duration_seconds',
    help: 'Calls this process made or answered, by kind, name and outcome.',
    labelNames: ['kind', 'name', 'outcome'],
    buckets: CALL_BUCKETS_SECONDS,
    registers,
  });
  const timed = <T>(kind: string, name: string, work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const observe = (outcome: string): void =>
      calls.observe({ kind, name, outcome }, (performance.now() - startedAt) / 1000);
    return inSpan(`${kind} ${name}`, { 'holdfast.kind': kind }, work).then(
      (value) => (observe('ok'), value),
      (error: unknown) => {
        observe('error');
        throw error;
      },
    );
  };
  return {
    log: createLog(process, level),
    registry,
    timed,
    counter: (name, help, labelNames = []) => new Counter({ name, help, labelNames, registers }),
    gauge: (name, help, labelNames = []) => new Gauge({ name, help, labelNames, registers }),
  };
};
