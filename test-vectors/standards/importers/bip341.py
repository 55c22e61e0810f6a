"""BIP-341: taproot outputs, and a transaction that spends seven of them by the key path."""

import json

from .form import File, Members, Source, Unfit, named, numbered, present, row

NAMES = (
    "no_tree",
    "one_leaf",
    "another_leaf",
    "two_leaves_of_two_versions",
    "two_leaves",
    "three_leaves",
    "three_other_leaves",
)


def _tree(node, count):
    """A leaf, or a pair of nodes. The source numbers its leaves from the left, so the numbers are left out."""
    if isinstance(node, list):
        pair = []
        for child in node:
            child, count = _tree(child, count)
            pair.append(child)
        return pair, count
    with Members(node) as leaf:
        if leaf.take("id") != count:
            raise Unfit("leaves that are not numbered from the left")
        return {"script": leaf.hex("script"), "version": leaf.take("leafVersion")}, count + 1


def outputs(data):
    file, rows = json.loads(data), []
    for name, case in named(NAMES, file["scriptPubKey"]):
        with Members(case) as case:
            given, steps = Members(case.take("given")), Members(case.take("intermediary"))
            with given, steps, Members(case.take("expected")) as expected:
                tree = given.take("scriptTree")
                rows.append(
                    row(
                        name,
                        internal_key=given.hex("internalPubkey"),
                        tree=None if tree is None else _tree(tree, 0)[0],
                        leaf_hashes=steps.hexes("leafHashes") if tree else [],
                        merkle_root=steps.hex_or_none("merkleRoot"),
                        tweak=steps.hex("tweak"),
                        output_key=steps.hex("tweakedPubkey"),
                        script_pubkey=expected.hex("scriptPubKey"),
                        address=expected.take("bip350Address"),
                        control_blocks=expected.hexes("scriptPathControlBlocks") if tree else [],
                    )
                )
    return {}, rows


def key_path_spends(data):
    [spending] = json.loads(data)["keyPathSpending"]
    rows = []
    with Members(spending) as spending:
        given, steps = Members(spending.take("given")), Members(spending.take("intermediary"))
        with given, steps, Members(spending.take("auxiliary")) as signed:
            common = {
                "unsigned": given.hex("rawUnsignedTx"),
                "signed": signed.hex("fullySignedTx"),
                "spent": [_spent(output) for output in given.take("utxosSpent")],
                "amounts_hash": steps.hex("hashAmounts"),
                "outputs_hash": steps.hex("hashOutputs"),
                "prevouts_hash": steps.hex("hashPrevouts"),
                "script_pubkeys_hash": steps.hex("hashScriptPubkeys"),
                "sequences_hash": steps.hex("hashSequences"),
            }
        for name, case in numbered("spend", spending.take("inputSpending")):
            rows.append(_spend(name, case))
    return common, rows


def _spent(output):
    with Members(output) as output:
        return {"script_pubkey": output.hex("scriptPubKey"), "amount": output.take("amountSats")}


# Which of the hashes of `common` a sighash message has.
HASHES = {
    "hashAmounts": "amounts_hash",
    "hashOutputs": "outputs_hash",
    "hashPrevouts": "prevouts_hash",
    "hashScriptPubkeys": "script_pubkeys_hash",
    "hashSequences": "sequences_hash",
}


def _spend(name, case):
    with Members(case) as case:
        given, steps = Members(case.take("given")), Members(case.take("intermediary"))
        with given, steps, Members(case.take("expected")) as expected:
            [element] = expected.hexes("witness")
            return {"name": name} | present(
                {
                    "input": given.take("txinIndex"),
                    "secret_key": given.hex("internalPrivkey"),
                    "merkle_root": given.hex_or_none("merkleRoot"),
                    "sighash_type": given.take("hashType"),
                    "internal_key": steps.hex("internalPubkey"),
                    "tweak": steps.hex("tweak"),
                    "tweaked_secret_key": steps.hex("tweakedPrivkey"),
                    "sighash_message": steps.hex("sigMsg"),
                    "hashes": [HASHES[hash] for hash in steps.take("precomputedUsed")],
                    "sighash": steps.hex("sigHash"),
                    "witness": element,
                }
            )


SOURCE = Source(
    "https://github.com/bitcoin/bips",
    "bip-0341/wallet-test-vectors.json",
    "e35a46ecf3031c21dc7f7fdb694986789a3a8144",
    "11261b00ba24afb90b62109505d9ca5ddd773b3b",
    "BSD-3-Clause",
    "bip341/wallet-test-vectors.json",
)
FILES = [File("bip341/outputs.json", SOURCE, outputs), File("bip341/key_path_spends.json", SOURCE, key_path_spends)]
