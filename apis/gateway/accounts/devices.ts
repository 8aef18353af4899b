// Recognises the devices that have signed in to an account before, by a signed cookie of a year.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Cookies } from '../../http/credentials/cookies.ts';

const LIFE_SECONDS = 365 * 24 * 60 * 60;
const ID_BYTES = 12;
const NAME_LENGTH = 12;

export interface Devices {
  /** The id of the device, when it has signed in to the account of this address before. */
  known(request: Request, email: string): string | undefined;
  /** Set-Cookie for a device that has signed in, or whose owner has the account's mailbox. */
  remember(request: Request, email: string): string;
}

/**
 * A cookie for each account, so that a household's accounts share a browser. It opens nothing:
 * wrong passwords of strangers do not slow its device down.
 */
export const createDevices = (secret: string, cookies: Cookies): Devices => {
  const hash = (...words: string[]): string =>
    createHmac('sha256', secret).update(JSON.stringify(words)).digest('base64url');
  const nameOf = (email: string): string =>
    `device-${hash('device name', email).slice(0, NAME_LENGTH)}`;
  const known: Devices['known'] = (request, email) => {
    const [id = '', given = ''] = cookies.read(request, nameOf(email))?.split('.') ?? [];
    const [one, other] = [Buffer.from(given), Buffer.from(hash('device', email, id))];
    return one.length === other.length && timingSafeEqual(one, other) ? id : undefined;
  };
  return {
    known,
    remember: (request, email) => {
      const id = known(request, email) ?? randomBytes(ID_BYTES).toString('base64url');
      const value = `${id}.${hash('device', email, id)}`;
      return cookies.write(nameOf(email), value, LIFE_SECONDS);
    },
  };
};
