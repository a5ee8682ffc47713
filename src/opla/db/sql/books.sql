-- The core's ledger, for `books` to compare with: which accounts each reason moves money between. Filled by db.setup.
CREATE TABLE IF NOT EXISTS posting_rule (
    reason  text PRIMARY KEY,
    phase   text NOT NULL,
    debits  text[] NOT NULL,
    credits text[] NOT NULL
);

-- The database proves its own sums. One row per check: what is wrong (none: the check holds). Reads one snapshot.
CREATE OR REPLACE FUNCTION opla_books(p_at timestamptz) RETURNS TABLE (name text, wrong bigint, example text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH outside AS MATERIALIZED (
        -- archived months that the owner took out: the sums that were written down stand for their rows
        SELECT * FROM month_outside
    ), since AS MATERIALIZED (
        -- what is older has rows there: only what came after it is proved order by order
        SELECT coalesce(max(until_at), '-infinity') AS at FROM outside
    ), carried AS MATERIALIZED (
        SELECT c.* FROM outside o CROSS JOIN LATERAL jsonb_to_recordset(o.carried)
            AS c (account int, reason text, phase text, debits bigint, credits bigint) WHERE o.name = 'transfer'
    ), came AS MATERIALIZED (
        SELECT c.* FROM outside o CROSS JOIN LATERAL jsonb_to_recordset(o.carried) AS c (stocked bigint, cards_stocked bigint)
        WHERE o.name = 'event'
    ), whole_order AS NOT MATERIALIZED (
        SELECT * FROM orders WHERE placed_at >= (SELECT at FROM since)
    ), whole_payment AS NOT MATERIALIZED (
        SELECT * FROM payment WHERE made_at >= (SELECT at FROM since)
    ), whole_refund AS NOT MATERIALIZED (
        SELECT * FROM refund WHERE made_at >= (SELECT at FROM since)
    ), lines AS (
        SELECT debit AS account, amount_minor, phase, 'debit' AS side FROM every_transfer
        UNION ALL SELECT credit, amount_minor, phase, 'credit' FROM every_transfer
        UNION ALL SELECT account, debits, phase, 'debit' FROM carried
        UNION ALL SELECT account, credits, phase, 'credit' FROM carried
    ), sums AS (
        SELECT account,
            coalesce(sum(amount_minor) FILTER (WHERE side = 'debit' AND phase = 'posted'), 0) AS debits_posted,
            coalesce(sum(amount_minor) FILTER (WHERE side = 'credit' AND phase = 'posted'), 0) AS credits_posted,
            coalesce(sum(CASE phase WHEN 'held' THEN amount_minor WHEN 'released' THEN -amount_minor END)
                FILTER (WHERE side = 'debit'), 0) AS debits_pending,
            coalesce(sum(CASE phase WHEN 'held' THEN amount_minor WHEN 'released' THEN -amount_minor END)
                FILTER (WHERE side = 'credit'), 0) AS credits_pending
        FROM lines GROUP BY account
    ), per_order AS (
        SELECT t.order_id,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'captured'), 0) AS captured,
            coalesce(sum(amount_minor) FILTER (WHERE reason IN ('cost', 'margin', 'fee', 'fee_vat', 'loss_back',
                                                                    'promotion_back')), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason IN ('loss', 'cost_back', 'margin_back', 'fee_back',
                                                                    'fee_vat_back', 'promotion')), 0) AS delivered,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'promotion'), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason = 'promotion_back'), 0) AS promotion,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'goodwill'), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason = 'goodwill_back'), 0) AS goodwill,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'taken_back'), 0) AS taken_back,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'met_outside'), 0) AS met_outside,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'refund_due'), 0) AS refund_due,
            coalesce(sum(amount_minor) FILTER (WHERE reason IN ('refund_paid', 'refund_paid_otherwise')), 0) AS refund_paid,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'cost_abroad'), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason = 'cost_abroad_back'), 0) AS abroad,
            coalesce(sum(CASE phase WHEN 'held' THEN amount_minor WHEN 'released' THEN -amount_minor END), 0) AS held
        FROM every_transfer t WHERE t.order_id IS NOT NULL GROUP BY t.order_id
    ), per_payment AS (
        SELECT t.payment_id,
            coalesce(sum(amount_minor) FILTER (WHERE reason IN ('captured', 'float_paid_in')), 0) AS captured,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'refund_due'), 0) AS refund_due,
            coalesce(sum(amount_minor) FILTER (WHERE reason IN ('refund_paid', 'refund_paid_otherwise')), 0) AS refund_paid,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'met_outside'), 0) AS met_outside,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'charged_back'), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason = 'charge_back_won'), 0) AS charged_back,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'outside_refund'), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason = 'outside_undone'), 0) AS outside,
            coalesce(sum(amount_minor) FILTER (WHERE reason = 'psp_fee'), 0)
              - coalesce(sum(amount_minor) FILTER (WHERE reason = 'psp_fee_back'), 0) AS fee
        FROM every_transfer t WHERE t.payment_id IS NOT NULL GROUP BY t.payment_id
    ), moved AS (
        -- where the last event that moved a subject left it; read once, for all of them
        SELECT DISTINCT ON (subject_id) subject_id, target FROM every_event WHERE source <> target
        ORDER BY subject_id, id DESC
    ), found AS (
        -- each balance is the sum of its transfers
        SELECT 'balances' AS name, a.code AS example FROM account a LEFT JOIN sums s ON s.account = a.id
        WHERE (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending) IS DISTINCT FROM
              (coalesce(s.debits_posted, 0), coalesce(s.credits_posted, 0), coalesce(s.debits_pending, 0),
               coalesce(s.credits_pending, 0))
        UNION ALL
        -- no account beyond its side
        SELECT 'sides', a.code FROM account a
        WHERE (a.side = 'debit' AND a.debits_posted < a.credits_posted)
           OR (a.side = 'credit' AND a.credits_posted < a.debits_posted)
           OR a.debits_pending < 0 OR a.credits_pending < 0
           OR (a.side = 'credit' AND a.credits_posted - a.debits_posted < a.debits_pending)
           OR a.side IS DISTINCT FROM (SELECT k.side FROM account_kind k WHERE k.kind = a.kind)
        UNION ALL
        -- every transfer has the currency of both its accounts
        SELECT 'currencies', t.id::text FROM every_transfer t
        JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
        WHERE t.currency <> d.currency OR t.currency <> c.currency
        UNION ALL
        -- an ended order holds no money: what was captured was delivered (less what was given back out of the margin),
        -- goes or went back, or left without us
        SELECT 'ended_orders', o.ticket FROM whole_order o LEFT JOIN per_order p ON p.order_id = o.id
        WHERE o.reseller = '' AND o.state IN ('delivered', 'refunded', 'cancelled', 'refunding')
          AND coalesce(p.captured, 0) <> coalesce(p.delivered, 0) - coalesce(p.goodwill, 0) + coalesce(p.refund_due, 0)
              + coalesce(p.taken_back, 0)
           -- refunded means paid back: what is still due of it is a second payment's, or a part given by choice before
           OR o.state = 'refunded' AND coalesce(p.refund_due, 0) - coalesce(p.refund_paid, 0) - coalesce(p.met_outside, 0)
              <> (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
                  WHERE r.order_id = o.id AND r.state IN ('due', 'refused') AND r.reason IN ('second', 'goodwill'))
        UNION ALL
        -- and by its state: delivered means its price was earned, the others that nothing was; one that is given back
        -- whole though its value stays given earned its price, and gave as much out of the margin
        SELECT 'earned', o.ticket FROM whole_order o LEFT JOIN per_order p ON p.order_id = o.id
        WHERE coalesce(p.delivered, 0) <>
                CASE WHEN o.state = 'delivered' OR p.goodwill > 0 THEN o.face_minor + o.fee_minor - o.discount_minor ELSE 0 END
           OR p.goodwill < 0
           OR o.state <> 'delivered' AND p.goodwill > 0 AND p.goodwill <> o.face_minor + o.fee_minor - o.discount_minor
        UNION ALL
        -- what a promotion took off the price of what stays given, we paid; and every use of one is counted once
        SELECT 'promotions', o.ticket FROM whole_order o LEFT JOIN per_order p ON p.order_id = o.id
        WHERE coalesce(p.promotion, 0) <> CASE WHEN o.state = 'delivered' OR p.goodwill > 0 THEN o.discount_minor ELSE 0 END
           OR o.discount_minor > 0 AND NOT EXISTS (SELECT FROM promotion_use u WHERE u.order_id = o.id)
        UNION ALL
        SELECT 'promotions', coalesce(c.promotion, u.promotion)
        FROM promotion_count c
        FULL JOIN (SELECT promotion, customer, count(*) FILTER (WHERE given_back_at IS NULL) AS uses FROM promotion_use
                   GROUP BY promotion, customer) u ON u.promotion = c.promotion AND u.customer = c.customer
        WHERE coalesce(c.uses, 0) <> coalesce(u.uses, 0)
        UNION ALL
        -- the sums of a payment (captured, refunding, refunded, charged back, refunded without us) are what its transfers
        -- and refunds say
        SELECT 'payments', y.receipt FROM whole_payment y LEFT JOIN per_payment p ON p.payment_id = y.id
        WHERE y.captured_minor <> coalesce(p.captured, 0)
           OR y.refunded_minor <> coalesce(p.refund_paid, 0)
           OR y.charged_back_minor <> coalesce(p.charged_back, 0)
           OR y.outside_minor <> coalesce(p.outside, 0)
           OR y.refunding_minor <> (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
                                    WHERE r.payment_id = y.id AND r.state = 'due')
           OR y.refunded_minor + y.refunding_minor > y.captured_minor
           -- a refund that ended was paid by us, or met by what left without us; one paid from the bank may be both
           OR y.refunded_minor + coalesce(p.met_outside, 0) <>
                (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
                 WHERE r.payment_id = y.id AND r.state IN ('done', 'otherwise', 'outside'))
           OR y.refunded_minor < (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
                                  WHERE r.payment_id = y.id AND r.state = 'done')
           OR coalesce(p.met_outside, 0) < (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
                                            WHERE r.payment_id = y.id AND r.state = 'outside')
           OR (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
               WHERE r.payment_id = y.id AND r.state NOT IN ('asked', 'denied')) <> coalesce(p.refund_due, 0)
        UNION ALL
        -- what its provider keeps of a payment is posted once for each attempt that it told a fee for, and succeeded
        SELECT 'provider_fees', y.receipt FROM whole_payment y LEFT JOIN per_payment p ON p.payment_id = y.id
        LEFT JOIN (
            SELECT coalesce(a.payment_id, r.payment_id) AS payment_id, sum(a.fee_minor) AS told,
                   bool_or(a.state <> 'succeeded') AS early
            FROM attempt a LEFT JOIN refund r ON r.id = a.refund_id WHERE a.fee_minor IS NOT NULL GROUP BY 1
        ) f ON f.payment_id = y.id
        WHERE coalesce(f.told, 0) <> coalesce(p.fee, 0) OR f.early
        UNION ALL
        -- between two currencies stands what was converted, each amount as its rate makes it, and nothing else
        SELECT 'conversions', coalesce(p.code, c.code)
        FROM (SELECT code, debits_posted - credits_posted AS stands FROM account WHERE kind = 'fx') p
        FULL JOIN (
            SELECT 'fx:' || least(home_currency, foreign_currency) || '/' || greatest(home_currency, foreign_currency)
                   || ':' || s.currency AS code, sum(s.minor) AS stands
            FROM conversion CROSS JOIN LATERAL (
                VALUES (foreign_currency, foreign_minor), (home_currency, -home_minor)) AS s (currency, minor)
            GROUP BY 1
        ) c ON c.code = p.code
        WHERE coalesce(p.stands, 0) <> coalesce(c.stands, 0)
        UNION ALL
        SELECT 'conversions', c.told FROM conversion c
        WHERE c.home_minor <> sign(c.foreign_minor) * div(2 * abs(c.foreign_minor)::numeric * c.numerator + c.denominator,
                                                          2 * c.denominator::numeric)
        UNION ALL
        SELECT 'conversions', o.ticket FROM per_order p JOIN whole_order o ON o.id = p.order_id
        LEFT JOIN (SELECT order_id, sum(foreign_minor) AS abroad FROM conversion GROUP BY order_id) c ON c.order_id = o.id
        WHERE p.abroad <> coalesce(c.abroad, 0)
        UNION ALL
        -- what a reseller was given back by choice is on its float: out of the margin, or because the sale was undone
        SELECT 'given_back', o.ticket FROM whole_order o LEFT JOIN per_order p ON p.order_id = o.id
        LEFT JOIN (SELECT order_id, sum(amount_minor) AS given, bool_or(reason = 'choice') AS whole
                   FROM refund WHERE payment_id IS NULL AND state = 'done' GROUP BY order_id) r ON r.order_id = o.id
        WHERE (o.reseller <> '' OR r.given > 0)
          AND (r.given > o.face_minor + o.fee_minor - o.discount_minor OR r.given > 0 AND o.reseller = ''
               OR r.whole AND (o.state <> 'refunded' OR r.given <> o.face_minor + o.fee_minor - o.discount_minor)
               OR (o.state = 'delivered' OR p.goodwill > 0) AND coalesce(p.goodwill, 0) <> coalesce(r.given, 0))
        UNION ALL
        -- a payment's allocations are its amount, and each is its order's price
        SELECT 'allocations', y.receipt FROM payment y
        WHERE CASE WHEN EXISTS (SELECT FROM deposit d WHERE d.payment_id = y.id) THEN 0 ELSE y.amount_minor END
                <> (SELECT coalesce(sum(a.amount_minor), 0) FROM allocation a WHERE a.payment_id = y.id)
           OR EXISTS (SELECT FROM allocation a JOIN orders o ON o.id = a.order_id
                      WHERE a.payment_id = y.id AND a.amount_minor <> o.face_minor + o.fee_minor - o.discount_minor)
        UNION ALL
        -- what a reseller paid in at a provider is on its float, once, less what went back from there or left without us:
        -- and what the float still owes of that is what is said beside it
        SELECT 'deposits', y.receipt FROM deposit d JOIN payment y ON y.id = d.payment_id
        LEFT JOIN (
            SELECT t.payment_id, CASE b.kind WHEN 'reseller_float' THEN b.code ELSE a.code END AS code,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.reason = 'float_paid_in'), 0) AS paid_in,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.reason = 'refund_due'), 0) AS given_back,
                coalesce(sum(CASE t.reason WHEN 'taken_back' THEN t.amount_minor WHEN 'restored' THEN -t.amount_minor END)
                    FILTER (WHERE 'chargebacks' IN (a.kind, b.kind)), 0) AS charged_back,
                coalesce(sum(CASE t.reason WHEN 'taken_back' THEN t.amount_minor WHEN 'restored' THEN -t.amount_minor END)
                    FILTER (WHERE 'suspense' IN (a.kind, b.kind)), 0) AS outside
            FROM every_transfer t JOIN deposit x ON x.payment_id = t.payment_id
            JOIN account a ON a.id = t.debit JOIN account b ON b.id = t.credit
            WHERE 'reseller_float' IN (a.kind, b.kind) GROUP BY 1, 2
        ) t ON t.payment_id = y.id
        WHERE y.made_at >= (SELECT at FROM since) AND (
              coalesce(t.code, '') <> CASE WHEN d.paid_in_at IS NULL THEN ''
                                           ELSE 'reseller_float:' || d.reseller_id || ':' || y.currency END
           OR coalesce(t.paid_in, 0) <> CASE WHEN d.paid_in_at IS NULL THEN 0 ELSE y.amount_minor END
           OR coalesce(t.given_back, 0) <> (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r
                                            WHERE r.payment_id = y.id AND r.reason = 'choice')
           OR coalesce(t.charged_back, 0) <> d.charged_back_minor OR coalesce(t.outside, 0) <> d.outside_minor
           OR d.lost_minor <> CASE WHEN d.paid_in_at IS NULL THEN 0 ELSE opla_deposit_lost(y) END)
        UNION ALL
        -- at most one payment of an order is kept: what it captured for the order beyond one price went back
        SELECT 'one_payment_kept', o.ticket FROM whole_order o JOIN per_order p ON p.order_id = o.id
        WHERE p.captured - p.refund_due - p.taken_back > o.face_minor + o.fee_minor - o.discount_minor
        UNION ALL
        -- codes on our shelf are worth what the books say; one that is blocked after its sale is worth nothing
        SELECT 'code_stock', coalesce(a.code, 'code_stock:' || k.currency)
        FROM (SELECT * FROM account WHERE kind = 'code_stock') a
        FULL JOIN (SELECT currency, sum(cost_minor) AS cost FROM code
                   WHERE supplier = 'code_stock' AND (state IN ('stock', 'claimed') OR state = 'blocked' AND order_id IS NULL)
                   GROUP BY currency) k
          ON k.currency = a.currency
        WHERE coalesce(a.debits_posted - a.credits_posted, 0) <> coalesce(k.cost, 0)
        UNION ALL
        -- what of our codes was never sold is a loss; what came is paid, sent back, or owed to its vendor
        SELECT 'purchases', coalesce(a.code, a.kind || ':' || k.currency)
        FROM (
            SELECT currency, 'code_losses' AS kind, sum(cost_minor) AS stands FROM code WHERE state = 'written_off' GROUP BY currency
            UNION ALL
            SELECT currency, 'supplier_payable', sum(stands) FROM (
                SELECT c.currency, -c.cost_minor AS stands FROM code c JOIN batch b ON b.id = c.batch_id
                WHERE b.purchase_id IS NOT NULL
                UNION ALL SELECT currency, cost_minor FROM code WHERE state = 'sent_back'
                UNION ALL SELECT currency, paid_minor FROM purchase
            ) s GROUP BY currency
        ) k
        FULL JOIN (SELECT * FROM account WHERE kind IN ('code_losses', 'supplier_payable')) a
          ON a.currency = k.currency AND a.kind = k.kind
        WHERE coalesce(a.debits_posted - a.credits_posted, 0) <> coalesce(k.stands, 0)
        UNION ALL
        SELECT 'purchases', p.number::text FROM purchase p LEFT JOIN moved m ON m.subject_id = p.id
        LEFT JOIN (SELECT e.subject_id, sum(CASE t.reason WHEN 'purchase_paid' THEN t.amount_minor ELSE -t.amount_minor END) AS paid
                   FROM every_transfer t JOIN every_event e ON e.id = t.event_id
                   WHERE t.reason IN ('purchase_paid', 'purchase_paid_back') GROUP BY e.subject_id) t ON t.subject_id = p.id
        WHERE p.paid_minor <> coalesce(t.paid, 0) AND p.made_at >= (SELECT at FROM since)
           OR p.state IS DISTINCT FROM m.target AND (m.target IS NOT NULL OR p.made_at >= (SELECT at FROM since))
        UNION ALL
        -- no code of ours was ever made or lost by itself: as many as were stocked are there
        SELECT 'purchases', 'stocked' FROM (SELECT 1) one
        WHERE (SELECT count(*) FROM code WHERE batch_id IS NOT NULL) <> (SELECT coalesce(sum(e.why::int), 0) FROM every_event e
            WHERE e.subject = 'stock' AND e.name = 'stocked') + (SELECT coalesce(sum(stocked), 0) FROM came)
        UNION ALL
        SELECT 'purchases', 'batch ' || b.number FROM batch b LEFT JOIN moved m ON m.subject_id = b.id
        WHERE b.state <> coalesce(m.target, 'on_sale') AND (m.target IS NOT NULL OR b.made_at >= (SELECT at FROM since))
        UNION ALL
        -- cards on our shelf are worth what the books say; and what the others cost, orders paid for or were losses
        SELECT 'cards', coalesce(a.code, a.kind || ':' || k.currency)
        FROM (
            SELECT currency, 'card_stock' AS kind, sum(cost_minor) AS cost FROM card
            WHERE state IN ('in_stock', 'reserved', 'packed', 'ready') GROUP BY currency
            UNION ALL
            SELECT currency, 'stock_losses', sum(cost) FROM (
                SELECT currency, cost_minor AS cost FROM card WHERE state NOT IN ('in_stock', 'reserved', 'packed', 'ready')
                UNION ALL
                SELECT t.currency, CASE t.reason WHEN 'cost' THEN -t.amount_minor ELSE t.amount_minor END
                FROM every_transfer t JOIN account x ON x.id IN (t.debit, t.credit) AND x.kind = 'card_stock'
                WHERE t.reason IN ('cost', 'cost_back')
                UNION ALL
                SELECT x.currency, CASE t.reason WHEN 'cost' THEN -t.debits - t.credits ELSE t.debits + t.credits END
                FROM carried t JOIN account x ON x.id = t.account AND x.kind = 'card_stock'
                WHERE t.reason IN ('cost', 'cost_back')
            ) c GROUP BY currency
        ) k
        FULL JOIN (SELECT * FROM account WHERE kind IN ('card_stock', 'stock_losses')) a
          ON a.currency = k.currency AND a.kind = k.kind
        WHERE coalesce(a.debits_posted - a.credits_posted, 0) <> coalesce(k.cost, 0)
        UNION ALL
        -- no card was ever made or lost by itself: as many as were stocked are there, in the state of their last event
        SELECT 'cards', 'stocked' FROM (SELECT 1) one
        WHERE (SELECT count(*) FROM card) <> (SELECT coalesce(sum(e.why::int), 0) FROM every_event e
            WHERE e.subject = 'stock' AND e.name = 'cards_stocked') + (SELECT coalesce(sum(cards_stocked), 0) FROM came)
        UNION ALL
        SELECT 'cards', c.iccid FROM card c LEFT JOIN moved m ON m.subject_id = c.id
        WHERE c.state <> coalesce(m.target, 'in_stock') AND (m.target IS NOT NULL OR c.since >= (SELECT at FROM since))
        UNION ALL
        -- a card waits for an order that is paid, or was delivered and gets another one; an order that paid for a card got
        -- one; one that waits for the clerk has one
        SELECT 'cards', c.iccid FROM card c LEFT JOIN orders o ON o.id = c.order_id
        WHERE c.state IN ('reserved', 'packed', 'ready', 'sent', 'collected', 'exchanged') AND o.id IS NULL
           OR c.state IN ('reserved', 'packed', 'ready') AND o.state NOT IN ('paid', 'delivered')
           OR c.state IN ('sent', 'collected') AND o.state IN ('placed', 'paid', 'cancelled')
           OR o.kind <> 'sim' OR o.sku <> c.sku
        UNION ALL
        SELECT 'cards', o.ticket FROM orders o
        WHERE o.kind = 'sim' AND o.state = 'delivered' AND NOT EXISTS (SELECT FROM card c WHERE c.order_id = o.id)
        UNION ALL
        -- what is held is what open orders wait for
        SELECT 'holds', o.ticket FROM whole_order o LEFT JOIN per_order p ON p.order_id = o.id
        WHERE coalesce(p.held, 0) <> CASE WHEN o.reseller <> '' AND o.state IN ('placed', 'paid')
                                          THEN o.face_minor + o.fee_minor - o.discount_minor
                                          WHEN o.state = 'paid'
                                          THEN o.face_minor - greatest(o.discount_minor - o.fee_minor, 0) ELSE 0 END
        UNION ALL
        -- a partner is owed what its closed days come to, less what was paid
        SELECT 'partners', coalesce(a.code, k.code) FROM (SELECT * FROM account WHERE kind = 'partner_owed') a
        FULL JOIN (
            SELECT 'partner_owed:' || s.partner || ':' || s.currency AS code, sum(s.minor) AS owed FROM (
                SELECT partner, currency, commission_minor AS minor FROM partner_day
                UNION ALL SELECT partner, currency, -amount_minor FROM partner_paid
            ) s GROUP BY s.partner, s.currency
        ) k ON k.code = a.code
        WHERE coalesce(a.credits_posted - a.debits_posted, 0) <> coalesce(k.owed, 0)
        UNION ALL
        -- what a place took on a day is counted for one partner
        SELECT 'partners', concat_ws(' ', l.place_id, c.day, l.partner, m.partner) FROM partner_place l
        JOIN partner_place m ON m.place_id = l.place_id AND m.partner > l.partner
             AND daterange(m.from_on, m.until_on) && daterange(l.from_on, l.until_on)
        JOIN partner_day c ON c.partner = l.partner
             AND c.day <@ (daterange(l.from_on, l.until_on) * daterange(m.from_on, m.until_on))
        JOIN partner_day d ON d.partner = m.partner AND d.day = c.day
        UNION ALL
        -- what a tablet holds is claimed by it; what it sold is booked as one order that has this code; what it sold a second
        -- time is a loss
        SELECT 'tablets', h.code_id::text FROM offline_code h LEFT JOIN code c ON c.id = h.code_id
        LEFT JOIN orders o ON o.id = h.order_id
        WHERE h.state = 'held' AND (c.state, c.claimed_by) IS DISTINCT FROM ('claimed', 'offline ' || c.id)
           OR h.state = 'lost' AND c.state <> 'written_off'
           OR h.state = 'sold' AND NOT h.taken AND h.changed_at < p_at - interval '1 hour' AND NOT EXISTS (
                SELECT FROM item i WHERE i.kind = 'tablet' AND i.subject = h.code_id AND i.closed_at IS NULL)
           OR h.state = 'sold' AND o.state = 'delivered' AND c.order_id IS DISTINCT FROM h.order_id
           OR (h.state = 'sold') <> EXISTS (SELECT FROM offline_sale s WHERE s.code_id = h.code_id AND s.result = 'booked')
        UNION ALL
        SELECT 'tablets', c.serial FROM code c
        WHERE c.claimed_by LIKE 'offline %' AND NOT EXISTS (SELECT FROM offline_code h WHERE h.code_id = c.id)
        UNION ALL
        SELECT 'tablets', coalesce(a.code, 'offline_losses:' || k.currency)
        FROM (SELECT * FROM account WHERE kind = 'offline_losses') a
        FULL JOIN (SELECT h.currency, sum(h.face_minor + h.fee_minor) AS lost FROM offline_sale s
                   JOIN offline_code h ON h.code_id = s.code_id WHERE s.result = 'twice' GROUP BY h.currency) k
          ON k.currency = a.currency
        WHERE coalesce(a.debits_posted - a.credits_posted, 0) <> coalesce(k.lost, 0)
        UNION ALL
        -- every order and payment moved along an arrow of the table, and each arrow posted exactly its lines.
        -- A line of nothing is not written (no fee, no margin): only the reasons that are never nothing must be there.
        SELECT 'arrows', e.subject || ' ' || e.subject_id || ' ' || e.name
        FROM every_event e
        LEFT JOIN arrow w ON w.subject = e.subject AND w.source = e.source AND w.event = e.name
        LEFT JOIN (
            -- grouped, not LATERAL: a shop of a year has millions of lines, and they are read once
            SELECT t.event_id, array_agg(DISTINCT t.reason) AS reasons, count(*) > count(DISTINCT t.reason) AS repeated,
                   bool_or(t.order_id IS DISTINCT FROM CASE v.subject WHEN 'order' THEN v.subject_id END
                           OR v.subject = 'payment' AND t.payment_id IS DISTINCT FROM v.subject_id) AS strange
            FROM every_transfer t JOIN every_event v ON v.id = t.event_id GROUP BY t.event_id
        ) t ON t.event_id = e.id
        WHERE e.subject IN ('order', 'payment', 'refund', 'card', 'purchase', 'batch', 'passport', 'print_job', 'voucher')
          AND (w.event IS NULL OR w.target <> e.target OR t.repeated OR t.strange
               OR NOT coalesce(t.reasons, '{}') <@ w.reasons
               OR (SELECT count(*) FROM unnest(w.reasons) AS r
                   WHERE r IN ('captured', 'float_paid_in', 'restored', 'held', 'released', 'refund_due', 'refund_paid', 'refund_paid_otherwise', 'met_outside',
                               'goodwill', 'charged_back', 'charge_back_won', 'outside_refund', 'outside_undone', 'psp_fee',
                               'psp_fee_back')
                     AND NOT r = ANY (coalesce(t.reasons, '{}'))) > 0)
        UNION ALL
        -- and each line has the accounts and the phase of its reason
        SELECT 'postings', t.id::text FROM every_transfer t
        JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
        LEFT JOIN posting_rule r ON r.reason = t.reason
        WHERE r.reason IS NULL OR t.phase <> r.phase OR d.kind <> ALL (r.debits) OR c.kind <> ALL (r.credits)
        UNION ALL
        -- and no line without an event and its two accounts
        SELECT 'orphans', t.id::text FROM every_transfer t
        LEFT JOIN account d ON d.id = t.debit LEFT JOIN account c ON c.id = t.credit
        WHERE d.id IS NULL OR c.id IS NULL OR NOT EXISTS (SELECT FROM every_event e WHERE e.id = t.event_id)
        UNION ALL
        -- an order's state is where the last event that moved it left it
        SELECT 'states', o.ticket FROM orders o LEFT JOIN moved m ON m.subject_id = o.id
        WHERE o.state IS DISTINCT FROM m.target AND (m.target IS NOT NULL OR o.placed_at >= (SELECT at FROM since))
        UNION ALL
        SELECT 'states', y.receipt FROM payment y LEFT JOIN moved m ON m.subject_id = y.id
        WHERE y.state <> coalesce(m.target, 'opening') AND (m.target IS NOT NULL OR y.made_at >= (SELECT at FROM since))
        UNION ALL
        SELECT 'states', v.serial FROM voucher v LEFT JOIN moved m ON m.subject_id = v.id
        WHERE v.state <> coalesce(m.target, 'printed') AND (m.target IS NOT NULL OR v.since >= (SELECT at FROM since))
        UNION ALL
        SELECT 'states', r.id::text FROM refund r LEFT JOIN moved m ON m.subject_id = r.id
        WHERE r.state <> coalesce(m.target, CASE WHEN r.payment_id IS NULL THEN 'done' ELSE 'due' END)
          AND (m.target IS NOT NULL OR r.made_at >= (SELECT at FROM since))
        UNION ALL
        -- never twice: a delivered order has one delivery by one send that succeeded, any other has none to show for it
        SELECT 'deliveries', o.ticket FROM orders o
        LEFT JOIN delivery d ON d.order_id = o.id
        LEFT JOIN attempt a ON a.id = d.attempt_id
        LEFT JOIN code k ON k.id = d.code_id
        WHERE (o.state = 'delivered' AND (d.order_id IS NULL OR a.state IS DISTINCT FROM 'succeeded'
                                          OR (d.kind IN ('code', 'esim') AND d.code_id IS NULL)))
           OR (d.order_id IS NOT NULL AND o.state IN ('placed', 'paid', 'cancelled'))
           OR (d.code_id IS NOT NULL AND o.state = 'delivered' AND (k.state <> 'sold' OR k.order_id IS DISTINCT FROM o.id))
           OR (k.order_id = o.id AND k.state NOT IN ('sold', 'blocked'))
           -- a code that is for sale belongs to nobody
           OR (k.state IN ('stock', 'claimed') AND k.order_id IS NOT NULL)
           OR (SELECT count(*) FROM attempt b WHERE b.order_id = o.id AND b.state = 'succeeded') > 1
        UNION ALL
        -- a send holds a code only while it may still need it; for a date, one that is good then, or a person knows
        SELECT 'reservations', k.serial FROM code k JOIN attempt a ON a.reference = k.claimed_by
        JOIN orders o ON o.id = a.order_id
        WHERE k.state = 'claimed'
          AND (a.state = 'declined'
               OR k.valid_until < (o.deliver_at AT TIME ZONE 'Europe/Brussels')::date AND a.due_at IS NOT NULL
                  AND NOT EXISTS (SELECT FROM item i WHERE i.attempt_id = a.id AND i.kind = 'reservation'))
        UNION ALL
        -- no payment into our own account counts more than its lines do, unless a person said so; and every line counts
        -- for something we asked for, or lies on a person's list while it is open
        SELECT 'bank_lines', y.receipt FROM whole_payment y JOIN attempt a ON a.payment_id = y.id
        LEFT JOIN bank_reference b ON b.attempt = a.reference
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(l.amount_minor) FILTER (WHERE l.amount_minor > 0), 0) AS came,
                   coalesce(-sum(l.amount_minor) FILTER (WHERE l.amount_minor < 0 AND l.reversal), 0) AS returned
            FROM bank_line l WHERE l.number = b.number
        ) l ON true
        WHERE y.provider = 'bank_transfer' AND (y.captured_minor > l.came OR y.charged_back_minor > l.returned)
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        SELECT 'bank_lines', l.id::text FROM bank_line l
        WHERE l.number <> '' AND NOT EXISTS (SELECT FROM bank_reference b WHERE b.number = l.number)
           OR (l.state = 'open') <> EXISTS (SELECT FROM item i WHERE i.kind IN ('bank_line', 'bank_out')
                                            AND i.subject = l.id AND i.closed_at IS NULL)
        UNION ALL
        -- what came in under a float's reference is on that float, once; what went out under it is off it
        SELECT 'bank_lines', l.id::text FROM bank_line l
        JOIN bank_reference b ON b.number = l.number AND b.purpose = 'float' AND l.state = 'matched'
        LEFT JOIN (
            SELECT e.subject_id, a.code, sum(CASE a.id WHEN t.credit THEN t.amount_minor ELSE -t.amount_minor END) AS minor
            FROM every_event e JOIN every_transfer t ON t.event_id = e.id
            JOIN account a ON a.id IN (t.credit, t.debit) AND a.kind = 'reseller_float'
            WHERE e.subject = 'float' GROUP BY e.subject_id, a.code
        ) t ON t.subject_id = l.id AND t.code = 'reseller_float:' || b.reseller_id || ':' || l.currency
        WHERE t.minor IS DISTINCT FROM l.amount_minor AND l.made_at >= (SELECT at FROM since)
        UNION ALL
        -- what a provider owes us of each way of paying is what came in there, less what went back, what it kept, and what
        -- it paid out: of each payout every line counts once
        SELECT 'provider_accounts', coalesce(a.code, o.code)
        FROM (SELECT code, debits_posted - credits_posted AS stands FROM account WHERE kind = 'psp_clearing') a
        FULL JOIN (
            SELECT s.code, sum(s.minor) AS owed FROM (
                SELECT 'psp_clearing:' || y.provider || ':' || y.currency AS code,
                       y.captured_minor - y.charged_back_minor - y.outside_minor
                         - coalesce(r.done, 0) - coalesce(f.kept, 0) AS minor
                FROM payment y
                LEFT JOIN (SELECT payment_id, sum(amount_minor) AS done FROM refund WHERE state = 'done' GROUP BY 1) r
                  ON r.payment_id = y.id
                LEFT JOIN (
                    SELECT coalesce(a.payment_id, r.payment_id) AS payment_id, sum(a.fee_minor) AS kept
                    FROM attempt a LEFT JOIN refund r ON r.id = a.refund_id WHERE a.fee_minor IS NOT NULL GROUP BY 1
                ) f ON f.payment_id = y.id
                WHERE y.provider <> 'bank_transfer'
                UNION ALL
                SELECT account, -(gross_minor - fee_minor) FROM payout_line WHERE account LIKE 'psp_clearing:%'
                UNION ALL
                SELECT 'psp_clearing:cash:' || currency, -settled_minor FROM drawer_line
                WHERE kind IN ('taken', 'voided', 'paid_out')
                UNION ALL
                SELECT 'psp_clearing:voucher:' || currency, -minor FROM voucher_use WHERE back_at IS NULL
            ) s GROUP BY s.code
        ) o ON o.code = a.code
        WHERE coalesce(a.stands, 0) <> coalesce(o.owed, 0)
        UNION ALL
        -- a payout is the sum of its lines; what is in transit is what was paid out and no statement has shown; and a line
        -- of our account shows the payout that says so
        SELECT 'payouts', y.their_id FROM payout y
        WHERE y.amount_minor <> (SELECT coalesce(sum(gross_minor - fee_minor), 0) FROM payout_line l WHERE l.payout_id = y.id)
           OR (y.state = 'arrived') <> EXISTS (
                SELECT FROM bank_line l WHERE l.id = y.bank_line_id AND l.state = 'payout' AND l.amount_minor = y.amount_minor
                  AND l.currency = y.currency)
        UNION ALL
        SELECT 'payouts', l.id::text FROM bank_line l
        WHERE l.state = 'payout' AND NOT EXISTS (SELECT FROM payout y WHERE y.bank_line_id = l.id)
        UNION ALL
        SELECT 'payouts', coalesce(a.code, o.code)
        FROM (SELECT code, debits_posted - credits_posted AS stands FROM account WHERE kind IN ('in_transit', 'payout_fees')) a
        FULL JOIN (
            SELECT s.code, sum(s.minor) AS owed FROM (
                SELECT 'in_transit:' || y.provider || ':' || y.currency AS code, l.gross_minor - l.fee_minor AS minor
                FROM payout y JOIN payout_line l ON l.payout_id = y.id WHERE l.account <> ''
                UNION ALL
                SELECT 'in_transit:' || y.provider || ':' || y.currency, -y.amount_minor FROM payout y WHERE y.state = 'arrived'
                UNION ALL
                SELECT account, -(gross_minor - fee_minor) FROM payout_line WHERE account LIKE 'payout_fees:%'
            ) s GROUP BY s.code
        ) o ON o.code = a.code
        WHERE coalesce(a.stands, 0) <> coalesce(o.owed, 0)
        UNION ALL
        -- each drawer holds what its lines say, and so do what was rounded and what was counted beyond the books
        SELECT 'drawers', coalesce(a.code, l.code)
        FROM (SELECT * FROM account WHERE kind IN ('till_drawer', 'cash_rounding', 'cash_differences')) a
        FULL JOIN (
            SELECT code, sum(minor) AS minor FROM (
                SELECT 'till_drawer:' || drawer || ':' || currency AS code, minor FROM drawer_line
                UNION ALL SELECT 'cash_rounding:' || currency, settled_minor - minor FROM drawer_line
                    WHERE kind IN ('taken', 'voided', 'paid_out', 'voucher_sold', 'voucher_back')
                UNION ALL SELECT 'cash_differences:' || currency, -minor FROM drawer_line WHERE kind = 'counted'
            ) l GROUP BY code
        ) l ON l.code = a.code
        WHERE coalesce(a.debits_posted - a.credits_posted, 0) <> coalesce(l.minor, 0)
        UNION ALL
        -- each payment in cash was taken, and what was taken is one (soon after); a code is taken once at a time
        SELECT 'drawers', y.receipt FROM whole_payment y JOIN attempt a ON a.payment_id = y.id
        LEFT JOIN cash_code c ON c.attempt = a.reference
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(l.settled_minor), 0) AS taken, max(l.at) AS at,
                   count(*) FILTER (WHERE l.kind = 'taken') - count(*) FILTER (WHERE l.kind = 'voided') AS times
            FROM drawer_line l WHERE l.code = c.code
        ) l ON true
        WHERE y.provider = 'cash'
          AND (y.captured_minor > l.taken OR y.captured_minor < l.taken AND l.at < p_at - interval '1 hour' OR l.times > 1)
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        -- and each refund that ended in cash was paid out, to the cent but for what coins leave
        SELECT 'drawers', r.id::text FROM whole_refund r JOIN attempt a ON a.refund_id = r.id AND a.adapter = 'cash'
        LEFT JOIN cash_code c ON c.attempt = a.reference
        LEFT JOIN drawer_line l ON l.code = c.code AND l.kind = 'paid_out'
        WHERE (a.state = 'succeeded' AND r.amount_minor IS DISTINCT FROM -l.settled_minor
               OR l.id IS NOT NULL AND a.state <> 'succeeded' AND l.at < p_at - interval '1 hour'
               OR l.id IS NOT NULL AND c.withdrawn_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        -- each payment on a machine that clerks read has its slip, and each approval is one (soon after)
        SELECT 'slips', y.receipt FROM whole_payment y JOIN attempt a ON a.payment_id = y.id
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(l.minor), 0) AS told, max(l.at) AS at FROM terminal_line l WHERE l.attempt = a.reference
        ) l ON true
        WHERE y.provider = 'terminal'
          AND (y.captured_minor > l.told OR y.captured_minor < l.told AND l.at < p_at - interval '1 hour')
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        -- and so has each refund that ended on one
        SELECT 'slips', r.id::text FROM whole_refund r JOIN attempt a ON a.refund_id = r.id AND a.adapter = 'terminal'
        LEFT JOIN terminal_line l ON l.attempt = a.reference
        LEFT JOIN terminal_due d ON d.attempt = a.reference
        WHERE (a.state = 'succeeded' AND r.amount_minor IS DISTINCT FROM -l.minor
               OR l.id IS NOT NULL AND a.state <> 'succeeded' AND l.at < p_at - interval '1 hour'
               OR l.id IS NOT NULL AND d.withdrawn_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        -- what is owed for vouchers is the price of all that are paid for and not redeemed
        SELECT 'vouchers', coalesce(a.code, v.code) FROM (SELECT * FROM account WHERE kind = 'vouchers') a
        FULL JOIN (
            SELECT 'vouchers:' || b.currency AS code, sum(b.face_minor + b.fee_minor) AS minor
            FROM voucher v JOIN voucher_batch b ON b.id = v.batch_id WHERE v.state IN ('active', 'blocked') GROUP BY b.currency
        ) v ON v.code = a.code
        WHERE coalesce(a.credits_posted - a.debits_posted, 0) <> coalesce(v.minor, 0)
        UNION ALL
        -- each that was paid for was so in one drawer, at its price; and is redeemed once, or not
        SELECT 'vouchers', v.serial FROM voucher v JOIN voucher_batch b ON b.id = v.batch_id
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(d.settled_minor), 0) AS paid, count(*) FILTER (WHERE d.kind = 'voucher_sold') AS times
            FROM voucher_line l JOIN drawer_line d ON d.id = l.line WHERE l.voucher_id = v.id
        ) d ON true
        LEFT JOIN LATERAL (
            SELECT count(*) AS used FROM voucher_use u WHERE u.voucher_id = v.id AND u.back_at IS NULL
        ) u ON true
        WHERE d.paid <> CASE WHEN v.state IN ('active', 'blocked', 'redeemed') THEN b.face_minor + b.fee_minor ELSE 0 END
           OR d.times <> CASE WHEN v.state IN ('active', 'blocked', 'redeemed', 'refunded') THEN 1 ELSE 0 END
           OR u.used <> CASE WHEN v.state = 'redeemed' THEN 1 ELSE 0 END
        UNION ALL
        SELECT 'vouchers', d.id::text FROM drawer_line d
        WHERE d.kind IN ('voucher_sold', 'voucher_back') AND NOT EXISTS (SELECT FROM voucher_line l WHERE l.line = d.id)
        UNION ALL
        -- each payment by voucher is what one voucher paid for: captured (soon after), and back only where that one is good again
        SELECT 'vouchers', y.receipt FROM payment y JOIN attempt a ON a.payment_id = y.id AND a.kind = 'charge'
        FULL JOIN voucher_use u ON u.attempt = a.reference
        WHERE (y.provider = 'voucher' OR u.attempt IS NOT NULL) AND coalesce(y.made_at, u.at) >= (SELECT at FROM since)
          AND (u.attempt IS NULL OR y.provider IS DISTINCT FROM 'voucher' OR u.minor <> y.amount_minor
               OR y.captured_minor > u.minor OR y.captured_minor < u.minor AND u.at < p_at - interval '1 hour')
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        SELECT 'vouchers', r.id::text FROM whole_refund r JOIN attempt a ON a.refund_id = r.id AND a.adapter = 'voucher'
        LEFT JOIN voucher_use u ON u.back_by = a.reference
        WHERE (a.state = 'succeeded' AND u.minor IS DISTINCT FROM r.amount_minor
               OR u.attempt IS NOT NULL AND a.state <> 'succeeded' AND u.back_at < p_at - interval '1 hour')
          AND NOT EXISTS (SELECT FROM every_attempt_evidence e WHERE e.attempt_id = a.id AND e.why = 'said_by_person')
        UNION ALL
        -- nothing is forgotten: whatever is not ended is looked at again at a time, or lies on a person's list
        SELECT 'forgotten', o.ticket FROM orders o
        WHERE (o.state = 'paid' AND NOT EXISTS (SELECT FROM attempt a WHERE a.order_id = o.id AND a.due_at IS NOT NULL)
               OR o.state = 'refunding' AND NOT EXISTS (
                    SELECT FROM refund r JOIN attempt a ON a.refund_id = r.id
                    WHERE r.order_id = o.id AND a.due_at IS NOT NULL)
               OR o.state = 'placed' AND o.expires_at < p_at - interval '1 hour' AND NOT opla_quarantined())
          AND NOT EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND i.kind <> 'message_given_up'
                          AND (i.order_id = o.id OR i.subject = o.id))
        UNION ALL
        SELECT 'forgotten', r.id::text FROM refund r
        WHERE r.state = 'due' AND NOT EXISTS (SELECT FROM attempt a WHERE a.refund_id = r.id AND a.due_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND i.payment_id = r.payment_id)
        UNION ALL
        SELECT 'forgotten', r.id::text FROM refund r
        WHERE r.state = 'asked' AND NOT EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND i.order_id = r.order_id
                                                AND i.kind = 'refund_approval')
        UNION ALL
        SELECT 'forgotten', y.receipt FROM payment y
        WHERE y.state IN ('opening', 'open')
          AND NOT EXISTS (SELECT FROM attempt a WHERE a.payment_id = y.id AND a.due_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND i.payment_id = y.id)
        UNION ALL
        -- closed days stand: their lines are what they were when the day was closed, and each begins where the last ended
        SELECT 'closed_days', coalesce(a.day, l.day)::text
        FROM day_account a
        FULL JOIN (
            SELECT s.day, x.code AS account, sum(s.debits) AS debits, sum(s.credits) AS credits
            FROM (
                SELECT (at AT TIME ZONE 'Europe/Brussels')::date AS day, debit AS account, amount_minor AS debits, 0 AS credits
                FROM every_transfer WHERE phase = 'posted' AND at < (SELECT max(until_at) FROM day_close)
                UNION ALL
                SELECT (at AT TIME ZONE 'Europe/Brussels')::date, credit, 0, amount_minor
                FROM every_transfer WHERE phase = 'posted' AND at < (SELECT max(until_at) FROM day_close)
            ) s JOIN account x ON x.id = s.account GROUP BY s.day, x.code
        ) l ON l.day = a.day AND l.account = a.account
        WHERE (coalesce(a.debits_minor, 0) <> coalesce(l.debits, 0) OR coalesce(a.credits_minor, 0) <> coalesce(l.credits, 0))
          AND coalesce(a.day, l.day) > (SELECT (at AT TIME ZONE 'Europe/Brussels')::date FROM since)
        UNION ALL
        SELECT 'closed_days', a.day::text FROM day_account a
        LEFT JOIN day_account b ON b.account = a.account AND b.day = a.day - 1
        WHERE a.opening_minor <> coalesce(b.closing_minor, 0)
        UNION ALL
        -- closed months stand: they are what their closed days come to, and nobody touched them or a month before
        SELECT 'closed_months', to_char(coalesce(a.month, d.month), 'YYYY-MM')
        FROM month_account a
        FULL JOIN (
            SELECT m.month, d.account, sum(d.debits_minor) AS debits, sum(d.credits_minor) AS credits,
                   coalesce(sum(d.opening_minor) FILTER (WHERE d.day = m.from_day), 0) AS opening
            FROM month_close m JOIN day_account d ON d.day BETWEEN m.from_day AND m.until_day GROUP BY m.month, d.account
        ) d ON d.month = a.month AND d.account = a.account
        WHERE (a.opening_minor, a.debits_minor, a.credits_minor) IS DISTINCT FROM (d.opening, d.debits, d.credits)
        UNION ALL
        SELECT 'closed_months', to_char(month, 'YYYY-MM') FROM month_close
        WHERE sha256 <> opla_month_sha256(month, from_day, until_day, closed_at, closed_by)
           OR until_day <> (month + interval '1 month')::date - 1
        UNION ALL
        -- an archived month is what was written down of it, as long as its rows are in the database
        SELECT 'archived_months', m.name || ' ' || to_char(m.month, 'YYYY-MM')
        FROM archived_month m JOIN kept_month k ON k.name = m.name AND k.month = m.month
        CROSS JOIN LATERAL opla_archive_count(m.name, m.from_at, m.until_at) s
        WHERE (s.rows, s.first_id, s.last_id, s.carried) IS DISTINCT FROM (m.rows, m.first_id, m.last_id, m.carried)
    )
    SELECT c.name, count(f.name), min(f.example)
    FROM unnest(ARRAY['balances', 'sides', 'currencies', 'ended_orders', 'earned', 'payments',
                      'provider_fees', 'conversions',
                      'given_back', 'allocations', 'deposits',
                      'one_payment_kept', 'code_stock', 'purchases', 'cards', 'holds', 'arrows', 'postings', 'orphans', 'states', 'deliveries',
                      'reservations', 'bank_lines', 'provider_accounts', 'payouts', 'drawers', 'tablets', 'partners', 'slips', 'vouchers',
                      'forgotten', 'promotions', 'closed_days', 'closed_months', 'archived_months']) WITH ORDINALITY AS c (name, n)
    LEFT JOIN found f ON f.name = c.name
    GROUP BY c.name, c.n ORDER BY c.n
$$;

-- Months for what is kept by month. Idempotent; called at start and by the janitor. A month whose rows lie in the
-- default partition already (nobody called this in time) is left to opla_bring_in.
CREATE OR REPLACE FUNCTION opla_partitions(p_from date, p_months int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    month date;
    late boolean;
    made boolean;
BEGIN
    FOREACH parent IN ARRAY ARRAY['event', 'transfer', 'attempt_evidence'] LOOP
        made := false;
        FOR month IN SELECT generate_series(date_trunc('month', p_from), date_trunc('month', p_from)
                                            + make_interval(months => p_months), interval '1 month')::date LOOP
            CONTINUE WHEN to_regclass(format('%I', parent || '_' || to_char(month, 'YYYY_MM'))) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE at >= %L AND at < %L)', parent || '_default',
                month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC') INTO late;
            IF NOT late THEN
                made := true;
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parent || '_' || to_char(month, 'YYYY_MM'), parent, month::timestamp AT TIME ZONE 'UTC',
                    (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            END IF;
        END LOOP;
        IF made THEN
            PERFORM opla_guard(parent);
        END IF;
    END LOOP;
END $$;
