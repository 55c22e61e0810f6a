"""All that a receiver makes up itself, from one seed of 32 bytes.

    node key            H_pointlock/receiver(seed || "node key") mod n
    of an invoice       s = H_pointlock/receiver_invoice(seed || era || index), the era as 16 bytes, the index as 8
    r(purpose, j)       H_pointlock/receiver_part(s || j || purpose), j as 4 bytes
    its polynomial      z_i = H_pointlock/coefficient(r("polynomial", 0) || k || i) mod n, k and i as 8 bytes
    its point (k = 0)   z = r("payment point", 0) mod n
    its paths           id r("payment path id", j), session key r("payment path", j) mod n; "message path" likewise
"""

from secp256k1 import ORDER, G, bytes32, compressed, integer, tagged_hash


def scalar(data):
    return integer(data) % ORDER


def node_key(seed):
    return scalar(tagged_hash("pointlock/receiver", seed + b"node key"))


def invoice_seed(seed, era, index):
    return tagged_hash("pointlock/receiver_invoice", seed + era + index.to_bytes(8, "big"))


def part(invoice, purpose, index=0):
    return tagged_hash("pointlock/receiver_part", invoice + index.to_bytes(4, "big") + purpose)


def coefficients(invoice, k):
    entropy = part(invoice, b"polynomial")
    numbers = [k.to_bytes(8, "big") + index.to_bytes(8, "big") for index in range(k + 1)]
    return [scalar(tagged_hash("pointlock/coefficient", entropy + number)) for number in numbers]


def path(invoice, kind, index):
    """The id of a path and its first path key."""
    return part(invoice, kind + b" id", index), compressed(scalar(part(invoice, kind, index)) * G)


def derived(seed, era, index, k, number):
    """Of the invoice (era, index): its polynomial of degree k, its static point, and its paths with this number."""
    invoice = invoice_seed(seed, era, index)
    payment_id, payment_key = path(invoice, b"payment path", number)
    message_id, message_key = path(invoice, b"message path", number)
    return {
        "node_key": bytes32(node_key(seed)),
        "coefficients": [bytes32(coefficient) for coefficient in coefficients(invoice, k)],
        "point_secret": bytes32(scalar(part(invoice, b"payment point"))),
        "payment_path_id": payment_id,
        "payment_path_key": payment_key,
        "message_path_id": message_id,
        "message_path_key": message_key,
    }
