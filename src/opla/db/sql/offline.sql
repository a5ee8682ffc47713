-- Codes that tills sell while the line is down (opla.core.offline). A code that a tablet holds is claimed by 'offline ' and its
-- own id: it lies on no shelf, and is worth what it cost until it is sold or lost.

-- How much a tablet may hold. False: there is none of this name.
CREATE OR REPLACE FUNCTION opla_offline_limit(p_at timestamptz, p_actor text, p_name text, p_limit bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    UPDATE station SET offline_limit_minor = p_limit, changed_at = p_at, changed_by = p_actor WHERE name = p_name RETURNING id INTO v_id;
    IF v_id IS NOT NULL THEN
        PERFORM opla_station_event(p_at, p_actor, 'station', v_id, 'offline_limit', p_limit::text);
    END IF;
    PERFORM opla_writes(false);
    RETURN v_id IS NOT NULL;
END $$;

-- A tablet's new keys, and codes for it: p_wanted of each product, those that last longest, while all it holds is worth no more
-- than its limit. One row back for each code it holds then, those from before too; none where the tablet is not paired.
CREATE OR REPLACE FUNCTION opla_offline_hold(
    p_at timestamptz, p_actor text, p_station uuid, p_key uuid, p_clerk text, p_wrapping bytea, p_signing bytea, p_today date,
    p_sku text[], p_wanted int[], p_face bigint[], p_fee bigint[], p_fee_vat bigint[], p_currency text[], p_version bigint
) RETURNS TABLE (code_id uuid, sku text, sealed bytea, serial text, valid_until date, price_minor bigint, currency text,
                 catalog_version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_station station;
    v_holds bigint;
    v_new int;
BEGIN
    SELECT * INTO v_station FROM station s WHERE s.id = p_station AND s.state = 'paired' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO offline_key (id, station_id, clerk, wrapping, signing, made_at)
    VALUES (p_key, p_station, p_clerk, p_wrapping, p_signing, p_at);
    SELECT coalesce(sum(h.face_minor + h.fee_minor), 0) INTO v_holds FROM offline_code h
    WHERE h.station_id = p_station AND h.state = 'held';
    WITH asked AS (
        SELECT w.* FROM unnest(p_sku, p_wanted, p_face, p_fee, p_fee_vat, p_currency)
            AS w (sku, wanted, face, fee, fee_vat, currency)
    ), free AS (
        SELECT a.*, c.id, row_number() OVER (ORDER BY c.place, a.sku) AS turn
        FROM asked a CROSS JOIN LATERAL (
            SELECT s.id, row_number() OVER (ORDER BY s.valid_until DESC NULLS FIRST, s.id) AS place
            FROM (SELECT k.id, k.valid_until FROM code k
                  WHERE k.sku = a.sku AND k.state = 'stock' AND k.supplier = 'code_stock' AND k.batch_id IS NOT NULL
                    AND (k.valid_until IS NULL OR k.valid_until > p_today)
                    AND NOT EXISTS (SELECT FROM batch b WHERE b.id = k.batch_id AND b.state <> 'on_sale')
                  ORDER BY k.valid_until DESC NULLS FIRST, k.id LIMIT a.wanted FOR UPDATE SKIP LOCKED) s
        ) c
    ), fits AS (
        SELECT f.*, v_holds + sum(f.face + f.fee) OVER (ORDER BY f.turn) AS then_holds FROM free f
    ), taken AS (
        UPDATE code c SET state = 'claimed', claimed_by = 'offline ' || c.id
        FROM fits f WHERE c.id = f.id AND f.then_holds <= v_station.offline_limit_minor
        RETURNING c.id, f.face, f.fee, f.fee_vat, f.currency
    )
    INSERT INTO offline_code (code_id, station_id, state, face_minor, fee_minor, fee_vat_minor, currency, catalog_version,
                              held_at, changed_at)
    SELECT t.id, p_station, 'held', t.face, t.fee, t.fee_vat, t.currency, p_version, p_at, p_at FROM taken t;
    GET DIAGNOSTICS v_new = ROW_COUNT;
    PERFORM opla_station_event(p_at, p_actor, 'station', p_station, 'codes_given', v_new::text);
    PERFORM opla_writes(false);
    RETURN QUERY
    SELECT c.id, c.sku, c.sealed, c.serial, c.valid_until, h.face_minor + h.fee_minor, h.currency, h.catalog_version
    FROM offline_code h JOIN code c ON c.id = h.code_id
    WHERE h.station_id = p_station AND h.state = 'held' AND (c.valid_until IS NULL OR c.valid_until > p_today)
    ORDER BY c.sku, c.valid_until NULLS LAST, c.id;
END $$;

-- What a tablet says it sold, in the order of its numbers; each signature was checked. One row back per sale.
CREATE OR REPLACE FUNCTION opla_offline_say(
    p_at timestamptz, p_key uuid, p_digest text[], p_n int[], p_code uuid[], p_price bigint[], p_sold_at timestamptz[],
    p_clerk text[], p_text text[], p_signature bytea[]
) RETURNS TABLE (n int, result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_station station;
    v_said record;
    v_code offline_code;
    v_forked boolean;
    v_result text;
    v_event bigint;
    v_actor text;
BEGIN
    SELECT s.* INTO v_station FROM offline_key k JOIN station s ON s.id = k.station_id WHERE k.id = p_key FOR NO KEY UPDATE OF s;
    v_actor := 'station:' || v_station.name;
    PERFORM opla_writes(true);
    FOR v_said IN SELECT w.* FROM unnest(p_digest, p_n, p_code, p_price, p_sold_at, p_clerk, p_text, p_signature)
                      AS w (digest, n, code, price, sold_at, clerk, said, signature)
                  WHERE NOT EXISTS (SELECT FROM offline_sale o WHERE o.digest = w.digest) ORDER BY w.n, w.digest LOOP
        v_forked := EXISTS (SELECT FROM offline_sale o WHERE o.key_id = p_key AND o.n = v_said.n);
        SELECT * INTO v_code FROM offline_code h WHERE h.code_id = v_said.code AND h.station_id = v_station.id FOR UPDATE;
        v_result := CASE WHEN NOT FOUND THEN 'unknown' WHEN v_code.state = 'sold' THEN 'twice' WHEN v_code.state = 'lost' THEN 'late'
                         WHEN v_forked THEN 'forked' ELSE 'booked' END;
        INSERT INTO offline_sale (digest, key_id, n, code_id, price_minor, at, clerk, text, signature, result, received_at)
        VALUES (v_said.digest, p_key, v_said.n, v_said.code, v_said.price, v_said.sold_at, v_said.clerk, v_said.said,
                v_said.signature, v_result, p_at);
        IF v_result = 'booked' THEN
            UPDATE offline_code SET state = 'sold', changed_at = p_at WHERE code_id = v_said.code;
        ELSIF v_result = 'forked' THEN
            PERFORM opla_offline_lost(p_at, v_actor, ARRAY[v_said.code]);
        ELSIF v_result = 'twice' THEN
            INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
            VALUES (p_at, 'station', v_station.id, 'sold_twice', '', '', v_actor, v_said.n::text) RETURNING id INTO v_event;
            PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['offline_losses:' || v_code.currency],
                ARRAY['suspense:' || v_code.currency], ARRAY[v_code.face_minor + v_code.fee_minor], ARRAY[v_code.currency],
                ARRAY['sold_twice'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        END IF;
        IF v_result <> 'booked' THEN
            INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
            VALUES ('tablet', md5(v_said.digest)::uuid, coalesce(v_code.face_minor + v_code.fee_minor, v_said.price),
                    coalesce(v_code.currency, 'EUR'), jsonb_build_object('why', 'offline_' || v_result, 'station', v_station.name,
                    'n', v_said.n::text, 'clerk', v_said.clerk, 'serial',
                    coalesce((SELECT c.serial FROM code c WHERE c.id = v_said.code), '')), p_at)
            ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
        END IF;
        IF v_result IN ('twice', 'unknown', 'forked') AND v_station.state IN ('paired', 'waiting') THEN
            UPDATE station SET state = 'locked', secret_hash = NULL, pairing_hash = NULL, pairing_until = NULL, changed_at = p_at,
                               changed_by = v_actor, why = 'offline_' || v_result WHERE id = v_station.id;
            PERFORM opla_station_event(p_at, v_actor, 'station', v_station.id, 'locked', 'offline_' || v_result);
            v_station.state := 'locked';
        END IF;
    END LOOP;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT o.n, o.result FROM unnest(p_digest) AS w (digest) JOIN offline_sale o ON o.digest = w.digest ORDER BY o.n;
END $$;

-- These codes, which tablets hold, are lost: what they cost is a loss. Internal.
CREATE OR REPLACE FUNCTION opla_offline_lost(p_at timestamptz, p_actor text, p_code uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_gone record;
    v_event bigint;
BEGIN
    UPDATE offline_code SET state = 'lost', changed_at = p_at WHERE code_id = ANY (p_code) AND state = 'held';
    FOR v_gone IN
        WITH gone AS (
            UPDATE code c SET state = 'written_off', claimed_by = NULL
            WHERE c.id = ANY (p_code) AND c.state = 'claimed' AND c.claimed_by = 'offline ' || c.id
            RETURNING c.batch_id, c.currency, c.cost_minor
        )
        SELECT g.batch_id, g.currency, sum(g.cost_minor)::bigint AS cost, count(*)::int AS codes FROM gone g GROUP BY 1, 2
        ORDER BY 1, 2
    LOOP
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'batch', b.id, 'lost', b.state, b.state, p_actor, v_gone.codes::text FROM batch b WHERE b.id = v_gone.batch_id
        RETURNING id INTO v_event;
        IF v_gone.cost > 0 THEN
            PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['code_losses:' || v_gone.currency],
                ARRAY['code_stock:' || v_gone.currency], ARRAY[v_gone.cost], ARRAY[v_gone.currency], ARRAY['codes_lost'],
                ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        END IF;
    END LOOP;
END $$;

-- What was sold is this order now, and its code was seen when it was sold: nobody has it back as unseen.
CREATE OR REPLACE FUNCTION opla_offline_order(p_at timestamptz, p_actor text, p_code uuid, p_order uuid, p_sold_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE offline_code SET order_id = p_order WHERE code_id = p_code AND state = 'sold' AND order_id IS NULL;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    INSERT INTO reveal (order_id, code_id, actor, at) VALUES (p_order, p_code, p_actor, p_sold_at);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- A sale that cannot be booked: a person sees it, once.
CREATE OR REPLACE FUNCTION opla_offline_stuck(p_at timestamptz, p_code uuid, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    SELECT 'tablet', h.code_id, h.face_minor + h.fee_minor, h.currency,
           jsonb_build_object('why', 'offline_unbooked', 'station', s.name, 'serial', c.serial, 'refused', p_why), p_at
    FROM offline_code h JOIN station s ON s.id = h.station_id JOIN code c ON c.id = h.code_id
    WHERE h.code_id = p_code AND h.state = 'sold' AND NOT h.taken
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- Its money is in the drawer.
CREATE OR REPLACE FUNCTION opla_offline_taken(p_at timestamptz, p_code uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE offline_code SET taken = true WHERE code_id = p_code AND order_id IS NOT NULL;
    UPDATE item SET closed_at = p_at, closed_by = 'system'
    WHERE kind = 'tablet' AND subject = p_code AND closed_at IS NULL;
    PERFORM opla_writes(false);
END $$;
