-- Partner shops: what was agreed, each day closed once, and what was paid to them (opla.core.partner).

-- An agreement as the owner wants it, and the places that are this partner's: kept · place_taken (one is another's).
-- A place that is taken off is theirs until yesterday, or until their agreement's end where that was before; never less
-- than the days that were closed with it. A place is theirs from the first day of a new agreement, else from today; and
-- never from a day on which it was somebody's.
CREATE OR REPLACE FUNCTION opla_partner(
    p_at timestamptz, p_actor text, p_event uuid, p_name text, p_title text, p_enterprise text, p_permille int, p_email text,
    p_language text, p_agreed date, p_ends date, p_paper text, p_places bigint[]
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_today date := (p_at AT TIME ZONE 'Europe/Brussels')::date;
    v_was date;  -- the first day, as it was agreed before
    v_until date;
BEGIN
    PERFORM opla_writes(true);
    LOCK TABLE partner_place IN SHARE ROW EXCLUSIVE MODE;  -- two owners do not give one place to two partners
    IF EXISTS (SELECT FROM partner_place WHERE place_id = ANY (p_places) AND partner <> p_name AND until_on IS NULL) THEN
        PERFORM opla_writes(false);
        RETURN 'place_taken';
    END IF;
    SELECT agreed_on INTO v_was FROM partner WHERE name = p_name;
    INSERT INTO partner (name, title, enterprise, permille, email, language, agreed_on, ends_on, paper, changed_at, changed_by)
    VALUES (p_name, p_title, p_enterprise, p_permille, p_email, p_language, p_agreed, p_ends, p_paper, p_at, p_actor)
    ON CONFLICT (name) DO UPDATE SET title = p_title, enterprise = p_enterprise, permille = p_permille, email = p_email,
        language = p_language, agreed_on = p_agreed, ends_on = p_ends, paper = p_paper, changed_at = p_at, changed_by = p_actor;
    v_until := least(v_today, greatest(coalesce(p_ends, v_today),
                                       (SELECT max(day) + 1 FROM partner_day WHERE partner = p_name)));
    DELETE FROM partner_place
    WHERE partner = p_name AND until_on IS NULL AND place_id <> ALL (p_places) AND from_on >= v_until;  -- on no day theirs
    UPDATE partner_place SET until_on = v_until
    WHERE partner = p_name AND until_on IS NULL AND place_id <> ALL (p_places);
    -- what began with the agreement begins with it still, where it begins earlier now
    UPDATE partner_place l SET from_on = greatest(p_agreed,
        (SELECT max(b.until_on) FROM partner_place b WHERE b.place_id = l.place_id))
    WHERE l.partner = p_name AND l.until_on IS NULL AND l.from_on = v_was AND p_agreed < v_was;
    INSERT INTO partner_place (place_id, partner, from_on)
    SELECT w.place, p_name, greatest(p_agreed, CASE WHEN v_was IS NOT NULL THEN v_today END,
                                     (SELECT max(b.until_on) FROM partner_place b WHERE b.place_id = w.place))
    FROM unnest(p_places) AS w (place)
    WHERE NOT EXISTS (SELECT FROM partner_place l WHERE l.place_id = w.place AND l.until_on IS NULL);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'partner', p_event, 'agreed', '', '', p_actor, concat_ws(' ', p_name, p_permille, p_agreed, p_ends));
    PERFORM opla_writes(false);
    RETURN 'kept';
END $$;

-- What was taken and given back in a time at the places that were a partner's on that day. Coins by the drawers' lines; cards, on machines that stand
-- there, by what was captured and went back of their payments.
CREATE OR REPLACE FUNCTION opla_partner_sums(p_partner text, p_since timestamptz, p_until timestamptz, p_currency text)
RETURNS TABLE (cash bigint, card bigint, back bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH line AS (
        SELECT l.settled_minor AS minor FROM drawer_line l JOIN drawer d ON d.name = l.drawer
        JOIN partner_place p ON p.place_id = d.place_id AND p.partner = p_partner
        WHERE l.at >= p_since AND l.at < p_until AND l.currency = p_currency
          AND (l.at AT TIME ZONE 'Europe/Brussels')::date <@ daterange(p.from_on, p.until_on)
          AND l.kind IN ('taken', 'voided', 'paid_out', 'voucher_sold', 'voucher_back')
    ), swiped AS (
        SELECT CASE t.reason WHEN 'captured' THEN t.amount_minor ELSE -t.amount_minor END AS minor
        FROM terminal_payment m JOIN terminal k ON k.name = m.terminal
        LEFT JOIN drawer d ON d.name = k.drawer LEFT JOIN station s ON s.name = k.station
        JOIN partner_place p ON p.place_id = coalesce(d.place_id, s.place_id) AND p.partner = p_partner
        JOIN every_transfer t ON t.payment_id = m.payment_id AND t.reason IN ('captured', 'refund_paid') AND t.currency = p_currency
        WHERE t.at >= p_since AND t.at < p_until
          AND (t.at AT TIME ZONE 'Europe/Brussels')::date <@ daterange(p.from_on, p.until_on)
    )
    SELECT coalesce((SELECT sum(minor) FROM line WHERE minor > 0), 0)::bigint,
           coalesce((SELECT sum(minor) FROM swiped WHERE minor > 0), 0)::bigint,
           coalesce((SELECT -sum(minor) FROM line WHERE minor < 0), 0)::bigint
               + coalesce((SELECT -sum(minor) FROM swiped WHERE minor < 0), 0)::bigint
$$;

-- A day is closed, once, with what the core made of its sums. False: it was before, or is not agreed any more.
CREATE OR REPLACE FUNCTION opla_partner_day(
    p_at timestamptz, p_actor text, p_event uuid, p_partner text, p_day date, p_currency text, p_cash bigint, p_card bigint,
    p_back bigint, p_permille int, p_commission bigint
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_event bigint;
BEGIN
    PERFORM opla_writes(true);
    -- held, so that its places do not become another's for this day meanwhile
    PERFORM FROM partner WHERE name = p_partner AND p_day >= agreed_on AND (ends_on IS NULL OR p_day < ends_on) FOR SHARE;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    INSERT INTO partner_day (partner, day, currency, cash_minor, card_minor, back_minor, permille, commission_minor, closed_at)
    VALUES (p_partner, p_day, p_currency, p_cash, p_card, p_back, p_permille, p_commission, p_at)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'partner', p_event, 'day_closed', '', '', p_actor, concat_ws(' ', p_partner, p_day)) RETURNING id INTO v_event;
    IF p_commission <> 0 THEN
        PERFORM opla_post(p_at, ARRAY[v_event],
            ARRAY[CASE WHEN p_commission > 0 THEN 'commissions:' || p_currency ELSE 'partner_owed:' || p_partner || ':' || p_currency END],
            ARRAY[CASE WHEN p_commission > 0 THEN 'partner_owed:' || p_partner || ':' || p_currency ELSE 'commissions:' || p_currency END],
            ARRAY[abs(p_commission)], ARRAY[p_currency],
            ARRAY[CASE WHEN p_commission > 0 THEN 'commission' ELSE 'commission_back' END], ARRAY['posted'],
            ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
    END IF;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- The owner paid a partner from the bank: paid · again (this very line) · too_much (more than is owed) · key_reused
CREATE OR REPLACE FUNCTION opla_partner_paid(
    p_at timestamptz, p_actor text, p_id uuid, p_partner text, p_amount bigint, p_currency text, p_why text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_event bigint;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM partner WHERE name = p_partner FOR UPDATE;
    IF EXISTS (SELECT FROM partner_paid WHERE id = p_id) THEN
        PERFORM opla_writes(false);
        RETURN CASE WHEN EXISTS (SELECT FROM partner_paid WHERE id = p_id AND (partner, amount_minor) = (p_partner, p_amount))
                    THEN 'again' ELSE 'key_reused' END;
    END IF;
    IF coalesce((SELECT credits_posted - debits_posted FROM account
                 WHERE code = 'partner_owed:' || p_partner || ':' || p_currency), 0) < p_amount THEN
        PERFORM opla_writes(false);
        RETURN 'too_much';
    END IF;
    INSERT INTO partner_paid (id, partner, amount_minor, currency, why, at, actor)
    VALUES (p_id, p_partner, p_amount, p_currency, p_why, p_at, p_actor);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'partner', p_id, 'paid', '', '', p_actor, p_why) RETURNING id INTO v_event;
    PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['partner_owed:' || p_partner || ':' || p_currency],
        ARRAY['bank:' || p_currency], ARRAY[p_amount], ARRAY[p_currency], ARRAY['commission_paid'], ARRAY['posted'],
        ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
    PERFORM opla_writes(false);
    RETURN 'paid';
END $$;
