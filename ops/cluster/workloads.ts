// The workloads of a cluster: one line each, with replicas, resources and scaling signal.
import type { ProcessName } from '../processes.ts';
import { OUTBOX_BUCKETS } from '../../db/postgres/outbox.ts';
import { PARTITIONS } from '../../db/kafka/topics.ts';

/** The signal that scales a workload. */
export type Signal =
  /** Share of the requested CPU in use, in percent: for APIs, whose work is CPU. */
  | { cpu: number }
  /** Waiting tasks of a Temporal queue per worker (`approximate_backlog_count`). */
  | { backlogOf: string; each: number }
  /** Mean of one of Holdfast's metrics over the pods. */
  | { metric: string; mean: string };

export interface Workload {
  name: string;
  process: ProcessName;
  /** At least two of each, because one may be moving to another machine. */
  min: number;
  max: number;
  signal: Signal;
  /** Requests; memory is also the limit, CPU has no limit. */
  cpu: string;
  memory: string;
  variables?: Record<string, string>;
}

const api = (process: ProcessName, max: number, memory = '512Mi'): Workload => ({
  name: process,
  process,
  min: 3,
  max,
  signal: { cpu: 60 },
  cpu: '1',
  memory,
});

const worker = (queue: string, max: number, each: number): Workload => ({
  name: `worker-${queue}`,
  process: 'worker',
  min: 2,
  max,
  cpu: '1',
  memory: '1Gi',
  signal: { backlogOf: queue, each },
  variables: { HOLDFAST_TASK_QUEUES: queue },
});

/** Maxima above which a store or a partition is the limit and more replicas would only wait. */
export const WORKLOADS: Workload[] = [
  api('gateway', 60),
  api('products', 20),
  api('search', 60),
  api('inventory', 30),
  api('orders', 30),
  { ...api('recovery', 4), min: 2, cpu: '250m' },
  worker('orders', 40, 200),
  worker('payments', 40, 100),
  worker('fulfillment', 10, 500),
  worker('looks', 10, 500),
  worker('notifications', 10, 500),
  worker('imports', 4, 20),
  worker('recovery', 4, 50),
  // A bucket of the outbox is drained by one relay at a time, a partition by one projector.
  {
    name: 'relay',
    process: 'relay',
    min: 2,
    max: OUTBOX_BUCKETS,
    signal: { cpu: 60 },
    cpu: '500m',
    memory: '256Mi',
  },
  {
    name: 'projector',
    process: 'projector',
    min: 2,
    max: PARTITIONS,
    signal: { metric: 'holdfast_projection_lag_seconds', mean: '1' },
    cpu: '1',
    memory: '512Mi',
  },
];
