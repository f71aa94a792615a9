//! See `floo_fuzz::rows`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floo_fuzz::rows(bytes));
