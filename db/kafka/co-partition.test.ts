// Tests that the assigner gives partition n of all topics to one member.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { AssignerProtocol, type Assigner, type Cluster, type GroupMember } from 'kafkajs';
import { coPartition } from './co-partition.ts';

type Topics = Record<string, number>;
type Plans = Map<string, Record<string, number[]>>;

const assignerOf = (topics: Topics): Assigner => {
  const findTopicPartitionMetadata = (topic: string) =>
    Array.from({ length: topics[topic] ?? 0 }, (_, partitionId) => ({ partitionId }));
  const cluster = { findTopicPartitionMetadata } as unknown as Cluster;
  return coPartition({ cluster, groupId: 'projector', logger: {} as never });
};

const assigned = async (topics: Topics, memberIds: string[]): Promise<Plans> => {
  const members: GroupMember[] = memberIds.map((memberId) => ({
    memberId,
    memberMetadata: Buffer.alloc(0),
  }));
  const answer = await assignerOf(topics).assign({ members, topics: Object.keys(topics) });
  return new Map(
    answer.map(({ memberId, memberAssignment }) => {
      const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
      if (!decoded) throw new Error('the assignment does not decode');
      return [memberId, decoded.assignment];
    }),
  );
};

const ownersOf = (plans: Plans, topic: string, partition: number): string[] =>
  [...plans].filter(([, plan]) => plan[topic]?.includes(partition)).map(([member]) => member);

const memberIds = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,8}$/), {
  minLength: 1,
  maxLength: 6,
});
const partitions = fc.integer({ min: 1, max: 24 });

describe('the assigner', () => {
  test('gives every partition to exactly one member', async () => {
    await fc.assert(
      fc.asyncProperty(memberIds, partitions, partitions, async (members, products, stock) => {
        const plans = await assigned({ products, stock }, members);
        for (const [topic, count] of Object.entries({ products, stock })) {
          for (let one = 0; one < count; one++) expect(ownersOf(plans, topic, one)).toHaveLength(1);
          const given = [...plans.values()].flatMap((plan) => plan[topic] ?? []);
          expect(given).toHaveLength(count);
        }
      }),
      { seed: 7 },
    );
  });

  test('gives partition n of every topic to the same member', async () => {
    await fc.assert(
      fc.asyncProperty(memberIds, partitions, async (members, count) => {
        const plans = await assigned({ products: count, stock: count, more: count }, members);
        for (let one = 0; one < count; one++) {
          const owners = ownersOf(plans, 'products', one);
          expect(ownersOf(plans, 'stock', one)).toEqual(owners);
          expect(ownersOf(plans, 'more', one)).toEqual(owners);
        }
      }),
      { seed: 7 },
    );
  });

  test('assigns independently of the order in which members joined', async () => {
    await fc.assert(
      fc.asyncProperty(memberIds, partitions, async (members, count) => {
        const topics = { products: count, stock: count };
        const plans = await assigned(topics, members);
        const others = await assigned(topics, members.toReversed());
        expect(Object.fromEntries(others)).toEqual(Object.fromEntries(plans));
      }),
      { seed: 7 },
    );
  });

  test('gives no member more than one partition of a topic above any other', async () => {
    await fc.assert(
      fc.asyncProperty(memberIds, partitions, async (members, count) => {
        const plans = await assigned({ products: count }, members);
        const loads = [...plans.values()].map((plan) => plan['products']?.length ?? 0);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { seed: 7 },
    );
  });

  test('returns an assignment for every member, empty where no partition is left', async () => {
    const plans = await assigned({ products: 1 }, ['b', 'a', 'c']);
    expect(Object.fromEntries(plans)).toEqual({ a: { products: [0] }, b: {}, c: {} });
  });

  test('subscribes to its topics under its own name', () => {
    const { name, protocol } = assignerOf({});
    const { name: announced, metadata } = protocol({ topics: ['products', 'stock'] });
    expect(announced).toBe(name);
    const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
    expect(decoded?.topics).toEqual(['products', 'stock']);
  });
});
