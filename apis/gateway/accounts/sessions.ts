// Routes of the signed-in account: itself, its sessions, and ending them.
import { z } from 'zod';
import {
  endOtherSessions,
  endSession,
  findAccount,
  listSessions,
} from '../../../db/postgres/identity/accounts.ts';
import { listMemberships } from '../../../db/postgres/identity/staff.ts';
import { DomainError } from '../../../domain/errors.ts';
import { reply, route, type RouteInput, type Route } from '../../http/routes.ts';
import { emptyBody } from '../shapes.ts';
import {
  DONE,
  doneResponse,
  meResponse,
  sessionBody,
  sessionResponse,
  sessionsResponse,
  toAccountResponse,
  toSessionResponse,
} from './shapes.ts';
import { accountOf, NO_STORE, type AccountDeps } from './sign-in.ts';

export const meOf = async ({ pg }: AccountDeps, input: Pick<RouteInput, 'principal'>) => {
  const account = await findAccount(pg, accountOf(input).accountId);
  if (!account) throw new DomainError('UNAUTHENTICATED', 'this account is gone');
  const staff = account.emailVerified ? await listMemberships(pg, account.email) : [];
  return { ...toAccountResponse(account), ...(staff.length > 0 && { staff }) };
};

const readRoutes = (deps: AccountDeps): Route[] => [
  route({
    method: 'get',
    path: '/me',
    summary: 'The signed-in account.',
    needs: 'own-account',
    response: meResponse,
    statuses: { 200: 'the account' },
    handler: async (input) => reply(await meOf(deps, input), 200, NO_STORE),
  }),
  route({
    method: 'get',
    path: '/auth/get-session',
    summary: 'The session of the request, and its account.',
    needs: 'own-account',
    response: z.object({ session: sessionResponse, user: meResponse }),
    statuses: { 200: 'the session and the account' },
    handler: async (input) => {
      const { accountId, sessionId } = accountOf(input);
      const [user, sessions] = await Promise.all([
        meOf(deps, input),
        listSessions(deps.pg, accountId),
      ]);
      const session = sessions.find(({ id }) => id === sessionId);
      if (!session) throw new DomainError('UNAUTHENTICATED', 'this session is over');
      return reply({ session: toSessionResponse(session, sessionId), user }, 200, NO_STORE);
    },
  }),
  route({
    method: 'get',
    path: '/auth/list-sessions',
    summary: "The account's sessions, newest first.",
    needs: 'own-account',
    response: sessionsResponse,
    statuses: { 200: 'the sessions, at most 50' },
    handler: async (input) => {
      const { accountId, sessionId } = accountOf(input);
      const sessions = await listSessions(deps.pg, accountId);
      return reply(
        { items: sessions.map((one) => toSessionResponse(one, sessionId)) },
        200,
        NO_STORE,
      );
    },
  }),
];

const endRoutes = ({ pg }: AccountDeps): Route[] => [
  route({
    method: 'post',
    path: '/auth/revoke-session',
    summary: "End one of the account's sessions.",
    needs: 'own-account',
    body: sessionBody,
    response: doneResponse,
    statuses: { 200: 'the session is over', 404: 'NOT_FOUND' },
    handler: async (input) => {
      const ended = await endSession(pg, accountOf(input).accountId, input.body.id);
      if (!ended) throw new DomainError('NOT_FOUND', 'no such session');
      return reply(DONE, 200, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/auth/revoke-other-sessions',
    summary: 'End every other session.',
    needs: 'own-account',
    body: emptyBody,
    response: doneResponse,
    statuses: { 200: 'they are over' },
    handler: async (input) => {
      const { accountId, sessionId } = accountOf(input);
      await endOtherSessions(pg, accountId, sessionId);
      return reply(DONE, 200, NO_STORE);
    },
  }),
];

export const sessionRoutes = (deps: AccountDeps): Route[] => [
  ...readRoutes(deps),
  ...endRoutes(deps),
];
