//! Manifests, agreements, parameters, requests, opt-out lists and masters of any bytes: nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use musubi_model::manifest::{Agreements, Manifest};
use musubi_model::spec::ExtractSpec;

fuzz_target!(|bytes: &[u8]| {
    let list = musubi_compliance::optout_list::read(bytes, 1_000);
    assert!(list.entries.len() + list.refused <= list.lines + 1);
    for name in ["b_ALL.csv", "hb_ALL.csv", "s_ALL.csv", "y_ALL.csv", "t_ALL.csv", "c_ALL.csv", "z_ALL.csv", "h_ALL.csv",
        "m_ALL.csv", "y.min.csv", "mhlw_price.csv", "medis.txt", "jlac10.csv", "care_service.csv", "xmlhc24tab.csv",
        "insurer.csv", "dpc.csv"]
    {
        if let Some(pattern) = musubi_storage::master_file::recognise(name) {
            let _masters = musubi_storage::master_file::parse(pattern.kind, bytes);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _declared = musubi_storage::master_file::declared::declarations(text).is_ok();
        let _manifest = toml::from_str::<Manifest>(text).is_ok();
        let _agreements = toml::from_str::<Agreements>(text).is_ok();
        let _spec = ExtractSpec::parse(text).is_ok();
        let _parameters = musubi_model::parameter::ParameterSet::parse(text).is_ok();
    }
});
