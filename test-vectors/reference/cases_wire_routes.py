"""Whole onions: every layer, from the sender's packet to the receiver's payload, and the messages of a hold."""

import bip340
import bolt12
import ktime
import onion
import wire
from cases import draw, draw_scalar
from secp256k1 import ORDER, G, bytes32, compressed

AMOUNT, HEIGHT = 50_000_000, 850_000


def routes(rows):
    plain(rows)
    held_into_a_path(rows)
    in_parts(rows)
    under_a_hash(rows)
    delegated(rows)
    messages(rows)


class Maker:
    """A sender: keys and blinds by label, and the payloads of a route."""

    def __init__(self, label, nodes):
        self.label = f"wire/route/{label}"
        self.secrets = [self.scalar(f"node/{index}") for index in range(nodes)]
        self.session_key = self.scalar("session")
        self.first_blind = self.scalar("y_0")
        self.invoice_id = self.bytes("invoice")
        self.path = []

    def scalar(self, name):
        return draw_scalar(f"{self.label}/{name}")

    def bytes(self, name):
        return draw(f"{self.label}/{name}")

    def channel(self, index):
        return (HEIGHT << 40 | index << 16 | 1).to_bytes(8, "big")

    def keys(self):
        """Whom each layer is for: behind the introduction node the blinded ids."""
        keys = [secret * G for secret in self.secrets]
        for index, hop in enumerate(self.path[1:], len(keys) - len(self.path) + 1):
            keys[index] = hop.blinded_node_id
        return keys

    def derived(self, index):
        """y of the node N_{index + 1}."""
        return wire.hop_blind(onion.chain(self.session_key, self.keys())[index].secret)

    def blind_path(self, hops):
        """The last `hops` nodes as a path of the receiver's."""
        self.path_session = self.scalar("path")
        self.path_data = [self._relay(index) for index in range(hops - 1)]
        constraints = (HEIGHT + 1_000).to_bytes(4, "big") + b"\x01"
        self.path_data.append(bolt12.stream({6: self.bytes("path-id"), 12: constraints}))
        node_ids = [secret * G for secret in self.secrets[-hops:]]
        self.path = onion.blind_path(self.path_session, node_ids, self.path_data)
        return self.path

    def _relay(self, index):
        """short_channel_id, payment_relay (36 blocks, 100 millionths, 1,000 msat), payment_constraints."""
        relay = (36).to_bytes(2, "big") + (100).to_bytes(4, "big") + bolt12.truncated(1_000)
        constraints = (HEIGHT + 2_000).to_bytes(4, "big") + b"\x01"
        return bolt12.stream({2: self.channel(100 + index), 10: relay, 12: constraints})

    def path_payloads(self, relays):
        first = {"current_path_key": compressed(self.path[0].path_key)}
        return [
            wire.write({"encrypted_recipient_data": hop.encrypted_data} | (first if index == 0 else {}))
            for index, hop in enumerate(self.path[:relays])
        ]

    def forward(self, index, fee=1_000, **fields):
        amounts = {"amt_to_forward": AMOUNT + fee, "outgoing_cltv_value": HEIGHT + 144}
        return wire.write(amounts | {"short_channel_id": self.channel(index)} | fields)

    def received(self):
        return {"amt_to_forward": AMOUNT, "outgoing_cltv_value": HEIGHT + 18}

    def payment_data(self):
        return {"payment_data": {"payment_secret": wire.payment_secret(self.invoice_id), "total_msat": AMOUNT}}

    def payer(self, z, q, final_blind, note):
        """The payer's fields; z is z(x)."""
        secret, key = bip340.even_key(self.scalar("payer"))
        x = ktime.x_of(compressed(key), self.invoice_id, AMOUNT, ktime.note_hash(note))
        message = ktime.payment_message(x, (z + q + final_blind) % ORDER * G)
        return {
            "payer_key": compressed(key),
            "payer_note": note,
            "payer_invoice_id": self.invoice_id,
            "payer_signature": bip340.sign(secret, message, self.bytes("payer-aux")),
        }

    def inputs(self, payloads):
        hops = [
            {"node_secret": bytes32(secret), "payload": payload}
            for secret, payload in zip(self.secrets, payloads, strict=True)
        ]
        path = None
        if self.path:
            path = {"session_key": bytes32(self.path_session), "data": self.path_data}
        return {"session_key": bytes32(self.session_key), "hops": hops, "path": path}


def add_route(rows, name, comment, maker, payloads, expected="valid", **changes):
    inputs = maker.inputs(payloads) | {
        "payment_hash": None,
        "point_secret": bytes32(maker.scalar("z")),
        "first_blind": bytes32(maker.first_blind),
        "part_sum": None,
        "release_secret": None,
    }
    return rows.add(f"route/{name}", "route", comment, inputs | changes, expected)


def plain(rows):
    maker = Maker("plain", 3)
    y_1 = maker.scalar("y_1")
    final_blind = (maker.first_blind + y_1 + maker.derived(1)) % ORDER

    def payloads(blind):
        final = maker.received() | maker.payment_data() | {"final_blind": bytes32(blind)}
        return [maker.forward(0, 2_000, blind=bytes32(y_1)), maker.forward(1), wire.write(final)]

    comment = "a forwarder with its y, a forwarder that derives it, the receiver in the clear"
    add_route(rows, "plain", comment, maker, payloads(final_blind))
    comment = "Y is one more than the sum of all y: no secret opens the receiver's lock"
    add_route(rows, "other-final-blind", comment, maker, payloads(final_blind + 1), "final_blind")


def held_into_a_path(rows):
    maker = Maker("hold-path", 5)
    path, h, y_2, z = maker.blind_path(3), maker.scalar("h"), maker.scalar("y_2"), maker.scalar("z")
    y_1 = maker.derived(0)
    final_blind = (maker.first_blind + y_1 + y_2 + maker.derived(2) + maker.derived(3)) % ORDER
    hold = {
        "hold_id": maker.bytes("hold-id"),
        "held_blind": bytes32((y_2 + h) % ORDER),
        "release_hash": wire.release_hash(h),
        "latest_release_height": HEIGHT + 100,
    }
    final = maker.received() | {"encrypted_recipient_data": path[-1].encrypted_data, "total_amount_msat": AMOUNT}
    final |= {"final_blind": bytes32(final_blind)} | maker.payer(z, 0, final_blind, b"table 4")
    payloads = [maker.forward(0, 4_000), maker.forward(1, 3_000, **hold), *maker.path_payloads(2), wire.write(final)]
    comment = "a plain hop, the holder with y + h, a blinded path of two relays and the receiver; k-time, with a note"
    secret = {"release_secret": bytes32(h)}
    add_route(rows, "hold-path", comment, maker, payloads, **secret)
    add_route(rows, "other-release-secret", "h is not what the holder's hash is of", maker, payloads,
              "release_secret", release_secret=bytes32(h + 1))
    forged = final | {"payer_signature": maker.payer(z, 0, final_blind + 1, b"table 4")["payer_signature"]}
    comment = "the payer signed another lock"
    add_route(rows, "other-signed-lock", comment, maker, [*payloads[:-1], wire.write(forged)], "payer_signature", **secret)
    with_b = final | {
        "payer_signature": maker.payer(
            z, sum(wire.path_blind(hop.path_secret) for hop in path[:2]) % ORDER, final_blind, b"table 4"
        )["payer_signature"]
    }
    comment = "the payer signed the lock with the path's blinds, which it can't know"
    add_route(rows, "signed-with-path-blinds", comment, maker, [*payloads[:-1], wire.write(with_b)], "payer_signature",
              **secret)


def in_parts(rows):
    shares = [draw_scalar(f"wire/route/parts/q/{part}") for part in range(2)]
    q = sum(shares) % ORDER
    for part, share in enumerate(shares, 1):
        maker = Maker(f"part/{part}", 2)
        final_blind = (maker.first_blind + maker.derived(0)) % ORDER
        data = {"payment_secret": wire.payment_secret(draw("wire/route/parts/invoice")), "total_msat": AMOUNT}
        final = maker.received() | {"amt_to_forward": AMOUNT // 2, "payment_data": data}
        final |= {"final_blind": bytes32(final_blind)}
        final |= {"part_share": {"share": bytes32(share), "part": part, "parts": 2}}
        z = bytes32(draw_scalar("wire/route/parts/z"))
        comment = f"part {part} of a payment in two: both start from Z + q*G"
        payloads = [maker.forward(part), wire.write(final)]
        add_route(rows, f"part-{part}", comment, maker, payloads, part_sum=bytes32(q), point_secret=z)


def under_a_hash(rows):
    maker = Maker("hash", 3)
    h = maker.scalar("h")
    hold = {
        "hold_id": maker.bytes("hold-id"),
        "release_hash": wire.release_hash(h),
        "latest_release_height": HEIGHT + 100,
    }
    payloads = [maker.forward(0, **hold), maker.forward(1), wire.write(maker.received() | maker.payment_data())]
    changes = {
        "payment_hash": maker.bytes("payment-hash"),
        "point_secret": None,
        "first_blind": None,
        "release_secret": bytes32(h),
    }
    comment = "a hash lock: the holder, a forwarder, the receiver; the payment hash is the associated data"
    add_route(rows, "hash-hold", comment, maker, payloads, **changes)


def delegated(rows):
    for name, in_path in (("node", False), ("path", True)):
        delegated_to(rows, name, in_path)


def delegated_to(rows, name, in_path):
    """The sender's route: a forwarder, and the delegate, which holds. The delegate's: a forwarder, and the recipient. The delegate's order
    is in the packet within, the recipient's payload in the next layer of that, or for a path in a packet of its own."""
    maker, tail = Maker(f"delegated/{name}", 2), Maker(f"delegated/{name}/tail", 2)
    h, y_2, z = maker.scalar("h"), maker.scalar("y_2"), maker.scalar("z")
    if in_path:
        tail.blind_path(2)
    recipient = tail.keys()[-1]
    final_blind = (maker.first_blind + maker.derived(0) + y_2) % ORDER
    place = {"total_amount_msat": AMOUNT} if in_path else maker.payment_data()
    inner = maker.received() | place | {"final_blind": bytes32(final_blind)}
    inner |= maker.payer(z, 0, final_blind, b"table 4")
    inner_session = maker.scalar("inner-session")
    recipient_session = None
    delegate = maker.keys()[-1]
    if in_path:
        recipient_session = maker.scalar("recipient-session")
        for_recipient = onion.build(recipient_session, [recipient], [wire.write(inner)], b"", onion.RECIPIENT_SIZE)
        hops = [
            {"blinded_node_id": compressed(hop.blinded_node_id), "encrypted_recipient_data": hop.encrypted_data}
            for hop in tail.path
        ]
        path = {
            "first_node_id": compressed(tail.secrets[0] * G),
            "first_path_key": compressed(tail.path[0].path_key),
            "hops": hops,
        }
        terms = (1_000, 100, 54, 1, 100_000_000)
        payinfo = {name: value for (name, _), value in zip(wire.PAYINFO, terms, strict=True)} | {"features": b""}
        where = {"recipient_blinded_paths": [{"path": path, "payinfo": payinfo}], "recipient_packet": for_recipient}
        where |= {"min_final_delta": 0}
    else:
        where = {"outgoing_node_id": compressed(recipient), "min_final_delta": 18}
    order = {"amt_to_forward": AMOUNT, "outgoing_cltv_value": HEIGHT + 118} | where
    order |= {
        "hold_id": maker.bytes("hold-id"),
        "held_blind": bytes32((y_2 + h) % ORDER),
        "release_hash": wire.release_hash(h),
        "latest_release_height": HEIGHT + 100,
    }
    if in_path:
        sealed = [wire.write(order)]
        within = onion.build(inner_session, [delegate], sealed, b"", onion.size_of(sealed))
    else:
        within = onion.build(inner_session, [delegate, recipient], [wire.write(order), wire.write(inner)], b"", onion.INNER_SIZE)
        for_recipient = onion.peel(within, maker.secrets[-1], b"").next_packet
    around = {"amt_to_forward": AMOUNT + 1_000, "outgoing_cltv_value": HEIGHT + 144, "trampoline_onion_packet": within}
    packet = {"trampoline_onion_packet": for_recipient}
    tail_blind = (tail.first_blind + tail.derived(0)) % ORDER
    last = {"amt_to_forward": AMOUNT, "outgoing_cltv_value": HEIGHT + 60, "tail_blind": bytes32(tail_blind)} | packet
    if in_path:
        tail_payloads = [*tail.path_payloads(1), wire.write(last | {"encrypted_recipient_data": tail.path[-1].encrypted_data})]
    else:
        tail_payloads = [tail.forward(5), wire.write(last)]
    inputs = maker.inputs([maker.forward(0), wire.write(around)]) | {
        "point_secret": bytes32(z),
        "first_blind": bytes32(maker.first_blind),
        "release_secret": bytes32(h),
        "inner_session_key": bytes32(inner_session),
        "recipient_session_key": None if recipient_session is None else bytes32(recipient_session),
        "tail": tail.inputs(tail_payloads) | {"first_blind": bytes32(tail.first_blind)},
    }
    comment = "a forwarder, a delegate that holds; from there a route of its own to the recipient, "
    comment += "at the end of its path" if in_path else "in the clear"
    rows.add(f"delegated_route/{name}", "delegated_route", comment, inputs)


def messages(rows):
    """The sender's word to the holder, the holder's to the receiver, and the receiver's answer, each along a blinded path."""
    label = "wire/message"
    node = [draw_scalar(f"{label}/node/{index}") for index in range(3)]
    holder = draw_scalar(f"{label}/holder")
    reply_session, reply_data = draw_scalar(f"{label}/reply"), bolt12.stream({6: draw(f"{label}/release-path")})
    reply = onion.blind_path(reply_session, [holder * G], [reply_data])
    hold = {"hold_id": draw(f"{label}/hold"), "release_secret": bytes32(draw_scalar(f"{label}/h"))}
    announced = {"holds": [hold | {"amount_msat": AMOUNT}], "latest_release_height": HEIGHT + 100}
    announced |= {"x": bytes32(draw_scalar(f"{label}/x"))}
    data = [bolt12.stream({4: compressed(secret * G)}) for secret in node[1:]]
    data.append(bolt12.stream({6: draw(f"{label}/path-id")}))
    path_session = draw_scalar(f"{label}/path")
    hops = onion.blind_path(path_session, [secret * G for secret in node], data)
    payload = bolt12.stream({wire.ANNOUNCEMENT: wire.write(announced, wire.ANNOUNCED)})
    sealed_session, key = draw_scalar(f"{label}/sealed"), hops[-1].blinded_node_id
    sealed = onion.build(sealed_session, [key], [payload], b"", wire.SEALED_SIZES[0])
    for_holder = bolt12.stream({})
    path = wire.MESSAGE[2].read(onion.path_bytes(compressed(node[0] * G), hops))
    handed = {"hold_id": hold["hold_id"], "message_path": path, "sealed_announcement": sealed}
    rows.add("message/handover", "message", "handover to the holder, along a path without path_id", {
        "session_key": bytes32(draw_scalar(f"{label}/handover")),
        "path": {"session_key": bytes32(draw_scalar(f"{label}/to-holder")), "node_secrets": [bytes32(holder)], "data": [for_holder]},
        "contents": bolt12.stream({wire.HANDOVER: wire.write(handed, wire.HANDED)}),
    })
    contents = bolt12.stream({2: onion.path_bytes(compressed(holder * G), reply), wire.SEALED: sealed})
    inputs = {
        "session_key": bytes32(draw_scalar(f"{label}/session")),
        "path": {
            "session_key": bytes32(path_session),
            "node_secrets": [bytes32(secret) for secret in node],
            "data": data,
        },
        "contents": contents,
    }
    rows.add("message/announcement", "message", "sealed_announcement over two relays, with a reply path", inputs)
    without = bolt12.stream({wire.SEALED: sealed})
    rows.add("message/no-reply-path", "message", "sealed_announcement without a way back", inputs | {"contents": without},
             "reply_path")
    other = onion.build(sealed_session, [hops[0].blinded_node_id], [payload], b"", wire.SEALED_SIZES[0])
    foreign = bolt12.stream({2: onion.path_bytes(compressed(holder * G), reply), wire.SEALED: other})
    rows.add("message/sealed-for-another", "message", "sealed for another hop of the path", inputs | {"contents": foreign}, "hmac")
    released = {"holds": [hold]}
    answer = {
        "session_key": bytes32(draw_scalar(f"{label}/answer")),
        "path": {"session_key": bytes32(reply_session), "node_secrets": [bytes32(holder)], "data": [reply_data]},
        "contents": bolt12.stream({wire.RELEASE: wire.write(released, wire.RELEASED)}),
    }
    rows.add("message/release", "message", "release_held_ptlc along the reply path", answer)
