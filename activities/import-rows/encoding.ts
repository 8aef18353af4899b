// Turns a file into UTF-8: by the encoding that is named, or else by its byte order mark.
import type { Encoding } from '../../domain/catalogue/import-report.ts';

const MARKS: [encoding: Encoding, mark: [number, number]][] = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

const markedAs = ([first, second]: Uint8Array): Encoding =>
  MARKS.find(([, mark]) => mark[0] === first && mark[1] === second)?.[0] ?? 'utf-8';

/**
 * The file's pieces as UTF-8; spreadsheets save "Unicode text" as UTF-16 with a mark. `onFound` is
 * called once, with the encoding. Text that is not of it becomes U+FFFD.
 */
export async function* asUtf8(
  pieces: AsyncIterable<Uint8Array>,
  named: Encoding | undefined,
  onFound: (encoding: Encoding) => void,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let decoder: TextDecoder | undefined;
  // The bytes before the encoding is known.
  let head: Uint8Array | undefined = new Uint8Array();
  const begin = (bytes: Uint8Array): void => {
    const encoding = named ?? markedAs(bytes);
    onFound(encoding);
    if (encoding !== 'utf-8') decoder = new TextDecoder(encoding);
  };
  for await (const piece of pieces) {
    const next: Uint8Array = head ? Buffer.concat([head, piece]) : piece;
    if (head) {
      head = next.length < 2 ? next : undefined;
      if (head) continue;
      begin(next);
    }
    yield decoder ? encoder.encode(decoder.decode(next, { stream: true })) : next;
  }
  if (head && head.length > 0) {
    begin(head);
    yield decoder ? encoder.encode(decoder.decode(head, { stream: true })) : head;
  }
  if (decoder) yield encoder.encode(decoder.decode());
}
