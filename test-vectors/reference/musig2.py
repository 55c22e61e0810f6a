"""MuSig2 (BIP-327), and sessions under a lock point.

    key coefficient  a_i = 1 for the second distinct key of the list, else H_KeyAgg coefficient(L || 33(P_i)),
                     L = H_KeyAgg list(33(P_1) || 33(P_2) || ...); Q = sum of a_i*P_i, in the order given
    tweak t          Q' = g*Q + t*G, gacc' = g*gacc, tacc' = t + g*tacc; g = -1 for an x-only tweak of an odd Q, else 1
    nonces           k_j = H_MuSig/nonce((sk xor H_MuSig/aux(rand)) || ... || j - 1), R_j = sum of the signers' k_j*G
    coefficient      b = H_MuSig/noncecoef(33(R1 + T) || 33(R2) || x(Q) || m), infinity as 33 zero bytes
    final nonce      R' = R1 + T + b*R2; with T, infinity is an error, and so is R' = T; without, G replaces infinity
    partial          s_i = +-(k_1 + b*k_2) + e*a_i*g*gacc*d_i, minus when R' is odd; g = -1 when Q is odd, else 1
    pre-signature    33(R') || s', s' = sum of s_i + e*g*tacc;  without T the signature is x(R') || s'

A plain session is one with no T. T stands inside b: left out, whoever picks T after seeing the nonces can run the ROS
attack over concurrent sessions. R' = T means that R1 + b*R2 is infinity: the nonces cancel, and s' = e*d
with d the secret key of Q (of -Q, where Q is odd): whoever sees the pre-signature has it.

References: https://github.com/bitcoin/bips/blob/master/bip-0327.mediawiki; libsecp256k1-zkp's musig module for T.
"""

from dataclasses import dataclass

import bip340
from secp256k1 import (
    INFINITY,
    ORDER,
    G,
    Malformed,
    Point,
    bytes32,
    compressed,
    compressed_or_zero,
    decompress,
    decompress_or_zero,
    integer,
    tagged_hash,
    x_bytes,
    xor,
)


@dataclass(frozen=True)
class AggregateKey:
    """BIP-327's KeyAgg context, with the coefficient of every key."""

    point: Point
    gacc: int
    tacc: int
    coefficients: dict

    @property
    def sign(self):
        """g: -1 when Q is odd."""
        return 1 if self.point.is_even else -1


def aggregate_keys(public_keys):
    points = []
    for signer, key in enumerate(public_keys):
        points.append(decompress(key))
        if points[-1] is None:
            raise Malformed("public_keys", signer)
    second = next((key for key in public_keys if key != public_keys[0]), None)
    list_hash = tagged_hash("KeyAgg list", b"".join(public_keys))
    coefficients = {
        key: 1 if key == second else integer(tagged_hash("KeyAgg coefficient", list_hash + key)) % ORDER
        for key in public_keys
    }
    total = sum((coefficients[key] * point for key, point in zip(public_keys, points)), INFINITY)
    if total.is_infinity:
        raise Malformed("public_keys")
    return AggregateKey(total, 1, 0, coefficients)


def tweak_key(key, tweak, xonly):
    t = integer(tweak)
    if t >= ORDER:
        raise Malformed("tweaks")
    g = -1 if xonly and not key.point.is_even else 1
    point = (key.point if g == 1 else -key.point) + t * G
    if point.is_infinity:
        raise Malformed("tweaks")
    return AggregateKey(point, g * key.gacc % ORDER, (t + g * key.tacc) % ORDER, key.coefficients)


def generate_nonce(session_rand, public_key, secret_key=None, aggregate_key=None, message=None, extra=b""):
    """((k_1, k_2), public nonce)."""
    rand = session_rand if secret_key is None else xor(secret_key, tagged_hash("MuSig/aux", session_rand))
    key_part = bytes([len(public_key)]) + public_key
    aggregate_part = bytes([len(aggregate_key or b"")]) + (aggregate_key or b"")
    message_part = b"\x00" if message is None else b"\x01" + len(message).to_bytes(8, "big") + message
    prefix = rand + key_part + aggregate_part + message_part + len(extra).to_bytes(4, "big") + extra
    nonces = tuple(integer(tagged_hash("MuSig/nonce", prefix + bytes([j]))) % ORDER for j in (0, 1))
    assert 0 not in nonces, "hashes: negligible probability"
    return nonces, public_nonce(nonces)


def public_nonce(nonces):
    return compressed(nonces[0] * G) + compressed(nonces[1] * G)


def aggregate_nonces(public_nonces):
    sums = [INFINITY, INFINITY]
    for signer, nonce in enumerate(public_nonces):
        for j in (0, 1):
            point = decompress(nonce[33 * j : 33 * j + 33])
            if len(nonce) != 66 or point is None:
                raise Malformed("public_nonces", signer)
            sums[j] += point
    return compressed_or_zero(sums[0]) + compressed_or_zero(sums[1])


class Session:
    """What all signers of one message agree on before the first partial signature; no `lock_point` in a plain one.

    With `careless`, nonces that cancel are not refused: for the rows that show what an implementation then signs.
    """

    def __init__(self, key, aggregate_nonce, message, lock_point=None, careless=False):
        first, second = (decompress_or_zero(aggregate_nonce[i : i + 33]) for i in (0, 33))
        if len(aggregate_nonce) != 66 or first is None or second is None:
            raise Malformed("aggregate_nonce")
        self.key = key
        self.locked_first = first if lock_point is None else first + lock_point
        encoded = compressed_or_zero(self.locked_first) + compressed_or_zero(second)
        self.b = integer(tagged_hash("MuSig/noncecoef", encoded + x_bytes(key.point) + message)) % ORDER
        self.final_nonce = self.locked_first + self.b * second
        if self.final_nonce.is_infinity:
            if lock_point is not None:
                raise Malformed("final_nonce")
            self.final_nonce = G
        if lock_point is not None and self.final_nonce == lock_point and not careless:
            raise Malformed("final_nonce")
        self.e = bip340.challenge(x_bytes(self.final_nonce), x_bytes(key.point), message)

    def coefficient(self, public_key):
        if public_key not in self.key.coefficients:
            raise Malformed("secret_key")
        return self.key.coefficients[public_key]

    def partial_sign(self, nonces, secret_key):
        if any(not 0 < k < ORDER for k in nonces):
            raise Malformed("secret_nonce")
        k1, k2 = nonces if self.final_nonce.is_even else [-k for k in nonces]
        d = self.key.sign * self.key.gacc * secret_key
        return bytes32((k1 + self.b * k2 + self.e * self.coefficient(compressed(secret_key * G)) * d) % ORDER)

    def partial_verify(self, partial_signature, public_nonce_, public_key):
        s = integer(partial_signature)
        return s < ORDER and s * G == self._partial_point(public_nonce_, public_key)

    def sum_is_right(self, partial_signatures, public_nonces, public_keys):
        """Whether the partial signatures add up to what valid ones add up to; errors may cancel."""
        first, *others = (self._partial_point(*of) for of in zip(public_nonces, public_keys))
        return sum(map(integer, partial_signatures)) % ORDER * G == sum(others, first)

    def _partial_point(self, public_nonce_, public_key):
        """s_i*G of a valid partial signature."""
        first, second = (decompress(public_nonce_[i : i + 33]) for i in (0, 33))
        nonce = first + self.b * second
        factor = self.e * self.coefficient(public_key) * self.key.sign * self.key.gacc
        return (nonce if self.final_nonce.is_even else -nonce) + factor * decompress(public_key)

    def presignature(self, partial_signatures):
        """33(R') || s'; without its first byte, the signature of a plain session."""
        total = self.e * self.key.sign * self.key.tacc
        for signer, partial in enumerate(partial_signatures):
            if integer(partial) >= ORDER:
                raise Malformed("partial_signatures", signer)
            total += integer(partial)
        return compressed(self.final_nonce) + bytes32(total % ORDER)
