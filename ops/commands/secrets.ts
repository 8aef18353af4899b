// The command that makes the secrets of a production deployment.
import { command, text, withDefault } from '../arguments.ts';
import { secretSettings } from '../identity/secrets.ts';
import { print } from '../output.ts';

/** Made by the systems that they belong to. */
const OF_OTHERS = [
  '# The key and the signing secrets of the card provider, and the addresses of Redis and SMTP:',
  '# STRIPE_SECRET_KEY=',
  '# STRIPE_WEBHOOK_SECRETS=',
  '# HOLDFAST_REDIS_URL=',
  '# HOLDFAST_SMTP_URL=',
];

const secrets = command({
  name: 'secrets',
  summary: 'make the secrets of a production deployment',
  about:
    'Prints a new set of the secrets that a deployment needs, as KEY=value lines of an env-file, ' +
    'and stores it nowhere. The names end with the role or the service where each has its own.',
  example: 'secrets --postgres postgres.shop.example:5432 > holdfast.env',
  options: { postgres: withDefault(text('HOST:PORT', 'the Postgres server'), 'postgres:5432') },
  run: ({ postgres }) => {
    for (const [name, value] of Object.entries(secretSettings(postgres))) {
      print(`${name}=${value}`);
    }
    for (const line of OF_OTHERS) print(line);
  },
});

export const SECRETS = [secrets];
