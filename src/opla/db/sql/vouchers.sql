-- Vouchers: printed, moved, sold over a counter, redeemed, and good again (opla.core.voucher).

-- A batch and its vouchers, at the number it was printed under.
CREATE OR REPLACE FUNCTION opla_voucher_make(
    p_at timestamptz, p_actor text, p_batch uuid, p_number int, p_sku text, p_operator text, p_product_name text,
    p_face bigint, p_fee bigint, p_fee_vat bigint, p_currency text, p_language text, p_until date, p_expires_at timestamptz,
    p_id uuid[], p_serial text[], p_hash bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO voucher_batch (id, number, sku, operator, product_name, face_minor, fee_minor, fee_vat_minor, currency,
                               language, until, made_at, made_by)
    VALUES (p_batch, p_number, p_sku, p_operator, p_product_name, p_face, p_fee, p_fee_vat, p_currency, p_language, p_until,
            p_at, p_actor);
    INSERT INTO voucher (id, serial, batch_id, hash, state, expires_at, since)
    SELECT v.id, v.serial, p_batch, v.hash, 'printed', p_expires_at, p_at FROM unnest(p_id, p_serial, p_hash) AS v (id, serial, hash);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'vouchers', p_batch, 'printed', '', '', p_actor, cardinality(p_id)::text);
    PERFORM opla_writes(false);
END $$;

-- Paper moves, and no money: each that is in one of the states an event leads from is in that one's target then, the
-- others stay as they are. One row back per serial, in their order: `moved`, the state that it is in instead, or unknown.
CREATE OR REPLACE FUNCTION opla_voucher_move(
    p_at timestamptz, p_actor text, p_event text, p_place bigint, p_why text, p_serial text[], w_source text[], w_target text[]
) RETURNS TABLE (n int, result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM voucher WHERE serial = ANY (p_serial) ORDER BY id FOR UPDATE;
    RETURN QUERY
    WITH before AS MATERIALIZED (
        SELECT v.id, v.serial, v.state, w.target FROM voucher v
        LEFT JOIN unnest(w_source, w_target) AS w (source, target) ON w.source = v.state
        WHERE v.serial = ANY (p_serial)
    ), moved AS (
        UPDATE voucher v SET state = b.target, since = p_at,
            place_id = CASE p_event WHEN 'sent' THEN p_place WHEN 'returned' THEN NULL ELSE v.place_id END
        FROM before b WHERE v.id = b.id AND b.target IS NOT NULL
        RETURNING v.id
    ), told AS (
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'voucher', b.id, p_event, b.state, b.target, p_actor, p_why FROM before b WHERE b.target IS NOT NULL
    )
    SELECT s.n::int, CASE WHEN b.id IS NULL THEN 'unknown' WHEN b.target IS NULL THEN b.state ELSE 'moved' END
    FROM unnest(p_serial) WITH ORDINALITY AS s (serial, n) LEFT JOIN before b ON b.serial = s.serial ORDER BY s.n;
    PERFORM opla_writes(false);
END $$;

-- A voucher is paid for over a counter, or its price given back there: the line of the drawer with the journal the core
-- made of both, and the voucher's own move; or why not. Locks: the drawer, the voucher, the accounts.
--
-- What opla_drawer_line says, or voucher_unknown · voucher_elsewhere (it lies at another place) · voucher_over (its last day
-- is) · the state that it is in instead
CREATE OR REPLACE FUNCTION opla_voucher_over_counter(
    p_at timestamptz, p_actor text, p_line uuid, p_drawer text, p_kind text, p_minor bigint, p_settled bigint, p_currency text,
    p_given bigint, p_why text, p_voucher uuid, p_event text, p_source text, p_target text,
    t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[]
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_place bigint;
    v_voucher voucher;
    v_batch voucher_batch;
    v_result text;
BEGIN
    SELECT place_id INTO v_place FROM drawer WHERE name = p_drawer FOR UPDATE;
    SELECT * INTO v_voucher FROM voucher WHERE id = p_voucher FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'voucher_unknown';
    END IF;
    IF EXISTS (SELECT FROM drawer_line WHERE id = p_line) THEN
        IF NOT EXISTS (SELECT FROM voucher_line WHERE line = p_line AND voucher_id = p_voucher) THEN
            RETURN 'key_reused';
        END IF;
    ELSE
        SELECT * INTO v_batch FROM voucher_batch WHERE id = v_voucher.batch_id;
        IF v_voucher.state <> p_source THEN
            RETURN v_voucher.state;
        END IF;
        IF (v_batch.face_minor + v_batch.fee_minor, v_batch.currency) <> (abs(p_settled), p_currency) THEN
            RETURN 'voucher_unknown';
        END IF;
        IF p_event = 'activated' AND v_voucher.place_id IS DISTINCT FROM v_place THEN
            RETURN 'voucher_elsewhere';
        END IF;
        IF p_event = 'activated' AND v_voucher.expires_at <= p_at THEN
            RETURN 'voucher_over';
        END IF;
    END IF;
    v_result := opla_drawer_line(p_at, p_actor, p_line, p_drawer, p_kind, p_minor, p_settled, p_currency, p_given, NULL, NULL,
        '', p_why, t_debit, t_credit, t_amount, t_currency, t_reason, t_phase);
    IF v_result <> 'done' THEN
        RETURN v_result;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO voucher_line (line, voucher_id) VALUES (p_line, p_voucher);
    UPDATE voucher SET state = p_target, since = p_at WHERE id = p_voucher;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'voucher', p_voucher, p_event, p_source, p_target, p_actor, p_why);
    PERFORM opla_writes(false);
    RETURN v_result;
END $$;

-- A voucher pays for what this charge asks, once: false where it cannot (any more), and then nothing of the order may stay.
-- In the transaction that places it; locks the voucher, then the accounts.
CREATE OR REPLACE FUNCTION opla_voucher_redeem(
    p_at timestamptz, p_actor text, p_voucher uuid, p_attempt text,
    t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_event bigint;
    v_minor bigint;
    v_currency text;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM voucher WHERE id = p_voucher FOR UPDATE;
    SELECT b.face_minor + b.fee_minor, b.currency INTO v_minor, v_currency
    FROM voucher v JOIN voucher_batch b ON b.id = v.batch_id
    JOIN attempt a ON a.reference = p_attempt AND a.kind = 'charge' AND a.adapter = 'voucher'
    JOIN payment y ON y.id = a.payment_id AND y.amount_minor = b.face_minor + b.fee_minor AND y.currency = b.currency
    JOIN allocation l ON l.payment_id = y.id JOIN orders o ON o.id = l.order_id AND o.sku = b.sku
    WHERE v.id = p_voucher AND v.state = 'active' AND v.expires_at > p_at;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    UPDATE voucher SET state = 'redeemed', since = p_at WHERE id = p_voucher;
    INSERT INTO voucher_use (attempt, voucher_id, minor, currency, at) VALUES (p_attempt, p_voucher, v_minor, v_currency, p_at);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'voucher', p_voucher, 'redeemed', 'active', 'redeemed', p_actor, '') RETURNING id INTO v_event;
    PERFORM opla_voucher_post(p_at, v_event, t_debit, t_credit, t_amount, t_currency, t_reason, t_phase);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- What this charge paid for is refunded whole, by this refund: the voucher is good again, until p_until at least.
-- done (now, or by this refund before) · not_whole (a part of the price is no product) · nothing (no voucher paid by this
-- charge, or it was good again by another refund)
CREATE OR REPLACE FUNCTION opla_voucher_give_back(
    p_at timestamptz, p_actor text, p_charge text, p_refund text, p_minor bigint, p_currency text, p_until timestamptz,
    t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[]
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_event bigint;
    v_use voucher_use;
    v_state text;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM voucher WHERE id = (SELECT voucher_id FROM voucher_use WHERE attempt = p_charge) FOR UPDATE;
    SELECT * INTO v_use FROM voucher_use WHERE attempt = p_charge;
    SELECT state INTO v_state FROM voucher WHERE id = v_use.voucher_id;
    IF v_use.back_by = p_refund THEN
        PERFORM opla_writes(false);
        RETURN 'done';
    END IF;
    IF v_use.attempt IS NULL OR v_use.back_by IS NOT NULL OR v_state <> 'redeemed' THEN
        PERFORM opla_writes(false);
        RETURN 'nothing';
    END IF;
    IF (v_use.minor, v_use.currency) <> (p_minor, p_currency) THEN
        PERFORM opla_writes(false);
        RETURN 'not_whole';
    END IF;
    UPDATE voucher_use SET back_by = p_refund, back_at = p_at WHERE attempt = p_charge;
    UPDATE voucher SET state = 'active', since = p_at, expires_at = greatest(expires_at, p_until) WHERE id = v_use.voucher_id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'voucher', v_use.voucher_id, 'given_back', 'redeemed', 'active', p_actor, '') RETURNING id INTO v_event;
    PERFORM opla_voucher_post(p_at, v_event, t_debit, t_credit, t_amount, t_currency, t_reason, t_phase);
    PERFORM opla_writes(false);
    RETURN 'done';
END $$;

-- The lines of one event that is about no order's own money. Internal.
CREATE OR REPLACE FUNCTION opla_voucher_post(
    p_at timestamptz, p_event bigint,
    t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM opla_post(p_at, array_fill(p_event, ARRAY[cardinality(t_debit)]), t_debit, t_credit, t_amount, t_currency,
        t_reason, t_phase, array_fill(NULL::uuid, ARRAY[cardinality(t_debit)]),
        array_fill(NULL::uuid, ARRAY[cardinality(t_debit)]));
END $$;
