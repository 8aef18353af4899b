// What a native server is to `up`: how it is had, how it is started, when it is well.
import type { Instance } from '../instance.ts';
import type { Launch } from '../supervise.ts';

export type ServerName = 'postgres' | 'redis' | 'kafka' | 'cassandra' | 'temporal';

/** Tells the person waiting what is going on. */
export type Say = (line: string) => void;

export interface Server {
  name: ServerName;
  /** Changes when the server's version or settings do. */
  version: string;
  startLimitMs: number;
  /** Gets the server onto the machine; a no-op when it is there. Throws with what is missing. */
  install(say: Say): Promise<void>;
  /** Prepares its data folder and says how it is started. */
  launch(instance: Instance): Promise<Launch>;
  /** True when it answers its own protocol. */
  isWell(instance: Instance): Promise<boolean>;
  /** When it is well; must bear to be done again, as an `up` may be killed at any time. */
  afterStart?(instance: Instance): Promise<void>;
}
