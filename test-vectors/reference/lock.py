"""Point locks along a route.

    lock      L_1 = Z + y_0*G,  L_{i+1} = L_i + y_i*G,  L_n = Z + Y*G,  Y = y_0 + ... + y_{n-1}
    claim     backwards: l_n = z + Y,  l_i = l_{i+1} - y_i,  z = l_1 - y_0
    blinded   a hop of a blinded path uses y_i + b_i; L_n = Z + (Y + B)*G, B the sum of the b_i
    tail      a trampoline node appends blinds of its own with the sum delta; L_n = Z + (Y + delta)*G
    parts     every part starts from Z + q*G, q = q_1 + ... + q_P; z = l_1 - y_0 - q

No lock is infinity, no secret, blind or sum of blinds is zero.
"""

from secp256k1 import ORDER, G, Malformed


def setup(payment_point, blinds):
    """([L_1 ... L_n], Y)."""
    locks, lock = [], payment_point
    for hop, y in enumerate(blinds):
        lock = lock + y * G
        if lock.is_infinity:
            raise Malformed("blinds", hop)
        locks.append(lock)
    return locks, total(blinds, "blinds")


def total(blinds, field):
    """The sum, as whoever gets it alone would receive it: it may not be zero."""
    result = sum(blinds) % ORDER
    if result == 0:
        raise Malformed(field)
    return result


def claim(lock_secret, blind):
    """l_i from l_{i+1}."""
    if lock_secret == blind:
        raise Malformed("blind")
    return (lock_secret - blind) % ORDER


def claim_route(last_secret, blinds):
    """([l_1 ... l_n], l_1 - y_0): what the claims, begun at the receiver, reveal edge by edge."""
    secrets = [last_secret]
    for y in reversed(blinds):
        secrets.insert(0, claim(secrets[0], y))
    return secrets[1:], secrets[0]
