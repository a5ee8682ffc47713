-- Text messages: who wants none.

CREATE OR REPLACE FUNCTION opla_stop_texts(p_at timestamptz, p_who bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO text_stop (who, at) VALUES (p_who, p_at) ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
END $$;
