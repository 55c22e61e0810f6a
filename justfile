# What CI runs, piece by piece. `just` lists them.

default:
    @just --list

# The main job: an offline receiver is paid twice over one static invoice.
demo *args:
    cargo run --release -- demo {{args}}

test:
    cargo test

lint:
    cargo fmt --all -- --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

bench:
    cargo run --release -- bench

# The test vectors, written anew by their independent generator.
vectors:
    python3 test-vectors/reference/generate.py

# The standards' figures, anew from a folder with checkouts of their repositories.
standards folder:
    python3 test-vectors/standards/refresh.py --from {{folder}}

# A channel's transactions on a regtest chain by Bitcoin Core's kernel; installs cmake and Boost's headers.
chain:
    bash .ci/chain

# The header of the C interface, anew.
header:
    bash .ci/ffi header

ci:
    bash .ci/run

# The jobs that take too long for CI; CONTRIBUTING.md says what each shows.

# A million operations of `msm` against libsecp256k1.
long-msm:
    cargo test --locked --release -p pointlock-msm --test differential -- --ignored

# The solutions by which the former proof of payment is forged, from nothing.
long-forgery:
    cargo test --locked --release --test forged_proof -- --ignored --nocapture

# A process with a journal and a store of claims, and a node with payments, each killed five hundred times.
long-crash:
    cargo test --locked --release -p pointlock-store --test killed -- --ignored --nocapture

# A forwarder between a sender and a receiver who collude, in fifty thousand histories.
long-deadlines:
    cargo test --locked --release --test deadlines -- --ignored --nocapture

# Eight vaults on one database, each database killed at five hundred times; schemathesis for longer.
long-vault:
    bash .ci/vault long

# The model of the money, for so many seconds and from this history on: nodes that collude, crash, and lose blocks.
long-money seconds="3600" from="1001":
    MONEY_SECONDS={{seconds}} MONEY_FROM={{from}} cargo test --locked --release -p pointlock-sim --test money -- --ignored --nocapture

# Every fuzz target for so many seconds, from where the last run ended; what is found stays in fuzz/found.
long-fuzz seconds="600":
    bash .ci/fuzz each {{seconds}}

# A shard of all deliberate faults, a line of code at a time: which of them does no test nearby notice? Needs `cargo install cargo-mutants --locked`
# (27.1.0 was used). Without arguments the week's; `just long-mutants adaptor 0/2` is the first of two of a part (`.ci/mutants` has the parts).
long-mutants *part_and_shard="week":
    bash .ci/mutants {{part_and_shard}}

# What a `bitcoind` relays of a channel, and which attacks it permits; builds it from the source of the kernel's crate.
long-relay:
    bash .ci/relay

# The README's two commands with the oldest supported compiler.
long-msrv:
    bash .ci/msrv commands
