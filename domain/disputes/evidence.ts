// The text fields of a dispute's evidence, by the provider's names, and their limit.

/** Fields that take text: https://docs.stripe.com/api/disputes/evidence_object */
export const EVIDENCE_FIELDS = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_tracking_number',
  'uncategorized_text',
] as const;

export type Evidence = Partial<Record<(typeof EVIDENCE_FIELDS)[number], string>>;

/** Characters of one field; the provider takes 150,000 in all, and all of ours fit into that. */
export const EVIDENCE_LENGTH_MAX = 5_000;
