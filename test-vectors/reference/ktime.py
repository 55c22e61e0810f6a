"""k-time payment points and proofs of payment.

    z(X) = z_0 + z_1*X + ... + z_k*X^k,   Z_j = z_j*G
    x    = H_pointlock/payer(33(A) || invoice id || amount || note hash) mod n, the amount as 8 bytes
    Z(x) = sum of x^j*Z_j = z(x)*G
    the payer signs   H_pointlock/payment(x || 33(L_n)) under A

A proof of payment, for a verifier with a name of 32 bytes that gave a challenge of 32 bytes:

    m    = H_pointlock/proof(invoice id || amount || note hash || 33(A) || verifier || challenge)
    H    = the point of even y whose x is the first valid one of H_pointlock/proof_base(m || i), i = 0, 1, ... in 4 bytes
    V    = z(x)*H
    proof  33(V) || a BIP-374 proof over m that log_G Z(x) = log_H V || A's BIP-340 signature over m

A has an even y; x, z(x) are not zero. As a TLV stream a proof is a payer proof of BOLT 12 (payer_proof.py): the invoice's points, key and
signature, what is shown of it besides, and eight records in the place of the preimage, with A in that of invreq_payer_id.
"""

import hashlib

import bip340
import bolt12
import dleq
import payer_proof
from secp256k1 import INFINITY, ORDER, Malformed, bytes32, compressed, decompress, integer, lift_x, tagged_hash

PAYER_KEY, AMOUNT, NOTE_HASH, VERIFIER, CHALLENGE, VALUE, DLEQ, PAYER_SIGNATURE = range(65601, 65617, 2)
FIELDS = {
    PAYER_KEY: "proof_payer_key",
    AMOUNT: "proof_amount",
    NOTE_HASH: "proof_note_hash",
    VERIFIER: "proof_verifier",
    CHALLENGE: "proof_challenge",
    VALUE: "proof_value",
    DLEQ: "proof_dleq",
    PAYER_SIGNATURE: "proof_payer_signature",
}
LENGTHS = {PAYER_KEY: 33, NOTE_HASH: 32, VERIFIER: 32, CHALLENGE: 32, VALUE: 33, DLEQ: 64, PAYER_SIGNATURE: 64}
SHOWN = (bolt12.INVOICE_NODE_ID, bolt12.PAYMENT_POINTS)


def note_hash(note):
    """`note` is None where there is none; the empty one is a note."""
    return bytes(32) if note is None else hashlib.sha256(note).digest()


def x_of(payer_key, invoice_id, amount_msat, hash_of_note):
    """`payer_key` is A, 33 bytes."""
    data = payer_key + invoice_id + amount_msat.to_bytes(8, "big") + hash_of_note
    return integer(tagged_hash("pointlock/payer", data)) % ORDER


def point_at(points, x):
    """Z(x), by Horner's rule."""
    total = INFINITY
    for point in reversed(points):
        total = x * total + point
    if total.is_infinity:
        raise Malformed("payment_point")
    return total


def evaluate(coefficients, x):
    """z(x), as a sum of powers."""
    value = sum(coefficient * pow(x, power, ORDER) for power, coefficient in enumerate(coefficients)) % ORDER
    if value == 0:
        raise Malformed("payment_point")
    return value


def payment_message(x, last_lock):
    return tagged_hash("pointlock/payment", bytes32(x) + compressed(last_lock))


def proof_message(invoice_id, amount_msat, hash_of_note, payer_key, verifier, challenge):
    data = invoice_id + amount_msat.to_bytes(8, "big") + hash_of_note + payer_key + verifier + challenge
    return tagged_hash("pointlock/proof", data)


def proof_base(message):
    """(H, the x coordinates that were tried)"""
    tried = []
    while True:
        tried.append(tagged_hash("pointlock/proof_base", message + len(tried).to_bytes(4, "big")))
        base = lift_x(integer(tried[-1]))
        if base is not None:
            return base, tried


def prove(payer_secret, point_secret, message, aux_rand):
    """(proof of 161 bytes, the values on the way)"""
    base, tried = proof_base(message)
    value = point_secret * base
    equality, steps = dleq.prove(point_secret, base, message, aux_rand)
    proof = compressed(value) + equality + bip340.sign(payer_secret, message, aux_rand)
    return proof, {"tried": tried, "base": compressed(base), "value": compressed(value)} | steps


def proof_stream(invoice, payer_secret, about, proof, aux_rand, included=(), note=None):
    """(the fields of the stream, values on the way); `about` is what `proof_message` takes."""
    own = {
        PAYER_KEY: about["payer_key"],
        AMOUNT: bolt12.truncated(about["amount_msat"]),
        NOTE_HASH: about["hash_of_note"],
        VERIFIER: about["verifier"],
        CHALLENGE: about["challenge"],
        VALUE: proof[:33],
        DLEQ: proof[33:97],
        PAYER_SIGNATURE: proof[97:],
    }
    invoice = bolt12.read_stream(invoice)
    shown = {*included, *SHOWN}
    return payer_proof.write(invoice, shown, own, payer_secret, aux_rand, note)


def points_of(invoice_fields):
    encodings = invoice_fields[bolt12.PAYMENT_POINTS]
    return [decompress(encodings[start : start + 33]) for start in range(0, len(encodings), 33)]


def read_proof(stream):
    """(all fields, the root of the invoice); Malformed when the stream is no proof at all."""
    try:
        fields, root = payer_proof.read(stream, b"static_invoice", SHOWN, FIELDS, (payer_proof.PREIMAGE,))
    except Malformed:
        raise Malformed("stream") from None
    if any(len(fields[field]) != length for field, length in LENGTHS.items()):
        raise Malformed("stream")
    payer, amount = decompress(fields[PAYER_KEY]), fields[AMOUNT]
    if payer is None or not payer.is_even or len(amount) > 8 or amount.startswith(b"\0"):
        raise Malformed("stream")
    if decompress(fields[VALUE]) is None or integer(fields[DLEQ][32:]) >= ORDER:
        raise Malformed("stream")
    try:
        payer_proof.check_payer(fields, fields[PAYER_KEY])
    except Malformed:
        raise Malformed("stream") from None
    return fields, root


def verify_proof(stream, issuer, verifier, challenge):
    """(whether it proves a payment to `issuer`, to the verifier who gave the challenge; the values on the way)"""
    own, invoice_id = read_proof(stream)
    points = points_of(own)
    if len(points) < 2 or own[bolt12.INVOICE_NODE_ID] != compressed(issuer):
        return False, None
    if (own[VERIFIER], own[CHALLENGE]) != (verifier, challenge):
        return False, None
    payer_key, amount_msat = own[PAYER_KEY], integer(own[AMOUNT])
    x = x_of(payer_key, invoice_id, amount_msat, own[NOTE_HASH])
    payment_point = point_at(points, x)
    message = proof_message(invoice_id, amount_msat, own[NOTE_HASH], payer_key, verifier, challenge)
    base, _ = proof_base(message)
    steps = {
        "invoice_id": invoice_id,
        "x": bytes32(x),
        "payment_point": compressed(payment_point),
        "message": message,
        "base": compressed(base),
    }
    shown = dleq.verify(payment_point, base, decompress(own[VALUE]), message, own[DLEQ])
    return shown and bip340.verify(payer_key[1:], message, own[PAYER_SIGNATURE]), steps
