// A partition assigner that gives partition n of every topic to the same group member.
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const NAME = 'holdfast-co-partition';
const VERSION = 1;

const emptyPlan = (): Record<string, number[]> => ({});

/** A product has one writer, which needs the partitions of both of its topics. */
export const coPartition: PartitionAssigner = ({ cluster }) => ({
  name: NAME,
  version: VERSION,
  async assign({ members, topics }) {
    const ids = members.map((member) => member.memberId).sort();
    const plans = new Map(ids.map((id) => [id, emptyPlan()]));
    for (const topic of topics) {
      for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
        const plan = plans.get(ids[partitionId % ids.length] ?? '');
        if (plan) (plan[topic] ??= []).push(partitionId);
      }
    }
    return [...plans].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: VERSION,
        assignment,
        userData: Buffer.alloc(0),
      }),
    }));
  },
  protocol: ({ topics }) => ({
    name: NAME,
    metadata: AssignerProtocol.MemberMetadata.encode({
      version: VERSION,
      topics,
      userData: Buffer.alloc(0),
    }),
  }),
});
