#!/usr/bin/env python3
"""Gives every function of the C interface what it must refuse: null for each pointer, other lengths, buffers that overlap, bytes that
are no point. Each time an error code comes back that names the argument, and not a byte has changed. And every code of the header is
returned by some call, or `NEVER` says why it can't be.

    python3 ffi/tests/border.py LIBRARY

The vectors are answered once more, and after its first success each function is called again with one argument spoilt at a time. So
the accepted twin of each refusal is the call before it.
"""

import ctypes
import re
import sys

import vectors
from vectors import HEADER, PROTOTYPES, RETURNED, Fault, Handle, Number, Out, Point, Points, call

#: What may be null, with a length of zero.
OPTIONAL = {("musig2_nonce_new", "extra_in"), ("musig2_key_agg_tweak_taproot", "merkle_root"), ("note_hash", "note")}
#: Inputs of any length. One more would be beyond their end, one less may well be right.
VARIABLE = {
    "note_hash": {"note"},
    "invoice_parse": {"stream"},
    "invoice_decode": {"text"},
    "proof_parse": {"stream"},
    "musig2_key_agg_new": {"public_keys"},
    "blind_sum": {"blinds"},
    "dangerous_polynomial_of": {"coefficients"},
    "payment_point": {"points"},
    "payment_point_at": {"points"},
}

#: Codes that no call can be made to return.
NEVER = {
    "PANIC": "the library would have to have a fault",
    "DEGENERATE": "a hash would have to be zero",
    "MACHINE_FAULT": "the processor would have to compute wrongly",
    "OTHER": "it stands for errors of the library that have no code yet",
}

counted = {}
tried = {}


def places(arguments, kept, given):
    """All memory that a call can reach, as bytes."""
    seen = []
    for value in given.values():
        if isinstance(value, Out):
            seen.append(bytes(value.buffer))
        elif isinstance(value, Number):
            seen.append(bytes(value.place))
        elif isinstance(value, Handle):
            seen.append(bytes(value.pointer))
    return seen + [bytes(buffer) for buffer in kept]


def address(argument):
    """Where a pointer argument points; None for a number and for null."""
    if isinstance(argument, ctypes.c_void_p):
        return argument.value
    if argument is None or not hasattr(argument, "_obj"):
        return None
    return ctypes.addressof(argument._obj)


def is_handle(kind):
    """Whether the argument is a handle that is lent."""
    lent = kind.startswith("const pointlock_") and kind.count("*") == 1
    return lent and kind != "const pointlock_point *"


class Spoiler:
    """A call that succeeds, to be spoilt."""

    def __init__(self, function, given):
        self.function, self.given, self.kept, self.fault = function, given, [], Fault()
        self.kinds = PROTOTYPES[function]
        # References to what is reachable have to live as long as this.
        self.arguments = vectors.natives(function, given, self.kept, self.fault)

    def refused(self, changes, codes, argument, index=None):
        """With these arguments instead the call is refused, names the argument, and writes nothing but the fault."""
        arguments = list(self.arguments)
        for position, value in changes.items():
            arguments[position] = value
        before = places(arguments, self.kept, self.given)
        self.fault.argument, self.fault.index = None, 77
        code = vectors.invoke(self.function, arguments)
        where = f"{self.function} with another {[self.kinds[position][1] for position in changes]}"
        assert code in codes, f"{where}: {code}, not one of {codes}"
        assert places(arguments, self.kept, self.given) == before, f"{where}: something was written"
        if argument is ...:
            pass
        elif argument is None:
            assert self.fault.index == 77, f"{where}: a fault was written"
        else:
            assert self.fault.argument.decode() == argument, f"{where}: blames {self.fault.argument}"
            assert self.fault.index == (ctypes.c_size_t(-1).value if index is None else index), where
        counted[codes[0]] = counted.get(codes[0], 0) + 1

    def nulls(self):
        for position, (kind, name) in enumerate(self.kinds):
            if not kind.endswith("*") or name == "fault":
                continue
            optional = (self.function, name) in OPTIONAL
            if optional and self.given[name] is None:
                # A length without bytes.
                self.refused({position + 1: ctypes.c_size_t(1)}, ["LENGTH", "NULL_POINTER"], name)
            else:
                self.refused({position: None}, ["NULL_POINTER"], name)
            if kind.startswith("const") and kind.endswith("*const *"):
                hole = (ctypes.c_void_p * len(self.given[name]))()
                self.refused({position: ctypes.cast(hole, ctypes.c_void_p)}, ["NULL_POINTER"], name, 0)

    def lengths(self):
        for position, (kind, name) in enumerate(self.kinds):
            base, _, suffix = name.rpartition("_")
            if kind != "size_t" or suffix not in ("length", "count") or base in VARIABLE.get(self.function, ()):
                continue
            length = self.arguments[position].value
            if length == 0:
                continue
            for other in {length - 1, length + 1, 0, 2**63, 2**64 - 1} - {length}:
                # Blinds and their locks are compared before either is looked at, and the lock is named.
                blamed = "locks" if base == "blinds" else base or ...
                self.refused({position: ctypes.c_size_t(other)}, ["LENGTH", "COUNT"], blamed)

    def overlaps(self):
        for position, (kind, name) in enumerate(self.kinds):
            if kind.startswith("const") or not kind.endswith("*"):
                continue
            for other, (other_kind, other_name) in enumerate(self.kinds):
                target = address(self.arguments[other])
                if other == position or target is None or not other_kind.endswith("*"):
                    continue
                if other_name == "fault":
                    # Not even the fault may be written there.
                    self.refused({position: ctypes.c_void_p(target)}, ["OVERLAP"], None)
                elif name == "fault":
                    self.refused({position: ctypes.c_void_p(target)}, ["OVERLAP", "MISALIGNED"], None)
                else:
                    # Whichever is looked at second is named; it may be a neighbour in memory, the fault included.
                    self.refused({position: ctypes.c_void_p(target)}, ["OVERLAP", "MISALIGNED"], ...)

    def points(self):
        for position, (kind, name) in enumerate(self.kinds):
            if kind != "const pointlock_point *":
                continue
            index = 0 if isinstance(self.given[name], Points) else None
            length = len(self.given[name].buffer)
            for byte in (0, 1, 255):
                nothing = (ctypes.c_ubyte * length)(*[byte] * length)
                self.refused({position: ctypes.cast(nothing, ctypes.c_void_p)}, ["POINT"], name, index)

    def misaligned(self):
        for position, (kind, name) in enumerate(self.kinds):
            if kind in ("size_t *", "uint64_t *") or kind.endswith(" **") or is_handle(kind):
                target = address(self.arguments[position])
                self.refused({position: ctypes.c_void_p(target + 1)}, ["MISALIGNED"], name)

    def other_handles(self):
        """A handle of another type, which C's compiler would not take."""
        for position, (kind, name) in enumerate(self.kinds):
            if is_handle(kind):
                blind = kind != "const pointlock_blind *"
                other = vectors.blind_of(bytes([1]) * 32, "") if blind else vectors.secret_of(bytes([1]) * 32, "")
                self.refused({position: other.pointer}, ["HANDLE"], name)


def spoil(function, given):
    # Twice, since the first call may lack what is optional; and once an operation has several of everything.
    if tried.get(function, 0) >= 3:
        return
    tried[function] = tried.get(function, 0) + 1
    # A handle that was just made stands where a new one would be put.
    spoiler = Spoiler(function, given)
    spoiler.nulls()
    spoiler.lengths()
    spoiler.overlaps()
    spoiler.points()
    spoiler.misaligned()
    spoiler.other_handles()


def calls_of_no_row():
    """What the vectors have no use for."""
    key = call("payer_key_new", payer_key=Handle("payer_key"), entropy=bytes(range(32))).payer_key
    public = call("payer_key_public", payer_key=key, public_key=Point()).public_key
    assert public.compressed().startswith("02")
    polynomial = call("polynomial_new", polynomial=Handle("polynomial"), entropy=bytes(range(32)), k=3).polynomial
    count = call("polynomial_points_count", polynomial=polynomial, count=Number()).count.place.value
    assert count == 4
    for k in (0, 1025):
        vectors.refuses("polynomial_new", "COUNT", polynomial=Handle("polynomial"), entropy=bytes(32), k=k)
    keys = vectors.key_agg_of(Points(1, [public]))
    for root in (None, bytes(32)):
        call("musig2_key_agg_tweak_taproot", key_agg=keys, merkle_root=root, tweaked=Handle("musig2_key_agg"))
    keypair = vectors.keypair_of(bytes(31) + b"\x01", "secret_key")
    for extra in (None, bytes(32)):
        rand = Out(32, bytes([7]) * 32)
        call(
            "musig2_nonce_new",
            secret_nonce=Handle("musig2_nonce"),
            session_rand=rand,
            keypair=keypair,
            aggregate_key=vectors.aggregate_key(keys),
            message=bytes(32),
            extra_in=extra,
        )
    signers(keypair)
    invoices()
    # The library was used long ago.
    vectors.refuses("randomize", "CONTEXT_IN_USE", seed=bytes(32))
    spoiler = Spoiler("randomize", {"seed": bytes(32)})
    spoiler.nulls()
    spoiler.lengths()
    tried["randomize"] = 1


def signers(keypair):
    """Who may make and use a secret nonce, in a session of one signer. `keypair` is a stranger's."""
    message = bytes(32)
    signer = vectors.keypair_of(bytes(31) + b"\x02", "secret_key")
    own = vectors.key_agg_of(Points(1, [call("keypair_public_key", keypair=signer, public_key=Point()).public_key]))

    def made_by(maker):
        return {"keypair": maker, "aggregate_key": vectors.aggregate_key(own), "message": message, "extra_in": None}

    def nonce_of(maker, byte):
        rand = Out(32, bytes([byte]) * 32)
        return call("musig2_nonce_new", secret_nonce=Handle("musig2_nonce"), session_rand=rand, **made_by(maker)).secret_nonce

    used = {"secret_nonce": Handle("musig2_nonce"), "session_rand": Out(32, bytes(32))}
    vectors.refuses("musig2_nonce_new", "RANDOMNESS_USED", **used, **made_by(signer))
    first, second, third, foreign = (nonce_of(maker, 9 + at) for at, maker in enumerate([signer] * 3 + [keypair]))
    public = call("musig2_nonce_public", secret_nonce=first, public_nonce=Out(66)).public_nonce.bytes()
    session = vectors.session_with(own, public, message, None)

    def given(nonce, who):
        return {"session": session, "secret_nonce": nonce, "keypair": who, "partial_signature": Out(32)}

    vectors.refuses("musig2_sign_partial", "FOREIGN_NONCE", **given(second, keypair))
    vectors.refuses("musig2_sign_partial", "NOT_A_SIGNER", **given(foreign, keypair))
    vectors.refuses("musig2_sign_partial", "NONCE_NOT_IN_SESSION", **given(third, signer))
    partial = call("musig2_sign_partial", **given(first, signer)).partial_signature.bytes()
    call("musig2_verify_partial", session=session, signer=0, partial_signature=partial)
    vectors.refuses("musig2_verify_partial", "NO_SUCH_SIGNER", session=session, signer=1, partial_signature=partial)


def invoices():
    """An invoice by its text, which is bech32 without a checksum (BOLT 12)."""
    rows = vectors.json.loads((vectors.VECTORS / "ktime.json").read_text())["rows"]
    row = next(row for row in rows if row["op"] == "ktime.prove" and row["expected"] == "valid")
    stream = bytes.fromhex(row["input"]["invoice"])
    bits = "".join(f"{byte:08b}" for byte in stream)
    bits += "0" * (-len(bits) % 5)
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    text = "lni1" + "".join(alphabet[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))
    invoice = call("invoice_decode", invoice=Handle("invoice"), text=text.encode()).invoice
    parsed = call("invoice_parse", invoice=Handle("invoice"), stream=stream).invoice
    ids = [call("invoice_id", invoice=one, invoice_id=Out(32)).invoice_id.hex() for one in (invoice, parsed)]
    assert ids[0] == ids[1]
    node_ids = [call("invoice_node_id", invoice=one, node_id=Point()).node_id.compressed() for one in (invoice, parsed)]
    assert node_ids[0] == node_ids[1]
    vectors.refuses("invoice_decode", "INVOICE", invoice=Handle("invoice"), text=b"\xff" + text.encode())
    vectors.refuses("invoice_parse", "INVOICE", invoice=Handle("invoice"), stream=stream[:-1])
    # It is locked to a hash, and is well otherwise.
    locked = (vectors.VECTORS.parent / "fuzz/corpus/invoice/valid-hash").read_bytes()
    locked = call("invoice_parse", invoice=Handle("invoice"), stream=locked).invoice
    call("invoice_id", invoice=locked, invoice_id=Out(32))
    vectors.refuses("invoice_points_count", "NO_PAYMENT_POINTS", invoice=locked, count=Number())


def every_code():
    """Every code of the header was returned, but those of `NEVER`."""
    codes = set(re.findall(r"POINTLOCK_ERROR_([A-Z_]+) = [0-9]+", HEADER))
    assert len(codes) > 40, "the header was not read"
    assert codes - RETURNED == NEVER.keys(), f"{codes - RETURNED} were not returned"



if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    vectors.load(sys.argv[1])
    vectors.AFTER_SUCCESS.append(spoil)
    vectors.check_files()
    calls_of_no_row()
    every_code()
    untried = {name for name in PROTOTYPES if not name.endswith("_free")} - tried.keys() - {"check_version"}
    assert not untried, f"never tried: {sorted(untried)}"
    print(f"{len(tried)} functions refuse: {counted}")
