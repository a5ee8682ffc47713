-- Text messages: who wants none.

CREATE OR REPLACE FUNCTION opla_texts_stopped(p_who bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM text_stop s WHERE s.who = p_who
                   AND NOT EXISTS (SELECT FROM text_start t WHERE t.who = p_who AND t.at >= s.at))
$$;

CREATE OR REPLACE FUNCTION opla_stop_texts(p_at timestamptz, p_who bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_stop (who, at) SELECT p_who, p_at WHERE NOT opla_texts_stopped(p_who) ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- A STOP that was not meant is taken back. False where there is none.
CREATE OR REPLACE FUNCTION opla_start_texts(p_at timestamptz, p_actor text, p_event uuid, p_who bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT opla_texts_stopped(p_who) THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO text_start (who, at, actor) VALUES (p_who, p_at, p_actor) ON CONFLICT DO NOTHING;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'texts', p_event, 'started', '', '', p_actor, '');
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Who is told of this quote's order by text, too. Said again, the last word counts; a null number: nobody.
CREATE OR REPLACE FUNCTION opla_text_wish(
    p_at timestamptz, p_quote uuid, p_who bytea, p_sealed bytea, p_with_code boolean, p_ask uuid
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM text_wish WHERE quote_id = p_quote;
    INSERT INTO text_wish (quote_id, who, sealed, with_code, ask, at)
    SELECT p_quote, p_who, p_sealed, p_with_code, p_ask, p_at WHERE p_who IS NOT NULL;
    PERFORM opla_writes(false);
END $$;

-- The same wish for the same thing at another price.
CREATE OR REPLACE FUNCTION opla_text_wish_follows(p_at timestamptz, p_old uuid, p_new uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_wish (quote_id, who, sealed, with_code, ask, at)
    SELECT p_new, w.who, w.sealed, w.with_code, w.ask, p_at FROM text_wish w WHERE w.quote_id = p_old
    ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- Written by the commit that made the news true, like the mail itself. Only what somebody waits for is worth a text.
CREATE OR REPLACE FUNCTION opla_text_beside() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO text_out (reference, topic, order_id, who, made_at, due_at)
    SELECT w.reference, w.topic, w.order_id, t.who, w.made_at, w.due_at FROM written w
    JOIN orders o ON o.id = w.order_id JOIN text_wish t ON t.quote_id = o.quote_id
    WHERE w.topic IN ('delivered', 'dated', 'refunding', 'refunded') AND w.due_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER text_beside AFTER INSERT ON outbox
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION opla_text_beside();

-- A text about no order yet, sealed.
CREATE OR REPLACE FUNCTION opla_text_post(p_at timestamptz, p_reference text, p_topic text, p_who bytea, p_sealed bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_out (reference, topic, who, sealed, made_at, due_at)
    VALUES (p_reference, p_topic, p_who, p_sealed, p_at, p_at);
    PERFORM opla_writes(false);
END $$;

-- Texts that are due, leased for p_lease_s. `lost`: whoever had it before never said what became of it. `dead`: one of
-- the same order could not be delivered to this number.
DROP FUNCTION IF EXISTS opla_text_claim(timestamptz, int, int);
CREATE FUNCTION opla_text_claim(p_at timestamptz, p_limit int, p_lease_s int)
RETURNS TABLE (reference text, topic text, order_id uuid, sealed bytea, tries int, lost boolean, who bytea,
               wish bytea, with_code boolean, stopped boolean, dead boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT reference, state FROM text_out
        WHERE due_at <= p_at AND (lease_until IS NULL OR lease_until <= opla_clock())
        ORDER BY due_at, reference LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE text_out t SET state = 'sending', lease_until = opla_clock() + make_interval(secs => p_lease_s),
            may_have_left = t.may_have_left OR due.state = 'sending'
        FROM due WHERE t.reference = due.reference
        RETURNING t.reference, t.topic, t.order_id, t.sealed, t.tries, due.state = 'sending' AS lost, t.who
    )
    SELECT l.reference, l.topic, l.order_id, l.sealed, l.tries, l.lost, l.who, w.sealed, coalesce(w.with_code, false),
           opla_texts_stopped(l.who),
           EXISTS (SELECT FROM text_out x WHERE x.order_id = l.order_id AND x.who = l.who
                   AND x.arrived IN ('UNDELIV', 'REJECTD'))
    FROM leased l LEFT JOIN orders o ON o.id = l.order_id LEFT JOIN text_wish w ON w.quote_id = o.quote_id;
    PERFORM opla_writes(false);
END $$;

-- May these parts be paid for today? Whoever is told yes has taken them.
CREATE OR REPLACE FUNCTION opla_text_spend(p_day date, p_parts int, p_most int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_may boolean;
BEGIN
    IF p_parts > p_most THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO text_spent AS s (day, parts) VALUES (p_day, p_parts)
    ON CONFLICT (day) DO UPDATE SET parts = s.parts + p_parts WHERE s.parts + p_parts <= p_most;
    v_may := FOUND;
    PERFORM opla_writes(false);
    RETURN v_may;
END $$;

-- What became of a text, with what the centre calls its parts; p_due_at: it is tried again then. Receipts that came
-- before are read now. One that was to carry a code and did not leave is told by mail, as p_mail; also where the day
-- has no room for it and it waits for the next. So is one of which nobody ever said that it left or arrived.
CREATE OR REPLACE FUNCTION opla_text_done(
    p_at timestamptz, p_reference text, p_state text, p_parts int, p_due_at timestamptz, p_ids text[], p_mail text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE text_out t SET
        state = p_state, parts = t.parts + p_parts, tries = t.tries + 1, lease_until = NULL, due_at = p_due_at,
        sealed = CASE WHEN p_due_at IS NOT NULL THEN t.sealed END,
        may_have_left = t.may_have_left OR p_parts > 0 OR p_state IN ('sent', 'unknown', 'refused')
    WHERE t.reference = p_reference AND t.state = 'sending';
    IF FOUND THEN
        INSERT INTO text_part (their_id, reference, at) SELECT i, p_reference, p_at FROM unnest(p_ids) AS i
        ON CONFLICT (their_id) DO UPDATE SET reference = EXCLUDED.reference, at = EXCLUDED.at;
        PERFORM opla_text_arrived(p_reference);
        IF p_due_at IS NULL AND p_state NOT IN ('sent', 'unknown', 'over') OR p_state = 'too_many'
           OR (SELECT arrived FROM text_out WHERE reference = p_reference)
              IN ('UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED') THEN
            PERFORM opla_text_by_mail(p_at, p_reference, p_mail, 'text_failed');
        ELSIF p_due_at IS NULL AND p_state = 'unknown'
              AND (SELECT arrived FROM text_out WHERE reference = p_reference) <> 'DELIVRD' THEN
            PERFORM opla_text_by_mail(p_at, p_reference, p_mail, 'text_unknown');
        END IF;
    END IF;
    PERFORM opla_writes(false);
END $$;

-- A receipt. The first final word about an id stays; what a text's parts say together is its own. One of a code that
-- will never come is told by mail, as p_mail, once.
CREATE OR REPLACE FUNCTION opla_text_receipt(p_at timestamptz, p_their_id text, p_state text, p_mail text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_reference text;
    v_before text;
    v_after text;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_receipt AS r (their_id, state, at) VALUES (p_their_id, p_state, p_at)
    ON CONFLICT (their_id) DO UPDATE SET state = p_state, at = p_at
    WHERE r.state IN ('ENROUTE', 'ACCEPTD', 'UNKNOWN');
    -- The text is locked, so that two receipts of one text see each other.
    SELECT t.reference, t.arrived INTO v_reference, v_before FROM text_part p JOIN text_out t USING (reference)
    WHERE p.their_id = p_their_id FOR UPDATE OF t;
    IF FOUND THEN
        v_after := opla_text_arrived(v_reference);
        IF v_after <> v_before AND v_after IN ('UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED') THEN
            PERFORM opla_text_by_mail(p_at, v_reference, p_mail, 'text_failed');
        END IF;
    END IF;
    PERFORM opla_writes(false);
    RETURN v_after;
END $$;

-- What a text's receipts say together: one lost part loses it, and it has arrived when all have.
CREATE OR REPLACE FUNCTION opla_text_arrived(p_reference text) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_arrived text;
BEGIN
    SELECT coalesce(
        min(r.state) FILTER (WHERE r.state IN ('UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED')),
        CASE WHEN count(*) = count(*) FILTER (WHERE r.state = 'DELIVRD') THEN 'DELIVRD' END,
        min(r.state) FILTER (WHERE r.state = 'UNKNOWN'),
        min(r.state) FILTER (WHERE r.state <> 'DELIVRD'), '')
    INTO v_arrived FROM text_part p LEFT JOIN text_receipt r USING (their_id) WHERE p.reference = p_reference
    HAVING count(*) > 0;
    UPDATE text_out SET arrived = coalesce(v_arrived, '') WHERE reference = p_reference;
    RETURN coalesce(v_arrived, '');
END $$;

-- The buyer hears by mail, once of each, that the code did not come by text (text_failed), or may not have (text_unknown).
DROP FUNCTION IF EXISTS opla_text_by_mail(timestamptz, text, text);
CREATE OR REPLACE FUNCTION opla_text_by_mail(p_at timestamptz, p_reference text, p_mail text, p_topic text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
    SELECT p_mail, p_topic, t.order_id, p_at, p_at
    FROM text_out t JOIN orders o ON o.id = t.order_id JOIN text_wish w ON w.quote_id = o.quote_id
    WHERE t.reference = p_reference AND w.with_code AND t.topic = 'delivered' AND o.kind = 'code' AND o.email <> ''
      AND NOT EXISTS (SELECT FROM outbox b WHERE b.order_id = t.order_id AND b.topic = p_topic);
END $$;

-- Whether somebody may have seen the code of an order: it was opened, and not only for texts that never left.
CREATE OR REPLACE FUNCTION opla_code_seen(p_order uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM reveal v WHERE v.order_id = p_order AND (v.actor <> 'system:text'
        OR NOT EXISTS (SELECT FROM text_out t WHERE t.order_id = p_order AND t.topic = 'delivered')
        OR EXISTS (SELECT FROM text_out t WHERE t.order_id = p_order AND t.topic = 'delivered'
                   AND (t.may_have_left OR t.state = 'sending'))))
$$;

-- The code of a delivered order, for the text that takes it to the number that asked. The row that says so comes first.
CREATE OR REPLACE FUNCTION opla_reveal_by_text(p_at timestamptz, p_actor text, p_reference text)
RETURNS TABLE (result text, code_id uuid, sealed bytea, serial text, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_order orders%ROWTYPE;
    v_code code%ROWTYPE;
BEGIN
    SELECT o.* INTO v_order FROM text_out t JOIN orders o ON o.id = t.order_id
    JOIN text_wish w ON w.quote_id = o.quote_id AND w.who = t.who
    WHERE t.reference = p_reference AND t.topic = 'delivered' AND t.state = 'sending' AND w.with_code
    FOR SHARE OF o;
    SELECT c.* INTO v_code FROM delivery d JOIN code c ON c.id = d.code_id
    WHERE d.order_id = v_order.id AND c.order_id = v_order.id AND v_order.state = 'delivered' AND v_order.kind = 'code';
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_found', NULL::uuid, NULL::bytea, NULL::text, NULL::date;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO reveal (order_id, code_id, actor, at) VALUES (v_order.id, v_code.id, p_actor, p_at);
    PERFORM opla_writes(false);
    RETURN QUERY SELECT 'revealed', v_code.id, v_code.sealed, v_code.serial, v_code.valid_until;
END $$;

-- What is over by time alone: centres forget their ids, and nobody waits for a receipt any more.
CREATE OR REPLACE FUNCTION opla_texts_tidy(p_receipts timestamptz, p_texts timestamptz, p_pieces timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM text_receipt WHERE at < p_receipts;
    DELETE FROM text_part WHERE at < p_receipts;
    DELETE FROM text_out WHERE made_at < p_texts AND due_at IS NULL AND order_id IS NULL;
    DELETE FROM text_ask WHERE ends_at < p_texts;
    DELETE FROM text_pay WHERE ends_at < p_texts AND order_id IS NULL;
    DELETE FROM text_piece WHERE at < p_pieces;
    DELETE FROM mail_back WHERE ends_at < p_pieces;
    PERFORM opla_writes(false);
END $$;
