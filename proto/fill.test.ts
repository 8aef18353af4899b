// Messages from domain values: numbers, dates and names become what their fields are.
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'bun:test';
import { ATTENTION_REASONS, REPAIR_ACTIONS } from '../domain/attention.ts';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../domain/order.ts';
import { RETURN_STATES } from '../domain/returns.ts';
import { enumName, enumText, messageOf } from './fill.ts';
import {
  AttentionReason,
  AttentionReasonSchema,
  AttentionSchema,
  OrderLineSchema,
  OrderStatus,
  OrderStatusSchema,
  ParcelSchema,
  ParcelStatus,
  PaymentStatusSchema,
  RepairAction,
  RepairActionSchema,
} from './gen/holdfast/orders/v1/order_pb.ts';
import { ReturnStateSchema } from './gen/holdfast/orders/v1/orders_pb.ts';

const WAITING = { id: 'att_1', step: 'claiming the stock', actions: ['retry', 'let_arrive'] };

describe('a message', () => {
  test('takes numbers, names, dates and nested values as its fields want them', () => {
    const line = { sku: 'a', productId: 'prd_1', name: 'A', quantity: 2, unitMinor: 1_999 };
    expect(messageOf(OrderLineSchema, line).unitMinor).toBe(1_999n);
    const since = new Date(1_700_000_000_123);
    const attention = messageOf(AttentionSchema, { ...WAITING, reason: 'STOCK_LOST', since });
    expect(attention.reason).toBe(AttentionReason.STOCK_LOST);
    expect(attention.actions).toEqual([RepairAction.RETRY, RepairAction.LET_ARRIVE]);
    expect(attention.since && timestampDate(attention.since)).toEqual(since);
    const parcel = messageOf(ParcelSchema, {
      location: 'default',
      status: 'shipped',
      trackingNumber: null,
      lines: [{ sku: 'a', quantity: 1 }],
    });
    expect(parcel).toMatchObject({ status: ParcelStatus.SHIPPED, trackingNumber: '' });
    expect(parcel.lines).toMatchObject([{ sku: 'a', quantity: 1 }]);
  });

  test('takes nothing that it has no field for', () => {
    const line = { sku: 'a', productId: '', name: '', quantity: 1, unitMinor: 1, secret: 'x' };
    expect(JSON.stringify({ ...messageOf(OrderLineSchema, line), unitMinor: 1 })).not.toContain(
      'x',
    );
  });

  test('refuses a name that its enum does not know', () => {
    const since = new Date();
    expect(() => messageOf(AttentionSchema, { ...WAITING, reason: 'BORED', since })).toThrow(
      'BORED',
    );
  });
});

describe('an enum', () => {
  test.each([
    ['order statuses', OrderStatusSchema, ORDER_STATUSES],
    ['payment statuses', PaymentStatusSchema, PAYMENT_STATUSES],
    ['attention reasons', AttentionReasonSchema, ATTENTION_REASONS],
    ['repair actions', RepairActionSchema, REPAIR_ACTIONS],
    ['return states', ReturnStateSchema, RETURN_STATES],
  ] as const)('of %s has exactly the names of the domain', (_what, schema, names) => {
    const own = schema.values.map(({ localName }) => localName).filter((n) => n !== 'UNSPECIFIED');
    expect(own.toSorted()).toEqual(names.map((name) => name.toUpperCase()).toSorted());
  });

  test('is read by its name, and never as unspecified', () => {
    expect(enumText(OrderStatus, OrderStatus.RETURNED_TO_SENDER)).toBe('returned_to_sender');
    expect(enumName(AttentionReason, AttentionReason.NO_PROGRESS)).toBe('NO_PROGRESS');
    expect(() => enumText(OrderStatus, OrderStatus.UNSPECIFIED)).toThrow();
  });
});
