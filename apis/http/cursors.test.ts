// Tests that a cursor opens unchanged, and that forged, changed and foreign ones are refused.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DomainError } from '../../domain/errors.ts';
import { createCursors, LIMIT_MAX, pageQuery } from './cursors.ts';

const cursors = createCursors('a secret of the gateway');
const LIST = 'products/sto_default/price_asc';
const POSITION = '{"key":"00ff","id":"prd_1"}';
const sealed = cursors.seal(LIST, POSITION);

const refuses = (work: () => unknown): void => {
  let refusal: unknown;
  try {
    work();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(DomainError);
  expect(refusal).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: 'cursor' }] });
};

const position = fc.string({ unit: 'grapheme', maxLength: 100 });
const bytesOf = (cursor: string): Buffer => Buffer.from(cursor, 'base64url');

describe('a cursor', () => {
  test('opens to the position it was sealed with', () => {
    fc.assert(
      fc.property(fc.string(), position, (list, at) => {
        expect(cursors.open(list, cursors.seal(list, at))).toBe(at);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('needs no escaping in a query', () => {
    fc.assert(
      fc.property(position, (at) => {
        expect(cursors.seal(LIST, at)).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
      { seed: 7 },
    );
  });

  test('opens in every process that has the secret', () => {
    expect(createCursors('a secret of the gateway').open(LIST, sealed)).toBe(POSITION);
  });

  test('that was sealed with another secret is refused', () => {
    refuses(() => cursors.open(LIST, createCursors('another secret').seal(LIST, POSITION)));
    refuses(() => cursors.open(LIST, createCursors('').seal(LIST, POSITION)));
  });

  test('of one list is refused by another', () => {
    for (const list of ['products/sto_other/price_asc', `${LIST}\n`, '', LIST.toUpperCase()]) {
      refuses(() => cursors.open(list, sealed));
    }
  });

  test('with any bit flipped is refused', () => {
    const bytes = bytesOf(sealed);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bent = Buffer.from(bytes);
      bent.writeUInt8(bent.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      refuses(() => cursors.open(LIST, bent.toString('base64url')));
    }
  });

  test('that is truncated anywhere is refused', () => {
    for (let length = 0; length < sealed.length; length++) {
      refuses(() => cursors.open(LIST, sealed.slice(0, length)));
    }
  });

  test('with appended bytes is refused', () => {
    for (const more of ['A', ' ', '\0', '}']) {
      const longer = Buffer.concat([bytesOf(sealed), Buffer.from(more)]);
      refuses(() => cursors.open(LIST, longer.toString('base64url')));
    }
  });

  const FORGED: [what: string, cursor: string][] = [
    ['empty', ''],
    ['a position without a seal', Buffer.from(POSITION).toString('base64url')],
    [
      'an empty seal',
      Buffer.concat([Buffer.alloc(12), Buffer.from(POSITION)]).toString('base64url'),
    ],
    ['a seal and no position', sealed.slice(0, 16)],
    ['plain text', POSITION],
    ['of another alphabet', '???????????????????????????'],
  ];
  test.each(FORGED)('that is %s is refused', (_what, cursor) => {
    refuses(() => cursors.open(LIST, cursor));
  });

  test('of random bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.string(), (bytes, text) => {
        refuses(() => cursors.open(LIST, Buffer.from(bytes).toString('base64url')));
        refuses(() => cursors.open(LIST, text));
      }),
      { seed: 7 },
    );
  });
});

describe('the query of a list', () => {
  test('is 20 items from the beginning by default', () => {
    expect(pageQuery.parse({})).toEqual({ limit: 20 });
    expect(pageQuery.parse({ limit: '1', cursor: sealed })).toEqual({ limit: 1, cursor: sealed });
    expect(pageQuery.parse({ limit: String(LIMIT_MAX) }).limit).toBe(100);
  });

  const REFUSED: Record<string, string>[] = [
    { limit: '0' },
    { limit: '-1' },
    { limit: '101' },
    { limit: '1.5' },
    { limit: 'all' },
    { limit: '' },
    { limit: 'Infinity' },
    { cursor: 'x'.repeat(501) },
    { offset: '20' },
  ];
  test.each(REFUSED.map((query) => [JSON.stringify(query).slice(0, 40), query] as const))(
    'of %s is refused',
    (_shown, query) => {
      expect(pageQuery.safeParse(query).success).toBe(false);
    },
  );
});
