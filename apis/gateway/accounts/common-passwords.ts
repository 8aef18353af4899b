// Refuses the passwords that guessers try first: a list of about 50,000, kept up by zxcvbn.
import { dictionary } from '@zxcvbn-ts/language-common';
import { invalid } from '../../../domain/errors.ts';
import { PASSWORD_LENGTH_MIN } from './auth.ts';

/** Shorter ones are refused by their length. */
const COMMON: ReadonlySet<string> = new Set(
  dictionary['passwords-common'].filter(({ length }) => length >= PASSWORD_LENGTH_MIN),
);

/** INVALID_INPUT of this field for a common password, in any case (NIST SP 800-63B, 3.1.1.2). */
export const assertUncommon = (field: string, password: string): void => {
  if (!COMMON.has(password.toLowerCase())) return;
  throw invalid(field, 'is one of the most common passwords: choose another one');
};
