// The heartbeat route of every API: the process is alive; no dependency is checked.
import { z } from 'zod';
import { reply, route, type Route } from './routes.ts';

export const heartbeatRoute: Route = route({
  method: 'get',
  path: '/heartbeat',
  needs: 'public',
  kind: 'free',
  summary: 'The process is alive; no dependency is checked.',
  response: z.object({ status: z.literal('ok') }),
  statuses: { 200: '{"status":"ok"}' },
  handler: async () => reply({ status: 'ok' as const }),
});
