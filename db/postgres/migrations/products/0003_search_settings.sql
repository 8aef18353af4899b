CREATE TABLE "products"."search_settings" (
	"store_id" text PRIMARY KEY NOT NULL,
	"language" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "products"."search_settings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "own_store" ON "products"."search_settings" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));
