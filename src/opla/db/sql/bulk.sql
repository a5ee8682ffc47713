-- Resellers' files of orders: what a worker found out about a batch of rows is written in one call, with the file's sums.

-- An event of a file, as core.bulk has it: false where it is not (any more) in one of p_sources.
-- p_key: what a program calls this move. Made before under it, nothing is done again, whatever came since.
DROP FUNCTION IF EXISTS opla_bulk_move(timestamptz, text, uuid, text, text[], text, boolean);  -- before it had a key
CREATE OR REPLACE FUNCTION opla_bulk_move(
    p_at timestamptz, p_actor text, p_file uuid, p_event text, p_sources text[], p_target text, p_ends boolean,
    p_key text DEFAULT ''
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_source text;
BEGIN
    SELECT state INTO v_source FROM bulk_file WHERE id = p_file FOR UPDATE;
    IF p_key <> '' AND EXISTS (SELECT FROM event WHERE subject_id = p_file AND name = p_event AND why = p_key) THEN
        RETURN true;
    END IF;
    IF v_source IS NULL OR v_source <> ALL (p_sources) THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    -- Whoever pauses or cancels does not know what a worker is doing just now, or did before it died.
    UPDATE bulk_file SET state = p_target, ended_at = CASE WHEN p_ends THEN p_at END,
        claimed_until = CASE WHEN p_event IN ('paused', 'cancelled') THEN claimed_until END,
        content = CASE WHEN p_ends THEN NULL ELSE content END,
        checked_at = CASE WHEN p_event = 'checked' THEN p_at ELSE checked_at END,
        upto = CASE WHEN p_event IN ('checked', 'begun') THEN 0 ELSE upto END,
        missing_minor = CASE WHEN p_event = 'resumed' THEN 0 ELSE missing_minor END
    WHERE id = p_file;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'file', p_file, p_event, v_source, p_target, p_actor, p_key);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- A file as it came. One row: the file under this key, its own or one from before, and the digest it came with.
CREATE OR REPLACE FUNCTION opla_bulk_upload(
    p_at timestamptz, p_actor text, p_id uuid, p_reseller text, p_sandbox boolean, p_key text, p_digest bytea, p_name text,
    p_platform text, p_email text, p_content bytea
) RETURNS TABLE (id uuid, digest bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO bulk_file (id, reseller, sandbox, upload_key, digest, name, platform, email, state, content, made_at)
    VALUES (p_id, p_reseller, p_sandbox, p_key, p_digest, p_name, p_platform, p_email, 'uploaded', p_content, p_at)
    ON CONFLICT (reseller, sandbox, upload_key) DO NOTHING;
    IF FOUND THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'file', p_id, 'uploaded', '', 'uploaded', p_actor, p_name);
    END IF;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT f.id, f.digest FROM bulk_file f
        WHERE f.reseller = p_reseller AND f.sandbox = p_sandbox AND f.upload_key = p_key;
END $$;

-- Somebody confirms the sum that they were shown: confirmed · again (by the same key) · not_now · total.
CREATE OR REPLACE FUNCTION opla_bulk_confirm(
    p_at timestamptz, p_actor text, p_file uuid, p_total bigint, p_begins_at timestamptz, p_key text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_file record;
BEGIN
    SELECT state, total_minor, confirm_key, begins_at INTO v_file FROM bulk_file WHERE id = p_file FOR UPDATE;
    IF v_file.confirm_key <> '' AND v_file.confirm_key = p_key THEN
        RETURN CASE WHEN v_file.total_minor <> p_total THEN 'total'
                    WHEN v_file.begins_at IS DISTINCT FROM p_begins_at THEN 'begins_at' ELSE 'again' END;
    ELSIF v_file.state IS DISTINCT FROM 'checked' THEN
        RETURN 'not_now';
    ELSIF v_file.total_minor <> p_total THEN
        RETURN 'total';
    END IF;
    PERFORM opla_writes(true);
    UPDATE bulk_file SET state = 'confirmed', confirmed_at = p_at, begins_at = p_begins_at, confirm_key = p_key, worked_at = NULL
    WHERE id = p_file;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'file', p_file, 'confirmed', 'checked', 'confirmed', p_actor, p_total::text);
    PERFORM opla_writes(false);
    RETURN 'confirmed';
END $$;

-- A worker takes the file that waits longest for its turn, for p_until: so every file moves, whatever lies before it.
-- A cancelled one once more, where a worker had it and never told what it bought.
CREATE OR REPLACE FUNCTION opla_bulk_claim(p_at timestamptz, p_until timestamptz, p_one uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    UPDATE bulk_file f SET claimed_until = p_until, worked_at = p_at
    FROM (
        SELECT w.id FROM bulk_file w
        WHERE (w.state IN ('uploaded', 'checking', 'confirmed', 'running') OR w.state = 'cancelled' AND w.claimed_until IS NOT NULL)
          AND (p_one IS NULL OR w.id = p_one)
          AND (w.state = 'cancelled' OR EXISTS (SELECT FROM reseller r WHERE r.id = w.reseller AND r.active))
          AND (w.claimed_until IS NULL OR w.claimed_until <= p_at)
          AND (w.state <> 'confirmed' OR w.begins_at IS NULL OR w.begins_at <= p_at)
        ORDER BY w.worked_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED
    ) w
    WHERE f.id = w.id
    RETURNING f.id;
    PERFORM opla_writes(false);
END $$;

-- Of a reseller that was switched off, what is being bought is paused; what waits for its time begins when it may again.
CREATE OR REPLACE FUNCTION opla_bulk_stop(p_at timestamptz, p_actor text, p_reseller text) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*) FILTER (WHERE opla_bulk_move(p_at, p_actor, f.id, 'paused', ARRAY['running'], 'paused', false))::int
    FROM bulk_file f WHERE f.reseller = p_reseller AND f.state = 'running';
$$;

-- Rows of a file that was read: some of them, until p_all of them are there. Reading again writes nothing twice.
DROP FUNCTION IF EXISTS opla_bulk_read(uuid, text[], jsonb, int[], int[], text[], text[], text[], text[]);  -- before 0159
CREATE OR REPLACE FUNCTION opla_bulk_read(
    p_file uuid, p_headings text[], p_named jsonb, p_speaks text, p_delimiter text, p_n int[], p_line int[], p_key text[], p_asked text[], p_cells text[],
    p_refusals text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM bulk_file WHERE id = p_file AND state = 'uploaded' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO bulk_row (file_id, n, line, key, asked, cells, state, refusals)
    SELECT p_file, n, line, key, asked::jsonb, cells::jsonb, 'new', refusals::jsonb
    FROM unnest(p_n, p_line, p_key, p_asked, p_cells, p_refusals) AS r (n, line, key, asked, cells, refusals)
    ON CONFLICT DO NOTHING;
    UPDATE bulk_file SET headings = p_headings, named = p_named, speaks = p_speaks, delimiter = p_delimiter WHERE id = p_file;
    PERFORM opla_writes(false);
END $$;

-- It was read whole, or (p_refusals) it cannot be.
CREATE OR REPLACE FUNCTION opla_bulk_was_read(p_at timestamptz, p_file uuid, p_rows int, p_refusals jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_broken boolean := p_refusals <> '[]';
BEGIN
    PERFORM 1 FROM bulk_file WHERE id = p_file AND state = 'uploaded' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM opla_writes(true);
    UPDATE bulk_file SET state = CASE WHEN v_broken THEN 'broken' ELSE 'checking' END, content = NULL, rows = p_rows,
        refusals = p_refusals, claimed_until = NULL, ended_at = CASE WHEN v_broken THEN p_at END
    WHERE id = p_file;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'file', p_file, CASE WHEN v_broken THEN 'broke' ELSE 'read' END, 'uploaded',
        CASE WHEN v_broken THEN 'broken' ELSE 'checking' END, 'system', p_rows::text);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- What became of rows of a file, wherever the file is by now: what was bought is bought. A row changes once from p_source;
-- p_link are the hashes of buyers' links, null where there is none. How many changed.
CREATE OR REPLACE FUNCTION opla_bulk_rows(
    p_at timestamptz, p_actor text, p_file uuid, p_source text, p_upto int, p_n int[], p_state text[], p_price bigint[],
    p_refusals text[], p_order uuid[], p_share uuid[], p_link bytea[], p_ends_at timestamptz
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM bulk_file WHERE id = p_file FOR UPDATE;  -- the sums are this file's alone
    INSERT INTO order_share (id, order_id, link_hash, with_code, actor, made_at, ends_at)
    SELECT s.share, s.order_id, s.link, true, p_actor, p_at, p_ends_at
    FROM unnest(p_share, p_order, p_link) AS s (share, order_id, link)
    WHERE s.link IS NOT NULL AND s.order_id IS NOT NULL ON CONFLICT DO NOTHING;
    WITH told AS (
        SELECT * FROM unnest(p_n, p_state, p_price, p_refusals, p_order) AS t (n, state, price, refusals, order_id)
    ), changed AS (
        UPDATE bulk_row r SET refusals = t.refusals::jsonb, order_id = t.order_id,
            price_minor = CASE WHEN p_source = 'new' THEN t.price ELSE r.price_minor END,
            -- An answer may be lost after its commit: what was ordered since the file was confirmed, and stands in no other
            -- file as its own, was ordered by this one.
            state = CASE WHEN t.state = 'again' AND p_source = 'good' AND o.placed_at >= f.confirmed_at AND NOT EXISTS (
                    SELECT FROM bulk_row b WHERE b.order_id = t.order_id AND b.state = 'placed') THEN 'placed' ELSE t.state END
        FROM told t CROSS JOIN bulk_file f LEFT JOIN orders o ON o.id = t.order_id
        WHERE r.file_id = p_file AND f.id = p_file AND r.n = t.n AND r.state = p_source
        RETURNING r.state, r.price_minor
    ), sums AS (
        SELECT count(*) AS changed, count(*) FILTER (WHERE c.state = 'good') AS good, count(*) FILTER (WHERE c.state = 'bad') AS bad,
            count(*) FILTER (WHERE c.state = 'again') AS again, count(*) FILTER (WHERE c.state = 'placed') AS placed,
            count(*) FILTER (WHERE c.state = 'refused') AS refused,
            coalesce(sum(c.price_minor) FILTER (WHERE c.state = 'good'), 0) AS good_minor,
            coalesce(sum(c.price_minor), 0) AS all_minor
        FROM changed c
    )
    UPDATE bulk_file f SET good = f.good + s.good, bad = f.bad + s.bad, again = f.again + s.again,
        placed = f.placed + s.placed, refused = f.refused + s.refused, total_minor = f.total_minor + s.good_minor,
        left_minor = f.left_minor + CASE WHEN p_source = 'new' THEN s.good_minor ELSE -s.all_minor END,
        claimed_until = NULL,
        -- A worker that was asleep for long tells of another state's rows.
        upto = CASE WHEN (p_source = 'new') = (f.state = 'checking') THEN greatest(f.upto, p_upto) ELSE f.upto END
    FROM sums s WHERE f.id = p_file RETURNING s.changed::int INTO v_count;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;

-- A new link for the buyer of an order of a reseller; the one before ends. p_links: how many there were, as whoever asks saw
-- it. used (it had shown its code) · unused · not_now (there is another one since) · too_many_tries · not_found.
CREATE OR REPLACE FUNCTION opla_bulk_link(
    p_at timestamptz, p_ends_at timestamptz, p_actor text, p_id uuid, p_order uuid, p_links int, p_link_hash bytea
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_links int;
    v_used boolean;
BEGIN
    PERFORM 1 FROM orders WHERE id = p_order AND reseller <> '' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    SELECT count(*), coalesce(bool_or(device_hash IS NOT NULL), false) INTO v_links, v_used
    FROM order_share WHERE order_id = p_order;
    IF v_links <> p_links THEN
        RETURN 'not_now';
    ELSIF v_links >= 20 THEN
        RETURN 'too_many_tries';
    END IF;
    PERFORM opla_writes(true);
    UPDATE order_share SET ended_at = p_at WHERE order_id = p_order AND ended_at IS NULL;
    INSERT INTO order_share (id, order_id, link_hash, with_code, actor, made_at, ends_at)
    VALUES (p_id, p_order, p_link_hash, true, p_actor, p_at, p_ends_at);
    PERFORM opla_writes(false);
    RETURN CASE WHEN v_used THEN 'used' ELSE 'unused' END;
END $$;

-- The float does not cover the rest: it pauses, and says how much is missing.
CREATE OR REPLACE FUNCTION opla_bulk_short(p_at timestamptz, p_actor text, p_file uuid, p_missing bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_moved boolean;
BEGIN
    v_moved := opla_bulk_move(p_at, p_actor, p_file, 'short', ARRAY['running'], 'paused', false);
    IF v_moved THEN
        PERFORM opla_writes(true);
        UPDATE bulk_file SET missing_minor = p_missing WHERE id = p_file;
        PERFORM opla_writes(false);
    END IF;
    RETURN v_moved;
END $$;

-- Files that nobody confirmed since p_since expire, and what stood still since p_still is cancelled, paused or of a reseller
-- that may not order; those that ended before p_before are deleted with their rows: orders and keys stay, so that nothing of
-- them is ever bought twice.
DROP FUNCTION IF EXISTS opla_bulk_tidy(timestamptz, timestamptz, timestamptz);  -- before it knew what stands still
CREATE OR REPLACE FUNCTION opla_bulk_tidy(
    p_at timestamptz, p_since timestamptz, p_still timestamptz, p_before timestamptz
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_bulk_move(p_at, 'system', f.id, 'expired', ARRAY['checked'], 'expired', true)
    FROM (SELECT id FROM bulk_file WHERE state = 'checked' AND checked_at < p_since LIMIT 100) f;
    PERFORM opla_bulk_move(p_at, 'system', f.id, 'cancelled', ARRAY[f.state], 'cancelled', true)
    FROM (
        SELECT id, state FROM bulk_file WHERE state IN ('uploaded', 'checking', 'confirmed', 'running', 'paused')
          AND greatest(made_at, confirmed_at, begins_at, worked_at) < p_still LIMIT 100
    ) f;
    PERFORM opla_writes(true);
    DELETE FROM bulk_file WHERE id IN (SELECT id FROM bulk_file WHERE ended_at < p_before LIMIT 1 FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
