// Undoes the steps taken, newest first.

export interface UndoStack {
  /** Registers an undo, before the step it belongs to. */
  add(undo: () => Promise<void>): void;
  /** A failing undo stops the run and stays on the stack: it is never skipped. */
  run(): Promise<void>;
}

export const createUndoStack = (): UndoStack => {
  const undos: (() => Promise<void>)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    run: async () => {
      for (let undo = undos.at(-1); undo; undo = undos.at(-1)) {
        await undo();
        undos.pop();
      }
    },
  };
};
