// Tests what attempts that failed leave in the counts: payments and wrong passwords.
import { describe, expect, test } from 'bun:test';
import type { LimitStore, PasswordAttempt, Subject } from '../../../db/redis/limits.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { DomainError, type ErrorCode } from '../../../domain/errors.ts';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import { createAttempts, type Attempt } from './attempts.ts';
import { limitsOf } from './profiles.ts';

/** Counts in memory, without a window. */
const countsInMemory = () => {
  const counted = new Map<string, Set<string>>();
  const of = (key: string) => counted.get(key) ?? new Set<string>();
  return {
    attempt: async (_store: string, subjects: Subject[], id: string) => {
      const isKnown = subjects.map(({ key }) => of(key).has(id));
      const isFull = subjects.some(({ key, most }, at) => !isKnown[at] && of(key).size >= most);
      if (isFull) return { waitMs: 1_000, isNew: false };
      for (const { key } of subjects) counted.set(key, of(key).add(id));
      return { waitMs: 0, isNew: !isKnown.includes(true) };
    },
    forgive: async (_store: string, subjects: Subject[], id: string) => {
      for (const { key } of subjects) of(key).delete(id);
    },
  } as unknown as LimitStore;
};

/** Attempts of a new shop in production. */
const paying = () => {
  const telemetry = createTelemetry('attempts-test', 'silent');
  const attempts = createAttempts(limitsOf('production', {}), countsInMemory(), telemetry);
  return async (attempt: Partial<Attempt>, code: ErrorCode): Promise<ErrorCode> => {
    const one = {
      storeId: DEFAULT_STORE,
      key: crypto.randomUUID(),
      card: crypto.randomUUID(),
      address: '203.0.113.1',
      account: 'guest/x',
      ...attempt,
    };
    const fails = async (): Promise<never> => {
      throw new DomainError(code, code);
    };
    try {
      return await attempts.pay(one, fails, () => ({ orderId: '', state: 'made' as const }));
    } catch (error) {
      return (error as DomainError).code;
    }
  };
};

describe('a declined attempt', () => {
  test('stays counted when its key is sent again with another body', async () => {
    const pay = paying();
    const codes: ErrorCode[] = [];
    for (let at = 0; at < 6; at++) {
      const attempt = { key: `key-${at}`, card: 'pm_x' };
      codes.push(await pay(attempt, 'CARD_DECLINED'));
      await pay(attempt, 'IDEMPOTENCY_KEY_REUSED');
    }
    expect(codes.filter((code) => code === 'CARD_DECLINED')).toHaveLength(4);
  });

  test('of a stranger does not keep the owner of an e-mail from buying', async () => {
    const pay = paying();
    for (let at = 0; at < 8; at++) await pay({ address: '203.0.113.66' }, 'CARD_DECLINED');
    expect(await pay({ address: '203.0.113.66' }, 'CARD_DECLINED')).toBe('TOO_MANY_DECLINES');
    expect(await pay({}, 'CARD_DECLINED')).toBe('CARD_DECLINED');
  });

  test('of an account counts from every address', async () => {
    const pay = paying();
    const account = 'account/acc_1';
    for (let at = 0; at < 8; at++) await pay({ account, address: `10.0.0.${at}` }, 'CARD_DECLINED');
    const refused = await pay({ account, address: '10.0.0.9' }, 'CARD_DECLINED');
    expect(refused).toBe('TOO_MANY_DECLINES');
  });

  test('is forgiven when it was refused for another reason at its first call', async () => {
    const pay = paying();
    for (let at = 0; at < 20; at++) {
      expect(await pay({ card: 'pm_x' }, 'OUT_OF_STOCK')).toBe('OUT_OF_STOCK');
    }
  });
});

const EMAIL = 'robin@shopper.example';

const attemptsWith = (waitMs: number) => {
  const tried: PasswordAttempt[] = [];
  const store: Pick<LimitStore, 'tryPassword' | 'forgivePassword'> = {
    tryPassword: async (_, one) => {
      tried.push(one);
      return waitMs;
    },
    forgivePassword: async () => undefined,
  };
  const telemetry = createTelemetry('attempts-test', 'silent');
  const attempts = createAttempts(limitsOf('local', {}), store as LimitStore, telemetry);
  return { attempts, tried };
};

describe('a wrong password of an unknown device', () => {
  test('counts for the /48 of its IPv6 address, and for its own address of IPv4', async () => {
    const { attempts, tried } = attemptsWith(0);
    const addresses = ['2001:db8:7:1::/64', '2001:db8:7:ffff::/64', '2001:db8:8:1::/64'];
    for (const address of [...addresses, '192.0.2.1', '192.0.2.2']) {
      await attempts.signIn({ email: EMAIL, address }, async () => undefined);
    }
    const [one, same, ...others] = tried.map(({ caller }) => caller);
    expect(same).toBe(one as string);
    expect(new Set([one, ...others]).size).toBe(4);
  });

  test('that is refused hears when to try again, and that a mail lets the owner in', async () => {
    const { attempts } = attemptsWith(7_001);
    const caller = { email: EMAIL, address: '192.0.2.1' };
    const refusal = await attempts
      .signIn(caller, () => Promise.reject(new Error('was tried')))
      .catch((error: unknown) => error as DomainError);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 8 });
    expect(refusal).toHaveProperty('message', expect.stringContaining('new password by mail'));
  });
});
