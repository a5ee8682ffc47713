-- One day, fixed for ever: `closed`, `again` (it was closed before), or `day_out_of_order`. Days follow each other
-- without a gap, from the day of the first event on.
CREATE OR REPLACE FUNCTION opla_close_day(
    p_at timestamptz, p_actor text, p_day date, p_from timestamptz, p_until timestamptz
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_last date;
BEGIN
    -- Whoever writes an event or a line waits until the day stands, and then finds it closed (opla_refuse_closed looks
    -- after they wrote). Nor do two of those who close go side by side. An event is written before its lines: so in that
    -- order, or two would wait for each other.
    LOCK TABLE event, transfer IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM day_close WHERE day = p_day) THEN
        RETURN 'again';
    END IF;
    SELECT max(day) INTO v_last FROM day_close;
    IF v_last IS NOT NULL AND v_last <> p_day - 1
       OR v_last IS NULL AND EXISTS (SELECT FROM event WHERE at < p_from) THEN
        RETURN 'day_out_of_order';
    END IF;
    PERFORM opla_writes(true);

    INSERT INTO day_close (day, from_at, until_at, placed, delivered, refunded, holding, items_opened, items_closed,
                           items_open, closed_at, closed_by)
    SELECT p_day, p_from, p_until,
           count(*) FILTER (WHERE e.name IN ('placed', 'reserved')),
           count(*) FILTER (WHERE e.name = 'delivered'),
           count(*) FILTER (WHERE e.target = 'refunded' AND e.source <> 'refunded'),
           -- money is held for an order while it is paid; for a reseller's from when it is placed
           coalesce((SELECT c.holding FROM day_close c WHERE c.day = v_last), 0)
             + count(*) FILTER (WHERE e.name = 'reserved' OR e.target = 'paid' AND e.source <> 'paid' AND e.name <> 'paid_from_float')
             - count(*) FILTER (WHERE e.source = 'paid' AND e.target <> 'paid' OR e.source = 'placed' AND e.name = 'freed'),
           (SELECT count(*) FROM item WHERE opened_at >= p_from AND opened_at < p_until),
           (SELECT count(*) FROM item WHERE closed_at >= p_from AND closed_at < p_until),
           (SELECT count(*) FROM item WHERE opened_at < p_until AND (closed_at IS NULL OR closed_at >= p_until)),
           p_at, p_actor
    FROM event e WHERE e.subject = 'order' AND e.at >= p_from AND e.at < p_until;

    INSERT INTO day_account (day, account, currency, opening_minor, debits_minor, credits_minor, closing_minor, held_minor)
    SELECT p_day, code, min(currency), sum(opening), sum(debits), sum(credits), sum(opening + debits - credits), sum(held)
    FROM (
        SELECT d.account AS code, d.currency, d.closing_minor AS opening, 0::bigint AS debits, 0::bigint AS credits,
               d.held_minor AS held
        FROM day_account d WHERE d.day = v_last
        UNION ALL
        SELECT a.code, a.currency, 0,
               CASE WHEN t.phase = 'posted' THEN t.amount_minor * t.debited ELSE 0 END,
               CASE WHEN t.phase = 'posted' THEN t.amount_minor * (1 - t.debited) ELSE 0 END,
               CASE t.phase WHEN 'held' THEN 1 WHEN 'released' THEN -1 ELSE 0 END * t.amount_minor * (2 * t.debited - 1)
        FROM (
            SELECT debit AS account, 1 AS debited, amount_minor, phase FROM transfer WHERE at >= p_from AND at < p_until
            UNION ALL
            SELECT credit, 0, amount_minor, phase FROM transfer WHERE at >= p_from AND at < p_until
        ) t JOIN account a ON a.id = t.account
    ) lines
    GROUP BY code;
    PERFORM opla_writes(false);
    RETURN 'closed';
END $$;
