-- People of the house. Whatever changes one leaves its event in the same commit.

-- Somebody is of the house from now on, or is something else there than before: `named`, with who it is; `name_taken` by
-- somebody else, now or once; `last_owner`: nobody could name another one.
CREATE OR REPLACE FUNCTION opla_person_name(p_at timestamptz, p_actor text, p_id uuid, p_email text, p_name text, p_role text,
                                            p_language text) RETURNS TABLE (result text, id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_known house_person;
    v_id uuid := p_id;
BEGIN
    LOCK TABLE house_person IN SHARE ROW EXCLUSIVE MODE;  -- one after the other: of two owners one stays
    SELECT h.* INTO v_known FROM house_person h WHERE h.email = p_email;
    IF v_known.role = 'owner' AND p_role <> 'owner'
       AND NOT EXISTS (SELECT FROM house_person h WHERE h.role = 'owner' AND h.email NOT IN ('', p_email)) THEN
        RETURN QUERY SELECT 'last_owner', v_known.id;
        RETURN;
    END IF;
    IF v_known.id IS NULL AND EXISTS (SELECT FROM house_person h WHERE lower(h.name) = lower(p_name)) THEN
        RETURN QUERY SELECT 'name_taken', p_id;
        RETURN;
    END IF;
    PERFORM opla_writes(true);
    IF v_known.id IS NULL THEN
        INSERT INTO house_person VALUES (p_id, p_email, p_name, p_role, p_language, p_at, NULL);
    ELSE
        v_id := v_known.id;
        UPDATE house_person h SET role = p_role WHERE h.id = v_id;
    END IF;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'house', v_id, 'person_named', '', '', p_actor, p_role);
    PERFORM opla_writes(false);
    RETURN QUERY SELECT 'named', v_id;
END $$;

-- And no more: `ended`, `last_owner` or `unknown`.
CREATE OR REPLACE FUNCTION opla_person_end(p_at timestamptz, p_actor text, p_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_known house_person;
BEGIN
    LOCK TABLE house_person IN SHARE ROW EXCLUSIVE MODE;
    SELECT h.* INTO v_known FROM house_person h WHERE h.id = p_id AND h.email <> '';
    IF v_known.id IS NULL THEN
        RETURN 'unknown';
    END IF;
    IF v_known.role = 'owner' AND NOT EXISTS (SELECT FROM house_person h WHERE h.role = 'owner' AND h.email <> '' AND h.id <> p_id) THEN
        RETURN 'last_owner';
    END IF;
    PERFORM opla_writes(true);
    UPDATE house_person h SET email = '', ended_at = p_at WHERE h.id = p_id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'house', p_id, 'person_removed', '', '', p_actor, v_known.role);
    PERFORM opla_writes(false);
    RETURN 'ended';
END $$;

-- Something else that happened to one of them, such as that they came in.
CREATE OR REPLACE FUNCTION opla_person_said(p_at timestamptz, p_actor text, p_id uuid, p_name text, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'house', p_id, p_name, '', '', p_actor, p_why);
    PERFORM opla_writes(false);
END $$;
