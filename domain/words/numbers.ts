// Numbers with units, fractions, sizes and part numbers, each in the one form it is matched by.
import { PAIRED, UNSPACED } from './scripts.ts';

/** The spellings of each unit, folded; the key is the one that is indexed. */
const SPELLINGS: Record<string, string> = {
  mm: 'millimeters millimeter millimetres millimetre мм',
  cm: 'centimeters centimeter centimetres centimetre zentimeter см',
  km: 'kilometers kilometer kilometres kilometre км',
  m: 'meters meter metres metre м',
  in: 'inches inch zoll pouces pouce',
  ft: 'feet foot',
  yd: 'yards yard',
  ml: 'milliliters milliliter millilitres millilitre мл',
  cl: 'centiliters centiliter centilitres centilitre zentiliter',
  dl: 'deciliters deciliter decilitres decilitre deziliter',
  l: 'liters liter litres litre ltr л',
  gal: 'gallons gallon',
  mg: 'milligrams milligram milligramm milligrammes milligramme мг',
  kg: 'kilograms kilogram kilogramm kilogrammes kilogramme kilos kilo кг',
  g: 'grams gram gramm grammes gramme gr г',
  lb: 'lbs pounds pound',
  oz: 'ounces ounce',
  kv: 'kilovolts kilovolt',
  mv: 'millivolts millivolt',
  v: 'volts volt в',
  kw: 'kilowatts kilowatt квт',
  w: 'watts watt вт',
  kwh: '',
  wh: '',
  mah: '',
  ah: '',
  ma: 'milliamps milliampere',
  amp: 'amps amperes ampere',
  khz: '',
  mhz: '',
  ghz: '',
  hz: 'hertz',
  kb: '',
  mb: '',
  gb: '',
  tb: '',
  db: '',
  lm: 'lumens lumen',
  rpm: '',
  psi: '',
  bar: '',
  pcs: 'pieces piece pc stk stuck шт',
};
const UNITS = new Map<string, string>(
  Object.entries(SPELLINGS).flatMap(([unit, spellings]) =>
    [unit, ...spellings.split(' ')].filter(Boolean).map((one): [string, string] => [one, unit]),
  ),
);
/** Written close to its number only: "3A" is three amperes, "3 a" is not. */
const CLOSE_UNITS = new Map([['a', 'amp']]);

const longestFirst = (words: Iterable<string>): string =>
  [...words].sort((a, b) => b.length - a.length).join('|');

/** What a word consists of in scripts with blanks. */
export const LETTERS = `[[\\p{L}\\p{N}]--${PAIRED}--${UNSPACED}]`;
const START = `(?<!${LETTERS}|\\d[.,\\/])`;
const END = `(?!${LETTERS}|[.,\\/]\\d)`;
const NUMBER = `(?:\\d+\\/\\d+(?!\\/?\\d)|\\d+(?:[.,]\\d+)*|\\.\\d+)`;
/** NFKD makes two primes of a double one. */
const INCH_SIGN = `(?:["”]|''|′′)`;
const TIMES = `[x×*]`;
const UNIT = `(?:(?!in[\\s\\-]?\\d)(?:${longestFirst(UNITS.keys())})(?:${END}|(?=${TIMES}\\d)))`;
const CLOSE_UNIT = `(?:(?:${longestFirst(CLOSE_UNITS.keys())})${END})`;
const SIDE = `${NUMBER}(?:\\s?${UNIT}|${INCH_SIGN})?`;

/** "10 x 15 cm", `1/2" x 3`, "M8x20". */
export const SIZE = `${START}[a-z]{0,2}${SIDE}(?:\\s?${TIMES}\\s?${SIDE}){1,3}${END}`;
/** "1,5 m", `½"`, "12-V". */
export const MEASURE = `${START}${NUMBER}(?:[\\s\\-]?${UNIT}|${CLOSE_UNIT}|${INCH_SIGN})`;
/** "1/2", "1,299", "3.0". */
export const PLAIN_NUMBER = `${START}${NUMBER}${END}`;
/** "2.0TDI": a decimal that goes on in letters. */
export const DECIMAL_CODE = `${START}\\d+[.,]\\d+(?!\\d)${LETTERS}+`;

const GROUPED = /^[1-9]\d{0,2}(?:[.,]\d{3})+$/;

/** One form of a number: no thousands separators, a point, no zeros at the end of a fraction. */
export const numberOf = (written: string): string => {
  if (GROUPED.test(written)) return written.replace(/[.,]/g, '');
  const [whole = '', fraction, ...more] = written.split(/[.,]/);
  if (fraction === undefined) return written;
  if (more.length > 0) return written.replaceAll(',', '.');
  const digits = fraction.replace(/0+$/, '');
  return digits ? `${whole || '0'}.${digits}` : whole;
};

/** What a number is matched by. */
export interface Quantity {
  whole: string;
  /** What finds it as well. */
  parts: string[];
  /** What a query means when no product has the whole. */
  pieces: string[];
}

const SIDES = new RegExp(`(${NUMBER})(?:[\\s\\-]?(\\p{L}+)|(${INCH_SIGN}))?`, 'gv');

interface Side {
  number: string;
  /** The unit as written, and as it is indexed. */
  written: string | undefined;
  unit: string | undefined;
}

const sidesOf = (text: string): Side[] =>
  [...text.matchAll(SIDES)].map(([, number = '', written, sign]): Side => {
    const unit = sign ? 'in' : (UNITS.get(written ?? '') ?? CLOSE_UNITS.get(written ?? ''));
    return { number: numberOf(number), written: unit && written, unit };
  });

/** A number with its unit. */
export const measureOf = (text: string): Quantity => {
  const [side] = sidesOf(text);
  if (!side) throw new Error(`no number in ${text}`);
  const { number, written, unit = '' } = side;
  const parts = written ? [number, written] : [number];
  return { whole: `${number}${unit}`, parts, pieces: [number] };
};

/** Numbers multiplied: the whole without its unit, since that is often left out. */
export const sizeOf = (text: string): Quantity => {
  const prefix = /^[a-z]*/.exec(text)?.[0] ?? '';
  const sides = sidesOf(text.slice(prefix.length));
  const numbers = sides.map(({ number }, at) => (at === 0 ? `${prefix}${number}` : number));
  const unit = sides.findLast((side) => side.unit)?.unit;
  const measures = unit ? numbers.map((number) => `${number}${unit}`) : [];
  const pair = numbers.length > 2 ? [numbers.slice(0, 2).join('x')] : [];
  const parts = [...numbers, ...measures, ...pair];
  return { whole: numbers.join('x'), parts, pieces: numbers };
};

const BEGINNINGS_MAX = 3;
const PART_LENGTH_MIN = 4;

/**
 * A code of letters and digits. The parts of "KDP601A1MMS2D" are what ends with a number (`kdp601`,
 * `kdp601a1`) and what follows its first letters; those of "iphone15" are both pieces.
 */
export const codeOf = (whole: string): Quantity => {
  const pieces = whole.match(/\d+|\D+/g) ?? [];
  if (pieces.length === 2) {
    return { whole, parts: pieces.filter((piece) => piece.length > 1), pieces };
  }
  const beginnings = pieces
    .map((_, at) => pieces.slice(0, at + 1).join(''))
    .filter((part, at) => /\d$/.test(part) && at < pieces.length - 1)
    .slice(0, BEGINNINGS_MAX);
  const rest = /^\D/.test(whole) ? [pieces.slice(1).join('')] : [];
  const parts = [...beginnings, ...rest].filter((part) => part.length >= PART_LENGTH_MIN);
  return { whole, parts, pieces: [] };
};

/** "2.0TDI", by its number too. */
export const decimalCodeOf = (text: string): Quantity => {
  const written = /^\d+[.,]\d+/.exec(text)?.[0] ?? '';
  const number = numberOf(written);
  return { whole: `${number}${text.slice(written.length)}`, parts: [number], pieces: [] };
};
