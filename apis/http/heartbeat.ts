// The heartbeat every public door answers: the process lives; nothing else is asked.
import { json, route, type Route } from './routes.ts';

export const heartbeatRoute: Route = route({
  method: 'get',
  path: '/heartbeat',
  needs: 'public',
  kind: 'free',
  summary: 'The process lives; touches nothing.',
  answers: { 200: '{"status":"ok"}' },
  answer: async () => json({ status: 'ok' }),
});
