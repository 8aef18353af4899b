// Tests changes of an account's address: confirmed at the new one, announced to the old one.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  call,
  confirmedMember,
  mailsTo,
  mailedToken,
  newMember,
  PASSWORD,
  signIn,
  signUp,
  type Member,
} from '../support/accounts.ts';
import { eventually, newEmail, placeOrder, stockedWare } from '../support/journeys.ts';
import { refuses, type Row, type Sent } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const LIMIT_MS = 60_000;
const CHANGE = 'Your new address';
const requestsChange = (member: Member, email: string, password = PASSWORD) =>
  call(shop, 'POST', '/auth/change-email', {
    token: member.token,
    body: { newEmail: email, password },
  });
const confirms = (token: string, password = PASSWORD) =>
  call(shop, 'POST', '/auth/confirm-email-change', { body: { token, password } });
const me = (token: string) => call(shop, 'GET', '/me', { token });
const mailWith = (email: string, subject: string) =>
  eventually(`a mail to ${email}: ${subject}`, async () =>
    (await mailsTo(shop, email)).find((one) => one.subject === subject),
  );

/** Requests the change, and waits for its mail. */
const requestedFor = async (member: Member, email: string): Promise<string> => {
  expect(await requestsChange(member, email)).toMatchObject({
    status: 202,
    body: { status: 'mail_sent' },
  });
  return mailedToken(shop, email, CHANGE);
};

const moved = async (member: Member, email: string): Promise<Member> => {
  const token = await requestedFor(member, email);
  expect((await confirms(token)).status).toBe(200);
  return { ...member, email, token: (await signIn(shop, email)).body.token };
};

describe('an account that requests another address', () => {
  test(
    "keeps its own until the mail's token is used; then it has the new one, without sessions",
    async () => {
      const member = await newMember(shop);
      const { email, accountId } = member;
      const elsewhere = (await signIn(shop, email)).body.token;
      const next = newEmail();
      const token = await requestedFor(member, next);
      expect((await me(member.token)).body).toMatchObject({ email, emailVerified: false });
      expect((await signIn(shop, next)).status).toBe(401);

      expect((await confirms(token)).status).toBe(200);
      expect([(await me(member.token)).status, (await me(elsewhere)).status]).toEqual([401, 401]);
      expect((await signIn(shop, email)).status).toBe(401);
      const { body } = await signIn(shop, next);
      const shown = { id: accountId, email: next, emailVerified: true };
      expect((await me(body.token)).body).toMatchObject(shown);

      const published = await mailWith(email, 'Your address has changed');
      expect(published.text).not.toMatch(new RegExp(`Token|http|${next}`));
      expect(await confirms(token)).toMatchObject({ status: 400, body: { code: 'TOKEN_INVALID' } });
    },
    LIMIT_MS,
  );

  test(
    'gets a link to a page that changes nothing by itself, and loads nothing',
    async () => {
      const member = await newMember(shop);
      const next = newEmail();
      await requestedFor(member, next);
      const link = /^http\S+$/m.exec((await mailWith(next, CHANGE)).text)?.[0] ?? '';
      const page = await fetch(link);
      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await page.text()).toContain('Yes, this is my address');
      expect((await me(member.token)).body).toMatchObject({ email: member.email });
    },
    LIMIT_MS,
  );

  test(
    'is refused without its password',
    async () => {
      const member = await newMember(shop);
      const refused = { status: 401, body: { code: 'INVALID_CREDENTIALS' } };
      expect(await requestsChange(member, newEmail(), 'not this one')).toMatchObject(refused);
      const mails = await shop.sql`select 1 from identity.mail_queue
        where email = ${member.email} and kind = 'change_email'`;
      expect(mails).toHaveLength(0);
    },
    LIMIT_MS,
  );

  test(
    'is sent one mail a minute, to the last requested address',
    async () => {
      const member = await newMember(shop);
      await requestedFor(member, newEmail());
      const last = newEmail();
      expect((await requestsChange(member, newEmail())).status).toBe(202);
      expect((await requestsChange(member, last)).status).toBe(202);
      const [mail] = await shop.sql`select new_email,
          next_at > now() + interval '30 seconds' as later
        from identity.mail_queue where email = ${member.email} and kind = 'change_email'`;
      expect(mail).toEqual({ new_email: last, later: true });
    },
    LIMIT_MS,
  );

  test(
    'gets it once, however many use the token at once',
    async () => {
      const member = await newMember(shop);
      const token = await requestedFor(member, newEmail());
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => confirms(token)));
      const confirmed = answers.filter(({ status }) => status === 200);
      const refused = answers.filter(({ status }) => status === 400);
      expect([confirmed.length, refused.length]).toEqual([1, 4]);
    },
    LIMIT_MS,
  );
});

describe('the owner of the requested address', () => {
  test(
    'is not revealed to the caller; the owner gets a mail, and keeps the address',
    async () => {
      const owner = await confirmedMember(shop);
      const stranger = await newMember(shop);
      const responseOf = async ({ status, body }: { status: number; body: object }) => ({
        status,
        body: { ...body, requestId: '' },
      });
      const taken = await responseOf(await requestsChange(stranger, owner.email));
      expect(taken).toEqual(
        await responseOf(await requestsChange(await newMember(shop), newEmail())),
      );
      const published = await mailWith(owner.email, 'This address has an account');
      expect(published.text).not.toMatch(new RegExp(`Token|http|${stranger.email}`));
      expect((await me(owner.token)).body).toMatchObject({ email: owner.email });
      expect((await me(stranger.token)).body).toMatchObject({ email: stranger.email });
    },
    LIMIT_MS,
  );

  test(
    'keeps it when the account was made after the mail was sent',
    async () => {
      const member = await newMember(shop);
      const next = newEmail();
      const token = await requestedFor(member, next);
      expect((await signUp(shop, next, 'the password of another')).status).toBe(202);
      expect(await confirms(token)).toMatchObject({ status: 400, body: { code: 'TOKEN_INVALID' } });
      expect((await me(member.token)).body).toMatchObject({ email: member.email });
      expect((await signIn(shop, next, 'the password of another')).status).toBe(200);
    },
    LIMIT_MS,
  );
});

describe('after the change', () => {
  test(
    "an account has its own orders, and the new address's guests', and no longer those of the old one",
    async () => {
      const { sku } = await stockedWare(shop, 5);
      const waiting = { sku, paymentMethod: 'pm_card_authenticationRequired' };
      const member = await confirmedMember(shop);
      const next = newEmail();
      const old = (await placeOrder(shop, { ...waiting, email: member.email })).body;
      const guests = (await placeOrder(shop, { ...waiting, email: next })).body;
      const list = async ({ token }: Member) => {
        type Page = { items: { id: string }[] };
        const { body } = await call<Page>(shop, 'GET', '/orders', { token });
        return body.items.map(({ id }) => id);
      };
      expect(await list(member)).toEqual([old.id]);
      await requestedFor(member, next);
      // An address that is only requested claims nothing.
      expect(await list(member)).toEqual([old.id]);
      const token = await mailedToken(shop, next, CHANGE);
      expect((await confirms(token)).status).toBe(200);
      const again = { ...member, token: (await signIn(shop, next)).body.token };
      expect(await list(again)).toEqual([guests.id]);
    },
    LIMIT_MS,
  );

  test(
    'an account is no longer staff of a store that lists the old one',
    async () => {
      const member = await confirmedMember(shop);
      const token = shop.env['OPERATOR_KEY'] ?? '';
      const body = { email: member.email, role: 'clerk' };
      await call(shop, 'POST', '/stores/sto_default/staff', { token, body });
      expect((await call(shop, 'GET', '/products', { token: member.token })).status).toBe(200);
      const now = await moved(member, newEmail());
      expect((await call(shop, 'GET', '/products', { token: now.token })).status).toBe(403);
      await call(shop, 'DELETE', `/stores/sto_default/staff/${encodeURIComponent(member.email)}`, {
        token,
      });
    },
    LIMIT_MS,
  );

  test(
    'no token mailed before opens the account',
    async () => {
      const member = await newMember(shop);
      const body = { email: member.email };
      await call(shop, 'POST', '/auth/request-password-reset', { body });
      const reset = await mailedToken(shop, member.email, 'A new password');
      const verify = await mailedToken(shop, member.email, 'Is this your address?');
      const now = await moved(member, newEmail());
      const answers = [
        await call(shop, 'POST', '/auth/reset-password', {
          body: { token: reset, newPassword: 'chosen by the old address' },
        }),
        await call(shop, 'POST', '/auth/verify-email', { body: { token: verify } }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([400, 400]);
      expect((await me(now.token)).status).toBe(200);
    },
    LIMIT_MS,
  );
});

describe('a change of an address', () => {
  let member: Member;
  beforeAll(async () => {
    member = await newMember(shop);
  });
  const world = () => ({ shop, member });
  type World = ReturnType<typeof world>;
  const NEW = { newEmail: 'new@shopper.example', password: PASSWORD };
  const posting =
    (body: unknown) =>
    (given: World): Sent => ({
      method: 'POST',
      path: '/auth/change-email',
      body,
      headers: { authorization: `Bearer ${given.member.token}` },
    });
  const rows: Row<World>[] = [
    ['one without an address', posting({ password: PASSWORD }), 400, 'INVALID_INPUT'],
    ['one without a password', posting({ newEmail: NEW.newEmail }), 400, 'INVALID_INPUT'],
    ['one to an invalid address', posting({ ...NEW, newEmail: 'nothing' }), 400, 'INVALID_INPUT'],
    [
      'one that claims to be confirmed',
      posting({ ...NEW, emailVerified: true }),
      400,
      'INVALID_INPUT',
    ],
    [
      'one with a callback URL',
      posting({ ...NEW, callbackURL: 'https://e.example' }),
      400,
      'INVALID_INPUT',
    ],
    [
      'one to the present address',
      (given) => posting({ ...NEW, newEmail: given.member.email.toUpperCase() })(given),
      400,
      'INVALID_INPUT',
    ],
    [
      'one without a session',
      () => ({ method: 'POST', path: '/auth/change-email', body: NEW }),
      401,
      'UNAUTHENTICATED',
    ],
    [
      'a forged confirmation',
      () => ({
        method: 'POST',
        path: '/auth/confirm-email-change',
        body: { token: 'x'.repeat(43) },
      }),
      400,
      'TOKEN_INVALID',
    ],
  ];
  const written = async ({ member: { accountId } }: World): Promise<unknown> =>
    shop.sql`select email, (select count(*) from identity.mail_queue
      where kind = 'change_email' and email = a.email) as requests
      from identity.accounts a where id = ${accountId}`.then((found) => found[0]);
  refuses(rows, world, written);
});
