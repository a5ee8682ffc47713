-- Paying by text with the consent of a standing renewal: agreed to by its owner, offered by a word to the SIM alone, and
-- charged once. Locks: orders and payments first, then a renewal, then what was offered.

-- Its owner lets whoever has the SIM do it, or does not any more. False where it has ended.
CREATE OR REPLACE FUNCTION opla_renewal_by_text(
    p_at timestamptz, p_actor text, p_id uuid, p_who bytea, p_said text, p_may boolean
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_state text;
BEGIN
    SELECT state INTO v_state FROM renewal WHERE id = p_id AND state <> 'ended' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    IF p_may THEN
        INSERT INTO renewal_by_text (renewal_id, who, said, at) VALUES (p_id, p_who, p_said, p_at)
        ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM renewal_by_text WHERE renewal_id = p_id;
    END IF;
    IF FOUND THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'renewal', p_id, CASE WHEN p_may THEN 'by_text' ELSE 'not_by_text' END, v_state, v_state, p_actor, '');
    END IF;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION opla_text_pay_offer(
    p_at timestamptz, p_ends_at timestamptz, p_id uuid, p_ask uuid, p_renewal uuid, p_who bytea, p_word bytea
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_pay (id, ask, renewal_id, who, word_hash, made_at, ends_at)
    VALUES (p_id, p_ask, p_renewal, p_who, p_word, p_at, p_ends_at);
    PERFORM opla_writes(false);
END $$;

-- What this word is of; one that was charged, however long ago. A wrong one is a try of all that are offered to that
-- number now, p_most of which end them.
CREATE OR REPLACE FUNCTION opla_text_pay_try(p_at timestamptz, p_who bytea, p_word bytea, p_most int) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM FROM text_pay WHERE who = p_who AND ends_at > p_at ORDER BY id FOR UPDATE;
    SELECT id INTO v_id FROM text_pay WHERE who = p_who AND word_hash = p_word
        AND (order_id IS NOT NULL OR ends_at > p_at AND tries < p_most);
    IF FOUND THEN
        RETURN NEXT v_id;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    UPDATE text_pay SET tries = tries + 1 WHERE who = p_who AND ends_at > p_at AND order_id IS NULL;
    PERFORM opla_writes(false);
END $$;

-- Whether a charge by text is on its way whose end nobody knows yet: its order may be over before that.
CREATE OR REPLACE FUNCTION opla_text_pay_undecided(p_renewal uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM text_pay t JOIN payment p ON p.id = t.payment_id
                   WHERE t.renewal_id = p_renewal AND p.state IN ('opening', 'open'))
$$;

-- The last word before a charge by text, in the transaction that has just placed its order: false, and that transaction
-- is undone, unless all of it is so. Whatever was decided, nothing is charged without the owner's leave, for another
-- product or more than was offered, above the ceilings, twice a day, oftener than p_most since p_month, or while anything
-- else is being charged or paid for it.
CREATE OR REPLACE FUNCTION opla_text_pay_place(
    p_at timestamptz, p_id uuid, p_order uuid, p_payment uuid, p_day date, p_month timestamptz, p_most int,
    p_tries int
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_pay text_pay;
    v_of renewal;
BEGIN
    SELECT r.* INTO v_of FROM renewal r JOIN text_pay t ON t.renewal_id = r.id WHERE t.id = p_id FOR NO KEY UPDATE OF r;
    SELECT * INTO v_pay FROM text_pay WHERE id = p_id FOR UPDATE;
    IF NOT FOUND OR v_of.state IS DISTINCT FROM 'active' OR v_pay.order_id IS NOT NULL OR v_pay.ends_at <= p_at
       OR v_pay.tries >= p_tries
       OR NOT EXISTS (SELECT FROM renewal_by_text b WHERE b.renewal_id = v_of.id AND b.who = v_pay.who)
       OR NOT EXISTS (SELECT FROM mandate m WHERE m.renewal_id = v_of.id AND m.state = 'kept' AND NOT m.spare
            AND m.provider = v_of.method)
       OR NOT EXISTS (SELECT FROM payment p WHERE p.id = p_payment AND p.provider = v_of.method)
       OR NOT EXISTS (SELECT FROM orders o JOIN text_ask a ON a.id = v_pay.ask
            WHERE o.id = p_order AND o.sku = a.sku AND o.face_minor = a.face_minor AND o.currency = v_of.currency
            AND o.operator = v_of.operator AND a.who = v_pay.who
            AND o.face_minor + o.fee_minor - o.discount_minor <= least(a.total_minor, v_of.cap_minor)
            AND (v_of.month_cap_minor IS NULL OR opla_renewal_spent(v_of.id, p_month) + o.face_minor + o.fee_minor
                 - o.discount_minor <= v_of.month_cap_minor))
       OR EXISTS (SELECT FROM renewal_period d WHERE d.renewal_id = v_of.id AND d.phase = 'placed')
       OR EXISTS (SELECT FROM text_pay t WHERE t.renewal_id = v_of.id AND t.day = p_day)
       OR (SELECT count(*) FROM text_pay t JOIN orders o ON o.id = t.order_id
           WHERE t.renewal_id = v_of.id AND o.placed_at >= p_month) >= p_most
       OR EXISTS (SELECT FROM text_wish w JOIN orders o ON o.quote_id = w.quote_id
            WHERE w.ask = v_pay.ask AND o.id <> p_order AND o.state <> 'cancelled')
       OR opla_text_pay_undecided(v_of.id) THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    UPDATE text_pay SET order_id = p_order, payment_id = p_payment, day = p_day WHERE id = p_id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'renewal', v_of.id, 'paid_by_text', v_of.state, v_of.state, 'system', p_day::text);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Charges by text whose order was paid or is over by now: what was asked for, of those that do not come, each once.
CREATE OR REPLACE FUNCTION opla_text_pay_close(p_at timestamptz, p_limit int) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH known AS MATERIALIZED (
        SELECT t.id, o.state IN ('placed', 'cancelled') AS unpaid
        FROM text_pay t JOIN orders o ON o.id = t.order_id JOIN payment p ON p.id = t.payment_id
        WHERE t.order_id IS NOT NULL AND t.closed_at IS NULL
          AND (o.state <> 'placed' OR p.state IN ('failed', 'expired'))
        ORDER BY t.id LIMIT p_limit FOR UPDATE OF t SKIP LOCKED
    ), closed AS (
        UPDATE text_pay t SET closed_at = p_at FROM known k WHERE t.id = k.id RETURNING t.ask, k.unpaid
    )
    SELECT ask FROM closed WHERE unpaid;
    PERFORM opla_writes(false);
END $$;
