// Every route of the public door, in one list.
import type { Pg } from '../../db/postgres/client.ts';
import type { Cursors } from '../http/cursors.ts';
import { heartbeatRoute } from '../http/heartbeat.ts';
import type { Route } from '../http/routes.ts';
import type { ServiceKeys } from '../rpc/tokens.ts';
import { cartRoutes } from './carts/routes.ts';
import type { CartDoor } from './carts/calls.ts';
import { accountRoutes } from './accounts/routes.ts';
import type { AccountDoor } from './accounts/sign-in.ts';
import { descriptionRoute } from './description.ts';
import { jwksRoute } from './jwks.ts';
import { graphqlRoutes } from './graphql/route.ts';
import { orderRoutes } from './orders.ts';
import { ownOrdersRoute } from './own-orders.ts';
import { passedOnRoutes, type Behind } from './passed-on.ts';
import { returnRoutes } from './returns.ts';
import { stockRoutes } from './stock.ts';
import { keyRoutes } from './stores/keys.ts';
import { staffRoutes } from './stores/staff.ts';
import { timelineRoute } from './timeline.ts';

export interface GatewayParts extends CartDoor, AccountDoor, Behind {
  /** The identity schema. */
  pg: Pg;
  cursors: Cursors;
  publicKeys: ServiceKeys;
}

/** Whatever tries a password or sends one by mail has a limit of its own. */
const signingIn = (routes: Route[]): Route[] =>
  routes.map((one) => (one.needs === 'public' ? { ...one, kind: 'sign-in' } : one));

export const gatewayRoutes = (parts: GatewayParts): Route[] => [
  heartbeatRoute,
  jwksRoute(parts),
  descriptionRoute(),
  ...orderRoutes(parts),
  ...cartRoutes(parts),
  ...returnRoutes(parts),
  timelineRoute(parts),
  ownOrdersRoute(parts),
  ...graphqlRoutes(parts),
  ...signingIn(accountRoutes(parts)),
  ...keyRoutes(parts.pg),
  ...staffRoutes(parts.pg),
  ...stockRoutes(parts),
  ...passedOnRoutes(parts),
];
