"""BOLT 3's zero-fee taproot commitments, of a pull request that is not merged: eleven commitments with their second stages, signed.

`publisher` is whose commitment it is, `other` its peer; the source calls them local and remote.
"""

import json

from .form import File, Members, Source, named, row

NAMES = (
    "no_htlcs",
    "other_trimmed_below_anchor",
    "other_trimmed_above_anchor",
    "six_htlcs",
    "six_htlcs_truncated",
    "dust_below_anchor",
    "similar_dust_below_anchor",
    "millisatoshi_below_one",
    "millisatoshi_one",
    "millisatoshi_above_one",
    "dust_above_anchor",
)
KEYS = {
    "funding_secret": "funding_priv",
    "payment_secret": "payment_basepoint_secret",
    "htlc_secret": "htlc_basepoint_secret",
}


def _htlcs(items):
    rows = []
    for item in items or []:
        with Members(item) as htlc:
            rows.append(
                {
                    "number": htlc.take("id"),
                    "amount_msat": htlc.take("amount_msat"),
                    "payment_hash": htlc.hex("payment_hash"),
                    "expiry": htlc.take("cltv_expiry"),
                }
            )
    return rows


def commitments(data):
    with Members(json.loads(data)) as source:

        def party(theirs):
            return {ours: source.hex(f"{theirs}_{name}") for ours, name in KEYS.items()}

        common = {
            "publisher": party("local") | {"delayed_secret": source.hex("local_delayed_payment_basepoint_secret")},
            "other": party("remote") | {"revocation_point": source.hex("revocation_basepoint")},
            "funding_txid": source.hex("funding_txid"),
            "funding_index": source.take("funding_index"),
            "funding_sat": source.take("funding_amount_satoshis"),
            "number": source.take("commitment_number"),
            "delay": source.take("to_self_delay"),
            "commitment_point": source.hex("per_commitment_point"),
            "preimages": list(source.take("payment_hash_to_preimage").values()),
        }
        rows = []
        for name, test in named(NAMES, source.take("tests")):
            test.pop("name")
            with Members(test) as case:
                rows.append(
                    row(
                        name,
                        dust_limit_sat=case.take("dust_limit_satoshis"),
                        publisher_msat=case.take("to_local_msat"),
                        other_msat=case.take("to_remote_msat"),
                        received=_htlcs(case.take_or_none("incoming_htlcs")),
                        offered=_htlcs(case.take_or_none("outgoing_htlcs")),
                        publisher_secret_nonce=case.hex("local_secret_nonce"),
                        publisher_nonce=case.hex("local_public_nonce"),
                        other_secret_nonce=case.hex("remote_secret_nonce"),
                        other_nonce=case.hex("remote_public_nonce"),
                        commitment=case.hex("signed_commit_tx"),
                        successes=[tx for tx in case.take_or_none("signed_htlc_success_txs") or []],
                        timeouts=[tx for tx in case.take_or_none("signed_htlc_timeout_txs") or []],
                    )
                )
    return common, rows


FILES = [
    File(
        "bolt03/taproot_zero_fee.json",
        Source(
            "https://github.com/lightning/bolts",
            "bolt03/taproot-zero-fee-commitments-test.json",
            "unknown",
            "e0377689d6534bf6aea953870e855d08540de042",
            "CC-BY-4.0",
            "bolt03/taproot-zero-fee-commitments-test.json",
        ),
        commitments,
    ),
]
