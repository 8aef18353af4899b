// Logs: one JSON line an event, and only fields on the allow-list leave the process.
import pino from 'pino';

const TEXT_LENGTH_MAX = 500;

/** Fields that may be logged. Anything else shows as `[redacted]`: add here after thought. */
const ALLOWED = new Set([
  'address',
  'attempt',
  'bucket',
  'call',
  'code',
  'count',
  'dependency',
  'durationMs',
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

const shown = (value: unknown): unknown =>
  typeof value === 'string' ? value.slice(0, TEXT_LENGTH_MAX) : value;

const allowed = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      ALLOWED.has(key) ? shown(value) : '[redacted]',
    ]),
  );

/** Name, code and stack of a fault; never its attached request or reply. */
const faultOf = (error: unknown): LogFields => {
  if (!(error instanceof Error)) return { fault: shown(String(error)) };
  const code = 'code' in error ? { faultCode: String(error.code) } : {};
  const cause = error.cause instanceof Error ? { faultCause: shown(error.cause.message) } : {};
  return {
    fault: `${error.name}: ${error.message.slice(0, TEXT_LENGTH_MAX)}`,
    ...code,
    ...cause,
    stack: error.stack,
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
