// Renders the mails to shoppers: one template a kind, as text and as HTML.
import type { Order } from '../db/postgres/orders/orders.ts';
import { numberFromMinor } from '../domain/money.ts';

export const NOTIFICATION_KINDS = [
  'confirmed',
  'action_needed',
  'shipped',
  'left',
  'delivered',
  'cancelled',
  'expired',
  'rejected',
  'lost',
  'returned_to_sender',
  'refunded',
  'return_refused',
] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

interface Template {
  subject: string;
  /** Sentences, one a paragraph. */
  body(order: Order, about: MailAbout): string[];
}

/** What a mail names besides its order. */
export interface MailAbout {
  /** The sum of a mail about money. */
  amountMinor?: number | undefined;
  /** What a person has to say. */
  note?: string | undefined;
}

const money = ({ currency }: Order, amountMinor: number): string =>
  `${numberFromMinor(amountMinor, currency)} ${currency}`;

/** What of an ended order's money is back, and what is still owed. */
const moneyOf = (order: Order): string[] => {
  const { paymentStatus, totalMinor, refundedMinor } = order;
  if (paymentStatus === 'none' || paymentStatus === 'authorized')
    return ['You pay nothing for it.'];
  const owedMinor = totalMinor - refundedMinor;
  return [
    `You have got back ${money(order, refundedMinor)}.`,
    ...(owedMinor > 0
      ? [`We owe you ${money(order, owedMinor)}: your bank has not taken it yet, and we see to it.`]
      : []),
  ];
};

const TEMPLATES: Record<NotificationKind, Template> = {
  confirmed: {
    subject: 'Your order is confirmed',
    body: (order) => [
      `Thank you. We have your payment of ${money(order, order.totalMinor)} ` +
        'and are packing your parcel.',
    ],
  },
  action_needed: {
    subject: 'Your order needs you',
    body: ({ nextAction }) => [
      nextAction?.message ?? 'Your payment is not complete yet.',
      ...(nextAction?.until ? [`We keep your order until ${nextAction.until}.`] : []),
    ],
  },
  shipped: {
    subject: 'Your parcel is on its way',
    body: ({ trackingNumber }) => [`The carrier has it; its tracking number is ${trackingNumber}.`],
  },
  delivered: {
    subject: 'Your parcel has arrived',
    body: () => ['The carrier says that your parcel was delivered. Enjoy it.'],
  },
  left: {
    subject: 'Your parcel had left already',
    body: (order) => [
      'We could not stop it any more; we shall tell you what becomes of it.',
      order.refundedMinor > 0
        ? `You have got back ${money(order, order.refundedMinor)}.`
        : 'You can send it back once it has arrived.',
    ],
  },
  cancelled: {
    subject: 'Your order is cancelled',
    body: (order) => ['Nothing will be sent.', ...moneyOf(order)],
  },
  expired: {
    subject: 'Your order has ended without a payment',
    body: () => [
      'It was not paid in time. Nothing was charged, and nothing will be sent.',
      'What your bank may have reserved for it is free again.',
    ],
  },
  rejected: {
    subject: 'We could not take your order',
    body: ({ endReason }) => [
      endReason ? `The reason: ${endReason.message}.` : 'It could not be completed.',
      'You pay nothing for it, and nothing will be sent.',
    ],
  },
  lost: {
    subject: 'Your parcel was lost',
    body: (order) => [
      'The carrier has lost it. We are sorry. Nothing more will be sent.',
      ...moneyOf(order),
    ],
  },
  returned_to_sender: {
    subject: 'Your parcel came back to us',
    body: (order) => [
      'The carrier could not deliver it. Nothing more will be sent.',
      ...moneyOf(order),
    ],
  },
  refunded: {
    subject: 'Your money is on its way back',
    body: (order, { amountMinor = 0 }) => [
      `We have given back ${money(order, amountMinor)}. ` +
        'Your bank may need a few days to show it.',
    ],
  },
  return_refused: {
    subject: 'We could not accept all that you returned',
    body: (_, { note }) => [
      ...(note ? [`The reason: ${note}`] : []),
      'We give back the price of what we have accepted. Please write to us about the rest.',
    ],
  },
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const STYLE = 'font:16px/1.5 system-ui,sans-serif;color:#1c1c1c;max-width:34em;margin:2em auto';

const htmlOf = (title: string, paragraphs: string[], lines: string[]): string =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${escapeHtml(title)}</title></head><body style="${STYLE}">`,
    `<h1 style="font-size:1.3em">${escapeHtml(title)}</h1>`,
    ...paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`,
    '</body></html>',
  ].join('\n');

/** Returns a mail's subject and both of its bodies. */
export const renderMail = (kind: NotificationKind, order: Order, about: MailAbout = {}) => {
  const { subject, body } = TEMPLATES[kind];
  const paragraphs = body(order, about);
  const lines = order.lines.map(({ quantity, name, sku }) => `${quantity} × ${name} (${sku})`);
  return {
    subject: `${subject} (${order.id})`,
    text: `${paragraphs.join('\n\n')}\n\n${lines.join('\n')}\n`,
    html: htmlOf(subject, paragraphs, lines),
  };
};
