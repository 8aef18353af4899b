// A model of what a return's activities do: its label and parcel, the inspection, money and units.
import { DomainError } from '../../../domain/errors.ts';
import { RETURN_MOVES, type Inspection, type ReturnState } from '../../../domain/returns.ts';
import {
  brokenBy,
  meanwhile,
  RECORD,
  repairIn,
  stepsThatWait,
  type Activity as ActivityOf,
  type Attended,
  type Message,
  type Model,
} from '../model.ts';

const UNIT_MINOR = 1_000;
const UNITS = 2;

interface World extends Attended {
  state: ReturnState;
  hasLabel: boolean;
  parcel: 'not sent' | 'on its way' | 'here' | 'away';
  /** The store's rule: a person accepts what has arrived. */
  inspects: boolean;
  accepted: number | undefined;
  note: string | undefined;
  granted: number | undefined;
  /** What has become of the refund. */
  refund: 'none' | 'succeeded' | 'failed' | 'pending';
  restocked: number;
  /** An operator left the units to a count. */
  isCounted: boolean;
}

type Activity = ActivityOf<World>;

const move = (world: World, state: ReturnState): void => {
  if (world.state === state) return;
  if (!RETURN_MOVES[world.state].includes(state)) {
    throw new DomainError('ILLEGAL_TRANSITION', `${world.state} to ${state}`);
  }
  world.state = state;
};

const isUnderWay = ({ state }: World): boolean => state === 'approved' || state === 'in_transit';

const look = (world: World, result: string): 'received' | 'expired' | undefined => {
  if (!isUnderWay(world)) return 'received';
  if (!world.hasLabel) throw new DomainError('NOT_FOUND', 'no label');
  // A parcel that was sent is not unsent, and one that is away does not come.
  if (world.parcel === 'away') throw new DomainError('RETURN_REFUSED', 'lost');
  const isSent = world.parcel !== 'not sent';
  if (result === 'received') {
    world.parcel = 'here';
    move(world, 'received');
    return 'received';
  }
  if (result === 'expired' && !isSent) {
    move(world, 'expired');
    return 'expired';
  }
  if (result === 'sent') {
    world.parcel = 'on its way';
    move(world, 'in_transit');
  }
  if (result === 'lost') {
    world.parcel = 'away';
    throw new DomainError('RETURN_REFUSED', 'lost');
  }
  return undefined;
};

const inspect = (world: World, decision: Inspection | undefined) => {
  if (world.inspects && !decision) return undefined;
  if (isUnderWay(world) || world.state === 'received') {
    const accepted = decision?.accepted?.reduce((sum, one) => sum + one.quantity, 0) ?? UNITS;
    if (accepted > 0) move(world, 'received');
    move(world, accepted > 0 ? 'inspected' : 'rejected');
    world.accepted = accepted;
    world.note = decision?.note;
  }
  const accepted = world.accepted ?? 0;
  return {
    accepted: accepted > 0 ? [{ sku: 'A', quantity: accepted }] : [],
    refundMinor: accepted * UNIT_MINOR,
    location: 'default',
    ...(world.note && { note: world.note }),
  };
};

const ACTIVITIES: Record<string, Activity> = {
  ...RECORD,
  approveReturn: {
    isDone: ({ state }) => state !== 'requested',
    apply: (world) => {
      if (world.state !== 'requested') return;
      world.hasLabel = true;
      move(world, 'approved');
    },
  },
  approveWithoutParcel: {
    isSure: true,
    apply: (world) => {
      if (world.state === 'requested') move(world, 'approved');
    },
  },
  receiveReturn: {
    isSure: true,
    apply: (world) => {
      world.parcel = 'here';
      move(world, 'received');
    },
  },
  lookAtReturn: {
    results: ['received', 'sent', 'not sent', 'expired', 'lost'],
    isDone: (world) => !isUnderWay(world),
    apply: (world, _input, result) => look(world, result),
  },
  inspectReturn: {
    isDone: ({ accepted }) => accepted !== undefined,
    apply: (world, { decision }) => inspect(world, decision as Inspection | undefined),
  },
  requestRefund: {
    results: ['granted', 'nothing is left'],
    isDone: ({ granted }) => granted !== undefined,
    apply: (world, { amountMinor }, result) => {
      world.granted ??= result === 'nothing is left' ? 0 : (amountMinor as number);
      return world.granted;
    },
  },
  settleRefund: {
    results: ['succeeded', 'failed', 'pending'],
    apply: (world, _input, result) => {
      if (world.refund === 'none') world.refund = result as World['refund'];
      return world.refund;
    },
  },
  restockUnits: {
    apply: (world) => {
      world.restocked = world.accepted ?? 0;
    },
  },
  concludeReturn: {
    apply: (world) => {
      if (world.state === 'inspected') world.state = 'refunded';
    },
  },
};

const decision = (accepted: number | undefined, note?: string): Message => {
  const lines = accepted === 0 ? [] : [{ sku: 'A', quantity: accepted ?? 0 }];
  const given = { ...(accepted !== undefined && { accepted: lines }), ...(note && { note }) };
  return { to: 'inspectReturn', args: [given] };
};

const DECISIONS: Record<string, Message> = {
  'all is accepted': decision(undefined),
  'one is accepted': decision(1, 'one was worn'),
  'none is accepted': decision(0, 'both were worn'),
};

/** What a return's end promises; returns what is not so. */
const broken = (world: World, returned: unknown): string[] => {
  const { state, accepted = 0, parcel, refund, granted, restocked, isCounted, mails } = world;
  return brokenBy((must) => {
    must(returned === state, `it returned ${String(returned)}, the record is ${state}`);
    must(stepsThatWait(world).length === 0, 'it ended while a step waits');
    if (state === 'refunded' || state === 'inspected') {
      const isMade = refund === 'succeeded' || granted === 0;
      must(isMade === (state === 'refunded'), `${state}, and its refund is ${refund}`);
      must(granted === 0 || granted === accepted * UNIT_MINOR, `${granted} for ${accepted} units`);
      must(isCounted || restocked === accepted, `${restocked} of ${accepted} are on hand`);
      const isMailed = mails.includes('refunded');
      must(isMailed === (state === 'refunded' && granted !== 0), `mails are ${mails.join()}`);
    } else {
      must(state === 'expired' || state === 'rejected', `it ended ${state}`);
      must(state !== 'expired' || parcel === 'not sent', `expired, and its parcel is ${parcel}`);
      must(granted === undefined && restocked === 0, 'money or units moved');
    }
    const isRefused = accepted < UNITS && state !== 'expired';
    must(mails.includes('return_refused') === isRefused, `mails are ${mails.join()}`);
  });
};

const worldFor = (inspects: boolean) => (): World => ({
  attentions: new Map(),
  broken: [],
  mails: [],
  state: 'requested',
  hasLabel: false,
  parcel: 'not sent',
  inspects,
  accepted: undefined,
  note: undefined,
  granted: undefined,
  refund: 'none',
  restocked: 0,
  isCounted: false,
});

const INPUT = { returnId: 'ret_1', orderId: 'ord_1', storeId: 'sto_1', pollMs: 200 };

/** A return of a store that accepts what arrives, or of one whose people look at it first. */
export const returnModel = (inspects: boolean): Model<World> => ({
  activities: ACTIVITIES,
  newWorld: worldFor(inspects),
  starts: { 'at once': INPUT },
  statusOf: ({ state }) => state,
  messages: () => ({
    ...DECISIONS,
    "a carrier's event": { to: 'lookAgain', args: [] },
    "Temporal's cancellation": { to: 'cancellation', args: [] },
  }),
  meanwhile: () => meanwhile('is decided', decision(undefined)),
  person: (world) => {
    const steps = stepsThatWait(world).map(({ step }) => step);
    const isAwaited = steps.length === 0 && world.state === 'received';
    // Trying again does not bring a parcel that the carrier does not have.
    const isAway = !world.hasLabel || world.parcel === 'away';
    const follows = steps.some((step) => step.endsWith('following its parcel'));
    return isAwaited || (isAway && follows) ? 'all is accepted' : undefined;
  },
  taken: (world, message) => {
    const { action, attentionId = '' } = repairIn(message) ?? {};
    const step = world.attentions.get(attentionId)?.step ?? '';
    if (action === 'skip' && step.endsWith('on hand')) world.isCounted = true;
  },
  broken,
});
