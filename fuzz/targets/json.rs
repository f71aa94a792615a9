//! See `floo_fuzz::json`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floo_fuzz::json(bytes));
