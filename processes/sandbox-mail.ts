// Starts the mail sandbox: an SMTP server and an inbox.
import { listen } from '../apis/http/server.ts';
import { createMailSandbox } from '../sandbox/mail/mail.ts';
import { configOf } from './config.ts';
import { run } from './run.ts';

const config = configOf('sandbox-mail');

await run(config, async () => {
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port } = config;
  const sandbox = await createMailSandbox(
    config.HOLDFAST_SANDBOX_STATE,
    host,
    config.HOLDFAST_SMTP_PORT,
  );
  const listener = listen(host, port, sandbox.fetch);
  return {
    checks: {},
    stop: async () => {
      await listener.stop();
      await sandbox.close();
    },
  };
});
