// Starts the card provider's sandbox.
import { listen } from '../apis/http/server.ts';
import { createStripeSandbox } from '../sandbox/stripe/server.ts';
import { configOf } from './config.ts';
import { run } from './run.ts';

const config = configOf('sandbox-stripe');

await run(config, async () => {
  const sandbox = createStripeSandbox({
    stateFolder: config.HOLDFAST_SANDBOX_STATE,
    webhookUrl: config.HOLDFAST_SANDBOX_WEBHOOK_URL,
    webhookSecret: config.STRIPE_WEBHOOK_SECRETS[0] ?? '',
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
