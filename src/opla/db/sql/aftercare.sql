-- After a delivery: what the buyer says of it, who is reminded of a code, and who else may see the order.

-- What the buyer says of something delivered. Saying the same again changes nothing.
CREATE OR REPLACE FUNCTION opla_said(
    p_at timestamptz, p_actor text, p_order uuid, p_device bytea, p_customer uuid, p_said text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_state text;
BEGIN
    SELECT state INTO v_state FROM orders WHERE id = p_order FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF NOT opla_may_act(p_order, p_device, p_customer) THEN
        RETURN 'proof_needed';
    END IF;
    IF v_state <> 'delivered' THEN
        RETURN 'not_delivered_yet';
    END IF;
    IF (SELECT count(*) FROM order_said s WHERE s.order_id = p_order) >= 20 THEN
        RETURN 'too_many_tries';  -- nobody changes their mind so often
    END IF;
    IF (SELECT s.said FROM order_said s WHERE s.order_id = p_order ORDER BY s.id DESC LIMIT 1) IS DISTINCT FROM p_said THEN
        PERFORM opla_writes(true);
        INSERT INTO order_said (order_id, said, actor, at) VALUES (p_order, p_said, p_actor, p_at);
        PERFORM opla_writes(false);
    END IF;
    RETURN 'said';
END $$;

-- Codes delivered by p_delivered_by join those that are looked after, in the order they were delivered; then those that
-- are due are taken, hidden from others until p_again_at.
CREATE OR REPLACE FUNCTION opla_nudge_claim(
    p_at timestamptz, p_delivered_after timestamptz, p_delivered_by timestamptz, p_again_at timestamptz, p_limit int
) RETURNS TABLE (order_id uuid, delivered_at timestamptz, valid_until date, said text, open boolean, sent text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_at timestamptz := p_delivered_after;
    v_order uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    SELECT n.delivered_at, n.order_id INTO v_at, v_order FROM order_nudge n
    WHERE n.delivered_at >= p_delivered_after ORDER BY n.delivered_at DESC, n.order_id DESC LIMIT 1;
    PERFORM opla_writes(true);
    INSERT INTO order_nudge (order_id, delivered_at, due_at)
    SELECT d.order_id, d.at, CASE WHEN o.reseller = '' THEN p_at END
    FROM delivery d JOIN orders o ON o.id = d.order_id
    WHERE d.code_id IS NOT NULL AND d.at <= p_delivered_by
      AND (d.at, d.order_id) > (coalesce(v_at, p_delivered_after), coalesce(v_order, '00000000-0000-0000-0000-000000000000'))
    ORDER BY d.at, d.order_id LIMIT p_limit
    ON CONFLICT DO NOTHING;
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT n.order_id FROM order_nudge n WHERE n.due_at <= p_at ORDER BY n.due_at, n.order_id LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE order_nudge n SET due_at = p_again_at FROM due WHERE n.order_id = due.order_id
        RETURNING n.order_id, n.delivered_at, n.sent
    )
    SELECT t.order_id, t.delivered_at, c.valid_until,
           coalesce((SELECT s.said FROM order_said s WHERE s.order_id = t.order_id ORDER BY s.id DESC LIMIT 1), ''),
           o.state = 'delivered', t.sent
    FROM taken t JOIN orders o ON o.id = t.order_id
    JOIN delivery d ON d.order_id = t.order_id LEFT JOIN code c ON c.id = d.code_id AND c.order_id = t.order_id;
    PERFORM opla_writes(false);
END $$;

-- When to look next (null: never again), and what to send now ('': nothing). Each is sent once. How many were made.
CREATE OR REPLACE FUNCTION opla_nudge_decide(
    p_at timestamptz, p_order uuid[], p_due_at timestamptz[], p_nudge text[], p_reference text[]
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_made int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE order_nudge n SET due_at = w.due_at FROM unnest(p_order, p_due_at) AS w (id, due_at) WHERE n.order_id = w.id;
    WITH made AS (
        UPDATE order_nudge n SET sent = n.sent || w.nudge
        FROM unnest(p_order, p_nudge, p_reference) AS w (id, nudge, reference)
        WHERE n.order_id = w.id AND w.nudge <> '' AND NOT w.nudge = ANY (n.sent)
        RETURNING w.reference, w.nudge, n.order_id
    ), told AS (
        INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
        SELECT m.reference, m.nudge, m.order_id, p_at, p_at FROM made m
        RETURNING 1
    )
    SELECT count(*)::int INTO v_made FROM told;
    PERFORM opla_writes(false);
    RETURN v_made;
END $$;

-- A link for whom it is for, of something paid; the one before it ends. Twenty of an order are enough.
CREATE OR REPLACE FUNCTION opla_share(
    p_at timestamptz, p_ends_at timestamptz, p_actor text, p_id uuid, p_order uuid, p_device bytea, p_customer uuid,
    p_link_hash bytea, p_with_code boolean
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_state text;
BEGIN
    SELECT state INTO v_state FROM orders WHERE id = p_order FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF NOT opla_may_act(p_order, p_device, p_customer) THEN
        RETURN 'proof_needed';
    END IF;
    IF v_state NOT IN ('paid', 'delivered') THEN
        RETURN 'not_delivered_yet';
    END IF;
    IF (SELECT count(*) FROM order_share s WHERE s.order_id = p_order) >= 20 THEN
        RETURN 'too_many_tries';
    END IF;
    PERFORM opla_writes(true);
    UPDATE order_share SET ended_at = p_at WHERE order_id = p_order AND ended_at IS NULL;
    INSERT INTO order_share (id, order_id, link_hash, with_code, actor, made_at, ends_at)
    VALUES (p_id, p_order, p_link_hash, p_with_code, p_actor, p_at, p_ends_at);
    PERFORM opla_writes(false);
    RETURN 'shared';
END $$;

CREATE OR REPLACE FUNCTION opla_share_end(p_at timestamptz, p_order uuid, p_device bytea, p_customer uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT opla_may_act(p_order, p_device, p_customer) THEN
        RETURN 'proof_needed';
    END IF;
    PERFORM opla_writes(true);
    UPDATE order_share SET ended_at = p_at WHERE order_id = p_order AND ended_at IS NULL;
    PERFORM opla_writes(false);
    RETURN 'ended';
END $$;

-- The sealed code, for the first device that looks through a link made for it. The rows are written before anything is
-- returned: it is a reveal of the order like any other.
CREATE OR REPLACE FUNCTION opla_share_reveal(p_at timestamptz, p_actor text, p_link_hash bytea, p_device bytea)
RETURNS TABLE (result text, code_id uuid, sealed bytea, serial text, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_order orders%ROWTYPE;
    v_share order_share%ROWTYPE;
    v_code code%ROWTYPE;
    v_no text;
BEGIN
    -- The order's lock first, as in opla_reveal; then the link's: of two devices at once one is the first.
    SELECT o.* INTO v_order FROM orders o JOIN order_share s ON s.order_id = o.id WHERE s.link_hash = p_link_hash
    FOR SHARE OF o;
    SELECT s.* INTO v_share FROM order_share s WHERE s.link_hash = p_link_hash FOR UPDATE;
    SELECT c.* INTO v_code FROM delivery d JOIN code c ON c.id = d.code_id
    WHERE d.order_id = v_order.id AND c.order_id = v_order.id AND v_order.state = 'delivered';
    v_no := CASE
        WHEN v_share.id IS NULL OR NOT v_share.with_code THEN 'not_found'
        WHEN v_share.ended_at IS NOT NULL OR v_share.ends_at <= p_at THEN 'share_over'
        WHEN v_share.device_hash IS DISTINCT FROM p_device AND v_share.device_hash IS NOT NULL THEN 'share_used'
        WHEN v_code.id IS NULL THEN 'not_delivered_yet'
    END;
    IF v_no IS NOT NULL THEN
        RETURN QUERY SELECT v_no, NULL::uuid, NULL::bytea, NULL::text, NULL::date;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    UPDATE order_share SET device_hash = p_device WHERE id = v_share.id;
    INSERT INTO reveal (order_id, code_id, actor, at) VALUES (v_order.id, v_code.id, p_actor, p_at);
    PERFORM opla_writes(false);
    RETURN QUERY SELECT 'revealed', v_code.id, v_code.sealed, v_code.serial, v_code.valid_until;
END $$;
