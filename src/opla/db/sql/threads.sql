-- Threads: what a customer and the shop write to each other. Words come sealed; who may write is asked before.

-- The customer's word, in the thread of an order. The first one begins it; one that was closed waits again. The thread.
CREATE OR REPLACE FUNCTION opla_thread_say(
    p_at timestamptz, p_actor text, p_id uuid, p_order uuid, p_email_hash bytea, p_about bytea, p_language text,
    p_message uuid, p_sealed bytea
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO thread (id, order_id, email_hash, sealed, language, state, made_at, waiting_since)
    VALUES (p_id, p_order, p_email_hash, p_about, p_language, 'waiting', p_at, p_at)
    ON CONFLICT (order_id) DO UPDATE SET state = 'waiting', waiting_since = coalesce(thread.waiting_since, p_at)
    RETURNING id INTO v_id;
    INSERT INTO thread_message (id, thread_id, n, side, actor, sealed, at)
    SELECT p_message, v_id, count(*) + 1, 'customer', p_actor, p_sealed, p_at FROM thread_message WHERE thread_id = v_id;
    PERFORM opla_writes(false);
    RETURN v_id;
END $$;

-- A question before buying, with the letter that asks to confirm it. False where this address has a question that it
-- was asked about less than p_again ago: nobody can fill somebody else's mailbox. Those never confirmed go.
CREATE OR REPLACE FUNCTION opla_thread_ask(
    p_at timestamptz, p_forget_before timestamptz, p_again interval, p_actor text, p_id uuid, p_link_hash bytea,
    p_email_hash bytea, p_about bytea, p_language text, p_message uuid, p_sealed bytea,
    p_letter uuid, p_letter_sealed bytea, p_topic text, p_reference text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('thread ' || encode(p_email_hash, 'hex'), 0));
    PERFORM opla_writes(true);
    DELETE FROM thread WHERE id IN (
        SELECT id FROM thread WHERE state = 'unconfirmed' AND made_at <= p_forget_before ORDER BY made_at LIMIT 100
        FOR UPDATE SKIP LOCKED
    );
    IF EXISTS (SELECT FROM thread WHERE email_hash = p_email_hash AND state = 'unconfirmed'
               AND made_at > p_at - p_again) THEN
        PERFORM opla_writes(false);
        RETURN false;
    END IF;
    INSERT INTO thread (id, link_hash, email_hash, sealed, language, state, made_at)
    VALUES (p_id, p_link_hash, p_email_hash, p_about, p_language, 'unconfirmed', p_at);
    INSERT INTO thread_message (id, thread_id, n, side, actor, sealed, at)
    VALUES (p_message, p_id, 1, 'customer', p_actor, p_sealed, p_at);
    PERFORM opla_letters_post(p_at, ARRAY[p_letter], ARRAY[p_letter_sealed], ARRAY[p_topic], ARRAY[p_reference]);
    PERFORM opla_writes(false);
    RETURN true;
END $$;

-- Whoever reads the e-mail says yes. Saying it twice changes nothing; false where there is nothing (any more).
CREATE OR REPLACE FUNCTION opla_thread_confirm(p_at timestamptz, p_link_hash bytea, p_made_after timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE thread SET state = 'waiting', waiting_since = p_at
    WHERE link_hash = p_link_hash AND state = 'unconfirmed' AND made_at > p_made_after;
    PERFORM opla_writes(false);
    RETURN EXISTS (SELECT FROM thread WHERE link_hash = p_link_hash AND state <> 'unconfirmed');
END $$;

-- The customer's next word on a question. False where there is no such confirmed one.
CREATE OR REPLACE FUNCTION opla_thread_more(
    p_at timestamptz, p_actor text, p_link_hash bytea, p_message uuid, p_sealed bytea
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    PERFORM opla_writes(true);
    UPDATE thread SET state = 'waiting', waiting_since = coalesce(waiting_since, p_at)
    WHERE link_hash = p_link_hash AND state <> 'unconfirmed' RETURNING id INTO v_id;
    INSERT INTO thread_message (id, thread_id, n, side, actor, sealed, at)
    SELECT p_message, v_id, (SELECT count(*) + 1 FROM thread_message m WHERE m.thread_id = v_id), 'customer', p_actor,
           p_sealed, p_at
    WHERE v_id IS NOT NULL;
    PERFORM opla_writes(false);
    RETURN v_id IS NOT NULL;
END $$;

-- The shop's word, and the letter that says there is one. p_seen is how many messages the thread had when the clerk
-- read it: what was said meanwhile is read first. 'answered' · 'not_found' · 'still_running' (something newer is there).
CREATE OR REPLACE FUNCTION opla_thread_answer(
    p_at timestamptz, p_actor text, p_id uuid, p_seen int, p_message uuid, p_sealed bytea,
    p_letter uuid, p_letter_sealed bytea, p_topic text, p_reference text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_said int;
BEGIN
    PERFORM 1 FROM thread WHERE id = p_id AND state <> 'unconfirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    SELECT count(*) INTO v_said FROM thread_message WHERE thread_id = p_id;
    IF v_said <> p_seen THEN
        RETURN 'still_running';
    END IF;
    PERFORM opla_writes(true);
    UPDATE thread SET state = 'answered', waiting_since = NULL WHERE id = p_id;
    INSERT INTO thread_message (id, thread_id, n, side, actor, sealed, at)
    VALUES (p_message, p_id, v_said + 1, 'shop', p_actor, p_sealed, p_at);
    PERFORM opla_letters_post(p_at, ARRAY[p_letter], ARRAY[p_letter_sealed], ARRAY[p_topic], ARRAY[p_reference]);
    PERFORM opla_writes(false);
    RETURN 'answered';
END $$;

-- Nothing more to answer. The same results as of an answer; closing a closed one changes nothing.
CREATE OR REPLACE FUNCTION opla_thread_close(p_id uuid, p_seen int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM thread WHERE id = p_id AND state <> 'unconfirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF (SELECT count(*) FROM thread_message WHERE thread_id = p_id) <> p_seen THEN
        RETURN 'still_running';
    END IF;
    PERFORM opla_writes(true);
    UPDATE thread SET state = 'closed', waiting_since = NULL WHERE id = p_id;
    PERFORM opla_writes(false);
    RETURN 'closed';
END $$;

-- Whoever asked deletes it, with all that was said.
CREATE OR REPLACE FUNCTION opla_thread_forget(p_link_hash bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM thread WHERE link_hash = p_link_hash;
    PERFORM opla_writes(false);
END $$;
