"""The group secp256k1, the ground floor of the reference.

    curve        y^2 = x^3 + 7 over the integers modulo p, generator G of prime order n
    33(P)        02 or 03 (parity of y), then x as 32 bytes, big-endian
    H_tag(x)     SHA256(SHA256(tag) || SHA256(tag) || x)

A point is written P + Q, -P, k * P. Inside, multiplication runs on Jacobian coordinates (X/Z^2, Y/Z^3);
nothing here is constant-time: the only secrets it may ever see are those of test vectors.

References: SEC 2 section 2.4.1 (constants), SEC 1 section 2.3 (encodings), BIP-340 (tagged hashes, lift_x).
"""

import hashlib

P_FIELD = 2**256 - 2**32 - 977
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

WINDOW_BITS = 4
WINDOWS = 256 // WINDOW_BITS
WINDOW_MASK = 2**WINDOW_BITS - 1


class Malformed(ValueError):
    """An input that can't be used; `field` is its name, `culprit` the index of the bad entry of a list."""

    def __init__(self, field, culprit=None):
        super().__init__(field if culprit is None else f"{field}[{culprit}]")
        self.field = field
        self.culprit = culprit


class Point:
    """An affine point, or infinity."""

    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    @property
    def is_infinity(self):
        return self.x is None

    @property
    def is_even(self):
        assert not self.is_infinity, "infinity has no parity"
        return self.y % 2 == 0

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def __neg__(self):
        return self if self.is_infinity else Point(self.x, P_FIELD - self.y)

    def __add__(self, other):
        return _to_affine(_jacobian_add(_to_jacobian(self), other))

    def __sub__(self, other):
        return self + (-other)

    def __rmul__(self, scalar):
        scalar %= ORDER
        return _multiply_generator(scalar) if self is G else _multiply(scalar, self)

    def even(self):
        """The one of P and -P whose y is even."""
        return self if self.is_even else -self


INFINITY = Point(None, None)
G = Point(
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)

_JACOBIAN_INFINITY = (1, 1, 0)


def _to_jacobian(point):
    return _JACOBIAN_INFINITY if point.is_infinity else (point.x, point.y, 1)


def _to_affine(jacobian):
    x, y, z = jacobian
    if z == 0:
        return INFINITY
    inverse = pow(z, -1, P_FIELD)
    square = inverse * inverse % P_FIELD
    return Point(x * square % P_FIELD, y * square * inverse % P_FIELD)


def _jacobian_double(jacobian):
    x, y, z = jacobian
    if z == 0:
        return jacobian
    yy = y * y % P_FIELD
    s = 4 * x * yy % P_FIELD
    m = 3 * x * x % P_FIELD
    x3 = (m * m - 2 * s) % P_FIELD
    return x3, (m * (s - x3) - 8 * yy * yy) % P_FIELD, 2 * y * z % P_FIELD


def _jacobian_add(jacobian, point):
    """Jacobian plus affine."""
    if point.is_infinity:
        return jacobian
    x1, y1, z1 = jacobian
    if z1 == 0:
        return point.x, point.y, 1
    zz = z1 * z1 % P_FIELD
    h = (point.x * zz - x1) % P_FIELD
    r = (point.y * zz * z1 - y1) % P_FIELD
    if h == 0:
        return _jacobian_double(jacobian) if r == 0 else _JACOBIAN_INFINITY
    hh = h * h % P_FIELD
    hhh = h * hh % P_FIELD
    v = x1 * hh % P_FIELD
    x3 = (r * r - hhh - 2 * v) % P_FIELD
    return x3, (r * (v - x3) - y1 * hhh) % P_FIELD, z1 * h % P_FIELD


def _multiples(point):
    """1 * P ... 15 * P, for one window."""
    row = [INFINITY, point]
    for _ in range(WINDOW_MASK - 1):
        row.append(row[-1] + point)
    return row


def _multiply(scalar, point):
    row = _multiples(point)
    total = _JACOBIAN_INFINITY
    for window in reversed(range(WINDOWS)):
        for _ in range(WINDOW_BITS):
            total = _jacobian_double(total)
        total = _jacobian_add(total, row[scalar >> window * WINDOW_BITS & WINDOW_MASK])
    return _to_affine(total)


def _generator_table():
    table, base = [], G
    for _ in range(WINDOWS):
        row = _multiples(base)
        table.append(row)
        base = row[-1] + base
    return table


_GENERATOR_TABLE = _generator_table()


def _multiply_generator(scalar):
    total = _JACOBIAN_INFINITY
    for window, row in enumerate(_GENERATOR_TABLE):
        total = _jacobian_add(total, row[scalar >> window * WINDOW_BITS & WINDOW_MASK])
    return _to_affine(total)


def lift_x(x):
    """The point with this x and an even y; None when there is none."""
    if x >= P_FIELD:
        return None
    square = (pow(x, 3, P_FIELD) + 7) % P_FIELD
    y = pow(square, (P_FIELD + 1) // 4, P_FIELD)
    if y * y % P_FIELD != square:
        return None
    return Point(x, y).even()


def bytes32(number):
    return number.to_bytes(32, "big")


def integer(data):
    return int.from_bytes(data, "big")


def x_bytes(point):
    assert not point.is_infinity, "infinity has no x coordinate"
    return bytes32(point.x)


def compressed(point):
    return (b"\x02" if point.is_even else b"\x03") + x_bytes(point)


def compressed_or_zero(point):
    """33(P), with 33 zero bytes for infinity (BIP-327's cbytes_ext)."""
    return bytes(33) if point.is_infinity else compressed(point)


def decompress(data):
    """The inverse of `compressed`; None when the bytes are no point."""
    if len(data) != 33 or data[0] not in (2, 3):
        return None
    point = lift_x(integer(data[1:]))
    if point is None:
        return None
    return point if data[0] == 2 else -point


def decompress_or_zero(data):
    return INFINITY if data == bytes(33) else decompress(data)


def tagged_hash(tag, data):
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def xor(a, b):
    return bytes(i ^ j for i, j in zip(a, b, strict=True))
