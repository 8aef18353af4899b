// Tests that a DomainError crosses RPC unchanged, and that a fault shows nothing.
import { describe, expect, test } from 'bun:test';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import {
  DomainError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
} from '../../domain/errors.ts';
import { RefusalSchema } from '../../proto/gen/holdfast/errors/v1/errors_pb.ts';
import { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { refusalOf, translatingRefusals } from './refusals.ts';

const CANARY = 'canary-9d2e';
const telemetry = createTelemetry('refusals-test', 'silent');

/** The error on the wire when a handler throws `error`. */
const wireErrorOf = async (error: unknown): Promise<unknown> => {
  const throwing = () => Promise.reject(error);
  const transport = createRouterTransport(
    ({ service }) => service(ProductsService, { getProduct: throwing }),
    { router: { interceptors: [translatingRefusals(telemetry)] } },
  );
  return createClient(ProductsService, transport)
    .getProduct({})
    .then(
      () => undefined,
      (caught: unknown) => caught,
    );
};

const caughtOf = async (error: unknown): Promise<unknown> => refusalOf(await wireErrorOf(error));

describe('a refusal', () => {
  const DETAILS: [what: string, details: ErrorDetails][] = [
    ['alone', {}],
    ['with its fields', { fields: [{ path: 'lines.0.sku', message: 'is not one' }] }],
    ['with its facts', { facts: { skus: [{ sku: 'a', available: 0 }], price: 29.99 } }],
    ['with Retry-After', { retryAfterSeconds: 7 }],
  ];
  const cases = ERROR_CODES.flatMap((code) =>
    DETAILS.map(([what, details]) => [code, what, details] as const),
  );
  test.each(cases)('of %s is caught as it was thrown, %s', async (code, _what, details) => {
    const caught = await caughtOf(new DomainError(code, 'so it is', details));
    expect(caught).toBeInstanceOf(DomainError);
    const { fields, facts, retryAfterSeconds, message } = caught as DomainError;
    expect({ code: (caught as DomainError).code, message }).toEqual({ code, message: 'so it is' });
    expect(fields).toEqual(details.fields ?? []);
    expect(facts).toEqual(details.facts ?? {});
    expect(retryAfterSeconds).toBe(details.retryAfterSeconds);
  });

  const CODES: [code: ErrorCode, rpc: Code][] = [
    ['INVALID_INPUT', Code.InvalidArgument],
    ['UNAUTHENTICATED', Code.Unauthenticated],
    ['PERMISSION_DENIED', Code.PermissionDenied],
    ['NOT_FOUND', Code.NotFound],
    ['SKU_TAKEN', Code.AlreadyExists],
    ['ILLEGAL_TRANSITION', Code.FailedPrecondition],
    ['OUT_OF_STOCK', Code.FailedPrecondition],
    ['IDEMPOTENCY_KEY_IN_FLIGHT', Code.Aborted],
    ['RATE_LIMITED', Code.ResourceExhausted],
    ['TOO_MANY_DECLINES', Code.ResourceExhausted],
    ['OVERLOADED', Code.Unavailable],
    ['REBUILDING', Code.Unavailable],
    ['UNAVAILABLE', Code.Unavailable],
  ];
  test.each(CODES)('of %s has the RPC code %d, for other clients', async (code, rpc) => {
    const wire = await wireErrorOf(new DomainError(code, 'so it is'));
    expect(ConnectError.from(wire).code).toBe(rpc);
  });

  test('never includes its cause', async () => {
    const cause = new Error(CANARY);
    const wire = await wireErrorOf(new DomainError('UNAVAILABLE', 'away', { cause }));
    expect(Bun.inspect(wire, { depth: 20 })).not.toContain(CANARY);
  });
});

describe('a fault', () => {
  const FAULTS: [what: string, fault: unknown][] = [
    ['an error', new Error(CANARY, { cause: new Error(CANARY) })],
    ['an error with a code', Object.assign(new Error(CANARY), { code: 'NOT_FOUND' })],
    ['a mistake in our code', new TypeError(CANARY)],
    ['no error at all', CANARY],
  ];
  test.each(FAULTS)('that is %s crosses as "internal" and nothing else', async (_what, fault) => {
    const wire = ConnectError.from(await wireErrorOf(fault));
    expect([wire.code, wire.rawMessage]).toEqual([Code.Internal, 'internal']);
    expect(wire.details).toEqual([]);
    expect(Bun.inspect(wire, { depth: 20 })).not.toContain(CANARY);
    const caught = refusalOf(wire);
    expect(caught).not.toBeInstanceOf(DomainError);
    expect(caught).toBeInstanceOf(Error);
  });

  test("that Connect itself knows keeps Connect's code", async () => {
    const wire = await wireErrorOf(new ConnectError('too large', Code.ResourceExhausted));
    expect(ConnectError.from(wire).code).toBe(Code.ResourceExhausted);
  });
});

describe('a peer', () => {
  const AWAY: [what: string, error: unknown][] = [
    ['does not answer in time', new ConnectError('late', Code.DeadlineExceeded)],
    ['is unavailable', new ConnectError('away', Code.Unavailable)],
    ['cancels the call', new ConnectError('canceled', Code.Canceled)],
    ['cannot be reached', new TypeError('fetch failed')],
    ['refuses the connection', new Error('ECONNREFUSED')],
  ];
  test.each(AWAY)('that %s is UNAVAILABLE', (_what, error) => {
    const caught = refusalOf(error);
    expect(caught).toBeInstanceOf(DomainError);
    expect(caught).toMatchObject({ code: 'UNAVAILABLE', message: 'a service is unavailable' });
  });

  test('that sends an unknown code is a fault, not a refusal', () => {
    const value = create(RefusalSchema, { code: 'FROM_THE_FUTURE' });
    const detail = { desc: RefusalSchema, value };
    const error = new ConnectError('so it is', Code.FailedPrecondition, undefined, [detail]);
    expect(refusalOf(error)).toBe(error);
  });

  test('that fails is a fault, and does not count as unavailable', () => {
    expect(refusalOf(new ConnectError('internal', Code.Internal))).not.toBeInstanceOf(DomainError);
  });
});
