// The state of every server and process of an instance.
import type { Instance } from './instance.ts';
import { PROCESS_NAMES, specOf } from './processes.ts';
import { runningOf } from './supervise.ts';
import { SERVERS } from './up.ts';

export interface Status {
  name: string;
  kind: 'server' | 'process';
  state: 'ready' | 'not ready' | 'down';
  pid: number | null;
  port: number | null;
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok,
    () => false,
  );

export const statusOf = (instance: Instance): Promise<Status[]> => {
  const servers = SERVERS.map(async (server): Promise<Status> => {
    const pid = runningOf(instance, server.name)?.pid ?? null;
    const well = pid !== null && (await server.isWell(instance));
    const state = pid === null ? 'down' : well ? 'ready' : 'not ready';
    return { name: server.name, kind: 'server', state, pid, port: instance.port(server.name) };
  });
  const processes = PROCESS_NAMES.map(async (name): Promise<Status> => {
    const spec = specOf(name);
    const pid = runningOf(instance, name)?.pid ?? null;
    const well = pid !== null && (await isReady(instance.port(spec.opsPort)));
    const state = pid === null ? 'down' : well ? 'ready' : 'not ready';
    const port = spec.port ? instance.port(spec.port) : null;
    return { name, kind: 'process', state, pid, port };
  });
  return Promise.all([...servers, ...processes]);
};
