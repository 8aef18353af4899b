// Undo, newest first, and to the end even when the story itself is being cancelled.
import { CancellationScope } from '@temporalio/workflow';

export interface UndoStack {
  /** Registered before the do it belongs to. */
  add(undo: () => Promise<void>): void;
  /** A failing undo stops here and stays visible: it is never skipped. */
  run(): Promise<void>;
}

export const createUndoStack = (): UndoStack => {
  const undos: (() => Promise<void>)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    run: () =>
      CancellationScope.nonCancellable(async () => {
        for (let undo = undos.pop(); undo; undo = undos.pop()) await undo();
      }),
  };
};
