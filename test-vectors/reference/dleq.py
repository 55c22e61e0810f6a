"""Proofs of equal discrete logarithms, BIP-374: 64 bytes, e || s, that log_G A = log_B C.

    e       the hash H_BIP0374/challenge(33(A) || 33(B) || 33(C) || 33(G) || 33(R1) || 33(R2) || m), as it is, not mod n
    prove   t = a xor H_BIP0374/aux(aux); k = H_BIP0374/nonce(t || 33(A) || 33(C) || m) mod n; R1 = k*G, R2 = k*B;
            s = k + e*a mod n
    verify  R1 = s*G - e*A, R2 = s*B - e*C, neither of them infinity; s < n, and e is the hash

m is 32 bytes, or none: no bytes then. G is the generator of the curve where nothing else is said.

Reference: https://github.com/bitcoin/bips/blob/master/bip-0374.mediawiki
"""

from secp256k1 import ORDER, G, bytes32, compressed, compressed_or_zero, integer, tagged_hash, xor


def challenge_hash(point, base, value, generator, nonce_points, message):
    points = (point, base, value, generator, *nonce_points)
    return tagged_hash("BIP0374/challenge", b"".join(map(compressed, points)) + (message or b""))


def prove(secret, base, message, aux_rand, generator=G):
    """(proof, the values on the way)"""
    point, value = secret * generator, secret * base
    mask = xor(bytes32(secret), tagged_hash("BIP0374/aux", aux_rand))
    nonce_hash = tagged_hash("BIP0374/nonce", mask + compressed(point) + compressed(value) + (message or b""))
    nonce = integer(nonce_hash) % ORDER
    assert nonce != 0, "a hash is zero with negligible probability"
    nonce_points = nonce * generator, nonce * base
    e = challenge_hash(point, base, value, generator, nonce_points, message)
    proof = e + bytes32((nonce + integer(e) * secret) % ORDER)
    assert verify(point, base, value, message, proof, generator)
    steps = {
        "mask": mask,
        "nonce_hash": nonce_hash,
        "nonce": bytes32(nonce),
        "generator_nonce_point": compressed(nonce_points[0]),
        "base_nonce_point": compressed(nonce_points[1]),
        "challenge_hash": e,
    }
    return proof, steps


def nonces_of(point, base, value, proof, generator=G):
    """(R1, R2), either of which may be infinity; None when s is out of range."""
    e, s = integer(proof[:32]), integer(proof[32:])
    if s >= ORDER:
        return None
    return s * generator - e * point, s * base - e * value


def verify(point, base, value, message, proof, generator=G):
    """`proof` is 64 bytes; anything they may hold is answered. None of the points is infinity."""
    nonce_points = nonces_of(point, base, value, proof, generator)
    if nonce_points is None or any(nonce.is_infinity for nonce in nonce_points):
        return False
    return proof[:32] == challenge_hash(point, base, value, generator, nonce_points, message)


def steps_of(point, base, value, message, proof, generator=G):
    """The values on the way of a verification, as far as it gets."""
    nonce_points = nonces_of(point, base, value, proof, generator)
    if nonce_points is None:
        return None
    steps = {
        "generator_nonce_point": compressed_or_zero(nonce_points[0]),
        "base_nonce_point": compressed_or_zero(nonce_points[1]),
    }
    if not any(nonce.is_infinity for nonce in nonce_points):
        steps["challenge_hash"] = challenge_hash(point, base, value, generator, nonce_points, message)
    return steps
