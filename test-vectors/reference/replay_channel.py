"""The rows of channel.json, answered.

A `channel` has the public terms, a `state` what a commitment pays out; `secrets` of both parties stand beside them where something is signed. What
one party gives is made from its own secrets and what the other has given before.
"""

import channel as ch
from secp256k1 import ORDER, Malformed, bytes32, compressed, decompress, integer, x_bytes

POINTS = ("funding_key", "payment_point", "delayed_point", "htlc_point", "revocation_point")
SECRETS = ("funding_secret", "payment_secret", "delayed_secret", "htlc_secret", "revocation_secret")


def _point(name, text):
    data = bytes.fromhex(text)
    point = decompress(data) if len(data) == 33 else None
    if point is None:
        raise Malformed(name)
    return point


def _sized(name, text, length):
    data = bytes.fromhex(text)
    if len(data) != length:
        raise Malformed(name)
    return data


def _channel(fields):
    given = fields.inputs["channel"]
    terms = {"funding_index": given["funding_index"], "funding_sat": given["funding_sat"]}
    terms["funding_txid"] = _sized("channel.funding_txid", given["funding_txid"], 32)
    for party in (ch.OPENER, ch.ACCEPTER):
        own = given[party]
        points = {name: _point(f"channel.{party}.{name}", own[name]) for name in POINTS}
        terms[party] = points | {"dust_limit_sat": own["dust_limit_sat"], "delay": own["delay"]}
    return _inside("channel", lambda: ch.Channel(terms))


def _inside(name, make):
    """What is wrong with a part is named with the part."""
    try:
        return make()
    except Malformed as error:
        raise Malformed(f"{name}.{error.field}", error.culprit) from None


def _edges(given):
    edges = []
    for index, edge in enumerate(given):
        read = {name: edge[name] for name in ("offerer", "number", "amount_msat", "expiry")}
        if not 0 < edge["expiry"] < 500_000_000 or not 0 < edge["amount_msat"] <= 21 * 10**17:
            raise Malformed("state.edges", index)
        if "lock_point" in edge:
            lock = decompress(bytes.fromhex(edge["lock_point"]))
            if lock is None:
                raise Malformed("state.edges", index)
            edges.append(read | {"lock_point": lock})
        else:
            edges.append(read | {"payment_hash": _sized("state.edges", edge["payment_hash"], 32)})
    return edges


def _commitment(fields):
    channel, given = _channel(fields), fields.inputs["state"]
    state = {name: given[name] for name in ("publisher", "number", "opener_msat", "accepter_msat")}
    state["commitment_point"] = _point("state.commitment_point", given["commitment_point"])
    state["edges"] = _edges(given["edges"])
    return _inside("state", lambda: ch.Commitment(channel, state))


def _keys(commitment):
    return {
        "revocation_key": compressed(commitment.revocation),
        "delayed_key": compressed(commitment.delayed),
        "publisher_htlc_key": compressed(commitment.x),
        "other_htlc_key": compressed(commitment.y),
    }


def _tree(tree):
    leaves = {f"{name}_script": script for name, script in tree.leaves.items()}
    root = {"merkle_root": tree.root} if tree.leaves else {}
    return {"internal_key": tree.internal_key, **leaves, **root, "output_key": x_bytes(tree.output_key)}


def _output(output):
    edge = output.get("edge")
    named = {"offerer": edge["offerer"], "number": edge["number"]} if edge else {}
    tree = _tree(output["tree"]) if "tree" in output else {}
    return {"kind": output["kind"], **named, "value_sat": output["value"], **tree}


def channel_commitment(fields):
    commitment = _commitment(fields)
    transaction = commitment.transaction.serialized()
    output = {"transaction": transaction, "txid": commitment.txid, "sighash": commitment.sighash}
    steps = {
        "funding_key": x_bytes(commitment.channel.key.point),
        "number_mask": commitment.channel.mask(),
        **_keys(commitment),
        "outputs": [_output(o) for o in commitment.outputs],
        "second_stages": [
            {
                "transaction": commitment.second_stage(o)[1].serialized(),
                "sighash": commitment.second_stage_sighash(o),
            }
            for o in commitment.edges()
        ],
        "claim_sighashes": [commitment.claim_sighash(o) for o in commitment.claims_of_other()],
    }
    return "valid", output, steps


def _scalar(name, text):
    number = integer(_sized(name, text, 32))
    if not 0 < number < ORDER:
        raise Malformed(name)
    return number


def _secrets(fields, channel):
    """Of both; they have to be those of the channel's points."""
    found = {}
    for party in (ch.OPENER, ch.ACCEPTER):
        given = fields.inputs["secrets"][party]
        own = {name: _scalar(f"secrets.{party}.{name}", given[name]) for name in SECRETS}
        own["seed"] = _sized(f"secrets.{party}.seed", given["seed"], 32)
        found[party] = own
    return found


def _signed(fields):
    commitment = _commitment(fields)
    secrets = _secrets(fields, commitment.channel)
    publisher = commitment.publisher
    rand = _sized("session_rand", fields.inputs["session_rand"], 32)
    if rand == bytes(32):
        raise Malformed("session_rand")
    return ch.Signed(commitment, secrets[publisher], secrets[ch.other(publisher)], rand)


def channel_sign(fields):
    signed = _signed(fields)
    output = {
        "claim_presignatures": signed.presignatures,
        "partial_signature": signed.partial,
        "nonce": signed.y_nonce,
        "signatures": signed.signatures,
        "presignatures": signed.others_presignatures,
        "transaction": signed.transaction.serialized(),
    }
    steps = {
        "verification_nonce": signed.x_nonce,
        "own_partial_signature": signed.own_partial,
        "funding_signature": signed.funding_signature,
    }
    return "valid", output, steps


def channel_spend(fields):
    signed, inputs = _signed(fields), fields.inputs
    commitment = signed.commitment
    by_publisher, way = inputs["by"] == "publisher", inputs["way"]
    payout = bytes.fromhex(inputs["payout"])
    fee = inputs["fee_sat"]
    output = None
    if way in ("success", "timeout"):
        output = commitment.find(inputs["offerer"], inputs["edge_number"])
        offered_by_publisher = output["edge"]["offerer"] == commitment.publisher
        takes = offered_by_publisher == by_publisher if way == "timeout" else offered_by_publisher != by_publisher
        if not takes:
            raise Malformed("by")
    secret = None if inputs["secret"] is None else bytes.fromhex(inputs["secret"])
    if way == "own_money":
        transaction = (ch.publishers_money if by_publisher else ch.others_money)(signed, payout, fee)
    elif way == "penalty":
        transaction = ch.penalty(signed, payout, fee)
    elif by_publisher:
        transaction = ch.publishers_second_stage(signed, output, secret)
    elif way == "success":
        transaction = ch.others_claim(signed, output, secret, payout, fee)
    else:
        transaction = ch.others_timeout(signed, output, payout, fee)
    answer = {"transaction": transaction.serialized()}
    if way == "success" and "lock_point" in output["edge"]:
        t = ch.extracted(signed, output, transaction)
        assert bytes32(t) == secret, "what is extracted is the secret"
        answer["extracted"] = bytes32(t)
    return "valid", answer, {"weight": weight(transaction)}


def weight(transaction):
    return 3 * len(transaction.stripped()) + len(transaction.serialized())


def channel_close(fields):
    channel = _channel(fields)
    secrets = _secrets(fields, channel)
    terms = {name: fields.inputs[name] for name in ("closer", "fee_sat", "lock_time", "opener_msat", "accepter_msat")}
    if terms["opener_msat"] + terms["accepter_msat"] != channel.amount * 1000:
        raise Malformed("opener_msat")
    for party in (ch.OPENER, ch.ACCEPTER):
        script = fields.inputs[f"{party}_script"]
        terms[f"{party}_script"] = None if script is None else bytes.fromhex(script)
    rands = [_sized("session_rands", rand, 32) for rand in fields.inputs["session_rands"]]
    transaction, message, nonces, partials = ch.close(channel, terms, secrets, rands)
    steps = {"sighash": message, "nonces": nonces, "partial_signatures": partials, "weight": weight(transaction)}
    return "valid", {"transaction": transaction.serialized()}, steps


def channel_secret(fields):
    """p_n and P_n of a seed."""
    number = fields.inputs["number"]
    if number > ch.LAST:
        raise Malformed("number")
    secret = ch.leaf_of(fields.bytes("seed", 32), number)
    return "valid", {"commitment_secret": secret, "commitment_point": compressed(integer(secret) * ch.G)}, None


OPERATIONS = {
    "channel.secret": channel_secret,
    "channel.commitment": channel_commitment,
    "channel.sign": channel_sign,
    "channel.spend": channel_spend,
    "channel.close": channel_close,
}
