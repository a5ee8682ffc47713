-- Cash over a counter: codes that are given out, drawers, and the lines that move their money (opla.core.cash).

-- The code an attempt (a charge, a refund) is known by at a counter: p_code, unless it has one. Null: p_code is another's,
-- and the caller draws again. That a refund waits there is a person's to know, once.
CREATE OR REPLACE FUNCTION opla_cash_code(p_at timestamptz, p_attempt text, p_code text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO cash_code (code, purpose, attempt, made_at)
    SELECT p_code, a.kind, a.reference, p_at FROM attempt a WHERE a.reference = p_attempt AND a.kind IN ('charge', 'refund')
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
        SELECT 'cash_due', a.id, r.order_id, r.payment_id, a.id, r.amount_minor, r.currency,
               jsonb_build_object('why', 'cash_due'), p_at
        FROM attempt a JOIN refund r ON r.id = a.refund_id WHERE a.reference = p_attempt
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    END IF;
    PERFORM opla_writes(false);
    RETURN (SELECT code FROM cash_code WHERE attempt = p_attempt);
END $$;

-- Whoever waits for this code asks now. Internal.
CREATE OR REPLACE FUNCTION opla_cash_wake(p_at timestamptz, p_attempt text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM attempt WHERE reference = p_attempt ORDER BY id FOR NO KEY UPDATE;
    UPDATE attempt SET due_at = p_at
    WHERE reference = p_attempt AND state NOT IN ('new', 'claimed', 'sending') AND (due_at IS NULL OR due_at > p_at);
END $$;

-- A drawer as its owner wants it: opened · changed · not_empty (it holds money, and is to be closed) · holds_codes (a tablet of
-- it does, or has sold some that are not booked).
CREATE OR REPLACE FUNCTION opla_drawer(p_at timestamptz, p_actor text, p_name text, p_place bigint, p_state text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_new boolean;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM drawer WHERE name = p_name FOR UPDATE;
    v_new := NOT FOUND;
    IF p_state = 'closed' AND EXISTS (SELECT FROM offline_code h JOIN station s ON s.id = h.station_id
                                      WHERE s.drawer = p_name AND (h.state = 'held' OR h.state = 'sold' AND NOT h.taken)) THEN
        PERFORM opla_writes(false);
        RETURN 'holds_codes';
    END IF;
    IF p_state = 'closed' AND EXISTS (SELECT FROM account WHERE kind = 'till_drawer' AND split_part(code, ':', 2) = p_name
                                      AND debits_posted <> credits_posted) THEN
        PERFORM opla_writes(false);
        RETURN 'not_empty';
    END IF;
    INSERT INTO drawer (name, place_id, state, changed_at, changed_by) VALUES (p_name, p_place, p_state, p_at, p_actor)
    ON CONFLICT (name) DO UPDATE SET place_id = p_place, state = p_state, changed_at = p_at, changed_by = p_actor;
    PERFORM opla_writes(false);
    RETURN CASE WHEN v_new THEN 'opened' ELSE 'changed' END;
END $$;

-- One line of a drawer, with the journal the core made of it, or why not. Locks: the drawer, the code, then payment, orders,
-- refund, attempt and accounts in the order of opla_apply, which locks none of the first two.
--
-- done · again (this very line is there) · undone (it was, and its money has left again) · key_reused (its id is another
-- line's) · drawer_unknown · drawer_short ·
-- code_unknown · taken · not_waited_for · paid_out · not_due · captured (a taking that is a payment by now is not undone) ·
-- still_running · moved (what was counted against is no longer the balance) · shift_closed (a clerk's, outside of a shift)
CREATE OR REPLACE FUNCTION opla_drawer_line(
    p_at timestamptz, p_actor text, p_id uuid, p_drawer text, p_kind text, p_minor bigint, p_settled bigint, p_currency text,
    p_given bigint, p_code text, p_undoes uuid, p_reseller text, p_why text,
    t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[]
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_result text;
    v_attempt attempt;
    v_code cash_code;
    v_event bigint;
    v_shift uuid;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM drawer WHERE name = p_drawer AND state = 'open' FOR UPDATE;
    IF NOT FOUND THEN
        v_result := 'drawer_unknown';
    END IF;
    SELECT id INTO v_shift FROM shift WHERE drawer = p_drawer AND closed_at IS NULL;
    -- A clerk moves money in a shift alone; what is counted there opens it.
    IF v_result IS NULL AND v_shift IS NULL AND p_actor LIKE 'clerk:%' AND p_kind <> 'counted' THEN
        v_result := 'shift_closed';
    END IF;
    IF EXISTS (SELECT FROM drawer_line WHERE id = p_id) THEN
        SELECT CASE WHEN (l.drawer, l.kind, l.minor, l.settled_minor, l.currency, coalesce(l.code, ''), l.reseller)
                         = (p_drawer, p_kind, p_minor, p_settled, p_currency, coalesce(p_code, ''), p_reseller)
                    THEN CASE WHEN opla_drawer_left(l.id) THEN 'undone' ELSE 'again' END ELSE 'key_reused' END
        INTO v_result FROM drawer_line l WHERE l.id = p_id;
    END IF;
    IF v_result IS NULL AND p_code IS NOT NULL THEN
        SELECT * INTO v_code FROM cash_code
        WHERE code = p_code AND purpose = CASE p_kind WHEN 'paid_out' THEN 'refund' ELSE 'charge' END FOR UPDATE;
        IF NOT FOUND THEN
            v_result := 'code_unknown';
        ELSE
            SELECT * INTO v_attempt FROM attempt WHERE reference = v_code.attempt;
        END IF;
    END IF;
    IF v_result IS NULL THEN
        v_result := CASE p_kind
            WHEN 'taken' THEN opla_cash_may_take(p_at, v_attempt.payment_id, p_code, p_settled, p_currency)
            WHEN 'paid_out' THEN opla_cash_may_pay_out(v_attempt, v_code, -p_settled, p_currency)
            WHEN 'voided' THEN opla_cash_may_void(v_attempt, p_drawer, p_code, p_undoes, -p_minor, -p_settled)
        END;
    END IF;
    -- The drawer's row is locked, so nobody else moves its account.
    IF v_result IS NULL AND p_minor < 0 AND p_kind <> 'counted' AND opla_drawer_holds(p_drawer, p_currency) < -p_minor THEN
        v_result := 'drawer_short';
    END IF;
    IF v_result IS NULL AND p_kind = 'counted' AND opla_drawer_holds(p_drawer, p_currency) + p_minor <> p_given THEN
        v_result := 'moved';
    END IF;
    IF v_result IS NULL THEN
        INSERT INTO drawer_line (id, drawer, kind, minor, settled_minor, currency, given_minor, code, undoes, reseller, why, at,
                                 actor, shift_id)
        VALUES (p_id, p_drawer, p_kind, p_minor, p_settled, p_currency, p_given, p_code, p_undoes, p_reseller, p_why, p_at,
                p_actor, v_shift);
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'drawer', p_id, p_kind, '', '', p_actor, p_why) RETURNING id INTO v_event;
        IF v_code.attempt IS NOT NULL THEN
            PERFORM opla_cash_wake(p_at, v_code.attempt);
        END IF;
        PERFORM opla_post(p_at, array_fill(v_event, ARRAY[cardinality(t_debit)]), t_debit, t_credit, t_amount, t_currency,
            t_reason, t_phase, array_fill(NULL::uuid, ARRAY[cardinality(t_debit)]),
            array_fill(NULL::uuid, ARRAY[cardinality(t_debit)]));
        IF p_kind = 'paid_in' THEN
            PERFORM opla_webhook_paid_in(p_at, p_reseller, p_id, p_id::text, p_minor, p_currency);
        END IF;
        v_result := 'done';
    END IF;
    PERFORM opla_writes(false);
    RETURN v_result;
END $$;

-- Whether the money of a taking has left the drawer again, all or some: it was undone, or a refund of its payment was paid out.
CREATE OR REPLACE FUNCTION opla_drawer_left(p_line uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM drawer_line v WHERE v.undoes = p_line)
        OR EXISTS (SELECT FROM drawer_line t JOIN cash_code c ON c.code = t.code JOIN attempt a ON a.reference = c.attempt
                   JOIN refund r ON r.payment_id = a.payment_id JOIN attempt b ON b.refund_id = r.id
                   JOIN cash_code k ON k.attempt = b.reference JOIN drawer_line v ON v.code = k.code
                   WHERE t.id = p_line AND t.kind = 'taken')
$$;

-- What a drawer holds by the books. Internal, like those below.
CREATE OR REPLACE FUNCTION opla_drawer_holds(p_drawer text, p_currency text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT debits_posted - credits_posted FROM account
                     WHERE code = 'till_drawer:' || p_drawer || ':' || p_currency), 0)
$$;

-- Null: it may be taken. All its orders wait, at the price that was shown; they go on waiting until a worker has captured it,
-- so that nobody's order runs out between the counter and the books.
CREATE OR REPLACE FUNCTION opla_cash_may_take(
    p_at timestamptz, p_payment uuid, p_code text, p_amount bigint, p_currency text
) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM payment WHERE id = p_payment FOR NO KEY UPDATE;
    PERFORM 1 FROM orders WHERE id IN (SELECT order_id FROM allocation WHERE payment_id = p_payment)
        ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM drawer_line l WHERE l.code = p_code AND l.kind = 'taken'
               AND NOT EXISTS (SELECT FROM drawer_line v WHERE v.undoes = l.id)) THEN
        RETURN 'taken';
    END IF;
    IF EXISTS (SELECT FROM payment WHERE id = p_payment
               AND (captured_minor > 0 OR amount_minor <> p_amount OR currency <> p_currency))
       OR EXISTS (SELECT FROM allocation s JOIN orders o ON o.id = s.order_id
                  WHERE s.payment_id = p_payment AND (o.state <> 'placed' OR o.expires_at <= p_at)) THEN
        RETURN 'not_waited_for';
    END IF;
    UPDATE orders SET expires_at = greatest(expires_at, p_at + interval '15 minutes')
    WHERE id IN (SELECT order_id FROM allocation WHERE payment_id = p_payment);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION opla_cash_may_pay_out(
    p_attempt attempt, p_code cash_code, p_amount bigint, p_currency text
) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM refund WHERE id = p_attempt.refund_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM drawer_line WHERE code = p_code.code AND kind = 'paid_out') THEN
        RETURN 'paid_out';
    END IF;
    IF p_code.withdrawn_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM refund r JOIN attempt a ON a.refund_id = r.id
        WHERE r.id = p_attempt.refund_id AND r.state = 'due' AND r.amount_minor = p_amount AND r.currency = p_currency
          AND a.id = p_attempt.id AND a.state NOT IN ('declined', 'succeeded')) THEN
        RETURN 'not_due';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION opla_cash_may_void(
    p_attempt attempt, p_drawer text, p_code text, p_undoes uuid, p_minor bigint, p_settled bigint
) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM payment WHERE id = p_attempt.payment_id FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM drawer_line l WHERE l.id = p_undoes AND l.kind = 'taken'
                   AND (l.drawer, l.code, l.minor, l.settled_minor) = (p_drawer, p_code, p_minor, p_settled)) THEN
        RETURN 'code_unknown';
    END IF;
    IF EXISTS (SELECT FROM drawer_line v WHERE v.undoes = p_undoes)
       OR EXISTS (SELECT FROM payment WHERE id = p_attempt.payment_id AND captured_minor > 0) THEN
        RETURN 'captured';
    END IF;
    -- Whoever is asking just now has seen the money there.
    IF EXISTS (SELECT FROM attempt WHERE id = p_attempt.id AND lease_until > opla_clock()) THEN
        RETURN 'still_running';
    END IF;
    RETURN NULL;
END $$;

-- Somebody wants a refund on their bank account instead: its code pays nothing any more. False when it was too late.
CREATE OR REPLACE FUNCTION opla_cash_withdraw(p_at timestamptz, p_actor text, p_code text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_attempt attempt;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM cash_code WHERE code = p_code FOR UPDATE;
    UPDATE cash_code c SET withdrawn_at = p_at
    WHERE c.code = p_code AND c.purpose = 'refund' AND c.withdrawn_at IS NULL
      AND NOT EXISTS (SELECT FROM drawer_line l WHERE l.code = p_code);
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    SELECT a.* INTO v_attempt FROM cash_code c JOIN attempt a ON a.reference = c.attempt WHERE c.code = p_code;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'cash', v_attempt.id, 'withdrawn', '', '', p_actor, p_why);
    PERFORM opla_cash_wake(p_at, v_attempt.reference);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Cash from outside the drawers arrived at the bank, as a statement shows it: banked, or again with what was recorded.
DROP FUNCTION IF EXISTS opla_cash_banked(timestamptz, text, text, uuid, bigint, text);  -- it did not look at the amount
CREATE OR REPLACE FUNCTION opla_cash_banked(
    p_at timestamptz, p_actor text, p_key text, p_fields bytea, p_id uuid, p_amount bigint, p_currency text
) RETURNS TABLE (result text, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_event bigint;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO idempotency (caller, key, fields, order_id, at) VALUES ('cash_banked', p_key, p_fields, p_id, p_at)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'again'::text, i.fields FROM idempotency i WHERE i.caller = 'cash_banked' AND i.key = p_key;
    ELSE
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'drawer', p_id, 'banked', '', '', p_actor, p_key) RETURNING id INTO v_event;
        PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['bank:' || p_currency], ARRAY['cash_outside:' || p_currency],
            ARRAY[p_amount], ARRAY[p_currency], ARRAY['cash_banked'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        RETURN QUERY SELECT 'banked'::text, p_fields;
    END IF;
    PERFORM opla_writes(false);
END $$;
