"""The rows of schnorr.json."""

from dataclasses import dataclass

import bip340
import schnorr_adaptor
from cases import (
    BAD_POINTS,
    BAD_SCALARS,
    BAD_X_ONLY_KEYS,
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
from secp256k1 import ORDER, G, bytes32, compressed, decompress, integer, x_bytes


@dataclass
class Case:
    """A signer, a lock and all that the four verbs make of them."""

    secret_key: int
    secret: int
    message: bytes
    aux_rand: bytes

    def __post_init__(self):
        self.lock_point = self.secret * G
        self.public_key = x_bytes(self.secret_key * G)
        made = schnorr_adaptor.pre_sign(self.secret_key, self.message, self.lock_point, self.aux_rand)
        self.presignature, self.steps = made
        self.signature = schnorr_adaptor.adapt(self.presignature, self.secret)

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


def drawn_case(label, secret_key=None, secret=None, message=None, aux_rand=None, odd=None):
    """A case of drawn values; with `odd`, messages are drawn until R' has that parity."""
    secret_key = secret_key or draw_scalar(f"{label}/secret_key")
    secret = secret or draw_scalar(f"{label}/adaptor_secret")
    aux_rand = draw(f"{label}/aux_rand") if aux_rand is None else aux_rand
    index = 0
    while True:
        case = Case(secret_key, secret, draw(f"{label}/message", index) if message is None else message, aux_rand)
        if odd is None or case.steps["locked_nonce_parity"] == odd:
            return case
        index += 1


def generate():
    rows = Rows("schnorr")
    positive(rows)
    edges(rows)
    even = drawn_case("schnorr/negative-even", odd=0)
    odd = drawn_case("schnorr/negative-odd", odd=1)
    bad_pre_sign(rows, even)
    for prefix, case in (("even", even), ("odd", odd)):
        wrong_verify(rows, f"verify-{prefix}", case)
        wrong_adapt(rows, f"adapt-{prefix}", case)
        wrong_extract(rows, f"extract-{prefix}", case)
    malformed(rows, even)
    batches(rows)
    batch_coefficients(rows)
    return rows.document()


def add_verbs(rows, name, comment, case):
    """The four verbs over one case, each with the next one's input."""
    rows.add(f"{name}/pre_sign", "pre_sign", comment, case.pre_sign_inputs)
    rows.add(f"{name}/verify", "verify", comment, case.verify_inputs)
    rows.add(f"{name}/adapt", "adapt", comment, case.adapt_inputs, context=case.context)
    rows.add(f"{name}/extract", "extract", comment, case.extract_inputs)


def positive(rows):
    secret_keys = {
        "d-1": (1, "secret key 1, P = G"),
        "d-n-1": (ORDER - 1, "secret key n - 1, P = -G: negated"),
        "d-even": (scalar_with_parity("schnorr/secret_key", True), "P even: secret key used as it is"),
        "d-odd": (scalar_with_parity("schnorr/secret_key", False), "P odd: secret key negated"),
    }
    secrets = {
        "t-1": (1, "t = 1, T = G"),
        "t-n-1": (ORDER - 1, "t = n - 1, T = -G"),
        "t-even": (scalar_with_parity("schnorr/adaptor_secret", True), "T even"),
        "t-odd": (scalar_with_parity("schnorr/adaptor_secret", False), "T odd"),
    }
    for key_name, (secret_key, key_comment) in secret_keys.items():
        for lock_name, (secret, lock_comment) in secrets.items():
            for odd in (0, 1):
                parity = "odd" if odd else "even"
                name = f"{key_name}/{lock_name}/r-{parity}"
                comment = f"{key_comment}; {lock_comment}; R' {parity}: nonce {'negated' if odd else 'used as it is'}"
                add_verbs(rows, name, comment, drawn_case(f"schnorr/{name}", secret_key, secret, odd=odd))


def edges(rows):
    fixed = {
        "aux-zero": ("auxiliary randomness of 32 zero bytes", {"aux_rand": bytes(32)}),
        "aux-max": ("auxiliary randomness of 32 bytes ff", {"aux_rand": MAX}),
        "message-zero": ("message of 32 zero bytes", {"message": bytes(32)}),
        "message-max": ("message of 32 bytes ff: above p and n, and never reduced", {"message": MAX}),
        "message-n": ("message equal to n, never reduced", {"message": bytes32(ORDER)}),
        "t-is-d": ("the lock point is the signer's own key", {"secret_key": 7, "secret": 7}),
        "t-is-minus-d": ("the lock point is the signer's own key, negated", {"secret_key": 7, "secret": ORDER - 7}),
    }
    for name, (comment, chosen) in fixed.items():
        add_verbs(rows, name, comment, drawn_case(f"schnorr/{name}", **chosen))
    for name, scalar, what in (
        ("s-zero", 0, "s' = 0, which is in range"),
        ("s-n-1", ORDER - 1, "s' = n - 1, the largest in range"),
    ):
        chosen = chosen_scalar(f"schnorr/{name}", scalar)
        comment = f"{what}: R' drawn first, then T = R' -+ (s'*G - e*P), with its secret known to the generator"
        inputs, secret = chosen
        rows.add(f"{name}/verify", "verify", comment, inputs)
        context = {"public_key": inputs["public_key"], "message": inputs["message"]}
        adapt = {"presignature": inputs["presignature"], "adaptor_secret": bytes32(secret)}
        adapted = rows.add(f"{name}/adapt", "adapt", comment, adapt, context=context)
        extract = inputs | {"signature": bytes.fromhex(adapted["signature"])}
        rows.add(f"{name}/extract", "extract", comment, extract)


def chosen_scalar(label, s):
    """A valid pre-signature with a given s': T is made to fit, t = r' -+ (s' - e*d)."""
    d, key = bip340.even_key(draw_scalar(f"{label}/secret_key"))
    r = draw_scalar(f"{label}/locked_nonce")
    message = draw(f"{label}/message")
    locked_nonce = r * G
    e = bip340.challenge(x_bytes(locked_nonce), x_bytes(key), message)
    k = s - e * d if locked_nonce.is_even else e * d - s
    secret = (r - k) % ORDER
    inputs = {
        "public_key": x_bytes(key),
        "message": message,
        "adaptor_point": compressed(secret * G),
        "presignature": compressed(locked_nonce) + bytes32(s),
    }
    return inputs, secret


def bad_pre_sign(rows, case):
    base = case.pre_sign_inputs
    add_malformed(rows, "pre_sign", "pre_sign", base, "secret_key", BAD_SCALARS)
    add_malformed(rows, "pre_sign", "pre_sign", base, "adaptor_point", BAD_POINTS)
    add_malformed(rows, "pre_sign", "pre_sign", base, "message", bad_sizes(32))
    add_malformed(rows, "pre_sign", "pre_sign", base, "aux_rand", bad_sizes(32))


def wrong_verify(rows, prefix, case):
    base, presignature = case.verify_inputs, case.presignature
    other = drawn_case(f"schnorr/{prefix}/other")

    def wrong(name, comment, **changed):
        rows.add(f"{prefix}/{name}", "verify", comment, base | changed, "invalid")

    wrong("message-bit", "one bit of the message flipped", message=flip(case.message, 31))
    wrong("message-other", "another message", message=other.message)
    wrong("key-other", "another public key", public_key=other.public_key)
    wrong("lock-other", "another lock point", adaptor_point=compressed(other.lock_point))
    wrong("lock-negated", "lock point -T: same x, other parity", adaptor_point=compressed(-case.lock_point))
    locked_nonce = decompress(presignature[:33])
    wrong(
        "lock-opposite-sum",
        "lock point T - 2*R': R + it is -R', right but for the parity",
        adaptor_point=compressed(case.lock_point + -locked_nonce + -locked_nonce),
    )
    wrong("lock-is-key", "the lock point is the signer's key", adaptor_point=b"\x02" + case.public_key)
    wrong("presignature-other", "a pre-signature of another signer, message and lock", presignature=other.presignature)
    wrong("parity-flipped", "R' negated: 02 and 03 exchanged", presignature=flip(presignature, 0))
    wrong("s-negated", "s' negated", presignature=presignature[:33] + negated(presignature[33:]))
    s = integer(presignature[33:])
    wrong("s-plus-1", "s' + 1", presignature=presignature[:33] + bytes32((s + 1) % ORDER))
    wrong("s-zero", "s' = 0", presignature=presignature[:33] + bytes(32))
    for name, value, what in SCALARS_FROM_N:
        wrong(f"s-{name}", f"s' is {what}", presignature=presignature[:33] + value)
    for name, value, what in UNDECODABLE_POINTS:
        wrong(f"r-{name}", f"R' is {what}", presignature=value + presignature[33:])
    wrong("r-x-bit", "one bit of x(R') flipped", presignature=flip(presignature, 32))
    unlocked = bip340.sign(case.secret_key, case.message, case.aux_rand)
    wrong(
        "plain-signature",
        "an ordinary BIP-340 signature behind 02: it is locked to infinity",
        presignature=b"\x02" + unlocked,
    )
    wrong("adapted", "the adapted signature in place of s'", presignature=presignature[:33] + case.signature[32:])
    wrong(
        "infinity-nonce",
        "R' = T and s' = e*d: R = s'*G - e*P is infinity, so that R + T = R' if infinity is let in",
        presignature=infinity_nonce(case, case.lock_point),
    )
    wrong(
        "infinity-nonce-negated",
        "R' = -T and s' = e*d: R is infinity, and R' has T's x and the other parity",
        presignature=infinity_nonce(case, -case.lock_point),
    )


def infinity_nonce(case, locked_nonce):
    d, _ = bip340.even_key(case.secret_key)
    e = bip340.challenge(x_bytes(locked_nonce), case.public_key, case.message)
    return compressed(locked_nonce) + bytes32(e * d % ORDER)


def wrong_adapt(rows, prefix, case):
    base = case.adapt_inputs

    def wrong(name, comment, **changed):
        rows.add(f"{prefix}/{name}", "adapt", comment, base | changed, "invalid", case.context)

    wrong(
        "secret-other",
        "another secret: a signature comes out, which does not verify",
        adaptor_secret=bytes32(draw_scalar(f"schnorr/{prefix}/other")),
    )
    wrong("secret-negated", "the secret negated", adaptor_secret=bytes32(ORDER - case.secret))
    wrong("secret-plus-1", "t + 1", adaptor_secret=bytes32(case.secret % (ORDER - 1) + 1))
    wrong(
        "parity-flipped",
        "R' negated: t is subtracted where it has to be added, or the other way round",
        presignature=flip(case.presignature, 0),
    )
    wrong("s-negated", "s' negated", presignature=case.presignature[:33] + negated(case.presignature[33:]))


def wrong_extract(rows, prefix, case):
    base = case.extract_inputs
    fresh = drawn_case(f"schnorr/{prefix}/fresh", case.secret_key, case.secret, case.message)
    other = drawn_case(f"schnorr/{prefix}/other")

    def wrong(name, comment, **changed):
        rows.add(f"{prefix}/{name}", "extract", comment, base | changed, "invalid")

    wrong(
        "signature-unrelated",
        "a valid signature of the same key over another message",
        signature=bip340.sign(case.secret_key, other.message, other.aux_rand),
    )
    wrong(
        "signature-other-nonce",
        "a valid signature of the same key over the same message with another x(R')",
        signature=fresh.signature,
    )
    wrong("signature-other-signer", "a valid signature of another key", signature=other.signature)
    wrong(
        "signature-s-bit",
        "s of the signature with one bit flipped: no valid signature",
        signature=flip(case.signature, 63),
    )
    wrong(
        "signature-s-negated",
        "s of the signature negated: no valid signature",
        signature=case.signature[:32] + negated(case.signature[32:]),
    )
    wrong(
        "signature-r-bit",
        "x(R') of the signature with one bit flipped: no valid signature",
        signature=flip(case.signature, 31),
    )
    wrong(
        "signature-is-presignature",
        "s' in place of s: no valid signature, and t would be zero",
        signature=case.presignature[1:],
    )
    wrong("signature-zero", "64 zero bytes", signature=bytes(64))

    def plus_1(data):
        return data[:-32] + bytes32((integer(data[-32:]) + 1) % ORDER)

    wrong(
        "both-plus-1",
        "s' + 1 and s + 1: their difference is t, and there is no valid signature",
        presignature=plus_1(case.presignature),
        signature=plus_1(case.signature),
    )
    for name, value, what in SCALARS_FROM_N:
        wrong(f"signature-s-{name}", f"s of the signature is {what}", signature=case.signature[:32] + value)
    wrong("lock-other", "another lock point: t*G is not T", adaptor_point=compressed(other.lock_point))
    wrong("lock-negated", "lock point -T: t*G is not T", adaptor_point=compressed(-case.lock_point))
    wrong("message-other", "another message: the signature is not valid for it", message=other.message)
    wrong("key-other", "another public key: the signature is not valid under it", public_key=other.public_key)
    wrong("parity-flipped", "pre-signature with R' negated: -t comes out", presignature=flip(case.presignature, 0))
    wrong(
        "presignature-s-bit",
        "pre-signature with one bit of s' flipped: not t that comes out",
        presignature=flip(case.presignature, 64),
    )
    wrong("presignature-s-n", "s' = n: out of range", presignature=replace(case.presignature, 33, bytes32(ORDER)))
    wrong("presignature-prefix-04", "pre-signature with prefix byte 04", presignature=b"\x04" + case.presignature[1:])


def malformed(rows, case):
    for op, base in (("verify", case.verify_inputs), ("extract", case.extract_inputs)):
        add_malformed(rows, op, op, base, "public_key", BAD_X_ONLY_KEYS)
        add_malformed(rows, op, op, base, "message", bad_sizes(32))
        add_malformed(rows, op, op, base, "adaptor_point", BAD_POINTS)
        add_malformed(rows, op, op, base, "presignature", bad_sizes(65))
    add_malformed(rows, "extract", "extract", case.extract_inputs, "signature", bad_sizes(64))
    add_malformed(rows, "adapt", "adapt", case.adapt_inputs, "adaptor_secret", BAD_SCALARS, case.context)
    bad_presignatures = [
        *bad_sizes(65),
        ("prefix-00", b"\x00" + case.presignature[1:], "one with prefix byte 00"),
        ("prefix-04", b"\x04" + case.presignature[1:], "one with prefix byte 04"),
        *(
            (f"s-{name}", case.presignature[:33] + value, f"one whose s' is {what}")
            for name, value, what in SCALARS_FROM_N
        ),
    ]
    add_malformed(rows, "adapt", "adapt", case.adapt_inputs, "presignature", bad_presignatures, case.context)


def batches(rows):
    good = [drawn_case(f"schnorr/batch/{index}").verify_inputs for index in range(8)]

    def with_s(item, delta):
        s = (integer(item["presignature"][33:]) + delta) % ORDER
        return item | {"presignature": item["presignature"][:33] + bytes32(s)}

    def changed(**items):
        return [items.get(f"item_{index}", item) for index, item in enumerate(good)]

    def batch(name, comment, items, expected="invalid"):
        rows.add(f"batch/{name}", "verify_batch", comment, {"items": items}, expected)

    batch("one", "a batch of one", good[:1], "valid")
    batch("valid", "eight valid pre-signatures of different signers, messages and locks", good, "valid")
    batch("repeated", "the same item twice", [good[0], good[1], good[0]], "valid")
    batch("one-wrong", "item 5 has another item's message", changed(item_5=good[5] | {"message": good[4]["message"]}))
    batch("only-wrong", "a batch of one, with s' + 1", [with_s(good[0], 1)])
    batch(
        "several-wrong",
        "items 0, 3 and 7 are wrong: s' + 1, lock point negated, R' negated",
        changed(
            item_0=with_s(good[0], 1),
            item_3=good[3] | {"adaptor_point": flip(good[3]["adaptor_point"], 0)},
            item_7=good[7] | {"presignature": flip(good[7]["presignature"], 0)},
        ),
    )
    batch(
        "all-wrong",
        "every lock point negated",
        [item | {"adaptor_point": flip(item["adaptor_point"], 0)} for item in good],
    )
    first, second = [index for index, item in enumerate(good) if item["presignature"][0] == 2][:2]
    batch(
        "cancelling",
        f"s' + 1 in item {first} and s' - 1 in item {second}, whose R' have the same parity: the errors "
        "cancel in an equation without random factors",
        changed(**{f"item_{first}": with_s(good[first], 1), f"item_{second}": with_s(good[second], -1)}),
    )
    swapped = changed(
        item_1=good[1] | {"adaptor_point": good[2]["adaptor_point"]},
        item_2=good[2] | {"adaptor_point": good[1]["adaptor_point"]},
    )
    batch("swapped-locks", "items 1 and 2 have each other's lock point", swapped)
    batch(
        "undecodable",
        "item 2: R' off the curve; item 4: s' = n; item 6: R' at infinity",
        changed(
            item_2=good[2] | {"presignature": b"\x02" + bytes32(5) + good[2]["presignature"][33:]},
            item_4=good[4] | {"presignature": good[4]["presignature"][:33] + bytes32(ORDER)},
            item_6=good[6] | {"presignature": bytes(33) + good[6]["presignature"][33:]},
        ),
    )


def batch_coefficients(rows):
    cases = [drawn_case(f"schnorr/batch/{index}") for index in range(8)]
    locked = [case.verify_inputs for case in cases]
    plain = [case.context | {"signature": case.signature} for case in cases]

    def coefficients(name, comment, items):
        rows.add(f"batch-coefficients/{name}", "batch_coefficients", comment, {"items": items})

    coefficients("one", "one item: its coefficient is 1", locked[:1])
    coefficients("two", "two items: the second half of one hash", locked[:2])
    coefficients("three", "three items: the third begins another hash", locked[:3])
    coefficients("eight", "eight pre-signatures", locked)
    coefficients("exchanged", "the same, the first two exchanged: all others change", [locked[1], locked[0], *locked[2:]])
    coefficients("signatures", "plain signatures: byte 00, no lock point", plain[:3])
    coefficients("mixed", "pre-signatures and signatures in turn", [locked[0], plain[1], locked[2], plain[3], plain[0]])
    coefficients("wrong", "an item that is not valid: the coefficients are drawn all the same", [
        locked[0], locked[1] | {"message": cases[2].message}, locked[2],
    ])
