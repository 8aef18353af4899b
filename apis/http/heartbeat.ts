// The heartbeat of every API: the process lives; no dependency is looked at.
import { z } from 'zod';
import { reply, route, type Route } from './routes.ts';

export const heartbeatRoute: Route = route({
  method: 'get',
  path: '/heartbeat',
  needs: 'public',
  kind: 'free',
  summary: 'The process lives; touches nothing.',
  response: z.object({ status: z.literal('ok') }),
  statuses: { 200: '{"status":"ok"}' },
  handler: async () => reply({ status: 'ok' as const }),
});
