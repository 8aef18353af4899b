// Loads the workflows with the stand-in for Temporal's module in its place.
import { plugin } from 'bun';
import { withLine, type PlantedLine } from '../support/planted-line.ts';
import * as runtime from './runtime.ts';

/** A planted bug is JSON {file, right, wrong}: its line is replaced as its file is loaded. */
export const virtualWorkflows = async (planted: string) => {
  const bug = planted === '' ? undefined : (JSON.parse(planted) as PlantedLine);
  plugin({
    name: 'the workflows, in virtual time',
    setup: (build) => {
      build.module('@temporalio/workflow', () => ({ exports: { ...runtime }, loader: 'object' }));
      if (!bug) return;
      build.onLoad({ filter: new RegExp(`${RegExp.escape(bug.file)}$`) }, () => ({
        contents: withLine(bug),
        loader: 'ts',
      }));
    },
  });
  const { fulfillOrder } = await import('../../workflows/fulfill-order.ts');
  const { returnOrder } = await import('../../workflows/return-order.ts');
  const { refundOrder } = await import('../../workflows/refund-order.ts');
  const { settleDispute } = await import('../../workflows/settle-dispute.ts');
  return { fulfillOrder, returnOrder, refundOrder, settleDispute };
};
