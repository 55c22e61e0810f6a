"""Onion packets and blinded paths.

    packet    version 00 || 33(E_1) || payloads || HMAC; the payloads have 1,300 bytes in a payment's, 720 or what they need in a
              packet within, 500 in a recipient's of its own
    secrets   e_1 the session key, E_i = e_i*G, s_i = SHA256(33(e_i*N_i)), e_{i+1} = SHA256(33(E_i) || s_i)*e_i
    keys      HMAC-SHA256(name, s_i), the name being the HMAC's key: rho encrypts, mu authenticates, pad fills
    layer     BigSize(length) || payload || HMAC of the next packet, xor ChaCha20(rho)
    path      ss_i = SHA256(33(e_i*N_i)) with e and E as above; blinded id HMAC("blinded_node_id", ss_i)*N_i;
              data sealed by ChaCha20-Poly1305 under HMAC("rho", ss_i)

Reference: https://github.com/lightning/bolts/blob/master/04-onion-routing.md
"""

import hashlib
import hmac
from dataclasses import dataclass

import bolt12
import chacha
from secp256k1 import ORDER, G, Malformed, Point, compressed, decompress, integer, xor

PAYMENT_SIZE = 1300
INNER_SIZE = 720
RECIPIENT_SIZE = 500
HMAC_LENGTH = 32
LAST = bytes(HMAC_LENGTH)


def shared_secret(secret_key, point):
    return hashlib.sha256(compressed(secret_key * point)).digest()


def derive_key(name, secret):
    return hmac.digest(name.encode(), secret, "sha256")


def blinding_factor(public_key, secret):
    return integer(hashlib.sha256(compressed(public_key) + secret).digest()) % ORDER


def id_factor(path_secret):
    return integer(derive_key("blinded_node_id", path_secret)) % ORDER


@dataclass
class Step:
    """What one node and whoever made the packet or the path share."""

    secret_key: int
    public_key: Point
    secret: bytes


def chain(session_key, node_ids):
    steps, e = [], session_key
    for node_id in node_ids:
        step = Step(e, e * G, shared_secret(e, node_id))
        steps.append(step)
        e = e * blinding_factor(step.public_key, step.secret) % ORDER
    return steps


def _framed(payload):
    return bolt12.bigsize(len(payload)) + payload


def size_of(payloads):
    """What these take in a packet, and no byte more."""
    return sum(len(_framed(payload)) + HMAC_LENGTH for payload in payloads)


def _mac(secret, payloads, associated_data):
    return hmac.digest(derive_key("mu", secret), payloads + associated_data, "sha256")


def _filler(steps, payloads, size):
    """What the hops before the last append to the packet and encrypt over and over."""
    filler = b""
    for step, payload in zip(steps[:-1], payloads):
        used = len(filler)
        filler += bytes(len(_framed(payload)) + HMAC_LENGTH)
        stream = chacha.keystream(derive_key("rho", step.secret), size - used + len(filler))
        filler = xor(filler, stream[size - used :])
    return filler


def build(session_key, keys, payloads, associated_data, size=PAYMENT_SIZE):
    """The packet that the node of keys[0] gets."""
    if size_of(payloads) > size:
        raise Malformed("payloads")
    steps = chain(session_key, keys)
    filler = _filler(steps, payloads, size)
    area = chacha.keystream(derive_key("pad", session_key.to_bytes(32, "big")), size)
    mac = LAST
    for step, payload in reversed([*zip(steps, payloads, strict=True)]):
        area = (_framed(payload) + mac + area)[:size]
        area = xor(area, chacha.keystream(derive_key("rho", step.secret), size))
        if mac == LAST:
            area = area[: size - len(filler)] + filler
        mac = _mac(step.secret, area, associated_data)
    return b"\0" + compressed(steps[0].public_key) + area + mac


@dataclass
class Layer:
    """What a node reads in a packet; `next_packet` is None at the last."""

    ephemeral_key: Point
    secret: bytes
    payload: bytes
    next_packet: bytes | None


def peel(packet, secret_key, associated_data):
    """`secret_key` is the node's, or the blinded one of a hop in a path."""
    ephemeral_key = decompress(packet[1:34])
    area, mac = packet[34:-HMAC_LENGTH], packet[-HMAC_LENGTH:]
    if packet[0] != 0:
        raise Malformed("version")
    if ephemeral_key is None:
        raise Malformed("public_key")
    secret = shared_secret(secret_key, ephemeral_key)
    if _mac(secret, area, associated_data) != mac:
        raise Malformed("hmac")
    plain = xor(area + bytes(len(area)), chacha.keystream(derive_key("rho", secret), 2 * len(area)))
    length, rest = bolt12.read_bigsize(plain) or (0, b"")
    if not 2 <= length <= len(rest) - len(area) - HMAC_LENGTH:
        raise Malformed("payload")
    payload, next_mac, rest = rest[:length], rest[length : length + HMAC_LENGTH], rest[length + HMAC_LENGTH :]
    next_packet = None
    if next_mac != LAST:
        next_key = blinding_factor(ephemeral_key, secret) * ephemeral_key
        next_packet = b"\0" + compressed(next_key) + rest[: len(area)] + next_mac
    return Layer(ephemeral_key, secret, payload, next_packet)


@dataclass
class PathHop:
    path_key: Point
    path_secret: bytes
    blinded_node_id: Point
    encrypted_data: bytes


def blind_path(session_key, node_ids, data):
    hops = []
    for step, node_id, plain in zip(chain(session_key, node_ids), node_ids, data, strict=True):
        sealed = chacha.seal(derive_key("rho", step.secret), plain)
        hops.append(PathHop(step.public_key, step.secret, id_factor(step.secret) * node_id, sealed))
    return hops


def path_bytes(first_node_id, hops):
    """BOLT 4's `blinded_path`."""
    text = first_node_id + compressed(hops[0].path_key) + bytes([len(hops)])
    for hop in hops:
        text += compressed(hop.blinded_node_id) + len(hop.encrypted_data).to_bytes(2, "big") + hop.encrypted_data
    return text


@dataclass
class Unblinded:
    path_secret: bytes
    blinded_secret_key: int
    data: bytes | None
    next_path_key: Point


def unblind(secret_key, path_key, encrypted_data):
    """What a hop of a path learns; `data` is None when it does not decrypt."""
    secret = shared_secret(secret_key, path_key)
    return Unblinded(
        secret,
        id_factor(secret) * secret_key % ORDER,
        chacha.open_sealed(derive_key("rho", secret), encrypted_data),
        blinding_factor(path_key, secret) * path_key,
    )
