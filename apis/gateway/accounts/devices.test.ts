// Tests which devices count as known to an account.
import { describe, expect, test } from 'bun:test';
import { cookiesOf } from '../../http/credentials/cookies.ts';
import { createDevices } from './devices.ts';

const cookies = cookiesOf('https://shop.example');
const devices = createDevices('a secret of these tests', cookies);
const MINE = { accountId: 'acc_mine', emailVerified: true, passwordHash: 'salt:hash' };
const THEIRS = { ...MINE, accountId: 'acc_theirs' };

const sending = (set: string[]): Request =>
  new Request('https://shop.example/', {
    headers: { cookie: set.map((one) => one.split(';')[0]).join('; ') },
  });
const nothing = sending([]);

describe('a device', () => {
  test('is known to the account that it signed in to, and to no other', () => {
    const request = sending(devices.remember(nothing, MINE));
    expect(devices.known(request, MINE)).toMatch(/^[\w-]{16}$/);
    expect(devices.known(request, THEIRS)).toBeUndefined();
    expect(devices.known(nothing, MINE)).toBeUndefined();
  });

  test('stays the same one when it signs in again, and is another one elsewhere', () => {
    const request = sending(devices.remember(nothing, MINE));
    const again = sending(devices.remember(request, MINE));
    expect(devices.known(again, MINE)).toBe(devices.known(request, MINE) as string);
    const other = sending(devices.remember(nothing, MINE));
    expect(devices.known(other, MINE)).not.toBe(devices.known(request, MINE) as string);
  });

  test('is not known before the address is confirmed, nor by what it had before then', () => {
    const unconfirmed = { ...MINE, emailVerified: false };
    expect(devices.remember(nothing, unconfirmed)).toEqual([]);
    expect(devices.remember(nothing, undefined)).toEqual([]);
    expect(devices.known(sending(devices.remember(nothing, MINE)), unconfirmed)).toBeUndefined();
  });

  test('is not known once the password is another one, nor to a later account', () => {
    const request = sending(devices.remember(nothing, MINE));
    expect(devices.known(request, { ...MINE, passwordHash: 'salt:another' })).toBeUndefined();
    expect(devices.known(request, { ...MINE, accountId: 'acc_later' })).toBeUndefined();
    expect(devices.known(request, undefined)).toBeUndefined();
  });

  test('may be known to several accounts', () => {
    const request = sending([MINE, THEIRS].flatMap((owner) => devices.remember(nothing, owner)));
    expect(devices.known(request, MINE)).toBeDefined();
    expect(devices.known(request, THEIRS)).toBeDefined();
  });

  test('is not known by a cookie of another account, a changed one, or one signed elsewhere', () => {
    const [pair = ''] = devices.remember(nothing, MINE)[0]?.split(';') ?? [];
    const [name = '', value = ''] = pair.split('=');
    const [theirs = ''] = devices.remember(nothing, THEIRS)[0]?.split('=') ?? [];
    expect(devices.known(sending([`${theirs}=${value}`]), THEIRS)).toBeUndefined();
    expect(devices.known(sending([`${name}=x${value}`]), MINE)).toBeUndefined();
    const elsewhere = createDevices('another secret of tests', cookies);
    expect(elsewhere.known(sending(elsewhere.remember(nothing, MINE)), MINE)).toBeDefined();
    expect(devices.known(sending(elsewhere.remember(nothing, MINE)), MINE)).toBeUndefined();
  });
});
