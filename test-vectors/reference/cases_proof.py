"""The rows of proof.json: payer proofs of invoices under a hash."""

import hashlib

import bip340
import bolt12
import cases_ktime
import payer_proof
from cases import BAD_POINTS, BAD_SCALARS, Rows, add_malformed, bad_sizes, draw, draw_scalar, flip
from payer_proof import LEAVES, MISSING, NAMES, NOTE, OMITTED, PREIMAGE, PROOF_SIGNATURE
from secp256k1 import G, bytes32, compressed

INVREQ_AMOUNT, PAYER_NOTE, INVOICE_AMOUNT, ODD = 82, 89, 170, 3_000_000_001
MORE = {
    payer_proof.INVREQ_METADATA: draw("proof/metadata")[:16],
    bolt12.OFFER_DESCRIPTION: b"coffee",
    INVREQ_AMOUNT: bolt12.truncated(5_000),
    PAYER_NOTE: b"table 4",
    bolt12.INVOICE_CREATED_AT: bolt12.truncated(1_750_000_000),
    INVOICE_AMOUNT: bolt12.truncated(5_000),
    ODD: b"\1",
}


def generate():
    rows = Rows("proof")
    made(rows)
    not_made(rows)
    refused(rows)
    under_points(rows)
    return rows.document()


def inputs_of(label, more=MORE):
    """What a payer proves with, and the receiver's node id."""
    node, payer = draw_scalar(f"proof/{label}/node"), draw_scalar(f"proof/{label}/payer")
    preimage = draw(f"proof/{label}/preimage")
    payment_hash = hashlib.sha256(preimage).digest()
    fields = payer_proof.invoice(node, compressed(payer * G), payment_hash, more, draw(f"proof/{label}/invoice-aux"))
    inputs = {
        "invoice": bolt12.stream(fields),
        "payer_secret_key": bytes32(payer),
        "preimage": preimage,
        "included_types": [],
        "aux_rand": draw(f"proof/{label}/aux"),
    }
    return inputs, compressed(node * G)


def made(rows):
    every = [tlv_type for tlv_type in MORE if tlv_type != 0]
    cases = [
        ("required", "what has to be shown alone", {}, MORE),
        ("description", "the description, too", {"included_types": [bolt12.OFFER_DESCRIPTION]}, MORE),
        ("amounts", "both amounts, too", {"included_types": [INVREQ_AMOUNT, INVOICE_AMOUNT]}, MORE),
        ("odd-type", "an odd field that nobody knows", {"included_types": [ODD]}, MORE),
        ("all", "all but the first field", {"included_types": every}, MORE),
        ("all-and-empty-list", "the same, with an empty list of numbers", {"included_types": every, "writes_empty_omitted": True}, MORE),
        ("note", "a note", {"note": b"for the desk, number 7"}, MORE),
        ("empty-note", "a note without a letter", {"note": b""}, MORE),
        ("features", "features, which are shown unasked", {}, MORE | {payer_proof.INVOICE_FEATURES: b"\2\0\0"}),
        ("only-metadata", "an invoice of the fewest fields", {}, {0: b"\7" * 8}),
    ]
    # Trees of every shape up to three levels: the number of leaves decides it.
    for count in range(1, 7):
        more = {0: b"\7" * 8} | {tlv_type: bytes([tlv_type]) for tlv_type in range(31, 31 + 2 * count, 2)}
        cases.append((f"leaves-{4 + count}", f"{4 + count} fields, the odd ones in the middle left out", {}, more))
        cases.append((f"leaves-{4 + count}-one", "the same, one of them shown", {"included_types": [31]}, more))
    for name, comment, changes, more in cases:
        inputs, issuer = inputs_of(name, more)
        proof = rows.add(f"create/{name}", "create", comment, inputs | changes)["proof"]
        rows.add(f"verify/{name}", "verify", comment, {"proof": proof, "issuer": issuer, "note": changes.get("note")})
    inputs, issuer = inputs_of("note")
    proof = rows.add("create/asked", "create", "a note that a verifier has asked for", inputs | {"note": b"number 7"})["proof"]
    asked = {"proof": proof, "issuer": issuer, "note": None}
    rows.add("verify/not-asked", "verify", "a note, and a verifier that asks for none", asked)
    rows.add("verify/other-note", "verify", "another note than is asked for", asked | {"note": b"number 8"}, "invalid")
    rows.add("verify/no-note", "verify", "a note is asked for, and there is an empty one only",
             asked | {"proof": rows.rows[0]["output"]["proof"], "issuer": inputs_of("required")[1], "note": b""}, "invalid")
    rows.add("verify/other-issuer", "verify", "somebody else's invoice", asked | {"issuer": compressed(7 * G)}, "invalid")
    add_malformed(rows, "verify", "verify", asked, "issuer", BAD_POINTS)


def not_made(rows):
    inputs, _ = inputs_of("not-made")
    fields = bolt12.read_stream(inputs["invoice"])

    def create(name, comment, expected, changed=None, **changes):
        encoded = {} if changed is None else {"invoice": bolt12.stream(changed)}
        rows.add(f"create/{name}", "create", comment, inputs | encoded | changes, expected)

    create("right", "the proof that the next rows change", "valid")
    create("shows-metadata", "the first field is to be shown", "invreq_metadata", included_types=[0])
    create("shows-what-is-not-there", "a field that the invoice has not is to be shown", "tlv_33", included_types=[33])
    create("other-preimage", "a preimage of another hash", "proof_preimage", preimage=bytes(32))
    create("other-key", "another payer's key", "payer_secret_key", payer_secret_key=bytes32(7))
    create("without-metadata", "an invoice without its first field, so that what is left out could be guessed", "invreq_metadata",
           changed={tlv_type: value for tlv_type, value in fields.items() if tlv_type != 0})
    create("changed", "an invoice with another description", "signature", changed=fields | {bolt12.OFFER_DESCRIPTION: b"tea"})
    create("no-stream", "no stream", "invoice", invoice=inputs["invoice"] + b"\0")
    for field in ("preimage", "aux_rand"):
        add_malformed(rows, "create", "create", inputs, field, bad_sizes(32))
    add_malformed(rows, "create", "create", inputs, "payer_secret_key", BAD_SCALARS)


def refused(rows):
    """A row for each name by which BOLT 12's vectors refuse a proof, and more. The payer signs each, so that nothing else is wrong."""
    inputs, issuer = inputs_of("refused")
    payer, preimage = int.from_bytes(inputs["payer_secret_key"], "big"), inputs["preimage"]
    invoice = bolt12.read_stream(inputs["invoice"])
    text, steps = payer_proof.create(invoice, payer, preimage, [], bytes(32))
    fields = bolt12.read_stream(bolt12.from_text("lnp", text))
    assert steps["omitted_tlvs"] == [1, 2, 89, 90, 169, 177], steps["omitted_tlvs"]

    def add(name, comment, expected, changed, signs=True):
        signed = payer_proof.sign(changed, payer, bytes(32)) if signs else changed
        proof = bolt12.to_text("lnp", bolt12.stream(signed))
        rows.add(name, "verify", comment, {"proof": proof, "issuer": issuer, "note": None}, expected)

    def numbers(*list_):
        return fields | {OMITTED: b"".join(map(bolt12.bigsize, list_))}

    add("refused/none", "the proof that the next rows change", "valid", fields)
    for tlv_type in (*payer_proof.REQUIRED, bolt12.SIGNATURE, PREIMAGE, MISSING, LEAVES, PROOF_SIGNATURE):
        left = {other: value for other, value in fields.items() if other != tlv_type}
        add(f"refused/missing_{NAMES[tlv_type]}", f"no {NAMES[tlv_type]}", NAMES[tlv_type], left, tlv_type != PROOF_SIGNATURE)
    for name, comment, expected, changed in (
        ("wrong_proof_preimage", "a bit of the preimage", "proof_preimage", fields | {PREIMAGE: flip(preimage, 5)}),
        ("proof_omitted_tlvs_not_ascending", "two numbers exchanged", "proof_omitted_tlvs", numbers(1, 2, 90, 89, 169, 177)),
        ("proof_omitted_tlvs_contains_zero", "0 among the numbers", "proof_omitted_tlvs", numbers(0, 1, 2, 89, 90, 169, 177)),
        ("proof_omitted_tlvs_contains_signature_field", "241 among the numbers", "proof_omitted_tlvs", numbers(1, 2, 89, 90, 169, 177, 241)),
        ("proof_omitted_tlvs_contains_proof_field", "1001 among the numbers", "proof_omitted_tlvs", numbers(1, 2, 89, 90, 169, 177, 1001)),
        ("proof_omitted_tlvs_contains_high_field", "4000000000 among the numbers", "proof_omitted_tlvs",
         numbers(1, 2, 89, 90, 169, 177, 4_000_000_000)),
        ("proof_omitted_tlvs_contains_included_tlv_field", "88 among the numbers, which is shown", "proof_omitted_tlvs",
         numbers(1, 2, 88, 89, 169, 177)),
        ("proof_omitted_tlvs_not_sequential", "91 in the place of 90", "proof_omitted_tlvs", numbers(1, 2, 89, 91, 169, 177)),
        ("proof_leaf_hashes_too_few", "a nonce less", "proof_leaf_hashes", fields | {LEAVES: fields[LEAVES][:-32]}),
        ("proof_leaf_hashes_too_many", "a nonce more", "proof_leaf_hashes", fields | {LEAVES: fields[LEAVES] + bytes(32)}),
        ("proof_missing_hashes_too_few", "a hash less", "proof_missing_hashes", fields | {MISSING: fields[MISSING][:-32]}),
        ("proof_missing_hashes_too_many", "a hash more", "proof_missing_hashes", fields | {MISSING: fields[MISSING] + bytes(32)}),
        ("wrong_invoice_signature", "a bit of the invoice's signature", "signature",
         fields | {bolt12.SIGNATURE: flip(fields[bolt12.SIGNATURE], 40)}),
        ("contains_invreq_metadata", "the first field", "invreq_metadata", {0: invoice[0]} | fields),
        # More than those names.
        ("first_number_not_1", "the first number is 2", "proof_omitted_tlvs", numbers(2, 3, 89, 90, 169, 177)),
        ("number_less", "a number less than fields are left out", "proof_missing_hashes", numbers(1, 2, 89, 90, 169)),
        ("number_twice", "a number twice", "proof_omitted_tlvs", numbers(1, 1, 89, 90, 169, 177)),
        ("numbers_cut", "the last number cut off", "proof_omitted_tlvs", fields | {OMITTED: fields[OMITTED] + b"\xfd\1"}),
        ("numbers_not_minimal", "a number in three bytes", "proof_omitted_tlvs", fields | {OMITTED: b"\xfd\0\1" + fields[OMITTED][1:]}),
        ("nonce_changed", "a bit of a nonce", "signature", fields | {LEAVES: flip(fields[LEAVES], 0)}),
        ("nonces_exchanged", "two nonces exchanged", "signature",
         fields | {LEAVES: fields[LEAVES][32:64] + fields[LEAVES][:32] + fields[LEAVES][64:]}),
        ("missing_hash_changed", "a bit of a hash", "signature", fields | {MISSING: flip(fields[MISSING], 33)}),
        ("missing_hashes_exchanged", "two hashes exchanged", "signature",
         fields | {MISSING: fields[MISSING][32:64] + fields[MISSING][:32] + fields[MISSING][64:]}),
        ("leaf_hashes_cut", "a nonce a byte short", "proof_leaf_hashes", fields | {LEAVES: fields[LEAVES][:-1]}),
        ("missing_hashes_cut", "a hash a byte short", "proof_missing_hashes", fields | {MISSING: fields[MISSING][:-1]}),
        ("field_added", "a field of the invoice, without a nonce", "proof_leaf_hashes", fields | {INVOICE_AMOUNT: b"\1"}),
        ("other_hash", "another hash, and its preimage", "signature",
         fields | {PREIMAGE: bytes(32), payer_proof.INVOICE_PAYMENT_HASH: hashlib.sha256(bytes(32)).digest()}),
        ("preimage_long", "a preimage of 33 bytes", "proof_preimage", fields | {PREIMAGE: preimage + b"\0"}),
        ("note_not_text", "a note that is not UTF-8", "proof_note", fields | {NOTE: b"\xff\xfe"}),
        ("unknown_even", "an even field that nobody knows", "tlv_1006", fields | {1_006: b"\1"}),
        ("unknown_signature", "a signature element that no signature covers", "tlv_243", fields | {243: b"\1"}),
        ("high_field", "a field outside of every range", "tlv_4000000001", fields | {4_000_000_001: b"\1"}),
        ("static_invoice", "signed as a static invoice", "signature", fields | {bolt12.SIGNATURE: as_static(steps)}),
    ):
        add(f"refused/{name}", comment, expected, changed)
    add("refused/wrong_proof_signature", "a bit of the payer's signature", "proof_signature",
        fields | {PROOF_SIGNATURE: flip(fields[PROOF_SIGNATURE], 1)}, signs=False)
    add("refused/note_added", "a note that the payer has not signed", "proof_signature", fields | {NOTE: b"for the desk"}, signs=False)
    add("refused/odd_added", "an odd field that the payer has not signed", "proof_signature", fields | {1_007: b"\1"}, signs=False)
    add("accepted/odd", "an odd field that the payer has signed", "valid", fields | {1_007: b"\1"})


def under_points(rows):
    """Of a static invoice: what its payer shows. ktime.json has how such proofs are verified, and the refused ones."""
    every = [bolt12.OFFER_AMOUNT, bolt12.OFFER_DESCRIPTION, bolt12.OFFER_ISSUER_ID, bolt12.INVOICE_CREATED_AT,
             bolt12.INVOICE_RELATIVE_EXPIRY, bolt12.INVOICE_NODE_ID, bolt12.PAYMENT_POINTS, bolt12.INTERIM_ROUTE]
    for name, comment, included, note in (
        ("required", "points, key and signature alone", [], None),
        ("first", "the first field too", every[:1], None),
        ("description-and-date", "description and date too", [every[1], every[3]], b"for the desk"),
        ("last", "the last field too", every[-1:], b""),
        ("all", "all of the invoice", every, None),
    ):
        inputs, _, _ = cases_ktime.proof_inputs(f"shown/{name}", 3)
        inputs |= {"included_types": included, "proof_note": note}
        rows.add(f"create_under_points/{name}", "create_under_points", comment, inputs)
    for tlv_type, field in ((0, "invreq_metadata"), (33, "tlv_33")):
        inputs, _, _ = cases_ktime.proof_inputs("shown/refused", 3)
        inputs |= {"included_types": [tlv_type], "proof_note": None}
        rows.add(f"create_under_points/shows-{tlv_type}", "create_under_points", "a field that can't be shown", inputs, field)


def as_static(steps):
    node = draw_scalar("proof/refused/node")
    message = bolt12.hash_with_tag(b"lightning" + b"static_invoice" + b"signature", steps["invoice_merkle_root"])
    return bip340.sign(node, message, bytes(32))
