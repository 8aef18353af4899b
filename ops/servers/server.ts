// The interface of a native server: how it is installed, started and checked.
import type { Instance } from '../instance.ts';
import type { Report } from '../output.ts';
import type { Launch } from '../supervise.ts';

export type ServerName =
  | 'postgres'
  | 'redis'
  | 'redis-limits'
  | 'redis-carts'
  | 'kafka'
  | 'cassandra'
  | 'temporal';

export interface Server {
  name: ServerName;
  /** Changes with the server's version or settings. */
  version: string;
  startLimitMs: number;
  /** Installs the server; a no-op when it is installed. Throws with what is missing. */
  install(report: Report): Promise<void>;
  /** Prepares its data folder and returns how it is started. */
  launch(instance: Instance): Promise<Launch>;
  /** True when it answers its own protocol. */
  isWell(instance: Instance): Promise<boolean>;
  /** Runs once the server is well; must be idempotent, because `up` may be killed at any time. */
  afterStart?(instance: Instance): Promise<void>;
}

/**
 * Options of a JVM. The servers of tests live for minutes and are killed again and again: Java's
 * optimising compiler takes more than it gives there.
 */
export const compilerOf = ({ isTests }: Instance): string[] =>
  isTests ? ['-XX:TieredStopAtLevel=1'] : [];
