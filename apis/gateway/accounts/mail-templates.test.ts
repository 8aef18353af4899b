// Tests the mails of accounts: where their links lead, and whose name they have.
import { describe, expect, test } from 'bun:test';
import type { QueuedMailKind } from '../../../db/postgres/schema/identity.ts';
import { MAIL_TEMPLATES, mailTemplateOf } from './mail-templates.ts';

const SHOP = 'https://shop.example';

describe.each(Object.keys(MAIL_TEMPLATES) as QueuedMailKind[])('a mail %s', (kind) => {
  test('links to a page of the shop at most', () => {
    const { text } = mailTemplateOf(kind, { token: 'a+b/c' }, SHOP);
    const links = text.match(/https?:\S+/g) ?? [];
    expect(links.length).toBeLessThanOrEqual(1);
    for (const link of links) {
      expect(link).toMatch(/^https:\/\/shop\.example\/auth\/[a-z-]+\?token=a%2Bb%2Fc$/);
    }
  });

  test('greets without a name where there is none', () => {
    expect(mailTemplateOf(kind, {}, SHOP).text).toStartWith('Hello,\n');
  });
});
