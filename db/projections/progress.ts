// Records up to when the read model is complete: relays publish what was sent, consumers confirm
// it.
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
  /** The feed's committed offsets. */
  reach(): Promise<Reach[]>;
}

/** Everything sent by this time lies before these end offsets. */
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
 * Handles the relays' progress messages. End offsets are read after the message, so that they lie
 * behind everything it covers. The progress holds once all partitions were read up to them. Without
 * a relay the recorded progress stays as it is.
 */
export const followProgress = ({ cassandra, telemetry, reach }: Deps) => {
  let waiting: Sent | undefined;
  let isUpdating = false;
  const update = async (beforeMs: number): Promise<void> => {
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
    if (!beforeMs || isUpdating) return;
    isUpdating = true;
    // Runs beside the projection, which must not wait for it.
    void update(beforeMs)
      .catch((error: unknown) => telemetry.log.error('progress not written', error))
      .finally(() => (isUpdating = false));
  };
};
