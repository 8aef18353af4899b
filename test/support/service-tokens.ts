// Forges services' tokens that are valid except for the given changes.
import { importJWK, SignJWT } from 'jose';
import type { ServiceKey } from '../../apis/rpc/tokens.ts';
import { testInstance } from '../../ops/instance.ts';
import { currentKey } from '../../ops/identity/service-keys.ts';

export interface Claims {
  /** Signs instead of the subject's own key. */
  key?: ServiceKey;
  issuer?: string;
  audience: string;
  subject?: string;
  storeId?: string | undefined;
  expires?: string | undefined;
}

export const serviceToken = async (claims: Claims): Promise<string> => {
  const { subject = 'gateway', key = currentKey(testInstance(), subject) } = claims;
  const storeId = 'storeId' in claims ? claims.storeId : 'sto_default';
  const jwt = new SignJWT({ storeId })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
    .setIssuer(claims.issuer ?? 'holdfast')
    .setSubject(subject)
    .setAudience(claims.audience);
  if (!('expires' in claims)) jwt.setExpirationTime('60s');
  else if (claims.expires) jwt.setExpirationTime(claims.expires);
  return jwt.sign(await importJWK(key, 'EdDSA'));
};
