// What a workflow of an order has while its steps may wait for an operator, and shows of it.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { NotificationKind, NotifyInput } from '../../activities/notifications.ts';
import type { Attention } from '../../domain/attention.ts';
import { notifications } from '../activity-proxies.ts';
import { NO_LOOKS, type Looks } from './looking.ts';
import { NEEDS_ATTENTION, type Repair } from '../fulfill-order.contract.ts';

export interface Attending {
  order: { orderId: string; storeId: string };
  /** For a person who looks at the workflow in Temporal's pages. */
  status: string;
  step: string;
  /** The steps that wait for an operator, each with the action that was taken on it. */
  waiting: (Omit<Attention, 'since'> & { repair?: Repair })[];
  /** The shopper or an operator wants no more of it. */
  cancelRequested: boolean;
  looks: Looks;
  /** Calls that go on beside its steps. */
  open: number;
}

/** The state of a workflow that begins, or continues with its looks. */
export const attendingOf = (
  order: Attending['order'],
  status: string,
  looks: Looks = NO_LOOKS,
): Attending => ({
  order,
  status,
  step: 'beginning',
  waiting: [],
  cancelRequested: false,
  looks: { ...looks },
  open: 0,
});

/** Something that goes on beside the steps: no new run begins before it has ended. */
export const beside = <T>(state: Attending, work: Promise<T>): Promise<T> => {
  state.open++;
  return work.finally(() => state.open--);
};

/** Mails the order's shopper; a mail that fails for a day is dropped. */
export const mailShopper = (
  { order }: Attending,
  kind: NotificationKind,
  about: Pick<NotifyInput, 'about' | 'amountMinor' | 'note'>,
): Promise<void> =>
  notifications.notifyShopper({ ...order, kind, ...about }).catch(() => undefined);

export const showDetails = ({ status, step, waiting }: Attending): void => {
  const reasons = waiting.map(({ reason }) => reason).join(', ');
  setCurrentDetails(`**${status}**: ${step}${reasons && ` — needs a person: ${reasons}`}`);
};

export const showStep = (state: Attending, step: string): void => {
  state.step = step;
  showDetails(state);
};

export const showAttentions = (state: Attending): void => {
  upsertSearchAttributes([{ key: NEEDS_ATTENTION, value: state.waiting.length > 0 }]);
  showDetails(state);
};
