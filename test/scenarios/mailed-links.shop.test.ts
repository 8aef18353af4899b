// Walks every link that a mail of an account has: looking changes nothing, its form works once.
import { beforeAll, describe, expect, test } from 'bun:test';
import { MAIL_TEMPLATES } from '../../apis/gateway/accounts/mail-templates.ts';
import type { QueuedMailKind } from '../../db/postgres/schema/identity.ts';
import {
  call,
  confirmedMember,
  mailsTo,
  newMember,
  PASSWORD,
  signIn,
  signUp,
} from '../support/accounts.ts';
import { eventually, newEmail } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const LIMIT_MS = 60_000;
const NEXT = 'another password of these tests';

/** What a person fills in, and how one sees that the form has worked. */
interface Walk {
  email: string;
  accountId: string;
  fields: Record<string, string>;
  isDone(): Promise<boolean>;
}

const request = (path: string, body: object, token?: string) =>
  call(shop, 'POST', path, { body, ...(token !== undefined && { token }) });
const opens = async (email: string, password: string): Promise<boolean> =>
  (await signIn(shop, email, password)).status === 200;
const isConfirmed = async (accountId: string): Promise<boolean> => {
  const [row] =
    await shop.sql`select email_verified from identity.accounts where id = ${accountId}`;
  return row?.['email_verified'] === true;
};

const resetting = async ({ email, accountId }: { email: string; accountId: string }) => ({
  email,
  accountId,
  fields: { newPassword: NEXT },
  isDone: () => opens(email, NEXT),
});

/** Has each mail with a link sent. */
const WALKS: Partial<Record<QueuedMailKind, () => Promise<Walk>>> = {
  verify_email: async () => {
    const { email, accountId } = await newMember(shop);
    const fields = { password: PASSWORD };
    return { email, accountId, fields, isDone: () => isConfirmed(accountId) };
  },
  reset_password: async () => {
    const member = await newMember(shop);
    await request('/auth/request-password-reset', { email: member.email });
    return resetting(member);
  },
  already_registered: async () => {
    const member = await confirmedMember(shop);
    await signUp(shop, member.email, NEXT);
    return resetting(member);
  },
  change_email: async () => {
    const { accountId, token } = await newMember(shop);
    const email = newEmail();
    await request('/auth/change-email', { newEmail: email, password: PASSWORD }, token);
    const fields = { password: PASSWORD };
    return { email, accountId, fields, isDone: () => opens(email, PASSWORD) };
  },
};

const LINKED = (Object.keys(MAIL_TEMPLATES) as QueuedMailKind[]).filter(
  (kind) => MAIL_TEMPLATES[kind].link !== undefined,
);

const linkIn = (email: string, kind: QueuedMailKind): Promise<string> =>
  eventually(`a mail ${kind} to ${email}`, async () => {
    const { subject } = MAIL_TEMPLATES[kind];
    const mail = (await mailsTo(shop, email)).find((one) => one.subject === subject);
    return mail && /^http\S+$/m.exec(mail.text)?.[0];
  });

/** All that a link could change. */
const stateOf = async ({ accountId }: Walk): Promise<unknown> =>
  shop.sql`select a.*, (select json_agg(c.password) from identity.credentials c
      where c.user_id = a.id) as passwords,
    (select json_agg(s.id order by s.id) from identity.sessions s where s.user_id = a.id) as sessions,
    (select json_agg(v.identifier order by v.identifier) from identity.verifications v
      where split_part(v.value, ' ', 1) in (a.id, a.email)) as tokens
    from identity.accounts a where a.id = ${accountId}`.then(([row]) => row);

/** Sends a page's form as a browser without scripts does. */
const submitted = (link: string, page: string, filledIn: Record<string, string>, headers = {}) => {
  const [, action = ''] = /<form method="post" action="([^"]+)">/.exec(page) ?? [];
  const hidden = [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  const own = Object.fromEntries(hidden.map(([, name, value]) => [name, value]));
  const url = new URL(action, link);
  return fetch(url, {
    method: 'POST',
    headers: { origin: url.origin, 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams({ ...own, ...filledIn }),
  });
};

describe('the link of a mail', () => {
  test('is walked here, whatever the mail', () => {
    expect(Object.keys(WALKS).toSorted()).toEqual(LINKED.toSorted());
  });

  test.each(LINKED)(
    '%s changes nothing when it is followed, and its form works once',
    async (kind) => {
      const walk = await (WALKS[kind] as () => Promise<Walk>)();
      const link = await linkIn(walk.email, kind);
      const before = await stateOf(walk);
      const head = await fetch(link, { method: 'HEAD' });
      const got = await fetch(link);
      const page = await got.text();
      expect([head.status, got.status]).toEqual([200, 200]);
      expect(page.match(/<button/g)).toHaveLength(1);
      expect(page).not.toContain('<script');
      for (const { headers } of [head, got]) {
        expect(headers.get('referrer-policy')).toBe('same-origin');
        expect(headers.get('cache-control')).toBe('no-store');
      }
      const foreign = await submitted(link, page, walk.fields, { origin: 'https://evil.example' });
      expect(foreign.status).toBe(403);
      expect(await stateOf(walk)).toEqual(before);

      const done = await submitted(link, page, walk.fields);
      expect([done.status, done.headers.get('content-type')]).toEqual([
        200,
        'text/html; charset=utf-8',
      ]);
      expect(await walk.isDone()).toBe(true);
      const after = await stateOf(walk);
      const again = await submitted(link, page, walk.fields);
      expect([again.status, await again.text()]).toEqual([
        400,
        expect.stringContaining('Not done'),
      ]);
      expect(await stateOf(walk)).toEqual(after);
    },
    LIMIT_MS,
  );

  test.each(['verify_email', 'change_email'] as const)(
    "%s does not confirm a stranger's account for the owner of the mailbox alone",
    async (kind) => {
      const walk = await (WALKS[kind] as () => Promise<Walk>)();
      const link = await linkIn(walk.email, kind);
      const page = await (await fetch(link)).text();
      const before = await stateOf(walk);
      expect((await submitted(link, page, {})).status).toBe(401);
      expect((await submitted(link, page, { password: 'not this one' })).status).toBe(401);
      const other = (await newMember(shop)).token;
      const shown = { authorization: `Bearer ${other}` };
      expect((await submitted(link, page, {}, shown)).status).toBe(401);
      const { pathname, searchParams } = new URL(link);
      const body = { token: searchParams.get('token') };
      expect((await call(shop, 'POST', pathname, { body })).status).toBe(401);
      expect(await stateOf(walk)).toEqual(before);
    },
    LIMIT_MS,
  );

  test(
    'verify_email needs no password where its account is signed in',
    async () => {
      const { email, accountId, token } = await newMember(shop);
      const link = await linkIn(email, 'verify_email');
      const page = await (await fetch(link)).text();
      const shown = { authorization: `Bearer ${token}` };
      expect((await submitted(link, page, {}, shown)).status).toBe(200);
      expect(await isConfirmed(accountId)).toBe(true);
    },
    LIMIT_MS,
  );
});

describe('an unconfirmed account', () => {
  const me = (token: string) => call(shop, 'GET', '/me', { token });
  const INVALID = { status: 400, body: { code: 'TOKEN_INVALID' } };
  const pendingOf = async (email: string): Promise<unknown> =>
    shop.sql`select count(*)::int as n from identity.pending_sign_ups
      where email = ${email}`.then(([row]) => row?.['n']);
  /** An account with the token of its mail. */
  const mailedMember = async () => {
    const member = await newMember(shop);
    const link = await linkIn(member.email, 'verify_email');
    return { ...member, mailed: new URL(link).searchParams.get('token') ?? '' };
  };
  const confirms = (token: string, password: string) =>
    request('/auth/verify-email', { token, password });

  test(
    'gives way to a later sign-up of its address once that is confirmed, by whichever mail',
    async () => {
      const { email, token, accountId, mailed } = await mailedMember();
      const body = { name: 'The Owner', email, password: NEXT };
      expect((await request('/auth/sign-up/email', body)).status).toBe(202);
      expect(await pendingOf(email)).toBe(1);
      expect((await confirms(mailed, NEXT)).status).toBe(200);
      expect([(await me(token)).status, (await signIn(shop, email)).status]).toEqual([401, 401]);
      const { body: signedIn } = await signIn(shop, email, NEXT);
      const shown = (await me(signedIn.token)).body;
      expect(shown).toMatchObject({ name: 'The Owner', emailVerified: true });
      expect(shown['id']).not.toBe(accountId);
      expect(await confirms(mailed, PASSWORD)).toMatchObject(INVALID);
      expect(await pendingOf(email)).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'loses nothing to a later sign-up that is not confirmed, which ends when it is confirmed itself',
    async () => {
      const { email, token, accountId, mailed } = await mailedMember();
      expect((await signUp(shop, email, NEXT)).status).toBe(202);
      expect((await signIn(shop, email, NEXT)).status).toBe(401);
      expect([(await me(token)).status, await opens(email, PASSWORD)]).toEqual([200, true]);
      expect((await confirms(mailed, PASSWORD)).status).toBe(200);
      expect((await me(token)).body).toMatchObject({ id: accountId, emailVerified: true });
      expect([await pendingOf(email), await opens(email, NEXT)]).toEqual([0, false]);
    },
    LIMIT_MS,
  );

  test(
    'stays as it is when the same sign-up is sent again, with its session, cart and mail',
    async () => {
      const { email, token, accountId, mailed } = await mailedMember();
      const body = { name: 'Another Name', email, password: PASSWORD };
      expect((await request('/auth/sign-up/email', body)).status).toBe(202);
      expect(await pendingOf(email)).toBe(0);
      expect((await me(token)).body).toMatchObject({ id: accountId, name: 'Robin Shopper' });
      expect((await confirms(mailed, PASSWORD)).status).toBe(200);
      expect((await me(token)).body).toMatchObject({ id: accountId, emailVerified: true });
    },
    LIMIT_MS,
  );

  test(
    'has few later sign-ups beside it, and a new password by mail ends all of them',
    async () => {
      const { email, token, mailed } = await mailedMember();
      for (let at = 0; at < 7; at++) await signUp(shop, email, `${NEXT} ${at}`);
      expect(await pendingOf(email)).toBe(5);
      await request('/auth/request-password-reset', { email });
      const link = new URL(await linkIn(email, 'reset_password'));
      const reset = { token: link.searchParams.get('token'), newPassword: NEXT };
      expect((await request('/auth/reset-password', reset)).status).toBe(200);
      expect([await pendingOf(email), (await me(token)).status]).toEqual([0, 401]);
      expect(await confirms(mailed, `${NEXT} 6`)).toMatchObject(INVALID);
      expect([await opens(email, `${NEXT} 6`), await opens(email, NEXT)]).toEqual([false, true]);
    },
    LIMIT_MS,
  );

  test(
    'is greeted without the name that a stranger may have chosen',
    async () => {
      const email = newEmail();
      const name = 'You have won: evil.example/prize';
      await call(shop, 'POST', '/auth/sign-up/email', {
        body: { name, email, password: PASSWORD },
      });
      await linkIn(email, 'verify_email');
      expect(JSON.stringify(await mailsTo(shop, email))).not.toContain('evil.example');
    },
    LIMIT_MS,
  );
});
