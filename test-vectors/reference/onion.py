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


# Failures on their way back, and what makes them attributable.

PADDED = 256
HOPS = 20
TIMES = 4 * HOPS


def bare_failure(secret, message):
    """The packet of the hop that fails, without its layer."""
    padding = max(0, PADDED - len(message))
    rest = len(message).to_bytes(2, "big") + message + padding.to_bytes(2, "big") + bytes(padding)
    return hmac.digest(derive_key("um", secret), rest, "sha256") + rest


def layered(kind, secret, data):
    return xor(data, chacha.keystream(derive_key(kind, secret), len(data)))


class Attribution:
    """Hold times of 20 hops, and for the hop x that has it at y hops from the end hmacs[x, y]: 4 bytes, x + y < 20."""

    def __init__(self, times=None, hmacs=None):
        self.times = times or [0] * HOPS
        self.hmacs = hmacs or {place: bytes(4) for place in self.places()}

    @staticmethod
    def places():
        """As they stand on the wire: hop by hop, the furthest end first."""
        return [(x, y) for x in range(HOPS) for y in reversed(range(HOPS - x))]

    def to_bytes(self):
        times = b"".join(time.to_bytes(4, "big") for time in self.times)
        return times + b"".join(self.hmacs[place] for place in self.places())

    @classmethod
    def from_bytes(cls, data):
        times = [int.from_bytes(data[at : at + 4], "big") for at in range(0, TIMES, 4)]
        hmacs = {place: data[TIMES + 4 * at : TIMES + 4 * at + 4] for at, place in enumerate(cls.places())}
        return cls(times, hmacs)

    def hmac(self, secret, covered, y):
        times = b"".join(time.to_bytes(4, "big") for time in self.times[: y + 1])
        behind = b"".join(self.hmacs[x, y - x] for x in range(1, y + 1))
        return hmac.digest(derive_key("um", secret), covered + times + behind, "sha256")[:4]

    def pushed(self):
        """Every hop is one further behind."""
        hmacs = {(x, y): self.hmacs[x - 1, y] if x else bytes(4) for x, y in self.places()}
        return Attribution([0, *self.times[:-1]], hmacs)

    def pulled(self):
        """The reverse; what was lost is zero."""
        hmacs = {(x, y): self.hmacs.get((x + 1, y), bytes(4)) for x, y in self.places()}
        return Attribution([*self.times[1:], 0], hmacs)


def attribute(received, secret, covered, time):
    """What a hop gives on, 920 bytes; `received` is None at the hop where it begins, or from one that sent none."""
    own = Attribution() if received is None else Attribution.from_bytes(received).pushed()
    own.times[0] = time
    for y in range(HOPS):
        own.hmacs[0, y] = own.hmac(secret, covered, y)
    return layered("ammagext", secret, own.to_bytes())


def pass_on(secret, packet, attribution, time):
    """(the packet, the attribution data) of a hop that was given these."""
    return layered("ammag", secret, packet), attribute(attribution, secret, packet, time)


def read_failure(secrets, packet, attribution):
    """(the hop that failed or None, its message or None, hold times, the first hop whose HMAC is wrong or None); the last two None
    without attribution data."""
    failed, message, times, broken = None, None, [], None
    reach = min(len(secrets), HOPS)
    for hop, secret in enumerate(secrets):
        packet = layered("ammag", secret, packet)
        if attribution is not None and hop < reach:
            own = Attribution.from_bytes(layered("ammagext", secret, attribution))
            y = reach - 1 - hop
            if broken is None and own.hmac(secret, packet, y) == own.hmacs[0, y]:
                times.append(own.times[0])
            elif broken is None:
                broken = hop
            attribution = own.pulled().to_bytes()
        if hmac.digest(derive_key("um", secret), packet[32:], "sha256") == packet[:32]:
            length, rest = int.from_bytes(packet[32:34], "big"), packet[34:]
            failed, message = hop, rest[:length] if 2 <= length <= len(rest) else None
            break
    return failed, message, *((None, None) if attribution is None else (times, broken))
