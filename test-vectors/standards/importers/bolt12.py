"""BOLT 12: strings, offers, Merkle roots with a signature, and payer proofs."""

import json

from .form import File, Members, Source, Unfit, hexadecimal, named, row, verdict


def strings(data):
    names = (
        "plain",
        "upper_case",
        "joined_anywhere",
        "joined_thrice",
        "joined_with_spaces",
        "joined_with_spaces_upper_case",
        "mixed_case",
        "join_at_the_end",
        "join_and_space_at_the_end",
        "join_at_the_start",
        "join_and_space_at_the_start",
        "two_joins_in_a_row",
    )
    rows = []
    for name, case in named(names, json.loads(data)):
        with Members(case) as case:
            rows.append(row(name, expected=verdict(case.take("valid")), string=case.take("string")))
    return {}, rows


OFFERS = (
    "issuer_only",
    "description",
    "testnet",
    "bitcoin",
    "liquid_or_bitcoin",
    "metadata",
    "amount",
    "currency",
    "expiry",
    "issuer",
    "quantity_5",
    "quantity_unlimited",
    "quantity_1",
    "feature_99",
    "path_from_node",
    "path_from_channel",
    "path_without_issuer_id",
    "two_paths",
    "odd_type",
    "odd_experimental_type",
    "order",
    "type_78",
    "no_record",
    "ends_in_type",
    "ends_in_length",
    "ends_after_length",
    "ends_in_description",
    "chains_length",
    "currency_cut",
    "currency_bytes",
    "description_cut",
    "description_bytes",
    "paths_cut",
    "path_without_hops",
    "path_hop_cut",
    "path_first_node_id",
    "path_key",
    "path_blinded_node_id",
    "issuer_cut",
    "issuer_bytes",
    "issuer_id",
    "type_80",
    "type_2000000000",
    "type_1000000002",
    "feature_122",
    "amount_without_description",
    "currency_without_amount",
    "amount_0",
    "amount_0_in_currency",
    "nobody_to_pay",
    "second_path_empty",
    "no_chain",
    "padding",
)


def offers(data):
    rows = []
    for name, case in named(OFFERS, json.loads(data)):
        with Members(case) as case:
            records = case.take_or_none("fields")
            rows.append(
                row(
                    name,
                    expected=verdict(case.take("valid")),
                    string=case.take("bolt12"),
                    records=None if records is None else [_record(record) for record in records],
                )
            )
    return {}, rows


def _record(record):
    with Members(record) as record:
        value = record.hex("hex")
        if len(value) != 2 * record.take("length"):
            raise Unfit("a value of another length")
        return {"type": record.take("type"), "value": value}


def merkle(data):
    rows = []
    for name, case in named(("one_record", "two_records", "three_records", "invoice_request"), json.loads(data)):
        with Members(case) as case:
            rows.append(
                row(
                    name,
                    message_name=case.take("tlv"),
                    string=case.take_or_none("bolt12"),
                    first_record=case.hex("first-tlv"),
                    leaves=[_leaf(leaf) for leaf in case.take("leaves")],
                    branches=[_branch(branch) for branch in case.take("branches")],
                    merkle_root=case.hex("merkle"),
                    signature_tag=case.take_or_none("signature_tag"),
                    signature_hash=case.hex_or_none("H(signature_tag,merkle)"),
                    signature=case.hex_or_none("signature"),
                )
            )
    return {}, rows


def _hashed(members, tag):
    """The member `H(tag…)`, which names what is hashed: (that, the hash)."""
    start = f"H(`{tag}`"
    [name] = [name for name in members.members if name.startswith(start)]
    return name[len(start) :].strip(",|)"), members.hex(name)


def _leaf(members):
    with Members(members) as members:
        record, leaf = _hashed(members, "LnLeaf")
        nonce, branch = _hashed(members, "LnNonce")[1], _hashed(members, "LnBranch")[1]
        return {"record": hexadecimal(record), "leaf": leaf, "nonce": nonce, "branch": branch}


def _branch(members):
    with Members(members) as members:
        children, branch = _hashed(members, "LnBranch")
        return {"lesser": hexadecimal(children[:64]), "greater": hexadecimal(children[64:]), "branch": branch}


PROOFS = (
    "full_disclosure",
    "minimal_disclosure",
    "with_note",
    "left_subtree_omitted",
    "empty_omitted_written",
)


def payer_proofs(data):
    source = json.loads(data)
    common = {
        "payer_secret": hexadecimal(source["payer_secret"]),
        "preimage": hexadecimal(source["preimage"]),
        "refused": source["refused_reasons"],
    }
    rows = []
    for name, case in named(PROOFS, source["valid"]):
        with Members(case) as case:
            case.leave_out("name")
            note = case.take("note")
            rows.append(
                row(
                    name,
                    invoice=case.hex("invoice"),
                    included_types=case.take("included_types"),
                    note=None if note is None else note.encode().hex(),
                    omitted_tlvs=case.take("omitted_tlvs"),
                    leaf_hashes=case.hexes("leaf_hashes"),
                    missing_hashes=case.hexes("missing_hashes"),
                    invoice_merkle_root=case.hex("invoice_merkle_root"),
                    string=case.take("proof"),
                )
            )
    return common, rows


def _file(convert, theirs, commit, blob):
    return File(
        f"bolt12/{convert.__name__}.json",
        Source(
            "https://github.com/lightning/bolts",
            f"bolt12/{theirs}.json",
            commit,
            blob,
            "CC-BY-4.0",
            f"bolt12/{theirs}.json",
        ),
        convert,
    )


FILES = [
    _file(strings, "format-string-test", "5f31faa0b6e2cdbe32171d79464305f90bda9585", "46e543b8b29b576b0aa32bfede2187a290e6b613"),
    _file(offers, "offers-test", "311119388a46dfa859da3d2eda0ca836cfc5f078", "db6a108c3173dabcf4772ac108e2fb596d63c53d"),
    _file(merkle, "signature-test", "247e83d528a2a380e533e89f31918d7b0ce6a0c1", "00d327071e660754130e0a1c939c4b0c77fc1351"),
    # Of that file its valid rows are here, and by what names the others are refused; so the blob is not the file's own.
    File(
        "bolt12/payer_proofs.json",
        Source(
            "https://github.com/lightning/bolts",
            "pull/1346",
            "db3eff3a54702897ad66a0386a36c3bb4dc70418",
            "470794e6c06990c4e1b6168fbb40a377d56d23d5",
            "CC-BY-4.0",
            "bolt12/payer-proof.json",
        ),
        payer_proofs,
    ),
]
