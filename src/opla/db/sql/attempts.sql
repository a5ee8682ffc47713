-- Who works on what: leases by opla_clock(), SKIP LOCKED, and the last compare-and-set before a socket.

-- Attempts that are due, at most p_limit of each kind, leased to one worker. One whose sender died while sending comes back as unknown: it may
-- have left. One whose sender died before that comes back claimed: it never left.
CREATE OR REPLACE FUNCTION opla_claim(p_at timestamptz, p_worker uuid, p_kinds text[], p_limit int, p_lease_s int)
RETURNS TABLE (id uuid, kind text, state text, adapter text, reference text, order_id uuid, payment_id uuid,
               refund_id uuid, tries int, made_at timestamptz, provider_id text, gone boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_due uuid[];
BEGIN
    PERFORM opla_writes(true);
    WITH due AS MATERIALIZED (  -- inlined into the aggregate, the limit and the locks could be taken more than once
        SELECT d.id FROM unnest(p_kinds) AS k (kind) CROSS JOIN LATERAL (
            -- each kind by its own part of the index: a thousand sends that wait are not stepped over to find no refund
            SELECT a.id FROM attempt a
            WHERE a.kind = k.kind AND a.due_at <= p_at AND (a.lease_until IS NULL OR a.lease_until <= opla_clock())
            ORDER BY a.due_at, a.id LIMIT p_limit FOR UPDATE SKIP LOCKED
        ) d
    )
    SELECT array_agg(id) INTO v_due FROM due;
    IF v_due IS NULL THEN
        PERFORM opla_writes(false);
        RETURN;
    END IF;
    -- A reseller's order is paid from its float the moment a worker takes it up: until then it may be taken back.
    IF 'send' = ANY (p_kinds) THEN
        WITH paid AS (
            UPDATE orders o SET state = 'paid' FROM (
                SELECT w.id FROM orders w JOIN attempt a ON a.order_id = w.id
                WHERE a.id = ANY (v_due) AND w.state = 'placed' AND w.reseller <> ''
                  -- whoever wanted it a day ago has gone elsewhere: it goes back to the float
                  AND w.placed_at > p_at - interval '1 day'
                ORDER BY w.id FOR NO KEY UPDATE OF w
            ) w WHERE o.id = w.id
            RETURNING o.id
        )
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'order', id, 'paid_from_float', 'placed', 'paid', 'system', '' FROM paid;
    END IF;
    RETURN QUERY
    UPDATE attempt a SET
        lease_by = p_worker,
        lease_until = opla_clock() + make_interval(secs => p_lease_s),
        state = CASE a.state WHEN 'new' THEN 'claimed' WHEN 'sending' THEN 'unknown' ELSE a.state END
    WHERE a.id = ANY (v_due)
    RETURNING a.id, a.kind, a.state, a.adapter, a.reference, a.order_id, a.payment_id, a.refund_id, a.tries, a.made_at,
              a.provider_id, a.gone_at IS NOT NULL;
    PERFORM opla_writes(false);
END $$;

-- The sender's last act before the socket: claimed → sending, refused when the lease is lost or less of it is left
-- than the call may take. An unknown that is sent again by the same reference stays unknown, under the same test.
CREATE OR REPLACE FUNCTION opla_sending(p_worker uuid, p_id uuid[], p_max_s int[]) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    UPDATE attempt a SET state = CASE a.state WHEN 'claimed' THEN 'sending' ELSE a.state END
    FROM (
        SELECT b.id FROM attempt b JOIN unnest(p_id, p_max_s) AS w (id, max_s) ON w.id = b.id
        WHERE b.lease_by = p_worker AND b.state IN ('claimed', 'unknown')
          AND b.lease_until >= opla_clock() + make_interval(secs => w.max_s)
        ORDER BY b.id FOR UPDATE OF b
    ) ok
    WHERE a.id = ok.id
    RETURNING a.id;
    PERFORM opla_writes(false);
END $$;

-- Give a claim back untouched, to be looked at again at p_due_at.
CREATE OR REPLACE FUNCTION opla_unclaim(p_worker uuid, p_id uuid[], p_due_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    UPDATE attempt SET lease_by = NULL, lease_until = NULL, due_at = p_due_at,
        state = CASE state WHEN 'claimed' THEN 'new' ELSE state END
    WHERE id = ANY (p_id) AND lease_by = p_worker;
    PERFORM opla_writes(false);
END $$;

-- Give back claims whose adapter is not there. Those for which that has lasted p_after_s seconds come back, once per
-- time it goes away: they are for a person.
CREATE OR REPLACE FUNCTION opla_gone(p_at timestamptz, p_worker uuid, p_id uuid[], p_due_at timestamptz, p_after_s int)
RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_unclaim(p_worker, p_id, p_due_at);
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH gone AS (
        UPDATE attempt SET gone_at = coalesce(gone_at, p_at) WHERE id = ANY (p_id) RETURNING id, gone_at
    )
    SELECT g.id FROM gone g
    WHERE g.gone_at <= p_at - make_interval(secs => p_after_s)
      AND NOT EXISTS (SELECT FROM item i WHERE i.kind = 'adapter_gone' AND i.subject = g.id AND i.opened_at >= g.gone_at);
    PERFORM opla_writes(false);
END $$;

-- A webhook or a return page: ask now. Names are the provider's ids, of the payment or of what was paid in it (evidence
-- `their_payment`), or our own references; unknown ones change nothing.
CREATE OR REPLACE FUNCTION opla_wake(p_at timestamptz, p_kinds text[], p_adapter text, p_names text[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
    v_named uuid[];
BEGIN
    v_named := ARRAY(
        SELECT id FROM attempt WHERE reference = ANY (p_names)
        UNION
        SELECT id FROM attempt WHERE kind = ANY (p_kinds) AND adapter = p_adapter AND provider_id = ANY (p_names)
            AND provider_id <> ''
        UNION
        SELECT attempt_id FROM attempt_evidence
        WHERE evidence ? 'their_payment' AND evidence ->> 'their_payment' = ANY (p_names));
    IF v_named = '{}' THEN
        -- of something long ago; by itself, so that nobody else opens the months that were moved away
        v_named := ARRAY(SELECT attempt_id FROM archived_attempt_evidence
                         WHERE evidence ? 'their_payment' AND evidence ->> 'their_payment' = ANY (p_names));
    END IF;
    PERFORM opla_writes(true);
    WITH woken AS (
        UPDATE attempt SET due_at = p_at
        WHERE adapter = p_adapter AND kind = ANY (p_kinds) AND state NOT IN ('new', 'claimed', 'sending')
          AND id = ANY (v_named)
          AND (due_at IS NULL OR due_at > p_at)
          -- what a restore left in doubt waits for a person
          AND NOT EXISTS (SELECT FROM item i WHERE attempt.kind <> 'charge' AND i.kind = 'unknown_' || attempt.kind
                          AND i.subject = attempt.id AND i.closed_at IS NULL AND i.why ->> 'why' = 'restored')
        RETURNING 1
    )
    SELECT count(*)::int INTO v_count FROM woken;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;

DROP FUNCTION IF EXISTS opla_outbox_claim(timestamptz, uuid, int, int);  -- what it returns has grown
CREATE FUNCTION opla_outbox_claim(p_at timestamptz, p_worker uuid, p_limit int, p_lease_s int)
RETURNS TABLE (
    reference text, topic text, order_id uuid, reminder_id uuid, tries int, made_at timestamptz, letter_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT reference FROM outbox
        WHERE due_at <= p_at AND (lease_until IS NULL OR lease_until <= opla_clock())
          AND (topic IN ('proof', 'sign_in', 'sign_in_changed') OR NOT (SELECT opla_quarantined()))
        ORDER BY due_at, reference LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET lease_by = p_worker, lease_until = opla_clock() + make_interval(secs => p_lease_s)
    FROM due
    WHERE o.reference = due.reference
    RETURNING o.reference, o.topic, o.order_id, o.reminder_id, o.tries, o.made_at, o.letter_id;
    PERFORM opla_writes(false);
END $$;

-- Told, or to be tried again at p_due_at (null: given up). The winner's commit leaves the event, or the item: a proof
-- given up is no item, because its six digits are long over; nor is what says when something will be delivered, a
-- reminder or a nudge, whose time has passed. A letter that is over is forgotten, and its row of the outbox with it.
CREATE OR REPLACE FUNCTION opla_outbox_done(
    p_at timestamptz, p_actor text, p_reference text[], p_done boolean[], p_due_at timestamptz[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    WITH told AS (
        UPDATE outbox o SET
            tries = o.tries + 1, lease_by = NULL, lease_until = NULL, due_at = w.due_at,
            done_at = CASE WHEN w.done THEN p_at END
        FROM unnest(p_reference, p_done, p_due_at) AS w (reference, done, due_at)
        WHERE o.reference = w.reference AND o.done_at IS NULL
        RETURNING o.reference, o.order_id, o.topic, w.done, o.due_at
    ), works AS (
        UPDATE item i SET closed_at = p_at, closed_by = p_actor FROM told t
        WHERE t.done AND i.kind = 'message_given_up' AND i.closed_at IS NULL AND i.order_id = t.order_id
          AND i.why ->> 'topic' = t.topic
    ), given_up AS (
        INSERT INTO item (kind, subject, order_id, amount_minor, currency, why, opened_at)
        SELECT 'message_given_up', t.reference::uuid, t.order_id, 0, o.currency,
               jsonb_build_object('why', 'message_given_up', 'topic', t.topic), p_at
        FROM told t JOIN orders o ON o.id = t.order_id
        WHERE NOT t.done AND t.due_at IS NULL AND t.topic NOT IN ('proof', 'transfer', 'dated', 'soon', 'not_entered', 'code_ends')
          AND (o.email <> '' OR o.reseller <> '')  -- else its buyer asked to be forgotten
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING
    )
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'order', t.order_id, 'told', o.state, o.state, p_actor, t.topic
    FROM told t JOIN orders o ON o.id = t.order_id WHERE t.done;
    PERFORM opla_renewal_told(p_at, p_reference, p_done);
    DELETE FROM letter l USING outbox o
    WHERE o.letter_id = l.id AND o.reference = ANY(p_reference) AND o.due_at IS NULL;
    PERFORM opla_writes(false);
END $$;
