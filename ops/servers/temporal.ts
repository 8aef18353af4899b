// Runs Temporal's development server and UI, built from Go sources.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { binaryOf, goInstall, TEMPORAL } from './go.ts';
import { runCommand } from './install.ts';
import type { Server } from './server.ts';

const BINARY = binaryOf(TEMPORAL);
export const SEARCH_ATTRIBUTES = ['OrderStatus=Keyword', 'StoreId=Keyword', 'NeedsAttention=Bool'];
export const LIMITS = [
  'frontend.rps=10000',
  'frontend.namespaceRPS=10000',
  'frontend.namespaceCount=10000',
];

export const temporalServer: Server = {
  name: 'temporal',
  version: `${TEMPORAL.version}+codec`,
  startLimitMs: 60_000,
  install: (report) => goInstall(TEMPORAL, report),
  launch: async (instance) => {
    const folder = resolve(instance.home, 'data', 'temporal');
    mkdirSync(folder, { recursive: true });
    const ports = {
      '--port': 'temporal',
      '--ui-port': 'temporal-ui',
      '--metrics-port': 'temporal-metrics',
    } as const;
    return {
      command: BINARY,
      args: [
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--namespace',
        'holdfast',
        '--db-filename',
        resolve(folder, 'temporal.db'),
        '--log-level',
        'warn',
        '--ui-codec-endpoint',
        `http://127.0.0.1:${instance.port('recovery')}/codec`,
        ...Object.entries(ports).flatMap(([flag, name]) => [flag, String(instance.port(name))]),
        ...SEARCH_ATTRIBUTES.flatMap((attribute) => ['--search-attribute', attribute]),
        ...LIMITS.flatMap((limit) => ['--dynamic-config-value', limit]),
      ],
      env: { PATH: process.env['PATH'] ?? '', HOME: folder },
    };
  },
  isWell: (instance) =>
    runCommand([
      BINARY,
      'operator',
      'namespace',
      'describe',
      '-n',
      'holdfast',
      '--command-timeout',
      '3s',
      '--address',
      `127.0.0.1:${instance.port('temporal')}`,
    ]).then(
      () => true,
      () => false,
    ),
};
