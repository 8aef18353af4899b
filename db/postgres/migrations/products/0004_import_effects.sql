ALTER TABLE "products"."imports" ADD COLUMN "effects" jsonb;
