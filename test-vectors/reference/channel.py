"""Two-party channels with PTLCs: keys, commitments, who signs what, and every way to spend (SPEC, section 11).

X is the publisher of a commitment, Y the other party. h is SHA-256.

    derived key     B + h(33(P) || 33(B))*G,  P the publisher's per-commitment point
    revocation key  h(33(R) || 33(P))*R + h(33(P) || 33(R))*P
    secret of n     the seed, and for each bit of 2^48 - 1 - n from the highest: that bit flipped, then hashed
    nonce root      HMAC-SHA256("taproot-rev-root" || funding txid, h(seed)); its secret of n is NonceGen's entropy

    anchor       51 02 4e 73, what is left of the funding, 240 sat at most
    X's money    <delayed> CHECKSIGVERIFY <delay> CSV            internal key: the revocation key, here and in edges
    Y's money    no script
    X offers     timeout <X> CHECKSIGVERIFY <Y> CHECKSIG
                 success PTLC <Y> CHECKSIGVERIFY <X> CHECKSIG
                         HTLC <Y> CHECKSIGVERIFY SIZE 32 EQUALVERIFY HASH160 <hash> EQUAL
    Y offers     success PTLC <X> CHECKSIGVERIFY <Y> CHECKSIG
                         HTLC SIZE 32 EQUALVERIFY HASH160 <hash> EQUALVERIFY <X> CHECKSIGVERIFY <Y> CHECKSIG
                 timeout <Y> CHECKSIGVERIFY <expiry> CLTV

    X gives      pre-signatures under T of Y's claims, NONE|ANYONECANPAY, lock time 0, sequence 0
    Y gives      half of the funding signature; for X's second stages signatures, or pre-signatures under T for PTLCs
                 that pay X, SINGLE|ANYONECANPAY

References: BOLT 3; lightning/bolts 1228 and 1330; BIP-327, BIP-341.
"""

import hashlib
import hmac

import bip340
import musig2
import schnorr_adaptor
import transactions as tx
from secp256k1 import ORDER, G, Malformed, bytes32, compressed, integer, x_bytes

LAST = 2**48 - 1
OPENER, ACCEPTER = "opener", "accepter"
ANCHOR = b"\x51\x02\x4e\x73"
NO_AUX = bytes(32)


def other(party):
    return ACCEPTER if party == OPENER else OPENER


def h(*parts):
    return integer(tx.sha256(b"".join(parts))) % ORDER


def derived_key(basepoint, point):
    return basepoint + h(compressed(point), compressed(basepoint)) * G


def derived_secret(secret, point):
    return (secret + h(compressed(point), compressed(secret * G))) % ORDER


def revocation_key(basepoint, point):
    r, p = compressed(basepoint), compressed(point)
    return h(r, p) * basepoint + h(p, r) * point


def revocation_secret(secret, commitment_secret):
    r, p = compressed(secret * G), compressed(commitment_secret * G)
    return (h(r, p) * secret + h(p, r) * commitment_secret) % ORDER


def leaf_of(seed, number):
    index, value = LAST - number, seed
    for bit in reversed(range(48)):
        if index >> bit & 1:
            flipped = bytearray(value)
            flipped[bit // 8] ^= 1 << bit % 8
            value = tx.sha256(bytes(flipped))
    return value


def verification_nonce(seed, number, txid, funding_secret, aggregate_key):
    root = hmac.new(b"taproot-rev-root" + txid, tx.sha256(seed), hashlib.sha256).digest()
    entropy = leaf_of(root, number)
    public = compressed(funding_secret * G)
    return musig2.generate_nonce(entropy, public, bytes32(funding_secret), aggregate_key)


class Channel:
    """The terms, and the funding output."""

    def __init__(self, terms):
        self.terms = terms
        self.txid, self.vout, self.amount = terms["funding_txid"], terms["funding_index"], terms["funding_sat"]
        self.parties = {party: terms[party] for party in (OPENER, ACCEPTER)}
        for name in ("payment_point", "htlc_point", "funding_key"):
            if self.parties[OPENER][name].x == self.parties[ACCEPTER][name].x:
                raise Malformed(f"accepter.{name}")
        for party, own in self.parties.items():
            if own["dust_limit_sat"] < 330:
                raise Malformed(f"{party}.dust_limit_sat")
            if own["delay"] == 0:
                raise Malformed(f"{party}.delay")
        encoded = sorted(compressed(own["funding_key"]) for own in self.parties.values())
        untweaked = musig2.aggregate_keys(encoded)
        internal = x_bytes(untweaked.point)
        self.funding = tx.Tree(internal, {})
        self.key = musig2.tweak_key(untweaked, bytes32(self.funding.tweak), True)
        self.sorted_keys = encoded

    @property
    def output(self):
        return self.amount, self.funding.script

    def mask(self):
        points = [compressed(self.parties[party]["payment_point"]) for party in (OPENER, ACCEPTER)]
        return integer(tx.sha256(b"".join(points))[26:])

    def in_order(self, party, own, others):
        mine = compressed(self.parties[party]["funding_key"])
        return [own, others] if self.sorted_keys[0] == mine else [others, own]


class Commitment:
    """The publisher's transaction of a state."""

    def __init__(self, channel, state):
        self.channel, self.state = channel, state
        self.publisher = state["publisher"]
        x, y = channel.parties[self.publisher], channel.parties[other(self.publisher)]
        point = state["commitment_point"]
        self.point = point
        self.revocation = revocation_key(y["revocation_point"], point)
        self.delayed = derived_key(x["delayed_point"], point)
        self.x, self.y = derived_key(x["htlc_point"], point), derived_key(y["htlc_point"], point)
        self._check()
        self.own_tree = tx.Tree(x_bytes(self.revocation), {"delayed": self._delayed_script(x["delay"])})
        self.outputs = self._outputs(x["dust_limit_sat"])
        hidden = state["number"] ^ channel.mask()
        spent = tx.Input(channel.txid, channel.vout, 0x80 << 24 | hidden >> 24)
        outs = [(o["value"], o["script"]) for o in self.outputs]
        self.transaction = tx.Transaction(3, 0x20 << 24 | hidden & 0xFFFFFF, [spent], outs)
        self.txid = self.transaction.txid()
        self.sighash = self.transaction.sighash(0, [channel.output])

    def _check(self):
        state, limits = self.state, [own["dust_limit_sat"] for own in self.channel.parties.values()]
        if state["number"] > LAST:
            raise Malformed("number")
        names = [(edge["offerer"], edge["number"]) for edge in state["edges"]]
        for index, edge in enumerate(state["edges"]):
            if names.index(names[index]) != index:
                raise Malformed("edges", index)
            if "lock_point" in edge and edge["amount_msat"] // 1000 < max(limits):
                raise Malformed("edges", index)
        if any(sum(edge["offerer"] == party for edge in state["edges"]) > 114 for party in (OPENER, ACCEPTER)):
            raise Malformed("edges")
        total = state["opener_msat"] + state["accepter_msat"] + sum(edge["amount_msat"] for edge in state["edges"])
        if total != self.channel.amount * 1000:
            raise Malformed("opener_msat")

    def _delayed_script(self, delay):
        return tx.push(x_bytes(self.delayed)) + tx.CHECKSIGVERIFY + tx.number_push(delay) + tx.CSV

    def _edge_tree(self, edge):
        x, y = tx.push(x_bytes(self.x)), tx.push(x_bytes(self.y))
        hashed = b""
        if "payment_hash" in edge:
            digest = hashlib.new("ripemd160", edge["payment_hash"]).digest()
            hashed = tx.SIZE + b"\x01\x20" + tx.EQUALVERIFY + tx.HASH160 + tx.push(digest)
        if edge["offerer"] == self.publisher:
            timeout = x + tx.CHECKSIGVERIFY + y + tx.CHECKSIG
            success = y + tx.CHECKSIGVERIFY + (hashed + tx.EQUAL if hashed else x + tx.CHECKSIG)
        else:
            timeout = y + tx.CHECKSIGVERIFY + tx.number_push(edge["expiry"]) + tx.CLTV
            both = x + tx.CHECKSIGVERIFY + y + tx.CHECKSIG
            success = hashed + tx.EQUALVERIFY + both if hashed else both
        return tx.Tree(x_bytes(self.revocation), {"timeout": timeout, "success": success})

    def _outputs(self, limit):
        y_payment = self.channel.parties[other(self.publisher)]["payment_point"]
        own, others = (self.state[f"{party}_msat"] // 1000 for party in (self.publisher, other(self.publisher)))
        found = [
            {"kind": "to_publisher", "value": own, "tree": self.own_tree},
            {"kind": "to_other", "value": others, "tree": tx.Tree(x_bytes(y_payment), {})},
        ]
        for edge in self.state["edges"]:
            value = edge["amount_msat"] // 1000
            found.append({"kind": "edge", "value": value, "tree": self._edge_tree(edge), "edge": edge})
        found = [output | {"script": output["tree"].script} for output in found if output["value"] >= limit]
        left = self.channel.amount - sum(output["value"] for output in found)
        found.append({"kind": "anchor", "value": min(left, 240), "script": ANCHOR})

        def order(output):
            edge = output.get("edge")
            ties = (edge["expiry"], edge["offerer"] == ACCEPTER, edge["number"]) if edge else (0, False, 0)
            return output["value"], output["script"], ties

        return [output | {"vout": vout} for vout, output in enumerate(sorted(found, key=order))]

    def edges(self):
        return [output for output in self.outputs if output["kind"] == "edge"]

    def find(self, offerer, number):
        for output in self.edges():
            if (output["edge"]["offerer"], output["edge"]["number"]) == (offerer, number):
                return output
        raise Malformed("edge_number")

    def second_stage(self, output):
        timeout = output["edge"]["offerer"] == self.publisher
        lock_time = output["edge"]["expiry"] if timeout else 0
        paid = output["value"], self.own_tree.script
        spent = tx.Input(self.txid, output["vout"], 0)
        return ("timeout" if timeout else "success"), tx.Transaction(3, lock_time, [spent], [paid])

    def second_stage_sighash(self, output):
        leaf, transaction = self.second_stage(output)
        return self._one_input(transaction, output, leaf, tx.SINGLE_ONE_INPUT)

    def claim_sighash(self, output):
        claim = tx.Transaction(3, 0, [tx.Input(self.txid, output["vout"], 0)], [])
        return self._one_input(claim, output, "success", tx.NONE_ONE_INPUT)

    @staticmethod
    def _one_input(transaction, output, leaf, sighash_type):
        script = output["tree"].leaves[leaf]
        spent = [(output["value"], output["script"])]
        return transaction.sighash(0, spent, sighash_type, tx.leaf_hash(script))

    def claims_of_other(self):
        """The PTLCs for which the publisher pre-signs."""
        return [o for o in self.edges() if o["edge"]["offerer"] == self.publisher and "lock_point" in o["edge"]]

    def pre_signed_by_other(self, output):
        return output["edge"]["offerer"] != self.publisher and "lock_point" in output["edge"]


def pre_sign(secret, message, edge):
    return schnorr_adaptor.pre_sign(secret, message, edge["lock_point"], NO_AUX)[0]


class Signed:
    """A commitment with what both give, in the only order there is: the publisher's pre-signatures, then all of the other's."""

    def __init__(self, commitment, publisher, others, session_rand):
        self.commitment, self.publisher, self.others = commitment, publisher, others
        channel = commitment.channel
        self.x_secret = derived_secret(publisher["htlc_secret"], commitment.point)
        self.y_secret = derived_secret(others["htlc_secret"], commitment.point)
        self.presignatures = [
            pre_sign(self.x_secret, commitment.claim_sighash(output), output["edge"])
            for output in commitment.claims_of_other()
        ]
        aggregate_key = x_bytes(channel.key.point)
        number = commitment.state["number"]
        x_nonces, self.x_nonce = verification_nonce(
            publisher["seed"], number, channel.txid, publisher["funding_secret"], aggregate_key
        )
        y_key = compressed(others["funding_secret"] * G)
        y_nonces, self.y_nonce = musig2.generate_nonce(
            session_rand, y_key, bytes32(others["funding_secret"]), aggregate_key, commitment.sighash
        )
        self._sign(x_nonces, y_nonces)

    def _sign(self, x_nonces, y_nonces):
        commitment, channel = self.commitment, self.commitment.channel
        nonces = channel.in_order(commitment.publisher, self.x_nonce, self.y_nonce)
        session = musig2.Session(channel.key, musig2.aggregate_nonces(nonces), commitment.sighash)
        self.partial = session.partial_sign(y_nonces, self.others["funding_secret"])
        self.own_partial = session.partial_sign(x_nonces, self.publisher["funding_secret"])
        partials = channel.in_order(commitment.publisher, self.own_partial, self.partial)
        self.funding_signature = session.presignature(partials)[1:]
        assert bip340.verify(x_bytes(channel.key.point), commitment.sighash, self.funding_signature)
        self.signatures, self.others_presignatures = [], []
        for output in commitment.edges():
            message = commitment.second_stage_sighash(output)
            if commitment.pre_signed_by_other(output):
                self.others_presignatures.append(pre_sign(self.y_secret, message, output["edge"]))
            else:
                self.signatures.append(bip340.sign(self.y_secret, message, NO_AUX))
        transaction = commitment.transaction
        spent = tx.Input(channel.txid, channel.vout, transaction.inputs[0].sequence, [self.funding_signature])
        self.transaction = tx.Transaction(3, transaction.lock_time, [spent], transaction.outputs)

    def others_signature(self, output):
        """For the publisher's second stage, as it stands in the witness but for the secret."""
        rest = [o for o in self.commitment.edges() if self.commitment.pre_signed_by_other(o)]
        if output in rest:
            return self.others_presignatures[rest.index(output)]
        rest = [o for o in self.commitment.edges() if not self.commitment.pre_signed_by_other(o)]
        return self.signatures[rest.index(output)]


def opened(edge, secret):
    """What opens the edge: the preimage, or t."""
    if "payment_hash" in edge:
        if tx.sha256(secret) != edge["payment_hash"]:
            raise Malformed("secret")
        return secret
    t = integer(secret)
    if not 0 < t < ORDER or t * G != edge["lock_point"]:
        raise Malformed("secret")
    return t


class Spend:
    """An input with what it takes: the leaf, or the key path; what stands in the witness beside the own signature."""

    def __init__(self, txid, vout, value, tree, leaf, secret, sequence=0xFFFFFFFD, before=(), after=()):
        self.input = tx.Input(txid, vout, sequence)
        self.spent = value, tree.script
        self.tree, self.leaf, self.secret = tree, leaf, secret
        self.before, self.after = list(before), list(after)


def finished(spends, lock_time, outputs):
    transaction = tx.Transaction(3, lock_time, [spend.input for spend in spends], outputs)
    spent = [spend.spent for spend in spends]
    for index, spend in enumerate(spends):
        if spend.leaf is None:
            message = transaction.sighash(index, spent)
            spend.input.witness = [bip340.sign(spend.secret, message, NO_AUX)]
        else:
            leaf = tx.leaf_hash(spend.tree.leaves[spend.leaf])
            own = bip340.sign(spend.secret, transaction.sighash(index, spent, leaf=leaf), NO_AUX)
            spend.input.witness = spend.tree.witness(spend.leaf, [*spend.before, own, *spend.after])
    return transaction


def paid_to(spends, lock_time, payout, fee):
    value = sum(spend.spent[0] for spend in spends) - fee
    return finished(spends, lock_time, [(value, payout)])


def delayed(signed, txid, vout, value):
    commitment = signed.commitment
    secret = derived_secret(signed.publisher["delayed_secret"], commitment.point)
    delay = commitment.channel.parties[commitment.publisher]["delay"]
    return Spend(txid, vout, value, commitment.own_tree, "delayed", secret, delay)


def publishers_money(signed, payout, fee):
    output = only(signed.commitment, "to_publisher")
    spend = delayed(signed, signed.commitment.txid, output["vout"], output["value"])
    return paid_to([spend], 0, payout, fee)


def others_money(signed, payout, fee):
    output = only(signed.commitment, "to_other")
    secret = output["tree"].secret(signed.others["payment_secret"])
    spend = Spend(signed.commitment.txid, output["vout"], output["value"], output["tree"], None, secret)
    return paid_to([spend], 0, payout, fee)


def only(commitment, kind):
    for output in commitment.outputs:
        if output["kind"] == kind:
            return output
    raise Malformed("way")


def publishers_second_stage(signed, output, secret):
    """HTLC- or PTLC-timeout, or -success with the secret."""
    commitment, edge = signed.commitment, output["edge"]
    leaf, transaction = commitment.second_stage(output)
    before, after = signed.others_signature(output), []
    if leaf == "success":
        opening = opened(edge, secret)
        if "payment_hash" in edge:
            after = [opening]
        else:
            before = schnorr_adaptor.adapt(before, opening)
    before = before + bytes([tx.SINGLE_ONE_INPUT])
    args = commitment.txid, output["vout"], output["value"], output["tree"], leaf, signed.x_secret
    return finished([Spend(*args, sequence=0, before=[before], after=after)], transaction.lock_time, transaction.outputs)


def others_claim(signed, output, secret, payout, fee):
    commitment, edge = signed.commitment, output["edge"]
    opening, sequence = opened(edge, secret), 0xFFFFFFFD
    if "lock_point" in edge:
        at = commitment.claims_of_other().index(output)
        opening = schnorr_adaptor.adapt(signed.presignatures[at], opening) + bytes([tx.NONE_ONE_INPUT])
        sequence = 0
    args = commitment.txid, output["vout"], output["value"], output["tree"], "success", signed.y_secret
    return paid_to([Spend(*args, sequence=sequence, before=[opening])], 0, payout, fee)


def others_timeout(signed, output, payout, fee):
    commitment = signed.commitment
    args = commitment.txid, output["vout"], output["value"], output["tree"], "timeout", signed.y_secret
    return paid_to([Spend(*args)], output["edge"]["expiry"], payout, fee)


def penalty(signed, payout, fee):
    """Every output that could be the publisher's, by the revocation key."""
    commitment = signed.commitment
    commitment_secret = integer(leaf_of(signed.publisher["seed"], commitment.state["number"]))
    secret = revocation_secret(signed.others["revocation_secret"], commitment_secret)
    spends = [
        Spend(commitment.txid, o["vout"], o["value"], o["tree"], None, o["tree"].secret(secret))
        for o in commitment.outputs
        if o["kind"] in ("to_publisher", "edge")
    ]
    return paid_to(spends, 0, payout, fee)


def extracted(signed, output, transaction):
    """t, from the mined transaction and the pre-signature that the offerer makes once more."""
    commitment, edge = signed.commitment, output["edge"]
    if edge["offerer"] == commitment.publisher:
        secret, message = signed.x_secret, commitment.claim_sighash(output)
    else:
        secret, message = signed.y_secret, commitment.second_stage_sighash(output)
    presignature = pre_sign(secret, message, edge)
    signature = transaction.inputs[0].witness[0][:64]
    return schnorr_adaptor.extract(x_bytes(secret * G), message, edge["lock_point"], presignature, signature)


def close(channel, terms, secrets, session_rands):
    """BOLT 3's closing transaction, signed by both; entropy for the nonces in the order opener, accepter."""
    outputs = []
    for party in (OPENER, ACCEPTER):
        script, value = terms[f"{party}_script"], terms[f"{party}_msat"] // 1000
        if party == terms["closer"]:
            value -= terms["fee_sat"]
        if script is not None:
            outputs.append((value, script))
    spent = tx.Input(channel.txid, channel.vout, 0xFFFFFFFD)
    transaction = tx.Transaction(2, terms["lock_time"], [spent], sorted(outputs))
    message = transaction.sighash(0, [channel.output])
    aggregate_key = x_bytes(channel.key.point)
    made = {}
    for party, rand in zip((OPENER, ACCEPTER), session_rands):
        secret = secrets[party]["funding_secret"]
        made[party] = musig2.generate_nonce(rand, compressed(secret * G), bytes32(secret), aggregate_key)
    nonces = channel.in_order(OPENER, made[OPENER][1], made[ACCEPTER][1])
    session = musig2.Session(channel.key, musig2.aggregate_nonces(nonces), message)
    partials = [session.partial_sign(made[p][0], secrets[p]["funding_secret"]) for p in (OPENER, ACCEPTER)]
    signature = session.presignature(channel.in_order(OPENER, *partials))[1:]
    transaction.inputs[0].witness = [signature]
    return transaction, message, [made[p][1] for p in (OPENER, ACCEPTER)], partials
