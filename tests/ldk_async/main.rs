//! LDK's async payments, with LDK on the other side: its messenger, its flow of offers and its packet code, in two versions. An LDK payer pays a
//! pointlock receiver, and a pointlock sender an LDK receiver; a pointlock node stands between.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[macro_use]
mod shims;

mod bad_input;
mod plain_invoices;
mod pointlock_nodes;
mod table;

/// To pointlock's nodes. LDK looks at the machine's clock in places, where nothing depends on it.
pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;

/// What the LSP asks for on a path: blocks, millionths, millisatoshi.
pub(crate) fn relay_terms() -> (u16, u32, u32) {
    (144, 100, 1_000)
}

/// `lightning` 0.2.7.
pub(crate) mod v02 {
    use lightning as ldk;

    pub(crate) mod shims {
        use lightning::chain::BestBlock as Tip;
        use lightning::ln::channelmanager::RecipientOnionFields;
        shims!(old: yes,);
    }

    include!("node.rs");
    include!("handler.rs");
    include!("flows.rs");
    include!("interop.rs");

    pub(crate) mod vault {
        use super::*;
        include!("vault.rs");
    }
}

/// `lightning` 0.3.0-rc3.
pub(crate) mod v03 {
    use lightning_030 as ldk;

    pub(crate) mod shims {
        use lightning_030::chain::BlockLocator as Tip;
        use lightning_030::ln::outbound_payment::RecipientOnionFields;
        shims!(new: auth,);
    }

    include!("node.rs");
    include!("handler.rs");
    include!("flows.rs");
    include!("interop.rs");

    pub(crate) mod vault {
        use super::*;
        include!("vault.rs");
    }
}
