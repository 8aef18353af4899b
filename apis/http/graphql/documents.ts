// Finds GraphQL documents: persisted operations by hash, and parsed texts in a cache.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, type DocumentNode } from 'graphql';

const TOKENS_MAX = 2_000;
const REMEMBERED_MAX = 500;

/** The files of a folder by the hex SHA-256 of their text: persisted operations by hash. */
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
  /** True when it was validated against the schema and may be executed. */
  isValid: boolean;
}

/** Parses a text once while it is among the most recent ones. Throws on a syntax error. */
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
