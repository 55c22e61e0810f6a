"""One row of a vector file, answered by the reference: the bridge between hexadecimal fields and the schemes.

`answer(op, inputs)` gives the verdict, the outputs and the intermediate values of an operation. The verdict is

    "valid"                            the operation succeeds; of adapt: the signature verifies; of a batch: all do
    "invalid"                          well-formed and wrong: verify says no, extract has no secret, the signature that
                                       adapt returns does not verify
    {"error": field, "culprit": index} a field can't be used; culprit where one entry of a list is to blame

The operations `schnorr.*`, `ecdsa.*`, `musig2.session`, `lock.setup`, `lock.claim`, `dleq.prove`, `dleq.verify`, `proof.base` and
`invoice.point` are those of the project's conformance interface; the others are steps and variants of theirs, for implementations that expose them.
"""

import bip340
import bolt12
import dleq
import ecdsa_adaptor
import ktime
import lock
import musig2
import onion
import payer_proof
import receiver_seed
import replay_channel
import replay_wire
import schnorr_adaptor
from secp256k1 import (
    ORDER,
    G,
    Malformed,
    bytes32,
    compressed,
    compressed_or_zero,
    decompress,
    integer,
    lift_x,
    tagged_hash,
    x_bytes,
)


def answer(op, inputs, context=None):
    """(verdict, outputs, intermediate values). `context` is what an adapted signature has to verify under."""
    try:
        verdict, outputs, steps = OPERATIONS[op](Fields(inputs), *([] if context is None else [Fields(context)]))
    except Malformed as error:
        verdict = {"error": error.field}
        if error.culprit is not None:
            verdict["culprit"] = error.culprit
        return verdict, None, None
    return verdict, outputs and to_hex(outputs), steps and to_hex(steps)


def to_hex(value):
    """Bytes and scalars' 32 bytes as hex, through dicts and lists; small integers and booleans stay numbers."""
    if isinstance(value, dict):
        return {name: to_hex(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_hex(entry) for entry in value]
    return value.hex() if isinstance(value, bytes) else value


class Fields:
    """The inputs of a row, each read with its length and its range, or Malformed with its name."""

    def __init__(self, inputs):
        self.inputs = inputs

    def bytes(self, field, length):
        return self.sized(field, self.inputs[field], length)

    def optional_bytes(self, field):
        text = self.inputs.get(field)
        return None if text is None else bytes.fromhex(text)

    def scalar(self, field):
        return self.scalar_of(field, self.inputs[field])

    def point(self, field):
        return self.point_of(field, self.inputs[field])

    def x_only_key(self, field):
        data = self.bytes(field, 32)
        if lift_x(integer(data)) is None:
            raise Malformed(field)
        return data

    def optional_message(self):
        """32 bytes, or None."""
        return None if self.inputs["message"] is None else self.bytes("message", 32)

    def amount(self, field):
        amount = self.inputs[field]
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount < 2**64:
            raise Malformed(field)
        return amount

    def payer_key(self, field):
        """33(A), of even y."""
        if not self.point(field).is_even:
            raise Malformed(field)
        return bytes.fromhex(self.inputs[field])

    def scalars(self, field):
        return [self.scalar_of(field, text, index) for index, text in self.entries(field)]

    def points(self, field):
        return [self.point_of(field, text, index) for index, text in self.entries(field)]

    def byte_strings(self, field, length):
        return [self.sized(field, text, length, index) for index, text in self.entries(field)]

    def entries(self, field):
        if not self.inputs[field]:
            raise Malformed(field)
        return enumerate(self.inputs[field])

    @staticmethod
    def sized(field, text, length, culprit=None):
        data = bytes.fromhex(text)
        if len(data) != length:
            raise Malformed(field, culprit)
        return data

    def scalar_of(self, field, text, culprit=None):
        number = integer(self.sized(field, text, 32, culprit))
        if not 0 < number < ORDER:
            raise Malformed(field, culprit)
        return number

    @staticmethod
    def point_of(field, text, culprit=None):
        point = decompress(bytes.fromhex(text))
        if point is None:
            raise Malformed(field, culprit)
        return point


def verdict_of(valid):
    return "valid" if valid else "invalid"


def schnorr_pre_sign(fields):
    secret_key, message = fields.scalar("secret_key"), fields.bytes("message", 32)
    lock_point, aux_rand = fields.point("adaptor_point"), fields.bytes("aux_rand", 32)
    presignature, steps = schnorr_adaptor.pre_sign(secret_key, message, lock_point, aux_rand)
    return "valid", {"public_key": x_bytes(secret_key * G), "presignature": presignature}, steps


def _schnorr_statement(fields):
    return fields.x_only_key("public_key"), fields.bytes("message", 32), fields.point("adaptor_point")


def schnorr_verify(fields):
    public_key, message, lock_point = _schnorr_statement(fields)
    presignature = fields.bytes("presignature", 65)
    valid = schnorr_adaptor.verify(public_key, message, lock_point, presignature)
    parts = schnorr_adaptor.nonce_of(public_key, message, presignature)
    steps = parts and {"challenge": bytes32(parts[2]), "nonce_point": compressed_or_zero(parts[0])}
    return verdict_of(valid), {"valid": valid}, steps


def schnorr_verify_batch(fields):
    verdicts = [schnorr_verify(Fields(item))[0] for item in fields.inputs["items"]]
    wrong = [index for index, verdict in enumerate(verdicts) if verdict == "invalid"]
    return verdict_of(not wrong), {"valid": not wrong, "invalid": wrong}, None


def schnorr_batch_coefficients(fields):
    items = []
    for item in map(Fields, fields.inputs["items"]):
        locked = "presignature" in item.inputs
        if locked:
            signed = item.bytes("presignature", 65) + compressed(item.point("adaptor_point"))
        else:
            signed = item.bytes("signature", 64)
        items.append((locked, signed, item.x_only_key("public_key"), item.bytes("message", 32)))
    seed, coefficients = schnorr_adaptor.batch_coefficients(items)
    return "valid", {"coefficients": coefficients}, {"seed": seed}


def schnorr_adapt(fields, context):
    presignature, secret = fields.bytes("presignature", 65), fields.scalar("adaptor_secret")
    signature = schnorr_adaptor.adapt(presignature, secret)
    valid = bip340.verify(context.x_only_key("public_key"), context.bytes("message", 32), signature)
    return verdict_of(valid), {"signature": signature}, None


def schnorr_extract(fields):
    public_key, message, lock_point = _schnorr_statement(fields)
    presignature, signature = fields.bytes("presignature", 65), fields.bytes("signature", 64)
    secret = schnorr_adaptor.extract(public_key, message, lock_point, presignature, signature)
    return ("invalid", None, None) if secret is None else ("valid", {"adaptor_secret": bytes32(secret)}, None)


def ecdsa_pre_sign(fields):
    secret_key, message = fields.scalar("secret_key"), fields.bytes("message", 32)
    lock_point, aux_rand = fields.point("adaptor_point"), fields.bytes("aux_rand", 32)
    presignature, steps = ecdsa_adaptor.pre_sign(secret_key, message, lock_point, aux_rand)
    return "valid", {"public_key": compressed(secret_key * G), "presignature": presignature}, steps


def ecdsa_verify(fields):
    public_key, message, lock_point = (
        fields.point("public_key"),
        fields.bytes("message", 32),
        fields.point("adaptor_point"),
    )
    valid = ecdsa_adaptor.verify(public_key, message, lock_point, fields.bytes("presignature", 162))
    return verdict_of(valid), {"valid": valid}, None


def ecdsa_adapt(fields, context):
    presignature, secret = fields.bytes("presignature", 162), fields.scalar("adaptor_secret")
    signature = ecdsa_adaptor.adapt(presignature, secret)
    s = ecdsa_adaptor.scalars_of(presignature)[1] * pow(secret, -1, ORDER) % ORDER
    steps = {"scalar_before_low_s": bytes32(s), "negated": s > ORDER // 2}
    valid = ecdsa_adaptor.verify_signature(context.point("public_key"), context.bytes("message", 32), signature)
    return verdict_of(valid), {"signature": signature}, steps


def ecdsa_extract(fields):
    fields.point("public_key")
    fields.bytes("message", 32)
    presignature, signature = fields.bytes("presignature", 162), fields.bytes("signature", 64)
    secret = ecdsa_adaptor.extract(fields.point("adaptor_point"), presignature, signature)
    return ("invalid", None, None) if secret is None else ("valid", {"adaptor_secret": bytes32(secret)}, None)


def _key(fields, public_keys):
    """The tweaked aggregate key, and the values on the way."""
    key = musig2.aggregate_keys(public_keys)
    steps = {
        "key_list_hash": tagged_hash("KeyAgg list", b"".join(public_keys)),
        "key_coefficients": [bytes32(key.coefficients[entry]) for entry in public_keys],
        "untweaked_aggregate_key": compressed(key.point),
        "tweak_steps": [],
    }
    for index, entry in enumerate(fields.inputs.get("tweaks", [])):
        tweak = fields.sized("tweaks", entry["tweak"], 32, index)
        try:
            key = musig2.tweak_key(key, tweak, entry["xonly"])
        except Malformed as error:
            raise Malformed(error.field, index) from None
        steps["tweak_steps"].append(
            {"aggregate_key": compressed(key.point), "gacc": bytes32(key.gacc), "tacc": bytes32(key.tacc)}
        )
    return key, steps | {"gacc": bytes32(key.gacc), "tacc": bytes32(key.tacc)}


def musig2_key_agg(fields):
    key, steps = _key(fields, [bytes.fromhex(text) for _, text in fields.entries("public_keys")])
    return "valid", {"aggregate_key": x_bytes(key.point)}, steps


def musig2_nonce_agg(fields):
    nonces = fields.byte_strings("public_nonces", 66)
    return "valid", {"aggregate_nonce": musig2.aggregate_nonces(nonces)}, None


def _lock_point(fields):
    return fields.point("adaptor_point") if "adaptor_point" in fields.inputs else None


def _session(fields, key, public_nonces):
    """A session; without a field adaptor_point it is a plain one."""
    aggregate = musig2.aggregate_nonces(public_nonces)
    session = musig2.Session(key, aggregate, fields.bytes("message", 32), _lock_point(fields))
    steps = {
        "locked_first_nonce": compressed_or_zero(session.locked_first),
        "nonce_coefficient": bytes32(session.b),
        "final_nonce": compressed(session.final_nonce),
        "challenge": bytes32(session.e),
    }
    return session, aggregate, steps


def _public_session(fields):
    """A session as an observer has it: public keys and public nonces from the row."""
    public_keys = [bytes.fromhex(text) for _, text in fields.entries("public_keys")]
    key, key_steps = _key(fields, public_keys)
    public_nonces = fields.byte_strings("public_nonces", 66)
    if len(public_nonces) != len(public_keys):
        raise Malformed("public_nonces")
    session, aggregate, steps = _session(fields, key, public_nonces)
    return session, public_keys, public_nonces, aggregate, key_steps | steps


def musig2_nonce_process(fields):
    session, _, _, aggregate, steps = _public_session(fields)
    names = ("locked_first_nonce", "nonce_coefficient", "final_nonce", "challenge")
    outputs = {"aggregate_key": x_bytes(session.key.point), "aggregate_nonce": aggregate}
    return "valid", outputs | {name: steps[name] for name in names}, None


def musig2_partial_verify(fields):
    session, public_keys, public_nonces, _, steps = _public_session(fields)
    signer = fields.inputs["signer"]
    partial = fields.bytes("partial_signature", 32)
    valid = session.partial_verify(partial, public_nonces[signer], public_keys[signer])
    return verdict_of(valid), {"valid": valid}, steps


def _checked_presignature(session, partials, public_nonces, public_keys):
    if len(partials) != len(public_keys):
        raise Malformed("partial_signatures")
    # The sum is what matters. Only where it is wrong is somebody to blame.
    out_of_range = any(integer(partial) >= ORDER for partial in partials)
    if out_of_range or not session.sum_is_right(partials, public_nonces, public_keys):
        for signer, contribution in enumerate(zip(partials, public_nonces, public_keys)):
            if not session.partial_verify(*contribution):
                raise Malformed("partial_signatures", signer)
    return session.presignature(partials)


def musig2_partial_agg(fields):
    session, public_keys, public_nonces, _, steps = _public_session(fields)
    partials = fields.byte_strings("partial_signatures", 32)
    return "valid", {"presignature": _checked_presignature(session, partials, public_nonces, public_keys)}, steps


def _signing_session(fields):
    """Keys, nonces and partial signatures of all signers: what the session operations have in common."""
    message = fields.bytes("message", 32)
    secret_keys = fields.scalars("secret_keys")
    rands = fields.byte_strings("session_rands", 32)
    if len(rands) != len(secret_keys):
        raise Malformed("session_rands")
    public_keys = [compressed(secret_key * G) for secret_key in secret_keys]
    key, steps = _key(fields, public_keys)
    aggregate_key = x_bytes(key.point)
    made = [
        musig2.generate_nonce(rand, public_key, bytes32(secret_key), aggregate_key, message)
        for rand, public_key, secret_key in zip(rands, public_keys, secret_keys)
    ]
    secret_nonces, public_nonces = zip(*made)
    session, aggregate, session_steps = _session(fields, key, public_nonces)
    partials = [session.partial_sign(nonces, secret) for nonces, secret in zip(secret_nonces, secret_keys)]
    outputs = {
        "public_keys": public_keys,
        "aggregate_key": aggregate_key,
        "public_nonces": public_nonces,
        "aggregate_nonce": aggregate,
        "partial_signatures": partials,
    }
    steps["secret_nonces"] = [[bytes32(k) for k in nonces] for nonces in secret_nonces]
    presignature = _checked_presignature(session, partials, public_nonces, public_keys)
    return message, outputs, presignature, steps | session_steps


def musig2_session(fields):
    lock_point, secret = fields.point("adaptor_point"), fields.scalar("adaptor_secret")
    if secret * G != lock_point:
        raise Malformed("adaptor_secret")
    message, outputs, presignature, steps = _signing_session(fields)
    assert schnorr_adaptor.verify(outputs["aggregate_key"], message, lock_point, presignature)
    signature = schnorr_adaptor.adapt(presignature, secret)
    extracted = schnorr_adaptor.extract(outputs["aggregate_key"], message, lock_point, presignature, signature)
    steps["extracted_secret"] = bytes32(extracted)
    return "valid", outputs | {"presignature": presignature, "signature": signature}, steps


def musig2_plain_session(fields):
    message, outputs, presignature, steps = _signing_session(fields)
    signature = presignature[1:]
    assert bip340.verify(outputs["aggregate_key"], message, signature)
    return "valid", outputs | {"signature": signature}, steps


def _encoded(points):
    return [compressed(point) for point in points]


def _scalars(numbers):
    return [bytes32(number) for number in numbers]


def lock_setup(fields):
    locks, final_blind = lock.setup(fields.point("payment_point"), fields.scalars("blinds"))
    return "valid", {"locks": _encoded(locks), "final_blind": bytes32(final_blind)}, None


def lock_claim(fields):
    return "valid", {"lock_secret": bytes32(lock.claim(fields.scalar("lock_secret"), fields.scalar("blind")))}, None


def _claimed(locks, last_secret, blinds):
    """The claims of one route, each secret checked against its lock."""
    secrets, remainder = lock.claim_route(last_secret, blinds)
    assert _encoded(locks) == _encoded(secret * G for secret in secrets)
    return {"lock_secrets": _scalars(secrets)}, remainder


def lock_route(fields):
    """A route from setup to the sender's z; blinds of the path and of a trampoline's tail where the row has them."""
    secret, tweaks = fields.scalar("payment_secret"), fields.scalars("blinds")
    sums = {"final_blind": lock.total(tweaks, "blinds")}
    if "path_blinds" in fields.inputs:
        path = [
            0 if text is None else fields.scalar_of("path_blinds", text, hop)
            for hop, text in fields.entries("path_blinds")
        ]
        sums["path_blind"] = lock.total(path, "path_blinds")
        tweaks = [(y + b) % ORDER for y, b in zip(tweaks, path, strict=True)]
        if 0 in tweaks:
            raise Malformed("path_blinds", tweaks.index(0))
    if "tail_blinds" in fields.inputs:
        tail = fields.scalars("tail_blinds")
        sums["tail_blind"] = lock.total(tail, "tail_blinds")
        tweaks += tail
    locks, _ = lock.setup(secret * G, tweaks)
    claims, remainder = _claimed(locks, (secret + sum(sums.values())) % ORDER, tweaks)
    assert remainder == secret
    outputs = {"payment_point": compressed(secret * G), "locks": _encoded(locks)}
    outputs |= {name: bytes32(number) for name, number in sums.items()}
    return "valid", outputs | claims, {"tweaks": _scalars(tweaks)}


def lock_parts(fields):
    """One payment in parts: every part is locked to Z + q*G before its own blinds."""
    secret, shares = fields.scalar("payment_secret"), fields.scalars("part_secrets")
    q = lock.total(shares, "part_secrets")
    start = secret * G + q * G
    if start.is_infinity:
        raise Malformed("part_secrets")
    parts = []
    for blinds in fields.inputs["parts"]:
        own = Fields({"blinds": blinds}).scalars("blinds")
        locks, final_blind = lock.setup(start, own)
        claims, remainder = _claimed(locks, (secret + q + final_blind) % ORDER, own)
        assert (remainder - q) % ORDER == secret
        parts.append({"locks": _encoded(locks), "final_blind": bytes32(final_blind)} | claims)
    return "valid", {"payment_point": compressed(secret * G), "part_sum": bytes32(q), "parts": parts}, None


def invoice_point(fields):
    points, payer_key = fields.points("points"), fields.payer_key("payer_key")
    invoice_id, amount = fields.bytes("invoice_id", 32), fields.amount("amount_msat")
    x = ktime.x_of(payer_key, invoice_id, amount, fields.bytes("note_hash", 32))
    return "valid", {"payment_point": compressed(ktime.point_at(points, x))}, {"x": bytes32(x)}


def ktime_payment(fields):
    """One payment, from the payer's key to the receiver's lock secret."""
    coefficients = fields.scalars("coefficients")
    if len(coefficients) < 2:
        raise Malformed("coefficients")
    payer, key = bip340.even_key(fields.scalar("payer_secret_key"))
    invoice_id, amount = fields.bytes("invoice_id", 32), fields.amount("amount_msat")
    note = fields.inputs["note"]
    note_hash = ktime.note_hash(note if note is None else bytes.fromhex(note))
    blind, aux_rand = fields.scalar("final_blind"), fields.bytes("aux_rand", 32)
    x = ktime.x_of(compressed(key), invoice_id, amount, note_hash)
    points = [coefficient * G for coefficient in coefficients]
    payment_point, point_secret = ktime.point_at(points, x), ktime.evaluate(coefficients, x)
    assert point_secret * G == payment_point
    last_lock, lock_secret = payment_point + blind * G, (point_secret + blind) % ORDER
    assert lock_secret * G == last_lock
    message = ktime.payment_message(x, last_lock)
    signature = bip340.sign(payer, message, aux_rand)
    assert bip340.verify(x_bytes(key), message, signature)
    outputs = {
        "points": _encoded(points),
        "payer_key": compressed(key),
        "note_hash": note_hash,
        "payment_point": compressed(payment_point),
        "last_lock": compressed(last_lock),
        "payer_signature": signature,
        "point_secret": bytes32(point_secret),
        "lock_secret": bytes32(lock_secret),
    }
    return "valid", outputs, {"x": bytes32(x), "message": message}


def ktime_verify_payment(fields):
    payer_key, x, last_lock = fields.payer_key("payer_key"), fields.scalar("x"), fields.point("last_lock")
    signature = fields.bytes("signature", 64)
    message = ktime.payment_message(x, last_lock)
    valid = bip340.verify(payer_key[1:], message, signature)
    return verdict_of(valid), {"valid": valid}, {"message": message}


def dleq_prove(fields):
    secret, base, message = fields.scalar("secret"), fields.point("base"), fields.optional_message()
    generator = _generator(fields)
    proof, steps = dleq.prove(secret, base, message, fields.bytes("aux_rand", 32), generator)
    outputs = {"point": compressed(secret * generator), "value": compressed(secret * base), "proof": proof}
    return "valid", outputs, steps


def dleq_verify(fields):
    point, base, value = fields.point("point"), fields.point("base"), fields.point("value")
    statement = point, base, value, fields.optional_message(), fields.bytes("proof", 64), _generator(fields)
    valid = dleq.verify(*statement)
    return verdict_of(valid), {"valid": valid}, dleq.steps_of(*statement)


def _generator(fields):
    return fields.point("generator") if "generator" in fields.inputs else G


def proof_base(fields):
    invoice_id, amount = fields.bytes("invoice_id", 32), fields.amount("amount_msat")
    note_hash, payer_key = fields.bytes("note_hash", 32), fields.payer_key("payer_key")
    verifier, challenge = fields.bytes("verifier", 32), fields.bytes("challenge", 32)
    message = ktime.proof_message(invoice_id, amount, note_hash, payer_key, verifier, challenge)
    base, tried = ktime.proof_base(message)
    return "valid", {"message": message, "base": compressed(base)}, {"tried": tried}


def ktime_prove(fields):
    outputs, steps = prove_showing(fields, (), None)
    return "valid", outputs, steps


def proof_create_under_points(fields):
    shown, note = fields.inputs["included_types"], fields.optional_bytes("proof_note")
    outputs, steps = prove_showing(fields, shown, note)
    return "valid", {"proof": bolt12.to_text("lnp", outputs["stream"])}, steps


def prove_showing(fields, included, note):
    """The proof with its stream, and the values on the way."""
    payer, secret = fields.scalar("payer_secret_key"), fields.scalar("point_secret")
    invoice, amount = bytes.fromhex(fields.inputs["invoice"]), fields.amount("amount_msat")
    note_hash = fields.bytes("note_hash", 32)
    verifier, challenge = fields.bytes("verifier", 32), fields.bytes("challenge", 32)
    aux_rand = fields.bytes("aux_rand", 32)
    invoice_fields = bolt12.read_stream(invoice)
    payer_key = compressed(bip340.even_key(payer)[1])
    invoice_id = bolt12.merkle_root(invoice_fields)
    x = ktime.x_of(payer_key, invoice_id, amount, note_hash)
    payment_point = ktime.point_at(ktime.points_of(invoice_fields), x)
    if secret * G != payment_point:
        raise Malformed("point_secret")
    message = ktime.proof_message(invoice_id, amount, note_hash, payer_key, verifier, challenge)
    proof, made = ktime.prove(payer, secret, message, aux_rand)
    about = {
        "invoice_id": invoice_id,
        "amount_msat": amount,
        "hash_of_note": note_hash,
        "payer_key": payer_key,
        "verifier": verifier,
        "challenge": challenge,
    }
    # A signs by the key that has the even y.
    signer = bip340.even_key(payer)[0]
    written, shown = ktime.proof_stream(invoice, signer, about, proof, aux_rand, included, note)
    stream, made = bolt12.stream(written), made | shown
    steps = {"invoice_id": invoice_id, "x": bytes32(x), "payment_point": compressed(payment_point)}
    steps |= {"payer_key": payer_key, "message": message}
    return {"proof": proof, "stream": stream}, steps | made


def proof_create(fields):
    invoice = bolt12.read_stream(bytes.fromhex(fields.inputs["invoice"]))
    payer, preimage = fields.scalar("payer_secret_key"), fields.bytes("preimage", 32)
    aux_rand, included = fields.bytes("aux_rand", 32), fields.inputs.get("included_types") or ()
    if invoice is None:
        raise Malformed("invoice")
    if 0 not in invoice:
        raise Malformed("invreq_metadata")
    if compressed(payer * G) != invoice.get(payer_proof.INVREQ_PAYER_ID):
        raise Malformed("payer_secret_key")
    note, empty = fields.optional_bytes("note"), bool(fields.inputs.get("writes_empty_omitted"))
    text, steps = payer_proof.create(invoice, payer, preimage, included, aux_rand, note, empty)
    # What is made has to be readable: the invoice signed, the preimage its own.
    payer_proof.read_with_preimage(bolt12.from_text("lnp", text))
    return "valid", {"proof": text}, steps


def proof_verify(fields):
    issuer, note = fields.point("issuer"), fields.optional_bytes("note")
    read, root = payer_proof.read_with_preimage(bolt12.from_text("lnp", fields.inputs["proof"]), ktime.FIELDS)
    is_issuer = read[bolt12.INVOICE_NODE_ID] == compressed(issuer)
    valid = is_issuer and (note is None or read.get(payer_proof.NOTE) == note)
    return verdict_of(valid), {"valid": valid}, {"invoice_merkle_root": root}


def ktime_verify_proof(fields):
    issuer, verifier, challenge = fields.point("issuer"), fields.bytes("verifier", 32), fields.bytes("challenge", 32)
    valid, steps = ktime.verify_proof(bytes.fromhex(fields.inputs["stream"]), issuer, verifier, challenge)
    return verdict_of(valid), {"valid": valid}, steps


def ktime_receiver_seed(fields):
    seed, era = fields.bytes("seed", 32), fields.bytes("era", 16)
    index, path, k = fields.amount("index"), fields.amount("path"), fields.amount("k")
    if path >= 2**32:
        raise Malformed("path")
    if not 1 <= k <= 1024:
        raise Malformed("k")
    return "valid", receiver_seed.derived(seed, era, index, k, path), None


def failure_make(fields):
    secrets = fields.byte_strings("shared_secrets", 32)
    message, times = bytes.fromhex(fields.inputs["message"]), fields.inputs["hold_times"]
    if len(times) != len(secrets):
        raise Malformed("hold_times")
    if len(message) < 2:
        raise Malformed("message")
    packet, attribution, returned = onion.bare_failure(secrets[-1], message), None, []
    for secret, time in zip(reversed(secrets), reversed(times)):
        packet, attribution = onion.pass_on(secret, packet, attribution, time)
        returned.append({"packet": packet, "attribution_data": attribution})
    return "valid", returned[-1], {"returned": returned}


def failure_read(fields):
    secrets, packet = fields.byte_strings("shared_secrets", 32), bytes.fromhex(fields.inputs["packet"])
    attribution = fields.optional_bytes("attribution_data")
    if attribution is not None and len(attribution) != 920:
        raise Malformed("attribution_data")
    hop, message, times, broken = onion.read_failure(secrets, packet, attribution)
    told = {"code": None, "data": None}
    if message is not None:
        told = {"code": integer(message[:2]), "data": message[2:]}
    return "valid", {"hop": hop, **told, "hold_times": times, "broken_at": broken}, None


OPERATIONS = {
    "failure.make": failure_make,
    "failure.read": failure_read,
    "schnorr.pre_sign": schnorr_pre_sign,
    "schnorr.verify": schnorr_verify,
    "schnorr.verify_batch": schnorr_verify_batch,
    "schnorr.batch_coefficients": schnorr_batch_coefficients,
    "schnorr.adapt": schnorr_adapt,
    "schnorr.extract": schnorr_extract,
    "ecdsa.pre_sign": ecdsa_pre_sign,
    "ecdsa.verify": ecdsa_verify,
    "ecdsa.adapt": ecdsa_adapt,
    "ecdsa.extract": ecdsa_extract,
    "musig2.session": musig2_session,
    "musig2.tweaked_session": musig2_session,
    "musig2.plain_session": musig2_plain_session,
    "musig2.key_agg": musig2_key_agg,
    "musig2.nonce_agg": musig2_nonce_agg,
    "musig2.nonce_process": musig2_nonce_process,
    "musig2.partial_verify": musig2_partial_verify,
    "musig2.partial_agg": musig2_partial_agg,
    "lock.setup": lock_setup,
    "lock.claim": lock_claim,
    "lock.route": lock_route,
    "lock.parts": lock_parts,
    "dleq.prove": dleq_prove,
    "dleq.verify": dleq_verify,
    "dleq.prove_with_generator": dleq_prove,
    "dleq.verify_with_generator": dleq_verify,
    "invoice.point": invoice_point,
    "proof.base": proof_base,
    "ktime.payment": ktime_payment,
    "ktime.verify_payment": ktime_verify_payment,
    "ktime.prove": ktime_prove,
    "ktime.verify_proof": ktime_verify_proof,
    "proof.create": proof_create,
    "proof.verify": proof_verify,
    "proof.create_under_points": proof_create_under_points,
    "ktime.receiver_seed": ktime_receiver_seed,
    **replay_wire.OPERATIONS,
    **replay_channel.OPERATIONS,
}
