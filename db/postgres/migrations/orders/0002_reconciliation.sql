CREATE TABLE "orders"."reconciliation" (
	"lane" text PRIMARY KEY NOT NULL,
	"until_seconds" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "ledger_entries_created_at_idx" ON "orders"."ledger_entries" USING btree ("created_at");