//! `clinical-cda`: see `musubi_fuzz::hold`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| musubi_fuzz::hold(musubi_model::manifest::FeedKind::ClinicalCda, bytes));
