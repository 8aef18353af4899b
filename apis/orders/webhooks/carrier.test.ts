// Tests which of the carrier's requests are believed, and what they are about.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'bun:test';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import { carrierEvents } from './carrier.ts';

const KEYS = ['the first key of the carrier', 'the second key of the carrier'].map((text) =>
  Buffer.from(text),
);
const read = carrierEvents(KEYS.map((key) => `whsec_${key.toString('base64')}`));
const [FIRST, SECOND] = KEYS as [Buffer, Buffer];
const OTHER = Buffer.from('a key of another sender');

const ORDER = newId('order');
const bodyOf = (data: object = {}, type = 'shipment.updated'): string =>
  JSON.stringify({
    type,
    timestamp: new Date().toISOString(),
    data: { shipmentId: 'shp_1', reference: ORDER, status: 'delivered', ...data },
  });
const BODY = bodyOf();
const EVENT = {
  source: 'carrier',
  id: 'shp_1/delivered',
  type: 'shipment.updated',
  objectId: 'shp_1',
  reference: ORDER,
} as const;

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

interface Signing {
  key?: Buffer;
  id?: string;
  at?: number | string;
}

/** By the text of the specification, not by the library that verifies. */
const signatureOf = (
  body: string,
  { key = FIRST, id = 'msg_1', at = nowSeconds() }: Signing = {},
): string => `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;

const headersOf = (signature: string, { id = 'msg_1', at = nowSeconds() }: Signing = {}): Headers =>
  new Headers({
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': signature,
  });

const signed = (body: string, how: Signing = {}): Headers => {
  const same = { at: nowSeconds(), ...how };
  return headersOf(signatureOf(body, same), same);
};

const refusalOf = (body: string, headers: Headers): DomainError => {
  try {
    read(body, headers);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was believed');
};

describe("a carrier's webhook is believed", () => {
  test.each([
    ['the first secret', FIRST],
    ['the second secret', SECOND],
  ] as const)('with %s', (_name, key) => {
    expect(read(BODY, signed(BODY, { key }))).toEqual(EVENT);
  });

  test('with a good signature among others, as while the carrier changes its own secret', () => {
    const at = nowSeconds();
    const good = signatureOf(BODY, { key: SECOND, at });
    const bad = signatureOf(BODY, { key: OTHER, at });
    expect(read(BODY, headersOf(`${bad} v1a,AAAA ${good}`, { at }))).toEqual(EVENT);
  });

  test('for five minutes, by a clock that is late or early', () => {
    for (const shift of [-290, 290]) {
      expect(read(BODY, signed(BODY, { at: nowSeconds() + shift }))).toEqual(EVENT);
    }
  });

  test('again when it is replayed, as the same event', () => {
    const headers = signed(BODY);
    expect([read(BODY, headers), read(BODY, headers)]).toEqual([EVENT, EVENT]);
  });
});

describe("a carrier's webhook is refused", () => {
  const at = nowSeconds();
  const cases: [name: string, body: string, headers: Headers][] = [
    ['without headers', BODY, new Headers()],
    ['with an empty signature', BODY, headersOf('')],
    ['with a signature of another length', BODY, headersOf('v1,AAAA')],
    ['signed with another secret', BODY, signed(BODY, { key: OTHER })],
    ['signed with an empty secret', BODY, signed(BODY, { key: Buffer.alloc(0) })],
    [
      'signed for another version',
      BODY,
      headersOf(signatureOf(BODY, { at }).replace('v1', 'v2'), { at }),
    ],
    ['whose body was serialised again', JSON.stringify(JSON.parse(BODY), null, 1), signed(BODY)],
    ['whose body was changed', BODY.replace('delivered', 'lost'), signed(BODY)],
    ['whose id was changed', BODY, headersOf(signatureOf(BODY, { at }), { id: 'msg_2', at })],
    ['whose time was changed', BODY, headersOf(signatureOf(BODY, { at: at - 9 }), { at })],
    ['signed six minutes ago', BODY, signed(BODY, { at: at - 360 })],
    ['signed an hour ago', BODY, signed(BODY, { at: at - 3_600 })],
    ['signed six minutes from now', BODY, signed(BODY, { at: at + 360 })],
    ['signed at no time', BODY, signed(BODY, { at: 'now' })],
    ['that is no JSON, though signed', 'event', signed('event')],
  ];
  test.each(cases)('%s, without a reason', (_name, body, headers) => {
    expect(refusalOf(body, headers)).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'the webhook is not valid',
    });
  });

  test('over 64 KiB, before it is verified', () => {
    expect(refusalOf(bodyOf({ more: 'x'.repeat(64 * 1024) }), new Headers()).code).toBe(
      'BODY_TOO_LARGE',
    );
  });
});

describe("a carrier's signed webhook", () => {
  test.each(['shipped', 'delivered', 'lost', 'returned', 'canceled'])('says %s', (status) => {
    const body = bodyOf({ status });
    expect(read(body, signed(body))).toEqual({ ...EVENT, id: `shp_1/${status}` });
  });

  test('is for a return when its reference is one', () => {
    const body = bodyOf({ reference: newId('return') });
    expect(read(body, signed(body))?.reference).toStartWith('ret_');
  });

  test('is the same event under another id', () => {
    expect(read(BODY, signed(BODY, { id: 'msg_2' }))).toEqual(EVENT);
  });

  const nothing: [name: string, body: string][] = [
    ['of an unknown type', bodyOf({}, 'pickup.scheduled')],
    ['of an unknown status', bodyOf({ status: 'in_customs' })],
    ["of another system's reference", bodyOf({ reference: 'PO-7' })],
    ['of a reference that is a path', bodyOf({ reference: '../../orders' })],
    ['without a parcel', bodyOf({ shipmentId: '' })],
    ['of a parcel whose id has a NUL', bodyOf({ shipmentId: 'shp_\0' })],
    ['of a parcel whose id is too long', bodyOf({ shipmentId: 'x'.repeat(101) })],
    ['without data', '{"type":"shipment.updated"}'],
    ['that is empty', '{}'],
    ['that is no object', 'null'],
    ['without a body', ''],
  ];
  test.each(nothing)('%s is about nothing', (_name, body) => {
    expect(read(body, signed(body))).toBeUndefined();
  });
});

test('a secret that is not base64 stops the start, not the first webhook', () => {
  expect(() => carrierEvents(['whsec_not base64!'])).toThrow();
});
