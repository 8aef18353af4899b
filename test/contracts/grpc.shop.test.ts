// Tests gRPC: health without a token, calls by the descriptor set, TLS where it is configured.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { createHealth, healthRpc } from '../../apis/rpc/health.ts';
import { listenGrpc, type Tls } from '../../apis/rpc/server.ts';
import { ROOT, testInstance } from '../../ops/instance.ts';
import { binaryOf, GRPCURL, isBuilt } from '../../ops/servers/go.ts';
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { stockedSku, inventoryOf } from '../support/inventory.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const codeOf = (call: Promise<unknown>): Promise<Code | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error).code,
  );

const overGrpc = () => createGrpcTransport({ baseUrl: `http://${shop.env['INVENTORY_GRPC']}` });

describe('health', () => {
  test('needs no token, for the server and for its service', async () => {
    const health = createClient(Health, overGrpc());
    for (const service of ['', InventoryService.typeName]) {
      expect((await health.check({ service })).status).toBe(Status.SERVING);
    }
    expect(await codeOf(health.check({ service: 'holdfast.unknown' }))).toBe(Code.NotFound);
  });

  test('can be watched from its present state on', async () => {
    const stop = new AbortController();
    const health = createClient(Health, overGrpc());
    const first: Status[] = [];
    const answers = health.watch({ service: '' }, { signal: stop.signal });
    const watching = (async () => {
      for await (const { status } of answers) {
        first.push(status);
        stop.abort();
      }
    })();
    await watching.catch(() => undefined);
    expect(first).toEqual([Status.SERVING]);
  });

  test('grants no other call', async () => {
    const call = createClient(InventoryService, overGrpc()).batchGetStock({ skus: [] });
    expect(await codeOf(call)).toBe(Code.Unauthenticated);
  });
});

describe('the descriptor set', () => {
  test.skipIf(!isBuilt(GRPCURL))('suffices for grpcurl (needs Go)', async () => {
    const sku = await stockedSku(inventoryOf(shop), 3);
    const set = resolve(ROOT, 'proto', 'gen', 'descriptors.binpb');
    const child = Bun.spawn(
      [
        ...[
          binaryOf(GRPCURL),
          '-plaintext',
          '-protoset',
          set,
          '-d',
          JSON.stringify({ skus: [sku] }),
        ],
        ...['-H', `authorization: Bearer ${shop.env['INTERNAL_TOKEN']}`],
        ...[shop.env['INVENTORY_GRPC'] ?? '', `${InventoryService.typeName}/BatchGetStock`],
      ],
      { stdout: 'pipe', stderr: 'inherit' },
    );
    const answer = JSON.parse(await new Response(child.stdout).text()) as object;
    expect(answer).toMatchObject({ stock: [{ sku, onHand: 3, available: 3 }] });
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-tls-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => resolve(folder, name);
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  const openssl = (...words: string[]): void => {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...words], { cwd: folder });
    if (exitCode !== 0) throw new Error(stderr.toString());
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const key = [...curve, '-nodes', '-days', '1'];
  const made = (): void => {
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
    for (const name of ['server', 'client']) {
      const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      const own = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`];
      openssl('req', '-x509', ...key, ...own, ...names, '-CA', 'ca.pem', '-CAkey', 'ca.key');
    }
  };
  const port = (): number => testInstance().portBase + 191;

  const serving = async (tls: Tls, work: () => Promise<void>): Promise<void> => {
    const service = {
      routes: healthRpc(createHealth({}), []),
      may: () => false,
      verify: () => Promise.reject(new Error('this test verifies no token')),
      telemetry: createTelemetry('tls-test', 'silent'),
    };
    const listener = await listenGrpc('127.0.0.1', port(), service, tls);
    try {
      await work();
    } finally {
      await listener.stop();
    }
  };
  const check = (nodeOptions: object): Promise<Code | undefined> => {
    const transport = createGrpcTransport({ baseUrl: `https://localhost:${port()}`, nodeOptions });
    return codeOf(createClient(Health, transport).check({}, { timeoutMs: 5_000 }));
  };

  test(
    'serves clients that trust the certificate, and mutual TLS only those with one',
    async () => {
      made();
      const own = { cert: read('server.pem'), key: read('server.key') };
      const ca = read('ca.pem');
      const shown = { ca, cert: read('client.pem'), key: read('client.key') };
      await serving(own, async () => {
        expect(await check({ ca })).toBeUndefined();
        expect(await check({})).toBeDefined();
      });
      await serving({ ...own, clientCa: ca }, async () => {
        expect(await check(shown)).toBeUndefined();
        expect(await check({ ca })).toBeDefined();
      });
    },
    LIMIT_MS,
  );
});
