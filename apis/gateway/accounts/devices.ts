// Recognises the devices that have signed in to an account before, by a signed cookie of a year.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Cookies } from '../../http/credentials/cookies.ts';

const LIFE_SECONDS = 365 * 24 * 60 * 60;
const ID_BYTES = 12;
const NAME_LENGTH = 12;

/** An account whose devices are known once its address is confirmed. */
export interface DeviceOwner {
  accountId: string;
  emailVerified: boolean;
  /** Of the present password: another password makes every device unknown. */
  passwordHash: string;
}

export interface Devices {
  /** The id of the device, when it has signed in to the account with its present password. */
  known(request: Request, owner: DeviceOwner | undefined): string | undefined;
  /**
   * Set-Cookie for a device that has signed in, or whose owner has the account's mailbox. None of
   * an unconfirmed account: a stranger could collect devices of an address before its owner comes.
   */
  remember(request: Request, owner: DeviceOwner | undefined): string[];
}

/**
 * A cookie for each account, so that a household's accounts share a browser. It opens nothing:
 * wrong passwords of strangers do not slow its device down.
 */
export const createDevices = (secret: string, cookies: Cookies): Devices => {
  const hash = (...words: string[]): string =>
    createHmac('sha256', secret).update(JSON.stringify(words)).digest('base64url');
  const nameOf = ({ accountId }: DeviceOwner): string =>
    `device-${hash('device name', accountId).slice(0, NAME_LENGTH)}`;
  const signed = ({ accountId, passwordHash }: DeviceOwner, id: string): string =>
    hash('device', accountId, passwordHash, id);
  const known: Devices['known'] = (request, owner) => {
    if (!owner?.emailVerified) return undefined;
    const [id = '', given = ''] = cookies.read(request, nameOf(owner))?.split('.') ?? [];
    const [one, other] = [Buffer.from(given), Buffer.from(signed(owner, id))];
    return one.length === other.length && timingSafeEqual(one, other) ? id : undefined;
  };
  return {
    known,
    remember: (request, owner) => {
      if (!owner?.emailVerified) return [];
      const id = known(request, owner) ?? randomBytes(ID_BYTES).toString('base64url');
      return [cookies.write(nameOf(owner), `${id}.${signed(owner, id)}`, LIFE_SECONDS)];
    },
  };
};
