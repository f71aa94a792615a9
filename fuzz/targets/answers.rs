//! See `floo_fuzz::answers`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floo_fuzz::answers(bytes));
