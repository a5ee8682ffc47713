-- The one clock of leases. In a database made by `simulate` the scheduler's clock replaces it.
CREATE OR REPLACE FUNCTION opla_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;
