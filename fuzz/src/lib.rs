//! What every format must hold whatever the bytes, for the fuzz targets: nothing panics, units and facts stand where
//! they say, every record is accounted for, a quarantined unit has no facts.
//!
//! An input may begin with a line `path: …`, which is the document's path; formats that read their path need one.

use musubi_mappers::table::Interfaces;
use musubi_mappers::{Document, mapper_for};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;

/// Cuts and maps one document.
pub fn hold(kind: FeedKind, input: &[u8]) {
    let (path, bytes) = match input.strip_prefix(b"path: ") {
        Some(rest) => {
            let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            let (path, bytes) = rest.split_at(end);
            (String::from_utf8_lossy(path).into_owned(), bytes.get(1..).unwrap_or_default())
        }
        None => (String::new(), input),
    };
    if kind == FeedKind::Table {
        let interfaces = Interfaces::builtin();
        // The first byte chooses the interface, so that one corpus serves all.
        let all: Vec<String> = interfaces.iter().map(|i| i.name().to_owned()).collect();
        let Some((first, bytes)) = bytes.split_first() else { return };
        if let Some(name) = all.get(usize::from(*first) % all.len().max(1)) {
            one(kind, name, &interfaces, &path, bytes);
        }
    } else {
        one(kind, "", &Interfaces::default(), &path, bytes);
    }
}

fn one(kind: FeedKind, interface: &str, interfaces: &Interfaces, path: &str, bytes: &[u8]) {
    let provider = ProviderId::new("1310000001").expect("a provider id");
    let limits = Limits { zip_bytes_max: 1 << 20, ..Limits::default() };
    let document = Document { bytes, path, provider: &provider, limits: &limits };
    let mapper = mapper_for(kind, interface, interfaces).expect("a mapper");
    let _known = mapper.recognises(&document);
    let split = mapper.split(&document);
    let mut at = 0;
    for slice in &split.units {
        assert!(slice.range.start >= at, "units overlap");
        at = slice.range.end();
        let raw = slice.range.slice(bytes).expect("a unit inside the document");
        let opened = mapper.open(raw);
        let unit = mapper.map(&document, &split, slice, &NoMasters);
        assert_eq!(unit.records, slice.records, "records were lost");
        assert!(!unit.is_unsound() || unit.facts.is_empty(), "facts of a quarantined unit");
        for fact in &unit.facts {
            let from = usize::try_from(fact.range.start - slice.range.start).expect("an offset");
            let record = &opened[from..from + fact.range.len as usize];
            let _shown = mapper.show(record);
        }
    }
}
