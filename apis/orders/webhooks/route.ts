// The route of a provider's webhooks: stores each event once, then notifies its workflow.
import { z } from 'zod';
import { waitAtMost } from '../../../concurrency/deadline.ts';
import { storeEvent, type ProviderEvent } from '../../../db/postgres/orders/webhooks.ts';
import { DomainError } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import {
  notifyWorkflow,
  type ProviderEventDeps,
} from '../../../workflows/client/provider-events.ts';
import { textBody } from '../../http/body.ts';
import { reply, route, type Route } from '../../http/routes.ts';

/** How long the answer waits for the workflow's notification; a sweep delivers late ones. */
const NOTIFY_LIMIT_MS = 1_000;

export interface WebhookDeps extends ProviderEventDeps {
  telemetry: Telemetry;
}

interface Sender {
  path: string;
  summary: string;
  /**
   * The event of a verified body; undefined when nothing here depends on it. INVALID_INPUT for a
   * body that the provider has not signed.
   */
  eventOf(body: string, headers: Headers): Promise<ProviderEvent | undefined>;
}

/** Says nothing of the reason: a forger learns from it. */
export const notValid = (): DomainError =>
  new DomainError('INVALID_INPUT', 'the webhook is not valid');

export const webhookRoute = (deps: WebhookDeps, { path, summary, eventOf }: Sender): Route =>
  route({
    method: 'post',
    path,
    summary,
    needs: 'public',
    kind: 'webhook',
    response: z.object({ received: z.literal(true) }),
    statuses: { 200: 'taken', 400: 'not valid' },
    handler: async ({ request }) => {
      const event = await eventOf(await textBody(request), request.headers);
      const isNew = event !== undefined && (await storeEvent(deps.pg, event));
      if (isNew && event.reference) {
        const notified = notifyWorkflow(deps, event).catch((error: unknown) =>
          deps.telemetry.log.error('event not delivered yet', error, {
            kind: event.source,
            orderId: event.reference,
          }),
        );
        await waitAtMost(notified, NOTIFY_LIMIT_MS);
      }
      return reply({ received: true as const });
    },
  });
