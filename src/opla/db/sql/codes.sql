-- Codes are money: sealed before they come here, unique by fingerprint, revealed only with a row that says so first.

-- New stock, as one batch. One row back per input: the code's id, or null where this PIN is or was known already. No row:
-- the purchase it is to come from takes none.
DROP FUNCTION IF EXISTS opla_stock_codes(  -- as it was before there were purchases
    timestamptz, text, uuid[], text[], bytea[], bytea[], text[], bigint[], text[], date[], uuid);
CREATE OR REPLACE FUNCTION opla_stock_codes(
    p_at timestamptz, p_actor text, p_id uuid[], p_sku text[], p_sealed bytea[], p_fingerprint bytea[], p_serial text[],
    p_cost bigint[], p_currency text[], p_valid_until date[], p_batch uuid, p_purchase uuid, p_file text
) RETURNS TABLE (n int, id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_event bigint;
    v_new uuid[];
BEGIN
    PERFORM opla_writes(true);
    IF p_purchase IS NOT NULL THEN
        PERFORM 1 FROM purchase p WHERE p.id = p_purchase AND p.state <> 'called_off' FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            PERFORM opla_writes(false);
            RETURN;
        END IF;
    END IF;
    INSERT INTO batch (id, purchase_id, file_name, state, made_at, made_by)
    VALUES (p_batch, p_purchase, p_file, 'on_sale', p_at, p_actor);
    WITH written AS (
        INSERT INTO code (id, sku, supplier, state, sealed, fingerprint, serial, cost_minor, currency, valid_until, batch_id,
                          made_at)
        SELECT c.id, c.sku, 'code_stock', 'stock', c.sealed, c.fingerprint, c.serial, c.cost, c.currency, c.valid_until,
               p_batch, p_at
        FROM unnest(p_id, p_sku, p_sealed, p_fingerprint, p_serial, p_cost, p_currency, p_valid_until)
            WITH ORDINALITY AS c (id, sku, sealed, fingerprint, serial, cost, currency, valid_until, n)
        ORDER BY c.fingerprint, c.n
        ON CONFLICT (fingerprint) DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(w.id), '{}') INTO v_new FROM written w;
    IF cardinality(v_new) > 0 THEN
        v_event := nextval(pg_get_serial_sequence('event', 'id'));
        INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
        OVERRIDING SYSTEM VALUE
        VALUES (v_event, p_at, 'stock', p_batch, 'stocked', '', '', p_actor, cardinality(v_new)::text);
        PERFORM opla_post(p_at, array_agg(v_event), array_agg('code_stock:' || s.currency),
            array_agg(CASE WHEN p_purchase IS NULL THEN 'bank:' ELSE 'supplier_payable:' END || s.currency),
            array_agg(s.cost), array_agg(s.currency),
            array_agg(CASE WHEN p_purchase IS NULL THEN 'stock_bought' ELSE 'stock_received' END),
            array_agg('posted'::text), array_agg(NULL::uuid), array_agg(NULL::uuid))
        FROM (
            SELECT c.currency, sum(c.cost_minor)::bigint AS cost
            FROM code c WHERE c.id = ANY (v_new) AND c.cost_minor > 0 GROUP BY c.currency
        ) s
        HAVING count(*) > 0;
    ELSE
        DELETE FROM batch b WHERE b.id = p_batch;
    END IF;
    RETURN QUERY
    SELECT c.n::int, CASE WHEN c.id = ANY (v_new) THEN c.id END
    FROM unnest(p_id) WITH ORDINALITY AS c (id, n) ORDER BY c.n;
    PERFORM opla_writes(false);
END $$;

-- One unsold code per reference, the one that expires first, if it is good long enough (stock_rule); a reference that holds
-- one keeps it.
CREATE OR REPLACE FUNCTION opla_code_claim(p_at date, p_reference text[], p_sku text[])
RETURNS TABLE (reference text, id uuid, serial text, cost_minor bigint, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    -- A reference is claimed by one caller at a time: the second waits here, and then finds what the first took.
    PERFORM pg_advisory_xact_lock(hashtextextended(r, 0)) FROM (SELECT unnest(p_reference) AS r ORDER BY 1) refs;
    -- What a till sold without a line is delivered by the very code that it gave.
    UPDATE code c SET claimed_by = u.reference
    FROM (SELECT DISTINCT unnest(p_reference) AS reference) u
    JOIN attempt a ON a.reference = u.reference JOIN offline_code h ON h.order_id = a.order_id
    WHERE c.id = h.code_id AND c.state = 'claimed' AND c.claimed_by = 'offline ' || c.id;
    WITH asked AS (
        SELECT u.reference, u.sku, row_number() OVER (PARTITION BY u.sku ORDER BY u.reference) AS place
        FROM (SELECT DISTINCT ON (reference) reference, sku
              FROM unnest(p_reference, p_sku) AS w (reference, sku)) u
        WHERE NOT EXISTS (SELECT FROM code c WHERE c.claimed_by = u.reference)
    ), free AS (
        SELECT w.sku, c.id, row_number() OVER (PARTITION BY w.sku ORDER BY c.valid_until NULLS LAST, c.id) AS place
        FROM (SELECT sku, count(*) AS wanted FROM asked GROUP BY sku) w
        CROSS JOIN LATERAL (
            SELECT s.id, s.valid_until FROM code s
            WHERE s.sku = w.sku AND s.state = 'stock'
              AND (s.valid_until IS NULL OR s.valid_until > p_at + greatest(
                    coalesce((SELECT r.min_days FROM stock_rule r WHERE r.sku = w.sku), 0) - 1, 0))
              AND NOT EXISTS (SELECT FROM batch b WHERE b.id = s.batch_id AND b.state <> 'on_sale')
            ORDER BY s.valid_until NULLS LAST, s.id LIMIT w.wanted FOR UPDATE SKIP LOCKED
        ) c
    )
    UPDATE code c SET state = 'claimed', claimed_by = a.reference
    FROM asked a JOIN free f ON f.sku = a.sku AND f.place = a.place
    WHERE c.id = f.id;
    RETURN QUERY
    SELECT u.reference, c.id, c.serial, c.cost_minor, c.valid_until
    FROM unnest(p_reference) AS u (reference) JOIN code c ON c.claimed_by = u.reference;
    PERFORM opla_writes(false);
END $$;

-- Whether somebody may see the code and act for the order: the device that ordered, one that proved the order's e-mail, or
-- the customer whose proven address that is.
CREATE OR REPLACE FUNCTION opla_may_act(p_order uuid, p_device bytea, p_customer uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM orders o WHERE o.id = p_order AND o.device_hash = p_device)
        OR EXISTS (SELECT FROM order_device d WHERE d.order_id = p_order AND d.device_hash = p_device)
        OR EXISTS (SELECT FROM orders o JOIN customer c ON c.email = lower(o.email)
                   WHERE o.id = p_order AND o.reseller = '' AND c.id = p_customer AND c.is_active)
$$;

-- The sealed code of a delivered order, for a device that may see it, for the customer whose address is the order's
-- (signing in proved it), or for the reseller that ordered it. The row is written before anything is returned.
DROP FUNCTION IF EXISTS opla_reveal(timestamptz, text, uuid, bytea);  -- as it was before there were customers
DROP FUNCTION IF EXISTS opla_reveal(timestamptz, text, uuid, bytea, uuid);  -- and before resellers looked
CREATE OR REPLACE FUNCTION opla_reveal(
    p_at timestamptz, p_actor text, p_order uuid, p_device bytea, p_customer uuid DEFAULT NULL, p_reseller text DEFAULT ''
)
RETURNS TABLE (result text, code_id uuid, sealed bytea, serial text, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_order orders%ROWTYPE;
    v_code code%ROWTYPE;
BEGIN
    -- The order's lock first: a code that is being taken back is either seen before that, or not at all.
    SELECT * INTO v_order FROM orders WHERE id = p_order FOR SHARE;
    IF NOT FOUND OR (p_reseller <> '' AND v_order.reseller <> p_reseller) THEN
        RETURN QUERY SELECT 'not_found', NULL::uuid, NULL::bytea, NULL::text, NULL::date;
        RETURN;
    END IF;
    IF p_reseller = '' AND NOT opla_may_act(p_order, p_device, p_customer) THEN
        RETURN QUERY SELECT 'proof_needed', NULL::uuid, NULL::bytea, NULL::text, NULL::date;
        RETURN;
    END IF;
    SELECT c.* INTO v_code FROM delivery d JOIN code c ON c.id = d.code_id
    WHERE d.order_id = p_order AND c.order_id = p_order AND v_order.state = 'delivered';
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_delivered_yet', NULL::uuid, NULL::bytea, NULL::text, NULL::date;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO reveal (order_id, code_id, actor, at) VALUES (p_order, v_code.id, p_actor, p_at);
    PERFORM opla_writes(false);
    RETURN QUERY SELECT 'revealed', v_code.id, v_code.sealed, v_code.serial, v_code.valid_until;
END $$;

-- A one-time proof of the order's e-mail: made at most once a minute, good for p_expires_at, five tries.
CREATE OR REPLACE FUNCTION opla_ask_proof(
    p_at timestamptz, p_expires_at timestamptz, p_order uuid, p_hash bytea, p_sealed bytea, p_reference text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO proof AS p (order_id, hash, sealed, expires_at, tries, made_at)
    VALUES (p_order, p_hash, p_sealed, p_expires_at, 0, p_at)
    ON CONFLICT (order_id) DO UPDATE SET hash = p_hash, sealed = p_sealed, expires_at = p_expires_at, tries = 0,
        made_at = p_at
    WHERE p.made_at <= p_at - interval '1 minute';
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    IF p_reference IS NOT NULL THEN
        INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
        VALUES (p_reference, 'proof', p_order, p_at, p_at);
    END IF;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION opla_prove(p_at timestamptz, p_order uuid, p_hash bytea, p_device bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_proof proof%ROWTYPE;
BEGIN
    -- The lock comes before the check: two guesses at once are two tries.
    SELECT * INTO v_proof FROM proof WHERE order_id = p_order FOR UPDATE;
    IF NOT FOUND OR v_proof.expires_at <= p_at THEN
        RETURN 'proof_expired';
    END IF;
    IF v_proof.tries >= 5 THEN
        RETURN 'too_many_tries';
    END IF;
    IF v_proof.hash IS DISTINCT FROM p_hash THEN
        PERFORM opla_writes(true);
        UPDATE proof SET tries = tries + 1 WHERE order_id = p_order;
        PERFORM opla_writes(false);
        RETURN 'proof_wrong';
    END IF;
    PERFORM opla_writes(true);
    UPDATE proof SET expires_at = p_at WHERE order_id = p_order;
    INSERT INTO order_device (order_id, device_hash, at) VALUES (p_order, p_device, p_at) ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
    RETURN 'proved';
END $$;

-- Codes that were paid at a kiosk and that whoever paid cannot get at any more: nobody looked, no six digits were shown or
-- typed, and there is no e-mail. An item each, once; how many.
CREATE OR REPLACE FUNCTION opla_codes_left(p_at timestamptz, p_until timestamptz, p_since timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO item (kind, subject, order_id, amount_minor, currency, why, opened_at)
    SELECT 'left_behind', o.id, o.id, o.face_minor + o.fee_minor, o.currency,
           jsonb_build_object('why', 'left_at_kiosk', 'station', substr(e.actor, length('kiosk:') + 1)), p_at
    FROM orders o JOIN event e ON e.subject_id = o.id AND e.subject = 'order' AND e.name = 'placed' AND e.actor LIKE 'kiosk:%'
    WHERE o.placed_at > p_since AND o.ended_at <= p_until AND o.state = 'delivered' AND o.kind IN ('code', 'esim')
      AND o.email = '' AND NOT EXISTS (SELECT FROM reveal r WHERE r.order_id = o.id)
      AND NOT EXISTS (SELECT FROM proof p WHERE p.order_id = o.id)
      AND NOT EXISTS (SELECT FROM item i WHERE i.order_id = o.id AND i.kind = 'left_behind')
    ORDER BY o.id
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
