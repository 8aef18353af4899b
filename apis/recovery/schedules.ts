// The schedules of recovery, made when they are missing, whenever Temporal is there.
import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  RECOVERY_QUEUE,
  SWEEP_ORDERS,
  SWEEP_SCHEDULE_ID,
} from '../../workflows/sweep-orders.contract.ts';

const TRY_AGAIN_MS = 5_000;

const putSweep = async (client: Client, everyMs: number): Promise<void> => {
  const spec = { intervals: [{ every: everyMs }] };
  try {
    await client.schedule.create({
      scheduleId: SWEEP_SCHEDULE_ID,
      spec,
      policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
      action: {
        type: 'startWorkflow',
        workflowType: SWEEP_ORDERS,
        taskQueue: RECOVERY_QUEUE,
        args: [],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(SWEEP_SCHEDULE_ID);
    await handle.update((present) => ({ ...present, spec }));
  }
};

/** Keeps trying until the schedules are there or `signal` ends it. */
export const putSchedules = async (
  connect: () => Promise<Client>,
  everyMs: number,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      return await putSweep(await connect(), everyMs);
    } catch (error) {
      telemetry.log.error('schedules not made yet', error);
      await Bun.sleep(TRY_AGAIN_MS);
    }
  }
};
