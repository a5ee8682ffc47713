-- Quotes and orders come into being. Every function takes arrays and gives one row back per input, in its order.

CREATE OR REPLACE FUNCTION opla_quote(
    p_id uuid[], p_device bytea[], p_sku text[], p_operator text[], p_product_name text[], p_kind text[],
    p_face bigint[], p_fee bigint[], p_fee_vat bigint[], p_currency text[], p_number text[], p_plan text[],
    p_email text[], p_language text[], p_catalog_version bigint[], p_sample boolean[],
    p_made_at timestamptz, p_expires_at timestamptz[], p_discount bigint[], p_offer text[], p_deliver_at timestamptz[],
    p_for_device text[],
    u_quote uuid[], u_promotion text[], u_customer bytea[], u_most int[]
) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    INSERT INTO quote
    SELECT q.id, q.device, q.sku, q.operator, q.product_name, q.kind, q.face, q.fee, q.fee_vat, q.currency, q.number,
           q.plan, q.email, q.language, q.catalog_version, q.sample, p_made_at, q.expires_at, q.discount,
           nullif(q.offer, '')::jsonb, q.deliver_at, q.for_device
    FROM unnest(p_id, p_device, p_sku, p_operator, p_product_name, p_kind, p_face, p_fee, p_fee_vat, p_currency,
                p_number, p_plan, p_email, p_language, p_catalog_version, p_sample, p_expires_at,
                p_discount, p_offer, p_deliver_at, p_for_device)
      AS q (id, device, sku, operator, product_name, kind, face, fee, fee_vat, currency, number, plan, email, language,
            catalog_version, sample, expires_at, discount, offer, deliver_at, for_device)
    RETURNING id;
    IF cardinality(u_quote) > 0 THEN
        INSERT INTO quote_use (quote_id, promotion, customer, most)
        SELECT * FROM unnest(u_quote, u_promotion, u_customer, u_most);
    END IF;
    PERFORM opla_writes(false);
END $$;

-- A payment with its charge attempt and its allocations, for orders that wait to be paid.
CREATE OR REPLACE FUNCTION opla_insert_payments(
    p_at timestamptz, p_payment uuid[], p_receipt text[], p_provider text[], p_attempt uuid[], p_reference text[],
    p_order uuid[], p_order_payment uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO payment (id, receipt, state, provider, amount_minor, currency, made_at)
    SELECT p.id, p.receipt, 'opening', p.provider, sum(o.face_minor + o.fee_minor - o.discount_minor), min(o.currency), p_at
    FROM unnest(p_payment, p_receipt, p_provider) AS p (id, receipt, provider)
    JOIN unnest(p_order, p_order_payment) AS w (order_id, payment_id) ON w.payment_id = p.id
    JOIN orders o ON o.id = w.order_id
    GROUP BY p.id, p.receipt, p.provider;

    INSERT INTO allocation (payment_id, order_id, amount_minor)
    SELECT w.payment_id, o.id, o.face_minor + o.fee_minor - o.discount_minor
    FROM unnest(p_order, p_order_payment) AS w (order_id, payment_id) JOIN orders o ON o.id = w.order_id;

    INSERT INTO attempt (id, kind, adapter, reference, state, payment_id, made_at, due_at)
    SELECT a.id, 'charge', a.provider, a.reference, 'new', p.id, p_at, p_at
    FROM unnest(p_attempt, p_provider, p_reference, p_payment) AS a (id, provider, reference, payment_id)
    JOIN payment p ON p.id = a.payment_id;
END $$;

-- Quotes become orders under payments. A quote taken before answers 'again' with its order (same device) or
-- 'quote_taken'; one whose promotion is used up meanwhile 'promotion_used_up'; one of what was asked for by text that
-- somebody has paid for 'bought_already'; a bad neighbour, or a repeat inside the
-- batch, never fails the others.
CREATE OR REPLACE FUNCTION opla_place(
    p_at timestamptz, p_expires_at timestamptz, p_actor text,
    p_quote uuid[], p_device bytea[], p_order uuid[], p_ticket text[], p_link_hash bytea[], p_link_sealed bytea[],
    p_order_payment uuid[],
    p_payment uuid[], p_receipt text[], p_provider text[], p_attempt uuid[], p_reference text[]
) RETURNS TABLE (n int, result text, order_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_new uuid[];
    v_uses boolean := EXISTS (SELECT FROM quote_use u WHERE u.quote_id = ANY (p_quote));
    v_full uuid[] := '{}';
    v_bought uuid[] := ARRAY(SELECT w.quote_id FROM text_wish w WHERE w.quote_id = ANY (p_quote) AND w.ask IS NOT NULL
                             AND opla_text_ask_bought(w.ask, NULL));
BEGIN
    PERFORM opla_writes(true);
    IF v_uses THEN
        v_full := opla_used_up(p_at, p_quote, p_device);
    END IF;
    WITH asked AS (
        SELECT * FROM unnest(p_quote, p_device, p_order, p_ticket, p_link_hash, p_link_sealed)
            WITH ORDINALITY AS a (quote_id, device, id, ticket, link_hash, link_sealed, n)
    ), written AS (
        INSERT INTO orders (id, quote_id, ticket, state, sku, operator, product_name, kind, face_minor, fee_minor,
            fee_vat_minor, currency, number, plan, email, language, catalog_version, sample, link_hash, link_sealed,
            device_hash, placed_at, expires_at, discount_minor, deliver_at)
        SELECT a.id, q.id, a.ticket, 'placed', q.sku, q.operator, q.product_name, q.kind, q.face_minor, q.fee_minor,
            q.fee_vat_minor, q.currency, q.number, q.plan, q.email, q.language, q.catalog_version, q.sample,
            a.link_hash, a.link_sealed, a.device, p_at, p_expires_at, q.discount_minor, q.deliver_at
        FROM asked a
        JOIN quote q ON q.id = a.quote_id AND q.device_hash = a.device AND q.expires_at > p_at
            AND q.id <> ALL (v_full || v_bought)
        -- Whoever holds counts of promotions waits for nobody's order: one that is there already is not tried again.
        WHERE NOT (v_uses AND EXISTS (SELECT FROM orders o WHERE o.quote_id = q.id))
        ORDER BY q.id, a.n
        ON CONFLICT (quote_id) WHERE quote_id IS NOT NULL DO NOTHING
        RETURNING orders.id
    )
    SELECT coalesce(array_agg(w.id ORDER BY w.id), '{}') INTO v_new FROM written w;

    IF v_uses THEN
        PERFORM opla_use_promotions(v_new);
    END IF;

    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'order', id, 'placed', '', 'placed', p_actor, '' FROM unnest(v_new) AS o (id);

    PERFORM opla_insert_payments(p_at, p_payment, p_receipt, p_provider, p_attempt, p_reference,
        array_agg(w.order_id), array_agg(w.payment_id))
    FROM unnest(p_order, p_order_payment) AS w (order_id, payment_id) WHERE w.order_id = ANY (v_new)
    HAVING count(*) > 0;

    RETURN QUERY
    SELECT a.n::int,
        CASE WHEN o.id = a.id THEN 'placed'
             WHEN o.id IS NOT NULL AND o.device_hash = a.device THEN 'again'
             WHEN q.id IS NULL OR q.device_hash <> a.device THEN 'quote_unknown'
             WHEN o.id IS NOT NULL THEN 'quote_taken'
             WHEN q.id = ANY (v_bought) THEN 'bought_already'
             WHEN q.expires_at > p_at AND q.id = ANY (v_full) THEN 'promotion_used_up'
             ELSE 'quote_expired' END,
        o.id
    FROM unnest(p_quote, p_device, p_order) WITH ORDINALITY AS a (quote_id, device, id, n)
    LEFT JOIN quote q ON q.id = a.quote_id
    LEFT JOIN orders o ON o.quote_id = a.quote_id
    ORDER BY a.n;
    PERFORM opla_writes(false);
END $$;

-- Quotes that one payment pays, as one: all of them become orders, or none does. What is paid is the total that was
-- shown, so where one of them cannot be had any more the others wait ('basket_changed') until somebody has seen that.
CREATE OR REPLACE FUNCTION opla_place_together(
    p_at timestamptz, p_expires_at timestamptz, p_actor text,
    p_quote uuid[], p_device bytea[], p_order uuid[], p_ticket text[], p_link_hash bytea[], p_link_sealed bytea[],
    p_order_payment uuid[],
    p_payment uuid[], p_receipt text[], p_provider text[], p_attempt uuid[], p_reference text[]
) RETURNS TABLE (n int, result text, order_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_result text[];
    v_order uuid[];
BEGIN
    BEGIN
        SELECT array_agg(p.result ORDER BY p.n), array_agg(p.order_id ORDER BY p.n) INTO v_result, v_order
        FROM opla_place(p_at, p_expires_at, p_actor, p_quote, p_device, p_order, p_ticket, p_link_hash, p_link_sealed,
                        p_order_payment, p_payment, p_receipt, p_provider, p_attempt, p_reference) p;
        IF 'placed' = ANY (v_result) AND 'placed' <> ANY (v_result) THEN
            RAISE EXCEPTION 'not all of them' USING ERRCODE = 'OP001';
        END IF;
    EXCEPTION WHEN SQLSTATE 'OP001' THEN  -- undone; what was found stands in the variables
        NULL;
    END;
    RETURN QUERY
    SELECT u.n::int,
        CASE WHEN u.result = 'placed' AND 'placed' <> ANY (v_result) THEN 'basket_changed' ELSE u.result END,
        CASE WHEN u.result = 'placed' AND 'placed' <> ANY (v_result) THEN NULL ELSE u.order_id END
    FROM unnest(v_result, v_order) WITH ORDINALITY AS u (result, order_id, n) ORDER BY u.n;
END $$;

-- Another try at paying orders whose last payment failed or expired, and whose top-up nobody else has bought. It never
-- shortens the time there is. One open payment per order at a time: the
-- second of two tabs gets 'open', and is shown the payment that is there. Orders that name the same payment are paid by
-- it together, or not at all.
CREATE OR REPLACE FUNCTION opla_pay_again(
    p_at timestamptz, p_expires_at timestamptz,
    p_order uuid[], p_payment uuid[], p_receipt text[], p_provider text[], p_attempt uuid[], p_reference text[]
) RETURNS TABLE (n int, result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_ok uuid[];
    v_by uuid[];  -- the payment of each
    v_bought uuid[] := ARRAY(SELECT o.id FROM orders o JOIN text_wish w ON w.quote_id = o.quote_id
                             WHERE o.id = ANY (p_order) AND w.ask IS NOT NULL AND opla_text_ask_bought(w.ask, o.id));
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM orders WHERE id = ANY (p_order) ORDER BY id FOR UPDATE;
    WITH asked AS (
        SELECT DISTINCT ON (u.id) u.id, u.payment, o.id IS NOT NULL AS payable
        FROM unnest(p_order, p_payment) WITH ORDINALITY AS u (id, payment, n)
        LEFT JOIN orders o ON o.id = u.id AND o.state = 'placed' AND o.expires_at > p_at
          AND o.id <> ALL (v_bought) AND NOT EXISTS (SELECT FROM allocation a JOIN payment p ON p.id = a.payment_id
                          WHERE a.order_id = o.id AND p.state IN ('opening', 'open'))
        ORDER BY u.id, u.n
    )
    SELECT coalesce(array_agg(a.id ORDER BY a.id), '{}'), coalesce(array_agg(a.payment ORDER BY a.id), '{}')
    INTO v_ok, v_by FROM asked a
    WHERE a.payable AND NOT EXISTS (SELECT FROM asked b WHERE b.payment = a.payment AND NOT b.payable);
    UPDATE orders SET expires_at = greatest(expires_at, p_expires_at) WHERE id = ANY (v_ok);
    PERFORM opla_insert_payments(p_at, array_agg(w.payment), array_agg(w.receipt), array_agg(w.provider),
        array_agg(w.attempt), array_agg(w.reference), v_ok, v_by)
    FROM (
        SELECT DISTINCT ON (payment) * FROM unnest(p_payment, p_receipt, p_provider, p_attempt, p_reference)
            WITH ORDINALITY AS u (payment, receipt, provider, attempt, reference, n)
        WHERE payment = ANY (v_by) ORDER BY payment, n
    ) w
    HAVING count(*) > 0;
    RETURN QUERY
    SELECT w.n::int,
        CASE WHEN w.id = ANY (v_ok) AND w.n = min(w.n) OVER (PARTITION BY w.id) THEN 'placed'
             WHEN o.id IS NULL THEN 'not_found'
             WHEN o.state = 'placed' AND o.expires_at > p_at AND o.id <> ALL (v_bought) THEN 'open'
             ELSE 'order_not_payable' END
    FROM unnest(p_order) WITH ORDINALITY AS w (id, n) LEFT JOIN orders o ON o.id = w.id
    ORDER BY w.n;
    PERFORM opla_writes(false);
END $$;
