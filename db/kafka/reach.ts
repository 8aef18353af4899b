// How far a group has read its topics, and how much is left up to where they once ended.

/** One partition: `reached` of `end` messages, both as offsets. */
export interface Reach {
  name: string;
  reached: number;
  end: number;
}

/** The end of each partition at one moment. */
export type Ends = ReadonlyMap<string, number>;

export const endsIn = (reaches: Reach[]): Ends =>
  new Map(reaches.map(({ name, end }) => [name, end]));

/** How many messages before these ends are still to be read; 0 when all have been. */
export const leftUpTo = (ends: Ends, reaches: Reach[]): number =>
  reaches.reduce((sum, { name, reached }) => sum + Math.max(0, (ends.get(name) ?? 0) - reached), 0);
