"""Wycheproof: ECDSA over secp256k1 with SHA-256, and Diffie-Hellman on the curve.

Of the latter only what has a point: keys in a wrong wrapping of ASN.1 are none of ours.
"""

import json

from .form import File, Members, Source, Unfit, row, verdict

REPOSITORY = "https://github.com/C2SP/wycheproof"
# What stands before a point in a key's usual wrapping: this curve by its name, an uncompressed point or a compressed one.
WRAPPINGS = {
    "3056301006072a8648ce3d020106052b8104000a034200": 65,
    "3036301006072a8648ce3d020106052b8104000a032200": 33,
}


def groups(data, algorithm):
    with Members(json.loads(data)) as document:
        document.same("algorithm", algorithm)
        document.leave_out("schema", "header", "notes")
        count = document.take("numberOfTests")
        all_groups = document.take("testGroups")
    if count != sum(len(group["tests"]) for group in all_groups):
        raise Unfit(f"not {count} tests")
    return all_groups


def compressed(point):
    """33 bytes of 65, in hexadecimal."""
    return ("02" if int(point[-1], 16) % 2 == 0 else "03") + point[2:66]


def signatures(data):
    """The key, the message, and a signature in one of two encodings: DER, or r and s."""
    rows = []
    for group in groups(data, "ECDSA"):
        with Members(group) as group:
            group.leave_out("type", "source", "publicKeyDer", "publicKeyPem")
            group.take_or_none("publicKeyJwk")
            group.same("sha", "SHA-256")
            key = compressed(group.take("publicKey")["uncompressed"])
            for case in group.take("tests"):
                with Members(case) as case:
                    case.leave_out("flags")
                    rows.append(
                        row(
                            f"case_{case.take('tcId')}",
                            expected=verdict(case.take("result") == "valid"),
                            public_key=key,
                            message=case.hex("msg"),
                            signature=case.hex("sig"),
                        )
                    )
    return {}, rows


def products(data):
    """A point, a secret key, and x of their product; a point that there is not has none."""
    rows = []
    for group in groups(data, "ECDH"):
        with Members(group) as group:
            group.leave_out("type", "source")
            group.same("curve", "secp256k1")
            group.same("encoding", "asn")
            for case in group.take("tests"):
                with Members(case) as case:
                    name, result = f"case_{case.take('tcId')}", case.take("result")
                    case.leave_out("flags")
                    public, secret, shared = case.hex("public"), case.hex("private"), case.hex("shared")
                    point = point_of(public)
                    if point is None:
                        continue
                    # A leading zero byte, or none.
                    secret = secret.lstrip("0").rjust(64, "0")
                    valid = result != "invalid"
                    rows.append(
                        row(
                            name,
                            expected="valid" if valid else {"error": "public_key"},
                            public_key=point,
                            secret_key=secret,
                            shared=shared if valid else None,
                        )
                    )
    return {}, rows


def point_of(public):
    for wrapping, length in WRAPPINGS.items():
        point = public.removeprefix(wrapping)
        if point != public and len(point) == 2 * length:
            # Of an uncompressed one off the curve the coordinate alone would say something else.
            return point if length == 33 else on_curve(point)
    return None


def on_curve(point):
    x, y = int(point[2:66], 16), int(point[66:], 16)
    prime = 2**256 - 2**32 - 977
    if point[:2] != "04" or (y * y - x**3 - 7) % prime or x >= prime or y >= prime:
        return None
    return compressed(point)


def _file(name, convert, path, commit, blob):
    place = f"testvectors_v1/{path}_test.json"
    source = Source(REPOSITORY, place, commit, blob, "Apache-2.0", f"wycheproof/{path}_test.json")
    return File(f"wycheproof/{name}.json", source, convert)


FILES = [
    _file(
        "ecdsa_der",
        signatures,
        "ecdsa_secp256k1_sha256_bitcoin",
        "234d9689d0cbb77a21fd603d6055ab47498bff69",
        "88097c48ba49f358179ac3aa6c6a64562d0f4e65",
    ),
    _file(
        "ecdsa_compact",
        signatures,
        "ecdsa_secp256k1_sha256_p1363",
        "878e5366008753df2064d40c49f8e2f50f9c6af7",
        "3c59b142ede26ecbafecf83341e907dd3bfda40f",
    ),
    _file(
        "ecdh",
        products,
        "ecdh_secp256k1",
        "78898104021ebd2cd98820e4112da89b1531d999",
        "3ed5207460f29a270e024d0f3c0e1b57d1fa52a9",
    ),
]
