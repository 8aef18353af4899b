// The commands of disputes, which call the operators' API with the operator's key.
import { command, commandOf, text, UsageError } from '../arguments.ts';
import { onTests } from './on-tests.ts';
import { call } from './orders.ts';

const list = command({
  name: 'list',
  summary: 'the open disputes, oldest first',
  about: 'Lists the open disputes and inquiries, or those of a state, with their deadlines.',
  example: 'disputes list --state evidence_prepared',
  options: { state: text('STATE', 'those of this state (default the open ones)'), ...onTests },
  run: ({ state, ...values }) =>
    call(values, 'GET', state ? `disputes?state=${encodeURIComponent(state)}` : 'disputes'),
});

const noted = { note: text('WHY', 'recorded in the audit of the order'), ...onTests };

const evidenceOf = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new UsageError('--evidence takes JSON');
  }
};

const submit = command({
  name: 'submit',
  summary: 'send the evidence that waits for a decision',
  about: 'Sends the prepared evidence of a dispute, with fields of your own in it.',
  example: `disputes submit dp_… --evidence '{"uncategorized_text":…}'`,
  positionals: ['ID'],
  options: { evidence: text('JSON', 'fields that replace the prepared ones'), ...noted },
  run: ({ evidence, note, ...values }, [id]) => {
    const body = { note, ...(evidence && { evidence: evidenceOf(evidence) }) };
    return call(values, 'POST', `disputes/${id}/submit`, body);
  },
});

const accept = command({
  name: 'accept',
  summary: 'accept the dispute as lost',
  about: 'Accepts a dispute as lost, which cannot be undone.',
  example: 'disputes accept dp_… --note "the parcel was empty"',
  positionals: ['ID'],
  options: noted,
  run: ({ note, ...values }, [id]) => call(values, 'POST', `disputes/${id}/accept`, { note }),
});

export const DISPUTES = commandOf({
  name: 'disputes',
  summary: 'what banks dispute, and the decisions about it',
  about: 'Lists disputes, and decides about evidence that waits for a person.',
  example: 'disputes list',
  commands: [list, submit, accept],
});
