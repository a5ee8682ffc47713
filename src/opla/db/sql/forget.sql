-- Forgetting who somebody is. What the law makes us keep stays (what was sold, when, for how much); who it was, goes.

-- Replace everything that names the person of this address in orders and quotes, and delete what only served them.
-- Returns how many of their orders stand in the way, and then nothing was changed: one that has not ended still needs
-- its number; one with a card to be handed over, money on its way back, a message to send or a person's question open still needs its address.
CREATE OR REPLACE FUNCTION opla_forget(p_at timestamptz, p_actor text, p_email text, p_reminders bytea[], p_thread bytea)
RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_ids uuid[];
    v_open int;
BEGIN
    -- Locked first: an order that moves meanwhile is seen before that, or after.
    SELECT coalesce(array_agg(l.id), '{}') INTO v_ids FROM (
        SELECT o.id FROM orders o WHERE lower(o.email) = p_email AND o.reseller = '' ORDER BY o.id FOR UPDATE
    ) l;
    SELECT count(*) INTO v_open FROM orders o WHERE o.id = ANY (v_ids) AND (
        o.state NOT IN ('delivered', 'refunded', 'cancelled')
        OR EXISTS (SELECT FROM refund r WHERE r.state IN ('asked', 'due', 'refused') AND (r.order_id = o.id
                   OR r.payment_id IN (SELECT l.payment_id FROM allocation l WHERE l.order_id = o.id)))
        OR EXISTS (SELECT FROM item i WHERE i.order_id = o.id AND i.closed_at IS NULL)
        OR EXISTS (SELECT FROM card c WHERE c.order_id = o.id AND c.state IN ('reserved', 'packed', 'ready'))
        OR EXISTS (SELECT FROM outbox b WHERE b.order_id = o.id AND b.due_at IS NOT NULL)
    );
    IF v_open > 0 THEN
        RETURN v_open;
    END IF;
    PERFORM opla_writes(true);
    PERFORM set_config('opla.forgets', 'on', true);
    UPDATE orders o SET email = '', number = '', device_hash = '',
        link_hash = sha256(convert_to('forgotten ' || o.id::text, 'UTF8'))  -- the hash of no link: it opens nothing now
    WHERE o.id = ANY (v_ids);
    -- That what was asked for by text has been paid for stays known, or it could be bought once more.
    UPDATE text_wish w SET who = '', sealed = '' FROM quote q
    WHERE q.id = w.quote_id AND lower(q.email) = p_email AND w.ask IS NOT NULL;
    DELETE FROM text_wish w USING quote q WHERE q.id = w.quote_id AND lower(q.email) = p_email AND w.ask IS NULL;
    UPDATE quote q SET email = '', number = '', device_hash = '' WHERE lower(q.email) = p_email;
    DELETE FROM order_device d WHERE d.order_id = ANY (v_ids);
    DELETE FROM proof p WHERE p.order_id = ANY (v_ids);
    DELETE FROM order_share s WHERE s.order_id = ANY (v_ids);
    DELETE FROM push_subscription s WHERE s.order_id = ANY (v_ids);
    DELETE FROM thread t WHERE t.order_id = ANY (v_ids) OR t.email_hash = p_thread;
    UPDATE card_to t SET sealed = NULL WHERE t.order_id = ANY (v_ids);
    UPDATE bank_line l SET sealed = NULL, other = '' WHERE l.number <> '' AND l.number IN (
        SELECT b.number FROM allocation s JOIN attempt a ON a.payment_id = s.payment_id
        JOIN bank_reference b ON b.attempt = a.reference WHERE s.order_id = ANY (v_ids));
    UPDATE stepped_back b SET name = '' WHERE b.order_id = ANY (v_ids);
    DELETE FROM reminder r WHERE r.email_hash = ANY (p_reminders);
    PERFORM opla_renewal_forget(p_at, p_actor, p_reminders);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT p_at, 'person', o.id, 'forgotten', '', '', p_actor, '' FROM orders o WHERE o.id = ANY (v_ids);
    PERFORM set_config('opla.forgets', '', true);
    PERFORM opla_writes(false);
    RETURN 0;
END $$;
