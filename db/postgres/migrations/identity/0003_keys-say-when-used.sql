ALTER TABLE "identity"."operators" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "identity"."staff" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP TABLE "identity"."operators" CASCADE;--> statement-breakpoint
DROP TABLE "identity"."staff" CASCADE;--> statement-breakpoint
ALTER TABLE "identity"."api_keys" ADD COLUMN "created_by" text DEFAULT 'holdfast' NOT NULL;--> statement-breakpoint
ALTER TABLE "identity"."api_keys" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "api_keys_store_id_idx" ON "identity"."api_keys" USING btree ("store_id");--> statement-breakpoint
CREATE INDEX "api_keys_expires_at_idx" ON "identity"."api_keys" USING btree ("expires_at");