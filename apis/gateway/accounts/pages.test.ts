// Tests the pages behind mailed links: what they show, and how they answer a form.
import { describe, expect, test } from 'bun:test';
import { DomainError } from '../../../domain/errors.ts';
import type { RouteInput } from '../../http/routes.ts';
import { changePage, confirmPage, resetPage } from './pages.ts';

const PAGES = { confirmPage, resetPage, changePage };

const input = (contentType: string): RouteInput<{ token: string }> =>
  ({
    body: { token: 'the-token' },
    requestId: 'req_1',
    request: new Request('https://shop.example/', {
      method: 'POST',
      headers: { 'content-type': contentType },
    }),
  }) as unknown as RouteInput<{ token: string }>;
const FORM = 'application/x-www-form-urlencoded';

describe.each(Object.entries(PAGES))('%s', (_name, page) => {
  const own = page({ isForeign: () => false });

  test('has one button, loads nothing, runs nothing, and is kept nowhere', async () => {
    const response = own.shown('the-token');
    const text = await response.text();
    expect(text.match(/<button/g)).toHaveLength(1);
    expect(text).toContain('<form method="post"');
    expect(text).not.toMatch(/<script|https?:|<img|<link/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('same-origin');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self'");
  });

  test('shows a token as text, and asks for one that its link does not have', async () => {
    const text = await own.shown('"><script>alert(1)</script>').text();
    expect(text).not.toContain('<script');
    expect(await own.shown(undefined).text()).toContain('name="token" autocomplete="off"');
  });

  test('answers JSON with JSON, and a form with a page', async () => {
    const done = async () => undefined;
    expect(await own.answered(input('application/json'), done)).toMatchObject({
      body: { status: true },
    });
    const response = (await own.answered(input(FORM), done)) as Response;
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
  });

  test('shows a refusal with the form to try again', async () => {
    const refused = async () => {
      throw new DomainError('RATE_LIMITED', 'too many: try later', { retryAfterSeconds: 7 });
    };
    const response = (await own.answered(input(FORM), refused)) as Response;
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    const text = await response.text();
    expect(text).toContain('Not done: too many: try later.');
    expect(text).toContain('value="the-token"');
  });

  test("does nothing for a form of another site's page", async () => {
    let calls = 0;
    const work = async () => void calls++;
    const response = (await page({ isForeign: () => true }).answered(
      input(FORM),
      work,
    )) as Response;
    expect([response.status, calls]).toEqual([403, 0]);
  });
});
