// A consumer group's committed offsets, and how many messages it has left to read.

/** One partition: `reached` of `end` messages, both as offsets. */
export interface Reach {
  name: string;
  reached: number;
  end: number;
}

/** The end offset of each partition at one point in time. */
export type Ends = ReadonlyMap<string, number>;

export const endsIn = (reaches: Reach[]): Ends =>
  new Map(reaches.map(({ name, end }) => [name, end]));

/** Messages before these ends that are not read yet; 0 when all are. */
export const leftUpTo = (ends: Ends, reaches: Reach[]): number =>
  reaches.reduce((sum, { name, reached }) => sum + Math.max(0, (ends.get(name) ?? 0) - reached), 0);
