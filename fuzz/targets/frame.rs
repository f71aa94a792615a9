//! See `floo_fuzz::frame`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floo_fuzz::frame(bytes));
