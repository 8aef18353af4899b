ALTER TABLE "products"."outbox" DROP CONSTRAINT "outbox_pkey", ADD CONSTRAINT "outbox_pkey" PRIMARY KEY("bucket","id");--> statement-breakpoint
DROP INDEX "products"."outbox_bucket_id_idx";
