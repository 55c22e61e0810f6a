"""ECDSA adaptor signatures: 162 bytes, 33(R) || 33(R_a) || s_a || e || s, for a lock point T = t*G.

    pre_sign  k = H_ECDSAadaptor/non((d xor H_ECDSAadaptor/aux(aux)) || 33(T) || m)
              R_a = k*G, R = k*T, r = x(R) mod n, s_a = k^-1 * (m + r*d)
    proof     that R_a to the base G and R to the base T have the same logarithm k:
              a = H_DLEQ((k xor H_ECDSAadaptor/aux(aux)) || 33(T) || SHA256(33(R_a) || 33(R)))
              e = H_DLEQ(33(R_a) || 33(T) || 33(R) || 33(a*G) || 33(a*T)), s = a + e*k
    verify    the proof with a*G = s*G - e*R_a and a*T = s*T - e*R; then R_a = s_a^-1 * (m*G + r*P)
    adapt     s = s_a * t^-1, negated when above n/2; the signature is r || s
    extract   t = s_a * s^-1, then whichever of t and -t has T; only from a signature with the same r

Since R = k*T is published with k*G, a pre-signature publishes d*T.

References: dlcspecs ECDSA-adaptor.md; the nonces are those of libsecp256k1-zkp's ecdsa_adaptor module with its default
nonce function and 32 bytes of auxiliary randomness.
"""

import hashlib

from secp256k1 import (
    ORDER,
    G,
    Malformed,
    bytes32,
    compressed,
    compressed_or_zero,
    decompress,
    integer,
    tagged_hash,
    x_bytes,
    xor,
)


def _nonce_hash(tag, secret, lock_point, message, aux_hash):
    return tagged_hash(tag, xor(bytes32(secret), aux_hash) + compressed(lock_point) + message)


def proof_challenge(nonce, lock_point, locked_nonce, commitment_g, commitment_t):
    points = (nonce, lock_point, locked_nonce, commitment_g, commitment_t)
    return integer(tagged_hash("DLEQ", b"".join(compressed_or_zero(point) for point in points))) % ORDER


def encode(locked_nonce, nonce, s, proof_e, proof_s):
    return compressed(locked_nonce) + compressed(nonce) + bytes32(s) + bytes32(proof_e) + bytes32(proof_s)


def assemble(secret_key, message, lock_point, k, proof_nonce):
    """The pre-signature for given nonces, and what is in it. The caller answers for the nonces."""
    nonce, locked_nonce = k * G, k * lock_point
    e = proof_challenge(nonce, lock_point, locked_nonce, proof_nonce * G, proof_nonce * lock_point)
    proof_s = (proof_nonce + e * k) % ORDER
    r = locked_nonce.x % ORDER
    s = pow(k, -1, ORDER) * (integer(message) + r * secret_key) % ORDER
    assert r != 0 and s != 0, "hashes: negligible probability"
    steps = {
        "nonce_point": compressed(nonce),
        "locked_nonce": compressed(locked_nonce),
        "signature_r": bytes32(r),
        "presignature_scalar": bytes32(s),
        "proof_nonce": bytes32(proof_nonce),
        "proof_commitment_g": compressed(proof_nonce * G),
        "proof_commitment_t": compressed(proof_nonce * lock_point),
        "proof_challenge": bytes32(e),
        "proof_scalar": bytes32(proof_s),
    }
    return encode(locked_nonce, nonce, s, e, proof_s), steps


def pre_sign(secret_key, message, lock_point, aux_rand):
    """The pre-signature and every value on the way to it."""
    aux_hash = tagged_hash("ECDSAadaptor/aux", aux_rand)
    nonce_hash = _nonce_hash("ECDSAadaptor/non", secret_key, lock_point, message, aux_hash)
    k = integer(nonce_hash) % ORDER
    statement_hash = hashlib.sha256(compressed(k * G) + compressed(k * lock_point)).digest()
    proof_nonce_hash = _nonce_hash("DLEQ", k, lock_point, statement_hash, aux_hash)
    proof_nonce = integer(proof_nonce_hash) % ORDER
    assert k != 0 and proof_nonce != 0, "hashes: negligible probability"
    presignature, parts = assemble(secret_key, message, lock_point, k, proof_nonce)
    steps = {
        "aux_hash": aux_hash,
        "mask": xor(bytes32(secret_key), aux_hash),
        "nonce_hash": nonce_hash,
        "nonce": bytes32(k),
        "proof_mask": xor(bytes32(k), aux_hash),
        "proof_statement_hash": statement_hash,
        "proof_nonce_hash": proof_nonce_hash,
    }
    return presignature, steps | parts


def scalars_of(presignature):
    """(r, s_a), all that adapt and extract need; None when either is out of range."""
    r = integer(presignature[1:33]) % ORDER
    s = integer(presignature[66:98])
    return (r, s) if r != 0 and 0 < s < ORDER else None


def decode(presignature):
    """(R, R_a, r, s_a, e, s); None when a point is none or a scalar is out of range."""
    locked_nonce, nonce = decompress(presignature[:33]), decompress(presignature[33:66])
    scalars, proof_s = scalars_of(presignature), integer(presignature[130:])
    if locked_nonce is None or nonce is None or scalars is None or proof_s >= ORDER:
        return None
    return locked_nonce, nonce, *scalars, integer(presignature[98:130]) % ORDER, proof_s


def verify(public_key, message, lock_point, presignature):
    parts = decode(presignature)
    if parts is None:
        return False
    locked_nonce, nonce, r, s, proof_e, proof_s = parts
    commitment_g = proof_s * G - proof_e * nonce
    commitment_t = proof_s * lock_point - proof_e * locked_nonce
    if commitment_g.is_infinity or commitment_t.is_infinity:
        return False
    if proof_challenge(nonce, lock_point, locked_nonce, commitment_g, commitment_t) != proof_e:
        return False
    inverse = pow(s, -1, ORDER)
    return inverse * integer(message) * G + inverse * r * public_key == nonce


def verify_signature(public_key, message, signature):
    """Plain ECDSA; a high s is refused, as Bitcoin's policy and libsecp256k1 do."""
    r, s = integer(signature[:32]), integer(signature[32:])
    if not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        return False
    inverse = pow(s, -1, ORDER)
    point = inverse * integer(message) * G + inverse * r * public_key
    return not point.is_infinity and integer(x_bytes(point)) % ORDER == r


def adapt(presignature, secret):
    scalars = scalars_of(presignature)
    if scalars is None:
        raise Malformed("presignature")
    r, s = scalars
    s = s * pow(secret, -1, ORDER) % ORDER
    return bytes32(r) + bytes32(min(s, ORDER - s))


def extract(lock_point, presignature, signature):
    """The lock's secret, or None. A signature with a high s gives it as well."""
    scalars = scalars_of(presignature)
    r, s = integer(signature[:32]), integer(signature[32:])
    if scalars is None or r != scalars[0] or not 0 < s < ORDER:
        return None
    secret = scalars[1] * pow(s, -1, ORDER) % ORDER
    point = secret * G
    if point == lock_point:
        return secret
    return ORDER - secret if -point == lock_point else None
