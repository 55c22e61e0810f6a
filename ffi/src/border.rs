//! The border: all the unsafe code of this crate. C's pointers become references and slots here, and panics become an error code.
//!
//! # Safety argument
//!
//! *Where pointers come from.* [`In`] and [`Out`] are what a pointer is in the signature of an exported function. Their field is private
//! and no function outside this file makes one, so a value of them comes from C, with the promise of the header: it is null, or it
//! points to what its type and its length say, for as long as the call lasts, and nobody else writes there meanwhile. Null and
//! misaligned pointers are refused here; the rest of the promise no library can check.
//!
//! *How long they live.* A [`Call`] has the lifetime of one call and is made in [`enter`] alone, for a body that has to work for
//! every lifetime; so no reference gets out of a call.
//!
//! *What is shared.* Places that are written are claimed before anything is read, and whatever is claimed later may not overlap
//! them: so no reference to an input sees a write. A slot is written once, and by value. Handles are only lent, as `&T`, and only
//! where `T: Sync`: two threads may use one at a time.
//!
//! *Any bytes will do.* What is read as a value is `u8`, a number, a pointer, or [`PointData`]: types of which every pattern of bits is a
//! value. What is a handle was made by [`Slot::give`], as a box of a value behind the tag of its type. The tag is read first, so
//! that another type's handle is refused; that of a freed one is refused while nothing else has its memory, and no longer than that.
//!
//! *Ends.* [`free`] makes a box again from what `give` made; the header asks that it be called once and last. No panic leaves
//! [`enter`] or [`free`].

#![allow(unsafe_code, reason = "the one file that may, see the safety argument")]

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::{align_of, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pointlock::curve::CurveError;

use crate::error::Error;
use crate::point::PointData;
use crate::refusal::{Fault, Refusal};

// Where a panic ends the process nothing could be caught.
#[cfg(not(panic = "unwind"))]
compile_error!("pointlock-ffi makes codes of panics: build it with panic = \"unwind\"");

/// A pointer of C's to what is only read.
#[repr(transparent)]
pub struct In<T>(*const T);

/// A pointer of C's to what is written.
#[repr(transparent)]
pub struct Out<T>(*mut T);

/// How many places a call may write, the fault included.
const MAX_OUTPUTS: usize = 4;

/// One call from C: what it writes, so that nothing overlaps it.
pub(crate) struct Call<'c> {
    outputs: [(usize, usize); MAX_OUTPUTS],
    count: usize,
    /// Inputs were claimed, so no output is any more.
    is_reading: bool,
    /// Something overlaps the fault, which is then not written either.
    fault_is_shared: bool,
    lifetime: PhantomData<&'c ()>,
}

/// Runs the body of an exported function, and says in `fault`, if there is one, why it is refused.
#[inline(always)]
pub(crate) fn enter(
    fault: Out<Fault>,
    body: impl for<'c> FnOnce(&mut Call<'c>) -> Result<(), Refusal>,
) -> Error {
    let mut call = Call {
        outputs: [(0, 0); MAX_OUTPUTS],
        count: 0,
        is_reading: false,
        fault_is_shared: false,
        lifetime: PhantomData,
    };
    let slot = if fault.0.is_null() {
        None
    } else {
        match call.out(c"fault", fault) {
            Ok(slot) => Some(slot),
            Err(refusal) => return refusal.code(),
        }
    };
    let result = catch_unwind(AssertUnwindSafe(|| body(&mut call)));
    match result.unwrap_or_else(|_| Err(Refusal::new(Error::Panic))) {
        Ok(()) => Error::None,
        Err(refusal) => {
            if let (Some(slot), false) = (slot, call.fault_is_shared) {
                slot.write(refusal.fault());
            }
            refusal.code()
        }
    }
}

/// Ends a handle: what it holds is erased and its memory given back. Null ends nothing, nor does the handle of another type.
pub(crate) fn free<T: Handle>(handle: Out<T>) {
    let held = handle.0.cast::<Held<T>>();
    if !Held::is_there(held) {
        return;
    }
    // SAFETY: C gives back what `Slot::give` made, once.
    let held = unsafe {
        (&raw mut (*held).tag).write_volatile(0);
        Box::from_raw(held)
    };
    // There is nobody to tell of a panic, and none to expect: all that is dropped erases and frees.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(held)));
}

/// A value that C has a handle of.
#[repr(C)]
struct Held<T> {
    tag: u64,
    value: T,
}

impl<T: Handle> Held<T> {
    /// Whether the handle of a value of this type is there. What it points to is the tag of some type, by the promise of the header.
    #[inline(always)]
    fn is_there(held: *const Self) -> bool {
        // SAFETY: not null and aligned; whatever handle it is, it begins with eight bytes.
        !held.is_null() && held.is_aligned() && unsafe { (&raw const (*held).tag).read() } == T::TAG
    }
}

impl<'c> Call<'c> {
    /// `N` bytes that are read.
    #[inline(always)]
    pub(crate) fn array<const N: usize>(
        &mut self,
        name: &'static CStr,
        pointer: In<u8>,
        length: usize,
    ) -> Result<&'c [u8; N], Refusal> {
        check_length(name, N, length)?;
        self.read(name, pointer.0, N)?;
        // SAFETY: not null, N bytes by the promise of the header, and disjoint from all that is written.
        Ok(unsafe { &*pointer.0.cast::<[u8; N]>() })
    }

    /// `N` bytes, or none when the pointer is null and the length zero.
    pub(crate) fn optional_array<const N: usize>(
        &mut self,
        name: &'static CStr,
        pointer: In<u8>,
        length: usize,
    ) -> Result<Option<&'c [u8; N]>, Refusal> {
        if pointer.0.is_null() && length == 0 {
            return Ok(None);
        }
        self.array(name, pointer, length).map(Some)
    }

    /// `count` values that are read. For no value at all the pointer may be null.
    #[inline(always)]
    pub(crate) fn list<T: Any>(
        &mut self,
        name: &'static CStr,
        pointer: In<T>,
        count: usize,
    ) -> Result<&'c [T], Refusal> {
        if count == 0 {
            return Ok(&[]);
        }
        let bytes = bytes_of::<T>(name, count)?;
        self.read(name, pointer.0, bytes)?;
        // SAFETY: not null, aligned, `count` values by the promise of the header, no more bytes than a slice may have, and any
        // bytes are values.
        Ok(unsafe { std::slice::from_raw_parts(pointer.0, count) })
    }

    /// `count` values, or none when the pointer is null and `count` zero.
    pub(crate) fn optional_list<T: Any>(
        &mut self,
        name: &'static CStr,
        pointer: In<T>,
        count: usize,
    ) -> Result<Option<&'c [T]>, Refusal> {
        if pointer.0.is_null() && count == 0 {
            return Ok(None);
        }
        self.list(name, pointer, count).map(Some)
    }

    /// Arrays of `N` bytes, one after the other, in `length` bytes.
    pub(crate) fn arrays<const N: usize>(
        &mut self,
        name: &'static CStr,
        pointer: In<u8>,
        length: usize,
    ) -> Result<&'c [[u8; N]], Refusal> {
        if length % N != 0 {
            return Err(Refusal::new(Error::Length).at(name));
        }
        let bytes: &'c [u8] = self.list(name, pointer, length)?;
        // SAFETY: as many whole arrays as there are bytes for; an array of bytes is aligned wherever they are.
        Ok(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), length / N) })
    }

    /// A handle.
    #[inline(always)]
    pub(crate) fn get<T: Handle>(
        &mut self,
        name: &'static CStr,
        pointer: In<T>,
    ) -> Result<&'c T, Refusal> {
        let held = pointer.0.cast::<Held<T>>();
        self.read(name, held, size_of::<Held<T>>())?;
        if !Held::is_there(held) {
            return Err(Refusal::new(Error::Handle).at(name));
        }
        // SAFETY: not null, aligned, and of this type by its tag; by the promise of the header it is not freed meanwhile. Its value is
        // nowhere written, and `Sync`.
        Ok(unsafe { &(*held).value })
    }

    /// `count` handles, by a list of pointers to them.
    pub(crate) fn handles<T: Handle>(
        &mut self,
        name: &'static CStr,
        pointer: In<*const T>,
        count: usize,
    ) -> Result<Vec<&'c T>, Refusal> {
        let pointers = self.list(name, pointer, count)?.iter().enumerate();
        pointers
            .map(|(index, handle)| {
                self.get(name, In(*handle)).map_err(|refusal| refusal.with_index(index))
            })
            .collect()
    }

    /// A place for a value, or for a pointer to a handle.
    #[inline(always)]
    pub(crate) fn out<T>(
        &mut self,
        name: &'static CStr,
        pointer: Out<T>,
    ) -> Result<Slot<'c, T>, Refusal> {
        self.write(name, pointer.0, size_of::<T>())?;
        Ok(Slot { pointer: pointer.0, lifetime: PhantomData })
    }

    /// A place for `N` bytes.
    #[inline(always)]
    pub(crate) fn out_array<const N: usize>(
        &mut self,
        name: &'static CStr,
        pointer: Out<u8>,
        length: usize,
    ) -> Result<Slot<'c, [u8; N]>, Refusal> {
        check_length(name, N, length)?;
        self.out(name, Out(pointer.0.cast()))
    }

    /// A place for `count` values.
    pub(crate) fn out_list<T: Any>(
        &mut self,
        name: &'static CStr,
        pointer: Out<T>,
        count: usize,
    ) -> Result<SlotList<'c, T>, Refusal> {
        self.write(name, pointer.0, bytes_of::<T>(name, count)?)?;
        Ok(SlotList { pointer: pointer.0, count, lifetime: PhantomData })
    }

    /// `N` bytes that are read and written over.
    pub(crate) fn in_out_array<const N: usize>(
        &mut self,
        name: &'static CStr,
        pointer: Out<u8>,
        length: usize,
    ) -> Result<InOut<'c, [u8; N]>, Refusal> {
        self.out_array(name, pointer, length).map(InOut)
    }

    #[inline(always)]
    fn read<T>(
        &mut self,
        name: &'static CStr,
        pointer: *const T,
        bytes: usize,
    ) -> Result<(), Refusal> {
        self.is_reading = true;
        self.check(name, pointer, bytes).map(|_| ())
    }

    #[inline(always)]
    fn write<T>(
        &mut self,
        name: &'static CStr,
        pointer: *mut T,
        bytes: usize,
    ) -> Result<(), Refusal> {
        assert!(!self.is_reading && self.count < MAX_OUTPUTS, "outputs come first, and are few");
        self.outputs[self.count] = self.check(name, pointer, bytes)?;
        self.count += 1;
        Ok(())
    }

    /// Where it begins and ends, unless it is null, misaligned, or overlaps what is written.
    #[inline(always)]
    fn check<T>(
        &mut self,
        name: &'static CStr,
        pointer: *const T,
        bytes: usize,
    ) -> Result<(usize, usize), Refusal> {
        if pointer.is_null() {
            return Err(Refusal::new(Error::NullPointer).at(name));
        }
        let start = pointer.addr();
        if start % align_of::<T>() != 0 {
            return Err(Refusal::new(Error::Misaligned).at(name));
        }
        let end = start.checked_add(bytes).ok_or_else(|| Refusal::new(Error::Length).at(name))?;
        for (index, (first, last)) in self.outputs[..self.count].iter().enumerate() {
            if start < *last && *first < end {
                // Where there is a fault it was claimed first.
                self.fault_is_shared |= index == 0;
                return Err(Refusal::new(Error::Overlap).at(name));
            }
        }
        Ok((start, end))
    }
}

/// A place that was claimed, for one value.
pub(crate) struct Slot<'c, T> {
    pointer: *mut T,
    lifetime: PhantomData<&'c ()>,
}

impl<T> Slot<'_, T> {
    #[inline(always)]
    pub(crate) fn write(self, value: T) {
        // SAFETY: not null, aligned, room for one by the promise of the header, and no reference to it. What was there is C's, and
        // not dropped.
        unsafe { self.pointer.write(value) }
    }
}

impl<T: Handle> Slot<'_, *mut T> {
    /// Gives the value out, as a handle that C has to free.
    pub(crate) fn give(self, value: T) {
        let held = Box::new(Held { tag: T::TAG, value });
        self.write(Box::into_raw(held).cast());
    }
}

/// A place that was claimed, for so many values.
pub(crate) struct SlotList<'c, T> {
    pointer: *mut T,
    count: usize,
    lifetime: PhantomData<&'c ()>,
}

impl<T: Any> SlotList<'_, T> {
    /// Writes as many values as there is room for.
    pub(crate) fn write(self, values: &[T]) {
        assert_eq!(values.len(), self.count, "the room was claimed for these");
        // SAFETY: not null, aligned, room for so many by the promise of the header, and disjoint from any Rust value.
        unsafe { values.as_ptr().copy_to_nonoverlapping(self.pointer, self.count) }
    }
}

/// A place that was claimed, for a value that is read first.
pub(crate) struct InOut<'c, T>(Slot<'c, T>);

impl<T: Copy> InOut<'_, T> {
    pub(crate) fn read(&self) -> T {
        // SAFETY: not null, aligned, and bytes are there by the promise of the header.
        unsafe { self.0.pointer.read() }
    }

    pub(crate) fn write(self, value: T) {
        self.0.write(value);
    }
}

/// What C holds by a pointer and knows nothing of.
pub(crate) trait Handle: Sync {
    /// Tells the types apart. Letters, so that a debugger shows them.
    const TAG: u64;
}

/// Types of which every pattern of bits is a value.
pub(crate) trait Any: Copy {}
impl Any for u8 {}
impl Any for PointData {}
impl<T: Handle> Any for *const T {}

#[inline(always)]
fn check_length(name: &'static CStr, expected: usize, actual: usize) -> Result<(), Refusal> {
    if actual == expected {
        Ok(())
    } else {
        let source = CurveError::Length { expected, actual };
        Err(Refusal::of(Error::Length, &source).at(name))
    }
}

/// How many bytes so many values take, as far as a slice may have them.
#[inline(always)]
fn bytes_of<T>(name: &'static CStr, count: usize) -> Result<usize, Refusal> {
    size_of::<T>()
        .checked_mul(count)
        .filter(|bytes| *bytes <= isize::MAX as usize)
        .ok_or_else(|| Refusal::new(Error::Length).at(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What C would do. In test builds only.
    fn input<T>(value: &T) -> In<T> {
        In(value)
    }

    fn output<T>(value: &mut T) -> Out<T> {
        Out(value)
    }

    fn nobody() -> Out<Fault> {
        Out(std::ptr::null_mut())
    }

    #[test]
    fn a_panic_is_a_code() {
        let mut fault = Fault::new();
        let code = enter(output(&mut fault), |_| panic!("on purpose"));
        assert_eq!((code, fault.detail().as_str()), (Error::Panic, "PANIC"));
        assert_eq!(enter(nobody(), |_| panic!("on purpose")), Error::Panic);
        assert_eq!(enter(nobody(), |_| Ok(())), Error::None);
    }

    /// The body would write into what it reads.
    #[test]
    fn an_output_after_an_input_is_a_fault_of_ours() {
        let (byte, mut place) = (7, 0);
        let code = enter(nobody(), |call| {
            call.array::<1>(c"byte", input(&byte), 1)?;
            call.out_array::<1>(c"place", output(&mut place), 1)?.write([8]);
            Ok(())
        });
        assert_eq!((code, place), (Error::Panic, 0));
        let code = enter(nobody(), |call| {
            let slot = call.out_array::<1>(c"place", output(&mut place), 1)?;
            slot.write(*call.array::<1>(c"byte", input(&byte), 1)?);
            Ok(())
        });
        assert_eq!((code, place), (Error::None, 7));
    }

    #[test]
    fn no_list_is_longer_than_memory() {
        let byte = 0;
        let code = enter(nobody(), |call| {
            call.list(c"bytes", input(&byte), usize::MAX / 2 + 1).map(|_: &[u8]| ())
        });
        assert_eq!(code, Error::Length);
        let code = enter(nobody(), |call| call.list(c"bytes", input(&byte), 1).map(|_: &[u8]| ()));
        assert_eq!(code, Error::None);
    }

    #[test]
    fn a_fault_that_is_shared_is_not_written() {
        let mut fault = Fault::new();
        let inside = (&raw mut fault).cast::<u8>();
        let code = enter(output(&mut fault), |call| {
            call.out_array::<4>(c"place", Out(inside), 4).map(|_| ())
        });
        assert_eq!((code, fault.detail().as_str()), (Error::Overlap, ""));
    }
}
