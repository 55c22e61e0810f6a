"""Schnorr adaptor signatures, from the specification by Zhe Pang that libsecp256k1-zkp's proposal stands on.

The repository states no licence.
"""

from .form import File, Members, Source, csv_rows, named, row, verdict


def _rows(data, names, members):
    """`members` has our name for each column but the verdict's."""
    rows = []
    for name, cells in named(names, csv_rows(data)):
        with Members(cells) as cells:
            cells.leave_out("index")
            expected = verdict(cells.take("result") == "TRUE")
            values = {ours: cells.hex_or_none(theirs) for ours, theirs in members.items()}
            rows.append(row(name, expected=expected, **values))
    return {}, rows


def pre_sign(data):
    names = (
        "small_secrets",
        "message_of_ones",
        "nonce_with_zeros",
        "key_off_curve",
        "key_is_field_size",
        "nonce_off_curve",
        "nonce_is_field_size",
        "nonce_with_prefix_4",
        "nonce_of_other_parity",
        "s_is_order",
        "negated_message",
        "negated_s",
        "nonce_without_point_at_infinity",
        "point_at_infinity",
        "point_and_nonce_at_infinity",
    )
    members = {
        "secret_key": "secret key",
        "public_key": "public key",
        "aux_rand": "aux_rand",
        "message": "message",
        "adaptor_point": "adaptor",
        "presignature": "pre-signature",
    }
    return _rows(data, names, members)


def adapt(data):
    names = ("negated_message", "odd_nonce", "even_nonce", "negated_s", "negated_nonce")
    members = {
        "public_key": "pubkey",
        "message": "message",
        "adaptor_secret": "secadaptor",
        "presignature": "pre-signature",
        "signature": "BIP340 signature",
    }
    return _rows(data, names, members)


def extract(data):
    names = ("odd_nonce", "even_nonce", "adapted_from_negated_s", "adapted_from_negated_nonce")
    members = {"presignature": "pre-signature", "signature": "BIP340 signature", "adaptor_secret": "secadaptor"}
    return _rows(data, names, members)


def _file(convert, theirs, blob):
    return File(
        f"schnorr-adaptor/{convert.__name__}.json",
        Source(
            "https://github.com/ZhePang/Python_Specification_for_Schnorr_Adaptor",
            f"vectors/{theirs}_vectors.csv",
            "81acdccf134d482fba3aa4552babcc1f94db8762",
            blob,
            "unknown",
            f"schnorr-adaptor/{theirs}_vectors.csv",
        ),
        convert,
    )


FILES = [
    _file(pre_sign, "presig", "5b2258084ce4089b1361fb575e0365e1cf92af93"),
    _file(adapt, "adapt", "b42ca9be15ff3326650aa1f302d345f1cfc2cba9"),
    _file(extract, "secadaptor", "a9e67389c3871e90d2005fb7a00533b524db9663"),
]
