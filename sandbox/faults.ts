// Fault injection: a test posts which request fails and how, and the sandbox applies it.
import { z } from 'zod';

const FAULTS_MAX = 1_000;
const HANG_DEFAULT_MS = 60_000;

const faultBody = z.strictObject({
  method: z.string().default('*'),
  /** Prefix of the path; a `*` in it matches anything, so `*` alone is every path. */
  path: z.string().min(1).max(500).default('*'),
  /** A text of the request's body: the fault is for requests of one order or one recipient. */
  containing: z.string().min(1).max(200).optional(),
  action: z.union([
    z.enum(['drop_before', 'apply_then_drop', 'apply_then_500', 'hang']),
    z.string().regex(/^status:[45]\d\d$/),
  ]),
  times: z.number().int().min(1).default(1),
  forMs: z.number().int().min(1).max(600_000).optional(),
});
type Fault = z.output<typeof faultBody> & { id: string };

export interface Faults {
  /**
   * POST, GET and DELETE of /_sandbox/faults; undefined for anything else. `?containing=text`
   * deletes only the faults of that text.
   */
  answer(request: Request): Promise<Response> | undefined;
  /** The fault for this request, counted down; the first match wins. */
  take(request: Request, body: string): { action: string; forMs: number } | undefined;
}

const matches = (fault: Fault, request: Request, body: string): boolean => {
  const { pathname } = new URL(request.url);
  const sameMethod = fault.method === '*' || fault.method.toUpperCase() === request.method;
  const prefix = fault.path.split('*').map(RegExp.escape).join('.*');
  const isOfIt = fault.containing === undefined || body.includes(fault.containing);
  return sameMethod && isOfIt && new RegExp(`^${prefix}`).test(pathname);
};

export const createFaults = (): Faults => {
  let faults: Fault[] = [];
  const add = async (request: Request): Promise<Response> => {
    const body = faultBody.safeParse(await request.json().catch(() => undefined));
    if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
    if (faults.length >= FAULTS_MAX) return Response.json({ error: 'too many' }, { status: 429 });
    const fault = { ...body.data, id: `flt_${crypto.randomUUID()}` };
    faults.push(fault);
    return Response.json({ id: fault.id });
  };
  return {
    answer: (request) => {
      if (new URL(request.url).pathname !== '/_sandbox/faults') return undefined;
      if (request.method === 'POST') return add(request);
      if (request.method === 'GET') return Promise.resolve(Response.json({ faults }));
      if (request.method !== 'DELETE') return undefined;
      const text = new URL(request.url).searchParams.get('containing');
      faults = text === null ? [] : faults.filter(({ containing }) => containing !== text);
      return Promise.resolve(Response.json({}));
    },
    take: (request, body) => {
      const fault = faults.find((one) => matches(one, request, body));
      if (!fault) return undefined;
      fault.times--;
      if (fault.times === 0) faults = faults.filter((one) => one !== fault);
      return { action: fault.action, forMs: fault.forMs ?? HANG_DEFAULT_MS };
    },
  };
};

/** A response that resets the connection before a byte was sent. */
export const brokenAnswer = (): Response =>
  new Response(new ReadableStream({ start: (controller) => controller.error() }));

/** The method of Bun's server that a long wait needs. */
export interface Connections {
  timeout(request: Request, seconds: number): void;
}

/**
 * Runs `apply` under the matching fault, if any. `statusAnswer` makes the provider's own error body
 * for `status:NNN`. A hanging request still takes effect after the wait, whether or not its caller
 * listens, as with a slow provider.
 */
export const underFaults = async (
  faults: Faults,
  { request, body }: { request: Request; body: string },
  apply: (save500: boolean) => Promise<Response>,
  statusAnswer: (status: number) => Response,
  connections?: Connections,
): Promise<Response> => {
  const fault = faults.take(request, body);
  if (!fault) return apply(false);
  if (fault.action.startsWith('status:')) return statusAnswer(Number(fault.action.slice(7)));
  if (fault.action === 'drop_before') return brokenAnswer();
  if (fault.action === 'hang') {
    connections?.timeout(request, 0);
    await Bun.sleep(fault.forMs);
    return apply(false);
  }
  const answer = await apply(fault.action === 'apply_then_500');
  return fault.action === 'apply_then_500' ? answer : brokenAnswer();
};
