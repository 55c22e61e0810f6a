#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    pointlock_fuzz::async_messages(data);
});
