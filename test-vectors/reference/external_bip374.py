"""The reference against BIP-374's vectors, `../standards/bip374/`: each check takes a file and returns the number of rows compared."""

import dleq
from secp256k1 import ORDER, decompress, integer


def _point(row, name):
    return decompress(bytes.fromhex(row[name]))


def _message(row):
    return bytes.fromhex(row["message"]) if "message" in row else None


def _agrees(row, condition):
    if not condition:
        raise ValueError(f"row {row['name']}: the reference disagrees")


def check_prove(file):
    for row in file["rows"]:
        secret, base = integer(bytes.fromhex(row["secret"])), _point(row, "base")
        if row["expected"] != "valid":
            wrong = {"secret": not 0 < secret < ORDER, "base": base is None}
            _agrees(row, [field for field in wrong if wrong[field]] == [row["expected"]["error"]])
            continue
        aux_rand, generator = bytes.fromhex(row["aux_rand"]), _point(row, "generator")
        _agrees(row, dleq.prove(secret, base, _message(row), aux_rand, generator)[0].hex() == row["proof"])
    return len(file["rows"])


def check_verify(file):
    for row in file["rows"]:
        point, base, value, generator = (_point(row, name) for name in ("point", "base", "value", "generator"))
        valid = dleq.verify(point, base, value, _message(row), bytes.fromhex(row["proof"]), generator)
        _agrees(row, valid == (row["expected"] == "valid"))
    return len(file["rows"])


CHECKS = {"bip374/prove.json": check_prove, "bip374/verify.json": check_verify}
