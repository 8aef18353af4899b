// What is claimed of an order after its delivery, as data, and what that leaves of money and units.
import type { Kind } from '../shoppers.ts';
import type { Workload } from '../workload.ts';

/** Price of one unit, in cents. */
export const UNIT_MINOR = 1_000;

type Verdict = 'won' | 'lost';

/** Absent amounts are all that is left. */
export type Claim =
  /** An operator's goodwill. */
  | { what: 'refund'; amountMinor?: number }
  /** The shopper sends units back. */
  | { what: 'return'; quantity: number }
  /** A person decides about the return before it; 0 refuses it. */
  | { what: 'inspection'; accepted: number }
  /** The bank decides as soon as the dispute is recorded, or once it has its evidence. */
  | { what: 'dispute'; amountMinor?: number; verdict: Verdict; isEarly?: boolean }
  /** Goodwill that the provider has not received when the bank disputes all of the money. */
  | { what: 'overtaken'; amountMinor: number; verdict: Verdict };

/** Keyed by the kind; the shopper's roll chooses one of the lists. */
const CLAIMS: Partial<Record<Kind, readonly (readonly Claim[])[]>> = {
  disputes: [
    [{ what: 'dispute', verdict: 'lost' }],
    [
      { what: 'dispute', verdict: 'lost', isEarly: true },
      { what: 'return', quantity: 1 },
    ],
    [
      { what: 'dispute', verdict: 'won' },
      { what: 'return', quantity: 1 },
    ],
    [
      { what: 'dispute', amountMinor: 1_200, verdict: 'lost' },
      { what: 'return', quantity: 1 },
    ],
    [
      { what: 'return', quantity: 1 },
      { what: 'dispute', verdict: 'lost' },
    ],
    [
      { what: 'dispute', amountMinor: 700, verdict: 'lost', isEarly: true },
      { what: 'dispute', amountMinor: 500, verdict: 'won' },
      { what: 'refund' },
    ],
  ],
  overtaken: [
    [{ what: 'overtaken', amountMinor: 500, verdict: 'lost' }],
    [{ what: 'overtaken', amountMinor: 500, verdict: 'won' }],
  ],
  goodwill: [
    [{ what: 'refund' }],
    [{ what: 'refund', amountMinor: 300 }],
    [
      { what: 'refund', amountMinor: 1_500 },
      { what: 'return', quantity: 1 },
    ],
    [{ what: 'refund' }, { what: 'return', quantity: 1 }],
    [{ what: 'return', quantity: 1 }, { what: 'refund', amountMinor: 1_500 }, { what: 'refund' }],
    [
      { what: 'refund', amountMinor: 300 },
      { what: 'refund', amountMinor: 200 },
      { what: 'return', quantity: 2 },
    ],
  ],
  inspected: [
    [
      { what: 'return', quantity: 3 },
      { what: 'inspection', accepted: 3 },
    ],
    [
      { what: 'return', quantity: 3 },
      { what: 'inspection', accepted: 2 },
    ],
    [
      { what: 'return', quantity: 3 },
      { what: 'inspection', accepted: 0 },
    ],
    [
      { what: 'refund', amountMinor: 1_500 },
      { what: 'return', quantity: 3 },
      { what: 'inspection', accepted: 2 },
    ],
    [
      { what: 'return', quantity: 3 },
      { what: 'dispute', amountMinor: 2_500, verdict: 'lost' },
      { what: 'inspection', accepted: 2 },
    ],
  ],
};

/** Makes the choice independent of what the operator chooses by the same roll. */
const MIXED_BY = 97;

export interface Claimant {
  kind: Kind;
  roll: number;
}

export const claimsOf = ({ kind, roll }: Claimant): readonly Claim[] => {
  const lists = CLAIMS[kind] ?? [];
  return lists[Math.floor(roll * MIXED_BY * lists.length) % lists.length] ?? [];
};

/** What the claims of one order come to; amounts in minor units. */
export interface Settled {
  /** What neither a refund nor the bank has taken. */
  keptMinor: number;
  lostMinor: number;
  /** Refunds of goodwill and of returns, in their order. */
  refundsMinor: number[];
  /** Units that are on hand again. */
  unitsBack: number;
  /** Returns of which something was accepted, and those of which something was refused. */
  returnsAccepted: number;
  returnsRefused: number;
}

interface Open {
  quantity: number;
  promisedMinor: number;
}

interface Books extends Settled {
  open: Open | undefined;
  /** The operator has granted the overtaken refund again. */
  isGrantedAgain: boolean;
}

const leftOf = ({ keptMinor, open }: Books): number =>
  Math.max(0, keptMinor - (open?.promisedMinor ?? 0));

const giveBack = (books: Books, amountMinor: number): void => {
  if (amountMinor > 0) books.refundsMinor.push(amountMinor);
  books.keptMinor -= amountMinor;
};

const accept = (books: Books, accepted: number): void => {
  const { open } = books;
  if (!open) return;
  const { quantity, promisedMinor } = open;
  books.open = undefined;
  if (accepted < quantity) books.returnsRefused++;
  if (accepted === 0) return;
  books.returnsAccepted++;
  books.unitsBack += accepted;
  giveBack(books, Math.min(accepted * UNIT_MINOR, promisedMinor, books.keptMinor));
};

const lose = (books: Books, amountMinor: number): void => {
  books.lostMinor += amountMinor;
  books.keptMinor -= amountMinor;
};

type Rules = {
  [What in Claim['what']]: (
    books: Books,
    claim: Extract<Claim, { what: What }>,
    isInspected: boolean,
  ) => void;
};

const RULES: Rules = {
  refund: (books, { amountMinor = leftOf(books) }) => {
    if (amountMinor <= leftOf(books)) giveBack(books, amountMinor);
  },
  return: (books, { quantity }, isInspected) => {
    const promisedMinor = Math.min(quantity * UNIT_MINOR, leftOf(books));
    if (promisedMinor === 0) return;
    books.open = { quantity, promisedMinor };
    if (!isInspected) accept(books, quantity);
  },
  inspection: (books, { accepted }) => accept(books, accepted),
  dispute: (books, { amountMinor = books.keptMinor, verdict }) => {
    if (verdict === 'lost') lose(books, amountMinor);
  },
  overtaken: (books, { amountMinor, verdict }) => {
    if (verdict === 'lost') lose(books, books.keptMinor);
    else if (books.isGrantedAgain) giveBack(books, amountMinor);
  },
};

/**
 * What the claims must come to by the rule of what can be given back, written anew: the drills do
 * not judge the product by its own rule. `decision` is what the operator did about a refund.
 */
export const settledOf = (
  quantity: number,
  claims: readonly Claim[],
  decision?: string,
): Settled => {
  const books: Books = {
    keptMinor: quantity * UNIT_MINOR,
    lostMinor: 0,
    refundsMinor: [],
    unitsBack: 0,
    returnsAccepted: 0,
    returnsRefused: 0,
    open: undefined,
    isGrantedAgain: decision === 'grant_again',
  };
  const isInspected = claims.some(({ what }) => what === 'inspection');
  for (const claim of claims) RULES[claim.what](books, claim as never, isInspected);
  return books;
};

/** What the claims of an order come to, by its id; undefined for one without claims. */
export type Settlements = (id: string) => Settled | undefined;

export const settlements = (
  { placed, decisions }: Workload,
  orders: readonly { id: string; quantity: number }[],
): Settlements => {
  const quantities = new Map(orders.map(({ id, quantity }) => [id, quantity]));
  const found = new Map(
    placed.flatMap((it) => {
      const claims = claimsOf(it);
      const quantity = quantities.get(it.id);
      if (claims.length === 0 || quantity === undefined) return [];
      return [[it.id, settledOf(quantity, claims, decisions.get(it.id))] as const];
    }),
  );
  return (id) => found.get(id);
};
