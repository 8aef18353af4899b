// Detects card numbers, which Holdfast must never receive or store.

const DIGITS_MIN = 14;
const DIGITS_MAX = 19;
/** Cards are not printed in smaller groups; a day, a month or a flat number is a smaller group. */
const GROUP_DIGITS_MIN = 3;

/**
 * Number ranges that card networks issue (ISO/IEC 7812: first digits and length). Visa's 13-digit
 * numbers are left out: they are long out of use, and every tenth barcode would match.
 */
const ISSUED = [
  /^4(?:\d{15}|\d{18})$/,
  /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)\d*(?<=^\d{16})$/,
  /^3[47]\d{13}$/,
  /^3(?:0[0-5]|09|[689])\d+(?<=^(?:\d{14}|\d{16,19}))$/,
  /^35(?:2[89]|[3-8])\d+(?<=^\d{16,19})$/,
  /^(?:220[0-4]|5[0678]|6|8[12])\d+(?<=^\d{16,19})$/,
];

const isIssued = (digits: string): boolean =>
  digits.length >= DIGITS_MIN &&
  digits.length <= DIGITS_MAX &&
  ISSUED.some((shape) => shape.test(digits));

/** So many groups of three digits or more are longer than any card. */
const GROUPS_MAX = Math.ceil(DIGITS_MAX / GROUP_DIGITS_MIN);

/** The first groups as one sequence: one, two, and so on. */
function* joined(groups: readonly string[]): Generator<string> {
  let digits = '';
  for (const group of groups) {
    if (group.length < GROUP_DIGITS_MIN || group.length > DIGITS_MAX - digits.length) return;
    digits += group;
    yield digits;
  }
}

/**
 * The sequences of digits in a text that may be a card: a whole run, and adjacent groups of it
 * ("4242 4242 4242 4242 12"). `GROUPS_MAX` sequences at most begin at a group, so their number,
 * which a test counts, is linear in the length of any text.
 */
export function* digitsIn(text: string): Generator<string> {
  for (const [run] of text.matchAll(/\d[\d -]*/g)) {
    if (run.length < DIGITS_MIN) continue;
    const groups = run.split(/[ -]+/).filter((group) => group !== '');
    if (groups.length <= DIGITS_MAX) yield groups.join('');
    for (let from = 0; from < groups.length; from++) {
      yield* joined(groups.slice(from, from + GROUPS_MAX));
    }
  }
}

/** True when the text has a raw card number: an issued range with a valid Luhn check digit. */
export const looksLikeCardNumber = (text: string): boolean =>
  digitsIn(text).some((digits) => isIssued(digits) && passesLuhn(digits));

const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
};
