-- One row: what this database is.
CREATE TABLE vault (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    chain BYTEA NOT NULL,
    -- Drawn anew by a restore.
    incarnation BYTEA NOT NULL,
    -- A copy made by a backup: nothing is handed out of it before a restore.
    is_backup BIGINT NOT NULL DEFAULT 0,
    -- What was made before is not taken in any more: since the last restore, UNIX time.
    restored_at BIGINT NOT NULL DEFAULT 0,
    -- No clock of this vault was ever behind this, UNIX time.
    time_floor BIGINT NOT NULL DEFAULT 0
);

-- Numbers that only grow, and that no transaction waits for.
CREATE SEQUENCE handed_numbers;
CREATE SEQUENCE change_numbers;

CREATE TABLE past_incarnations (incarnation BYTEA PRIMARY KEY);

CREATE TABLE receivers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    node_id BYTEA NOT NULL,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Of the last change of the receiver or of its static invoices.
    change_number BIGINT NOT NULL
);
CREATE INDEX receivers_changed ON receivers (change_number);

CREATE TABLE static_invoices (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver_id BIGINT NOT NULL REFERENCES receivers (id),
    door TEXT NOT NULL CHECK (door IN ('web', 'peer')),
    slot BIGINT NOT NULL,
    invoice_id BYTEA NOT NULL UNIQUE,
    -- Of its payment points: one polynomial, one invoice.
    polynomial_id BYTEA UNIQUE,
    k BIGINT,
    invoice TEXT NOT NULL,
    -- Of a peer: where a payer's request is passed on to.
    request_path BYTEA,
    expires_at BIGINT NOT NULL,
    handed_out BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('current', 'replaced', 'withdrawn')),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX static_invoices_current ON static_invoices (receiver_id, door, slot) WHERE state = 'current';

CREATE TABLE one_time (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver_id BIGINT NOT NULL REFERENCES receivers (id),
    form TEXT NOT NULL CHECK (form IN ('invoice', 'hash', 'static')),
    -- Whoever has it, whatever became of it: never a second time.
    payment_hash BYTEA NOT NULL UNIQUE,
    amount_msat BIGINT,
    description_hash BYTEA,
    -- Ready-made, or written when the hash was handed out.
    invoice TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The receiver's, over its hash.
    signature BYTEA,
    state TEXT NOT NULL CHECK (state IN ('ready', 'handed', 'withdrawn', 'retired')),
    handed_number BIGINT UNIQUE,
    handed_at BIGINT,
    comment TEXT,
    preimage BYTEA,
    CHECK (state = 'handed' OR handed_number IS NULL),
    CHECK (state <> 'handed' OR (handed_number IS NOT NULL AND handed_at IS NOT NULL AND invoice IS NOT NULL))
);
CREATE INDEX one_time_ready ON one_time (receiver_id, form, id) WHERE state = 'ready';
CREATE INDEX one_time_ready_of_amount ON one_time (receiver_id, form, amount_msat, id) WHERE state = 'ready';
CREATE INDEX one_time_handed ON one_time (receiver_id, handed_number) WHERE state = 'handed';

-- What the receiver has to know when it comes back.
CREATE TABLE notices (
    receiver_id BIGINT NOT NULL REFERENCES receivers (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (receiver_id, kind, subject)
);

-- Signed requests that were carried out: none is carried out twice.
CREATE TABLE requests (
    node_id BYTEA NOT NULL,
    nonce BYTEA NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (node_id, nonce)
);
CREATE INDEX requests_time ON requests (time);
