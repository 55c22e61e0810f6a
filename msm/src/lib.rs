//! For *public* data only: every function here takes variable time.
mod affine;
mod backend;
#[cfg(test)]
mod exhaustive;
mod field;
#[cfg(target_arch = "x86_64")]
mod x86;
mod inverse;
mod jacobian;
mod lists;
mod pairs;
mod pippenger;
mod recode;
mod scalar;
mod strauss;
mod sum;
mod table;
mod term;

pub use affine::Affine;
pub use backend::Backend;
pub use jacobian::Jacobian;
pub use scalar::Scalar;
pub use sum::{double_multiply, multiply_sum};
pub use term::Term;
