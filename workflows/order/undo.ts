// Undoes what an order's steps did: an undo is a name on the order's stack until it has succeeded.
import { condition } from '@temporalio/workflow';
import { paymentUndo, records, shipmentUndo, stockUndo } from '../activity-proxies.ts';
import { persist } from './persist.ts';
import { showStep } from './attending.ts';
import { moveTo, type OrderState } from './state.ts';

/** Each undoes one step that may have happened, or nothing when it has not. */
export type UndoName = 'stock' | 'payment' | 'parcels';

const UNDOS: Record<UndoName, (state: OrderState) => Promise<void>> = {
  stock: ({ order }) => stockUndo.returnStock(order),
  payment: ({ order }) => paymentUndo.returnPayment(order),
  parcels: async (state) => {
    state.hasLeft = (await shipmentUndo.voidShipment(state.order)) === 'left';
  },
};

/** Registers an undo, before the step it belongs to. */
export const registerUndo = (state: OrderState, name: UndoName): void => {
  state.undos = [...state.undos, name];
};

const isOpen = (state: OrderState, name: UndoName): boolean => state.undos.includes(name);

/**
 * Units are nowhere before the parcels are known to be voided, so their return waits for that. The
 * money does not depend on it: it waits only so long, as a parcel that has left may be paid for.
 */
const untilFree = async (state: OrderState, name: UndoName): Promise<void> => {
  if (name === 'parcels' || !isOpen(state, 'parcels')) return;
  const isFree = () => !isOpen(state, 'parcels');
  await (name === 'payment' ? condition(isFree, state.voidPatienceMs) : condition(isFree));
};

/** What cannot be undone any more, as the parcel has left, stays on the stack. */
const undo = async (state: OrderState, name: UndoName): Promise<void> => {
  await untilFree(state, name);
  if (state.hasLeft) return;
  const work = () => UNDOS[name](state);
  await persist(state, { name: `undo: ${name}`, reason: 'UNDO_FAILED', work });
  state.undos = state.undos.filter((one) => one !== name);
};

/**
 * Undoes every step taken, each without waiting for another that it does not depend on. `left`: a
 * parcel was on its way already, and the order goes on.
 */
export const undoAll = async (state: OrderState, why: string): Promise<'undone' | 'left'> => {
  showStep(state, `undoing: ${why}`);
  if (isOpen(state, 'parcels')) await records.noteCancelRequested(state.order);
  await Promise.all(state.undos.map((name) => undo(state, name)));
  if (!state.hasLeft) return 'undone';
  await moveTo(state, 'packing');
  return 'left';
};
