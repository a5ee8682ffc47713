-- Suppliers: what they list and which of it is ours, whether they answer, how much of our money lies there.
-- The rules are opla.core.routing's and opla.core.supply's; their figures come as arguments.

-- What they list of one thing, as one text: a person approves what was on the screen, or nothing.
CREATE OR REPLACE FUNCTION opla_told(l listed) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN l.gone_at IS NOT NULL THEN 'gone'
                ELSE concat_ws('/', l.currency, l.min_minor, l.max_minor, coalesce(l.cost_minor::text, '?'), l.cost_currency) END
$$;

-- What a supplier lists for a country now, and what of it may be ours. Nothing that was approved changes; what left the
-- list is told to a person. One row back: how many are new, changed, gone.
CREATE OR REPLACE FUNCTION opla_listed(
    p_at timestamptz, p_supplier text, p_country text,
    p_theirs text[], p_name text[], p_operator text[], p_kind text[], p_currency text[], p_min bigint[], p_max bigint[],
    p_cost bigint[], p_cost_currency text[],
    s_id uuid[], s_sku text[], s_theirs text[]
) RETURNS TABLE (fresh int, changed int, gone int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_fresh int;
    v_changed int;
    v_gone int;
BEGIN
    PERFORM opla_writes(true);
    PERFORM pg_advisory_xact_lock(hashtextextended('listed ' || p_supplier, 88));
    WITH told AS (
        SELECT DISTINCT ON (t.theirs) t.* FROM unnest(p_theirs, p_name, p_operator, p_kind, p_currency, p_min, p_max, p_cost,
            p_cost_currency) AS t (theirs, name, operator, kind, currency, min_minor, max_minor, cost_minor, cost_currency)
        ORDER BY t.theirs
    ), known AS (
        SELECT l.their_sku, l.gone_at,
               (l.currency, l.min_minor, l.max_minor, l.cost_minor, l.cost_currency, l.kind, l.operator)
               IS DISTINCT FROM (t.currency, t.min_minor, t.max_minor, t.cost_minor, t.cost_currency, t.kind, t.operator) AS other
        FROM told t JOIN listed l ON l.supplier = p_supplier AND l.their_sku = t.theirs
    ), written AS (
        INSERT INTO listed (supplier, their_sku, country, name, operator, kind, currency, min_minor, max_minor, cost_minor,
                            cost_currency, first_at, told_at)
        SELECT p_supplier, t.theirs, p_country, t.name, t.operator, t.kind, t.currency, t.min_minor, t.max_minor, t.cost_minor,
               t.cost_currency, p_at, p_at
        FROM told t
        ON CONFLICT (supplier, their_sku) DO UPDATE SET
            country = excluded.country, name = excluded.name, operator = excluded.operator, kind = excluded.kind,
            currency = excluded.currency, min_minor = excluded.min_minor, max_minor = excluded.max_minor,
            cost_minor = excluded.cost_minor, cost_currency = excluded.cost_currency, told_at = p_at, gone_at = NULL
        WHERE listed.gone_at IS NOT NULL
           OR (listed.country, listed.name, listed.currency, listed.min_minor, listed.max_minor, listed.cost_minor,
               listed.cost_currency, listed.kind, listed.operator)
              IS DISTINCT FROM (excluded.country, excluded.name, excluded.currency, excluded.min_minor, excluded.max_minor,
               excluded.cost_minor, excluded.cost_currency, excluded.kind, excluded.operator)
    ), left_it AS (
        UPDATE listed l SET gone_at = p_at
        WHERE l.supplier = p_supplier AND l.country = p_country AND l.gone_at IS NULL
          AND NOT EXISTS (SELECT FROM told t WHERE t.theirs = l.their_sku)
        RETURNING l.their_sku
    )
    SELECT (SELECT count(*) FROM told t WHERE NOT EXISTS (SELECT FROM known k WHERE k.their_sku = t.theirs))::int
               + (SELECT count(*) FROM known WHERE gone_at IS NOT NULL)::int,
           (SELECT count(*) FROM known WHERE other AND gone_at IS NULL)::int,
           (SELECT count(*) FROM left_it)::int
    INTO v_fresh, v_changed, v_gone;

    INSERT INTO supply (id, supplier, sku, their_sku, state, currency, min_minor, max_minor, cost_minor, cost_currency, seen,
                        made_at)
    SELECT s.id, p_supplier, s.sku, s.theirs, 'proposed', l.currency, l.min_minor, l.max_minor, l.cost_minor, l.cost_currency,
           '', p_at
    FROM unnest(s_id, s_sku, s_theirs) AS s (id, sku, theirs)
    JOIN listed l ON l.supplier = p_supplier AND l.their_sku = s.theirs
    ON CONFLICT (supplier, sku, their_sku) DO NOTHING;

    INSERT INTO supplier_state (supplier, synced_at, synced) VALUES (p_supplier, p_at, 'done')
    ON CONFLICT (supplier) DO UPDATE SET synced_at = p_at, synced = 'done';
    PERFORM opla_supply_alarm(p_at, p_supplier);
    PERFORM opla_writes(false);
    RETURN QUERY SELECT v_fresh, v_changed, v_gone;
END $$;

-- A list that nobody can believe: nothing of it is kept. One that is too short a person must look at.
CREATE OR REPLACE FUNCTION opla_list_unusable(p_at timestamptz, p_supplier text, p_word text, p_currency text, p_before int, p_now int)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier, synced_at, synced) VALUES (p_supplier, p_at, p_word)
    ON CONFLICT (supplier) DO UPDATE SET synced_at = p_at, synced = p_word;
    IF p_word = 'too_short' THEN
        INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
        VALUES ('supplier_list', md5('list ' || p_supplier)::uuid, 0, p_currency, jsonb_build_object(
            'why', 'list_too_short', 'supplier', p_supplier, 'count_before', p_before::text, 'count', p_now::text), p_at)
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    END IF;
    PERFORM opla_writes(false);
END $$;

-- Internal: an item while something that is approved is not on its supplier's list; gone with it.
CREATE OR REPLACE FUNCTION opla_supply_alarm(p_at timestamptz, p_supplier text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_gone text;
    v_currency text;
BEGIN
    SELECT string_agg(s.sku, ' ' ORDER BY s.sku), min(s.currency) INTO v_gone, v_currency
    FROM supply s JOIN listed l USING (supplier, their_sku)
    WHERE s.supplier = p_supplier AND s.state = 'approved' AND l.gone_at IS NOT NULL;
    UPDATE item i SET closed_at = p_at, closed_by = 'system'
    WHERE i.kind = 'supplier_list' AND i.closed_at IS NULL
      AND (i.subject = md5('list ' || p_supplier)::uuid OR v_gone IS NULL AND i.subject = md5('gone ' || p_supplier)::uuid);
    IF v_gone IS NOT NULL THEN
        INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
        VALUES ('supplier_list', md5('gone ' || p_supplier)::uuid, 0, v_currency,
                jsonb_build_object('why', 'not_listed', 'supplier', p_supplier, 'skus', v_gone), p_at)
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE SET why = excluded.why;
    END IF;
END $$;

-- A person says which of theirs is which of ours: 'approved', 'refused' (a proposal, or news of what is approved: it stays
-- as it was) or 'gone' (it is sent there no more). p_seen is what the person saw of their list. One row back:
-- done · changed (they list it otherwise by now) · not_found.
CREATE OR REPLACE FUNCTION opla_decide_supply(
    p_at timestamptz, p_actor text, p_new uuid, p_supplier text, p_sku text, p_theirs text, p_decision text, p_seen text
) RETURNS TABLE (result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_listed listed;
    v_supply supply;
    v_target text := p_decision;
BEGIN
    PERFORM opla_writes(true);
    PERFORM pg_advisory_xact_lock(hashtextextended('listed ' || p_supplier, 88));
    SELECT * INTO v_listed FROM listed l WHERE l.supplier = p_supplier AND l.their_sku = p_theirs;
    SELECT * INTO v_supply FROM supply s WHERE s.supplier = p_supplier AND s.sku = p_sku AND s.their_sku = p_theirs FOR UPDATE;
    IF v_listed.supplier IS NULL OR (v_supply.id IS NULL AND p_decision <> 'approved') THEN
        RETURN QUERY SELECT 'not_found'::text;
    ELSIF opla_told(v_listed) <> p_seen OR (p_decision = 'approved' AND v_listed.gone_at IS NOT NULL) THEN
        RETURN QUERY SELECT 'changed'::text;
    ELSE
        IF p_decision = 'refused' AND v_supply.state = 'approved' THEN
            v_target := 'approved';  -- what is new of it is refused, not the thing
        END IF;
        IF p_decision = 'approved' THEN
            UPDATE supply s SET state = 'refused', decided_at = p_at, decided_by = p_actor
            WHERE s.supplier = p_supplier AND s.sku = p_sku AND s.their_sku <> p_theirs AND s.state = 'approved';
            INSERT INTO supply (id, supplier, sku, their_sku, state, currency, min_minor, max_minor, cost_minor, cost_currency,
                                seen, made_at, decided_at, decided_by)
            VALUES (p_new, p_supplier, p_sku, p_theirs, 'approved', v_listed.currency, v_listed.min_minor, v_listed.max_minor,
                    v_listed.cost_minor, v_listed.cost_currency, p_seen, p_at, p_at, p_actor)
            ON CONFLICT (supplier, sku, their_sku) DO UPDATE SET
                state = 'approved', currency = excluded.currency, min_minor = excluded.min_minor, max_minor = excluded.max_minor,
                cost_minor = excluded.cost_minor, cost_currency = excluded.cost_currency, seen = p_seen, decided_at = p_at,
                decided_by = p_actor;
        ELSE
            UPDATE supply s SET state = v_target, seen = p_seen, decided_at = p_at, decided_by = p_actor
            WHERE s.id = v_supply.id;
        END IF;
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'supply', coalesce(v_supply.id, p_new), 'supply_' || p_decision, coalesce(v_supply.state, ''), v_target,
                p_actor, p_supplier || ' ' || p_sku || ' ' || p_theirs || ' ' || p_seen);
        PERFORM opla_supply_alarm(p_at, p_supplier);
        RETURN QUERY SELECT 'done'::text;
    END IF;
    PERFORM opla_writes(false);
END $$;

-- ── health and floats ──

-- Internal: the item that says our float there is low; gone once they say that it is not.
CREATE OR REPLACE FUNCTION opla_float_alarm(p_at timestamptz, p_supplier text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_state supplier_state;
    v_short boolean;
    v_low boolean;
BEGIN
    SELECT * INTO v_state FROM supplier_state s WHERE s.supplier = p_supplier;
    v_low := v_state.below_currency = v_state.float_currency AND v_state.float_minor < v_state.below_minor;
    -- an order that waits looks again within a minute: three without one, and none does
    -- and who refused for want of it is not believed at once when it says that there is enough
    v_short := v_state.short_at IS NOT NULL AND (v_state.float_at IS NULL OR v_state.float_at <= v_state.short_at)
        OR coalesce(v_state.short_at > p_at - interval '10 minutes', false)
        OR coalesce(v_state.waits_at > p_at - interval '3 minutes', false);
    IF v_low OR v_short THEN
        INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
        VALUES ('float_low', md5('float ' || p_supplier)::uuid, 0,
                coalesce(nullif(v_state.float_currency, ''), nullif(v_state.below_currency, ''), 'EUR'),
                jsonb_strip_nulls(jsonb_build_object(
                    'why', CASE WHEN v_short THEN 'float_short' ELSE 'float_below' END, 'supplier', p_supplier,
                    'float_minor', v_state.float_minor::text, 'below_minor', v_state.below_minor::text)), p_at)
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE SET why = excluded.why WHERE item.why <> excluded.why;
    ELSE
        UPDATE item i SET closed_at = p_at, closed_by = 'system'
        WHERE i.kind = 'float_low' AND i.subject = md5('float ' || p_supplier)::uuid AND i.closed_at IS NULL;
    END IF;
END $$;

-- What a batch of sends taught us of their suppliers: whether any was answered, how many since then were not, whether one
-- was refused for want of float. p_after failures in a row open a circuit, for p_open_s[how often in a row].
CREATE OR REPLACE FUNCTION opla_supplier_heard(
    p_at timestamptz, p_after int, p_open_s int[], p_supplier text[], p_good boolean[], p_bad int[], p_short boolean[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier)
    SELECT w.supplier FROM unnest(p_supplier) AS w (supplier) ORDER BY 1 ON CONFLICT (supplier) DO NOTHING;
    PERFORM 1 FROM supplier_state s WHERE s.supplier = ANY (p_supplier) ORDER BY s.supplier FOR NO KEY UPDATE;
    UPDATE supplier_state s SET
        failures = n.failures,
        openings = CASE WHEN n.opens THEN n.openings + 1 ELSE n.openings END,
        open_until = CASE
            WHEN n.opens THEN p_at + make_interval(secs => p_open_s[least(n.openings + 1, cardinality(p_open_s))])
            WHEN n.good AND n.failures < p_after THEN NULL ELSE s.open_until END,
        try_until = CASE WHEN n.opens OR n.good THEN NULL ELSE s.try_until END,
        short_at = CASE WHEN n.short THEN p_at ELSE s.short_at END,
        float_due_at = CASE WHEN n.short THEN p_at ELSE s.float_due_at END
    FROM (
        SELECT k.supplier, w.good, w.short, w.bad,
               CASE WHEN w.good THEN w.bad ELSE k.failures + w.bad END AS failures,
               CASE WHEN w.good THEN 0 ELSE k.openings END AS openings,
               w.bad > 0 AND CASE WHEN w.good THEN w.bad ELSE k.failures + w.bad END >= p_after
                   -- what was under way when it was opened says nothing new
                   AND (w.good OR k.open_until IS NULL OR k.open_until <= p_at) AS opens
        FROM supplier_state k JOIN unnest(p_supplier, p_good, p_bad, p_short) AS w (supplier, good, bad, short)
            ON w.supplier = k.supplier
    ) n
    WHERE s.supplier = n.supplier;
    PERFORM opla_float_alarm(p_at, w.supplier) FROM unnest(p_supplier, p_short) AS w (supplier, short) WHERE w.short;
    PERFORM opla_writes(false);
END $$;

-- A circuit whose time is over lets one send through: true for the one who asks first.
CREATE OR REPLACE FUNCTION opla_supplier_try(p_at timestamptz, p_supplier text, p_try_s int) RETURNS TABLE (may boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    WITH tried AS (
        UPDATE supplier_state s SET try_until = p_at + make_interval(secs => p_try_s)
        WHERE s.supplier = p_supplier AND s.open_until <= p_at AND (s.try_until IS NULL OR s.try_until <= p_at)
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM tried);
    PERFORM opla_writes(false);
END $$;

-- Whose float is to be asked for now; nobody else asks for it in the next p_again_s seconds.
CREATE OR REPLACE FUNCTION opla_float_due(p_at timestamptz, p_supplier text[], p_again_s int) RETURNS TABLE (supplier text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier)
    SELECT w.supplier FROM unnest(p_supplier) AS w (supplier) ORDER BY 1 ON CONFLICT (supplier) DO NOTHING;
    RETURN QUERY
    UPDATE supplier_state s SET float_due_at = p_at + make_interval(secs => p_again_s)
    WHERE s.supplier = ANY (p_supplier) AND (s.float_due_at IS NULL OR s.float_due_at <= p_at)
    RETURNING s.supplier;
    PERFORM opla_writes(false);
END $$;

-- Sends went out, or somebody waits for a float: it is asked for within p_within_s seconds.
CREATE OR REPLACE FUNCTION opla_float_soon(p_at timestamptz, p_supplier text[], p_within_s int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE supplier_state s SET float_due_at = p_at + make_interval(secs => p_within_s)
    WHERE s.supplier = ANY (p_supplier) AND s.float_due_at > p_at + make_interval(secs => p_within_s);
    PERFORM opla_writes(false);
END $$;

-- Orders wait because too little of our money lies there: a person hears of it, and they are asked again at once.
CREATE OR REPLACE FUNCTION opla_float_waits(p_at timestamptz, p_supplier text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier)
    SELECT w.supplier FROM unnest(p_supplier) AS w (supplier) ORDER BY 1 ON CONFLICT (supplier) DO NOTHING;
    UPDATE supplier_state s SET waits_at = p_at, float_due_at = least(s.float_due_at, p_at)
    WHERE s.supplier = ANY (p_supplier);
    PERFORM opla_float_alarm(p_at, w.supplier) FROM unnest(p_supplier) AS w (supplier);
    PERFORM opla_writes(false);
END $$;

-- How much of our money lies there, as they say.
CREATE OR REPLACE FUNCTION opla_float_told(p_at timestamptz, p_supplier text, p_minor bigint, p_currency text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier, float_minor, float_currency, float_at) VALUES (p_supplier, p_minor, p_currency, p_at)
    ON CONFLICT (supplier) DO UPDATE SET float_minor = p_minor, float_currency = p_currency, float_at = p_at;
    INSERT INTO float_told (supplier, at, minor, currency)
    SELECT p_supplier, p_at, p_minor, p_currency
    WHERE (p_minor, p_currency) IS DISTINCT FROM (SELECT (t.minor, t.currency) FROM float_told t
                                                  WHERE t.supplier = p_supplier ORDER BY t.at DESC LIMIT 1)
    ON CONFLICT DO NOTHING;
    PERFORM opla_float_alarm(p_at, p_supplier);
    PERFORM opla_writes(false);
END $$;

-- The owner wants to know when it is less than this; null: not any more.
CREATE OR REPLACE FUNCTION opla_float_below(
    p_at timestamptz, p_actor text, p_id uuid, p_supplier text, p_minor bigint, p_currency text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier, below_minor, below_currency) VALUES (p_supplier, p_minor, p_currency)
    ON CONFLICT (supplier) DO UPDATE SET below_minor = p_minor, below_currency = p_currency;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'supply', p_id, 'float_below', '', '', p_actor, concat_ws(' ', p_supplier, p_minor, p_currency));
    PERFORM opla_float_alarm(p_at, p_supplier);
    PERFORM opla_writes(false);
END $$;

-- Whose list is to be read now.
CREATE OR REPLACE FUNCTION opla_sync_due(p_at timestamptz, p_supplier text[], p_again_s int) RETURNS TABLE (supplier text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supplier_state (supplier)
    SELECT w.supplier FROM unnest(p_supplier) AS w (supplier) ORDER BY 1 ON CONFLICT (supplier) DO NOTHING;
    RETURN QUERY
    UPDATE supplier_state s SET sync_due_at = p_at + make_interval(secs => p_again_s)
    WHERE s.supplier = ANY (p_supplier) AND (s.sync_due_at IS NULL OR s.sync_due_at <= p_at)
    RETURNING s.supplier;
    PERFORM opla_writes(false);
END $$;

-- By what lists these sends were given to their suppliers. The first word stands: a send that is repeated is the same one.
CREATE OR REPLACE FUNCTION opla_keep_routes(p_at timestamptz, p_attempt uuid[], p_theirs text[], p_considered text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO attempt_route (attempt_id, at, their_sku, considered)
    SELECT r.attempt, p_at, r.theirs, r.considered::jsonb
    FROM unnest(p_attempt, p_theirs, p_considered) AS r (attempt, theirs, considered)
    ON CONFLICT (attempt_id) DO NOTHING;
    PERFORM opla_writes(false);
END $$;

-- What they really took for what was delivered since the last look, or since p_since: the newest of each is kept.
CREATE OR REPLACE FUNCTION opla_learn_costs(p_since timestamptz, p_shelves text[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO supply_cost (supplier, sku, face_minor, currency, cost_minor, at)
    SELECT DISTINCT ON (d.supplier, o.sku, o.face_minor, o.currency)
           d.supplier, o.sku, o.face_minor, o.currency, d.cost_minor, d.at
    FROM delivery d JOIN orders o ON o.id = d.order_id
    -- what was decided at that moment may be committed a little later
    WHERE d.at >= greatest(p_since, (SELECT max(c.at) FROM supply_cost c) - interval '5 minutes')
      AND d.supplier <> ALL (p_shelves) AND o.state = 'delivered'
    ORDER BY d.supplier, o.sku, o.face_minor, o.currency, d.at DESC
    ON CONFLICT (supplier, sku, face_minor, currency) DO UPDATE SET cost_minor = excluded.cost_minor, at = excluded.at
    WHERE supply_cost.at < excluded.at;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
