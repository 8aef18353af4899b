// Tests live timelines: what a follower is sent, when it looks, and when it ends.
import { describe, expect, test } from 'bun:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE, newId } from '../../domain/ids.ts';
import {
  ListOrderEventsResponseSchema,
  type ListOrderEventsRequest,
  type WatchOrdersResponseSchema,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { OrderSchema, OrderStatus } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { createOrderAccess } from '../http/access.ts';
import { appOf } from '../http/app.ts';
import { watchOrderChanges } from './order-changes.ts';
import type { OrderDeps } from './order-calls.ts';
import { timelineRoute } from './timeline.ts';

type Changed = MessageInitShape<typeof WatchOrdersResponseSchema>;

/** Changes that a test sends when it wants to, as Orders would. */
const createStream = () => {
  const queue: Changed[] = [];
  let wake = Promise.withResolvers<void>();
  return {
    send: (changed: Changed): void => {
      queue.push(changed);
      wake.resolve();
    },
    async *read(signal: AbortSignal) {
      signal.addEventListener('abort', () => wake.resolve());
      while (!signal.aborted) {
        yield* queue.splice(0);
        await wake.promise;
        wake = Promise.withResolvers();
      }
    },
  };
};

const telemetry = createTelemetry('test', 'error');
const access = createOrderAccess('a secret of this test', {
  of: () => 0,
  revoke: async () => undefined,
});

/** A gateway's timeline over an Orders with one order, whose events a test writes. */
const createWorld = () => {
  const id = newId('order');
  const types: string[] = ['OrderAccepted'];
  const world = { status: OrderStatus.ACCEPTED, isSignedIn: true, isAway: false, lists: 0 };
  const stream = createStream();
  const draining = new AbortController();
  const orders = {
    getOrder: async () => ({ order: create(OrderSchema, { facts: { id, status: world.status } }) }),
    listOrderEvents: async ({ afterSequence = 0 }: Partial<ListOrderEventsRequest>) => {
      world.lists++;
      if (world.isAway) throw new DomainError('UNAVAILABLE', 'Orders is away');
      const events = types
        .map((type, at) => ({ sequence: at + 1, type, dataJson: '{}' }))
        .filter(({ sequence }) => sequence > afterSequence);
      return create(ListOrderEventsResponseSchema, { events });
    },
    watchOrders: (_: object, { signal }: { signal: AbortSignal }) => stream.read(signal),
  } as unknown as OrderDeps['orders'];
  const changes = watchOrderChanges({ orders, telemetry, draining: draining.signal });
  const deps = { orders, access, changes, telemetry, draining: draining.signal } as OrderDeps;
  const app = appOf({
    routes: [timelineRoute(deps)],
    telemetry,
    authenticate: async () => {
      if (!world.isSignedIn) throw new DomainError('UNAUTHENTICATED', 'sign in');
      return { kind: 'guest', storeId: DEFAULT_STORE, orderToken: access.tokenOf(id) };
    },
  });
  const follow = async (headers: Record<string, string> = {}): Promise<Response> =>
    app.request(
      `/orders/${id}/events`,
      { headers: { accept: 'text/event-stream', ...headers } },
      { address: '' },
    );
  const add = (...more: string[]): void => {
    types.push(...more);
    stream.send({ orderIds: [id] });
  };
  return { id, world, types, stream, draining, changes, follow, add };
};

/** Reads a stream until it has sent an event of this type; all that it sent so far. */
const readerOf = ({ body }: Response) => {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    until: async (type: string): Promise<string> => {
      while (!text.includes(`event: ${type}\n`)) {
        const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
        if (done) throw new Error(`ended before ${type}: ${text}`);
        text += value;
      }
      return text;
    },
    cancel: () => reader?.cancel(),
  };
};

const typesIn = (text: string): string[] =>
  [...text.matchAll(/^event: (\w+)$/gm)].map(([, type = '']) => type);

describe('a live timeline', () => {
  test('looks again when its own order changes, and for nothing else', async () => {
    const { world, stream, follow, add } = createWorld();
    const reader = readerOf(await follow());
    await reader.until('OrderAccepted');
    for (let i = 0; i < 100; i++) stream.send({ orderIds: [newId('order')] });
    add('OrderConfirmed');
    await reader.until('OrderConfirmed');
    expect(world.lists).toBe(2);
    await reader.cancel();
  });

  test('looks again when changes may have been missed', async () => {
    const { types, stream, follow } = createWorld();
    const reader = readerOf(await follow());
    await reader.until('OrderAccepted');
    types.push('OrderConfirmed');
    stream.send({ missed: true });
    expect(typesIn(await reader.until('OrderConfirmed'))).toEqual([
      'OrderAccepted',
      'OrderConfirmed',
    ]);
    await reader.cancel();
  });

  test('ends with the order, after everything that came with its end', async () => {
    const { follow, add } = createWorld();
    const response = await follow();
    add('OrderDelivered', 'RefundGranted');
    expect(typesIn(await response.text())).toEqual([
      'OrderAccepted',
      'OrderDelivered',
      'RefundGranted',
    ]);
  });

  test('ends once its session has ended, without what came after', async () => {
    const { world, follow, add } = createWorld();
    const response = await follow();
    const reader = readerOf(response);
    await reader.until('OrderAccepted');
    world.isSignedIn = false;
    add('OrderConfirmed');
    const ended = reader.until('OrderConfirmed').catch(({ message }: Error) => message);
    expect(await ended).toStartWith('ended before OrderConfirmed');
  });

  test('stays through an outage of Orders', async () => {
    const { world, stream, follow, add } = createWorld();
    const reader = readerOf(await follow());
    await reader.until('OrderAccepted');
    world.isAway = true;
    add('OrderConfirmed');
    while (world.lists < 2) await Bun.sleep(0);
    world.isAway = false;
    stream.send({ missed: true });
    expect(typesIn(await reader.until('OrderConfirmed'))).toHaveLength(2);
    await reader.cancel();
  });

  test('ends with its process', async () => {
    const { draining, follow } = createWorld();
    const reader = readerOf(await follow());
    await reader.until('OrderAccepted');
    draining.abort();
    const ended = reader.until('OrderConfirmed').catch(({ message }: Error) => message);
    expect(await ended).toStartWith('ended before OrderConfirmed');
  });

  test('of an ended order is sent whole, or from what its reader has seen', async () => {
    const { world, types, follow } = createWorld();
    world.status = OrderStatus.DELIVERED;
    types.push('OrderDelivered', 'RefundGranted');
    expect(typesIn(await (await follow()).text())).toEqual(types);
    const rest = await follow({ 'last-event-id': '2' });
    expect(typesIn(await rest.text())).toEqual(['RefundGranted']);
  });

  test('is not opened again by a reader who has seen all of an ended order', async () => {
    const { world, types, follow } = createWorld();
    world.status = OrderStatus.DELIVERED;
    types.push('OrderDelivered');
    const { status, headers } = await follow({ 'last-event-id': '2' });
    expect([status, headers.get('cache-control')]).toEqual([204, 'no-store']);
    expect(world.lists).toBe(1);
  });
});
