// Oneself: who am I, where am I signed in, and ending it there.
import { z } from 'zod';
import {
  endOtherSessions,
  endSession,
  findAccount,
  listSessions,
} from '../../../db/postgres/identity/accounts.ts';
import { listPlaces } from '../../../db/postgres/identity/staff.ts';
import { DomainError } from '../../../domain/errors.ts';
import { json, route, type Ask, type Route } from '../../http/routes.ts';
import { emptyBody } from '../shapes.ts';
import {
  doneShown,
  meShown,
  sessionBody,
  sessionShown,
  sessionsShown,
  shownAccount,
  shownSession,
} from './shapes.ts';
import { accountOf, NO_STORE, type AccountDoor } from './sign-in.ts';

export const meOf = async ({ pg }: AccountDoor, ask: Pick<Ask, 'principal'>) => {
  const account = await findAccount(pg, accountOf(ask).accountId);
  if (!account) throw new DomainError('UNAUTHENTICATED', 'this account is gone');
  const staff = account.emailVerified ? await listPlaces(pg, account.email) : [];
  return { ...shownAccount(account), ...(staff.length > 0 && { staff }) };
};

const readRoutes = (door: AccountDoor): Route[] => [
  route({
    method: 'get',
    path: '/me',
    summary: 'Who is signed in.',
    needs: 'own-account',
    shows: meShown,
    answers: { 200: 'the account' },
    answer: async (ask) => json(await meOf(door, ask), 200, NO_STORE),
  }),
  route({
    method: 'get',
    path: '/auth/get-session',
    summary: 'The session that is shown, and whose it is.',
    needs: 'own-account',
    shows: z.object({ session: sessionShown, user: meShown }),
    answers: { 200: 'the session and the account' },
    answer: async (ask) => {
      const { accountId, sessionId } = accountOf(ask);
      const [user, sessions] = await Promise.all([
        meOf(door, ask),
        listSessions(door.pg, accountId),
      ]);
      const session = sessions.find(({ id }) => id === sessionId);
      if (!session) throw new DomainError('UNAUTHENTICATED', 'this session is over');
      return json({ session: shownSession(session, sessionId), user }, 200, NO_STORE);
    },
  }),
  route({
    method: 'get',
    path: '/auth/list-sessions',
    summary: 'Where one is signed in, newest first.',
    needs: 'own-account',
    shows: sessionsShown,
    answers: { 200: 'the sessions, at most 50' },
    answer: async (ask) => {
      const { accountId, sessionId } = accountOf(ask);
      const sessions = await listSessions(door.pg, accountId);
      return json({ items: sessions.map((one) => shownSession(one, sessionId)) }, 200, NO_STORE);
    },
  }),
];

const endRoutes = ({ pg }: AccountDoor): Route[] => [
  route({
    method: 'post',
    path: '/auth/revoke-session',
    summary: 'End one of the sessions of the list.',
    needs: 'own-account',
    body: sessionBody,
    shows: doneShown,
    answers: { 200: 'it is over', 404: 'NOT_FOUND' },
    answer: async (ask) => {
      const ended = await endSession(pg, accountOf(ask).accountId, ask.body.id);
      if (!ended) throw new DomainError('NOT_FOUND', 'no such session');
      return json({ status: true }, 200, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/auth/revoke-other-sessions',
    summary: 'End every session but this one.',
    needs: 'own-account',
    body: emptyBody,
    shows: doneShown,
    answers: { 200: 'they are over' },
    answer: async (ask) => {
      const { accountId, sessionId } = accountOf(ask);
      await endOtherSessions(pg, accountId, sessionId);
      return json({ status: true }, 200, NO_STORE);
    },
  }),
];

export const sessionRoutes = (door: AccountDoor): Route[] => [
  ...readRoutes(door),
  ...endRoutes(door),
];
