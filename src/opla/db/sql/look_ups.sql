-- Whose number somebody typed: asked of a supplier by a worker, kept for a day under a keyed digest of the number. The
-- number itself is sealed until it was asked for, and then gone.

-- A page asks. What is known, or being asked for, already is not asked for again.
CREATE OR REPLACE FUNCTION opla_look_up_ask(p_at timestamptz, p_digest bytea, p_sealed bytea, p_kept_since timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO number_look_up (digest, sealed, asked_at) VALUES (p_digest, p_sealed, p_at)
    ON CONFLICT (digest) DO UPDATE SET sealed = p_sealed, asked_at = p_at, claimed_until = NULL, told_at = NULL, operator = '',
        supplier = ''
    WHERE number_look_up.asked_at < p_kept_since;
    PERFORM opla_writes(false);
END $$;

-- A worker takes some. Nobody waits for those that were asked for before p_since.
CREATE OR REPLACE FUNCTION opla_look_up_claim(p_at timestamptz, p_since timestamptz, p_limit int, p_lease_s int)
RETURNS TABLE (digest bytea, sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    UPDATE number_look_up n SET claimed_until = p_at + make_interval(secs => p_lease_s)
    FROM (
        SELECT w.digest FROM number_look_up w
        WHERE w.told_at IS NULL AND w.asked_at >= p_since AND (w.claimed_until IS NULL OR w.claimed_until <= p_at)
        ORDER BY w.asked_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ) w
    WHERE n.digest = w.digest
    RETURNING n.digest, n.sealed;
    PERFORM opla_writes(false);
END $$;

-- What they said: an operator of ours, or (empty) nothing that helps.
CREATE OR REPLACE FUNCTION opla_look_up_told(p_at timestamptz, p_digest bytea, p_operator text, p_supplier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE number_look_up n SET told_at = p_at, operator = p_operator, supplier = p_supplier, sealed = NULL
    WHERE n.digest = p_digest;
    PERFORM opla_writes(false);
END $$;

-- What is over: answers that were told before p_before, questions that nobody answered since p_unanswered.
CREATE OR REPLACE FUNCTION opla_look_up_forget(p_before timestamptz, p_unanswered timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM number_look_up n
    WHERE n.digest IN (
        SELECT w.digest FROM number_look_up w
        WHERE w.asked_at < p_before OR w.told_at IS NULL AND w.asked_at < p_unanswered FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false);
    RETURN v_count;
END $$;
