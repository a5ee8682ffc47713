-- After a restore the books balance, and yet codes that were sold are for sale again, payments are not known, and attempts
-- would be sent again. So the database itself stands still (the triggers below, which no program can pass, old or new)
-- until every provider and supplier was compared with it; and of the orders that were under way it stays careful after that.

CREATE OR REPLACE FUNCTION opla_quarantined() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM quarantine WHERE left_at IS NULL)
$$;

-- The functions of this file say when they take a step that quarantine allows. Local to the transaction.
CREATE OR REPLACE FUNCTION opla_quarantine_step(p_on boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('opla.quarantine', CASE WHEN p_on THEN 'step' ELSE '' END, true);
END $$;

CREATE OR REPLACE FUNCTION opla_refuse_in_quarantine() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF current_setting('opla.quarantine', true) IS DISTINCT FROM 'step' AND opla_quarantined() THEN
        RAISE EXCEPTION 'quarantine: table % stands still until the shop was compared with the outside', TG_TABLE_NAME
            USING ERRCODE = 'OPQ01';
    END IF;
    RETURN NEW;  -- ignored where it fires for a statement
END $$;

-- A code that somebody has seen may be seen again. One of our shelf that nobody has may have been given back and sold to
-- somebody else in the lost window: it is seen when its payment was asked about, and nothing of it went back without us.
CREATE OR REPLACE FUNCTION opla_refuse_first_look() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reveal r WHERE r.order_id = NEW.order_id AND r.code_id = NEW.code_id)
       AND (opla_quarantined() OR EXISTS (
            SELECT FROM quarantine q
            JOIN delivery d ON d.order_id = NEW.order_id AND d.supplier = 'code_stock' AND d.at <= q.restored_to
            JOIN allocation l ON l.order_id = d.order_id
            JOIN payment p ON p.id = l.payment_id AND p.captured_minor > 0
            JOIN attempt a ON a.payment_id = p.id
            WHERE p.outside_minor > 0
               OR a.made_at > q.restored_to - interval '90 days'  -- so it is asked about when the quarantine is left
                  AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.at > q.left_at))) THEN
        RAISE EXCEPTION 'quarantine: nobody has seen this code, so nobody does now' USING ERRCODE = 'OPQ01';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM (VALUES
        -- nothing is placed, charged, sent, given back, taken over a counter, stocked or posted
        ('orders', 'INSERT', ''), ('payment', 'INSERT', ''), ('attempt', 'INSERT', ''), ('refund', 'INSERT', ''),
        ('delivery', 'INSERT', ''), ('transfer', 'INSERT', ''), ('code', 'INSERT', ''), ('deposit', 'INSERT', ''),
        ('drawer_line', 'INSERT', ''), ('terminal_payment', 'INSERT', ''), ('voucher_use', 'INSERT', ''),
        ('bulk_row', 'INSERT', ''),
        -- nothing moves on, is claimed, or is asked about
        ('orders', 'UPDATE', 'NEW.state IS DISTINCT FROM OLD.state'),
        ('payment', 'UPDATE', '(NEW.state, NEW.captured_minor, NEW.refunding_minor, NEW.refunded_minor) IS DISTINCT FROM
                               (OLD.state, OLD.captured_minor, OLD.refunding_minor, OLD.refunded_minor)'),
        ('refund', 'UPDATE', 'NEW.state IS DISTINCT FROM OLD.state'),
        ('attempt', 'UPDATE', 'NEW.state IS DISTINCT FROM OLD.state
                               OR NEW.lease_until IS NOT NULL AND NEW.lease_until IS DISTINCT FROM OLD.lease_until'),
        ('code', 'UPDATE', 'NEW.state IS DISTINCT FROM OLD.state OR NEW.claimed_by IS DISTINCT FROM OLD.claimed_by'),
        ('voucher', 'UPDATE', 'NEW.state IS DISTINCT FROM OLD.state'),
        ('card', 'UPDATE', 'NEW.state IS DISTINCT FROM OLD.state'),
        -- nobody is told of orders and money; six digits, and the links of signing in, go out
        ('outbox', 'UPDATE', 'NEW.lease_until IS NOT NULL AND NEW.lease_until IS DISTINCT FROM OLD.lease_until
                              AND NEW.topic NOT IN (''proof'', ''sign_in'', ''sign_in_changed'')'),
        ('webhook_delivery', 'UPDATE', 'NEW.lease_until IS NOT NULL AND NEW.lease_until IS DISTINCT FROM OLD.lease_until'),
        ('push_message', 'UPDATE', 'NEW.lease_until IS NOT NULL AND NEW.lease_until IS DISTINCT FROM OLD.lease_until'),
        ('text_out', 'UPDATE', 'NEW.lease_until IS NOT NULL AND NEW.lease_until IS DISTINCT FROM OLD.lease_until')
    ) AS v (name, op, what) LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON %I FOR EACH %s %s
                        EXECUTE FUNCTION opla_refuse_in_quarantine()',
            'quarantine_' || lower(t.op), t.op, t.name, CASE t.op WHEN 'INSERT' THEN 'STATEMENT' ELSE 'ROW' END,
            CASE WHEN t.what <> '' THEN 'WHEN (' || t.what || ')' ELSE '' END);
    END LOOP;
END $$;
CREATE OR REPLACE TRIGGER quarantine_look BEFORE INSERT ON reveal
    FOR EACH ROW EXECUTE FUNCTION opla_refuse_first_look();

-- Of an order in doubt: the send, or the refund, that would follow by itself is written down as one that may have been made
-- already, under a reference that is lost. A person says what became of it.
CREATE OR REPLACE FUNCTION opla_doubt() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM order_in_doubt d WHERE d.cleared_at IS NULL AND d.order_id = coalesce(
            NEW.order_id, (SELECT r.order_id FROM refund r WHERE r.id = NEW.refund_id))) THEN
        NEW.state := 'unknown';
        NEW.due_at := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER doubt BEFORE INSERT ON attempt
    FOR EACH ROW WHEN (NEW.kind <> 'charge') EXECUTE FUNCTION opla_doubt();

CREATE OR REPLACE FUNCTION opla_doubt_item() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_doubt_items(NEW.made_at, ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER doubt_item AFTER INSERT ON attempt
    FOR EACH ROW WHEN (NEW.state = 'unknown') EXECUTE FUNCTION opla_doubt_item();

-- Sends and refunds of which nobody knows what became in the lost window, on a person's list.
CREATE OR REPLACE FUNCTION opla_doubt_items(p_at timestamptz, p_attempt uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
    SELECT 'unknown_' || a.kind, a.id, coalesce(a.order_id, r.order_id), r.payment_id, a.id,
           coalesce(r.amount_minor, o.face_minor + o.fee_minor - o.discount_minor), coalesce(r.currency, o.currency),
           jsonb_build_object('why', 'restored', 'until', to_char(q.restored_to AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
           p_at
    FROM attempt a LEFT JOIN refund r ON r.id = a.refund_id LEFT JOIN orders o ON o.id = a.order_id
    CROSS JOIN (SELECT restored_to FROM quarantine ORDER BY entered_at DESC LIMIT 1) q
    WHERE a.id = ANY (p_attempt) AND a.kind IN ('send', 'refund')
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
END $$;

-- The shop comes out of a backup. What was under way becomes unknown, unsold codes leave the shelf (they may have been
-- sold), vouchers open nothing (they may have), and a step stands for each provider and supplier. False: it is in quarantine already.
CREATE OR REPLACE FUNCTION opla_quarantine_enter(
    p_at timestamptz, p_actor text, p_id uuid, p_backup text, p_restored_to timestamptz, p_area text[], p_name text[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_attempts uuid[];
    v_batch record;
BEGIN
    PERFORM opla_writes(true), opla_quarantine_step(true);
    INSERT INTO quarantine (id, backup, restored_to, entered_at, entered_by)
    SELECT p_id, p_backup, p_restored_to, p_at, p_actor WHERE NOT opla_quarantined();
    IF NOT FOUND THEN
        PERFORM opla_writes(false), opla_quarantine_step(false);
        RETURN false;
    END IF;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'quarantine', p_id, 'entered', '', 'entered', p_actor, p_backup);
    INSERT INTO quarantine_step (quarantine_id, area, name)
    SELECT DISTINCT p_id, s.area, s.name FROM unnest(p_area, p_name) AS s (area, name);

    -- What waits for a day that has not come was not sent in between.
    INSERT INTO order_in_doubt (order_id, quarantine_id)
    SELECT o.id, p_id FROM orders o
    WHERE (o.ended_at IS NULL OR o.state = 'cancelled' AND o.ended_at > p_restored_to - interval '1 day')
      AND (o.deliver_at IS NULL OR o.deliver_at <= p_at OR o.state <> 'paid')
    ON CONFLICT (order_id) DO UPDATE SET quarantine_id = p_id, cleared_at = NULL, cleared_by = '';

    -- As a worker would have, which may have been there.
    WITH paid AS (
        UPDATE orders o SET state = 'paid'
        FROM attempt a WHERE a.order_id = o.id AND a.state IN ('new', 'claimed', 'sending') AND o.state = 'placed' AND o.reseller <> ''
        RETURNING o.id
    )
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'order', id, 'paid_from_float', 'placed', 'paid', p_actor, '' FROM paid;
    WITH moved AS (
        UPDATE attempt a SET state = CASE WHEN a.state IN ('new', 'claimed', 'sending') THEN 'unknown' ELSE a.state END,
            due_at = CASE a.kind WHEN 'charge' THEN p_at END, lease_by = NULL, lease_until = NULL
        WHERE a.state IN ('new', 'claimed', 'sending', 'unknown', 'pending')
          AND (a.order_id IS NULL OR EXISTS (SELECT FROM order_in_doubt d WHERE d.order_id = a.order_id))
        RETURNING a.id
    )
    SELECT array_agg(id) INTO v_attempts FROM moved;
    PERFORM opla_doubt_items(p_at, v_attempts);
    UPDATE outbox SET lease_by = NULL, lease_until = NULL WHERE lease_until IS NOT NULL;

    FOR v_batch IN SELECT b.id FROM batch b WHERE b.state = 'on_sale' ORDER BY b.id LOOP
        PERFORM opla_batch_move(p_at, p_actor, v_batch.id, 'blocked', 'on_sale', 'blocked', 'restored');
        PERFORM opla_writes(true);
    END LOOP;
    -- One that can be redeemed may have been; whoever holds it comes, and a person looks.
    WITH held AS (UPDATE voucher SET state = 'blocked', since = p_at WHERE state = 'active' RETURNING id)
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'voucher', id, 'blocked', 'active', 'blocked', p_actor, 'restored' FROM held;
    PERFORM opla_writes(false), opla_quarantine_step(false);
    RETURN true;
END $$;

-- What a provider or supplier lists of the window. What our books do not know becomes an item, once. `p_found` is `given`,
-- `open` (undecided there) or `nothing`. No row: there is no such step.
CREATE OR REPLACE FUNCTION opla_quarantine_listed(
    p_at timestamptz, p_actor text, p_area text, p_name text,
    p_reference text[], p_their_id text[], p_found text[], p_amount bigint[], p_currency text[], p_about text[]
) RETURNS TABLE (listed int, strange int, open int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_id uuid := (SELECT q.id FROM quarantine q WHERE q.left_at IS NULL);
    v_kind text := CASE p_area WHEN 'payments' THEN 'lost_payment' ELSE 'lost_send' END;
    v_ours boolean[];
BEGIN
    PERFORM opla_writes(true), opla_quarantine_step(true);
    SELECT array_agg(EXISTS (SELECT FROM attempt a WHERE a.reference = t.reference)
                     OR EXISTS (SELECT FROM attempt a WHERE a.provider_id = t.their_id AND t.their_id <> ''
                                AND a.kind = CASE p_area WHEN 'payments' THEN 'charge' ELSE 'send' END) ORDER BY t.n)
    INTO v_ours FROM unnest(p_reference, p_their_id) WITH ORDINALITY AS t (reference, their_id, n);
    INSERT INTO item (kind, subject, amount_minor, currency, why, opened_at)
    SELECT v_kind, t.subject, t.amount, t.currency,
           jsonb_build_object('why', v_kind, 'adapter', p_name, 'their_id', t.their_id, 'about', t.about), p_at
    FROM (SELECT u.*, md5(concat_ws(' ', p_area, p_name, u.their_id))::uuid AS subject
          FROM unnest(p_their_id, p_found, p_amount, p_currency, p_about, v_ours)
            AS u (their_id, found, amount, currency, about, ours)) t
    WHERE NOT t.ours AND t.found = 'given' AND NOT EXISTS (SELECT FROM item i WHERE i.kind = v_kind AND i.subject = t.subject)
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    RETURN QUERY
    UPDATE quarantine_step s SET
        listed = n.listed, strange = n.strange, open = n.open, looked_at = p_at, unlisted = '',
        done_at = CASE WHEN n.open = 0 THEN p_at END, done_by = CASE WHEN n.open = 0 THEN p_actor ELSE '' END
    FROM (SELECT count(*)::int AS listed, count(*) FILTER (WHERE NOT t.ours)::int AS strange,
                 count(*) FILTER (WHERE NOT t.ours AND t.found = 'open')::int AS open
          FROM unnest(p_found, v_ours) AS t (found, ours)) n
    WHERE s.quarantine_id = v_id AND s.area = p_area AND s.name = p_name
    RETURNING s.listed, s.strange, s.open;
    PERFORM opla_writes(false), opla_quarantine_step(false);
END $$;

-- One of them showed no list, and why: a person compares it, or it is asked again.
CREATE OR REPLACE FUNCTION opla_quarantine_unlisted(p_at timestamptz, p_area text, p_name text, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE quarantine_step s SET looked_at = p_at, unlisted = p_why FROM quarantine q
    WHERE q.id = s.quarantine_id AND q.left_at IS NULL AND s.area = p_area AND s.name = p_name;
    PERFORM opla_writes(false);
END $$;

-- A page asks for a look, or to leave, which looks first: a worker does it. False: the shop is in no quarantine.
CREATE OR REPLACE FUNCTION opla_quarantine_ask(p_at timestamptz, p_actor text, p_what text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    UPDATE quarantine SET asked = p_what, asked_at = p_at, asked_by = p_actor, taken_at = NULL
    WHERE left_at IS NULL RETURNING id INTO v_id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'quarantine', v_id, 'asked', 'entered', 'entered', p_actor, p_what WHERE v_id IS NOT NULL;
    PERFORM opla_writes(false);
    RETURN v_id IS NOT NULL;
END $$;

-- What was asked and nobody does yet; or somebody began so long ago that they do it no more.
CREATE OR REPLACE FUNCTION opla_quarantine_take(p_at timestamptz, p_patience interval) RETURNS TABLE (what text, asked_by text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    RETURN QUERY
    UPDATE quarantine SET taken_at = p_at
    WHERE left_at IS NULL AND asked <> '' AND (taken_at IS NULL OR taken_at < p_at - p_patience)
    RETURNING asked, asked_by;
    PERFORM opla_writes(false);
END $$;

-- It was done. What was asked again meanwhile is done again.
CREATE OR REPLACE FUNCTION opla_quarantine_answered(p_at timestamptz, p_taken_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE quarantine SET answered = asked, answered_at = p_at, asked = '', taken_at = NULL WHERE taken_at = p_taken_at;
    PERFORM opla_writes(false);
END $$;

-- Sends and refunds of ours that the other side says were made: asked about by a worker as soon as the shop is open. How many.
CREATE OR REPLACE FUNCTION opla_quarantine_made(p_at timestamptz, p_reference text[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_count int;
BEGIN
    PERFORM opla_writes(true), opla_quarantine_step(true);
    UPDATE attempt SET due_at = p_at
    WHERE reference = ANY (p_reference) AND kind <> 'charge' AND state IN ('unknown', 'pending');
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM opla_writes(false), opla_quarantine_step(false);
    RETURN v_count;
END $$;

-- A person compared what cannot be listed; what is counted on a shelf, also when the shop is open again. False: there is no
-- such step.
CREATE OR REPLACE FUNCTION opla_quarantine_compared(p_at timestamptz, p_actor text, p_area text, p_name text, p_note text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_found boolean;
BEGIN
    PERFORM opla_writes(true), opla_quarantine_step(true);
    WITH done AS (
        UPDATE quarantine_step s SET done_at = p_at, done_by = p_actor, note = p_note FROM quarantine q
        WHERE q.id = s.quarantine_id AND q.entered_at = (SELECT max(l.entered_at) FROM quarantine l)
          AND (q.left_at IS NULL OR s.area = 'shelf') AND s.area = p_area AND s.name = p_name
        RETURNING q.id
    ), told AS (
        INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
        SELECT p_at, 'quarantine', id, 'compared', 'entered', 'entered', p_actor, concat_ws(' ', p_area, p_name, p_note) FROM done
        RETURNING 1
    )
    SELECT count(*) > 0 INTO v_found FROM told;
    PERFORM opla_writes(false), opla_quarantine_step(false);
    RETURN v_found;
END $$;

-- Of a batch that a restore took off the shelf: those of its codes that are known to be unsold come back, the others are
-- a loss. p_unsold null: all of them are unsold. Result: done · not_now, and how many came back and were lost.
CREATE OR REPLACE FUNCTION opla_quarantine_release(
    p_at timestamptz, p_actor text, p_batch int, p_unsold text[], p_note text
) RETURNS TABLE (result text, released int, lost int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_batch uuid;
    v_lost int;
    v_cost bigint;
    v_currency text;
    v_event bigint;
    v_released int;
BEGIN
    SELECT b.id INTO v_batch FROM batch b WHERE b.number = p_batch AND b.state = 'blocked' AND b.why = 'restored' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_now'::text, 0, 0;
        RETURN;
    END IF;
    PERFORM opla_writes(true), opla_quarantine_step(true);
    WITH gone AS (
        UPDATE code c SET state = 'written_off'
        WHERE c.batch_id = v_batch AND c.state = 'blocked' AND c.order_id IS NULL AND p_unsold IS NOT NULL
          AND c.serial <> ALL (p_unsold)
        RETURNING c.cost_minor, c.currency
    )
    SELECT count(*), coalesce(sum(cost_minor), 0), min(currency) INTO v_lost, v_cost, v_currency FROM gone;
    IF v_lost > 0 THEN
        v_event := nextval(pg_get_serial_sequence('event', 'id'));
        INSERT INTO event (id, at, subject, subject_id, name, source, target, actor, why)
        OVERRIDING SYSTEM VALUE
        VALUES (v_event, p_at, 'batch', v_batch, 'lost', 'blocked', 'blocked', p_actor, concat_ws(' ', v_lost, p_note));
        IF v_cost > 0 THEN
            PERFORM opla_post(p_at, ARRAY[v_event], ARRAY['code_losses:' || v_currency], ARRAY['code_stock:' || v_currency],
                ARRAY[v_cost], ARRAY[v_currency], ARRAY['codes_lost'], ARRAY['posted'], ARRAY[NULL::uuid], ARRAY[NULL::uuid]);
        END IF;
    END IF;
    SELECT m.codes INTO v_released
    FROM opla_batch_move(p_at, p_actor, v_batch, 'released', 'blocked', 'on_sale', p_note) m;
    PERFORM opla_writes(false), opla_quarantine_step(false);
    RETURN QUERY SELECT 'done'::text, v_released, v_lost;
END $$;

-- Somebody has this very code for this order: the shelf gave it in the lost window. It is delivered by it, by a worker, when
-- the shop is open. Result: done · not_now (the order does not wait for one, or the code is not off the shelf).
CREATE OR REPLACE FUNCTION opla_quarantine_gave(p_at timestamptz, p_actor text, p_ticket text, p_serial text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_attempt attempt%ROWTYPE;
    v_code uuid;
BEGIN
    SELECT a.* INTO v_attempt FROM attempt a JOIN orders o ON o.id = a.order_id JOIN order_in_doubt d ON d.order_id = o.id
    WHERE o.ticket = p_ticket AND a.adapter = 'code_stock' AND a.state = 'unknown' FOR NO KEY UPDATE OF a;
    SELECT c.id INTO v_code FROM code c JOIN orders o ON o.ticket = p_ticket
    WHERE c.serial = p_serial AND c.sku = o.sku AND c.order_id IS NULL AND c.claimed_by IS NULL
      AND c.state = 'blocked'
    ORDER BY c.id LIMIT 1 FOR NO KEY UPDATE OF c;
    IF v_attempt.id IS NULL OR v_code IS NULL THEN
        RETURN 'not_now';
    END IF;
    PERFORM opla_writes(true), opla_quarantine_step(true);
    UPDATE code SET claimed_by = NULL, state = CASE WHEN id = v_code THEN 'claimed' ELSE 'blocked' END
    WHERE id = v_code OR claimed_by = v_attempt.reference;
    UPDATE code SET claimed_by = v_attempt.reference WHERE id = v_code;
    UPDATE attempt SET due_at = p_at WHERE id = v_attempt.id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'quarantine', q.id, 'gave', 'entered', 'entered', p_actor, concat_ws(' ', p_ticket, p_serial)
    FROM quarantine q ORDER BY q.entered_at DESC LIMIT 1;
    PERFORM opla_writes(false), opla_quarantine_step(false);
    RETURN 'done';
END $$;

-- The shop opens: every payment of the last 90 days is asked about once more, and what waits to be paid gets time for that.
-- Result: left · not_now (it is in none) · steps_left.
CREATE OR REPLACE FUNCTION opla_quarantine_leave(p_at timestamptz, p_actor text, p_until timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_now quarantine%ROWTYPE;
BEGIN
    SELECT * INTO v_now FROM quarantine WHERE left_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_now';
    END IF;
    IF EXISTS (SELECT FROM quarantine_step WHERE quarantine_id = v_now.id AND done_at IS NULL AND area <> 'shelf') THEN
        RETURN 'steps_left';
    END IF;
    PERFORM opla_writes(true), opla_quarantine_step(true);
    UPDATE attempt a SET due_at = p_at + w.n * interval '10 milliseconds'
    FROM (SELECT id, row_number() OVER (ORDER BY made_at DESC) AS n FROM attempt
          WHERE kind = 'charge' AND made_at > v_now.restored_to - interval '90 days' AND state NOT IN ('new', 'claimed', 'sending')) w
    WHERE w.id = a.id;
    UPDATE orders o SET expires_at = greatest(o.expires_at, p_until) FROM order_in_doubt d
    WHERE d.order_id = o.id AND d.quarantine_id = v_now.id AND o.state = 'placed' AND o.expires_at IS NOT NULL;
    UPDATE quarantine SET left_at = p_at, left_by = p_actor WHERE id = v_now.id;
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'quarantine', v_now.id, 'left', 'entered', 'left', p_actor, '');
    PERFORM opla_writes(false), opla_quarantine_step(false);
    RETURN 'left';
END $$;
