// Bodies read piece by piece: within their limits, in time, and nothing of them is kept.
import { describe, expect, test } from 'bun:test';
import { DomainError } from '../../domain/errors.ts';
import { boundedPieces } from './body.ts';

const LIMITS = { bytesMax: 1024 * 1024, ms: 5_000 };
const PIECES = 64;

/** A request whose body is made piece by piece, as it is asked for. */
const requestOf = (pull: (at: number) => Promise<Uint8Array | undefined>): Request => {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const piece = await pull(at++);
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  return new Request('http://shop/', { method: 'POST', body });
};

const refusalOf = async (pieces: AsyncIterable<Uint8Array>): Promise<string> => {
  try {
    for await (const piece of pieces) expect(piece.byteLength).toBeGreaterThan(0);
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return 'taken';
};

describe('a body that is read piece by piece', () => {
  test('keeps no piece once the next one is asked for', async () => {
    const made: WeakRef<Uint8Array>[] = [];
    const request = requestOf(async (at) => {
      if (at === PIECES) return undefined;
      const piece = new Uint8Array(1024);
      made.push(new WeakRef(piece));
      return piece;
    });
    const pieces = boundedPieces(request, LIMITS);
    for (let at = 0; at < PIECES; at++) await pieces.next();
    Bun.gc(true);
    await Bun.sleep(1);
    Bun.gc(true);
    // The collector looks at the stack as it is: a few may seem to be in use.
    const kept = made.filter((one) => one.deref() !== undefined).length;
    expect([made.length, kept < PIECES / 4]).toEqual([PIECES, true]);
    await pieces.return(undefined);
  });

  test('is refused as soon as it is too long, or too slow', async () => {
    const long = requestOf(async () => new Uint8Array(64 * 1024));
    expect(await refusalOf(boundedPieces(long, LIMITS))).toBe('BODY_TOO_LARGE');
    const slow = requestOf(async (at) =>
      at === 0 ? new Uint8Array(1) : new Promise(() => undefined),
    );
    expect(await refusalOf(boundedPieces(slow, { ...LIMITS, ms: 50 }))).toBe('BODY_TOO_SLOW');
    const idle = boundedPieces(
      requestOf(async (at) => (at < 3 ? new Uint8Array(1) : undefined)),
      { ...LIMITS, ms: 20 },
    );
    await idle.next();
    await Bun.sleep(40);
    expect(await refusalOf(idle)).toBe('BODY_TOO_SLOW');
  });
});
