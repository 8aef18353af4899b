// Writes logs: one JSON line per event, with only allow-listed fields.
import pino from 'pino';

const TEXT_LENGTH_MAX = 500;
const STACK_LINES_MAX = 30;

/**
 * Fields that may be logged; any other is written as `[redacted]`. Additions must not be personal
 * data.
 */
const ALLOWED = new Set([
  'address',
  'attempt',
  'bucket',
  'call',
  'code',
  'count',
  'dependency',
  'durationMs',
  'epoch',
  'eventType',
  'group',
  'instance',
  'kind',
  'method',
  'name',
  'offset',
  'orderId',
  'outcome',
  'partition',
  'pid',
  'port',
  'process',
  'productId',
  'queue',
  'reason',
  'requestId',
  'reservationId',
  'route',
  'signal',
  'sku',
  'status',
  'storeId',
  'topic',
  'traceId',
  'version',
  'workflowId',
  'collectionId',
]);

export type LogFields = Record<string, unknown>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, error: unknown, fields?: LogFields): void;
}

const REDACTED = '[redacted]';

/** Drizzle puts a failed query's parameters, which may be personal data, into its message. */
const withoutParameters = (text: string): string => text.replace(/\nparams:.*$/s, '');

/** A mail's link has its token in the query. */
const withoutTokens = (text: string): string =>
  text.replaceAll(/\b(token=)[^\s&#"'<>]+/gi, `$1${REDACTED}`);

/** Texts, numbers and booleans; the contents of an object are not allow-listed. */
const shown = (value: unknown): unknown => {
  if (typeof value === 'string') {
    return withoutTokens(withoutParameters(value)).slice(0, TEXT_LENGTH_MAX);
  }
  return value !== null && ['object', 'function', 'symbol'].includes(typeof value)
    ? REDACTED
    : value;
};

const allowed = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, ALLOWED.has(key) ? shown(value) : REDACTED]),
  );

/** The stack frames only, because the lines before them repeat the message. */
const framesOf = ({ stack = '', message }: Error): string =>
  stack
    .replace(message, () => '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, STACK_LINES_MAX)
    .join('\n');

/** Name, code and stack of an error; never its attached request or reply. */
const faultOf = (error: unknown): LogFields => {
  if (!(error instanceof Error)) return { fault: shown(String(error)) };
  const code = 'code' in error ? { faultCode: shown(String(error.code)) } : {};
  const cause = error.cause instanceof Error ? { faultCause: shown(error.cause.message) } : {};
  return {
    fault: shown(`${error.name}: ${error.message}`),
    ...code,
    ...cause,
    stack: framesOf(error),
  };
};

export const createLog = (process: string, level: string): Log => {
  const logger = pino({ level, base: { process }, timestamp: pino.stdTimeFunctions.isoTime });
  return {
    info: (event, fields = {}) => logger.info(allowed(fields), event),
    warn: (event, fields = {}) => logger.warn(allowed(fields), event),
    error: (event, error, fields = {}) =>
      logger.error({ ...allowed(fields), ...faultOf(error) }, event),
  };
};
