ALTER TABLE "identity"."mail_wishes" ADD COLUMN "next_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "identity"."mail_wishes" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "mail_wishes_next_at_idx" ON "identity"."mail_wishes" USING btree ("next_at");