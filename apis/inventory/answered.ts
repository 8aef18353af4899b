// Remembers the reservation ids that this process lately answered with success.

const IDS_MAX = 20_000;

export interface Answered {
  add(storeId: string, id: string): void;
  has(storeId: string, id: string): boolean;
}

/** Two generations: when the younger is full, the older is dropped. */
export const createAnswered = (): Answered => {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    add: (storeId, id) => {
      if (young.size >= IDS_MAX) [old, young] = [young, new Set()];
      young.add(`${storeId}/${id}`);
    },
    has: (storeId, id) => young.has(`${storeId}/${id}`) || old.has(`${storeId}/${id}`),
  };
};
