-- A large refund by choice waits for a second person: nothing moves and nothing is promised until that one approves.
-- Answers 'asked' · 'again' (this id is there already) · 'lost' (decided on old news) · 'waits' (another one of this
-- order waits).
CREATE OR REPLACE FUNCTION opla_ask_refund(
    p_at timestamptz, p_actor text, p_id uuid, p_payment uuid, p_order uuid, p_amount bigint, p_currency text,
    p_reason text, p_why text, p_evidence text, p_seen text
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_payment payment%ROWTYPE;
BEGIN
    IF p_payment IS NULL THEN  -- a reseller's order: what was given back of it is kept as it is by its lock
        PERFORM 1 FROM orders WHERE id = p_order FOR NO KEY UPDATE;
    ELSE
        SELECT * INTO v_payment FROM payment WHERE id = p_payment FOR NO KEY UPDATE;
    END IF;
    IF EXISTS (SELECT FROM refund WHERE id = p_id) THEN
        RETURN 'again';
    END IF;
    IF EXISTS (SELECT FROM refund WHERE order_id = p_order AND state = 'asked') THEN
        RETURN 'waits';
    END IF;
    IF (CASE WHEN p_payment IS NULL THEN opla_given_back(p_order)::text ELSE opla_seen(v_payment) END)
       IS DISTINCT FROM p_seen THEN
        RETURN 'lost';
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason, why, evidence, state, actor, made_at)
    VALUES (p_id, p_payment, p_order, p_amount, p_currency, p_reason, p_why, p_evidence, 'asked', p_actor, p_at);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'refund', p_id, 'asked', '', 'asked', p_actor, p_why);
    INSERT INTO item (kind, subject, order_id, payment_id, amount_minor, currency, why, opened_at)
    VALUES ('refund_approval', p_order, p_order, p_payment, p_amount, p_currency,
            jsonb_build_object('why', 'second_person', 'asker', p_actor, 'reason', p_why), p_at)
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    PERFORM opla_writes(false);
    RETURN 'asked';
END $$;
