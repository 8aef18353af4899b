// Makes and uses accounts over the public API and the mails that they get.
import { expect } from 'bun:test';
import { eventually, JSON_TYPE, newEmail, request, type Answer } from './journeys.ts';
import type { Shop } from './shop.ts';

export const PASSWORD = 'a password of these tests';

export interface Member {
  email: string;
  accountId: string;
  /** The bearer token of a session. */
  token: string;
}

/** A call with this caller's credential. */
export const call = <T = Record<string, unknown>>(
  { env }: Shop,
  method: string,
  path: string,
  {
    token,
    body,
    headers,
  }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> =>
  request<T>(`${env['GATEWAY_URL']}${path}`, {
    method,
    headers: {
      ...JSON_TYPE,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

interface Mail {
  subject: string;
  text: string;
}

/** Every mail to this address, newest first. */
export const mailsTo = async ({ env }: Shop, email: string): Promise<Mail[]> => {
  const url = `${env['MAIL_URL']}/messages?to=${encodeURIComponent(email)}`;
  return (await request<{ messages: Mail[] }>(url)).body.messages;
};

/** The token of the newest mail with this subject. */
export const mailedToken = (shop: Shop, email: string, subject: string): Promise<string> =>
  eventually(`a mail to ${email}: ${subject}`, async () => {
    const found = (await mailsTo(shop, email)).find((one) => one.subject === subject);
    return found && /^Token: (\S+)$/m.exec(found.text)?.[1];
  });

export const signUp = (shop: Shop, email: string, password = PASSWORD) =>
  call(shop, 'POST', '/auth/sign-up/email', { body: { name: 'Robin Shopper', email, password } });

export const signIn = (shop: Shop, email: string, password = PASSWORD) =>
  call<{ token: string; user: { id: string } }>(shop, 'POST', '/auth/sign-in/email', {
    body: { email, password },
  });

/** Signed up and in; the address is not confirmed yet. */
export const newMember = async (shop: Shop, email = newEmail()): Promise<Member> => {
  expect((await signUp(shop, email)).status).toBe(202);
  const { status, body } = await signIn(shop, email);
  expect(status).toBe(200);
  return { email, accountId: body.user.id, token: body.token };
};

export const confirmAddress = async (shop: Shop, email: string): Promise<void> => {
  const token = await mailedToken(shop, email, 'Is this your address?');
  const body = { token, password: PASSWORD };
  const answer = await call(shop, 'POST', '/auth/verify-email', { body });
  expect(answer.status).toBe(200);
};

/** Signed up and in, with a confirmed address. */
export const confirmedMember = async (shop: Shop, email = newEmail()): Promise<Member> => {
  const member = await newMember(shop, email);
  await confirmAddress(shop, email);
  return member;
};
