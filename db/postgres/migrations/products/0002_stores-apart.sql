-- A second wall between stores, behind the conditions of every statement: the service's role sees
-- the rows of the store that its transaction has named, and none when it has named none; the role
-- of shoppers' reads sees what is published, and writes nothing.
ALTER TABLE "products"."products" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "products"."variants" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "products"."collections" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "products"."product_collections" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "products"."answers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."products" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."variants" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."collections" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."answers" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));--> statement-breakpoint
-- A membership has no store of its own: it is there for whoever sees both of its ends.
CREATE POLICY "own_store" ON "products"."product_collections" TO "products"
  USING (
    EXISTS (SELECT 1 FROM "products"."products" p WHERE p."id" = "product_id")
    AND EXISTS (SELECT 1 FROM "products"."collections" c WHERE c."id" = "collection_id"));--> statement-breakpoint
CREATE POLICY "published" ON "products"."products" FOR SELECT TO "shoppers"
  USING ("status" = 'published');--> statement-breakpoint
CREATE POLICY "published" ON "products"."variants" FOR SELECT TO "shoppers"
  USING (EXISTS (SELECT 1 FROM "products"."products" p WHERE p."id" = "product_id"));--> statement-breakpoint
CREATE POLICY "published" ON "products"."product_collections" FOR SELECT TO "shoppers"
  USING (EXISTS (SELECT 1 FROM "products"."products" p WHERE p."id" = "product_id"));
