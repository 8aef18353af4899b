// A workflow that fills a task queue with payment steps that no worker takes.
import { proxyActivities } from '@temporalio/workflow';

const { pay } = proxyActivities<{ pay(): Promise<void> }>({
  taskQueue: 'payments',
  startToCloseTimeout: '1 minute',
});

export async function crowd(steps: number): Promise<void> {
  await Promise.all(Array.from({ length: steps }, () => pay()));
}
