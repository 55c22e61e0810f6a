"""The rows of ecdsa.json."""

from dataclasses import dataclass

import ecdsa_adaptor
from cases import (
    BAD_POINTS,
    BAD_SCALARS,
    MAX,
    SCALARS_FROM_N,
    UNDECODABLE_POINTS,
    Rows,
    add_malformed,
    bad_sizes,
    draw,
    draw_scalar,
    flip,
    negated,
    replace,
    scalar_with_parity,
)
from secp256k1 import ORDER, G, bytes32, compressed, decompress, integer, lift_x

R, R_A, S, PROOF_E, PROOF_S = 0, 33, 66, 98, 130


@dataclass
class Case:
    """A signer, a lock and all that the four verbs make of them."""

    secret_key: int
    secret: int
    message: bytes
    aux_rand: bytes

    def __post_init__(self):
        self.lock_point = self.secret * G
        self.public_key = compressed(self.secret_key * G)
        made = ecdsa_adaptor.pre_sign(self.secret_key, self.message, self.lock_point, self.aux_rand)
        self.presignature, self.steps = made
        self.signature = ecdsa_adaptor.adapt(self.presignature, self.secret)

    @property
    def kind(self):
        """What two bits of luck decide: the parity of R, and whether adapt has to negate s."""
        s = integer(self.presignature[S : S + 32]) * pow(self.secret, -1, ORDER) % ORDER
        return self.presignature[R] == 3, s > ORDER // 2

    @property
    def pre_sign_inputs(self):
        return {
            "secret_key": bytes32(self.secret_key),
            "message": self.message,
            "adaptor_point": compressed(self.lock_point),
            "aux_rand": self.aux_rand,
        }

    @property
    def verify_inputs(self):
        return {
            "public_key": self.public_key,
            "message": self.message,
            "adaptor_point": compressed(self.lock_point),
            "presignature": self.presignature,
        }

    @property
    def adapt_inputs(self):
        return {"presignature": self.presignature, "adaptor_secret": bytes32(self.secret)}

    @property
    def extract_inputs(self):
        return self.verify_inputs | {"signature": self.signature}

    @property
    def context(self):
        return {"public_key": self.public_key, "message": self.message}


def drawn_case(label, secret_key=None, secret=None, message=None, aux_rand=None, kind=None):
    """A case of drawn values; with `kind`, messages are drawn until the case has it."""
    secret_key = secret_key or draw_scalar(f"{label}/secret_key")
    secret = secret or draw_scalar(f"{label}/adaptor_secret")
    aux_rand = draw(f"{label}/aux_rand") if aux_rand is None else aux_rand
    index = 0
    while True:
        case = Case(secret_key, secret, draw(f"{label}/message", index) if message is None else message, aux_rand)
        if kind is None or case.kind == kind:
            return case
        index += 1


def generate():
    rows = Rows("ecdsa")
    positive(rows)
    edges(rows)
    case = drawn_case("ecdsa/negative")
    bad_pre_sign(rows, case)
    wrong_verify(rows, case)
    wrong_adapt(rows, case)
    wrong_extract(rows, case)
    malformed(rows, case)
    return rows.document()


def add_verbs(rows, name, comment, case):
    """The four verbs over one case, each with the next one's input."""
    rows.add(f"{name}/pre_sign", "pre_sign", comment, case.pre_sign_inputs)
    rows.add(f"{name}/verify", "verify", comment, case.verify_inputs)
    rows.add(f"{name}/adapt", "adapt", comment, case.adapt_inputs, context=case.context)
    rows.add(f"{name}/extract", "extract", comment, case.extract_inputs)


def positive(rows):
    secret_keys = {
        "d-1": (1, "secret key 1"),
        "d-n-1": (ORDER - 1, "secret key n - 1"),
        "d-even": (scalar_with_parity("ecdsa/secret_key", True), "P even"),
        "d-odd": (scalar_with_parity("ecdsa/secret_key", False), "P odd"),
    }
    secrets = {
        "t-1": (1, "t = 1: R = R_a"),
        "t-n-1": (ORDER - 1, "t = n - 1: R = -R_a"),
        "t-even": (scalar_with_parity("ecdsa/adaptor_secret", True), "T even"),
        "t-odd": (scalar_with_parity("ecdsa/adaptor_secret", False), "T odd"),
    }
    kinds = {
        "even-low": ((False, False), "R even, s low"),
        "odd-low": ((True, False), "R odd, s low"),
        "even-high": ((False, True), "R even; s comes out high and is negated, and so is what extract finds"),
        "odd-high": ((True, True), "R odd; s comes out high and is negated, and so is what extract finds"),
    }
    turn = 0
    for key_name, (secret_key, key_comment) in secret_keys.items():
        for lock_name, (secret, lock_comment) in secrets.items():
            # A Latin square: every key and every lock meets every kind.
            kind_name, (kind, kind_comment) = [*kinds.items()][(turn + turn // 4) % 4]
            turn += 1
            name = f"{key_name}/{lock_name}/{kind_name}"
            case = drawn_case(f"ecdsa/{name}", secret_key, secret, kind=kind)
            add_verbs(rows, name, f"{key_comment}; {lock_comment}; {kind_comment}", case)


def edges(rows):
    fixed = {
        "aux-zero": ("auxiliary randomness of 32 zero bytes", {"aux_rand": bytes(32)}),
        "aux-max": ("auxiliary randomness of 32 bytes ff", {"aux_rand": MAX}),
        "message-zero": ("message of 32 zero bytes: m = 0", {"message": bytes(32)}),
        "message-n": ("message equal to n: m = 0, while the nonce hashes the bytes", {"message": bytes32(ORDER)}),
        "message-max": ("message of 32 bytes ff: reduced modulo n in s', not in the nonce", {"message": MAX}),
        "t-is-d": ("the lock point is the signer's own key", {"secret_key": 7, "secret": 7}),
    }
    for name, (comment, chosen) in fixed.items():
        add_verbs(rows, name, comment, drawn_case(f"ecdsa/{name}", **chosen))

    case = drawn_case("ecdsa/high-s", kind=(False, False))
    high = case.signature[:32] + negated(case.signature[32:])
    rows.add(
        "high-s/extract",
        "extract",
        "the signature's s negated by a third party: high, and t still comes out",
        case.extract_inputs | {"signature": high},
    )

    inputs = chosen_nonce("ecdsa/x-above-n", first_point_from(ORDER + 1))
    rows.add(
        "x-above-n/verify",
        "verify",
        "x(R) lies between n and p and is reduced to r: R drawn first, then T = k^-1 * R, whose secret nobody knows",
        inputs,
    )


def first_point_from(x):
    while lift_x(x) is None:
        x += 1
    return lift_x(x)


def chosen_nonce(label, locked_nonce):
    """verify's inputs for a valid pre-signature with a given R, under a T made to fit."""
    secret_key, k, proof_nonce = (draw_scalar(f"{label}/{name}") for name in ("secret_key", "nonce", "proof_nonce"))
    lock_point = pow(k, -1, ORDER) * locked_nonce
    message = draw(f"{label}/message")
    presignature, _ = ecdsa_adaptor.assemble(secret_key, message, lock_point, k, proof_nonce)
    return {
        "public_key": compressed(secret_key * G),
        "message": message,
        "adaptor_point": compressed(lock_point),
        "presignature": presignature,
    }


def bad_pre_sign(rows, case):
    base = case.pre_sign_inputs
    add_malformed(rows, "pre_sign", "pre_sign", base, "secret_key", BAD_SCALARS)
    add_malformed(rows, "pre_sign", "pre_sign", base, "adaptor_point", BAD_POINTS)
    add_malformed(rows, "pre_sign", "pre_sign", base, "message", bad_sizes(32))
    add_malformed(rows, "pre_sign", "pre_sign", base, "aux_rand", bad_sizes(32))


def wrong_verify(rows, case):
    base, presignature = case.verify_inputs, case.presignature
    other = drawn_case("ecdsa/verify/other")

    def wrong(name, comment, **changed):
        rows.add(f"verify/{name}", "verify", comment, base | changed, "invalid")

    def part(offset, value):
        return replace(presignature, offset, value)

    wrong("message-bit", "one bit of the message flipped", message=flip(case.message, 31))
    wrong("message-other", "another message", message=other.message)
    wrong("key-other", "another public key", public_key=other.public_key)
    wrong("key-negated", "the public key negated", public_key=flip(case.public_key, 0))
    wrong("lock-other", "another lock point: the proof fails", adaptor_point=compressed(other.lock_point))
    wrong("lock-negated", "lock point -T: the proof fails", adaptor_point=compressed(-case.lock_point))
    wrong("presignature-other", "a pre-signature of another signer, message and lock", presignature=other.presignature)
    wrong("r-negated", "R negated: the proof fails, though r and s' are right", presignature=flip(presignature, R))
    wrong("r_a-negated", "R_a negated", presignature=flip(presignature, R_A))
    wrong(
        "both-negated",
        "R and R_a negated: the proof's challenge hashes other points",
        presignature=flip(flip(presignature, R), R_A),
    )
    wrong(
        "r-and-r_a-swapped",
        "R and R_a exchanged",
        presignature=presignature[R_A:S] + presignature[R:R_A] + presignature[S:],
    )
    wrong("s-negated", "s' negated: it belongs to -R_a", presignature=part(S, negated(presignature[S:PROOF_E])))
    wrong("s-bit", "one bit of s' flipped", presignature=flip(presignature, PROOF_E - 1))
    wrong("s-zero", "s' = 0", presignature=part(S, bytes(32)))
    for name, value, what in SCALARS_FROM_N:
        wrong(f"s-{name}", f"s' is {what}", presignature=part(S, value))
    for name, value, what in UNDECODABLE_POINTS:
        wrong(f"r-{name}", f"R is {what}", presignature=part(R, value))
        wrong(f"r_a-{name}", f"R_a is {what}", presignature=part(R_A, value))
    wrong("proof-e-bit", "one bit of the proof's challenge flipped", presignature=flip(presignature, PROOF_S - 1))
    wrong("proof-s-bit", "one bit of the proof's response flipped", presignature=flip(presignature, 161))
    wrong("proof-e-zero", "proof challenge zero", presignature=part(PROOF_E, bytes(32)))
    wrong("proof-e-n", "proof challenge n: reduced to zero, and wrong", presignature=part(PROOF_E, bytes32(ORDER)))
    wrong(
        "proof-e-negated", "proof challenge negated", presignature=part(PROOF_E, negated(presignature[PROOF_E:PROOF_S]))
    )
    wrong("proof-s-zero", "proof response zero", presignature=part(PROOF_S, bytes(32)))
    wrong("proof-s-negated", "proof response negated", presignature=part(PROOF_S, negated(presignature[PROOF_S:])))
    for name, value, what in SCALARS_FROM_N:
        wrong(f"proof-s-{name}", f"proof response is {what}", presignature=part(PROOF_S, value))
    wrong("proof-zero", "proof of 64 zero bytes: both commitments at infinity", presignature=part(PROOF_E, bytes(64)))
    wrong("proof-other", "the proof of another pre-signature", presignature=part(PROOF_E, other.presignature[PROOF_E:]))
    wrong(
        "unequal-logarithms",
        "R = 2*k*T: s' fits its r, and no proof can show that R_a and R have one logarithm",
        presignature=unequal_logarithms(case),
    )
    wrong("r-zero", "x(R) = n, so that r = 0", **r_zero())
    wrong("derived-infinity", "message -r*d: s'^-1 * (m*G + r*P) is infinity, whatever s' is", **derived_infinity(case))


def unequal_logarithms(case):
    """A signer who would cheat: R_a = k*G and R = 2*k*T, with a proof that is honest about R_a only."""
    k, a = integer(case.steps["nonce"]), integer(case.steps["proof_nonce"])
    nonce, locked_nonce = k * G, 2 * k * case.lock_point
    e = ecdsa_adaptor.proof_challenge(nonce, case.lock_point, locked_nonce, a * G, a * case.lock_point)
    s = pow(k, -1, ORDER) * (integer(case.message) + locked_nonce.x * case.secret_key) % ORDER
    return ecdsa_adaptor.encode(locked_nonce, nonce, s, e, (a + e * k) % ORDER)


def r_zero():
    """x = n lies on the curve. With r = 0 the key drops out: s' = k^-1 * m would need no secret."""
    locked_nonce = first_point_from(ORDER)
    assert locked_nonce.x == ORDER
    k, a, d = (draw_scalar(f"ecdsa/r-zero/{name}") for name in ("nonce", "proof_nonce", "secret_key"))
    lock_point, message = pow(k, -1, ORDER) * locked_nonce, draw("ecdsa/r-zero/message")
    e = ecdsa_adaptor.proof_challenge(k * G, lock_point, locked_nonce, a * G, a * lock_point)
    s = pow(k, -1, ORDER) * integer(message) % ORDER
    return {
        "public_key": compressed(d * G),
        "message": message,
        "adaptor_point": compressed(lock_point),
        "presignature": ecdsa_adaptor.encode(locked_nonce, k * G, s, e, (a + e * k) % ORDER),
    }


def derived_infinity(case):
    r = decompress(case.presignature[:33]).x % ORDER
    return {"message": bytes32(-r * case.secret_key % ORDER)}


def wrong_adapt(rows, case):
    base = case.adapt_inputs

    def wrong(name, comment, **changed):
        rows.add(f"adapt/{name}", "adapt", comment, base | changed, "invalid", case.context)

    wrong(
        "secret-other",
        "another secret: a signature comes out, which does not verify",
        adaptor_secret=bytes32(draw_scalar("ecdsa/adapt/other")),
    )
    wrong("secret-plus-1", "t + 1", adaptor_secret=bytes32(case.secret + 1))
    wrong("secret-inverse", "t^-1 in place of t", adaptor_secret=bytes32(pow(case.secret, -1, ORDER)))
    wrong("s-bit", "one bit of s' flipped", presignature=flip(case.presignature, PROOF_E - 1))
    rows.add(
        "adapt/secret-negated",
        "adapt",
        "the secret negated gives the same signature: -s is the low or the high "
        "one of the pair, and adapt returns the low one",
        base | {"adaptor_secret": bytes32(ORDER - case.secret)},
        context=case.context,
    )


def wrong_extract(rows, case):
    base = case.extract_inputs
    fresh = drawn_case("ecdsa/extract/fresh", case.secret_key, case.secret, case.message)
    other = drawn_case("ecdsa/extract/other")

    def wrong(name, comment, **changed):
        rows.add(f"extract/{name}", "extract", comment, base | changed, "invalid")

    wrong(
        "signature-unrelated",
        "a valid signature of the same key over another message, adapted from another pre-signature",
        signature=drawn_case("ecdsa/extract/unrelated", case.secret_key).signature,
    )
    wrong(
        "signature-other-nonce",
        "a valid signature of the same key over the same message with another r",
        signature=fresh.signature,
    )
    wrong("signature-other-signer", "a valid signature of another key", signature=other.signature)
    wrong(
        "signature-s-bit",
        "s of the signature with one bit flipped: no valid signature, and t*G is not T",
        signature=flip(case.signature, 63),
    )
    wrong(
        "signature-r-bit",
        "r of the signature with one bit flipped: not the pre-signature's r",
        signature=flip(case.signature, 31),
    )
    wrong(
        "signature-is-presignature",
        "s' in place of s: t = 1 would come out",
        signature=case.signature[:32] + case.presignature[S:PROOF_E],
    )
    wrong("signature-s-zero", "s of the signature is zero", signature=case.signature[:32] + bytes(32))
    wrong("signature-r-zero", "r of the signature is zero", signature=bytes(32) + case.signature[32:])
    for name, value, what in SCALARS_FROM_N:
        wrong(f"signature-s-{name}", f"s of the signature is {what}", signature=case.signature[:32] + value)
        wrong(f"signature-r-{name}", f"r of the signature is {what}", signature=value + case.signature[32:])
    wrong("lock-other", "another lock point: neither t*G nor -t*G is T", adaptor_point=compressed(other.lock_point))
    wrong(
        "presignature-other",
        "another pre-signature under the same lock: its r is not the signature's",
        presignature=fresh.presignature,
    )
    wrong(
        "presignature-s-bit",
        "pre-signature with one bit of s' flipped: not t that comes out",
        presignature=flip(case.presignature, PROOF_E - 1),
    )
    wrong("presignature-s-zero", "pre-signature with s' = 0", presignature=replace(case.presignature, S, bytes(32)))
    wrong("presignature-s-n", "pre-signature with s' = n", presignature=replace(case.presignature, S, bytes32(ORDER)))


def malformed(rows, case):
    for op, base in (("verify", case.verify_inputs), ("extract", case.extract_inputs)):
        add_malformed(rows, op, op, base, "public_key", BAD_POINTS)
        add_malformed(rows, op, op, base, "message", bad_sizes(32))
        add_malformed(rows, op, op, base, "adaptor_point", BAD_POINTS)
        add_malformed(rows, op, op, base, "presignature", bad_sizes(162))
    add_malformed(rows, "extract", "extract", case.extract_inputs, "signature", bad_sizes(64))
    add_malformed(rows, "adapt", "adapt", case.adapt_inputs, "adaptor_secret", BAD_SCALARS, case.context)
    bad_presignatures = [
        *bad_sizes(162),
        ("s-zero", replace(case.presignature, S, bytes(32)), "one whose s' is zero"),
        *(
            (f"s-{name}", replace(case.presignature, S, value), f"one whose s' is {what}")
            for name, value, what in SCALARS_FROM_N
        ),
        ("r-zero", replace(case.presignature, R + 1, bytes32(ORDER)), "one whose x(R) is n, so that r = 0"),
    ]
    add_malformed(rows, "adapt", "adapt", case.adapt_inputs, "presignature", bad_presignatures, case.context)
