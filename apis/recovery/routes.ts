// Lists every route of Order Recovery, and generates its description.
import { resolve } from 'node:path';
import { heartbeatRoute } from '../http/heartbeat.ts';
import { openapiOf } from '../http/openapi/openapi.ts';
import { descriptionRoute } from '../http/openapi/served.ts';
import type { Route } from '../http/routes.ts';
import { batchRoutes } from './batches.ts';
import { disputeRoutes } from './disputes.ts';
import { holdsRoute } from './holds.ts';
import { orderRoutes, type RecoveryDeps } from './orders.ts';
import { overviewRoute } from './overview.ts';
import { returnRoutes } from './returns.ts';

export const RECOVERY_OPENAPI_FILE = resolve(import.meta.dirname, 'openapi.json');

const describedRoutes = (deps: RecoveryDeps): Route[] => [
  overviewRoute(deps.pg, deps.temporal),
  ...orderRoutes(deps),
  ...disputeRoutes(deps),
  ...batchRoutes(deps),
  ...returnRoutes(deps),
  holdsRoute(deps),
];

/** The description that is checked in as `openapi.json`; a test compares them. */
export const describedRecovery = () =>
  openapiOf(describedRoutes({} as RecoveryDeps), {
    title: 'Holdfast Order Recovery API',
    version: '1.0.0',
    description:
      'Stuck orders and their reasons, everything known of one order, disputes, and the ' +
      'actions on them. Every action is audited and done once an Idempotency-Key.',
  });

export const recoveryRoutes = (deps: RecoveryDeps): Route[] => [
  heartbeatRoute,
  descriptionRoute('/recovery/openapi.json', RECOVERY_OPENAPI_FILE, 'recovery'),
  ...describedRoutes(deps),
];
