"""Schnorr adaptor signatures: 65 bytes, 33(R') || s', for a lock point T = t*G.

    pre_sign  d = +-secret key so that P = d*G is even; mask = d xor H_SchnorrAdaptor/aux(aux)
              k = H_SchnorrAdaptor/nonce(mask || 33(T) || x(P) || m); R' = k*G + T; k = -k when R' is odd
              s' = k + e*d,  e = H_BIP0340/challenge(x(R') || x(P) || m)
    verify    R = s'*G - e*P, negated when R' is odd; refuse R at infinity; accept when R + T = R'
    adapt     s = s' + t, or s' - t when R' is odd; the signature is x(R') || s
    extract   t = s - s', or s' - s when R' is odd; only from a valid signature with the same x(R'),
              only when t*G = T
    batch     seed = H_pointlock/batch(item_0 || item_1 || ...), an item being
                  01 || presignature || 33(T) || x(P) || m, or for a BIP-340 signature 00 || signature || x(P) || m
              a_2j || a_2j+1 = H_pointlock/batch/coefficients(seed || j), 16 bytes each, j in 8 bytes; then a_0 = 1

References: Zhe Pang's specification and libsecp256k1-zkp's proposed schnorr_adaptor module, with
which the bytes agree.
"""

import bip340
from secp256k1 import ORDER, G, Malformed, bytes32, compressed, decompress, integer, lift_x, tagged_hash, x_bytes, xor


def pre_sign(secret_key, message, lock_point, aux_rand):
    """The pre-signature and every value on the way to it."""
    d, public_key = bip340.even_key(secret_key)
    aux_hash = tagged_hash("SchnorrAdaptor/aux", aux_rand)
    mask = xor(bytes32(d), aux_hash)
    nonce_hash = tagged_hash("SchnorrAdaptor/nonce", mask + compressed(lock_point) + x_bytes(public_key) + message)
    k = integer(nonce_hash) % ORDER
    locked_nonce = k * G + lock_point
    assert k != 0 and not locked_nonce.is_infinity, "T is hashed into k: negligible probability"
    signing_nonce = k if locked_nonce.is_even else ORDER - k
    e = bip340.challenge(x_bytes(locked_nonce), x_bytes(public_key), message)
    s = (signing_nonce + e * d) % ORDER
    steps = {
        "even_secret_key": bytes32(d),
        "aux_hash": aux_hash,
        "mask": mask,
        "nonce_hash": nonce_hash,
        "nonce": bytes32(k),
        "nonce_point": compressed(k * G),
        "locked_nonce": compressed(locked_nonce),
        "locked_nonce_parity": int(not locked_nonce.is_even),
        "signing_nonce": bytes32(signing_nonce),
        "challenge": bytes32(e),
        "presignature_scalar": bytes32(s),
    }
    return compressed(locked_nonce) + bytes32(s), steps


def nonce_of(public_key, message, presignature):
    """R, R' and e from a pre-signature; None when R' is no point or s' is out of range."""
    locked_nonce = decompress(presignature[:33])
    s = integer(presignature[33:])
    if locked_nonce is None or s >= ORDER:
        return None
    e = bip340.challenge(presignature[1:33], public_key, message)
    nonce = s * G - e * lift_x(integer(public_key))
    return (nonce if locked_nonce.is_even else -nonce), locked_nonce, e


def verify(public_key, message, lock_point, presignature):
    parts = nonce_of(public_key, message, presignature)
    if parts is None:
        return False
    nonce, locked_nonce, _ = parts
    return not nonce.is_infinity and nonce + lock_point == locked_nonce


def adapt(presignature, secret):
    s = integer(presignature[33:])
    if presignature[0] not in (2, 3) or s >= ORDER:
        raise Malformed("presignature")
    s = s + secret if presignature[0] == 2 else s - secret
    return presignature[1:33] + bytes32(s % ORDER)


def difference(presignature, signature):
    """+-(s - s'), which is t if the signature was adapted from this pre-signature; nothing is checked."""
    delta = integer(signature[32:]) - integer(presignature[33:])
    return (delta if presignature[0] == 2 else -delta) % ORDER


def extract(public_key, message, lock_point, presignature, signature):
    """The lock's secret, or None."""
    if nonce_of(public_key, message, presignature) is None:
        return None
    if not bip340.verify(public_key, message, signature) or presignature[1:33] != signature[:32]:
        return None
    secret = difference(presignature, signature)
    return secret if secret * G == lock_point else None


def batch_coefficients(items):
    """The seed and one coefficient for each item: (True, presignature || 33(T), x(P), m) or (False, signature, x(P), m)."""
    parts = [bytes([locked]) + signed + public_key + message for locked, signed, public_key, message in items]
    seed = tagged_hash("pointlock/batch", b"".join(parts))
    drawn = []
    while len(drawn) < len(items):
        pair = tagged_hash("pointlock/batch/coefficients", seed + (len(drawn) // 2).to_bytes(8, "big"))
        drawn += [pair[:16], pair[16:]]
    one = bytes(15) + b"\x01"
    return seed, [one, *drawn[1 : len(items)]]
