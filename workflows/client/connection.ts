// The connection to Temporal: opened at the first call, opened anew after a failure.
import { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';

export interface TemporalConnection {
  /** The client; throws when Temporal is away. The next call tries anew. */
  client(): Promise<Client>;
  close(): Promise<void>;
}

export const connectTemporal = (
  address: string,
  namespace: string,
  codec: PayloadCodec,
): TemporalConnection => {
  const dataConverter = { payloadCodecs: [codec] };
  let connecting: Promise<NativeConnection> | undefined;
  const connected = (): Promise<NativeConnection> => {
    connecting ??= NativeConnection.connect({ address }).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    client: async () => new Client({ connection: await connected(), namespace, dataConverter }),
    close: async () => {
      const connection = await connecting?.catch(() => undefined);
      await connection?.close();
    },
  };
};
