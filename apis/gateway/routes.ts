// Lists every route of the public API.
import type { Pg } from '../../db/postgres/client.ts';
import type { Cursors } from '../http/cursors.ts';
import { heartbeatRoute } from '../http/heartbeat.ts';
import type { Route } from '../http/routes.ts';
import type { ServiceKeys } from '../rpc/tokens.ts';
import { cartRoutes } from './carts/routes.ts';
import type { CartDeps } from './carts/calls.ts';
import { accountRoutes } from './accounts/routes.ts';
import type { AccountDeps } from './accounts/sign-in.ts';
import { shopDescriptionRoute } from './description.ts';
import { jwksRoute } from './jwks.ts';
import { graphqlRoutes } from './graphql/route.ts';
import { orderRoutes } from './orders.ts';
import { ownOrdersRoute } from './own-orders.ts';
import { passedOnRoutes, type Behind } from './passed-on.ts';
import { returnRoutes } from './returns.ts';
import { stockRoutes } from './stock.ts';
import { keyRoutes } from './stores/keys.ts';
import { storeOrderRoutes } from './stores/orders.ts';
import { returnSettingsRoutes } from './stores/return-settings.ts';
import { searchSettingsRoutes } from './stores/search-settings.ts';
import { staffRoutes } from './stores/staff.ts';
import { timelineRoute } from './timeline.ts';

export interface GatewayDeps extends CartDeps, AccountDeps, Behind {
  /** The identity schema. */
  pg: Pg;
  cursors: Cursors;
  publicKeys: ServiceKeys;
}

/** Routes that try a password or send mail by address have a limit of their own. */
const signingIn = (routes: Route[]): Route[] =>
  routes.map((one) => (one.needs === 'public' ? { ...one, kind: 'sign-in' } : one));

export const gatewayRoutes = (deps: GatewayDeps): Route[] => [
  heartbeatRoute,
  jwksRoute(deps),
  shopDescriptionRoute(),
  ...orderRoutes(deps),
  ...cartRoutes(deps),
  ...returnRoutes(deps),
  timelineRoute(deps),
  ownOrdersRoute(deps),
  ...graphqlRoutes(deps),
  ...signingIn(accountRoutes(deps)),
  ...keyRoutes(deps.pg),
  ...staffRoutes(deps.pg),
  ...returnSettingsRoutes(deps),
  ...storeOrderRoutes(deps),
  ...searchSettingsRoutes(deps),
  ...stockRoutes(deps),
  ...passedOnRoutes(deps),
];
