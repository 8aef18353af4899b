// Yields the elements of a JSON array one by one, without holding the whole file.
import { DomainError } from '../../domain/errors.ts';

/** The longest element in characters: a product, or a category with everything beneath it. */
const ELEMENT_LENGTH_MAX = 16 * 1024 * 1024;

const malformed = (message: string): DomainError => new DomainError('MALFORMED_BODY', message);

const OPENING = '{[';
const CLOSING = '}]';

/** Follows strings and brackets only; the caller parses each element's text. */
interface Scan {
  /** 0 outside of the array, 1 between its elements, more inside of one. */
  depth: number;
  hasEnded: boolean;
  isString: boolean;
  isEscaped: boolean;
  element: string;
  elements: string[];
}

const take = (scan: Scan, text: string): void => {
  const element = scan.element + text;
  if (element.trim() !== '') scan.elements.push(element);
  scan.element = '';
};

/** Before and after the array only blanks and its opening bracket are accepted. */
const outside = (scan: Scan, char: string): void => {
  if (!/\S/.test(char)) return;
  if (scan.hasEnded) throw malformed('text follows the array');
  if (char !== '[') throw malformed('the file is not a JSON array');
  scan.depth = 1;
};

const insideString = (scan: Scan, char: string): void => {
  if (scan.isEscaped) scan.isEscaped = false;
  else if (char === '\\') scan.isEscaped = true;
  else if (char === '"') scan.isString = false;
};

/** True for a character of the array itself, which ends the element before it. */
const isBorder = (scan: Scan, char: string): boolean => {
  if (scan.isString) insideString(scan, char);
  else if (scan.depth === 1 && (char === ',' || char === ']')) return true;
  else if (char === '"') scan.isString = true;
  else if (OPENING.includes(char)) scan.depth++;
  else if (CLOSING.includes(char)) scan.depth--;
  return false;
};

const scanText = (scan: Scan, text: string): string[] => {
  scan.elements = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (scan.depth === 0) {
      outside(scan, char);
      from = at + 1;
    } else if (isBorder(scan, char)) {
      take(scan, text.slice(from, at));
      from = at + 1;
      if (char === ']') {
        scan.depth = 0;
        scan.hasEnded = true;
      }
    }
  }
  scan.element += text.slice(from);
  if (scan.element.length > ELEMENT_LENGTH_MAX) throw malformed('an element is too large');
  return scan.elements;
};

/** Yields the texts of the elements. MALFORMED_BODY when the file is no array. */
export async function* jsonElements(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  const scan: Scan = {
    depth: 0,
    hasEnded: false,
    isString: false,
    isEscaped: false,
    element: '',
    elements: [],
  };
  for await (const piece of pieces) yield* scanText(scan, decoder.decode(piece, { stream: true }));
  yield* scanText(scan, decoder.decode());
  if (!scan.hasEnded) throw malformed('the array does not end');
}
