// Parses form-encoded parameters as Stripe's clients send them: `metadata[orderId]=…`.
import { invalidRequest } from './objects.ts';

export interface Params {
  text(name: string): string | undefined;
  required(name: string): string;
  flag(name: string): boolean;
  map(name: string): Record<string, string>;
  /** Refuses every unlisted parameter, as Stripe does. */
  allowOnly(names: readonly string[]): void;
  /** Equal parameters always give equal text. */
  canonical(): string;
}

export const paramsOf = (encoded: string): Params => {
  const entries = [...new URLSearchParams(encoded)];
  const text = (name: string): string | undefined =>
    entries.find(([key]) => key === name)?.[1] || undefined;
  return {
    text,
    required: (name) => {
      const value = text(name);
      if (value !== undefined) return value;
      throw invalidRequest(`Missing required param: ${name}.`, {
        code: 'parameter_missing',
        param: name,
      });
    },
    flag: (name) => {
      const value = text(name) ?? 'false';
      if (value === 'true' || value === 'false') return value === 'true';
      throw invalidRequest(`Invalid boolean: ${value}`, {
        code: 'parameter_invalid_boolean',
        param: name,
      });
    },
    map: (name) =>
      Object.fromEntries(
        entries.flatMap(([key, value]) => {
          const inner = key.startsWith(`${name}[`) ? key.slice(name.length + 1, -1) : undefined;
          return inner === undefined ? [] : [[inner, value]];
        }),
      ),
    allowOnly: (names) => {
      const unknown = entries.find(([key]) => !names.includes(key.split('[')[0] ?? ''));
      if (!unknown) return;
      throw invalidRequest(`Received unknown parameter: ${unknown[0]}`, {
        code: 'parameter_unknown',
        param: unknown[0],
      });
    },
    canonical: () => JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
};
