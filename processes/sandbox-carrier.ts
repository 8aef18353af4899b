// Starts the carrier sandbox.
import { listen } from '../apis/http/server.ts';
import { createCarrierSandbox } from '../sandbox/carrier/carrier.ts';
import { configOf } from './config.ts';
import { run } from './run.ts';

const config = configOf('sandbox-carrier');

await run(config, async () => {
  const sandbox = createCarrierSandbox({
    stateFolder: config.HOLDFAST_SANDBOX_STATE,
    shipMs: config.HOLDFAST_CARRIER_SHIP_MS,
    deliverMs: config.HOLDFAST_CARRIER_DELIVER_MS,
    webhookUrl: config.HOLDFAST_CARRIER_WEBHOOK_URL,
    webhookSecret: config.HOLDFAST_CARRIER_WEBHOOK_SECRETS[0] ?? '',
  });
  const listener = listen(config.HOLDFAST_HOST, config.HOLDFAST_PORT, sandbox.fetch);
  return {
    checks: {},
    stop: async () => {
      await listener.stop();
      sandbox.close();
    },
  };
});
