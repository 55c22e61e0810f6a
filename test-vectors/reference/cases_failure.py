"""The rows of failure.json: failures on their way back, and what makes them attributable."""

import hmac

import onion
from cases import Rows, draw, flip


def generate():
    rows = Rows("failure")
    made(rows)
    changed(rows)
    malformed(rows)
    return rows.document()


def route(label, hops):
    return [draw(f"failure/{label}/secret", hop) for hop in range(hops)]


def made(rows):
    for hops in (1, 2, 3, 19, 20, 21, 27):
        times = [1_000 * (hops - hop) + hop for hop in range(hops)]
        add(rows, f"route-{hops}", f"{hops} hops, the last one fails", route(f"route/{hops}", hops), b"\x20\x02", times)
    secrets = route("failing", 6)
    for failing in range(6):
        times = [9 - hop for hop in range(failing + 1)]
        inputs = {"shared_secrets": secrets[: failing + 1], "message": b"\x10\x07\0\0", "hold_times": times}
        returned = rows.add(f"make/failing-{failing}", "make", f"hop {failing} of six fails", inputs)
        read(rows, f"failing-{failing}", f"hop {failing} of six has failed", secrets, returned)
    for length in (2, 255, 256, 257, 1_000):
        message = b"\x40\x0f" + bytes(length - 2)
        add(rows, f"length-{length}", f"a message of {length} bytes, padded to 256", route("length", 3), message, [3, 2, 1])
    for name, times, what in (
        ("zero", [0, 0, 0], "nobody tells a time"),
        ("largest", [2**32 - 1] * 3, "the longest time"),
        ("held", [864_001, 864_000, 7], "the second hop has held it for a day: the first one's time has that in it"),
        ("shorter", [1, 2, 3], "times that get shorter towards the sender, which can't be: read as they are told"),
    ):
        add(rows, f"times-{name}", what, route("times", 3), b"\x20\x02", times)


def add(rows, name, comment, secrets, message, times):
    inputs = {"shared_secrets": secrets, "message": message, "hold_times": times}
    read(rows, name, comment, secrets, rows.add(f"make/{name}", "make", comment, inputs))


def read(rows, name, comment, secrets, returned, **changes):
    inputs = {"shared_secrets": secrets} | {part: bytes.fromhex(value) for part, value in returned.items()}
    rows.add(f"read/{name}", "read", comment, inputs | changes)


def steps(secrets, message, times):
    """(packet, attribution data) as each hop gives them on, the one that fails first."""
    packet, attribution, given = onion.bare_failure(secrets[-1], message), None, []
    for secret, time in zip(reversed(secrets), reversed(times)):
        packet, attribution = onion.pass_on(secret, packet, attribution, time)
        given.append((packet, attribution))
    return given


def onwards(secrets, times, hop, packet, attribution):
    """To the sender, from a hop that gives these on."""
    for secret, time in zip(reversed(secrets[:hop]), reversed(times[:hop])):
        packet, attribution = onion.pass_on(secret, packet, attribution, time)
    return {"packet": packet.hex(), "attribution_data": attribution.hex()}


def changed(rows):
    secrets, times = route("changed", 5), [50, 40, 30, 20, 10]
    given = steps(secrets, b"\x20\x02", times)
    for hop in range(5):
        packet, attribution = given[4 - hop]
        # The HMAC that the sender looks at reckons with 4 - hop hops behind it.
        own = 80 + 4 * (15 + hop)
        for name, what, *other in (
            ("reason", "a bit of the reason", flip(packet, 40), attribution),
            ("time", "its hold time", packet, flip(attribution, 3)),
            ("hmac", "its HMAC", packet, flip(attribution, own)),
            ("unread", "its HMAC for another place, which nobody reads", packet, flip(attribution, own - 4)),
        ):
            comment = f"hop {hop} changes, after it has signed: {what}"
            read(rows, f"{name}-{hop}", comment, secrets, onwards(secrets, times, hop, *other))
        comment = f"hop {hop} sends no attribution data"
        if hop:
            read(rows, f"dropped-{hop}", comment, secrets, onwards(secrets, times, hop, packet, None))
        else:
            read(rows, "dropped-0", comment, secrets, {"packet": packet.hex()}, attribution_data=None)
    noise = draw("failure/noise") * 9 + bytes(4)
    for hop in range(5):
        first = onion.pass_on(secrets[hop], noise, None, times[hop])
        comment = f"hop {hop} fails with a reason that nobody can read"
        read(rows, f"noise-{hop}", comment, secrets, onwards(secrets, times, hop, *first))
    right = onion.bare_failure(secrets[2], b"\x20\x02")[32:]
    for name, content, what in (
        ("long", b"\xff\xff" + right[2:], "a length that goes beyond the end"),
        ("short", b"\0\1" + right[2:], "a message of one byte"),
    ):
        bare = hmac.digest(onion.derive_key("um", secrets[2]), content, "sha256") + content
        first = onion.pass_on(secrets[2], bare, None, times[2])
        read(rows, f"authentic-{name}", f"hop 2 fails, with {what}", secrets, onwards(secrets, times, 2, *first))
    last = onwards(secrets, times, 4, *given[0])
    read(rows, "other-route", "read with the secrets of another route", route("other", 5), last)
    read(rows, "fewer", "read with the secrets of the first four hops", secrets[:4], last)
    read(rows, "reversed", "read with the secrets in the reverse order", secrets[::-1], last)
    again = steps(secrets, b"\x20\x02", [1] * 5)[-1][1]
    comment = "the attribution data of another return of the same failure, whose HMACs are as good"
    read(rows, "again", comment, secrets, last, attribution_data=again)
    other = steps(secrets, b"\x10\x07\0\0", times)[-1][1]
    read(rows, "of-another-failure", "the attribution data of another failure", secrets, last, attribution_data=other)
    read(rows, "zeros", "920 zeros", secrets, last, attribution_data=bytes(920))


def malformed(rows):
    secrets = route("malformed", 2)
    inputs = {"shared_secrets": secrets, "message": b"\x20\x02", "hold_times": [2, 1]}

    def refused(name, comment, field, culprit=None, **changes):
        rows.add(f"make/{name}", "make", comment, inputs | changes, field, culprit=culprit)

    refused("message-empty", "a message of no bytes", "message", message=b"")
    refused("message-short", "a message of one byte", "message", message=b"\x20")
    refused("times-short", "a time less than hops", "hold_times", hold_times=[2])
    refused("no-hop", "no hop", "shared_secrets", shared_secrets=[], hold_times=[])
    refused("secret-short", "a secret of 31 bytes", "shared_secrets", 1, shared_secrets=[secrets[0], bytes(31)])
    packet, attribution = steps(secrets, b"\x20\x02", [2, 1])[-1]
    inputs = {"shared_secrets": secrets, "packet": packet, "attribution_data": attribution}
    rows.add("read/right", "read", "what the next rows change", inputs)
    for name, data, what in (
        ("empty", b"", "no bytes"),
        ("short", attribution[:-1], "a byte too few"),
        ("long", attribution + b"\0", "a byte too many"),
    ):
        changed = inputs | {"attribution_data": data}
        rows.add(f"read/attribution-{name}", "read", f"attribution data: {what}", changed, "attribution_data")
    for length in (0, 31, 32, 33):
        rows.add(f"read/packet-{length}", "read", f"a reason of {length} bytes", inputs | {"packet": packet[:length]})
