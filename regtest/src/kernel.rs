use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bitcoin::hashes::Hash;
use bitcoin::{Block, BlockHash, consensus};
use bitcoinkernel::prelude::*;
use bitcoinkernel::{
    BlockValidationStateRef, ChainType, ChainstateManager, Context, ContextBuilder, ValidationMode,
};

use crate::{Refused, log};

/// One chain state of Bitcoin Core's, with its files.
pub(crate) struct Kernel {
    manager: ChainstateManager,
    _context: Context,
    verdict: Arc<Mutex<Option<(BlockHash, ValidationMode)>>>,
    // Dropped last: the kernel closes its files before.
    folder: Folder,
}

/// A folder of its own, removed when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Kernel {
    /// With the genesis block alone.
    pub(crate) fn new() -> Result<Self, Refused> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        log::listen();
        let name = format!(
            "pointlock-regtest-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = Folder(std::env::temp_dir().join(name));
        let (data, blocks) = (folder.0.clone(), folder.0.join("blocks"));
        std::fs::create_dir_all(&blocks)?;
        let verdict = Arc::new(Mutex::new(None));
        let told = Arc::clone(&verdict);
        let context = ContextBuilder::new()
            .chain_type(ChainType::Regtest)
            .with_block_checked_validation(
                move |block: bitcoinkernel::Block, state: BlockValidationStateRef<'_>| {
                    let hash = BlockHash::from_byte_array(block.hash().to_bytes());
                    if let Ok(mut verdict) = told.lock() {
                        *verdict = Some((hash, state.mode()));
                    }
                },
            )
            .build()?;
        // No threads: with them, the coinbase's amount would be looked at before scripts are.
        let manager = ChainstateManager::builder(
            &context,
            &data.to_string_lossy(),
            &blocks.to_string_lossy(),
        )?
        .worker_threads(0)
        .block_tree_db_in_memory(true)
        .chainstate_db_in_memory(true)
        .build()?;
        manager.import_blocks()?;
        Ok(Self { manager, _context: context, verdict, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Accepted is what the callback calls valid and what is the tip.
    pub(crate) fn offer(&mut self, block: &Block) -> Result<(), Refused> {
        log::clear();
        if let Ok(mut verdict) = self.verdict.lock() {
            *verdict = None;
        }
        let hash = block.block_hash();
        let encoded = bitcoinkernel::Block::new(&consensus::serialize(block))?;
        self.manager.process_block(&encoded);
        let verdict = self.verdict.lock().map_or(None, |verdict| *verdict);
        let tip = self.manager.active_chain().tip().block_hash().to_bytes();
        if verdict == Some((hash, ValidationMode::Valid)) && tip == hash.to_byte_array() {
            return Ok(());
        }
        let reason = log::reason().unwrap_or_else(|| format!("without a reason: {}", log::said()));
        Err(Refused::Block { reason })
    }
}
