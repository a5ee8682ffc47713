-- Resellers pay into their floats at a payment provider. The payment has the machine that every payment has (apply.sql);
-- here is what is a float's alone: how it begins, and what the float owes when the money leaves again without us.

-- A payment into a float, with its charge attempt. The key says which: the same again is the same one. No row: p_most of
-- this reseller's since p_since wait or came to nothing.
CREATE OR REPLACE FUNCTION opla_deposit(
    p_at timestamptz, p_actor text, p_reseller text, p_key text, p_fields bytea, p_payment uuid, p_receipt text,
    p_provider text, p_amount bigint, p_currency text, p_language text, p_attempt uuid, p_reference text,
    p_since timestamptz, p_most int
) RETURNS TABLE (payment_id uuid, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM idempotency i WHERE i.caller = 'deposit:' || p_reseller AND i.key = p_key)
       AND (SELECT count(*) FROM deposit d JOIN payment p ON p.id = d.payment_id
            WHERE d.reseller_id = p_reseller AND d.paid_in_at IS NULL AND p.made_at > p_since) >= p_most THEN
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO idempotency (caller, key, fields, order_id, at)
    VALUES ('deposit:' || p_reseller, p_key, p_fields, p_payment, p_at) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO payment (id, receipt, state, provider, amount_minor, currency, made_at)
        VALUES (p_payment, p_receipt, 'opening', p_provider, p_amount, p_currency, p_at);
        INSERT INTO deposit (payment_id, reseller_id, key, actor, language)
        VALUES (p_payment, p_reseller, p_key, p_actor, p_language);
        INSERT INTO attempt (id, kind, adapter, reference, state, payment_id, made_at, due_at)
        VALUES (p_attempt, 'charge', p_provider, p_reference, 'new', p_payment, p_at, p_at);
    END IF;
    RETURN QUERY SELECT i.order_id, i.fields FROM idempotency i WHERE i.caller = 'deposit:' || p_reseller AND i.key = p_key;
    PERFORM opla_writes(false);
END $$;

-- What of a payment left without us and is not met by a refund of ours, done with or still to do: a float bears it.
CREATE OR REPLACE FUNCTION opla_deposit_lost(p payment) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT greatest(0, p.charged_back_minor + p.outside_minor
        - (SELECT coalesce(sum(t.amount_minor), 0) FROM every_transfer t WHERE t.payment_id = p.id AND t.reason = 'met_outside')
        - (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r WHERE r.payment_id = p.id AND r.state IN ('due', 'refused'))
    )::bigint
$$;

-- After payments have changed, whose rows their caller holds: which are on a float now, told in this commit, and what the
-- floats owe. Internal.
CREATE OR REPLACE FUNCTION opla_deposits_changed(p_at timestamptz, p_payment uuid[], p_paid_in uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE deposit SET paid_in_at = p_at WHERE payment_id = ANY (p_paid_in);
    PERFORM opla_webhook_paid_in(p_at, d.reseller_id::text, p.id, d.key, p.amount_minor, p.currency)
    FROM deposit d JOIN payment p ON p.id = d.payment_id WHERE d.payment_id = ANY (p_paid_in);
    UPDATE deposit d SET lost_minor = opla_deposit_lost(p)
    FROM payment p WHERE p.id = d.payment_id AND p.id = ANY (p_payment) AND d.paid_in_at IS NOT NULL
      AND d.lost_minor <> opla_deposit_lost(p);
END $$;

-- Which floats these payments owe something to, or have something to give back, and whose they are: whoever is here pays no
-- order from its float until it is even.
CREATE OR REPLACE FUNCTION opla_deposits_uneven(p_reseller text[]) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT d.reseller_id::text), '{}') FROM deposit d
    WHERE d.lost_minor <> d.charged_back_minor + d.outside_minor AND d.lost_minor > d.charged_back_minor + d.outside_minor
      AND d.reseller_id = ANY (p_reseller)
$$;

-- What left without us of one payment is taken from its float as far as that is free, and what came again is there again.
-- Charge-backs first. How much moved, in either direction.
CREATE OR REPLACE FUNCTION opla_deposit_recover(p_at timestamptz, p_actor text, p_payment uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_payment payment%ROWTYPE;
    v_deposit deposit%ROWTYPE;
    v_float text;
    v_free bigint;
    v_way record;
    v_minor bigint;
    v_event bigint;
    v_moved bigint := 0;
BEGIN
    SELECT * INTO v_payment FROM payment WHERE id = p_payment FOR NO KEY UPDATE;
    SELECT * INTO v_deposit FROM deposit WHERE payment_id = p_payment;
    v_float := 'reseller_float:' || v_deposit.reseller_id || ':' || v_payment.currency;
    PERFORM 1 FROM account
    WHERE code IN (v_float, 'chargebacks:' || v_payment.currency, 'suspense:' || v_payment.currency)
    ORDER BY id FOR NO KEY UPDATE;
    SELECT credits_posted - debits_posted - debits_pending INTO v_free FROM account WHERE code = v_float;
    PERFORM opla_writes(true);
    FOR v_way IN
        SELECT w.account, w.wanted - w.taken AS minor FROM (VALUES
            ('chargebacks', least(v_deposit.lost_minor, v_payment.charged_back_minor), v_deposit.charged_back_minor),
            ('suspense', greatest(v_deposit.lost_minor - v_payment.charged_back_minor, 0), v_deposit.outside_minor)
        ) AS w (account, wanted, taken) WHERE w.wanted <> w.taken ORDER BY w.wanted - w.taken > 0, w.account
    LOOP
        v_minor := least(v_way.minor, v_free);
        CONTINUE WHEN v_minor = 0;
        v_free := v_free - v_minor;
        v_moved := v_moved + abs(v_minor);
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'payment', p_payment, CASE WHEN v_minor > 0 THEN 'recovered' ELSE 'restored' END, v_payment.state,
                v_payment.state, p_actor, v_deposit.key) RETURNING id INTO v_event;
        PERFORM opla_post(p_at, ARRAY[v_event],
            ARRAY[CASE WHEN v_minor > 0 THEN v_float ELSE v_way.account || ':' || v_payment.currency END],
            ARRAY[CASE WHEN v_minor > 0 THEN v_way.account || ':' || v_payment.currency ELSE v_float END],
            ARRAY[abs(v_minor)], ARRAY[v_payment.currency],
            ARRAY[CASE WHEN v_minor > 0 THEN 'taken_back' ELSE 'restored' END], ARRAY['posted'], ARRAY[NULL::uuid],
            ARRAY[p_payment]);
        UPDATE deposit SET
            charged_back_minor = charged_back_minor + CASE v_way.account WHEN 'chargebacks' THEN v_minor ELSE 0 END,
            outside_minor = outside_minor + CASE v_way.account WHEN 'suspense' THEN v_minor ELSE 0 END
        WHERE payment_id = p_payment;
    END LOOP;
    PERFORM opla_writes(false);
    RETURN v_moved;
END $$;
