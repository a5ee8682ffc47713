-- Asking for a top-up by text: long texts joined, and what was offered until somebody pays it by its link.

-- Keep one part of a long text; all of them in order once they are whole, and then nothing of it is kept. A part that
-- comes again is the same part. Of a number at most p_most_one texts may be unfinished, and p_most_all parts in all:
-- what is more is dropped, and so is what did not become whole since p_since.
CREATE OR REPLACE FUNCTION opla_text_piece(
    p_at timestamptz, p_since timestamptz, p_who bytea, p_reference int, p_parts int, p_part int, p_sealed bytea,
    p_most_one int, p_most_all int
) RETURNS TABLE (sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('text_piece', 0));
    PERFORM opla_writes(true);
    DELETE FROM text_piece WHERE at < p_since;
    INSERT INTO text_piece (who, reference, parts, part, sealed, at)
    SELECT p_who, p_reference, p_parts, p_part, p_sealed, p_at
    WHERE (SELECT count(*) FROM text_piece) < p_most_all
      AND (EXISTS (SELECT FROM text_piece t WHERE t.who = p_who AND t.reference = p_reference AND t.parts = p_parts)
           OR (SELECT count(DISTINCT (t.reference, t.parts)) FROM text_piece t WHERE t.who = p_who) < p_most_one)
    ON CONFLICT DO NOTHING;
    IF (SELECT count(*) FROM text_piece t
        WHERE t.who = p_who AND t.reference = p_reference AND t.parts = p_parts) = p_parts THEN
        RETURN QUERY SELECT t.sealed FROM text_piece t
        WHERE t.who = p_who AND t.reference = p_reference AND t.parts = p_parts ORDER BY t.part;
        DELETE FROM text_piece t WHERE t.who = p_who AND t.reference = p_reference AND t.parts = p_parts;
    END IF;
    PERFORM opla_writes(false);
END $$;

CREATE OR REPLACE FUNCTION opla_text_ask(
    p_at timestamptz, p_ends_at timestamptz, p_id uuid, p_who bytea, p_link bytea, p_sealed bytea, p_sku text,
    p_face bigint, p_total bigint, p_language text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_ask (id, who, link_hash, sealed, sku, face_minor, total_minor, language, made_at, ends_at)
    VALUES (p_id, p_who, p_link, p_sealed, p_sku, p_face, p_total, p_language, p_at, p_ends_at);
    PERFORM opla_writes(false);
END $$;

-- Whether whoever pays sees the asker's whole number, as the asker said last.
CREATE OR REPLACE FUNCTION opla_text_ask_shows(p_id uuid, p_shown boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    UPDATE text_ask SET shown = p_shown WHERE id = p_id;
    PERFORM opla_writes(false);
END $$;

-- Whether another order than this one has bought what was asked for: paid, or delivered, whatever became of that.
CREATE OR REPLACE FUNCTION opla_text_ask_bought(p_id uuid, p_order uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM text_wish w JOIN orders o ON o.quote_id = w.quote_id
                   WHERE w.ask = p_id AND o.id IS DISTINCT FROM p_order
                     AND (o.state = 'paid' OR EXISTS (SELECT FROM delivery d WHERE d.order_id = o.id)))
$$;

-- True once: the asker is to be told that it costs more now.
CREATE OR REPLACE FUNCTION opla_text_ask_dearer(p_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_first boolean;
BEGIN
    PERFORM opla_writes(true);
    UPDATE text_ask SET told_dearer = true WHERE id = p_id AND NOT told_dearer;
    v_first := FOUND;
    PERFORM opla_writes(false);
    RETURN v_first;
END $$;
