-- Closed months (opla.core.month): what stands of them is made of their closed days, and proves itself.

-- The digest of all that was fixed of a month, and of the month before. Times as seconds: no session's zone is in it.
CREATE OR REPLACE FUNCTION opla_month_sha256(p_month date, p_from date, p_until date, p_at timestamptz, p_actor text)
RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT sha256(convert_to(concat_ws(E'\n',
        'opla month 1',
        (SELECT encode(sha256, 'hex') FROM month_close WHERE month = (p_month - interval '1 month')::date),
        concat_ws('|', p_month - date '2000-01-01', p_from - date '2000-01-01', p_until - date '2000-01-01',
                  extract(epoch FROM p_at), p_actor),
        (SELECT string_agg(concat_ws('|', account, currency, opening_minor, debits_minor, credits_minor, closing_minor,
                                     held_minor), E'\n' ORDER BY account COLLATE "C")
         FROM month_account WHERE month = p_month),
        (SELECT string_agg(concat_ws('|', item_id, kind, amount_minor, currency, extract(epoch FROM opened_at)), E'\n'
                           ORDER BY item_id)
         FROM month_item WHERE month = p_month)
    ), 'UTF8'))
$$;

-- One month, fixed for ever: `closed`, `again` (it was closed before), `days_open` or `month_out_of_order`. Its days are
-- closed, so nothing can be dated into it any more (opla_refuse_closed).
CREATE OR REPLACE FUNCTION opla_close_month(p_at timestamptz, p_actor text, p_month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_from date;
    v_until date := (p_month + interval '1 month')::date - 1;
    v_last date;
BEGIN
    LOCK TABLE month_close IN SHARE ROW EXCLUSIVE MODE;  -- of two who close at once, one comes second
    IF EXISTS (SELECT FROM month_close WHERE month = p_month) THEN
        RETURN 'again';
    END IF;
    IF NOT EXISTS (SELECT FROM day_close WHERE day = v_until) THEN
        RETURN 'days_open';
    END IF;
    SELECT max(month) INTO v_last FROM month_close;
    IF v_last <> (p_month - interval '1 month')::date
       OR v_last IS NULL AND EXISTS (SELECT FROM day_close WHERE day < p_month) THEN
        RETURN 'month_out_of_order';
    END IF;
    SELECT min(day) INTO v_from FROM day_close WHERE day >= p_month;
    PERFORM opla_writes(true);
    INSERT INTO month_account (month, account, currency, opening_minor, debits_minor, credits_minor, closing_minor,
                               held_minor)
    SELECT p_month, l.account, l.currency, coalesce(f.opening_minor, 0), s.debits, s.credits, l.closing_minor, l.held_minor
    FROM day_account l
    JOIN (SELECT account, sum(debits_minor) AS debits, sum(credits_minor) AS credits FROM day_account
          WHERE day BETWEEN v_from AND v_until GROUP BY account) s ON s.account = l.account
    LEFT JOIN day_account f ON f.day = v_from AND f.account = l.account
    WHERE l.day = v_until;
    INSERT INTO month_item (month, item_id, kind, amount_minor, currency, opened_at)
    SELECT p_month, id, kind, amount_minor, currency, opened_at FROM item
    WHERE closed_at IS NULL AND opened_at < (SELECT until_at FROM day_close WHERE day = v_until);
    INSERT INTO month_close (month, from_day, until_day, closed_at, closed_by, sha256)
    VALUES (p_month, v_from, v_until, p_at, p_actor, opla_month_sha256(p_month, v_from, v_until, p_at, p_actor));
    PERFORM opla_writes(false);
    RETURN 'closed';
END $$;
