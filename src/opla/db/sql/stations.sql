-- Tablets, clerks and shifts (opla.core.station, opla.core.shift). Each thing done leaves its event.

CREATE OR REPLACE FUNCTION opla_station_event(p_at timestamptz, p_actor text, p_subject text, p_id uuid, p_name text, p_why text)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, p_subject, p_id, p_name, '', '', p_actor, p_why)
$$;

-- A tablet as its owner wants it, with a code that pairs it: made · code_made · kind_fixed (it is of another kind or drawer, and
-- stays so: its name stands in events) · drawer_unknown. A tablet that was paired by this name is nobody's from now on.
CREATE OR REPLACE FUNCTION opla_station(
    p_at timestamptz, p_actor text, p_id uuid, p_name text, p_kind text, p_drawer text, p_place bigint, p_pairing bytea,
    p_until timestamptz
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_known station;
BEGIN
    PERFORM opla_writes(true);
    IF p_drawer IS NOT NULL AND NOT EXISTS (SELECT FROM drawer WHERE name = p_drawer AND state = 'open') THEN
        PERFORM opla_writes(false);
        RETURN 'drawer_unknown';
    END IF;
    SELECT * INTO v_known FROM station WHERE name = p_name FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO station (id, name, kind, drawer, place_id, state, pairing_hash, pairing_until, changed_at, changed_by)
        VALUES (p_id, p_name, p_kind, p_drawer, p_place, 'waiting', p_pairing, p_until, p_at, p_actor);
        PERFORM opla_station_event(p_at, p_actor, 'station', p_id, 'made', p_name);
        PERFORM opla_writes(false);
        RETURN 'made';
    END IF;
    IF (v_known.kind, coalesce(v_known.drawer, '')) <> (p_kind, coalesce(p_drawer, '')) THEN
        PERFORM opla_writes(false);
        RETURN 'kind_fixed';
    END IF;
    UPDATE station SET place_id = p_place, state = 'waiting', pairing_hash = p_pairing, pairing_until = p_until,
                       secret_hash = NULL, changed_at = p_at, changed_by = p_actor, why = ''
    WHERE id = v_known.id;
    -- What the tablet of before holds of codes it can still sell: none of them is given to the next one.
    PERFORM opla_offline_lost(p_at, p_actor, array_agg(h.code_id)) FROM offline_code h
    WHERE h.station_id = v_known.id AND h.state = 'held' HAVING count(*) > 0;
    PERFORM opla_station_event(p_at, p_actor, 'station', v_known.id, 'code_made', p_name);
    PERFORM opla_writes(false);
    RETURN 'code_made';
END $$;

-- The tablet that typed this code in: its station's id, once; null where the code is none, or over.
CREATE OR REPLACE FUNCTION opla_station_pair(p_at timestamptz, p_pairing bytea, p_secret bytea, p_agent text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    UPDATE station SET state = 'paired', secret_hash = p_secret, agent = p_agent, paired_at = p_at, seen_at = p_at,
                       pairing_hash = NULL, pairing_until = NULL, changed_at = p_at, changed_by = 'station:' || name
    WHERE pairing_hash = p_pairing AND pairing_until > p_at RETURNING id INTO v_id;
    IF v_id IS NOT NULL THEN
        PERFORM opla_station_event(p_at, 'station:' || (SELECT name FROM station WHERE id = v_id), 'station', v_id, 'paired',
                                   p_agent);
    END IF;
    PERFORM opla_writes(false);
    RETURN v_id;
END $$;

-- A request of a tablet was seen. Rarely, so that a page is not a write.
CREATE OR REPLACE FUNCTION opla_station_seen(p_at timestamptz, p_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE station SET seen_at = p_at WHERE id = p_id AND state = 'paired' AND seen_at < p_at - interval '1 minute';
    PERFORM opla_writes(false);
END $$;

-- A tablet is nobody's any more: unpaired, or locked until a person has looked. False: it was already.
CREATE OR REPLACE FUNCTION opla_station_end(p_at timestamptz, p_actor text, p_name text, p_state text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    UPDATE station SET state = p_state, secret_hash = NULL, pairing_hash = NULL, pairing_until = NULL, changed_at = p_at,
                       changed_by = p_actor, why = p_why
    WHERE name = p_name AND state <> p_state RETURNING id INTO v_id;
    IF v_id IS NOT NULL THEN
        PERFORM opla_station_event(p_at, p_actor, 'station', v_id, p_state, p_why);
        IF p_state = 'unpaired' THEN  -- what it holds of codes nobody can get back
            PERFORM opla_offline_lost(p_at, p_actor, array_agg(h.code_id)) FROM offline_code h
            WHERE h.station_id = v_id AND h.state = 'held' HAVING count(*) > 0;
        END IF;
    END IF;
    PERFORM opla_writes(false);
    RETURN v_id IS NOT NULL;
END $$;

-- Something that was done at a tablet and moves no money: no_sale, signed_in, reprinted …
CREATE OR REPLACE FUNCTION opla_station_did(p_at timestamptz, p_actor text, p_id uuid, p_what text, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    PERFORM opla_station_event(p_at, p_actor, 'station', p_id, p_what, p_why);
    PERFORM opla_writes(false);
END $$;

-- A clerk as the owner wants them. No PIN given: the one they have. A new PIN forgets the wrong ones.
-- made · changed · pin_missing (a new one needs a PIN)
CREATE OR REPLACE FUNCTION opla_clerk(
    p_at timestamptz, p_actor text, p_id uuid, p_name text, p_shown text, p_place bigint, p_manages boolean, p_active boolean,
    p_pin bytea
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    SELECT id INTO v_id FROM clerk WHERE name = p_name FOR UPDATE;
    IF v_id IS NULL AND p_pin IS NULL THEN
        PERFORM opla_writes(false);
        RETURN 'pin_missing';
    END IF;
    INSERT INTO clerk (id, name, shown, place_id, manages, active, pin_hash, changed_at, changed_by)
    VALUES (coalesce(v_id, p_id), p_name, p_shown, p_place, p_manages, p_active, coalesce(p_pin, ''::bytea), p_at, p_actor)
    ON CONFLICT (name) DO UPDATE SET shown = p_shown, place_id = p_place, manages = p_manages, active = p_active,
        pin_hash = coalesce(p_pin, clerk.pin_hash), wrong = CASE WHEN p_pin IS NULL THEN clerk.wrong ELSE 0 END,
        not_before = CASE WHEN p_pin IS NULL THEN clerk.not_before END, changed_at = p_at, changed_by = p_actor;
    PERFORM opla_station_event(p_at, p_actor, 'clerk', coalesce(v_id, p_id),
        CASE WHEN v_id IS NULL THEN 'made' WHEN NOT p_active THEN 'left' WHEN p_pin IS NULL THEN 'changed' ELSE 'pin_given' END,
        p_name);
    PERFORM opla_writes(false);
    RETURN CASE WHEN v_id IS NULL THEN 'made' ELSE 'changed' END;
END $$;

-- Somebody is about to say this clerk's PIN. It counts as wrong until it was right, so that tries side by side do not pass.
-- The PIN's hash and how many were wrong before; no row: nothing is heard now. p_waits: minutes after 1, 2, 3 … wrong ones.
CREATE OR REPLACE FUNCTION opla_pin_try(p_at timestamptz, p_clerk uuid, p_waits int[]) RETURNS TABLE (pin bytea, wrong int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    UPDATE clerk c SET wrong = c.wrong + 1,
                       not_before = p_at + make_interval(mins => p_waits[c.wrong + 1])
    WHERE c.id = p_clerk AND c.active AND c.wrong < cardinality(p_waits) AND coalesce(c.not_before <= p_at, true)
    RETURNING c.pin_hash, c.wrong - 1;
    PERFORM opla_writes(false);
END $$;

-- It was right.
CREATE OR REPLACE FUNCTION opla_pin_right(p_at timestamptz, p_actor text, p_clerk uuid, p_station uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE clerk SET wrong = 0, not_before = NULL WHERE id = p_clerk;
    PERFORM opla_station_event(p_at, p_actor, 'station', p_station, 'signed_in', '');
    PERFORM opla_writes(false);
END $$;

-- A shift begins, after its opening count was posted in this transaction: opened · again (this very one is open) ·
-- shift_open (another is) · drawer_unknown
CREATE OR REPLACE FUNCTION opla_shift_open(
    p_at timestamptz, p_actor text, p_id uuid, p_drawer text, p_station uuid, p_clerk uuid, p_pieces jsonb, p_minor bigint,
    p_found bigint
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    PERFORM 1 FROM drawer WHERE name = p_drawer AND state = 'open' FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN 'drawer_unknown';
    END IF;
    IF EXISTS (SELECT FROM shift WHERE drawer = p_drawer AND closed_at IS NULL) THEN
        PERFORM opla_writes(false);
        RETURN CASE WHEN EXISTS (SELECT FROM shift WHERE id = p_id) THEN 'again' ELSE 'shift_open' END;
    END IF;
    INSERT INTO shift (id, n, drawer, station_id, clerk_id, opened_at, opening, opening_minor, opening_found)
    SELECT p_id, coalesce(max(n), 0) + 1, p_drawer, p_station, p_clerk, p_at, p_pieces, p_minor, p_found
    FROM shift WHERE drawer = p_drawer;
    PERFORM opla_station_event(p_at, p_actor, 'shift', p_id, 'opened', p_drawer);
    PERFORM opla_writes(false);
    RETURN 'opened';
END $$;

-- A shift ends, after its closing count was posted in this transaction: closed · again · shift_closed (somebody else did)
CREATE OR REPLACE FUNCTION opla_shift_close(
    p_at timestamptz, p_actor text, p_id uuid, p_clerk uuid, p_pieces jsonb, p_minor bigint, p_found bigint, p_why text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE shift SET closed_at = p_at, closed_by = p_clerk, closing = p_pieces, closing_minor = p_minor,
                     closing_found = p_found, why = p_why
    WHERE id = p_id AND closed_at IS NULL;
    IF NOT FOUND THEN
        PERFORM opla_writes(false);
        RETURN CASE WHEN EXISTS (SELECT FROM shift WHERE id = p_id AND closed_by = p_clerk AND closing = p_pieces)
                    THEN 'again' ELSE 'shift_closed' END;
    END IF;
    PERFORM opla_station_event(p_at, p_actor, 'shift', p_id, 'closed', p_why);
    PERFORM opla_writes(false);
    RETURN 'closed';
END $$;
