// Tests API keys and staff: a store's own staff make, rotate and revoke its keys, and no others do.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId, type StoreId } from '../../domain/ids.ts';
import { testInstance } from '../../ops/instance.ts';
import { changeOperators } from '../../ops/commands/operators.ts';
import {
  call,
  confirmAddress,
  confirmedMember,
  newMember,
  type Member,
} from '../support/accounts.ts';
import { eventually, newEmail } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;

let shop: Shop;
let storeId: StoreId;
let owner: Member;
beforeAll(async () => {
  shop = await openShop();
  storeId = newId('store');
  owner = await confirmedMember(shop);
  expect((await give(owner.email, 'owner', shop.env['OPERATOR_KEY'])).status).toBe(200);
}, UP_LIMIT_MS);

const at = (path: string) => `/stores/${storeId}${path}`;
const give = (email: string, role: string, token = owner.token) =>
  call(shop, 'POST', at('/staff'), { token, body: { email, role } });

interface Made {
  id: string;
  key: string;
  expiresAt: string | null;
}
const make = (body: object = {}, token = owner.token) =>
  call<Made>(shop, 'POST', at('/keys'), {
    token,
    body: { name: 'a machine', scopes: ['products:read', 'products:write'], ...body },
  });
const list = async () =>
  (
    await call<{ items: { id: string; lastUsedAt: string | null; expiresAt: string | null }[] }>(
      shop,
      'GET',
      at('/keys'),
      { token: owner.token },
    )
  ).body.items;
const reads = async (key: string): Promise<number> =>
  (await call(shop, 'GET', '/products', { token: key })).status;
/** Calls Products itself, which is another process than the one that revokes keys. */
const readsThere = async (key: string): Promise<number> => {
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${shop.env['PRODUCTS_URL']}/products`, { headers })).status;
};

describe('a key of a store', () => {
  test('is shown once, and its stored hash opens nothing', async () => {
    const { status, body } = await make();
    expect(status).toBe(201);
    expect(await reads(body.key)).toBe(200);
    expect(JSON.stringify(await list())).not.toContain(body.key);
    const [row] = await shop.sql`select to_json(k) as row from identity.api_keys k
      where id = ${body.id}`;
    expect(JSON.stringify(row)).not.toContain(body.key.slice(3));
  });

  test('writes in its own store, within its scopes', async () => {
    const { body } = await make({ scopes: ['products:write', 'products:read'] });
    const made = await call<{ id: string; storeId: string }>(shop, 'POST', '/product', {
      token: body.key,
      body: { name: 'A thing', price: 1 },
    });
    expect(made).toMatchObject({ status: 201, body: { storeId } });
    const readOnly = (await make({ scopes: ['products:read'] })).body.key;
    const refused = await call(shop, 'POST', '/product', {
      token: readOnly,
      body: { name: 'A thing', price: 1 },
    });
    expect(refused.status).toBe(403);
  });

  test(
    'that is revoked is refused by every process',
    async () => {
      const { body } = await make();
      expect([await reads(body.key), await readsThere(body.key)]).toEqual([200, 200]);
      const path = at(`/keys/${body.id}`);
      expect((await call(shop, 'DELETE', path, { token: owner.token })).status).toBe(204);
      const started = performance.now();
      await eventually('the key is refused everywhere', async () =>
        (await reads(body.key)) === 401 && (await readsThere(body.key)) === 401 ? true : undefined,
      );
      // Much sooner than the cache's limit: the processes were notified.
      expect(performance.now() - started).toBeLessThan(5_000);
      expect((await call(shop, 'DELETE', path, { token: owner.token })).status).toBe(404);
    },
    LIMIT_MS,
  );

  test(
    'is rotated without a gap: the old one stays valid for the grace',
    async () => {
      const { body: old } = await make();
      const rotate = (id: string, graceSeconds: number) =>
        call<Made>(shop, 'POST', at(`/keys/${id}/rotate`), {
          token: owner.token,
          body: { graceSeconds },
        });
      const { status, body: next } = await rotate(old.id, 600);
      expect(status).toBe(201);
      expect([await reads(old.key), await reads(next.key)]).toEqual([200, 200]);
      const [row] = (await list()).filter(({ id }) => id === old.id);
      const leftMs = Date.parse(row?.expiresAt ?? '') - Date.now();
      expect(leftMs).toBeGreaterThan(500_000);
      expect(leftMs).toBeLessThan(601_000);
      expect((await rotate(next.id, 0)).status).toBe(201);
      await eventually('a key without grace is over', async () =>
        (await reads(next.key)) === 401 ? true : undefined,
      );
      expect(await reads(old.key)).toBe(200);
    },
    LIMIT_MS,
  );

  test('expires by itself', async () => {
    const { body } = await make({ expiresInDays: 1 });
    expect(Date.parse(body.expiresAt ?? '') - Date.now()).toBeGreaterThan(86_000_000);
    await shop.sql`update identity.api_keys set expires_at = now() where id = ${body.id}`;
    expect(await reads(body.key)).toBe(401);
  });

  test('shows its last use, written at most once a minute', async () => {
    const { body } = await make();
    const used = async () => (await list()).find(({ id }) => id === body.id)?.lastUsedAt;
    expect(await used()).toBeNull();
    await reads(body.key);
    const first = await used();
    expect(Date.parse(first ?? '')).toBeGreaterThan(Date.now() - 60_000);
    for (let times = 0; times < 5; times++) await readsThere(body.key);
    expect(await used()).toBe(first);
  });

  test('never acts as an operator, nor outside of its store', async () => {
    expect((await make({ scopes: ['recovery'] })).status).toBe(400);
    expect((await make({ storeId: 'sto_default' })).status).toBe(400);
    expect((await make({ scopes: [] })).status).toBe(400);
    const { body } = await make();
    for (const [method, path] of [
      ['GET', '/recovery/overview'],
      ['GET', at('/keys')],
      ['GET', at('/staff')],
    ] as const) {
      expect((await call(shop, method, path, { token: body.key })).status).toBe(403);
    }
  });

  test(
    'is one of at most a hundred, however many are requested at once',
    async () => {
      const busy = newId('store');
      await shop.sql`insert into identity.api_keys (hash, id, store_id, name, scopes)
        select 'h' || n || ${busy}, 'key_' || n || ${busy.slice(4)}, ${busy}, 'many', '[]'
        from generate_series(1, 98) n`;
      const token = shop.env['OPERATOR_KEY'] ?? '';
      const body = { name: 'one more', scopes: ['products:read'] };
      const answers = await Promise.all(
        [1, 2, 3, 4, 5].map(() => call(shop, 'POST', `/stores/${busy}/keys`, { token, body })),
      );
      const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
      expect(statuses).toEqual([201, 201, 409, 409, 409]);
    },
    LIMIT_MS,
  );
});

describe('the staff of a store', () => {
  test(
    'act once their address is confirmed, in their present role',
    async () => {
      const email = newEmail();
      expect((await give(email, 'clerk')).status).toBe(200);
      const member = await newMember(shop, email);
      const writes = async () =>
        (
          await call(shop, 'POST', '/product', {
            token: member.token,
            body: { name: 'By staff', price: 2 },
          })
        ).status;
      expect([await reads(member.token), await writes()]).toEqual([403, 403]);
      await confirmAddress(shop, email);
      expect([await reads(member.token), await writes()]).toEqual([200, 403]);
      await give(email, 'manager');
      expect(await writes()).toBe(201);
      expect((await make({}, member.token)).status).toBe(201);
      expect((await give(newEmail(), 'clerk', member.token)).status).toBe(403);
      expect((await call(shop, 'GET', '/me', { token: member.token })).body).toMatchObject({
        staff: [{ storeId, role: 'manager' }],
      });
      const path = at(`/staff/${encodeURIComponent(email)}`);
      expect((await call(shop, 'DELETE', path, { token: owner.token })).status).toBe(204);
      expect(await reads(member.token)).toBe(403);
    },
    LIMIT_MS,
  );

  test(
    'leave with a list of the keys that they have made, and with those keys where it is asked',
    async () => {
      const removed = async (keys: 'keep' | 'end') => {
        const manager = await confirmedMember(shop);
        await give(manager.email, 'manager');
        const { body: key } = await make({}, manager.token);
        const path = at(`/staff/${encodeURIComponent(manager.email)}?keys=${keys}`);
        const { status, body } = await call<{ keys: { id: string }[] }>(shop, 'DELETE', path, {
          token: owner.token,
        });
        expect([status, body.keys.map(({ id }) => id)]).toEqual([200, [key.id]]);
        expect(JSON.stringify(body)).not.toContain(key.key);
        return key.key;
      };
      const kept = await removed('keep');
      expect(await reads(kept)).toBe(200);
      const ended = await removed('end');
      await eventually('the key is refused', async () =>
        (await reads(ended)) === 401 ? true : undefined,
      );
      expect(await reads(kept)).toBe(200);
    },
    LIMIT_MS,
  );

  test('always include an owner', async () => {
    const path = at(`/staff/${encodeURIComponent(owner.email)}`);
    expect((await call(shop, 'DELETE', path, { token: owner.token })).status).toBe(409);
    expect((await give(owner.email, 'clerk')).status).toBe(409);
  });

  test(
    'of one store do not exist for another',
    async () => {
      const stranger = await confirmedMember(shop);
      const other = newId('store');
      const token = shop.env['OPERATOR_KEY'] ?? '';
      await call(shop, 'POST', `/stores/${other}/staff`, {
        token,
        body: { email: stranger.email, role: 'owner' },
      });
      const { body: key } = await make();
      for (const [method, path, body] of [
        ['GET', at('/keys')],
        ['POST', at('/keys'), { name: 'theirs', scopes: ['products:read'] }],
        ['POST', at(`/keys/${key.id}/rotate`), {}],
        ['DELETE', at(`/keys/${key.id}`)],
        ['GET', at('/staff')],
        ['POST', at('/staff'), { email: stranger.email, role: 'owner' }],
        ['DELETE', at(`/staff/${encodeURIComponent(owner.email)}`)],
        ['DELETE', `/stores/${other}/keys/${key.id}`],
        ['POST', `/stores/${other}/keys/${key.id}/rotate`, {}],
      ] as const) {
        const sent = { token: stranger.token, ...(body && { body }) };
        const { status } = await call(shop, method, path, sent);
        expect([method, path, status]).toEqual([method, path, 404]);
      }
      expect(await reads(key.key)).toBe(200);
    },
    LIMIT_MS,
  );
});

test(
  'an operator is an address that the shop names, once it is confirmed',
  async () => {
    const email = newEmail();
    const member = await newMember(shop, email);
    await changeOperators(testInstance(), { verb: 'add', email });
    const sees = async () =>
      (await call(shop, 'GET', '/recovery/overview', { token: member.token })).status;
    expect(await sees()).toBe(403);
    await confirmAddress(shop, email);
    expect(await sees()).toBe(200);
    await changeOperators(testInstance(), { verb: 'remove', email });
    expect(await sees()).toBe(403);
  },
  LIMIT_MS,
);
