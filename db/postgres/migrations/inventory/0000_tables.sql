CREATE SCHEMA "inventory";
--> statement-breakpoint
CREATE TABLE "inventory"."balances" (
	"store_id" text NOT NULL,
	"sku" text NOT NULL,
	"location" text NOT NULL,
	"product_id" text NOT NULL,
	"on_hand" integer NOT NULL,
	"reserved" integer NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "balances_pkey" PRIMARY KEY("store_id","sku","location"),
	CONSTRAINT "balances_reserved_check" CHECK ("inventory"."balances"."reserved" between 0 and "inventory"."balances"."on_hand")
);
--> statement-breakpoint
CREATE TABLE "inventory"."epochs" (
	"id" smallint PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inventory"."outbox" (
	"id" bigserial NOT NULL,
	"bucket" smallint NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"event_type" text NOT NULL,
	"value" "bytea" NOT NULL,
	"headers" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "outbox_pkey" PRIMARY KEY("bucket","id")
);
--> statement-breakpoint
CREATE TABLE "inventory"."locations" (
	"store_id" text NOT NULL,
	"location" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "locations_pkey" PRIMARY KEY("store_id","location")
);
--> statement-breakpoint
CREATE TABLE "inventory"."movements" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"sku" text NOT NULL,
	"location" text NOT NULL,
	"kind" text NOT NULL,
	"quantity" integer NOT NULL,
	"reference" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"counted" integer,
	"on_hand_after" integer,
	"reserved_after" integer,
	"version_after" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "movements_reference_key" UNIQUE("store_id","reference","kind","sku","location")
);
--> statement-breakpoint
CREATE TABLE "inventory"."reservation_lines" (
	"store_id" text NOT NULL,
	"reservation_id" text NOT NULL,
	"sku" text NOT NULL,
	"location" text NOT NULL,
	"quantity" integer NOT NULL,
	"missing" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "reservation_lines_pkey" PRIMARY KEY("store_id","reservation_id","sku","location"),
	CONSTRAINT "reservation_lines_quantity_check" CHECK ("inventory"."reservation_lines"."quantity" >= 0 and "inventory"."reservation_lines"."missing" >= 0)
);
--> statement-breakpoint
CREATE TABLE "inventory"."reservations" (
	"store_id" text NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"reversed_at" timestamp with time zone,
	"attention" text,
	"attention_at" timestamp with time zone,
	CONSTRAINT "reservations_pkey" PRIMARY KEY("store_id","id")
);
--> statement-breakpoint
CREATE TABLE "inventory"."stock_changes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"store_id" text NOT NULL,
	"product_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inventory"."stock_clocks" (
	"store_id" text NOT NULL,
	"product_id" text NOT NULL,
	"clock_us" bigint NOT NULL,
	CONSTRAINT "stock_clocks_pkey" PRIMARY KEY("store_id","product_id")
);
--> statement-breakpoint
CREATE INDEX "balances_store_id_product_id_idx" ON "inventory"."balances" USING btree ("store_id","product_id");--> statement-breakpoint
CREATE INDEX "movements_store_id_sku_id_idx" ON "inventory"."movements" USING btree ("store_id","sku","id");--> statement-breakpoint
CREATE INDEX "reservations_expires_at_idx" ON "inventory"."reservations" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "reservations_held_expires_at_idx" ON "inventory"."reservations" USING btree ("expires_at") WHERE "inventory"."reservations"."state" = 'held';--> statement-breakpoint

-- Holds and endings that need no decision, in one round trip. Both answer null, and have changed
-- nothing, when there is something to decide: the caller then goes the long way. They lock in the
-- order of every other writer: the epoch, the reservation, the balances by sku and location.
-- `sku = ANY(names)` beside each join keeps the planner on the primary key: it takes a list of
-- unknown length for a long one, and would read the whole table for it.
-- Balances change in place: room on each page lets them do so without touching their indexes.
ALTER TABLE "inventory"."balances" SET (fillfactor = 70);--> statement-breakpoint

-- The epoch, which stays what it is until the transaction ends: who raises it waits for every
-- transaction that has asked. A lock in memory: one on the row would be a write of its own.
CREATE FUNCTION "inventory"."share_epoch"() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7214004);
  RETURN (SELECT e.epoch FROM inventory.epochs e WHERE e.id = 1);
END
$$;--> statement-breakpoint

-- What the ledger says of these skus as a whole: [{sku, onHand, reserved, version}].
CREATE FUNCTION "inventory"."levels_of"(the_store text, names text[]) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(jsonb_build_object(
    'sku', s.sku, 'onHand', s.on_hand, 'reserved', s.reserved, 'version', s.version))
  FROM (
    SELECT b.sku, sum(b.on_hand) AS on_hand, sum(b.reserved) AS reserved, sum(b.version) AS version
    FROM inventory.balances b WHERE b.store_id = the_store AND b.sku = ANY(names)
    GROUP BY b.sku ORDER BY b.sku
  ) s
$$;--> statement-breakpoint

-- A new hold that one location can give whole, and after which no sku is sold out.
CREATE FUNCTION "inventory"."hold_fast"(
  the_store text, the_id text, demand jsonb, seconds float8, admitted_under int
) RETURNS jsonb LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  names text[] := ARRAY(SELECT d.sku FROM jsonb_to_recordset(demand) AS d (sku text));
  present int := inventory.share_epoch();
  deadline timestamptz;
  chosen text;
BEGIN
  IF present IS DISTINCT FROM coalesce(admitted_under, present) THEN RETURN NULL; END IF;
  INSERT INTO inventory.reservations (store_id, id, state, expires_at)
  VALUES (the_store, the_id, 'held', now() + make_interval(secs => seconds))
  ON CONFLICT DO NOTHING RETURNING expires_at INTO deadline;
  IF deadline IS NULL THEN RETURN NULL; END IF;
  PERFORM 1 FROM inventory.balances b WHERE b.store_id = the_store AND b.sku = ANY(names)
  ORDER BY b.sku, b.location FOR UPDATE;
  -- Every sku has something left afterwards, and this is the first location that has it all.
  SELECT p.location INTO chosen
  FROM (
    SELECT b.location, b.on_hand - b.reserved >= d.quantity AS suffices,
      sum(b.on_hand - b.reserved) OVER (PARTITION BY b.sku) > d.quantity AS leaves_some
    FROM jsonb_to_recordset(demand) AS d (sku text, quantity int)
    JOIN inventory.balances b
      ON b.store_id = the_store AND b.sku = ANY(names) AND b.sku = d.sku
  ) p
  GROUP BY p.location
  HAVING count(*) FILTER (WHERE p.suffices AND p.leaves_some) = cardinality(names)
  ORDER BY p.location COLLATE "C" LIMIT 1;
  IF chosen IS NULL THEN
    DELETE FROM inventory.reservations WHERE store_id = the_store AND id = the_id;
    RETURN NULL;
  END IF;
  WITH taken AS (
    UPDATE inventory.balances b
    SET reserved = b.reserved + d.quantity, version = b.version + 1, updated_at = now()
    FROM jsonb_to_recordset(demand) AS d (sku text, quantity int)
    WHERE b.store_id = the_store AND b.sku = ANY(names) AND b.sku = d.sku AND b.location = chosen
    RETURNING b.product_id, b.sku, d.quantity
  ), held AS (
    INSERT INTO inventory.reservation_lines (store_id, reservation_id, sku, location, quantity)
    SELECT the_store, the_id, sku, chosen, quantity FROM taken
  )
  INSERT INTO inventory.stock_changes (store_id, product_id)
  SELECT DISTINCT the_store, product_id FROM taken;
  RETURN jsonb_build_object('epoch', present, 'expiresAt', deadline, 'location', chosen,
    'levels', inventory.levels_of(the_store, names));
END
$$;--> statement-breakpoint

-- Ends what is held and whole: claimed (units leave), released or expired (units are free again,
-- and no sku was sold out before).
CREATE FUNCTION "inventory"."end_fast"(the_store text, the_id text, ending text) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  present int := inventory.share_epoch();
  deadline timestamptz;
  names text[];
  takings jsonb;
BEGIN
  SELECT r.expires_at INTO deadline FROM inventory.reservations r
  WHERE r.store_id = the_store AND r.id = the_id AND r.state = 'held'
    AND (ending <> 'expired' OR r.expires_at < now()) FOR UPDATE SKIP LOCKED;
  IF deadline IS NULL THEN RETURN NULL; END IF;
  SELECT array_agg(DISTINCT l.sku), jsonb_agg(
      jsonb_build_object('sku', l.sku, 'location', l.location, 'quantity', l.quantity)
      ORDER BY l.sku, l.location)
  INTO names, takings FROM inventory.reservation_lines l
  WHERE l.store_id = the_store AND l.reservation_id = the_id
  HAVING bool_and(l.missing = 0 AND l.quantity > 0);
  IF names IS NULL THEN RETURN NULL; END IF;
  PERFORM 1 FROM inventory.balances b WHERE b.store_id = the_store AND b.sku = ANY(names)
  ORDER BY b.sku, b.location FOR UPDATE;
  IF ending <> 'claimed' AND EXISTS (
    SELECT 1 FROM inventory.balances b WHERE b.store_id = the_store AND b.sku = ANY(names)
    GROUP BY b.sku HAVING sum(b.on_hand - b.reserved) <= 0
  ) THEN RETURN NULL; END IF;
  UPDATE inventory.reservations SET state = ending, ended_at = now()
  WHERE store_id = the_store AND id = the_id;
  WITH given AS (
    UPDATE inventory.balances b
    SET on_hand = b.on_hand - CASE ending WHEN 'claimed' THEN l.quantity ELSE 0 END,
      reserved = b.reserved - l.quantity, version = b.version + 1, updated_at = now()
    FROM inventory.reservation_lines l
    WHERE l.store_id = the_store AND l.reservation_id = the_id
      AND b.store_id = the_store AND b.sku = ANY(names)
      AND b.sku = l.sku AND b.location = l.location
    RETURNING b.product_id, b.sku, b.location, l.quantity
  ), moved AS (
    INSERT INTO inventory.movements (store_id, sku, location, kind, quantity, reference)
    SELECT the_store, sku, location, 'claimed', -quantity, the_id FROM given
    WHERE ending = 'claimed'
  )
  -- Sold units were not available before, so the available stock is unchanged: no event.
  INSERT INTO inventory.stock_changes (store_id, product_id)
  SELECT DISTINCT the_store, product_id FROM given WHERE ending <> 'claimed';
  RETURN jsonb_build_object('epoch', present, 'expiresAt', deadline, 'takings', takings,
    'levels', inventory.levels_of(the_store, names));
END
$$;
