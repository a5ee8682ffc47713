-- Money, orders, codes and their evidence. Written by functions only (see guards.sql); ids and business time
-- are arguments: nothing here calls now() or random. States and events are the words of opla.core.

CREATE TABLE quote (
    id              uuid PRIMARY KEY,
    device_hash     bytea NOT NULL,             -- whose screen it was shown on
    sku             text NOT NULL,
    operator        text NOT NULL,
    product_name    text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('code', 'direct', 'esim')),
    face_minor      bigint NOT NULL CHECK (face_minor > 0),
    fee_minor       bigint NOT NULL CHECK (fee_minor >= 0),
    fee_vat_minor   bigint NOT NULL CHECK (fee_vat_minor BETWEEN 0 AND fee_minor),
    currency        text NOT NULL,
    number          text NOT NULL,              -- E.164 of the recipient; empty where none is needed
    plan            text NOT NULL,
    email           text NOT NULL,
    language        text NOT NULL,
    catalog_version bigint NOT NULL,
    sample          boolean NOT NULL,
    made_at         timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL CHECK (expires_at > made_at),
    discount_minor  bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0 AND discount_minor < face_minor + fee_minor),
    offer           jsonb                       -- the promotions it was shown with; null: there were none
);

-- The promotions in a quote's price, and whose uses they would be: a keyed digest of e-mail or number, empty for
-- everybody's. `most` is the cap that was promised; null: none.
CREATE TABLE quote_use (
    quote_id     uuid NOT NULL REFERENCES quote,
    promotion    text NOT NULL,
    customer     bytea NOT NULL,
    most         int,
    PRIMARY KEY (quote_id, promotion, customer)
);

CREATE TABLE orders (
    id              uuid PRIMARY KEY,
    quote_id        uuid REFERENCES quote,                   -- null for a reseller's: that has a key
    reseller        text NOT NULL DEFAULT '',                -- whose float pays; empty: a payment does
    reseller_key    text NOT NULL DEFAULT '',                -- what the reseller calls it
    ticket          text NOT NULL UNIQUE,                    -- what a person reads out; opens nothing
    state           text NOT NULL,
    sku             text NOT NULL,
    operator        text NOT NULL,
    product_name    text NOT NULL,
    kind            text NOT NULL,
    face_minor      bigint NOT NULL,
    fee_minor       bigint NOT NULL,
    fee_vat_minor   bigint NOT NULL,
    currency        text NOT NULL,
    number          text NOT NULL,
    plan            text NOT NULL,
    email           text NOT NULL,
    language        text NOT NULL,
    catalog_version bigint NOT NULL,
    sample          boolean NOT NULL,
    link_hash       bytea,                                   -- SHA-256 of the 128-bit secret in the order's link
    link_sealed     bytea,                                   -- the secret, sealed, for the notices that carry the link
    device_hash     bytea,                                   -- the ordering device may reveal
    placed_at       timestamptz NOT NULL,
    expires_at      timestamptz,                             -- unpaid until then: cancelled; null: it was paid
    ended_at        timestamptz,
    discount_minor  bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0),  -- of the price, paid by a promotion of ours
    CHECK (reseller <> '' OR quote_id IS NOT NULL AND link_hash IS NOT NULL AND link_sealed IS NOT NULL
                             AND device_hash IS NOT NULL)
) WITH (fillfactor = 70);  -- room beside a row for what it becomes: states are in no index, so their changes stay there
CREATE UNIQUE INDEX orders_quote ON orders (quote_id) WHERE quote_id IS NOT NULL;  -- a quote becomes an order once
CREATE UNIQUE INDEX orders_link ON orders (link_hash) WHERE link_hash IS NOT NULL;
CREATE INDEX orders_unpaid ON orders (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX orders_placed_at ON orders (placed_at);
CREATE INDEX orders_email ON orders (lower(email)) WHERE reseller = '';  -- whether somebody bought here before

-- Uses of promotions, counted beside: a cap holds because whoever places locks the counts first.
CREATE TABLE promotion_use (
    order_id      uuid NOT NULL REFERENCES orders,
    promotion     text NOT NULL,
    customer      bytea NOT NULL,
    given_back_at timestamptz,                   -- the order gave nothing in the end
    PRIMARY KEY (order_id, promotion, customer)
);

CREATE TABLE promotion_count (
    promotion text NOT NULL,
    customer  bytea NOT NULL,
    uses      int NOT NULL DEFAULT 0 CHECK (uses >= 0),
    PRIMARY KEY (promotion, customer)
);

-- What a caller asked under which key: the same key again gets the same order, other fields are refused by name.
CREATE TABLE idempotency (
    caller   text NOT NULL,
    key      text NOT NULL,
    fields   bytea NOT NULL,                     -- a keyed digest of eight bytes per field, in the order of the fields
    order_id uuid NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);

CREATE TABLE payment (
    id                 uuid PRIMARY KEY,
    receipt            text NOT NULL UNIQUE,
    state              text NOT NULL,
    provider           text NOT NULL,
    amount_minor       bigint NOT NULL CHECK (amount_minor > 0),
    currency           text NOT NULL,
    captured_minor     bigint NOT NULL DEFAULT 0 CHECK (captured_minor >= 0),
    refunding_minor    bigint NOT NULL DEFAULT 0 CHECK (refunding_minor >= 0),
    refunded_minor     bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    charged_back_minor bigint NOT NULL DEFAULT 0 CHECK (charged_back_minor >= 0),
    outside_minor      bigint NOT NULL DEFAULT 0 CHECK (outside_minor >= 0),  -- refunded there, not by us
    made_at            timestamptz NOT NULL
);

CREATE TABLE allocation (
    payment_id   uuid NOT NULL REFERENCES payment,
    order_id     uuid NOT NULL REFERENCES orders,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (payment_id, order_id)
);
CREATE INDEX allocation_order ON allocation (order_id);

CREATE TABLE refund (
    id           uuid PRIMARY KEY,
    payment_id   uuid REFERENCES payment,        -- null: to the float of the order's reseller
    order_id     uuid REFERENCES orders,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    reason       text NOT NULL,
    why          text NOT NULL DEFAULT '',       -- a person's words, where a person chose it
    evidence     text NOT NULL DEFAULT '',       -- what the operator answered, or the hash of the file that says it
    state        text NOT NULL,
    actor        text NOT NULL,
    made_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    CHECK (payment_id IS NOT NULL OR order_id IS NOT NULL AND state IN ('asked', 'denied', 'done'))
);
CREATE UNIQUE INDEX refund_one_asked ON refund (order_id) WHERE state = 'asked';
CREATE INDEX refund_order ON refund (order_id);
CREATE INDEX refund_payment ON refund (payment_id);
CREATE INDEX refund_made_at ON refund (made_at);

CREATE TABLE attempt (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('charge', 'refund', 'send')),
    adapter      text NOT NULL,
    reference    text NOT NULL UNIQUE,           -- ours, 128 random bits: theirs may never mix two attempts up
    state        text NOT NULL,
    order_id     uuid REFERENCES orders,
    payment_id   uuid REFERENCES payment,
    refund_id    uuid REFERENCES refund,
    tries        int NOT NULL DEFAULT 0,
    made_at      timestamptz NOT NULL,
    due_at       timestamptz,                    -- when somebody looks at it next; null: never again unless woken
    lease_by     uuid,
    lease_until  timestamptz,                    -- by opla_clock()
    provider_id  text NOT NULL DEFAULT '',
    redirect_url text NOT NULL DEFAULT '',
    why          text NOT NULL DEFAULT '',
    gone_at      timestamptz,                    -- since when its adapter is not there; null once it answered
    fee_minor    bigint CHECK (fee_minor >= 0),  -- what the provider keeps for it, as posted; null: it has not said
    fee_on       text NOT NULL DEFAULT '',       -- and what that was told for (core.fee)
    -- It may give value or money, or has. A column of its own: an index that named the state would be written at each of
    -- its changes, and every other index of the row with it.
    stands       boolean NOT NULL GENERATED ALWAYS AS (state <> 'declined') STORED,
    CHECK (CASE kind WHEN 'send' THEN order_id IS NOT NULL AND payment_id IS NULL AND refund_id IS NULL
                     WHEN 'charge' THEN payment_id IS NOT NULL AND order_id IS NULL AND refund_id IS NULL
                     ELSE refund_id IS NOT NULL AND order_id IS NULL AND payment_id IS NULL END)
) WITH (fillfactor = 50);  -- three more states each, most of them in no index
CREATE INDEX attempt_due ON attempt (kind, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX attempt_order ON attempt (order_id) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX attempt_provider_id ON attempt (kind, adapter, provider_id) WHERE provider_id <> '';
-- Never twice: while one send may still give value, or has, the database holds no second one.
CREATE UNIQUE INDEX attempt_one_send ON attempt (order_id) WHERE order_id IS NOT NULL AND stands;
CREATE UNIQUE INDEX attempt_one_charge ON attempt (payment_id) WHERE payment_id IS NOT NULL;
-- A second try at a refund only after a person declined the first.
CREATE UNIQUE INDEX attempt_one_refund ON attempt (refund_id) WHERE refund_id IS NOT NULL AND stands;
CREATE INDEX attempt_refund ON attempt (refund_id) WHERE refund_id IS NOT NULL;

CREATE TABLE code (
    id           uuid PRIMARY KEY,
    sku          text NOT NULL,
    supplier     text NOT NULL,                  -- who we have it from; code_stock: our own shelf
    state        text NOT NULL CHECK (state IN ('stock', 'claimed', 'sold', 'blocked')),
    sealed       bytea NOT NULL,
    fingerprint  bytea NOT NULL UNIQUE,          -- keyed: the same PIN never enters twice
    serial       text NOT NULL,
    cost_minor   bigint NOT NULL CHECK (cost_minor >= 0),
    currency     text NOT NULL,
    valid_until  date,
    claimed_by   text UNIQUE,                    -- the reference of the attempt that holds it
    order_id     uuid UNIQUE REFERENCES orders,
    made_at      timestamptz NOT NULL
);
CREATE INDEX code_for_sale ON code (sku, valid_until, id) WHERE state = 'stock';

CREATE TABLE delivery (
    order_id     uuid PRIMARY KEY REFERENCES orders,         -- at most one per order
    kind         text NOT NULL,
    supplier     text NOT NULL,
    supplier_id  text NOT NULL,
    cost_minor   bigint NOT NULL CHECK (cost_minor >= 0),
    attempt_id   uuid NOT NULL UNIQUE REFERENCES attempt,
    code_id      uuid REFERENCES code,           -- one that came back unseen is sold again: code.order_id is unique
    at           timestamptz NOT NULL
);
CREATE INDEX delivery_code ON delivery (code_id) WHERE code_id IS NOT NULL;

CREATE TABLE order_device (
    order_id     uuid NOT NULL REFERENCES orders,
    device_hash  bytea NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (order_id, device_hash)
);

CREATE TABLE proof (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    hash         bytea NOT NULL,
    sealed       bytea NOT NULL,                 -- for the one e-mail that carries it
    expires_at   timestamptz NOT NULL,
    tries        int NOT NULL,
    made_at      timestamptz NOT NULL
);

CREATE TABLE reveal (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     uuid NOT NULL REFERENCES orders,
    code_id      uuid NOT NULL REFERENCES code,
    actor        text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX reveal_order ON reveal (order_id);

CREATE TABLE event (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL,
    subject      text NOT NULL,
    subject_id   uuid NOT NULL,
    name         text NOT NULL,
    source       text NOT NULL,
    target       text NOT NULL,
    actor        text NOT NULL,
    why          text NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX event_subject ON event (subject_id);

CREATE TABLE account (
    id              int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE,
    kind            text NOT NULL,
    currency        text NOT NULL,
    side            text NOT NULL CHECK (side IN ('debit', 'credit', 'either')),
    debits_posted   bigint NOT NULL DEFAULT 0,
    credits_posted  bigint NOT NULL DEFAULT 0,
    debits_pending  bigint NOT NULL DEFAULT 0,
    credits_pending bigint NOT NULL DEFAULT 0,
    CONSTRAINT account_side CHECK (
        side = 'either'
        OR (side = 'debit' AND debits_posted >= credits_posted)
        OR (side = 'credit' AND credits_posted >= debits_posted)
    ),
    CONSTRAINT account_pending CHECK (debits_pending >= 0 AND credits_pending >= 0),
    -- nobody holds money that is not there
    CONSTRAINT account_held CHECK (side <> 'credit' OR credits_posted - debits_posted >= debits_pending)
);

CREATE TABLE account_kind (
    kind text PRIMARY KEY,
    side text NOT NULL
);

CREATE TABLE transfer (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL,
    event_id     bigint NOT NULL,
    debit        int NOT NULL,                   -- accounts; no foreign key, whose check locks the account's row once a
    credit       int NOT NULL,                   -- line: opla_post joins them, nothing deletes them, `books` looks
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    reason       text NOT NULL,
    phase        text NOT NULL CHECK (phase IN ('posted', 'held', 'released')),
    order_id     uuid,
    payment_id   uuid,
    PRIMARY KEY (id, at),
    CHECK (debit <> credit)
) PARTITION BY RANGE (at);
CREATE INDEX transfer_order ON transfer (order_id);
CREATE INDEX transfer_payment ON transfer (payment_id) WHERE payment_id IS NOT NULL;

-- What one currency is worth in another, as somebody told it: one `base` is `micros` millionths of a `quote`.
CREATE TABLE rate (
    base         text NOT NULL,
    quote        text NOT NULL CHECK (quote <> base),
    micros       bigint NOT NULL CHECK (micros > 0),
    source       text NOT NULL CHECK (source <> ''),
    as_of        timestamptz NOT NULL,
    told_at      timestamptz NOT NULL,
    told_by      text NOT NULL,
    PRIMARY KEY (base, quote, as_of)
);

-- Every amount that was reckoned in another currency: both amounts, the rate and who told it. Positive where we came to
-- owe foreign money, negative where some came back or was bought.
CREATE TABLE conversion (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at               timestamptz NOT NULL,
    reason           text NOT NULL,              -- of its line in the order's currency
    order_id         uuid REFERENCES orders,     -- null: our own money
    foreign_minor    bigint NOT NULL,
    foreign_currency text NOT NULL CHECK (foreign_currency <> home_currency),
    home_minor       bigint NOT NULL,
    home_currency    text NOT NULL,
    numerator        bigint NOT NULL CHECK (numerator > 0),  -- of home minor units per foreign minor unit
    denominator      bigint NOT NULL CHECK (denominator > 0),
    told             text NOT NULL
);
CREATE UNIQUE INDEX conversion_order ON conversion (order_id, reason) WHERE order_id IS NOT NULL;

CREATE TABLE attempt_evidence (
    attempt_id   uuid NOT NULL,
    at           timestamptz NOT NULL,
    answer       text NOT NULL,
    why          text NOT NULL,
    evidence     jsonb NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX attempt_evidence_attempt ON attempt_evidence (attempt_id);

CREATE TABLE event_default PARTITION OF event DEFAULT;
CREATE TABLE transfer_default PARTITION OF transfer DEFAULT;
CREATE TABLE attempt_evidence_default PARTITION OF attempt_evidence DEFAULT;

-- Somebody who wants to be reminded of one SIM, or told of promotions. All they said is sealed, and deleted when they stop.
CREATE TABLE reminder (
    id           uuid PRIMARY KEY,
    link_hash    bytea NOT NULL UNIQUE,          -- SHA-256 of the 128-bit secret in the links
    email_hash   bytea NOT NULL,                 -- keyed: finds the address again, and says nothing of it
    sealed       bytea NOT NULL,                 -- the address, the secret; the readings and the interval, or the operator
    language     text NOT NULL,
    version      int NOT NULL DEFAULT 0,         -- of the readings: what was decided of older ones is dropped
    made_at      timestamptz NOT NULL,
    confirmed_at timestamptz,                    -- null: not before somebody who reads the e-mail says so
    due_at       timestamptz NOT NULL,           -- when it is looked at next
    alone        boolean NOT NULL                -- of these one per address: confirmed, it replaces the older one
);
CREATE INDEX reminder_due ON reminder (due_at, id);
CREATE INDEX reminder_email ON reminder (email_hash);

-- Each reminder once, whoever decides it.
CREATE TABLE reminder_sent (
    reminder_id  uuid NOT NULL REFERENCES reminder ON DELETE CASCADE,
    key          text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (reminder_id, key)
);

-- A purchase that its buyer wants counted in on what they are reminded of. Their own box or button made it.
CREATE TABLE reminder_order (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    reminder_id  uuid NOT NULL REFERENCES reminder ON DELETE CASCADE,
    at           timestamptz NOT NULL,           -- when they said so: of a code, when it was entered
    done_at      timestamptz                     -- counted in, or over without a delivery
);
CREATE INDEX reminder_order_reminder ON reminder_order (reminder_id);
CREATE INDEX reminder_order_open ON reminder_order (at) WHERE done_at IS NULL;

-- How often somebody tried what has a limit: a bucket that fills again evenly. A full one needs no row.
CREATE TABLE tried (
    what         text NOT NULL,
    who          bytea NOT NULL,                 -- a keyed digest of an address, never the address
    full_at      timestamptz NOT NULL,
    PRIMARY KEY (what, who)
);
CREATE INDEX tried_full_at ON tried (full_at);

CREATE TABLE outbox (
    reference    text PRIMARY KEY,
    topic        text NOT NULL,
    order_id     uuid REFERENCES orders,
    made_at      timestamptz NOT NULL,
    due_at       timestamptz,                    -- null: done, or given up
    tries        int NOT NULL DEFAULT 0,
    lease_by     uuid,
    lease_until  timestamptz,
    done_at      timestamptz,
    reminder_id  uuid REFERENCES reminder ON DELETE CASCADE, -- what it is about, where it is about no order
    CHECK ((order_id IS NULL) <> (reminder_id IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX outbox_reminder ON outbox (reminder_id) WHERE reminder_id IS NOT NULL;
CREATE INDEX outbox_due ON outbox (due_at, reference) WHERE due_at IS NOT NULL;

CREATE TABLE item (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL,
    subject      uuid NOT NULL,
    order_id     uuid REFERENCES orders,
    payment_id   uuid REFERENCES payment,
    attempt_id   uuid REFERENCES attempt,
    amount_minor bigint NOT NULL,
    currency     text NOT NULL,
    why          jsonb NOT NULL,                 -- {"why": a word of opla.core.item.Why, and its figures}
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    closed_by    text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX item_open ON item (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX item_order ON item (order_id) WHERE order_id IS NOT NULL;

-- What people said of an item, and with what in their hands.
CREATE TABLE item_evidence (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_id      bigint NOT NULL REFERENCES item,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,
    step         text NOT NULL CHECK (step IN ('proposed', 'asked', 'resolved')),
    resolution   text NOT NULL,
    note         text NOT NULL CHECK (note <> ''),
    facts        jsonb NOT NULL,                 -- figures, never a code
    answers      bigint REFERENCES item_evidence, -- the proposal that a second person approves
    file_name    text NOT NULL,
    file         bytea,
    file_sha256  bytea GENERATED ALWAYS AS (sha256(file)) STORED
);
CREATE INDEX item_evidence_item ON item_evidence (item_id);

-- Closed days, each fixed once and in order. A day is the shop's (core.day), so two a year have 23 and 25 hours.
CREATE TABLE day_close (
    day          date PRIMARY KEY,
    from_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL CHECK (until_at > from_at),
    placed       int NOT NULL,
    delivered    int NOT NULL,
    refunded     int NOT NULL,
    holding      int NOT NULL,                   -- orders whose money was held when the day ended
    items_opened int NOT NULL,
    items_closed int NOT NULL,
    items_open   int NOT NULL,                   -- when the day ended
    closed_at    timestamptz NOT NULL,
    closed_by    text NOT NULL
);
CREATE UNIQUE INDEX day_close_until ON day_close (until_at);

CREATE TABLE day_account (
    day           date NOT NULL REFERENCES day_close,
    account       text NOT NULL,
    currency      text NOT NULL,
    opening_minor bigint NOT NULL,               -- debits minus credits, posted
    debits_minor  bigint NOT NULL,
    credits_minor bigint NOT NULL,
    closing_minor bigint NOT NULL CHECK (closing_minor = opening_minor + debits_minor - credits_minor),
    held_minor    bigint NOT NULL,               -- pending when the day ended, debits minus credits
    PRIMARY KEY (day, account)
);

-- The tables of arrows of opla.core, for `books`: what each event posts. Filled by db.setup.
CREATE TABLE arrow (
    subject text NOT NULL,
    source  text NOT NULL,
    event   text NOT NULL,
    target  text NOT NULL,
    reasons text[] NOT NULL,
    PRIMARY KEY (subject, source, event)
);

CREATE TABLE opla_meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);
