CREATE TABLE "identity"."house_operators" (
	"email" text PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "identity"."staff_members" (
	"store_id" text NOT NULL,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "staff_members_pkey" PRIMARY KEY("store_id","email")
);
--> statement-breakpoint
CREATE INDEX "staff_members_email_idx" ON "identity"."staff_members" USING btree ("email");