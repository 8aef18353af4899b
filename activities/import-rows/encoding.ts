// Turns a file into UTF-8, by its byte order mark.

const MARKS: [encoding: 'utf-16le' | 'utf-16be', mark: [number, number]][] = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

const encodingOf = ([first, second]: Uint8Array) =>
  MARKS.find(([, mark]) => mark[0] === first && mark[1] === second)?.[0];

/** The file's pieces as UTF-8; spreadsheets save "Unicode text" as UTF-16 with a mark. */
export async function* asUtf8(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let decoder: TextDecoder | undefined;
  // The bytes before the encoding is known.
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const piece of pieces) {
    const next: Uint8Array = head ? Buffer.concat([head, piece]) : piece;
    if (head) {
      head = next.length < 2 ? next : undefined;
      if (head) continue;
      const encoding = encodingOf(next);
      decoder = encoding === undefined ? undefined : new TextDecoder(encoding);
    }
    yield decoder ? encoder.encode(decoder.decode(next, { stream: true })) : next;
  }
  if (head && head.length > 0) yield head;
  if (decoder) yield encoder.encode(decoder.decode());
}
