//! A ledger of notices of any bytes: nothing panics, every line becomes a notice or has an error, and a file that cannot
//! be read as a whole gives no notice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::notice::ledger::{COLUMNS, read};
use musubi_compliance::parameters::parameters;
use musubi_model::ledger::{NoticeScope, NoticeTemplate, ProviderLedger};
use musubi_model::{DocumentHash, ProviderId};

thread_local! {
    static FRAME: (ProviderLedger, jiff::Timestamp, NoticeRules) = {
        let on = jiff::civil::date(2026, 5, 1);
        let rules = NoticeRules::of(&parameters(None).expect("parameters"), on).expect("rules");
        let text = NoticeTemplate {
            version: "t1".to_owned(),
            scope: NoticeScope::Both,
            items: Vec::new(),
            blake3: DocumentHash::of(b"text"),
        };
        let head = ProviderLedger {
            id: ProviderId::new("9910000001").expect("a provider id"),
            programme_start: jiff::civil::date(2020, 12, 1),
            file: "ledger.csv".to_owned(),
            blake3: DocumentHash::of(b""),
            templates: vec![text],
        };
        (head, "2026-04-30T14:59:00Z".parse().expect("a time"), rules)
    };
}

fuzz_target!(|bytes: &[u8]| {
    FRAME.with(|(head, exported_at, rules)| {
        // Once as it is, once behind a sound header, so that lines are reached.
        let headed = [COLUMNS.join(",").as_bytes(), b"\n", bytes].concat();
        for text in [bytes, headed.as_slice()] {
            let found = read(text, head, *exported_at, rules);
            assert_eq!(found.entries.len() + found.refused, found.lines);
            assert!(!found.unreadable || found.entries.is_empty());
            assert!(found.refused == 0 || found.findings.iter().any(|f| f.is_error()));
        }
    });
});
