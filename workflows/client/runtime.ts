// Installs the runtime of Temporal's SDK, and reads its metrics, as Prometheus' text.
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** A free port of the loopback interface, for the SDK's own exporter. */
const freePort = (): number => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  probe.stop(true);
  return probe.port;
};

/** Installs the SDK's runtime; its metrics, such as failing workflow tasks, join the process's. */
export const installRuntime = (): (() => Promise<string>) => {
  const bindAddress = `127.0.0.1:${freePort()}`;
  const telemetryOptions = { metrics: { prometheus: { bindAddress } } };
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('WARN'), telemetryOptions });
  return async () => (await fetch(`http://${bindAddress}/metrics`)).text();
};
