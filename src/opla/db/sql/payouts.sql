-- What payment providers paid out: read by a worker, judged by the core, shown by our bank's statement.

-- The providers whose time has come; each is looked at next only after p_again_s.
CREATE OR REPLACE FUNCTION opla_payouts_due(p_at timestamptz, p_provider text[], p_again_s int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    INSERT INTO payout_look AS l (provider, due_at)
    SELECT DISTINCT n.name, p_at + make_interval(secs => p_again_s) FROM unnest(p_provider) AS n (name) ORDER BY 1
    ON CONFLICT (provider) DO UPDATE SET due_at = excluded.due_at WHERE l.due_at <= p_at
    RETURNING l.provider;
    PERFORM opla_writes(false);
END $$;

CREATE OR REPLACE FUNCTION opla_payouts_looked(p_at timestamptz, p_provider text, p_said text, p_again_s int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO payout_look AS l (provider, due_at, looked_at, said)
    VALUES (p_provider, p_at + make_interval(secs => p_again_s), CASE WHEN p_said = 'done' THEN p_at END, p_said)
    ON CONFLICT (provider) DO UPDATE SET due_at = excluded.due_at, said = excluded.said,
        looked_at = coalesce(excluded.looked_at, l.looked_at);
    PERFORM opla_writes(false);
END $$;

-- One payout with its lines and what it moves, once: false when it is here already.
CREATE OR REPLACE FUNCTION opla_payout_keep(
    p_at timestamptz, p_actor text, p_id uuid, p_provider text, p_their_id text, p_state text, p_amount bigint,
    p_currency text, p_paid_on date, p_reference text,
    l_their_id text[], l_kind text[], l_gross bigint[], l_fee bigint[], l_of text[], l_refund text[], l_payment uuid[],
    l_account text[], l_verdict text[],
    t_debit text[], t_credit text[], t_amount bigint[], t_reason text[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_event bigint;
    v_count int := cardinality(t_debit);
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO payout (id, provider, their_id, state, amount_minor, currency, paid_on, reference, made_at)
    VALUES (p_id, p_provider, p_their_id, p_state, p_amount, p_currency, p_paid_on, p_reference, p_at)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    INSERT INTO payout_line (payout_id, their_id, kind, gross_minor, fee_minor, of, refund_id, payment_id, account, verdict)
    SELECT p_id, l.* FROM unnest(l_their_id, l_kind, l_gross, l_fee, l_of, l_refund, l_payment, l_account, l_verdict) AS l;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'payout', p_id, 'paid_out', '', p_state, p_actor, p_their_id) RETURNING id INTO v_event;
    IF v_count > 0 THEN
        PERFORM opla_post(p_at, array_fill(v_event, ARRAY[v_count]), t_debit, t_credit, t_amount,
            array_fill(p_currency, ARRAY[v_count]), t_reason, array_fill('posted'::text, ARRAY[v_count]),
            array_fill(NULL::uuid, ARRAY[v_count]), array_fill(NULL::uuid, ARRAY[v_count]));
    END IF;
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- They say of payouts that were sent that these did not arrive.
CREATE OR REPLACE FUNCTION opla_payouts_failed(p_at timestamptz, p_actor text, p_id uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    WITH gone AS (
        UPDATE payout SET state = 'failed' WHERE id = ANY (p_id) AND state = 'sent' RETURNING id, their_id
    )
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'payout', id, 'failed', 'sent', 'failed', p_actor, their_id FROM gone ORDER BY id;
    PERFORM opla_writes(false);
END $$;

-- Lines of our bank account that show payouts, each one once; what they move. How many.
CREATE OR REPLACE FUNCTION opla_payouts_arrived(
    p_at timestamptz, p_actor text, p_id uuid[], p_line uuid[], p_debit text[], p_credit text[], p_reason text[]
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_one record;
    v_event bigint;
    v_done int := 0;
BEGIN
    PERFORM opla_writes(true);
    FOR v_one IN
        SELECT a.*, y.amount_minor, y.currency, y.their_id
        FROM unnest(p_id, p_line, p_debit, p_credit, p_reason) AS a (id, line, debit, credit, reason)
        JOIN payout y ON y.id = a.id JOIN bank_line l ON l.id = a.line
        WHERE y.state = 'sent' AND l.state IN ('open', 'not_ours', 'payout') AND l.amount_minor = y.amount_minor
          AND l.currency = y.currency AND NOT EXISTS (SELECT FROM payout o WHERE o.bank_line_id = a.line)
        ORDER BY a.id FOR UPDATE OF y, l
    LOOP
        UPDATE payout SET state = 'arrived', bank_line_id = v_one.line WHERE id = v_one.id;
        UPDATE bank_line SET state = 'payout', number = '', sealed = NULL, other = '' WHERE id = v_one.line;
        UPDATE item SET closed_at = p_at, closed_by = p_actor
        WHERE closed_at IS NULL AND (kind IN ('bank_line', 'bank_out') AND subject = v_one.line
                                     OR kind = 'payout_late' AND subject = v_one.id);
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'payout', v_one.id, 'arrived', 'sent', 'arrived', p_actor, v_one.their_id) RETURNING id INTO v_event;
        PERFORM opla_post(p_at, ARRAY[v_event], ARRAY[v_one.debit], ARRAY[v_one.credit], ARRAY[abs(v_one.amount_minor)],
            ARRAY[v_one.currency], ARRAY[v_one.reason], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        v_done := v_done + 1;
    END LOOP;
    PERFORM opla_writes(false);
    RETURN v_done;
END $$;

-- What lines are by now.
CREATE OR REPLACE FUNCTION opla_payouts_judged(l_payout uuid[], l_their_id text[], l_verdict text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE payout_line l SET verdict = j.verdict
    FROM unnest(l_payout, l_their_id, l_verdict) AS j (payout, their_id, verdict)
    WHERE l.payout_id = j.payout AND l.their_id = j.their_id AND l.verdict <> j.verdict;
    PERFORM opla_writes(false);
END $$;

-- The items there are of payouts of one provider: those that are not named any more are over, and what a person has seen
-- is not asked again while it says the same.
CREATE OR REPLACE FUNCTION opla_payouts_parked(
    p_at timestamptz, p_provider text,
    i_kind text[], i_subject uuid[], i_payment uuid[], i_amount bigint[], i_currency text[], i_why text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE item i SET closed_at = p_at, closed_by = 'system'
    WHERE i.closed_at IS NULL AND i.kind IN ('payout_differs', 'payout_late', 'payout_missing')
      AND i.why ->> 'provider' = p_provider
      AND NOT EXISTS (SELECT FROM unnest(i_kind, i_subject) AS n (kind, subject)
                      WHERE n.kind = i.kind AND n.subject = i.subject);

    UPDATE item i SET why = n.why::jsonb, amount_minor = n.amount
    FROM unnest(i_kind, i_subject, i_amount, i_why) AS n (kind, subject, amount, why)
    WHERE i.closed_at IS NULL AND i.kind = n.kind AND i.subject = n.subject AND i.why <> n.why::jsonb;
    INSERT INTO item (kind, subject, payment_id, amount_minor, currency, why, opened_at)
    SELECT n.kind, n.subject, n.payment, n.amount, n.currency, n.why::jsonb, p_at
    FROM unnest(i_kind, i_subject, i_payment, i_amount, i_currency, i_why)
        AS n (kind, subject, payment, amount, currency, why)
    WHERE NOT EXISTS (SELECT FROM item i WHERE i.kind = n.kind AND i.subject = n.subject AND i.why = n.why::jsonb
                      AND i.closed_by <> 'system')
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    PERFORM opla_writes(false);
END $$;
