// Translates DomainErrors to Connect errors at the server, and back at the client.
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { DomainError, isErrorCode, type ErrorCode } from '../../domain/errors.ts';
import { RefusalSchema } from '../../proto/gen/holdfast/errors/v1/errors_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { withTraceFrom } from '../../telemetry/spans.ts';

/** Exhaustive by type: a new code does not compile until it has an RPC code here. */
export const RPC_CODES = {
  INVALID_INPUT: Code.InvalidArgument,
  MALFORMED_BODY: Code.InvalidArgument,
  BODY_TOO_LARGE: Code.ResourceExhausted,
  BODY_TOO_SLOW: Code.DeadlineExceeded,
  UNSUPPORTED_MEDIA_TYPE: Code.InvalidArgument,
  CARD_DATA_FORBIDDEN: Code.InvalidArgument,
  IDEMPOTENCY_KEY_MISSING: Code.InvalidArgument,
  IDEMPOTENCY_KEY_REUSED: Code.FailedPrecondition,
  IDEMPOTENCY_KEY_IN_FLIGHT: Code.Aborted,
  UNAUTHENTICATED: Code.Unauthenticated,
  PERMISSION_DENIED: Code.PermissionDenied,
  INVALID_CREDENTIALS: Code.Unauthenticated,
  TOKEN_INVALID: Code.InvalidArgument,
  NOT_FOUND: Code.NotFound,
  METHOD_NOT_ALLOWED: Code.Unimplemented,
  VERSION_MISMATCH: Code.FailedPrecondition,
  SKU_TAKEN: Code.AlreadyExists,
  SLUG_TAKEN: Code.AlreadyExists,
  PRICE_AMBIGUOUS: Code.FailedPrecondition,
  PRICE_CHANGED: Code.FailedPrecondition,
  AMOUNT_NOT_CHARGEABLE: Code.FailedPrecondition,
  CARD_DECLINED: Code.FailedPrecondition,
  PAYMENT_REFUSED: Code.Unavailable,
  QUANTITY_LIMITED: Code.FailedPrecondition,
  OUT_OF_STOCK: Code.FailedPrecondition,
  STOCK_BELOW_RESERVED: Code.FailedPrecondition,
  RESERVATION_ENDED: Code.FailedPrecondition,
  RESERVATION_REUSED: Code.FailedPrecondition,
  ILLEGAL_TRANSITION: Code.FailedPrecondition,
  ATTENTION_AMBIGUOUS: Code.FailedPrecondition,
  REFUND_EXCEEDS_CAPTURE: Code.FailedPrecondition,
  RETURN_REFUSED: Code.FailedPrecondition,
  CART_FULL: Code.FailedPrecondition,
  CART_EMPTY: Code.FailedPrecondition,
  CART_IN_CHECKOUT: Code.FailedPrecondition,
  RATE_LIMITED: Code.ResourceExhausted,
  TOO_MANY_DECLINES: Code.ResourceExhausted,
  OVERLOADED: Code.Unavailable,
  REBUILDING: Code.Unavailable,
  UNAVAILABLE: Code.Unavailable,
} satisfies Record<ErrorCode, Code>;

const connectErrorOf = (error: DomainError): ConnectError => {
  const refusal = create(RefusalSchema, {
    code: error.code,
    fields: error.fields.map(({ path, message }) => ({ path, message })),
    factsJson: Object.keys(error.facts).length > 0 ? JSON.stringify(error.facts) : '',
    retryAfterSeconds: error.retryAfterSeconds ?? 0,
  });
  const detail = { desc: RefusalSchema, value: refusal };
  return new ConnectError(error.message, RPC_CODES[error.code], undefined, [detail]);
};

/** Refusals become codes; any other error shows nothing and is logged. */
const translated = (telemetry: Telemetry, name: string, error: unknown): ConnectError => {
  if (error instanceof DomainError) return connectErrorOf(error);
  if (error instanceof ConnectError) return error;
  telemetry.log.error('rpc failed', error, { call: name });
  return new ConnectError('internal', Code.Internal);
};

/** Server side; a stream may also fail after its first messages. */
export const translatingRefusals =
  (telemetry: Telemetry): Interceptor =>
  (next) =>
  async (request) => {
    const name = `${request.service.typeName}/${request.method.name}`;
    const parent = { traceparent: request.header.get('traceparent') ?? '' };
    const answers = async function* <M>(messages: AsyncIterable<M>) {
      try {
        yield* messages;
      } catch (error) {
        throw translated(telemetry, name, error);
      }
    };
    try {
      const response = await withTraceFrom(parent, () =>
        telemetry.timed('rpc-server', name, () => next(request)),
      );
      return response.stream ? { ...response, message: answers(response.message) } : response;
    } catch (error) {
      throw translated(telemetry, name, error);
    }
  };

const UNREACHABLE: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded, Code.Canceled];

/** Client side: a refusal is thrown again; an unreachable peer is UNAVAILABLE. */
export const refusalOf = (error: unknown): unknown => {
  const failure = ConnectError.from(error);
  const refusal = failure.findDetails(RefusalSchema)[0];
  if (refusal && isErrorCode(refusal.code)) {
    return new DomainError(refusal.code, failure.rawMessage, {
      fields: refusal.fields.map(({ path, message }) => ({ path, message })),
      facts: refusal.factsJson ? (JSON.parse(refusal.factsJson) as Record<string, unknown>) : {},
      ...(refusal.retryAfterSeconds > 0 && { retryAfterSeconds: refusal.retryAfterSeconds }),
      cause: error,
    });
  }
  const isFetchFault = error instanceof TypeError || failure.code === Code.Unknown;
  if (UNREACHABLE.includes(failure.code) || isFetchFault) {
    return new DomainError('UNAVAILABLE', 'a service is unavailable', { cause: error });
  }
  return failure;
};
