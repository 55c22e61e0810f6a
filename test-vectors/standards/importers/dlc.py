"""The DLC specification: ECDSA adaptor signatures."""

import json

from .form import File, Members, Source, named, row, verdict

# Our name for each row; and of those that can't be decoded, what is wrong.
NAMES = (
    ("verify", None),
    ("verify_negated_s", None),
    ("verify_wrong_proof", None),
    ("extract", None),
    ("extract_other_nonce", None),
    ("extract_high_s", None),
    ("decode", None),
    ("decode_locked_nonce_beyond_order", None),
    ("decode_nonce_beyond_order", None),
    ("decode_s_zero", "zero"),
    ("decode_s_is_order", "out_of_range"),
)
OPERATIONS = {"verification": "verify", "recovery": "extract", "serialization": "decode"}


def convert(data):
    rows = []
    for (name, reason), case in named(NAMES, json.loads(data)):
        with Members(case) as case:
            operation = OPERATIONS[case.take("kind")]
            # It says what is wrong in words.
            refused = case.take_or_none("error") is not None
            rows.append(
                row(
                    name,
                    op=operation,
                    expected={"error": "presignature"} if reason else verdict(not refused),
                    reason=reason,
                    presignature=case.hex("adaptor_sig"),
                    public_key=case.hex_or_none("public_signing_key"),
                    message=case.hex_or_none("message_hash"),
                    adaptor_point=case.hex_or_none("encryption_key"),
                    adaptor_secret=case.hex_or_none("decryption_key"),
                    signature=case.hex_or_none("signature"),
                )
            )
    return {}, rows


FILES = [
    File(
        "dlc.json",
        Source(
            "https://github.com/discreetlogcontracts/dlcspecs",
            "test/ecdsa_adaptor.json",
            "fcc9619f3505afbb5a3d2f7ba3896fc4910ae08e",
            "a6c9ca1f03a40e9591a416cc5d09d3ff7e530693",
            "CC-BY-4.0",
            "dlc/ecdsa_adaptor.json",
        ),
        convert,
    )
]
