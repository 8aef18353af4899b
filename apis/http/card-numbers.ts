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

const isIssued = (digits: string): boolean => ISSUED.some((shape) => shape.test(digits));

/** Adjacent groups that make 14–19 digits: "4242 4242 4242 4242 12" has one such run. */
const candidatesOf = (groups: readonly string[]): string[] => {
  const candidates = groups.length <= DIGITS_MAX ? [groups.join('')] : [];
  for (let from = 0; from < groups.length; from++) {
    let digits = '';
    for (let to = from; to < groups.length && digits.length < DIGITS_MAX; to++) {
      const group = groups[to] ?? '';
      if (group.length < GROUP_DIGITS_MIN) break;
      digits += group;
      candidates.push(digits);
    }
  }
  return candidates.filter(({ length }) => length >= DIGITS_MIN && length <= DIGITS_MAX);
};

/** True when the text has a raw card number: an issued range with a valid Luhn check digit. */
export const looksLikeCardNumber = (text: string): boolean =>
  (text.match(/\d[\d -]{11,}\d/g) ?? []).some((run) =>
    candidatesOf(run.split(/[ -]+/)).some((digits) => isIssued(digits) && passesLuhn(digits)),
  );

const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
};
