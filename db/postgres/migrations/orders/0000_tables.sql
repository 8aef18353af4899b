CREATE SCHEMA "orders";
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
	"status" text NOT NULL,
	"payment_status" text NOT NULL,
	"total_minor" integer NOT NULL,
	"currency" text NOT NULL,
	"email" text NOT NULL,
	"shipping_address" jsonb NOT NULL,
	"lines" jsonb NOT NULL,
	"payment_method" text NOT NULL,
	"payment_intent_id" text,
	"client_secret" text,
	"shipment_id" text,
	"tracking_number" text,
	"end_code" text,
	"end_message" text,
	"attention_reason" text,
	"attention_since" timestamp with time zone,
	"sequence" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orders"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"bucket" smallint NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"event_type" text NOT NULL,
	"value" "bytea" NOT NULL,
	"headers" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
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
ALTER TABLE "orders"."order_events" ADD CONSTRAINT "order_events_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "orders"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "orders_payment_intent_id_idx" ON "orders"."orders" USING btree ("payment_intent_id");--> statement-breakpoint
CREATE INDEX "orders_open_updated_at_idx" ON "orders"."orders" USING btree ("status","updated_at") WHERE "orders"."orders"."status" in ('accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped');--> statement-breakpoint
CREATE INDEX "outbox_bucket_id_idx" ON "orders"."outbox" USING btree ("bucket","id");