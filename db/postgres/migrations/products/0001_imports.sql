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
ALTER TABLE "products"."collections" ADD COLUMN "handle" text;--> statement-breakpoint
ALTER TABLE "products"."collections" ADD COLUMN "parent_id" text;--> statement-breakpoint
ALTER TABLE "products"."product_collections" ADD COLUMN "position" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "products"."import_pieces" ADD CONSTRAINT "import_pieces_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "products"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products"."import_rows" ADD CONSTRAINT "import_rows_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "products"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "answers_created_at_idx" ON "products"."answers" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "import_rows_import_id_status_row_idx" ON "products"."import_rows" USING btree ("import_id","status","row");--> statement-breakpoint
CREATE INDEX "imports_store_id_id_idx" ON "products"."imports" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "imports_status_idx" ON "products"."imports" USING btree ("status");--> statement-breakpoint
ALTER TABLE "products"."collections" ADD CONSTRAINT "collections_store_id_handle_key" UNIQUE("store_id","handle");