-- Decisions of the core, written whole or not at all. One group (`g`) is one Change; the arrays of its parts are
-- columns. A group wins when every subject it moves is still where the decision found it; a group that lost writes
-- nothing and is told so. Locks are taken in one order everywhere: payments, orders, refunds, attempts, accounts,
-- each by id (wishes of texts, then counts of promotions, before accounts); an account is updated once per call however many groups touch it.
--
-- Results per group: won · lost (decided on old news) · refund_too_much · provider_id_taken · code_known ·
-- item_closed · still_running (what a person says of an item: it is closed already; somebody is being asked just now)

-- What a decision about money that goes back was made from, as `Payment.seen` of the core writes it.
CREATE OR REPLACE FUNCTION opla_seen(p payment) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT concat_ws('/', p.captured_minor, p.refunded_minor, p.refunding_minor, (
        SELECT coalesce(sum(r.amount_minor), 0) FROM refund r JOIN attempt a ON a.refund_id = r.id
        WHERE r.payment_id = p.id AND r.state = 'due' AND a.state NOT IN ('new', 'claimed', 'declined')
    ), p.charged_back_minor, p.outside_minor)
$$;

-- What of an order's price was given back by choice, its customer's (a code given back unseen) included.
CREATE OR REPLACE FUNCTION opla_given_back(p_order uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(sum(amount_minor), 0)::bigint FROM refund
    WHERE order_id = p_order AND reason IN ('choice', 'goodwill', 'unseen', 'card_lost', 'card_returned') AND state NOT IN ('asked', 'denied')
$$;

CREATE OR REPLACE FUNCTION opla_apply(
    p_at timestamptz, p_actor text, p_groups int,
    m_g int[], m_subject text[], m_id uuid[], m_source text[], m_target text[], m_event text[], m_why text[],
    t_m int[], t_debit text[], t_credit text[], t_amount bigint[], t_currency text[], t_reason text[], t_phase text[],
    t_order uuid[], t_payment uuid[],
    n_g int[], n_attempt uuid[], n_answer text[], n_due timestamptz[], n_tries int[], n_provider_id text[], n_redirect text[],
    n_why text[], n_evidence text[],
    s_g int[], s_payment uuid[], s_captured bigint[], s_refunding bigint[], s_refunded bigint[], s_charged_back bigint[],
    s_outside bigint[], s_seen text[],
    a_g int[], a_id uuid[], a_kind text[], a_adapter text[], a_reference text[], a_due timestamptz[], a_order uuid[],
    a_payment uuid[], a_refund uuid[],
    r_g int[], r_id uuid[], r_payment uuid[], r_order uuid[], r_amount bigint[], r_currency text[], r_reason text[],
    r_why text[], r_evidence text[],
    d_g int[], d_order uuid[], d_kind text[], d_supplier text[], d_supplier_id text[], d_cost bigint[], d_attempt uuid[],
    d_stock uuid[],
    c_g int[], c_id uuid[], c_order uuid[], c_sealed bytea[], c_fingerprint bytea[], c_serial text[], c_valid_until date[],
    o_g int[], o_topic text[], o_order uuid[], o_reference text[],
    i_g int[], i_kind text[], i_subject uuid[], i_order uuid[], i_payment uuid[], i_attempt uuid[], i_amount bigint[],
    i_currency text[], i_why text[],
    x_g int[], x_kind text[], x_subject uuid[],
    e_g int[], e_item bigint[], e_said text[], e_file bytea[],
    k_g int[], k_code uuid[], k_order uuid[], k_target text[], k_revealed boolean[],
    b_g int[], b_kind text[], b_body text[]  -- what is rare, as JSON: a function has at most a hundred arguments
) RETURNS TABLE (g int, result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_result text[] := array_fill('won'::text, ARRAY[p_groups]);
    -- The same as yes or no, and 0 for "no event": an array of fixed-length values without nulls is read at any place
    -- at once, a text array from its beginning each time.
    v_won boolean[];
    v_event bigint[];
    v_event_ids regclass := pg_get_serial_sequence('event', 'id');
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
        UNION SELECT unnest(n_attempt)
        -- when a refund ends, its payment is looked at again (below)
        UNION SELECT c.id FROM unnest(m_subject, m_id) AS m (subject, id)
            JOIN refund r ON m.subject = 'refund' AND r.id = m.id JOIN attempt c ON c.payment_id = r.payment_id
            WHERE 'refund' = ANY (m_subject)
        ) ORDER BY id FOR NO KEY UPDATE;
    IF 'card' = ANY (m_subject) THEN
        PERFORM 1 FROM card WHERE id IN (
            SELECT id FROM unnest(m_subject, m_id) AS m (subject, id) WHERE subject = 'card') ORDER BY id FOR NO KEY UPDATE;
    END IF;

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
        LEFT JOIN card k ON m.subject = 'card' AND k.id = m.id
        WHERE coalesce(o.state, p.state, r.state, a.state, k.state) IS DISTINCT FROM m.source OR m.first_g <> m.g
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
    --    So must what had gone back, where the decision rests on it; and whoever comes later in this call decides again.
    IF cardinality(array_remove(s_seen, '')) > 0 THEN
        FOR v_bad IN
            SELECT s.g
            FROM (
                SELECT g, payment, seen, min(g) OVER (PARTITION BY payment) AS first_g
                FROM unnest(s_g, s_payment, s_seen) AS u (g, payment, seen)
            ) s
            JOIN payment p ON p.id = s.payment
            WHERE s.seen <> '' AND (s.g <> s.first_g OR s.seen <> opla_seen(p))
        LOOP
            v_result[v_bad] := 'lost';
        END LOOP;
    END IF;
    --    Of a reseller's order that is what was given back of it, which its lock, held here, keeps as it is.
    IF 'given_back' = ANY (b_kind) THEN
        FOR v_bad IN
            SELECT b.g FROM unnest(b_g, b_kind, b_body) AS b (g, kind, body)
            CROSS JOIN LATERAL jsonb_to_record(b.body::jsonb) AS f (order_id uuid, amount bigint)
            WHERE b.kind = 'given_back' AND f.amount <> opla_given_back(f.order_id)
        LOOP
            v_result[v_bad] := 'lost';
        END LOOP;
    END IF;
    --    And whether somebody has seen a code that is taken back: whoever opens one waits for the order's lock, held here.
    IF cardinality(k_g) > 0 THEN
        FOR v_bad IN
            SELECT k.g FROM unnest(k_g, k_code, k_order, k_revealed) AS k (g, code, order_id, revealed)
            WHERE k.revealed <> opla_code_seen(k.order_id)
               OR NOT EXISTS (SELECT FROM code c WHERE c.id = k.code AND c.order_id = k.order_id AND c.state = 'sold')
        LOOP
            v_result[v_bad] := 'lost';
        END LOOP;
    END IF;

    --    And that nobody else has paid meanwhile for what was asked for by text: its wishes are locked, so that of two
    --    payments that arrive at once one waits here, and is then decided again.
    IF 'paid' = ANY (m_event) AND EXISTS (SELECT FROM text_wish WHERE ask IS NOT NULL) THEN
        PERFORM 1 FROM text_wish WHERE ask IN (
            SELECT w.ask FROM unnest(m_subject, m_id, m_event) AS m (subject, id, event)
            JOIN orders o ON o.id = m.id JOIN text_wish w ON w.quote_id = o.quote_id
            WHERE m.subject = 'order' AND m.event = 'paid') ORDER BY quote_id FOR NO KEY UPDATE;
        FOR v_bad IN
            SELECT DISTINCT m.g FROM (
                SELECT u.g, u.id, w.ask, row_number() OVER (PARTITION BY w.ask ORDER BY u.g, u.id) AS place
                FROM unnest(m_g, m_subject, m_id, m_event) AS u (g, subject, id, event)
                JOIN orders o ON o.id = u.id JOIN text_wish w ON w.quote_id = o.quote_id
                WHERE u.subject = 'order' AND u.event = 'paid' AND w.ask IS NOT NULL
            ) m WHERE m.place > 1 OR opla_text_ask_bought(m.ask, m.id)
        LOOP
            v_result[v_bad] := 'lost';
        END LOOP;
    END IF;

    --    And that a card is still whose it was: of cards that wait on a shelf the state does not say that.
    IF 'card' = ANY (b_kind) THEN
        FOR v_bad IN
            SELECT b.g FROM unnest(b_g, b_kind, b_body) AS b (g, kind, body)
            CROSS JOIN LATERAL jsonb_to_record(b.body::jsonb) AS f (card uuid, was_of uuid)
            JOIN card k ON k.id = f.card
            WHERE b.kind = 'card' AND k.order_id IS DISTINCT FROM f.was_of
        LOOP
            v_result[v_bad] := 'lost';
        END LOOP;
    END IF;

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
    IF cardinality(r_g) > 0 OR 'approved' = ANY (m_event) THEN
        FOR v_bad IN
            SELECT DISTINCT w.g
            FROM (
                SELECT r.g, r.payment, sum(r.amount) OVER (PARTITION BY r.payment ORDER BY r.g) AS asked_minor
                FROM (
                    SELECT * FROM unnest(r_g, r_payment, r_amount) AS r (g, payment, amount)
                    UNION ALL
                    SELECT m.g, r.payment_id, r.amount_minor FROM unnest(m_g, m_subject, m_id, m_target)
                        AS m (g, subject, id, target) JOIN refund r ON r.id = m.id
                    WHERE m.subject = 'refund' AND m.target = 'due'
                ) r WHERE v_result[r.g] = 'won'
            ) w
            JOIN payment p ON p.id = w.payment
            LEFT JOIN LATERAL (
                SELECT sum(s.captured - s.charged_back - s.outside) AS captured
                FROM unnest(s_g, s_payment, s_captured, s_charged_back, s_outside)
                    AS s (g, payment, captured, charged_back, outside)
                WHERE s.g = w.g AND s.payment = w.payment
            ) s ON true
            WHERE p.captured_minor + coalesce(s.captured, 0) - p.refunded_minor - p.refunding_minor
                  - p.charged_back_minor - p.outside_minor < w.asked_minor
        LOOP
            v_result[v_bad] := 'refund_too_much';
        END LOOP;
    END IF;
    IF 'given_back' = ANY (b_kind) THEN  -- to a float never more than the price
        FOR v_bad IN
            SELECT r.g FROM (
                SELECT g, order_id, amount FROM unnest(r_g, r_payment, r_order, r_amount) AS r (g, payment, order_id, amount)
                WHERE payment IS NULL
                UNION ALL
                SELECT m.g, r.order_id, r.amount_minor FROM unnest(m_g, m_subject, m_id, m_event) AS m (g, subject, id, event)
                JOIN refund r ON r.id = m.id WHERE m.subject = 'refund' AND m.event = 'credited'
            ) r JOIN orders o ON o.id = r.order_id
            WHERE v_result[r.g] = 'won' AND (o.reseller = ''
                OR opla_given_back(o.id) + r.amount > o.face_minor + o.fee_minor - o.discount_minor)
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
    -- A code of our own shelf is delivered by the attempt that holds it: it may have come back and gone elsewhere.
    IF cardinality(d_g) > 0 THEN
        FOR v_bad IN
            SELECT d.g FROM unnest(d_g, d_attempt, d_stock) AS d (g, attempt, stock)
            JOIN attempt a ON a.id = d.attempt JOIN code k ON k.id = d.stock
            WHERE d.stock IS NOT NULL AND v_result[d.g] = 'won'
              AND (k.state <> 'claimed' OR k.claimed_by IS DISTINCT FROM a.reference)
        LOOP
            v_result[v_bad] := 'code_known';
        END LOOP;
    END IF;
    FOR v_bad IN
        SELECT n.g
        FROM (
            SELECT u.g, u.provider_id, a.kind, a.adapter, a.provider_id AS known_id,
                   row_number() OVER (PARTITION BY a.kind, a.adapter, u.provider_id ORDER BY u.g) AS place
            FROM unnest(n_g, n_attempt, n_provider_id) AS u (g, attempt, provider_id)
            JOIN attempt a ON a.id = u.attempt
            WHERE u.provider_id <> '' AND a.provider_id <> u.provider_id
        ) n
        WHERE n.known_id <> '' OR n.place > 1 OR EXISTS (
            SELECT FROM attempt b WHERE b.kind = n.kind AND b.adapter = n.adapter AND b.provider_id = n.provider_id
                AND b.provider_id <> '')
    LOOP
        v_result[v_bad] := CASE v_result[v_bad] WHEN 'won' THEN 'provider_id_taken' ELSE v_result[v_bad] END;
    END LOOP;
    SELECT array_agg(r = 'won' ORDER BY n) INTO v_won FROM unnest(v_result) WITH ORDINALITY AS u (r, n);

    -- 4. The states.
    IF cardinality(s_g) > 0 OR 'payment' = ANY (m_subject) THEN  -- of what there is nothing, nothing is planned
        UPDATE payment p SET
            state = coalesce(w.target, p.state),
            captured_minor = p.captured_minor + coalesce(w.captured, 0),
            refunding_minor = p.refunding_minor + coalesce(w.refunding, 0),
            refunded_minor = p.refunded_minor + coalesce(w.refunded, 0),
            charged_back_minor = p.charged_back_minor + coalesce(w.charged_back, 0),
            outside_minor = p.outside_minor + coalesce(w.outside, 0)
        FROM (
            SELECT coalesce(m.id, s.payment) AS id, m.target, s.captured, s.refunding, s.refunded, s.charged_back, s.outside
            FROM (
                SELECT DISTINCT ON (id) id, target
                FROM unnest(m_g, m_subject, m_id, m_target) WITH ORDINALITY AS u (g, subject, id, target, n)
                WHERE subject = 'payment' AND v_won[g] ORDER BY id, n DESC
            ) m
            FULL JOIN (
                SELECT payment, sum(captured) AS captured, sum(refunding) AS refunding, sum(refunded) AS refunded,
                       sum(charged_back) AS charged_back, sum(outside) AS outside
                FROM unnest(s_g, s_payment, s_captured, s_refunding, s_refunded, s_charged_back, s_outside)
                    AS u (g, payment, captured, refunding, refunded, charged_back, outside)
                WHERE v_won[g] GROUP BY payment
            ) s ON s.payment = m.id
        ) w
        WHERE p.id = w.id;
    END IF;

    UPDATE orders o SET
        state = w.target,
        expires_at = NULL,
        ended_at = CASE WHEN w.target IN ('delivered', 'refunded', 'cancelled') THEN coalesce(o.ended_at, p_at) END
    FROM (
        SELECT DISTINCT ON (id) id, target
        FROM unnest(m_g, m_subject, m_id, m_target) WITH ORDINALITY AS u (g, subject, id, target, n)
        WHERE subject = 'order' AND v_won[g] ORDER BY id, n DESC
    ) w
    WHERE o.id = w.id AND o.state <> w.target;

    -- Nothing was given in the end, or what was given came back unused: so did the promotion.
    IF m_event && '{expired,paid_after,declined,called_off,reversed,returned,card_lost}' THEN
        PERFORM opla_give_back_promotions(p_at, array_agg(id)) FROM unnest(m_g, m_subject, m_id, m_event) AS m (g, subject, id, event)
        WHERE subject = 'order' AND event IN ('expired', 'paid_after', 'declined', 'called_off', 'reversed', 'returned', 'card_lost')
          AND v_won[g];
    END IF;

    IF 'refund' = ANY (m_subject) THEN
        UPDATE refund r SET
            state = w.target,
            ended_at = CASE WHEN w.target = r.state THEN r.ended_at WHEN w.target <> 'due' THEN p_at END
        FROM unnest(m_g, m_subject, m_id, m_target) AS w (g, subject, id, target)
        WHERE w.subject = 'refund' AND v_won[w.g] AND r.id = w.id;
    END IF;

    -- While a refund of ours may have been out, one that somebody made at the provider could not be told from it.
    IF 'refund' = ANY (m_subject) THEN
        UPDATE attempt c SET due_at = p_at
        FROM unnest(m_g, m_subject, m_id, m_target) AS w (g, subject, id, target) JOIN refund r ON r.id = w.id
        WHERE w.subject = 'refund' AND w.target IN ('done', 'refused') AND v_won[w.g]
          AND c.payment_id = r.payment_id AND (c.due_at IS NULL OR c.due_at > p_at);
    END IF;

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
    WHERE a.id = n.attempt AND v_won[n.g];

    -- A code that was held for a send that is over without it is for sale again.
    IF 'declined' = ANY (m_target) THEN
        UPDATE code c SET state = opla_shelf_state(c.batch_id), claimed_by = NULL
        FROM unnest(m_g, m_subject, m_id, m_target) AS m (g, subject, id, target) JOIN attempt a ON a.id = m.id
        WHERE m.subject = 'attempt' AND m.target = 'declined' AND v_won[m.g] AND a.adapter = 'code_stock'
          AND c.claimed_by = a.reference AND c.state = 'claimed';
    END IF;

    -- Cards: first nobody's, then whose they are now, so that two of them may change places.
    IF 'card' = ANY (b_kind) THEN
        UPDATE card c SET order_id = NULL
        FROM unnest(m_g, m_subject, m_id) AS m (g, subject, id) WHERE m.subject = 'card' AND m.id = c.id AND v_won[m.g];
        UPDATE card c SET state = m.target, order_id = f.order_id, tracking = f.tracking, since = p_at
        FROM unnest(m_g, m_subject, m_id, m_target) AS m (g, subject, id, target)
        JOIN (SELECT b.g, f.* FROM unnest(b_g, b_kind, b_body) AS b (g, kind, body)
              CROSS JOIN LATERAL jsonb_to_record(b.body::jsonb) AS f (card uuid, order_id uuid, tracking text)
              WHERE b.kind = 'card') f ON f.g = m.g AND f.card = m.id
        WHERE m.subject = 'card' AND v_won[m.g] AND c.id = m.id;
    END IF;

    -- A card that waited for a send that is over without it is free again, like a code.
    IF 'declined' = ANY (m_target) AND EXISTS (SELECT FROM card) THEN
        WITH freed AS (
            UPDATE card c SET state = 'in_stock', order_id = NULL, since = p_at
            FROM (
                SELECT w.id, w.state FROM unnest(m_g, m_subject, m_id, m_target) AS m (g, subject, id, target)
                JOIN attempt a ON a.id = m.id JOIN card w ON w.order_id = a.order_id
                WHERE m.subject = 'attempt' AND m.target = 'declined' AND v_won[m.g] AND a.adapter = 'card_stock'
                  AND w.state IN ('reserved', 'packed', 'ready')
                ORDER BY w.id FOR NO KEY UPDATE OF w
            ) w
            WHERE c.id = w.id
            RETURNING c.id, w.state
        )
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'card', f.id, 'freed', f.state, 'in_stock', p_actor, '' FROM freed f;
    END IF;

    IF 'fee' = ANY (b_kind) THEN
        UPDATE attempt a SET fee_minor = f.fee, fee_on = f.told_for
        FROM unnest(b_g, b_kind, b_body) AS b (g, kind, body)
        CROSS JOIN LATERAL jsonb_to_record(b.body::jsonb) AS f (attempt uuid, fee bigint, told_for text)
        WHERE b.kind = 'fee' AND a.id = f.attempt AND v_won[b.g];
    END IF;

    IF 'mandate' = ANY (b_kind) THEN
        PERFORM opla_mandate_keep(p_at, p_actor, f.id, f.payment, f.attempt, f.provider, decode(f.sealed, 'hex'), f.days)
        FROM unnest(b_g, b_kind, b_body) AS b (g, kind, body)
        CROSS JOIN LATERAL jsonb_to_record(b.body::jsonb)
            AS f (id uuid, payment uuid, attempt uuid, provider text, sealed text, days int)
        WHERE b.kind = 'mandate' AND v_won[b.g];
    END IF;

    INSERT INTO attempt_evidence (attempt_id, at, answer, why, evidence)
    SELECT n.attempt, p_at, n.answer, n.why, n.evidence::jsonb
    FROM unnest(n_g, n_attempt, n_answer, n_why, n_evidence) AS n (g, attempt, answer, why, evidence)
    WHERE v_won[n.g];

    -- 5. What happened. Event ids are drawn first, so that transfers can name their event.
    SELECT array_agg(CASE WHEN subject <> 'attempt' AND v_won[g]
                          THEN nextval(v_event_ids) ELSE 0 END ORDER BY n)
    INTO v_event
    FROM unnest(m_g, m_subject) WITH ORDINALITY AS m (g, subject, n);

    INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
    OVERRIDING SYSTEM VALUE
    SELECT v_event[m.n], p_at, m.subject, m.id, m.event, m.source, m.target, p_actor, m.why
    FROM unnest(m_subject, m_id, m_event, m_source, m_target, m_why)
        WITH ORDINALITY AS m (subject, id, event, source, target, why, n)
    WHERE v_event[m.n] <> 0
    ORDER BY m.n;

    -- 6. What follows.
    IF cardinality(e_g) > 0 AND EXISTS (SELECT FROM order_in_doubt WHERE cleared_at IS NULL) THEN
        UPDATE order_in_doubt d SET cleared_at = p_at, cleared_by = p_actor  -- a person says that it was not sent, or paid back
        FROM unnest(e_g, e_item, e_said) AS e (g, item, said) JOIN item i ON i.id = e.item
        WHERE d.order_id = i.order_id AND d.cleared_at IS NULL AND v_won[e.g] AND e.said::jsonb ->> 'step' = 'resolved'
          AND e.said::jsonb ->> 'resolution' IN ('not_delivered', 'not_paid_back');
    END IF;
    IF cardinality(r_g) > 0 THEN
        INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason, why, evidence, state, actor, made_at,
                            ended_at)
        SELECT r.id, r.payment, r.order_id, r.amount, r.currency, r.reason, r.why, r.evidence,
               CASE WHEN r.payment IS NULL THEN 'done' ELSE 'due' END, p_actor, p_at,
               CASE WHEN r.payment IS NULL THEN p_at END
        FROM unnest(r_g, r_id, r_payment, r_order, r_amount, r_currency, r_reason, r_why, r_evidence)
            AS r (g, id, payment, order_id, amount, currency, reason, why, evidence)
        WHERE v_won[r.g];
    END IF;
    IF cardinality(a_g) > 0 THEN
        INSERT INTO attempt (id, kind, adapter, reference, state, order_id, payment_id, refund_id, made_at, due_at)
        SELECT a.id, a.kind, a.adapter, a.reference, 'new', a.order_id, a.payment_id, a.refund_id, p_at, a.due
        FROM unnest(a_g, a_id, a_kind, a_adapter, a_reference, a_due, a_order, a_payment, a_refund)
            AS a (g, id, kind, adapter, reference, due, order_id, payment_id, refund_id)
        WHERE v_won[a.g];
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
        WHERE v_won[c.g];
    END IF;
    IF cardinality(d_g) > 0 THEN
        UPDATE code k SET state = 'sold', order_id = d.order_id
        FROM unnest(d_g, d_order, d_stock) AS d (g, order_id, stock)
        WHERE k.id = d.stock AND v_won[d.g];

        INSERT INTO delivery (order_id, kind, supplier, supplier_id, cost_minor, attempt_id, code_id, at)
        SELECT d.order_id, d.kind, d.supplier, d.supplier_id, d.cost, d.attempt, coalesce(d.stock, c.id), p_at
        FROM unnest(d_g, d_order, d_kind, d_supplier, d_supplier_id, d_cost, d_attempt, d_stock)
            AS d (g, order_id, kind, supplier, supplier_id, cost, attempt, stock)
        LEFT JOIN unnest(c_g, c_id, c_order) AS c (g, id, order_id) ON c.g = d.g AND c.order_id = d.order_id
        WHERE v_won[d.g];
    END IF;
    IF cardinality(k_g) > 0 THEN
        -- Back on the shelf it is a code like any other; blocked it stays its order's, as evidence, and is never sold.
        UPDATE code c SET
            state = CASE k.target WHEN 'stock' THEN opla_shelf_state(c.batch_id) ELSE k.target END,
            order_id = CASE k.target WHEN 'blocked' THEN c.order_id END,
            claimed_by = CASE k.target WHEN 'blocked' THEN c.claimed_by END
        FROM unnest(k_g, k_code, k_target) AS k (g, code, target)
        WHERE c.id = k.code AND v_won[k.g];
    END IF;
    IF 'conversion' = ANY (b_kind) THEN
        INSERT INTO conversion (at, order_id, reason, foreign_minor, foreign_currency, home_minor, home_currency,
                                numerator, denominator, told)
        SELECT p_at, c.*
        FROM unnest(b_g, b_kind, b_body) AS b (g, kind, body)
        CROSS JOIN LATERAL jsonb_to_record(b.body::jsonb)
            AS c (order_id uuid, reason text, abroad bigint, abroad_currency text, home bigint, home_currency text,
                  numerator bigint, denominator bigint, told text)
        WHERE b.kind = 'conversion' AND v_won[b.g];
    END IF;
    IF cardinality(o_g) > 0 THEN
        INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
        SELECT o.reference, o.topic, o.order_id, p_at, p_at
        FROM unnest(o_g, o_topic, o_order, o_reference) AS o (g, topic, order_id, reference)
        WHERE v_won[o.g];
    END IF;
    IF cardinality(x_g) > 0 THEN
        UPDATE item i SET closed_at = p_at, closed_by = p_actor
        FROM unnest(x_g, x_kind, x_subject) AS x (g, kind, subject)
        WHERE i.kind = x.kind AND i.subject = x.subject AND i.closed_at IS NULL AND v_won[x.g];
    END IF;
    IF cardinality(i_g) > 0 THEN
        INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
        SELECT i.kind, i.subject, i.order_id, i.payment_id, i.attempt_id, i.amount, i.currency, i.why::jsonb, p_at
        FROM unnest(i_g, i_kind, i_subject, i_order, i_payment, i_attempt, i_amount, i_currency, i_why)
            AS i (g, kind, subject, order_id, payment_id, attempt_id, amount, currency, why)
        WHERE v_won[i.g]
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    END IF;
    IF cardinality(e_g) > 0 THEN
        INSERT INTO item_evidence (item_id, at, actor, step, resolution, note, facts, answers, file_name, file)
        SELECT e.item, p_at, p_actor, s.step, s.resolution, s.note, s.facts, s.answers, s.file_name, e.file
        FROM unnest(e_g, e_item, e_said, e_file) AS e (g, item, said, file)
        CROSS JOIN LATERAL jsonb_to_record(e.said::jsonb)
            AS s (step text, resolution text, note text, facts jsonb, answers bigint, file_name text)
        WHERE v_won[e.g];
        UPDATE item i SET closed_at = p_at, closed_by = p_actor
        FROM unnest(e_g, e_item, e_said) AS e (g, item, said)
        WHERE i.id = e.item AND i.closed_at IS NULL AND v_won[e.g] AND e.said::jsonb ->> 'step' = 'resolved';
    END IF;

    -- 7. The money. Its accounts are everybody's: they are locked for as short as can be.
    IF cardinality(t_m) > 0 THEN
        PERFORM opla_post(p_at, array_agg(v_event[t.m] ORDER BY t.n), t_debit, t_credit, t_amount, t_currency, t_reason, t_phase,
            t_order, t_payment)
        FROM unnest(t_m) WITH ORDINALITY AS t (m, n);
    END IF;
    IF EXISTS (SELECT FROM deposit WHERE payment_id = ANY (s_payment)) THEN
        PERFORM opla_deposits_changed(p_at,
            ARRAY(SELECT DISTINCT payment FROM unnest(s_g, s_payment) AS s (g, payment) WHERE v_won[g]),
            ARRAY(SELECT id FROM unnest(m_g, m_subject, m_id, m_event) AS m (g, subject, id, event)
                  WHERE subject = 'payment' AND event = 'paid_in' AND v_won[g]));
    END IF;

    RETURN QUERY SELECT n::int, r FROM unnest(v_result) WITH ORDINALITY AS u (r, n) ORDER BY n;
    PERFORM opla_writes(false);
END $$;

-- Journal lines and the balances beside them, in one movement; lines of event 0 are left out (their change lost).
-- Internal: called by functions of ours only.
CREATE OR REPLACE FUNCTION opla_post(
    p_at timestamptz, p_event bigint[], p_debit text[], p_credit text[], p_amount bigint[], p_currency text[],
    p_reason text[], p_phase text[], p_order uuid[], p_payment uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_lines bigint;
    v_codes text[];
BEGIN
    SELECT array_agg(code) INTO v_codes FROM (
        SELECT debit AS code FROM unnest(p_event, p_debit) AS t (event, debit) WHERE event <> 0
        UNION SELECT credit FROM unnest(p_event, p_credit) AS t (event, credit) WHERE event <> 0
    ) c;
    IF v_codes IS NULL THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM unnest(v_codes) AS c (code) WHERE NOT EXISTS (SELECT FROM account a WHERE a.code = c.code)) THEN
        INSERT INTO account (code, kind, currency, side)
        SELECT c.code, k.kind, reverse(split_part(reverse(c.code), ':', 1)), k.side
        FROM unnest(v_codes) AS c (code) JOIN account_kind k ON k.kind = split_part(c.code, ':', 1)
        ORDER BY c.code
        ON CONFLICT (code) DO NOTHING;
    END IF;

    INSERT INTO transfer (at, event_id, debit, credit, amount_minor, currency, reason, phase, order_id, payment_id)
    SELECT p_at, t.event, d.id, c.id, t.amount, t.currency, t.reason, t.phase, t.order_id, t.payment_id
    FROM unnest(p_event, p_debit, p_credit, p_amount, p_currency, p_reason, p_phase, p_order, p_payment)
        WITH ORDINALITY AS t (event, debit, credit, amount, currency, reason, phase, order_id, payment_id, n)
    JOIN account d ON d.code = t.debit AND d.currency = t.currency
    JOIN account c ON c.code = t.credit AND c.currency = t.currency
    WHERE t.event <> 0
    ORDER BY t.n;
    GET DIAGNOSTICS v_lines = ROW_COUNT;
    IF v_lines <> (SELECT count(*) FROM unnest(p_event) AS e (id) WHERE e.id <> 0) THEN
        RAISE EXCEPTION 'a journal line names an account that is unknown or of another currency'
            USING ERRCODE = 'check_violation';
    END IF;

    -- Last of all, because everybody else waits for these rows.
    PERFORM 1 FROM account WHERE code = ANY (v_codes) ORDER BY id FOR NO KEY UPDATE;
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
            -- summed by accounts and phase first: a batch has thousands of lines and a handful of those
            SELECT debit, credit, phase, sum(amount) AS amount
            FROM unnest(p_event, p_debit, p_credit, p_amount, p_phase) AS t (event, debit, credit, amount, phase)
            WHERE event <> 0 GROUP BY debit, credit, phase
        ) t CROSS JOIN LATERAL (VALUES (t.debit, 'debit'), (t.credit, 'credit')) AS s (code, side)
        GROUP BY code
    ) w
    WHERE a.code = w.code;
END $$;
