"""The rows of lock.json."""

from cases import BAD_POINTS, BAD_SCALARS, Rows, add_malformed, draw_scalar, scalar_with_parity
from secp256k1 import ORDER, G, bytes32, compressed


def generate():
    rows = Rows("lock")
    setups(rows)
    claims(rows)
    routes(rows)
    parts(rows)
    bad_setups(rows)
    bad_claims(rows)
    bad_routes(rows)
    return rows.document()


def blinds_of(label, count):
    return [draw_scalar(f"lock/{label}/y_{index}") for index in range(count)]


def encoded(scalars):
    return [bytes32(scalar % ORDER) for scalar in scalars]


def setup_inputs(payment_point, blinds):
    return {"payment_point": compressed(payment_point), "blinds": encoded(blinds)}


def setups(rows):
    def setup(name, comment, payment_point, blinds):
        rows.add(f"setup/{name}", "setup", comment, setup_inputs(payment_point, blinds))

    for edges in (1, 2, 3, 4, 8, 20):
        payment_point = draw_scalar(f"lock/setup/{edges}/z") * G
        setup(f"edges-{edges}", f"a route of {edges} edge(s)", payment_point, blinds_of(f"setup/{edges}", edges))
    blinds = blinds_of("setup/edge", 3)
    for even in (True, False):
        parity = "even" if even else "odd"
        payment_point = scalar_with_parity("lock/setup/z", even) * G
        setup(f"z-{parity}", f"payment point of {parity} y: its parity is kept, and counts", payment_point, blinds)
    setup("z-is-g", "z = 1", G, blinds)
    setup("z-is-minus-g", "z = n - 1", -G, blinds)
    setup("blind-1", "y_0 = 1", 5 * G, [1, *blinds])
    setup("blind-n-1", "y_1 = n - 1: L_2 = L_1 - G", 5 * G, [blinds[0], ORDER - 1, blinds[1]])
    setup("doubling", "y_0 = z: Z + y_0*G doubles a point", 7 * G, [7, *blinds])
    setup(
        "repeated-lock",
        "y_0 + y_1 = 0, so that L_2 = Z; Y is not zero. Well-formed arithmetic, though no sender draws it",
        7 * G,
        [blinds[0], -blinds[0], blinds[1]],
    )
    setup("sum-wraps", "y_0 + y_1 is above n and is reduced", 7 * G, [ORDER - 2, 5])


def claims(rows):
    def claim(name, comment, lock_secret, blind):
        rows.add(f"claim/{name}", "claim", comment, {"lock_secret": bytes32(lock_secret), "blind": bytes32(blind)})

    for index in range(4):
        claim(
            f"drawn-{index}",
            "l_i = l_{i+1} - y_i",
            draw_scalar(f"lock/claim/{index}/l"),
            draw_scalar(f"lock/claim/{index}/y"),
        )
    claim("below-zero", "l_{i+1} < y_i: the difference wraps modulo n", 1, 2)
    claim("largest-wrap", "1 - (n - 1) = 2 modulo n", 1, ORDER - 1)
    claim("largest", "(n - 1) - 1", ORDER - 1, 1)
    claim("to-one", "the difference is 1", 9, 8)


def routes(rows):
    def route(name, comment, secret, blinds, **more):
        rows.add(
            f"route/{name}", "route", comment, {"payment_secret": bytes32(secret), "blinds": encoded(blinds)} | more
        )

    for edges in (1, 2, 4, 8):
        label = f"route/{edges}"
        route(
            f"edges-{edges}",
            f"setup and all claims of {edges} edge(s): the receiver starts with z + Y, every node "
            "subtracts its y, the sender ends with z",
            draw_scalar(f"lock/{label}/z"),
            blinds_of(label, edges),
        )
    for name, secret in (("z-1", 1), ("z-n-1", ORDER - 1)):
        route(name, f"payment secret {name[2:]}", secret, blinds_of(f"route/{name}", 3))

    blinded = "recipient blinding: the tweak of a blinded hop is y_i + b_i, the receiver claims with z + Y + B"
    z, blinds = draw_scalar("lock/route/blinded/z"), blinds_of("route/blinded", 4)
    b = encoded(draw_scalar(f"lock/route/blinded/b_{hop}") for hop in range(4))
    route("blinded-last-two", f"{blinded}; hops 2 and 3 are blinded", z, blinds, path_blinds=[None, None, b[2], b[3]])
    route("blinded-one", f"{blinded}; hop 1 alone", z, blinds, path_blinds=[None, b[1], None, None])
    route("blinded-all", f"{blinded}; every hop after the sender", z, blinds, path_blinds=[None, *b[1:]])

    tail_comment = (
        "trampoline: node 2 draws the tail and tells the receiver the sum of it, which claims with z + Y + delta"
    )
    tail = encoded(blinds_of("route/tail", 3))
    route("trampoline", tail_comment, z, blinds[:2], tail_blinds=tail)
    route("trampoline-one", f"{tail_comment}; a tail of one edge", z, blinds[:2], tail_blinds=tail[:1])
    route(
        "trampoline-blinded",
        f"{tail_comment} + B; hop 1 is blinded too",
        z,
        blinds[:2],
        path_blinds=[None, b[1]],
        tail_blinds=tail,
    )


def parts(rows):
    for count in (2, 3):
        label = f"parts/{count}"
        rows.add(
            label,
            "parts",
            f"a payment in {count} parts: L_n = Z + (Y_p + q)*G, and no part can be claimed "
            "without the q_p of all; the sender ends with z = l_1 - y_0 - q",
            {
                "payment_secret": bytes32(draw_scalar(f"lock/{label}/z")),
                "part_secrets": encoded(draw_scalar(f"lock/{label}/q_{part}") for part in range(count)),
                "parts": [encoded(blinds_of(f"{label}/{part}", 2 + part)) for part in range(count)],
            },
        )


def bad_lists(rows, prefix, op, base, field, culprit):
    """Every bad scalar as one entry of a list."""
    for name, value, what in BAD_SCALARS:
        blinds = [*base[field]]
        blinds[culprit] = value
        rows.add(
            f"{prefix}/{field}-{culprit}-{name}",
            op,
            f"entry {culprit} of {field} is {what}",
            base | {field: blinds},
            field,
            culprit=culprit,
        )


def bad_setups(rows):
    z, blinds = draw_scalar("lock/bad/z"), blinds_of("bad", 3)
    base = setup_inputs(z * G, blinds)
    add_malformed(rows, "setup", "setup", base, "payment_point", BAD_POINTS)
    bad_lists(rows, "setup", "setup", base, "blinds", 0)
    bad_lists(rows, "setup", "setup", base, "blinds", 2)

    def bad(name, comment, blinds, culprit=None):
        rows.add(f"setup/{name}", "setup", comment, base | {"blinds": encoded(blinds)}, "blinds", culprit=culprit)

    bad("no-blinds", "no blinds: the receiver's lock would be Z itself", [])
    bad("first-lock-infinity", "y_0 = -z: L_1 is infinity", [-z, *blinds], 0)
    bad("middle-lock-infinity", "y_1 = -(z + y_0): L_2 is infinity", [blinds[0], -(z + blinds[0]), blinds[1]], 1)
    bad("last-lock-infinity", "Y = -z: L_n is infinity", [*blinds, -(z + sum(blinds))], 3)
    bad("sum-zero", "Y = 0: the receiver's lock would be Z itself", [*blinds, -sum(blinds)])


def bad_claims(rows):
    base = {"lock_secret": bytes32(11), "blind": bytes32(5)}
    add_malformed(rows, "claim", "claim", base, "lock_secret", BAD_SCALARS)
    add_malformed(rows, "claim", "claim", base, "blind", BAD_SCALARS)
    rows.add(
        "claim/difference-zero", "claim", "l_{i+1} = y_i: l_i would be zero", base | {"blind": bytes32(11)}, "blind"
    )


def bad_routes(rows):
    blinds = blinds_of("bad-route", 3)
    base = {"payment_secret": bytes32(3), "blinds": encoded(blinds)}
    b = draw_scalar("lock/bad-route/b")
    rows.add(
        "route/path-sum-zero",
        "route",
        "the path's blinds cancel: B = 0",
        base | {"path_blinds": [None, *encoded([b, -b])]},
        "path_blinds",
    )
    rows.add(
        "route/blind-cancelled",
        "route",
        "b_1 = -y_1: the tweak of hop 1 is zero, and both its locks are the same",
        base | {"path_blinds": [None, *encoded([-blinds[1], b])]},
        "path_blinds",
        culprit=1,
    )
    rows.add(
        "route/tail-sum-zero",
        "route",
        "the tail's blinds cancel: delta = 0",
        base | {"tail_blinds": encoded([b, -b])},
        "tail_blinds",
    )
    shares = {"payment_secret": bytes32(3), "parts": [encoded(blinds), encoded(blinds[:2])]}
    rows.add(
        "parts/sum-zero",
        "parts",
        "q = 0: each part could be claimed alone",
        shares | {"part_secrets": encoded([b, -b])},
        "part_secrets",
    )
    rows.add(
        "parts/start-infinity",
        "parts",
        "q = -z: Z + q*G is infinity",
        shares | {"part_secrets": encoded([b, -3 - b])},
        "part_secrets",
    )
    bad_lists(rows, "parts", "parts", shares | {"part_secrets": encoded([b, b])}, "part_secrets", 1)
