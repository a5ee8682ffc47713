-- What resellers' programs are told (core/webhook.py): messages beside the facts they tell, and who posts them.

-- Say it, of each p_type one message, to every endpoint of p_reseller that wants it. A reseller without an endpoint is told
-- nothing. Internal: called by the function whose commit makes it true.
CREATE OR REPLACE FUNCTION opla_webhook_say(
    p_at timestamptz, p_sandbox boolean, p_reseller text[], p_reference text[], p_type text[], p_data jsonb[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH said AS (
        INSERT INTO webhook_message (reference, reseller_id, sandbox, type, data, made_at)
        SELECT w.reference, w.reseller, p_sandbox, w.type, w.data, p_at
        FROM unnest(p_reseller, p_reference, p_type, p_data) AS w (reseller, reference, type, data)
        WHERE EXISTS (SELECT FROM webhook_endpoint e WHERE e.reseller_id = w.reseller AND e.sandbox = p_sandbox
                        AND e.ended_why <> 'removed')
        RETURNING reference, reseller_id, type
    )
    INSERT INTO webhook_delivery (reference, endpoint_id, due_at)
    SELECT s.reference, e.id, p_at
    FROM said s JOIN webhook_endpoint e ON e.reseller_id = s.reseller_id AND e.sandbox = p_sandbox
    WHERE e.ended_at IS NULL AND (e.events = '{}' OR s.type = ANY (e.events))
    FOR KEY SHARE OF e;  -- one that is forgotten meanwhile is waited for, and told nothing: the batch is not broken
END $$;

CREATE OR REPLACE FUNCTION opla_webhook_money(p_minor bigint, p_currency text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_build_object('amount_minor', p_minor, 'currency', p_currency) $$;

-- What is said of an order. No code, no number, no address: who wants more asks for it by the order's id.
CREATE OR REPLACE FUNCTION opla_webhook_order(o orders) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_object('order', o.id, 'ticket', o.ticket, 'key', o.reseller_key, 'state', o.state, 'sku', o.sku,
        'operator', o.operator, 'face', opla_webhook_money(o.face_minor, o.currency),
        'price', opla_webhook_money(o.face_minor + o.fee_minor - o.discount_minor, o.currency))
$$;

-- Written by the commit that made the news true, like the mail of the same row. Called what core.webhook.order_event says.
CREATE OR REPLACE FUNCTION opla_webhook_beside() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM webhook_endpoint) THEN  -- else nothing is looked up: this runs with every batch of the shop
        PERFORM opla_webhook_say(max(n.made_at), false, array_agg(n.reseller), array_agg(n.reference), array_agg(n.type),
            array_agg(n.data))
        FROM (
            SELECT w.made_at, w.reference, o.reseller, e.type,
                   CASE WHEN e.type IN ('order.credited', 'order.refunded')
                        THEN opla_webhook_order(o)
                             || jsonb_build_object('given_back', opla_webhook_money(opla_given_back(o.id), o.currency))
                        ELSE opla_webhook_order(o) END AS data
            FROM written w JOIN orders o ON o.id = w.order_id
            CROSS JOIN LATERAL (SELECT CASE
                WHEN w.topic = 'delivered' THEN 'order.delivered'
                WHEN w.topic = 'credited' THEN 'order.credited'
                WHEN w.topic <> 'refunded' THEN NULL
                WHEN o.state = 'cancelled' THEN 'order.cancelled'
                WHEN EXISTS (SELECT FROM delivery d WHERE d.order_id = o.id) THEN 'order.refunded'
                ELSE 'order.failed' END) AS e (type)
            WHERE o.reseller <> '' AND e.type IS NOT NULL
        ) n
        HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER webhook_beside AFTER INSERT ON outbox
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION opla_webhook_beside();

-- Those of these orders that stand: internal, called by the function that placed them. An order's id is random enough to be
-- its message's, too.
CREATE OR REPLACE FUNCTION opla_webhook_placed(p_at timestamptz, p_order uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM webhook_endpoint) THEN
        PERFORM opla_webhook_say(p_at, false, array_agg(o.reseller::text), array_agg(replace(o.id::text, '-', '')),
            array_agg('order.placed'::text), array_agg(opla_webhook_order(o)))
        FROM orders o WHERE o.id = ANY (p_order) HAVING count(*) > 0;
    END IF;
END $$;

-- Money came in on a float. Internal: called by the function that posted it.
CREATE OR REPLACE FUNCTION opla_webhook_paid_in(
    p_at timestamptz, p_reseller text, p_id uuid, p_key text, p_amount bigint, p_currency text
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM opla_webhook_say(p_at, false, ARRAY[p_reseller], ARRAY[replace(p_id::text, '-', '')], ARRAY['float.paid_in'],
        ARRAY[jsonb_build_object('key', p_key, 'amount', opla_webhook_money(p_amount, p_currency),
            'free', opla_webhook_money(a.credits_posted - a.debits_posted - a.debits_pending, p_currency))])
    FROM account a WHERE a.code = 'reseller_float:' || p_reseller || ':' || p_currency;
END $$;

-- A message to one endpoint alone, because somebody asked. False: it has ended, or is not there.
CREATE OR REPLACE FUNCTION opla_webhook_test(p_at timestamptz, p_endpoint uuid, p_reference text, p_type text, p_note text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_made int;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO webhook_message (reference, reseller_id, sandbox, type, data, made_at)
    SELECT p_reference, e.reseller_id, e.sandbox, p_type, jsonb_build_object('note', p_note), p_at
    FROM webhook_endpoint e WHERE e.id = p_endpoint AND e.ended_at IS NULL;
    GET DIAGNOSTICS v_made = ROW_COUNT;
    INSERT INTO webhook_delivery (reference, endpoint_id, due_at) SELECT p_reference, p_endpoint, p_at WHERE v_made > 0;
    PERFORM opla_writes(false);
    RETURN v_made > 0;
END $$;

-- What is due, leased for p_lease_s: of one endpoint at most p_each at a time, and one alone while it fails; of one reseller
-- at most p_most, those under way with others included. So whoever is slow keeps nobody waiting but itself.
CREATE OR REPLACE FUNCTION opla_webhook_claim(p_at timestamptz, p_limit int, p_each int, p_most int, p_lease_s int)
RETURNS TABLE (reference text, endpoint_id uuid, tries int, reseller text, type text, data text, made_at timestamptz,
               url text, secret_sealed bytea, old_secret_sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_open uuid[];
BEGIN
    -- Locked, so that what two workers count is true; what another one has in hand is another round's.
    SELECT array_agg(l.id) INTO v_open FROM (
        SELECT e.id FROM webhook_endpoint e
        WHERE e.ended_at IS NULL AND EXISTS (
            SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.due_at <= p_at
                AND (d.lease_until IS NULL OR d.lease_until <= opla_clock()))
        ORDER BY e.id FOR NO KEY UPDATE SKIP LOCKED
    ) l;
    IF v_open IS NULL THEN
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH busy AS MATERIALIZED (
        SELECT e.id, e.reseller_id, count(*)::int AS n
        FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id
        WHERE d.lease_until > opla_clock() GROUP BY e.id, e.reseller_id
    ), waiting AS MATERIALIZED (
        SELECT d.reference, d.endpoint_id, d.due_at,
               row_number() OVER (PARTITION BY e.reseller_id ORDER BY d.nth, d.due_at, d.reference) AS place,
               coalesce((SELECT sum(b.n) FROM busy b WHERE b.reseller_id = e.reseller_id), 0) AS busy
        FROM webhook_endpoint e CROSS JOIN LATERAL (
            SELECT u.reference, u.endpoint_id, u.due_at, row_number() OVER (ORDER BY u.due_at, u.reference) AS nth FROM (
                SELECT d.reference, d.endpoint_id, d.due_at FROM webhook_delivery d
                WHERE d.endpoint_id = e.id AND d.due_at <= p_at
                  AND (d.lease_until IS NULL OR d.lease_until <= opla_clock())
                ORDER BY d.due_at, d.reference
                LIMIT greatest(0, CASE WHEN e.failing_since IS NULL THEN p_each ELSE 1 END
                    - coalesce((SELECT b.n FROM busy b WHERE b.id = e.id), 0))
            ) u
        ) d
        WHERE e.id = ANY (v_open)
    ), picked AS MATERIALIZED (
        SELECT w.reference, w.endpoint_id FROM waiting w
        WHERE w.place <= p_most - w.busy ORDER BY w.place, w.due_at LIMIT p_limit
    ), leased AS (
        UPDATE webhook_delivery d SET lease_until = opla_clock() + make_interval(secs => p_lease_s)
        FROM picked p
        WHERE d.reference = p.reference AND d.endpoint_id = p.endpoint_id AND d.due_at <= p_at
          AND (d.lease_until IS NULL OR d.lease_until <= opla_clock())
        RETURNING d.reference, d.endpoint_id, d.tries
    )
    SELECT l.reference, l.endpoint_id, l.tries, m.reseller_id::text, m.type, m.data::text, m.made_at, e.url, e.secret_sealed,
           CASE WHEN e.old_until > p_at THEN e.old_secret_sealed END
    FROM leased l JOIN webhook_message m ON m.reference = l.reference JOIN webhook_endpoint e ON e.id = l.endpoint_id;
    PERFORM opla_writes(false);
END $$;

-- What became of tries. One that was taken is done, whatever another one says that was thought dead; one that was not waits
-- until p_due_at, null: given up. p_tries: how many there had been when it was claimed.
CREATE OR REPLACE FUNCTION opla_webhook_done(
    p_at timestamptz, p_reference text[], p_endpoint uuid[], p_tries int[], p_due_at timestamptz[], p_status int[],
    p_why text[], p_said text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM webhook_endpoint WHERE id = ANY (p_endpoint) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO webhook_try (reference, endpoint_id, at, status, why, said)
    SELECT w.reference, w.endpoint_id, p_at, w.status, w.why, w.said
    FROM unnest(p_reference, p_endpoint, p_status, p_why, p_said) AS w (reference, endpoint_id, status, why, said)
    JOIN webhook_delivery d ON d.reference = w.reference AND d.endpoint_id = w.endpoint_id;
    UPDATE webhook_delivery d SET
        tries = d.tries + 1, lease_until = NULL,
        due_at = CASE WHEN e.ended_at IS NULL THEN w.due_at END,
        done_at = CASE WHEN w.status BETWEEN 200 AND 299 THEN p_at ELSE d.done_at END
    FROM unnest(p_reference, p_endpoint, p_tries, p_due_at, p_status) AS w (reference, endpoint_id, tries, due_at, status)
    JOIN webhook_endpoint e ON e.id = w.endpoint_id
    WHERE d.reference = w.reference AND d.endpoint_id = w.endpoint_id
      AND (w.status BETWEEN 200 AND 299 OR (d.tries = w.tries AND d.done_at IS NULL));
    UPDATE webhook_endpoint e SET
        failing_since = CASE WHEN w.took THEN NULL ELSE coalesce(e.failing_since, p_at) END,
        failed_at = CASE WHEN w.took THEN NULL ELSE p_at END,
        gone_at = CASE WHEN w.gone THEN p_at END
    FROM (
        SELECT u.endpoint_id, bool_or(u.status BETWEEN 200 AND 299) AS took, bool_or(u.status = 410) AS gone
        FROM unnest(p_endpoint, p_status) AS u (endpoint_id, status) GROUP BY u.endpoint_id
    ) w
    WHERE e.id = w.endpoint_id AND (w.gone OR NOT w.took OR e.failing_since IS NOT NULL OR e.gone_at IS NOT NULL);
    PERFORM opla_writes(false);
END $$;

-- Nothing is posted to it any more, and what waited is given up: it can be posted again when it is enabled. p_dead_s: only
-- if it said it is gone, or failed for so long; null: somebody said so. Its people's letters go into the outbox with it.
CREATE OR REPLACE FUNCTION opla_webhook_end(
    p_at timestamptz, p_endpoint uuid, p_why text, p_dead_s int,
    p_letter uuid[], p_sealed bytea[], p_topic text[], p_letter_reference text[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE webhook_endpoint e SET ended_at = p_at, ended_why = p_why
    WHERE e.id = p_endpoint AND e.ended_at IS NULL AND (
        p_dead_s IS NULL OR e.gone_at IS NOT NULL OR e.failed_at >= e.failing_since + make_interval(secs => p_dead_s));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_letters_post(p_at, p_letter, p_sealed, p_topic, p_letter_reference);
    PERFORM opla_writes(true);
    UPDATE webhook_delivery SET due_at = NULL WHERE endpoint_id = p_endpoint AND due_at IS NOT NULL;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Post again, from the first try on: one message, or all of an endpoint since p_since; to endpoints that want them, or one
-- message to one endpoint that somebody named, whether it wants such or not. How many.
CREATE OR REPLACE FUNCTION opla_webhook_again(
    p_at timestamptz, p_reseller text, p_sandbox boolean, p_reference text, p_endpoint uuid, p_since timestamptz, p_besides text
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO webhook_delivery AS d (reference, endpoint_id, due_at)
    SELECT m.reference, e.id, p_at
    FROM webhook_message m
    JOIN webhook_endpoint e ON e.reseller_id = m.reseller_id AND e.sandbox = m.sandbox AND e.ended_at IS NULL
    WHERE m.reseller_id = p_reseller AND m.sandbox = p_sandbox AND m.type <> p_besides AND m.made_at <= p_at
      AND (p_reference IS NULL OR m.reference = p_reference) AND (p_endpoint IS NULL OR e.id = p_endpoint)
      AND (p_since IS NULL OR m.made_at >= p_since)
      AND (e.events = '{}' OR m.type = ANY (e.events) OR (p_reference IS NOT NULL AND p_endpoint IS NOT NULL))
    ORDER BY m.reference, e.id
    FOR KEY SHARE OF e
    ON CONFLICT (reference, endpoint_id) DO UPDATE SET due_at = EXCLUDED.due_at, tries = 0, done_at = NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;

-- Messages from before this are forgotten, and so is what endpoints were told that are removed, and they with the last of it;
-- some at a time.
DROP FUNCTION IF EXISTS opla_webhook_remove(text, boolean, uuid);  -- it took all with it at once
CREATE OR REPLACE FUNCTION opla_webhook_forget(p_before timestamptz, p_limit int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_removed uuid[];
BEGIN
    -- Locked as whoever writes tries down locks them, and as nobody who says something does.
    SELECT array_agg(l.id) INTO v_removed FROM (
        SELECT e.id FROM webhook_endpoint e WHERE e.ended_why = 'removed' ORDER BY e.id FOR NO KEY UPDATE SKIP LOCKED
    ) l;
    PERFORM opla_writes(true);
    DELETE FROM webhook_message WHERE reference IN (
        SELECT m.reference FROM webhook_message m WHERE m.made_at < p_before ORDER BY m.made_at LIMIT p_limit
        FOR UPDATE SKIP LOCKED);
    IF v_removed IS NOT NULL THEN
        DELETE FROM webhook_delivery WHERE (reference, endpoint_id) IN (
            SELECT d.reference, d.endpoint_id FROM webhook_delivery d WHERE d.endpoint_id = ANY (v_removed) LIMIT p_limit);
        DELETE FROM webhook_endpoint e WHERE e.id = ANY (v_removed)
            AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id);
    END IF;
    PERFORM opla_writes(false);
END $$;
