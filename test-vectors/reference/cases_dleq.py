"""The rows of dleq.json."""

import bip340
import dleq
from cases import (
    BAD_POINTS,
    BAD_SCALARS,
    Rows,
    add_malformed,
    bad_sizes,
    draw,
    draw_scalar,
    flip,
    replace,
    scalar_with_parity,
)
from secp256k1 import ORDER, G, bytes32, compressed, integer, tagged_hash


def generate():
    rows = Rows("dleq")
    proofs(rows)
    bad_inputs(rows)
    verifications(rows)
    forgeries(rows)
    other_generators(rows)
    return rows.document()


def inputs_of(label, secret=None, base=None):
    secret = draw_scalar(f"dleq/{label}/a") if secret is None else secret
    base = draw_scalar(f"dleq/{label}/b") * G if base is None else base
    return {
        "secret": bytes32(secret),
        "base": compressed(base),
        "message": draw(f"dleq/{label}/m"),
        "aux_rand": draw(f"dleq/{label}/aux"),
    }


def statement_of(made, inputs):
    return {
        "point": bytes.fromhex(made["point"]),
        "base": inputs["base"],
        "value": bytes.fromhex(made["value"]),
        "message": inputs["message"],
        "proof": bytes.fromhex(made["proof"]),
    }


def proofs(rows):
    """Each proof that is made, and the same verified."""

    def both(name, comment, inputs):
        made = rows.add(f"{name}/prove", "prove", comment, inputs)
        rows.add(f"{name}/verify", "verify", comment, statement_of(made, inputs))

    for point_parity in (True, False):
        for base_parity in (True, False):
            label = f"parity/{point_parity}/{base_parity}"
            secret = scalar_with_parity(f"dleq/{label}/a", point_parity)
            base = scalar_with_parity(f"dleq/{label}/b", base_parity) * G
            parities = [("odd", "even")[parity] for parity in (point_parity, base_parity)]
            both(
                f"{parities[0]}-point/{parities[1]}-base",
                f"the point has an {parities[0]} y, the base an {parities[1]} one; both count, unlike in BIP-340",
                inputs_of(label, secret, base),
            )
    both("no-message", "no message: nothing is hashed in its place", inputs_of("no-message") | {"message": None})
    both("zero-message", "a message of zeros is another than none", inputs_of("no-message") | {"message": bytes(32)})
    both("zero-aux", "aux_rand of zeros: deterministic", inputs_of("zero-aux") | {"aux_rand": bytes(32)})
    both("secret-one", "secret 1: the point is G, the value is the base", inputs_of("one", 1))
    both("secret-minus-one", "secret n - 1: point and value are -G and minus the base", inputs_of("minus-one", ORDER - 1))
    both("base-is-generator", "the base is G: value and point are the same", inputs_of("generator", base=G))
    both("base-is-point", "the base is the point", inputs_of("point", 7, 7 * G))


def bad_inputs(rows):
    base = inputs_of("bad")
    add_malformed(rows, "prove", "prove", base, "secret", BAD_SCALARS)
    add_malformed(rows, "prove", "prove", base, "base", BAD_POINTS)
    add_malformed(rows, "prove", "prove", base, "message", bad_sizes(32))
    add_malformed(rows, "prove", "prove", base, "aux_rand", bad_sizes(32))
    statement = statement_of(rows.add("bad/none", "prove", "what the malformed rows are made of", base), base)
    for field in ("point", "base", "value"):
        add_malformed(rows, "verify", "verify", statement, field, BAD_POINTS)
    add_malformed(rows, "verify", "verify", statement, "message", bad_sizes(32))
    add_malformed(rows, "verify", "verify", statement, "proof", bad_sizes(64))


def verifications(rows):
    """A proof of a true statement, with one thing changed."""
    inputs = inputs_of("changed")
    a, b = integer(inputs["secret"]), draw_scalar("dleq/changed/b")
    point, base, value = a * G, b * G, a * (b * G)
    proof, _ = dleq.prove(a, base, inputs["message"], inputs["aux_rand"])
    right = {
        "point": compressed(point),
        "base": compressed(base),
        "value": compressed(value),
        "message": inputs["message"],
        "proof": proof,
    }

    def verify(name, comment, expected="invalid", **changes):
        rows.add(f"changed/{name}", "verify", comment, right | changes, expected)

    verify("nothing", "as it was made", "valid")
    for field, original in (("point", point), ("base", base), ("value", value)):
        verify(f"{field}-negated", f"{field} has the other y", **{field: compressed(-original)})
        verify(f"{field}-plus-g", f"{field} is G more", **{field: compressed(original + G)})
        verify(f"{field}-is-generator", f"{field} is G", **{field: compressed(G)})
    verify("point-and-value-negated", "the statement is true of -a, and not what was proven",
           point=compressed(-point), value=compressed(-value))
    verify("point-and-value-swapped", "point and value swapped", point=compressed(value), value=compressed(point))
    verify("base-and-value-swapped", "base and value swapped", base=compressed(value), value=compressed(base))
    verify("point-and-base-swapped", "point and base swapped: the value is the same, and b its logarithm to the other",
           point=compressed(base), base=compressed(point))
    verify("other-message", "one bit of the message flipped", message=flip(inputs["message"], 31))
    verify("no-message", "the message left out", message=None)
    for index in (0, 15, 31):
        verify(f"challenge-flipped-{index}", f"one bit of byte {index}, in e, flipped", proof=flip(proof, index))
    for index in (32, 47, 63):
        verify(f"scalar-flipped-{index}", f"one bit of byte {index}, in s, flipped", proof=flip(proof, index))
    verify("scalar-negated", "s negated", proof=replace(proof, 32, bytes32(-integer(proof[32:]) % ORDER)))
    verify("challenge-negated", "e negated mod n", proof=bytes32(-integer(proof[:32]) % ORDER) + proof[32:])
    verify("halves-swapped", "s before e", proof=proof[32:] + proof[:32])
    for name, scalar, what in (("n", ORDER, "n"), ("n-plus-1", ORDER + 1, "n + 1"), ("max", 2**256 - 1, "2^256 - 1")):
        verify(f"scalar-{name}", f"s is {what}, out of range", proof=replace(proof, 32, bytes32(scalar)))
    verify("challenge-zero", "e is zero", proof=bytes(32) + proof[32:])
    verify("challenge-n", "e is n: zero mod n", proof=bytes32(ORDER) + proof[32:])
    verify("challenge-max", "e is 2^256 - 1, as a hash may be", proof=b"\xff" * 32 + proof[32:])
    verify("scalar-zero", "s is zero", proof=proof[:32] + bytes(32))
    verify("zeros", "e and s are zero: both nonce points are infinity", proof=bytes(64))


def forgeries(rows):
    """Made by the rules as far as that goes, for a statement that is not true, or without its secret."""
    inputs = inputs_of("forged")
    a, b, k = integer(inputs["secret"]), draw_scalar("dleq/forged/b"), draw_scalar("dleq/forged/k")
    base, message = b * G, inputs["message"]
    point, value, false_value = a * G, a * base, (a + 1) * base
    nonce_points = k * G, k * base

    def verify(name, comment, proof, claimed, expected="invalid"):
        statement = {"point": compressed(point), "base": compressed(base), "value": compressed(claimed)}
        rows.add(f"forged/{name}", "verify", comment, statement | {"message": message, "proof": proof}, expected)

    def answer(e, secret):
        return e + bytes32((k + integer(e) * secret) % ORDER)

    right = dleq.challenge_hash(point, base, value, G, nonce_points, message)
    verify("none", "not forged: the nonce k is drawn and not hashed, which nobody sees", answer(right, a), value, "valid")
    false = dleq.challenge_hash(point, base, false_value, G, nonce_points, message)
    verify("false-value", "the value is that of a + 1; s answers for the point", answer(false, a), false_value)
    verify("false-value-answered", "the value is that of a + 1; s answers for the value", answer(false, a + 1), false_value)
    e, s = draw("dleq/forged/e"), draw_scalar("dleq/forged/s")
    verify("chosen-challenge", "e and s drawn, the nonce points computed from them: e is not their hash",
           e + bytes32(s), false_value)
    zero = e + bytes32(integer(e) * a % ORDER)
    verify("nonce-zero", "s = e*a: both nonce points are infinity", zero, value)
    verify("nonce-zero-for-point", "s = e*a, and the value is that of a + 1: R1 is infinity, R2 is not", zero, false_value)
    zero = e + bytes32(integer(e) * (a + 1) % ORDER)
    verify("nonce-zero-for-value", "s = e*(a + 1), and the value is that of a + 1: R2 is infinity, R1 is not", zero, false_value)
    points = [compressed(entry) for entry in (point, base, value, G, *nonce_points)]

    def hashed(parts, tag="BIP0374/challenge"):
        return tagged_hash(tag, b"".join(parts))

    for name, comment, wrong in (
        ("without-generator", "e without G", hashed([*points[:3], *points[4:], message])),
        ("without-base-nonce", "e without R2, which binds the value: a signature under the point and no more",
         hashed([*points[:5], message])),
        ("without-value", "e without C", hashed([*points[:2], *points[3:], message])),
        ("nonces-swapped", "e with R2 before R1", hashed([*points[:4], points[5], points[4], message])),
        ("generator-first", "e with G before A, as the letters of the definition suggest",
         hashed([points[3], *points[:3], *points[4:], message])),
        ("message-first", "e with m before the points", hashed([message, *points])),
        ("x-only", "e over x coordinates, without parity", hashed([*(entry[1:] for entry in points), message])),
        ("other-tag", "e under the tag of BIP-340", hashed([*points, message], "BIP0340/challenge")),
    ):
        verify(name, f"{comment}; s answers it", answer(wrong, a), value)
    signature = bip340.sign(a, message, bytes(32))
    verify("signature", "a BIP-340 signature of the message under the point", signature, value)
    verify("signature-as-scalars", "the e and s of that signature",
           bytes32(bip340.challenge(signature[:32], compressed(point)[1:], message)) + signature[32:], value)


def other_generators(rows):
    """Logarithms to another base than G, with `generator` beside the other inputs."""
    inputs = inputs_of("with-generator") | {"generator": compressed(draw_scalar("dleq/with-generator/g") * G)}
    comment = "the logarithm of the point is to another base than G"
    made = rows.add("with-generator/prove", "prove_with_generator", comment, inputs)
    statement = statement_of(made, inputs)

    def verify(name, comment, expected="invalid", **changes):
        generator = {"generator": inputs["generator"]}
        rows.add(f"with-generator/{name}", "verify_with_generator", comment, statement | generator | changes, expected)

    verify("verify", comment, "valid")
    verify("standard", "verified as if the base were G", generator=compressed(G))
    swapped = {"generator": inputs["base"], "base": inputs["generator"]}
    swapped |= {"point": statement["value"], "value": statement["point"]}
    verify("swapped", "the same two logarithms in the other order", **swapped)
    standard = inputs_of("with-generator") | {"generator": compressed(G)}
    made = rows.add("with-generator/g/prove", "prove_with_generator", "G by name is G", standard)
    rows.add("with-generator/g/verify", "verify", "and what is made so is as any other proof", statement_of(made, standard))
    add_malformed(rows, "with-generator", "prove_with_generator", inputs, "generator", BAD_POINTS)
