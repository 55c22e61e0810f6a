"""The rows of ktime.json."""

import bip340
import bolt12
import ktime
from cases import BAD_POINTS, BAD_SCALARS, Rows, add_malformed, bad_sizes, draw, draw_scalar, flip, replace
from secp256k1 import ORDER, G, bytes32, compressed, integer

AMOUNTS = [
    ("zero", 0, "no amount"),
    ("one", 1, "one millisatoshi"),
    ("supply", 21_000_000 * 100_000_000 * 1_000, "all there will ever be"),
    ("max", 2**64 - 1, "the largest that 8 bytes hold"),
]


def generate():
    rows = Rows("ktime")
    points(rows)
    bad_points(rows)
    payments(rows)
    bad_payments(rows)
    signatures(rows)
    proofs(rows)
    bad_proofs(rows)
    return rows.document()


def coefficients_of(label, k):
    return [draw_scalar(f"ktime/{label}/z_{index}") for index in range(k + 1)]


def payer_of(label):
    """The payer's secret key and A, of even y."""
    return bip340.even_key(draw_scalar(f"ktime/{label}/a"))


def point_inputs(label, coefficients, amount_msat=5_000, hash_of_note=None):
    return {
        "points": [compressed(coefficient * G) for coefficient in coefficients],
        "payer_key": compressed(payer_of(label)[1]),
        "invoice_id": draw(f"ktime/{label}/invoice"),
        "amount_msat": amount_msat,
        "note_hash": ktime.note_hash(b"table 4") if hash_of_note is None else hash_of_note,
    }


def x_of(inputs):
    return ktime.x_of(*(inputs[field] for field in ("payer_key", "invoice_id", "amount_msat", "note_hash")))


def points(rows):
    def point(name, comment, inputs):
        rows.add(f"point/{name}", "invoice.point", comment, inputs)

    for k in (1, 2, 3, 8, 32):
        label = f"point/{k}"
        point(f"k-{k}", f"Z(x) of a polynomial of degree {k}", point_inputs(label, coefficients_of(label, k)))
    point("k-0", "one point: the static one, whoever pays", point_inputs("point/0", coefficients_of("point/0", 0)))
    base = coefficients_of("point/amount", 2)
    for name, amount, what in AMOUNTS:
        point(f"amount-{name}", f"amount: {what}", point_inputs("point/amount", base, amount))
    for name, note, what in (("none", None, "32 zero bytes"), ("empty", b"", "the hash of no bytes, not zeros")):
        inputs = point_inputs("point/amount", base, 5_000, ktime.note_hash(note))
        point(f"note-{name}", f"the note is {name}: {what}", inputs)
    x = x_of(point_inputs("point/horner", [1, 1, 1]))
    passing = [5, -x % ORDER, 1]
    point(
        "through-infinity",
        "5 - x*X + X^2 at X = x: Horner's rule passes through infinity, and Z(x) is 5*G",
        point_inputs("point/horner", passing),
    )


def bad_points(rows):
    base = point_inputs("point/bad", coefficients_of("point/bad", 2))
    for index in (0, 2):
        for name, value, what in BAD_POINTS:
            entries = [*base["points"]]
            entries[index] = value
            rows.add(
                f"point/points-{index}-{name}",
                "invoice.point",
                f"entry {index} of points is {what}",
                base | {"points": entries},
                "points",
                culprit=index,
            )
    rows.add("point/points-none", "invoice.point", "no points", base | {"points": []}, "points")
    add_malformed(rows, "point", "invoice.point", base, "payer_key", BAD_POINTS)
    odd = b"\x03" + base["payer_key"][1:]
    rows.add("point/payer_key-odd", "invoice.point", "payer_key has an odd y", base | {"payer_key": odd}, "payer_key")
    for field in ("invoice_id", "note_hash"):
        add_malformed(rows, "point", "invoice.point", base, field, bad_sizes(32))
    x = x_of(base)
    z_1 = draw_scalar("ktime/point/bad/infinity")
    infinity = [compressed(-x * z_1 * G), compressed(z_1 * G)]
    rows.add(
        "point/infinity",
        "invoice.point",
        "Z_0 = -x*Z_1: Z(x) is infinity. Whoever publishes it chose x before",
        base | {"points": infinity},
        "payment_point",
    )


def payment_inputs(label, k, note=b"table 4"):
    return {
        "coefficients": [bytes32(coefficient) for coefficient in coefficients_of(label, k)],
        "payer_secret_key": bytes32(payer_of(label)[0]),
        "invoice_id": draw(f"ktime/{label}/invoice"),
        "amount_msat": 5_000,
        "note": note,
        "final_blind": bytes32(draw_scalar(f"ktime/{label}/y")),
        "aux_rand": draw(f"ktime/{label}/aux"),
    }


def payments(rows):
    comment = "a payment from the payer's key to the receiver's lock secret; a secret key of odd y is negated first"
    for k in (1, 4):
        for index in range(3):
            label = f"payment/{k}/{index}"
            rows.add(f"payment/k-{k}-{index}", "payment", comment, payment_inputs(label, k))
    odd = payment_inputs("payment/odd", 2)
    odd["payer_secret_key"] = bytes32(ORDER - payer_of("payment/odd")[0])
    rows.add("payment/odd-key", "payment", f"{comment}; this one", odd)
    for name, note in (("no-note", None), ("empty-note", b""), ("long-note", bytes(range(200)))):
        rows.add(f"payment/{name}", "payment", f"{comment}; {name}", payment_inputs("payment/note", 2, note))


def bad_payments(rows):
    base = payment_inputs("payment/bad", 2)
    for name, value, what in BAD_SCALARS:
        entries = [base["coefficients"][0], value, base["coefficients"][2]]
        rows.add(
            f"payment/coefficients-1-{name}",
            "payment",
            f"entry 1 of coefficients is {what}",
            base | {"coefficients": entries},
            "coefficients",
            culprit=1,
        )
    rows.add(
        "payment/static",
        "payment",
        "one coefficient: the static point, under which nobody has a payment of its own",
        base | {"coefficients": base["coefficients"][:1]},
        "coefficients",
    )
    add_malformed(rows, "payment", "payment", base, "payer_secret_key", BAD_SCALARS)
    add_malformed(rows, "payment", "payment", base, "final_blind", BAD_SCALARS)
    x = ktime.x_of(
        compressed(payer_of("payment/bad")[1]), base["invoice_id"], base["amount_msat"], ktime.note_hash(base["note"])
    )
    z_1 = draw_scalar("ktime/payment/bad/zero")
    zero = [bytes32(-x * z_1 % ORDER), bytes32(z_1)]
    rows.add("payment/zero", "payment", "z_0 = -x*z_1: z(x) is zero", base | {"coefficients": zero}, "payment_point")


def signatures(rows):
    payer, key = payer_of("signature")
    x, last_lock = draw_scalar("ktime/signature/x"), draw_scalar("ktime/signature/l") * G
    signature = bip340.sign(payer, ktime.payment_message(x, last_lock), draw("ktime/signature/aux"))
    base = {
        "payer_key": compressed(key),
        "x": bytes32(x),
        "last_lock": compressed(last_lock),
        "signature": signature,
    }

    def verify(name, comment, expected="invalid", **changes):
        rows.add(f"verify_payment/{name}", "verify_payment", comment, base | changes, expected)

    verify("right", "the payer's signature over x and L_n", "valid")
    verify("other-x", "x is one more", x=bytes32(x + 1))
    verify("other-lock", "L_n with the other y", last_lock=compressed(-last_lock))
    verify("other-key", "another payer's key", payer_key=compressed(payer_of("signature/other")[1]))
    for index in (0, 31, 32, 63):
        verify(f"flipped-{index}", f"one bit of byte {index} flipped", signature=flip(signature, index))
    verify("s-plus-n", "s is not below n", signature=replace(signature, 32, bytes32(ORDER)))
    unhashed = tagged = bip340.sign(payer, bytes32(x), bytes(32))
    verify("over-x-alone", "a signature over x, without the lock", signature=unhashed)
    assert tagged != signature
    add_malformed(rows, "verify_payment", "verify_payment", base, "x", BAD_SCALARS)
    add_malformed(rows, "verify_payment", "verify_payment", base, "last_lock", BAD_POINTS)
    add_malformed(rows, "verify_payment", "verify_payment", base, "payer_key", BAD_POINTS)
    verify("payer_key-odd", "payer_key has an odd y", "payer_key", payer_key=b"\x03" + base["payer_key"][1:])
    add_malformed(rows, "verify_payment", "verify_payment", base, "signature", bad_sizes(64))


def proof_inputs(label, k=2, note=b"table 4"):
    node = draw_scalar(f"ktime/{label}/node")
    coefficients = coefficients_of(label, k)
    invoice = bolt12.static_invoice(
        node, [coefficient * G for coefficient in coefficients], 5_000, "coffee", draw(f"ktime/{label}/invoice-aux")
    )
    payer, key = payer_of(label)
    hash_of_note = ktime.note_hash(note)
    invoice_id = bolt12.merkle_root(bolt12.read_stream(invoice))
    x = ktime.x_of(compressed(key), invoice_id, 5_000, hash_of_note)
    inputs = {
        "invoice": invoice,
        "payer_secret_key": bytes32(payer),
        "point_secret": bytes32(ktime.evaluate(coefficients, x)),
        "amount_msat": 5_000,
        "note_hash": hash_of_note,
        "challenge": draw(f"ktime/{label}/challenge"),
        "aux_rand": draw(f"ktime/{label}/aux"),
    }
    return inputs, compressed(node * G)


def proofs(rows):
    for index in range(3):
        label = f"proof/{index}"
        inputs, issuer = proof_inputs(label, 1 + index, None if index == 2 else b"table 4")
        made = rows.add(f"prove/{index}", "prove", "two signatures, and the invoice", inputs)
        rows.add(
            f"verify_proof/{index}",
            "verify_proof",
            "the same, by the verifier who gave the challenge",
            {"proof": bytes.fromhex(made["proof"]), "issuer": issuer, "challenge": inputs["challenge"]},
        )


def bad_proofs(rows):
    inputs, issuer = proof_inputs("proof/bad")
    for name, change, what, field in (
        ("other-secret", {"point_secret": bytes32(7)}, "does not open Z(x)", "point_secret"),
        ("opposite-secret", {"point_secret": bytes32(ORDER - integer(inputs["point_secret"]))},
         "is minus z(x): the same BIP-340 key, and no lock secret", "point_secret"),
        ("other-amount", {"amount_msat": 5_001}, "is for another amount, so for another x", "point_secret"),
        ("other-note", {"note_hash": bytes(32)}, "is for another note, so for another x", "point_secret"),
    ):
        rows.add(f"prove/{name}", "prove", f"point_secret {what}", inputs | change, field)
    add_malformed(rows, "prove", "prove", inputs, "payer_secret_key", BAD_SCALARS)

    proof = ktime.prove(
        inputs["invoice"],
        integer(inputs["payer_secret_key"]),
        integer(inputs["point_secret"]),
        5_000,
        inputs["note_hash"],
        inputs["challenge"],
        inputs["aux_rand"],
    )[0]
    fields = bolt12.read_stream(proof)
    base = {"proof": proof, "issuer": issuer, "challenge": inputs["challenge"]}

    def verify(name, comment, expected="invalid", changed=None, **changes):
        encoded = {} if changed is None else {"proof": bolt12.stream(changed)}
        rows.add(f"verify_proof/{name}", "verify_proof", comment, base | encoded | changes, expected)

    other_inputs, other_issuer = proof_inputs("proof/other")
    other_key = compressed(payer_of("proof/other")[1])
    verify("other-challenge", "the challenge of another verifier", challenge=flip(base["challenge"], 31))
    verify("other-issuer", "the invoice is not this receiver's", issuer=other_issuer)
    verify("other-amount", "one millisatoshi more", changed=fields | {ktime.AMOUNT: bolt12.truncated(5_001)})
    verify("other-note", "without the note", changed=fields | {ktime.NOTE_HASH: bytes(32)})
    verify("other-payer", "another payer's key", changed=fields | {ktime.PAYER_KEY: other_key})
    other_invoice = fields | {ktime.INVOICE: other_inputs["invoice"]}
    verify("other-invoice", "another receiver's invoice, and its key", changed=other_invoice, issuer=other_issuer)
    for name, field in (("point", ktime.POINT_SIGNATURE), ("payer", ktime.PAYER_SIGNATURE)):
        broken = fields | {field: flip(fields[field], 40)}
        verify(f"{name}-signature-flipped", f"one bit of the {name} signature flipped", changed=broken)
    swapped = {
        ktime.POINT_SIGNATURE: fields[ktime.PAYER_SIGNATURE],
        ktime.PAYER_SIGNATURE: fields[ktime.POINT_SIGNATURE],
    }
    verify("swapped-signatures", "each under the other's key", changed=fields | swapped)
    twice = fields | {ktime.POINT_SIGNATURE: fields[ktime.PAYER_SIGNATURE]}
    verify("payer-alone", "the payer's signature in both places: it does not know z(x)", changed=twice)
    node = draw_scalar("ktime/proof/bad/node")
    static = bolt12.static_invoice(node, [9 * G], 5_000, "coffee", bytes(32))
    verify("static-invoice", "an invoice of k = 0", changed=fields | {ktime.INVOICE: static})

    for field in ktime.FIELDS:
        left = {tlv_type: value for tlv_type, value in fields.items() if tlv_type != field}
        verify(f"without-{field}", f"no record of type {field}", "proof", changed=left)
    verify("unknown-field", "a record of type 241, which nothing signs", "proof", changed=fields | {241: b"\x01"})
    verify("trailing", "a byte too many", "proof", proof=proof + b"\0")
    verify("cut-off", "a byte too few", "proof", proof=proof[:-1])
    verify("empty", "no bytes", "proof", proof=b"")
    odd = fields | {ktime.PAYER_KEY: b"\x03" + fields[ktime.PAYER_KEY][1:]}
    verify("payer-key-odd", "A with an odd y", "proof", changed=odd)
    verify("amount-padded", "an amount with a leading zero", "proof", changed=fields | {ktime.AMOUNT: b"\0\x13\x88"})
    forged = fields | {ktime.INVOICE: flip(fields[ktime.INVOICE], 2)}
    verify("forged-invoice", "one bit of the invoice flipped, so that its own signature fails", "proof", changed=forged)
    add_malformed(rows, "verify_proof", "verify_proof", base, "issuer", BAD_POINTS)
    add_malformed(rows, "verify_proof", "verify_proof", base, "challenge", bad_sizes(32))
