-- Resellers buy from money that is here already: their float. What an order will cost is held on it when it is placed.

-- Orders of resellers, each with its send attempt, reserved on their floats. One row back per input, in its order:
-- placed · again (this caller's key was used before: its order and the digests of its fields) · float_too_low · float_owes
-- (money that was paid in has left again, and the float had spent it).
-- A neighbour that is refused, or a key repeated inside the batch, never fails the others.
CREATE OR REPLACE FUNCTION opla_reserve(
    p_at timestamptz, p_catalog_version bigint,
    p_reseller text[], p_key text[], p_fields bytea[], p_id uuid[], p_ticket text[], p_sku text[], p_operator text[],
    p_product_name text[], p_kind text[], p_face bigint[], p_fee bigint[], p_fee_vat bigint[], p_currency text[],
    p_number text[], p_plan text[], p_email text[], p_language text[], p_sample boolean[],
    p_attempt uuid[], p_reference text[], p_adapter text[], p_debit text[], p_credit text[], p_hold bigint[]
) RETURNS TABLE (n int, result text, order_id uuid, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_new int[];
    v_low int[] := '{}';
    v_free jsonb;
    v_event bigint[];
    v_one record;
    v_owing text[] := opla_deposits_uneven(p_reseller);
BEGIN
    PERFORM opla_writes(true);
    -- Everything fits and no key is being used elsewhere, nearly always: then the floats, which every delivery moves too,
    -- are locked at the very end. Where not, this is undone, and the floats are locked first, for whoever comes to wait.
    FOR v_try IN 1..3 LOOP
        BEGIN
            SELECT coalesce(array_agg(w.n ORDER BY w.n), '{}') INTO v_new
            FROM (
                SELECT min(k.n)::int AS n, k.reseller, k.key
                FROM unnest(p_reseller, p_key) WITH ORDINALITY AS k (reseller, key, n) GROUP BY k.reseller, k.key
            ) w
            WHERE w.reseller <> ALL (v_owing)
              AND NOT EXISTS (SELECT FROM idempotency i WHERE i.caller = w.reseller AND i.key = w.key);
            IF v_try > 1 THEN
                PERFORM 1 FROM account WHERE code = ANY (p_debit) ORDER BY id FOR NO KEY UPDATE;
                SELECT coalesce(jsonb_object_agg(code, credits_posted - debits_posted - debits_pending), '{}') INTO v_free
                FROM account WHERE code = ANY (p_debit);
                v_low := '{}';
                FOR v_one IN SELECT w.n, w.code, w.hold FROM unnest(p_debit, p_hold) WITH ORDINALITY AS w (code, hold, n)
                             WHERE w.n = ANY (v_new) ORDER BY w.n LOOP
                    IF coalesce((v_free ->> v_one.code)::bigint, 0) >= v_one.hold THEN
                        v_free := jsonb_set(v_free, ARRAY[v_one.code],
                            to_jsonb((v_free ->> v_one.code)::bigint - v_one.hold));
                    ELSE
                        v_low := v_low || v_one.n;
                    END IF;
                END LOOP;
                SELECT coalesce(array_agg(w.n ORDER BY w.n), '{}') INTO v_new
                FROM unnest(v_new) AS w (n) WHERE w.n <> ALL (v_low);
            END IF;
            EXIT WHEN cardinality(v_new) = 0;
            WITH asked AS MATERIALIZED (
                SELECT * FROM unnest(p_reseller, p_key, p_fields, p_id, p_ticket, p_sku, p_operator, p_product_name, p_kind, p_face,
                    p_fee, p_fee_vat, p_currency, p_number, p_plan, p_email, p_language, p_sample, p_attempt, p_reference, p_adapter)
                  WITH ORDINALITY AS a (reseller, key, fields, id, ticket, sku, operator, product_name, kind, face, fee, fee_vat,
                    currency, number, plan, email, language, sample, attempt, reference, adapter, n)
                WHERE cardinality(v_new) = cardinality(p_id) OR a.n = ANY (v_new)
            ), keys AS (
                INSERT INTO idempotency (caller, key, fields, order_id, at)
                SELECT reseller, key, fields, id, p_at FROM asked ORDER BY reseller, key
            ), placed AS (
                INSERT INTO orders (id, ticket, state, sku, operator, product_name, kind, face_minor, fee_minor, fee_vat_minor,
                    currency, number, plan, email, language, catalog_version, sample, reseller, reseller_key, placed_at)
                SELECT id, ticket, 'placed', sku, operator, product_name, kind, face, fee, fee_vat, currency, number, plan, email,
                    language, p_catalog_version, sample, reseller, key, p_at
                FROM asked
            ), attempts AS (
                INSERT INTO attempt (id, kind, adapter, reference, state, order_id, made_at, due_at)
                SELECT attempt, 'send', adapter, reference, 'new', id, p_at, p_at FROM asked
            ), events AS (
                INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
                SELECT p_at, 'order', id, 'reserved', '', 'placed', 'reseller:' || reseller, '' FROM asked
                RETURNING id, subject_id
            )
            SELECT array_agg(coalesce(e.id, 0) ORDER BY i.n) INTO v_event
            FROM unnest(p_id) WITH ORDINALITY AS i (id, n) LEFT JOIN events e ON e.subject_id = i.id;
            IF v_try = 1 THEN
                PERFORM 1 FROM account WHERE code = ANY (p_debit) ORDER BY id FOR NO KEY UPDATE;
                IF EXISTS (
                    SELECT FROM (SELECT code, sum(hold) AS hold FROM unnest(p_debit, p_hold, v_event) AS w (code, hold, event)
                                 WHERE event <> 0 GROUP BY code) h
                    LEFT JOIN account a ON a.code = h.code
                    WHERE coalesce(a.credits_posted - a.debits_posted - a.debits_pending, 0) < h.hold
                ) THEN
                    RAISE EXCEPTION 'a float does not cover all of it' USING ERRCODE = 'OP001';
                END IF;
            END IF;
            PERFORM opla_post(p_at, v_event, p_debit, p_credit, p_hold, p_currency,
                array_fill('held'::text, ARRAY[cardinality(p_id)]), array_fill('held'::text, ARRAY[cardinality(p_id)]), p_id,
                array_fill(NULL::uuid, ARRAY[cardinality(p_id)]));
            EXIT;
        EXCEPTION
            WHEN SQLSTATE 'OP001' THEN NULL;
            WHEN unique_violation THEN
                IF v_try = 3 THEN
                    RAISE;
                END IF;
        END;
    END LOOP;
    PERFORM opla_webhook_placed(p_at, p_id);

    RETURN QUERY
    SELECT k.n::int, CASE WHEN k.n = ANY (v_low) THEN 'float_too_low' WHEN i.order_id = k.id THEN 'placed'
             WHEN i.order_id IS NULL THEN 'float_owes' ELSE 'again' END,
        i.order_id, i.fields
    FROM unnest(p_reseller, p_key, p_id) WITH ORDINALITY AS k (reseller, key, id, n)
    LEFT JOIN idempotency i ON i.caller = k.reseller AND i.key = k.key
    ORDER BY k.n;
    PERFORM opla_writes(false);
END $$;

-- A reseller's money came in at the bank. The key says which deposit it is: recording it twice changes nothing.
CREATE OR REPLACE FUNCTION opla_pay_in(
    p_at timestamptz, p_actor text, p_reseller text, p_key text, p_fields bytea, p_id uuid, p_amount bigint, p_currency text
) RETURNS TABLE (result text, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_event bigint;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO idempotency (caller, key, fields, order_id, at)
    VALUES ('paid_in:' || p_reseller, p_key, p_fields, p_id, p_at) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'again'::text, i.fields FROM idempotency i
                     WHERE i.caller = 'paid_in:' || p_reseller AND i.key = p_key;
    ELSE
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'float', p_id, 'paid_in', '', '', p_actor, p_key) RETURNING id INTO v_event;
        PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['bank:' || p_currency],
            ARRAY['reseller_float:' || p_reseller || ':' || p_currency], ARRAY[p_amount], ARRAY[p_currency],
            ARRAY['float_paid_in'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        PERFORM opla_webhook_paid_in(p_at, p_reseller, p_id, p_key, p_amount, p_currency);
        RETURN QUERY SELECT 'paid_in'::text, p_fields;
    END IF;
    PERFORM opla_writes(false);
END $$;

-- A reseller wants to be told when less than this is free; null: never.
CREATE OR REPLACE FUNCTION opla_float_alarm(p_at timestamptz, p_reseller text, p_below bigint, p_language text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM float_alarm WHERE reseller_id = p_reseller AND p_below IS NULL;
    INSERT INTO float_alarm (reseller_id, below_minor, language)
    SELECT p_reseller, p_below, p_language WHERE p_below IS NOT NULL
    ON CONFLICT (reseller_id) DO UPDATE SET below_minor = p_below, language = p_language,
        told_at = CASE WHEN float_alarm.below_minor >= p_below THEN float_alarm.told_at END;
    PERFORM opla_writes(false);
END $$;

-- Letters to those whose float is low, each once: two who look at the same moment post one. How many were posted. Whoever
-- is above again may be told again.
CREATE OR REPLACE FUNCTION opla_floats_told(
    p_at timestamptz, p_currency text, p_reseller text[], p_id uuid[], p_sealed bytea[], p_reference text[]
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_told int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE float_alarm l SET told_at = NULL
    FROM account a
    WHERE l.told_at IS NOT NULL AND a.code = 'reseller_float:' || l.reseller_id || ':' || p_currency
      AND a.credits_posted - a.debits_posted - a.debits_pending >= l.below_minor;
    WITH mine AS MATERIALIZED (
        UPDATE float_alarm l SET told_at = p_at FROM unnest(p_reseller) AS w (reseller)
        WHERE l.reseller_id = w.reseller AND l.told_at IS NULL RETURNING l.reseller_id
    ), letters AS MATERIALIZED (
        INSERT INTO letter (id, sealed, made_at)
        SELECT w.id, w.sealed, p_at FROM unnest(p_reseller, p_id, p_sealed) AS w (reseller, id, sealed)
        JOIN mine ON mine.reseller_id = w.reseller RETURNING id
    ), events AS (
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'float', w.id, 'low', '', '', 'system', w.reseller FROM unnest(p_reseller, p_id) AS w (reseller, id)
        JOIN mine ON mine.reseller_id = w.reseller
    ), posted AS (
        INSERT INTO outbox (reference, topic, letter_id, made_at, due_at)
        SELECT w.reference, 'float_low', w.id, p_at, p_at FROM unnest(p_id, p_reference) AS w (id, reference)
        JOIN letters ON letters.id = w.id RETURNING 1
    )
    SELECT count(*) INTO v_told FROM posted;
    PERFORM opla_webhook_say(p_at, false, array_agg(w.reseller), array_agg(replace(w.id::text, '-', '')),
        array_agg('float.low'::text),
        array_agg(jsonb_build_object(
            'free', opla_webhook_money(coalesce(a.credits_posted - a.debits_posted - a.debits_pending, 0), p_currency),
            'below', opla_webhook_money(f.below_minor, p_currency))))
    FROM unnest(p_reseller, p_id) AS w (reseller, id)
    JOIN letter l ON l.id = w.id
    JOIN float_alarm f ON f.reseller_id = w.reseller
    LEFT JOIN account a ON a.code = 'reseller_float:' || w.reseller || ':' || p_currency
    HAVING count(*) > 0;
    PERFORM opla_writes(false);
    RETURN v_told;
END $$;
