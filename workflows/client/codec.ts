// Encrypts the payloads that workflows keep in Temporal, with keys that can be rotated.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

type Payload = Parameters<PayloadCodec['encode']>[0][number];

const ENCODING = 'binary/encrypted';
const KEY_BYTES = 32;
/** Used synchronously: a payload is small, and WebCrypto costs four times as much. */
const CIPHER = 'aes-256-gcm';
/** AES-GCM's nonce, random for each payload, and its tag: NIST SP 800-38D. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const textOf = (bytes: Uint8Array | null | undefined): string =>
  bytes ? new TextDecoder().decode(bytes) : '';
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

interface CodecKey {
  id: string;
  key: Uint8Array;
}

/** `<id>:<64 hex digits>`; the id is stored beside each payload it encrypted. */
const keyOf = (text: string): CodecKey => {
  const [id = '', hex = ''] = text.split(':');
  const key = Uint8Array.fromHex(hex);
  if (id === '' || key.length !== KEY_BYTES) throw new Error('a codec key is <id>:<64 hex digits>');
  return { id, key };
};

const encrypted = ({ id, key }: CodecKey, payload: Payload): Payload => {
  const nonce = randomBytes(NONCE_BYTES);
  const name = bytesOf(id);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(name);
  const plain = temporal.api.common.v1.Payload.encode(payload).finish();
  return {
    metadata: { encoding: bytesOf(ENCODING), 'encryption-key-id': name },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
};

const decrypted = (keys: CodecKey[], payload: Payload): Payload => {
  const id = textOf(payload.metadata?.['encryption-key-id']);
  const known = keys.find((one) => one.id === id);
  if (!known) throw new Error(`the codec has no key ${id}`);
  const data = payload.data ?? new Uint8Array();
  const cipher = createDecipheriv(CIPHER, known.key, data.subarray(0, NONCE_BYTES))
    .setAAD(bytesOf(id))
    .setAuthTag(data.subarray(-TAG_BYTES));
  const plain = cipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES));
  return temporal.api.common.v1.Payload.decode(Buffer.concat([plain, cipher.final()]));
};

/**
 * Encrypts with the first key and decrypts with any. A payload that is not encrypted is passed
 * through. A key is rotated by putting a new one first, and dropped when no workflow is older.
 */
export const payloadCodec = (texts: readonly string[]): PayloadCodec => {
  const keys = texts.map(keyOf);
  const [first] = keys;
  if (!first) throw new Error('the codec has no key');
  return {
    encode: async (payloads) => payloads.map((payload) => encrypted(first, payload)),
    decode: async (payloads) =>
      payloads.map((payload) =>
        textOf(payload.metadata?.['encoding']) === ENCODING ? decrypted(keys, payload) : payload,
      ),
  };
};
