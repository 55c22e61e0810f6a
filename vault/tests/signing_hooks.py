"""Lets schemathesis sign what it sends, as a receiver would: most of it, so that what lies behind the signature is met, too."""

import hashlib
import os
import random
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import schemathesis
from requests.auth import AuthBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test-vectors" / "reference"))
import bip340  # noqa: E402

KEY = int(os.environ["POINTLOCK_KEY"], 16)
ORIGIN = os.environ["POINTLOCK_ORIGIN"]


class Signed(AuthBase):
    """Signs the request as it leaves: with its final path and body."""

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        if not isinstance(body, bytes):
            return request
        url = urlsplit(request.url)
        path = url.path + (f"?{url.query}" if url.query else "")
        now, nonce = int(time.time()), os.urandom(16)
        parts = [ORIGIN.encode(), b"\0", request.method.encode(), b"\0", path.encode(), b"\0"]
        parts += [now.to_bytes(8, "big"), nonce, hashlib.sha256(body).digest()]
        tag = hashlib.sha256(b"pointlock/vault_request").digest()
        message = hashlib.sha256(tag + tag + b"".join(parts)).digest()
        signature = bip340.sign(KEY, message, os.urandom(32))
        request.headers["Authorization"] = (
            f"Pointlock time={now}, nonce={nonce.hex()}, signature={signature.hex()}"
        )
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    # The receiver that is there, more often than not.
    if "name" in (case.path_parameters or {}) and random.random() < 0.7:
        case.path_parameters["name"] = "alice"
    if random.random() < 0.8:
        kwargs["auth"] = Signed()
