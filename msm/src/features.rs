//! Which backends a build can run on a processor: the one place that decides it.
//!
//! | backend | the build needs | the processor needs |
//! | --- | --- | --- |
//! | `portable` | | |
//! | `bmi2` | x86-64 | BMI2 |
//! | `ifma` | x86-64, Rust 1.89 | BMI2, AVX-512 F, AVX-512 IFMA |
//!
//! Each needs what those before it need, so that one can do what they do: what does not come in eights runs on `ifma` as on
//! `bmi2`. The fastest is the last one that nothing is missing for.

use core::fmt;

/// The backends, by what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Portable,
    Bmi2,
    Ifma,
}

/// What this build and this processor have.
///
/// A value says the truth, because only [`detect`](Self::detect) makes one (and the tests of this file): the safety of
/// `x86/entry.rs` rests on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    /// The build is for x86-64.
    x86_64: bool,
    /// The compiler knew the intrinsics of AVX-512.
    intrinsics: bool,
    bmi2: bool,
    avx512f: bool,
    avx512ifma: bool,
}

/// Why a backend is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackendError {
    /// The program was built for another architecture than x86-64.
    Architecture,
    /// The processor lacks a feature, or the operating system does not support it.
    Processor {
        /// What is missing.
        feature: &'static str,
    },
    /// The program was built by a Rust before 1.89, whose intrinsics of AVX-512 were not stable.
    Compiler,
}

impl Kind {
    /// All of them, the fastest last.
    pub(crate) const ALL: [Self; 3] = [Self::Portable, Self::Bmi2, Self::Ifma];
}

impl Features {
    #[cfg(any(test, not(target_arch = "x86_64")))]
    const NONE: Self =
        Self { x86_64: false, intrinsics: false, bmi2: false, avx512f: false, avx512ifma: false };

    /// Asks the processor.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        let features = Self {
            x86_64: true,
            intrinsics: cfg!(pointlock_ifma),
            bmi2: is_x86_feature_detected!("bmi2"),
            avx512f: is_x86_feature_detected!("avx512f"),
            avx512ifma: is_x86_feature_detected!("avx512ifma"),
        };
        #[cfg(not(target_arch = "x86_64"))]
        let features = Self::NONE;
        features
    }

    /// The fastest backend that nothing is missing for.
    pub(crate) fn fastest(&self) -> Kind {
        let there = |kind: &Kind| self.check(*kind).is_ok();
        Kind::ALL.into_iter().rfind(there).unwrap_or(Kind::Portable)
    }

    /// Says what is missing for a backend; first what a newer compiler would not mend.
    pub(crate) fn check(&self, kind: Kind) -> Result<(), BackendError> {
        let needs = |has: bool, error: BackendError| if has { Ok(()) } else { Err(error) };
        let processor = |has, feature| needs(has, BackendError::Processor { feature });
        if kind >= Kind::Bmi2 {
            needs(self.x86_64, BackendError::Architecture)?;
            processor(self.bmi2, "BMI2")?;
        }
        if kind >= Kind::Ifma {
            processor(self.avx512f, "AVX-512 F")?;
            processor(self.avx512ifma, "AVX-512 IFMA")?;
            needs(self.intrinsics, BackendError::Compiler)?;
        }
        Ok(())
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Architecture => f.write_str("this program was not built for x86-64"),
            Self::Processor { feature } => write!(f, "this processor has no {feature}"),
            Self::Compiler => f.write_str(
                "this program was built by a compiler that knows no AVX-512 (Rust does since 1.89)",
            ),
        }
    }
}

impl core::error::Error for BackendError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that can be there and not be there, impossible combinations among them.
    fn all() -> impl Iterator<Item = Features> {
        (0..1 << 5).map(|bits: u8| {
            let has = |bit: u8| bits >> bit & 1 == 1;
            Features {
                x86_64: has(0),
                intrinsics: has(1),
                bmi2: has(2),
                avx512f: has(3),
                avx512ifma: has(4),
            }
        })
    }

    /// The table above, written out.
    #[test]
    fn the_fastest_for_each_set_of_features() {
        for features in all() {
            let Features { x86_64, intrinsics, bmi2, avx512f, avx512ifma } = features;
            let expected = match (x86_64, bmi2, avx512f, avx512ifma, intrinsics) {
                (true, true, true, true, true) => Kind::Ifma,
                (true, true, ..) => Kind::Bmi2,
                _ => Kind::Portable,
            };
            assert_eq!(features.fastest(), expected, "{features:?}");
        }
    }

    #[test]
    fn processors_that_there_are() {
        let build = Features { x86_64: true, intrinsics: true, ..Features::NONE };
        // Nehalem; Haswell, Zen 3; Skylake-X; Ice Lake, Zen 4.
        let haswell = Features { bmi2: true, ..build };
        let skylake = Features { avx512f: true, ..haswell };
        let ice_lake = Features { avx512ifma: true, ..skylake };
        let old_build = Features { intrinsics: false, ..ice_lake };
        let fastest = [build, haswell, skylake, ice_lake, old_build].map(|f| f.fastest());
        assert_eq!(fastest, [Kind::Portable, Kind::Bmi2, Kind::Bmi2, Kind::Ifma, Kind::Bmi2]);
        assert_eq!(Features::NONE.fastest(), Kind::Portable);
    }

    #[test]
    fn the_reason_is_what_is_missing() {
        let all = Features {
            x86_64: true,
            intrinsics: true,
            bmi2: true,
            avx512f: true,
            avx512ifma: true,
        };
        assert_eq!(all.check(Kind::Ifma), Ok(()));
        let reason = |features: Features, text: &str| {
            let error = features.check(Kind::Ifma).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
            error
        };
        let error = reason(Features { x86_64: false, ..all }, "x86-64");
        assert_eq!(error, BackendError::Architecture);
        reason(Features { bmi2: false, ..all }, "processor has no BMI2");
        reason(Features { avx512f: false, ..all }, "processor has no AVX-512 F");
        reason(Features { avx512ifma: false, ..all }, "processor has no AVX-512 IFMA");
        let error = reason(Features { intrinsics: false, ..all }, "compiler");
        assert_eq!(error, BackendError::Compiler);
        // A newer compiler helps only if the processor is right.
        reason(Features { intrinsics: false, avx512ifma: false, ..all }, "processor");
        for features in self::all() {
            assert_eq!(features.check(Kind::Portable), Ok(()));
            for kind in Kind::ALL {
                assert!(kind > features.fastest() || features.check(kind).is_ok());
            }
        }
    }
}
