"""BIP-340: Schnorr signatures."""

from .form import File, Members, Source, csv_rows, named, row, verdict

NAMES = (
    "sign_small_key",
    "sign_one",
    "sign_two",
    "sign_message_of_ones",
    "nonce_with_zeros",
    "key_off_curve",
    "odd_nonce",
    "negated_message",
    "negated_s",
    "infinity_with_x_0",
    "infinity_with_x_1",
    "nonce_off_curve",
    "nonce_is_field_size",
    "s_is_order",
    "key_beyond_field",
    "message_of_0",
    "message_of_1",
    "message_of_17",
    "message_of_100",
)


def convert(data):
    rows = []
    for name, cells in named(NAMES, csv_rows(data)):
        with Members(cells) as cells:
            cells.leave_out("index")
            rows.append(
                row(
                    name,
                    expected=verdict(cells.take("verification result") == "TRUE"),
                    secret_key=cells.hex_or_none("secret key"),
                    public_key=cells.hex("public key"),
                    aux_rand=cells.hex_or_none("aux_rand"),
                    message=cells.hex_or_none("message") or "",
                    signature=cells.hex("signature"),
                )
            )
    return {}, rows


FILES = [
    File(
        "bip340.json",
        Source(
            "https://github.com/bitcoin/bips",
            "bip-0340/test-vectors.csv",
            "200f9b26fe0a2f235a2af8b30c4be9f12f6bc9cb",
            "672339129a844a060591bb22f444158ff45438ed",
            "BSD-2-Clause OR MIT OR CC0-1.0",
            "bip340/test-vectors.csv",
        ),
        convert,
    )
]
