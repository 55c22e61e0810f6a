//! What only x86-64 has: one field element at a time with BMI2, eight at once by AVX-512 with IFMA.
//!
//! [`entry`] is the only way in. Below it stand, from the top, `eight`, `multiply`, `points`, `field` and `line`: safe functions
//! with `#[target_feature]`, which may call each other and the intrinsics without `unsafe`.

#![allow(
    clippy::incompatible_msrv,
    reason = "the build script lets these modules in from Rust 1.89 on"
)]

#[cfg(all(test, pointlock_ifma))]
mod crafted;
#[cfg(pointlock_ifma)]
mod eight;
pub(crate) mod entry;
#[cfg(pointlock_ifma)]
mod field;
#[cfg(pointlock_ifma)]
mod line;
#[cfg(pointlock_ifma)]
mod multiply;
#[cfg(pointlock_ifma)]
mod points;

#[cfg(all(test, pointlock_ifma))]
mod tests {
    use super::crafted;
    use super::entry::Ifma;
    use crate::features::Features;

    #[test]
    fn crafted_limbs() {
        let Ok(ifma) = Ifma::new(&Features::detect()) else { return };
        crafted::run(|factors, reduced, product| ifma.compute_crafted(factors, reduced, product));
    }
}
