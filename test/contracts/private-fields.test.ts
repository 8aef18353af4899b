// Tests that no event contains a private field of an order, by walking the descriptors.
import type { DescFile, DescMessage } from '@bufbuild/protobuf';
import { describe, expect, test } from 'bun:test';
import { file_holdfast_events_v1_events } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import {
  AddressSchema,
  OrderPrivateSchema,
  file_holdfast_orders_v1_order,
} from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { file_holdfast_orders_v1_orders } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';

/** Every message reachable from these, through fields, lists and maps. */
const reached = (from: readonly DescMessage[]): DescMessage[] => {
  const seen = new Map<string, DescMessage>();
  const walk = (desc: DescMessage): void => {
    if (seen.has(desc.typeName)) return;
    seen.set(desc.typeName, desc);
    for (const { message } of desc.fields) if (message) walk(message);
  };
  for (const desc of from) walk(desc);
  return [...seen.values()];
};

const privateFields = (desc: DescMessage): string[] =>
  desc.fields
    .filter(({ proto }) => proto.options?.debugRedact === true)
    .map(({ name }) => `${desc.typeName}.${name}`);

const found = (file: DescFile): string[] => reached(file.messages).flatMap(privateFields);

describe('a field that is marked private', () => {
  test('is not reachable from any event', () => {
    expect(reached(file_holdfast_events_v1_events.messages).length).toBeGreaterThan(10);
    expect(found(file_holdfast_events_v1_events)).toEqual([]);
    const names = reached(file_holdfast_events_v1_events.messages).map(({ typeName }) => typeName);
    expect(names).not.toContain(OrderPrivateSchema.typeName);
    expect(names).not.toContain(AddressSchema.typeName);
  });

  test('would be found', () => {
    expect(found(file_holdfast_orders_v1_order)).toContain('holdfast.orders.v1.OrderPrivate.email');
    expect(found(file_holdfast_orders_v1_orders).length).toBeGreaterThan(5);
  });

  test('is every field of OrderPrivate', () => {
    expect(privateFields(OrderPrivateSchema).length).toBe(OrderPrivateSchema.fields.length);
  });
});
