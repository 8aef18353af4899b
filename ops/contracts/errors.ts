// Renders the page of error codes for integrators from the APIs' tables.
import { resolve } from 'node:path';
import { Code } from '@connectrpc/connect';
import { PROBLEMS } from '../../apis/http/problems.ts';
import { RPC_CODES } from '../../apis/rpc/refusals.ts';
import { ERROR_CODES, type ErrorCode } from '../../domain/errors.ts';
import { ROOT } from '../instance.ts';

export const ERRORS_FILE = resolve(ROOT, 'docs', 'errors.md');

/** `FailedPrecondition` as it is written on the wire. */
const wireName = (code: Code): string =>
  Code[code].replaceAll(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

const row = (code: ErrorCode): string => {
  const { status, title } = PROBLEMS[code];
  const again = status === 429 || status === 503 ? 'after `Retry-After`' : '';
  const cells = [`\`${code}\``, title, status, `\`${wireName(RPC_CODES[code])}\``, again];
  return `| ${cells.join(' | ')} |`;
};

/** The page's text; `./holdfast dev bun ops/generate.ts` writes it, a test compares it. */
export const errorsPage = (): string =>
  [
    '# Error codes',
    '',
    'Made by `./holdfast dev bun ops/generate.ts` from `domain/errors.ts` and the APIs. A code',
    'states a fact and is never renamed. Over HTTP it is the `code` of an RFC 9457 problem, in',
    'GraphQL `extensions.code`, over Connect and gRPC the `code` of a',
    '`holdfast.errors.v1.Refusal` detail. `INTERNAL` (500) is an internal fault and shows only a',
    'request id.',
    '',
    '| code | meaning | HTTP | Connect, gRPC | retry |',
    '|---|---|---|---|---|',
    ...ERROR_CODES.map(row),
    '',
  ].join('\n');
