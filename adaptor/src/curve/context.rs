use alloc::boxed::Box;

use once_cell::race::OnceBox;
use secp256k1::{All, Secp256k1};

use super::CurveError;

static CONTEXT: OnceBox<Secp256k1<All>> = OnceBox::new();

/// The one libsecp256k1 context of the process: making one costs as much as a signature. Whoever calls libsecp256k1 beside
/// this crate can share it.
pub fn context() -> &'static Secp256k1<All> {
    CONTEXT.get_or_init(|| Box::new(Secp256k1::gen_new()))
}

/// Blinds libsecp256k1's base point multiplication with `seed`, 32 bytes of fresh entropy: a defence in
/// depth against side channels other than timing.
///
/// Call it once, before anything else of this crate: entropy comes in as an argument here, never from
/// the operating system behind the caller's back.
///
/// # Errors
///
/// [`CurveError::ContextInUse`] when a signature or point was already computed in this process.
pub fn randomize_context(seed: &[u8; 32]) -> Result<(), CurveError> {
    let mut context = Secp256k1::gen_new();
    context.seeded_randomize(seed);
    CONTEXT.set(Box::new(context)).map_err(|_| CurveError::ContextInUse)
}
