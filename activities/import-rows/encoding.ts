// Turns a file into UTF-8, by its byte order mark.

const MARKS: [encoding: 'utf-16le' | 'utf-16be', mark: [number, number]][] = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

const encodingOf = ([first, second]: Uint8Array) =>
  MARKS.find(([, mark]) => mark[0] === first && mark[1] === second)?.[0];

const joined = (some: Uint8Array[]): Uint8Array => Buffer.concat(some);

/** The file's pieces as UTF-8; spreadsheets save "Unicode text" as UTF-16 with a mark. */
export async function* asUtf8(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let decoder: TextDecoder | undefined;
  let isKnown = false;
  let head: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    const next = isKnown ? piece : joined([head, piece]);
    if (!isKnown && next.length < 2) {
      head = next;
      continue;
    }
    if (!isKnown) {
      isKnown = true;
      const encoding = encodingOf(next);
      decoder = encoding === undefined ? undefined : new TextDecoder(encoding);
    }
    yield decoder ? encoder.encode(decoder.decode(next, { stream: true })) : next;
  }
  if (!isKnown && head.length > 0) yield head;
  if (decoder) yield encoder.encode(decoder.decode());
}
