// A bug of one line, to be planted in a copy of the sources: a test must find it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from '../../ops/instance.ts';

export interface PlantedLine {
  file: string;
  /** Must occur exactly once, so that an outdated planted bug is noticed. */
  right: string;
  wrong: string;
}

/** The file's text with the bug in it. */
export const withLine = ({ file, right, wrong }: PlantedLine): string => {
  const parts = readFileSync(resolve(ROOT, file), 'utf8').split(right);
  if (parts.length !== 2) throw new Error(`${file} does not have the line to replace once`);
  return parts.join(wrong);
};
