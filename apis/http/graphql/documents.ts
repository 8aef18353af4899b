// GraphQL documents: our own clients' by their hash, everybody's remembered once they have run.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, type DocumentNode } from 'graphql';

const TOKENS_MAX = 2_000;
const REMEMBERED_MAX = 500;

/** The files of a folder by the hex SHA-256 of their text: what own clients may name by it. */
export const persistedOperations = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.graphql'))
      .map((name) => {
        const text = readFileSync(resolve(folder, name), 'utf8');
        return [createHash('sha256').update(text).digest('hex'), text];
      }),
  );

export interface Known {
  document: DocumentNode;
  /** It has been validated against the schema, and may be executed as it is. */
  isValid: boolean;
}

/** Parses a text once, as long as it is among the last ones asked. Throws on a syntax error. */
export const rememberDocuments = () => {
  const known = new Map<string, Known>();
  return (text: string): Known => {
    const found = known.get(text) ?? {
      document: parse(text, { maxTokens: TOKENS_MAX }),
      isValid: false,
    };
    known.delete(text);
    known.set(text, found);
    const oldest = known.keys().next().value;
    if (known.size > REMEMBERED_MAX && oldest !== undefined) known.delete(oldest);
    return found;
  };
};
