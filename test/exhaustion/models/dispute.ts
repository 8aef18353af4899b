// A model of what a dispute's activities do: its record, its evidence, and the bank's verdict.
import { DomainError } from '../../../domain/errors.ts';
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

const DAY_MS = 86_400_000;

interface World extends Attended {
  isRecorded: boolean;
  /** As the order's record has it: an inquiry, or a dispute. */
  isInquiry: boolean;
  evidence: 'none' | 'prepared' | 'sent' | 'conceded';
  verdict: 'won' | 'lost' | 'closed' | undefined;
  /** The operator left the evidence to a person at the provider's pages. */
  isSkipped: boolean;
}

type Activity = ActivityOf<World>;

/** A bank decides once it has an answer, or at its deadline. */
const look = (world: World, result: string): string | undefined => {
  if (world.verdict) return world.verdict;
  if (result === 'escalated' && world.isInquiry) {
    world.isInquiry = false;
    world.evidence = 'none';
    return 'escalated';
  }
  if (result === 'won' || result === 'lost') {
    world.verdict = world.isInquiry ? 'closed' : result;
    return world.verdict;
  }
  return world.evidence === 'sent' ? 'answered' : undefined;
};

const activities = (decisionMs: number): Record<string, Activity> => ({
  ...RECORD,
  recordDispute: {
    apply: (world) => {
      world.isRecorded = true;
    },
  },
  prepareEvidence: {
    results: ['prepared', 'no evidence is taken'],
    apply: (world, _input, result) => {
      if (world.evidence === 'sent' || result !== 'prepared') return undefined;
      world.evidence = 'prepared';
      return { decisionMs };
    },
  },
  submitEvidence: {
    isDone: ({ evidence }) => evidence === 'sent',
    apply: (world) => {
      if (world.evidence === 'conceded') throw new DomainError('ILLEGAL_TRANSITION', 'conceded');
      world.evidence = 'sent';
    },
  },
  concedeDispute: {
    isDone: ({ evidence }) => evidence === 'conceded',
    apply: (world) => {
      if (world.evidence === 'sent') throw new DomainError('ILLEGAL_TRANSITION', 'answered');
      world.evidence = 'conceded';
      world.verdict = world.isInquiry ? 'closed' : 'lost';
    },
  },
  lookAtDispute: {
    results: ['won', 'lost', 'open', 'escalated'],
    apply: (world, _input, result) => look(world, result),
  },
});

const decision = (action: 'submit' | 'accept'): Message => ({
  to: 'decideDispute',
  args: [{ action }],
});

const broken = (world: World, returned: unknown): string[] => {
  const { isRecorded, verdict, evidence, isSkipped } = world;
  return brokenBy((must) => {
    must(stepsThatWait(world).length === 0, 'it ended while a step waits');
    must(isRecorded, 'it is not in the ledger');
    must(returned === verdict, `it returned ${String(returned)}, the bank says ${verdict}`);
    must(verdict !== 'won' || evidence !== 'conceded', 'won, and conceded');
    must(
      evidence !== 'prepared' || isSkipped || verdict !== undefined,
      'its evidence was never sent',
    );
  });
};

const INPUT = { disputeId: 'dp_1', orderId: 'ord_1', storeId: 'sto_1', firstLookMs: 200 };

/** A dispute, or an inquiry, that is answered by the rule or by a person. */
export const disputeModel = (by: 'rule' | 'person', isInquiry: boolean): Model<World> => ({
  activities: activities(by === 'rule' ? 0 : DAY_MS),
  newWorld: () => ({
    attentions: new Map(),
    broken: [],
    mails: [],
    isRecorded: false,
    isInquiry,
    evidence: 'none',
    verdict: undefined,
    isSkipped: false,
  }),
  starts: { 'at once': INPUT },
  statusOf: ({ evidence }) => evidence,
  messages: () => ({
    'it is answered': decision('submit'),
    'it is conceded': decision('accept'),
    "the bank's event": { to: 'lookAgain', args: [] },
    "Temporal's cancellation": { to: 'cancellation', args: [] },
  }),
  meanwhile: () => meanwhile('is conceded', decision('accept')),
  taken: (world, message) => {
    if (repairIn(message)?.action === 'skip') world.isSkipped = true;
  },
  broken,
});
