// Tests that a file of the largest size streams through every process within its memory limit.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { testInstance } from '../../ops/instance.ts';
import type { ProcessName } from '../../ops/processes.ts';
import { runningOf } from '../../ops/supervise.ts';
import { eventually, request } from '../support/journeys.ts';
import { bearer, newStore, send, type Store } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 300_000;
const MIB = 1024 * 1024;
const FILE_BYTES = 95 * MIB;
/** Longer than a description may be: the row fails, and the catalogue stays small. */
const CELL_BYTES = 50_000;
const LOOK_EVERY_MS = 50;
const AT_ONCE = 3;
/** The memory that their pods are limited to (ops/cluster/workloads.ts). */
const GIVEN_BYTES: Partial<Record<ProcessName, number>> = {
  ...{ gateway: 512 * MIB, products: 512 * MIB, worker: 1_024 * MIB },
};

let shop: Shop;
let store: Store;
beforeAll(async () => {
  shop = await openShop();
  store = await newStore(shop, ['products:read', 'products:write', 'imports:write']);
}, UP_LIMIT_MS);

const rssOf = (name: ProcessName): number => {
  const status = readFileSync(`/proc/${runningOf(testInstance(), name)?.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
};

/** The most memory of each process while `work` ran. */
const peaksDuring = async (names: ProcessName[], work: () => Promise<void>) => {
  const peaks = new Map(names.map((name) => [name, rssOf(name)]));
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const [name, peak] of peaks) peaks.set(name, Math.max(peak, rssOf(name)));
      await Bun.sleep(LOOK_EVERY_MS);
    }
  })();
  await work().finally(() => (over = true));
  await watching;
  return peaks;
};

/** A header, one valid row, and rows that are too long, one a chunk. */
const largeFile = (): { rows: number; body: ReadableStream<Uint8Array> } => {
  const encoder = new TextEncoder();
  const cell = 'x'.repeat(CELL_BYTES);
  const rows = Math.floor(FILE_BYTES / CELL_BYTES);
  let at = -1;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      at++;
      if (at === 0) return controller.enqueue(encoder.encode('slug,name,price,description\n'));
      if (at > rows) return controller.close();
      const text = at === 1 ? 'good' : cell;
      controller.enqueue(encoder.encode(`large-${at},Large ${at},5,${text}\n`));
    },
  });
  return { rows, body };
};

const imported = async (): Promise<void> => {
  const { rows, body } = largeFile();
  const headers = { ...bearer(store.key), 'content-type': 'text/csv' };
  const response = await send(shop, { method: 'POST', path: '/imports', headers, raw: body });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  const url = `${shop.env['GATEWAY_URL']}/imports/${id}`;
  const look = async () => {
    const { body: one } = await request<{ status: string; rows: object }>(url, { headers });
    return one.status === 'running' ? undefined : one;
  };
  const ended = await eventually('it has ended', look, LIMIT_MS);
  expect(ended).toMatchObject({ status: 'completed', rows: { total: rows, failed: rows - 1 } });
};

describe('imports of 95 MiB', () => {
  test(
    'stream through gateway, products and worker, which stay within their memory limits',
    async () => {
      const peaks = await peaksDuring(Object.keys(GIVEN_BYTES) as ProcessName[], async () => {
        await Promise.all(Array.from({ length: AT_ONCE }, imported));
      });
      const shown = [...peaks].map(([name, bytes]) => `${name} ${(bytes / MIB).toFixed(0)} MiB`);
      console.log(`${AT_ONCE} at once, at most: ${shown.join(', ')}`);
      for (const [name, bytes] of peaks) expect(bytes).toBeLessThan(GIVEN_BYTES[name] ?? 0);
    },
    LIMIT_MS,
  );
});
