#!/usr/bin/env python3
"""Answers every row of our vector files through the C interface, with the standard library and nothing else.

    python3 ffi/tests/vectors.py LIBRARY

LIBRARY is the shared library. How a function is called is read from the header: so header and library are held against each
other too. Whatever a refused call was to write has to stay as it was.
"""

import ctypes
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = (HERE.parent / "include" / "pointlock.h").read_text()
VECTORS = HERE.parent.parent / "test-vectors"
# What C does not have: values within a verb, and what a receiver's seed gives. `pointlock conformance` answers them.
INNER = {"schnorr.batch_coefficients", "ktime.receiver_seed"}
#: How many rows each file has, so that none is lost unseen.
FILES = {"schnorr": 384, "ecdsa": 284, "musig2": 295, "lock": 98, "ktime": 366}

MACROS = {name: int(value) for name, value in re.findall(r"#define POINTLOCK_(\w+) (\d+)$", HEADER, re.M)}
TYPES = {"size_t": ctypes.c_size_t, "uint64_t": ctypes.c_uint64, "uint32_t": ctypes.c_uint32}


def prototypes():
    """Each function with its arguments: type and name."""
    comments = re.compile(r"/\*.*?\*/", re.S)
    found = {}
    for name, arguments in re.findall(r"^(?:pointlock_error|void) pointlock_(\w+)\((.*?)\);", comments.sub("", HEADER), re.M | re.S):
        pairs = (argument.strip().rpartition(" ") for argument in arguments.split(","))
        found[name] = [(kind.strip(), argument.lstrip("*")) for kind, _, argument in pairs]
    return found


PROTOTYPES = prototypes()


class Fault(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_char_p),
        ("index", ctypes.c_size_t),
        ("detail", ctypes.c_char * MACROS["DETAIL_LENGTH"]),
    ]


class Refused(Exception):
    """What a call says when it is refused."""

    def __init__(self, code, fault):
        self.code = code
        self.argument = fault.argument.decode() if fault.argument else None
        self.index = None if fault.index == ctypes.c_size_t(-1).value else fault.index
        self.detail = fault.detail.decode()
        super().__init__(f"{code} at {self.argument}[{self.index}]: {self.detail}")


class Refusal(Exception):
    """The field of a row that can't be used and, in a list, the item."""

    def __init__(self, field, culprit=None):
        self.answer = {"error": field} if culprit is None else {"error": field, "culprit": culprit}
        super().__init__(str(self.answer))


class Out:
    """A place for bytes, and whether they are still what was there before."""

    def __init__(self, length, fill=None):
        self.before = bytes([0xA5]) * length if fill is None else fill
        self.buffer = (ctypes.c_ubyte * length).from_buffer_copy(self.before)

    def bytes(self):
        return bytes(self.buffer)

    def hex(self):
        return self.bytes().hex()


class Point(Out):
    """A pointlock_point."""

    def __init__(self):
        super().__init__(64)

    def compressed(self):
        return call("point_serialize", point=self, bytes=Out(33)).bytes.hex()

    def xonly(self):
        return call("point_serialize_xonly", point=self, bytes=Out(32)).bytes.hex()


class Points(Out):
    """A list of them."""

    def __init__(self, count, points=()):
        super().__init__(64 * count, b"".join(point.bytes() for point in points) or None)

    def list(self):
        def one(start):
            point = Point()
            point.buffer[:] = self.buffer[start : start + 64]
            return point

        return [one(start) for start in range(0, len(self.buffer), 64)]


class Handle:
    """What the library gives out, and gets back when nobody refers to it any more."""

    def __init__(self, kind):
        self.kind = kind
        self.pointer = ctypes.c_void_p(0xA5A0)

    def made(self):
        return self.pointer.value != 0xA5A0

    def __del__(self):
        if self.made():
            getattr(LIBRARY, f"pointlock_{self.kind}_free")(self.pointer)


class Number:
    """A place for a number."""

    def __init__(self, kind=ctypes.c_size_t):
        self.place = kind(0xA5A5)


class Answer:
    """What a call has written, by the names of its arguments."""

    def __init__(self, arguments):
        self.__dict__.update(arguments)


def natives(function, given, kept, fault):
    """The arguments as ctypes passes them; lengths and counts follow from what they belong to."""
    unknown = given.keys() - {name for _, name in PROTOTYPES[function]}
    assert not unknown, f"{function} has no {unknown}"
    arguments = []
    for kind, name in PROTOTYPES[function]:
        base, _, suffix = name.rpartition("_")
        if name == "fault":
            arguments.append(ctypes.byref(fault))
        elif name in given:
            arguments.append(native(kind, given[name], kept))
        elif suffix == "length" and base in given:
            value = given[base]
            length = 0 if value is None else len(value.buffer if isinstance(value, Out) else value)
            arguments.append(ctypes.c_size_t(length))
        elif suffix == "count" and base in given:
            value = given[base]
            count = len(value.buffer) // 64 if isinstance(value, Points) else len(value)
            arguments.append(ctypes.c_size_t(count))
        else:
            raise TypeError(f"{function} needs {name}")
    return arguments


#: The codes that came back so far.
RETURNED = set()


def invoke(function, arguments):
    """The name of the code that the call returns, without its beginning."""
    symbol = getattr(LIBRARY, f"pointlock_{function}")
    symbol.argtypes = [TYPES.get(kind, ctypes.c_void_p) for kind, _ in PROTOTYPES[function]]
    code = LIBRARY.pointlock_error_name(symbol(*arguments)).decode().removeprefix("POINTLOCK_ERROR_")
    RETURNED.add(code)
    return code


def call(function, **given):
    """Calls by the names of the arguments. What is written is found again under these names."""
    kept = []
    fault = Fault(index=12345)
    code = invoke(function, natives(function, given, kept, fault))
    if code == "NONE":
        assert fault.index == 12345, f"{function}: wrote a fault and succeeded"
        for succeeded in AFTER_SUCCESS:
            succeeded(function, given)
        return Answer(given)
    for kind, argument in PROTOTYPES[function]:
        value = given.get(argument)
        if kind.startswith("const"):
            continue
        if isinstance(value, Out):
            assert value.bytes() == value.before, f"{function}: refused and wrote {argument}"
        if isinstance(value, Number):
            assert value.place.value == 0xA5A5, f"{function}: refused and wrote {argument}"
        if isinstance(value, Handle) and kind.endswith("**"):
            assert not value.made(), f"{function}: refused and made {argument}"
    raise Refused(code, fault)


#: What is told of each call that succeeds: `border.py` looks in.
AFTER_SUCCESS = []


def native(kind, value, kept):
    """A value as ctypes passes it."""
    if value is None:
        return None
    if kind in TYPES:
        return TYPES[kind](value)
    if isinstance(value, Out):
        return ctypes.cast(value.buffer, ctypes.c_void_p)
    if isinstance(value, Number):
        return ctypes.byref(value.place)
    if isinstance(value, Handle):
        # A place for a new one, or the one that is lent.
        return ctypes.byref(value.pointer) if kind.endswith("**") else value.pointer
    if isinstance(value, bytes):
        buffer = ctypes.create_string_buffer(value, max(len(value), 1))
        kept.append(buffer)
        return ctypes.cast(buffer, ctypes.c_void_p)
    if isinstance(value, list):
        pointers = (ctypes.c_void_p * max(len(value), 1))(*(handle.pointer for handle in value))
        kept.append(pointers)
        return ctypes.cast(pointers, ctypes.c_void_p)
    raise TypeError(f"{kind}: {value!r}")


# What rows are made of.


def read(row, field):
    return bytes.fromhex(row["input"][field])


def parse(field, function, culprit=None, **arguments):
    """A field by a call that reads it alone."""
    try:
        return call(function, **arguments)
    except Refused:
        raise Refusal(field, culprit) from None


def point_of(data, field, culprit=None, xonly=False):
    function = "point_parse_xonly" if xonly else "point_parse"
    return parse(field, function, culprit, point=Point(), bytes=data).point


def get_point(row, field, xonly=False):
    return point_of(read(row, field), field, xonly=xonly)


def get_points(row, field):
    items = enumerate(row["input"][field])
    points = [point_of(bytes.fromhex(item), field, index) for index, item in items]
    return Points(len(points), points)


def secret_of(data, field, culprit=None):
    return parse(field, "secret_new", culprit, secret=Handle("secret"), bytes=data).secret


def get_secret(row, field):
    return secret_of(read(row, field), field)


def blind_of(data, field, culprit=None):
    return parse(field, "blind_new", culprit, blind=Handle("blind"), bytes=data).blind


def get_blind(row, field):
    return blind_of(read(row, field), field)


def get_blinds(row, field):
    items = enumerate(row["input"][field])
    return [blind_of(bytes.fromhex(item), field, index) for index, item in items]


def keypair_of(data, field, culprit=None):
    return parse(field, "keypair_new", culprit, keypair=Handle("keypair"), secret_key=data).keypair


def secret_hex(secret):
    return call("dangerous_secret_bytes", secret=secret, bytes=Out(32)).bytes.hex()


def blind_hex(blind):
    return call("dangerous_blind_bytes", blind=blind, bytes=Out(32)).bytes.hex()


def secret_point(secret):
    return call("secret_point", secret=secret, point=Point()).point


def opens(secret, point):
    """What every claim and every extraction has to hold."""
    call("secret_opens", secret=secret, lock_point=point)


def refuses(function, code, **arguments):
    """That a call is refused with this code."""
    try:
        call(function, **arguments)
    except Refused as refused:
        assert refused.code == code, refused
    else:
        raise AssertionError(f"{function} is not refused")


#: How the arguments of the interface are called in the rows.
NAMES = {
    "lock_point": "adaptor_point",
    "lock_secret": "adaptor_secret",
    "pre_signature": "presignature",
    "pre_signatures": "presignature",
}

#: What is well-formed and wrong: a verdict, and no error.
VERDICTS = {
    "PRE_SIGNATURE_ENCODING",
    "PRE_SIGNATURE_INVALID",
    "SIGNATURE_INVALID",
    "NONCE_MISMATCH",
    "SECRET_MISMATCH",
    "PARTIAL_SIGNATURE_INVALID",
    "PAYER_SIGNATURE",
}


def refusal(refused, **names):
    """The row's refusal from the call's."""
    return Refusal({**NAMES, **names}.get(refused.argument, refused.argument), refused.index)


def verdict(function, *codes, **arguments):
    """Whether a call that verifies accepts."""
    try:
        call(function, **arguments)
    except Refused as refused:
        if refused.code in (VERDICTS | set(codes)):
            return False
        raise refusal(refused) from None
    return True


# Schnorr and ECDSA.


class Scheme:
    """The verbs, which are the same."""

    def __init__(self, name, xonly):
        self.name, self.xonly = name, xonly
        self.length = MACROS[f"{name.upper()}_PRE_SIGNATURE_LENGTH"]

    def key(self, point):
        return point.xonly() if self.xonly else point.compressed()

    def pre_sign(self, row):
        keypair = keypair_of(read(row, "secret_key"), "secret_key")
        arguments = {
            "keypair": keypair,
            "message": read(row, "message"),
            "lock_point": get_point(row, "adaptor_point"),
            "aux_rand": read(row, "aux_rand"),
        }
        try:
            made = call(f"{self.name}_pre_sign", pre_signature=Out(self.length), **arguments)
        except Refused as refused:
            raise refusal(refused) from None
        twice = call(f"{self.name}_pre_sign_verified", pre_signature=Out(self.length), **arguments)
        assert made.pre_signature.bytes() == twice.pre_signature.bytes()
        public_key = call("keypair_public_key", keypair=keypair, public_key=Point()).public_key
        return {"public_key": self.key(public_key), "presignature": made.pre_signature.hex()}

    def verify(self, row):
        return {
            "valid": verdict(
                f"{self.name}_verify",
                pre_signature=read(row, "presignature"),
                public_key=get_point(row, "public_key", self.xonly),
                message=read(row, "message"),
                lock_point=get_point(row, "adaptor_point"),
            )
        }

    def adapt(self, row):
        arguments = {"pre_signature": read(row, "presignature"), "lock_secret": get_secret(row, "adaptor_secret")}
        try:
            signature = call(f"{self.name}_adapt", signature=Out(64), **arguments).signature
        except Refused as refused:
            raise refusal(refused) from None
        context = {
            "public_key": point_of(bytes.fromhex(row["context"]["public_key"]), "public_key", xonly=self.xonly),
            "message": bytes.fromhex(row["context"]["message"]),
        }
        valid = row["expected"] == "valid"
        assert verdict(f"{self.name}_verify_signature", signature=signature.bytes(), **context) == valid
        if valid:
            verified = call(f"{self.name}_adapt_verified", signature=Out(64), **arguments, **context)
            assert verified.signature.bytes() == signature.bytes()
        else:
            refuses(f"{self.name}_adapt_verified", "SIGNATURE_INVALID", signature=Out(64), **arguments, **context)
        return {"signature": signature.hex()}

    def extract(self, row):
        lock_point = get_point(row, "adaptor_point")
        try:
            secret = call(
                f"{self.name}_extract",
                pre_signature=read(row, "presignature"),
                signature=read(row, "signature"),
                public_key=get_point(row, "public_key", self.xonly),
                message=read(row, "message"),
                lock_point=lock_point,
                lock_secret=Handle("secret"),
            ).lock_secret
        except Refused as refused:
            if refused.code in VERDICTS:
                return None
            raise refusal(refused) from None
        opens(secret, lock_point)
        return {"adaptor_secret": secret_hex(secret)}


def verify_batch(row):
    items = row["input"]["items"]
    joined = lambda field: b"".join(bytes.fromhex(item[field]) for item in items)
    points = lambda field, xonly: [point_of(bytes.fromhex(item[field]), field, xonly=xonly) for item in items]
    batch = {
        "pre_signatures": joined("presignature"),
        "public_keys": Points(len(items), points("public_key", True)),
        "messages": joined("message"),
        "lock_points": Points(len(items), points("adaptor_point", False)),
        "count": len(items),
    }
    verdicts = call("schnorr_verify_each", verdicts=Out(len(items)), **batch).verdicts.bytes()
    invalid = [index for index, valid in enumerate(verdicts) if not valid]
    try:
        call("schnorr_verify_batch", **batch)
        assert not invalid
    except Refused as refused:
        assert refused.code in VERDICTS and refused.index == invalid[0], refused
    return {"valid": not invalid, "invalid": invalid}


# MuSig2.


def key_agg_of(points, field="public_keys"):
    try:
        return call("musig2_key_agg_new", key_agg=Handle("musig2_key_agg"), public_keys=points).key_agg
    except Refused as refused:
        raise refusal(refused, public_keys=field) from None


def tweaked(row, key_agg):
    for index, tweak in enumerate(row["input"].get("tweaks", [])):
        function = "musig2_key_agg_tweak_xonly" if tweak["xonly"] else "musig2_key_agg_tweak_plain"
        try:
            data = bytes.fromhex(tweak["tweak"])
            key_agg = call(function, key_agg=key_agg, tweak=data, tweaked=Handle("musig2_key_agg")).tweaked
        except Refused as refused:
            assert refused.argument == "tweak" and (refused.code == "LENGTH" or refused.index == index), refused
            raise Refusal("tweaks", index) from None
    return key_agg


def aggregate_key(key_agg):
    return call("musig2_key_agg_public_key", key_agg=key_agg, public_key=Point()).public_key


def key_agg(row):
    return {"aggregate_key": aggregate_key(tweaked(row, key_agg_of(get_points(row, "public_keys")))).xonly()}


def nonces_of(row):
    """The nonces one after the other. One of another length can't stand there, and is refused by itself."""
    nonces = [bytes.fromhex(nonce) for nonce in row["input"]["public_nonces"]]
    for index, nonce in enumerate(nonces):
        if len(nonce) != 66:
            parse("public_nonces", "musig2_nonce_agg", index, public_nonces=nonce, aggregate_nonce=Out(66))
            raise AssertionError("accepted a nonce of another length")
    return b"".join(nonces)


def aggregate_nonce(nonces):
    try:
        return call("musig2_nonce_agg", public_nonces=nonces, aggregate_nonce=Out(66)).aggregate_nonce.hex()
    except Refused as refused:
        raise refusal(refused) from None


def nonce_agg(row):
    return {"aggregate_nonce": aggregate_nonce(nonces_of(row))}


def session_with(key_agg, nonces, message, lock_point):
    arguments = {"key_agg": key_agg, "public_nonces": nonces, "message": message}
    session = Handle("musig2_session")
    if lock_point is None:
        return call("musig2_session_new", session=session, **arguments).session
    return call("musig2_session_new_locked", session=session, lock_point=lock_point, **arguments).session


def session_of(row):
    keys = tweaked(row, key_agg_of(get_points(row, "public_keys")))
    lock_point = get_point(row, "adaptor_point") if "adaptor_point" in row["input"] else None
    try:
        return keys, session_with(keys, nonces_of(row), read(row, "message"), lock_point)
    except Refused as refused:
        if refused.code == "FINAL_NONCE_AT_INFINITY":
            raise Refusal("final_nonce") from None
        raise refusal(refused) from None


def final_nonce(session):
    return call("musig2_session_final_nonce", session=session, final_nonce=Point()).final_nonce.compressed()


def nonce_process(row):
    """Nonce coefficient and challenge are no part of the interface; R' hashes the one, partial signatures fit the other."""
    keys, session = session_of(row)
    hidden = {name: row["output"][name] for name in ("locked_first_nonce", "nonce_coefficient", "challenge")}
    return {
        "aggregate_key": aggregate_key(keys).xonly(),
        "aggregate_nonce": aggregate_nonce(nonces_of(row)),
        "final_nonce": final_nonce(session),
        **hidden,
    }


def partial_verify(row):
    _, session = session_of(row)
    signer, partial = row["input"]["signer"], read(row, "partial_signature")
    codes = ["SCALAR_OUT_OF_RANGE"]
    return {"valid": verdict("musig2_verify_partial", *codes, session=session, signer=signer, partial_signature=partial)}


def partial_agg(row):
    _, session = session_of(row)
    partials = [bytes.fromhex(partial) for partial in row["input"]["partial_signatures"]]
    for index, partial in enumerate(partials):
        if len(partial) != 32:
            parse("partial_signatures", "musig2_verify_partial", index, session=session, signer=index, partial_signature=partial)
            raise AssertionError("accepted a partial signature of another length")
    try:
        joined = b"".join(partials)
        made = call("musig2_aggregate_locked", session=session, partial_signatures=joined, pre_signature=Out(65))
    except Refused as refused:
        raise refusal(refused) from None
    return {"presignature": made.pre_signature.hex()}


def session(row):
    """A whole session of either kind, and what its signers may not do."""
    secret_keys = enumerate(row["input"]["secret_keys"])
    keypairs = [keypair_of(bytes.fromhex(key), "secret_keys", index) for index, key in secret_keys]
    public_keys = [call("keypair_public_key", keypair=keypair, public_key=Point()).public_key for keypair in keypairs]
    message = read(row, "message")
    lock_point = lock_secret = None
    if "adaptor_point" in row["input"]:
        lock_point, lock_secret = get_point(row, "adaptor_point"), get_secret(row, "adaptor_secret")
        parse("adaptor_secret", "secret_opens", secret=lock_secret, lock_point=lock_point)
    keys = tweaked(row, key_agg_of(Points(len(public_keys), public_keys), "secret_keys"))
    key = aggregate_key(keys)

    secret_nonces = []
    for index, rand in enumerate(row["input"]["session_rands"]):
        # Randomness that is one too many makes a nonce one too many.
        keypair = keypairs[min(index, len(keypairs) - 1)]
        rand = bytes.fromhex(rand)
        rand = Out(len(rand), rand)
        nonce = Handle("musig2_nonce")
        try:
            call("musig2_nonce_new", secret_nonce=nonce, session_rand=rand, keypair=keypair, aggregate_key=key, message=message, extra_in=None)
        except Refused as refused:
            item = index if refused.argument == "session_rand" else None
            raise Refusal({"session_rand": "session_rands"}.get(refused.argument, refused.argument), item) from None
        assert rand.bytes() == bytes(32), "randomness is used up"
        secret_nonces.append(nonce)
    public_nonce = lambda nonce: call("musig2_nonce_public", secret_nonce=nonce, public_nonce=Out(66)).public_nonce
    public_nonces = [public_nonce(nonce) for nonce in secret_nonces]
    nonces = b"".join(nonce.bytes() for nonce in public_nonces)
    try:
        session = session_with(keys, nonces, message, lock_point)
    except Refused as refused:
        raise refusal(refused, public_nonces="session_rands") from None
    if "final_nonce" in row.get("intermediate", {}):
        assert final_nonce(session) == row["intermediate"]["final_nonce"]

    partials = []
    pre_signature = None
    for index, (nonce, keypair) in enumerate(zip(secret_nonces, keypairs)):
        arguments = {"session": session, "secret_nonce": nonce, "keypair": keypair, "partial_signature": Out(32)}
        if lock_point is not None and index == len(keypairs) - 1:
            others = b"".join(partial.bytes() for partial in partials)
            last = call("musig2_sign_partial_last", others=others, pre_signature=Out(65), **arguments)
            partials.append(last.partial_signature)
            pre_signature = last.pre_signature
        else:
            partials.append(call("musig2_sign_partial", **arguments).partial_signature)
        arguments["partial_signature"] = Out(32)
        refuses("musig2_sign_partial", "NONCE_SPENT", **arguments)
    joined = b"".join(partial.bytes() for partial in partials)

    output = {
        "public_keys": [public_key.compressed() for public_key in public_keys],
        "aggregate_key": key.xonly(),
        "public_nonces": [nonce.hex() for nonce in public_nonces],
        "aggregate_nonce": aggregate_nonce(nonces),
        "partial_signatures": [partial.hex() for partial in partials],
    }
    arguments = {"session": session, "partial_signatures": joined}
    if lock_point is None:
        refuses("musig2_aggregate_locked", "WRONG_SESSION", pre_signature=Out(65), **arguments)
        signature = call("musig2_aggregate", signature=Out(64), **arguments).signature
        call("schnorr_verify_signature", signature=signature.bytes(), public_key=key, message=message)
        return {**output, "signature": signature.hex()}
    refuses("musig2_aggregate", "WRONG_SESSION", signature=Out(64), **arguments)
    made = call("musig2_aggregate_locked", pre_signature=Out(65), **arguments).pre_signature
    assert made.bytes() == pre_signature.bytes()
    context = {"public_key": key, "message": message}
    adapted = call(
        "schnorr_adapt_verified", pre_signature=made.bytes(), lock_secret=lock_secret, signature=Out(64), **context
    ).signature
    extracted = call(
        "schnorr_extract",
        pre_signature=made.bytes(),
        signature=adapted.bytes(),
        lock_point=lock_point,
        lock_secret=Handle("secret"),
        **context,
    ).lock_secret
    assert secret_hex(extracted) == row["input"]["adaptor_secret"]
    return {**output, "presignature": made.hex(), "signature": adapted.hex()}


# Locks.


def setup_of(payment_point, blinds):
    made = call(
        "lock_setup",
        payment_point=payment_point,
        blinds=blinds,
        locks=Points(len(blinds)),
        final_blind=Handle("blind"),
    )
    return made.locks.list(), made.final_blind


def lock_setup(row):
    try:
        locks, final_blind = setup_of(get_point(row, "payment_point"), get_blinds(row, "blinds"))
    except Refused as refused:
        raise refusal(refused) from None
    return {"locks": [lock.compressed() for lock in locks], "final_blind": blind_hex(final_blind)}


def previous(secret, blind):
    return call("lock_previous_secret", next=secret, blind=blind, lock_secret=Handle("secret")).lock_secret


def lock_claim(row):
    secret, blind = get_secret(row, "lock_secret"), get_blind(row, "blind")
    try:
        return {"lock_secret": secret_hex(previous(secret, blind))}
    except Refused as refused:
        raise refusal(refused) from None


def blind_sum(field, blinds, culprit=None):
    return parse(field, "blind_sum", culprit, sum=Handle("blind"), blinds=blinds).sum


def final_secret(secret, blind):
    return call("lock_final_secret", payment_secret=secret, final_blind=blind, lock_secret=Handle("secret")).lock_secret


def claims(secret, locks, tweaks):
    """From the receiver back to the sender, each checked against its lock; and what the sender ends with."""
    secrets = []
    for lock, tweak in reversed(list(zip(locks, tweaks))):
        opens(secret, lock)
        secrets.insert(0, secret_hex(secret))
        secret = previous(secret, tweak)
    return secrets, secret


def lock_route(row):
    payment_secret = get_secret(row, "payment_secret")
    tweaks = get_blinds(row, "blinds")
    sums = {"final_blind": blind_sum("blinds", tweaks)}
    if "path_blinds" in row["input"]:
        hops = [(hop, text) for hop, text in enumerate(row["input"]["path_blinds"]) if text is not None]
        offsets = [(hop, blind_of(bytes.fromhex(text), "path_blinds", hop)) for hop, text in hops]
        sums["path_blind"] = blind_sum("path_blinds", [offset for _, offset in offsets])
        for hop, offset in offsets:
            tweaks[hop] = blind_sum("path_blinds", [tweaks[hop], offset], hop)
    if "tail_blinds" in row["input"]:
        tail = get_blinds(row, "tail_blinds")
        sums["tail_blind"] = blind_sum("tail_blinds", tail)
        tweaks += tail
    payment_point = secret_point(payment_secret)
    locks, _ = setup_of(payment_point, tweaks)
    # Each hop computes its outgoing lock, and finds the sender's.
    for incoming, tweak, outgoing in zip(locks, tweaks[1:], locks[1:]):
        own = call("lock_next", incoming=incoming, blind=tweak, outgoing=Point()).outgoing
        assert own.bytes() == outgoing.bytes()
    secret = payment_secret
    for total in sums.values():
        secret = final_secret(secret, total)
    secrets, remainder = claims(secret, locks, tweaks)
    assert secret_hex(remainder) == row["input"]["payment_secret"]
    return {
        "payment_point": payment_point.compressed(),
        "locks": [lock.compressed() for lock in locks],
        "lock_secrets": secrets,
        **{name: blind_hex(total) for name, total in sums.items()},
    }


def lock_parts(row):
    payment_secret = get_secret(row, "payment_secret")
    part_sum = blind_sum("part_secrets", get_blinds(row, "part_secrets"))
    payment_point = secret_point(payment_secret)
    try:
        moved_secret = final_secret(payment_secret, part_sum)
    except Refused as refused:
        assert refused.code == "BLIND_CANCELS_SECRET"
        refuses("lock_next", "BLIND_CANCELS_LOCK", incoming=payment_point, blind=part_sum, outgoing=Point())
        raise Refusal("part_secrets") from None
    moved = call("lock_next", incoming=payment_point, blind=part_sum, outgoing=Point()).outgoing
    opens(moved_secret, moved)

    def part(texts):
        blinds = [blind_of(bytes.fromhex(text), "parts") for text in texts]
        locks, final_blind = setup_of(moved, blinds)
        secrets, remainder = claims(final_secret(moved_secret, final_blind), locks, blinds)
        assert secret_hex(previous(remainder, part_sum)) == row["input"]["payment_secret"]
        return {
            "locks": [lock.compressed() for lock in locks],
            "final_blind": blind_hex(final_blind),
            "lock_secrets": secrets,
        }

    return {
        "payment_point": payment_point.compressed(),
        "part_sum": blind_hex(part_sum),
        "parts": [part(texts) for texts in row["input"]["parts"]],
    }


# k-time payment points.


def terms_of(row):
    return {
        "invoice_id": read(row, "invoice_id"),
        "amount_msat": row["input"]["amount_msat"],
        "note_hash": read(row, "note_hash"),
    }


def x_of(payer_key, terms):
    return call("payment_x", payer_key=payer_key, x=Out(32), **terms).x


def invoice_point(row):
    points, payer_key, terms = get_points(row, "points"), get_point(row, "payer_key"), terms_of(row)
    try:
        point = call("payment_point", points=points, payer_key=payer_key, payment_point=Point(), **terms).payment_point
    except Refused as refused:
        if refused.code == "POINT_AT_INFINITY":
            raise Refusal("payment_point") from None
        raise refusal(refused) from None
    x = x_of(payer_key, terms)
    assert x.hex() == row["intermediate"]["x"]
    at = call("payment_point_at", points=points, x=x.bytes(), payment_point=Point()).payment_point
    assert at.bytes() == point.bytes()
    return {"payment_point": point.compressed()}


def payer_of(row):
    secret = get_secret(row, "payer_secret_key")
    return call("payer_key_of", payer_key=Handle("payer_key"), secret=secret).payer_key


def ktime_payment(row):
    coefficients = enumerate(row["input"]["coefficients"])
    coefficients = [secret_of(bytes.fromhex(item), "coefficients", index) for index, item in coefficients]
    try:
        polynomial = call("dangerous_polynomial_of", polynomial=Handle("polynomial"), coefficients=coefficients).polynomial
    except Refused as refused:
        raise refusal(refused) from None
    key = payer_of(row)
    payer = call("payer_key_public", payer_key=key, public_key=Point()).public_key
    note = row["input"]["note"]
    note = None if note is None else bytes.fromhex(note)
    note_hash = call("note_hash", note=note, note_hash=Out(32)).note_hash
    terms = {
        "invoice_id": read(row, "invoice_id"),
        "amount_msat": row["input"]["amount_msat"],
        "note_hash": note_hash.bytes(),
    }
    final_blind = get_blind(row, "final_blind")
    x = x_of(payer, terms).bytes()
    assert x.hex() == row.get("intermediate", {"x": x.hex()})["x"]
    count = call("polynomial_points_count", polynomial=polynomial, count=Number()).count.place.value
    points = call("polynomial_points", polynomial=polynomial, points=Points(count)).points
    try:
        point = call("payment_point", points=points, payer_key=payer, payment_point=Point(), **terms).payment_point
    except Refused as refused:
        assert refused.code == "POINT_AT_INFINITY"
        refuses("polynomial_evaluate", "POINT_AT_INFINITY", polynomial=polynomial, x=x, point_secret=Handle("secret"))
        raise Refusal("payment_point") from None
    secret = call("polynomial_evaluate", polynomial=polynomial, x=x, point_secret=Handle("secret")).point_secret
    opens(secret, point)
    last_lock = call("lock_next", incoming=point, blind=final_blind, outgoing=Point()).outgoing
    signature = call(
        "payment_sign", payer_key=key, x=x, last_lock=last_lock, aux_rand=read(row, "aux_rand"), signature=Out(64)
    ).signature
    call("payment_verify", signature=signature.bytes(), payer_key=payer, x=x, last_lock=last_lock)
    return {
        "points": [point.compressed() for point in points.list()],
        "payer_key": payer.compressed(),
        "note_hash": note_hash.hex(),
        "payment_point": point.compressed(),
        "last_lock": last_lock.compressed(),
        "payer_signature": signature.hex(),
        "point_secret": secret_hex(secret),
        "lock_secret": secret_hex(final_secret(secret, final_blind)),
    }


def ktime_verify_payment(row):
    return {
        "valid": verdict(
            "payment_verify",
            signature=read(row, "signature"),
            payer_key=get_point(row, "payer_key"),
            x=read(row, "x"),
            last_lock=get_point(row, "last_lock"),
        )
    }


def request_of(row):
    return {"verifier": read(row, "verifier"), "challenge": read(row, "challenge")}


def proof_base(row):
    payer_key = get_point(row, "payer_key")
    try:
        made = call("proof_base", payer_key=payer_key, message=Out(32), base=Point(), **terms_of(row), **request_of(row))
    except Refused as refused:
        raise refusal(refused) from None
    return {"message": made.message.hex(), "base": made.base.compressed()}


def ktime_prove(row):
    invoice = call("invoice_parse", invoice=Handle("invoice"), stream=read(row, "invoice")).invoice
    key, secret = payer_of(row), get_secret(row, "point_secret")
    try:
        proof = call(
            "proof_new",
            proof=Handle("proof"),
            invoice=invoice,
            payer_key=key,
            point_secret=secret,
            amount_msat=row["input"]["amount_msat"],
            note_hash=read(row, "note_hash"),
            aux_rand=read(row, "aux_rand"),
            **request_of(row),
        ).proof
    except Refused as refused:
        raise refusal(refused) from None
    # The points of the invoice are what the payer paid under.
    invoice_id = call("invoice_id", invoice=invoice, invoice_id=Out(32)).invoice_id
    assert invoice_id.hex() == row["intermediate"]["invoice_id"]
    count = call("invoice_points_count", invoice=invoice, count=Number()).count.place.value
    points = call("invoice_points", invoice=invoice, points=Points(count)).points
    point = call(
        "payment_point_at", points=points, x=bytes.fromhex(row["intermediate"]["x"]), payment_point=Point()
    ).payment_point
    assert point.compressed() == row["intermediate"]["payment_point"]
    opens(secret, point)
    length = call("proof_length", proof=proof, length=Number()).length.place.value
    refuses("proof_serialize", "LENGTH", proof=proof, stream=Out(length - 1))
    stream = call("proof_serialize", proof=proof, stream=Out(length)).stream
    return {
        "proof": call("proof_point_proof", proof=proof, point_proof=Out(161)).point_proof.hex(),
        "stream": stream.hex(),
    }


def ktime_verify_proof(row):
    issuer = get_point(row, "issuer")
    proof = parse("stream", "proof_parse", proof=Handle("proof"), stream=read(row, "stream")).proof
    codes = ["PROOF_INVALID", "OTHER_VERIFIER", "OTHER_CHALLENGE", "INVOICE", "NO_POLYNOMIAL", "POINT_AT_INFINITY"]
    arguments = {"amount_msat": Number(ctypes.c_uint64), "note_hash": Out(32)}
    return {"valid": verdict("proof_verify", *codes, proof=proof, issuer=issuer, **arguments, **request_of(row))}


SCHNORR, ECDSA = Scheme("schnorr", True), Scheme("ecdsa", False)

OPERATIONS = {
    **{
        f"{scheme.name}.{verb}": getattr(scheme, verb)
        for scheme in (SCHNORR, ECDSA)
        for verb in ("pre_sign", "verify", "adapt", "extract")
    },
    "schnorr.verify_batch": verify_batch,
    "musig2.session": session,
    "musig2.tweaked_session": session,
    "musig2.plain_session": session,
    "musig2.key_agg": key_agg,
    "musig2.nonce_agg": nonce_agg,
    "musig2.nonce_process": nonce_process,
    "musig2.partial_verify": partial_verify,
    "musig2.partial_agg": partial_agg,
    "lock.setup": lock_setup,
    "lock.claim": lock_claim,
    "lock.route": lock_route,
    "lock.parts": lock_parts,
    "invoice.point": invoice_point,
    "ktime.payment": ktime_payment,
    "ktime.verify_payment": ktime_verify_payment,
    "ktime.prove": ktime_prove,
    "ktime.verify_proof": ktime_verify_proof,
    "proof.base": proof_base,
}


def answer(row):
    try:
        return OPERATIONS[row["op"]](row)
    except Refusal as refusal:
        return refusal.answer


def check(row):
    given = answer(row)
    expected = row["expected"] if isinstance(row["expected"], dict) else row.get("output")
    if given != expected:
        raise SystemExit(f"{row['name']} ({row['op']}): {given}\ninstead of {expected}\n{row['comment']}")


def load(path):
    """The library, whose version is that of the header."""
    global LIBRARY
    LIBRARY = ctypes.CDLL(path)
    LIBRARY.pointlock_error_name.restype = ctypes.c_char_p
    for function in re.findall(r"^void pointlock_(\w+_free)", HEADER, re.M):
        getattr(LIBRARY, f"pointlock_{function}").restype = None
    version = ctypes.c_uint32.in_dll(LIBRARY, "pointlock_interface_version").value
    assert version == LIBRARY.pointlock_version() == MACROS["VERSION"]
    call("check_version", version=MACROS["VERSION"])
    refuses("check_version", "VERSION", version=MACROS["VERSION"] + 1)


def check_files():
    for scheme, count in FILES.items():
        rows = json.loads((VECTORS / f"{scheme}.json").read_text())["rows"]
        rows = [row for row in rows if row["op"] not in INNER]
        assert len(rows) == count, f"{scheme}: {len(rows)} rows, not {count}"
        for row in rows:
            check(row)
        refused = sum(isinstance(row["expected"], dict) for row in rows)
        print(f"{scheme}: {count} rows, {refused} of them refused")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    load(sys.argv[1])
    check_files()
