use std::ffi::{CStr, c_char};
use std::fmt::Display;

use crate::error::Error;

/// How many bytes the text of a fault has, the final zero included.
pub const DETAIL_LENGTH: usize = 160;

/// Where there is no index in a fault.
const NO_INDEX: usize = usize::MAX;

/// Why a call was refused. It is written when the call returns an error, and is not touched when it succeeds.
#[repr(C)]
pub struct Fault {
    /// The argument that can't be used, by its name in this header; null when no single one is to blame.
    pub argument: *const c_char,
    /// Which item of the argument, from 0: the signer, the hop, the tweak; POINTLOCK_NO_INDEX when it is no list, or when the list as
    /// a whole is wrong.
    pub index: usize,
    /// A sentence for people, cut where it is too long, with a zero at its end. It holds no secret.
    pub detail: [c_char; DETAIL_LENGTH],
}

/// Why a call is refused, on the way to [`Fault`]. In a box, so that a call that succeeds returns in a register.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Reason>);

#[derive(Debug)]
struct Reason {
    code: Error,
    argument: Option<&'static CStr>,
    index: Option<usize>,
    detail: String,
}

impl Refusal {
    /// A refusal that has nothing to say beyond its code.
    #[cold]
    pub(crate) fn new(code: Error) -> Self {
        let detail = String::new();
        Self(Box::new(Reason { code, argument: None, index: None, detail }))
    }

    /// With the sentence of the error that it comes from.
    #[cold]
    pub(crate) fn of(code: Error, source: &dyn Display) -> Self {
        let detail = source.to_string();
        Self(Box::new(Reason { code, argument: None, index: None, detail }))
    }

    /// The argument that is to blame.
    pub(crate) fn at(mut self, argument: &'static CStr) -> Self {
        self.0.argument = Some(argument);
        self
    }

    /// The item of the argument.
    pub(crate) fn with_index(mut self, index: usize) -> Self {
        self.0.index = Some(index);
        self
    }

    /// No argument, where none is to blame alone.
    pub(crate) fn without_argument(mut self) -> Self {
        self.0.argument = None;
        self
    }

    pub(crate) fn code(&self) -> Error {
        self.0.code
    }

    pub(crate) fn fault(&self) -> Fault {
        let argument = self.0.argument.map_or(std::ptr::null(), CStr::as_ptr);
        let mut fault = Fault { argument, index: self.0.index.unwrap_or(NO_INDEX), ..Fault::new() };
        let text = match self.0.detail.as_str() {
            "" => self.0.code.word(),
            detail => detail,
        };
        // The last byte stays zero.
        let text = beginning(text, DETAIL_LENGTH - 1);
        for (place, byte) in fault.detail.iter_mut().zip(text.bytes()) {
            *place = byte as c_char;
        }
        fault
    }
}

impl Fault {
    pub(crate) fn new() -> Self {
        Self { argument: std::ptr::null(), index: NO_INDEX, detail: [0; DETAIL_LENGTH] }
    }

    /// The text.
    #[cfg(test)]
    pub(crate) fn detail(&self) -> String {
        let bytes = self.detail.map(|byte| byte as u8);
        let end = bytes.iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8(bytes[..end].to_vec()).unwrap()
    }
}

/// The longest beginning of so many bytes that ends between two characters (`str::floor_char_boundary`, which the standard
/// library has since Rust 1.91).
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = |length: usize| {
            let fault = Refusal::of(Error::Length, &("é".repeat(length))).fault();
            assert_eq!(fault.detail[DETAIL_LENGTH - 1], 0);
            fault.detail().chars().count()
        };
        assert_eq!((cut(79), cut(80), cut(1_000)), (79, 79, 79));
    }
}
