"""The rows of wire.json."""

import bip340
import bolt12
import ktime
import onion
import wire
from cases import BAD_POINTS, BAD_SCALARS, Rows, add_malformed, bad_sizes, draw, draw_scalar, flip, replace
from cases_wire_routes import routes
from secp256k1 import ORDER, G, bytes32, compressed

UNKNOWN_EVEN, UNKNOWN_ODD = (16, 24, 65568), (65541, 65561, 65599, 2**32 + 1)


def generate():
    rows = Rows("wire")
    derivations(rows)
    for kind in kinds():
        payloads(rows, *kind)
    forwarders(rows)
    receivers(rows)
    delegates(rows)
    announcements(rows)
    handovers(rows)
    releases(rows)
    peeled(rows)
    routes(rows)
    return rows.document()


def derivations(rows):
    for op, field, what in (
        ("hop_blind", "shared_secret", "y_i from what sender and forwarder share by the onion"),
        ("payment_secret", "invoice_id", "the payment secret of an invoice"),
    ):
        for index in range(3):
            rows.add(f"{op}/{index}", op, what, {field: draw(f"wire/{op}", index)})
        add_malformed(rows, op, op, {field: bytes(32)}, field, bad_sizes(32))
    hops = [{"node_secret": scalar(f"hop/{index}"), "path_key": point(f"hop/{index}/key")} for index in range(3)]
    for index, hop in enumerate(hops):
        rows.add(f"path_blind/{index}", "path_blind", "b_i from what receiver and hop share by the path", hop)
    add_malformed(rows, "path_blind", "path_blind", hops[0], "path_key", BAD_POINTS)
    for index in range(3):
        secret = bytes32(draw_scalar(f"wire/release/{index}"))
        rows.add(f"release_hash/{index}", "release_hash", "c from h", {"release_secret": secret})
    base = {"release_secret": bytes32(1)}
    add_malformed(rows, "release_hash", "release_hash", base, "release_secret", BAD_SCALARS)


def scalar(label):
    return bytes32(draw_scalar(f"wire/{label}"))


def point(label):
    return compressed(draw_scalar(f"wire/{label}") * G)


FORWARD = {
    "amt_to_forward": 5_010_000,
    "outgoing_cltv_value": 850_144,
    "short_channel_id": (850_000 << 40 | 12 << 16 | 1).to_bytes(8, "big"),
}
HOLD = {
    "hold_id": draw("wire/hold-id"),
    "held_blind": scalar("held"),
    "release_hash": wire.release_hash(draw_scalar("wire/release")),
    "latest_release_height": 850_100,
}
HASH_HOLD = {name: value for name, value in HOLD.items() if name != "held_blind"}
NODE_SECRET, PATH_SESSION = draw_scalar("wire/node"), draw_scalar("wire/path/session")


def path_of_one(data):
    """The node's place in a path: the fields that it reads, and the key by which it opens them."""
    [hop] = onion.blind_path(PATH_SESSION, [NODE_SECRET * G], [bolt12.stream(data)])
    return {"encrypted_recipient_data": hop.encrypted_data}


CONSTRAINTS = (852_000).to_bytes(4, "big") + b"\x01"
RELAY = (36).to_bytes(2, "big") + (100).to_bytes(4, "big") + bolt12.truncated(1_000)
PATH_KEY = compressed(PATH_SESSION * G)
BLINDED = path_of_one({2: FORWARD["short_channel_id"], 10: RELAY, 12: CONSTRAINTS})
INTRODUCTION = BLINDED | {"current_path_key": PATH_KEY}
END = path_of_one({6: draw("wire/path-id"), 12: CONSTRAINTS})
RECEIVED = {"amt_to_forward": 5_000_000, "outgoing_cltv_value": 850_100}
CLEAR = {
    "payment_data": {"payment_secret": wire.payment_secret(draw("wire/invoice")), "total_msat": 5_000_000},
}
PATH = END | {"total_amount_msat": 5_000_000}
FINAL_BLIND = {"final_blind": scalar("final-blind")}
PART = {"part_share": {"share": scalar("share"), "part": 2, "parts": 3}}
PAYER_SECRET, PAYER = bip340.even_key(draw_scalar("wire/payer"))
PACKET = b"\0" + point("packet") + draw("wire/packet") * 16 + bytes(20)
RECIPIENT_PATH = {
    "path": {
        "first_node_id": point("path/first"),
        "first_path_key": point("path/key"),
        "hops": [
            {"blinded_node_id": point(f"path/{hop}"), "encrypted_recipient_data": draw("wire/path/data", hop)}
            for hop in range(2)
        ],
    },
    "payinfo": {
        "fee_base_msat": 1_000,
        "fee_proportional_millionths": 100,
        "cltv_expiry_delta": 72,
        "htlc_minimum_msat": 1,
        "htlc_maximum_msat": 100_000_000,
        "features": b"",
    },
}
TO_NODE = RECEIVED | {"outgoing_node_id": point("recipient"), "min_final_delta": 18}
TO_PATH = RECEIVED | {"recipient_blinded_paths": [RECIPIENT_PATH], "recipient_packet": PACKET}
TO_PATHS = RECEIVED | {"recipient_blinded_paths": [RECIPIENT_PATH] * 2, "recipient_features": b"\x02\0\0"}
DELEGATED = RECEIVED | {"trampoline_onion_packet": PACKET, "tail_blind": scalar("delta")}


def payer(note):
    """The payer's fields, with its signature over this payment."""
    hash_of_note, invoice_id = ktime.note_hash(note), draw("wire/invoice")
    x = ktime.x_of(compressed(PAYER), invoice_id, 5_000_000, hash_of_note)
    lock = draw_scalar("wire/z") * G + draw_scalar("wire/final-blind") * G
    fields = {
        "payer_key": compressed(PAYER),
        "payer_invoice_id": invoice_id,
        "payer_signature": bip340.sign(PAYER_SECRET, ktime.payment_message(x, lock), draw("wire/payer-aux")),
    }
    return fields if note is None else fields | {"payer_note": note}


def kinds():
    """(name, op, what it is, lock, context, fields): each is read whole and then broken field by field."""
    secret = {"node_secret": bytes32(NODE_SECRET)}
    key, inside = secret | {"path_key": None}, secret | {"path_key": PATH_KEY}
    explicit, final = {"blind": scalar("blind")}, RECEIVED | CLEAR | FINAL_BLIND
    in_path, hash_delegated = RECEIVED | PATH | FINAL_BLIND, RECEIVED | {"trampoline_onion_packet": PACKET}
    alone = {"current_path_key": PATH_KEY}
    return [
        ("forward/explicit", "forward", "a forwarder, its y in the payload", "point", key, FORWARD | explicit),
        ("forward/derived", "forward", "a forwarder that derives its y", "point", key, FORWARD),
        ("forward/hold", "forward", "the holder", "point", key, FORWARD | HOLD),
        ("forward/hash", "forward", "a forwarder under a hash lock", "hash", key, FORWARD),
        ("forward/hash-hold", "forward", "the holder under a hash lock", "hash", key, FORWARD | HASH_HOLD),
        ("forward/blinded", "forward", "a hop of a blinded path", "point", inside, BLINDED),
        ("forward/introduction", "forward", "the introduction node", "point", key, INTRODUCTION),
        ("final/clear", "final", "the receiver in the clear", "point", key, final),
        ("final/part", "final", "the receiver, one part of three", "point", key, final | PART),
        ("final/payer", "final", "the receiver, k-time, without a note", "point", key, final | payer(None)),
        ("final/note", "final", "the receiver, k-time, with a note", "point", key, final | payer(b"table 4")),
        ("final/all", "final", "the receiver, k-time, one part", "point", key, final | payer(b"table 4") | PART),
        ("final/path", "final", "the receiver at the end of a path", "point", inside, in_path),
        ("final/path-payer", "final", "the same, k-time", "point", inside, in_path | payer(b"table 4") | PART),
        ("final/path-alone", "final", "a path of the receiver alone", "point", key, in_path | alone),
        ("final/hash", "final", "the receiver under a hash lock", "hash", key, RECEIVED | CLEAR),
        ("final/hash-path", "final", "the same in a path", "hash", inside, RECEIVED | PATH),
        ("delegate/node", "delegate", "a delegate to a node, its y derived", "point", {}, TO_NODE),
        ("delegate/explicit", "delegate", "the same, its y in the payload", "point", {}, TO_NODE | explicit),
        ("delegate/path", "delegate", "a delegate to a path", "point", {}, TO_PATH | explicit),
        ("delegate/hash-paths", "delegate", "a delegate to one of two paths, under a hash lock", "hash", {}, TO_PATHS),
        ("delegate/hold", "delegate", "a delegate that holds", "point", {}, TO_NODE | HOLD),
        ("delegate/hash-hold", "delegate", "a delegate that holds, under a hash lock", "hash", {}, TO_NODE | HASH_HOLD),
        ("delegated/clear", "delegated", "from a delegate, in the clear", "point", key, DELEGATED),
        ("delegated/part", "delegated", "the same, one of its parts", "point", key, DELEGATED | CLEAR),
        ("delegated/path", "delegated", "from a delegate, at the end of a path", "point", inside, DELEGATED | END),
        (
            *("delegated/path-alone", "delegated", "from a delegate, a path of the recipient alone", "point", key),
            DELEGATED | END | alone,
        ),
        ("delegated/hash", "delegated", "from a delegate, under a hash lock", "hash", key, hash_delegated),
        ("inner/clear", "inner", "in a delegate's packet", "point", {"in_path": False}, final),
        ("inner/payer", "inner", "the same, k-time", "point", {"in_path": False}, final | payer(b"table 4")),
        (
            *("inner/path", "inner", "in a delegate's packet, for the end of a path", "point", {"in_path": True}),
            RECEIVED | {"total_amount_msat": 5_000_000} | FINAL_BLIND,
        ),
    ]


NAMES = {codec.name: tlv_type for tlv_type, codec in wire.PAYLOAD.items()}
MAY_BE_ABSENT = {"blind", "payer_note", "part_share", "min_final_delta", "recipient_features", "recipient_packet"}
# Without it the payload is one of another kind, and some other field is to blame.
OPENS_THE_KIND = {"encrypted_recipient_data", "recipient_blinded_paths", "outgoing_node_id", "trampoline_onion_packet"}
OPENS_A_GROUP = {"hold_id", "payer_key"}
OF_THE_LOCK = {"held_blind", "final_blind", "tail_blind"}


def values(fields):
    return {NAMES[name]: wire.PAYLOAD[NAMES[name]].write(value) for name, value in fields.items()}


def encoded(records):
    return b"".join(bolt12.record(tlv_type, value) for tlv_type, value in records)


def payloads(rows, name, op, what, lock, context, fields):
    base = {"lock": lock, **context}

    def add(case, comment, payload, expected="valid"):
        rows.add(f"{name}/{case}", op, comment, base | {"payload": payload}, expected)

    whole = sorted(values(fields).items())
    add("whole", what, encoded(whole))
    for index, (tlv_type, value) in enumerate(whole):
        field = wire.PAYLOAD[tlv_type].name
        without = whole[:index] + whole[index + 1 :]
        of_part = op == "delegated" and field == "payment_data"
        if field not in MAY_BE_ABSENT | OPENS_THE_KIND and not of_part:
            to_blame = "lock" if field in OF_THE_LOCK else field
            if field in OPENS_A_GROUP:
                # What it opens has no place without it: the first of that is to blame.
                to_blame = wire.PAYLOAD[whole[index + 1][0]].name
            add(f"without-{field}", f"no {field}", encoded(without), to_blame)
        add(f"twice-{field}", f"{field} twice", encoded([*whole[: index + 1], *whole[index:]]), field)
        if index:
            swapped = [*whole[: index - 1], whole[index], whole[index - 1], *whole[index + 1 :]]
            late = wire.PAYLOAD[whole[index - 1][0]].name
            add(f"late-{late}", f"{late} after {field}", encoded(swapped), late)
    for tlv_type in UNKNOWN_EVEN:
        known = sorted([*whole, (tlv_type, b"\x01")])
        add(f"unknown-{tlv_type}", f"a type {tlv_type}, even and not known", encoded(known), f"tlv_{tlv_type}")
    alone = op in ("forward", "final", "delegated") and "encrypted_recipient_data" in fields
    for tlv_type in UNKNOWN_ODD:
        known = encoded(sorted([*whole, (tlv_type, b"\x01")]))
        if alone:
            add(f"unknown-{tlv_type}", f"a type {tlv_type}, where a path has its own fields alone", known, f"tlv_{tlv_type}")
        else:
            add(f"unknown-{tlv_type}", f"a type {tlv_type}, odd and not known: passed over", known)
    last_type, _ = whole[-1]
    add("cut-off", "the last value lacks a byte", encoded(whole)[:-1], wire.PAYLOAD[last_type].name)
    for field in misplaced(op, fields):
        to_blame = "encrypted_recipient_data" if field == "current_path_key" and op in PEELED else field
        add(f"misplaced-{field}", f"{field} has no place here", encoded(sorted([*whole, SAMPLES[field]])), to_blame)
    for field in of_another_lock(op, lock, fields):
        add(f"other-lock-{field}", f"{field} under a hash lock", encoded(sorted([*whole, SAMPLES[field]])), "lock")


# Read where a packet is peeled, and a path opened.
PEELED = ("forward", "final", "delegated")
SAMPLES = {
    name: (NAMES[name], value)
    for name, value in values(
        FORWARD | {"blind": scalar("blind")} | HOLD | RECEIVED | CLEAR | INTRODUCTION | PATH | FINAL_BLIND | PART
        | payer(b"table 4") | TO_NODE | TO_PATHS | TO_PATH | DELEGATED
    ).items()
    for name in [wire.PAYLOAD[name].name]
}


def misplaced(op, fields):
    """Fields that this kind never has, and that do not make it another kind."""
    every = set(SAMPLES) - set(fields)
    if op == "forward" and "encrypted_recipient_data" in fields:
        allowed = {"current_path_key"}
    elif op in ("forward", "delegate"):
        allowed = {"blind", *HOLD} if "hold_id" not in fields else {"held_blind"}
        if op == "forward":
            allowed |= {"encrypted_recipient_data"}
        else:
            allowed |= {"outgoing_cltv_value", "recipient_blinded_paths", "outgoing_node_id", "min_final_delta"}
            if "recipient_blinded_paths" in fields:
                allowed |= {"recipient_features", "recipient_packet"}
    elif op == "delegated":
        allowed = {"encrypted_recipient_data", "tail_blind"}
        allowed |= set() if "encrypted_recipient_data" in fields else {"payment_data"}
    else:
        allowed = {"part_share", "final_blind", "payer_key", "trampoline_onion_packet"}
        allowed |= {"payer_note"} if "payer_key" in fields else set()
        allowed |= {"encrypted_recipient_data"} if op == "final" else set()
    if "encrypted_recipient_data" in fields:
        allowed = allowed | {"current_path_key"}
    return sorted(every - allowed, key=NAMES.get)


def of_another_lock(op, lock, fields):
    """What only a point lock has."""
    if lock == "point":
        return []
    if op in ("forward", "delegate"):
        return ["held_blind"] if "hold_id" in fields else ["blind"]
    return ["tail_blind"] if op == "delegated" else ["final_blind", "part_share"]


def changed(rows, prefix, op, base, fields, field, cases):
    """One field's value, by its bytes."""
    whole = values(fields)
    for name, value, what, *expected in cases:
        payload = encoded(sorted((whole | {NAMES[field]: value}).items()))
        rows.add(f"{prefix}/{field}-{name}", op, f"{field}: {what}", base | {"payload": payload}, *(expected or [field]))


TU64 = [
    ("empty", b"", "no bytes, which is zero", "valid"),
    ("max", bytes([255] * 8), "the largest that 8 bytes hold", "valid"),
    ("padded", b"\0\x01", "a leading zero byte"),
    ("zero", b"\0", "zero in one byte"),
    ("long", b"\x01" + bytes(8), "nine bytes"),
]
TU32 = [
    ("empty", b"", "no bytes, which is zero", "valid"),
    ("max", bytes([255] * 4), "the largest that 4 bytes hold", "valid"),
    ("padded", b"\0\x01", "a leading zero byte"),
    ("long", b"\x01" + bytes(4), "five bytes"),
]


def forwarders(rows):
    base = {"lock": "point", "node_secret": bytes32(NODE_SECRET), "path_key": None}
    explicit = FORWARD | {"blind": scalar("blind")}
    changed(rows, "forward", "forward", base, explicit, "amt_to_forward", TU64)
    changed(rows, "forward", "forward", base, explicit, "outgoing_cltv_value", TU32)
    changed(rows, "forward", "forward", base, explicit, "short_channel_id", bad_sizes(8))
    changed(rows, "forward", "forward", base, explicit, "blind", BAD_SCALARS)
    hold = FORWARD | HOLD
    changed(rows, "forward", "forward", base, hold, "hold_id", bad_sizes(32))
    changed(rows, "forward", "forward", base, hold, "held_blind", BAD_SCALARS)
    changed(rows, "forward", "forward", base, hold, "release_hash", bad_sizes(32))
    changed(rows, "forward", "forward", base, hold, "latest_release_height", TU32)
    changed(rows, "forward", "forward", base, INTRODUCTION, "current_path_key", BAD_POINTS)
    inside = base | {"path_key": PATH_KEY}
    for name, fields, where, field, comment in (
        ("clear-with-path-key", FORWARD, inside, "encrypted_recipient_data", "a path key came with it, and it is in the clear"),
        ("two-path-keys", INTRODUCTION, inside, "current_path_key", "a path key came with it, and is in it"),
        ("no-path-key", BLINDED, base, "current_path_key", "a path's hop, and no path key"),
            ):
        rows.add(f"forward/{name}", "forward", comment, where | {"payload": encoded(sorted(values(fields).items()))}, field)
    old = {65541: HOLD["hold_id"], 65543: HOLD["held_blind"], 65545: HOLD["release_hash"], 65547: b"\x0c\xf8\xb4"}
    payload = encoded(sorted((values(FORWARD) | old).items()))
    rows.add("forward/odd-hold", "forward", "the odd types that a hold had once: passed over, and no hold", base | {"payload": payload})
    whole = encoded(sorted(values(explicit).items()))
    for name, payload, field, comment in (
        ("type-padded", b"\xfd\0\x02\x01\x01" + whole[5:], "payload", "type 2 in three bytes"),
        ("length-padded", b"\x02\xfd\0\x01\x01" + whole[5:], "amt_to_forward", "a length of 1 in three bytes"),
        ("type-cut-off", whole + b"\xfe\x00\x01", "payload", "a type of five bytes that lacks two"),
        ("no-length", whole + b"\xfe\x00\x01\x00\x3f", "tlv_65599", "a type, and nothing behind it"),
        ("length-max", whole + b"\xfe\x00\x01\x00\x3f\xff" + bytes([255] * 8), "tlv_65599", "a length of 2^64 - 1"),
    ):
        rows.add(f"forward/{name}", "forward", comment, base | {"payload": payload}, field)


def receivers(rows):
    base = {"lock": "point", "node_secret": bytes32(NODE_SECRET), "path_key": None}
    final = RECEIVED | CLEAR | FINAL_BLIND
    secret = CLEAR["payment_data"]["payment_secret"]
    changed(rows, "final", "final", base, final, "payment_data", [
        ("no-total", secret, "no bytes of total, which is zero", "valid"),
        ("max", secret + bytes([255] * 8), "the largest total", "valid"),
        ("short", secret[:31], "31 bytes"),
        ("padded", secret + b"\0\x01", "a total with a leading zero byte"),
        ("long", secret + b"\x01" + bytes(8), "a total of nine bytes"),
    ])
    changed(rows, "final", "final", base, final, "final_blind", BAD_SCALARS)
    share = PART["part_share"]["share"]
    changed(rows, "final", "final", base, final | PART, "part_share", [
        ("one-of-one", share + b"\0\x01\0\x01", "1 of 1", "valid"),
        ("last", share + b"\xff\xff\xff\xff", "65535 of 65535", "valid"),
        ("part-zero", share + b"\0\0\0\x03", "part 0"),
        ("part-above", share + b"\0\x04\0\x03", "part 4 of 3"),
        ("no-parts", share + bytes(4), "part 0 of 0"),
        ("share-zero", bytes(32) + b"\0\x01\0\x03", "a share of zero"),
        ("share-n", bytes32(ORDER) + b"\0\x01\0\x03", "a share of n"),
        ("short", share + b"\0\x01\0", "35 bytes"),
        ("long", share + b"\0\x01\0\x03\0", "37 bytes"),
    ])
    paying = final | payer(b"table 4")
    changed(rows, "final", "final", base, paying, "payer_key", [
        *BAD_POINTS, ("odd", b"\x03" + compressed(PAYER)[1:], "an odd y"),
    ])
    changed(rows, "final", "final", base, paying, "payer_invoice_id", bad_sizes(32))
    changed(rows, "final", "final", base, paying, "payer_signature", bad_sizes(64))
    changed(rows, "final", "final", base, paying, "payer_note", [
        ("empty", b"", "a note of no bytes, which is a note", "valid"),
        ("long", bytes(range(256)), "256 bytes, not all of them text", "valid"),
    ])
    inside = base | {"path_key": PATH_KEY}
    changed(rows, "final", "final", inside, RECEIVED | PATH | FINAL_BLIND, "total_amount_msat", TU64)
    both = encoded(sorted(values(RECEIVED | PATH | FINAL_BLIND | {"current_path_key": PATH_KEY}).items()))
    rows.add("final/two-path-keys", "final", "a path key came with it, and is in it", inside | {"payload": both},
             "current_path_key")


def delegates(rows):
    base = {"lock": "point"}
    changed(rows, "delegate", "delegate", base, TO_NODE, "outgoing_node_id", BAD_POINTS)
    changed(rows, "delegate", "delegate", base, TO_NODE, "min_final_delta", TU32)
    broken = [
        ("empty", b"", "no bytes"),
        ("version", flip(PACKET, 0), "version 1"),
        ("key", PACKET[:1] + BAD_POINTS[5][1] + PACKET[34:], "an ephemeral key off the curve"),
    ]
    changed(rows, "delegate", "delegate", base, TO_PATH, "recipient_packet", [
        *broken, ("short", PACKET[:-1], "a byte too few"), ("long", PACKET + b"\0", "a byte too many"),
    ])
    path = wire.PAYLOAD[wire.RECIPIENT_PATHS].write([RECIPIENT_PATH])
    key_at = 33
    changed(rows, "delegate", "delegate", base, TO_PATH, "recipient_blinded_paths", [
        ("two", path * 2, "two paths", "valid"),
        ("a-half", path + path[: len(path) // 2], "a path and a half"),
        ("channel", b"\x01" + FORWARD["short_channel_id"] + path[33:], "the first node as the end of a channel", "valid"),
        ("first-node", b"\x04" + path[1:], "a first node whose first byte is 04"),
        ("path-key", replace(path, key_at, b"\x05"), "a path key whose first byte is 05"),
        ("no-hops", path[:66] + b"\0" + path[67 + 2 * 67 :], "no hops"),
        ("a-hop-more", replace(path, 66, b"\x03"), "one hop more than there are"),
        ("cut-off", path[:-1], "a byte too few"),
        ("trailing", path + b"\0", "a byte too many"),
        ("empty", b"", "no bytes"),
    ])
    for name, fields, field, comment in (
        ("node-and-path", TO_PATH | {"outgoing_node_id": point("recipient")}, "outgoing_node_id", "a node and a path"),
        ("delta-and-path", TO_PATH | {"min_final_delta": 0}, "valid", "a path whose expiry is counted from the height then"),
        ("no-delta", RECEIVED | {"outgoing_node_id": point("recipient")}, "valid", "a node, and the expiry is the sender's"),
        ("no-packet", RECEIVED | {"recipient_blinded_paths": [RECIPIENT_PATH]}, "valid", "a path, and nothing for who is there"),
    ):
        payload = encoded(sorted(values(fields).items()))
        rows.add(f"delegate/{name}", "delegate", comment, base | {"payload": payload}, field)
    base |= {"node_secret": bytes32(NODE_SECRET), "path_key": None}
    changed(rows, "delegated", "delegated", base, DELEGATED, "tail_blind", BAD_SCALARS)
    changed(rows, "delegated", "delegated", base, DELEGATED, "trampoline_onion_packet", [
        *broken,
        ("short", PACKET[:34] + bytes(31), "no room for an HMAC"),
        ("least", PACKET[:34] + bytes(32), "no payloads, which only its node can tell", "valid"),
        ("long", PACKET + bytes(700), "another length", "valid"),
    ])


HELD = [
    {"hold_id": draw("wire/held", index), "release_secret": scalar(f"held/{index}"), "amount_msat": 2_500_000 + index}
    for index in range(2)
]


def _broken_stream(rows, op, whole, names):
    """The stream's own faults."""

    def add(name, comment, records, expected):
        rows.add(f"{op}/{name}", op, comment, {"value": encoded(records)}, expected)

    for index, record in enumerate(whole):
        field = names[record[0]]
        if field != "x":
            add(f"without-{field}", f"no {field}", whole[:index] + whole[index + 1 :], field)
        add(f"twice-{field}", f"{field} twice", [*whole[: index + 1], *whole[index:]], field)
    for index in range(1, len(whole)):
        swapped = [*whole[: index - 1], whole[index], whole[index - 1], *whole[index + 1 :]]
        add(f"late-{names[whole[index - 1][0]]}", "two records change places", swapped, names[whole[index - 1][0]])
    add("unknown-6", "a type 6, even and not known", sorted([*whole, (6, b"\x01")]), "tlv_6")
    add("unknown-7", "a type 7, odd and not known: passed over", sorted([*whole, (7, b"\x01")]), "valid")
    last = names[whole[-1][0]]
    rows.add(f"{op}/cut-off", op, "a byte too few", {"value": encoded(whole)[:-1]}, last)
    if len(whole) == 1:
        rows.add(f"{op}/empty", op, "no bytes", {"value": b""}, "holds")


def announcements(rows):
    op = "held_ptlc_available"
    names = {tlv_type: codec.name for tlv_type, codec in wire.ANNOUNCED.items()}
    holds = wire.ANNOUNCED[2].write(HELD)
    static = [(2, holds), (4, b"\x0c\xf8\xd4")]
    ktimed = [*static, (5, scalar("x"))]

    def add(name, comment, records, expected="valid"):
        rows.add(f"{op}/{name}", op, comment, {"value": encoded(records)}, expected)

    add("one", "one hold", [(2, holds[:72]), static[1]])
    add("static", "two holds", static)
    add("k-time", "two holds under a k-time payment point", ktimed)
    _broken_stream(rows, op, ktimed, names)
    for name, value, what in (
        ("empty", b"", "no holds"),
        ("short", holds[:-1], "a byte too few"),
        ("long", holds + b"\0", "a byte too many"),
    ):
        add(f"holds-{name}", what, [(2, value), *ktimed[1:]], "holds")
    for name, value, what in BAD_SCALARS[:3]:
        broken = holds[: 72 + 32] + value + holds[72 + 64 :]
        add(f"holds-secret-{name}", f"the second h is {what}", [(2, broken), *ktimed[1:]], "holds")
    for name, value, what, *expected in TU32:
        add(f"latest_release_height-{name}", what, [static[0], (4, value)], *(expected or ["latest_release_height"]))
    for name, value, what in BAD_SCALARS:
        add(f"x-{name}", f"x is {what}", [*static, (5, value)], "x")


def handovers(rows):
    op = "handover"
    names = {tlv_type: codec.name for tlv_type, codec in wire.HANDED.items()}
    node, relay = draw_scalar("wire/handover/node"), draw_scalar("wire/handover/relay")
    data = [bolt12.stream({4: compressed(node * G)}), bolt12.stream({6: draw("wire/handover/path-id")})]
    hops = onion.blind_path(draw_scalar("wire/handover/path"), [relay * G, node * G], data)
    path = onion.path_bytes(compressed(relay * G), hops)
    available = {"holds": HELD, "latest_release_height": 850_132}
    payload = bolt12.stream({wire.ANNOUNCEMENT: wire.write(available, wire.ANNOUNCED)})
    key = hops[-1].blinded_node_id
    short, long = (
        onion.build(draw_scalar("wire/handover/session"), [key], [payload], b"", size) for size in wire.SEALED_SIZES
    )
    whole = [(0, HELD[0]["hold_id"]), (2, path), (4, short)]

    def add(name, comment, records, expected="valid"):
        rows.add(f"{op}/{name}", op, comment, {"value": encoded(records)}, expected)

    add("short", "an announcement of up to five holds", whole)
    add("long", "one of more", [*whole[:2], (4, long)])
    _broken_stream(rows, op, whole, names)
    for name, value, what in bad_sizes(32):
        add(f"hold_id-{name}", what, [(0, value), *whole[1:]], "hold_id")
    for name, value, what in (("empty", b"", "no path"), ("short", path[:-1], "a byte too few"), ("long", path + b"\0", "a byte too many")):
        add(f"message_path-{name}", what, [whole[0], (2, value), whole[2]], "message_path")
    for name, value, what in (
        ("empty", b"", "no packet"),
        ("short", short[:-1], "a byte too few"),
        ("long", short + b"\0", "a byte too many"),
        ("version", b"\1" + short[1:], "version 1"),
        ("key", short[:1] + BAD_POINTS[5][1] + short[34:], "an ephemeral key off the curve"),
    ):
        add(f"sealed_announcement-{name}", what, [*whole[:2], (4, value)], "sealed_announcement")


def releases(rows):
    op = "release_held_ptlc"
    entries = [{name: entry[name] for name in ("hold_id", "release_secret")} for entry in HELD]
    holds = wire.RELEASED[2].write(entries)

    def add(name, comment, value, expected="valid"):
        rows.add(f"{op}/{name}", op, comment, {"value": encoded([(2, value)])}, expected)

    add("one", "one hold", holds[:64])
    add("two", "two holds", holds)
    _broken_stream(rows, op, [(2, holds)], {2: "holds"})
    add("holds-empty", "no holds", b"", "holds")
    add("holds-short", "a byte too few", holds[:-1], "holds")
    add("holds-amount", "as long as an announcement's", holds + bytes(8), "holds")
    for name, value, what in BAD_SCALARS[:3]:
        add(f"holds-secret-{name}", f"the first h is {what}", holds[:32] + value + holds[64:], "holds")


def peeled(rows):
    """One layer, and what a node refuses before it reads a payload."""
    secrets = [draw_scalar(f"wire/peel/{index}") for index in range(2)]
    contents = [encoded(sorted(values(FORWARD | {"blind": scalar("blind")}).items()))]
    contents.append(encoded(sorted(values(RECEIVED | CLEAR | FINAL_BLIND).items())))
    session_key, keys = draw_scalar("wire/peel/session"), [secret * G for secret in secrets]
    for size, what in ((onion.PAYMENT_SIZE, "payment"), (onion.RECIPIENT_SIZE, "trampoline")):
        for data, kind in ((b"", "point"), (draw("wire/peel/hash"), "hash")):
            packet = onion.build(session_key, keys, contents, data, size)
            base = {"packet": packet, "secret_key": bytes32(secrets[0]), "associated_data": data}
            made = rows.add(f"peel/{what}-{kind}-first", "peel", f"a {what} packet, the first of two layers", base)
            rows.add(f"peel/{what}-{kind}-last", "peel", "the last layer", base | {
                "packet": bytes.fromhex(made["next_packet"]), "secret_key": bytes32(secrets[1]),
            })

    def refused(name, comment, field, **changes):
        rows.add(f"peel/{name}", "peel", comment, base | changes, field)

    packet = onion.build(session_key, keys, contents, b"")
    base = {"packet": packet, "secret_key": bytes32(secrets[0]), "associated_data": b""}
    refused("version", "version 1", "version", packet=flip(packet, 0))
    refused("public-key", "an ephemeral key off the curve", "public_key", packet=packet[:1] + BAD_POINTS[5][1] + packet[34:])
    for name, index in (("area-first", 34), ("area-last", 34 + 1299), ("hmac", 34 + 1300), ("hmac-last", 1365)):
        refused(f"flipped-{name}", f"one bit of byte {index} flipped", "hmac", packet=flip(packet, index))
    refused("other-node", "another node's key", "hmac", secret_key=bytes32(secrets[1]))
    refused("payment-hash", "a payment hash where the lock is a point", "hmac", associated_data=draw("wire/peel/hash"))
    for name, payload in (("length-0", b""), ("length-1", b"\x02")):
        short = onion.build(session_key, keys[:1], [payload], b"")
        refused(name, f"a payload of {len(payload)} bytes", "payload", packet=short)
