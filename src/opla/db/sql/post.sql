-- Order slips and letters on paper. Locks: payments and orders first, then slips, then lines of the bank, then letters.

-- An event of a slip. Internal.
CREATE OR REPLACE FUNCTION opla_slip_event(
    p_at timestamptz, p_actor text, p_number text, p_name text, p_source text, p_target text, p_why text
) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'slip', md5('slip ' || p_number)::uuid, p_name, p_source, p_target, p_actor, p_why)
$$;

-- New slips, with the letter that takes each to its address, where there is one. Back come the numbers that were free.
CREATE OR REPLACE FUNCTION opla_slips_make(
    p_at timestamptz, p_actor text, p_operator text, p_language text, p_offers text,
    p_number text[], p_sealed bytea[], p_letter uuid[]
) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_new text[];
BEGIN
    PERFORM opla_writes(true);
    WITH made AS (
        INSERT INTO slip (number, operator, language, offers, state, sealed, made_at, since)
        SELECT n.number, p_operator, p_language, p_offers::jsonb, 'out', nullif(n.sealed, ''::bytea), p_at, p_at
        FROM unnest(p_number, p_sealed) AS n (number, sealed)
        WHERE NOT EXISTS (SELECT FROM bank_reference b WHERE b.number = n.number)
        ON CONFLICT DO NOTHING
        RETURNING number
    )
    SELECT coalesce(array_agg(number), '{}') INTO v_new FROM made;
    INSERT INTO letter_out (id, slip, topic, state, made_at, since)
    SELECT n.letter, n.number, 'slip', 'to_print', p_at, p_at
    FROM unnest(p_number, p_sealed, p_letter) AS n (number, sealed, letter)
    WHERE n.number = ANY (v_new) AND n.sealed <> ''::bytea;
    PERFORM opla_slip_event(p_at, p_actor, n, 'made', '', 'out', '') FROM unnest(v_new) AS n;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT unnest(v_new);
END $$;

-- The slip became this order, in the transaction that has just placed it: false, and that transaction is undone, where
-- the slip is not out any more. The charge is paid under the slip's number; what came under it before counts for it.
CREATE OR REPLACE FUNCTION opla_slip_order(
    p_at timestamptz, p_actor text, p_number text, p_order uuid, p_by_text boolean, p_sealed bytea
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_lines uuid[];
BEGIN
    PERFORM FROM slip WHERE number = p_number AND state = 'out' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO bank_reference (number, purpose, attempt, made_at)
    SELECT p_number, 'charge', a.reference, p_at
    FROM allocation l JOIN attempt a ON a.payment_id = l.payment_id AND a.kind = 'charge' WHERE l.order_id = p_order;
    UPDATE slip SET state = 'ordered', order_id = p_order, by_text = p_by_text, sealed = p_sealed, since = p_at
    WHERE number = p_number;
    WITH paid AS (
        UPDATE bank_line SET state = 'matched', number = p_number
        WHERE id IN (SELECT id FROM opla_slip_lines(p_number)) RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') INTO v_lines FROM paid;
    UPDATE item SET closed_at = p_at, closed_by = p_actor
    WHERE kind = 'bank_line' AND subject = ANY (v_lines) AND closed_at IS NULL;
    PERFORM opla_slip_event(p_at, p_actor, p_number, 'entered', 'out', 'ordered', '');
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Lines that came in under a slip's number alone, and wait for a person. Internal.
CREATE OR REPLACE FUNCTION opla_slip_lines(p_number text) RETURNS TABLE (id uuid, amount_minor bigint, currency text)
LANGUAGE sql STABLE AS $$
    SELECT l.id, l.amount_minor, l.currency FROM item i JOIN bank_line l ON l.id = i.subject
    WHERE i.kind = 'bank_line' AND i.closed_at IS NULL AND l.state = 'open'
      AND i.why ->> 'why' = 'slip_without_order' AND i.why ->> 'number' = p_number
$$;

-- The slip cannot be done: a letter says why, where it is known to whom, and what came for it goes back, each under a
-- reference of its own, up to p_most; a larger sum waits for whoever may give it. False where it is not out any more.
CREATE OR REPLACE FUNCTION opla_slip_send_back(
    p_at timestamptz, p_actor text, p_number text, p_why text, p_letter uuid, p_sealed bytea, p_most bigint,
    p_reference text[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM slip WHERE number = p_number AND state = 'out' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    UPDATE slip SET state = 'sent_back', why = p_why, sealed = p_sealed, since = p_at WHERE number = p_number;
    INSERT INTO letter_out (id, slip, topic, state, made_at, since)
    SELECT p_letter, p_number, 'sent_back', 'to_print', p_at, p_at WHERE p_sealed IS NOT NULL;
    PERFORM opla_slip_event(p_at, p_actor, p_number, 'sent_back', 'out', 'sent_back', p_why);
    PERFORM opla_writes(false);
    PERFORM opla_bank_decide(p_at, p_actor, b.id, 'sent_back', p_reference[b.n])
    FROM (SELECT l.id, row_number() OVER (ORDER BY l.id) AS n FROM opla_slip_lines(p_number) l
          WHERE l.amount_minor <= p_most) b
    WHERE b.n <= cardinality(p_reference);
    PERFORM opla_writes(true);
    UPDATE item i SET closed_at = p_at, closed_by = p_actor FROM bank_line l
    WHERE i.kind = 'bank_line' AND i.closed_at IS NULL AND l.id = i.subject AND l.state = 'sent_back'
      AND i.why ->> 'why' = 'slip_without_order' AND i.why ->> 'number' = p_number;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Where whoever a slip is of lives now.
CREATE OR REPLACE FUNCTION opla_slip_address(p_at timestamptz, p_actor text, p_number text, p_sealed bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_state text;
BEGIN
    PERFORM opla_writes(true);
    UPDATE slip SET sealed = p_sealed WHERE number = p_number RETURNING state INTO v_state;
    IF FOUND THEN
        PERFORM opla_slip_event(p_at, p_actor, p_number, 'address', v_state, v_state, '');
    END IF;
    PERFORM opla_writes(false);
    RETURN v_state IS NOT NULL;
END $$;

-- Letters about what became of orders, each once; an empty topic: it was told otherwise.
CREATE OR REPLACE FUNCTION opla_letters_write(
    p_at timestamptz, p_id uuid[], p_slip text[], p_topic text[], p_told text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE slip s SET told = w.told FROM unnest(p_slip, p_told) AS w (slip, told) WHERE s.number = w.slip;
    INSERT INTO letter_out (id, slip, topic, state, made_at, since)
    SELECT w.id, w.slip, w.topic, 'to_print', p_at, p_at
    FROM unnest(p_id, p_slip, p_topic) AS w (id, slip, topic) WHERE w.topic <> ''
    ON CONFLICT (slip, topic) DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- Of these letters those with a code that must not leave: it is its order's no more, or a second person is asked whether
-- its whole price goes back. Nobody gives it back, or asks for that, before the caller has committed. Internal.
CREATE OR REPLACE FUNCTION opla_letters_held(p_id uuid[]) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM payment y WHERE y.id IN (
        SELECT a.payment_id FROM letter_out l JOIN slip s ON s.number = l.slip JOIN allocation a ON a.order_id = s.order_id
        WHERE l.id = ANY (p_id)
    ) ORDER BY y.id FOR SHARE;
    PERFORM FROM letter_out l JOIN slip s ON s.number = l.slip JOIN orders o ON o.id = s.order_id
    WHERE l.id = ANY (p_id) ORDER BY o.id FOR SHARE OF o;
    RETURN ARRAY(
        SELECT l.id FROM letter_out l JOIN slip s ON s.number = l.slip JOIN orders o ON o.id = s.order_id
        WHERE l.id = ANY (p_id) AND l.topic = 'code' AND (o.state <> 'delivered' OR EXISTS (
            SELECT FROM refund r WHERE r.order_id = o.id AND r.state = 'asked' AND r.reason = 'choice'))
    );
END $$;

-- Letters on their way to the printer: first (p_why empty), or again. One row back for each that may be printed now; the
-- sealed code of one that carries it, whose reveal row is written first. A code that is its order's no more is not printed.
CREATE OR REPLACE FUNCTION opla_letters_print(
    p_at timestamptz, p_actor text, p_why text, p_source text[], p_event text, p_id uuid[]
) RETURNS TABLE (id uuid, code_id uuid, sealed bytea, serial text, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_held uuid[] := opla_letters_held(p_id);
    v_may uuid[];
BEGIN
    PERFORM FROM letter_out l WHERE l.id = ANY (p_id) ORDER BY l.id FOR UPDATE;
    PERFORM opla_writes(true);
    WITH gone AS (
        UPDATE letter_out l SET state = 'ended', since = p_at
        FROM slip s JOIN orders o ON o.id = s.order_id
        WHERE l.id = ANY (p_id) AND l.state = 'to_print' AND s.number = l.slip AND l.topic IN ('code', 'delivered')
          AND o.state <> 'delivered'
        RETURNING l.id
    )
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'letter_out', g.id, 'over', 'to_print', 'ended', p_actor, '' FROM gone g;
    SELECT coalesce(array_agg(l.id), '{}') INTO v_may FROM letter_out l JOIN slip s ON s.number = l.slip
    WHERE l.id = ANY (p_id) AND l.state = ANY (p_source) AND s.sealed IS NOT NULL AND l.id <> ALL (v_held)
      AND (l.topic <> 'code' OR EXISTS (SELECT FROM orders o JOIN delivery d ON d.order_id = o.id JOIN code c
           ON c.id = d.code_id AND c.order_id = o.id WHERE o.id = s.order_id AND o.state = 'delivered'));
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'letter_out', l.id, p_event, l.state, 'printed', p_actor, p_why FROM letter_out l WHERE l.id = ANY (v_may);
    UPDATE letter_out l SET state = 'printed', prints = l.prints + 1, since = p_at WHERE l.id = ANY (v_may);
    UPDATE item i SET closed_at = p_at, closed_by = p_actor
    WHERE i.kind = 'letter_unreadable' AND i.subject = ANY (v_may) AND i.closed_at IS NULL;
    INSERT INTO reveal (order_id, code_id, actor, at)
    SELECT s.order_id, d.code_id, p_actor, p_at FROM letter_out l JOIN slip s ON s.number = l.slip
    JOIN delivery d ON d.order_id = s.order_id WHERE l.id = ANY (v_may) AND l.topic = 'code';
    PERFORM opla_writes(false);
    RETURN QUERY
    SELECT l.id, c.id, c.sealed, c.serial, c.valid_until
    FROM letter_out l JOIN slip s ON s.number = l.slip
    LEFT JOIN delivery d ON d.order_id = s.order_id AND l.topic = 'code' LEFT JOIN code c ON c.id = d.code_id
    WHERE l.id = ANY (v_may) ORDER BY l.made_at, l.id;
END $$;

-- These cannot be printed, because what stands on them does not open: a person has to find out why.
CREATE OR REPLACE FUNCTION opla_letters_unreadable(p_at timestamptz, p_id uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO item (kind, subject, order_id, amount_minor, currency, why, opened_at)
    SELECT 'letter_unreadable', l.id, o.id, coalesce(o.face_minor + o.fee_minor - o.discount_minor, 0),
           coalesce(o.currency, 'EUR'), jsonb_build_object('why', 'letter_unreadable', 'number', s.number), p_at
    FROM letter_out l JOIN slip s ON s.number = l.slip LEFT JOIN orders o ON o.id = s.order_id
    WHERE l.id = ANY (p_id) ORDER BY l.id
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- What became of letters: those that were in one of p_source are in p_target now. Into the post goes no code that is held.
CREATE OR REPLACE FUNCTION opla_letters_move(
    p_at timestamptz, p_actor text, p_event text, p_why text, p_source text[], p_target text, p_id uuid[]
) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_held uuid[] := CASE p_target WHEN 'posted' THEN opla_letters_held(p_id) ELSE '{}' END;
    v_moved uuid[];
BEGIN
    SELECT coalesce(array_agg(m.id), '{}') INTO v_moved FROM (
        SELECT l.id FROM letter_out l WHERE l.id = ANY (p_id) AND l.state = ANY (p_source) AND l.id <> ALL (v_held)
        ORDER BY l.id FOR UPDATE
    ) m;
    PERFORM opla_writes(true);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'letter_out', l.id, p_event, l.state, p_target, p_actor, p_why FROM letter_out l WHERE l.id = ANY (v_moved);
    UPDATE letter_out SET state = p_target, since = p_at WHERE id = ANY (v_moved);
    PERFORM opla_writes(false);
    RETURN QUERY SELECT unnest(v_moved);
END $$;

-- Addresses that nobody needs any more: all was over before `p_before`, and no letter is still to leave or came back.
CREATE OR REPLACE FUNCTION opla_post_forget(p_before timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE slip s SET sealed = NULL
    WHERE s.sealed IS NOT NULL AND s.since <= p_before
      AND NOT EXISTS (SELECT FROM orders o WHERE o.id = s.order_id
                      AND (o.state NOT IN ('delivered', 'refunded', 'cancelled') OR o.ended_at > p_before))
      AND NOT EXISTS (SELECT FROM letter_out l WHERE l.slip = s.number AND (l.since > p_before
                      OR l.state IN ('to_print', 'printed', 'returned')));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
