-- Decisions of the core, written whole or not at all. One group (`g`) is one Change; the arrays of its parts are
-- columns. A group wins when every subject it moves is still where the decision found it; a group that lost writes
-- nothing and is told so. Locks are taken in one order everywhere: payments, orders, refunds, attempts, accounts,
-- each by id; an account is updated once per call however many groups touch it.
--
-- Results per group: won · lost (decided on old news) · refund_too_much · provider_id_taken · code_known ·
-- item_closed · still_running (what a person says of an item: it is closed already; somebody is being asked just now)
CREATE OR REPLACE FUNCTION opla_apply(
    p_at timestamptz, p_actor text, p_groups int,
    m_g int[], m_subject text[], m_id uuid[], m_source text[], m_target text[], m_event text[], m_why text[],
    t_m int[], t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[],
    t_order uuid[], t_payment uuid[],
    n_g int[], n_attempt uuid[], n_answer text[], n_due timestamptz[], n_tries int[], n_provider_id text[], n_redirect text[],
    n_why text[], n_evidence text[],
    s_g int[], s_payment uuid[], s_captured bigint[], s_refunding bigint[], s_refunded bigint[], s_charged_back bigint[],
    a_g int[], a_id uuid[], a_kind text[], a_adapter text[], a_reference text[], a_due timestamptz[], a_order uuid[],
    a_payment uuid[], a_refund uuid[],
    r_g int[], r_id uuid[], r_payment uuid[], r_order uuid[], r_amount bigint[], r_currency text[], r_reason text[],
    d_g int[], d_order uuid[], d_kind text[], d_supplier text[], d_supplier_id text[], d_cost bigint[], d_attempt uuid[],
    d_stock uuid[],
    c_g int[], c_id uuid[], c_order uuid[], c_sealed bytea[], c_fingerprint bytea[], c_serial text[], c_valid_until date[],
    o_g int[], o_topic text[], o_order uuid[], o_reference text[],
    i_g int[], i_kind text[], i_subject uuid[], i_order uuid[], i_payment uuid[], i_attempt uuid[], i_amount bigint[],
    i_currency text[], i_why text[],
    x_g int[], x_kind text[], x_subject uuid[],
    e_g int[], e_item bigint[], e_said text[], e_file bytea[]
) RETURNS TABLE (g int, result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_result text[] := array_fill('won'::text, ARRAY[p_groups]);
    v_event bigint[];
    v_bad int;
    v_account int[];
BEGIN
    PERFORM opla_writes(true);
    -- 1. Lock everything this call may change.
    PERFORM 1 FROM payment WHERE id IN (
        SELECT id FROM unnest(m_subject, m_id) AS m (subject, id) WHERE subject = 'payment' UNION SELECT unnest(s_payment)
    ) ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM orders WHERE id IN (
        SELECT id FROM unnest(m_subject, m_id) AS m (subject, id) WHERE subject = 'order') ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM refund WHERE id IN (
        SELECT id FROM unnest(m_subject, m_id) AS m (subject, id) WHERE subject = 'refund') ORDER BY id FOR NO KEY UPDATE;
    PERFORM 1 FROM attempt WHERE id IN (
        SELECT id FROM unnest(m_subject, m_id) AS m (subject, id) WHERE subject = 'attempt'
        UNION SELECT unnest(n_attempt)) ORDER BY id FOR NO KEY UPDATE;

    -- 2. Who lost: the first move of a subject in a group must find its source, and only the first group of this
    --    call that moves a subject may.
    FOR v_bad IN
        SELECT DISTINCT m.g
        FROM (
            SELECT DISTINCT ON (g, subject, id) g, subject, id, source,
                   min(g) OVER (PARTITION BY subject, id) AS first_g
            FROM unnest(m_g, m_subject, m_id, m_source) WITH ORDINALITY AS u (g, subject, id, source, n)
            ORDER BY g, subject, id, n
        ) m
        LEFT JOIN orders o ON m.subject = 'order' AND o.id = m.id
        LEFT JOIN payment p ON m.subject = 'payment' AND p.id = m.id
        LEFT JOIN refund r ON m.subject = 'refund' AND r.id = m.id
        LEFT JOIN attempt a ON m.subject = 'attempt' AND a.id = m.id
        WHERE coalesce(o.state, p.state, r.state, a.state) IS DISTINCT FROM m.source OR m.first_g <> m.g
    LOOP
        v_result[v_bad] := 'lost';
    END LOOP;
    --    And so must the count of answers of what it was decided from: where no state changes, that is what tells
    --    a decision on old news.
    FOR v_bad IN
        SELECT DISTINCT n.g FROM unnest(n_g, n_attempt, n_tries) AS n (g, attempt, tries)
        LEFT JOIN attempt a ON a.id = n.attempt WHERE a.tries IS DISTINCT FROM n.tries
    LOOP
        v_result[v_bad] := 'lost';
    END LOOP;

    --    And what a person says of an item finds it open, and nobody calling about it at this moment.
    IF cardinality(e_g) > 0 THEN
        PERFORM 1 FROM item WHERE id = ANY (e_item) ORDER BY id FOR UPDATE;
        FOR v_bad IN
            SELECT e.g FROM unnest(e_g, e_item) AS e (g, item) JOIN item i ON i.id = e.item
            JOIN attempt a ON a.id = i.attempt_id
            WHERE e.g = ANY (n_g) AND a.lease_until > opla_clock()
        LOOP
            v_result[v_bad] := 'still_running';
        END LOOP;
        FOR v_bad IN
            SELECT e.g FROM unnest(e_g, e_item) AS e (g, item) LEFT JOIN item i ON i.id = e.item
            WHERE i.id IS NULL OR i.closed_at IS NOT NULL
        LOOP
            v_result[v_bad] := 'item_closed';
        END LOOP;
    END IF;

    -- 3. What the database refuses although the core decided it.
    IF cardinality(r_g) > 0 THEN
        FOR v_bad IN
            SELECT DISTINCT w.g
            FROM (
                SELECT r.g, r.payment, sum(r.amount) OVER (PARTITION BY r.payment ORDER BY r.g) AS asked_minor
                FROM unnest(r_g, r_payment, r_amount) AS r (g, payment, amount) WHERE v_result[r.g] = 'won'
            ) w
            JOIN payment p ON p.id = w.payment
            LEFT JOIN LATERAL (
                SELECT sum(s.captured) AS captured FROM unnest(s_g, s_payment, s_captured) AS s (g, payment, captured)
                WHERE s.g = w.g AND s.payment = w.payment
            ) s ON true
            WHERE p.captured_minor + coalesce(s.captured, 0) - p.refunded_minor - p.refunding_minor
                  - p.charged_back_minor < w.asked_minor
        LOOP
            v_result[v_bad] := 'refund_too_much';
        END LOOP;
    END IF;
    IF cardinality(c_g) > 0 THEN
        FOR v_bad IN
            SELECT c.g FROM (
                SELECT g, fingerprint, row_number() OVER (PARTITION BY fingerprint ORDER BY g) AS place
                FROM unnest(c_g, c_fingerprint) AS u (g, fingerprint)
            ) c
            WHERE v_result[c.g] = 'won'
              AND (c.place > 1 OR EXISTS (SELECT FROM code k WHERE k.fingerprint = c.fingerprint))
        LOOP
            v_result[v_bad] := 'code_known';
        END LOOP;
    END IF;
    FOR v_bad IN
        SELECT n.g
        FROM unnest(n_g, n_attempt, n_provider_id) AS n (g, attempt, provider_id)
        JOIN attempt a ON a.id = n.attempt
        WHERE n.provider_id <> '' AND a.provider_id <> n.provider_id AND v_result[n.g] = 'won'
          AND (a.provider_id <> '' OR EXISTS (
                SELECT FROM attempt b WHERE b.kind = a.kind AND b.adapter = a.adapter AND b.provider_id = n.provider_id)
               OR EXISTS (
                SELECT FROM unnest(n_g, n_attempt, n_provider_id) AS b (g, attempt, provider_id)
                JOIN attempt c ON c.id = b.attempt
                WHERE b.g < n.g AND b.provider_id = n.provider_id AND c.kind = a.kind AND c.adapter = a.adapter))
    LOOP
        v_result[v_bad] := 'provider_id_taken';
    END LOOP;

    -- 4. The states.
    UPDATE payment p SET
        state = coalesce(w.target, p.state),
        captured_minor = p.captured_minor + coalesce(w.captured, 0),
        refunding_minor = p.refunding_minor + coalesce(w.refunding, 0),
        refunded_minor = p.refunded_minor + coalesce(w.refunded, 0),
        charged_back_minor = p.charged_back_minor + coalesce(w.charged_back, 0)
    FROM (
        SELECT coalesce(m.id, s.payment) AS id, m.target, s.captured, s.refunding, s.refunded, s.charged_back
        FROM (
            SELECT DISTINCT ON (id) id, target
            FROM unnest(m_g, m_subject, m_id, m_target) WITH ORDINALITY AS u (g, subject, id, target, n)
            WHERE subject = 'payment' AND v_result[g] = 'won' ORDER BY id, n DESC
        ) m
        FULL JOIN (
            SELECT payment, sum(captured) AS captured, sum(refunding) AS refunding, sum(refunded) AS refunded,
                   sum(charged_back) AS charged_back
            FROM unnest(s_g, s_payment, s_captured, s_refunding, s_refunded, s_charged_back)
                AS u (g, payment, captured, refunding, refunded, charged_back)
            WHERE v_result[g] = 'won' GROUP BY payment
        ) s ON s.payment = m.id
    ) w
    WHERE p.id = w.id;

    UPDATE orders o SET
        state = w.target,
        ended_at = CASE WHEN w.target IN ('delivered', 'refunded', 'cancelled') THEN coalesce(o.ended_at, p_at) END
    FROM (
        SELECT DISTINCT ON (id) id, target
        FROM unnest(m_g, m_subject, m_id, m_target) WITH ORDINALITY AS u (g, subject, id, target, n)
        WHERE subject = 'order' AND v_result[g] = 'won' ORDER BY id, n DESC
    ) w
    WHERE o.id = w.id AND o.state <> w.target;

    UPDATE refund r SET state = w.target, ended_at = p_at
    FROM unnest(m_g, m_subject, m_id, m_target) AS w (g, subject, id, target)
    WHERE w.subject = 'refund' AND v_result[w.g] = 'won' AND r.id = w.id;

    UPDATE attempt a SET
        state = coalesce(m.target, a.state),
        tries = a.tries + 1,
        due_at = n.due,
        lease_by = NULL,
        lease_until = NULL,
        provider_id = CASE WHEN n.provider_id <> '' THEN n.provider_id ELSE a.provider_id END,
        redirect_url = CASE WHEN n.redirect <> '' THEN n.redirect ELSE a.redirect_url END,
        gone_at = NULL,
        -- why it ended is not forgotten because a later question went unanswered
        why = CASE WHEN n.why = '' OR (n.answer = 'unknown' AND a.state IN ('succeeded', 'declined')) THEN a.why
                   ELSE n.why END
    FROM unnest(n_g, n_attempt, n_answer, n_due, n_provider_id, n_redirect, n_why)
        AS n (g, attempt, answer, due, provider_id, redirect, why)
    LEFT JOIN unnest(m_g, m_subject, m_id, m_target) AS m (g, subject, id, target)
        ON m.g = n.g AND m.subject = 'attempt' AND m.id = n.attempt
    WHERE a.id = n.attempt AND v_result[n.g] = 'won';

    INSERT INTO attempt_evidence (attempt_id, at, answer, why, evidence)
    SELECT n.attempt, p_at, n.answer, n.why, n.evidence::jsonb
    FROM unnest(n_g, n_attempt, n_answer, n_why, n_evidence) AS n (g, attempt, answer, why, evidence)
    WHERE v_result[n.g] = 'won';

    -- 5. What happened, and what it posts. Event ids are drawn first, so that transfers can name their event.
    SELECT array_agg(CASE WHEN subject <> 'attempt' AND v_result[g] = 'won'
                          THEN nextval(pg_get_serial_sequence('event', 'id')) END ORDER BY n)
    INTO v_event
    FROM unnest(m_g, m_subject) WITH ORDINALITY AS m (g, subject, n);

    INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
    OVERRIDING SYSTEM VALUE
    SELECT v_event[m.n], p_at, m.subject, m.id, m.event, m.source, m.target, p_actor, m.why
    FROM unnest(m_subject, m_id, m_event, m_source, m_target, m_why)
        WITH ORDINALITY AS m (subject, id, event, source, target, why, n)
    WHERE v_event[m.n] IS NOT NULL
    ORDER BY m.n;

    IF cardinality(t_m) > 0 THEN
        PERFORM opla_post(p_at, array_agg(v_event[t.m] ORDER BY t.n), array_agg(t.debit ORDER BY t.n),
            array_agg(t.credit ORDER BY t.n), array_agg(t.amount ORDER BY t.n), array_agg(t.currency ORDER BY t.n),
            array_agg(t.reason ORDER BY t.n), array_agg(t.phase ORDER BY t.n), array_agg(t.order_id ORDER BY t.n),
            array_agg(t.payment_id ORDER BY t.n))
        FROM unnest(t_m, t_debit, t_credit, t_amount, t_currency, t_reason, t_phase, t_order, t_payment)
            WITH ORDINALITY AS t (m, debit, credit, amount, currency, reason, phase, order_id, payment_id, n)
        WHERE v_event[t.m] IS NOT NULL
        HAVING count(*) > 0;
    END IF;

    -- 6. What follows.
    IF cardinality(r_g) > 0 THEN
        INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason, state, actor, made_at)
        SELECT r.id, r.payment, r.order_id, r.amount, r.currency, r.reason, 'due', p_actor, p_at
        FROM unnest(r_g, r_id, r_payment, r_order, r_amount, r_currency, r_reason)
            AS r (g, id, payment, order_id, amount, currency, reason)
        WHERE v_result[r.g] = 'won';
    END IF;
    IF cardinality(a_g) > 0 THEN
        INSERT INTO attempt (id, kind, adapter, reference, state, order_id, payment_id, refund_id, made_at, due_at)
        SELECT a.id, a.kind, a.adapter, a.reference, 'new', a.order_id, a.payment_id, a.refund_id, p_at, a.due
        FROM unnest(a_g, a_id, a_kind, a_adapter, a_reference, a_due, a_order, a_payment, a_refund)
            AS a (g, id, kind, adapter, reference, due, order_id, payment_id, refund_id)
        WHERE v_result[a.g] = 'won';
    END IF;
    IF cardinality(c_g) > 0 THEN
        INSERT INTO code (id, sku, supplier, state, sealed, fingerprint, serial, cost_minor, currency, valid_until,
                          order_id, made_at)
        SELECT c.id, o.sku, d.supplier, 'sold', c.sealed, c.fingerprint, c.serial, d.cost, o.currency, c.valid_until,
               o.id, p_at
        FROM unnest(c_g, c_id, c_order, c_sealed, c_fingerprint, c_serial, c_valid_until)
            AS c (g, id, order_id, sealed, fingerprint, serial, valid_until)
        JOIN unnest(d_g, d_order, d_supplier, d_cost) AS d (g, order_id, supplier, cost)
            ON d.g = c.g AND d.order_id = c.order_id
        JOIN orders o ON o.id = c.order_id
        WHERE v_result[c.g] = 'won';
    END IF;
    IF cardinality(d_g) > 0 THEN
        UPDATE code k SET state = 'sold', order_id = d.order_id
        FROM unnest(d_g, d_order, d_stock) AS d (g, order_id, stock)
        WHERE k.id = d.stock AND v_result[d.g] = 'won';

        INSERT INTO delivery (order_id, kind, supplier, supplier_id, cost_minor, attempt_id, code_id, at)
        SELECT d.order_id, d.kind, d.supplier, d.supplier_id, d.cost, d.attempt, coalesce(d.stock, c.id), p_at
        FROM unnest(d_g, d_order, d_kind, d_supplier, d_supplier_id, d_cost, d_attempt, d_stock)
            AS d (g, order_id, kind, supplier, supplier_id, cost, attempt, stock)
        LEFT JOIN unnest(c_g, c_id, c_order) AS c (g, id, order_id) ON c.g = d.g AND c.order_id = d.order_id
        WHERE v_result[d.g] = 'won';
    END IF;
    IF cardinality(o_g) > 0 THEN
        INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
        SELECT o.reference, o.topic, o.order_id, p_at, p_at
        FROM unnest(o_g, o_topic, o_order, o_reference) AS o (g, topic, order_id, reference)
        WHERE v_result[o.g] = 'won';
    END IF;
    IF cardinality(x_g) > 0 THEN
        UPDATE item i SET closed_at = p_at, closed_by = p_actor
        FROM unnest(x_g, x_kind, x_subject) AS x (g, kind, subject)
        WHERE i.kind = x.kind AND i.subject = x.subject AND i.closed_at IS NULL AND v_result[x.g] = 'won';
    END IF;
    IF cardinality(i_g) > 0 THEN
        INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
        SELECT i.kind, i.subject, i.order_id, i.payment_id, i.attempt_id, i.amount, i.currency, i.why::jsonb, p_at
        FROM unnest(i_g, i_kind, i_subject, i_order, i_payment, i_attempt, i_amount, i_currency, i_why)
            AS i (g, kind, subject, order_id, payment_id, attempt_id, amount, currency, why)
        WHERE v_result[i.g] = 'won'
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    END IF;
    IF cardinality(e_g) > 0 THEN
        INSERT INTO item_evidence (item_id, at, actor, step, resolution, note, facts, answers, file_name, file)
        SELECT e.item, p_at, p_actor, s.step, s.resolution, s.note, s.facts, s.answers, s.file_name, e.file
        FROM unnest(e_g, e_item, e_said, e_file) AS e (g, item, said, file)
        CROSS JOIN LATERAL jsonb_to_record(e.said::jsonb)
            AS s (step text, resolution text, note text, facts jsonb, answers bigint, file_name text)
        WHERE v_result[e.g] = 'won';
        UPDATE item i SET closed_at = p_at, closed_by = p_actor
        FROM unnest(e_g, e_item, e_said) AS e (g, item, said)
        WHERE i.id = e.item AND i.closed_at IS NULL AND v_result[e.g] = 'won' AND e.said::jsonb ->> 'step' = 'resolved';
    END IF;

    RETURN QUERY SELECT n::int, r FROM unnest(v_result) WITH ORDINALITY AS u (r, n) ORDER BY n;
    PERFORM opla_writes(false);
END $$;

-- Journal lines and the balances beside them, in one movement. Internal: called by functions of ours only.
CREATE OR REPLACE FUNCTION opla_post(
    p_at timestamptz, p_event bigint[], p_debit text[], p_credit text[], p_amount bigint[], p_currency text[],
    p_reason text[], p_phase text[], p_order uuid[], p_payment uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_lines bigint;
BEGIN
    INSERT INTO account (code, kind, currency, side)
    SELECT c.code, k.kind, reverse(split_part(reverse(c.code), ':', 1)), k.side
    FROM (SELECT DISTINCT unnest(p_debit || p_credit) AS code) c
    JOIN account_kind k ON k.kind = split_part(c.code, ':', 1)
    WHERE NOT EXISTS (SELECT FROM account a WHERE a.code = c.code)
    ORDER BY c.code
    ON CONFLICT (code) DO NOTHING;

    PERFORM 1 FROM account WHERE code = ANY (p_debit || p_credit) ORDER BY id FOR NO KEY UPDATE;

    INSERT INTO transfer (at, event_id, debit, credit, amount_minor, currency, reason, phase, order_id, payment_id)
    SELECT p_at, t.event, d.id, c.id, t.amount, t.currency, t.reason, t.phase, t.order_id, t.payment_id
    FROM unnest(p_event, p_debit, p_credit, p_amount, p_currency, p_reason, p_phase, p_order, p_payment)
        WITH ORDINALITY AS t (event, debit, credit, amount, currency, reason, phase, order_id, payment_id, n)
    JOIN account d ON d.code = t.debit AND d.currency = t.currency
    JOIN account c ON c.code = t.credit AND c.currency = t.currency
    ORDER BY t.n;
    GET DIAGNOSTICS v_lines = ROW_COUNT;
    -- After the lines were written: whoever closes a day keeps writers waiting there, and this sees what they waited for.
    IF EXISTS (SELECT FROM day_close WHERE until_at > p_at) THEN
        RAISE EXCEPTION 'a journal line is dated % into a closed day', p_at USING ERRCODE = 'check_violation';
    END IF;
    IF v_lines <> cardinality(p_amount) THEN
        RAISE EXCEPTION 'a journal line names an account that is unknown or of another currency'
            USING ERRCODE = 'check_violation';
    END IF;

    UPDATE account a SET
        debits_posted = a.debits_posted + w.debits_posted,
        credits_posted = a.credits_posted + w.credits_posted,
        debits_pending = a.debits_pending + w.debits_pending,
        credits_pending = a.credits_pending + w.credits_pending
    FROM (
        SELECT code,
            coalesce(sum(amount) FILTER (WHERE side = 'debit' AND phase = 'posted'), 0) AS debits_posted,
            coalesce(sum(amount) FILTER (WHERE side = 'credit' AND phase = 'posted'), 0) AS credits_posted,
            coalesce(sum(CASE phase WHEN 'held' THEN amount WHEN 'released' THEN -amount END)
                FILTER (WHERE side = 'debit'), 0) AS debits_pending,
            coalesce(sum(CASE phase WHEN 'held' THEN amount WHEN 'released' THEN -amount END)
                FILTER (WHERE side = 'credit'), 0) AS credits_pending
        FROM (
            SELECT debit AS code, 'debit' AS side, amount, phase FROM unnest(p_debit, p_amount, p_phase) AS t (debit, amount, phase)
            UNION ALL
            SELECT credit, 'credit', amount, phase FROM unnest(p_credit, p_amount, p_phase) AS t (credit, amount, phase)
        ) lines
        GROUP BY code
    ) w
    WHERE a.code = w.code;
END $$;
