// Tests which e-mail addresses are taken, and the ASCII form in which they are kept.
import { describe, expect, test } from 'bun:test';
import { emailInput, emailText } from './email.ts';

const KEPT: [sent: string, kept: string][] = [
  ['kunde@bücher.example', 'kunde@xn--bcher-kva.example'],
  ['kunde@BÜCHER.example', 'kunde@xn--bcher-kva.example'],
  ['kunde@bu\u0308cher.example', 'kunde@xn--bcher-kva.example'],
  ['kunde@xn--bcher-kva.example', 'kunde@xn--bcher-kva.example'],
  ['a@faß.de', 'a@xn--fa-hia.de'],
  ['a@例子.中国', 'a@xn--fsqu00a.xn--fiqs8s'],
  ['a@例子。中国', 'a@xn--fsqu00a.xn--fiqs8s'],
  ['a@пример.рф', 'a@xn--e1afmkfd.xn--p1ai'],
  ['a@ｓhop.example', 'a@shop.example'],
  ['Robin+news@Shop.example', 'Robin+news@Shop.example'],
  [' robin@shop.example ', 'robin@shop.example'],
];

const REFUSED: string[] = [
  ...['', 'robin', 'robin@', '@shop.example', 'a b@shop.example', 'a@b@shop.example', 'a@shop'],
  ...['a@bücher', 'a@bü cher.de', 'a@bü/cher.de', 'a@bücher.de:80', 'a@bücher.de#x', 'a@[ü::1]'],
  ...['a@bü%63her.de', 'a@-ü..de', 'a@ü\u202e.de', 'a@ü\u0000.de', 'a@b@bücher.de', 'a@١٢.٣'],
  `a@${'ü'.repeat(60)}.de`,
  `${'x'.repeat(184)}@bücher.example`,
  'robin@shop.example\r\nBcc: all@shop.example',
  '<robin@shop.example>',
];

describe('an e-mail address', () => {
  test.each(KEPT)('%p is kept as %p', (sent, kept) => {
    expect(emailInput.parse(sent)).toBe(kept);
    expect(emailInput.parse(kept)).toBe(kept);
    expect(emailText.parse(kept)).toBe(kept);
  });

  test.each(REFUSED)('%p is refused', (sent) => {
    expect(emailInput.safeParse(sent).success).toBe(false);
  });

  test.each(['用户@例子.中国', 'müller@shop.example'])('%p is refused with its reason', (sent) => {
    const { error } = emailInput.safeParse(sent);
    expect(error?.issues.map(({ message }) => message)).toEqual([
      'has other than ASCII characters before the @, which no mail of ours can go to',
    ]);
  });
});
