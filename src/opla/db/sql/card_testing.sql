-- Card testing: payments that visitors ask for are counted before they are made (opla.core.card_testing decides).

-- Note the tries (payment, what, who, amount: one row of each), and count what each of them did since each of p_since,
-- this try among it. Nothing is noted or counted where a quote is an order already: pressed twice is tried once. Tries
-- of one source wait for each other, so that many at once are counted one by one.
CREATE OR REPLACE FUNCTION opla_card_try(
    p_at timestamptz, p_small bigint, p_since timestamptz[], p_quote uuid[],
    p_payment uuid[], p_what text[], p_who bytea[], p_amount bigint[]
) RETURNS TABLE (what text, n int, payments int, small int, numbers int, failed int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (SELECT FROM orders o WHERE o.quote_id = ANY (p_quote)) THEN
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    PERFORM pg_advisory_xact_lock(hashtextextended(w.what || encode(w.who, 'hex'), 78))
    FROM (SELECT DISTINCT u.what, u.who FROM unnest(p_what, p_who) AS u (what, who) ORDER BY 1, 2) w;
    DELETE FROM card_try WHERE ctid IN (
        SELECT ctid FROM card_try WHERE at < p_at - interval '26 hours' LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    INSERT INTO card_try (payment_id, what, who, at, amount_minor)
    SELECT u.payment_id, u.what, u.who, p_at, u.amount
    FROM unnest(p_payment, p_what, p_who, p_amount) AS u (payment_id, what, who, amount)
    ON CONFLICT DO NOTHING;
    RETURN QUERY
    WITH mine AS (SELECT DISTINCT u.what, u.who FROM unnest(p_what, p_who) AS u (what, who)),
    tried AS (
        SELECT m.what, m.who, t.payment_id, t.at, t.amount_minor, p.state = 'failed' AS failed
        FROM mine m JOIN card_try t ON t.what = m.what AND t.who = m.who
        LEFT JOIN payment p ON p.id = t.payment_id
        WHERE t.at >= (SELECT min(s) FROM unnest(p_since) s)
    ), counted AS (
        SELECT t.what, t.who, s.n, count(*) AS payments, count(*) FILTER (WHERE t.amount_minor <= p_small) AS small,
               count(*) FILTER (WHERE t.failed) AS failed
        FROM tried t JOIN unnest(p_since) WITH ORDINALITY AS s (since, n) ON t.at >= s.since
        GROUP BY t.what, t.who, s.n
    ), topped_up AS (
        SELECT t.what, t.who, s.n, count(DISTINCT x.who) AS numbers
        FROM tried t JOIN card_try x ON x.payment_id = t.payment_id AND x.what = 'number'
        JOIN unnest(p_since) WITH ORDINALITY AS s (since, n) ON t.at >= s.since
        WHERE t.what <> 'number' GROUP BY t.what, t.who, s.n
    )
    SELECT c.what, c.n::int, c.payments::int, c.small::int, coalesce(u.numbers, 0)::int, c.failed::int
    FROM counted c LEFT JOIN topped_up u USING (what, who, n) ORDER BY c.what, c.who, c.n;
    PERFORM opla_writes(false);
END $$;

-- Told to wait: these payments are never made, so they count no more. One item per p_subject (a source and an hour) tells
-- a person what was seen of the source since p_since; a closed one is not opened again.
CREATE OR REPLACE FUNCTION opla_card_stopped(
    p_at timestamptz, p_since timestamptz, p_payment uuid[], p_what text, p_who bytea, p_subject uuid, p_currency text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_why jsonb;
    v_risk bigint;
BEGIN
    PERFORM opla_writes(true);
    PERFORM pg_advisory_xact_lock(hashtextextended(p_what || encode(p_who, 'hex'), 78));
    DELETE FROM card_try t WHERE t.payment_id = ANY (p_payment);
    SELECT jsonb_build_object(
               'why', 'card_testing', 'source', p_what, 'payments', count(*)::text,
               'failed', (count(*) FILTER (WHERE p.state = 'failed'))::text,
               'numbers', (SELECT count(DISTINCT x.who) FROM card_try y
                           JOIN card_try x ON x.payment_id = y.payment_id AND x.what = 'number'
                           WHERE y.what = p_what AND y.who = p_who AND y.at >= p_since)::text,
               'orders', coalesce((SELECT string_agg(r.ticket, ' ' ORDER BY r.ticket) FROM (
                           SELECT o.ticket FROM card_try y JOIN allocation l ON l.payment_id = y.payment_id
                           JOIN orders o ON o.id = l.order_id
                           WHERE y.what = p_what AND y.who = p_who AND y.at >= p_since
                           ORDER BY o.placed_at DESC, o.id LIMIT 5) r), '')),
           coalesce(sum(p.captured_minor - p.refunded_minor - p.charged_back_minor - p.outside_minor), 0)
    INTO v_why, v_risk
    FROM card_try t LEFT JOIN payment p ON p.id = t.payment_id
    WHERE t.what = p_what AND t.who = p_who AND t.at >= p_since;
    UPDATE item i SET amount_minor = v_risk,
                      why = v_why || jsonb_build_object('turned_away', ((i.why ->> 'turned_away')::int + 1)::text)
    WHERE i.kind = 'card_testing' AND i.subject = p_subject AND i.closed_at IS NULL;
    IF NOT FOUND THEN
        INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
        SELECT 'card_testing', p_subject, v_risk, p_currency, v_why || jsonb_build_object('turned_away', '1'), p_at
        WHERE NOT EXISTS (SELECT FROM item i WHERE i.kind = 'card_testing' AND i.subject = p_subject);
    END IF;
    PERFORM opla_writes(false);
END $$;
