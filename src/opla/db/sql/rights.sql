-- What consumers say of their right to step back: that it may end at once, and that they use it.

CREATE OR REPLACE FUNCTION opla_consent(p_at timestamptz, p_quote uuid[], p_said text[], p_language text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO consent (quote_id, at, said, language)
    SELECT c.quote_id, p_at, c.said, c.language FROM unnest(p_quote, p_said, p_language) AS c (quote_id, said, language)
    ON CONFLICT (quote_id) DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- Noted once for each order, with an item for a person. True when it was new; false too of an order that nobody knows.
CREATE OR REPLACE FUNCTION opla_step_back(p_at timestamptz, p_order uuid, p_name text, p_actor text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO stepped_back (order_id, at, name, actor)
    SELECT o.id, p_at, p_name, p_actor FROM orders o WHERE o.id = p_order ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO item (kind, subject, order_id, amount_minor, currency, why, opened_at)
        SELECT 'stepped_back', o.id, o.id, o.face_minor + o.fee_minor - o.discount_minor, o.currency,
               jsonb_build_object('why', 'stepped_back', 'name', p_name), p_at
        FROM orders o WHERE o.id = p_order;
        PERFORM opla_writes(false);
        RETURN true;
    END IF;
    PERFORM opla_writes(false);
    RETURN false;
END $$;
