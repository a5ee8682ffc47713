-- Card machines on counters, and the slips that clerks read on those nobody here can ask (opla.core.terminal).

-- A machine as its owner wants it: opened · changed · taken (its name, or their id, is another one's) · drawer_unknown.
CREATE OR REPLACE FUNCTION opla_terminal(
    p_at timestamptz, p_actor text, p_name text, p_method text, p_their_id text, p_drawer text, p_station text, p_state text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_result text;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM drawer WHERE name = p_drawer FOR SHARE;
    IF p_drawer IS NOT NULL AND NOT FOUND THEN
        v_result := 'drawer_unknown';
    ELSIF EXISTS (SELECT FROM terminal WHERE name = p_name AND (method, their_id) <> (p_method, p_their_id))
       OR p_state = 'open' AND p_their_id <> '' AND EXISTS (
            SELECT FROM terminal WHERE name <> p_name AND (method, their_id, state) = (p_method, p_their_id, 'open')) THEN
        v_result := 'taken';
    ELSE
        v_result := CASE WHEN EXISTS (SELECT FROM terminal WHERE name = p_name) THEN 'changed' ELSE 'opened' END;
        INSERT INTO terminal (name, method, their_id, drawer, station, state, changed_at, changed_by)
        VALUES (p_name, p_method, p_their_id, p_drawer, p_station, p_state, p_at, p_actor)
        ON CONFLICT (name) DO UPDATE SET drawer = p_drawer, station = p_station, state = p_state, changed_at = p_at,
            changed_by = p_actor;
    END IF;
    PERFORM opla_writes(false);
    RETURN v_result;
END $$;

-- Payments that were just made are made on this machine. Those that were not made after all are left out.
CREATE OR REPLACE FUNCTION opla_terminal_rings(p_terminal text, p_payment uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO terminal_payment (payment_id, terminal)
    SELECT p.id, p_terminal FROM payment p WHERE p.id = ANY (p_payment) ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- A refund is to be given back on a machine: a person's to know, once.
CREATE OR REPLACE FUNCTION opla_slip_owe(p_at timestamptz, p_attempt text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO terminal_due (attempt, made_at)
    SELECT a.reference, p_at FROM attempt a WHERE a.reference = p_attempt AND a.kind = 'refund' ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
        SELECT 'slip_due', a.id, r.order_id, r.payment_id, a.id, r.amount_minor, r.currency,
               jsonb_build_object('why', 'slip_due'), p_at
        FROM attempt a JOIN refund r ON r.id = a.refund_id WHERE a.reference = p_attempt
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    END IF;
    PERFORM opla_writes(false);
END $$;

-- One slip, or why not. Locks: the drawer, then payment, orders, refund and attempt in the order of opla_apply.
--
-- done · again (this very slip is there) · key_reused · drawer_unknown · not_found · receipt_used · told (it was said what
-- became of this) · captured (what is a payment by now is not undone) · still_running · not_due
CREATE OR REPLACE FUNCTION opla_slip(
    p_at timestamptz, p_actor text, p_id uuid, p_kind text, p_drawer text, p_attempt text, p_receipt text, p_undoes uuid,
    p_why text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_result text;
    v_attempt attempt;
    v_minor bigint := 0;
    v_currency text;
    v_day date := (p_at AT TIME ZONE 'Europe/Brussels')::date;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM drawer WHERE name = p_drawer AND state = 'open' FOR UPDATE;
    IF NOT FOUND THEN
        v_result := 'drawer_unknown';
    END IF;
    IF EXISTS (SELECT FROM terminal_line WHERE id = p_id) THEN
        SELECT CASE WHEN (l.kind, l.attempt, l.receipt) = (p_kind, p_attempt, p_receipt) THEN 'again' ELSE 'key_reused' END
        INTO v_result FROM terminal_line l WHERE l.id = p_id;
    END IF;
    IF v_result IS NULL THEN
        SELECT * INTO v_attempt FROM attempt
        WHERE reference = p_attempt AND adapter = 'terminal'
          AND kind = CASE p_kind WHEN 'given_back' THEN 'refund' ELSE 'charge' END;
        IF NOT FOUND THEN
            v_result := 'not_found';
        ELSIF p_kind = 'given_back' THEN
            PERFORM 1 FROM refund WHERE id = v_attempt.refund_id FOR NO KEY UPDATE;
            SELECT -r.amount_minor, r.currency INTO v_minor, v_currency FROM refund r WHERE r.id = v_attempt.refund_id;
            v_result := opla_slip_may_give_back(p_attempt, v_attempt.refund_id);
        ELSE
            PERFORM 1 FROM payment WHERE id = v_attempt.payment_id FOR NO KEY UPDATE;
            PERFORM 1 FROM orders WHERE id IN (SELECT order_id FROM allocation WHERE payment_id = v_attempt.payment_id)
                ORDER BY id FOR NO KEY UPDATE;
            SELECT CASE p_kind WHEN 'approved' THEN p.amount_minor WHEN 'voided' THEN -p.amount_minor ELSE 0 END, p.currency
            INTO v_minor, v_currency FROM payment p WHERE p.id = v_attempt.payment_id;
            v_result := CASE p_kind WHEN 'voided' THEN opla_slip_may_void(v_attempt, p_drawer, p_undoes)
                ELSE opla_slip_may_tell(v_attempt, p_kind, p_drawer, v_day, p_receipt) END;
        END IF;
    END IF;
    IF v_result IS NULL THEN
        INSERT INTO terminal_line (id, drawer, day, kind, minor, currency, attempt, receipt, undoes, why, at, actor)
        VALUES (p_id, p_drawer, v_day, p_kind, v_minor, v_currency, p_attempt, p_receipt, p_undoes, p_why, p_at, p_actor);
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'slip', p_id, p_kind, '', '', p_actor, p_why);
        IF p_kind = 'approved' THEN
            -- Nobody's order runs out between the counter and the books.
            UPDATE orders SET expires_at = greatest(expires_at, p_at + interval '15 minutes')
            WHERE state = 'placed' AND id IN (SELECT order_id FROM allocation WHERE payment_id = v_attempt.payment_id);
        END IF;
        PERFORM opla_cash_wake(p_at, p_attempt);
        v_result := 'done';
    END IF;
    PERFORM opla_writes(false);
    RETURN v_result;
END $$;

-- Null: it may be told. Whatever became of the order: what the machine took is taken, and goes back by rule.
CREATE OR REPLACE FUNCTION opla_slip_may_tell(
    p_attempt attempt, p_kind text, p_drawer text, p_day date, p_receipt text
) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM terminal_line WHERE attempt = p_attempt.reference) THEN 'told'
        WHEN p_kind = 'approved' AND EXISTS (SELECT FROM terminal_line WHERE kind = 'approved'
                AND (drawer, day, receipt) = (p_drawer, p_day, p_receipt)) THEN 'receipt_used'
    END
$$;

CREATE OR REPLACE FUNCTION opla_slip_may_give_back(p_attempt text, p_refund uuid) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM terminal_line WHERE attempt = p_attempt) THEN 'told'
        WHEN EXISTS (SELECT FROM terminal_due WHERE attempt = p_attempt AND withdrawn_at IS NOT NULL)
          OR NOT EXISTS (SELECT FROM refund r JOIN attempt a ON a.refund_id = r.id
                         WHERE r.id = p_refund AND r.state = 'due' AND a.reference = p_attempt
                           AND a.state NOT IN ('declined', 'succeeded')) THEN 'not_due'
    END
$$;

CREATE OR REPLACE FUNCTION opla_slip_may_void(p_attempt attempt, p_drawer text, p_undoes uuid) RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM terminal_line l WHERE l.id = p_undoes AND l.kind = 'approved'
                         AND (l.drawer, l.attempt) = (p_drawer, p_attempt.reference)) THEN 'not_found'
        WHEN EXISTS (SELECT FROM terminal_line v WHERE v.undoes = p_undoes)
          OR EXISTS (SELECT FROM payment WHERE id = p_attempt.payment_id AND captured_minor > 0) THEN 'captured'
        -- Whoever is asking just now has seen the approval.
        WHEN EXISTS (SELECT FROM attempt WHERE id = p_attempt.id AND lease_until > opla_clock()) THEN 'still_running'
    END
$$;

-- Somebody wants a refund on their bank account instead. False when it was too late.
CREATE OR REPLACE FUNCTION opla_slip_withdraw(p_at timestamptz, p_actor text, p_attempt text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_done boolean;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM refund WHERE id = (SELECT refund_id FROM attempt WHERE reference = p_attempt) FOR NO KEY UPDATE;
    UPDATE terminal_due d SET withdrawn_at = p_at
    WHERE d.attempt = p_attempt AND d.withdrawn_at IS NULL
      AND NOT EXISTS (SELECT FROM terminal_line l WHERE l.attempt = p_attempt);
    v_done := FOUND;
    IF v_done THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'slip', a.id, 'withdrawn', '', '', p_actor, p_why FROM attempt a WHERE a.reference = p_attempt;
        PERFORM opla_cash_wake(p_at, p_attempt);
    END IF;
    PERFORM opla_writes(false);
    RETURN v_done;
END $$;
