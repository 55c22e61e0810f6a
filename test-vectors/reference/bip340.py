"""BIP-340 Schnorr signatures: 64 bytes, x(R) || s, with s*G = R + e*P and R, P of even y.

    e       = H_BIP0340/challenge(x(R) || x(P) || m) mod n
    sign    d = +-secret key so that P is even; k' = H_BIP0340/nonce((d xor H_BIP0340/aux(aux)) || x(P) || m);
            k = +-k' so that R is even; s = k + e*d
    verify  R = s*G - e*P; accept when R is not infinity, R is even and its x is the signature's

Reference: https://github.com/bitcoin/bips/blob/master/bip-0340.mediawiki
"""

from secp256k1 import ORDER, G, bytes32, integer, lift_x, tagged_hash, x_bytes, xor


def challenge(nonce_x, key_x, message):
    return integer(tagged_hash("BIP0340/challenge", nonce_x + key_x + message)) % ORDER


def even_key(secret_key):
    """(d, P) with P = d*G of even y."""
    point = secret_key * G
    return (secret_key, point) if point.is_even else (ORDER - secret_key, -point)


def sign(secret_key, message, aux_rand):
    d, public_key = even_key(secret_key)
    mask = xor(bytes32(d), tagged_hash("BIP0340/aux", aux_rand))
    k = integer(tagged_hash("BIP0340/nonce", mask + x_bytes(public_key) + message)) % ORDER
    assert k != 0, "a hash is zero with negligible probability"
    k, nonce = even_key(k)
    e = challenge(x_bytes(nonce), x_bytes(public_key), message)
    return x_bytes(nonce) + bytes32((k + e * d) % ORDER)


def verify(public_key, message, signature):
    """`public_key` and `signature` are bytes of the right length; anything they may hold is answered."""
    key = lift_x(integer(public_key))
    s = integer(signature[32:])
    if key is None or s >= ORDER:
        return False
    e = challenge(signature[:32], public_key, message)
    nonce = s * G - e * key
    return not nonce.is_infinity and nonce.is_even and x_bytes(nonce) == signature[:32]
