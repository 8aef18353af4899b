// Tests what is left of a description in HTML.
import { expect, test } from 'bun:test';
import { textOfHtml } from './html.ts';

const ROWS: [html: string, text: string][] = [
  ['plain text, 3 < 4 & more', 'plain text, 3 < 4 & more'],
  ['<style>.p{color:red}</style><p>Don&rsquo;t</p>', 'Don’t'],
  ['Fish &amp; chips &#8211; 5&nbsp;&euro;', 'Fish & chips – 5 €'],
  ['<p>One</p><p>two<br>three</p>', 'One two three'],
  ['<b>un</b>broken <a href="x">link</a>', 'unbroken link'],
  ['<ul><li>a</li><li>b</li></ul><script>alert("<p>")</script>', 'a b'],
  ['<!-- a comment --><p style="color:red">seen</p>', 'seen'],
  ['<p>never closed', 'never closed'],
];
test.each(ROWS)('%s is read as %s', (html, text) => expect(textOfHtml(html)).toBe(text));

test('a description is as long as its text, whatever its markup', () => {
  const words = 'ten words of a description that has very much markup'.split(' ');
  const styled = words.map((word) => `${'<span style="font:12px Arial">'.repeat(100)}${word} `);
  expect(textOfHtml(styled.join(''))).toBe(words.join(' '));
});
