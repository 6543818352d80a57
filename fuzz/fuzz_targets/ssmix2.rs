//! A message of any bytes under a path of any text: nothing panics, ranges stay inside, the unit is accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use musubi_mappers::{Document, mapper_for};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;

fuzz_target!(|input: (String, Vec<u8>)| {
    let (path, bytes) = input;
    let usual = "999/901/9999013/-/ADT-00/9999013_-_ADT-00_999999999999999_20261110120000000_-_1";
    let path = if path.is_empty() { usual } else { path.as_str() };
    let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
    let document = Document { bytes: &bytes, path, provider: &provider, limits: &limits };
    let mapper = mapper_for(FeedKind::SsMix2Standard);
    let split = mapper.split(&document);
    for unit in &split.units {
        let mapped = mapper.map(&document, &split, unit, &NoMasters);
        assert_eq!(mapped.records, unit.records);
        for fact in &mapped.facts {
            let record = fact.range.slice(&bytes).expect("inside the document");
            let _shown = mapper.show(record);
        }
    }
});
