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
