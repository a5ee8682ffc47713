-- Letters about no order and no reminder: kept sealed until they are told, then forgotten.

CREATE OR REPLACE FUNCTION opla_letters_post(
    p_at timestamptz, p_id uuid[], p_sealed bytea[], p_topic text[], p_reference text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO letter (id, sealed, made_at)
    SELECT w.id, w.sealed, p_at FROM unnest(p_id, p_sealed) AS w (id, sealed);
    INSERT INTO outbox (reference, topic, letter_id, made_at, due_at)
    SELECT w.reference, w.topic, w.id, p_at, p_at FROM unnest(p_reference, p_topic, p_id) AS w (reference, topic, id);
    PERFORM opla_writes(false);
END $$;
