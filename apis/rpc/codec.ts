// The payload codec: what stories keep is unreadable in Temporal's store, by keys that can change.
import type { PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

type Payload = Parameters<PayloadCodec['encode']>[0][number];

const ENCODING = 'binary/encrypted';
const KEY_BYTES = 32;
/** AES-GCM's nonce, random for each payload: NIST SP 800-38D. */
const NONCE_BYTES = 12;

const textOf = (bytes: Uint8Array | null | undefined): string =>
  bytes ? new TextDecoder().decode(bytes) : '';
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

interface CodecKey {
  id: string;
  key: CryptoKey;
}

/** `<id>:<64 hex digits>`; the id is kept beside what it encrypted. */
const keyOf = async (text: string): Promise<CodecKey> => {
  const [id = '', hex = ''] = text.split(':');
  const raw = Uint8Array.fromHex(hex);
  if (id === '' || raw.length !== KEY_BYTES) throw new Error('a codec key is <id>:<64 hex digits>');
  const usages: ('encrypt' | 'decrypt')[] = ['encrypt', 'decrypt'];
  return { id, key: await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, usages) };
};

const encrypted = async ({ id, key }: CodecKey, payload: Payload): Promise<Payload> => {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const plain = new Uint8Array(temporal.api.common.v1.Payload.encode(payload).finish());
  const additionalData = bytesOf(id);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plain);
  return {
    metadata: { encoding: bytesOf(ENCODING), 'encryption-key-id': additionalData },
    data: Buffer.concat([iv, new Uint8Array(sealed)]),
  };
};

const decrypted = async (keys: CodecKey[], payload: Payload): Promise<Payload> => {
  const id = textOf(payload.metadata?.['encryption-key-id']);
  const known = keys.find((one) => one.id === id);
  if (!known) throw new Error(`the codec has no key ${id}`);
  const data = new Uint8Array(payload.data ?? []);
  const iv = data.subarray(0, NONCE_BYTES);
  const algorithm = { name: 'AES-GCM', iv, additionalData: bytesOf(id) };
  const plain = await crypto.subtle.decrypt(algorithm, known.key, data.subarray(NONCE_BYTES));
  return temporal.api.common.v1.Payload.decode(new Uint8Array(plain));
};

/**
 * Encrypts with the first key, decrypts with any; what was written before there was a codec is
 * passed through. A key is rotated by putting a new one first, and dropped once no story is older.
 */
export const payloadCodec = (texts: readonly string[]): PayloadCodec => {
  const keys = Promise.all(texts.map(keyOf));
  return {
    encode: async (payloads) => {
      const [first] = await keys;
      if (!first) throw new Error('the codec has no key');
      return Promise.all(payloads.map((payload) => encrypted(first, payload)));
    },
    decode: async (payloads) => {
      const known = await keys;
      return Promise.all(
        payloads.map(async (payload) =>
          textOf(payload.metadata?.['encoding']) === ENCODING ? decrypted(known, payload) : payload,
        ),
      );
    },
  };
};
