//! What a peer or a disk says: read, it is written as it was; anything else is refused by its field.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/scene.rs"]
mod scene;

use std::sync::LazyLock;

use bitcoin::OutPoint;
use pointlock_channel::*;
use proptest::prelude::*;
use scene::*;

static SIGNED: LazyLock<(CompleteCommitment, CoveredCommitment)> =
    LazyLock::new(|| Scene::with_edges(OutPoint::null()).signed(Party::Opener, 1));

#[test]
fn lengths_and_versions_are_named() {
    let (complete, covered) = &*SIGNED;
    let given = covered.pre_signatures().to_bytes();
    assert_eq!(PreSignatures::from_bytes(&given).unwrap(), covered.pre_signatures());
    let malformed = |field| SigningError::Encoding { field };
    assert_eq!(PreSignatures::from_bytes(&given[..31]), Err(malformed("txid")));
    let last = given.len() - 1;
    assert_eq!(PreSignatures::from_bytes(&given[..last]), Err(malformed("presignatures")));

    let signatures = complete.signatures();
    let fields = [
        signatures.partial_to_bytes().to_vec(),
        signatures.signatures_to_bytes(),
        signatures.pre_signatures_to_bytes(),
    ];
    let read = |fields: &[Vec<u8>; 3]| {
        CommitmentSignatures::from_bytes(&fields[0], &fields[1], &fields[2])
    };
    assert_eq!(read(&fields).as_ref(), Ok(signatures));
    for (at, field) in
        [(0, "partial signature with nonce"), (1, "signatures"), (2, "presignatures")]
    {
        let mut cut = fields.clone();
        cut[at].pop();
        assert_eq!(read(&cut), Err(malformed(field)));
    }

    let mut record = complete.record().to_bytes();
    assert_eq!(PublishRecord::from_bytes(&record), Ok(complete.record()));
    record[0] = 2;
    assert_eq!(PublishRecord::from_bytes(&record), Err(malformed("version")));
}

proptest! {
    #[test]
    fn what_is_read_is_written_as_it_was(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        at in 0usize..400,
        flip in 1u8..,
    ) {
        if let Ok(read) = PreSignatures::from_bytes(&noise) {
            prop_assert_eq!(read.to_bytes(), noise.clone());
        }
        let (complete, covered) = &*SIGNED;
        let mut given = covered.pre_signatures().to_bytes();
        let place = at % given.len();
        given[place] ^= flip;
        if let Ok(read) = PreSignatures::from_bytes(&given) {
            prop_assert_eq!(read.to_bytes(), given);
            // One byte, and the commitment can't be signed.
            prop_assert!(CoveredCommitment::new(covered.commitment().clone(), &read).is_err());
        }
        let mut record = complete.record().to_bytes();
        let place = at % record.len();
        record[place] ^= flip;
        if let Ok(read) = PublishRecord::from_bytes(&record) {
            prop_assert_eq!(read.to_bytes(), record);
            let scene = Scene::with_edges(OutPoint::null());
            let refused = complete.publish(scene.secrets_of(Party::Opener), &read);
            prop_assert_eq!(refused, Err(SigningError::NotRecorded));
        }
        if let Ok(read) = CommitmentSignatures::from_bytes(&noise, &[], &[]) {
            prop_assert_eq!(read.partial_to_bytes().to_vec(), noise);
        }
    }
}
