#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ifma(());
impl Ifma {
    pub(crate) fn detect() -> Option<Self> { None }
    pub(crate) fn decompress(self, _e: &[([u8; 32], bool)], _b: u64) -> Vec<Option<crate::Affine>> { vec![] }
    pub(crate) fn add_pairs(self, _pool: &mut Vec<crate::Affine>, _pairs: &[(crate::pairs::Ref, crate::pairs::Ref)]) {}
}
