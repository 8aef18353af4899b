CREATE SCHEMA "orders";
--> statement-breakpoint
CREATE TABLE "orders"."breaks" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"order_id" text,
	"facts" jsonb NOT NULL,
	"found_at" timestamp with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "orders"."checkout_keys" (
	"store_id" text NOT NULL,
	"principal" text NOT NULL,
	"key" text NOT NULL,
	"body_hash" text NOT NULL,
	"order_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "checkout_keys_pkey" PRIMARY KEY("store_id","principal","key")
);
--> statement-breakpoint
CREATE TABLE "orders"."disputes" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"order_id" text NOT NULL,
	"amount_minor" integer NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"is_inquiry" boolean NOT NULL,
	"state" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"due_at" timestamp with time zone,
	"looked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orders"."ledger_entries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"order_id" text NOT NULL,
	"entry" text NOT NULL,
	"reference" text NOT NULL,
	"account" text NOT NULL,
	"amount_minor" integer NOT NULL,
	"currency" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ledger_entries_reference_key" UNIQUE("order_id","entry","reference","account")
);
--> statement-breakpoint
CREATE TABLE "orders"."notifications" (
	"order_id" text NOT NULL,
	"kind" text NOT NULL,
	"sent_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notifications_pkey" PRIMARY KEY("order_id","kind")
);
--> statement-breakpoint
CREATE TABLE "orders"."order_events" (
	"order_id" text NOT NULL,
	"sequence" integer NOT NULL,
	"store_id" text NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "order_events_pkey" PRIMARY KEY("order_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "orders"."orders" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"principal" text DEFAULT '' NOT NULL,
	"status" text NOT NULL,
	"payment_status" text NOT NULL,
	"total_minor" integer NOT NULL,
	"currency" text NOT NULL,
	"email" text NOT NULL,
	"shipping_address" jsonb NOT NULL,
	"lines" jsonb NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"payment_method" text NOT NULL,
	"keep_on_decline" boolean DEFAULT false NOT NULL,
	"payment_intent_id" text,
	"client_secret" text,
	"next_action" jsonb,
	"refunded_minor" integer DEFAULT 0 NOT NULL,
	"shipment_id" text,
	"tracking_number" text,
	"delivered_at" timestamp with time zone,
	"end_code" text,
	"end_message" text,
	"cancel_requested_at" timestamp with time zone,
	"attentions" jsonb DEFAULT '[]' NOT NULL,
	"look_requested_at" timestamp with time zone,
	"looks" integer DEFAULT 0 NOT NULL,
	"looks_answered" integer DEFAULT 0 NOT NULL,
	"sequence" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orders"."outbox" (
	"id" bigserial NOT NULL,
	"bucket" smallint NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"event_type" text NOT NULL,
	"value" "bytea" NOT NULL,
	"headers" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "outbox_pkey" PRIMARY KEY("bucket","id")
);
--> statement-breakpoint
CREATE TABLE "orders"."parcels" (
	"order_id" text NOT NULL,
	"location" text NOT NULL,
	"lines" jsonb NOT NULL,
	"shipment_id" text NOT NULL,
	"tracking_number" text NOT NULL,
	"status" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "parcels_pkey" PRIMARY KEY("order_id","location")
);
--> statement-breakpoint
CREATE TABLE "orders"."payment_keys" (
	"order_id" text NOT NULL,
	"verb" text NOT NULL,
	"generation" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "payment_keys_pkey" PRIMARY KEY("order_id","verb","generation")
);
--> statement-breakpoint
CREATE TABLE "orders"."positions" (
	"lane" text PRIMARY KEY NOT NULL,
	"at_us" bigint NOT NULL,
	"id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orders"."recovery_actions" (
	"id" text PRIMARY KEY NOT NULL,
	"operator" text NOT NULL,
	"key" text NOT NULL,
	"order_id" text NOT NULL,
	"batch_id" text,
	"action" text NOT NULL,
	"body" jsonb NOT NULL,
	"outcome" text NOT NULL,
	"message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"done_at" timestamp with time zone,
	CONSTRAINT "recovery_actions_operator_key_key" UNIQUE("operator","key")
);
--> statement-breakpoint
CREATE TABLE "orders"."refunds" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"order_id" text NOT NULL,
	"amount_minor" integer NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"state" text NOT NULL,
	"provider_refund_id" text,
	"replaces" text,
	"look_at" timestamp with time zone,
	"looks" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "refunds_amount_minor_check" CHECK ("orders"."refunds"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "orders"."return_settings" (
	"store_id" text PRIMARY KEY NOT NULL,
	"address" jsonb,
	"location" text NOT NULL,
	"inspects" boolean NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orders"."returns" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"order_id" text NOT NULL,
	"key" text NOT NULL,
	"lines" jsonb NOT NULL,
	"reason" text NOT NULL,
	"refund_minor" integer NOT NULL,
	"state" text NOT NULL,
	"note" text,
	"accepted" jsonb,
	"location" text,
	"send_until" timestamp with time zone,
	"shipment_id" text,
	"tracking_number" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "returns_order_id_key_key" UNIQUE("order_id","key")
);
--> statement-breakpoint
CREATE TABLE "orders"."webhook_events" (
	"source" text NOT NULL,
	"id" text NOT NULL,
	"type" text NOT NULL,
	"reference" text,
	"object_id" text NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"notified_at" timestamp with time zone,
	CONSTRAINT "webhook_events_pkey" PRIMARY KEY("source","id")
);
--> statement-breakpoint
ALTER TABLE "orders"."order_events" ADD CONSTRAINT "order_events_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "orders"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "disputes_order_id_idx" ON "orders"."disputes" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "disputes_state_created_at_id_idx" ON "orders"."disputes" USING btree ("state","created_at","id");--> statement-breakpoint
CREATE INDEX "ledger_entries_created_at_idx" ON "orders"."ledger_entries" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "orders_payment_intent_id_idx" ON "orders"."orders" USING btree ("payment_intent_id");--> statement-breakpoint
CREATE INDEX "orders_store_id_principal_id_idx" ON "orders"."orders" USING btree ("store_id","principal","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "orders_attentions_idx" ON "orders"."orders" USING btree ("id") WHERE "orders"."orders"."attentions" <> '[]';--> statement-breakpoint
CREATE INDEX "orders_updated_at_id_idx" ON "orders"."orders" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "orders_open_updated_at_idx" ON "orders"."orders" USING btree ("status","updated_at") WHERE "orders"."orders"."status" in ('accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped');--> statement-breakpoint
CREATE INDEX "recovery_actions_order_id_idx" ON "orders"."recovery_actions" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "recovery_actions_batch_id_idx" ON "orders"."recovery_actions" USING btree ("batch_id");--> statement-breakpoint
CREATE INDEX "refunds_order_id_idx" ON "orders"."refunds" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "refunds_provider_refund_id_idx" ON "orders"."refunds" USING btree ("provider_refund_id");--> statement-breakpoint
CREATE INDEX "refunds_owed_idx" ON "orders"."refunds" USING btree ("created_at") WHERE "orders"."refunds"."state" in ('requested', 'pending');--> statement-breakpoint
CREATE INDEX "refunds_look_at_idx" ON "orders"."refunds" USING btree ("look_at") WHERE "orders"."refunds"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "returns_open_idx" ON "orders"."returns" USING btree ("id") WHERE "orders"."returns"."state" not in ('refunded', 'rejected', 'expired');--> statement-breakpoint
CREATE INDEX "webhook_events_received_at_idx" ON "orders"."webhook_events" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "webhook_events_unnotified_idx" ON "orders"."webhook_events" USING btree ("received_at") WHERE "orders"."webhook_events"."notified_at" is null and "orders"."webhook_events"."reference" is not null;