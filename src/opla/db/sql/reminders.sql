-- Reminders and news: who wants to be written to, and that each message is made once, whoever decides it.

-- Keep a wish and the e-mail that asks to confirm it. False where this address was asked less than p_again ago: nobody
-- can fill somebody else's mailbox. The lock is on the address, so two at once are one.
CREATE OR REPLACE FUNCTION opla_reminder_ask(
    p_at timestamptz, p_forget_at timestamptz, p_again interval, p_id uuid, p_link_hash bytea, p_email_hash bytea,
    p_sealed bytea, p_language text, p_reference text, p_alone boolean
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_email_hash, 'hex'), 0));
    IF EXISTS (SELECT FROM reminder WHERE email_hash = p_email_hash AND confirmed_at IS NULL
               AND made_at > p_at - p_again) THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO reminder (id, link_hash, email_hash, sealed, language, made_at, due_at, alone)
    VALUES (p_id, p_link_hash, p_email_hash, p_sealed, p_language, p_at, p_forget_at, p_alone);
    INSERT INTO outbox (reference, topic, reminder_id, made_at, due_at)
    VALUES (p_reference, 'confirm', p_id, p_at, p_at);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Whoever reads the e-mail said yes. Saying it twice changes nothing. Of those of which there is one per address the
-- newest stays: two at once come one after the other. False where there is no such link.
CREATE OR REPLACE FUNCTION opla_reminder_confirm(p_at timestamptz, p_link_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_email bytea;
    v_id uuid;
BEGIN
    SELECT email_hash INTO v_email FROM reminder WHERE link_hash = p_link_hash;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(v_email, 'hex'), 0));
    PERFORM opla_writes(true);
    UPDATE reminder SET confirmed_at = p_at, due_at = p_at, version = version + 1
    WHERE link_hash = p_link_hash AND confirmed_at IS NULL
    RETURNING id INTO v_id;
    DELETE FROM reminder r USING reminder n
    WHERE n.id = v_id AND n.alone AND r.alone AND r.email_hash = n.email_hash AND r.id <> n.id
      AND r.confirmed_at IS NOT NULL;
    PERFORM opla_writes(false);
    RETURN EXISTS (SELECT FROM reminder WHERE link_hash = p_link_hash);
END $$;

-- A new reading, where the one it follows is still the newest; looked at at once.
CREATE OR REPLACE FUNCTION opla_reminder_read(p_at timestamptz, p_id uuid, p_version int, p_sealed bytea)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE reminder SET sealed = p_sealed, due_at = p_at, version = version + 1
    WHERE id = p_id AND version = p_version AND confirmed_at IS NOT NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count = 1;
END $$;

-- A purchase is to be counted in on the line of a confirmed link. Once per order; false where there is no such link.
CREATE OR REPLACE FUNCTION opla_reminder_count_in(p_at timestamptz, p_order uuid, p_link_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    SELECT id INTO v_id FROM reminder WHERE link_hash = p_link_hash AND confirmed_at IS NOT NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO reminder_order (order_id, reminder_id, at) VALUES (p_order, v_id, p_at) ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- It is counted in: what the line holds now (null: as before), where what that was computed from is still the newest.
-- Of two that computed it one wins: the other finds another version.
CREATE OR REPLACE FUNCTION opla_reminder_counted(
    p_at timestamptz, p_order uuid, p_id uuid, p_version int, p_sealed bytea
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_done boolean;
BEGIN
    PERFORM opla_writes(true);
    UPDATE reminder SET sealed = coalesce(p_sealed, sealed), due_at = least(due_at, p_at), version = version + 1
    WHERE id = p_id AND version = p_version;
    v_done := FOUND;
    UPDATE reminder_order SET done_at = p_at WHERE order_id = p_order AND v_done;
    PERFORM opla_writes(false);
    RETURN v_done;
END $$;

-- Stop: everything that was said, sent and still to be sent is deleted.
CREATE OR REPLACE FUNCTION opla_reminder_stop(p_link_hash bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM reminder WHERE link_hash = p_link_hash;
    PERFORM opla_writes(false);
END $$;

-- Those to be looked at, hidden from others until p_again_at: whoever looks says then when the next time is.
CREATE OR REPLACE FUNCTION opla_reminder_claim(p_at timestamptz, p_again_at timestamptz, p_limit int)
RETURNS TABLE (id uuid, version int, sealed bytea, confirmed boolean, sent text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT id FROM reminder WHERE due_at <= p_at ORDER BY due_at, id LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE reminder r SET due_at = p_again_at FROM due WHERE r.id = due.id
    RETURNING r.id, r.version, r.sealed, r.confirmed_at IS NOT NULL,
              ARRAY(SELECT s.key FROM reminder_sent s WHERE s.reminder_id = r.id);
    PERFORM opla_writes(false);
END $$;

-- What was decided of readings that are still the newest: when to look next, the reminders to send (p_of, p_key,
-- p_reference), and those to be forgotten. A reminder that is there already is not made again. How many were made.
CREATE OR REPLACE FUNCTION opla_reminder_decide(
    p_at timestamptz, p_id uuid[], p_version int[], p_due_at timestamptz[],
    p_of uuid[], p_key text[], p_reference text[], p_forget uuid[]
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_made int;
BEGIN
    PERFORM opla_writes(true);
    WITH current AS (
        UPDATE reminder r SET due_at = w.due_at
        FROM unnest(p_id, p_version, p_due_at) AS w (id, version, due_at)
        WHERE r.id = w.id AND r.version = w.version
        RETURNING r.id
    ), made AS (
        INSERT INTO reminder_sent (reminder_id, key, at)
        SELECT n.of, n.key, p_at FROM unnest(p_of, p_key) AS n (of, key) JOIN current c ON c.id = n.of
        ON CONFLICT DO NOTHING
        RETURNING reminder_id, key
    ), told AS (
        INSERT INTO outbox (reference, topic, reminder_id, made_at, due_at)
        SELECT n.reference, n.key, n.of, p_at, p_at
        FROM unnest(p_of, p_key, p_reference) AS n (of, key, reference)
        JOIN made m ON m.reminder_id = n.of AND m.key = n.key
        RETURNING 1
    )
    SELECT count(*)::int INTO v_made FROM told;
    DELETE FROM reminder r USING unnest(p_forget) AS f (id) WHERE r.id = f.id;
    PERFORM opla_writes(false);
    RETURN v_made;
END $$;
