//! Valgrind's client requests: what a program can tell memcheck, and ask it, about its own memory.
//!
//! A request is a sequence of instructions that does nothing on a CPU (`rdi` is rotated by 128 bits in all, `rbx` is
//! exchanged with itself), and that valgrind looks for. `rax` points to the request, the answer comes in `rdx`. See
//! `valgrind/valgrind.h` and `valgrind/memcheck.h`, whose numbers these are. The sequence is another one on every
//! architecture; this is that of x86-64, and elsewhere a request does nothing.

const RUNNING_ON_VALGRIND: usize = 0x1001;
/// The requests of a tool are numbered from its initials on.
const MEMCHECK: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;
const GET_VBITS: usize = MEMCHECK + 8;

/// Whether valgrind runs this program.
pub(crate) fn on_valgrind() -> bool {
    // SAFETY: the request has no pointers.
    unsafe { request(RUNNING_ON_VALGRIND, [0; 3]) != 0 }
}

/// Marks bytes as undefined, which is to say secret: memcheck reports each branch and each address that is
/// computed from them.
pub(crate) fn mark_secret(bytes: &mut [u8]) {
    // SAFETY: address and length are those of the slice; its bytes stay as they are.
    unsafe { request(MAKE_MEM_UNDEFINED, [address(bytes), bytes.len(), 0]) };
}

/// Marks bytes as defined, which is to say public.
pub(crate) fn mark_public(bytes: &mut [u8]) {
    // SAFETY: address and length are those of the slice; its bytes stay as they are.
    unsafe { request(MAKE_MEM_DEFINED, [address(bytes), bytes.len(), 0]) };
}

/// Whether any bit of a value, which has no padding, was computed from a secret.
pub(crate) fn is_secret<T: ?Sized>(value: &T) -> bool {
    let mut undefined_bits = vec![0; size_of_val(value)];
    let start = (&raw const *value).expose_provenance();
    let arguments = [start, address(&mut undefined_bits), size_of_val(value)];
    // SAFETY: both are as long as the request says; the second is written, and is exclusively ours.
    let answer = unsafe { request(GET_VBITS, arguments) };
    assert_eq!(answer, 1, "memcheck answers for memory that is there");
    undefined_bits.iter().any(|bits| *bits != 0)
}

fn address(bytes: &mut [u8]) -> usize {
    bytes.as_mut_ptr().expose_provenance()
}

/// Sends a request. Outside of valgrind this does nothing and returns 0.
///
/// # Safety
///
/// The arguments are what the request demands; where it writes, nobody else reads or writes.
unsafe fn request(code: usize, [first, second, third]: [usize; 3]) -> usize {
    let arguments = [code, first, second, third, 0, 0];
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "nobody answers there"))]
    let mut answer = 0;
    // SAFETY: on a CPU the instructions change no register but the flags, which asm! takes as clobbered; on valgrind
    // the answer changes, and memory as the caller has agreed.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") &raw const arguments,
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}
