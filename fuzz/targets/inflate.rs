//! See `floo_fuzz::inflate`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floo_fuzz::inflate(bytes));
