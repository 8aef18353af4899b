CREATE TABLE "inventory"."locations" (
	"store_id" text NOT NULL,
	"location" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "locations_pkey" PRIMARY KEY("store_id","location")
);
--> statement-breakpoint
CREATE TABLE "inventory"."stock_changes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"product_id" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "inventory"."reservation_lines" DROP CONSTRAINT "reservation_lines_quantity_check";--> statement-breakpoint
ALTER TABLE "inventory"."movements" ADD COLUMN "counted" integer;--> statement-breakpoint
ALTER TABLE "inventory"."movements" ADD COLUMN "on_hand_after" integer;--> statement-breakpoint
ALTER TABLE "inventory"."movements" ADD COLUMN "reserved_after" integer;--> statement-breakpoint
ALTER TABLE "inventory"."movements" ADD COLUMN "version_after" bigint;--> statement-breakpoint
ALTER TABLE "inventory"."reservation_lines" ADD COLUMN "missing" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "inventory"."reservations" ADD COLUMN "attention" text;--> statement-breakpoint
ALTER TABLE "inventory"."reservations" ADD COLUMN "attention_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "movements_store_id_sku_id_idx" ON "inventory"."movements" USING btree ("store_id","sku","id");--> statement-breakpoint
ALTER TABLE "inventory"."reservation_lines" ADD CONSTRAINT "reservation_lines_quantity_check" CHECK ("inventory"."reservation_lines"."quantity" >= 0 and "inventory"."reservation_lines"."missing" >= 0);