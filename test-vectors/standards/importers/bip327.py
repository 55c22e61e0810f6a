"""BIP-327: MuSig2. The source has lists that its rows point into; here each row has its own values.

Left out: deterministic signing, which is no part of this design.
"""

import json

from .form import File, Members, Source, Unfit, named, row

# Which of our fields the source's words for a bad contribution mean.
FIELDS = {
    "pubkey": "public_keys",
    "pubnonce": "public_nonces",
    "aggnonce": "aggregate_nonce",
    "psig": "partial_signatures",
}


class Lists:
    """The lists that rows point into."""

    def __init__(self, file, *names):
        self.lists = {name: file.hexes(name) for name in names}

    def __getitem__(self, name):
        return self.lists[name]

    def pick(self, case, name, indices):
        return [self.lists[name][index] for index in case.take(indices)]

    def tweaks(self, case):
        tweaks = self.pick(case, "tweaks", "tweak_indices")
        xonly = case.take("is_xonly")
        return [{"tweak": tweak, "xonly": way} for tweak, way in zip(tweaks, xonly, strict=True)]


def _members(data):
    return Members(json.loads(data))


def _valid(file, names, member="valid_test_cases"):
    for name, case in named(names, file.take(member)):
        yield name, "valid", None, Members(case)


def _refused(file, names, member="error_test_cases"):
    """`names` has for each row our name, the field that is to blame, and what is wrong with it."""
    for (name, field, reason), case in named(names, file.take(member)):
        case = Members(case)
        with Members(case.take("error")) as error:
            expected = {"error": field}
            if error.take("type") == "invalid_contribution":
                culprit = error.take("signer")
                if FIELDS[error.take("contrib")] != field:
                    raise Unfit(f"{name}: another field than {field} is to blame")
                if culprit is not None:
                    expected["culprit"] = culprit
            else:
                error.leave_out("message")
        yield name, expected, reason, case


def key_sort(data):
    with _members(data) as file:
        return {}, [row("six_keys", public_keys=file.hexes("pubkeys"), sorted=file.hexes("sorted_pubkeys"))]


def key_agg(data):
    rows = []
    with _members(data) as file:
        lists = Lists(file, "pubkeys", "tweaks")
        for name, expected, _, case in _valid(file, ("three", "reversed", "one_three_times", "two_twice")):
            with case:
                keys = lists.pick(case, "pubkeys", "key_indices")
                key = case.hex("expected")
                rows.append(row(name, expected=expected, public_keys=keys, tweaks=[], aggregate_key=key))
        refused = (
            ("key_off_curve", "public_keys", "not_on_curve"),
            ("key_beyond_field", "public_keys", "not_on_curve"),
            ("key_with_prefix_4", "public_keys", "prefix"),
            ("tweak_is_order", "tweaks", "out_of_range"),
            ("tweaked_to_infinity", "tweaks", "infinity"),
        )
        for name, expected, reason, case in _refused(file, refused):
            with case:
                keys, tweaks = lists.pick(case, "pubkeys", "key_indices"), lists.tweaks(case)
                rows.append(row(name, expected=expected, reason=reason, public_keys=keys, tweaks=tweaks))
    return {}, rows


def nonce_gen(data):
    rows = []
    with _members(data) as file:
        names = ("message_of_32", "message_of_0", "message_of_38", "without_options")
        for name, _, _, case in _valid(file, names, "test_cases"):
            with case:
                rows.append(
                    row(
                        name,
                        session_rand=case.hex("rand_"),
                        secret_key=case.hex_or_none("sk"),
                        public_key=case.hex("pk"),
                        aggregate_key=case.hex_or_none("aggpk"),
                        message=case.hex_or_none("msg"),
                        extra_in=case.hex_or_none("extra_in"),
                        secret_nonce=case.hex("expected_secnonce"),
                        public_nonce=case.hex("expected_pubnonce"),
                    )
                )
    return {}, rows


def nonce_agg(data):
    rows = []
    with _members(data) as file:
        lists = Lists(file, "pnonces")
        for name, expected, _, case in _valid(file, ("two", "second_half_at_infinity")):
            with case:
                nonces = lists.pick(case, "pnonces", "pnonce_indices")
                aggregate = case.hex("expected")
                rows.append(row(name, expected=expected, public_nonces=nonces, aggregate_nonce=aggregate))
        refused = (
            ("nonce_with_prefix_4", "public_nonces", "first_half"),
            ("nonce_off_curve", "public_nonces", "second_half"),
            ("nonce_beyond_field", "public_nonces", "second_half"),
        )
        for name, expected, reason, case in _refused(file, refused):
            with case:
                nonces = lists.pick(case, "pnonces", "pnonce_indices")
                rows.append(row(name, expected=expected, reason=reason, public_nonces=nonces))
    return {}, rows


def sign_verify(data):
    rows = []
    with _members(data) as file:
        secret_key = file.hex("sk")
        lists = Lists(file, "pubkeys", "secnonces", "pnonces", "aggnonces", "msgs")
        # The source doesn't point to the nonce of the rows that sign: it is the first.
        secret_nonces = lists["secnonces"]

        def sign(name, verdict, reason, case, secret_nonce, **members):
            return row(
                name,
                op="sign",
                expected=verdict,
                reason=reason,
                secret_key=secret_key,
                secret_nonce=secret_nonce,
                public_keys=lists.pick(case, "pubkeys", "key_indices"),
                aggregate_nonce=lists["aggnonces"][case.take("aggnonce_index")],
                message=lists["msgs"][case.take("msg_index")],
                **members,
            )

        def verify(name, verdict, reason, case):
            return row(
                name,
                op="verify",
                expected=verdict,
                reason=reason,
                public_keys=lists.pick(case, "pubkeys", "key_indices"),
                public_nonces=lists.pick(case, "pnonces", "nonce_indices"),
                message=lists["msgs"][case.take("msg_index")],
                signer=case.take("signer_index"),
                partial_signature=case.hex("sig"),
            )

        names = ("first", "second", "third", "nonces_at_infinity", "message_of_0", "message_of_38")
        for name, expected, reason, case in _valid(file, names):
            with case:
                more = {
                    "public_nonces": lists.pick(case, "pnonces", "nonce_indices"),
                    "signer": case.take("signer_index"),
                    "partial_signature": case.hex("expected"),
                }
                rows.append(sign(name, expected, reason, case, secret_nonces[0], **more))
        refused = (
            ("not_a_signer", "secret_key", None),
            ("sign_key_off_curve", "public_keys", "not_on_curve"),
            ("aggregate_with_prefix_4", "aggregate_nonce", "first_half"),
            ("aggregate_off_curve", "aggregate_nonce", "second_half"),
            ("aggregate_beyond_field", "aggregate_nonce", "second_half"),
            ("secret_nonce_zero", "secret_nonce", "zero"),
        )
        for name, expected, reason, case in _refused(file, refused, "sign_error_test_cases"):
            with case:
                # One of them has it, and it says nothing.
                case.take_or_none("signer_index")
                nonce = secret_nonces[case.take("secnonce_index")]
                rows.append(sign(name, expected, reason, case, nonce))
        wrong = (("negated", None), ("of_another_signer", None), ("partial_is_order", "out_of_range"))
        for (name, reason), case in named(wrong, file.take("verify_fail_test_cases")):
            with Members(case) as case:
                rows.append(verify(name, "invalid", reason, case))
        refused = (
            ("verify_nonce_off_curve", "public_nonces", "first_half"),
            ("verify_key_off_curve", "public_keys", "not_on_curve"),
        )
        for name, expected, reason, case in _refused(file, refused, "verify_error_test_cases"):
            with case:
                rows.append(verify(name, expected, reason, case))
    return {}, rows


def tweak(data):
    with _members(data) as file:
        lists = Lists(file, "pubkeys", "pnonces", "tweaks")
        common = {
            "secret_key": file.hex("sk"),
            "secret_nonce": file.hex("secnonce"),
            "aggregate_nonce": file.hex("aggnonce"),
            "message": file.hex("msg"),
        }
        names = ("xonly", "plain", "plain_xonly", "plain_plain_xonly_xonly", "xonly_plain_xonly_plain")
        refused = (("tweak_is_order", "tweaks", "out_of_range"),)
        rows = []
        for name, expected, reason, case in (*_valid(file, names), *_refused(file, refused)):
            with case:
                rows.append(
                    row(
                        name,
                        expected=expected,
                        reason=reason,
                        public_keys=lists.pick(case, "pubkeys", "key_indices"),
                        public_nonces=lists.pick(case, "pnonces", "nonce_indices"),
                        tweaks=lists.tweaks(case),
                        signer=case.take("signer_index"),
                        partial_signature=case.hex_or_none("expected"),
                    )
                )
    return common, rows


def sig_agg(data):
    with _members(data) as file:
        lists = Lists(file, "pubkeys", "pnonces", "tweaks", "psigs")
        common = {"message": file.hex("msg")}
        names = ("two_signers", "two_others", "one_tweak", "three_tweaks")
        refused = (("partial_is_order", "partial_signatures", "out_of_range"),)
        rows = []
        for name, expected, reason, case in (*_valid(file, names), *_refused(file, refused)):
            with case:
                rows.append(
                    row(
                        name,
                        expected=expected,
                        reason=reason,
                        public_keys=lists.pick(case, "pubkeys", "key_indices"),
                        public_nonces=lists.pick(case, "pnonces", "nonce_indices"),
                        aggregate_nonce=case.hex("aggnonce"),
                        tweaks=lists.tweaks(case),
                        partial_signatures=lists.pick(case, "psigs", "psig_indices"),
                        signature=case.hex_or_none("expected"),
                    )
                )
    return common, rows


def _file(convert, commit, blob):
    name = convert.__name__
    return File(
        f"bip327/{name}.json",
        Source(
            "https://github.com/bitcoin/bips",
            f"bip-0327/vectors/{name}_vectors.json",
            commit,
            blob,
            "BSD-3-Clause",
            f"bip327/{name}_vectors.json",
        ),
        convert,
    )


FILES = [
    _file(key_sort, "87394eaeb436d02e0a68b38a1e94bc526d50056e", "de088a746e27953614b9f5394553911fb2c86d59"),
    _file(key_agg, "87394eaeb436d02e0a68b38a1e94bc526d50056e", "b2e623de60f302c4004a6d656581bdba1f4e1e05"),
    _file(nonce_gen, "87394eaeb436d02e0a68b38a1e94bc526d50056e", "ced946f3efd9f80cb1a3819939f2b39de2061e42"),
    _file(nonce_agg, "87394eaeb436d02e0a68b38a1e94bc526d50056e", "1c04b8818f340a5fe2e10eaf73c17a2c9e020f46"),
    _file(sign_verify, "508e3a6a40a6e73c73cbfa8a33aa18a2bc7b9d91", "f71c8dd9d935c8c5f398e6a3888943e1e68b729d"),
    _file(tweak, "87394eaeb436d02e0a68b38a1e94bc526d50056e", "d0a7cfe832bfe22375af0d64cd5d0dbb350592e0"),
    _file(sig_agg, "1c6ac0c4cf1f39ea806b8594d6060b6d52fd1439", "519562c343b6e4bf686ba6e3eda8cee5c8e8b55d"),
]
