//! A package of ledgers that is not sound is refused as a whole (NTC-LEDGER); the ledgers that stand are not touched.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::BTreeMap;

use musubi_compliance::notice::ledger::COLUMNS;
use musubi_etl::ledger::{LedgerOutcome, is_ledger, take_ledger};
use musubi_model::ledger::{
    LEDGER_DOMAIN, LEDGER_FILE, LEDGER_SIGNATURE_FILE, NoticeLedger, NoticeScope, NoticeTemplate,
    ProviderLedger,
};
use musubi_model::{DocumentHash, ProviderId, SubmitterId};

use crate::notices::room;
use crate::support::{Room, key, now, write_folder};

/// A package of ledgers before it is signed and written.
struct Package {
    head: NoticeLedger,
    files: BTreeMap<String, Vec<u8>>,
    /// Bytes changed after signing.
    forged: bool,
}

fn sound(room: &Room) -> Package {
    let parcel = room.parcel();
    let provider = parcel.manifest.providers[0].clone();
    let line = "00012,06139999,12,3456,01,,,テスト イチロウ,19600410,1,2026-01-05,mail,t1,self,,notified";
    let csv = format!("{}\n{line}\n", COLUMNS.join(",")).into_bytes();
    let text = NoticeTemplate {
        version: "t1".to_owned(),
        scope: NoticeScope::Both,
        items: vec!["visit_occurrence".to_owned()],
        blake3: DocumentHash::of(b"text"),
    };
    let ledger = ProviderLedger {
        id: provider,
        programme_start: jiff::civil::date(2018, 7, 1),
        file: "ledger.csv".to_owned(),
        blake3: DocumentHash::of(&csv),
        templates: vec![text],
    };
    let head = NoticeLedger {
        version: 1,
        submitter: parcel.manifest.submitter,
        exported_at: now(),
        providers: vec![ledger],
    };
    Package { head, files: BTreeMap::from([("ledger.csv".to_owned(), csv)]), forged: false }
}

fn take(room: &Room, name: &str, package: Package) -> LedgerOutcome {
    let mut text = toml::to_string(&package.head).expect("TOML");
    let signature = key().sign(LEDGER_DOMAIN, text.as_bytes()).to_string().into_bytes();
    if package.forged {
        text.push('\n');
    }
    let mut files = package.files;
    files.insert(LEDGER_FILE.to_owned(), text.into_bytes());
    files.insert(LEDGER_SIGNATURE_FILE.to_owned(), signature);
    let path = write_folder(&room.path(name), &files);
    assert!(is_ledger(&path));
    room.with_house("", |house| take_ledger(house, &room.shared.agreements, &path)).expect("taken or refused")
}

#[test]
fn a_package_that_is_not_sound_is_refused_as_a_whole() {
    let room = room();
    let changes: [(&str, fn(&mut Package), &str); 8] = [
        ("signature", |p| p.forged = true, "署名"),
        ("hash", |p| p.head.providers[0].blake3 = DocumentHash::of(b"other"), "CSV がないか、ハッシュが違う"),
        ("missing", |p| p.files.clear(), "CSV がないか、ハッシュが違う"),
        ("submitter", |p| p.head.submitter = SubmitterId::new("nobody").expect("a name"), "提出者が未登録"),
        (
            "provider",
            |p| p.head.providers[0].id = ProviderId::new("9910000001").expect("a number"),
            "この提出者の取り決めにない医療機関等",
        ),
        (
            "future",
            |p| p.head.exported_at = now() + jiff::SignedDuration::from_secs(1),
            "出力日時が受領より後",
        ),
        ("version", |p| p.head.version = 2, "ledger.toml の版"),
        ("items", |p| p.head.providers[0].templates[0].items = vec!["gossip".to_owned()], "通知文の項目"),
    ];
    for (name, change, why) in changes {
        let mut package = sound(&room);
        change(&mut package);
        let outcome = take(&room, name, package);
        let refused = outcome.refused.expect(name);
        assert!(refused.contains("NTC-LEDGER") && refused.contains(why), "{name}: {refused}");
        assert!(outcome.providers.is_empty(), "{name}");
        for table in ["notice_ledger", "notice", "notice_template"] {
            assert_eq!(
                room.texts(&format!("SELECT count(*)::text FROM compliance.{table}")),
                ["0"],
                "{name}"
            );
        }
    }
    let outcome = take(&room, "sound", sound(&room));
    assert_eq!((outcome.refused, outcome.providers[0].added, outcome.providers[0].persons), (None, 1, 1));
}

#[test]
fn one_bad_file_among_several_keeps_all_of_them_out() {
    let room = room();
    let mut package = sound(&room);
    let mut second = package.head.providers[0].clone();
    second.file = "second.csv".to_owned();
    package.head.providers.push(second);
    package.files.insert("second.csv".to_owned(), b"changed on the way".to_vec());
    assert!(take(&room, "two", package).refused.is_some());
    assert_eq!(room.texts("SELECT count(*)::text FROM compliance.notice"), ["0"]);
}

#[test]
fn a_file_that_cannot_be_read_does_not_make_its_provider_look_fresh() {
    let room = room();
    let mut package = sound(&room);
    let bytes = b"not,the,columns\n".to_vec();
    package.head.providers[0].blake3 = DocumentHash::of(&bytes);
    package.files.insert("ledger.csv".to_owned(), bytes);
    let outcome = take(&room, "unreadable", package);
    assert_eq!(outcome.providers[0].rules.get("NTC-FILE"), Some(&1));
    assert_eq!(room.texts("SELECT count(*)::text FROM compliance.notice_ledger"), ["0"]);
}
