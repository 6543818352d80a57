//! `normalise`: any text in the fields of a person. Lines are the fields, in the order of the struct.
#![no_main]

use std::sync::LazyLock;

use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::normalise;
use musubi_id_resolution::sent::{Normal, Sent};

static BOOK: LazyLock<NameBook> = LazyLock::new(NameBook::builtin);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let sent = Sent {
        name_kanji: next(),
        name_kana: next(),
        birth: next(),
        address: next(),
        phone: next(),
        insurer: next(),
        symbol: next(),
        number: next(),
        branch: next(),
        postal_code: next(),
        sex: next(),
        local_number: next(),
        care_insurer: next(),
        care_number: next(),
        inquiry_key: next(),
        facility: "",
    };
    let (mut once, mut again) = (Normal::default(), Normal::default());
    normalise(&sent, &BOOK, &mut once);
    normalise(&Sent::default(), &BOOK, &mut again);
    normalise(&sent, &BOOK, &mut again);
    assert_eq!(once, again, "used buffers change nothing");
});
