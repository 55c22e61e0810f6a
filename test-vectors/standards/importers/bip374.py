"""BIP-374: proofs of equal discrete logarithms.

Infinity, which the source writes as a word, is 33 zero bytes here; a proof that is not made is left out.
"""

from .form import File, Members, Source, Unfit, csv_rows, named, row, verdict

MADE = (
    "other_generator_1",
    "other_generator_2",
    "other_generator_3",
    "other_generator_4",
    "other_generator_5",
    "without_message",
    "with_message_1",
    "with_message_2",
)
REFUSED = {"secret_is_zero": "secret", "secret_is_order": "secret", "base_at_infinity": "base"}
WRONG = (
    "base_and_value_swapped",
    "point_and_base_swapped",
    "points_rotated_1",
    "points_rotated_2",
    "point_and_value_swapped",
    "bit_of_proof_flipped",
    "bit_of_message_flipped",
)
INFINITY = "00" * 33


def _point(cells, name):
    return INFINITY if cells.members.get(name) == "INFINITY" and cells.take(name) else cells.hex(name)


def prove(data):
    rows = []
    for name, cells in named((*MADE, *REFUSED), csv_rows(data)):
        with Members(cells) as cells:
            cells.leave_out("index")
            if (cells.members["result_proof"] == "INVALID") != (name in REFUSED):
                raise Unfit(f"{name}: made or refused otherwise than expected")
            if name in REFUSED:
                cells.leave_out("result_proof")
            rows.append(
                row(
                    name,
                    expected={"error": REFUSED[name]} if name in REFUSED else "valid",
                    generator=cells.hex("point_G"),
                    secret=cells.hex("scalar_a"),
                    base=_point(cells, "point_B"),
                    aux_rand=cells.hex("auxrand_r"),
                    message=cells.hex_or_none("message"),
                    proof=cells.hex_or_none("result_proof"),
                )
            )
    return {}, rows


def verify(data):
    rows = []
    for name, cells in named((*MADE, *WRONG), csv_rows(data)):
        with Members(cells) as cells:
            cells.leave_out("index")
            rows.append(
                row(
                    name,
                    expected=verdict(cells.take("result_success") == "TRUE"),
                    generator=cells.hex("point_G"),
                    point=cells.hex("point_A"),
                    base=cells.hex("point_B"),
                    value=cells.hex("point_C"),
                    message=cells.hex_or_none("message"),
                    proof=cells.hex("proof"),
                )
            )
    return {}, rows


def _file(convert, theirs, commit, blob):
    return File(
        f"bip374/{convert.__name__}.json",
        Source(
            "https://github.com/bitcoin/bips",
            f"bip-0374/test_vectors_{theirs}_proof.csv",
            commit,
            blob,
            "BSD-2-Clause",
            f"bip374/test_vectors_{theirs}_proof.csv",
        ),
        convert,
    )


FILES = [
    _file(
        prove,
        "generate",
        "24b4354e64e162ad0154d54f12b29602fe562d9f",
        "f913508df1ed633e9dde3de30b49f3c8c4e595d1",
    ),
    _file(
        verify,
        "verify",
        "6ceafc51b17665f7cb13c8e2b9ee6354b9d374bd",
        "8076e8136ff1b5e03601ba7a339bb161029026ad",
    ),
]
