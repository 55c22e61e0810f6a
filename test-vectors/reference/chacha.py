"""ChaCha20, and ChaCha20-Poly1305 with a nonce of zeros: all that BOLT 4 uses of them.

    keystream   the blocks of ChaCha20 from counter 0, nonce zero
    seal        ciphertext = data xor blocks from counter 1; the tag is Poly1305 over padded ciphertext and lengths,
                under the first 32 bytes of block 0

Reference: RFC 8439, sections 2.1 to 2.8. The tag is compared in variable time: the keys are those of test vectors.
"""

import struct

NONCE = (0, 0, 0)
CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
MASK = 0xFFFFFFFF
COLUMNS_AND_DIAGONALS = (
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)
CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
PRIME = 2**130 - 5
TAG_LENGTH = 16


def _rotate(word, bits):
    return (word << bits | word >> 32 - bits) & MASK


def _block(key, counter):
    start = (*CONSTANTS, *struct.unpack("<8I", key), counter, *NONCE)
    state = list(start)
    for _ in range(10):
        for a, b, c, d in COLUMNS_AND_DIAGONALS:
            for first, second, third, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[first] = state[first] + state[second] & MASK
                state[third] = _rotate(state[third] ^ state[first], bits)
    return struct.pack("<16I", *(word + begun & MASK for word, begun in zip(state, start)))


def keystream(key, length, counter=0):
    blocks = b"".join(_block(key, counter + index) for index in range((length + 63) // 64))
    return blocks[:length]


def _xor(data, stream):
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def _tag(key, ciphertext):
    """There is no associated data, so that its part is empty and its length zero."""
    one_time = keystream(key, 32)
    r, s = int.from_bytes(one_time[:16], "little") & CLAMP, int.from_bytes(one_time[16:], "little")
    message = ciphertext + bytes(-len(ciphertext) % 16) + struct.pack("<QQ", 0, len(ciphertext))
    total = 0
    for start in range(0, len(message), 16):
        total = (total + int.from_bytes(message[start : start + 16] + b"\x01", "little")) * r % PRIME
    return (total + s & 2**128 - 1).to_bytes(TAG_LENGTH, "little")


def seal(key, data):
    ciphertext = _xor(data, keystream(key, len(data), counter=1))
    return ciphertext + _tag(key, ciphertext)


def open_sealed(key, sealed):
    """The data, or None when the tag is another."""
    ciphertext, tag = sealed[:-TAG_LENGTH], sealed[-TAG_LENGTH:]
    if _tag(key, ciphertext) != tag:
        return None
    return _xor(ciphertext, keystream(key, len(ciphertext), counter=1))
