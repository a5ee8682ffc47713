-- The trail of who did and saw what, and the proof that nobody rewrote it (docs/decisions/0050).

-- Written before what it speaks of is shown.
CREATE OR REPLACE FUNCTION opla_look(p_at timestamptz, p_actor text, p_page text, p_subjects text[], p_orders uuid[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO look (at, actor, page, subject, order_id)
    SELECT p_at, p_actor, p_page, l.subject, l.order_id FROM unnest(p_subjects, p_orders) AS l (subject, order_id);
    PERFORM opla_writes(false);
END $$;

-- What is chained, a line per row that no setting of a session writes otherwise. A file counts by its digest, so that one
-- may be deleted. A new column of these tables is added at the end of its line, for new rows only.
CREATE OR REPLACE VIEW audit_row AS
    SELECT 'event'::text AS stream, id,
        jsonb_build_array(id, extract(epoch FROM at), subject, subject_id, name, source, target, actor, why) AS line, at
    FROM every_event
    UNION ALL
    SELECT 'transfer', id,
        jsonb_build_array(id, extract(epoch FROM at), event_id, debit, credit, amount_minor, currency, reason, phase, order_id,
                          payment_id), at FROM every_transfer
    UNION ALL
    SELECT 'reveal', id, jsonb_build_array(id, extract(epoch FROM at), order_id, code_id, actor), at FROM reveal
    UNION ALL
    SELECT 'item_evidence', id,
        jsonb_build_array(id, extract(epoch FROM at), item_id, actor, step, resolution, note, facts, answers, file_name,
                          encode(file_sha256, 'hex')), at FROM item_evidence
    UNION ALL
    SELECT 'look', id, jsonb_build_array(id, extract(epoch FROM at), actor, page, subject, order_id), at FROM look
    UNION ALL
    SELECT 'archived_month', id,
        jsonb_build_array(id, extract(epoch FROM at), name, month, extract(epoch FROM from_at), extract(epoch FROM until_at), rows,
                          first_id, last_id, carried, encode(sha256, 'hex')), at FROM archived_month;

-- A link: of the one before, and of everything that a group of rows is.
CREATE OR REPLACE FUNCTION opla_audit_link(p_before bytea, p_stream text, p_number bigint, p_after bigint, p_until bigint,
                                           p_rows int, p_digest bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(p_before || convert_to(jsonb_build_array(p_stream, p_number, p_after, p_until, p_rows)::text, 'UTF8')
                  || p_digest)
$$;

-- Who has a table open for writing now. An INSERT locks its table before it draws an id, and to the end of its transaction.
CREATE OR REPLACE FUNCTION opla_audit_writers(p_stream text) RETURNS text[]
LANGUAGE sql AS $$
    SELECT coalesce(array_agg(DISTINCT l.virtualtransaction), '{}') FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted AND l.relation = p_stream::regclass
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$;

-- Chain what is certainly whole, in groups of p_rows, p_groups of each table at most; a smaller one where none was made for
-- ten minutes. How many rows. Whoever comes while another does this does nothing.
CREATE OR REPLACE FUNCTION opla_audit_seal(p_at timestamptz, p_rows int, p_groups int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_stream text;
    v_mark audit_mark;
    v_last audit_segment;
    v_drawn bigint;
    v_writers text[];
    v_until bigint;
    v_found record;
    v_end bigint;
    v_all bigint := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('opla_audit_seal')) THEN
        RETURN 0;
    END IF;
    PERFORM opla_writes(true);
    FOREACH v_stream IN ARRAY ARRAY['event', 'transfer', 'reveal', 'item_evidence', 'look', 'archived_month'] LOOP
        SELECT m.* INTO v_mark FROM audit_mark m WHERE m.stream = v_stream;
        IF v_mark.writers && opla_audit_writers(v_stream) THEN
            CONTINUE;  -- one of them may still bring a smaller id
        END IF;
        v_until := v_mark.until_id;
        -- In this order: who had drawn an id by then is either over now, and seen below, or among the writers.
        v_drawn := pg_sequence_last_value(pg_get_serial_sequence(v_stream, 'id'));
        v_writers := opla_audit_writers(v_stream);
        CONTINUE WHEN v_drawn IS NULL;
        IF v_writers = '{}' THEN
            v_until := v_drawn;
        END IF;
        INSERT INTO audit_mark AS m VALUES (v_stream, v_drawn, v_writers)
        ON CONFLICT (stream) DO UPDATE SET until_id = EXCLUDED.until_id, writers = EXCLUDED.writers
        WHERE (m.until_id, m.writers) IS DISTINCT FROM (EXCLUDED.until_id, EXCLUDED.writers);
        SELECT s.* INTO v_last FROM audit_segment s WHERE s.stream = v_stream ORDER BY s.number DESC LIMIT 1;
        FOR _ IN 1 .. p_groups LOOP
            EXIT WHEN v_until IS NULL OR v_until <= coalesce(v_last.until_id, 0);
            EXECUTE format('SELECT count(*)::int AS n, max(id) AS last, array_agg(id ORDER BY id) AS ids,
                                   string_agg(substr(d, 1, 8), NULL ORDER BY id) AS marks, sha256(string_agg(d, NULL ORDER BY id)) AS digest
                            FROM (SELECT r.id, sha256(convert_to(r.line::text, ''UTF8'')) AS d FROM audit_row r
                                  WHERE r.stream = %L AND r.id > $1 AND r.id <= $2 ORDER BY r.id LIMIT $3) t', v_stream)
                INTO v_found USING coalesce(v_last.until_id, -9223372036854775808), v_until, p_rows;
            EXIT WHEN v_found.n = 0 OR v_found.n < p_rows AND v_last.sealed_at > p_at - interval '10 minutes';
            v_end := CASE WHEN v_found.n < p_rows THEN v_until ELSE v_found.last END;
            INSERT INTO audit_segment VALUES (
                v_stream, coalesce(v_last.number, 0) + 1, coalesce(v_last.until_id, -9223372036854775808), v_end, v_found.ids,
                v_found.marks, v_found.digest,
                opla_audit_link(coalesce(v_last.link, ''), v_stream, coalesce(v_last.number, 0) + 1,
                                coalesce(v_last.until_id, -9223372036854775808), v_end, v_found.n, v_found.digest),
                p_at)
            RETURNING * INTO v_last;
            v_all := v_all + v_found.n;
        END LOOP;
    END LOOP;
    PERFORM opla_writes(false);
    RETURN v_all;
END $$;

-- The chain again, from its first link: every link by the digests that stand beside it, and the newest p_rows rows of each
-- table by themselves (null: all of them, and the archived months by their own digests). A row per group that is not what it
-- was, with the first row in it that is wrong. Of a group with rows of a month that the owner took out of the database, those
-- that are here are compared one by one, and as many are missing as were taken out.
CREATE OR REPLACE FUNCTION opla_audit(p_rows bigint) RETURNS TABLE (stream text, number bigint, example text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_stream text;
BEGIN
    RETURN QUERY
    SELECT s.stream, s.number, s.stream || ': link ' || s.number || ' does not follow from the one before'
    FROM (SELECT a.*, lag(a.link, 1, '') OVER w AS before, lag(a.until_id, 1, -9223372036854775808) OVER w AS ended,
              row_number() OVER w AS nth
          FROM audit_segment a WINDOW w AS (PARTITION BY a.stream ORDER BY a.number)) s
    WHERE s.nth <> s.number OR s.ended <> s.after_id OR s.link <> opla_audit_link(
        s.before, s.stream, s.number, s.after_id, s.until_id, cardinality(s.ids), s.digest);
    FOREACH v_stream IN ARRAY ARRAY['event', 'transfer', 'reveal', 'item_evidence', 'look', 'archived_month'] LOOP
        RETURN QUERY EXECUTE format($q$
            WITH asked AS MATERIALIZED (
                SELECT a.*, EXISTS (SELECT FROM month_outside o WHERE o.name = %1$L AND o.first_id <= a.until_id
                                    AND o.last_id > a.after_id) AS outside
                FROM (SELECT s.*, sum(cardinality(s.ids)) OVER (ORDER BY s.number DESC) - cardinality(s.ids) AS newer
                      FROM audit_segment s WHERE s.stream = %1$L) a WHERE $1 IS NULL OR a.newer < $1
            ), again AS (
                SELECT a.number, r.digest FROM asked a CROSS JOIN LATERAL (
                    SELECT sha256(coalesce(string_agg(sha256(convert_to(x.line::text, 'UTF8')), NULL ORDER BY x.id), '')) AS digest
                    FROM audit_row x WHERE x.stream = %1$L AND x.id > a.after_id AND x.id <= a.until_id) r
            )
            SELECT %1$L, w.number, w.example FROM (SELECT a.number, coalesce(
                (SELECT %1$L || ' ' || coalesce(k.id, r.id) || CASE WHEN r.id IS NULL THEN ' was removed'
                                                                  WHEN k.id IS NULL THEN ' was slipped in' ELSE ' was changed' END
                 FROM unnest(a.ids) WITH ORDINALITY AS k (id, n)
                 FULL JOIN (SELECT x.id, sha256(convert_to(x.line::text, 'UTF8')) AS d FROM audit_row x
                            WHERE x.stream = %1$L AND x.id > a.after_id AND x.id <= a.until_id) r ON r.id = k.id
                 WHERE r.d IS NULL AND NOT a.outside OR k.id IS NULL OR substr(r.d, 1, 8) <> substr(a.marks, (8 * k.n - 7)::int, 8)
                 ORDER BY coalesce(k.id, r.id) LIMIT 1),
                CASE WHEN NOT a.outside THEN %1$L || ' ' || a.number || ': its rows are not those that were chained' END) AS example
            FROM asked a JOIN again g ON g.number = a.number AND g.digest <> a.digest) w WHERE w.example IS NOT NULL
            UNION ALL
            SELECT %1$L, 0, %1$L || ': ' || c.missing || ' rows are missing, and ' || c.taken || ' were taken out'
            FROM (SELECT (SELECT coalesce(sum(cardinality(a.ids) - (
                              SELECT count(*) FROM audit_row x
                              WHERE x.stream = %1$L AND x.id > a.after_id AND x.id <= a.until_id)), 0)
                          FROM asked a WHERE a.outside) AS missing,
                         (SELECT coalesce(sum(o.rows), 0) FROM month_outside o WHERE o.name = %1$L) AS taken) c
            WHERE $1 IS NULL AND c.missing <> c.taken$q$, v_stream) USING p_rows;
    END LOOP;
    IF p_rows IS NULL THEN
        RETURN QUERY
        SELECT m.name, 0::bigint, m.name || ' of ' || to_char(m.month, 'YYYY-MM') || ' is not what was archived'
        FROM archived_month m JOIN kept_month k ON k.name = m.name AND k.month = m.month
        WHERE m.sha256 <> opla_archive_sha256(m.name, m.from_at, m.until_at);
    END IF;
END $$;
