-- Months that are closed and old leave the tables that are written, and stay readable (docs/decisions/0056).

-- All there ever was: what is written now, and the months that were moved away. Whoever may be asked about something old
-- reads these. What works on what happens now reads the tables themselves, which stay small.
CREATE OR REPLACE VIEW every_event AS SELECT * FROM event UNION ALL SELECT * FROM archived_event;
CREATE OR REPLACE VIEW every_transfer AS SELECT * FROM transfer UNION ALL SELECT * FROM archived_transfer;
CREATE OR REPLACE VIEW every_attempt_evidence AS
    SELECT * FROM attempt_evidence UNION ALL SELECT * FROM archived_attempt_evidence;

-- Archived events about something that has been there since p_since; none, and no look at old months, where that is newer
-- than all of them. For pages that many look at.
CREATE OR REPLACE FUNCTION opla_archived_events(p_subject uuid, p_since timestamptz) RETURNS SETOF archived_event
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF p_since < (SELECT max(until_at) FROM archived_month) THEN
        RETURN QUERY SELECT * FROM archived_event WHERE subject_id = p_subject;
    END IF;
END $$;

-- Every month of each table, and where it lies: `live`, `archived`, or nowhere here: it was taken out.
CREATE OR REPLACE VIEW kept_month AS
    SELECT n.name, c.oid::regclass::text AS part, to_date(right(c.relname, 7), 'YYYY_MM') AS month,
           CASE WHEN i.inhparent = n.name::regclass THEN 'live' ELSE 'archived' END AS place
    FROM unnest(ARRAY['event', 'transfer', 'attempt_evidence']) AS n (name)
    JOIN pg_inherits i ON i.inhparent IN (n.name::regclass, ('archived_' || n.name)::regclass)
    JOIN pg_class c ON c.oid = i.inhrelid AND c.relname ~ '_[0-9]{4}_[0-9]{2}$';

-- The archived months whose rows are not in the database any more.
CREATE OR REPLACE VIEW month_outside AS
    SELECT m.* FROM archived_month m
    WHERE NOT EXISTS (SELECT FROM kept_month k WHERE k.name = m.name AND k.month = m.month);

-- What a table's rows of a time come to: how many, their first and last number, and the sums that later checks need of
-- them: of lines by account, reason and phase; of events how many codes and cards came into stock.
CREATE OR REPLACE FUNCTION opla_archive_count(
    p_name text, p_from timestamptz, p_until timestamptz, OUT rows bigint, OUT first_id bigint, OUT last_id bigint,
    OUT carried jsonb
)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    carried := '[]';
    IF p_name = 'attempt_evidence' THEN
        SELECT count(*) INTO rows FROM every_attempt_evidence WHERE at >= p_from AND at < p_until;
    ELSIF p_name = 'event' THEN
        SELECT count(*), min(e.id), max(e.id), jsonb_build_array(
                   jsonb_build_object('stocked', coalesce(sum(e.why::int) FILTER (WHERE e.subject = 'stock' AND e.name = 'stocked'), 0),
                       'cards_stocked', coalesce(sum(e.why::int) FILTER (WHERE e.subject = 'stock' AND e.name = 'cards_stocked'), 0)))
        INTO rows, first_id, last_id, carried
        FROM every_event e WHERE e.at >= p_from AND e.at < p_until;
    ELSE
        SELECT count(*), min(t.id), max(t.id) INTO rows, first_id, last_id
        FROM every_transfer t WHERE t.at >= p_from AND t.at < p_until;
        SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.account, s.reason, s.phase), '[]') INTO carried
        FROM (
            SELECT account, reason, phase, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits
            FROM (
                SELECT debit AS account, reason, phase, amount_minor AS debits, 0 AS credits
                FROM every_transfer WHERE at >= p_from AND at < p_until
                UNION ALL
                SELECT credit, reason, phase, 0, amount_minor FROM every_transfer WHERE at >= p_from AND at < p_until
            ) l GROUP BY account, reason, phase
        ) s;
    END IF;
END $$;

-- A digest of all of a table's rows of a time, whatever order they lie in: of digests of some hundreds of them each.
CREATE OR REPLACE FUNCTION opla_archive_sha256(p_name text, p_from timestamptz, p_until timestamptz) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_name = 'attempt_evidence' THEN
        RETURN (SELECT sha256(coalesce(string_agg(g.d, NULL ORDER BY g.some), '')) FROM (
            SELECT substr(r.d, 1, 2) AS some, sha256(string_agg(r.d, NULL ORDER BY r.d)) AS d
            FROM (SELECT sha256(convert_to(jsonb_build_array(attempt_id, extract(epoch FROM at), answer, why, evidence)::text,
                                           'UTF8')) AS d
                  FROM every_attempt_evidence WHERE at >= p_from AND at < p_until) r GROUP BY 1) g);
    END IF;
    RETURN (SELECT sha256(coalesce(string_agg(g.d, NULL ORDER BY g.some), '')) FROM (
        SELECT r.id / 1000 AS some, sha256(string_agg(sha256(convert_to(r.line::text, 'UTF8')), NULL ORDER BY r.id)) AS d
        FROM audit_row r WHERE r.stream = p_name AND r.at >= p_from AND r.at < p_until GROUP BY 1) g);
END $$;

-- A month whose rows came before it was made, since nobody was there to make it in time, and lie with those of no month: it
-- is made, and they are put into it. One month of one table, with p_most rows at most; its name, or empty: there is none.
-- The rows stay as they are, and so the chain says.
CREATE OR REPLACE FUNCTION opla_bring_in(p_most bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
    v_name text;
    v_first timestamptz;
    v_month date;
    v_part text;
    v_rows bigint;
BEGIN
    FOREACH v_name IN ARRAY ARRAY['attempt_evidence', 'event', 'transfer'] LOOP
        EXECUTE format('SELECT min(at) FROM %I', v_name || '_default') INTO v_first;
        CONTINUE WHEN v_first IS NULL;
        v_month := date_trunc('month', v_first AT TIME ZONE 'UTC')::date;
        v_part := v_name || '_' || to_char(v_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(v_part) IS NOT NULL;  -- it went into the archive before they came
        EXECUTE format('SELECT count(*) FROM %I WHERE at < %L', v_name || '_default', (v_month + interval '1 month') AT TIME ZONE 'UTC')
            INTO v_rows;
        CONTINUE WHEN v_rows > p_most;
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', v_name);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING INDEXES INCLUDING CONSTRAINTS)', v_part, v_name);
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', v_name || '_default');
        EXECUTE format('WITH gone AS (DELETE FROM %I WHERE at < %L RETURNING *) INSERT INTO %I SELECT * FROM gone',
                       v_name || '_default', (v_month + interval '1 month') AT TIME ZONE 'UTC', v_part);
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', v_name || '_default');
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_part,
                       v_month::timestamp AT TIME ZONE 'UTC', (v_month + interval '1 month') AT TIME ZONE 'UTC');
        PERFORM opla_guard(v_name);
        RETURN v_part;
    END LOOP;
    RETURN '';
END $$;

-- The next step of archiving the oldest month that ended by p_before and is closed, all of it chained: `closed` (what it
-- is was written down), `fenced`, `proved` (so that the move reads no row), `moved`; empty: there is none. Each step is a
-- commit of its own; whoever is interrupted is gone on for. A step that needs a table alone waits for it a twentieth of
-- a second at most, and so does whoever sells: then it fails, and is tried again later.
--
-- Not DETACH CONCURRENTLY: there is none beside a default partition, and it would leave the rows nowhere for a moment.
CREATE OR REPLACE FUNCTION opla_archive_step(p_at timestamptz, p_before timestamptz, OUT done text, OUT which date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
    v_from timestamptz;
    v_until timestamptz;
    v_part record;
    v_proved boolean;
BEGIN
    done := '';
    IF NOT pg_try_advisory_xact_lock(hashtext('opla_archive_step')) THEN
        RETURN;
    END IF;
    SELECT k.month INTO which FROM kept_month k
    WHERE k.place = 'live'
      AND (k.month + interval '1 month') AT TIME ZONE 'UTC' <= least(p_before, coalesce(
            (SELECT d.until_at FROM day_close d WHERE d.day = (SELECT max(m.until_day) FROM month_close m)), '-infinity'))
    ORDER BY k.month LIMIT 1;
    IF which IS NULL THEN
        RETURN;
    END IF;
    v_from := which::timestamp AT TIME ZONE 'UTC';
    v_until := (which + interval '1 month') AT TIME ZONE 'UTC';

    IF EXISTS (SELECT FROM kept_month k WHERE k.month = which AND NOT EXISTS (
                   SELECT FROM archived_month a WHERE a.name = k.name AND a.month = which)) THEN
        IF EXISTS (SELECT FROM event WHERE at >= v_from AND at < v_until
                   AND id > coalesce((SELECT max(until_id) FROM audit_segment WHERE stream = 'event'), 0))
           OR EXISTS (SELECT FROM transfer WHERE at >= v_from AND at < v_until
                      AND id > coalesce((SELECT max(until_id) FROM audit_segment WHERE stream = 'transfer'), 0)) THEN
            which := NULL;  -- the janitor chains it first
            RETURN;
        END IF;
        PERFORM opla_writes(true);
        INSERT INTO archived_month (at, name, month, from_at, until_at, rows, first_id, last_id, carried, sha256)
        SELECT p_at, k.name, which, v_from, v_until, s.rows, s.first_id, s.last_id, s.carried,
               opla_archive_sha256(k.name, v_from, v_until)
        FROM kept_month k CROSS JOIN LATERAL opla_archive_count(k.name, v_from, v_until) s
        WHERE k.month = which AND NOT EXISTS (SELECT FROM archived_month a WHERE a.name = k.name AND a.month = which)
        ORDER BY k.name;
        PERFORM opla_writes(false);
        done := 'closed';
        RETURN;
    END IF;
    FOR v_part IN SELECT k.* FROM kept_month k WHERE k.month = which AND k.place = 'live' ORDER BY k.name LOOP
        SELECT c.convalidated INTO v_proved FROM pg_constraint c
        WHERE c.conrelid = v_part.part::regclass AND c.conname = 'archived_within';
        IF v_proved IS NULL THEN
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT archived_within CHECK (at >= %L AND at < %L) NOT VALID',
                           v_part.part, v_from, v_until);
            done := 'fenced';
            RETURN;
        ELSIF NOT v_proved THEN
            EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT archived_within', v_part.part);
            done := 'proved';
            RETURN;
        END IF;
    END LOOP;
    -- All tables at once: a line is never without its event.
    LOCK TABLE attempt_evidence, event, transfer IN ACCESS EXCLUSIVE MODE;
    FOR v_part IN SELECT k.* FROM kept_month k WHERE k.month = which AND k.place = 'live' ORDER BY k.name LOOP
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %s', v_part.name, v_part.part);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                       'archived_' || v_part.name, v_part.part, v_from, v_until);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT archived_within', v_part.part);
    END LOOP;
    done := 'moved';
END $$;
