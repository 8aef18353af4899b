// Tests which addresses are taken: countries, and where a postal code is needed.
import { describe, expect, test } from 'bun:test';
import { addressFrom, addressShape } from './postal.ts';
import { DomainError } from '../errors.ts';

const TO = { name: 'Robin', line1: '1 Harbour Street', city: 'Portree' };
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
const CODES = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));

const isTaken = (more: object): boolean => addressShape.safeParse({ ...TO, ...more }).success;

const faultOf = (more: object): string => {
  try {
    addressFrom({ ...TO, ...more }, 'to');
    return 'none';
  } catch (error) {
    return error instanceof DomainError ? (error.fields[0]?.path ?? '') : 'another error';
  }
};

/** Codes that Intl knows by a name, and that ISO 3166-1 has reserved, withdrawn or never had. */
const RESERVED = 'AC CP CQ DG EA EU EZ IC QO TA UK UN XA XB ZZ'.split(' ');
const WITHDRAWN = 'AN BU CS DD DY FX HV NH RH SU TP VD YD YU ZR'.split(' ');

describe('a country', () => {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const taken = CODES.filter((country) => isTaken({ country, postalCode: '1' }));

  test('is one of ISO 3166-1, or Kosovo', () => {
    expect(taken).toHaveLength(250);
    expect(taken.filter((code) => names.of(code) === undefined)).toEqual([]);
    const others = CODES.filter((code) => names.of(code) !== undefined && !taken.includes(code));
    expect(others.toSorted()).toEqual([...RESERVED, ...WITHDRAWN].toSorted());
  });

  test.each(['ZZ', 'UK', 'EU', 'XX', 'AN', 'gb', 'GBR', ''])('%p is refused', (country) => {
    expect(isTaken({ country, postalCode: '1' })).toBe(false);
    expect(faultOf({ country, postalCode: '1' })).toBe('to.country');
  });
});

describe('a postal code', () => {
  test.each(['HK', 'AE', 'QA', 'AO', 'BS', 'PA', 'MO', 'IE'])('is not needed in %s', (country) => {
    for (const more of [{}, { postalCode: '' }, { postalCode: '  ' }]) {
      expect(isTaken({ country, ...more })).toBe(true);
      expect(addressFrom({ ...TO, country, ...more }, 'to')).toEqual({ ...TO, country });
    }
    expect(addressFrom({ ...TO, country, postalCode: '999077' }, 'to')).toMatchObject({
      postalCode: '999077',
    });
  });

  test.each(['GB', 'US', 'DE', 'FR', 'JP', 'CA', 'AU', 'CN', 'IN', 'BR', 'MX', 'PL'])(
    'is needed in %s',
    (country) => {
      for (const more of [{}, { postalCode: '' }, { postalCode: '  ' }]) {
        expect(isTaken({ country, ...more })).toBe(false);
        expect(faultOf({ country, ...more })).toBe('to.postalCode');
      }
      expect(isTaken({ country, postalCode: '1' })).toBe(true);
    },
  );
});

test('an empty region or second line is an absent one', () => {
  const empty = { country: 'GB', postalCode: 'IV51 9DE', region: '', line2: ' ' };
  expect(isTaken(empty)).toBe(true);
  expect(addressFrom({ ...TO, ...empty }, 'to')).toEqual({
    ...TO,
    country: 'GB',
    postalCode: 'IV51 9DE',
  });
});
