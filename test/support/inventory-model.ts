// Models Inventory in memory: the expected result of each call.

export interface ModelHold {
  lines: Record<string, number>;
  state: 'held' | 'claimed' | 'released' | 'expired';
  reversed: boolean;
}

export interface Model {
  skus: string[];
  onHand: Record<string, number>;
  reserved: Record<string, number>;
  holds: Map<string, ModelHold>;
}

export const emptyModel = (skus: string[]): Model => ({
  skus,
  onHand: Object.fromEntries(skus.map((sku) => [sku, 0])),
  reserved: Object.fromEntries(skus.map((sku) => [sku, 0])),
  holds: new Map(),
});

const change = (model: Model, hold: ModelHold, onHand: number, reserved: number): void => {
  for (const [sku, quantity] of Object.entries(hold.lines)) {
    model.onHand[sku] = (model.onHand[sku] ?? 0) + onHand * quantity;
    model.reserved[sku] = (model.reserved[sku] ?? 0) + reserved * quantity;
  }
};

const isSame = (a: Record<string, number>, b: Record<string, number>): boolean =>
  [...Object.keys(a), ...Object.keys(b)].every((sku) => a[sku] === b[sku]);

/** Each returns the outcome of the call: `ok`, or the code of its refusal. */
export const rules = {
  adjust: (model: Model, sku: string, onHand: number): string => {
    if (onHand < (model.reserved[sku] ?? 0)) return 'STOCK_BELOW_RESERVED';
    model.onHand[sku] = onHand;
    return 'ok';
  },
  reserve: (model: Model, id: string, lines: Record<string, number>): string => {
    const known = model.holds.get(id);
    if (known) return isSame(known.lines, lines) ? 'ok' : 'RESERVATION_REUSED';
    const isShort = Object.entries(lines).some(
      ([sku, quantity]) => (model.onHand[sku] ?? 0) - (model.reserved[sku] ?? 0) < quantity,
    );
    if (isShort) return 'OUT_OF_STOCK';
    const hold: ModelHold = { lines, state: 'held', reversed: false };
    model.holds.set(id, hold);
    change(model, hold, 0, 1);
    return 'ok';
  },
  claim: (model: Model, id: string): string => {
    const hold = model.holds.get(id);
    if (!hold) return 'NOT_FOUND';
    if (hold.state === 'held') change(model, hold, -1, -1);
    if (hold.state === 'held') hold.state = 'claimed';
    return hold.state === 'claimed' ? 'ok' : 'RESERVATION_ENDED';
  },
  release: (model: Model, id: string): string => {
    const hold = model.holds.get(id);
    if (hold?.state === 'claimed') return 'RESERVATION_ENDED';
    if (hold?.state === 'held') change(model, hold, 0, -1);
    if (hold?.state === 'held') hold.state = 'released';
    return 'ok';
  },
  reverse: (model: Model, id: string): string => {
    const hold = model.holds.get(id);
    if (!hold) return 'NOT_FOUND';
    if (hold.state !== 'claimed') return 'RESERVATION_ENDED';
    if (!hold.reversed) change(model, hold, 1, 0);
    hold.reversed = true;
    return 'ok';
  },
  extend: (model: Model, id: string): string => {
    const hold = model.holds.get(id);
    if (!hold) return 'NOT_FOUND';
    return hold.state === 'held' ? 'ok' : 'RESERVATION_ENDED';
  },
  expire: (model: Model, id: string): void => {
    const hold = model.holds.get(id);
    if (hold?.state !== 'held') return;
    change(model, hold, 0, -1);
    hold.state = 'expired';
  },
};
