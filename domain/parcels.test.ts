// Tests how an order is split into parcels and what their outcomes mean for the order.
import { describe, expect, test } from 'bun:test';
import type { OrderLine } from './order.ts';
import {
  outcomeOf,
  splitByLocation,
  type ParcelState,
  type ParcelStatus,
  type UnitsAt,
} from './parcels.ts';

const line = (sku: string, quantity: number, unitMinor: number): OrderLine => ({
  sku,
  quantity,
  unitMinor,
  productId: `prd_${sku}`,
  name: sku,
});
const BOUGHT = [line('a', 2, 500), line('b', 1, 900)];

const parcels = (...statuses: ParcelStatus[]): ParcelState[] =>
  statuses.map((status, at) => ({
    location: at === 0 ? 'east' : 'west',
    status,
    lines: at === 0 ? [{ sku: 'a', quantity: 2 }] : [{ sku: 'b', quantity: 1 }],
  }));

describe('an order of two parcels', () => {
  const [FIRST, SECOND] = [
    { location: 'east', sku: 'a', quantity: 2 },
    { location: 'west', sku: 'b', quantity: 1 },
  ];
  test.each<[ParcelStatus, ParcelStatus, string, number, UnitsAt[]]>([
    ['delivered', 'delivered', 'delivered', 0, []],
    ['delivered', 'lost', 'delivered', 900, []],
    ['returned', 'delivered', 'delivered', 1_000, [FIRST]],
    ['lost', 'lost', 'lost', 1_900, []],
    ['lost', 'returned', 'lost', 1_900, [SECOND]],
    ['returned', 'returned', 'returned', 1_900, []],
  ])(
    'with one %s and one %s parcel ends %s and owes %d minor units',
    (first, second, end, owed, returned) => {
      expect(outcomeOf(parcels(first, second), BOUGHT)).toEqual({
        end: end as 'delivered',
        undeliveredMinor: owed,
        returned,
      });
    },
  );
});

describe('units from several locations', () => {
  test('go into one parcel per location, sorted by location', () => {
    const taken = [
      { location: 'west', sku: 'a', quantity: 1 },
      { location: 'east', sku: 'a', quantity: 1 },
      { location: 'west', sku: 'b', quantity: 1 },
    ];
    expect([...splitByLocation(taken)]).toEqual([
      ['east', [{ sku: 'a', quantity: 1 }]],
      [
        'west',
        [
          { sku: 'a', quantity: 1 },
          { sku: 'b', quantity: 1 },
        ],
      ],
    ]);
  });

  test('of one location are one parcel', () => {
    expect(splitByLocation([{ location: 'default', sku: 'a', quantity: 3 }]).size).toBe(1);
  });
});
