use bitcoin::block::{Header, Version as BlockVersion};
use bitcoin::hashes::Hash;
use bitcoin::script::Builder;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxMerkleNode, TxOut, Witness, absolute,
};

/// Where a block goes, and what its coinbase takes.
pub(crate) struct Place {
    pub(crate) previous: BlockHash,
    pub(crate) time: u32,
    pub(crate) height: u32,
    pub(crate) reward: Amount,
    /// Tells blocks of the same contents apart.
    pub(crate) counter: u64,
}

/// A block with these transactions: with its coinbase to `payee`, its witness commitment, and its proof of work, which takes two tries.
pub(crate) fn build(place: &Place, payee: ScriptBuf, transactions: &[Transaction]) -> Block {
    let mut block = Block {
        header: Header {
            version: BlockVersion::from_consensus(0x2000_0000),
            prev_blockhash: place.previous,
            merkle_root: TxMerkleNode::all_zeros(),
            time: place.time,
            bits: CompactTarget::from_consensus(0x207f_ffff),
            nonce: 0,
        },
        txdata: vec![coinbase(place, payee)],
    };
    block.txdata.extend_from_slice(transactions);
    let reserved = [0; 32];
    let root = block.witness_root().expect("there is a coinbase");
    let commitment = Block::compute_witness_commitment(&root, &reserved);
    let mut script = vec![0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];
    script.extend(commitment.to_byte_array());
    let output = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(script) };
    block.txdata[0].output.push(output);
    block.header.merkle_root = block.compute_merkle_root().expect("there is a coinbase");
    while !block.header.target().is_met_by(block.block_hash()) {
        block.header.nonce += 1;
    }
    block
}

fn coinbase(place: &Place, payee: ScriptBuf) -> Transaction {
    let script_sig = Builder::new()
        .push_int(i64::from(place.height))
        .push_slice(place.counter.to_be_bytes())
        .into_script();
    let input = TxIn {
        previous_output: OutPoint::null(),
        script_sig,
        sequence: Sequence::MAX,
        witness: Witness::from_slice(&[[0; 32]]),
    };
    Transaction {
        version: Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![TxOut { value: place.reward, script_pubkey: payee }],
    }
}
