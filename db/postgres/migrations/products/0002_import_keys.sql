CREATE TABLE "products"."product_keys" (
	"store_id" text NOT NULL,
	"source" text NOT NULL,
	"key" text NOT NULL,
	"product_id" text NOT NULL,
	CONSTRAINT "product_keys_pkey" PRIMARY KEY("store_id","source","key")
);
--> statement-breakpoint
ALTER TABLE "products"."import_rows" ADD COLUMN "named_by" text;--> statement-breakpoint
ALTER TABLE "products"."import_rows" ADD COLUMN "effect" text;--> statement-breakpoint
ALTER TABLE "products"."imports" ADD COLUMN "settings" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "products"."imports" ADD COLUMN "reading" jsonb;--> statement-breakpoint
ALTER TABLE "products"."imports" ADD COLUMN "is_dry_run" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "products"."imports" ADD COLUMN "samples" jsonb DEFAULT '{"made":[],"changed":[],"refused":[]}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "products"."products" ADD COLUMN "name_key" text;--> statement-breakpoint
ALTER TABLE "products"."product_keys" ADD CONSTRAINT "product_keys_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "products"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "product_keys_product_id_idx" ON "products"."product_keys" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "import_rows_import_id_product_id_idx" ON "products"."import_rows" USING btree ("import_id","product_id");--> statement-breakpoint
CREATE INDEX "products_store_id_name_key_idx" ON "products"."products" USING btree ("store_id","name_key");--> statement-breakpoint
UPDATE "products"."products"
  SET "name_key" = lower(normalize(btrim("name"), NFKC) COLLATE "und-x-icu");--> statement-breakpoint
ALTER TABLE "products"."product_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."product_keys" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));
