-- The application reads everything, calls our functions, and writes only what people edit.
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'public' AND p.proname LIKE 'opla\_%' LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.name);
    END LOOP;
    IF current_user = 'opla_app' OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'opla_app') THEN
        RETURN;  -- one role only: the triggers of guards.sql stand alone
    END IF;
    GRANT USAGE ON SCHEMA public TO opla_app;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO opla_app;
    FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'public' AND p.proname LIKE 'opla\_%' AND p.prosecdef LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO opla_app', f.name);
    END LOOP;
    GRANT EXECUTE ON FUNCTION opla_clock(), opla_may_act(uuid, bytea, uuid) TO opla_app;
    FOR f IN SELECT format('%I', c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
               AND (c.relname LIKE 'django\_%' OR c.relname LIKE 'auth\_%' OR c.relname IN (
                   'catalog_version', 'promotions_version', 'fee_version', 'owner_link', 'reseller', 'api_key', 'reseller_member',
                   'webhook_endpoint',
                   'bulk_source',
                   'customer', 'place', 'kept_line', 'session', 'sign_in_link', 'passkey', 'second_step', 'recovery_code'
               )) LOOP
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO opla_app', f.name);
    END LOOP;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO opla_app;
END $$;
