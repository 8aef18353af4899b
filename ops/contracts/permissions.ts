// Renders the page of permissions from the routes and tables that enforce them.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gatewayRoutes } from '../../apis/gateway/routes.ts';
import { heartbeatRoute } from '../../apis/http/heartbeat.ts';
import type { Route } from '../../apis/http/routes.ts';
import { carrierWebhookRoute } from '../../apis/orders/webhooks/carrier.ts';
import { stripeWebhookRoute } from '../../apis/orders/webhooks/stripe.ts';
import { productsRoutes } from '../../apis/products/routes.ts';
import { codecRoutes } from '../../apis/recovery/codec.ts';
import { recoveryRoutes } from '../../apis/recovery/routes.ts';
import { graphqlRoute } from '../../apis/search/graphql.ts';
import {
  FIELDS,
  isAllowed,
  LOCAL_CALLER,
  type Permission,
  PERMISSIONS,
  ROLES,
  SERVICE_CALLS,
} from '../../domain/permissions.ts';
import { ROOT } from '../instance.ts';

export const PERMISSIONS_FILE = resolve(ROOT, 'docs', 'permissions.md');

/** A placeholder for dependencies: only the routes' descriptions are read. */
const nothing = {} as never;

/** Every route of every API, operations ports excluded. */
export const everyRoute = (): Record<string, Route[]> => ({
  gateway: gatewayRoutes(nothing),
  products: productsRoutes(nothing),
  search: [heartbeatRoute, graphqlRoute(nothing)],
  inventory: [heartbeatRoute],
  orders: [heartbeatRoute, stripeWebhookRoute(nothing, []), carrierWebhookRoute(nothing, [])],
  recovery: [...recoveryRoutes(nothing), ...codecRoutes(nothing, 'https://ui.example', false)],
});

/** `Query.products` and the other root fields of every GraphQL schema. */
export const everyField = (): string[] => {
  const schemas = [...new Bun.Glob('apis/**/*.graphql').scanSync({ cwd: ROOT })];
  const fields = schemas.sort().flatMap((file) => {
    const text = readFileSync(resolve(ROOT, file), 'utf8').replaceAll(
      /"""[\s\S]*?"""|"[^"]*"/g,
      '',
    );
    const roots = [...text.matchAll(/^(?:extend )?type (Query|Mutation) \{\n([\s\S]*?)^\}/gm)];
    return roots.flatMap(([, type, body = '']) =>
      [...body.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => `${type}.${name}`),
    );
  });
  // The gateway's schema includes Search's fields.
  return [...new Set(fields)];
};

const cell = (permission: Permission, role: (typeof ROLES)[number]): string =>
  isAllowed(role, permission) ? 'yes' : '–';

const permissionTable = (): string[] => [
  `| permission | ${ROLES.join(' | ')} |`,
  `|---|${ROLES.map(() => '---').join('|')}|`,
  ...(Object.keys(PERMISSIONS) as Permission[]).map(
    (permission) =>
      `| \`${permission}\` | ${ROLES.map((role) => cell(permission, role)).join(' | ')} |`,
  ),
];

const routeTable = ([service, routes]: [string, Route[]]): string[] => [
  '',
  `### ${service}`,
  '',
  '| route | needs |',
  '|---|---|',
  ...routes.map(
    ({ method, path, needs }) => `| \`${method.toUpperCase()} ${path}\` | \`${needs}\` |`,
  ),
];

const callTable = (): string[] => [
  '| call | callers |',
  '|---|---|',
  ...Object.entries(SERVICE_CALLS).map(([call, callers]) => {
    const [, method] = call.split('/');
    const service = call.split('.')[1];
    return `| \`${service}\` ${method} | ${[...callers, LOCAL_CALLER].join(', ')} |`;
  }),
];

/** The page's text; `./holdfast dev bun ops/generate.ts` writes it, a test compares it. */
export const permissionsPage = (): string =>
  [
    '# Permissions',
    '',
    'Made by `./holdfast dev bun ops/generate.ts` from `domain/permissions.ts` and the routes,',
    'which enforce it; `test/contracts/permissions.shop.test.ts` checks all of it. The rest is',
    'refused. [identity.md](identity.md) explains the roles.',
    '',
    '## Roles',
    '',
    'A key may do only what its scopes allow. An order, a session or a store that is not the',
    "caller's is not found, whatever the role.",
    '',
    ...permissionTable(),
    '',
    '## Routes',
    ...Object.entries(everyRoute()).flatMap(routeTable),
    '',
    '## Fields of GraphQL',
    '',
    'All are behind `POST /graphql`, which needs `browse`; personal ones return only data of the',
    'caller.',
    '',
    '| field | needs |',
    '|---|---|',
    ...Object.entries(FIELDS).map(([field, needs]) => `| \`${field}\` | \`${needs}\` |`),
    '',
    '## Calls between services',
    '',
    'By tokens that each service signs with its own key; `local` is the `INTERNAL_TOKEN` of',
    '`./holdfast env`.',
    '',
    ...callTable(),
    '',
  ].join('\n');
