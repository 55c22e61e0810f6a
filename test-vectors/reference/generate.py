"""Writes the test vectors, or checks them.

    generate.py           writes schnorr.json, ecdsa.json, musig2.json, lock.json, dleq.json, ktime.json,
                          proof.json, failure.json, wire.json and channel.json beside this folder
    generate.py --check   1. the reference passes the vectors of the standards, in ../standards
                          2. each file is generated again in memory and compared, byte for byte
                          3. each file fits schema.json

The output depends on nothing but this folder: no clock, no randomness, no other file.
"""

import argparse
import json
import sys
from pathlib import Path

import cases_channel
import cases_dleq
import cases_ecdsa
import cases_failure
import cases_ktime
import cases_lock
import cases_musig2
import cases_proof
import cases_schnorr
import cases_wire
import external
import external_bip374
import schema
from cases import Disagreement

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent
GENERATORS = {
    "schnorr.json": cases_schnorr.generate,
    "ecdsa.json": cases_ecdsa.generate,
    "musig2.json": cases_musig2.generate,
    "lock.json": cases_lock.generate,
    "dleq.json": cases_dleq.generate,
    "ktime.json": cases_ktime.generate,
    "proof.json": cases_proof.generate,
    "failure.json": cases_failure.generate,
    "wire.json": cases_wire.generate,
    "channel.json": cases_channel.generate,
}


def text_of(document):
    return json.dumps(document, indent=1) + "\n"


def write():
    for name, generate in GENERATORS.items():
        document = generate()
        (VECTORS / name).write_text(text_of(document), encoding="ascii", newline="\n")
        print(f"{name}: {len(document['rows'])} rows written")


def check():
    """The faults found, as lines."""
    return [*external.check(VECTORS / "standards"), *check_bip374(), *check_generated()]




def check_bip374():
    faults = []
    for name, compare in external_bip374.CHECKS.items():
        path = VECTORS / "standards" / name
        try:
            print(f"standards/{name}: {compare(json.loads(path.read_text(encoding='ascii')))} rows agree")
        except (OSError, ValueError, LookupError) as error:
            faults.append(f"standards/{name}: {error!r}")
    return faults


def check_generated():
    rules = json.loads((VECTORS / "schema.json").read_text(encoding="utf-8"))
    faults = []
    for name, generate in GENERATORS.items():
        try:
            document = generate()
        except Disagreement as disagreement:
            faults.append(f"{name}: {disagreement}")
            continue
        fault = compare_with_committed(VECTORS / name, document) or first_unfit(rules, name, document)
        if fault:
            faults.append(f"{name}: {fault}")
        else:
            print(f"{name}: {len(document['rows'])} rows, as generated, within the schema")
    return faults


def compare_with_committed(path, document):
    """What differs first between the file and what the reference generates."""
    if not path.is_file():
        return "missing; run generate.py"
    committed = path.read_bytes()
    if committed == text_of(document).encode():
        return None
    try:
        rows = json.loads(committed)["rows"]
    except (ValueError, KeyError, TypeError):
        return "no JSON object with rows"
    for index, (row, wanted) in enumerate(zip(rows, document["rows"])):
        if row != wanted:
            keys = [key for key in wanted if not isinstance(row, dict) or row.get(key) != wanted[key]]
            return f"row {index}, {wanted['name']}: {', '.join(keys) or 'an extra field'} not as generated"
    if len(rows) != len(document["rows"]):
        return f"{len(rows)} rows, {len(document['rows'])} generated"
    return "rows as generated, but the header or the layout differs"


def first_unfit(rules, name, document):
    """Row by row, so that a fault names its row."""
    definitions = rules["$defs"]
    row_rules = definitions[name]["properties"]["rows"]["items"]
    for index, row in enumerate(document["rows"]):
        fault = schema.first_fault(row_rules, row, rules)
        if fault:
            return f"row {index}, {row['name']}: {fault}"
    return schema.first_fault(definitions[name], document, rules)


def main():
    parser = argparse.ArgumentParser(description="Writes pointlock's test vectors, or checks them.")
    parser.add_argument("--check", action="store_true", help="compare with the standards' vectors and with the files")
    if not parser.parse_args().check:
        write()
        return 0
    faults = check()
    for fault in faults:
        print(f"FAILED {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
