-- Our own stock of codes: purchases, the batches they came in, what is taken off the shelf, and when few are left. The
-- arrows are opla.core.stock's; each function names the one it goes along, and books compares.

-- The state of a code that lies on the shelf: of a batch that is off sale none is sold.
CREATE OR REPLACE FUNCTION opla_shelf_state(p_batch uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM batch b WHERE b.id = p_batch AND b.state <> 'on_sale') THEN 'blocked' ELSE 'stock' END
$$;

-- Codes are ordered from a vendor. One row back: the number it is called by; none where this id is of another purchase.
CREATE OR REPLACE FUNCTION opla_purchase(
    p_at timestamptz, p_actor text, p_id uuid, p_vendor text, p_sku text, p_quantity int, p_cost bigint, p_currency text,
    p_invoice text
) RETURNS TABLE (number int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO purchase (id, vendor, sku, quantity, cost_minor, currency, state, invoice, made_at, made_by)
    VALUES (p_id, p_vendor, p_sku, p_quantity, p_cost, p_currency, 'ordered', p_invoice, p_at, p_actor)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'purchase', p_id, 'ordered', '', 'ordered', p_actor, p_quantity::text);
    END IF;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT p.number FROM purchase p
    WHERE p.id = p_id AND (p.vendor, p.sku, p.quantity, p.cost_minor, p.currency)
        = (p_vendor, p_sku, p_quantity, p_cost, p_currency);
END $$;

-- A purchase moves on. p_damaged and p_invoice: null leaves them; p_paid: what was paid, or (negative) paid back, beside
-- p_seen that had been paid before: whoever sends it twice pays once.
-- Result: done · not_now (it is in another state, another sum was paid, something has come of what is called off, more is paid back than was
-- paid, or p_most is passed).
DROP FUNCTION IF EXISTS opla_purchase_move(timestamptz, text, uuid, text, text, text, int, text, bigint, bigint);
CREATE OR REPLACE FUNCTION opla_purchase_move(
    p_at timestamptz, p_actor text, p_id uuid, p_event text, p_source text, p_target text, p_damaged int, p_invoice text,
    p_paid bigint, p_seen bigint, p_most bigint
) RETURNS TABLE (result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_bought purchase;
    v_event bigint;
BEGIN
    SELECT * INTO v_bought FROM purchase p WHERE p.id = p_id AND p.state = p_source FOR NO KEY UPDATE;
    IF NOT FOUND OR p_paid <> 0 AND v_bought.paid_minor <> p_seen OR v_bought.paid_minor + p_paid NOT BETWEEN 0 AND greatest(p_most, v_bought.paid_minor)
       OR p_target = 'called_off' AND EXISTS (SELECT FROM batch b WHERE b.purchase_id = p_id) THEN
        RETURN QUERY SELECT 'not_now'::text;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    UPDATE purchase p SET state = p_target, damaged = coalesce(p_damaged, p.damaged), invoice = coalesce(p_invoice, p.invoice),
        paid_minor = p.paid_minor + p_paid
    WHERE p.id = p_id;
    v_event := nextval(pg_get_serial_sequence('event', 'id'));
    INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
    OVERRIDING SYSTEM VALUE
    VALUES (v_event, p_at, 'purchase', p_id, p_event, p_source, p_target, p_actor,
            CASE WHEN p_paid <> 0 THEN p_paid::text ELSE coalesce(p_damaged::text, '') END);
    IF p_paid > 0 THEN
        PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['supplier_payable:' || v_bought.currency],
            ARRAY['bank:' || v_bought.currency], ARRAY[p_paid], ARRAY[v_bought.currency], ARRAY['purchase_paid'],
            ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
    ELSIF p_paid < 0 THEN
        PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['bank:' || v_bought.currency],
            ARRAY['supplier_payable:' || v_bought.currency], ARRAY[-p_paid], ARRAY[v_bought.currency],
            ARRAY['purchase_paid_back'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
    END IF;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT 'done'::text;
END $$;

-- A batch moves on, and its unsold codes with it. One row back: done · not_now (it is in another state), and how many
-- codes that were. What is being sent at this moment is sold: its buyer is on the list of those to be told.
CREATE OR REPLACE FUNCTION opla_batch_move(
    p_at timestamptz, p_actor text, p_batch uuid, p_event text, p_source text, p_target text, p_why text
) RETURNS TABLE (result text, codes int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_event bigint;
    v_codes int;
    v_cost bigint;
    v_currency text;
BEGIN
    PERFORM 1 FROM batch b WHERE b.id = p_batch AND b.state = p_source FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_now'::text, 0;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    UPDATE batch b SET state = p_target, why = CASE p_event WHEN 'blocked' THEN p_why ELSE b.why END WHERE b.id = p_batch;
    IF p_event = 'blocked' THEN
        -- One that is held for a date is let go too; whoever is to send it claims another. Its attempt's lock first.
        PERFORM 1 FROM attempt a WHERE a.reference IN (SELECT c.claimed_by FROM code c WHERE c.batch_id = p_batch
                                                       AND c.state = 'claimed') ORDER BY a.id FOR NO KEY UPDATE;
        UPDATE code c SET state = 'blocked', claimed_by = NULL
        WHERE c.batch_id = p_batch
          AND (c.state = 'stock' OR c.state = 'claimed' AND EXISTS (
                SELECT FROM attempt a WHERE a.reference = c.claimed_by AND a.state IN ('new', 'claimed')));
        GET DIAGNOSTICS v_codes = ROW_COUNT;
    ELSE
        WITH moved AS (
            UPDATE code c SET state = CASE p_event WHEN 'released' THEN 'stock' WHEN 'recalled' THEN 'written_off' ELSE 'sent_back' END
            WHERE c.batch_id = p_batch AND c.state = 'blocked' AND c.order_id IS NULL
            RETURNING c.cost_minor, c.currency
        )
        SELECT count(*), coalesce(sum(cost_minor), 0), min(currency) INTO v_codes, v_cost, v_currency FROM moved;
    END IF;
    v_event := nextval(pg_get_serial_sequence('event', 'id'));
    INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
    OVERRIDING SYSTEM VALUE
    VALUES (v_event, p_at, 'batch', p_batch, p_event, p_source, p_target, p_actor,
            concat_ws(' ', v_codes, nullif(p_why, '')));
    IF v_cost > 0 AND p_event IN ('recalled', 'sent_back') THEN
        PERFORM opla_post(p_at, ARRAY[v_event],
            ARRAY[CASE p_event WHEN 'recalled' THEN 'code_losses:' ELSE 'supplier_payable:' END || v_currency],
            ARRAY['code_stock:' || v_currency], ARRAY[v_cost], ARRAY[v_currency],
            ARRAY[CASE p_event WHEN 'recalled' THEN 'codes_lost' ELSE 'codes_sent_back' END], ARRAY['posted'],
            ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
    END IF;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT 'done'::text, v_codes;
END $$;

-- What the owner wants of one product's codes.
CREATE OR REPLACE FUNCTION opla_stock_rule(
    p_at timestamptz, p_actor text, p_id uuid, p_sku text, p_below int, p_min_days int
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO stock_rule AS r (sku, below, min_days) VALUES (p_sku, p_below, p_min_days)
    ON CONFLICT (sku) DO UPDATE SET below = p_below, min_days = p_min_days;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'stock_rule', p_id, 'told', '', '', p_actor, concat_ws(' ', p_sku, coalesce(p_below, 0), p_min_days));
    PERFORM opla_writes(false);
END $$;

-- The shelf is looked over: codes whose last day is over are written off, those with too little time left (and stray ones
-- of a batch that is off sale) are taken off, and those that may be sold after all come back. A row that somebody else
-- holds is left for the next time. One row back: how many of each.
CREATE OR REPLACE FUNCTION opla_shelf(p_at timestamptz, p_actor text, p_today date)
RETURNS TABLE (expired int, off int, back int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_batch uuid[];
    v_currency text[];
    v_cost bigint[];
    v_count int[];
    v_event bigint[];
    v_off int;
    v_back int;
BEGIN
    PERFORM opla_writes(true);
    WITH over AS (
        SELECT c.id FROM code c
        WHERE c.state = 'stock' AND c.valid_until < p_today AND c.batch_id IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED
    ), over_too AS (
        SELECT c.id FROM code c
        WHERE c.state = 'blocked' AND c.order_id IS NULL AND c.valid_until < p_today AND c.batch_id IS NOT NULL
        FOR NO KEY UPDATE SKIP LOCKED
    ), gone AS (
        UPDATE code c SET state = 'written_off' FROM (SELECT id FROM over UNION ALL SELECT id FROM over_too) o WHERE c.id = o.id
        RETURNING c.batch_id, c.currency, c.cost_minor
    ), sums AS (
        SELECT g.batch_id, g.currency, sum(g.cost_minor)::bigint AS cost, count(*)::int AS codes FROM gone g GROUP BY 1, 2
    )
    SELECT array_agg(s.batch_id), array_agg(s.currency), array_agg(s.cost), array_agg(s.codes),
           array_agg(nextval(pg_get_serial_sequence('event', 'id')))
    INTO v_batch, v_currency, v_cost, v_count, v_event FROM sums s;
    IF cardinality(v_batch) > 0 THEN
        INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
        OVERRIDING SYSTEM VALUE
        SELECT w.event, p_at, 'batch', w.batch, 'expired', b.state, b.state, p_actor, w.codes::text
        FROM unnest(v_event, v_batch, v_count) AS w (event, batch, codes) JOIN batch b ON b.id = w.batch;
        PERFORM opla_post(p_at, array_agg(w.event), array_agg('code_losses:' || w.currency),
            array_agg('code_stock:' || w.currency), array_agg(w.cost), array_agg(w.currency), array_agg('codes_lost'::text),
            array_agg('posted'::text), array_agg(NULL::uuid), array_agg(NULL::uuid))
        FROM unnest(v_event, v_currency, v_cost) AS w (event, currency, cost) WHERE w.cost > 0
        HAVING count(*) > 0;
    END IF;

    UPDATE code c SET state = 'blocked'
    FROM (
        SELECT k.id FROM code k LEFT JOIN stock_rule r ON r.sku = k.sku
        WHERE k.state = 'stock' AND k.valid_until <= p_today + greatest(coalesce(r.min_days, 0) - 1, 0)
        FOR NO KEY UPDATE OF k SKIP LOCKED
    ) k
    WHERE c.id = k.id;
    GET DIAGNOSTICS v_off = ROW_COUNT;
    UPDATE code c SET state = 'blocked'
    FROM (
        SELECT k.id FROM batch b JOIN code k ON k.batch_id = b.id
        WHERE b.state <> 'on_sale' AND k.state = 'stock' FOR NO KEY UPDATE OF k SKIP LOCKED
    ) k
    WHERE c.id = k.id;
    UPDATE code c SET state = 'stock'
    FROM (
        SELECT k.id FROM code k JOIN batch b ON b.id = k.batch_id LEFT JOIN stock_rule r ON r.sku = k.sku
        WHERE k.state = 'blocked' AND k.order_id IS NULL AND b.state = 'on_sale'
          AND (k.valid_until IS NULL OR k.valid_until > p_today + greatest(coalesce(r.min_days, 0) - 1, 0))
        FOR NO KEY UPDATE OF k SKIP LOCKED
    ) k
    WHERE c.id = k.id;
    GET DIAGNOSTICS v_back = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT coalesce((SELECT sum(n) FROM unnest(v_count) AS n), 0)::int, v_off, v_back;
END $$;

-- The products of which few are left, as an item each; those that are not in the list any more leave it.
CREATE OR REPLACE FUNCTION opla_stock_alarms(
    p_at timestamptz, p_sku text[], p_currency text[], p_left int[], p_below int[], p_sold int[], p_suggested int[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE item i SET closed_at = p_at, closed_by = 'system'
    WHERE i.kind = 'low_stock' AND i.why ->> 'why' = 'few_codes' AND i.closed_at IS NULL AND i.why ->> 'sku' <> ALL (p_sku);
    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    SELECT 'low_stock', md5('code ' || w.sku)::uuid, 0, w.currency, jsonb_build_object(
               'why', 'few_codes', 'sku', w.sku, 'left', w.left_over::text, 'below', w.below::text, 'sold', w.sold::text,
               'suggested', w.suggested::text), p_at
    FROM unnest(p_sku, p_currency, p_left, p_below, p_sold, p_suggested)
        AS w (sku, currency, left_over, below, sold, suggested)
    ORDER BY 2
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE SET why = excluded.why WHERE item.why <> excluded.why;
    PERFORM opla_writes(false);
END $$;
