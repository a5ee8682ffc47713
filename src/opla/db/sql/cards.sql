-- SIM cards of our own: into stock, reserved for an order, and where they go. What else happens to one is decided by the
-- core and written by opla_apply.

-- New stock. One row back per input: the card's id, or null where this ICCID is or was known already.
CREATE OR REPLACE FUNCTION opla_stock_cards(
    p_at timestamptz, p_actor text, p_few int, p_id uuid[], p_iccid text[], p_sku text[], p_cost bigint[], p_currency text[],
    p_batch uuid
) RETURNS TABLE (n int, id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_event bigint;
    v_new uuid[];
BEGIN
    PERFORM opla_writes(true);
    WITH written AS (
        INSERT INTO card (id, iccid, sku, state, cost_minor, currency, made_at, since)
        SELECT c.id, c.iccid, c.sku, 'in_stock', c.cost, c.currency, p_at, p_at
        FROM unnest(p_id, p_iccid, p_sku, p_cost, p_currency) WITH ORDINALITY AS c (id, iccid, sku, cost, currency, n)
        ORDER BY c.iccid, c.n
        ON CONFLICT (iccid) DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(w.id), '{}') INTO v_new FROM written w;
    IF cardinality(v_new) > 0 THEN
        v_event := nextval(pg_get_serial_sequence('event', 'id'));
        INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
        OVERRIDING SYSTEM VALUE
        VALUES (v_event, p_at, 'stock', p_batch, 'cards_stocked', '', '', p_actor, cardinality(v_new)::text);
        PERFORM opla_post(p_at, array_agg(v_event), array_agg('card_stock:' || s.currency),
            array_agg('bank:' || s.currency), array_agg(s.cost), array_agg(s.currency), array_agg('stock_bought'::text),
            array_agg('posted'::text), array_agg(NULL::uuid), array_agg(NULL::uuid))
        FROM (
            SELECT c.currency, sum(c.cost_minor)::bigint AS cost
            FROM card c WHERE c.id = ANY (v_new) AND c.cost_minor > 0 GROUP BY c.currency
        ) s
        HAVING count(*) > 0;
        UPDATE item i SET closed_at = p_at, closed_by = p_actor
        FROM (SELECT sku FROM card WHERE state = 'in_stock' GROUP BY sku HAVING count(*) >= p_few) k
        WHERE i.kind = 'low_stock' AND i.subject = md5('card ' || k.sku)::uuid AND i.closed_at IS NULL;
    END IF;
    RETURN QUERY
    SELECT c.n::int, CASE WHEN c.id = ANY (v_new) THEN c.id END
    FROM unnest(p_id) WITH ORDINALITY AS c (id, n) ORDER BY c.n;
    PERFORM opla_writes(false);
END $$;

-- One free card per reference, for the order of its attempt; an order that has one keeps it. Where few of the product are
-- left then, an item says so.
CREATE OR REPLACE FUNCTION opla_card_reserve(p_at timestamptz, p_actor text, p_few int, p_reference text[], p_sku text[])
RETURNS TABLE (reference text, id uuid, cost_minor bigint, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_taken uuid[];
BEGIN
    PERFORM opla_writes(true);
    -- An order is asked for by one caller at a time, and one whose send was declined meanwhile needs no card.
    PERFORM 1 FROM attempt a WHERE a.reference = ANY (p_reference) ORDER BY a.id FOR NO KEY UPDATE;
    WITH asked AS (
        SELECT u.order_id, u.sku, row_number() OVER (PARTITION BY u.sku ORDER BY u.order_id) AS place
        FROM (SELECT DISTINCT ON (a.order_id) a.order_id, w.sku
              FROM unnest(p_reference, p_sku) AS w (reference, sku) JOIN attempt a ON a.reference = w.reference
              WHERE a.kind = 'send' AND a.state <> 'declined') u
        WHERE NOT EXISTS (SELECT FROM card c WHERE c.order_id = u.order_id)
    ), free AS (
        SELECT w.sku, c.id, row_number() OVER (PARTITION BY w.sku ORDER BY c.id) AS place
        FROM (SELECT sku, count(*) AS wanted FROM asked GROUP BY sku) w
        CROSS JOIN LATERAL (
            SELECT s.id FROM card s WHERE s.sku = w.sku AND s.state = 'in_stock'
            ORDER BY s.id LIMIT w.wanted FOR UPDATE SKIP LOCKED
        ) c
    ), taken AS (
        UPDATE card c SET state = 'reserved', order_id = a.order_id, since = p_at
        FROM asked a JOIN free f ON f.sku = a.sku AND f.place = a.place
        WHERE c.id = f.id
        RETURNING c.id
    )
    SELECT coalesce(array_agg(t.id ORDER BY t.id), '{}') INTO v_taken FROM taken t;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'card', t.id, 'reserved', 'in_stock', 'reserved', p_actor, '' FROM unnest(v_taken) AS t (id);
    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    SELECT 'low_stock', md5('card ' || k.sku)::uuid, 0, k.currency,
           jsonb_build_object('why', 'few_cards', 'sku', k.sku, 'left', k.left_over::text), p_at
    FROM (
        SELECT w.sku, min(w.currency) AS currency,
               (SELECT count(*) FROM card s WHERE s.sku = w.sku AND s.state = 'in_stock') AS left_over
        FROM card w WHERE w.id = ANY (v_taken) GROUP BY w.sku
    ) k
    WHERE k.left_over < p_few
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    RETURN QUERY
    SELECT u.reference, c.id, c.cost_minor, c.state
    FROM (SELECT DISTINCT unnest(p_reference) AS reference) u JOIN attempt a ON a.reference = u.reference
    JOIN card c ON c.order_id = a.order_id AND c.state IN ('reserved', 'packed', 'ready', 'sent', 'collected');
    PERFORM opla_writes(false);
END $$;

-- Where the cards of orders go, in the transaction that placed them. What was said first stands.
CREATE OR REPLACE FUNCTION opla_card_to(p_at timestamptz, p_order uuid[], p_place text[], p_sealed bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO card_to (order_id, place, sealed, made_at)
    SELECT w.order_id, w.place, nullif(w.sealed, ''::bytea), p_at
    FROM unnest(p_order, p_place, p_sealed) AS w (order_id, place, sealed)
    ON CONFLICT (order_id) DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- Addresses that nobody needs any more: their orders ended before `p_before`, and nothing is on its way for them.
CREATE OR REPLACE FUNCTION opla_card_forget(p_before timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    UPDATE card_to t SET sealed = NULL
    FROM orders o
    WHERE t.sealed IS NOT NULL AND t.made_at <= p_before AND o.id = t.order_id AND o.ended_at <= p_before
      AND o.state IN ('delivered', 'refunded', 'cancelled')
      AND NOT EXISTS (SELECT FROM card c WHERE c.order_id = o.id AND (c.since > p_before
                      OR c.state IN ('reserved', 'packed', 'ready')));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
