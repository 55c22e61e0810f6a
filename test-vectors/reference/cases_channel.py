"""The rows of channel.json."""

import channel as ch
from cases import BAD_POINTS, Rows, draw, draw_scalar
from secp256k1 import ORDER, G, bytes32, compressed, integer
from transactions import key_script, sha256

FUNDING = 10_000_000
EXPIRY = 800_000


def generate():
    rows = Rows("channel")
    secrets_of_seeds(rows)
    commitments(rows)
    refused(rows)
    signed(rows)
    spends(rows)
    closes(rows)
    return rows.document()


def party_secrets(party):
    names = ("funding_secret", "payment_secret", "delayed_secret", "htlc_secret", "revocation_secret")
    secrets = {name: bytes32(draw_scalar(f"channel/{party}/{name}")) for name in names}
    return secrets | {"seed": draw(f"channel/{party}/seed")}


SECRETS = {party: party_secrets(party) for party in (ch.OPENER, ch.ACCEPTER)}


def party_terms(party, limit, delay):
    points = {
        point: compressed(integer(SECRETS[party][secret]) * G)
        for point, secret in (
            ("funding_key", "funding_secret"),
            ("payment_point", "payment_secret"),
            ("delayed_point", "delayed_secret"),
            ("htlc_point", "htlc_secret"),
            ("revocation_point", "revocation_secret"),
        )
    }
    return points | {"dust_limit_sat": limit, "delay": delay}


def terms(limits=(354, 500), delays=(720, 144)):
    return {
        "funding_txid": draw("channel/funding"),
        "funding_index": 1,
        "funding_sat": FUNDING,
        "opener": party_terms(ch.OPENER, limits[0], delays[0]),
        "accepter": party_terms(ch.ACCEPTER, limits[1], delays[1]),
    }


def point_secret(name):
    return bytes32(draw_scalar(f"channel/t/{name}"))


def ptlc(offerer, number, sat, expiry=EXPIRY, name=None):
    t = integer(point_secret(name or f"{offerer}/{number}"))
    return edge(offerer, number, sat, expiry) | {"lock_point": compressed(t * G)}


def htlc(offerer, number, sat, expiry=EXPIRY):
    preimage = draw(f"channel/preimage/{offerer}/{number}")
    return edge(offerer, number, sat, expiry) | {"payment_hash": sha256(preimage)}


def edge(offerer, number, sat, expiry):
    return {"offerer": offerer, "number": number, "amount_msat": int(sat * 1000), "expiry": expiry}


def secret_of(edge_):
    name = f"{edge_['offerer']}/{edge_['number']}"
    return point_secret(name) if "lock_point" in edge_ else draw(f"channel/preimage/{name}")


def state(publisher, number, edges, accepter_sat=3_000_000):
    offered = {party: sum(e["amount_msat"] for e in edges if e["offerer"] == party) for party in SECRETS}
    secret = integer(ch.leaf_of(SECRETS[publisher]["seed"], min(number, ch.LAST)))
    accepter = int(accepter_sat * 1000) - offered[ch.ACCEPTER]
    return {
        "publisher": publisher,
        "number": number,
        "commitment_point": compressed(secret * G),
        "opener_msat": FUNDING * 1000 - int(accepter_sat * 1000) - offered[ch.OPENER],
        "accepter_msat": accepter,
        "edges": edges,
    }


BOTH_WAYS = [
    ptlc(ch.OPENER, 0, 50_000),
    htlc(ch.OPENER, 1, 40_000, EXPIRY + 3),
    ptlc(ch.ACCEPTER, 0, 60_000, EXPIRY + 1),
    htlc(ch.ACCEPTER, 1, 30_000, EXPIRY + 2),
]


def states():
    """(name, comment, terms, state)."""
    for publisher in (ch.OPENER, ch.ACCEPTER):
        yield f"{publisher}/no-edges", "no edge: two balances and an anchor", terms(), state(publisher, 0, [])
        yield f"{publisher}/both-ways", "a PTLC and an HTLC each way", terms(), state(publisher, 5, BOTH_WAYS)
    yield (
        "same-state",
        "the state of opener/both-ways once more, its edges in another order: the same transaction",
        terms(),
        state(ch.OPENER, 5, BOTH_WAYS[::-1]),
    )
    equal = [
        ptlc(ch.OPENER, 9, 50_000, EXPIRY),
        ptlc(ch.OPENER, 4, 50_000, EXPIRY + 7),
        ptlc(ch.OPENER, 2, 50_000, EXPIRY),
        ptlc(ch.ACCEPTER, 3, 50_000, EXPIRY),
        ptlc(ch.ACCEPTER, 1, 50_000, EXPIRY),
    ]
    for publisher in (ch.OPENER, ch.ACCEPTER):
        yield (
            f"{publisher}/equal-outputs",
            "PTLCs of one amount: one script where the publisher offers, so the order is by expiry and then number",
            terms(),
            state(publisher, 6, equal),
        )
    dust = [htlc(ch.OPENER, 0, 353.999), htlc(ch.ACCEPTER, 0, 400), ptlc(ch.OPENER, 1, 500.999)]
    for publisher in (ch.OPENER, ch.ACCEPTER):
        yield (
            f"{publisher}/trimmed",
            "HTLCs below the publisher's dust limit have no output; the anchor gets 240 satoshi of what is left",
            terms(),
            state(publisher, 7, dust),
        )
    yield (
        "anchor-below",
        "an HTLC of 100 satoshi is trimmed, and all of it is the anchor's",
        terms(),
        state(ch.OPENER, 8, [htlc(ch.OPENER, 0, 100)]),
    )
    yield (
        "money-trimmed",
        "the other's money is below the limit, by a millisatoshi",
        terms(),
        state(ch.OPENER, 9, [], accepter_sat=353.999),
    )
    yield "number-max", "number 2^48 - 1", terms(), state(ch.OPENER, ch.LAST, [])
    yield "delay-16", "a delay of 16, which a script pushes as OP_16", terms(delays=(16, 17)), state(ch.OPENER, 3, [])
    yield "delay-128", "a delay of 128, which takes two bytes", terms(delays=(128, 17)), state(ch.OPENER, 3, [])
    yield (
        "expiry-small",
        "expiries that a script pushes as an opcode, one byte, two and three",
        terms(),
        state(ch.OPENER, 3, [ptlc(ch.ACCEPTER, n, 50_000, e) for n, e in enumerate((16, 127, 128, 32_768))]),
    )
    full = [ptlc(party, n, 1_000 + n % 3, EXPIRY + n % 5) for party in SECRETS for n in range(114)]
    yield "full", "114 PTLCs each way, the most there can be", terms(), state(ch.OPENER, 11, full)


def secrets_of_seeds(rows):
    for number in (0, 1, 2, 42, ch.LAST - 1, ch.LAST):
        comment = f"the secret of commitment {number}"
        rows.add(f"secret/{number}", "secret", comment, {"seed": draw("channel/seed"), "number": number})
    inputs = {"seed": draw("channel/seed"), "number": ch.LAST + 1}
    rows.add("secret/too-high", "secret", "a number of 49 bits", inputs, "number")


def commitments(rows):
    for name, comment, terms_, state_ in states():
        rows.add(f"commitment/{name}", "commitment", comment, {"channel": terms_, "state": state_})


def changed(value, path, new):
    """A copy with one value changed."""
    head, *rest = path
    copied = list(value) if isinstance(value, list) else dict(value)
    copied[head] = changed(value[head], rest, new) if rest else new
    return copied


def refused(rows):
    base = {"channel": terms(), "state": state(ch.OPENER, 5, BOTH_WAYS)}

    def refuse(name, comment, path, new, field, culprit=None):
        rows.add(f"refused/{name}", "commitment", comment, changed(base, path, new), field, culprit=culprit)

    opener = base["channel"]["opener"]
    negated = bytes([5 - opener["htlc_point"][0]]) + opener["htlc_point"][1:]
    for name in ("htlc_point", "payment_point", "funding_key"):
        path = ("channel", "accepter", name)
        refuse(f"same-{name.replace('_', '-')}", f"both have the same {name}", path, opener[name], ".".join(path))
    path = ("channel", "accepter", "htlc_point")
    refuse("same-htlc-x", "both HTLC basepoints have the same x, of different parity", path, negated, ".".join(path))
    for name, bad, what in BAD_POINTS[:4]:
        path = ("channel", "opener", "delayed_point")
        refuse(f"point-{name}", f"the delayed basepoint is {what}", path, bad, ".".join(path))
    refuse("no-delay", "no delay", ("channel", "opener", "delay"), 0, "channel.opener.delay")
    refuse("dust-limit", "a dust limit of 329", ("channel", "opener", "dust_limit_sat"), 329, "channel.opener.dust_limit_sat")
    refuse("amounts-above", "a millisatoshi more than is funded", ("state", "opener_msat"), base["state"]["opener_msat"] + 1, "state.opener_msat")
    refuse("amounts-below", "a millisatoshi less", ("state", "opener_msat"), base["state"]["opener_msat"] - 1, "state.opener_msat")
    refuse("number", "a number of 49 bits", ("state", "number"), ch.LAST + 1, "state.number")
    twice = state(ch.OPENER, 5, [*BOTH_WAYS, htlc(ch.OPENER, 0, 1_000)])
    rows.add("refused/twice", "commitment", "two edges of one number", base | {"state": twice}, "state.edges", culprit=4)
    for name, what, sat in (("publisher", "both limits", 353), ("other", "the other party's limit", 499)):
        dust = state(ch.OPENER, 5, [ptlc(ch.OPENER, 0, sat)])
        rows.add(f"refused/dust-{name}", "commitment", f"a PTLC below {what}", base | {"state": dust}, "state.edges", culprit=0)
    many = state(ch.OPENER, 5, [htlc(ch.ACCEPTER, n, 1_000) for n in range(115)])
    rows.add("refused/115-edges", "commitment", "115 edges of one party", base | {"state": many}, "state.edges")
    for expiry in (0, 500_000_000):
        bad = state(ch.OPENER, 5, [htlc(ch.ACCEPTER, 0, 1_000, expiry)])
        rows.add(f"refused/expiry-{expiry}", "commitment", "an expiry that is no height", base | {"state": bad}, "state.edges", culprit=0)


def signing(name, terms_, state_):
    return {
        "channel": terms_,
        "state": state_,
        "secrets": SECRETS,
        "session_rand": draw(f"channel/session/{name}"),
    }


def signed(rows):
    for name, comment, terms_, state_ in states():
        if name not in ("same-state", "full", "delay-16", "delay-128"):
            rows.add(f"sign/{name}", "sign", comment, signing(name, terms_, state_))
    inputs = signing("zeros", terms(), state(ch.OPENER, 5, BOTH_WAYS)) | {"session_rand": bytes(32)}
    rows.add("sign/no-entropy", "sign", "entropy that is all zeros, as a buffer is that was used before", inputs, "session_rand")


def spends(rows):
    payout = key_script(draw("channel/payout"))
    for publisher in (ch.OPENER, ch.ACCEPTER):
        base = signing(f"spend/{publisher}", terms(), state(publisher, 5, BOTH_WAYS))
        base |= {"offerer": ch.OPENER, "edge_number": 0, "secret": None, "payout": payout, "fee_sat": 700}

        def spend(name, comment, by, way, **more):
            rows.add(f"spend/{publisher}/{name}", "spend", comment, base | {"by": by, "way": way} | more)

        spend("publisher-money", "the publisher's own money, after its delay", "publisher", "own_money")
        spend("other-money", "the other party's own money", "other", "own_money")
        spend("penalty", "every output that could be the publisher's, by the revocation key", "other", "penalty")
        for edge_ in BOTH_WAYS:
            kind = "PTLC" if "lock_point" in edge_ else "HTLC"
            offered = edge_["offerer"] == publisher
            which = {"offerer": edge_["offerer"], "edge_number": edge_["number"]}
            name = f"{kind.lower()}-{'offered' if offered else 'received'}"
            takes, takes_back = ("other", "publisher") if offered else ("publisher", "other")
            spend(f"{name}-success", f"the {takes}'s, with the secret of a {kind}", takes, "success", **which, secret=secret_of(edge_))
            spend(f"{name}-timeout", f"the {takes_back}'s, from the expiry on", takes_back, "timeout", **which)
        wrong = base | {"by": "other" if publisher == ch.OPENER else "publisher", "way": "success"}
        wrong |= {"secret": bytes32(integer(secret_of(BOTH_WAYS[0])) % ORDER ^ 1)}
        rows.add(f"spend/{publisher}/wrong-secret", "spend", "t with a bit flipped", wrong, "secret")
        wrong = wrong | {"secret": secret_of(BOTH_WAYS[0]), "edge_number": 7}
        rows.add(f"spend/{publisher}/no-such-edge", "spend", "an edge that is not there", wrong, "edge_number")


def closes(rows):
    scripts = {f"{party}_script": key_script(draw(f"channel/close/{party}")) for party in SECRETS}
    base = {
        "channel": terms(),
        "secrets": SECRETS,
        "closer": ch.OPENER,
        "fee_sat": 500,
        "lock_time": 0,
        "opener_msat": 7_000_000_001,
        "accepter_msat": 2_999_999_999,
        **scripts,
        "session_rands": [draw("channel/close/rand", 0), draw("channel/close/rand", 1)],
    }
    rows.add("close/opener", "close", "the opener pays", base)
    rows.add("close/accepter", "close", "the accepter pays", base | {"closer": ch.ACCEPTER, "lock_time": 800_000})
    rows.add("close/one-output", "close", "the accepter's output is left out", base | {"accepter_script": None})
    rows.add("close/amounts", "close", "more than is funded", base | {"opener_msat": 7_000_000_002}, "opener_msat")
