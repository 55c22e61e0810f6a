use alloc::boxed::Box;

use once_cell::race::OnceBox;
use sha2::{Digest, Sha256};

/// A BIP-340 tagged hash: SHA-256(SHA-256(tag) ‖ SHA-256(tag) ‖ data).
///
/// Made for `static`s: the state after the first block is computed once.
///
/// ```
/// use pointlock_adaptor::curve::Tag;
///
/// static PAYER: Tag = Tag::new("pointlock/payer");
/// let hash: [u8; 32] = PAYER.hash(&[b"one part", b"and another"]);
/// assert_eq!(hash, PAYER.hash(&[b"one partand another"]));
/// ```
pub struct Tag {
    name: &'static str,
    prefix: OnceBox<Sha256>,
}

impl Tag {
    /// The hash of this name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, prefix: OnceBox::new() }
    }

    /// The tag itself.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The hash of the parts, one after another.
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }

    /// For what comes in many parts.
    pub(crate) fn hasher(&self) -> Sha256 {
        self.prefix.get_or_init(|| Box::new(prefixed(self.name.as_bytes()))).clone()
    }
}

fn prefixed(tag: &[u8]) -> Sha256 {
    let tag_hash = Sha256::digest(tag);
    Sha256::new().chain_update(tag_hash).chain_update(tag_hash)
}

/// The tagged hash under a tag that is not known when compiling (BOLT 12's names the message and field). A [`Tag`] is
/// faster where it is known.
pub fn hash_with_tag(tag: &[u8], data: &[u8]) -> [u8; 32] {
    prefixed(tag).chain_update(data).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_hashes_under_the_name_that_it_gives() {
        let tag = Tag::new("pointlock/test");
        assert_eq!(tag.name(), "pointlock/test");
        assert_eq!(tag.hash(&[b"a", b"b"]), hash_with_tag(tag.name().as_bytes(), b"ab"));
    }
}
