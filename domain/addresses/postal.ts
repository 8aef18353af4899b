// The schema of a postal address, shared by every API: its countries, and where a postal code is
// needed.
import { z } from 'zod';
import { invalid } from '../errors.ts';
import type { Address } from '../order.ts';

const TEXT_MAX = 200;

/**
 * Countries whose addresses need a postal code, by the data of Google's address forms
 * (https://github.com/google/libaddressinput, `require` with Z). Elsewhere there is none, or mail
 * arrives without it, as in Ireland.
 */
const NEEDS_POSTAL_CODE = new Set(
  (
    'AS AT AU AX BE BL BR CA CH CN CZ DE DK EE ES FI FK FM FR GB GF GG GL GP GR GS GU HU IM IN ' +
    'IO IT JE JP KR LI LT LU LV MF MH MP MQ MX MY NC NL NO NZ PF PL PM PN PR PT PW RE RO RU SE ' +
    'SG SH SJ SK SM TC TR TW UA US VI WF YT ZA'
  ).split(' '),
);

/** The other countries of ISO 3166-1, and Kosovo, which has a code of its own for now. */
const OTHER_COUNTRIES = new Set(
  (
    'AD AE AF AG AI AL AM AO AQ AR AW AZ BA BB BD BF BG BH BI BJ BM BN BO BQ BS BT BV BW BY BZ ' +
    'CC CD CF CG CI CK CL CM CO CR CU CV CW CX CY DJ DM DO DZ EC EG EH ER ET FJ FO GA GD GE GH ' +
    'GI GM GN GQ GT GW GY HK HM HN HR HT ID IE IL IQ IR IS JM JO KE KG KH KI KM KN KP KW KY KZ ' +
    'LA LB LC LK LR LS LY MA MC MD ME MG MK ML MM MN MO MR MS MT MU MV MW MZ NA NE NF NG NI NP ' +
    'NR NU OM PA PE PG PH PK PS PY QA RS RW SA SB SC SD SI SL SN SO SR SS ST SV SX SY SZ TD TF ' +
    'TG TH TJ TK TL TM TN TO TT TV TZ UG UM UY UZ VA VC VE VG VN VU WS XK YE ZM ZW'
  ).split(' '),
);

const isCountry = (code: string): boolean =>
  NEEDS_POSTAL_CODE.has(code) || OTHER_COUNTRIES.has(code);

const NO_COUNTRY = 'is not a country of ISO 3166-1';

interface Fault {
  field: 'country' | 'postalCode';
  message: string;
}

type Texts = { [Field in keyof Address]?: string | undefined };

const faultOf = ({ country = '', postalCode = '' }: Texts): Fault | undefined => {
  if (!isCountry(country)) return { field: 'country', message: NO_COUNTRY };
  if (postalCode !== '' || !NEEDS_POSTAL_CODE.has(country)) return undefined;
  return { field: 'postalCode', message: `is needed in ${country}` };
};

/** An address whose empty texts are absent. INVALID_INPUT at `path` where it lacks something. */
export const addressFrom = (texts: Texts, path: string): Address => {
  const trimmed = Object.entries(texts).map(([name, text = '']) => [name, text.trim()] as const);
  const kept: Texts = Object.fromEntries(trimmed.filter(([, text]) => text !== ''));
  const fault = faultOf(kept);
  if (fault) throw invalid(`${path}.${fault.field}`, fault.message);
  return kept as Address;
};

const text = z.string().trim().min(1).max(TEXT_MAX);
/** Empty is the same as absent. */
const optionalText = z.string().trim().max(TEXT_MAX).optional();

export const addressShape = z
  .strictObject({
    name: text,
    line1: text,
    line2: optionalText,
    city: text,
    region: optionalText,
    postalCode: optionalText.describe('Needed in countries whose mail does not arrive without it.'),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, NO_COUNTRY)
      .max(2),
  })
  .superRefine((address, { addIssue }) => {
    const fault = faultOf(address);
    if (fault) addIssue({ code: 'custom', path: [fault.field], message: fault.message });
  })
  .meta({ title: 'Address' });
