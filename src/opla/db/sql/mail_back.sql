-- Mail that came back for good.

-- This address is not written to until p_ends_at.
CREATE OR REPLACE FUNCTION opla_mail_refused(p_at timestamptz, p_who bytea, p_why text, p_ends_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_writes(true);
    INSERT INTO mail_back AS b (who, why, at, ends_at) VALUES (p_who, p_why, p_at, p_ends_at)
    ON CONFLICT (who) DO UPDATE SET why = p_why, at = p_at, ends_at = greatest(b.ends_at, p_ends_at);
    PERFORM opla_writes(false);
END $$;

-- The same for a mail that a server took and brought back later. Where a code nobody has looked at, or money, waits
-- behind it, a person has to find another way. What was noticed by it is not charged: its period forgets it, so that a
-- report that comes before the mail is noted as sent counts too.
CREATE OR REPLACE FUNCTION opla_mail_came_back(
    p_at timestamptz, p_reference text, p_who bytea, p_why text, p_ends_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM opla_mail_refused(p_at, p_who, p_why, p_ends_at);
    PERFORM opla_writes(true);
    UPDATE renewal_period SET notice = NULL, notice_sent_at = NULL WHERE notice = p_reference AND phase = 'planned';
    INSERT INTO item (kind, subject, order_id, amount_minor, currency, why, opened_at)
    SELECT 'message_given_up', b.reference::uuid, o.id, 0, o.currency,
           jsonb_build_object('why', 'message_given_up', 'topic', b.topic), p_at
    FROM outbox b JOIN orders o ON o.id = b.order_id
    WHERE b.reference = p_reference AND (
        EXISTS (SELECT FROM refund r WHERE r.order_id = o.id AND r.state IN ('asked', 'due', 'refused'))
        OR o.state = 'delivered' AND o.kind IN ('code', 'esim')
           AND NOT EXISTS (SELECT FROM reveal v WHERE v.order_id = o.id))
    ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING;
    PERFORM opla_writes(false);
END $$;
