// Lists every route of accounts, under `/auth` and `/me`.
import type { Route } from '../../http/routes.ts';
import { addressRoutes } from './addresses.ts';
import { mailedRoutes } from './passwords.ts';
import { sessionRoutes } from './sessions.ts';
import { signInRoutes, type AccountDeps } from './sign-in.ts';

export const accountRoutes = (deps: AccountDeps): Route[] => [
  ...signInRoutes(deps),
  ...sessionRoutes(deps),
  ...mailedRoutes(deps),
  ...addressRoutes(deps),
];
