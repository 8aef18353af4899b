// Tests accounts on the public API: sign-up, sign-in and sign-out, lost passwords, sessions.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  call,
  confirmAddress,
  confirmedMember,
  mailsTo,
  mailedToken,
  newMember,
  PASSWORD,
  signIn,
  signUp,
} from '../support/accounts.ts';
import { newEmail } from '../support/journeys.ts';
import { refuses, type Row, type Sent } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const LIMIT_MS = 60_000;
const me = (token: string) => call(shop, 'GET', '/me', { token });
const NEXT = 'another password of these tests';

describe('a shopper', () => {
  test(
    'signs up, signs in, confirms the address, and signs out',
    async () => {
      const email = newEmail();
      const { token, accountId } = await newMember(shop, email);
      expect((await me(token)).body).toEqual({
        id: accountId,
        name: 'Robin Shopper',
        email,
        emailVerified: false,
      });
      await confirmAddress(shop, email);
      expect((await me(token)).body).toMatchObject({ emailVerified: true });
      expect((await call(shop, 'POST', '/auth/sign-out', { token, body: {} })).status).toBe(200);
      expect((await me(token)).status).toBe(401);
    },
    LIMIT_MS,
  );

  test(
    'is signed in by a cookie as well, which no script can read and no other site can send',
    async () => {
      const { email } = await newMember(shop);
      const { headers } = await signIn(shop, email);
      const [cookie = ''] = headers.getSetCookie();
      expect(cookie).toMatch(
        /^holdfast\.session\.\d+=hfs_.+; Path=\/; HttpOnly; SameSite=Lax; Max-Age/,
      );
      const shown = { cookie: cookie.split(';')[0] ?? '' };
      expect((await call(shop, 'GET', '/me', { headers: shown })).body).toMatchObject({ email });
      const elsewhere = { ...shown, 'sec-fetch-site': 'cross-site' };
      expect((await call(shop, 'GET', '/me', { headers: elsewhere })).status).toBe(401);
      const signOut = (more: object) =>
        call(shop, 'POST', '/auth/sign-out', { body: {}, headers: { ...shown, ...more } });
      expect((await signOut({ origin: 'https://evil.example' })).status).toBe(401);
      expect((await signOut({ origin: shop.env['GATEWAY_URL'] })).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'lists their sessions, and ends them',
    async () => {
      const { email, token } = await newMember(shop);
      const elsewhere = (await signIn(shop, email)).body.token;
      const third = (await signIn(shop, email)).body.token;
      const list = async () =>
        (
          await call<{ items: { id: string; current: boolean }[] }>(
            shop,
            'GET',
            '/auth/list-sessions',
            { token },
          )
        ).body.items;
      const sessions = await list();
      expect(sessions.map(({ current }) => current)).toEqual([false, false, true]);
      const body = { id: sessions[1]?.id };
      const ended = await call(shop, 'POST', '/auth/revoke-session', { token, body });
      expect(ended.status).toBe(200);
      expect([(await me(elsewhere)).status, (await me(third)).status]).toEqual([401, 200]);
      await call(shop, 'POST', '/auth/revoke-other-sessions', { token, body: {} });
      expect([(await me(third)).status, (await me(token)).status]).toEqual([401, 200]);
      expect(await list()).toHaveLength(1);
    },
    LIMIT_MS,
  );

  test("cannot end another's session", async () => {
    const mine = await newMember(shop);
    const theirs = await newMember(shop);
    const { body } = await call<{ session: { id: string } }>(shop, 'GET', '/auth/get-session', {
      token: theirs.token,
    });
    const request = { token: mine.token, body: { id: body.session.id } };
    expect((await call(shop, 'POST', '/auth/revoke-session', request)).status).toBe(404);
    expect((await me(theirs.token)).status).toBe(200);
  });

  test(
    'who has lost the password chooses another by mail, once, which ends every session',
    async () => {
      const { email, token } = await newMember(shop);
      const body = { email };
      const requested = await call(shop, 'POST', '/auth/request-password-reset', { body });
      expect(requested.status).toBe(202);
      const mailed = await mailedToken(shop, email, 'A new password');
      const reset = () =>
        call(shop, 'POST', '/auth/reset-password', {
          body: { token: mailed, newPassword: NEXT },
        });
      expect((await reset()).status).toBe(200);
      expect(await reset()).toMatchObject({ status: 400, body: { code: 'TOKEN_INVALID' } });
      expect((await me(token)).status).toBe(401);
      expect((await signIn(shop, email)).status).toBe(401);
      const { body: signedIn } = await signIn(shop, email, NEXT);
      expect((await me(signedIn.token)).body).toMatchObject({ emailVerified: true });
    },
    LIMIT_MS,
  );

  test(
    'who knows the password changes it, and stays signed in here alone',
    async () => {
      const { email, token } = await newMember(shop);
      const elsewhere = (await signIn(shop, email)).body.token;
      const change = (currentPassword: string) =>
        call(shop, 'POST', '/auth/change-password', {
          token,
          body: { currentPassword, newPassword: NEXT },
        });
      const refused = { status: 401, body: { code: 'INVALID_CREDENTIALS' } };
      expect(await change('not this one')).toMatchObject(refused);
      expect((await change(PASSWORD)).status).toBe(200);
      expect([(await me(elsewhere)).status, (await me(token)).status]).toEqual([401, 200]);
      expect((await signIn(shop, email, NEXT)).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'who knows the password deletes the account, and the address is free again',
    async () => {
      const { email, token, accountId } = await newMember(shop);
      const erase = (password: string) =>
        call(shop, 'POST', '/auth/delete-user', { token, body: { password } });
      const refused = { status: 401, body: { code: 'INVALID_CREDENTIALS' } };
      expect(await erase('not this one')).toMatchObject(refused);
      expect((await me(token)).status).toBe(200);
      expect((await erase(PASSWORD)).status).toBe(200);
      expect([(await me(token)).status, (await signIn(shop, email)).status]).toEqual([401, 401]);
      const [left] = await shop.sql`select
        (select count(*)::int from identity.accounts where id = ${accountId})
        + (select count(*)::int from identity.credentials where user_id = ${accountId})
        + (select count(*)::int from identity.sessions where user_id = ${accountId}) as rows`;
      expect(left?.['rows']).toBe(0);
      expect((await newMember(shop, email)).accountId).not.toBe(accountId);
    },
    LIMIT_MS,
  );
});

test(
  'an address gets one mail of a kind a minute, however often it is requested',
  async () => {
    const { email } = await newMember(shop);
    const body = { email };
    const request = () => call(shop, 'POST', '/auth/request-password-reset', { body });
    await Promise.all([request(), request(), request()]);
    await mailedToken(shop, email, 'A new password');
    const answers = await Promise.all([request(), request(), request()]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const [mail] = await shop.sql`select next_at > now() + interval '30 seconds' as later
      from identity.mail_queue where email = ${email} and kind = 'reset_password'`;
    expect(mail?.['later']).toBe(true);
    const resets = (await mailsTo(shop, email)).filter((one) => one.subject === 'A new password');
    expect(resets).toHaveLength(1);
  },
  LIMIT_MS,
);

describe('the existence of an account', () => {
  const responseOf = async ({ status, body }: { status: number; body: unknown }) => ({
    status,
    body: { ...(body as object), requestId: '' },
  });

  test(
    'is not revealed by a sign-up',
    async () => {
      const { email, token } = await confirmedMember(shop);
      const again = await responseOf(await signUp(shop, email.toUpperCase(), NEXT));
      expect(again).toEqual(await responseOf(await signUp(shop, newEmail(), NEXT)));
      // The account keeps its owner, who gets a mail.
      expect((await signIn(shop, email, NEXT)).status).toBe(401);
      expect((await me(token)).status).toBe(200);
      await mailedToken(shop, email, 'You have an account already');
    },
    LIMIT_MS,
  );

  test(
    "is not revealed by a sign-in, a lost password, or a mail's request",
    async () => {
      const { email } = await newMember(shop);
      for (const path of [
        '/auth/sign-in/email',
        '/auth/request-password-reset',
        '/auth/send-verification-email',
      ]) {
        const request = async (address: string) => {
          const body = {
            email: address,
            ...(path.includes('sign-in') && { password: 'not that one' }),
          };
          return responseOf(await call(shop, 'POST', path, { body }));
        };
        expect([path, await request(email)]).toEqual([path, await request(newEmail())]);
      }
    },
    LIMIT_MS,
  );

  test(
    'is of one account, however many sign up at once',
    async () => {
      const email = newEmail();
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => signUp(shop, email)));
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
      const rows = await shop.sql`select a.id, count(c.*)::int as credentials
        from identity.accounts a left join identity.credentials c on c.user_id = a.id
        where a.email = ${email} group by a.id`;
      expect(rows.map(({ credentials }) => credentials as number)).toEqual([1]);
    },
    LIMIT_MS,
  );
});

describe('of accounts', () => {
  const world = () => ({ shop, email: 'unknown@shopper.example' });
  type World = ReturnType<typeof world>;
  const NEW = { name: 'Robin', email: 'unknown@shopper.example', password: PASSWORD };
  const posting = (path: string, body: unknown, headers?: Record<string, string>) => (): Sent => ({
    method: 'POST',
    path,
    body,
    ...(headers && { headers }),
  });
  const invalid = (name: string, path: string, body: unknown): Row<World> => [
    name,
    posting(path, body),
    400,
    'INVALID_INPUT',
  ];
  const UP = '/auth/sign-up/email';
  const IN = '/auth/sign-in/email';
  const rows: Row<World>[] = [
    invalid('a sign-up with a role', UP, { ...NEW, role: 'operator' }),
    invalid('a sign-up that is verified by itself', UP, { ...NEW, emailVerified: true }),
    invalid('a sign-up with a callback URL', UP, { ...NEW, callbackURL: 'https://evil.example' }),
    invalid('a sign-up without a name', UP, { ...NEW, name: ' ' }),
    invalid('a sign-up with a name of two lines', UP, { ...NEW, name: 'a\r\nBcc: b' }),
    invalid('a sign-up with a link for a name', UP, { ...NEW, name: '<a href=x>' }),
    invalid('a sign-up without an address', UP, { ...NEW, email: 'nothing' }),
    invalid('a sign-up with two addresses', UP, { ...NEW, email: ['a@b.example', 'c@d.example'] }),
    invalid('a sign-up with a short password', UP, { ...NEW, password: 'short' }),
    invalid('a sign-up with a common password', UP, { ...NEW, password: 'Password123' }),
    invalid('a reset with a common password', '/auth/reset-password', {
      token: 'x'.repeat(24),
      newPassword: 'iloveyou1',
    }),
    invalid('a sign-up with a password of 129 characters', UP, {
      ...NEW,
      password: 'x'.repeat(129),
    }),
    invalid('a sign-in with a list', IN, []),
    invalid('a sign-in with a number', IN, { email: NEW.email, password: 12_345_678 }),
    invalid('a sign-in with a query for a password', IN, { email: NEW.email, password: {} }),
    invalid('a reset with a session', '/auth/reset-password', { token: 'x', sessionId: 'y' }),
    invalid('a mail without an address', '/auth/request-password-reset', {}),
    ['a sign-up with a NUL', posting(UP, { ...NEW, name: 'a\0b' }), 400, 'MALFORMED_BODY'],
    [
      'a sign-in as a form',
      () => ({
        method: 'POST',
        path: IN,
        raw: 'email=a%40b.example&password=secret12',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a forged confirmation', posting('/auth/verify-email', { token: 'x' }), 400, 'TOKEN_INVALID'],
    [
      'an unsigned confirmation',
      posting('/auth/verify-email', {
        token: `${btoa('{"alg":"none"}')}.${btoa('{"email":"unknown@shopper.example"}')}.`,
      }),
      400,
      'TOKEN_INVALID',
    ],
    [
      'a forged reset',
      posting('/auth/reset-password', { token: 'x'.repeat(24), newPassword: NEXT }),
      400,
      'TOKEN_INVALID',
    ],
    ['a sign-out without a session', posting('/auth/sign-out', {}), 401, 'UNAUTHENTICATED'],
    [
      'a sign-out with a forged session',
      posting(
        '/auth/sign-out',
        {},
        { authorization: `Bearer hfs_${'x'.repeat(32)}.${'y'.repeat(43)}` },
      ),
      401,
      'UNAUTHENTICATED',
    ],
    ["better-auth's other routes", posting('/auth/update-user', { name: 'x' }), 404, 'NOT_FOUND'],
  ];
  const written = async ({ email }: World): Promise<unknown> =>
    shop.sql`select (select count(*) from identity.accounts where email = ${email}) as accounts,
      (select count(*) from identity.mail_queue where email = ${email}) as mails`.then(
      (found) => found[0],
    );
  refuses(rows, world, written);
});
