//! How pointers are called in the signatures of exported functions. `cbindgen.toml` says what each is in C: it looks into no macro,
//! and finds none of these names by itself.

use pointlock::adaptor::musig2::KeyAggContext;
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::StaticInvoice;
use pointlock::invoice::ktime::{PayerKey, PaymentPolynomial};
use pointlock::invoice::proof::PaymentProof;
use pointlock::lock::Blind;

use crate::border::{In, Out};
use crate::musig2::{AnySession, OneNonce};
use crate::point::PointData;
use crate::refusal::Fault;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $type:ty;)*) => { $($(#[$doc])* pub type $name = $type;)* };
}

names! {
    /// Bytes that are read.
    BytesIn = In<u8>;
    /// Bytes that are written.
    BytesOut = Out<u8>;
    /// Why a call was refused, or null.
    FaultOut = Out<Fault>;
    /// A point that is read, or the first of a list.
    PointIn = In<PointData>;
    /// A point that is written, or the first of a list.
    PointOut = Out<PointData>;
    /// A number that is written.
    SizeOut = Out<usize>;
    /// An amount that is written.
    AmountOut = Out<u64>;
}

/// For each handle: as it is lent, where a new one is put, and as it is given back.
macro_rules! handles {
    ($($type:ty: $lent:ident, $new:ident, $owned:ident;)*) => {
        $(
            /// A handle that is lent.
            pub type $lent = In<$type>;
            /// Where a new handle is put.
            pub type $new = Out<*mut $type>;
            /// A handle that is given back.
            pub type $owned = Out<$type>;
        )*
    };
}

handles! {
    SecretScalar: SecretIn, SecretNew, SecretOwned;
    Blind: BlindIn, BlindNew, BlindOwned;
    Keypair: KeypairIn, KeypairNew, KeypairOwned;
    KeyAggContext: KeyAggIn, KeyAggNew, KeyAggOwned;
    OneNonce: NonceIn, NonceNew, NonceOwned;
    AnySession: SessionIn, SessionNew, SessionOwned;
    StaticInvoice: InvoiceIn, InvoiceNew, InvoiceOwned;
    PaymentPolynomial: PolynomialIn, PolynomialNew, PolynomialOwned;
    PayerKey: PayerKeyIn, PayerKeyNew, PayerKeyOwned;
    PaymentProof: ProofIn, ProofNew, ProofOwned;
}

names! {
    /// The first of a list of secrets.
    SecretList = In<*const SecretScalar>;
    /// The first of a list of blinds.
    BlindList = In<*const Blind>;
}
