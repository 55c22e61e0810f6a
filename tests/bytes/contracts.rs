//! What each side of a contract keeps: verified again when it is read.

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, Txid};
use pointlock::contract::{
    Contract, ContractTerms, FeeLadder, FundedContract, OfferedContract, ReceivedContract,
};
use pointlock::curve::Keypair;
use pointlock::journal::{RecordError, Recordable};
use pointlock::lock::{Lock, LockSecret};

use crate::net::{point_secret, preimage, scalar};
use crate::refusals::changed;

fn funded(lock: Lock) -> FundedContract {
    let terms = ContractTerms {
        offerer: scalar(1).to_point(),
        claimer: scalar(2).to_point(),
        amount: Amount::from_sat(100_000),
        expiry: 800_000,
        lock,
    };
    let outpoint = OutPoint { txid: Txid::from_byte_array([5; 32]), vout: 7 };
    FundedContract::new(Contract::new(terms).unwrap(), outpoint)
}

/// Both sides of a contract under this secret's lock.
pub(crate) fn both(secret: &LockSecret) -> (OfferedContract, ReceivedContract) {
    let funded = funded(secret.lock());
    let payout = funded.contract().script_pubkey();
    let ladder = FeeLadder::new([200, 400, 800].map(Amount::from_sat).to_vec()).unwrap();
    let offerer = Keypair::new(scalar(1));
    let offered =
        OfferedContract::new(funded.clone(), &payout, &ladder, &offerer, &[6; 32]).unwrap();
    let pre_signatures = offered.pre_signatures().cloned();
    let received = ReceivedContract::new(funded, payout, &ladder, pre_signatures).unwrap();
    (offered, received)
}

#[test]
fn are_written_as_they_were() {
    for secret in [point_secret(3), preimage(4)] {
        let (offered, received) = both(&secret);
        let record = offered.to_record();
        let read = OfferedContract::from_record(&record).unwrap();
        assert_eq!(*read.to_record(), *record);
        assert_eq!(read.funded(), offered.funded());
        assert_eq!(read.pre_signatures(), offered.pre_signatures());
        let record = received.to_record();
        let read = ReceivedContract::from_record(&record).unwrap();
        assert_eq!(*read.to_record(), *record);
        assert_eq!((read.payout(), read.outputs()), (received.payout(), received.outputs()));
    }
}

/// No bit of a record can be turned unseen, save that of another contract of as good a kind: then its pre-signatures are not for it.
#[test]
fn a_bit_that_turned_is_found() {
    let (offered, received) = both(&point_secret(3));
    let offered = offered.to_record();
    let received = received.to_record();
    for index in 0..received.len() {
        let mut damaged = received.clone();
        damaged[index] ^= 4;
        assert!(ReceivedContract::from_record(&damaged).is_err(), "byte {index}");
        if let Some(byte) = offered.get(index) {
            let mut damaged = offered.clone();
            damaged[index] = byte ^ 4;
            assert!(OfferedContract::from_record(&damaged).is_err(), "byte {index}");
        }
    }
}

#[test]
fn pre_signatures_belong_to_points() {
    let (of_point, of_hash) = (both(&point_secret(3)).0, both(&preimage(4)).0);
    let (of_point, of_hash) = (of_point.to_record(), of_hash.to_record());
    let mut pre_signatures = None;
    let without = changed(&of_point, |fields| pre_signatures = fields.pop());
    let field = "presignatures";
    let error = OfferedContract::from_record(&without).unwrap_err();
    assert!(matches!(error, RecordError::Field { field: at, .. } if at == field), "{error}");
    let with = changed(&of_hash, |fields| fields.extend(pre_signatures));
    let error = OfferedContract::from_record(&with).unwrap_err();
    assert!(matches!(error, RecordError::Field { field: at, .. } if at == field), "{error}");
    let other = ReceivedContract::from_record(&of_point).unwrap_err();
    assert_eq!(other, RecordError::UnknownKind { kind: 72 });
}
