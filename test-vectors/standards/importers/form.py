"""The form of the files here, and how a source is read.

A file is a header (where its figures are from), `common` where its rows share values, and `rows`. Values are hexadecimal in
lower case, numbers, truth values and names of our own; BOLT 12's strings and BIP-341's addresses are the only text.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

HEXADECIMAL = re.compile(r"([0-9a-f]{2})*")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# What is tested is the text itself, so these members have it.
TEXTS = {
    "string": re.compile(r"[A-Za-z0-9+ \r\n]+"),
    "address": re.compile(r"bc1p[a-z0-9]+"),
}
# What authors say about their figures. It stays with them.
REMARKS = {"comment", "desc", "description", "field info", "alias"}


class Unfit(Exception):
    """A source or a file that has not the form it should have."""


@dataclass(frozen=True)
class Source:
    """One file of somebody's repository at a commit. `blob` is git's name of its contents, `beside` its place in the folder
    of unchanged files that may stand beside the project."""

    repository: str
    path: str
    commit: str
    blob: str
    licence: str
    beside: str

    def places(self):
        """Where the file may be in a folder: in a checkout that is there or is the folder itself, or as in `beside`."""
        return f"{self.repository.rsplit('/', 1)[1]}/{self.path}", self.path, self.beside


@dataclass(frozen=True)
class File:
    """A file of ours. `convert` makes its (common, rows) of the bytes of its source."""

    name: str
    source: Source
    convert: Callable[[bytes], tuple[dict, list[dict]]]

    def header(self):
        source = self.source
        return {
            "source": {"repository": source.repository, "path": source.path, "blob": source.blob},
            "commit": source.commit,
            "licence": source.licence,
        }

    def document(self, data):
        """What the file has to be when its source has these bytes."""
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if blob != self.source.blob:
            raise Unfit(f"{self.source.path} is blob {blob}: set this blob and its commit in importers/ first")
        common, rows = self.convert(data)
        return self.header() | ({"common": common} if common else {}) | {"rows": rows}


def text_of(document):
    return json.dumps(document, indent=1) + "\n"


def first_fault(document):
    """What is no figure and no name of ours, or a name that two rows have."""
    names = [row["name"] for row in document["rows"]]
    if len(set(names)) != len(names):
        return "two rows of one name"
    return next(_faults("", {"common": document.get("common", {}), "rows": document["rows"]}), None)


def _faults(member, value):
    if isinstance(value, dict):
        for name, item in value.items():
            if not NAME.fullmatch(name):
                yield f"the member {name!r}"
            yield from _faults(name, item)
    elif isinstance(value, list):
        for item in value:
            yield from _faults(member, item)
    elif isinstance(value, str):
        allowed = [TEXTS[member]] if member in TEXTS else [HEXADECIMAL, NAME]
        if not any(form.fullmatch(value) for form in allowed):
            yield f"{member}: {value!r}"
    elif not isinstance(value, int):
        yield f"{member}: {value!r}"


class Members:
    """An object of a source. Each member is taken or left out by name, so that none is lost unseen; remarks are left out.

    Used as a context: its end is where all have to be taken.
    """

    def __init__(self, members):
        self.members = {name: value for name, value in members.items() if name not in REMARKS}

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.members:
            raise Unfit(f"members that nobody takes: {', '.join(self.members)}")

    def take(self, name):
        try:
            return self.members.pop(name)
        except KeyError:
            raise Unfit(f"no member {name}") from None

    def take_or_none(self, name):
        return self.members.pop(name, None)

    def leave_out(self, *names):
        for name in names:
            self.take(name)

    def hex(self, name):
        return hexadecimal(self.take(name))

    def hexes(self, name):
        return [hexadecimal(item) for item in self.take(name)]

    def hex_or_none(self, name):
        value = self.take_or_none(name)
        return None if value is None else hexadecimal(value)

    def same(self, name, value):
        """Takes what the source says once more."""
        again = self.take(name)
        if again != value and hexadecimal(again) != value:
            raise Unfit(f"{name} is {again}, not {value}")


def hexadecimal(text):
    lower = text.lower()
    if not HEXADECIMAL.fullmatch(lower):
        raise Unfit(f"not hexadecimal: {text}")
    return lower


def row(name, **members):
    """A row without the members that are None."""
    return {"name": name} | present(members)


def present(members):
    return {name: value for name, value in members.items() if value is not None}


def named(names, items):
    """The items of a source with our names for them, one for each."""
    if len(names) != len(items):
        raise Unfit(f"{len(items)} rows, {len(names)} names")
    return zip(names, items)


def numbered(prefix, items):
    return ((f"{prefix}_{index}", item) for index, item in enumerate(items))


def csv_rows(data):
    """Rows as dicts, empty cells left out; a row without an index is a remark."""
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    return [{name: cell for name, cell in line.items() if cell} for line in rows if line["index"]]


def verdict(truth):
    return "valid" if truth else "invalid"
