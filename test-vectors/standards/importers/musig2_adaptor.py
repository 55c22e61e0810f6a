"""MuSig2 sessions of two signers with an adaptor point. They stand in no repository: they were computed with the musig module
of libsecp256k1-zkp, at a commit that nobody wrote down. The rows have the form of `musig2.json`'s sessions."""

import json

from .form import File, Members, Source, numbered, row


def convert(data):
    rows = []
    for name, case in numbered("session", map(json.loads, data.decode().splitlines())):
        with Members(case) as case:
            case.leave_out("scheme")

            def pair(name):
                return [case.hex(f"{name}_1"), case.hex(f"{name}_2")]

            parity = 2 + case.take("nonce_parity")
            rows.append(
                row(
                    name,
                    secret_keys=pair("secret_key"),
                    public_keys=pair("public_key"),
                    aggregate_key=case.hex("aggregate_key"),
                    session_rands=pair("session_rand"),
                    public_nonces=pair("public_nonce"),
                    aggregate_nonce=case.hex("aggregate_nonce"),
                    message=case.hex("message"),
                    adaptor_point=case.hex("adaptor_point"),
                    partial_signatures=pair("partial_signature"),
                    presignature=f"{parity:02x}{case.hex('presignature_64')}",
                    adaptor_secret=case.hex("adaptor_secret"),
                    signature=case.hex("signature"),
                )
            )
    return {}, rows


FILES = [
    File(
        "musig2-adaptor.json",
        Source(
            "https://github.com/BlockstreamResearch/secp256k1-zkp",
            "src/modules/musig",
            "unknown",
            "92904889cfdca69e4cd9977326a2472336893109",
            "unknown",
            "musig2-adaptor/zkp-sessions.jsonl",
        ),
        convert,
    )
]
