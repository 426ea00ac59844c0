#![no_main]

#[path = "../../tests/it/fuzz/bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::cifar(bytes));
