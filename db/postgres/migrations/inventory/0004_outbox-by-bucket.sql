ALTER TABLE "inventory"."outbox" DROP CONSTRAINT "outbox_pkey", ADD CONSTRAINT "outbox_pkey" PRIMARY KEY("bucket","id");--> statement-breakpoint
DROP INDEX "inventory"."outbox_bucket_id_idx";
