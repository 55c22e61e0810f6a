"""BOLT 12's payer proofs, with a preimage or under points: an invoice of which some fields are shown, signed by its payer.

    leaf      H_LnBranch(H_LnLeaf(record), nonce), for each field of the invoice; 240 to 1000 are none of these
    shown     the record and its nonce
    omitted   a number (1 more than the last field or number), none for field 0; the hash of each node of the tree that has
              nothing shown below it, while its sibling has: children before their parent, the left before the right
    signed    H_(lightning || payer_proof || proof_signature)(root of the proof's own records) by the payer, by BIP-340

The tree is built level by level, pairs from the left, an odd one out moves up; a node is (hash, whether something is shown
below it, children).

Own fields: 241 proof_signature, 1001 proof_preimage, 1002 proof_omitted_tlvs, 1003 proof_missing_hashes, 1004 proof_leaf_hashes,
1005 proof_note. Under points 65601 to 65615 stand in the place of 1001, and A in that of invreq_payer_id.
Reference: https://github.com/lightning/bolts/pull/1346
"""

import hashlib

import bip340
import bolt12
from secp256k1 import G, Malformed, compressed, decompress, tagged_hash

INVREQ_METADATA, INVREQ_PAYER_ID, INVOICE_PAYMENT_HASH, INVOICE_FEATURES = 0, 88, 168, 174
PROOF_SIGNATURE, PREIMAGE, OMITTED, MISSING, LEAVES, NOTE = 241, 1001, 1002, 1003, 1004, 1005
NAMES = {
    INVREQ_METADATA: "invreq_metadata",
    INVREQ_PAYER_ID: "invreq_payer_id",
    INVOICE_PAYMENT_HASH: "invoice_payment_hash",
    bolt12.INVOICE_NODE_ID: "invoice_node_id",
    bolt12.PAYMENT_POINTS: "payment_points",
    bolt12.SIGNATURE: "signature",
    PROOF_SIGNATURE: "proof_signature",
    PREIMAGE: "proof_preimage",
    OMITTED: "proof_omitted_tlvs",
    MISSING: "proof_missing_hashes",
    LEAVES: "proof_leaf_hashes",
    NOTE: "proof_note",
}
KNOWN_EVEN = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 80, 82, 84, 86, 88, 90, 160, 162, 164, 166, 168, 170, 172, 174, 176, 236}


def is_leaf(tlv_type):
    return tlv_type <= 239 or 10**9 <= tlv_type < 4 * 10**9


def is_signature(tlv_type):
    return 240 <= tlv_type <= 1000


# The tree.


def leaf_of(tlv_type, value, nonce):
    return bolt12.branch(tagged_hash("LnLeaf", bolt12.record(tlv_type, value)), nonce)


def grow(leaves):
    """`leaves` are (hash or None, whether it is shown)."""
    level = [(value, shown, ()) for value, shown in leaves]
    while len(level) > 1:
        above = []
        for index in range(0, len(level), 2):
            pair = level[index : index + 2]
            above.append(pair[0] if len(pair) == 1 else (None, pair[0][1] or pair[1][1], tuple(pair)))
        level = above
    return level[0]


def hash_of(node):
    value, _, children = node
    return bolt12.branch(*map(hash_of, children)) if children else value


def omitted_nodes(node):
    """The nodes that a proof has a hash for, in its order."""
    _, shown, children = node
    if not children or not shown:
        return []
    found = omitted_nodes(children[0]) + omitted_nodes(children[1])
    return found + [child for child in children if not child[1]]


def disclose(invoice, included):
    """(numbers, nonces, missing hashes, root)"""
    first = min(invoice)
    tag = b"LnNonce" + bolt12.record(first, invoice[first])
    numbers, nonces, leaves, last = [], [], [], 0
    for tlv_type in sorted(filter(is_leaf, invoice)):
        nonce = bolt12.hash_with_tag(tag, bolt12.bigsize(tlv_type))
        shown = tlv_type in included and tlv_type != 0
        leaves.append((leaf_of(tlv_type, invoice[tlv_type], nonce), shown))
        if shown:
            nonces.append(nonce)
            last = tlv_type
        elif tlv_type != 0:
            last += 1
            numbers.append(last)
    tree = grow(leaves)
    return numbers, nonces, [hash_of(node) for node in omitted_nodes(tree)], hash_of(tree)


# Writing.


def proof_message(fields):
    return bolt12.hash_with_tag(b"lightning" + b"payer_proof" + b"proof_signature", bolt12.merkle_root(fields))


def sign(fields, payer_secret, aux_rand):
    unsigned = {tlv_type: value for tlv_type, value in fields.items() if tlv_type != PROOF_SIGNATURE}
    return unsigned | {PROOF_SIGNATURE: bip340.sign(payer_secret, proof_message(unsigned), aux_rand)}


def write(invoice, included, own, payer_secret, aux_rand, note=None, writes_empty=False):
    """(the fields of the proof, values on the way); `own` are the records that show the payment."""
    for tlv_type in included:
        if tlv_type == 0 or not is_leaf(tlv_type) or tlv_type not in invoice:
            raise Malformed(name_of(tlv_type))
    included = set(included) | {INVOICE_FEATURES}
    numbers, nonces, missing, root = disclose(invoice, included)
    shown = {tlv_type: invoice[tlv_type] for tlv_type in invoice if is_leaf(tlv_type) and tlv_type in included}
    fields = shown | own | {bolt12.SIGNATURE: invoice[bolt12.SIGNATURE], MISSING: b"".join(missing), LEAVES: b"".join(nonces)}
    if numbers or writes_empty:
        fields[OMITTED] = b"".join(map(bolt12.bigsize, numbers))
    if note is not None:
        fields[NOTE] = note
    steps = {"omitted_tlvs": numbers, "leaf_hashes": nonces, "missing_hashes": missing, "invoice_merkle_root": root}
    return sign(fields, payer_secret, aux_rand), steps | {"proof_merkle_root": bolt12.merkle_root(fields)}


# Reading.


def read(data, message_name, required, own, foreign):
    """(all fields, the root of the invoice); Malformed by the field at fault. The payer's signature is for `check_payer`."""
    fields = bolt12.read_stream(data)
    if fields is None:
        raise Malformed("proof")
    for tlv_type in fields:
        if tlv_type == 0:
            raise Malformed(NAMES[0])
        if not has_place(tlv_type) or tlv_type in foreign:
            raise Malformed(f"tlv_{tlv_type}")
    for tlv_type in (*required, bolt12.SIGNATURE, MISSING, LEAVES, PROOF_SIGNATURE, *own):
        if tlv_type not in fields:
            raise Malformed(name_of(tlv_type))
    if decompress(fields[bolt12.INVOICE_NODE_ID]) is None:
        raise Malformed("invoice_node_id")
    for tlv_type in (bolt12.SIGNATURE, PROOF_SIGNATURE):
        if len(fields[tlv_type]) != 64:
            raise Malformed(name_of(tlv_type))
    try:
        fields.get(NOTE, b"").decode()
    except UnicodeDecodeError:
        raise Malformed("proof_note") from None
    root = root_of(fields, message_name == b"invoice")
    message = bolt12.hash_with_tag(b"lightning" + message_name + b"signature", root)
    if not bip340.verify(fields[bolt12.INVOICE_NODE_ID][1:], message, fields[bolt12.SIGNATURE]):
        raise Malformed("signature")
    return fields, root


def has_place(tlv_type):
    if is_signature(tlv_type):
        return tlv_type in (bolt12.SIGNATURE, PROOF_SIGNATURE)
    if is_leaf(tlv_type):
        return tlv_type % 2 == 1 or tlv_type in KNOWN_EVEN
    return tlv_type < 10**9 and (tlv_type % 2 == 1 or tlv_type in (OMITTED, LEAVES))


def name_of(tlv_type):
    return NAMES.get(tlv_type, f"tlv_{tlv_type}")


def hashes_of(fields, tlv_type):
    data = fields[tlv_type]
    if len(data) % 32:
        raise Malformed(NAMES[tlv_type])
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def numbers_of(fields):
    data, numbers = fields.get(OMITTED, b""), []
    while data:
        head = bolt12.read_bigsize(data)
        if head is None:
            raise Malformed("proof_omitted_tlvs")
        numbers.append(head[0])
        data = head[1]
    for index, number in enumerate(numbers):
        before = numbers[index - 1] if index else 0
        follows = number - 1 == before or number - 1 in fields
        if number <= before or not is_leaf(number) or number in fields or not follows:
            raise Malformed("proof_omitted_tlvs")
    return numbers


def root_of(fields, implies_first):
    numbers, nonces, missing = numbers_of(fields), hashes_of(fields, LEAVES), hashes_of(fields, MISSING)
    shown = sorted(filter(is_leaf, fields))
    if len(shown) != len(nonces):
        raise Malformed("proof_leaf_hashes")
    places = {number: (None, False) for number in numbers}
    for tlv_type, nonce in zip(shown, nonces):
        places[tlv_type] = (leaf_of(tlv_type, fields[tlv_type], nonce), True)
    if implies_first:
        places[0] = (None, False)
    tree = grow([places[number] for number in sorted(places)])
    if not tree[1] or len(omitted_nodes(tree)) != len(missing):
        raise Malformed("proof_missing_hashes")
    return hash_of(filled(tree, iter(missing)))


def filled(node, missing):
    """The tree with these hashes in their places; what is below them is of no interest."""
    value, shown, children = node
    if not shown or not children:
        return node
    sides = [filled(child, missing) for child in children]
    return (value, shown, tuple(side if side[1] else (next(missing), False, ()) for side in sides))


def check_payer(fields, payer_key):
    """`payer_key` is 33 bytes."""
    unsigned = {tlv_type: value for tlv_type, value in fields.items() if not is_signature(tlv_type)}
    if not bip340.verify(payer_key[1:], proof_message(unsigned), fields[PROOF_SIGNATURE]):
        raise Malformed("proof_signature")


# With a preimage.

REQUIRED = (INVREQ_PAYER_ID, INVOICE_PAYMENT_HASH, bolt12.INVOICE_NODE_ID)


def create(invoice, payer_secret, preimage, included, aux_rand, note=None, writes_empty=False):
    """(text, values on the way)"""
    fields, steps = write(invoice, {*included, *REQUIRED}, {PREIMAGE: preimage}, payer_secret, aux_rand, note, writes_empty)
    return bolt12.to_text("lnp", bolt12.stream(fields)), steps


def read_with_preimage(data, foreign=()):
    fields, root = read(data, b"invoice", REQUIRED, (PREIMAGE,), foreign)
    if decompress(fields[INVREQ_PAYER_ID]) is None:
        raise Malformed("invreq_payer_id")
    if len(fields[INVOICE_PAYMENT_HASH]) != 32:
        raise Malformed("invoice_payment_hash")
    if hashlib.sha256(fields[PREIMAGE]).digest() != fields[INVOICE_PAYMENT_HASH] or len(fields[PREIMAGE]) != 32:
        raise Malformed("proof_preimage")
    check_payer(fields, fields[INVREQ_PAYER_ID])
    return fields, root


def invoice(node_secret, payer_key, payment_hash, more, aux_rand):
    """The fields of an invoice that was asked for, signed; `more` are fields beside those that every one has."""
    node_id = compressed(node_secret * G)
    fields = {INVREQ_PAYER_ID: payer_key, INVOICE_PAYMENT_HASH: payment_hash, bolt12.INVOICE_NODE_ID: node_id} | more
    message = bolt12.hash_with_tag(b"lightning" + b"invoice" + b"signature", bolt12.merkle_root(fields))
    return fields | {bolt12.SIGNATURE: bip340.sign(node_secret, message, aux_rand)}
