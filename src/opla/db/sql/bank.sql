-- Our own bank account: references that are given out, statements and their lines, and what people say of them.

-- The reference an attempt (a charge, a refund) is paid under: p_number, unless it has one. Null: p_number is another's,
-- and the caller draws again. Of a refund a person is asked to send it, once.
CREATE OR REPLACE FUNCTION opla_bank_reference(p_at timestamptz, p_attempt text, p_number text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_new boolean;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO bank_reference (number, purpose, attempt, made_at)
    SELECT p_number, a.kind, a.reference, p_at FROM attempt a WHERE a.reference = p_attempt AND a.kind IN ('charge', 'refund')
      AND NOT EXISTS (SELECT FROM slip s WHERE s.number = p_number)
    ON CONFLICT DO NOTHING;
    v_new := FOUND;
    IF v_new THEN
        INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
        SELECT 'transfer_due', a.id, r.order_id, r.payment_id, a.id, r.amount_minor, r.currency,
               jsonb_build_object('why', 'transfer_due', 'reference', p_number), p_at
        FROM attempt a JOIN refund r ON r.id = a.refund_id WHERE a.reference = p_attempt
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    END IF;
    PERFORM opla_writes(false);
    RETURN (SELECT number FROM bank_reference WHERE attempt = p_attempt);
END $$;

-- The reference of a reseller's float: p_number, unless it has one. Null: p_number is another's, draw again.
CREATE OR REPLACE FUNCTION opla_float_reference(p_at timestamptz, p_reseller text, p_number text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO bank_reference (number, purpose, reseller_id, made_at)
    SELECT p_number, 'float', p_reseller, p_at WHERE NOT EXISTS (SELECT FROM slip s WHERE s.number = p_number)
    ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
    RETURN (SELECT number FROM bank_reference WHERE reseller_id = p_reseller);
END $$;

-- What went out under a float's reference is off that float as far as it holds, and what of it is free. What is still owed.
-- Internal: the accounts are locked.
CREATE OR REPLACE FUNCTION opla_bank_float_out(p_at timestamptz, p_actor text, p_line uuid) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v record;
    v_event bigint;
    v_left bigint;
    v_part bigint;
BEGIN
    SELECT l.amount_minor, l.currency, l.number, 'reseller_float:' || b.reseller_id || ':' || l.currency AS float INTO v
    FROM bank_line l JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float' WHERE l.id = p_line;
    SELECT -v.amount_minor - coalesce(sum(t.amount_minor), 0) INTO v_left
    FROM every_event e JOIN every_transfer t ON t.event_id = e.id AND t.at = e.at
    WHERE e.subject = 'float' AND e.subject_id = p_line AND t.reason = 'float_paid_out';
    SELECT greatest(0, least(v_left, coalesce(max(a.credits_posted - a.debits_posted - a.debits_pending), 0))) INTO v_part
    FROM account a WHERE a.code = v.float;
    IF v_part > 0 THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'float', p_line, 'paid_out', '', '', p_actor, v.number) RETURNING id INTO v_event;
        PERFORM opla_post(p_at, ARRAY[v_event], ARRAY[v.float], ARRAY['bank:' || v.currency], ARRAY[v_part], ARRAY[v.currency],
            ARRAY['float_paid_out'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
    END IF;
    RETURN v_left - v_part;
END $$;

-- What lines of our account brought to floats, or took from them, in the commit that writes the lines. Internal.
CREATE OR REPLACE FUNCTION opla_bank_floats(p_at timestamptz, p_actor text, p_line uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_event bigint[];
    v_float text[];
    v_bank text[];
    v_amount bigint[];
    v_currency text[];
    v_out record;
    v_left bigint;
BEGIN
    IF EXISTS (SELECT FROM bank_line l JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float'
               WHERE l.id = ANY (p_line) AND l.amount_minor < 0) THEN
        -- What a float holds is judged, so all that is moved here is locked first, in the order in which everybody does.
        PERFORM 1 FROM account WHERE code IN (
            SELECT u.code FROM bank_line l JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float'
            CROSS JOIN LATERAL (VALUES ('reseller_float:' || b.reseller_id || ':' || l.currency),
                                       ('bank:' || l.currency)) AS u (code)
            WHERE l.id = ANY (p_line)) ORDER BY id FOR NO KEY UPDATE;
    END IF;
    WITH paid AS MATERIALIZED (
        SELECT l.id, l.amount_minor, l.currency, b.reseller_id, l.number
        FROM bank_line l JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float'
        WHERE l.id = ANY (p_line) AND l.state = 'matched' AND l.amount_minor > 0
    ), told AS (
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'float', p.id, 'paid_in', '', '', p_actor, p.number FROM paid p RETURNING id, subject_id
    )
    SELECT array_agg(t.id ORDER BY p.id), array_agg('reseller_float:' || p.reseller_id || ':' || p.currency ORDER BY p.id),
           array_agg('bank:' || p.currency ORDER BY p.id), array_agg(p.amount_minor ORDER BY p.id),
           array_agg(p.currency ORDER BY p.id)
    INTO v_event, v_float, v_bank, v_amount, v_currency
    FROM paid p JOIN told t ON t.subject_id = p.id;
    IF v_event IS NOT NULL THEN
        PERFORM opla_post(p_at, v_event, v_bank, v_float, v_amount, v_currency,
            array_fill('float_paid_in'::text, ARRAY[cardinality(v_event)]),
            array_fill('posted'::text, ARRAY[cardinality(v_event)]), array_fill(NULL::uuid, ARRAY[cardinality(v_event)]),
            array_fill(NULL::uuid, ARRAY[cardinality(v_event)]));
        PERFORM opla_webhook_paid_in(p_at, b.reseller_id::text, l.id, l.number, l.amount_minor, l.currency)
        FROM bank_line l JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float'
        WHERE l.id = ANY (p_line) AND l.state = 'matched' AND l.amount_minor > 0;
    END IF;
    FOR v_out IN
        SELECT l.id, l.amount_minor, l.currency, b.reseller_id
        FROM bank_line l JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float'
        WHERE l.id = ANY (p_line) AND l.state = 'matched' AND l.amount_minor < 0 ORDER BY l.id
    LOOP
        v_left := opla_bank_float_out(p_at, p_actor, v_out.id);
        IF v_left > 0 THEN
            UPDATE bank_line SET state = 'open', number = '' WHERE id = v_out.id;
            INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
            VALUES ('bank_out', v_out.id, v_left, v_out.currency,
                    jsonb_build_object('why', 'float_owes', 'reseller', v_out.reseller_id,
                        'gone', to_char((-v_out.amount_minor - v_left) / 100.0, 'FM9999999999990.00')), p_at);
        END IF;
    END LOOP;
END $$;

-- Whoever waits for one of these references asks now. Internal: called by functions of ours only.
CREATE OR REPLACE FUNCTION opla_bank_wake(p_at timestamptz, p_number text[]) RETURNS void
LANGUAGE sql AS $$
    UPDATE attempt SET due_at = p_at
    WHERE reference IN (
            -- a charge also learns what was sent back of it
            SELECT b.attempt FROM bank_reference b WHERE b.number = ANY (p_number)
            UNION
            SELECT c.reference FROM bank_reference b JOIN attempt a ON a.reference = b.attempt
            JOIN refund r ON r.id = a.refund_id JOIN attempt c ON c.payment_id = r.payment_id
            WHERE b.number = ANY (p_number))
      AND state NOT IN ('new', 'claimed', 'sending') AND (due_at IS NULL OR due_at > p_at)
$$;

-- Statements that are new, lines that are new, lines that are shown again, and the gaps there are with them. What was
-- decided of each line was decided under the same lock (`opla_bank_lock`), in the same transaction.
DROP FUNCTION IF EXISTS opla_bank_import(  -- before it kept what was shown again
    timestamptz, text, text, text, bytea, uuid[], text[], text[], int[], date[], date[], bigint[], bigint[], int[],
    uuid[], uuid[], date[], bigint[], text[], text[], bytea[], boolean[], text[], text[], text[], bytea[], uuid[], text[]);
CREATE OR REPLACE FUNCTION opla_bank_import(
    p_at timestamptz, p_actor text, p_account text, p_currency text, p_file bytea,
    s_id uuid[], s_source text[], s_identity text[], s_number int[], s_from date[], s_until date[],
    s_opening bigint[], s_closing bigint[], s_lines int[],
    l_id uuid[], l_statement uuid[], l_booked date[], l_amount bigint[], l_ref text[], l_said text[], l_other bytea[],
    l_reversal boolean[], l_state text[], l_number text[], l_why text[], l_sealed bytea[],
    a_line uuid[], a_statement uuid[], a_source text[], a_ref text[],
    g_subject uuid[], g_why text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO bank_statement (id, account, source, identity, number, from_on, until_on, opening_minor, closing_minor,
                                currency, lines, file_sha256, imported_at, imported_by)
    SELECT s.id, p_account, s.source, s.identity, s.number, s.from_on, s.until_on, s.opening, s.closing, p_currency, s.lines,
           p_file, p_at, p_actor
    FROM unnest(s_id, s_source, s_identity, s_number, s_from, s_until, s_opening, s_closing, s_lines)
        AS s (id, source, identity, number, from_on, until_on, opening, closing, lines);

    INSERT INTO bank_line (id, statement_id, account, booked_on, amount_minor, currency, bank_ref, said, other, reversal,
                           state, number, sealed, made_at)
    SELECT l.id, l.statement, p_account, l.booked, l.amount, p_currency, l.ref, l.said, l.other, l.reversal, l.state,
           l.number, nullif(l.sealed, ''::bytea), p_at
    FROM unnest(l_id, l_statement, l_booked, l_amount, l_ref, l_said, l_other, l_reversal, l_state, l_number, l_sealed)
        AS l (id, statement, booked, amount, ref, said, other, reversal, state, number, sealed);

    INSERT INTO bank_again (line_id, source, statement_id, bank_ref)
    SELECT a.line, a.source, a.statement, a.ref
    FROM unnest(a_line, a_statement, a_source, a_ref) AS a (line, statement, source, ref)
    ON CONFLICT DO NOTHING;

    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    SELECT CASE WHEN l.amount >= 0 THEN 'bank_line' ELSE 'bank_out' END, l.id, abs(l.amount), p_currency, l.why::jsonb, p_at
    FROM unnest(l_id, l_amount, l_state, l_why) WITH ORDINALITY AS l (id, amount, state, why, n)
    WHERE l.state = 'open' ORDER BY l.n;

    -- What was to be sent back of nobody's order has left; of a refund its own attempt says so.
    UPDATE item i SET closed_at = p_at, closed_by = p_actor
    FROM bank_reference b
    WHERE i.kind = 'line_back' AND i.closed_at IS NULL AND i.subject = b.line_id AND b.number = ANY (l_number);

    -- A gap is told once; it is over when what was missing has come.
    UPDATE item i SET closed_at = p_at, closed_by = p_actor
    WHERE i.kind = 'bank_gap' AND i.closed_at IS NULL AND i.why ->> 'account' = p_account AND i.subject <> ALL (g_subject);
    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    SELECT 'bank_gap', g.subject, 0, p_currency, g.why::jsonb, p_at FROM unnest(g_subject, g_why) AS g (subject, why)
    WHERE NOT EXISTS (SELECT FROM item i WHERE i.kind = 'bank_gap' AND i.subject = g.subject);

    PERFORM opla_bank_floats(p_at, p_actor, l_id);
    PERFORM opla_bank_wake(p_at, l_number);
    PERFORM opla_writes(false);
END $$;

-- What a person said of an open line: false when somebody was first, null when its float does not hold what went out.
-- `p_number` is the reference of the charge or the float it is for; of what goes back, the one it is to be sent under.
DROP FUNCTION IF EXISTS opla_bank_decide(timestamptz, uuid, text, text);  -- before it knew who said it
CREATE OR REPLACE FUNCTION opla_bank_decide(p_at timestamptz, p_actor text, p_line uuid, p_state text, p_number text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE bank_line SET state = p_state, number = CASE p_state WHEN 'matched' THEN p_number ELSE '' END
    WHERE id = p_line AND state = 'open';
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    IF p_state = 'sent_back' THEN
        INSERT INTO bank_reference (number, purpose, line_id, made_at) VALUES (p_number, 'line', p_line, p_at);
        INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
        SELECT 'line_back', l.id, l.amount_minor, l.currency,
               jsonb_build_object('why', 'line_back', 'reference', p_number), p_at
        FROM bank_line l WHERE l.id = p_line;
    ELSIF p_state = 'matched' THEN
        PERFORM opla_bank_floats(p_at, p_actor, ARRAY[p_line]);
        PERFORM opla_bank_wake(p_at, ARRAY[p_number]);
    END IF;
    PERFORM opla_writes(false);
    RETURN CASE WHEN (SELECT state FROM bank_line WHERE id = p_line) = p_state THEN true END;
END $$;

-- Whose money it was is needed for as long as it may have to go back; then it is forgotten.
CREATE OR REPLACE FUNCTION opla_bank_forget(p_before timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE bank_line l SET sealed = NULL, other = ''
    WHERE l.sealed IS NOT NULL AND l.made_at <= p_before AND l.state <> 'open'
      AND NOT EXISTS (SELECT FROM item i WHERE i.subject = l.id AND i.closed_at IS NULL)
      AND NOT EXISTS (
        SELECT FROM bank_reference b JOIN attempt a ON a.reference = b.attempt JOIN refund r ON r.payment_id = a.payment_id
        WHERE b.number = l.number AND r.state IN ('asked', 'due', 'refused'));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;

-- A file of transfers out: false, and nothing is written, when one of them is owed no more, stands in another file or
-- was sent by hand, as a line of the account shows before anybody has looked at its refund again.
DROP FUNCTION IF EXISTS opla_transfer_file(timestamptz, text, uuid, date, text[], bigint[]);  -- before it kept the bytes
CREATE OR REPLACE FUNCTION opla_transfer_file(
    p_at timestamptz, p_actor text, p_id uuid, p_execute date, p_sha256 bytea,
    p_number text[], p_amount bigint[], p_line uuid[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_owed int;
BEGIN
    -- Whoever ends one of these, and another file, waits for this one.
    PERFORM FROM item i WHERE i.kind IN ('transfer_due', 'line_back') AND i.closed_at IS NULL
        AND i.why ->> 'reference' = ANY (p_number) ORDER BY i.id FOR UPDATE;
    SELECT count(*) INTO v_owed FROM unnest(p_number, p_amount) AS n (number, amount)
    JOIN item i ON i.kind IN ('transfer_due', 'line_back') AND i.closed_at IS NULL
        AND i.why ->> 'reference' = n.number AND i.amount_minor = n.amount
    WHERE NOT EXISTS (SELECT FROM transfer_file_line l WHERE l.number = n.number AND l.freed_at IS NULL)
      AND NOT EXISTS (SELECT FROM bank_line b WHERE b.number = n.number AND b.amount_minor < 0);
    IF v_owed <> cardinality(p_number) OR v_owed = 0 THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO transfer_file (id, made_at, made_by, execute_on, sha256) VALUES (p_id, p_at, p_actor, p_execute, p_sha256);
    INSERT INTO transfer_file_line (file_id, number, amount_minor, line_id)
    SELECT p_id, n.number, n.amount, n.line FROM unnest(p_number, p_amount, p_line) AS n (number, amount, line);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- A bank did not send these of a file: they may stand in another one. Never those that a line has shown. How many.
CREATE OR REPLACE FUNCTION opla_transfer_free(
    p_at timestamptz, p_actor text, p_id uuid, p_number text[], p_why text
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE transfer_file_line l SET freed_at = p_at, freed_by = p_actor, freed_why = p_why
    WHERE l.file_id = p_id AND l.number = ANY (p_number) AND l.freed_at IS NULL
      AND NOT EXISTS (SELECT FROM bank_line b WHERE b.number = l.number AND b.amount_minor < 0);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
