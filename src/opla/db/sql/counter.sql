-- What is sold at tills (opla.operations.counter_sale), and prices that people take there.

-- A sale of a clerk's, in the transaction that took its money: its number at this station. Null: no shift is open at its
-- drawer. Locks: the drawer, then the station.
CREATE OR REPLACE FUNCTION opla_counter_sale(
    p_at timestamptz, p_id uuid, p_station uuid, p_clerk uuid, p_payment uuid, p_method text
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_drawer text;
    v_shift uuid;
    v_n int;
BEGIN
    PERFORM opla_writes(true);
    SELECT d.name INTO v_drawer FROM drawer d JOIN station s ON s.drawer = d.name WHERE s.id = p_station FOR UPDATE OF d;
    PERFORM 1 FROM station WHERE id = p_station FOR NO KEY UPDATE;
    SELECT id INTO v_shift FROM shift WHERE drawer = v_drawer AND closed_at IS NULL;
    IF v_shift IS NOT NULL THEN
        SELECT coalesce(max(n), 0) + 1 INTO v_n FROM counter_sale WHERE station_id = p_station;
        INSERT INTO counter_sale (id, station_id, n, shift_id, clerk_id, payment_id, method, at)
        VALUES (p_id, p_station, v_n, v_shift, p_clerk, p_payment, p_method, p_at);
    END IF;
    PERFORM opla_writes(false);
    RETURN v_n;
END $$;

-- The payment that a sale is paid by now: what began on a card machine may have been paid in coins after all. Internal, like
-- those below.
CREATE OR REPLACE FUNCTION opla_sale_payment(p_first uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id FROM allocation f JOIN allocation a ON a.order_id = f.order_id JOIN payment p ON p.id = a.payment_id
    WHERE f.payment_id = p_first ORDER BY p.captured_minor > 0 DESC, p.id DESC LIMIT 1
$$;

-- The taking of a payment in cash, where it was taken and not undone.
CREATE OR REPLACE FUNCTION opla_sale_line(p_payment uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.id FROM attempt a JOIN cash_code c ON c.attempt = a.reference JOIN drawer_line t ON t.code = c.code
    WHERE a.payment_id = p_payment AND a.kind = 'charge' AND t.kind = 'taken' ORDER BY t.n DESC LIMIT 1
$$;

-- Whether anybody has paid for it; and whether that went back, all or some.
CREATE OR REPLACE FUNCTION opla_sale_paid(p_payment uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT opla_sale_line(p_payment) IS NOT NULL OR EXISTS (SELECT FROM payment WHERE id = p_payment AND captured_minor > 0)
$$;
CREATE OR REPLACE FUNCTION opla_sale_left(p_payment uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(opla_drawer_left(opla_sale_line(p_payment)), false)
        OR EXISTS (SELECT FROM payment p JOIN refund r ON r.payment_id = p.id
                   WHERE p.id = p_payment AND p.provider <> 'cash' AND r.state NOT IN ('asked', 'denied'))
$$;

-- The digits that find this quote at a counter: p_code, unless it has some. Null: p_code is another's, and the caller draws
-- again.
CREATE OR REPLACE FUNCTION opla_counter_quote(p_code text, p_quote uuid, p_until timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO counter_quote (code, quote_id, until) VALUES (p_code, p_quote, p_until) ON CONFLICT DO NOTHING;
    PERFORM opla_writes(false);
    RETURN (SELECT code FROM counter_quote WHERE quote_id = p_quote);
END $$;
