// Starts gateways with settings of a test.
import type { Setting } from '../../processes/config.ts';
import { newPorts, startOwn, type OwnProcess } from './own-processes.ts';

export type Gateway = OwnProcess;

/** Starts one and waits until it is ready; with `port` it shares another gateway's port. */
export const startGateway = async (
  settings: Partial<Record<Setting, string>>,
  port?: number,
): Promise<Gateway> => {
  const ports = await newPorts();
  return startOwn('gateway', settings, port === undefined ? ports : { ...ports, port: port });
};

/** Runs `work` against a gateway with these limits, then ends it. */
export const withGateway = async (
  settings: Partial<Record<Setting, string>>,
  work: (gateway: Gateway) => Promise<void>,
): Promise<void> => {
  const gateway = await startGateway(settings);
  try {
    await work(gateway);
  } finally {
    await gateway.end();
  }
};
