// Normalises text for comparison: folding, and the key that names sort by.

/**
 * Marks of letters that are letters without them. The marks of Indic scripts and of Thai are their
 * vowels and tones, and those of kana another sound: they stay.
 */
const ACCENTS =
  /[[[\p{sc=Zinh}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}]&&\p{M}]--[\u3099\u309A]]+/gv;
const SOFT_HYPHENS = /\u00AD/g;

/**
 * Latin letters that NFKD leaves whole, nearly all as CLDR's Latin-ASCII writes them, and the Greek
 * final sigma, whose lower case depends on the next letter.
 */
const LETTERS = new Map<string, string>(
  `æ:ae œ:oe ø:o ɔ:o ɵ:o ß:ss þ:th ð:d đ:d ɖ:d ɗ:d ə:e ǝ:e ɛ:e ɇ:e ƀ:b ɓ:b ȼ:c ƒ:f ǥ:g ɣ:g ħ:h
  ı:i ɨ:i ɩ:i ȷ:j ɉ:j ĸ:q ƙ:k ł:l ƚ:l ɫ:l ŋ:n ɲ:n ɍ:r ŧ:t ƭ:t ʉ:u ʋ:v ƴ:y ɏ:y ƶ:z ʒ:z ⱥ:a ς:σ`
    .split(/\s+/)
    .map((pair) => [pair.charAt(0), pair.slice(2)]),
);
/** NFKD parts the vowel am of Thai and Lao, which NFC does not join again. */
const AM = /\u0E4D\u0E32|\u0ECD\u0EB2/g;
/** NFKD makes "1½" eleven halves. */
const FRACTION_AFTER_DIGIT = /(?<=\d)(?=[¼-¾⅐-⅞])/g;
const UNDECOMPOSED = new RegExp(`[${[...LETTERS.keys()].join('')}]`, 'g');

/**
 * Lower case without accents (Unicode NFKD), so that "Crème" and "creme" are one word, as are
 * "Łopata" and "lopata", "Straße" and "strasse".
 */
export const fold = (text: string): string =>
  text
    .replace(FRACTION_AFTER_DIGIT, ' ')
    .normalize('NFKD')
    .replace(SOFT_HYPHENS, '')
    .replace(ACCENTS, '')
    .toLowerCase()
    .replace(UNDECOMPOSED, (letter) => LETTERS.get(letter) ?? letter)
    .replace(AM, (parted) => (parted.startsWith('\u0E4D') ? '\u0E33' : '\u0EB3'))
    .normalize('NFC');

const SORT_KEY_BYTES_MAX = 64;
const UTF8 = new TextEncoder();

/**
 * The key that names sort by everywhere: folded, its bytes in UTF-8 compared, as Postgres'
 * `collate "C"` compares text and Cassandra blobs. Cut after 64 bytes, never within a character.
 */
export const sortKeyOf = (name: string): string => {
  const key = fold(name).toWellFormed();
  const { read } = UTF8.encodeInto(key, new Uint8Array(SORT_KEY_BYTES_MAX));
  return key.slice(0, read);
};
