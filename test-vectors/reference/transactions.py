"""Bitcoin's transactions, as far as channels need them: serialisation, taproot outputs and signature hashes.

    leaf      H_TapLeaf(c0 || compact size || script); branch H_TapBranch(the lesser || the greater)
    output    Q = P + H_TapTweak(x(P) || root)*G with P of even y; the script is 51 20 x(Q)
    sighash   H_TapSighash(00 || type || version || lock time || what the type covers of inputs and outputs || ...)

References: BIP-341 (taproot, sighashes), BIP-342 (leaves), BIP-144 (serialisation).
"""

import hashlib
from dataclasses import dataclass, field

from secp256k1 import ORDER, G, integer, lift_x, tagged_hash, x_bytes

DEFAULT, ALL_ONE_INPUT, SINGLE_ONE_INPUT, NONE_ONE_INPUT = 0x00, 0x81, 0x83, 0x82
CHECKSIG, CHECKSIGVERIFY, CLTV, CSV = b"\xac", b"\xad", b"\xb1", b"\xb2"
EQUAL, EQUALVERIFY, HASH160, SIZE = b"\x87", b"\x88", b"\xa9", b"\x82"


def sha256(data):
    return hashlib.sha256(data).digest()


def little(number, length):
    return number.to_bytes(length, "little")


def compact(number):
    if number < 0xFD:
        return little(number, 1)
    return b"\xfd" + little(number, 2)


def sized(data):
    return compact(len(data)) + data


def push(data):
    assert len(data) < 0x4C
    return bytes([len(data)]) + data


def number_push(number):
    """A number as a script pushes it: OP_1 to OP_16, else as few bytes as hold it and its sign."""
    if 1 <= number <= 16:
        return bytes([0x50 + number])
    return push(little(number, (number.bit_length() + 8) // 8))


@dataclass
class Input:
    txid: bytes
    vout: int
    sequence: int
    witness: list = field(default_factory=list)

    @property
    def outpoint(self):
        return self.txid + little(self.vout, 4)


@dataclass
class Transaction:
    version: int
    lock_time: int
    inputs: list
    outputs: list  # (value, script)

    def _body(self):
        ins = b"".join(i.outpoint + b"\x00" + little(i.sequence, 4) for i in self.inputs)
        return compact(len(self.inputs)) + ins + compact(len(self.outputs)) + b"".join(map(output_bytes, self.outputs))

    def stripped(self):
        return little(self.version, 4) + self._body() + little(self.lock_time, 4)

    def serialized(self):
        if not any(i.witness for i in self.inputs):
            return self.stripped()
        witness = b"".join(compact(len(i.witness)) + b"".join(map(sized, i.witness)) for i in self.inputs)
        return little(self.version, 4) + b"\x00\x01" + self._body() + witness + little(self.lock_time, 4)

    def txid(self):
        return sha256(sha256(self.stripped()))

    def sighash(self, index, spent, sighash_type=DEFAULT, leaf=None):
        """`spent`: (value, script) for every input; `leaf`: the hash of the leaf that is run."""
        one_input = sighash_type & 0x80
        parts = [b"\x00", bytes([sighash_type]), little(self.version, 4), little(self.lock_time, 4)]
        if not one_input:
            parts += [
                sha256(b"".join(i.outpoint for i in self.inputs)),
                sha256(b"".join(little(value, 8) for value, _ in spent)),
                sha256(b"".join(sized(script) for _, script in spent)),
                sha256(b"".join(little(i.sequence, 4) for i in self.inputs)),
            ]
        if sighash_type & 3 not in (2, 3):
            parts.append(sha256(b"".join(map(output_bytes, self.outputs))))
        parts.append(bytes([0 if leaf is None else 2]))
        own = self.inputs[index]
        if one_input:
            parts += [own.outpoint, output_bytes(spent[index]), little(own.sequence, 4)]
        else:
            parts.append(little(index, 4))
        if sighash_type & 3 == 3:
            parts.append(sha256(output_bytes(self.outputs[index])))
        if leaf is not None:
            parts += [leaf, b"\x00", b"\xff\xff\xff\xff"]
        return tagged_hash("TapSighash", b"".join(parts))


def output_bytes(output):
    value, script = output
    return little(value, 8) + sized(script)


def leaf_hash(script):
    return tagged_hash("TapLeaf", b"\xc0" + sized(script))


@dataclass
class Tree:
    """An output with up to two leaves, by their names."""

    internal_key: bytes
    leaves: dict

    @property
    def root(self):
        hashes = sorted(map(leaf_hash, self.leaves.values()))
        if not hashes:
            return b""
        return hashes[0] if len(hashes) == 1 else tagged_hash("TapBranch", hashes[0] + hashes[1])

    @property
    def tweak(self):
        return integer(tagged_hash("TapTweak", self.internal_key + self.root)) % ORDER

    @property
    def output_key(self):
        return lift_x(integer(self.internal_key)) + self.tweak * G

    @property
    def script(self):
        return b"\x51\x20" + x_bytes(self.output_key)

    def control_block(self, name):
        siblings = [leaf_hash(script) for other, script in self.leaves.items() if other != name]
        parity = 0 if self.output_key.is_even else 1
        return bytes([0xC0 | parity]) + self.internal_key + b"".join(siblings)

    def secret(self, internal_secret):
        """Of the output key, from that of the internal key."""
        even = internal_secret if (internal_secret * G).is_even else ORDER - internal_secret
        return (even + self.tweak) % ORDER

    def witness(self, name, stack):
        return [*stack, self.leaves[name], self.control_block(name)]


def key_script(x):
    """A taproot output with this output key."""
    return b"\x51\x20" + x


