"""As much of BOLT 12 as a proof of payment needs: TLV streams, the Merkle root of an invoice, its signature, text.

    record  BigSize(type) || BigSize(length) || value, in ascending order of type
    leaf    H_LnLeaf(record), and beside it H_(LnNonce || first record)(type of the record)
    branch  H_LnBranch(the smaller || the larger); levels are paired from the left, an odd one out moves up
    root    over all records but those of types 240 to 1000
    signed  H_(lightning || static_invoice || signature)(root), by BIP-340
    text    human-readable part || 1 || the bytes in bech32's characters, five bits each, without a checksum

Own fields: 3000000161, the payment points; 3000000165, the interim route.
Reference: https://github.com/lightning/bolts/blob/master/12-offer-encoding.md
"""

import hashlib

import bip340
from secp256k1 import G, compressed, tagged_hash

OFFER_AMOUNT = 8
OFFER_DESCRIPTION = 10
OFFER_ISSUER_ID = 22
INVOICE_CREATED_AT = 164
INVOICE_RELATIVE_EXPIRY = 166
INVOICE_NODE_ID = 176
SIGNATURE = 240
PAYMENT_POINTS = 3000000161
INTERIM_ROUTE = 3000000165

CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bigsize(number):
    if number < 0xFD:
        return bytes([number])
    for prefix, length in ((0xFD, 2), (0xFE, 4), (0xFF, 8)):
        if number < 1 << 8 * length:
            return bytes([prefix]) + number.to_bytes(length, "big")
    raise ValueError(number)


def truncated(number):
    """A tu64: big-endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def record(tlv_type, value):
    return bigsize(tlv_type) + bigsize(len(value)) + value


def stream(fields):
    return b"".join(record(tlv_type, fields[tlv_type]) for tlv_type in sorted(fields))


def read_stream(data):
    """The records as a dict; None when the bytes are no stream."""
    fields, last = {}, -1
    while data:
        head, rest = read_bigsize(data), None
        if head:
            rest = read_bigsize(head[1])
        if not rest or head[0] <= last or len(rest[1]) < rest[0]:
            return None
        last = head[0]
        fields[last], data = rest[1][: rest[0]], rest[1][rest[0] :]
    return fields


def read_bigsize(data):
    """(number, the bytes behind it)"""
    if not data:
        return None
    length = {0xFD: 2, 0xFE: 4, 0xFF: 8}.get(data[0], 0)
    if len(data) < 1 + length:
        return None
    number = int.from_bytes(data[1 : 1 + length], "big") if length else data[0]
    return (number, data[1 + length :]) if data.startswith(bigsize(number)) else None


def merkle_root(fields):
    signed = [(tlv_type, value) for tlv_type, value in sorted(fields.items()) if not 240 <= tlv_type <= 1000]
    nonce_tag = b"LnNonce" + record(*signed[0])
    level = [
        branch(
            tagged_hash("LnLeaf", record(tlv_type, value)),
            hash_with_tag(nonce_tag, bigsize(tlv_type)),
        )
        for tlv_type, value in signed
    ]
    while len(level) > 1:
        pairs = [branch(*level[index : index + 2]) for index in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def branch(left, right):
    return tagged_hash("LnBranch", min(left, right) + max(left, right))


def hash_with_tag(tag, data):
    prefix = hashlib.sha256(tag).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def static_invoice(node_secret, points, amount_msat, description, aux_rand):
    """A signed static invoice whose interim route is the receiver itself."""
    node_id = compressed(node_secret * G)
    fields = {
        OFFER_AMOUNT: truncated(amount_msat),
        OFFER_DESCRIPTION: description.encode(),
        OFFER_ISSUER_ID: node_id,
        INVOICE_CREATED_AT: truncated(1_750_000_000),
        INVOICE_RELATIVE_EXPIRY: truncated(14 * 24 * 3600),
        INVOICE_NODE_ID: node_id,
        PAYMENT_POINTS: b"".join(compressed(point) for point in points),
        INTERIM_ROUTE: node_id,
    }
    message = hash_with_tag(b"lightning" + b"static_invoice" + b"signature", merkle_root(fields))
    return stream(fields | {SIGNATURE: bip340.sign(node_secret, message, aux_rand)})


def is_signed(fields):
    message = hash_with_tag(b"lightning" + b"static_invoice" + b"signature", merkle_root(fields))
    return bip340.verify(fields[INVOICE_NODE_ID][1:], message, fields[SIGNATURE])


def to_text(human_readable_part, data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    groups = (bits[index : index + 5] for index in range(0, len(bits), 5))
    return human_readable_part + "1" + "".join(CHARACTERS[int(group, 2)] for group in groups)


def from_text(human_readable_part, text):
    """The bytes, of a text in lower case and in one piece."""
    prefix, _, data = text.partition("1")
    assert prefix == human_readable_part
    bits = "".join(f"{CHARACTERS.index(character):05b}" for character in data)
    return bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits) // 8 * 8, 8))
