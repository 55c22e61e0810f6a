"""BOLTs pull request 836: trampoline. A row is a packet that somebody makes, one that somebody peels, a path, or a step of a failure.

What the sources say of a payload in words stands in its bytes too, and is left out here.
"""

import json

from .form import File, Members, Source, Unfit, hexadecimal, present, row

CODES = {"temporary_trampoline_failure": 0x2019, "incorrect_or_unknown_payment_details": 0x400F}


def _spaced(text):
    return hexadecimal(text.replace(" ", ""))


def _payload(hop):
    """The framed payload, which has three names."""
    if "encoded_tlvs" in hop.members:
        hop.leave_out("tlvs")
        return _spaced(hop.take("encoded_tlvs"))
    with Members(hop.take("payload")) as payload:
        framed = _spaced(payload.take("hex"))
        payload.members.clear()
    return framed


def _hops(hops):
    made = []
    for hop in hops:
        with Members(hop) as hop:
            key = hop.hex("pubkey") if "pubkey" in hop.members else hop.hex("node_id")
            secret = hop.hex_or_none("shared_secret")
            made.append(present({"public_key": key, "framed_payload": _payload(hop), "shared_secret": secret}))
    return made


def _made(name, session_key, hops, packet):
    return row(name, session_key=session_key, hops=_hops(hops), packet=packet)


def _outer(name, made):
    """Who makes an outer packet says nothing else."""
    with Members(made) as made:
        associated_data = made.hex("associated_data")
        return associated_data, _made(name, made.hex("session_key"), made.take("hops"), made.hex("onion"))


def _peeled(name, node):
    """Of the outer packet. A payload that was decrypted is the one that was made."""
    with Members(node) as node:
        for said in ("tlvs", "trampoline_tlvs", "decrypted_payload", "decrypted_trampoline_payload"):
            node.take_or_none(said)
        return row(
            name,
            node_secret=node.hex("node_privkey"),
            packet=node.hex("onion"),
            path_key=node.hex_or_none("path_key"),
            path_id=node.hex_or_none("path_id"),
            next_packet=node.hex_or_none("next_onion"),
            next_inner_packet=node.hex_or_none("next_trampoline_onion"),
        )


def _alice(made):
    """(associated data, the packet within, the outer one)"""
    with Members(made) as made:
        associated_data = made.hex("associated_data")
        inner = _made(
            "alice_inner", made.hex("trampoline_session_key"), made.take("trampoline_hops"), made.hex("trampoline_onion")
        )
        outer = _made("alice_outer", made.hex("session_key"), made.take("hops"), made.hex("onion"))
    return associated_data, inner, outer


def trampoline(data):
    with Members(json.loads(data)) as file:
        associated_data, inner, outer = _alice(file.take("generate_alice"))
        again, carol = _outer("carol_outer", file.take("generate_carol"))
        if again != associated_data:
            raise Unfit("associated data of two payments")
        peeled = [_peeled(f"{name}_peels", file.take(f"decrypt_{name}")) for name in ("bob", "carol", "dave", "eve")]
    return {"associated_data": associated_data}, [inner, outer, carol, *peeled]


def _path(name, path):
    with Members(path) as path:
        hops = []
        for hop in path.take("hops"):
            with Members(hop) as hop:
                hop.leave_out("tlvs")
                hops.append(
                    {
                        "node_id": hop.hex("node_id"),
                        "encoded_data": _spaced(hop.take("encoded_tlvs")),
                        "blinded_node_id": hop.hex("blinded_node_id"),
                        "encrypted_data": hop.hex("encrypted_data"),
                    }
                )
        path.same("introduction_node_id", hops[0]["node_id"])
        return row(name, session_key=path.hex_or_none("session_key"), path_key=path.hex("path_key"), path=hops)


def _to_paths(data):
    rows, all_data = [], set()
    for prefix, case in zip(("legacy", "supported"), json.loads(data), strict=True):
        with Members(case) as case:
            rows.append(_path(f"{prefix}_path", case.take("generate_blinded_path_eve")))
            with Members(case.take("generate_trampoline_onion")) as made:
                all_data.add(made.hex("associated_data"))
                session_key, packet = made.hex("session_key"), made.hex("trampoline_onion")
                if "hops" in made.members:
                    hops = made.take("hops")
                else:
                    made.leave_out("amt_to_forward", "outgoing_cltv", "recipient_blinded_paths", "recipient_features")
                    hops = [{"node_id": made.hex("trampoline_node_id"), "tlvs": {}, "encoded_tlvs": made.take("encoded_tlvs")}]
            rows.append(_made(f"{prefix}_alice_inner", session_key, hops, packet))
            for name, member in (
                ("alice_outer", "generate_payment_onion"),
                ("carol_outer", "relay_payment_carol"),
                *([("dave_outer", "relay_payment_dave")] if prefix == "supported" else []),
            ):
                associated_data, made = _outer(f"{prefix}_{name}", case.take(member))
                all_data.add(associated_data)
                rows.append(made)
            for name, member in (
                ("bob", "relay_payment_bob"),
                ("carol", "decrypt_onion_carol"),
                ("dave", "relay_payment_dave" if prefix == "legacy" else "decrypt_onion_dave"),
                ("eve", "receive_payment_eve"),
            ):
                rows.append(_peeled(f"{prefix}_{name}_peels", case.take(member)))
    if len(all_data) != 1:
        raise Unfit("associated data of two payments")
    return {"associated_data": all_data.pop()}, rows


def trampoline_to_paths(data):
    return _to_paths(data)


def _message(failure):
    """Code and data."""
    with Members(failure) as failure:
        message = CODES[failure.take("type")].to_bytes(2, "big")
        if failure.members:
            message += failure.take("htlc_msat").to_bytes(8, "big") + failure.take("height").to_bytes(4, "big")
    return message.hex()


def _hexes_or_none(members, name):
    return members.hexes(name) if name in members.members else None


def _failing(name, node):
    """One node's step: it makes a failure, or unwraps and wraps one."""
    with Members(node) as node:
        for again in ("node_privkey", "onion"):
            node.take_or_none(again)
        failure = node.take_or_none("failure")
        malformed = node.take_or_none("update_fail_malformed_htlc")
        if malformed is not None:
            with Members(malformed) as malformed:
                return row(name, failure_code=malformed.take("failure_code"), sha256_of_onion=malformed.hex("sha256_of_onion"))
        inner = node.hex_or_none("trampoline_onion_shared_secret") or node.hex_or_none(
            "upstream_trampoline_onion_shared_secret"
        )
        outer = node.hex_or_none("onion_shared_secret") or node.hex_or_none("upstream_onion_shared_secret")
        return row(
            name,
            message=None if failure is None else _message(failure),
            downstream_secrets=_hexes_or_none(node, "downstream_shared_secrets"),
            unwrapped=node.hex_or_none("downstream_unwrapped_failure"),
            inner_secret=inner,
            outer_secret=outer,
            failure_packet=node.hex("failure_packet"),
        )


def _read(name, alice):
    with Members(alice) as alice:
        return row(
            name,
            outer_secrets=alice.hexes("onion_shared_secrets"),
            unwrapped=alice.hex("unwrapped_onion_failure"),
            inner_secrets=alice.hexes("trampoline_onion_shared_secrets"),
            inner_unwrapped=alice.hex_or_none("unwrapped_trampoline_onion_failure"),
            message=_message(alice.take("decrypted_failure")),
        )


def trampoline_failure(data):
    rows = []
    for prefix, case in zip(("recipient", "blinded"), json.loads(data), strict=True):
        with Members(case) as case:
            if "generate_blinded_path_eve" in case.members:
                rows.append(_path(f"{prefix}_path", case.take("generate_blinded_path_eve")))
            associated_data, inner, outer = _alice(case.take("generate_alice"))
            again, carol = _outer("carol_outer", case.take("generate_carol"))
            if again != associated_data:
                raise Unfit("associated data of two payments")
            for made in (inner, outer, carol):
                name = made.pop("name")
                rows.append({"name": f"{prefix}_{name}", "associated_data": associated_data} | made)
            for name in ("bob", "carol", "dave"):
                peeled = _peeled(f"{prefix}_{name}_peels", case.take(f"decrypt_{name}"))
                rows.append(peeled | {"associated_data": associated_data})
            for name in ("eve", "dave", "carol", "bob"):
                node = case.take_or_none(f"failure_{name}")
                if node is not None:
                    rows.append(_failing(f"{prefix}_{name}_fails", node))
            rows.append(_read(f"{prefix}_alice_reads", case.take("failure_alice")))
    return {}, rows


def _file(convert, theirs, commit, blob):
    path = f"bolt04/{theirs}.json"
    source = Source("https://github.com/lightning/bolts", path, commit, blob, "CC-BY-4.0", path)
    return File(f"bolt04/{convert.__name__}.json", source, convert)


FILES = [
    _file(
        trampoline,
        "trampoline-payment-onion-test",
        "153d13fe6a865ec6f3a320f457aec5281266005d",
        "7ace3777191b9396115e1cf3011688d9df1c4ffb",
    ),
    _file(
        trampoline_to_paths,
        "trampoline-to-blinded-path-payment-onion-test",
        "fa0594ac2af3531d734f1d707a146d6e13679451",
        "e9903de9da26650135a79dd97077fbc0ecd44efb",
    ),
    _file(
        trampoline_failure,
        "trampoline-onion-error-test",
        "e45ff6f37158cd70e478026feb87aee138fa80cd",
        "45845e1ba7e09ad20f7c58061413b14631be2603",
    ),
]
