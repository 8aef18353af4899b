// Connects to Temporal at the first call, and again after a failure.
import { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';

export interface TemporalConnection {
  /** Returns the client; throws when Temporal is unavailable. The next call connects again. */
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
