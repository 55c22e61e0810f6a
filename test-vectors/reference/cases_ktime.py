"""The rows of ktime.json."""

import bip340
import bolt12
import dleq
import ktime
import payer_proof
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
    bases(rows)
    proofs(rows)
    bad_proofs(rows)
    seeds(rows)
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


def base_inputs(label, amount_msat=5_000):
    return {
        "invoice_id": draw(f"ktime/{label}/invoice"),
        "amount_msat": amount_msat,
        "note_hash": ktime.note_hash(b"table 4"),
        "payer_key": compressed(payer_of(label)[1]),
        "verifier": draw(f"ktime/{label}/verifier"),
        "challenge": draw(f"ktime/{label}/challenge"),
    }


def bases(rows):
    def base(name, comment, inputs):
        rows.add(f"base/{name}", "proof.base", comment, inputs)

    for tries in (1, 2, 3, 6, 10):
        index = 0
        while True:
            inputs = base_inputs("base") | {"challenge": draw("ktime/base/challenge", index)}
            message = ktime.proof_message(*inputs.values())
            if len(ktime.proof_base(message)[1]) == tries:
                break
            index += 1
        base(f"tries-{tries}", f"the x of i = {tries - 1} is the first one of a point", inputs)
    inputs = base_inputs("base/changed")
    base("changed/nothing", "the one that the next rows change in one field", inputs)
    for field, value in inputs.items():
        changed = payer_of("base/other")[1] if field == "payer_key" else None
        other = 5_001 if field == "amount_msat" else compressed(changed) if changed else flip(value, 31)
        base(f"changed/{field}", f"another {field}: another message, and another base", inputs | {field: other})
    swapped = {"verifier": inputs["challenge"], "challenge": inputs["verifier"]}
    base("changed/swapped", "verifier and challenge swapped", inputs | swapped)
    for name, amount, what in AMOUNTS:
        base(f"amount-{name}", f"amount: {what}", base_inputs("base/amount", amount))
    base("note-none", "without a note", inputs | {"note_hash": bytes(32)})
    for field in ("invoice_id", "note_hash", "verifier", "challenge"):
        add_malformed(rows, "base", "proof.base", inputs, field, bad_sizes(32))
    add_malformed(rows, "base", "proof.base", inputs, "payer_key", BAD_POINTS)
    odd = {"payer_key": b"\x03" + inputs["payer_key"][1:]}
    rows.add("base/payer_key-odd", "proof.base", "payer_key has an odd y", inputs | odd, "payer_key")


def proof_inputs(label, k=2, note=b"table 4", description="coffee"):
    """What a payer proves with, the receiver's node id, and z(X)."""
    node = draw_scalar(f"ktime/{label}/node")
    coefficients = coefficients_of(label, k)
    invoice = bolt12.static_invoice(
        node, [coefficient * G for coefficient in coefficients], 5_000, description, draw(f"ktime/{label}/invoice-aux")
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
        "verifier": draw(f"ktime/{label}/verifier"),
        "challenge": draw(f"ktime/{label}/challenge"),
        "aux_rand": draw(f"ktime/{label}/aux"),
    }
    return inputs, compressed(node * G), coefficients


def proofs(rows):
    for index in range(4):
        label = f"proof/{index}"
        inputs, issuer, _ = proof_inputs(label, (1, 2, 3, 9)[index], None if index == 2 else b"table 4")
        comment = "the proof of 161 bytes, and its stream with the points of the invoice in it"
        made = rows.add(f"prove/{index}", "prove", comment, inputs)
        asked = {field: inputs[field] for field in ("verifier", "challenge")}
        stream = bytes.fromhex(made["stream"])
        comment = "the same, by the verifier who asked for it"
        rows.add(f"verify_proof/{index}", "verify_proof", comment, {"stream": stream, "issuer": issuer} | asked)


def bad_proofs(rows):
    inputs, issuer, coefficients = proof_inputs("proof/bad")
    secret, payer = integer(inputs["point_secret"]), integer(inputs["payer_secret_key"])
    for name, change, what, field in (
        ("other-secret", {"point_secret": bytes32(7)}, "does not open Z(x)", "point_secret"),
        ("opposite-secret", {"point_secret": bytes32(ORDER - secret)},
         "is minus z(x), which opens the point with the other y", "point_secret"),
        ("other-amount", {"amount_msat": 5_001}, "is for another amount, so for another x", "point_secret"),
        ("other-note", {"note_hash": bytes(32)}, "is for another note, so for another x", "point_secret"),
    ):
        rows.add(f"prove/{name}", "prove", f"point_secret {what}", inputs | change, field)
    add_malformed(rows, "prove", "prove", inputs, "payer_secret_key", BAD_SCALARS)
    for field in ("note_hash", "verifier", "challenge", "aux_rand"):
        add_malformed(rows, "prove", "prove", inputs, field, bad_sizes(32))

    invoice, key = inputs["invoice"], compressed(payer * G)
    invoice_id = bolt12.merkle_root(bolt12.read_stream(invoice))
    about = {
        "invoice_id": invoice_id,
        "amount_msat": 5_000,
        "hash_of_note": inputs["note_hash"],
        "payer_key": key,
        "verifier": inputs["verifier"],
        "challenge": inputs["challenge"],
    }
    message = ktime.proof_message(**about)
    proof, _ = ktime.prove(payer, secret, message, inputs["aux_rand"])
    fields, _ = ktime.proof_stream(invoice, payer, about, proof, bytes(32))
    base = {
        "stream": bolt12.stream(fields),
        "issuer": issuer,
        "verifier": inputs["verifier"],
        "challenge": inputs["challenge"],
    }

    def verify(name, comment, expected="invalid", changed=None, signer=payer, **changes):
        """The payer signs what is changed, so that its signature is not what refuses it, unless nobody is to."""
        signed = changed if changed is None or signer is None else payer_proof.sign(changed, signer, bytes(32))
        encoded = {} if changed is None else {"stream": bolt12.stream(signed)}
        rows.add(f"verify_proof/{name}", "verify_proof", comment, base | encoded | changes, expected)

    def with_proof(proof, **more):
        """The stream with these 161 bytes in the place of the proof's own."""
        parts = {ktime.VALUE: proof[:33], ktime.DLEQ: proof[33:97], ktime.PAYER_SIGNATURE: proof[97:]}
        return fields | parts | {getattr(ktime, field): value for field, value in more.items()}

    verify("right", "the proof that the next rows change", "valid")

    # Asked for by somebody else.
    other_verifier, other_challenge = flip(base["verifier"], 31), flip(base["challenge"], 31)
    verify("other-challenge", "the challenge of another time", challenge=other_challenge)
    verify("other-verifier", "passed on to another verifier, with the challenge that it gave", verifier=other_verifier)
    verify("other-issuer", "the invoice is not this receiver's", issuer=proof_inputs("proof/other")[1])
    swapped = {"verifier": base["challenge"], "challenge": base["verifier"]}
    verify("swapped-request", "asked for with verifier and challenge swapped", **swapped)
    verify("relabelled-challenge", "the challenge that is asked for is written into a proof over another",
           changed=fields | {ktime.CHALLENGE: other_challenge}, challenge=other_challenge)
    verify("relabelled-verifier", "the verifier that asks is written into a proof for another",
           changed=fields | {ktime.VERIFIER: other_verifier}, verifier=other_verifier)

    # About something else.
    other_inputs, other_issuer, _ = proof_inputs("proof/other")
    other_payer, other_key = payer_of("proof/other")
    verify("other-amount", "one millisatoshi more", changed=fields | {ktime.AMOUNT: bolt12.truncated(5_001)})
    verify("other-note", "without the note", changed=fields | {ktime.NOTE_HASH: bytes(32)})
    verify("other-payer", "another payer's key, which signs the stream",
           changed=fields | {ktime.PAYER_KEY: compressed(other_key)}, signer=other_payer)
    own = {tlv_type: value for tlv_type, value in fields.items() if tlv_type in ktime.FIELDS}

    def around(invoice, included=()):
        """The proof with another invoice around it."""
        shown = {*ktime.SHOWN, *included}
        return payer_proof.write(bolt12.read_stream(invoice), shown, own, payer, bytes(32))[0]

    verify("other-invoice", "another receiver's invoice, and its key", changed=around(other_inputs["invoice"]), issuer=other_issuer)
    node = draw_scalar("ktime/proof/bad/node")
    points = [coefficient * G for coefficient in coefficients]
    same_points = bolt12.static_invoice(node, points, 5_000, "tea", bytes(32))
    verify("same-points", "another invoice of the receiver's with the same points, against its rule: x and m are others",
           changed=around(same_points))
    static = bolt12.static_invoice(node, [9 * G], 5_000, "coffee", bytes(32))
    verify("static-invoice", "an invoice of k = 0", changed=around(static))
    forged_points = bolt12.static_invoice(other_payer, points, 5_000, "coffee", bytes(32))
    verify("own-invoice", "an invoice that somebody else has signed, with the receiver's points", changed=around(forged_points))

    # Without z(x).
    hidden, _ = ktime.proof_base(message)
    signature = bip340.sign(payer, message, bytes(32))
    guess = draw_scalar("ktime/proof/bad/guess")
    equality, _ = dleq.prove(guess, hidden, message, bytes(32))
    verify("guessed-secret", "all as it should be, with a guess in the place of z(x)",
           changed=with_proof(compressed(guess * hidden) + equality + signature))
    verify("guessed-value", "the value is the guess times H, the rest is right",
           changed=with_proof(compressed(guess * hidden) + proof[33:]))
    equality, _ = dleq.prove(ORDER - secret, hidden, message, bytes(32))
    verify("opposite-secret", "value and equality by -z(x), which opens the point with the other y",
           changed=with_proof(compressed(-secret * hidden) + equality + signature))
    verify("value-negated", "the value with the other y",
           changed=with_proof(compressed(-secret * hidden) + proof[33:]))
    known = draw_scalar("ktime/proof/bad/known")
    equality, _ = dleq.prove(secret, known * G, message, bytes(32))
    verify("chosen-base", "a base of which the payer knows the logarithm, so that the value is a multiple of Z(x): no z(x) needed",
           changed=with_proof(compressed(known * (secret * G)) + equality + signature))
    equality, _ = dleq.prove(secret, -hidden, message, bytes(32))
    verify("base-with-odd-y", "the base with the other y",
           changed=with_proof(compressed(-secret * hidden) + equality + signature))
    equality, _ = dleq.prove(secret, hidden, None, bytes(32))
    verify("equality-without-message", "the equality proven without the message",
           changed=with_proof(compressed(secret * hidden) + equality + signature))
    equality, _ = dleq.prove(secret, hidden, flip(message, 0), bytes(32))
    verify("equality-over-other-message", "the equality proven over another message",
           changed=with_proof(compressed(secret * hidden) + equality + signature))
    point_signature = bip340.sign(secret, message, bytes(32))
    verify("signature-for-equality", "a signature under Z(x) in the place of the equality: what proofs once were",
           changed=with_proof(compressed(secret * hidden) + point_signature + signature))
    other_message = ktime.proof_message(**about | {"challenge": other_challenge})
    other_base, _ = ktime.proof_base(other_message)
    equality, _ = dleq.prove(secret, other_base, message, bytes(32))
    verify("base-of-other-message", "value and equality for the base of another challenge",
           changed=with_proof(compressed(secret * other_base) + equality + signature))

    # Without the payer.
    for name, what, wrong in (
        ("stranger", "another key", bip340.sign(other_payer, message, bytes(32))),
        ("point", "z(x): the receiver, or a hop that has learned it", point_signature),
        ("payment", "the payer over a payment, not a proof",
         bip340.sign(payer, ktime.payment_message(integer(message) % ORDER, payer * G), bytes(32))),
        ("x", "the payer over x",
         bip340.sign(payer, bytes32(ktime.x_of(key, invoice_id, 5_000, about["hash_of_note"])), bytes(32))),
        ("other-message", "the payer over the message of another challenge", bip340.sign(payer, other_message, bytes(32))),
    ):
        verify(f"signed-by-{name}", f"the payer's signature is one by {what}", changed=with_proof(proof[:97] + wrong))

    # Another encoding of the same.
    for index in (97, 128, 129, 160):
        verify(f"signature-flipped-{index - 97}", f"one bit of byte {index - 97} of the payer's signature flipped",
               changed=with_proof(flip(proof, index)))
    for index in (33, 64, 65, 96):
        verify(f"equality-flipped-{index - 33}", f"one bit of byte {index - 33} of the equality flipped",
               changed=with_proof(flip(proof, index)))
    s = bytes32(ORDER)
    verify("signature-scalar-n", "the payer's signature has an s of n", changed=with_proof(proof[:129] + s))
    verify("equality-scalar-n", "the equality has an s of n", "stream", changed=with_proof(proof[:65] + s + proof[97:]))
    for name, value, what in BAD_POINTS:
        verify(f"value-{name}", f"the value is {what}", "stream", changed=fields | {ktime.VALUE: value})

    for field, name in ktime.FIELDS.items():
        left = {tlv_type: value for tlv_type, value in fields.items() if tlv_type != field}
        verify(f"without-{name}", f"no {name}", "stream", changed=left)
        if field != ktime.AMOUNT:
            verify(f"{name}-short", f"{name} is a byte short", "stream", changed=fields | {field: fields[field][:-1]})
            verify(f"{name}-long", f"{name} has a byte too many", "stream", changed=fields | {field: fields[field] + b"\1"})
    verify("amount-padded", "an amount with a leading zero", "stream", changed=fields | {ktime.AMOUNT: b"\0\x13\x88"})
    verify("amount-9-bytes", "an amount of nine bytes", "stream", changed=fields | {ktime.AMOUNT: b"\1" * 9})
    for tlv_type in (65_599, 65_617, 999_999_999):
        added = fields | {tlv_type: b"\1"}
        verify(f"unknown-{tlv_type}", f"a record of type {tlv_type}, odd, in the range of proofs, which the payer signs", "valid", changed=added)
        verify(f"unsigned-{tlv_type}", f"the same, which nobody has signed", "stream", changed=added, signer=None)
    for tlv_type, what in (
        (1_001, "a preimage, which stands in the other kind of proof"),
        (1_006, "an even record in the range of proofs"),
        (65_602, "another"),
        (239, "a field of the invoice, for which there is no nonce"),
        (242, "a signature element, which no signature covers"),
        (3_000_000_167, "an experimental field of the invoice, for which there is no nonce"),
        (4_000_000_001, "a record outside of every range"),
    ):
        verify(f"unknown-{tlv_type}", f"{what}, of type {tlv_type}", "stream", changed=fields | {tlv_type: b"\1"})
    odd = fields | {ktime.PAYER_KEY: b"\x03" + fields[ktime.PAYER_KEY][1:]}
    verify("payer-key-odd", "A with an odd y", "stream", changed=odd)
    unsigned = {tlv_type: value for tlv_type, value in fields.items() if tlv_type != bolt12.SIGNATURE}
    verify("unsigned-invoice", "the invoice without its signature", "stream", changed=unsigned)
    shown = around(invoice, [bolt12.OFFER_DESCRIPTION])
    verify("description-shown", "the proof of the next row", "valid", changed=shown)
    forged = shown | {bolt12.OFFER_DESCRIPTION: b"toffee"}
    verify("forged-invoice", "another description, so that the invoice's signature fails", "stream", changed=forged)
    whole = around(invoice, [tlv_type for tlv_type in bolt12.read_stream(invoice) if tlv_type != bolt12.SIGNATURE])
    verify("all-shown", "nothing left out: no number, and an empty list of missing hashes", "valid", changed=whole)
    verify("missing-hash-for-nothing", "nothing left out, and a hash all the same", "stream",
           changed=whole | {payer_proof.MISSING: bytes(32)})
    for name, record, value, what in (
        ("number-0", payer_proof.OMITTED, b"\0" + fields[payer_proof.OMITTED][1:], "a field 0 is left out: a static invoice has none"),
        ("number-missing", payer_proof.OMITTED, fields[payer_proof.OMITTED][:-1], "a number less than fields are left out"),
        ("missing-hash-changed", payer_proof.MISSING, flip(fields[payer_proof.MISSING], 0), "a bit of a missing hash"),
        ("leaf-hash-changed", payer_proof.LEAVES, flip(fields[payer_proof.LEAVES], 32), "a bit of a nonce"),
        ("points-changed", bolt12.PAYMENT_POINTS, fields[bolt12.PAYMENT_POINTS][:-33], "a point less"),
        ("note-not-text", payer_proof.NOTE, b"\xff", "a note that is not UTF-8"),
    ):
        verify(name, what, "stream", changed=fields | {record: value})
    for tlv_type in (bolt12.PAYMENT_POINTS, bolt12.INVOICE_NODE_ID, payer_proof.MISSING, payer_proof.LEAVES, payer_proof.PROOF_SIGNATURE):
        left = {other: value for other, value in fields.items() if other != tlv_type}
        signer = None if tlv_type == payer_proof.PROOF_SIGNATURE else payer
        verify(f"without-{payer_proof.NAMES[tlv_type]}", f"no {payer_proof.NAMES[tlv_type]}", "stream", changed=left, signer=signer)
    verify("note", "a note, which the payer signs", "valid", changed=fields | {payer_proof.NOTE: b"for the desk"})
    verify("note-unsigned", "a note that somebody has added", "stream", changed=fields | {payer_proof.NOTE: b"for the desk"}, signer=None)
    verify("signed-by-nobody", "one bit of the payer's signature over the stream", "stream", signer=None,
           changed=fields | {payer_proof.PROOF_SIGNATURE: flip(fields[payer_proof.PROOF_SIGNATURE], 0)})
    stream = base["stream"]
    verify("invoice-alone", "the invoice, and no proof", "stream", stream=invoice)
    verify("trailing", "a byte too many", "stream", stream=stream + b"\0")
    verify("cut-off", "a byte too few", "stream", stream=stream[:-1])
    verify("empty", "no bytes", "stream", stream=b"")
    twice = bolt12.record(ktime.VALUE, fields[ktime.VALUE])
    at = stream.index(twice)
    verify("value-twice", "the value twice", "stream", stream=stream[:at] + twice + stream[at:])
    after = bolt12.record(ktime.DLEQ, fields[ktime.DLEQ])
    exchanged = stream.replace(twice + after, after + twice)
    assert exchanged != stream
    verify("out-of-order", "the value after the equality", "stream", stream=exchanged)
    add_malformed(rows, "verify_proof", "verify_proof", base, "issuer", BAD_POINTS)
    for field in ("verifier", "challenge"):
        add_malformed(rows, "verify_proof", "verify_proof", base, field, bad_sizes(32))


def seeds(rows):
    """What a receiver that has lost everything makes again."""
    op = "ktime.receiver_seed"
    base = {"seed": draw("ktime/seed"), "era": bytes(16), "index": 0, "path": 0, "k": 2}
    for name, comment, change in [
        ("first", "the first invoice of a seed that was never restored", {}),
        ("second", "the second one: nothing but the node key is the same", {"index": 1}),
        ("k-1", "k is in the coefficients' hash: another degree is another polynomial", {"k": 1}),
        ("k-8", "a polynomial of degree 8", {"k": 8}),
        ("path-1", "the second path of each kind; all else is the invoice's", {"path": 1}),
        ("era", "another era: nothing but the node key is the same", {"era": draw("ktime/seed/era")[:16]}),
        ("other", "another seed", {"seed": draw("ktime/seed", 1)}),
        ("max", "the largest numbers", {"index": 2**64 - 1, "path": 2**32 - 1}),
    ]:
        rows.add(f"seed/{name}", op, comment, base | change)
    for field, length in (("seed", 32), ("era", 16)):
        add_malformed(rows, "seed", op, base, field, bad_sizes(length))
    for name, k in (("k-0", 0), ("k-1025", 1025)):
        rows.add(f"seed/{name}", op, f"no polynomial has degree {k}", base | {"k": k}, "k")
    rows.add("seed/path-long", op, "a path's number has 4 bytes", base | {"path": 2**32}, "path")
