//! Manifests, agreements, parameters, requests, opt-out lists and masters of any bytes: nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use musubi_model::manifest::{Agreements, Manifest};
use musubi_model::spec::ExtractSpec;

fuzz_target!(|bytes: &[u8]| {
    let list = musubi_compliance::optout_list::read(bytes, 1_000);
    assert!(list.entries.len() + list.refused <= list.lines + 1);
    let _masters = musubi_storage::master_file::parse_disease_master(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _manifest = toml::from_str::<Manifest>(text).is_ok();
        let _agreements = toml::from_str::<Agreements>(text).is_ok();
        let _spec = ExtractSpec::parse(text).is_ok();
        let _parameters = musubi_compliance::parameters::parameters(Some(text)).is_ok();
    }
});
