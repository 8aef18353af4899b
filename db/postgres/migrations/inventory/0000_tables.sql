CREATE SCHEMA "inventory";
--> statement-breakpoint
CREATE TABLE "inventory"."balances" (
	"store_id" text NOT NULL,
	"sku" text NOT NULL,
	"location" text NOT NULL,
	"product_id" text NOT NULL,
	"on_hand" integer NOT NULL,
	"reserved" integer NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "balances_pkey" PRIMARY KEY("store_id","sku","location"),
	CONSTRAINT "balances_reserved_check" CHECK ("inventory"."balances"."reserved" between 0 and "inventory"."balances"."on_hand")
);
--> statement-breakpoint
CREATE TABLE "inventory"."epochs" (
	"id" smallint PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inventory"."outbox" (
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
CREATE TABLE "inventory"."movements" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"sku" text NOT NULL,
	"location" text NOT NULL,
	"kind" text NOT NULL,
	"quantity" integer NOT NULL,
	"reference" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "movements_reference_key" UNIQUE("store_id","reference","kind","sku","location")
);
--> statement-breakpoint
CREATE TABLE "inventory"."reservation_lines" (
	"store_id" text NOT NULL,
	"reservation_id" text NOT NULL,
	"sku" text NOT NULL,
	"location" text NOT NULL,
	"quantity" integer NOT NULL,
	CONSTRAINT "reservation_lines_pkey" PRIMARY KEY("store_id","reservation_id","sku","location"),
	CONSTRAINT "reservation_lines_quantity_check" CHECK ("inventory"."reservation_lines"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "inventory"."reservations" (
	"store_id" text NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"reversed_at" timestamp with time zone,
	CONSTRAINT "reservations_pkey" PRIMARY KEY("store_id","id")
);
--> statement-breakpoint
CREATE TABLE "inventory"."stock_clocks" (
	"store_id" text NOT NULL,
	"product_id" text NOT NULL,
	"clock_us" bigint NOT NULL,
	CONSTRAINT "stock_clocks_pkey" PRIMARY KEY("store_id","product_id")
);
--> statement-breakpoint
CREATE INDEX "balances_store_id_product_id_idx" ON "inventory"."balances" USING btree ("store_id","product_id");--> statement-breakpoint
CREATE INDEX "outbox_bucket_id_idx" ON "inventory"."outbox" USING btree ("bucket","id");--> statement-breakpoint
CREATE INDEX "reservations_held_expires_at_idx" ON "inventory"."reservations" USING btree ("expires_at") WHERE "inventory"."reservations"."state" = 'held';