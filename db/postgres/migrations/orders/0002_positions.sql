CREATE TABLE "orders"."positions" (
	"lane" text PRIMARY KEY NOT NULL,
	"at_us" bigint NOT NULL,
	"id" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "ledger_entries_created_at_idx" ON "orders"."ledger_entries" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "orders_updated_at_id_idx" ON "orders"."orders" USING btree ("updated_at","id");