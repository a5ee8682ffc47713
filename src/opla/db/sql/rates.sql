-- What currencies are worth in each other, as somebody told; and our own money on its way to a supplier.

-- A rate of a day. Told twice it is one; told otherwise for the same instant it is refused: false.
CREATE OR REPLACE FUNCTION opla_tell_rate(
    p_at timestamptz, p_actor text, p_base text, p_quote text, p_micros bigint, p_source text, p_as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO rate (base, quote, micros, source, as_of, told_at, told_by)
    VALUES (p_base, p_quote, p_micros, p_source, p_as_of, p_at, p_actor) ON CONFLICT (base, quote, as_of) DO NOTHING;
    PERFORM opla_writes(false);
    RETURN EXISTS (SELECT FROM rate r WHERE r.base = p_base AND r.quote = p_quote AND r.as_of = p_as_of
                   AND (r.micros, r.source) = (p_micros, p_source));
END $$;

-- Our own money went to a supplier: p_paid left the bank, p_arrived stands on the float there. Where these are two
-- currencies, what the bank made of it is the rate. The key says which transfer it is: recorded twice it is one.
CREATE OR REPLACE FUNCTION opla_fill_float(
    p_at timestamptz, p_actor text, p_supplier text, p_key text, p_fields bytea, p_id uuid,
    p_paid bigint, p_paid_currency text, p_arrived bigint, p_arrived_currency text
) RETURNS TABLE (result text, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_event bigint;
    v_fx text := 'fx:' || least(p_paid_currency, p_arrived_currency) || '/' || greatest(p_paid_currency, p_arrived_currency)
                 || ':';
    v_float text := 'supplier_float:' || p_supplier || ':' || p_arrived_currency;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO idempotency (caller, key, fields, order_id, at)
    VALUES ('filled:' || p_supplier, p_key, p_fields, p_id, p_at) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'again'::text, i.fields FROM idempotency i
                     WHERE i.caller = 'filled:' || p_supplier AND i.key = p_key;
    ELSE
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'float', p_id, 'filled', '', '', p_actor, p_key) RETURNING id INTO v_event;
        IF p_paid_currency = p_arrived_currency THEN
            PERFORM opla_post(p_at, ARRAY[v_event], ARRAY[v_float], ARRAY['bank:' || p_paid_currency], ARRAY[p_paid],
                ARRAY[p_paid_currency], ARRAY['float_filled'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        ELSE
            PERFORM opla_post(p_at, ARRAY[v_event, v_event], ARRAY[v_fx || p_paid_currency, v_float],
                ARRAY['bank:' || p_paid_currency, v_fx || p_arrived_currency], ARRAY[p_paid, p_arrived],
                ARRAY[p_paid_currency, p_arrived_currency], ARRAY['float_filled', 'float_filled_abroad'],
                ARRAY['posted', 'posted'], ARRAY[NULL, NULL]::uuid[], ARRAY[NULL, NULL]::uuid[]);
            INSERT INTO conversion (at, reason, foreign_minor, foreign_currency, home_minor, home_currency, numerator,
                                    denominator, told)
            VALUES (p_at, 'float_filled', -p_arrived, p_arrived_currency, -p_paid, p_paid_currency, p_paid, p_arrived, p_key);
        END IF;
        RETURN QUERY SELECT 'filled'::text, p_fields;
    END IF;
    PERFORM opla_writes(false);
END $$;
