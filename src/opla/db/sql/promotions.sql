-- Caps of promotions hold because placing locks their counts first, in one order, and counts what it let through.
-- Internal: called by functions of ours only.

-- The quotes of this batch whose promotion is used up. Their counts stay locked until the transaction ends, so nobody
-- else can take the last use meanwhile. A quote that is an order already takes nothing more.
CREATE OR REPLACE FUNCTION opla_used_up(p_at timestamptz, p_quote uuid[], p_device bytea[]) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_full uuid[] := '{}';
    v_let uuid[] := '{}';
    v_one uuid;
BEGIN
    INSERT INTO promotion_count (promotion, customer)
    SELECT DISTINCT promotion, customer FROM quote_use WHERE quote_id = ANY (p_quote) ORDER BY promotion, customer
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM promotion_count c
    WHERE (c.promotion, c.customer) IN (SELECT promotion, customer FROM quote_use WHERE quote_id = ANY (p_quote))
    ORDER BY c.promotion, c.customer FOR UPDATE;
    FOR v_one IN
        SELECT a.quote_id FROM unnest(p_quote, p_device) WITH ORDINALITY AS a (quote_id, device, n)
        JOIN quote q ON q.id = a.quote_id AND q.device_hash = a.device AND q.expires_at > p_at
        WHERE EXISTS (SELECT FROM quote_use u WHERE u.quote_id = a.quote_id)
          AND NOT EXISTS (SELECT FROM orders o WHERE o.quote_id = a.quote_id)
        GROUP BY a.quote_id ORDER BY min(a.n)
    LOOP
        IF EXISTS (
            SELECT FROM quote_use u
            JOIN promotion_count c ON c.promotion = u.promotion AND c.customer = u.customer
            WHERE u.quote_id = v_one
              AND u.most <= c.uses + (SELECT count(*) FROM quote_use b WHERE b.quote_id = ANY (v_let)
                                      AND b.promotion = u.promotion AND b.customer = u.customer)
        ) THEN
            v_full := v_full || v_one;
        ELSE
            v_let := v_let || v_one;
        END IF;
    END LOOP;
    RETURN v_full;
END $$;

-- The uses of orders that have just come into being; `opla_used_up` holds the locks.
CREATE OR REPLACE FUNCTION opla_use_promotions(p_order uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO promotion_use (order_id, promotion, customer)
    SELECT o.id, u.promotion, u.customer FROM orders o JOIN quote_use u ON u.quote_id = o.quote_id
    WHERE o.id = ANY (p_order);
    UPDATE promotion_count c SET uses = c.uses + w.uses
    FROM (SELECT promotion, customer, count(*) AS uses FROM promotion_use WHERE order_id = ANY (p_order)
          GROUP BY promotion, customer) w
    WHERE c.promotion = w.promotion AND c.customer = w.customer
$$;

-- Orders ended without giving anything: their uses are free for somebody else.
CREATE OR REPLACE FUNCTION opla_give_back_promotions(p_at timestamptz, p_order uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM promotion_count c
    WHERE (c.promotion, c.customer) IN (SELECT promotion, customer FROM promotion_use
                                        WHERE order_id = ANY (p_order) AND given_back_at IS NULL)
    ORDER BY c.promotion, c.customer FOR UPDATE;
    WITH back AS (
        UPDATE promotion_use SET given_back_at = p_at WHERE order_id = ANY (p_order) AND given_back_at IS NULL
        RETURNING promotion, customer
    )
    UPDATE promotion_count c SET uses = c.uses - b.uses
    FROM (SELECT promotion, customer, count(*) AS uses FROM back GROUP BY promotion, customer) b
    WHERE c.promotion = b.promotion AND c.customer = b.customer;
END $$;
