CREATE TABLE "identity"."order_tokens" (
	"order_id" text PRIMARY KEY NOT NULL,
	"generation" integer NOT NULL,
	"revoked_by" text NOT NULL,
	"revoked_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "order_tokens_revoked_at_idx" ON "identity"."order_tokens" USING btree ("revoked_at");