-- How often something may be tried: of each (what, who) p_most tries, which come back evenly within p_per_s seconds.

-- Take one try out of every bucket, or out of none: null, or when the next try is free. Rows of full buckets say nothing
-- and go. Rows are locked in one order, and the clearing waits for nobody, so no two calls wait for each other.
CREATE OR REPLACE FUNCTION opla_try(p_at timestamptz, p_what text[], p_who bytea[], p_most int[], p_per_s int[])
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_free timestamptz;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO tried (what, who, full_at)
    SELECT w.what, w.who, p_at FROM unnest(p_what, p_who) AS w (what, who) ORDER BY w.what, w.who
    ON CONFLICT (what, who) DO UPDATE SET full_at = tried.full_at;  -- locks it
    SELECT max(greatest(t.full_at, p_at) - make_interval(secs => w.per_s - w.per_s::float / w.most)) INTO v_free
    FROM unnest(p_what, p_who, p_most, p_per_s) AS w (what, who, most, per_s)
    JOIN tried t ON t.what = w.what AND t.who = w.who;
    IF v_free <= p_at THEN
        UPDATE tried t SET full_at = greatest(t.full_at, p_at) + make_interval(secs => w.per_s::float / w.most)
        FROM unnest(p_what, p_who, p_most, p_per_s) AS w (what, who, most, per_s)
        WHERE t.what = w.what AND t.who = w.who;
    END IF;
    DELETE FROM tried WHERE ctid IN (
        SELECT ctid FROM tried WHERE full_at < p_at ORDER BY full_at LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    PERFORM opla_writes(false);
    RETURN CASE WHEN v_free > p_at THEN v_free END;
END $$;

-- Put one try back into every bucket, because it was none: what was tried was right.
CREATE OR REPLACE FUNCTION opla_try_back(p_what text[], p_who bytea[], p_most int[], p_per_s int[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    PERFORM FROM tried t WHERE (t.what, t.who) IN (SELECT w.what, w.who FROM unnest(p_what, p_who) AS w (what, who))
    ORDER BY t.what, t.who FOR UPDATE;
    UPDATE tried t SET full_at = t.full_at - make_interval(secs => w.per_s::float / w.most)
    FROM unnest(p_what, p_who, p_most, p_per_s) AS w (what, who, most, per_s)
    WHERE t.what = w.what AND t.who = w.who;
    PERFORM opla_writes(false);
END $$;
