// Tests the rule of what can still be given back: examples, and random sequences that hold it.
import { describe, expect, test } from 'bun:test';
import { randomOf } from '../ops/random.ts';
import { isWithdrawn, type DisputeState } from './disputes/dispute.ts';
import { DomainError } from './errors.ts';
import { grantedMinor, leftMinor, leftUnits, type AfterCapture } from './giving-back.ts';
import { inspectedOf, RETURN_MOVES, valueReturn, type ReturnState } from './returns.ts';

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
  currency: 'USD',
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
const disputed = (state: DisputeState, amountMinor: number) => ({
  state,
  amountMinor,
  isInquiry: false,
});
const opened = (id: string, sku: string, quantity: number, refundMinor: number) => ({
  id,
  state: 'approved' as ReturnState,
  lines: [{ sku, quantity }],
  refundMinor,
});

describe('an order in a currency with steps', () => {
  const after: AfterCapture = {
    ...NOTHING,
    currency: 'KWD',
    capturedMinor: 24_690,
    bought: [line('a', 2, 12_345)],
  };

  test('gives back whole steps, and refuses an amount between them', () => {
    expect(codeOf(() => grantedMinor(after, { id: 'r', amountMinor: 12_345 }))).toBe(
      'AMOUNT_NOT_CHARGEABLE',
    );
    expect(grantedMinor(after, { id: 'r', amountMinor: 12_340 })).toBe(12_340);
    expect(grantedMinor(after, { id: 'r', amountMinor: 12_345, isOwed: true })).toBe(12_350);
  });

  test('gives back all of it over two returns, each in whole steps', () => {
    const first = returned(after, 'a', 1).refundMinor;
    const one = { ...after, returns: [opened('ret', 'a', 1, first)] };
    expect(first).toBe(12_350);
    expect(returned(one, 'a', 1).refundMinor).toBe(24_690 - first);
    const inspection = { accepted: [{ sku: 'a', quantity: 1 }] };
    const both = { lines: [{ sku: 'a', quantity: 2 }], refundMinor: 24_690 };
    const order = { lines: after.bought, currency: 'KWD' as const };
    expect(inspectedOf(order, both, inspection).refundMinor).toBe(12_350);
  });
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
    expect(grantedMinor(after, { id: 'good', amountMinor: 1_001, isOwed: true })).toBe(1_000);
    expect(grantedMinor(after, { id: 'ret', amountMinor: 3_000 })).toBe(3_000);
  });

  test('waits for the bank where it is owed and a dispute holds some of it', () => {
    const owed = { id: 'ret', amountMinor: 3_000, isOwed: true };
    const open = { ...NOTHING, disputes: [disputed('answered', 2_000)] };
    expect(codeOf(() => grantedMinor(open, owed))).toBe('REFUND_EXCEEDS_CAPTURE');
    expect(codeOf(() => grantedMinor(open, { id: 'all', isOwed: true }))).toBe(
      'REFUND_EXCEEDS_CAPTURE',
    );
    expect(grantedMinor(open, { ...owed, amountMinor: 2_000 })).toBe(2_000);
    const lost = { ...NOTHING, disputes: [disputed('lost', 2_000)] };
    expect(grantedMinor(lost, owed)).toBe(2_000);
    const won = { ...NOTHING, disputes: [disputed('won', 2_000)] };
    expect(grantedMinor(won, owed)).toBe(3_000);
  });

  test('is lowered by each dispute until it is won', () => {
    for (const state of ['opened', 'evidence_prepared', 'answered', 'lost'] as const) {
      const after = { ...NOTHING, disputes: [disputed(state, 3_000), disputed('won', 500)] };
      expect(leftMinor(after)).toBe(1_000);
    }
    const both = { ...NOTHING, disputes: [disputed('lost', 3_000), disputed('opened', 800)] };
    expect(grantedMinor(both, { id: 'good' })).toBe(200);
    expect(codeOf(() => grantedMinor(both, { id: 'good', amountMinor: 201 }))).toBe(
      'REFUND_EXCEEDS_CAPTURE',
    );
  });

  test('is not lowered by an inquiry before it becomes a dispute', () => {
    for (const state of ['opened', 'answered', 'closed'] as const) {
      const after = { ...NOTHING, disputes: [{ ...disputed(state, 3_000), isInquiry: true }] };
      expect(leftMinor(after)).toBe(CAPTURED_MINOR);
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

type Dispute = AfterCapture['disputes'][number];

const DISPUTE_MOVES: Record<DisputeState, readonly DisputeState[]> = {
  opened: ['evidence_prepared', 'answered'],
  evidence_prepared: ['answered', 'lost'],
  answered: ['won', 'lost'],
  won: [],
  lost: [],
  closed: [],
};

/** An order's later life: what is granted is granted by the rule, what comes from outside comes. */
class Life {
  after = NOTHING;
  /** A bank has disputed money that was granted and not sent. */
  isOvertaken = false;
  refusals = 0;
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

  #grant(id: string, amountMinor: number | undefined, isOwed: boolean): void {
    const granted = grantedMinor(this.after, { id, amountMinor, isOwed });
    if (granted === 0) return;
    const refunds = [
      ...this.after.refunds,
      { id, amountMinor: granted, state: 'requested' as const },
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

  /** What neither a refund that was sent nor a dispute has taken from the provider. */
  atProvider(): number {
    const { capturedMinor, refunds, disputes } = this.after;
    const sent = refunds.filter(({ state }) => state === 'pending' || state === 'succeeded');
    const withdrawn = disputes.filter((one) => isWithdrawn(one));
    return [...sent, ...withdrawn].reduce((left, one) => left - one.amountMinor, capturedMinor);
  }

  #moveRefund(refund: AfterCapture['refunds'][number], state: typeof refund.state): void {
    const refunds = this.after.refunds.map((one) => (one === refund ? { ...one, state } : one));
    this.after = { ...this.after, refunds };
  }

  /** The provider refuses what a dispute has taken meanwhile. */
  refundIsSent(): void {
    const one = this.#pick(this.after.refunds.filter(({ state }) => state === 'requested'));
    if (!one) return;
    const isTaken = one.amountMinor <= this.atProvider();
    if (!isTaken) {
      this.refusals++;
      expect(this.isOvertaken).toBe(true);
    }
    this.#moveRefund(one, isTaken ? 'pending' : 'failed');
  }

  refundEnds(): void {
    const sent = ['pending', 'succeeded'];
    const one = this.#pick(this.after.refunds.filter(({ state }) => sent.includes(state)));
    if (one) this.#moveRefund(one, this.random() < 0.7 ? 'succeeded' : 'failed');
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
      // What a dispute holds of it is granted, and the units counted, when it has ended.
      this.#grant(one.id, one.refundMinor, true);
      this.#restock(one.lines);
    }
    const returns = this.after.returns.map((other) => (other === one ? { ...one, state } : other));
    this.after = { ...this.after, returns };
  }

  /** The bank knows what the provider has, and nothing of what was granted. */
  #withdraw(dispute: Dispute, others: readonly Dispute[]): void {
    this.isOvertaken ||= this.after.refunds.some(({ state }) => state === 'requested');
    this.after = { ...this.after, disputes: [...others, dispute] };
  }

  disputeBegins(): void {
    const amountMinor = Math.floor(this.atProvider() * this.random());
    if (amountMinor > 0) this.#withdraw(disputed('opened', amountMinor), this.after.disputes);
  }

  inquiryBegins(): void {
    const left = leftMinor(this.after);
    const amountMinor = Math.floor(this.atProvider() * this.random());
    const inquiry = { ...disputed('opened', amountMinor), isInquiry: true };
    this.after = { ...this.after, disputes: [...this.after.disputes, inquiry] };
    expect(leftMinor(this.after)).toBe(left);
  }

  /** It becomes a dispute of what is left, or is closed. */
  inquiryEnds(): void {
    const { disputes } = this.after;
    const inquiry = this.#pick(
      disputes.filter(({ isInquiry, state }) => isInquiry && state !== 'closed'),
    );
    if (!inquiry) return;
    const others = disputes.filter((one) => one !== inquiry);
    const amountMinor = Math.min(inquiry.amountMinor, this.atProvider());
    if (amountMinor > 0 && this.random() < 0.5) {
      return this.#withdraw(disputed('opened', amountMinor), others);
    }
    this.after = { ...this.after, disputes: [...others, { ...inquiry, state: 'closed' }] };
  }

  disputeMoves(): void {
    const one = this.#pick(this.after.disputes.filter(({ isInquiry }) => !isInquiry));
    const state = one && this.#pick(DISPUTE_MOVES[one.state]);
    if (!state) return;
    const disputes = this.after.disputes.map((other) =>
      other === one ? { ...one, state } : other,
    );
    this.after = { ...this.after, disputes };
  }
}

const STEPS = [
  'parcelEnds',
  'goodwill',
  'refundIsSent',
  'refundEnds',
  'returnBegins',
  'returnMoves',
  'disputeBegins',
  'disputeMoves',
  'inquiryBegins',
  'inquiryEnds',
] as const satisfies (keyof Life)[];

const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);

/** M2, M4: no more money than came in; O11, S1: no unit twice. */
const brokenOf = (life: Life): string[] => {
  const { after, restocked, isOvertaken } = life;
  const { refunds, disputes, undelivered, returns } = after;
  const granted = sum(refunds.filter((r) => r.state !== 'failed').map((r) => r.amountMinor));
  const taken = sum(disputes.filter((d) => isWithdrawn(d)).map((d) => d.amountMinor));
  const broken: string[] = [];
  if (life.atProvider() < 0) broken.push(`the provider has ${life.atProvider()}`);
  if (granted + taken > CAPTURED_MINOR && !isOvertaken) {
    broken.push(`${granted} + ${taken} of the capture`);
  }
  for (const { sku, quantity } of BOUGHT) {
    const back = returns.filter(({ state }) => state !== 'rejected' && state !== 'expired');
    const lines = [...undelivered, ...back.flatMap((one) => one.lines)];
    const paidBack = sum(lines.filter((one) => one.sku === sku).map((one) => one.quantity));
    if (paidBack > quantity) broken.push(`${paidBack} of ${quantity} ${sku} are paid back`);
    if ((restocked[sku] ?? 0) > quantity) broken.push(`${restocked[sku]} ${sku} are on hand again`);
  }
  return broken;
};

test('no sequence of refunds, returns, parcels, disputes and inquiries gives anything back twice', () => {
  const refusals = new Set<string>();
  let overtaken = 0;
  for (let seed = 0; seed < 2_000; seed++) {
    const random = randomOf(seed);
    const life = new Life(random);
    for (let step = 0; step < 35; step++) {
      const name = STEPS[Math.floor(random() * STEPS.length)] ?? 'goodwill';
      refusals.add(codeOf(() => life[name]()));
      expect([seed, step, name, brokenOf(life)]).toEqual([seed, step, name, []]);
    }
    overtaken += life.refusals;
  }
  expect(overtaken).toBeGreaterThan(100);
  expect(refusals).toEqual(new Set(['none', 'RETURN_REFUSED', 'REFUND_EXCEEDS_CAPTURE']));
});
