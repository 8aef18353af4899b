// The schemas of an e-mail address: as it is sent, in any script, and as it is kept and mailed to.
import { domainToASCII } from 'node:url';
import { z } from 'zod';

const EMAIL_LENGTH_MAX = 200;

const LOCAL_PART = "(?:[A-Za-z0-9_'+-]+\\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]";
const LABEL = '[A-Za-z0-9][A-Za-z0-9-]{0,62}';
/** The ASCII form of a top domain in another script has digits and hyphens. */
const TOP_DOMAIN = '(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{2,59})';
const ASCII_EMAIL = new RegExp(`^${LOCAL_PART}@(?:${LABEL}\\.)+${TOP_DOMAIN}$`);
const ASCII = /^[\u0020-\u007e]*$/;
/** Of a URL's host and what may follow it; the conversion would read them, or cut them off. */
const NO_DOMAIN = /[\s\p{Cc}/?#:@%[\]\\]/u;

/** An address as it is kept, shown and mailed to: in ASCII. */
export const emailText = z.email({ pattern: ASCII_EMAIL }).max(EMAIL_LENGTH_MAX);

/**
 * The address whose domain is in its ASCII form (Unicode UTS 46); one in ASCII stays as it is.
 * Undefined for a domain that has none.
 */
const withAsciiDomain = (address: string): string | undefined => {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (at < 0 || ASCII.test(domain)) return address;
  const ascii = NO_DOMAIN.test(domain) ? '' : domainToASCII(domain);
  return ascii === '' ? undefined : address.slice(0, at + 1) + ascii;
};

/** Without SMTPUTF8 (RFC 6531), which many servers lack, only ASCII can stand before the @. */
const UNSENDABLE = 'has other than ASCII characters before the @, which no mail of ours can go to';

/** An address as it is sent: its domain is in any script. */
export const emailInput = z
  .string()
  .trim()
  .max(EMAIL_LENGTH_MAX)
  .meta({ format: 'idn-email' })
  .transform((address, { addIssue }): string => {
    const kept = withAsciiDomain(address);
    const isSendable = kept === undefined || ASCII.test(kept);
    if (!isSendable) addIssue({ code: 'custom', message: UNSENDABLE });
    return kept ?? '';
  })
  .pipe(emailText);

/** An account's address is one whatever its case. */
export const accountEmail = emailInput.transform((address) => address.toLowerCase());
