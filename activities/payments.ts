// Payment of an order: authorise, capture, and the one undo of both; each call under its own key.
import type { Pg } from '../db/postgres/client.ts';
import { advanceOrder, orderById, type Order } from '../db/postgres/orders.ts';
import { keyGeneration, recordGeneration } from '../db/postgres/payments.ts';
import { DomainError } from '../domain/errors.ts';
import { isServerFault, type PaymentProvider, type PaymentView } from './providers/stripe.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

const GENERATIONS_MAX = 5;

const keyOf = (orderId: string, verb: string, generation: number): string =>
  generation === 1 ? `${orderId}/${verb}` : `${orderId}/${verb}/${generation}`;

/** What an authorisation came to; a decline is a refusal instead. */
export interface Authorization {
  state: 'authorized' | 'action_required';
}

export const paymentActivities = (pg: Pg, provider: PaymentProvider) => {
  /**
   * One keyed step. A lost answer is asked again under the same key (the activity's retry);
   * after a saved 5xx the effect is read, and only its absence allows the next key.
   */
  const keyed = async (
    orderId: string,
    verb: string,
    send: (key: string) => Promise<PaymentView>,
    read: () => Promise<PaymentView | undefined>,
  ): Promise<PaymentView> => {
    let generation = await keyGeneration(pg, orderId, verb);
    for (;;) {
      try {
        return await send(keyOf(orderId, verb, generation));
      } catch (error) {
        if (!isServerFault(error)) throw error;
        const found = await read();
        if (found) return found;
        if (generation >= GENERATIONS_MAX) throw error;
        generation++;
        await recordGeneration(pg, orderId, verb, generation);
      }
    }
  };
  const openPayment = async (order: Order): Promise<PaymentView> => {
    if (order.paymentIntentId) return provider.read(order.paymentIntentId);
    const { id: orderId, totalMinor: amountMinor, currency } = order;
    const view = await keyed(
      orderId,
      'open',
      (key) => provider.open({ orderId, amountMinor, currency }, key),
      () => provider.findByOrder(orderId),
    );
    await advanceOrder(pg, order.storeId, orderId, { paymentIntentId: view.id });
    return view;
  };
  const confirmPayment = async (order: Order, opened: PaymentView): Promise<PaymentView> => {
    const { paymentMethod } = order;
    const isUndecided = (view: PaymentView): boolean =>
      view.stage === 'unconfirmed' && view.declineCode === undefined;
    if (opened.stage !== 'unconfirmed') return opened;
    return keyed(
      order.id,
      `confirm/${paymentMethod}`,
      (key) => provider.confirm(opened.id, paymentMethod, key),
      async () => {
        const view = await provider.read(opened.id);
        return isUndecided(view) ? undefined : view;
      },
    );
  };
  const declined = (view: PaymentView): DomainError =>
    new DomainError('CARD_DECLINED', 'the card was declined', {
      facts: { declineCode: view.declineCode ?? 'generic_decline' },
    });

  return {
    /** Opens and confirms, or looks again at what was opened. CARD_DECLINED. */
    async authorizePayment({ orderId, storeId }: OrderAsk): Promise<Authorization> {
      const order = await orderById(pg, storeId, orderId);
      const view = await confirmPayment(order, await openPayment(order));
      if (view.stage === 'authorized' || view.stage === 'captured') {
        await advanceOrder(pg, storeId, orderId, {
          ...(order.paymentStatus === 'none' && { paymentStatus: 'authorized' }),
          clientSecret: null,
        });
        return { state: 'authorized' };
      }
      if (view.stage !== 'action_required') throw declined(view);
      await advanceOrder(pg, storeId, orderId, { clientSecret: view.clientSecret });
      return { state: 'action_required' };
    },

    /** Takes the money of an authorised payment. CARD_DECLINED when it is refused for good. */
    async capturePayment({ orderId, storeId }: OrderAsk): Promise<void> {
      const { paymentIntentId: id } = await orderById(pg, storeId, orderId);
      if (!id) throw new Error('a capture was asked before the payment was opened');
      const captured = async (): Promise<PaymentView | undefined> => {
        const view = await provider.read(id);
        return view.stage === 'captured' ? view : undefined;
      };
      const view = await keyed(
        orderId,
        'capture',
        (key) => provider.capture(id, key),
        captured,
      ).catch(async (error: unknown) => {
        const now = await provider.read(id);
        if (now.stage === 'captured') return now;
        if (now.stage === 'canceled') throw declined(now);
        throw error;
      });
      if (view.stage !== 'captured') throw declined(view);
      await advanceOrder(pg, storeId, orderId, { paymentStatus: 'captured' });
    },

    /** Undo of both: voids what is only authorised, refunds what was captured, once. */
    async returnPayment({ orderId, storeId }: OrderAsk): Promise<void> {
      const order = await orderById(pg, storeId, orderId);
      const found = order.paymentIntentId
        ? await provider.read(order.paymentIntentId)
        : await provider.findByOrder(orderId);
      if (!found) return;
      const { id } = found;
      if (found.stage === 'captured') {
        if (!(await provider.isRefunded(id)))
          await provider.refund(id, keyOf(orderId, 'refund', 1));
        await advanceOrder(pg, storeId, orderId, { paymentStatus: 'refunded' });
        return;
      }
      if (found.stage !== 'canceled') {
        await keyed(
          orderId,
          'void',
          (key) => provider.cancel(id, key),
          async () => {
            const view = await provider.read(id);
            return view.stage === 'canceled' ? view : undefined;
          },
        );
      }
      await advanceOrder(pg, storeId, orderId, { paymentStatus: 'none', clientSecret: null });
    },
  };
};
