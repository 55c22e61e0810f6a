"""The rows of musig2.json."""

import musig2
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
    scalar_with_parity,
)
from secp256k1 import ORDER, G, bytes32, compressed, decompress, integer, tagged_hash, x_bytes


def generate():
    rows = Rows("musig2")
    sessions(rows)
    tweaked_sessions(rows)
    plain_sessions(rows)
    nonces_at_infinity(rows)
    bad_sessions(rows)
    bad_keys(rows)
    bad_nonces(rows)
    wrong_partials(rows)
    return rows.document()


def session_inputs(label, secret_keys, secret=None, message=None, locked=True):
    inputs = {
        "secret_keys": [bytes32(key) for key in secret_keys],
        "session_rands": [draw(f"musig2/{label}/session_rand", signer) for signer in range(len(secret_keys))],
        "message": draw(f"musig2/{label}/message") if message is None else message,
    }
    if locked:
        secret = secret or draw_scalar(f"musig2/{label}/adaptor_secret")
        inputs |= {"adaptor_point": compressed(secret * G), "adaptor_secret": bytes32(secret)}
    return inputs


def keys_of(label, count):
    return [draw_scalar(f"musig2/{label}/secret_key_{signer}") for signer in range(count)]


def drawn_session(rows, name, comment, secret_keys, odd_key=None, odd_nonce=None, secret=None):
    """A session row; its draws are repeated until Q and R' have the parities asked for."""
    attempt = 0
    while True:
        label = f"{name}/{attempt}"
        keys = secret_keys or keys_of(label, 2)
        inputs = session_inputs(label, keys, secret)
        q_odd, r_odd = parities(inputs)
        if odd_key in (None, q_odd) and odd_nonce in (None, r_odd):
            return rows.add(name, "session", comment, inputs)
        attempt += 1


def parities(inputs):
    """(Q odd, R' odd) of an untweaked session."""
    key = musig2.aggregate_keys(public_keys_of(inputs))
    aggregate_nonce = musig2.aggregate_nonces([nonce for _, nonce in generated_nonces(inputs)])
    session = musig2.Session(key, aggregate_nonce, inputs["message"], decompress(inputs["adaptor_point"]))
    return not session.key.point.is_even, not session.final_nonce.is_even


def public_keys_of(inputs):
    return [compressed(integer(key) * G) for key in inputs["secret_keys"]]


def generated_nonces(inputs):
    """((k_1, k_2), public nonce) of every signer of an untweaked session."""
    public_keys = public_keys_of(inputs)
    aggregate_key = x_bytes(musig2.aggregate_keys(public_keys).point)
    return [
        musig2.generate_nonce(rand, public_key, secret_key, aggregate_key, inputs["message"])
        for rand, public_key, secret_key in zip(inputs["session_rands"], public_keys, inputs["secret_keys"])
    ]


def sessions(rows):
    for odd_key in (False, True):
        for odd_nonce in (False, True):
            q, r = ("odd" if odd else "even" for odd in (odd_key, odd_nonce))
            for index in range(2):
                drawn_session(
                    rows, f"q-{q}/r-{r}/{index}", f"two signers; aggregate key {q}, R' {r}", None, odd_key, odd_nonce
                )
    for count in (1, 3, 5):
        for odd_nonce in (False, True):
            r = "odd" if odd_nonce else "even"
            drawn_session(
                rows,
                f"signers-{count}/r-{r}",
                f"{count} signer(s); R' {r}",
                keys_of(f"signers-{count}", count),
                odd_nonce=odd_nonce,
            )
    a, b, c = keys_of("lists", 3)
    lists = {
        "keys-in-order": ("two signers in one order", [a, b]),
        "keys-reversed": ("the same two in the other order: another aggregate key, since keys are not sorted", [b, a]),
        "repeated-pair": ("the same key twice: no second distinct key, both coefficients are hashes", [a, a]),
        "repeated-first": ("keys a, a, b: b is the second distinct key, with coefficient 1", [a, a, b]),
        "repeated-second": ("keys a, b, b: both b have coefficient 1", [a, b, b]),
        "repeated-later": ("keys a, b, c, c: b has coefficient 1, both c the same hash", [a, b, c, c]),
        "opposite-keys": ("keys d and -d: 33-byte keys differ, so the aggregate is no infinity", [a, ORDER - a]),
        "key-1": ("a secret key 1", [1, b]),
        "key-n-1": ("a secret key n - 1", [a, ORDER - 1]),
    }
    for name, (comment, secret_keys) in lists.items():
        drawn_session(rows, name, comment, secret_keys)
    secrets = {
        "t-1": ("t = 1, T = G", 1),
        "t-n-1": ("t = n - 1, T = -G", ORDER - 1),
        "t-even": ("T even", scalar_with_parity("musig2/adaptor_secret", True)),
        "t-odd": ("T odd", scalar_with_parity("musig2/adaptor_secret", False)),
        "t-is-a-key": ("the lock point is the first signer's key", a),
    }
    for name, (comment, secret) in secrets.items():
        for odd_nonce in (False, True):
            r = "odd" if odd_nonce else "even"
            drawn_session(rows, f"{name}/r-{r}", f"{comment}; R' {r}", [a, b], odd_nonce=odd_nonce, secret=secret)
    for name, message in (("message-zero", bytes(32)), ("message-max", MAX)):
        rows.add(
            name, "session", f"message of 32 bytes {message[:1].hex()}", session_inputs(name, [a, b], message=message)
        )
    same = session_inputs("same-rand", [a, b])
    same["session_rands"] = same["session_rands"][:1] * 2
    rows.add(
        "same-session-rand", "session", "both signers draw the same randomness: their keys keep the nonces apart", same
    )
    first_nonce_cancelled(rows, [a, b])


def first_nonce_cancelled(rows, secret_keys):
    """T = -R1. The nonces don't depend on T, so that whoever picks T last can do this."""
    inputs = session_inputs("first-nonce-cancelled", secret_keys)
    secret = -sum(nonces[0] for nonces, _ in generated_nonces(inputs)) % ORDER
    inputs |= {"adaptor_point": compressed(secret * G), "adaptor_secret": bytes32(secret)}
    rows.add(
        "first-nonce-cancelled",
        "session",
        "T = -R1: R1 + T is infinity, hashed as 33 zero bytes, and R' = b*R2. "
        "(R' at infinity can't be made this way: b depends on T. See nonce-process/final-nonce-infinity.)",
        inputs,
    )


def tweak(value, xonly):
    return {"tweak": value, "xonly": xonly}


def tap_tweak(secret_keys, merkle_root=b""):
    """BIP-341's tweak of the aggregate key as the internal key."""
    aggregate = musig2.aggregate_keys([compressed(key * G) for key in secret_keys])
    return tweak(tagged_hash("TapTweak", x_bytes(aggregate.point) + merkle_root), True)


def tweaked_sessions(rows):
    values = [draw("musig2/tweak", index) for index in range(4)]
    root = draw("musig2/merkle_root")
    for count in (1, 2, 3, 5):
        secret_keys = keys_of(f"tweaked-{count}", count)
        chains = {
            "plain": ("one plain tweak", [tweak(values[0], False)]),
            "xonly": ("one x-only tweak", [tweak(values[0], True)]),
            "taproot-key": ("BIP-341 output without scripts: H_TapTweak(x(Q)), x-only", [tap_tweak(secret_keys)]),
            "taproot-root": (
                "BIP-341 output with a Merkle root: H_TapTweak(x(Q) || root), x-only",
                [tap_tweak(secret_keys, root)],
            ),
            "plain-xonly": ("a plain, then an x-only tweak", [tweak(values[0], False), tweak(values[1], True)]),
            "xonly-plain": ("an x-only, then a plain tweak", [tweak(values[0], True), tweak(values[1], False)]),
            "four": ("x-only, plain, x-only, plain", [tweak(values[index], index % 2 == 0) for index in range(4)]),
        }
        for name, (comment, tweaks) in chains.items():
            name = f"tweaked-{count}/{name}"
            inputs = session_inputs(name, secret_keys) | {"tweaks": tweaks}
            rows.add(name, "tweaked_session", f"{count} signer(s); {comment}", inputs)
    odd_keys = [draw_scalar("musig2/odd", odd_with_five), 5]
    edges = {
        "zero-plain": ("plain tweak zero: changes nothing", tweak(bytes(32), False)),
        "zero-xonly": ("x-only tweak zero of an odd key: Q' = -Q, gacc = -1", tweak(bytes(32), True)),
        "n-minus-1": ("plain tweak n - 1: Q' = Q - G", tweak(bytes32(ORDER - 1), False)),
        "xonly-of-odd": ("x-only tweak of an odd key: Q is negated first", tweak(values[0], True)),
    }
    for name, (comment, entry) in edges.items():
        inputs = session_inputs(f"tweaked/{name}", odd_keys) | {"tweaks": [entry]}
        rows.add(f"tweaked/{name}", "tweaked_session", f"two signers; {comment}", inputs)


def odd_with_five(secret_key):
    """Whether the aggregate of this key and 5*G is odd."""
    return not musig2.aggregate_keys([compressed(secret_key * G), compressed(5 * G)]).point.is_even


def plain_sessions(rows):
    for count in (1, 2, 3):
        inputs = session_inputs(f"plain-{count}", keys_of(f"plain-{count}", count), locked=False)
        rows.add(
            f"plain-{count}",
            "plain_session",
            f"{count} signer(s), BIP-327 without a lock: b hashes R1 as it is",
            inputs,
        )
    secret_keys = keys_of("plain-tweaked", 2)
    inputs = session_inputs("plain-tweaked", secret_keys, locked=False) | {"tweaks": [tap_tweak(secret_keys)]}
    rows.add("plain-taproot", "plain_session", "two signers without a lock, BIP-341 output without scripts", inputs)


def raw_session(label, nonces, secret=None):
    """The public side of a session of two signers whose nonces are chosen, and the partial signatures by its equations."""
    secret_keys = keys_of(label, 2)
    public_keys = [compressed(key * G) for key in secret_keys]
    inputs = {
        "public_keys": public_keys,
        "public_nonces": [musig2.public_nonce(pair) for pair in nonces],
        "message": draw(f"musig2/{label}/message"),
    }
    lock_point = secret and secret * G
    if lock_point:
        inputs["adaptor_point"] = compressed(lock_point)
    session = musig2.Session(
        musig2.aggregate_keys(public_keys),
        musig2.aggregate_nonces(inputs["public_nonces"]),
        inputs["message"],
        lock_point,
        careless=True,
    )
    return inputs, [session.partial_sign(pair, key) for pair, key in zip(nonces, secret_keys)]


def nonces_at_infinity(rows):
    """Signer 1 mirrors signer 0's nonces. One half that cancels harms nobody; where both do, R' = T has to be refused."""
    k1, k2, other = (draw_scalar(f"musig2/raw/k_{index}") for index in range(3))
    secret = draw_scalar("musig2/raw/adaptor_secret")
    cases = {
        "first-infinity": ("R1 is infinity: R1 + T is T", [(k1, k2), (ORDER - k1, other)], secret),
        "second-infinity": (
            "R2 is infinity, hashed as 33 zero bytes: R' = R1 + T",
            [(k1, k2), (other, ORDER - k2)],
            secret,
        ),
        "both-infinity": (
            "R1 and R2 are infinity: the nonces cancel, and R' = T. Refused: no nonce is left in s', so that the "
            "pre-signature gives the secret key of the aggregate key away",
            [(k1, k2), (ORDER - k1, ORDER - k2)],
            secret,
        ),
        "plain-both-infinity": (
            "no lock, R1 and R2 are infinity: G takes the place of R', as BIP-327 has it",
            [(k1, k2), (ORDER - k1, ORDER - k2)],
            None,
        ),
    }
    for name, (comment, nonces, lock_secret) in cases.items():
        inputs, partials = raw_session("raw", nonces, lock_secret)
        expected = "final_nonce" if name == "both-infinity" else "valid"
        by_equations = ", right by the equations" if name == "both-infinity" else ""
        rows.add(f"nonce-process/{name}", "nonce_process", comment, inputs, expected)
        for signer, partial in enumerate(partials):
            rows.add(
                f"partial-verify/{name}/{signer}",
                "partial_verify",
                f"{comment}; partial signature of signer {signer}{by_equations}",
                inputs | {"signer": signer, "partial_signature": partial},
                expected,
            )
        if lock_secret:
            rows.add(
                f"partial-agg/{name}",
                "partial_agg",
                f"{comment}; the partial signatures{by_equations}" if by_equations else comment,
                inputs | {"partial_signatures": partials},
                expected,
            )
    mirrored, _ = raw_session("raw", [(k1, k2), (other, ORDER - k2)], secret)
    rows.add(
        "nonce-process/final-nonce-infinity",
        "nonce_process",
        "R2 is infinity and T = -R1: R' = R1 + T + b*R2 is infinity for every b. Refused; G in its place would sign "
        "without a lock",
        mirrored | {"adaptor_point": compressed(-(k1 + other) % ORDER * G)},
        "final_nonce",
    )


def bad_sessions(rows):
    base = session_inputs("bad", keys_of("bad", 3))
    add_malformed(rows, "session", "session", base, "message", bad_sizes(32))
    add_malformed(rows, "session", "session", base, "adaptor_point", BAD_POINTS)
    add_malformed(rows, "session", "session", base, "adaptor_secret", BAD_SCALARS)
    for signer in (0, 2):
        bad_entries(rows, "session", "session", base, "secret_keys", signer, BAD_SCALARS)
    bad_entries(rows, "session", "session", base, "session_rands", 1, bad_sizes(32))

    def bad(name, comment, field, **changed):
        rows.add(f"session/{name}", "session", comment, base | changed, field)

    bad("no-signers", "empty lists", "secret_keys", secret_keys=[], session_rands=[])
    bad("one-rand-less", "three keys, randomness for two", "session_rands", session_rands=base["session_rands"][:2])
    bad(
        "one-rand-more",
        "three keys, randomness for four",
        "session_rands",
        session_rands=[*base["session_rands"], draw("musig2/bad/fourth")],
    )
    bad(
        "secret-other",
        "adaptor_secret is not the secret of adaptor_point: the signature could not verify",
        "adaptor_secret",
        adaptor_secret=bytes32(draw_scalar("musig2/bad/other")),
    )
    bad("secret-negated", "adaptor_secret is -t", "adaptor_secret", adaptor_secret=negated(base["adaptor_secret"]))
    for name, value, what in SCALARS_FROM_N:
        rows.add(
            f"session/tweak-{name}",
            "tweaked_session",
            f"tweak 1 is {what}",
            base | {"tweaks": [tweak(bytes32(3), True), tweak(value, True)]},
            "tweaks",
            culprit=1,
        )


def bad_entries(rows, prefix, op, base, field, culprit, bad_values):
    """One row for each bad value as one entry of a list."""
    for name, value, what in bad_values:
        entries = [*base[field]]
        entries[culprit] = value
        rows.add(
            f"{prefix}/{field}-{culprit}-{name}",
            op,
            f"entry {culprit} of {field} is {what}",
            base | {field: entries},
            field,
            culprit=culprit,
        )


def bad_keys(rows):
    secret_keys = keys_of("bad-keys", 3)
    base = {"public_keys": [compressed(key * G) for key in secret_keys]}
    rows.add("key-agg/three", "key_agg", "the keys of the rows below, before anything is broken", base)
    for signer in (0, 2):
        bad_entries(rows, "key-agg", "key_agg", base, "public_keys", signer, BAD_POINTS)
    rows.add("key-agg/no-keys", "key_agg", "no keys", {"public_keys": []}, "public_keys")

    aggregate = musig2.aggregate_keys(base["public_keys"])
    total = sum(aggregate.coefficients[key] * d for key, d in zip(base["public_keys"], secret_keys)) % ORDER
    assert total * G == aggregate.point
    even_total = total if aggregate.point.is_even else ORDER - total

    def bad(name, comment, culprit, *tweaks):
        rows.add(f"key-agg/{name}", "key_agg", comment, base | {"tweaks": [*tweaks]}, "tweaks", culprit=culprit)

    bad(
        "tweak-to-infinity",
        "plain tweak -(a_1*d_1 + a_2*d_2 + a_3*d_3): the key comes out at infinity. (Coefficients hash "
        "all keys, so that an untweaked aggregate at infinity can't be made.)",
        0,
        tweak(bytes32(ORDER - total), False),
    )
    bad(
        "xonly-tweak-to-infinity",
        "x-only tweak -d, d the secret of the even one of Q and -Q",
        0,
        tweak(bytes32(ORDER - even_total), True),
    )
    bad(
        "second-tweak-to-infinity",
        "the second of two plain tweaks makes it infinity",
        1,
        tweak(bytes32(1), False),
        tweak(bytes32(-(total + 1) % ORDER), False),
    )
    for name, value, what in [*SCALARS_FROM_N, *bad_sizes(32)]:
        bad(f"plain-tweak-{name}", f"plain tweak is {what}", 0, tweak(value, False))
        bad(f"xonly-tweak-{name}", f"x-only tweak is {what}", 0, tweak(value, True))


def bad_nonces(rows):
    nonces = [public_nonce(f"bad-nonces/{signer}") for signer in range(3)]
    base = {"public_nonces": nonces}
    rows.add("nonce-agg/three", "nonce_agg", "the nonces of the rows below, before anything is broken", base)
    for signer, half in ((0, 0), (1, 1), (2, 0)):
        for name, value, what in UNDECODABLE_POINTS:
            entries = [*nonces]
            entries[signer] = value + nonces[signer][33:] if half == 0 else nonces[signer][:33] + value
            which = ("first", "second")[half]
            rows.add(
                f"nonce-agg/signer-{signer}-{which}-{name}",
                "nonce_agg",
                f"the {which} half of signer {signer}'s nonce is {what}",
                {"public_nonces": entries},
                "public_nonces",
                culprit=signer,
            )
    bad_entries(rows, "nonce-agg", "nonce_agg", base, "public_nonces", 1, bad_sizes(66))
    rows.add("nonce-agg/no-nonces", "nonce_agg", "no nonces", {"public_nonces": []}, "public_nonces")


def public_nonce(label):
    return musig2.public_nonce([draw_scalar(f"musig2/{label}/k_{j}") for j in (1, 2)])


def wrong_partials(rows):
    """A session of three, seen from outside, with and without a tweak; then each way to get a partial wrong."""
    secret_keys = keys_of("partials", 3)
    for name, extra in (("plain-key", {}), ("taproot-key", {"tweaks": [tap_tweak(secret_keys)]})):
        inputs = session_inputs(f"partials/{name}", secret_keys) | extra
        op = "tweaked_session" if extra else "session"
        made = rows.add(
            f"partials/{name}/session", op, "the session that the partial rows of this name take apart", inputs
        )
        base = extra | {
            "public_keys": [bytes.fromhex(key) for key in made["public_keys"]],
            "public_nonces": [bytes.fromhex(nonce) for nonce in made["public_nonces"]],
            "message": inputs["message"],
            "adaptor_point": inputs["adaptor_point"],
        }
        partials = [bytes.fromhex(partial) for partial in made["partial_signatures"]]
        partial_verify_rows(rows, f"partials/{name}/verify", base, partials)
        partial_agg_rows(rows, f"partials/{name}/aggregate", base, partials)


def partial_verify_rows(rows, prefix, base, partials):
    def verify(name, comment, signer, expected="invalid", culprit=None, **changed):
        inputs = base | {"signer": signer, "partial_signature": partials[signer]} | changed
        rows.add(f"{prefix}/{name}", "partial_verify", comment, inputs, expected, culprit=culprit)

    for signer, partial in enumerate(partials):
        verify(f"signer-{signer}", f"signer {signer}'s partial signature", signer, "valid")
        verify(
            f"signer-{signer}-bit", f"one bit of signer {signer}'s flipped", signer, partial_signature=flip(partial, 31)
        )
        verify(f"signer-{signer}-negated", f"signer {signer}'s negated", signer, partial_signature=negated(partial))
    verify("of-another", "signer 1's partial signature, claimed for signer 0", 0, partial_signature=partials[1])
    verify("zero", "partial signature zero: in range, and wrong", 0, partial_signature=bytes(32))
    for name, value, what in SCALARS_FROM_N:
        verify(name, f"partial signature is {what}", 0, partial_signature=value)
    verify("message-other", "another message", 0, message=draw("musig2/partials/other"))
    verify(
        "lock-other",
        "another lock point: b and e hash it",
        0,
        adaptor_point=compressed(draw_scalar("musig2/partials/other") * G),
    )
    without_lock = {name: value for name, value in base.items() if name != "adaptor_point"}
    rows.add(
        f"{prefix}/lock-missing",
        "partial_verify",
        "no lock point: b and e are others",
        without_lock | {"signer": 0, "partial_signature": partials[0]},
        "invalid",
    )
    verify("lock-negated", "lock point -T", 0, adaptor_point=flip(base["adaptor_point"], 0))
    nonces, keys = base["public_nonces"], base["public_keys"]
    verify(
        "nonces-swapped",
        "public nonces of signers 0 and 1 exchanged: the sum is the same",
        0,
        public_nonces=[nonces[1], nonces[0], nonces[2]],
    )
    verify(
        "keys-reordered",
        "public keys of signers 1 and 2 exchanged: another aggregate key",
        0,
        public_keys=[keys[0], keys[2], keys[1]],
    )
    for name, value, what in bad_sizes(32):
        verify(f"size-{name}", f"partial_signature is {what}", 0, "partial_signature", partial_signature=value)
    verify(
        "nonce-undecodable",
        "signer 2's public nonce has prefix 04",
        0,
        "public_nonces",
        2,
        public_nonces=[*nonces[:2], b"\x04" + nonces[2][1:]],
    )
    verify(
        "key-undecodable",
        "signer 1's public key has prefix 04",
        0,
        "public_keys",
        1,
        public_keys=[keys[0], b"\x04" + keys[1][1:], keys[2]],
    )
    verify("nonce-missing", "three keys, two nonces", 0, "public_nonces", public_nonces=nonces[:2])


def partial_agg_rows(rows, prefix, base, partials):
    def aggregate(name, comment, entries, expected="partial_signatures", culprit=None):
        inputs = base | {"partial_signatures": entries}
        rows.add(f"{prefix}/{name}", "partial_agg", comment, inputs, expected, culprit=culprit)

    aggregate("all", "every partial signature verifies", partials, "valid")
    for signer in range(len(partials)):
        entries = [*partials]
        entries[signer] = flip(partials[signer], 31)
        aggregate(
            f"signer-{signer}-wrong", f"signer {signer}'s partial signature has a flipped bit", entries, culprit=signer
        )
        entries[signer] = bytes32(ORDER)
        aggregate(f"signer-{signer}-n", f"signer {signer}'s partial signature is n", entries, culprit=signer)
    plus, minus = (bytes32((integer(partials[signer]) + delta) % ORDER) for signer, delta in ((1, 1), (2, -1)))
    aggregate(
        "cancelling",
        "one added to signer 1's, one taken from signer 2's: the sum is right, so nobody is to blame",
        [partials[0], plus, minus],
        "valid",
    )
    aggregate(
        "swapped",
        "partial signatures of signers 0 and 1 exchanged: the sum is right, so nobody is to blame",
        [partials[1], partials[0], partials[2]],
        "valid",
    )
    aggregate("missing", "two partial signatures of three", partials[:2])
