"""The rows of wire.json, answered: payloads read and written, packets peeled, whole routes walked as their nodes walk them.

Whoever walks a route has the nodes' secret keys and the packet, and nothing of what its maker knew: what the maker
says (Y, the path's data, the payer's signature) is then compared with what the walk found.
"""

import bip340
import ktime
import onion
import wire
from secp256k1 import ORDER, G, Malformed, bytes32, compressed, decompress, integer


def _optional(fields, name, read):
    return None if fields.inputs[name] is None else read(name)


def _is_hash(fields):
    if fields.inputs["lock"] not in ("point", "hash"):
        raise Malformed("lock")
    return fields.inputs["lock"] == "hash"


def _payload(fields, read):
    """The fields of a payload; beside them its records, and what a writer makes of it where records were passed over."""
    data = bytes.fromhex(fields.inputs["payload"])
    found = wire.records(data, wire.PAYLOAD, "payload")
    output = read(found)
    steps = {"records": _records(found)}
    if any(tlv_type not in wire.PAYLOAD for _, tlv_type, _ in found):
        steps["written"] = wire.write(output)
    else:
        assert wire.write(output) == data, "read and write are inverse"
    return "valid", output, steps


def _records(found):
    return [{"offset": offset, "type": tlv_type, "value": value} for offset, tlv_type, value in found]


def _has_path_key(fields):
    """Whether one came with the packet. The node's secret key is for whoever wants to open the path's data."""
    fields.scalar("node_secret")
    return _optional(fields, "path_key", fields.point) is not None


def wire_forward(fields):
    hash_lock, has_key = _is_hash(fields), _has_path_key(fields)
    return _payload(fields, lambda found: wire.read_forward(found, hash_lock, has_key))


def wire_final(fields):
    hash_lock, has_key = _is_hash(fields), _has_path_key(fields)
    return _payload(fields, lambda found: wire.read_final(found, hash_lock, has_key))


def wire_inner(fields):
    hash_lock = _is_hash(fields)
    return _payload(fields, lambda found: wire.read_inner(found, hash_lock, fields.inputs["in_path"]))


def wire_delegate(fields):
    hash_lock = _is_hash(fields)
    return _payload(fields, lambda found: wire.read_delegate(found, hash_lock))


def wire_delegated(fields):
    hash_lock, has_key = _is_hash(fields), _has_path_key(fields)
    return _payload(fields, lambda found: wire.read_delegated(found, hash_lock, has_key))


def _stream(fields, codecs, required, optional=()):
    data = bytes.fromhex(fields.inputs["value"])
    found = wire.records(data, codecs, "value")
    output = wire.read(found, codecs, required, optional)
    steps = {"records": _records(found)}
    if any(tlv_type not in codecs for _, tlv_type, _ in found):
        steps["written"] = wire.write(output, codecs)
    else:
        assert wire.write(output, codecs) == data, "read and write are inverse"
    return "valid", output, steps


def wire_held_ptlc_available(fields):
    return _stream(fields, wire.ANNOUNCED, [2, 4], [5])


def wire_handover(fields):
    return _stream(fields, wire.HANDED, [0, 2, 4])


def wire_release_held_ptlc(fields):
    return _stream(fields, wire.RELEASED, [2])


def wire_hop_blind(fields):
    return "valid", {"blind": bytes32(wire.hop_blind(fields.bytes("shared_secret", 32)))}, None


def wire_path_blind(fields):
    """At a hop of a path: from its own key and the path key."""
    secret = onion.shared_secret(fields.scalar("node_secret"), fields.point("path_key"))
    return "valid", {"path_blind": bytes32(wire.path_blind(secret))}, {"path_secret": secret}


def wire_release_hash(fields):
    return "valid", {"release_hash": wire.release_hash(fields.scalar("release_secret"))}, None


def wire_payment_secret(fields):
    return "valid", {"payment_secret": wire.payment_secret(fields.bytes("invoice_id", 32))}, None


def wire_peel(fields):
    """One layer."""
    packet, secret = bytes.fromhex(fields.inputs["packet"]), fields.scalar("secret_key")
    associated_data = bytes.fromhex(fields.inputs["associated_data"])
    layer = onion.peel(packet, secret, associated_data)
    return "valid", {"payload": layer.payload, "next_packet": layer.next_packet}, _secrets(layer)


def _secrets(layer):
    return {
        "ephemeral_key": compressed(layer.ephemeral_key),
        "shared_secret": layer.secret,
        "rho": onion.derive_key("rho", layer.secret),
        "mu": onion.derive_key("mu", layer.secret),
    }


class Walk:
    """A packet on its way: each node with its own secret key, and the path key that came with the packet."""

    def __init__(self, packet, node_secrets, associated_data, hash_lock, release_secret=None):
        self.hash_lock = hash_lock
        self.release_secret = release_secret
        self.layers, self.blinds, self.path_blinds = [], [], []
        self.path_key = None
        for index, node_secret in enumerate(node_secrets):
            self.last = index == len(node_secrets) - 1
            packet = self._node(packet, node_secret, associated_data)
        if packet is not None:
            raise Malformed("hops")

    def _node(self, packet, node_secret, associated_data):
        layer = {"node_id": compressed(node_secret * G), "packet": packet}
        self.secret_key, came_with = node_secret, self.path_key
        if came_with is not None:
            self.secret_key = onion.unblind(node_secret, came_with, bytes(16)).blinded_secret_key
            layer["path_key"], layer["blinded_node_id"] = compressed(came_with), compressed(self.secret_key * G)
        peeled = onion.peel(packet, self.secret_key, associated_data)
        layer |= _secrets(peeled) | {"payload": peeled.payload}
        found = wire.records(peeled.payload, wire.PAYLOAD, "payload")
        self.fields = self._read(found, came_with is not None)
        if "encrypted_recipient_data" in self.fields:
            path_key = came_with or decompress(self.fields["current_path_key"])
            layer |= self._unblind(node_secret, path_key)
        if not self.last:
            y = self._blind(peeled.secret)
            layer["blind"] = None if y is None else bytes32(y)
            self.blinds.append(y)
            self.path_blinds.append(integer(layer["path_blind"]) if "path_blind" in layer else 0)
        self.layers.append(layer)
        return peeled.next_packet

    def _read(self, found, has_path_key):
        if not self.last:
            return wire.read_forward(found, self.hash_lock, has_path_key)
        types = [tlv_type for _, tlv_type, _ in found]
        if wire.TRAMPOLINE not in types:
            return wire.read_final(found, self.hash_lock, has_path_key)
        return wire.read_around(found, has_path_key)

    def _unblind(self, node_secret, path_key):
        learned = onion.unblind(node_secret, path_key, self.fields["encrypted_recipient_data"])
        if learned.data is None:
            raise Malformed("encrypted_recipient_data")
        steps = {
            "path_key": compressed(path_key),
            "path_secret": learned.path_secret,
            "blinded_node_id": compressed(learned.blinded_secret_key * G),
            "encrypted_data_tlv": learned.data,
        }
        if not self.last:
            self.path_key = learned.next_path_key
            if not self.hash_lock:
                steps["path_blind"] = bytes32(wire.path_blind(learned.path_secret))
        return steps

    def _blind(self, secret):
        """y_i, from the payload or from the onion."""
        fields = self.fields
        if "hold_id" in fields and fields["release_hash"] != wire.release_hash(self.release_secret):
            raise Malformed("release_secret")
        if self.hash_lock:
            return None
        if "hold_id" in fields:
            return (integer(fields["held_blind"]) - self.release_secret) % ORDER
        return integer(fields["blind"]) if "blind" in fields else wire.hop_blind(secret)

    def order(self):
        """That of the last node, which is a delegate, in the packet within; the next packet; and what the node adds to its lock. A y
        that is derived comes from the outer packet's secret."""
        peeled = onion.peel(self.fields["trampoline_onion_packet"], self.secret_key, b"")
        self.fields = wire.read_delegate(wire.records(peeled.payload, wire.PAYLOAD, "payload"), self.hash_lock)
        y = self._blind(self.layers[-1]["shared_secret"])
        self.layers[-1]["blind"] = bytes32(y)
        return peeled, y


def _path(fields):
    """The blinded path of a route: its hops' ids come from the last of the route's nodes."""
    if fields.inputs["path"] is None:
        return []
    path = type(fields)(fields.inputs["path"])
    data = [bytes.fromhex(text) for text in path.inputs["data"]]
    secrets = _hops(fields)[0][-len(data) :]
    return onion.blind_path(path.scalar("session_key"), [secret * G for secret in secrets], data)


def _hops(fields):
    """(the nodes' secret keys, their payloads)"""
    hops = [type(fields)(hop) for hop in fields.inputs["hops"]]
    return [hop.scalar("node_secret") for hop in hops], [bytes.fromhex(hop.inputs["payload"]) for hop in hops]


def _packet(fields, associated_data):
    """The introduction node's layer is for its node id, those behind it for the blinded ids."""
    secrets, payloads = _hops(fields)
    keys = [secret * G for secret in secrets]
    path = _path(fields)
    for index, hop in enumerate(path[1:], len(keys) - len(path) + 1):
        keys[index] = hop.blinded_node_id
    return onion.build(fields.scalar("session_key"), keys, payloads, associated_data)


def _locks(start, blinds):
    locks = []
    for y in blinds:
        start = start + y * G
        locks.append(start)
    return locks


def _encoded(points):
    return [compressed(point) for point in points]


def _scalars(numbers):
    return [bytes32(number % ORDER) for number in numbers]


def _claims(secret, blinds):
    """[l_1 ... l_n], from the sender's end: l_i = z + q + y_0 + ... + y_{i-1}, path blinds among them."""
    secrets = []
    for y in blinds:
        secret = (secret + y) % ORDER
        secrets.append(secret)
    return secrets


def _check_payer(received, point, lock, total):
    """x, and whether the payer signed it with the lock as the sender made it."""
    if "payer_key" not in received:
        return {}
    note_hash = ktime.note_hash(received.get("payer_note"))
    x = ktime.x_of(received["payer_key"], received["payer_invoice_id"], total, note_hash)
    message = ktime.payment_message(x, lock)
    if not bip340.verify(received["payer_key"][1:], message, received["payer_signature"]):
        raise Malformed("payer_signature")
    return {"x": bytes32(x), "payment_point": compressed(point), "signed_lock": compressed(lock), "message": message}


def _total(received):
    return received["payment_data"]["total_msat"] if "payment_data" in received else received["total_amount_msat"]


def wire_route(fields):
    """A packet of one part, from the sender to the receiver, and the locks that its nodes make of it."""
    payment_hash = _optional(fields, "payment_hash", lambda name: fields.bytes(name, 32))
    release_secret = _optional(fields, "release_secret", fields.scalar)
    packet = _packet(fields, payment_hash or b"")
    walk = Walk(packet, _hops(fields)[0], payment_hash or b"", payment_hash is not None, release_secret)
    if payment_hash is not None:
        return "valid", {"packet": packet}, {"layers": walk.layers}
    z, q = fields.scalar("point_secret"), _optional(fields, "part_sum", fields.scalar) or 0
    final_blind = (fields.scalar("first_blind") + sum(walk.blinds)) % ORDER
    received = walk.fields
    if received["final_blind"] != bytes32(final_blind):
        raise Malformed("final_blind")
    tweaks = [y + b for y, b in zip(walk.blinds, walk.path_blinds)]
    start = (z + q) % ORDER * G
    locks = _locks(start, [fields.scalar("first_blind"), *tweaks])
    secrets = _claims(z + q, [fields.scalar("first_blind"), *tweaks])
    path_sum = sum(walk.path_blinds) % ORDER
    assert locks[-1] == z * G + (q + final_blind + path_sum) % ORDER * G
    assert _encoded(locks) == _encoded(secret * G for secret in secrets)
    payer = _check_payer(received, z * G, start + final_blind * G, _total(received))
    steps = {"layers": walk.layers} | ({"path_sum": bytes32(path_sum)} if path_sum else {}) | payer
    return "valid", {"packet": packet, "locks": _encoded(locks), "lock_secrets": _scalars(secrets)}, steps


def wire_delegated_route(fields):
    """A packet to a delegate, the packet within with its order, what the recipient gets, and the delegate's own to the recipient."""
    release_secret = _optional(fields, "release_secret", fields.scalar)
    packet = _packet(fields, b"")
    walk = Walk(packet, _hops(fields)[0], b"", False, release_secret)
    within = walk.fields["trampoline_onion_packet"]
    ordered, own_blind = walk.order()
    blinds = [fields.scalar("first_blind"), *walk.blinds, own_blind]
    tail = type(fields)(fields.inputs["tail"])
    tail_packet = _packet(tail, b"")
    tail_walk = Walk(tail_packet, _hops(tail)[0], b"", False)
    to_node = "outgoing_node_id" in walk.fields
    if to_node != (ordered.next_packet is not None):
        raise Malformed("hops")
    inner_packet = ordered.next_packet or walk.fields["recipient_packet"]
    if tail_walk.fields["trampoline_onion_packet"] != inner_packet:
        raise Malformed("trampoline_onion_packet")
    tail_blinds = [tail.scalar("first_blind"), *tail_walk.blinds]
    if tail_walk.fields["tail_blind"] != bytes32(sum(tail_blinds) % ORDER):
        raise Malformed("tail_blind")
    # The inner packet is for the key that the recipient peeled the outer one with.
    inner_secret, recipient = fields.scalar("inner_session_key"), tail_walk.secret_key
    inner = onion.peel(inner_packet, recipient, b"")
    keys, payloads, size = [walk.secret_key * G], [ordered.payload], onion.size_of([ordered.payload])
    if to_node:
        keys, payloads, size = [*keys, recipient * G], [*payloads, inner.payload], onion.INNER_SIZE
    else:
        own = onion.build(fields.scalar("recipient_session_key"), [recipient * G], [inner.payload], b"", onion.RECIPIENT_SIZE)
        assert own == inner_packet
    assert onion.build(inner_secret, keys, payloads, b"", size) == within and inner.next_packet is None
    found = wire.records(inner.payload, wire.PAYLOAD, "payload")
    received = wire.read_inner(found, False, tail.inputs["path"] is not None)
    final_blind = sum(blinds) % ORDER
    if received["final_blind"] != bytes32(final_blind):
        raise Malformed("final_blind")
    z = fields.scalar("point_secret")
    tail_tweaks = [tail_blinds[0], *(y + b for y, b in zip(tail_walk.blinds, tail_walk.path_blinds))]
    locks = _locks(z * G, blinds)
    tail_locks = _locks(locks[-1], tail_tweaks)
    secrets = _claims(z, [*blinds, *tail_tweaks])
    assert _encoded([*locks[:-1], *tail_locks]) == _encoded(
        secret * G for index, secret in enumerate(secrets) if index != len(locks) - 1
    )
    payer = _check_payer(received, z * G, z * G + final_blind * G, _total(received))
    output = {
        "packet": packet,
        "locks": _encoded(locks[:-1]),
        "tail_packet": tail_packet,
        "tail_locks": _encoded(tail_locks),
        "lock_secret": bytes32(secrets[-1]),
    }
    steps = {
        "layers": walk.layers,
        "order_layer": _secrets(ordered) | {"payload": ordered.payload},
        "delegated_lock": compressed(locks[-1]),
        "inner_packet": inner_packet,
        "inner_layer": _secrets(inner) | {"payload": inner.payload},
        "tail_layers": tail_walk.layers,
    }
    return "valid", output, steps | payer


def wire_message(fields):
    """An onion message along a blinded path, from its maker to whom the path ends at."""
    path = type(fields)(fields.inputs["path"])
    node_secrets = path.scalars("node_secrets")
    data = [bytes.fromhex(text) for text in path.inputs["data"]]
    hops = onion.blind_path(path.scalar("session_key"), [secret * G for secret in node_secrets], data)
    contents = bytes.fromhex(fields.inputs["contents"])
    found = wire.records(contents, wire.MESSAGE, "contents")
    types = [tlv_type for _, tlv_type, _ in found]
    kinds = [[kind] for kind in (wire.RELEASE, wire.HANDOVER) if kind in types]
    said = wire.read(found, wire.MESSAGE, kinds[0] if kinds else [2, wire.SEALED])
    payloads = [onion.bolt12.stream({4: hop.encrypted_data}) for hop in hops]
    fields_of_last = {tlv_type: value for _, tlv_type, value in found} | {4: hops[-1].encrypted_data}
    payloads[-1] = onion.bolt12.stream(fields_of_last)
    packet = onion.build(fields.scalar("session_key"), [hop.blinded_node_id for hop in hops], payloads, b"")
    message = compressed(hops[0].path_key) + len(packet).to_bytes(2, "big") + packet
    layers, path_key, left = [], hops[0].path_key, packet
    for node_secret, hop, plain in zip(node_secrets, hops, data):
        learned = onion.unblind(node_secret, path_key, hop.encrypted_data)
        peeled = onion.peel(left, learned.blinded_secret_key, b"")
        assert learned.data == plain
        layers.append(
            {
                "node_id": compressed(node_secret * G),
                "path_key": compressed(path_key),
                "path_secret": learned.path_secret,
                "blinded_node_id": compressed(learned.blinded_secret_key * G),
                "packet": left,
            }
            | _secrets(peeled)
            | {"payload": peeled.payload, "encrypted_data_tlv": plain}
        )
        path_key, left = learned.next_path_key, peeled.next_packet
    assert left is None
    steps = {"layers": layers}
    if "sealed_announcement" in said:
        # For the name that the last node has in the path.
        sealed = onion.peel(said["sealed_announcement"], learned.blinded_secret_key, b"")
        assert sealed.next_packet is None
        within = wire.records(sealed.payload, wire.WITHIN_SEALED, "contents")
        content = wire.read(within, wire.WITHIN_SEALED, [wire.ANNOUNCEMENT])["held_ptlc_available"]
        wire.read(wire.records(content, wire.ANNOUNCED, "contents"), wire.ANNOUNCED, [2, 4], [5])
        steps["sealed_layer"] = _secrets(sealed) | {"payload": sealed.payload}
    return "valid", {"message": message}, steps


OPERATIONS = {
    "wire.forward": wire_forward,
    "wire.final": wire_final,
    "wire.inner": wire_inner,
    "wire.delegate": wire_delegate,
    "wire.delegated": wire_delegated,
    "wire.held_ptlc_available": wire_held_ptlc_available,
    "wire.handover": wire_handover,
    "wire.release_held_ptlc": wire_release_held_ptlc,
    "wire.hop_blind": wire_hop_blind,
    "wire.path_blind": wire_path_blind,
    "wire.release_hash": wire_release_hash,
    "wire.payment_secret": wire_payment_secret,
    "wire.peel": wire_peel,
    "wire.route": wire_route,
    "wire.delegated_route": wire_delegated_route,
    "wire.message": wire_message,
}
