-- Passports of sellers: what they apply for, what the house decides, what is signed, what people report.
-- What leads where is opla.core.passport's; here it is compared and set, with its row in the audit trail.

-- 'done'; 'known': this seller has one for this place, or has applied for it; 'taken': draw another number.
CREATE OR REPLACE FUNCTION opla_passport_apply(
    p_at timestamptz, p_actor text, p_id uuid, p_number text, p_reseller text, p_name text, p_legal_name text, p_country text,
    p_registration_kind text, p_registration text, p_place_kind text, p_place text, p_by text, p_language text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_said text := 'done';
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO passport (id, number, reseller_id, name, legal_name, country, registration_kind, registration, place_kind,
                          place, state, applied_at, applied_by, language)
    VALUES (p_id, p_number, p_reseller, p_name, p_legal_name, p_country, p_registration_kind, p_registration, p_place_kind,
            p_place, 'applied', p_at, p_by, p_language)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'passport', p_id, 'applied', '', 'applied', p_actor, p_number);
        INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
        VALUES ('passport', p_id, 0, 'EUR', jsonb_build_object('why', 'passport_applied', 'seller', p_name,
                'place', p_place), p_at);
    ELSIF EXISTS (SELECT FROM passport WHERE number = p_number) THEN
        v_said := 'taken';
    ELSE
        v_said := 'known';
    END IF;
    PERFORM opla_writes(false);
    RETURN v_said;
END $$;

-- Those that were in their source are moved; which ones. With a proof where one was signed for it.
CREATE OR REPLACE FUNCTION opla_passport_move(
    p_at timestamptz, p_actor text, p_id uuid[], p_event text[], p_source text[], p_target text[], p_until timestamptz[],
    p_reason text[], p_kid text[], p_jws text[]
) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_one record;
    v_moved uuid[] := '{}';
BEGIN
    PERFORM opla_writes(true);
    FOR v_one IN
        SELECT m.*, p.name, p.place, p.until AS until_before
        FROM unnest(p_id, p_event, p_source, p_target, p_until, p_reason, p_kid, p_jws)
            AS m (id, event, source, target, until, reason, kid, jws)
        JOIN passport p ON p.id = m.id AND p.state = m.source ORDER BY m.id FOR UPDATE OF p
    LOOP
        UPDATE passport SET state = v_one.target, until = coalesce(v_one.until, until), reason = v_one.reason
        WHERE id = v_one.id;
        IF v_one.jws <> '' THEN
            INSERT INTO passport_proof (passport_id, issued_at, kid, until, jws)
            VALUES (v_one.id, p_at, v_one.kid, v_one.until, v_one.jws);
        END IF;
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'passport', v_one.id, v_one.event, v_one.source, v_one.target, p_actor, v_one.reason);
        IF v_one.event = 'fell_due' THEN
            INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
            VALUES ('passport', v_one.id, 0, 'EUR', jsonb_build_object('why', 'passport_due', 'seller', v_one.name,
                    'place', v_one.place, 'day', ((v_one.until_before - interval '1 second') AT TIME ZONE 'Europe/Brussels')::date::text),
                    p_at)
            ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
        ELSE
            UPDATE item SET closed_at = p_at, closed_by = p_actor
            WHERE kind = 'passport' AND subject = v_one.id AND closed_at IS NULL;
        END IF;
        v_moved := v_moved || v_one.id;
    END LOOP;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT unnest(v_moved);
END $$;

-- Signed once more, by another key: the state stays. How many.
CREATE OR REPLACE FUNCTION opla_passport_sign(p_at timestamptz, p_actor text, p_id uuid[], p_kid text[], p_jws text[])
RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_done int;
BEGIN
    PERFORM opla_writes(true);
    WITH signed AS (
        INSERT INTO passport_proof (passport_id, issued_at, kid, until, jws)
        SELECT p.id, p_at, s.kid, p.until, s.jws
        FROM unnest(p_id, p_kid, p_jws) AS s (id, kid, jws) JOIN passport p ON p.id = s.id
        WHERE p.state IN ('approved', 'due_review', 'suspended')
        RETURNING passport_id, kid
    ), told AS (
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'passport', p.id, 'signed', p.state, p.state, p_actor, s.kid
        FROM signed s JOIN passport p ON p.id = s.passport_id ORDER BY p.id
    )
    SELECT count(*)::int INTO v_done FROM signed;
    PERFORM opla_writes(false);
    RETURN v_done;
END $$;

-- Somebody reports a seller: sealed, and on a person's list.
CREATE OR REPLACE FUNCTION opla_passport_report(
    p_at timestamptz, p_id uuid, p_passport uuid, p_sealed bytea, p_picture bytea, p_number text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO passport_report (id, passport_id, sealed, picture, made_at)
    VALUES (p_id, p_passport, p_sealed, p_picture, p_at);
    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    VALUES ('seller_reported', p_id, 0, 'EUR', jsonb_build_object('why', 'seller_reported', 'number', p_number), p_at);
    PERFORM opla_writes(false);
END $$;

-- Reports are kept as long as somebody may need them, and no longer: they name people.
CREATE OR REPLACE FUNCTION opla_passport_forget(p_before timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM passport_report WHERE made_at < p_before;
    PERFORM opla_writes(false);
END $$;
