CREATE SCHEMA "products";
--> statement-breakpoint
CREATE TABLE "products"."collections" (
	"id" text PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"clock_us" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "products"."product_collections" (
	"product_id" text NOT NULL,
	"collection_id" text NOT NULL,
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
ALTER TABLE "products"."product_collections" ADD CONSTRAINT "product_collections_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "products"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."product_collections" ADD CONSTRAINT "product_collections_collection_id_collections_id_fk" FOREIGN KEY ("collection_id") REFERENCES "products"."collections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."variants" ADD CONSTRAINT "variants_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "products"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "collections_store_id_id_idx" ON "products"."collections" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "product_collections_collection_id_idx" ON "products"."product_collections" USING btree ("collection_id");--> statement-breakpoint
CREATE INDEX "products_store_id_id_idx" ON "products"."products" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "outbox_bucket_id_idx" ON "products"."outbox" USING btree ("bucket","id");--> statement-breakpoint
CREATE INDEX "variants_product_id_idx" ON "products"."variants" USING btree ("product_id");