-- What was bought for a date waits: a code of our own shelf is held for it meanwhile, under the reference it will be sent
-- by, and its buyer is told when it comes. The worker that looked gives the claim back.

-- One look at a send that is claimed. p_good_after: a code is held only if it is good later than that. p_topic with
-- p_reference: a message that leaves once. No row: it is nobody's claim any more.
CREATE OR REPLACE FUNCTION opla_wait(p_at timestamptz, p_id uuid, p_good_after date, p_topic text, p_reference text)
RETURNS TABLE (holds boolean, valid_until date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_send attempt%ROWTYPE;
    v_until date;
    v_holds boolean := false;
BEGIN
    -- The send's lock first: whoever calls it off either finds the code held, and lets it go, or nothing is held.
    SELECT a.* INTO v_send FROM attempt a WHERE a.id = p_id AND a.state = 'claimed' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_send.adapter = 'code_stock' THEN
        SELECT c.valid_until INTO v_until FROM opla_code_claim(p_good_after, ARRAY[v_send.reference],
            ARRAY(SELECT o.sku FROM orders o WHERE o.id = v_send.order_id)) c;
        v_holds := FOUND;
    END IF;
    PERFORM opla_writes(true);
    INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
    VALUES (p_reference, p_topic, v_send.order_id, p_at, p_at) ON CONFLICT (reference) DO NOTHING;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT v_holds, v_until;
END $$;
