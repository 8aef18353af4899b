CREATE SCHEMA "products";
--> statement-breakpoint
CREATE TABLE "products"."answers" (
	"store_id" text NOT NULL,
	"key" text NOT NULL,
	"body_hash" text NOT NULL,
	"status" integer,
	"body" text,
	"headers" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "answers_store_id_key_pk" PRIMARY KEY("store_id","key")
);
--> statement-breakpoint
CREATE TABLE "products"."collections" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"handle" text,
	"parent_id" text,
	"version" integer DEFAULT 1 NOT NULL,
	"clock_us" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "collections_store_id_handle_key" UNIQUE("store_id","handle")
);
--> statement-breakpoint
CREATE TABLE "products"."import_pieces" (
	"import_id" text NOT NULL,
	"position" integer NOT NULL,
	"content" "bytea" NOT NULL,
	CONSTRAINT "import_pieces_import_id_position_pk" PRIMARY KEY("import_id","position")
);
--> statement-breakpoint
CREATE TABLE "products"."import_rows" (
	"import_id" text NOT NULL,
	"row" integer NOT NULL,
	"status" text NOT NULL,
	"code" text,
	"message" text,
	"sku" text,
	"product_id" text,
	CONSTRAINT "import_rows_import_id_row_pk" PRIMARY KEY("import_id","row")
);
--> statement-breakpoint
CREATE TABLE "products"."imports" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"format" text NOT NULL,
	"mapping" jsonb NOT NULL,
	"sha256" text DEFAULT '' NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"pass" integer DEFAULT 1 NOT NULL,
	"next_row" integer DEFAULT 0 NOT NULL,
	"total" integer DEFAULT 0 NOT NULL,
	"succeeded" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "products"."product_collections" (
	"store_id" text NOT NULL,
	"product_id" text NOT NULL,
	"collection_id" text NOT NULL,
	"position" integer DEFAULT 2147483647 NOT NULL,
	CONSTRAINT "product_collections_product_id_collection_id_pk" PRIMARY KEY("product_id","collection_id")
);
--> statement-breakpoint
CREATE TABLE "products"."products" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"status" text NOT NULL,
	"attributes" jsonb NOT NULL,
	"media" jsonb NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"clock_us" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "products_store_id_slug_key" UNIQUE("store_id","slug")
);
--> statement-breakpoint
CREATE TABLE "products"."outbox" (
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
CREATE TABLE "products"."variants" (
	"store_id" text NOT NULL,
	"sku" text NOT NULL,
	"product_id" text NOT NULL,
	"title" text NOT NULL,
	"options" jsonb NOT NULL,
	"price_minor" integer NOT NULL,
	"currency" text NOT NULL,
	"compare_at_minor" integer,
	"position" integer NOT NULL,
	CONSTRAINT "variants_pkey" PRIMARY KEY("store_id","sku")
);
--> statement-breakpoint
ALTER TABLE "products"."import_pieces" ADD CONSTRAINT "import_pieces_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "products"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."import_rows" ADD CONSTRAINT "import_rows_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "products"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."product_collections" ADD CONSTRAINT "product_collections_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "products"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."product_collections" ADD CONSTRAINT "product_collections_collection_id_collections_id_fk" FOREIGN KEY ("collection_id") REFERENCES "products"."collections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."variants" ADD CONSTRAINT "variants_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "products"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "answers_created_at_idx" ON "products"."answers" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "collections_store_id_id_idx" ON "products"."collections" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "import_rows_import_id_status_row_idx" ON "products"."import_rows" USING btree ("import_id","status","row");--> statement-breakpoint
CREATE INDEX "imports_store_id_id_idx" ON "products"."imports" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "imports_status_idx" ON "products"."imports" USING btree ("status");--> statement-breakpoint
CREATE INDEX "product_collections_collection_id_position_idx" ON "products"."product_collections" USING btree ("collection_id","position","product_id");--> statement-breakpoint
CREATE INDEX "products_store_id_id_idx" ON "products"."products" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "variants_product_id_idx" ON "products"."variants" USING btree ("product_id");--> statement-breakpoint

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
CREATE POLICY "own_store" ON "products"."product_collections" TO "products"
  USING ("store_id" = current_setting('holdfast.store', true));--> statement-breakpoint
CREATE POLICY "published" ON "products"."products" FOR SELECT TO "shoppers"
  USING ("status" = 'published');--> statement-breakpoint
CREATE POLICY "published" ON "products"."variants" FOR SELECT TO "shoppers"
  USING (EXISTS (SELECT 1 FROM "products"."products" p WHERE p."id" = "product_id"));--> statement-breakpoint
CREATE POLICY "published" ON "products"."product_collections" FOR SELECT TO "shoppers"
  USING (EXISTS (SELECT 1 FROM "products"."products" p WHERE p."id" = "product_id"));--> statement-breakpoint

-- One product in one statement: its transaction names its store, so row-level security judges it.
CREATE FUNCTION "products"."read_product"(of_store text, of_id text) RETURNS json
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('holdfast.store', of_store, true);
  RETURN (
    SELECT json_build_object(
      'id', p.id, 'storeId', p.store_id, 'slug', p.slug, 'name', p.name,
      'description', p.description, 'status', p.status, 'attributes', p.attributes,
      'media', p.media, 'version', p.version, 'clockUs', p.clock_us,
      'createdAt', p.created_at, 'updatedAt', p.updated_at,
      'variants', (
        SELECT json_agg(json_build_object(
          'sku', v.sku, 'title', v.title, 'options', v.options, 'priceMinor', v.price_minor,
          'currency', v.currency, 'compareAtMinor', v.compare_at_minor, 'position', v.position)
          ORDER BY v.position, v.sku)
        FROM products.variants v WHERE v.product_id = p.id),
      'members', (
        SELECT json_agg(json_build_object('collectionId', m.collection_id, 'position', m.position)
          ORDER BY m.collection_id)
        FROM products.product_collections m WHERE m.product_id = p.id))
    FROM products.products p WHERE p.store_id = of_store AND p.id = of_id);
END $$;
