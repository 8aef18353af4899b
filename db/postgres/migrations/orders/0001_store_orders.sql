CREATE TABLE "orders"."order_terms" (
	"store_id" text NOT NULL,
	"kind" text NOT NULL,
	"term" text NOT NULL,
	"order_id" text NOT NULL,
	CONSTRAINT "order_terms_pkey" PRIMARY KEY("store_id","kind","term","order_id")
);
--> statement-breakpoint
CREATE INDEX "order_terms_order_id_idx" ON "orders"."order_terms" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "orders_store_id_id_idx" ON "orders"."orders" USING btree ("store_id","id");--> statement-breakpoint
CREATE INDEX "orders_store_id_status_id_idx" ON "orders"."orders" USING btree ("store_id","status","id");--> statement-breakpoint
CREATE INDEX "orders_store_id_payment_status_id_idx" ON "orders"."orders" USING btree ("store_id","payment_status","id");--> statement-breakpoint
CREATE INDEX "orders_store_id_attentions_idx" ON "orders"."orders" USING btree ("store_id","id") WHERE "orders"."orders"."attentions" <> '[]';--> statement-breakpoint

-- The words of a name without case and accents, at most 20.
CREATE FUNCTION "orders"."name_words"(name text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT left(word, 40) FROM regexp_split_to_table(
    regexp_replace(
      lower(normalize(name, NFKD) COLLATE "und-x-icu"), U&'[\0300-\036F]', '', 'g'
    ), '[[:space:][:punct:]]+') AS word
  WHERE word <> '' LIMIT 20
$$;--> statement-breakpoint

CREATE FUNCTION "orders"."terms_of"(lines jsonb, email text, address jsonb)
RETURNS TABLE (kind text, term text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT 'sku', line ->> 'sku' FROM jsonb_array_elements(lines) AS line;
  RETURN QUERY SELECT 'email', lower(email COLLATE "und-x-icu");
  RETURN QUERY SELECT 'name', word FROM orders.name_words(address ->> 'name') AS word;
END $$;--> statement-breakpoint

-- A trigger, not the code: builds that do not know the table keep it, too.
CREATE FUNCTION "orders"."keep_terms"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM orders.order_terms WHERE order_id = NEW.id AND kind = 'name';
  END IF;
  INSERT INTO orders.order_terms (store_id, kind, term, order_id)
  SELECT NEW.store_id, t.kind, t.term, NEW.id
  FROM orders.terms_of(NEW.lines, NEW.email, NEW.shipping_address) AS t
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "keep_terms" AFTER INSERT ON "orders"."orders"
  FOR EACH ROW EXECUTE FUNCTION "orders"."keep_terms"();--> statement-breakpoint
CREATE TRIGGER "keep_terms_of_address" AFTER UPDATE OF "shipping_address" ON "orders"."orders"
  FOR EACH ROW WHEN (OLD."shipping_address" IS DISTINCT FROM NEW."shipping_address")
  EXECUTE FUNCTION "orders"."keep_terms"();--> statement-breakpoint
INSERT INTO "orders"."order_terms" ("store_id", "kind", "term", "order_id")
  SELECT o."store_id", t.kind, t.term, o."id"
  FROM "orders"."orders" o CROSS JOIN LATERAL
    "orders"."terms_of"(o."lines", o."email", o."shipping_address") AS t
  ON CONFLICT DO NOTHING;
