// Tests which secrets production refuses: whatever docker-compose.yml publishes, and weak ones.
import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { publishedSettings } from '../ops/compose.ts';
import { secretSettings } from '../ops/identity/secrets.ts';
import { isSecret, secretProblem, SECRETS, type SecretSetting } from './secrets.ts';
import { PROCESS_SETTINGS } from './settings.ts';

const PUBLISHED = 'is published in docker-compose.yml';

/** The names of a set for several services or roles, without the service or the role. */
const settingOf = (name: string): string =>
  name.replace(/^(HOLDFAST_POSTGRES_URL|HOLDFAST_TOKEN_KEYS)_.+/, '$1');

describe('a secret of production', () => {
  test.each(publishedSettings().filter(([name]) => isSecret(name)))(
    'is not the published %s',
    (name, value) => expect(secretProblem(name as SecretSetting, value)).toBe(PUBLISHED),
  );

  test('is not a published one at another host, or beside a good one', () => {
    const published = Object.fromEntries(publishedSettings());
    const url = new URL(published['HOLDFAST_IDENTITY_URL'] ?? '');
    url.host = 'postgres.shop.example';
    expect(secretProblem('HOLDFAST_IDENTITY_URL', url.href)).toBe(PUBLISHED);
    const keys = `next:${crypto.randomUUID().repeat(2)},${published['HOLDFAST_CODEC_KEYS']}`;
    expect(secretProblem('HOLDFAST_CODEC_KEYS', keys)).toBe(PUBLISHED);
  });

  test.each([
    ['HOLDFAST_CURSOR_SECRET', 'short-but-not-that-short', /fewer than 32/],
    ['HOLDFAST_SESSION_SECRET', 'ab'.repeat(40), /too simple/],
    ['HOLDFAST_CODEC_KEYS', 'first:', /no secret/],
    ['HOLDFAST_CODEC_KEYS', '', /no secret/],
    ['HOLDFAST_POSTGRES_URL', 'postgres://orders@postgres/holdfast', /no secret/],
    ['HOLDFAST_POSTGRES_URL', 'postgres://orders:secret@postgres/holdfast', /fewer than 16/],
    ['HOLDFAST_ROLE_PASSWORDS', '{"orders":"changeme"}', /fewer than 16/],
    ['HOLDFAST_TOKEN_KEYS', '{"keys":[{"kid":"gateway-1"}]}', /no secret/],
  ] as const)('is not %s=%s', (name, value, why) => {
    expect(secretProblem(name, value)).toMatch(why);
  });

  test('is made by ./holdfast secrets, all of them, and each time anew', () => {
    const [made, again] = [secretSettings('db.example:5433'), secretSettings('db.example:5433')];
    const names = new Set(Object.keys(made).map(settingOf));
    // URLs of a role are made for each role, and the card provider makes its own.
    const elsewhere = /^(HOLDFAST_IDENTITY_URL|STRIPE_)/;
    const needed = Object.keys(SECRETS).filter((name) => !elsewhere.test(name));
    expect(needed.filter((name) => !names.has(name))).toEqual([]);
    for (const [name, value] of Object.entries(made)) {
      expect(value).not.toMatch(/\s/);
      const setting = settingOf(name);
      if (!isSecret(setting)) continue;
      expect([name, secretProblem(setting, value)]).toEqual([name, undefined]);
      expect(again[name]).not.toBe(value);
    }
    expect(made['HOLDFAST_POSTGRES_URL_ORDERS']).toContain('@db.example:5433/');
  });
});

describe('a process', () => {
  /** Reads its settings in a process of its own, as it does when it starts. */
  const started = (name: string, settings: Record<string, string>): string => {
    const config = resolve(import.meta.dirname, 'config.ts');
    const script = `import { settingsOf } from '${config}'; settingsOf('${name}');`;
    const env = { PATH: process.env['PATH'] ?? '', ...settings };
    const child = Bun.spawnSync([process.execPath, '-e', script], { env });
    return child.exitCode === 0 ? 'started' : child.stderr.toString();
  };
  const composed = Object.fromEntries(publishedSettings());
  const WITH_SECRETS = Object.entries(PROCESS_SETTINGS).filter(
    ([name, settings]) => !name.startsWith('sandbox-') && settings.some(isSecret),
  );

  test.each(WITH_SECRETS)('%s does not start in production with what is published', (name) => {
    expect(started(name, composed)).toBe('started');
    const { HOLDFAST_PROFILE: _, ...production } = composed;
    const refusal = started(name, production);
    for (const setting of PROCESS_SETTINGS[name as keyof typeof PROCESS_SETTINGS]) {
      const isRefused = isSecret(setting) && composed[setting] !== undefined;
      if (isRefused) expect(refusal).toContain(`${setting}: ${PUBLISHED}`);
    }
  });

  test('names a public address without TLS, which only the local profile permits', () => {
    const { HOLDFAST_PROFILE: _, ...production } = composed;
    expect(started('gateway', production)).toContain('HOLDFAST_PUBLIC_URL: is not https');
  });
});
