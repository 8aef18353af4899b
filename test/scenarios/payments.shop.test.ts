// Tests an order's money, judged in the provider's ledger, our own, and the stock.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  asShopper,
  cancelByShopper,
  decidedOrder,
  eventually,
  newEmail,
  newName,
  stockedWare,
} from '../support/journeys.ts';
import {
  authenticate,
  accountsOf,
  balance,
  control,
  eventsOf,
  mailTo,
  orderRow,
  providerView,
  reached,
} from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;
const CARDS = {
  good: 'pm_card_visa',
  authenticates: 'pm_card_authenticationRequired',
  empty: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  stolen: 'pm_card_visa_chargeDeclinedStolenCard',
  slowRefund: 'pm_card_pendingRefund',
  badRefund: 'pm_card_refundFail',
  disputes: 'pm_card_createDispute',
};

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

interface Fault {
  action: string;
  forMs?: number;
}

const scenario = (name: string, publish: () => Promise<void>): void =>
  test(name, publish, WORKFLOW_LIMIT_MS);

const bought = async (paymentMethod: string, more: object = {}) => {
  const ware = await stockedWare(shop, 5, 20);
  const email = newEmail();
  const answer = await decidedOrder(shop, { sku: ware.sku, paymentMethod, email, ...more });
  const { body } = answer;
  const id = body.id ?? body.order?.id ?? '';
  return { ware, email, answer, it: { id, accessToken: body.accessToken } };
};

const paidStatus = (id: string, status: string): Promise<true> =>
  eventually(`the payment of ${id} is ${status}`, async () =>
    (await orderRow(shop, id))?.payment_status === status ? true : undefined,
  );

describe('a card that the provider does not know', () => {
  scenario('is a 402 at once, after which another card pays the order', async () => {
    const { answer, it } = await bought('pm_unknown');
    expect([answer.status, answer.body.code]).toEqual([402, 'CARD_DECLINED']);
    expect(answer.body.nextAction).toMatchObject({ kind: 'another_card' });
    const again = await asShopper(shop, it, 'POST', '/payment', { paymentMethod: 'pm_other' });
    expect([again.status, again.body.code]).toEqual([402, 'CARD_DECLINED']);
    const good = await asShopper(shop, it, 'POST', '/payment', { paymentMethod: CARDS.good });
    expect(good.status).toBe(200);
    await reached(shop, it.id, 'delivered');
  });
});

describe('a total below what the provider charges', () => {
  scenario('is refused before an order is made', async () => {
    const { sku } = await stockedWare(shop, 5, 0.49);
    const { status, body } = await decidedOrder(shop, { sku });
    expect([status, body.code]).toEqual([422, 'AMOUNT_NOT_CHARGEABLE']);
    expect(await balance(shop, sku)).toEqual({ on_hand: 5, reserved: 0 });
    const two = await decidedOrder(shop, { sku, quantity: 2 });
    expect(two.status).toBe(201);
  });
});

describe('an order that costs nothing', () => {
  const free = async (more: object = {}) => {
    const { sku } = await stockedWare(shop, 5, 0);
    const answer = await decidedOrder(shop, { sku, paymentMethod: '', ...more });
    return { sku, answer, it: answer.body };
  };
  const assertUnpaid = async (id: string) => {
    expect((await providerView(shop, id)).intents).toEqual([]);
    expect(await accountsOf(shop, id)).toEqual({});
    expect(await shop.sql`select id from orders.refunds where order_id = ${id}`).toHaveLength(0);
  };

  scenario('needs no card and no provider, and is delivered', async () => {
    const { sku, answer, it } = await free();
    expect([answer.status, it.total, it.payment.status]).toEqual([201, 0, 'none']);
    await reached(shop, it.id, 'delivered');
    await assertUnpaid(it.id);
    expect(await balance(shop, sku)).toEqual({ on_hand: 4, reserved: 0 });
  });

  scenario('can be cancelled, with nothing to refund', async () => {
    const name = newName();
    const away = { method: 'POST', path: '/shipments', containing: name };
    const fault = { ...away, action: 'status:503', times: 1_000 };
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', fault);
    const { sku, it } = await free({ name });
    await cancelByShopper(shop, it.id, it.accessToken);
    const own = `faults?containing=${encodeURIComponent(name)}`;
    await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', own);
    await reached(shop, it.id, 'cancelled');
    await assertUnpaid(it.id);
    expect(await balance(shop, sku)).toEqual({ on_hand: 5, reserved: 0 });
  });

  scenario('is the only one that needs no card', async () => {
    const { sku } = await stockedWare(shop, 5, 20);
    const { status, body } = await decidedOrder(shop, { sku, paymentMethod: '' });
    expect([status, body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(JSON.stringify(body)).toContain('"paymentMethod"');
  });
});

describe('a card without funds', () => {
  scenario('is a 402, after which another card pays the order', async () => {
    const { ware, answer, it } = await bought(CARDS.empty);
    expect([answer.status, answer.body.code]).toEqual([402, 'CARD_DECLINED']);
    expect(answer.body.order).toMatchObject({ id: it.id, status: 'awaiting_payment' });
    expect(answer.body.nextAction).toMatchObject({ kind: 'another_card' });
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 1 });
    const again = await asShopper(shop, it, 'POST', '/payment', { paymentMethod: CARDS.empty });
    expect([again.status, again.body.code]).toEqual([402, 'CARD_DECLINED']);
    const good = await asShopper(shop, it, 'POST', '/payment', { paymentMethod: CARDS.good });
    expect([good.status, good.body.payment.status]).toEqual([200, 'captured']);
    await reached(shop, it.id, 'delivered');
    expect(await providerView(shop, it.id)).toMatchObject({ keptMinor: 2000, paid: [{}] });
    expect(await accountsOf(shop, it.id)).toEqual({ card_provider: 2000, sales: -2000 });
  });

  scenario('is reported by mail, and ends without a hold when no other card comes', async () => {
    const { ware, email, it } = await bought(CARDS.empty);
    await eventually('the shopper has a mail', async () =>
      (await mailTo(shop, email)).find((subject) => subject.startsWith('Your order needs you')),
    );
    await cancelByShopper(shop, it.id, it.accessToken);
    await reached(shop, it.id, 'cancelled');
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
    expect((await providerView(shop, it.id)).intents.map(({ status }) => status)).toEqual([
      'canceled',
    ]);
  });
});

describe('a stolen card', () => {
  scenario('ends the order at once, which then refuses another card', async () => {
    const { ware, answer, it } = await bought(CARDS.stolen);
    expect([answer.status, answer.body.order?.status]).toEqual([402, 'rejected']);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
    const late = await asShopper(shop, it, 'POST', '/payment', { paymentMethod: CARDS.good });
    expect([late.status, late.body.code]).toEqual([409, 'ILLEGAL_TRANSITION']);
  });
});

describe('an order that is kept when its card is declined', () => {
  const pay = (it: { id: string; accessToken: string }, paymentMethod: string) =>
    asShopper(shop, it, 'POST', '/payment', { paymentMethod });

  scenario('is a 402 with its stock held for three minutes, and is paid by another', async () => {
    const { ware, answer, it } = await bought(CARDS.stolen, { keepOnDecline: true });
    expect([answer.status, answer.body.code]).toEqual([402, 'CARD_DECLINED']);
    const nextAction = { kind: 'another_card' };
    expect(answer.body.order).toMatchObject({ id: it.id, status: 'awaiting_payment', nextAction });
    const leftMs = Date.parse(answer.body.order?.nextAction?.until ?? '') - Date.now();
    expect(leftMs).toBeGreaterThan(100_000);
    expect(leftMs).toBeLessThanOrEqual(180_000);
    await asShopper(shop, it, 'POST', '/payment', {});
    await eventually('the payment was read again', async () => {
      const [row] = await shop.sql`select looks_answered from orders.orders where id = ${it.id}`;
      return Number(row?.['looks_answered']) > 0 ? true : undefined;
    });
    const { body: again } = await asShopper(shop, it, 'GET');
    expect(again.nextAction?.until).toBe(answer.body.order?.nextAction?.until);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 1 });
    expect((await pay(it, CARDS.good)).status).toBe(200);
    await reached(shop, it.id, 'delivered');
    expect(await providerView(shop, it.id)).toMatchObject({ keptMinor: 2000, paid: [{}] });
  });

  scenario('ends with the third card that is declined', async () => {
    const { ware, it } = await bought(CARDS.stolen, { keepOnDecline: true });
    const second = await pay(it, CARDS.stolen);
    expect([second.status, second.body.order?.status]).toEqual([402, 'awaiting_payment']);
    const third = await pay(it, CARDS.stolen);
    expect([third.status, third.body.order?.status]).toEqual([402, 'rejected']);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
  });
});

describe('3-D Secure', () => {
  scenario('is answered at once with what the browser needs', async () => {
    const { answer } = await bought(CARDS.authenticates);
    expect([answer.status, answer.body.status]).toEqual([202, 'awaiting_payment']);
    expect(answer.body.payment.clientSecret).toMatch(/^pi_\w+_secret_/);
    expect(answer.body.nextAction?.kind).toBe('authenticate');
  });

  scenario('that fails needs another card', async () => {
    const { it } = await bought(CARDS.authenticates);
    await authenticate(shop, it.id, 'failure');
    await eventually('another card is needed', async () => {
      const { body } = await asShopper(shop, it, 'GET');
      return body.nextAction?.kind === 'another_card' ? true : undefined;
    });
    const good = await asShopper(shop, it, 'POST', '/payment', { paymentMethod: CARDS.good });
    expect(good.status).toBe(200);
    await reached(shop, it.id, 'delivered');
    expect((await providerView(shop, it.id)).paid).toHaveLength(1);
  });
});

describe('an order that is paid', () => {
  const boughtWithoutCarrier = async (
    paymentMethod: string,
    meanwhile: typeof cancelIt,
    first: Fault[] = [],
  ) => {
    const name = newName();
    for (const fault of [...first, { action: 'status:503', times: 1_000 }]) {
      const away = { method: 'POST', path: '/shipments', containing: name, ...fault };
      await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', away);
    }
    try {
      const order = await bought(paymentMethod, { name });
      await reached(shop, order.it.id, 'confirmed');
      await meanwhile(order.it);
      return order;
    } finally {
      const own = `faults?containing=${encodeURIComponent(name)}`;
      await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', own);
    }
  };
  const cancelIt = async (it: { id: string; accessToken: string }): Promise<void> => {
    const { status } = await asShopper(shop, it, 'POST', '/cancel', {});
    expect([200, 202]).toContain(status);
  };

  test.each<[string, Fault[]]>([
    ['while the carrier is unavailable', []],
    ['while a booking hangs that fails later', [{ action: 'hang', forMs: 12_000 }]],
  ])(
    'and cancelled %s is refunded and its stock released',
    async (_, first) => {
      const { ware, it } = await boughtWithoutCarrier(CARDS.good, cancelIt, first);
      await reached(shop, it.id, 'cancelled');
      expect((await providerView(shop, it.id)).keptMinor).toBe(0);
      expect(await accountsOf(shop, it.id)).toEqual({});
      expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
      const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
      const { shipments } = body as unknown as {
        shipments: { reference: string; status: string }[];
      };
      // Its booking is voided by its key, so that none comes later.
      expect(shipments.filter(({ reference }) => reference === it.id)).toEqual([]);
    },
    WORKFLOW_LIMIT_MS,
  );

  scenario('and delivered cannot be cancelled', async () => {
    const { it } = await bought(CARDS.good);
    await reached(shop, it.id, 'delivered');
    const late = await asShopper(shop, it, 'POST', '/cancel', {});
    expect([late.status, late.body.code]).toEqual([409, 'ILLEGAL_TRANSITION']);
    expect((await providerView(shop, it.id)).keptMinor).toBe(2000);
  });
});

describe('a parcel', () => {
  scenario('that is lost ends the order with a refund and the units gone', async () => {
    const { ware, it } = await bought(CARDS.slowRefund, { postalCode: 'LOST 00' });
    await reached(shop, it.id, 'lost');
    expect((await providerView(shop, it.id)).keptMinor).toBe(0);
    await eventually('its bank has confirmed the refund', async () =>
      Object.keys(await accountsOf(shop, it.id)).length === 0 ? true : undefined,
    );
    expect(await orderRow(shop, it.id)).toMatchObject({ payment_status: 'refunded' });
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 4, reserved: 0 });
  });

  scenario('that comes back ends the order with a refund and the units on hand', async () => {
    const { ware, it } = await bought(CARDS.good, { postalCode: 'BACK 00' });
    await reached(shop, it.id, 'returned_to_sender');
    expect((await providerView(shop, it.id)).keptMinor).toBe(0);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
  });
});

interface ReturnAnswer {
  id: string;
  status: string;
  refund: number;
  code?: string;
}

describe('a return', () => {
  const delivered = async (quantity: number, paymentMethod = CARDS.good) => {
    const order = await bought(paymentMethod, { quantity });
    await reached(shop, order.it.id, 'delivered');
    return order;
  };
  const ended = (it: { id: string; accessToken: string }, returnId: string) =>
    eventually('the return has ended', async () => {
      const { body } = await asShopper<ReturnAnswer>(shop, it, 'GET', `/returns/${returnId}`);
      return body.status === 'refunded' ? body : undefined;
    });

  scenario('of some units refunds them, and puts them on hand again', async () => {
    const { ware, email, it } = await delivered(3);
    const body = { lines: [{ sku: ware.sku, quantity: 2 }], reason: 'too small' };
    const response = await asShopper<ReturnAnswer>(shop, it, 'POST', '/returns', body);
    expect([response.status, response.body.refund]).toEqual([201, 40]);
    const twice = await asShopper<ReturnAnswer>(shop, it, 'POST', '/returns', body);
    expect([twice.status, twice.body.id]).toEqual([201, response.body.id]);
    await ended(it, response.body.id);
    expect((await providerView(shop, it.id)).keptMinor).toBe(2000);
    expect(await accountsOf(shop, it.id)).toEqual({ card_provider: 2000, sales: -2000 });
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 4, reserved: 0 });
    const { body: order } = await asShopper(shop, it, 'GET');
    expect(order).toMatchObject({
      status: 'delivered',
      payment: { status: 'partially_refunded', refunded: 40, refunds: [{ status: 'succeeded' }] },
    });
    await eventually('the refund has a mail', async () =>
      (await mailTo(shop, email)).find((subject) => subject.startsWith('Your money is on its way')),
    );
  });

  scenario('of more than was bought, or of something else, is refused', async () => {
    const { ware, it } = await delivered(1);
    const request = (sku: string, quantity: number) =>
      asShopper<ReturnAnswer>(shop, it, 'POST', '/returns', { lines: [{ sku, quantity }] });
    const more = await request(ware.sku, 2);
    expect([more.status, more.body.code]).toEqual([409, 'RETURN_REFUSED']);
    const other = await request('something-else', 1);
    expect([other.status, other.body.code]).toEqual([400, 'INVALID_INPUT']);
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        asShopper<ReturnAnswer>(shop, it, 'POST', '/returns', {
          lines: [{ sku: ware.sku, quantity: 1 }],
          reason: `try ${at}`,
        }),
      ),
    );
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(all.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  scenario('before delivery is refused', async () => {
    const { ware, it } = await bought(CARDS.authenticates);
    const lines = [{ sku: ware.sku, quantity: 1 }];
    const early = await asShopper<ReturnAnswer>(shop, it, 'POST', '/returns', { lines });
    expect([early.status, early.body.code]).toEqual([409, 'RETURN_REFUSED']);
  });

  scenario('whose refund the bank reverses raises an attention', async () => {
    const { ware, it } = await delivered(1, CARDS.badRefund);
    const lines = [{ sku: ware.sku, quantity: 1 }];
    await asShopper(shop, it, 'POST', '/returns', { lines });
    await eventually('the order has an attention', async () => {
      const { body } = await asShopper(shop, it, 'GET');
      return body.attention?.reason === 'REFUND_FAILED' ? true : undefined;
    });
    expect((await providerView(shop, it.id)).keptMinor).toBe(2000);
    expect(await accountsOf(shop, it.id)).toEqual({ card_provider: 2000, sales: -2000 });
    expect(await orderRow(shop, it.id)).toMatchObject({ payment_status: 'captured' });
  });
});

describe('a dispute', () => {
  const disputed = async () => {
    const { it } = await bought(CARDS.disputes);
    await paidStatus(it.id, 'disputed');
    const [dispute] = (await providerView(shop, it.id)).disputes;
    await eventually('the evidence is submitted', async () => {
      const [now] = (await providerView(shop, it.id)).disputes;
      return now?.status === 'under_review' ? true : undefined;
    });
    return { it, disputeId: dispute?.id ?? '' };
  };
  const decide = (disputeId: string, outcome: 'won' | 'lost') =>
    control(shop, 'STRIPE_SANDBOX_URL', 'POST', `disputes/${disputeId}/decide`, { outcome });

  scenario('gets evidence from the record, and the money returns when it is won', async () => {
    const { it, disputeId } = await disputed();
    expect(await accountsOf(shop, it.id)).toEqual({ disputed: 2000, sales: -2000 });
    await decide(disputeId, 'won');
    await paidStatus(it.id, 'captured');
    expect(await accountsOf(shop, it.id)).toEqual({ card_provider: 2000, sales: -2000 });
    expect(await eventsOf(shop, it.id)).toContain('DisputeWon');
  });

  scenario('that is lost is a loss in the ledger', async () => {
    const { it, disputeId } = await disputed();
    await decide(disputeId, 'lost');
    await eventually('the verdict is recorded', async () =>
      (await eventsOf(shop, it.id)).includes('DisputeLost') ? true : undefined,
    );
    expect(await accountsOf(shop, it.id)).toEqual({ losses: 2000, sales: -2000 });
  });
});

describe('an address', () => {
  const elsewhere = {
    name: 'Robin Shopper',
    line1: '2 Hill Road',
    city: 'Kyle',
    postalCode: 'IV40 8AE',
    country: 'GB',
  };
  scenario('can be changed while the order waits, and not after shipment', async () => {
    const { it } = await bought(CARDS.authenticates);
    const body = { shippingAddress: elsewhere };
    expect((await asShopper(shop, it, 'PUT', '/address', body)).status).toBe(200);
    expect((await asShopper(shop, it, 'PUT', '/address', body)).status).toBe(200);
    expect((await eventsOf(shop, it.id)).filter((type) => type === 'AddressChanged')).toHaveLength(
      1,
    );
    await authenticate(shop, it.id);
    await reached(shop, it.id, 'delivered');
    const [row] = await shop.sql`select shipping_address from orders.orders where id = ${it.id}`;
    expect(row?.['shipping_address']).toEqual(elsewhere);
    const other = { shippingAddress: { ...elsewhere, line1: '3 Hill Road' } };
    const late = await asShopper(shop, it, 'PUT', '/address', other);
    expect([late.status, late.body.code]).toEqual([409, 'ILLEGAL_TRANSITION']);
  });
});
