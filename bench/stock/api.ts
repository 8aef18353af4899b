// Measures stock reads and sold-out refusals over Connect JSON against Bun.serve with the same
// JSON.
import { publicEnvironment } from '../../ops/environment.ts';
import type { Instance } from '../../ops/instance.ts';
import { runningOf } from '../../ops/supervise.ts';
import { startBeside } from '../beside.ts';
import { compare, type Figures, type Plan } from '../method.ts';
import { inventoryCalls, stockedSkus } from './calls.ts';

const ECHO_PORT_SHIFT = 191;
/** An echo takes 30 µs, so a slice needs this many to exceed the noise. */
const OPERATIONS = 6_000;

interface Call {
  rpc: string;
  body: () => object;
}

const against = async (instance: Instance, plan: Plan, { rpc, body }: Call): Promise<Figures> => {
  const env = await publicEnvironment(instance);
  const { post } = inventoryCalls(env);
  // Uses the second response: the first may include a ledger read.
  await post(rpc, body());
  const sample = await post(rpc, body());
  const port = instance.portBase + ECHO_PORT_SHIFT;
  const echo = await startBeside('echo.ts', port, sample.text, String(sample.status));
  const headers = {
    'content-type': 'application/json',
    authorization: env['INTERNAL_TOKEN'] ?? '',
  };
  const call = async (): Promise<number> => {
    const init = { method: 'POST', headers, body: JSON.stringify(body()) };
    const response = await fetch(echo.url, init);
    await response.text();
    return response.status;
  };
  const pidOf = (name: string): number => runningOf(instance, name)?.pid ?? 0;
  try {
    return await compare(
      { pids: () => [echo.pid], operation: call },
      {
        pids: () => [pidOf('inventory'), pidOf('redis')],
        operation: async () => {
          const { status } = await post(rpc, body());
          if (status !== sample.status) throw new Error(`${rpc} answered ${status}`);
        },
      },
      { ...plan, operations: OPERATIONS },
    );
  } finally {
    await echo.end();
  }
};

const measureRead = async (instance: Instance, plan: Plan): Promise<Figures> => {
  const skus = await stockedSkus(await publicEnvironment(instance), 1, 100);
  return against(instance, plan, { rpc: 'BatchGetStock', body: () => ({ skus }) });
};

const measureRefusal = async (instance: Instance, plan: Plan): Promise<Figures> => {
  const [sku = ''] = await stockedSkus(await publicEnvironment(instance), 1, 1);
  const body = () => ({
    reservationId: crypto.randomUUID(),
    lines: [{ sku, quantity: 1 }],
    expiresIn: '60s',
  });
  await inventoryCalls(await publicEnvironment(instance)).post('Reserve', body());
  return against(instance, plan, { rpc: 'Reserve', body });
};

export const stockRead = { aim: 0.85, measure: measureRead };
export const soldOutRefusal = { aim: 0.85, measure: measureRefusal };
