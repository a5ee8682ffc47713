-- Resellers' keys at the door: whose it is, and a token out of its bucket, in one call.

-- No row: the hash is nobody's, revoked, or of a reseller that may not order now. `went`: p_cost tokens were there and are
-- taken; where not, none is. A bucket fills by p_per_s tokens a second up to p_most. `tokens`: what is left.
CREATE OR REPLACE FUNCTION opla_api_enter(p_at timestamptz, p_hash bytea, p_cost int, p_most int, p_per_s int)
RETURNS TABLE (key_id bigint, reseller text, email text, scopes text[], addresses text[], expires_at timestamptz,
               sandbox boolean, went boolean, tokens double precision)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_key record;
    v_tokens double precision;
BEGIN
    SELECT k.id, k.reseller_id, r.email, k.scopes, k.addresses, k.expires_at, k.sandbox INTO v_key
    FROM api_key k JOIN reseller r ON r.id = k.reseller_id
    WHERE k.hash = p_hash AND k.revoked_at IS NULL AND r.active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO api_bucket AS b (key_id, tokens, at) VALUES (v_key.id, p_most, p_at)
    ON CONFLICT (key_id) DO UPDATE SET
        tokens = least(p_most, b.tokens + greatest(extract(epoch FROM p_at - b.at), 0) * p_per_s),
        at = greatest(b.at, p_at)
    RETURNING b.tokens INTO v_tokens;
    IF v_tokens >= p_cost THEN
        v_tokens := v_tokens - p_cost;
        UPDATE api_bucket b SET tokens = v_tokens WHERE b.key_id = v_key.id;
        went := true;
    ELSE
        went := false;
    END IF;
    -- To the minute: a row that every call wrote would be the busiest of the shop.
    UPDATE api_key k SET last_used_at = p_at
    WHERE k.id = v_key.id AND (k.last_used_at IS NULL OR k.last_used_at < p_at - interval '1 minute');
    RETURN QUERY SELECT v_key.id, v_key.reseller_id::text, v_key.email::text, v_key.scopes, v_key.addresses, v_key.expires_at,
        v_key.sandbox, went, v_tokens;
END $$;

-- What a program asked under a key, kept the first time; what stands under it now, with the digests of its fields. Two at
-- once: the later one waits here for the first.
CREATE OR REPLACE FUNCTION opla_keyed(p_at timestamptz, p_caller text, p_key text, p_fields bytea, p_id uuid)
RETURNS TABLE (id uuid, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO idempotency (caller, key, fields, order_id, at) VALUES (p_caller, p_key, p_fields, p_id, p_at)
    ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
    RETURN QUERY SELECT i.order_id, i.fields FROM idempotency i WHERE i.caller = p_caller AND i.key = p_key;
END $$;

-- Orders of a sandbox key, each once under its key. One row back per input: what stands under the key now. Nothing but this
-- table is written, and what endpoints of the sandbox are told, now and later (p_news…, of the orders that are new); what
-- is older than p_forget goes.
DROP FUNCTION IF EXISTS opla_play(  -- before endpoints were told
    timestamptz, timestamptz, text, text[], bytea[], uuid[], text[], text[], text[], text[], text[], bigint[], bigint[],
    bigint[], text[], text[], text[], text[]);
CREATE OR REPLACE FUNCTION opla_play(
    p_at timestamptz, p_forget timestamptz, p_reseller text, p_key text[], p_fields bytea[], p_id uuid[], p_ticket text[],
    p_sku text[], p_operator text[], p_product_name text[], p_kind text[], p_face bigint[], p_fee bigint[],
    p_fee_vat bigint[], p_currency text[], p_number text[], p_plan text[], p_language text[], p_news_order uuid[],
    p_news_at timestamptz[], p_news_reference text[], p_news_type text[], p_news_data jsonb[]
) RETURNS TABLE (n int, id uuid, fields bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_at timestamptz;
BEGIN
    PERFORM opla_writes(true);
    DELETE FROM played_order p WHERE p.reseller = p_reseller AND p.placed_at < p_forget;
    INSERT INTO played_order (id, reseller, key, fields, ticket, sku, operator, product_name, kind, face_minor, fee_minor,
        fee_vat_minor, currency, number, plan, language, placed_at)
    SELECT a.id, p_reseller, a.key, a.fields, a.ticket, a.sku, a.operator, a.product_name, a.kind, a.face, a.fee, a.fee_vat,
        a.currency, a.number, a.plan, a.language, p_at
    FROM unnest(p_key, p_fields, p_id, p_ticket, p_sku, p_operator, p_product_name, p_kind, p_face, p_fee, p_fee_vat,
        p_currency, p_number, p_plan, p_language) AS a (key, fields, id, ticket, sku, operator, product_name, kind, face,
        fee, fee_vat, currency, number, plan, language)
    ORDER BY a.key
    ON CONFLICT (reseller, key) DO NOTHING;
    IF EXISTS (SELECT FROM webhook_endpoint e WHERE e.reseller_id = p_reseller AND e.sandbox) THEN
        FOR v_at IN SELECT DISTINCT t.at FROM unnest(p_news_at) AS t (at) ORDER BY t.at LOOP  -- a handful of seconds
            PERFORM opla_webhook_say(v_at, true, array_agg(p_reseller), array_agg(w.reference), array_agg(w.type),
                array_agg(w.data))
            FROM unnest(p_news_order, p_news_at, p_news_reference, p_news_type, p_news_data) AS w (id, at, reference, type, data)
            JOIN played_order p ON p.id = w.id
            WHERE w.at = v_at HAVING count(*) > 0;
        END LOOP;
    END IF;
    PERFORM opla_writes(false);
    RETURN QUERY
    SELECT k.n::int, p.id, p.fields FROM unnest(p_key) WITH ORDINALITY AS k (key, n)
    JOIN played_order p ON p.reseller = p_reseller AND p.key = k.key ORDER BY k.n;
END $$;

-- A played code is looked at (p_refund null), or goes back unseen under the refund's id. False where the other came first.
-- What was still to be told of one that goes back is not; p_data is, under p_reference.
DROP FUNCTION IF EXISTS opla_play_on(timestamptz, text, uuid, uuid);  -- before endpoints were told
CREATE OR REPLACE FUNCTION opla_play_on(
    p_at timestamptz, p_reseller text, p_id uuid, p_refund uuid, p_reference text, p_data jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_found boolean;
BEGIN
    PERFORM opla_writes(true);
    IF p_refund IS NULL THEN
        UPDATE played_order p SET seen_at = coalesce(p.seen_at, p_at)
        WHERE p.id = p_id AND p.reseller = p_reseller AND p.given_back_at IS NULL;
    ELSE
        UPDATE played_order p SET refund_id = p_refund, given_back_at = p_at
        WHERE p.id = p_id AND p.reseller = p_reseller AND p.given_back_at IS NULL AND p.seen_at IS NULL;
    END IF;
    v_found := FOUND;
    IF v_found AND p_refund IS NOT NULL THEN
        DELETE FROM webhook_message m
        WHERE m.reseller_id = p_reseller AND m.sandbox AND m.made_at > p_at AND m.data ->> 'order' = p_id::text;
        PERFORM opla_webhook_say(p_at, true, ARRAY[p_reseller], ARRAY[p_reference], ARRAY['order.refunded'], ARRAY[p_data]);
    END IF;
    PERFORM opla_writes(false);
    RETURN v_found;
END $$;

-- Who changed a reseller's keys or people, kept in the commit that did it. A reseller has a name and no id: its events
-- stand under one that is made of it, which queries/members.py makes again.
CREATE OR REPLACE FUNCTION opla_reseller_changed(p_at timestamptz, p_actor text, p_reseller text, p_name text, p_why text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    VALUES (p_at, 'reseller', md5('reseller ' || p_reseller)::uuid, p_name, '', '', p_actor, p_why);
    PERFORM opla_writes(false);
END $$;
