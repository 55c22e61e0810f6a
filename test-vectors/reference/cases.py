"""What the case lists share: rows, reproducible draws, and the malformed scalars and points.

    draw(label, i) = SHA256("pointlock test vectors/" || label || "/" || i)

A label, not a running counter, so that a new case leaves the old ones as they are.
"""

import hashlib

import replay
from secp256k1 import ORDER, P_FIELD, G, bytes32, compressed, integer, lift_x


class Disagreement(Exception):
    """A row that the reference answers otherwise than its author."""


class Rows:
    """The rows of one file. A row states what it expects; the reference has to agree, and fills in the outputs."""

    def __init__(self, scheme):
        self.scheme = scheme
        self.rows = []

    def add(self, name, op, comment, inputs, expected="valid", context=None, culprit=None):
        """Appends a row and returns its outputs. Any `expected` but "valid" and "invalid" is the bad field."""
        if expected not in ("valid", "invalid"):
            expected = {"error": expected} | ({} if culprit is None else {"culprit": culprit})
        inputs, context = replay.to_hex(inputs), context and replay.to_hex(context)
        op = op if "." in op else f"{self.scheme}.{op}"
        verdict, outputs, steps = replay.answer(op, inputs, context)
        if verdict != expected:
            raise Disagreement(f"row {name}: expected {expected}, the reference says {verdict}")
        if any(row["name"] == name for row in self.rows):
            raise Disagreement(f"row {name}: there are two of this name")
        parts = {"input": inputs, "context": context, "output": outputs, "intermediate": steps}
        row = {"name": name, "op": op, "comment": comment, "expected": expected}
        self.rows.append(row | {key: value for key, value in parts.items() if value is not None})
        return outputs

    def document(self):
        return {"format": 1, "scheme": self.scheme, "rows": self.rows}


def draw(label, index=0):
    return hashlib.sha256(f"pointlock test vectors/{label}/{index}".encode()).digest()


def draw_scalar(label, accept=lambda scalar: True):
    """The first scalar of the label's sequence that `accept` takes."""
    index = 0
    while True:
        scalar = integer(draw(label, index))
        if 0 < scalar < ORDER and accept(scalar):
            return scalar
        index += 1


def scalar_with_parity(label, even):
    return draw_scalar(label, lambda scalar: (scalar * G).is_even == even)


def flip(data, index):
    """`data` with the lowest bit of one byte flipped."""
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


def replace(data, start, part):
    return data[:start] + part + data[start + len(part) :]


def negated(scalar_bytes):
    return bytes32(-integer(scalar_bytes) % ORDER)


OFF_CURVE_X = bytes32(5)
WRAPPED_X = bytes32(P_FIELD + 1)
MAX = bytes32(2**256 - 1)
assert lift_x(5) is None and lift_x(1) is not None

BAD_LENGTHS = [
    ("empty", b"", "no bytes"),
    ("31-bytes", bytes(30) + b"\x01", "31 bytes"),
    ("33-bytes", bytes(32) + b"\x01", "33 bytes"),
]
SCALARS_FROM_N = [
    ("n", bytes32(ORDER), "the group order n, which would reduce to zero"),
    ("n-plus-1", bytes32(ORDER + 1), "n + 1, which would reduce to one"),
    ("max", MAX, "2^256 - 1"),
]
BAD_SCALARS = [("zero", bytes(32), "zero"), *SCALARS_FROM_N, *BAD_LENGTHS]
UNDECODABLE_POINTS = [
    ("infinity", bytes(33), "the point at infinity as 33 zero bytes"),
    ("prefix-00", b"\x00" + compressed(G)[1:], "prefix byte 00"),
    ("prefix-01", b"\x01" + compressed(G)[1:], "prefix byte 01"),
    ("prefix-04", b"\x04" + compressed(G)[1:], "prefix byte 04, that of an uncompressed point"),
    ("prefix-06", b"\x06" + compressed(G)[1:], "prefix byte 06, that of a hybrid point"),
    ("x-off-curve", b"\x02" + OFF_CURVE_X, "x = 5, for which no y exists"),
    ("x-zero", b"\x02" + bytes(32), "x = 0, for which no y exists"),
    ("x-p", b"\x02" + bytes32(P_FIELD), "x = p"),
    ("x-wrapped", b"\x03" + WRAPPED_X, "x = p + 1, which would reduce to x = 1, a point of the curve"),
    ("x-max", b"\x03" + MAX, "x = 2^256 - 1"),
]
BAD_POINTS = [
    *UNDECODABLE_POINTS,
    ("infinity-one-byte", b"\x00", "the point at infinity in SEC 1's one-byte form"),
    ("empty", b"", "no bytes"),
    ("x-only", compressed(G)[1:], "32 bytes: x without parity"),
    ("34-bytes", compressed(G) + b"\x00", "34 bytes"),
    ("uncompressed", b"\x04" + bytes32(G.x) + bytes32(G.y), "65 bytes: an uncompressed point"),
]
BAD_X_ONLY_KEYS = [
    ("x-off-curve", OFF_CURVE_X, "x = 5, for which no y exists"),
    ("x-zero", bytes(32), "x = 0, for which no y exists"),
    ("x-p", bytes32(P_FIELD), "x = p"),
    ("x-wrapped", WRAPPED_X, "x = p + 1, which would reduce to x = 1, a point of the curve"),
    ("empty", b"", "no bytes"),
    ("31-bytes", compressed(G)[2:], "31 bytes"),
    ("compressed", compressed(G), "33 bytes: a compressed key"),
]


def add_malformed(rows, prefix, op, base, field, bad_values, context=None):
    """One row for each bad value of one field, everything else as in `base`."""
    for name, value, what in bad_values:
        rows.add(f"{prefix}/{field}-{name}", op, f"{field} is {what}", base | {field: value}, field, context)


def bad_sizes(length):
    return [
        ("empty", b"", "no bytes"),
        ("short", bytes(length - 1), f"{length - 1} bytes"),
        ("long", bytes(length + 1), f"{length + 1} bytes"),
    ]
