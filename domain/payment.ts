// What must never reach us: card numbers.

const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
/** No card is printed in smaller groups, but a day, a month or a flat number is one. */
const GROUP_DIGITS_MIN = 3;

/** Groups that stand together and make 13–19 digits: "4242 4242 4242 4242 12" has one such. */
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

/** A raw card number anywhere is refused, never stored: 13–19 digits that pass Luhn's check. */
export const looksLikeCardNumber = (text: string): boolean =>
  (text.match(/\d[\d -]{11,}\d/g) ?? []).some((run) =>
    candidatesOf(run.split(/[ -]+/)).some(passesLuhn),
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
