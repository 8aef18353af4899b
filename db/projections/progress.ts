// Until when the read side is complete: what relays say was sent, once all of it has been read.
import { fromBinary } from '@bufbuild/protobuf';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { CatalogueSentSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Cassandra } from '../cassandra/client.ts';
import { putProgress } from '../cassandra/progress.ts';
import { endsIn, leftUpTo, type Ends, type Reach } from '../kafka/reach.ts';

interface Deps {
  cassandra: Cassandra;
  telemetry: Telemetry;
  /** How far the feed has committed what it reads. */
  reach(): Promise<Reach[]>;
}

/** What was sent by this moment lies before these ends. */
interface Sent {
  beforeMs: number;
  ends: Ends;
}

const beforeMsOf = ({ value }: KafkaMessage): number | undefined => {
  try {
    const { beforeUs } = fromBinary(CatalogueSentSchema, value ?? new Uint8Array());
    return Math.min(Number(beforeUs) / 1_000, Date.now());
  } catch {
    return undefined;
  }
};

/**
 * Handles what relays tell. The ends are looked up after it was told, so that they lie behind
 * everything it speaks of; it holds as soon as all partitions have been read up to them. Without
 * a relay nothing is told, and the read side says no more than it knows.
 */
export const followProgress = ({ cassandra, telemetry, reach }: Deps) => {
  let waiting: Sent | undefined;
  let isLooking = false;
  const look = async (beforeMs: number): Promise<void> => {
    const reaches = await reach();
    const now = { beforeMs, ends: endsIn(reaches) };
    const read = [now, waiting].find((one) => one && leftUpTo(one.ends, reaches) === 0);
    waiting = read || !waiting ? now : waiting;
    if (read) await putProgress(cassandra, read.beforeMs);
  };
  return async ({ batch, resolveOffset }: EachBatchPayload): Promise<void> => {
    const last = batch.messages.at(-1);
    if (!last) return;
    resolveOffset(last.offset);
    const beforeMs = beforeMsOf(last);
    if (!beforeMs || isLooking) return;
    isLooking = true;
    // Beside the projection, which is not to wait for it.
    void look(beforeMs)
      .catch((error: unknown) => telemetry.log.error('progress not written', error))
      .finally(() => (isLooking = false));
  };
};
