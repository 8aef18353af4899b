// Words of a text as the catalogue's index and a shopper's query both see them.

const TOKENS_MAX = 200;
const TOKEN_LENGTH_MAX = 40;

/** Lower case without accents (Unicode NFKD), so that "Crème" and "creme" are one word. */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();

/** Plural to singular, only the simple English endings; everything else stays as it is. */
const singular = (word: string): string => {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && /(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word))
    return word.slice(0, -1);
  return word;
};

/** The distinct words of a text, folded and in the singular, at most 200. */
export const tokensOf = (text: string): string[] => {
  const words = fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  const tokens = words.map((word) => singular(word).slice(0, TOKEN_LENGTH_MAX));
  return [...new Set(tokens)].slice(0, TOKENS_MAX);
};
