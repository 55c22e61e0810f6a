"""The reference against vectors that other people made: `generate.py --check` begins with them.

Each check reads one file of the folder and returns the number of rows compared; a row that disagrees raises Mismatch.
BIP-327's det_sign vectors are left out: deterministic signing is no part of this design. BOLT 4's error onions are, too:
a failure has no row.

References: the README of the vectors folder says where every file is from.
"""

import csv
import json

import bip340
import bolt12
import ecdsa_adaptor
import musig2
import onion
import schnorr_adaptor
from secp256k1 import G, Malformed, bytes32, compressed, decompress, integer, lift_x, x_bytes


class Mismatch(Exception):
    pass


def _expect(row, condition):
    if not condition:
        raise Mismatch(f"row {row}: the reference disagrees")


def _csv_rows(path):
    """Rows as dicts; the adaptor files carry a second header line, with no index."""
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["index"]]


def _unhex(row, *names):
    return [bytes.fromhex(row[name]) for name in names]


def check_bip340(path):
    rows = _csv_rows(path)
    for row in rows:
        public_key, message, signature = _unhex(row, "public key", "message", "signature")
        valid = row["verification result"] == "TRUE"
        _expect(row["index"], bip340.verify(public_key, message, signature) == valid)
        if row["secret key"]:
            secret_key, aux_rand = _unhex(row, "secret key", "aux_rand")
            _expect(row["index"], x_bytes(integer(secret_key) * G) == public_key)
            _expect(row["index"], bip340.sign(integer(secret_key), message, aux_rand) == signature)
    return len(rows)


def check_schnorr_presign(path):
    rows = _csv_rows(path)
    for row in rows:
        public_key, message, adaptor, presignature = _unhex(row, "public key", "message", "adaptor", "pre-signature")
        lock_point = decompress(adaptor)
        decoded = lift_x(integer(public_key)) is not None and lock_point is not None
        valid = decoded and schnorr_adaptor.verify(public_key, message, lock_point, presignature)
        _expect(row["index"], valid == (row["result"] == "TRUE"))
        if row["secret key"]:
            secret_key, aux_rand = _unhex(row, "secret key", "aux_rand")
            made, _ = schnorr_adaptor.pre_sign(integer(secret_key), message, lock_point, aux_rand)
            _expect(row["index"], made == presignature)
    return len(rows)


def check_schnorr_adapt(path):
    rows = _csv_rows(path)
    for row in rows:
        public_key, message, secret = _unhex(row, "pubkey", "message", "secadaptor")
        presignature, signature = _unhex(row, "pre-signature", "BIP340 signature")
        _expect(row["index"], schnorr_adaptor.adapt(presignature, integer(secret)) == signature)
        _expect(row["index"], bip340.verify(public_key, message, signature) == (row["result"] == "TRUE"))
    return len(rows)


def check_schnorr_extract(path):
    """These rows have no key and no lock point: only the difference can be compared."""
    rows = _csv_rows(path)
    for row in rows:
        presignature, signature, secret = _unhex(row, "pre-signature", "BIP340 signature", "secadaptor")
        found = bytes32(schnorr_adaptor.difference(presignature, signature))
        _expect(row["index"], (found == secret) == (row["result"] == "TRUE"))
    return len(rows)


def check_ecdsa_adaptor(path):
    rows = json.loads(path.read_text())
    for index, row in enumerate(rows):
        presignature = bytes.fromhex(row["adaptor_sig"])
        valid = row.get("error") is None
        if row["kind"] == "serialization":
            parts = ecdsa_adaptor.decode(presignature)
            _expect(index, (parts is not None) == valid)
            if valid:
                locked_nonce, nonce, _, s, proof_e, proof_s = parts
                _expect(index, ecdsa_adaptor.encode(locked_nonce, nonce, s, proof_e, proof_s) == presignature)
            continue
        lock_point = decompress(bytes.fromhex(row["encryption_key"]))
        signature = bytes.fromhex(row["signature"])
        secret = row["decryption_key"] and integer(bytes.fromhex(row["decryption_key"]))
        if row["kind"] == "verification":
            public_key = decompress(bytes.fromhex(row["public_signing_key"]))
            message = bytes.fromhex(row["message_hash"])
            _expect(index, ecdsa_adaptor.verify(public_key, message, lock_point, presignature) == valid)
            if not valid:
                continue
            _expect(index, ecdsa_adaptor.verify_signature(public_key, message, signature))
            _expect(index, ecdsa_adaptor.adapt(presignature, secret) == signature)
        _expect(index, ecdsa_adaptor.extract(lock_point, presignature, signature) == secret)
    return len(rows)


FIELDS = {
    "pubkey": "public_keys",
    "pubnonce": "public_nonces",
    "aggnonce": "aggregate_nonce",
    "psig": "partial_signatures",
}
VALUE_ERRORS = {
    "The tweak must be less than n.": "tweaks",
    "The result of tweaking cannot be infinity.": "tweaks",
    "The signer's pubkey must be included in the list of pubkeys.": "secret_key",
    "first secnonce value is out of range.": "secret_nonce",
}


def _expect_error(row, error, action):
    """`action` has to fail with the field, and the culprit, that the standard names."""
    named = error["type"] == "invalid_contribution"
    field = FIELDS[error["contrib"]] if named else VALUE_ERRORS[error["message"]]
    try:
        action()
    except Malformed as malformed:
        _expect(row, (malformed.field, malformed.culprit) == (field, error.get("signer")))
    else:
        _expect(row, False)


class _Bip327:
    """One BIP-327 file, whose rows point into shared lists by index."""

    def __init__(self, path):
        self.data = json.loads(path.read_text())
        self.rows = 0

    def cases(self, name):
        for index, case in enumerate(self.data[name]):
            self.rows += 1
            yield f"{name}[{index}]", case

    def pick(self, name, indices):
        return [bytes.fromhex(self.data[name][index]) for index in indices]

    def key(self, case):
        key = musig2.aggregate_keys(self.pick("pubkeys", case["key_indices"]))
        tweaks = self.pick("tweaks", case.get("tweak_indices", []))
        for tweak, xonly in zip(tweaks, case.get("is_xonly", []), strict=True):
            key = musig2.tweak_key(key, tweak, xonly)
        return key

    def message(self, case):
        return bytes.fromhex(self.data["msgs"][case["msg_index"]] if "msg_index" in case else self.data["msg"])

    def partial_sign(self, case, secnonce, aggnonce):
        nonces = integer(secnonce[:32]), integer(secnonce[32:64])
        session = musig2.Session(self.key(case), aggnonce, self.message(case))
        return session.partial_sign(nonces, integer(bytes.fromhex(self.data["sk"]))).hex().upper()

    def partial_verify(self, case, partial):
        nonces = self.pick("pnonces", case["nonce_indices"])
        session = musig2.Session(self.key(case), musig2.aggregate_nonces(nonces), self.message(case))
        signer = case["signer_index"]
        public_key = self.pick("pubkeys", case["key_indices"])[signer]
        return session.partial_verify(bytes.fromhex(partial), nonces[signer], public_key)

    def aggregate(self, case):
        session = musig2.Session(self.key(case), bytes.fromhex(case["aggnonce"]), self.message(case))
        return x_bytes(session.key.point), session.presignature(self.pick("psigs", case["psig_indices"]))[1:]


def check_key_agg(path):
    file = _Bip327(path)
    for row, case in file.cases("valid_test_cases"):
        _expect(row, x_bytes(file.key(case).point).hex().upper() == case["expected"])
    for row, case in file.cases("error_test_cases"):
        _expect_error(row, case["error"], lambda: file.key(case))
    return file.rows


def check_key_sort(path):
    """Sorting is the caller's; the file still says what order 33-byte keys have."""
    data = json.loads(path.read_text())
    _expect(0, sorted(map(bytes.fromhex, data["pubkeys"])) == [*map(bytes.fromhex, data["sorted_pubkeys"])])
    return 1


def check_nonce_gen(path):
    file = _Bip327(path)
    for row, case in file.cases("test_cases"):

        def optional(name):
            return None if case[name] is None else bytes.fromhex(case[name])

        nonces, public_nonce = musig2.generate_nonce(
            optional("rand_"),
            optional("pk"),
            optional("sk"),
            optional("aggpk"),
            optional("msg"),
            optional("extra_in") or b"",
        )
        secret_nonce = bytes32(nonces[0]) + bytes32(nonces[1]) + optional("pk")
        _expect(row, secret_nonce.hex().upper() == case["expected_secnonce"])
        _expect(row, public_nonce.hex().upper() == case["expected_pubnonce"])
    return file.rows


def check_nonce_agg(path):
    file = _Bip327(path)
    for row, case in file.cases("valid_test_cases"):
        nonces = file.pick("pnonces", case["pnonce_indices"])
        _expect(row, musig2.aggregate_nonces(nonces).hex().upper() == case["expected"])
    for row, case in file.cases("error_test_cases"):
        nonces = file.pick("pnonces", case["pnonce_indices"])
        _expect_error(row, case["error"], lambda: musig2.aggregate_nonces(nonces))
    return file.rows


def check_sign_verify(path):
    file = _Bip327(path)
    secnonces = file.pick("secnonces", range(len(file.data["secnonces"])))
    aggnonces = file.pick("aggnonces", range(len(file.data["aggnonces"])))
    for row, case in file.cases("valid_test_cases"):
        aggnonce = aggnonces[case["aggnonce_index"]]
        _expect(row, musig2.aggregate_nonces(file.pick("pnonces", case["nonce_indices"])) == aggnonce)
        _expect(row, file.partial_sign(case, secnonces[0], aggnonce) == case["expected"])
        _expect(row, file.partial_verify(case, case["expected"]))
    for row, case in file.cases("sign_error_test_cases"):
        secnonce, aggnonce = secnonces[case["secnonce_index"]], aggnonces[case["aggnonce_index"]]
        _expect_error(row, case["error"], lambda: file.partial_sign(case, secnonce, aggnonce))
    for row, case in file.cases("verify_fail_test_cases"):
        _expect(row, not file.partial_verify(case, case["sig"]))
    for row, case in file.cases("verify_error_test_cases"):
        _expect_error(row, case["error"], lambda: file.partial_verify(case, case["sig"]))
    return file.rows


def check_tweak(path):
    file = _Bip327(path)
    secnonce, aggnonce = bytes.fromhex(file.data["secnonce"]), bytes.fromhex(file.data["aggnonce"])
    for row, case in file.cases("valid_test_cases"):
        _expect(row, file.partial_sign(case, secnonce, aggnonce) == case["expected"])
        _expect(row, file.partial_verify(case, case["expected"]))
    for row, case in file.cases("error_test_cases"):
        _expect_error(row, case["error"], lambda: file.partial_sign(case, secnonce, aggnonce))
    return file.rows


def check_sig_agg(path):
    file = _Bip327(path)
    for row, case in file.cases("valid_test_cases"):
        aggregate_key, signature = file.aggregate(case)
        _expect(row, signature.hex().upper() == case["expected"])
        _expect(row, bip340.verify(aggregate_key, file.message(case), signature))
    for row, case in file.cases("error_test_cases"):
        _expect_error(row, case["error"], lambda: file.aggregate(case))
    return file.rows


def check_zkp_sessions(path):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for index, row in enumerate(rows):

        def both(name):
            return _unhex(row, f"{name}_1", f"{name}_2")

        message, adaptor_secret, adaptor_point = _unhex(row, "message", "adaptor_secret", "adaptor_point")
        public_keys, public_nonces = both("public_key"), both("public_nonce")
        key = musig2.aggregate_keys(public_keys)
        _expect(index, x_bytes(key.point).hex() == row["aggregate_key"])
        _expect(index, compressed(integer(adaptor_secret) * G) == adaptor_point)
        session = musig2.Session(key, bytes.fromhex(row["aggregate_nonce"]), message, decompress(adaptor_point))
        partials = []
        for secret_key, rand, public_key, nonce in zip(
            both("secret_key"), both("session_rand"), public_keys, public_nonces
        ):
            _expect(index, compressed(integer(secret_key) * G) == public_key)
            nonces, made = musig2.generate_nonce(rand, public_key, secret_key, x_bytes(key.point), message)
            _expect(index, made == nonce)
            partials.append(session.partial_sign(nonces, integer(secret_key)))
            _expect(index, session.partial_verify(partials[-1], nonce, public_key))
        _expect(index, musig2.aggregate_nonces(public_nonces).hex() == row["aggregate_nonce"])
        _expect(index, partials == both("partial_signature"))
        presignature = session.presignature(partials)
        _expect(index, presignature.hex() == f"{2 + row['nonce_parity']:02x}{row['presignature_64']}")
        signature = schnorr_adaptor.adapt(presignature, integer(adaptor_secret))
        _expect(index, signature.hex() == row["signature"])
        found = schnorr_adaptor.extract(x_bytes(key.point), message, decompress(adaptor_point), presignature, signature)
        _expect(index, found == integer(adaptor_secret))
    return len(rows)


def _hex_of(node, *names):
    return [bytes.fromhex(node[name]) for name in names]


def _unframed(framed):
    """BOLT 4's vectors show a payload with its length."""
    length, payload = bolt12.read_bigsize(bytes.fromhex(framed))
    assert len(payload) == length, "a payload of the vectors has its own length"
    return payload


def _expect_layers(row, packet, secret_keys, associated_data, payloads, packets=None):
    """Peeled hop by hop, the packet has these payloads, and is in turn each of `packets`."""
    for index, (secret_key, payload) in enumerate(zip(secret_keys, payloads, strict=True)):
        _expect(f"{row}[{index}]", packets is None or packet == packets[index])
        layer = onion.peel(packet, secret_key, associated_data)
        _expect(f"{row}[{index}]", layer.payload == payload)
        packet = layer.next_packet
    _expect(row, packet is None)


def check_onion(path):
    data = json.loads(path.read_text())
    made = data["generate"]
    session_key, associated_data = _hex_of(made, "session_key", "associated_data")
    keys = [decompress(*_hex_of(hop, "pubkey")) for hop in made["hops"]]
    payloads = [_unframed(hop["payload"]) for hop in made["hops"]]
    packet = onion.build(integer(session_key), keys, payloads, associated_data)
    _expect("onion", packet.hex() == data["onion"])
    secrets = [integer(bytes.fromhex(secret)) for secret in data["decode"]]
    _expect_layers("decode", packet, secrets, associated_data, payloads)
    return 1 + len(secrets)


def check_route_blinding(path):
    """Each hop as a path of one: Bob's path key comes from elsewhere at Dave, so that there are two chains."""
    data = json.loads(path.read_text())
    hops = data["generate"]["hops"]
    for row, (hop, published, read) in enumerate(zip(hops, data["route"]["hops"], data["unblind"]["hops"], strict=True)):
        secret, node_id, plain = _hex_of(hop, "path_privkey", "node_id", "encoded_tlvs")
        [made] = onion.blind_path(integer(secret), [decompress(node_id)], [plain])
        _expect(row, compressed(made.path_key).hex() == hop["path_key"] == read["path_key"])
        _expect(row, made.path_secret.hex() == hop["shared_secret"])
        _expect(row, compressed(made.blinded_node_id).hex() == hop["blinded_node_id"] == published["blinded_node_id"])
        _expect(row, made.encrypted_data.hex() == hop["encrypted_data"] == published["encrypted_data"])
        [node_secret] = _hex_of(read, "node_privkey")
        learned = onion.unblind(integer(node_secret), made.path_key, made.encrypted_data)
        _expect(row, learned.data == plain and bytes32(learned.blinded_secret_key).hex() == read["blinded_privkey"])
        _expect(row, compressed(learned.next_path_key).hex() == read["next_path_key"])
    for first, last in ((0, 2), (2, 4)):
        [session_key] = _hex_of(hops[first], "session_key")
        node_ids = [decompress(*_hex_of(hop, "node_id")) for hop in hops[first:last]]
        plain = [bytes.fromhex(hop["encoded_tlvs"]) for hop in hops[first:last]]
        made = onion.blind_path(integer(session_key), node_ids, plain)
        _expect(first, [hop.encrypted_data.hex() for hop in made] == [hop["encrypted_data"] for hop in hops[first:last]])
    return len(hops)


def _onion_secrets(hops, path_keys):
    """The secret key of each layer: of a hop with a path key the blinded one."""
    for hop, path_key in zip(hops, path_keys, strict=True):
        [secret] = _hex_of(hop, "node_privkey" if "node_privkey" in hop else "privkey")
        if path_key is None:
            yield integer(secret)
        else:
            yield onion.unblind(integer(secret), path_key, bytes(onion.chacha.TAG_LENGTH)).blinded_secret_key


def check_blinded_payment(path):
    data = json.loads(path.read_text())
    made, hops = data["generate"], data["decrypt"]["hops"]
    session_key, associated_data = _hex_of(made, "session_key", "associated_data")
    route = made["full_route"]["hops"]
    keys = [decompress(*_hex_of(hop, "pubkey")) for hop in route]
    payloads = [_unframed(hop["payload"]) for hop in route]
    packet = onion.build(integer(session_key), keys, payloads, associated_data)
    _expect("onion", packet.hex() == made["onion"])
    # Alice's and Bob's layers are for their node ids; from Carol on, the path key comes with the packet.
    path_keys = [None, None, *(decompress(*_hex_of(hop, "next_path_key")) for hop in hops[1:-1])]
    packets = [bytes.fromhex(hop["onion"]) for hop in hops]
    _expect_layers("decrypt", packet, _onion_secrets(hops, path_keys), associated_data, payloads, packets)
    return 1 + len(hops)


def check_blinded_message(path):
    data = json.loads(path.read_text())
    route, hops = data["generate"]["hops"], data["decrypt"]["hops"]
    for row, hop in enumerate(route):
        secret, plain = _hex_of(hop, "path_key_secret", "encrypted_data_tlv")
        node_id = integer(*_hex_of(hops[row], "privkey")) * G
        [blinded] = onion.blind_path(integer(secret), [node_id], [plain])
        _expect(row, blinded.path_secret.hex() == hop["ss"])
        _expect(row, compressed(blinded.blinded_node_id).hex() == hop["blinded_node_id"])
        _expect(row, blinded.encrypted_data.hex() == hop["encrypted_recipient_data"])
    messages = [bytes.fromhex(hop["onion_message"]) for hop in hops]
    # type 513, path key, length, packet
    path_keys, packets = [decompress(message[2:35]) for message in messages], [message[37:] for message in messages]
    payloads = [bolt12.stream({4: bytes.fromhex(hop["encrypted_recipient_data"])}) for hop in route]
    payloads[-1] = bolt12.stream({1: b"hello", 4: bytes.fromhex(route[-1]["encrypted_recipient_data"])})
    _expect("onion", packets[0].hex() == data["onionmessage"]["onion_message_packet"])
    _expect_layers("decrypt", packets[0], _onion_secrets(hops, path_keys), b"", payloads, packets)
    return len(route) + len(hops)


CHECKS = {
    "bip340/test-vectors.csv": check_bip340,
    "schnorr-adaptor/presig_vectors.csv": check_schnorr_presign,
    "schnorr-adaptor/adapt_vectors.csv": check_schnorr_adapt,
    "schnorr-adaptor/secadaptor_vectors.csv": check_schnorr_extract,
    "dlc/ecdsa_adaptor.json": check_ecdsa_adaptor,
    "bip327/key_agg_vectors.json": check_key_agg,
    "bip327/key_sort_vectors.json": check_key_sort,
    "bip327/nonce_gen_vectors.json": check_nonce_gen,
    "bip327/nonce_agg_vectors.json": check_nonce_agg,
    "bip327/sign_verify_vectors.json": check_sign_verify,
    "bip327/tweak_vectors.json": check_tweak,
    "bip327/sig_agg_vectors.json": check_sig_agg,
    "musig2-adaptor/zkp-sessions.jsonl": check_zkp_sessions,
    "bolt04/onion-test.json": check_onion,
    "bolt04/route-blinding-test.json": check_route_blinding,
    "bolt04/blinded-payment-onion-test.json": check_blinded_payment,
    "bolt04/blinded-onion-message-onion-test.json": check_blinded_message,
}
