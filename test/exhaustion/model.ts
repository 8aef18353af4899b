// What the kit knows of a workflow: its activities and messages over a world, and its promises.
import type { Repair } from '../../workflows/fulfill-order.contract.ts';

/** What every world has, as each workflow may wait for an operator and send mails. */
export interface Attended {
  /** The attentions that are open, by their ids. */
  attentions: Map<string, { step: string; reason: string; actions: string[] }>;
  /** What was wrong already while the workflow went on. */
  broken: string[];
  mails: string[];
}

export interface Activity<W> {
  /** Results that it may have, the usual one first. */
  results?: readonly string[];
  /** Its effect, as often as it is called; throws the code of a refusal that the world demands. */
  apply(world: W, input: Record<string, unknown>, result: string): unknown;
  /** Its effect is there: called again, it finds it and refuses nothing. */
  isDone?(world: W): boolean;
  /** The record and the mails are tried for as long as it takes. */
  isSure?: boolean;
}

export interface Message {
  /** The name of an update or a signal, or Temporal's cancellation. */
  to: string;
  args: [] | [object];
}

export interface Meanwhile {
  message: Message;
  /** It has its effect, and its response is lost when it is stopped. */
  end: 'done' | 'done and stopped' | 'stopped';
}

export interface Model<W extends Attended> {
  activities: Record<string, Activity<W>>;
  newWorld(): W;
  /** The inputs with which it may start, the usual one first. */
  starts: Record<string, object>;
  /** For a person who reads what was tried. */
  statusOf(world: W): string;
  /** What may be sent to it besides an operator's repairs. */
  messages(world: W): Record<string, Message>;
  /** What may be sent while an activity runs. */
  meanwhile(activity: string): Record<string, Meanwhile>;
  /** What a person sends in the end where no repair of a step helps, or no step waits. */
  person?(world: W): string | undefined;
  /** What a message that is taken does to the world by itself. */
  taken?(world: W, message: Message): void;
  /** What is wrong while steps wait for a person and no time is left. */
  brokenWhileWaiting?(world: W): string[];
  /** Every promise about its end that is not kept. */
  broken(world: W, returned: unknown): string[];
}

/** What is said of each promise that is not kept. */
export const brokenBy = (
  check: (must: (isSo: boolean, what: string) => void) => void,
): string[] => {
  const broken: string[] = [];
  check((isSo, what) => void (isSo || broken.push(what)));
  return broken;
};

const ENDINGS = ['delivered', 'lost', 'returned_to_sender'];
/** Actions of a workflow's steps; `cancel` and `readdress` are updates of their own. */
const REPAIRS = ['retry', 'skip', 'resolve', 'intercept', 'let_arrive', 'treat_as_return'];

/** What a step takes comes first. */
const ofStep = (actions: string[]): string[] =>
  REPAIRS.toSorted((a, b) => +actions.includes(b) - +actions.includes(a));

/** Each action of an operator on each step that waits: those that it takes, then the others. */
export const repairsOf = (world: Attended): Record<string, Message> =>
  Object.fromEntries(
    [...world.attentions]
      .filter(([, { actions }]) => !actions.includes('dismiss'))
      .flatMap(([attentionId, { step, actions }]) =>
        ofStep(actions).flatMap((action) =>
          (action === 'resolve' ? ENDINGS : ['']).map((ending): [string, Message] => {
            const repair = { attentionId, action, ...(ending && { ending }) };
            return [`${action} ${ending} of ${step}`, { to: 'repairOrder', args: [repair] }];
          }),
        ),
      ),
  );

/** Whatever may be sent in this world, by its name. */
export const messagesOf = <W extends Attended>(
  model: Model<W>,
  world: W,
): Record<string, Message> => Object.assign(repairsOf(world), model.messages(world));

/** The repair that a message is, if it is one. */
export const repairIn = ({ to, args }: Message): Repair | undefined =>
  to === 'repairOrder' ? (args[0] as Repair) : undefined;

/** What is dismissed waits for a person, and no step of the workflow does. */
export const stepsThatWait = ({ attentions }: Attended): { step: string }[] =>
  [...attentions.values()].filter(({ actions }) => !actions.includes('dismiss'));

const ENDS = ['done', 'done and stopped', 'stopped'] as const;
/** A message that is sent while an activity runs: it ends all the same, or is stopped. */
export const meanwhile = (what: string, message: Message): Record<string, Meanwhile> =>
  Object.fromEntries(ENDS.map((end) => [`${what} meanwhile, and ${end}`, { message, end }]));

/** The record of attentions, and the mails. */
export const RECORD: Record<string, Activity<Attended>> = {
  raiseAttention: {
    isSure: true,
    apply: ({ attentions }, { step, reason, actions }) => {
      const id = `att_${String(step)}`;
      const raised = { step: String(step), reason: String(reason), actions: actions as string[] };
      attentions.set(id, raised);
      return id;
    },
  },
  clearAttention: {
    isSure: true,
    apply: ({ attentions }, { attentionId }) => void attentions.delete(String(attentionId)),
  },
  notifyShopper: {
    isSure: true,
    apply: (world, { kind }) => void world.mails.push(String(kind)),
  },
};

/** A world as text, whichever of its mails and attentions came first. */
export const worldOf = ({ attentions, mails, ...world }: Attended): string => {
  const sorted = [...attentions].toSorted(([a], [b]) => a.localeCompare(b));
  return JSON.stringify({ ...world, attentions: sorted, mails: mails.toSorted() });
};
