// A model of what a refund's activities do: its grant, its money, and the return that it ends.
import { DomainError } from '../../../domain/errors.ts';
import {
  brokenBy,
  RECORD,
  stepsThatWait,
  type Activity as ActivityOf,
  type Attended,
  type Model,
} from '../model.ts';

const AMOUNT_MINOR = 1_000;
const RETURN_ID = 'ret_1';

interface World extends Attended {
  /** Undefined before the request is answered. */
  granted: number | undefined;
  refund: 'none' | 'succeeded' | 'failed' | 'pending';
  /** It was sent by this workflow, and not seen as pending before. */
  isOwn: boolean;
  isReturnEnded: boolean;
}

const ACTIVITIES: Record<string, ActivityOf<World>> = {
  ...RECORD,
  requestRefund: {
    results: ['granted', 'nothing is left'],
    isDone: ({ granted }) => granted !== undefined,
    apply: (world, _input, result) => {
      world.granted ??= result === 'nothing is left' ? 0 : AMOUNT_MINOR;
      return world.granted;
    },
  },
  settleRefund: {
    results: ['succeeded', 'failed', 'pending'],
    apply: (world, _input, result) => {
      if (world.granted === undefined) throw new DomainError('NOT_FOUND', 'no such refund');
      world.isOwn = true;
      if (world.refund === 'none') world.refund = result as World['refund'];
      return world.refund;
    },
  },
  lookAtRefund: {
    results: ['succeeded', 'succeeded before', 'failed', 'pending', 'unknown'],
    apply: (world, _input, result) => {
      if (result === 'unknown') return undefined;
      const [state = ''] = result.split(' ');
      world.refund = state as World['refund'];
      world.isOwn = false;
      const wasPending = result !== 'succeeded before';
      world.granted = wasPending ? AMOUNT_MINOR : 0;
      const reason = `return ${RETURN_ID}`;
      return { id: RETURN_ID, state, amountMinor: AMOUNT_MINOR, reason, wasPending };
    },
  },
  concludeReturn: {
    apply: (world) => {
      world.isReturnEnded = true;
    },
  },
};

const broken = (world: World, returned: unknown): string[] => {
  const { granted, refund, mails, isReturnEnded, isOwn } = world;
  return brokenBy((must) => {
    must(stepsThatWait(world).length === 0, 'it ended while a step waits');
    const isMade = refund === 'succeeded' && granted !== 0;
    must(mails.includes('refunded') === isMade, `${refund}, and its mails are ${mails.join()}`);
    const isEnded = isMade || returned === 'given back in another way';
    must(isOwn || isReturnEnded === isEnded, `${refund}, and its return is ${isReturnEnded}`);
    const isGone = returned === 'refused';
    must(isGone === world.attentions.size > 0, `${String(returned)}, and nobody is told`);
  });
};

const ORDER = { orderId: 'ord_1', storeId: 'sto_1' };
const GRANT = { id: 'act_1', amountMinor: AMOUNT_MINOR, reason: 'goodwill' };

export const REFUND_MODEL: Model<World> = {
  activities: ACTIVITIES,
  newWorld: () => ({
    attentions: new Map(),
    broken: [],
    mails: [],
    granted: undefined,
    refund: 'none',
    isOwn: false,
    isReturnEnded: false,
  }),
  starts: {
    'of an operator': { ...ORDER, grant: GRANT },
    'for one that was refused': {
      ...ORDER,
      grant: { ...GRANT, reason: `return ${RETURN_ID}`, replaces: RETURN_ID },
    },
    'given back in another way': { ...ORDER, endedReturn: RETURN_ID },
    'that has changed': { ...ORDER, recheck: { providerRefundId: 're_1' } },
  },
  statusOf: ({ refund }) => refund,
  messages: () => ({ "Temporal's cancellation": { to: 'cancellation', args: [] } }),
  meanwhile: () => ({}),
  broken,
};
