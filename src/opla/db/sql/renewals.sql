-- Standing renewals: what was agreed to, one charge a period at the most, and consent that ends when they do. The words
-- are those of core.renewal. Locks: orders and payments first, then a renewal, then its period and its mandate.

-- Agreed to, in the transaction that places the first order: its payment asks the provider to keep consent. False where
-- that order has one already, which is the same page sent twice.
CREATE OR REPLACE FUNCTION opla_renewal_ask(
    p_at timestamptz, p_look_at timestamptz, p_id uuid, p_order uuid, p_link_hash bytea, p_email_hash bytea,
    p_sealed bytea, p_method text, p_cap bigint, p_month_cap bigint, p_rule text, p_notice_days int, p_terms int,
    p_agreed text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_done boolean;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO renewal (id, first_order_id, link_hash, email_hash, sealed, state, language, method, operator, sku,
        product_name, face_minor, plan, currency, cap_minor, month_cap_minor, rule, notice_days, terms, agreed, look_at,
        made_at)
    SELECT p_id, o.id, p_link_hash, p_email_hash, p_sealed, 'waiting_consent', o.language, p_method, o.operator, o.sku,
        o.product_name, o.face_minor, o.plan, o.currency, p_cap, p_month_cap, p_rule, p_notice_days, p_terms, p_agreed,
        p_look_at, p_at
    FROM orders o WHERE o.id = p_order
    ON CONFLICT (first_order_id) DO NOTHING;
    v_done := FOUND;
    PERFORM opla_writes(false);
    RETURN v_done;
END $$;

-- The provider keeps consent with the first payment: told again, nothing changes. Of a renewal that was ended
-- meanwhile, or that has some already because the order was paid twice, it is ended there too. Internal: called by
-- opla_apply.
CREATE OR REPLACE FUNCTION opla_mandate_keep(
    p_at timestamptz, p_actor text, p_id uuid, p_payment uuid, p_attempt uuid, p_provider text, p_sealed bytea, p_days int
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_renewal uuid;
    v_state text;
    v_spare boolean;
BEGIN
    SELECT r.id, r.state INTO v_renewal, v_state FROM renewal r
    JOIN allocation l ON l.order_id = r.first_order_id AND l.payment_id = p_payment
    WHERE r.method = p_provider FOR NO KEY UPDATE OF r;
    IF NOT FOUND OR EXISTS (SELECT FROM mandate m WHERE m.attempt_id = p_attempt) THEN
        RETURN;
    END IF;
    v_spare := EXISTS (SELECT FROM mandate m WHERE m.renewal_id = v_renewal);
    INSERT INTO mandate (id, renewal_id, spare, provider, sealed, days, state, payment_id, attempt_id, made_at, due_at)
    VALUES (p_id, v_renewal, v_spare, p_provider, p_sealed, p_days,
            CASE v_state WHEN 'waiting_consent' THEN 'kept' ELSE 'ending' END, p_payment, p_attempt, p_at,
            CASE v_state WHEN 'waiting_consent' THEN NULL ELSE p_at END);
    IF v_state = 'waiting_consent' THEN
        UPDATE renewal SET state = 'active', began_at = p_at, look_at = p_at, version = version + 1 WHERE id = v_renewal;
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'renewal', v_renewal, 'kept', v_state, 'active', p_actor, '');
    END IF;
END $$;

-- Those to be looked at, hidden from other workers until p_again_at: whoever looks says then when the next time is.
CREATE OR REPLACE FUNCTION opla_renewal_claim(p_at timestamptz, p_again_at timestamptz, p_limit int) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT id FROM renewal WHERE look_at <= p_at ORDER BY look_at, id LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE renewal r SET look_at = p_again_at FROM due WHERE r.id = due.id RETURNING r.id;
    PERFORM opla_writes(false);
END $$;

-- One step of one renewal, whole or not at all, where it is still as it was when the step was decided: its state
-- (p_event '': as it was), where its open period stands (p_phase '': as it was), the period that comes next, and the
-- message that says so. p_agreed is what was agreed to with it, kept below what is there. One of that day which was dropped, or is planned, is planned anew: whatever was told of it is no
-- notice any more. A notice is the message of the period that is open afterwards.
DROP FUNCTION IF EXISTS opla_renewal_step(  -- as it was before what is agreed to later was kept
    timestamptz, text, uuid, int, timestamptz, text, text, text, int, bigint, bigint, date, text, date, timestamptz, uuid,
    bytea, text, text, boolean);
CREATE OR REPLACE FUNCTION opla_renewal_step(
    p_at timestamptz, p_actor text, p_id uuid, p_version int, p_look_at timestamptz,
    p_state text, p_event text, p_why text, p_refused int, p_cap bigint, p_month_cap bigint,
    p_key date, p_phase text, p_next date, p_next_due timestamptz,
    p_letter uuid, p_sealed bytea, p_topic text, p_reference text, p_notice boolean, p_agreed text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_before text;
BEGIN
    SELECT r.state INTO v_before FROM renewal r WHERE r.id = p_id AND r.version = p_version FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    UPDATE renewal SET version = version + 1, look_at = p_look_at, state = p_state, refused = p_refused,
        cap_minor = p_cap, month_cap_minor = p_month_cap, agreed = concat_ws(E'\n', agreed, nullif(p_agreed, '')),
        ended_at = CASE p_state WHEN 'ended' THEN coalesce(ended_at, p_at) END
    WHERE id = p_id;
    IF p_event <> '' THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'renewal', p_id, p_event, v_before, p_state, p_actor, p_why);
    END IF;
    IF p_state = 'ended' THEN
        UPDATE mandate SET state = 'ending', due_at = p_at WHERE renewal_id = p_id AND state = 'kept';
    END IF;
    IF p_phase <> '' THEN
        UPDATE renewal_period SET phase = p_phase, why = p_why,
            closed_at = CASE WHEN p_phase IN ('planned', 'placed', 'refused') THEN NULL ELSE p_at END
        WHERE renewal_id = p_id AND key = p_key AND closed_at IS NULL;
    END IF;
    IF p_next IS NOT NULL THEN
        INSERT INTO renewal_period AS d (renewal_id, key, phase, due_at, made_at)
        VALUES (p_id, p_next, 'planned', p_next_due, p_at)
        ON CONFLICT (renewal_id, key) DO UPDATE SET phase = 'planned', due_at = p_next_due, closed_at = NULL, why = '',
            notice = NULL, notice_made_at = NULL, notice_sent_at = NULL
        WHERE d.phase IN ('planned', 'dropped') AND d.order_id IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a period of % has been', p_next USING ERRCODE = 'unique_violation';
        END IF;
    END IF;
    IF p_letter IS NOT NULL THEN
        INSERT INTO letter (id, sealed, made_at) VALUES (p_letter, p_sealed, p_at);
        INSERT INTO outbox (reference, topic, letter_id, made_at, due_at)
        VALUES (p_reference, p_topic, p_letter, p_at, p_at);
    END IF;
    IF p_notice THEN
        UPDATE renewal_period SET notice = p_reference, notice_made_at = p_at
        WHERE renewal_id = p_id AND closed_at IS NULL AND notice IS NULL;
    END IF;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- What a renewal has taken since an instant, by its periods and by text, and may yet: whatever is not given back or
-- over unpaid.
CREATE OR REPLACE FUNCTION opla_renewal_spent(p_id uuid, p_since timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(sum(o.face_minor + o.fee_minor - o.discount_minor), 0)::bigint
    FROM (SELECT order_id FROM renewal_period WHERE renewal_id = p_id
          UNION ALL SELECT order_id FROM text_pay WHERE renewal_id = p_id AND day IS NOT NULL) d JOIN orders o ON o.id = d.order_id
    WHERE o.placed_at >= p_since AND o.state NOT IN ('cancelled', 'refunding', 'refunded')
$$;

-- The last word before a period is charged, in the transaction that has just placed its order: false, and that
-- transaction is undone, unless all of it is so. Whatever was decided, nothing is charged after an end, twice in a
-- period, without a notice that went out so many days before, or above what was agreed to.
CREATE OR REPLACE FUNCTION opla_renewal_place(
    p_at timestamptz, p_id uuid, p_version int, p_key date, p_order uuid, p_payment uuid, p_look_at timestamptz,
    p_month timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_of renewal;
BEGIN
    SELECT * INTO v_of FROM renewal WHERE id = p_id FOR NO KEY UPDATE;
    IF NOT FOUND OR v_of.version <> p_version OR v_of.state <> 'active'
       OR NOT EXISTS (SELECT FROM mandate m WHERE m.renewal_id = p_id AND m.state = 'kept' AND m.provider = v_of.method)
       OR NOT EXISTS (SELECT FROM orders o WHERE o.id = p_order AND o.sku = v_of.sku AND o.face_minor = v_of.face_minor
            AND o.currency = v_of.currency AND o.face_minor + o.fee_minor - o.discount_minor <= v_of.cap_minor
            AND (v_of.month_cap_minor IS NULL OR opla_renewal_spent(p_id, p_month) + o.face_minor + o.fee_minor
                 - o.discount_minor <= v_of.month_cap_minor))
       OR NOT EXISTS (SELECT FROM payment p WHERE p.id = p_payment AND p.provider = v_of.method)
       OR opla_text_pay_undecided(p_id)
       -- what a restore forgot may have been charged; its days pass, and its owner is told that nothing was
       OR EXISTS (SELECT FROM renewal_period d JOIN quarantine q ON d.made_at <= q.restored_to
                  WHERE d.renewal_id = p_id AND d.key = p_key AND d.due_at <= q.entered_at + (interval '1 day' * (1 + (
                      SELECT coalesce(max(m.days), 0) FROM mandate m WHERE m.renewal_id = p_id)))) THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    UPDATE renewal_period SET phase = 'placed', order_id = p_order, payment_id = p_payment
    WHERE renewal_id = p_id AND key = p_key AND phase = 'planned' AND closed_at IS NULL
      AND notice_sent_at <= p_at - make_interval(hours => 24 * v_of.notice_days);
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    UPDATE renewal SET version = version + 1, look_at = p_look_at WHERE id = p_id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'renewal', p_id, 'placed', v_of.state, v_of.state, 'system', p_key::text);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- A notice went out: from now on its days count. Internal: called by opla_outbox_done.
CREATE OR REPLACE FUNCTION opla_renewal_told(p_at timestamptz, p_reference text[], p_done boolean[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH told AS (
        UPDATE renewal_period d SET notice_sent_at = p_at
        FROM unnest(p_reference, p_done) AS w (reference, done)
        WHERE d.notice = w.reference AND w.done AND d.notice_sent_at IS NULL
        RETURNING d.renewal_id
    )
    UPDATE renewal r SET look_at = p_at FROM told t WHERE r.id = t.renewal_id AND r.state = 'active';
END $$;

-- Consent to be ended at its provider, hidden from other workers until p_again_at.
DROP FUNCTION IF EXISTS opla_mandate_claim(timestamptz, timestamptz, int);  -- what it returns has shrunk
CREATE OR REPLACE FUNCTION opla_mandate_claim(p_at timestamptz, p_again_at timestamptz, p_limit int)
RETURNS TABLE (id uuid, provider text, sealed bytea, tries int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT id FROM mandate WHERE due_at <= p_at AND state = 'ending'
        ORDER BY due_at, id LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE mandate m SET due_at = p_again_at, tries = m.tries + 1 FROM due WHERE m.id = due.id
    RETURNING m.id, m.provider, m.sealed, m.tries - 1;
    PERFORM opla_writes(false);
END $$;

-- The provider has ended it: what opened it is forgotten. Or it is told again at p_due_at.
CREATE OR REPLACE FUNCTION opla_mandate_told(p_at timestamptz, p_id uuid, p_ended boolean, p_due_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE mandate SET state = 'ended', sealed = NULL, due_at = NULL, ended_at = p_at
    WHERE id = p_id AND state = 'ending' AND p_ended;
    UPDATE mandate SET due_at = p_due_at WHERE id = p_id AND state = 'ending' AND NOT p_ended;
    PERFORM opla_writes(false);
END $$;

-- Whoever asks to be forgotten wants nothing charged any more. What was agreed to stays, without them. Internal: called
-- by opla_forget.
CREATE OR REPLACE FUNCTION opla_renewal_forget(p_at timestamptz, p_actor text, p_email bytea[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'renewal', id, 'ended', state, 'ended', p_actor, 'forgotten' FROM renewal
    WHERE email_hash = ANY (p_email) AND state <> 'ended';
    UPDATE mandate m SET state = 'ending', due_at = p_at FROM renewal r
    WHERE r.email_hash = ANY (p_email) AND m.renewal_id = r.id AND m.state = 'kept';
    DELETE FROM renewal_by_text b USING renewal r WHERE r.email_hash = ANY (p_email) AND b.renewal_id = r.id;
    UPDATE text_pay t SET who = '' FROM renewal r WHERE r.email_hash = ANY (p_email) AND t.renewal_id = r.id;
    UPDATE renewal_period d SET phase = 'dropped', closed_at = p_at FROM renewal r
    WHERE r.email_hash = ANY (p_email) AND d.renewal_id = r.id AND d.phase = 'planned' AND d.closed_at IS NULL;
    UPDATE renewal SET state = 'ended', version = version + 1, look_at = NULL, ended_at = coalesce(ended_at, p_at),
        sealed = NULL, email_hash = '', link_hash = sha256(convert_to('forgotten ' || id::text, 'UTF8'))
    WHERE email_hash = ANY (p_email);
END $$;
