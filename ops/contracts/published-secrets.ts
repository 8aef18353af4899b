// Lists the secrets that docker-compose.yml publishes, by fingerprint: production refuses them.
import { resolve } from 'node:path';
import { publishedSettings } from '../compose.ts';
import { ROOT } from '../instance.ts';
import { fingerprintOf, isSecret, secretsIn } from '../../processes/secrets.ts';

export const PUBLISHED_SECRETS_FILE = resolve(ROOT, 'processes', 'published-secrets.ts');

/** The text of the file; `bun ops/generate.ts` writes it. */
export const publishedSecrets = (): string => {
  const found = publishedSettings().flatMap(([setting, value]) =>
    isSecret(setting) ? secretsIn(setting, value).map(fingerprintOf) : [],
  );
  const lines = [...new Set(found)].toSorted().map((one) => `  '${one}',`);
  return [
    '// SHA-256 of the secrets that docker-compose.yml publishes; made by ops/generate.ts.',
    '',
    'export const PUBLISHED_SECRETS: ReadonlySet<string> = new Set([',
    ...lines,
    ']);',
    '',
  ].join('\n');
};
