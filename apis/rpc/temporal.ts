// Temporal as a door uses it: connected when first needed, never waited for long.
import { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';

export interface LazyTemporal {
  /** The client; throws when Temporal is away. The next call tries anew. */
  client(): Promise<Client>;
  close(): Promise<void>;
}

export const lazyTemporal = (
  address: string,
  namespace: string,
  codec: PayloadCodec,
): LazyTemporal => {
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
