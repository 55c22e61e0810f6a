"""The reference against vectors that other people made, `../standards/`: `generate.py --check` begins with them.

Each check takes one file and returns the number of rows compared; a row that disagrees raises Mismatch. BIP-341's outputs and
spends and BOLT 12's strings and offers have no check: the reference makes none of these.
"""

import hashlib
import hmac
import json

import bip340
import bolt12
import chacha
import channel as ch
import ecdsa_adaptor
import musig2
import onion
import payer_proof
import schnorr_adaptor
from secp256k1 import ORDER, G, Malformed, bytes32, compressed, decompress, integer, lift_x, tagged_hash, x_bytes, xor


class Mismatch(Exception):
    pass


def _expect(row, condition):
    if not condition:
        raise Mismatch(f"row {row['name']}: the reference disagrees")


def _unhex(row, *names):
    return [bytes.fromhex(row[name]) for name in names]


def _optional(row, name):
    return bytes.fromhex(row[name]) if name in row else None


def _list(row, name):
    return [bytes.fromhex(item) for item in row[name]]


def _is_valid(row):
    return row["expected"] == "valid"


def check_bip340(file):
    for row in file["rows"]:
        public_key, message, signature = _unhex(row, "public_key", "message", "signature")
        _expect(row, bip340.verify(public_key, message, signature) == _is_valid(row))
        if "secret_key" in row:
            secret_key, aux_rand = _unhex(row, "secret_key", "aux_rand")
            _expect(row, x_bytes(integer(secret_key) * G) == public_key)
            _expect(row, bip340.sign(integer(secret_key), message, aux_rand) == signature)
    return len(file["rows"])


def check_schnorr_presign(file):
    for row in file["rows"]:
        public_key, message, adaptor, presignature = _unhex(
            row, "public_key", "message", "adaptor_point", "presignature"
        )
        lock_point = decompress(adaptor)
        decoded = lift_x(integer(public_key)) is not None and lock_point is not None
        valid = decoded and schnorr_adaptor.verify(public_key, message, lock_point, presignature)
        _expect(row, valid == _is_valid(row))
        if "secret_key" in row:
            secret_key, aux_rand = _unhex(row, "secret_key", "aux_rand")
            made, _ = schnorr_adaptor.pre_sign(integer(secret_key), message, lock_point, aux_rand)
            _expect(row, made == presignature)
    return len(file["rows"])


def check_schnorr_adapt(file):
    for row in file["rows"]:
        public_key, message, secret = _unhex(row, "public_key", "message", "adaptor_secret")
        presignature, signature = _unhex(row, "presignature", "signature")
        _expect(row, schnorr_adaptor.adapt(presignature, integer(secret)) == signature)
        _expect(row, bip340.verify(public_key, message, signature) == _is_valid(row))
    return len(file["rows"])


def check_schnorr_extract(file):
    """These rows have no key and no lock point: only the difference can be compared."""
    for row in file["rows"]:
        presignature, signature, secret = _unhex(row, "presignature", "signature", "adaptor_secret")
        found = bytes32(schnorr_adaptor.difference(presignature, signature))
        _expect(row, (found == secret) == _is_valid(row))
    return len(file["rows"])


def check_ecdsa_adaptor(file):
    for row in file["rows"]:
        [presignature] = _unhex(row, "presignature")
        if row["op"] == "decode":
            parts = ecdsa_adaptor.decode(presignature)
            _expect(row, (parts is not None) == _is_valid(row))
            if parts is not None:
                locked_nonce, nonce, _, s, proof_e, proof_s = parts
                _expect(row, ecdsa_adaptor.encode(locked_nonce, nonce, s, proof_e, proof_s) == presignature)
            continue
        adaptor_point, signature = _unhex(row, "adaptor_point", "signature")
        lock_point = decompress(adaptor_point)
        secret = integer(*_unhex(row, "adaptor_secret")) if "adaptor_secret" in row else None
        if row["op"] == "verify":
            public_key, message = _unhex(row, "public_key", "message")
            public_key = decompress(public_key)
            _expect(row, ecdsa_adaptor.verify(public_key, message, lock_point, presignature) == _is_valid(row))
            if not _is_valid(row):
                continue
            _expect(row, ecdsa_adaptor.verify_signature(public_key, message, signature))
            _expect(row, ecdsa_adaptor.adapt(presignature, secret) == signature)
        _expect(row, ecdsa_adaptor.extract(lock_point, presignature, signature) == secret)
    return len(file["rows"])


def _expect_error(row, action):
    """`action` has to fail with the field, and the culprit, that the row names."""
    try:
        action()
    except Malformed as malformed:
        expected = row["expected"]
        _expect(row, (malformed.field, malformed.culprit) == (expected["error"], expected.get("culprit")))
    else:
        _expect(row, False)


def _expect_result(row, action, result):
    """The `result` that the row has, or the error that it names."""
    if _is_valid(row):
        _expect(row, action() == bytes.fromhex(row[result]))
    else:
        _expect_error(row, action)


def _tweaked_key(row):
    key = musig2.aggregate_keys(_list(row, "public_keys"))
    for tweak in row.get("tweaks", []):
        key = musig2.tweak_key(key, *_unhex(tweak, "tweak"), tweak["xonly"])
    return key


def _partial_sign(row):
    aggregate_nonce, message, secret_nonce, secret_key = _unhex(
        row, "aggregate_nonce", "message", "secret_nonce", "secret_key"
    )
    nonces = integer(secret_nonce[:32]), integer(secret_nonce[32:64])
    return musig2.Session(_tweaked_key(row), aggregate_nonce, message).partial_sign(nonces, integer(secret_key))


def _partial_verify(row):
    message, partial = _unhex(row, "message", "partial_signature")
    nonces, signer = _list(row, "public_nonces"), row["signer"]
    session = musig2.Session(_tweaked_key(row), musig2.aggregate_nonces(nonces), message)
    return session.partial_verify(partial, nonces[signer], _list(row, "public_keys")[signer])


def check_key_agg(file):
    for row in file["rows"]:
        _expect_result(row, lambda: x_bytes(_tweaked_key(row).point), "aggregate_key")
    return len(file["rows"])


def check_key_sort(file):
    """Sorting is the caller's; the file still says what order 33-byte keys have."""
    for row in file["rows"]:
        _expect(row, sorted(_list(row, "public_keys")) == _list(row, "sorted"))
    return len(file["rows"])


def check_nonce_gen(file):
    for row in file["rows"]:
        nonces, public_nonce = musig2.generate_nonce(
            _optional(row, "session_rand"),
            _optional(row, "public_key"),
            _optional(row, "secret_key"),
            _optional(row, "aggregate_key"),
            _optional(row, "message"),
            _optional(row, "extra_in") or b"",
        )
        secret_nonce = bytes32(nonces[0]) + bytes32(nonces[1]) + _optional(row, "public_key")
        _expect(row, [secret_nonce, public_nonce] == _unhex(row, "secret_nonce", "public_nonce"))
    return len(file["rows"])


def check_nonce_agg(file):
    for row in file["rows"]:
        _expect_result(row, lambda: musig2.aggregate_nonces(_list(row, "public_nonces")), "aggregate_nonce")
    return len(file["rows"])


def check_sign_verify(file):
    for row in file["rows"]:
        if row["op"] == "sign":
            _expect_result(row, lambda: _partial_sign(row), "partial_signature")
        elif row["expected"] == "invalid":
            _expect(row, not _partial_verify(row))
        else:
            _expect_error(row, lambda: _partial_verify(row))
        if _is_valid(row):
            _expect(row, [musig2.aggregate_nonces(_list(row, "public_nonces"))] == _unhex(row, "aggregate_nonce"))
            _expect(row, _partial_verify(row))
    return len(file["rows"])


def check_tweak(file):
    for row in file["rows"]:
        row = file["common"] | row
        _expect_result(row, lambda: _partial_sign(row), "partial_signature")
        if _is_valid(row):
            _expect(row, _partial_verify(row))
    return len(file["rows"])


def check_sig_agg(file):
    for row in file["rows"]:
        row = file["common"] | row
        aggregate_nonce, message = _unhex(row, "aggregate_nonce", "message")
        session = musig2.Session(_tweaked_key(row), aggregate_nonce, message)
        _expect_result(row, lambda: session.presignature(_list(row, "partial_signatures"))[1:], "signature")
        if _is_valid(row):
            _expect(row, bip340.verify(x_bytes(session.key.point), message, *_unhex(row, "signature")))
    return len(file["rows"])


def check_zkp_sessions(file):
    for row in file["rows"]:
        message, adaptor_secret, adaptor_point = _unhex(row, "message", "adaptor_secret", "adaptor_point")
        public_keys, public_nonces = _list(row, "public_keys"), _list(row, "public_nonces")
        key = musig2.aggregate_keys(public_keys)
        _expect(row, x_bytes(key.point).hex() == row["aggregate_key"])
        _expect(row, compressed(integer(adaptor_secret) * G) == adaptor_point)
        session = musig2.Session(key, bytes.fromhex(row["aggregate_nonce"]), message, decompress(adaptor_point))
        partials = []
        for secret_key, rand, public_key, nonce in zip(
            _list(row, "secret_keys"), _list(row, "session_rands"), public_keys, public_nonces, strict=True
        ):
            _expect(row, compressed(integer(secret_key) * G) == public_key)
            nonces, made = musig2.generate_nonce(rand, public_key, secret_key, x_bytes(key.point), message)
            _expect(row, made == nonce)
            partials.append(session.partial_sign(nonces, integer(secret_key)))
            _expect(row, session.partial_verify(partials[-1], nonce, public_key))
        _expect(row, musig2.aggregate_nonces(public_nonces).hex() == row["aggregate_nonce"])
        _expect(row, partials == _list(row, "partial_signatures"))
        presignature = session.presignature(partials)
        _expect(row, presignature.hex() == row["presignature"])
        signature = schnorr_adaptor.adapt(presignature, integer(adaptor_secret))
        _expect(row, signature.hex() == row["signature"])
        found = schnorr_adaptor.extract(x_bytes(key.point), message, decompress(adaptor_point), presignature, signature)
        _expect(row, found == integer(adaptor_secret))
    return len(file["rows"])


def _payload(row):
    """The rows have a payload with its length."""
    length, payload = bolt12.read_bigsize(*_unhex(row, "framed_payload"))
    _expect(row, len(payload) == length)
    return payload


def _expect_layers(rows, packet, secret_keys, associated_data, payloads, packets=None):
    """Peeled hop by hop, the packet has these payloads, and is in turn each of `packets`."""
    for index, (row, secret_key, payload) in enumerate(zip(rows, secret_keys, payloads, strict=True)):
        _expect(row, packets is None or packet == packets[index])
        layer = onion.peel(packet, secret_key, associated_data)
        _expect(row, layer.payload == payload)
        packet = layer.next_packet
    _expect(rows[-1], packet is None)


def check_onion(file):
    common, rows = file["common"], file["rows"]
    session_key, associated_data = _unhex(common, "session_key", "associated_data")
    keys = [decompress(*_unhex(row, "public_key")) for row in rows]
    payloads = [_payload(row) for row in rows]
    packet = onion.build(integer(session_key), keys, payloads, associated_data)
    _expect(rows[0], packet.hex() == common["packet"])
    secrets = [integer(*_unhex(row, "node_secret")) for row in rows]
    _expect_layers(rows, packet, secrets, associated_data, payloads)
    return len(rows)


def check_failure(file):
    common, rows = file["common"], file["rows"]
    session_key, message, packet = _unhex(common, "session_key", "message", "packet")
    steps = onion.chain(integer(session_key), [decompress(*_unhex(row, "public_key")) for row in rows])
    failing = rows[-1]
    um_key, padded = _unhex(failing, "um_key", "padded_message")
    _expect(failing, onion.derive_key("um", steps[-1].secret) == um_key)
    _expect(failing, padded[2 : 2 + int.from_bytes(padded[:2], "big")] == message)
    made = hmac.digest(um_key, padded, "sha256") + padded
    for row, step in zip(reversed(rows), reversed(steps)):
        shared_secret, ammag_key = _unhex(row, "shared_secret", "ammag_key")
        _expect(row, step.secret == shared_secret and onion.derive_key("ammag", shared_secret) == ammag_key)
        made = xor(made, chacha.keystream(ammag_key, len(made)))
    _expect(rows[0], made == packet)
    return len(rows)


def check_attribution(file):
    """BOLT 4's trace of a failure, and of a payment that arrived, from the hop at its end on."""
    common, rows = file["common"], file["rows"]
    packet, message = _unhex(common, "bare_packet", "message")
    attribution, fulfilled, secrets = None, None, [bytes.fromhex(row["shared_secret"]) for row in rows]
    for row, secret in zip(reversed(rows), reversed(secrets)):
        packet, attribution = onion.pass_on(secret, packet, attribution, row["hold_time"])
        fulfilled = onion.attribute(fulfilled, secret, b"", row["hold_time"])
        _expect(row, [packet, attribution, fulfilled] == _unhex(row, "packet", "attribution_data", "fulfilled_attribution_data"))
    times = [row["hold_time"] for row in rows]
    _expect(rows[0], onion.read_failure(secrets, packet, attribution) == (len(rows) - 1, message, times, None))
    return len(rows)


def check_blinded_path(file):
    """Each hop as a path of one: the second path's first key comes from elsewhere, so that there are two chains."""
    rows = file["rows"]
    for row in rows:
        secret, node_id, plain, node_secret = _unhex(row, "path_key_secret", "node_id", "encoded_data", "node_secret")
        [made] = onion.blind_path(integer(secret), [decompress(node_id)], [plain])
        _expect(row, compressed(made.path_key).hex() == row["path_key"])
        _expect(row, made.path_secret.hex() == row["shared_secret"])
        _expect(row, onion.derive_key("rho", made.path_secret).hex() == row["rho"])
        _expect(row, compressed(made.blinded_node_id).hex() == row["blinded_node_id"])
        _expect(row, made.encrypted_data.hex() == row["encrypted_data"])
        learned = onion.unblind(integer(node_secret), made.path_key, made.encrypted_data)
        _expect(row, learned.data == plain and bytes32(learned.blinded_secret_key).hex() == row["blinded_node_secret"])
        _expect(row, compressed(learned.next_path_key).hex() == row["next_path_key"])
    for path in (rows[:2], rows[2:]):
        session_key = integer(*_unhex(path[0], "session_key"))
        node_ids = [decompress(*_unhex(row, "node_id")) for row in path]
        made = onion.blind_path(session_key, node_ids, [bytes.fromhex(row["encoded_data"]) for row in path])
        _expect(path[0], [hop.encrypted_data.hex() for hop in made] == [row["encrypted_data"] for row in path])
    return len(rows)


def _onion_secrets(rows, path_keys):
    """The secret key of each layer: of a hop with a path key the blinded one."""
    for row, path_key in zip(rows, path_keys, strict=True):
        secret = integer(*_unhex(row, "node_secret"))
        if path_key is None:
            yield secret
        else:
            yield onion.unblind(secret, path_key, bytes(chacha.TAG_LENGTH)).blinded_secret_key


def check_blinded_payment(file):
    common, rows = file["common"], file["rows"]
    session_key, associated_data = _unhex(common, "session_key", "associated_data")
    keys = [decompress(*_unhex(row, "public_key")) for row in rows]
    payloads = [_payload(row) for row in rows]
    packet = onion.build(integer(session_key), keys, payloads, associated_data)
    _expect(rows[0], packet.hex() == common["packet"])
    # The first two layers are for node ids; from the third on, the path key comes with the packet.
    path_keys = [None, None, *(decompress(*_unhex(row, "next_path_key")) for row in rows[1:-1])]
    packets = [bytes.fromhex(row["packet"]) for row in rows]
    _expect_layers(rows, packet, _onion_secrets(rows, path_keys), associated_data, payloads, packets)
    return len(rows)


def check_blinded_message(file):
    common, rows = file["common"], file["rows"]
    for row in rows:
        secret, plain, node_secret = _unhex(row, "path_key_secret", "encoded_data", "node_secret")
        node_id = integer(node_secret) * G
        [made] = onion.blind_path(integer(secret), [node_id], [plain])
        _expect(row, made.path_secret.hex() == row["shared_secret"])
        _expect(row, onion.derive_key("rho", made.path_secret).hex() == row["rho"])
        _expect(row, onion.derive_key("blinded_node_id", made.path_secret).hex() == row["blinded_node_id_factor"])
        _expect(row, compressed(made.blinded_node_id).hex() == row["blinded_node_id"])
        _expect(row, made.encrypted_data.hex() == row["encrypted_data"])
        factor = hashlib.sha256(compressed(made.path_key) + made.path_secret).digest()
        _expect(row, factor.hex() == row["next_path_key_factor"])
        next_secret = integer(factor) * integer(secret) % ORDER
        _expect(row, bytes32(next_secret).hex() == row["next_path_key_secret"])
    messages = [bytes.fromhex(row["message"]) for row in rows]
    # type 513, path key, length, packet
    path_keys, packets = [decompress(message[2:35]) for message in messages], [message[37:] for message in messages]
    streams = [{4: bytes.fromhex(row["encrypted_data"])} for row in rows]
    streams[-1] |= {record["type"]: bytes.fromhex(record["value"]) for record in common["contents"]}
    payloads = [bolt12.stream(stream) for stream in streams]
    _expect(rows[0], packets[0].hex() == common["packet"])
    _expect_layers(rows, packets[0], _onion_secrets(rows, path_keys), b"", payloads, packets)
    return len(rows)


def check_merkle(file):
    for row in file["rows"]:
        records = b"".join(bytes.fromhex(leaf["record"]) for leaf in row["leaves"])
        root = bolt12.merkle_root(bolt12.read_stream(records))
        _expect(row, root.hex() == row["merkle_root"])
        for leaf in row["leaves"]:
            record, nonce = _unhex(leaf, "record", "nonce")
            _expect(row, tagged_hash("LnLeaf", record).hex() == leaf["leaf"])
            children = sorted([bytes.fromhex(leaf["leaf"]), nonce])
            _expect(row, tagged_hash("LnBranch", b"".join(children)).hex() == leaf["branch"])
        for branch in row["branches"]:
            lesser, greater = _unhex(branch, "lesser", "greater")
            _expect(row, tagged_hash("LnBranch", lesser + greater).hex() == branch["branch"])
        if "signature" in row:
            message = tagged_hash(row["signature_tag"], root)
            _expect(row, message.hex() == row["signature_hash"])
            stream = bolt12.read_stream(records)
            _expect(row, bip340.verify(stream[PAYER_ID][1:], message, *_unhex(row, "signature")))
            text = bolt12.to_text("lnr", bolt12.stream(stream | {bolt12.SIGNATURE: bytes.fromhex(row["signature"])}))
            _expect(row, text == row["string"])
    return len(file["rows"])


def check_payer_proofs(file):
    payer_secret, preimage = (bytes.fromhex(file["common"][name]) for name in ("payer_secret", "preimage"))
    for row in file["rows"]:
        invoice = bolt12.read_stream(bytes.fromhex(row["invoice"]))
        empty = row["name"] == "empty_omitted_written"
        text, steps = payer_proof.create(
            invoice, integer(payer_secret), preimage, row["included_types"], bytes(32), _optional(row, "note"), empty
        )
        _expect(row, text == row["string"])
        for name in ("leaf_hashes", "missing_hashes"):
            _expect(row, steps[name] == _list(row, name))
        _expect(row, steps["omitted_tlvs"] == row["omitted_tlvs"])
        _, root = payer_proof.read_with_preimage(bolt12.from_text("lnp", row["string"]))
        _expect(row, root == steps["invoice_merkle_root"] == bytes.fromhex(row["invoice_merkle_root"]))
    return len(file["rows"])


def check_zero_fee_commitments(file):
    """Unsigned transactions by the state, signatures by the nonces that the rows give."""
    common = file["common"]
    point = lambda secret: integer(bytes.fromhex(secret)) * G
    for row in file["rows"]:
        publisher, other = common["publisher"], common["other"]
        limit = {"dust_limit_sat": row["dust_limit_sat"], "delay": common["delay"]}

        def terms(keys, **more):
            names = ("funding_key", "funding_secret"), ("payment_point", "payment_secret"), ("htlc_point", "htlc_secret")
            return {ours: point(keys[theirs]) for ours, theirs in names} | limit | more

        channel = ch.Channel(
            {
                "funding_txid": bytes.fromhex(common["funding_txid"])[::-1],
                "funding_index": common["funding_index"],
                "funding_sat": common["funding_sat"],
                # What the source lacks is in none of its transactions.
                "opener": terms(publisher, delayed_point=point(publisher["delayed_secret"]), revocation_point=G),
                "accepter": terms(
                    other, delayed_point=G, revocation_point=decompress(bytes.fromhex(other["revocation_point"]))
                ),
            }
        )
        edges = [
            {
                "offerer": offerer,
                "number": htlc["number"],
                "amount_msat": htlc["amount_msat"],
                "expiry": htlc["expiry"],
                "payment_hash": bytes.fromhex(htlc["payment_hash"]),
            }
            for offerer, side in ((ch.OPENER, "offered"), (ch.ACCEPTER, "received"))
            for htlc in row[side]
        ]
        state = {
            "publisher": ch.OPENER,
            "number": common["number"],
            "commitment_point": decompress(bytes.fromhex(common["commitment_point"])),
            "opener_msat": row["publisher_msat"],
            "accepter_msat": row["other_msat"],
            "edges": edges,
        }
        _expect(row, _signed_as_published(ch.Commitment(channel, state), common, row))
    return len(file["rows"])


def _signed_as_published(commitment, common, row):
    channel = commitment.channel
    scalars = lambda nonce: (integer(nonce[:32]), integer(nonce[32:64]))
    x_nonces, y_nonces = (scalars(bytes.fromhex(row[f"{whose}_secret_nonce"])) for whose in ("publisher", "other"))
    signed = ch.Signed.__new__(ch.Signed)
    signed.commitment = commitment
    signed.publisher, signed.others = (
        {name: integer(bytes.fromhex(common[whose][name])) for name in ("funding_secret", "htlc_secret")}
        for whose in ("publisher", "other")
    )
    signed.x_nonce, signed.y_nonce = musig2.public_nonce(x_nonces), musig2.public_nonce(y_nonces)
    signed.x_secret = ch.derived_secret(signed.publisher["htlc_secret"], commitment.point)
    signed.y_secret = ch.derived_secret(signed.others["htlc_secret"], commitment.point)
    signed.presignatures = []
    signed._sign(x_nonces, y_nonces)
    if signed.transaction.serialized().hex() != row["commitment"]:
        return False
    preimages = {hashlib.sha256(bytes.fromhex(text)).digest(): bytes.fromhex(text) for text in common["preimages"]}
    made = {"timeout": [], "success": []}
    for output in commitment.edges():
        leaf = commitment.second_stage(output)[0]
        secret = preimages.get(output["edge"]["payment_hash"])
        made[leaf].append(ch.publishers_second_stage(signed, output, secret).serialized().hex())
    return made == {"timeout": row["timeouts"], "success": row["successes"]}


# Of an invoice request.
PAYER_ID = 88

CHECKS = {
    "bip340.json": check_bip340,
    "schnorr-adaptor/pre_sign.json": check_schnorr_presign,
    "schnorr-adaptor/adapt.json": check_schnorr_adapt,
    "schnorr-adaptor/extract.json": check_schnorr_extract,
    "dlc.json": check_ecdsa_adaptor,
    "bip327/key_agg.json": check_key_agg,
    "bip327/key_sort.json": check_key_sort,
    "bip327/nonce_gen.json": check_nonce_gen,
    "bip327/nonce_agg.json": check_nonce_agg,
    "bip327/sign_verify.json": check_sign_verify,
    "bip327/tweak.json": check_tweak,
    "bip327/sig_agg.json": check_sig_agg,
    "musig2-adaptor.json": check_zkp_sessions,
    "bolt03/taproot_zero_fee.json": check_zero_fee_commitments,
    "bolt04/onion.json": check_onion,
    "bolt04/failure.json": check_failure,
    "bolt04/attribution.json": check_attribution,
    "bolt04/blinded_path.json": check_blinded_path,
    "bolt04/blinded_payment.json": check_blinded_payment,
    "bolt04/blinded_message.json": check_blinded_message,
    "bolt12/merkle.json": check_merkle,
    "bolt12/payer_proofs.json": check_payer_proofs,
}


def check(folder):
    """The faults found, as lines; a missing file is one."""
    faults = []
    for name, compare in CHECKS.items():
        try:
            file = json.loads((folder / name).read_text(encoding="ascii"))
            print(f"standards/{name}: {compare(file)} rows agree")
        except OSError as error:
            faults.append(f"standards/{name}: {error}")
        except Mismatch as mismatch:
            faults.append(f"standards/{name}: {mismatch}")
        except (ValueError, LookupError, TypeError) as error:
            faults.append(f"standards/{name}: unreadable, {error!r}")
    return faults
