-- A membership says whose it is, as every other row does, and a collection's own order has a place
-- after all others for products that nobody has put in one.
DROP INDEX "products"."product_collections_collection_id_idx";--> statement-breakpoint
ALTER TABLE "products"."product_collections" ALTER COLUMN "position" SET DEFAULT 2147483647;--> statement-breakpoint
ALTER TABLE "products"."product_collections" ADD COLUMN "store_id" text;--> statement-breakpoint
UPDATE "products"."product_collections" m SET "store_id" = p."store_id"
  FROM "products"."products" p WHERE p."id" = m."product_id";--> statement-breakpoint
ALTER TABLE "products"."product_collections" ALTER COLUMN "store_id" SET NOT NULL;--> statement-breakpoint
-- Collections that were never put in order had every member in the first place.
UPDATE "products"."product_collections" m SET "position" = 2147483647
  WHERE NOT EXISTS (SELECT 1 FROM "products"."product_collections" o
    WHERE o."collection_id" = m."collection_id" AND o."position" > 0);--> statement-breakpoint
CREATE INDEX "product_collections_collection_id_position_idx" ON "products"."product_collections" USING btree ("collection_id","position","product_id");--> statement-breakpoint
DROP POLICY "own_store" ON "products"."product_collections";--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."product_collections" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));
