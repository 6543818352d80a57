//! What a source wrote of two persons, as any text: normalising, keys, weighing and deciding never panic, and do not
//! depend on who comes first. A field a line; the second half is the other person.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use musubi_id_resolution::exchange::{PartnerKey, id1, id2, id4};
use musubi_id_resolution::mpi::model::Scorer;
use musubi_id_resolution::mpi::row::Lexicon;
use musubi_id_resolution::mpi::score::{Time, score};
use musubi_id_resolution::mpi::{Model, Record, block_keys, decide};
use musubi_id_resolution::normalise::{birth_slip, normalise};
use musubi_id_resolution::sent::{Normal, Sent};

const FIELDS: usize = 16;

fn sent<'a>(fields: &[&'a str]) -> Sent<'a> {
    let f = |at: usize| fields.get(at).copied().unwrap_or_default();
    Sent {
        name_kanji: f(0),
        name_kana: f(1),
        birth: f(2),
        sex: f(3),
        address: f(4),
        postal_code: f(5),
        phone: f(6),
        insurer: f(7),
        symbol: f(8),
        number: f(9),
        branch: f(10),
        care_insurer: f(11),
        care_number: f(12),
        facility: f(13),
        local_number: f(14),
        inquiry_key: f(15),
    }
}

thread_local! {
    static MODEL: (Model, Scorer) = { let model = Model::default(); let scorer = Scorer::new(&model); (model, scorer) };
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let (a, b) = lines.split_at(lines.len().min(FIELDS));
    let (a, b) = (sent(a), sent(b));
    MODEL.with(|(model, scorer)| {
        let (mut x, mut y, mut lexicon) = (Normal::default(), Normal::default(), Lexicon::default());
        normalise(&a, &model.names, &mut x);
        normalise(&b, &model.names, &mut y);
        assert_eq!(birth_slip(x.birth, y.birth), birth_slip(y.birth, x.birth));
        let key = PartnerKey::new(&[7; 32]);
        let _hashes = (id1(&key, &x), id2(&key, &x), id4(&key, &x));
        let unseen = model.rules.unseen_name;
        let p = lexicon.row(&x, a.facility, None, &model.names, unseen);
        let q = lexicon.row(&y, b.facility, Some((17_000, 16_000)), &model.names, unseen);
        assert_eq!(score(scorer, &lexicon, &p, &q, Time::Counts), score(scorer, &lexicon, &q, &p, Time::Counts));
        assert!(block_keys(model, &a).is_sorted());
        let records = [
            Record { id: [1; 16], sent: a, seen: None },
            Record { id: [2; 16], sent: b, seen: Some((17_000, 16_000)) },
        ];
        let swapped = [records[1], records[0]];
        let none = BTreeSet::new();
        assert_eq!(decide(model, &records, &[], &none), decide(model, &swapped, &[], &none));
    });
});
