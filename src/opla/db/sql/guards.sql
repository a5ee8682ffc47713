-- Who may write what. Two walls: the application's role has no right to write here (grants.sql), and where a
-- host gives one role only, these triggers refuse whatever does not come out of one of our functions.

-- Our functions say when they begin and when they end to write. Local to the transaction, undone with it.
CREATE OR REPLACE FUNCTION opla_writes(p_on boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('opla.writes', CASE WHEN p_on THEN 'function' ELSE '' END, true);
END $$;

CREATE OR REPLACE FUNCTION opla_refuse_outside_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('opla.writes', true) IS DISTINCT FROM 'function' THEN
        RAISE EXCEPTION 'table % is written by functions only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION opla_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME IN ('quote', 'stepped_back') AND TG_OP = 'UPDATE' AND current_setting('opla.forgets', true) = 'on' THEN
        RETURN NULL;  -- whose it was may be forgotten (opla_forget); what was offered stays
    END IF;
    RAISE EXCEPTION 'table % is append-only: a mistake is corrected by a new row', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- Nothing is dated into a closed day, nor so into a closed month, whoever writes it. After the rows were written: whoever
-- closes a day keeps writers waiting there, and this sees what they waited for.
CREATE OR REPLACE FUNCTION opla_refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM written WHERE at < (SELECT max(until_at) FROM day_close)) THEN
        RAISE EXCEPTION 'a row of % is dated into a closed day', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- The triggers of one table and of its partitions: they fire for the table a statement names, so a partition that is
-- named itself must carry its own.
CREATE OR REPLACE FUNCTION opla_guard(p_table text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT p_table::regclass UNION SELECT relid FROM pg_partition_tree(p_table::regclass) LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER functions_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION opla_refuse_outside_write()', part);
        IF p_table IN ('quote', 'quote_use', 'idempotency', 'allocation', 'delivery', 'reveal', 'event', 'transfer',
                       'attempt_evidence', 'item_evidence', 'day_close', 'day_account', 'rate', 'conversion', 'consent',
                       'stepped_back', 'order_said', 'attempt_route', 'text_stop', 'text_start', 'bank_statement',
                       'bank_reference', 'transfer_file', 'drawer_line', 'passport_proof', 'offline_key', 'offline_sale',
                       'partner_day', 'partner_paid', 'counter_sale', 'counter_quote', 'terminal_payment', 'terminal_line',
                       'voucher_batch', 'voucher_line', 'bank_again', 'month_close', 'month_account', 'month_item',
                       'float_told', 'look', 'audit_segment', 'archived_month', 'archived_event', 'archived_transfer',
                       'archived_attempt_evidence') THEN
            EXECUTE format('CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
                            FOR EACH STATEMENT EXECUTE FUNCTION opla_refuse_rewrite()', part);
        END IF;
        IF p_table IN ('event', 'transfer') THEN
            EXECUTE format('CREATE OR REPLACE TRIGGER closed_days_stand AFTER INSERT ON %s REFERENCING NEW TABLE AS written
                            FOR EACH STATEMENT EXECUTE FUNCTION opla_refuse_closed()', part);
        END IF;
    END LOOP;
END $$;

DO $$
BEGIN
    PERFORM opla_guard(name) FROM unnest(ARRAY[
        'quote', 'quote_use', 'orders', 'promotion_use', 'promotion_count', 'idempotency', 'payment', 'allocation',
        'refund', 'attempt', 'code', 'delivery', 'order_device', 'proof', 'reveal', 'event', 'account', 'transfer',
        'attempt_evidence', 'outbox', 'item', 'item_evidence', 'day_close', 'day_account', 'rate', 'conversion', 'reminder',
        'reminder_sent', 'reminder_order', 'tried', 'letter', 'consent', 'stepped_back', 'order_said', 'order_nudge',
        'order_share', 'push_subscription', 'push_message', 'thread', 'thread_message', 'card_try', 'card', 'card_to',
        'listed', 'supply', 'supplier_state', 'attempt_route', 'text_stop', 'text_start', 'bank_statement', 'bank_line',
        'bank_reference', 'transfer_file', 'transfer_file_line', 'payout', 'payout_line', 'payout_look', 'renewal',
        'renewal_period', 'mandate', 'renewal_by_text', 'text_pay', 'text_wish', 'text_out', 'text_part', 'text_receipt',
        'text_spent', 'text_piece', 'text_ask', 'mail_back', 'purchase', 'batch', 'stock_rule', 'number_look_up',
        'supply_cost', 'drawer', 'cash_code', 'drawer_line', 'played_order', 'float_alarm', 'partner', 'partner_place',
        'partner_day', 'partner_paid', 'station', 'clerk', 'shift', 'offline_key', 'offline_code', 'offline_sale',
        'counter_sale', 'counter_quote', 'passport', 'passport_proof', 'passport_report', 'webhook_message',
        'webhook_delivery', 'webhook_try', 'bulk_file', 'bulk_row', 'terminal', 'terminal_payment', 'terminal_due',
        'terminal_line', 'print_job', 'printer', 'voucher_batch', 'voucher', 'voucher_line', 'voucher_use', 'slip',
        'letter_out', 'deposit', 'bank_again', 'month_close', 'month_account', 'month_item', 'float_told', 'look',
        'audit_segment', 'audit_mark', 'house_person', 'quarantine', 'quarantine_step', 'order_in_doubt', 'archived_month',
        'archived_event', 'archived_transfer', 'archived_attempt_evidence'
    ]) AS t (name);
END $$;

-- The sum of a payment's allocations is its amount, whoever wrote them.
CREATE OR REPLACE FUNCTION opla_allocation_sums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT payment_id FROM written) w
        JOIN payment p ON p.id = w.payment_id
        WHERE p.amount_minor <> (SELECT sum(a.amount_minor) FROM allocation a WHERE a.payment_id = w.payment_id)
    ) THEN
        RAISE EXCEPTION 'allocations do not add up to their payment' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER allocation_sums AFTER INSERT ON allocation
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION opla_allocation_sums();
