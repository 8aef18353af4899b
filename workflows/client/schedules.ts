// Creates recovery's schedules when they are missing.
import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  RECOVERY_QUEUE,
  RECOVERY_WORKFLOWS,
  scheduleIdOf,
  type RecoveryWorkflow,
} from '../recovery.contract.ts';

const TRY_AGAIN_MS = 5_000;

export type Pace = Record<RecoveryWorkflow, number>;

const putSchedule = async (client: Client, name: RecoveryWorkflow, every: number) => {
  const spec = { intervals: [{ every }] };
  const scheduleId = scheduleIdOf(name);
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
      action: {
        type: 'startWorkflow',
        workflowType: name,
        taskQueue: RECOVERY_QUEUE,
        args: [],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(scheduleId);
    await handle.update((present) => ({ ...present, spec }));
  }
};

/** Retries until the schedules exist or `signal` aborts it; `pace` in ms. */
export const putSchedules = async (
  connect: () => Promise<Client>,
  timings: Pace,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const client = await connect();
      for (const name of RECOVERY_WORKFLOWS) await putSchedule(client, name, timings[name]);
      return;
    } catch (error) {
      telemetry.log.error('creating the schedules failed', error);
      await Bun.sleep(TRY_AGAIN_MS);
    }
  }
};
