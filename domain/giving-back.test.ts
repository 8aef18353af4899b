// Tests the rule of what can still be given back: examples, and random sequences that hold it.
import { describe, expect, test } from 'bun:test';
import { randomOf } from '../ops/random.ts';
import { DomainError } from './errors.ts';
import { grantedMinor, leftMinor, leftUnits, type AfterCapture } from './giving-back.ts';
import { RETURN_MOVES, valueReturn, type ReturnState } from './returns.ts';

const line = (sku: string, quantity: number, unitMinor: number) => ({
  sku,
  quantity,
  unitMinor,
  productId: 'prd_1',
  name: sku,
});
const BOUGHT = [line('a', 2, 500), line('b', 3, 1_000)];
const CAPTURED_MINOR = 4_000;

const NOTHING: AfterCapture = {
  capturedMinor: CAPTURED_MINOR,
  bought: BOUGHT,
  undelivered: [],
  returns: [],
  refunds: [],
  disputes: [],
};

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};

const returned = (after: AfterCapture, sku: string, quantity: number, isGranted = false) => {
  const input = { status: 'delivered' as const, deliveredAt: new Date(0), isGranted };
  return valueReturn({ ...input, after, wanted: [{ sku, quantity }] }, 1);
};

const refund = (id: string, amountMinor: number, state: 'succeeded' | 'failed' = 'succeeded') => ({
  id,
  amountMinor,
  state,
});
const opened = (id: string, sku: string, quantity: number, refundMinor: number) => ({
  id,
  state: 'approved' as ReturnState,
  lines: [{ sku, quantity }],
  refundMinor,
});

describe('what can be given back', () => {
  test('is all of the capture at first, and nothing before it', () => {
    expect(leftMinor(NOTHING)).toBe(CAPTURED_MINOR);
    expect(leftMinor({ ...NOTHING, capturedMinor: 0 })).toBe(0);
    expect(grantedMinor(NOTHING, { id: 'r' })).toBe(CAPTURED_MINOR);
  });

  test('leaves out units that did not arrive: they are no return of the shopper', () => {
    const after = { ...NOTHING, undelivered: [{ sku: 'a', quantity: 1 }] };
    expect(leftUnits(after, 'a')).toBe(1);
    expect(codeOf(() => returned(after, 'a', 2))).toBe('RETURN_REFUSED');
    expect(returned(after, 'a', 1).refundMinor).toBe(500);
  });

  test('is lowered by goodwill: a return is worth what is left, and none when nothing is', () => {
    const some = { ...NOTHING, refunds: [refund('good', 3_200)] };
    expect(returned(some, 'b', 1).refundMinor).toBe(800);
    const all = { ...NOTHING, refunds: [refund('good', CAPTURED_MINOR)] };
    expect(codeOf(() => returned(all, 'b', 1))).toBe('RETURN_REFUSED');
    expect(returned(all, 'b', 1, true).refundMinor).toBe(0);
  });

  test('keeps the money of an open return for it alone', () => {
    const after = { ...NOTHING, returns: [opened('ret', 'b', 3, 3_000)] };
    expect(codeOf(() => grantedMinor(after, { id: 'good', amountMinor: 1_001 }))).toBe(
      'REFUND_EXCEEDS_CAPTURE',
    );
    expect(grantedMinor(after, { id: 'good', amountMinor: 1_001, isAtMost: true })).toBe(1_000);
    expect(grantedMinor(after, { id: 'ret', amountMinor: 3_000 })).toBe(3_000);
  });

  test('is lowered by a dispute until it is won', () => {
    const dispute = (state: 'opened' | 'answered' | 'lost' | 'won', amountMinor: number) => ({
      state,
      amountMinor,
    });
    for (const state of ['opened', 'answered', 'lost'] as const) {
      const after = { ...NOTHING, disputes: [dispute(state, 3_000), dispute('won', 500)] };
      expect(leftMinor(after)).toBe(1_000);
    }
  });

  test('is free again when a refund has failed', () => {
    const after = { ...NOTHING, refunds: [refund('good', 3_000, 'failed')] };
    expect(leftMinor(after)).toBe(CAPTURED_MINOR);
    const received = { ...opened('ret', 'b', 3, 3_000), state: 'received' as const };
    const failed = [refund('ret', 3_000, 'failed')];
    const again = { ...NOTHING, returns: [received], refunds: failed };
    expect(grantedMinor(again, { id: 'act', amountMinor: 3_000 })).toBe(3_000);
  });
});

/** An order's later life: what is granted is granted by the rule, what comes from outside comes. */
class Life {
  after = NOTHING;
  /** Units on hand again, by sku. */
  readonly restocked: Record<string, number> = {};
  #ids = 0;
  constructor(readonly random: () => number) {}

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  #restock(lines: readonly { sku: string; quantity: number }[]): void {
    for (const { sku, quantity } of lines) {
      this.restocked[sku] = (this.restocked[sku] ?? 0) + quantity;
    }
  }

  #grant(id: string, amountMinor: number | undefined, isAtMost: boolean): void {
    const granted = grantedMinor(this.after, { id, amountMinor, isAtMost });
    if (granted === 0) return;
    const refunds = [
      ...this.after.refunds,
      { id, amountMinor: granted, state: 'pending' as const },
    ];
    this.after = { ...this.after, refunds };
  }

  /** A parcel is lost or comes back; only units that were not sent back by the shopper are in it. */
  parcelEnds(): void {
    const { sku } = this.#pick(BOUGHT) ?? line('a', 1, 1);
    if (this.after.undelivered.length > 0 || this.after.returns.length > 0) return;
    const lines = [{ sku, quantity: 1 }];
    this.after = { ...this.after, undelivered: lines };
    if (this.random() < 0.5) this.#restock(lines);
    this.#grant('undelivered', BOUGHT.find((one) => one.sku === sku)?.unitMinor, true);
  }

  goodwill(): void {
    this.#grant(`good/${this.#ids++}`, 1 + Math.floor(this.random() * 2_000), false);
  }

  refundEnds(): void {
    const open = this.#pick(this.after.refunds.filter(({ state }) => state !== 'failed'));
    if (!open) return;
    const state = this.random() < 0.7 ? ('succeeded' as const) : ('failed' as const);
    const refunds = this.after.refunds.map((one) => (one === open ? { ...one, state } : one));
    this.after = { ...this.after, refunds };
  }

  returnBegins(): void {
    const { sku } = this.#pick(BOUGHT) ?? line('a', 1, 1);
    const { lines, refundMinor } = returned(this.after, sku, 1 + Math.floor(this.random() * 2));
    const made = { id: `ret/${this.#ids++}`, state: 'requested' as const, lines, refundMinor };
    this.after = { ...this.after, returns: [...this.after.returns, made] };
  }

  returnMoves(): void {
    const one = this.#pick(this.after.returns);
    const state = one && this.#pick(RETURN_MOVES[one.state]);
    if (!one || !state) return;
    if (state === 'received') {
      this.#restock(one.lines);
      this.#grant(one.id, one.refundMinor, true);
    }
    const returns = this.after.returns.map((other) => (other === one ? { ...one, state } : other));
    this.after = { ...this.after, returns };
  }

  /** A bank disputes what is neither refunded nor disputed. */
  disputeBegins(): void {
    const amountMinor = Math.floor(leftMinor(this.after) * this.random());
    if (amountMinor === 0) return;
    const disputes = [...this.after.disputes, { state: 'opened' as const, amountMinor }];
    this.after = { ...this.after, disputes };
  }

  disputeEnds(): void {
    const open = this.#pick(this.after.disputes.filter(({ state }) => state === 'opened'));
    if (!open) return;
    const state = this.random() < 0.5 ? ('won' as const) : ('lost' as const);
    const disputes = this.after.disputes.map((one) => (one === open ? { ...one, state } : one));
    this.after = { ...this.after, disputes };
  }
}

const STEPS = [
  'parcelEnds',
  'goodwill',
  'refundEnds',
  'returnBegins',
  'returnMoves',
  'disputeBegins',
  'disputeEnds',
] as const satisfies (keyof Life)[];

const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);

/** M2, M4: no more money than came in; O11, S1: no unit twice. */
const brokenOf = ({ after, restocked }: Life): string[] => {
  const { refunds, disputes, undelivered, returns } = after;
  const refunded = sum(refunds.filter((r) => r.state !== 'failed').map((r) => r.amountMinor));
  const taken = sum(disputes.filter((d) => d.state !== 'won').map((d) => d.amountMinor));
  const broken: string[] = [];
  if (refunded + taken > CAPTURED_MINOR) broken.push(`${refunded} + ${taken} of the capture`);
  for (const { sku, quantity } of BOUGHT) {
    const back = returns.filter(({ state }) => state !== 'rejected' && state !== 'expired');
    const lines = [...undelivered, ...back.flatMap((one) => one.lines)];
    const paidBack = sum(lines.filter((one) => one.sku === sku).map((one) => one.quantity));
    if (paidBack > quantity) broken.push(`${paidBack} of ${quantity} ${sku} are paid back`);
    if ((restocked[sku] ?? 0) > quantity) broken.push(`${restocked[sku]} ${sku} are on hand again`);
  }
  return broken;
};

test('no sequence of refunds, returns, parcels and disputes gives anything back twice', () => {
  const refusals = new Set<string>();
  for (let seed = 0; seed < 2_000; seed++) {
    const random = randomOf(seed);
    const life = new Life(random);
    for (let step = 0; step < 25; step++) {
      const name = STEPS[Math.floor(random() * STEPS.length)] ?? 'goodwill';
      refusals.add(codeOf(() => life[name]()));
      expect([seed, step, name, brokenOf(life)]).toEqual([seed, step, name, []]);
    }
  }
  expect(refusals).toEqual(new Set(['none', 'RETURN_REFUSED', 'REFUND_EXCEEDS_CAPTURE']));
});
