-- Web push: who asked for it, and one short message beside each of the outbox's. The mail goes out whatever becomes of it.

-- Keep a subscription of an order or of a reminder; again from the same browser, the newer keys take the older's place.
-- Of more than p_most browsers of one the oldest go. Those of orders are forgotten p_days later.
CREATE OR REPLACE FUNCTION opla_push_keep(
    p_at timestamptz, p_id uuid, p_order uuid, p_reminder uuid, p_endpoint_hash bytea, p_sealed bytea, p_most int, p_days int
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(coalesce(p_order, p_reminder)::text, 7));
    PERFORM opla_writes(true);
    DELETE FROM push_subscription WHERE endpoint_hash = p_endpoint_hash
        AND (order_id = p_order OR reminder_id = p_reminder);
    INSERT INTO push_subscription (id, order_id, reminder_id, endpoint_hash, sealed, made_at)
    VALUES (p_id, p_order, p_reminder, p_endpoint_hash, p_sealed, p_at);
    DELETE FROM push_subscription WHERE id IN (
        SELECT id FROM push_subscription WHERE order_id = p_order OR reminder_id = p_reminder
        ORDER BY made_at DESC, id DESC OFFSET p_most);
    DELETE FROM push_subscription WHERE id IN (
        SELECT id FROM push_subscription WHERE made_at < p_at - make_interval(days => p_days) AND order_id IS NOT NULL
        ORDER BY made_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    PERFORM opla_writes(false);
END $$;

-- This browser is told nothing more of this order or reminder.
CREATE OR REPLACE FUNCTION opla_push_stop(p_order uuid, p_reminder uuid, p_endpoint_hash bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM push_subscription WHERE endpoint_hash = p_endpoint_hash
        AND (order_id = p_order OR reminder_id = p_reminder);
    PERFORM opla_writes(false);
END $$;

-- Written by the commit that made the news true, like the mail itself. What carries or asks for a secret has no push.
CREATE OR REPLACE FUNCTION opla_push_beside() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO push_message (reference, subscription_id, topic, made_at, due_at)
    SELECT w.reference, s.id, w.topic, w.made_at, w.due_at FROM written w
    JOIN push_subscription s ON s.order_id = w.order_id OR s.reminder_id = w.reminder_id
    WHERE w.topic NOT IN ('proof', 'confirm') AND w.due_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER push_beside AFTER INSERT ON outbox
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION opla_push_beside();

-- Messages that are due, leased for p_lease_s.
CREATE OR REPLACE FUNCTION opla_push_claim(p_at timestamptz, p_limit int, p_lease_s int)
RETURNS TABLE (reference text, subscription_id uuid, topic text, tries int, made_at timestamptz, sealed bytea,
               reminder_id uuid, ticket text, language text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT reference, subscription_id FROM push_message
        WHERE due_at <= p_at AND (lease_until IS NULL OR lease_until <= opla_clock())
        ORDER BY due_at, reference, subscription_id LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE push_message m SET lease_until = opla_clock() + make_interval(secs => p_lease_s)
        FROM due WHERE m.reference = due.reference AND m.subscription_id = due.subscription_id
        RETURNING m.reference, m.subscription_id, m.topic, m.tries, m.made_at
    )
    SELECT l.reference, l.subscription_id, l.topic, l.tries, l.made_at, s.sealed, s.reminder_id,
           coalesce(o.ticket, ''), coalesce(o.language, r.language)
    FROM leased l JOIN push_subscription s ON s.id = l.subscription_id
    LEFT JOIN orders o ON o.id = s.order_id LEFT JOIN reminder r ON r.id = s.reminder_id;
    PERFORM opla_writes(false);
END $$;

-- To be tried again at p_due_at; null: done, given up, or over. Of browsers that have gone (p_gone) everything goes,
-- whatever else they had asked for.
CREATE OR REPLACE FUNCTION opla_push_done(
    p_reference text[], p_subscription uuid[], p_due_at timestamptz[], p_gone uuid[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE push_message m SET tries = m.tries + 1, lease_until = NULL, due_at = w.due_at
    FROM unnest(p_reference, p_subscription, p_due_at) AS w (reference, subscription_id, due_at)
    WHERE m.reference = w.reference AND m.subscription_id = w.subscription_id AND w.due_at IS NOT NULL;
    DELETE FROM push_message m
    USING unnest(p_reference, p_subscription, p_due_at) AS w (reference, subscription_id, due_at)
    WHERE m.reference = w.reference AND m.subscription_id = w.subscription_id AND w.due_at IS NULL;
    DELETE FROM push_subscription s USING push_subscription g
    WHERE g.id = ANY (p_gone) AND s.endpoint_hash = g.endpoint_hash;
    PERFORM opla_writes(false);
END $$;
