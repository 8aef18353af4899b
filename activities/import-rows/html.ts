// Makes plain text of descriptions that shops keep as HTML.
import { Parser } from 'htmlparser2';

/** Their contents are not for readers. */
const HIDDEN = new Set(['head', 'noscript', 'script', 'style', 'template', 'title']);
/** Elements inside of a line; any other begins a new one. */
const INLINE_NAMES =
  'a abbr b bdi bdo cite code data dfn em font i kbd mark q s small span strong sub sup time u var';
const INLINE = new Set(INLINE_NAMES.split(' '));

const MARKUP = /<[a-z!/][^<>]*>|&(?:#\d+|#x[\da-f]+|[a-z]+\d*);/i;

/** Text without elements of HTML as it is; otherwise its readable text, in one line. */
export const textOfHtml = (html: string): string => {
  if (!MARKUP.test(html)) return html;
  let text = '';
  let hidden = 0;
  const breakLine = (name: string): void => {
    if (!INLINE.has(name)) text += ' ';
  };
  const parser = new Parser(
    {
      onopentag: (name) => {
        if (HIDDEN.has(name)) hidden++;
        breakLine(name);
      },
      onclosetag: (name) => {
        if (HIDDEN.has(name)) hidden--;
        breakLine(name);
      },
      ontext: (more) => {
        if (hidden === 0) text += more;
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return text.replace(/\s+/g, ' ').trim();
};
