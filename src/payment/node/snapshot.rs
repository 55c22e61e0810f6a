//! The state of a node as bytes, and back: that of its three roles, and what they have in common.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{Node, NodeConfig};
use crate::claims::ClaimStore;
use crate::journal::RecordError;
use crate::journal::codec::{Field, FieldReader, FieldWriter, record};
use crate::payment::Sender;
use crate::payment::forwarder::Forwards;
use crate::payment::intake::Intake;
use crate::payment::receiver::ReceiptFields;
use crate::payment::record::{kinds, read_state};

const INTAKE: Field = Field::new(0, "intake");
const SENDER: Field = Field::new(2, "sender");
const FORWARDS: Field = Field::new(4, "forwards");
const RECEIPTS: Field = Field::new(6, "receipts");

impl<C: ClaimStore> Node<C> {
    /// The state, for a journal: it stands for all events so far. It holds secrets. Claims are in it if their store is in memory.
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        let Self { intake, sender, forwards, receipts } = self;
        record(kinds::NODE)
            .put(INTAKE, |out| intake.write(out))
            .put(SENDER, |out| out.put(&sender.dangerous_write(FieldWriter::new()).into_bytes()))
            .put(FORWARDS, |out| forwards.dangerous_write(intake.height, out))
            .put(RECEIPTS, |out| receipts.dangerous_write(out))
            .into_bytes()
    }

    /// The node of a snapshot, whose claims are kept in `store`. Height and time are the snapshot's, all else of `config` is as given.
    ///
    /// # Errors
    ///
    /// [`RecordError`], with the field; [`RecordError::OtherOwner`] for a role's, or that of a node with another key.
    pub fn restore_with_store(
        config: NodeConfig,
        bytes: &[u8],
        store: C,
    ) -> Result<Self, RecordError> {
        Self::restored(config, bytes, |fields| fields.no_claims(store))
    }

    fn restored(
        config: NodeConfig,
        bytes: &[u8],
        store: impl FnOnce(&mut ReceiptFields<'_>) -> Result<C, RecordError>,
    ) -> Result<Self, RecordError> {
        let mut fields = read_state(bytes, kinds::NODE)?;
        let intake = fields.required(INTAKE)?;
        let sender = FieldReader::parse(fields.required(SENDER)?)?;
        let forwards = fields.required(FORWARDS)?;
        let mut receipts = ReceiptFields::parse(fields.required(RECEIPTS)?)?;
        fields.end()?;
        let deadlines = config.deadlines;
        let intake = Intake::restored(config.node_key.clone(), deadlines, intake)?;
        let (forwarder, receiver) = config.roles();
        let forwards = Forwards::restored(forwarder, intake.height, forwards)?;
        let store = store(&mut receipts)?;
        Ok(Self {
            sender: Sender::restored(deadlines, sender)?,
            receipts: receipts.into_receipts(receiver, store)?,
            forwards,
            intake,
        })
    }
}

impl Node {
    /// The node of a snapshot, whose claims are kept in memory. Height and time are the snapshot's, all else of `config` is as given.
    ///
    /// # Errors
    ///
    /// As [`restore_with_store`](Self::restore_with_store).
    pub fn restore(config: NodeConfig, bytes: &[u8]) -> Result<Self, RecordError> {
        Self::restored(config, bytes, |fields| fields.claims())
    }
}
