-- Slips on their way to paper. What leads where is opla.core.print_job's (the table `arrow`); here it is compared and set,
-- with its row in the audit trail. Locks: jobs, then the order.

-- One step of a job that is locked; false: nothing leads there from where it stands. Internal.
CREATE OR REPLACE FUNCTION opla_print_move(
    p_at timestamptz, p_actor text, p_id uuid, p_event text, p_why text, p_until timestamptz
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_source text;
    v_target text;
BEGIN
    SELECT j.state, a.target INTO v_source, v_target FROM print_job j
    JOIN arrow a ON a.subject = 'print_job' AND a.source = j.state AND a.event = p_event WHERE j.id = p_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE print_job SET state = v_target, until = coalesce(p_until, until) WHERE id = p_id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'print_job', p_id, p_event, v_source, v_target, p_actor, p_why);
    RETURN true;
END $$;

-- What waited too long is refused, and what was claimed and never told of is unknown. Internal.
CREATE OR REPLACE FUNCTION opla_print_lapse(p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_one record;
BEGIN
    FOR v_one IN SELECT id, state FROM print_job WHERE state IN ('new', 'sending') AND until <= p_at
                 ORDER BY id FOR UPDATE SKIP LOCKED LOOP
        PERFORM opla_print_move(p_at, 'system:print', v_one.id,
            CASE v_one.state WHEN 'new' THEN 'too_late' ELSE 'cut_off' END, '', NULL);
    END LOOP;
END $$;

-- A slip of a delivered order, for a device that may see what is in it: asked · again (it waits, or is printing: p_id is
-- another's then) · not_found · proof_needed · not_delivered_yet · print_unknown (of the last one nobody has said whether it
-- came out) · printed_already (a copy is asked for with the reason) · key_reused
CREATE OR REPLACE FUNCTION opla_print_ask(
    p_at timestamptz, p_until timestamptz, p_actor text, p_id uuid, p_station text, p_order uuid, p_device bytea, p_why text
) RETURNS TABLE (result text, id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_order orders%ROWTYPE;
    v_known print_job%ROWTYPE;
    v_copy boolean;
BEGIN
    PERFORM opla_writes(true);
    PERFORM opla_print_lapse(p_at);
    SELECT * INTO v_order FROM orders o WHERE o.id = p_order FOR NO KEY UPDATE;
    SELECT * INTO v_known FROM print_job j WHERE j.id = p_id;
    IF v_order.id IS NULL THEN
        result := 'not_found';
    ELSIF NOT opla_may_act(p_order, p_device, NULL) THEN
        result := 'proof_needed';
    ELSIF v_known.id IS NOT NULL THEN
        result := CASE WHEN (v_known.order_id, v_known.station) = (p_order, p_station) THEN 'again' ELSE 'key_reused' END;
    ELSIF v_order.state <> 'delivered' THEN
        result := 'not_delivered_yet';
    ELSE
        SELECT * INTO v_known FROM print_job j WHERE j.order_id = p_order AND j.state IN ('new', 'sending', 'unknown');
        v_copy := EXISTS (SELECT FROM print_job j WHERE j.order_id = p_order AND j.state IN ('printed', 'spoilt'));
        result := CASE WHEN v_known.state = 'unknown' THEN 'print_unknown' WHEN v_known.id IS NOT NULL THEN 'again'
                       WHEN v_copy AND p_why = '' THEN 'printed_already' ELSE 'asked' END;
    END IF;
    IF result = 'asked' THEN
        INSERT INTO print_job (id, station, order_id, copy, why, state, asked_at, asked_by, until)
        VALUES (p_id, p_station, p_order, v_copy, CASE WHEN v_copy THEN p_why ELSE '' END, 'new', p_at, p_actor, p_until);
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        VALUES (p_at, 'print_job', p_id, 'asked', '', 'new', p_actor, concat_ws(': ', p_station, nullif(p_why, '')));
    END IF;
    PERFORM opla_writes(false);
    id := CASE WHEN result = 'again' THEN v_known.id ELSE p_id END;
    RETURN NEXT;
END $$;

-- The oldest slip that waits for this station's printer, or p_id alone, with what is sealed in it. The row that says who
-- looks at a code is written before anything is returned. No row: nothing waits, or one is being sent.
CREATE OR REPLACE FUNCTION opla_print_claim(p_at timestamptz, p_until timestamptz, p_actor text, p_station text, p_id uuid)
RETURNS TABLE (id uuid, order_id uuid, copy boolean, result text, code_id uuid, sealed bytea, serial text, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_job print_job%ROWTYPE;
    v_order orders%ROWTYPE;
    v_code code%ROWTYPE;
BEGIN
    PERFORM opla_writes(true);
    PERFORM opla_print_lapse(p_at);
    -- One claim of a station at a time: of two bridges one finds the other's slip being sent.
    PERFORM pg_advisory_xact_lock(hashtextextended('print ' || p_station, 0));
    FOR v_job IN SELECT * FROM print_job j
                 WHERE j.station = p_station AND j.state = 'new' AND j.id = coalesce(p_id, j.id)
                   AND NOT EXISTS (SELECT FROM print_job s WHERE s.station = p_station AND s.state = 'sending')
                 ORDER BY j.asked_at, j.id FOR UPDATE SKIP LOCKED LOOP
        SELECT * INTO v_order FROM orders o WHERE o.id = v_job.order_id FOR SHARE;
        SELECT c.* INTO v_code FROM delivery d JOIN code c ON c.id = d.code_id
        WHERE d.order_id = v_order.id AND c.order_id = v_order.id;
        IF v_order.state <> 'delivered' OR (v_order.kind IN ('code', 'esim') AND v_code.id IS NULL) THEN
            PERFORM opla_print_move(p_at, p_actor, v_job.id, 'gone', '', NULL);
            CONTINUE;
        END IF;
        IF v_code.id IS NOT NULL THEN
            INSERT INTO reveal (order_id, code_id, actor, at) VALUES (v_order.id, v_code.id, v_job.asked_by, p_at);
        END IF;
        PERFORM opla_print_move(p_at, p_actor, v_job.id, 'claimed', p_station, p_until);
        RETURN QUERY SELECT v_job.id, v_order.id, v_job.copy,
            CASE WHEN v_code.id IS NULL THEN 'no_code' ELSE 'revealed' END, v_code.id, v_code.sealed, v_code.serial,
            v_code.valid_until;
        EXIT;
    END LOOP;
    PERFORM opla_writes(false);
END $$;

-- What became of a slip: done · not_found (no such job of this station) · print_not_now
CREATE OR REPLACE FUNCTION opla_print_say(
    p_at timestamptz, p_actor text, p_station text, p_id uuid, p_event text, p_why text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_said text := 'not_found';
BEGIN
    PERFORM opla_writes(true);
    PERFORM opla_print_lapse(p_at);
    PERFORM 1 FROM print_job WHERE id = p_id AND station = p_station FOR UPDATE;
    IF FOUND THEN
        v_said := CASE WHEN opla_print_move(p_at, p_actor, p_id, p_event, p_why, NULL) THEN 'done' ELSE 'print_not_now' END;
    END IF;
    PERFORM opla_writes(false);
    RETURN v_said;
END $$;

-- What a station's printer says of itself.
CREATE OR REPLACE FUNCTION opla_printer_seen(p_at timestamptz, p_station text, p_sight text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO printer (station, sight, seen_at) VALUES (p_station, p_sight, p_at)
    ON CONFLICT (station) DO UPDATE SET sight = p_sight, seen_at = p_at;
    PERFORM opla_writes(false);
END $$;
