//! `hl7-v2`: see `musubi_fuzz::hold`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| musubi_fuzz::hold(musubi_model::manifest::FeedKind::Hl7V2, bytes));
