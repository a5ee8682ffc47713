-- What is watched: signs of life, and counts of what happened. Nothing of it decides about money.

-- A process lives. Those of machines that are no more are forgotten after a week.
CREATE OR REPLACE FUNCTION opla_beat(p_at timestamptz, p_process text, p_host text, p_pid int, p_version text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO heartbeat (process, host, pid, version, at) VALUES (p_process, p_host, p_pid, p_version, p_at)
    ON CONFLICT (process, host) DO UPDATE SET pid = excluded.pid, version = excluded.version, at = excluded.at
    WHERE heartbeat.at < excluded.at;
    DELETE FROM heartbeat WHERE at < p_at - interval '7 days';
END $$;

-- Count the next p_most events that are older than p_until: by then whoever took a lower number has committed. p_bounds
-- are the edges of opla_paid_to_delivered_seconds. How many were counted; one caller at a time, the others do nothing.
CREATE OR REPLACE FUNCTION opla_tally(p_until timestamptz, p_most int, p_bounds double precision[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_from bigint;
    v_to bigint;
    v_last timestamptz;
    v_count int;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('tally', 170)) THEN
        RETURN 0;
    END IF;
    SELECT coalesce((SELECT value::bigint FROM opla_meta WHERE key = 'tallied'), 0) INTO v_from;
    WITH next AS (
        SELECT id, at FROM event WHERE id > v_from ORDER BY id LIMIT p_most
    ), old AS (
        SELECT id, at FROM next WHERE id < coalesce((SELECT min(id) FROM next WHERE at >= p_until), 9223372036854775807)
    )
    SELECT max(id), max(at), count(*) INTO v_to, v_last, v_count FROM old;
    INSERT INTO opla_meta VALUES ('tallied_at', extract(epoch FROM CASE WHEN v_count = p_most THEN v_last ELSE p_until END)::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;
    IF v_count = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO tally (metric, label, value)
    SELECT 'opla_order_events_total', ARRAY[e.name], count(*)
    FROM event e WHERE e.id > v_from AND e.id <= v_to AND e.subject = 'order' GROUP BY e.name
    ON CONFLICT (metric, label) DO UPDATE SET value = tally.value + excluded.value;
    INSERT INTO tally (metric, label, value)
    SELECT 'opla_paid_to_delivered_seconds', ARRAY[d.kind, b.name], sum(b.value)
    FROM (
        SELECT o.kind, greatest(0, extract(epoch FROM e.at - p.at))::double precision AS took
        FROM event e JOIN orders o ON o.id = e.subject_id
        CROSS JOIN LATERAL (
            SELECT max(p.at) AS at FROM event p WHERE p.subject_id = e.subject_id AND p.subject = 'order'
            AND (p.name = 'reserved' OR p.target = 'paid' AND p.source <> 'paid' AND p.name <> 'paid_from_float')
        ) p
        WHERE e.id > v_from AND e.id <= v_to AND e.subject = 'order' AND e.name = 'delivered' AND o.deliver_at IS NULL
          AND p.at IS NOT NULL
    ) d
    CROSS JOIN LATERAL (
        SELECT edge::text AS name, (d.took <= edge)::int::double precision AS value FROM unnest(p_bounds) AS edge
        UNION ALL SELECT '+Inf', 1 UNION ALL SELECT 'sum', d.took
    ) b
    GROUP BY d.kind, b.name
    ON CONFLICT (metric, label) DO UPDATE SET value = tally.value + excluded.value;
    INSERT INTO opla_meta VALUES ('tallied', v_to::text) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
    RETURN v_count;
END $$;

-- Whether it is the caller's turn to prove the books: one at a time. Whoever dies at it has had an hour.
CREATE OR REPLACE FUNCTION opla_prove_turn(p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE books_proving SET due_at = p_at + interval '1 hour', begun_at = p_at WHERE due_at <= p_at;
    RETURN FOUND;
END $$;

-- What a proof that was begun as of p_at says of every check, how long it took, and when the next one is due.
CREATE OR REPLACE FUNCTION opla_proven(p_at timestamptz, p_took_ms bigint, p_next timestamptz, p_names text[], p_wrong bigint[],
                                       p_examples text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE books_proving SET due_at = p_next, begun_at = NULL, proven_at = p_at, took_ms = p_took_ms
    WHERE proven_at IS NULL OR proven_at < p_at;
    IF NOT FOUND THEN
        RETURN;  -- a later one was quicker
    END IF;
    DELETE FROM books_proof WHERE name <> ALL (p_names);
    INSERT INTO books_proof (name, wrong, example, since)
    SELECT n, w, e, CASE WHEN w > 0 THEN p_at END FROM unnest(p_names, p_wrong, p_examples) AS of (n, w, e)
    ON CONFLICT (name) DO UPDATE SET wrong = excluded.wrong, example = excluded.example,
        since = CASE WHEN excluded.wrong > 0 THEN coalesce(books_proof.since, excluded.since) END;
END $$;

-- Somebody wants to know now.
CREATE OR REPLACE FUNCTION opla_prove_now(p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE books_proving SET due_at = p_at WHERE begun_at IS NULL OR due_at <= p_at
$$;
