"""Payloads and messages, written from docs/wire.md: every field is read and written by one codec.

    stream    records of BigSize(type) || BigSize(length) || value, types ascending; an even type that is not known is refused
    tuN       an integer without leading zero bytes
    y_i       the blind in the payload; or held_blind - h; or H_pointlock/hop_blind(s_i) mod n, s_i from the onion
    b_i       H_pointlock/path_blind(ss_i) mod n, ss_i from the path
    c         H_pointlock/release(h)
    secret    H_pointlock/payment_secret(invoice id)

A payload is read into a dict by the names of that page. Malformed has the name of the field to blame, `tlv_<type>` for a type
without a name, and `payload` (or whatever is read) where not even a type can be.
"""

from dataclasses import dataclass

import bolt12
from secp256k1 import ORDER, Malformed, bytes32, decompress, integer, tagged_hash

PACKET_OVERHEAD = 1 + 33 + 32
RECIPIENT_PACKET_LENGTH = PACKET_OVERHEAD + 500

AMOUNT, EXPIRY, CHANNEL, PAYMENT_DATA = 2, 4, 6, 8
ENCRYPTED_DATA, PATH_KEY, NODE, TOTAL, TRAMPOLINE = 10, 12, 14, 18, 20
# Beside NODE and TRAMPOLINE those of the trampoline proposal.
RECIPIENT_FEATURES, RECIPIENT_PATHS = 21, 22
BLIND, FINAL_BLIND = 65537, 65539
# Even: a node that does not know a hold fails it.
HOLD_ID, HELD_BLIND, RELEASE_HASH, RELEASE_HEIGHT = range(65542, 65550, 2)
PAYER_KEY, PAYER_NOTE, PAYER_INVOICE_ID, PAYER_SIGNATURE, PART_SHARE = range(65549, 65559, 2)
TAIL_BLIND, MIN_FINAL_DELTA, ANNOUNCEMENT, RELEASE = 65559, 65563, 65565, 65567
HANDOVER, SEALED, RECIPIENT_PACKET = 65575, 65577, 65579

SEALED_SIZES = (500, 24_000)

HOLD = (HOLD_ID, RELEASE_HASH, RELEASE_HEIGHT)
PAYER = (PAYER_KEY, PAYER_INVOICE_ID, PAYER_SIGNATURE)


class Unreadable(Exception):
    """A value that its codec can't read."""


@dataclass(frozen=True)
class Codec:
    """`read` makes something of a value's bytes or raises Unreadable; `write` is its inverse."""

    name: str
    read: callable
    write: callable


def _truncated(name, bits):
    def read(data):
        if len(data) > bits // 8 or data.startswith(b"\0"):
            raise Unreadable
        return integer(data)

    return Codec(name, read, bolt12.truncated)


def _raw(name, length=None):
    def read(data):
        if length not in (None, len(data)):
            raise Unreadable
        return data

    return Codec(name, read, bytes)


def is_scalar(data):
    return len(data) == 32 and 0 < integer(data) < ORDER


def _checked(name, fits):
    def read(data):
        if not fits(data):
            raise Unreadable
        return data

    return Codec(name, read, bytes)


def _is_point(data):
    return decompress(data) is not None


def _is_even_point(data):
    return _is_point(data) and data[0] == 2


def _is_packet(data):
    return len(data) >= PACKET_OVERHEAD and data[0] == 0 and _is_point(data[1:34])


def _is_recipient_packet(data):
    return len(data) == RECIPIENT_PACKET_LENGTH and _is_packet(data)


def _is_sealed_packet(data):
    return len(data) - 66 in SEALED_SIZES and data[0] == 0 and _is_point(data[1:34])


def _read_payment_data(data):
    secret, total = data[:32], data[32:]
    if len(secret) < 32 or len(total) > 8 or total.startswith(b"\0"):
        raise Unreadable
    return {"payment_secret": secret, "total_msat": integer(total)}


def _write_payment_data(value):
    return value["payment_secret"] + bolt12.truncated(value["total_msat"])


def _read_part(data):
    share, part, parts = data[:32], integer(data[32:34]), integer(data[34:])
    if len(data) != 36 or not is_scalar(share) or not 1 <= part <= parts:
        raise Unreadable
    return {"share": share, "part": part, "parts": parts}


def _write_part(value):
    return value["share"] + value["part"].to_bytes(2, "big") + value["parts"].to_bytes(2, "big")


class _Reader:
    def __init__(self, data):
        self.data = data

    def take(self, length):
        if len(self.data) < length:
            raise Unreadable
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def number(self, length):
        return integer(self.take(length))

    def point(self):
        taken = self.take(33)
        if not _is_point(taken):
            raise Unreadable
        return taken

    def node(self):
        """BOLT 1's `sciddir_or_pubkey`."""
        return self.take(9) if self.data[:1] in (b"\0", b"\1") else self.point()

    def path(self):
        path = {"first_node_id": self.node(), "first_path_key": self.point(), "hops": []}
        for _ in range(self.number(1)):
            blinded_node_id = self.point()
            data = self.take(self.number(2))
            path["hops"].append({"blinded_node_id": blinded_node_id, "encrypted_recipient_data": data})
        if not path["hops"]:
            raise Unreadable
        return path

    def payinfo(self):
        info = {name: self.number(length) for name, length in PAYINFO}
        return info | {"features": self.take(self.number(2))}

    def end(self):
        if self.data:
            raise Unreadable


PAYINFO = (
    ("fee_base_msat", 4),
    ("fee_proportional_millionths", 4),
    ("cltv_expiry_delta", 2),
    ("htlc_minimum_msat", 8),
    ("htlc_maximum_msat", 8),
)


def _read_path(data):
    reader = _Reader(data)
    path = reader.path()
    reader.end()
    return path


def _write_path(path):
    text = path["first_node_id"] + path["first_path_key"] + bytes([len(path["hops"])])
    for hop in path["hops"]:
        data = hop["encrypted_recipient_data"]
        text += hop["blinded_node_id"] + len(data).to_bytes(2, "big") + data
    return text


def _read_recipient_paths(data):
    """At least one."""
    reader, paths = _Reader(data), []
    while reader.data or not paths:
        paths.append({"path": reader.path(), "payinfo": reader.payinfo()})
    return paths


def _write_recipient_paths(paths):
    data = b""
    for path in paths:
        info = path["payinfo"]
        numbers = b"".join(info[name].to_bytes(length, "big") for name, length in PAYINFO)
        data += _write_path(path["path"]) + numbers + len(info["features"]).to_bytes(2, "big") + info["features"]
    return data


def _list(name, lengths):
    """Entries of some fields of fixed length each, at least one entry; h has to be a scalar."""
    size = sum(length for _, length in lengths)

    def read(data):
        if not data or len(data) % size:
            raise Unreadable
        entries = []
        for start in range(0, len(data), size):
            reader = _Reader(data[start : start + size])
            entry = {field: reader.take(length) for field, length in lengths}
            if not is_scalar(entry["release_secret"]):
                raise Unreadable
            if "amount_msat" in entry:
                entry["amount_msat"] = integer(entry["amount_msat"])
            entries.append(entry)
        return entries

    def write(entries):
        return b"".join(
            entry["hold_id"]
            + entry["release_secret"]
            + (entry["amount_msat"].to_bytes(8, "big") if "amount_msat" in entry else b"")
            for entry in entries
        )

    return Codec(name, read, write)


PAYLOAD = {
    AMOUNT: _truncated("amt_to_forward", 64),
    EXPIRY: _truncated("outgoing_cltv_value", 32),
    CHANNEL: _raw("short_channel_id", 8),
    PAYMENT_DATA: Codec("payment_data", _read_payment_data, _write_payment_data),
    ENCRYPTED_DATA: _raw("encrypted_recipient_data"),
    PATH_KEY: _checked("current_path_key", _is_point),
    NODE: _checked("outgoing_node_id", _is_point),
    TOTAL: _truncated("total_amount_msat", 64),
    TRAMPOLINE: _checked("trampoline_onion_packet", _is_packet),
    RECIPIENT_FEATURES: _raw("recipient_features"),
    RECIPIENT_PATHS: Codec("recipient_blinded_paths", _read_recipient_paths, _write_recipient_paths),
    BLIND: _checked("blind", is_scalar),
    FINAL_BLIND: _checked("final_blind", is_scalar),
    HOLD_ID: _raw("hold_id", 32),
    HELD_BLIND: _checked("held_blind", is_scalar),
    RELEASE_HASH: _raw("release_hash", 32),
    RELEASE_HEIGHT: _truncated("latest_release_height", 32),
    PAYER_KEY: _checked("payer_key", _is_even_point),
    PAYER_NOTE: _raw("payer_note"),
    PAYER_INVOICE_ID: _raw("payer_invoice_id", 32),
    PAYER_SIGNATURE: _raw("payer_signature", 64),
    PART_SHARE: Codec("part_share", _read_part, _write_part),
    TAIL_BLIND: _checked("tail_blind", is_scalar),
    MIN_FINAL_DELTA: _truncated("min_final_delta", 32),
    RECIPIENT_PACKET: _checked("recipient_packet", _is_recipient_packet),
}
MESSAGE = {
    2: Codec("reply_path", _read_path, _write_path),
    4: _raw("encrypted_recipient_data"),
    RELEASE: _raw("release_held_ptlc"),
    HANDOVER: _raw("handover"),
    SEALED: _checked("sealed_announcement", _is_sealed_packet),
}
WITHIN_SEALED = {ANNOUNCEMENT: _raw("held_ptlc_available")}
HANDED = {
    0: _raw("hold_id", 32),
    2: Codec("message_path", _read_path, _write_path),
    4: _checked("sealed_announcement", _is_sealed_packet),
}
ANNOUNCED = {
    2: _list("holds", (("hold_id", 32), ("release_secret", 32), ("amount_msat", 8))),
    4: _truncated("latest_release_height", 32),
    5: _checked("x", is_scalar),
}
RELEASED = {2: _list("holds", (("hold_id", 32), ("release_secret", 32)))}


def records(data, codecs, whole):
    """[(offset, type, value)]: the stream by BOLT 1's rules alone."""
    found, offset, last = [], 0, -1

    def name(tlv_type):
        return codecs[tlv_type].name if tlv_type in codecs else f"tlv_{tlv_type}"

    rest = data
    while rest:
        head = bolt12.read_bigsize(rest)
        if head is None:
            raise Malformed(whole)
        tlv_type, rest = head
        if tlv_type <= last:
            raise Malformed(name(tlv_type))
        head = bolt12.read_bigsize(rest)
        if head is None or len(head[1]) < head[0]:
            raise Malformed(name(tlv_type))
        length, rest = head
        found.append((offset, tlv_type, rest[:length]))
        last, rest = tlv_type, rest[length:]
        offset = len(data) - len(rest)
    return found


def read(found, codecs, required, optional=(), strict=False):
    """The fields of `records` by name. `strict` refuses odd types without a name, too."""
    fields = {}
    for _, tlv_type, value in found:
        codec = codecs.get(tlv_type)
        if codec is None:
            if strict or tlv_type % 2 == 0:
                raise Malformed(f"tlv_{tlv_type}")
            continue
        if tlv_type not in (*required, *optional):
            raise Malformed(codec.name)
        try:
            fields[codec.name] = codec.read(value)
        except Unreadable:
            raise Malformed(codec.name) from None
    for tlv_type in required:
        if codecs[tlv_type].name not in fields:
            raise Malformed(codecs[tlv_type].name)
    return fields


def write(fields, codecs=None):
    """The stream of the fields, by name."""
    codecs = PAYLOAD if codecs is None else codecs
    types = {codec.name: tlv_type for tlv_type, codec in codecs.items()}
    return bolt12.stream({types[name]: codecs[types[name]].write(value) for name, value in fields.items()})


def _types(found):
    return [tlv_type for _, tlv_type, _ in found]


def _tweak_fields(types):
    """(required, optional) of a node that forwards: y_i, or a hold, which its id opens."""
    return ([*HOLD], [HELD_BLIND]) if HOLD_ID in types else ([], [BLIND])


def _check_tweak(fields, hash_lock):
    """A point lock has a blind or derives one, a hash lock has none."""
    if hash_lock and ("blind" in fields or "held_blind" in fields):
        raise Malformed("lock")
    if not hash_lock and "hold_id" in fields and "held_blind" not in fields:
        raise Malformed("lock")
    return fields


def _path_fields(types, has_path_key):
    """What stands in a payload within a path, or None outside. A path key alone is half of a path."""
    if ENCRYPTED_DATA not in types:
        if has_path_key or PATH_KEY in types:
            raise Malformed("encrypted_recipient_data")
        return None
    return [ENCRYPTED_DATA] if has_path_key else [ENCRYPTED_DATA, PATH_KEY]


def read_forward(found, hash_lock, has_path_key):
    """The payload of a node with a node after it. `has_path_key`: one came with the packet."""
    types = _types(found)
    path = _path_fields(types, has_path_key)
    if path is not None:
        return read(found, PAYLOAD, path, strict=True)
    required, optional = _tweak_fields(types)
    return _check_tweak(read(found, PAYLOAD, [AMOUNT, EXPIRY, CHANNEL, *required], optional), hash_lock)


def _read_received(found, place, hash_lock, strict=False):
    """The receiver's payload, by the fields that its place asks for. The payer's key opens what is the payer's. `strict`: at the end
    of a path, where nothing else may stand."""
    required, optional = ([*PAYER], [PAYER_NOTE]) if PAYER_KEY in _types(found) else ([], [])
    fields = read(found, PAYLOAD, [AMOUNT, EXPIRY, *place, *required], [FINAL_BLIND, PART_SHARE, *optional], strict=strict)
    if hash_lock == ("final_blind" in fields) or hash_lock and "part_share" in fields:
        raise Malformed("lock")
    return fields


def read_final(found, hash_lock, has_path_key):
    """The receiver's payload, in the clear or at the end of a path."""
    path = _path_fields(_types(found), has_path_key)
    place = [PAYMENT_DATA] if path is None else [*path, TOTAL]
    return _read_received(found, place, hash_lock, strict=path is not None)


def read_inner(found, hash_lock, in_path):
    """The receiver's payload in a packet within: what opens the path stands in the outer one."""
    return _read_received(found, [TOTAL if in_path else PAYMENT_DATA], hash_lock)


def read_delegate(found, hash_lock):
    """A delegate's order, in the packet within."""
    types = _types(found)
    to_path = RECIPIENT_PATHS in types
    place, beside = ([RECIPIENT_PATHS], [RECIPIENT_FEATURES, RECIPIENT_PACKET]) if to_path else ([NODE], [])
    required, optional = _tweak_fields(types)
    fields = read(found, PAYLOAD, [AMOUNT, EXPIRY, *place, *required], [*beside, MIN_FINAL_DELTA, *optional])
    return _check_tweak(fields, hash_lock)


def read_around(found, has_path_key):
    """The payload around a packet within, of a delegate or of the recipient."""
    path = _path_fields(_types(found), has_path_key) or []
    optional = [TAIL_BLIND] if path else [PAYMENT_DATA, TAIL_BLIND]
    return read(found, PAYLOAD, [AMOUNT, EXPIRY, *path, TRAMPOLINE], optional, strict=bool(path))


def read_delegated(found, hash_lock, has_path_key):
    """The last payload of a delegate's own onion."""
    fields = read_around(found, has_path_key)
    if hash_lock == ("tail_blind" in fields):
        raise Malformed("lock")
    return fields


def hop_blind(secret):
    """y_i from s_i."""
    return integer(tagged_hash("pointlock/hop_blind", secret)) % ORDER


def path_blind(path_secret):
    """b_i from ss_i."""
    return integer(tagged_hash("pointlock/path_blind", path_secret)) % ORDER


def release_hash(release_secret):
    return tagged_hash("pointlock/release", bytes32(release_secret))


def payment_secret(invoice_id):
    return tagged_hash("pointlock/payment_secret", invoice_id)
