// Every route of accounts, under `/auth` and `/me`.
import type { Route } from '../../http/routes.ts';
import { addressRoutes } from './address.ts';
import { mailedRoutes } from './passwords.ts';
import { sessionRoutes } from './sessions.ts';
import { signInRoutes, type AccountDoor } from './sign-in.ts';

export const accountRoutes = (door: AccountDoor): Route[] => [
  ...signInRoutes(door),
  ...sessionRoutes(door),
  ...mailedRoutes(door),
  ...addressRoutes(door),
];
