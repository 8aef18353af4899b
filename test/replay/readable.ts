// Decrypts a saved history, so that it replays without the keys of its instance.
import type { PayloadCodec } from '@temporalio/common';

interface Sealed {
  metadata: Record<string, string>;
  data: string;
}

const isPayload = (value: object): value is Sealed => 'metadata' in value && 'data' in value;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const base64Of = (bytes: Uint8Array | null | undefined): string =>
  Buffer.from(bytes ?? []).toString('base64');
const mapped = <A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

const opened = async (codec: PayloadCodec, { metadata, data }: Sealed): Promise<Sealed> => {
  const sealed = { metadata: mapped(metadata, bytesOf), data: bytesOf(data) };
  const [plain] = await codec.decode([sealed]);
  return { metadata: mapped(plain?.metadata ?? {}, base64Of), data: base64Of(plain?.data) };
};

/** A history that needs no keys; it holds ids and nothing personal. */
export const readable = async (codec: PayloadCodec, value: unknown): Promise<unknown> => {
  if (Array.isArray(value)) return Promise.all(value.map((one) => readable(codec, one)));
  if (value === null || typeof value !== 'object') return value;
  if (isPayload(value)) return opened(codec, value);
  const entries = Object.entries(value).map(async ([name, one]) => {
    return [name, await readable(codec, one)];
  });
  return Object.fromEntries((await Promise.all(entries)) as [string, unknown][]);
};
