//! A receipt file of any bytes: nothing panics, ranges stay inside, every record is accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use musubi_mappers::{Document, mapper_for};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;

fuzz_target!(|bytes: &[u8]| {
    let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
    let document = Document { bytes, path: "RECEIPTC.UKE", provider: &provider, limits: &limits };
    let mapper = mapper_for(FeedKind::ReceiptMedical);
    let split = mapper.split(&document);
    let mut at = 0;
    for unit in &split.units {
        assert!(unit.range.start >= at && unit.range.slice(bytes).is_some());
        at = unit.range.end();
        let mapped = mapper.map(&document, &split, unit, &NoMasters);
        assert_eq!(mapped.records, unit.records);
        for fact in &mapped.facts {
            let record = fact.range.slice(bytes).expect("inside the document");
            let _shown = mapper.show(record);
        }
    }
});
