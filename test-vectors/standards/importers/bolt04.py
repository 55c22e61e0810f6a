"""BOLT 4: onions, failures, blinded paths. A row is a hop, from the sender's side on.

The sources tell of one hop in up to three places (who makes the path, the path, who reads it); here it is one row. Channel ids
are numbers, since block and transaction are zero in all of them. The trampoline files are those of `trampoline.py`.
"""

import json
import re

from .form import File, Members, Source, Unfit, hexadecimal, numbered, present, row


def _channel(text):
    block, transaction, output = map(int, text.split("x"))
    return block << 40 | transaction << 16 | output


def _channel_or_none(members, name):
    text = members.take_or_none(name)
    return None if text is None else _channel(text)


def _others(members):
    """The records of unknown types."""
    prefix = "unknown_tag_"
    names = [name for name in members.members if name.startswith(prefix)]
    return [{"type": int(name.removeprefix(prefix)), "value": members.hex(name)} for name in names] or None


def _data(members):
    """The fields of a hop's encrypted data, in the names of BOLT 4."""
    if members is None:
        return None
    with Members(members) as members:
        return present(
            {
                "padding": members.hex_or_none("padding"),
                "short_channel_id": _channel_or_none(members, "short_channel_id"),
                "next_node_id": members.hex_or_none("next_node_id"),
                "path_id": members.hex_or_none("path_id"),
                "next_path_key_override": members.hex_or_none("next_path_key_override"),
                "payment_relay": _numbers(
                    members.take_or_none("payment_relay"),
                    ("cltv_expiry_delta", "fee_proportional_millionths", "fee_base_msat"),
                ),
                "payment_constraints": _numbers(
                    members.take_or_none("payment_constraints"), ("max_cltv_expiry", "htlc_minimum_msat")
                ),
                "allowed_features": _features(members.take_or_none("allowed_features")),
                "other": _others(members),
            }
        )


def _numbers(members, names):
    """A missing number is a zero that its encoding leaves out."""
    if members is None:
        return None
    with Members(members) as members:
        return {name: members.take_or_none(name) or 0 for name in names}


def _features(members):
    if members is None:
        return None
    with Members(members) as members:
        return members.take("features")


def onion(data):
    with Members(json.loads(data)) as file:
        secrets = file.hexes("decode")
        packet = file.hex("onion")
        with Members(file.take("generate")) as made:
            hops = made.take("hops")
            common = {
                "session_key": made.hex("session_key"),
                "associated_data": made.hex("associated_data"),
                "packet": packet,
            }
    rows = []
    for (name, hop), secret in zip(numbered("hop", hops), secrets, strict=True):
        with Members(hop) as hop:
            rows.append(
                row(
                    name,
                    public_key=hop.hex("pubkey"),
                    node_secret=secret,
                    framed_payload=hop.hex("payload"),
                )
            )
    return common, rows


def failure(data):
    with Members(json.loads(data)) as file:
        packet = file.hex("errorpacket")
        with Members(file.take("generate")) as made:
            hops = made.take("hops")
            common = {"session_key": made.hex("session_key"), "message": made.hex("failure_message"), "packet": packet}
    rows = []
    for name, hop in numbered("hop", hops):
        with Members(hop) as hop:
            hop.leave_out("version")
            rows.append(
                row(
                    name,
                    public_key=hop.hex("pubkey"),
                    shared_secret=hop.hex("hop_shared_secret"),
                    ammag_key=hop.hex("ammag_key"),
                    # Of the one that fails: its HMAC's key, and what the HMAC is over.
                    um_key=hop.hex_or_none("um_key"),
                    padded_message=hop.hex_or_none("payload"),
                )
            )
    return common, rows


def blinded_path(data):
    with Members(json.loads(data)) as file:
        with Members(file.take("generate")) as made, Members(file.take("unblind")) as read:
            made, read = made.take("hops"), read.take("hops")
        with Members(file.take("route")) as path:
            common = {"first_node_id": path.hex("first_node_id"), "first_path_key": path.hex("first_path_key")}
            published = path.take("hops")
    rows = []
    for (name, made), published, read in zip(numbered("hop", made), published, read, strict=True):
        with Members(made) as made, Members(published) as published, Members(read) as read:
            hop = row(
                name,
                node_id=made.hex("node_id"),
                node_secret=read.hex("node_privkey"),
                # Where a path starts.
                session_key=made.hex_or_none("session_key"),
                data=_data(made.take("tlvs")),
                encoded_data=made.hex("encoded_tlvs"),
                path_key_secret=made.hex("path_privkey"),
                path_key=made.hex("path_key"),
                shared_secret=made.hex("shared_secret"),
                rho=made.hex("rho"),
                encrypted_data=made.hex("encrypted_data"),
                blinded_node_id=made.hex("blinded_node_id"),
                blinded_node_secret=read.hex("blinded_privkey"),
                next_path_key=read.hex("next_path_key"),
                next_path_key_override=read.hex_or_none("next_path_key_override"),
            )
            published.same("blinded_node_id", hop["blinded_node_id"])
            published.same("encrypted_data", hop["encrypted_data"])
            read.same("path_key", hop["path_key"])
            read.same("decrypted_data", hop["encoded_data"])
            rows.append(hop)
    return common, rows


def blinded_payment(data):
    with Members(json.loads(data)) as file:
        with Members(file.take("decrypt")) as read:
            read = read.take("hops")
        with Members(file.take("generate")) as made:
            with Members(made.take("blinded_payinfo")) as terms, Members(made.take("blinded_route")) as path:
                common = {
                    "session_key": made.hex("session_key"),
                    "associated_data": made.hex("associated_data"),
                    "final_amount_msat": made.take("final_amount_msat"),
                    "final_cltv_expiry": made.take("final_cltv"),
                    "fee_base_msat": terms.take("fee_base_msat"),
                    "fee_proportional_millionths": terms.take("fee_proportional_millionths"),
                    "cltv_expiry_delta": terms.take("cltv_expiry_delta"),
                    "first_node_id": path.hex("first_node_id"),
                    "first_path_key": path.hex("first_path_key"),
                    "packet": made.hex("onion"),
                }
                path = path.take("hops")
            with Members(made.take("full_route")) as route:
                route = route.take("hops")
    # The first hops of the route stand before the path.
    path = [{}] * (len(route) - len(path)) + path
    rows = []
    for (name, made), in_path, read in zip(numbered("hop", route), path, read, strict=True):
        with Members(made) as made, Members(in_path) as in_path, Members(read) as read:
            with Members(made.take("tlvs")) as fields:
                rows.append(
                    row(
                        name,
                        public_key=made.hex("pubkey"),
                        node_secret=read.hex("node_privkey"),
                        blinded_node_id=in_path.hex_or_none("blinded_node_id"),
                        encrypted_data=in_path.hex_or_none("encrypted_data"),
                        data=_data(fields.take_or_none("encrypted_recipient_data")),
                        outgoing_channel_id=_channel_or_none(fields, "outgoing_channel_id"),
                        amount_msat=fields.take_or_none("amt_to_forward"),
                        cltv_expiry=fields.take_or_none("outgoing_cltv_value"),
                        total_amount_msat=fields.take_or_none("total_amount_msat"),
                        current_path_key=fields.hex_or_none("current_path_key"),
                        framed_payload=made.hex("payload"),
                        packet=read.hex("onion"),
                        next_path_key=read.hex_or_none("next_path_key"),
                    )
                )
    return common, rows


def blinded_message(data):
    with Members(json.loads(data)) as file:
        with Members(file.take("decrypt")) as read:
            read = read.take("hops")
        with Members(file.take("route")) as path, Members(file.take("generate")) as made:
            with Members(file.take("onionmessage")) as message:
                common = {
                    "session_key": made.hex("session_key"),
                    "first_node_id": path.hex("first_node_id"),
                    "first_path_key": path.hex("first_path_key"),
                    "contents": _others(message),
                    "packet": message.hex("onion_message_packet"),
                }
            path, made = path.take("hops"), made.take("hops")
    rows = []
    for (name, made), published, read in zip(numbered("hop", made), path, read, strict=True):
        with Members(made) as made, Members(published) as published, Members(read) as read:
            fields = made.take("tlvs")
            # That of the next hop, once more.
            fields.pop("path_key_override_secret", None)
            hop = row(
                name,
                node_secret=read.hex("privkey"),
                path_key_secret=made.hex("path_key_secret"),
                path_key=made.hex("E"),
                shared_secret=made.hex("ss"),
                data=_data(fields),
                encoded_data=made.hex("encrypted_data_tlv"),
                rho=made.hex("rho"),
                encrypted_data=made.hex("encrypted_recipient_data"),
                blinded_node_id_factor=made.hex("HMAC256('blinded_node_id', ss)"),
                blinded_node_id=made.hex("blinded_node_id"),
                next_path_key_factor=made.hex("H(E || ss)"),
                next_path_key_secret=_secret(made.take("next_e")),
                message=read.hex("onion_message"),
                next_node_id=read.hex_or_none("next_node_id"),
            )
            published.same("blinded_node_id", hop["blinded_node_id"])
            published.same("encrypted_recipient_data", hop["encrypted_data"])
            # The last hop's payload, in parts: `contents`, and its encrypted data.
            last = read.take_or_none("tlvs")
            if last is not None:
                with Members(last) as last:
                    last.same("encrypted_recipient_data", hop["encrypted_data"])
                    if _others(last) != common["contents"]:
                        raise Unfit("the last hop gets other contents")
            rows.append(hop)
    return common, rows


def _secret(text):
    """A secret key in the 33 bytes of a wallet's export, whose last is 1."""
    if len(text) != 66 or not text.endswith("01"):
        raise Unfit(f"no exported secret key: {text}")
    return hexadecimal(text[:-2])


TRACE = re.compile(r"^\s*(?:#\s*)?([a-z_ ]+?)(?: for node (\d))?\s*[=:]\s*([0-9a-f]*)\s*$")


def attribution(data):
    """The trace in the text of BOLT 4: of the failure, hop by hop from the one that fails, and what of it a payment that arrived has."""
    text = data.decode()
    failure, success = text.split("\n## Returning Errors\n")[-1].split("\n# References\n")[0].split("\n## Returning success\n")
    common, hops, secret = {}, {}, None
    for line in failure.splitlines():
        match = TRACE.match(line)
        name, node, value = match.groups() if match else (None, None, None)
        if name == "shared_secret":
            secret = value
        elif name in ("encoded_failure_message", "raw_error_packet"):
            common[name] = hexadecimal(value)
        elif name in ("error packet", "attribution data"):
            hops.setdefault(int(node), {"shared_secret": secret})[name] = hexadecimal(value)
    lines = iter(line for line in success.splitlines() if line)
    for line in lines:
        match = TRACE.match(line)
        if match and match[1] == "attribution data":
            hops[int(match[2])]["success"] = hexadecimal(next(lines))
    if sorted(hops) != list(range(5)):
        raise Unfit(f"a trace of the hops {sorted(hops)}")
    # The list of parameters has the times in the reverse order: these are those of the figures.
    rows = [
        row(
            f"hop_{number}",
            shared_secret=hop["shared_secret"],
            hold_time=5 - number,
            packet=hop["error packet"],
            attribution_data=hop["attribution data"],
            fulfilled_attribution_data=hop["success"],
        )
        for number, hop in sorted(hops.items())
    ]
    # The message stands behind HMAC and length; the source has it once more, with its padding.
    bare = common["raw_error_packet"]
    message = bare[68 : 68 + 2 * int(bare[64:68], 16)]
    if not common["encoded_failure_message"].startswith(message):
        raise Unfit("another message than in the packet")
    return {"message": message, "bare_packet": bare}, rows


def _file(convert, theirs, commit, blob):
    return File(
        f"bolt04/{convert.__name__}.json",
        Source(
            "https://github.com/lightning/bolts",
            f"bolt04/{theirs}.json",
            commit,
            blob,
            "CC-BY-4.0",
            f"bolt04/{theirs}.json",
        ),
        convert,
    )


FILES = [
    _file(onion, "onion-test", "1c1eda08a314d599ec69215ff1be17aabe55f084", "9ffd314f3bfffca7197e59808d377ee5eab5c554"),
    _file(failure, "onion-error-test", "3fffab3b889c9a6818130b56fb6dcfdf6906f90e", "ddb1edf7a4923612ff5012e1c4c1fe3abfb4db76"),
    _file(
        blinded_path,
        "route-blinding-test",
        "0aae209c1a69437fca3e20bd013dc0cfac5f77f2",
        "fdd195b3253d8e92ef2a8ccba83dc92e91a8b36d",
    ),
    _file(
        blinded_payment,
        "blinded-payment-onion-test",
        "3fffab3b889c9a6818130b56fb6dcfdf6906f90e",
        "aa6c5b6cc3cfa391153e6ced3bad2bde4300a378",
    ),
    _file(
        blinded_message,
        "blinded-onion-message-onion-test",
        "3fffab3b889c9a6818130b56fb6dcfdf6906f90e",
        "fe5191ed12c751d5989d84f0858872df45b1ae27",
    ),
    File(
        "bolt04/attribution.json",
        Source(
            "https://github.com/lightning/bolts",
            "04-onion-routing.md",
            "6af40c8398dd3c14a46573a35fc498cef4e9accb",
            "63fbdf34fd6eeb5adc409af36a5a3b472b870325",
            "CC-BY-4.0",
            "bolt04/04-onion-routing.md",
        ),
        attribution,
    ),
]
