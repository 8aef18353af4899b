// What must never reach us: card numbers.

const DIGITS_MIN = 14;
const DIGITS_MAX = 19;
/** No card is printed in smaller groups, but a day, a month or a flat number is one. */
const GROUP_DIGITS_MIN = 3;

/**
 * Numbers that card networks give out (ISO/IEC 7812: issuers by their first digits, and how long
 * they are). Visa has not had 13 digits for decades, and every tenth barcode would be one.
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

/** Groups that stand together and make 14–19 digits: "4242 4242 4242 4242 12" has one such. */
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

/** Raw card numbers are refused anywhere: an issuer's digits that pass Luhn's check. */
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
