"""k-time payment points and proofs of payment.

    z(X) = z_0 + z_1*X + ... + z_k*X^k,   Z_j = z_j*G
    x    = H_pointlock/payer(33(A) || invoice id || amount || note hash) mod n, the amount as 8 bytes
    Z(x) = sum of x^j*Z_j = z(x)*G
    the payer signs   H_pointlock/payment(x || 33(L_n)) under A
    a proof is signed H_pointlock/proof(invoice id || amount || note hash || challenge) under Z(x) and under A

A has an even y; x, z(x) are not zero. A proof is a TLV stream: invoice (0), A (2), amount (4), note hash (6), signature
under Z(x) (240), under A (242); as text with the human-readable part "pointproof".
"""

import hashlib

import bip340
import bolt12
from secp256k1 import INFINITY, ORDER, Malformed, bytes32, compressed, decompress, integer, tagged_hash, x_bytes

INVOICE, PAYER_KEY, AMOUNT, NOTE_HASH, POINT_SIGNATURE, PAYER_SIGNATURE = 0, 2, 4, 6, 240, 242
FIELDS = (INVOICE, PAYER_KEY, AMOUNT, NOTE_HASH, POINT_SIGNATURE, PAYER_SIGNATURE)


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


def proof_message(invoice_id, amount_msat, hash_of_note, challenge):
    return tagged_hash("pointlock/proof", invoice_id + amount_msat.to_bytes(8, "big") + hash_of_note + challenge)


def prove(invoice, payer_secret, point_secret, amount_msat, hash_of_note, challenge, aux_rand):
    """(the proof, the message that is signed)"""
    message = proof_message(bolt12.merkle_root(bolt12.read_stream(invoice)), amount_msat, hash_of_note, challenge)
    fields = {
        INVOICE: invoice,
        PAYER_KEY: compressed(bip340.even_key(payer_secret)[1]),
        AMOUNT: bolt12.truncated(amount_msat),
        NOTE_HASH: hash_of_note,
        POINT_SIGNATURE: bip340.sign(point_secret, message, aux_rand),
        PAYER_SIGNATURE: bip340.sign(payer_secret, message, aux_rand),
    }
    return bolt12.stream(fields), message


def verify_proof(proof, issuer, challenge):
    """Whether it proves a payment to `issuer`; Malformed when it is no proof at all."""
    fields = bolt12.read_stream(proof)
    if fields is None or sorted(fields) != list(FIELDS):
        raise Malformed("proof")
    lengths = {PAYER_KEY: 33, NOTE_HASH: 32, POINT_SIGNATURE: 64, PAYER_SIGNATURE: 64}
    if any(len(fields[field]) != length for field, length in lengths.items()):
        raise Malformed("proof")
    payer = decompress(fields[PAYER_KEY])
    amount, invoice = fields[AMOUNT], bolt12.read_stream(fields[INVOICE])
    if payer is None or not payer.is_even or len(amount) > 8 or amount.startswith(b"\0"):
        raise Malformed("proof")
    if invoice is None or bolt12.PAYMENT_POINTS not in invoice or not bolt12.is_signed(invoice):
        raise Malformed("proof")
    encodings = invoice[bolt12.PAYMENT_POINTS]
    points = [decompress(encodings[start : start + 33]) for start in range(0, len(encodings), 33)]
    if len(points) < 2 or invoice[bolt12.INVOICE_NODE_ID] != compressed(issuer):
        return False
    invoice_id, amount_msat = bolt12.merkle_root(invoice), integer(amount)
    x = x_of(fields[PAYER_KEY], invoice_id, amount_msat, fields[NOTE_HASH])
    message = proof_message(invoice_id, amount_msat, fields[NOTE_HASH], challenge)
    return bip340.verify(x_bytes(point_at(points, x)), message, fields[POINT_SIGNATURE]) and bip340.verify(
        x_bytes(payer), message, fields[PAYER_SIGNATURE]
    )
