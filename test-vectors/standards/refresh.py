"""Writes the standards' vectors, or checks them.

    refresh.py --from FOLDER          writes the files beside this script. FOLDER holds checkouts of the repositories that
                                      README.md names (bips, bolts, ...), or is one of them; what it lacks stays as it is
    refresh.py --check                1. the files are those of importers/, no more and no fewer, each with its source,
                                         commit and licence, with figures and names of ours and nothing else
                                      2. each has as many rows as README.md says
                                      3. where ../shared/vectors stands beside the project, with the unchanged sources,
                                         each file is made of them again and compared byte for byte
    refresh.py --check --from FOLDER  compares with this folder instead

The output depends on the sources and importers/ alone. Plain Python 3.11, nothing but its standard library.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from importers import FILES
from importers.form import Unfit, first_fault, text_of

HERE = Path(__file__).resolve().parent
BESIDE = HERE.parents[2] / "shared" / "vectors"


def source_of(file, folder):
    """The bytes of the file's source, or None where the folder lacks it."""
    places = (folder / place for place in file.source.places())
    return next((place.read_bytes() for place in places if place.is_file()), None)


def write(folder):
    """The faults found, as lines."""
    faults = []
    for file in FILES:
        data = source_of(file, folder)
        if data is None:
            print(f"{file.name}: no {file.source.path} in {folder}, left as it is")
            continue
        try:
            document = file.document(data)
        except Unfit as unfit:
            faults.append(f"{file.name}: {unfit}")
            continue
        path = HERE / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(document), encoding="ascii", newline="\n")
        print(f"{file.name}: {len(document['rows'])} rows written")
    return faults


def check(folder):
    """The faults found, as lines."""
    if folder is None and BESIDE.is_dir():
        folder = BESIDE
    if folder is None:
        print(f"notice: no {BESIDE}, so the files are not compared with their sources", file=sys.stderr)
    faults = [*strays()]
    counts = counts_of_readme()
    for file in FILES:
        fault = fault_of(file, counts.pop(file.name, None), folder)
        if fault:
            faults.append(f"{file.name}: {fault}")
    faults += [f"{name}: in README.md only" for name in counts]
    return faults


def strays():
    names = {file.name for file in FILES}
    for path in sorted(HERE.rglob("*.json")):
        name = path.relative_to(HERE).as_posix()
        if name not in names:
            yield f"{name}: importers/ doesn't know it"


def counts_of_readme():
    """The rows of each file by README.md's table."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    return {name: int(rows) for name, rows in re.findall(r"^\| `([^`]+\.json)` \| ([0-9]+) \|", text, re.MULTILINE)}


def fault_of(file, count, folder):
    path = HERE / file.name
    if not path.is_file():
        return "missing"
    try:
        text = path.read_text(encoding="ascii")
        document = json.loads(text)
        if text != text_of(document):
            return "not in the layout that refresh.py writes"
        if {name: document[name] for name in file.header()} != file.header():
            return "source, commit or licence are not those of importers/"
        fault = first_fault(document)
        rows = len(document["rows"])
    except (ValueError, LookupError, TypeError) as error:
        return f"unreadable, {error!r}"
    if fault:
        return f"neither a figure nor a name: {fault}"
    if rows != count:
        return f"{rows} rows, {count} in README.md"
    data = None if folder is None else source_of(file, folder)
    if data is None:
        print(f"{file.name}: {rows} rows, not compared")
        return None
    try:
        if text != text_of(file.document(data)):
            return f"differs from what {file.source.path} gives"
    except Unfit as unfit:
        return str(unfit)
    print(f"{file.name}: {rows} rows, as in {file.source.path}")
    return None


def main():
    parser = argparse.ArgumentParser(description="Writes the standards' vectors, or checks them.")
    parser.add_argument("--from", dest="folder", type=Path, help="where the sources are")
    parser.add_argument("--check", action="store_true", help="change nothing, compare")
    arguments = parser.parse_args()
    if arguments.folder is None and not arguments.check:
        parser.error("--from or --check")
    if arguments.folder is not None and not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    faults = check(arguments.folder) if arguments.check else write(arguments.folder)
    for fault in faults:
        print(f"FAILED {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
