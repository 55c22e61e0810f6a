-- One row: what this database is.
CREATE TABLE vault (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    chain BLOB NOT NULL,
    -- Drawn anew by a restore.
    incarnation BLOB NOT NULL,
    -- A copy made by a backup: nothing is handed out of it before a restore.
    is_backup INTEGER NOT NULL DEFAULT 0,
    -- What was made before is not taken in any more: since the last restore, UNIX time.
    restored_at INTEGER NOT NULL DEFAULT 0,
    -- No clock of this vault was ever behind this, UNIX time.
    time_floor INTEGER NOT NULL DEFAULT 0,
    -- Numbers that only grow.
    handed_number INTEGER NOT NULL DEFAULT 0,
    change_number INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE past_incarnations (incarnation BLOB PRIMARY KEY);

CREATE TABLE receivers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    node_id BLOB NOT NULL,
    terms TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Of the last change of the receiver or of its static invoices.
    change_number INTEGER NOT NULL
);
CREATE INDEX receivers_changed ON receivers (change_number);

CREATE TABLE static_invoices (
    id INTEGER PRIMARY KEY,
    receiver_id INTEGER NOT NULL REFERENCES receivers (id),
    door TEXT NOT NULL CHECK (door IN ('web', 'peer')),
    slot INTEGER NOT NULL,
    invoice_id BLOB NOT NULL UNIQUE,
    -- Of its payment points: one polynomial, one invoice.
    polynomial_id BLOB UNIQUE,
    k INTEGER,
    invoice TEXT NOT NULL,
    -- Of a peer: where a payer's request is passed on to.
    request_path BLOB,
    expires_at INTEGER NOT NULL,
    handed_out INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('current', 'replaced', 'withdrawn')),
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX static_invoices_current ON static_invoices (receiver_id, door, slot) WHERE state = 'current';

CREATE TABLE one_time (
    id INTEGER PRIMARY KEY,
    receiver_id INTEGER NOT NULL REFERENCES receivers (id),
    form TEXT NOT NULL CHECK (form IN ('invoice', 'hash', 'static')),
    -- Whoever has it, whatever became of it: never a second time.
    payment_hash BLOB NOT NULL UNIQUE,
    amount_msat INTEGER,
    description_hash BLOB,
    -- Ready-made, or written when the hash was handed out.
    invoice TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- The receiver's, over its hash.
    signature BLOB,
    state TEXT NOT NULL CHECK (state IN ('ready', 'handed', 'withdrawn', 'retired')),
    handed_number INTEGER UNIQUE,
    handed_at INTEGER,
    comment TEXT,
    preimage BLOB,
    CHECK (state = 'handed' OR handed_number IS NULL),
    CHECK (state <> 'handed' OR (handed_number IS NOT NULL AND handed_at IS NOT NULL AND invoice IS NOT NULL))
);
CREATE INDEX one_time_ready ON one_time (receiver_id, form, id) WHERE state = 'ready';
CREATE INDEX one_time_ready_of_amount ON one_time (receiver_id, form, amount_msat, id) WHERE state = 'ready';
CREATE INDEX one_time_handed ON one_time (receiver_id, handed_number) WHERE state = 'handed';

-- What the receiver has to know when it comes back.
CREATE TABLE notices (
    receiver_id INTEGER NOT NULL REFERENCES receivers (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (receiver_id, kind, subject)
);

-- Signed requests that were carried out: none is carried out twice.
CREATE TABLE requests (
    node_id BLOB NOT NULL,
    nonce BLOB NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (node_id, nonce)
);
CREATE INDEX requests_time ON requests (time);
