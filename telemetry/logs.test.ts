// Tests that only allowed fields leave the process in a log line.
import { beforeAll, describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';

/** Stands for values that must never be logged: an email, an address, a token, a card. */
const CANARY = 'canary-77b1';

/** Runs as a separate process, because its standard output is what leaves a process. */
const SCRIPT = `
import { createLog } from ${JSON.stringify(resolve(import.meta.dirname, 'logs.ts'))};
const log = createLog('logs-test', 'info');
const canary = ${JSON.stringify(CANARY)};
const fields = (more) => ({ orderId: 'ord_1', ...more });
const failed = (message, more) => Object.assign(new Error(message), more);

log.info('an unlisted field', fields({ email: canary, token: canary, body: { a: canary } }));
log.warn('an unlisted field in a warning', fields({ email: canary }));
log.error('an unlisted field in an error', new Error('it broke'), fields({ email: canary }));
log.info('an object in a listed field', fields({ reason: { email: canary } }));
log.info('a list in a listed field', fields({ name: ['x', canary], code: [[canary]] }));
log.info('something that writes itself', fields({ reason: { toJSON: () => canary } }));
log.info('an error in a listed field', fields({ reason: new Error(canary) }));
log.info('another case', fields({ OrderId: canary, 'orderId ': canary, order_id: canary }));
log.info('fields of every object', fields({ toString: canary, ['__proto__']: canary }));
log.error('what hangs on a fault', failed('it broke', {
  request: { headers: canary }, response: canary, params: [canary], detail: canary,
}));
log.error('what hangs on a cause', new Error('it broke', { cause: failed('why', { q: canary }) }));
log.error('a cause that is no error', new Error('it broke', { cause: { email: canary } }));
log.error('a fault that is no error', { email: canary });
const query = 'Failed query: insert into orders values ($1)\\nparams: ' + canary + ',\\n' + canary;
log.error('a failed query', failed(query, { code: '23505', params: [canary] }));
log.error('a failed query as the cause', new Error('it broke', { cause: failed(query) }));
log.error('a failed query that was thrown as a text', query);
log.error('a forged frame', failed('x\\nparams: \\n    at ' + canary, {}));

log.info('everything listed', {
  orderId: 'ord_1', count: 3, durationMs: 1.5, outcome: 'ok', status: 200, version: 7n,
  attempt: undefined, bucket: null, signal: true,
});
const link = 'GET /auth/verify-email?token=' + canary + '&x=1 was refused';
log.info('a link of a mail', { reason: link });
log.error('a link of a mail in a fault', new Error(link));
log.info('a long text', { reason: 'x'.repeat(10_000) });
log.error('a long fault', new Error('y'.repeat(10_000)));
const deep = (left) => { if (left === 0) throw new RangeError('deep'); deep(left - 1); };
Error.stackTraceLimit = 1_000;
try { deep(500); } catch (error) { log.error('a deep fault', error); }
log.error('a fault with its code', failed('refused', { code: 'ECONNREFUSED' }));
createLog('logs-test', 'error').info('too quiet', {});
`;

type Line = Record<string, unknown>;
let output = '';
const lines = new Map<string, Line>();
const lineOf = (event: string): Line => lines.get(event) ?? {};

beforeAll(() => {
  const child = Bun.spawnSync([process.execPath, '-e', SCRIPT]);
  output = child.stdout.toString() + child.stderr.toString();
  for (const text of child.stdout.toString().trim().split('\n')) {
    const line = JSON.parse(text) as Line;
    lines.set(String(line['msg']), line);
  }
});

describe('a log line', () => {
  const HIDING = [
    'an unlisted field',
    'an unlisted field in a warning',
    'an unlisted field in an error',
    'an object in a listed field',
    'a list in a listed field',
    'something that writes itself',
    'an error in a listed field',
    'another case',
    'fields of every object',
    'what hangs on a fault',
    'what hangs on a cause',
    'a cause that is no error',
    'a fault that is no error',
    'a failed query',
    'a failed query as the cause',
    'a failed query that was thrown as a text',
    'a forged frame',
    'a link of a mail',
    'a link of a mail in a fault',
  ];
  test.each(HIDING)('does not reveal the contents of %s', (event) => {
    expect(lines.has(event)).toBe(true);
    expect(JSON.stringify(lineOf(event))).not.toContain(CANARY);
  });

  test('never contains the canary', () => {
    expect(output).not.toContain(CANARY);
  });

  test('redacts an unlisted field and keeps the listed ones', () => {
    expect(lineOf('an unlisted field')).toMatchObject({
      orderId: 'ord_1',
      email: '[redacted]',
      token: '[redacted]',
      body: '[redacted]',
    });
    expect(lineOf('an object in a listed field')).toMatchObject({ reason: '[redacted]' });
  });

  test('keeps listed fields unchanged', () => {
    expect(lineOf('everything listed')).toMatchObject({
      process: 'logs-test',
      orderId: 'ord_1',
      count: 3,
      durationMs: 1.5,
      outcome: 'ok',
      status: 200,
      version: 7,
      bucket: null,
      signal: true,
    });
  });

  test('has a time, a level and the process name', () => {
    for (const line of lines.values()) {
      expect(line['process']).toBe('logs-test');
      expect(Number.isNaN(Date.parse(String(line['time'])))).toBe(false);
    }
    expect(lineOf('an unlisted field')['level']).toBe(30);
    expect(lineOf('an unlisted field in a warning')['level']).toBe(40);
    expect(lineOf('a long fault')['level']).toBe(50);
  });

  test('names an error, its code and its stack', () => {
    expect(lineOf('a fault with its code')).toMatchObject({
      fault: 'Error: refused',
      faultCode: 'ECONNREFUSED',
      stack: expect.stringMatching(/^\s*at /),
    });
    expect(lineOf('a failed query')).toMatchObject({
      fault: 'Error: Failed query: insert into orders values ($1)',
      faultCode: '23505',
    });
    expect(lineOf('what hangs on a cause')).toMatchObject({ faultCause: 'why' });
  });

  test('is bounded, however long the text, the error or its stack', () => {
    expect(String(lineOf('a long text')['reason'])).toHaveLength(500);
    for (const event of ['a long text', 'a long fault', 'a deep fault']) {
      expect(lines.has(event)).toBe(true);
      expect(JSON.stringify(lineOf(event)).length).toBeLessThan(6_000);
    }
  });

  test('below the level is not written', () => {
    expect(output).not.toContain('too quiet');
  });
});
