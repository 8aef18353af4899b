// What may reach an order's workflow from outside: updates, signals and Temporal's cancellation.
import type { Repair } from '../../workflows/fulfill-order.contract.ts';
import type { World } from './world.ts';

export interface Message {
  to:
    | 'cancelOrder'
    | 'providePayment'
    | 'paymentChanged'
    | 'lookAgain'
    | 'repairOrder'
    | 'cancellation';
  args: [] | [object];
}

/** Anyone may send them at any time. */
const SENT: Record<string, Message> = {
  cancel: { to: 'cancelOrder', args: [] },
  "Temporal's cancellation": { to: 'cancellation', args: [] },
  'another card': { to: 'providePayment', args: [{ paymentMethod: 'pm_2' }] },
  'a payment event': { to: 'paymentChanged', args: [] },
  "a carrier's event": { to: 'lookAgain', args: [] },
};

const ENDINGS = ['delivered', 'lost', 'returned_to_sender'];
/** Actions of an order's workflow; `cancel` and `readdress` are updates of their own. */
const REPAIRS = ['retry', 'skip', 'resolve', 'intercept', 'let_arrive', 'treat_as_return'];

/** What a step takes comes first. */
const ofStep = (actions: string[]): string[] =>
  REPAIRS.toSorted((a, b) => +actions.includes(b) - +actions.includes(a));

/** Each action of an operator on each step that waits: those that it takes, then the others. */
export const repairsOf = (world: World): Record<string, Message> =>
  Object.fromEntries(
    [...world.attentions].flatMap(([attentionId, { step, actions }]) =>
      ofStep(actions).flatMap((action) =>
        (action === 'resolve' ? ENDINGS : ['']).map((ending): [string, Message] => {
          const repair = { attentionId, action, ...(ending && { ending }) };
          return [`${action} ${ending} of ${step}`, { to: 'repairOrder', args: [repair] }];
        }),
      ),
    ),
  );

/** Whatever may be sent in this world, by its name. */
export const messagesOf = (world: World): Record<string, Message> =>
  Object.assign(repairsOf(world), SENT);

/** An operator who reports that the parcel came back has it. */
export const isReturned = ({ to, args }: Message): boolean =>
  to === 'repairOrder' && (args[0] as Repair).ending === 'returned_to_sender';

export interface Meanwhile {
  message: Message;
  /** It has its effect, and its response is lost when it is stopped. */
  end: 'done' | 'done and stopped' | 'stopped';
}

const ENDS = ['done', 'done and stopped', 'stopped'] as const;
const meanwhile = (what: string, message: Message): Record<string, Meanwhile> =>
  Object.fromEntries(ENDS.map((end) => [`${what} meanwhile, and ${end}`, { message, end }]));

/** The shopper acts while an activity runs: it ends all the same, or is stopped. */
export const CANCELLED = meanwhile('is cancelled', { to: 'cancelOrder', args: [] });
const REPLACED = meanwhile('has another card', {
  to: 'providePayment',
  args: [{ paymentMethod: 'pm_3' }],
});
export const MEANWHILE: Record<string, Meanwhile> = { ...CANCELLED, ...REPLACED };
