// Tests the payload codec: its payloads are unreadable, any known key opens them, keys rotate.
import { describe, expect, test } from 'bun:test';
import { payloadCodec } from './codec.ts';

const OLD = `old:${'ab'.repeat(32)}`;
const NEW = `new:${'cd'.repeat(32)}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = { metadata: { encoding: bytes('json/plain') }, data: bytes('"canary-7f3a"') };

const textOf = (data: Uint8Array | null | undefined): string =>
  Buffer.from(data ?? []).toString('latin1');

describe('the payload codec', () => {
  test('decodes what it encoded, and its payloads show nothing of the content', async () => {
    const codec = payloadCodec([NEW]);
    const [sealed] = await codec.encode([plain]);
    expect(textOf(sealed?.data)).not.toContain('canary');
    expect(textOf(sealed?.metadata?.['encryption-key-id'])).toBe('new');
    const [opened] = await codec.decode(sealed ? [sealed] : []);
    expect(textOf(opened?.data)).toBe('"canary-7f3a"');
    expect(textOf(opened?.metadata?.['encoding'])).toBe('json/plain');
  });

  test('encrypts the same payload differently each time', async () => {
    const codec = payloadCodec([NEW]);
    const [one, two] = await codec.encode([plain, plain]);
    expect(textOf(one?.data)).not.toBe(textOf(two?.data));
  });

  test('decrypts with an earlier key, and encrypts with the first', async () => {
    const sealed = await payloadCodec([OLD]).encode([plain]);
    const rotated = payloadCodec([NEW, OLD]);
    expect(textOf((await rotated.decode(sealed))[0]?.data)).toBe('"canary-7f3a"');
    const [fresh] = await rotated.encode([plain]);
    expect(textOf(fresh?.metadata?.['encryption-key-id'])).toBe('new');
  });

  test('passes through payloads that are not encrypted', async () => {
    expect(await payloadCodec([NEW]).decode([plain])).toEqual([plain]);
  });

  test('refuses a payload of an unknown key, and a changed one', async () => {
    const [sealed] = await payloadCodec([OLD]).encode([plain]);
    const failure = (codec: ReturnType<typeof payloadCodec>, data?: Uint8Array) =>
      codec.decode([{ ...sealed, ...(data && { data }) }]).then(
        () => 'opened',
        () => 'refused',
      );
    expect(await failure(payloadCodec([NEW]))).toBe('refused');
    const changed = Uint8Array.from(sealed?.data ?? []);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(await failure(payloadCodec([OLD]), changed)).toBe('refused');
  });

  test('needs named keys of 256 bits', async () => {
    for (const key of ['', 'a:', `a:${'ab'.repeat(16)}`, 'ab'.repeat(32)]) {
      expect(() => payloadCodec([key])).toThrow('a codec key is');
    }
    expect(() => payloadCodec([])).toThrow('no key');
  });
});
