// Tests stock on a Redis Cluster of three nodes: skus on different nodes, and a node's loss.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { migratePostgres, type RolePasswords } from '../../db/postgres/migrate.ts';
import { environmentOf, migrateEnvironment } from '../../ops/environment.ts';
import { ROOT, testInstance } from '../../ops/instance.ts';
import { postgresUrl } from '../../ops/servers/postgres.ts';
import {
  countOf,
  decidedHold,
  holdOf,
  inventoryOf,
  outcomeOf,
  stockedSku,
} from '../support/inventory.ts';
import { eventually } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 90_000;
const NODES = 3;
const SLOTS = 16_384;
/** Ports of this file alone: nodes, their bus, and a service of its own. */
const [NODE_PORT, BUS_PORT, API_PORT, GRPC_PORT, OPS_PORT] = [160, 163, 166, 167, 168];

const instance = testInstance();
const portOf = (offset: number): number => instance.portBase + offset;
const database = `cluster_${crypto.randomUUID().replaceAll('-', '')}`;
const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-cluster-'));
const children: ReturnType<typeof Bun.spawn>[] = [];
const spawn = (command: string[], env = process.env): void => {
  children.push(Bun.spawn(command, { cwd: folder, env, stdio: ['ignore', 'ignore', 'ignore'] }));
};

let shop: Shop;
let inventory: ReturnType<typeof inventoryOf>;
let cluster: Cluster;
const nodes: Redis[] = [];

const startNodes = async (): Promise<void> => {
  for (let at = 0; at < NODES; at++) {
    const port = String(portOf(NODE_PORT + at));
    const bus = ['--cluster-port', String(portOf(BUS_PORT + at))];
    const own = ['--cluster-config-file', `nodes-${at}.conf`, '--save', '', '--appendonly', 'no'];
    spawn(['redis-server', '--port', port, '--cluster-enabled', 'yes', ...bus, ...own]);
    const node = new Redis(Number(port), '127.0.0.1');
    node.on('error', () => undefined);
    nodes.push(node);
    const [from, to] = [(SLOTS * at) / NODES, (SLOTS * (at + 1)) / NODES - 1].map(Math.ceil);
    await eventually('the node answers', () => node.ping().catch(() => undefined));
    await node.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
  }
  for (let at = 1; at < NODES; at++) {
    const [port, bus] = [portOf(NODE_PORT + at), portOf(BUS_PORT + at)].map(String);
    await nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port ?? '', bus ?? '');
  }
  await eventually('every node sees the whole cluster', async () => {
    const infos = await Promise.all(nodes.map((node) => node.call('CLUSTER', 'INFO')));
    const isWhole = (info: unknown): boolean =>
      String(info).includes('cluster_state:ok') && String(info).includes('cluster_known_nodes:3');
    return infos.every(isWhole) ? true : undefined;
  });
};

/** A ledger of its own: two Redis servers with one ledger would fence each other for ever. */
const startService = async (): Promise<void> => {
  await shop.sql.unsafe(`create database ${database}`);
  const passwords = JSON.parse(
    migrateEnvironment(instance)['HOLDFAST_ROLE_PASSWORDS'] ?? '{}',
  ) as RolePasswords;
  await migratePostgres(postgresUrl(instance, 'holdfast', database), passwords);
  const urls = nodes.map((_, at) => `redis://127.0.0.1:${portOf(NODE_PORT + at)}`);
  spawn([process.execPath, resolve(ROOT, 'processes', 'inventory.ts')], {
    ...environmentOf(instance, 'inventory'),
    HOLDFAST_POSTGRES_URL: postgresUrl(instance, 'inventory', database),
    HOLDFAST_REDIS_URL: urls.join(','),
    HOLDFAST_PORT: String(portOf(API_PORT)),
    HOLDFAST_GRPC_PORT: String(portOf(GRPC_PORT)),
    HOLDFAST_OPS_PORT: String(portOf(OPS_PORT)),
  });
  await eventually('the service is ready', () =>
    fetch(`http://127.0.0.1:${portOf(OPS_PORT)}/ready`).then(
      (response) => (response.ok ? true : undefined),
      () => undefined,
    ),
  );
  const url = `http://127.0.0.1:${portOf(API_PORT)}`;
  inventory = inventoryOf({ ...shop, env: { ...shop.env, INVENTORY_URL: url } });
};

beforeAll(async () => {
  shop = await openShop();
  await startNodes();
  cluster = new Cluster(
    nodes.map((_, at) => ({ host: '127.0.0.1', port: portOf(NODE_PORT + at) })),
  );
  cluster.on('error', () => undefined);
  await startService();
}, UP_LIMIT_MS);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.exited));
  cluster.disconnect();
  for (const node of nodes) node.disconnect();
  await shop.sql.unsafe(`drop database ${database} with (force)`);
  rmSync(folder, { recursive: true });
}, LIMIT_MS);

const nodeOf = async (sku: string): Promise<number> => {
  const slot = await cluster.cluster('KEYSLOT', `stock:{sto_default/${sku}}:level`);
  return Math.floor((slot * NODES) / SLOTS);
};

/** One sku a node, each with this many units. */
const skuOfEachNode = async (quantity: number): Promise<string[]> => {
  const found: string[] = [];
  while (found.filter(Boolean).length < NODES) {
    const sku = await stockedSku(inventory, quantity);
    found[await nodeOf(sku)] ??= sku;
  }
  return found;
};

describe('on a cluster of three nodes', () => {
  test(
    'skus of several nodes are held together or not at all',
    async () => {
      const skus = await skuOfEachNode(2);
      const lines = skus.map((sku) => ({ sku, quantity: 2 }));
      const request = { ...holdOf(''), lines };
      await inventory.reserve(request);
      await inventory.claimReservation({ reservationId: request.reservationId });
      const more = await skuOfEachNode(2);
      const tooMany = more.map((sku, at) => ({ sku, quantity: at === NODES - 1 ? 3 : 1 }));
      const short = inventory.reserve({ ...holdOf(''), lines: tooMany });
      expect(await outcomeOf(short)).toBe('OUT_OF_STOCK');
      const { stock } = await inventory.batchGetStock({ skus: [...skus, ...more] });
      expect(stock.map(({ onHand, reserved }) => [onHand, reserved])).toEqual([
        ...skus.map(() => [0, 0]),
        ...more.map(() => [2, 0]),
      ]);
    },
    LIMIT_MS,
  );

  test(
    'a flushed node sells nothing twice and refuses nothing wrongly',
    async () => {
      const skus = await skuOfEachNode(4);
      const buy = (sku: string) => decidedHold(inventory, holdOf(sku));
      for (const [at, sku] of skus.entries()) {
        const first = holdOf(sku, 1);
        expect(await decidedHold(inventory, first)).toBe('ok');
        await nodes[at]?.flushall();
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => buy(sku)));
        expect(countOf(outcomes)).toEqual({ ok: 3, OUT_OF_STOCK: 17 });
        // The first answer again, although no unit is left.
        expect(await decidedHold(inventory, first)).toBe('ok');
      }
    },
    LIMIT_MS,
  );

  test(
    'a frozen node does not stop the skus of the others',
    async () => {
      const skus = await skuOfEachNode(9);
      const [node] = children;
      node?.kill('SIGSTOP');
      try {
        for (const sku of skus.slice(1))
          expect(await decidedHold(inventory, holdOf(sku))).toBe('ok');
      } finally {
        node?.kill('SIGCONT');
      }
      expect(await decidedHold(inventory, holdOf(skus[0] ?? '', 9))).toBe('ok');
    },
    LIMIT_MS,
  );
});
