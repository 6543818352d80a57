//! Small seeded families with what real feeds do to them: marriages, twins, namesakes, job changes, names in one script
//! only, typing errors, old kanji, stopgap birth dates. All of them are invented.
#![allow(dead_code)] // every test binary uses a part of it
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use musubi_id_resolution::mpi::engine::Mpi;
use musubi_id_resolution::mpi::row::{hash64, mix};
use musubi_id_resolution::mpi::{Decided, Model, Record, Ruling, decide};
use musubi_id_resolution::sent::Sent;

/// One record in text, with the person behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card {
    pub person: u32,
    pub facility: String,
    pub local: String,
    pub kanji: String,
    pub kana: String,
    pub birth: String,
    pub sex: String,
    pub postal: String,
    pub address: String,
    pub phone: String,
    pub insurer: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub care_insurer: String,
    pub care_number: String,
    pub inquiry: String,
    pub day: i32,
}

impl Card {
    pub fn sent(&self) -> Sent<'_> {
        Sent {
            facility: &self.facility,
            local_number: &self.local,
            name_kanji: &self.kanji,
            name_kana: &self.kana,
            birth: &self.birth,
            sex: &self.sex,
            postal_code: &self.postal,
            address: &self.address,
            phone: &self.phone,
            insurer: &self.insurer,
            symbol: &self.symbol,
            number: &self.number,
            branch: &self.branch,
            care_insurer: &self.care_insurer,
            care_number: &self.care_number,
            inquiry_key: &self.inquiry,
        }
    }

    /// An id of the content, so that it does not depend on the order.
    pub fn id(&self) -> [u8; 16] {
        let text = format!("{self:?}");
        let mut id = [0; 16];
        id[..8].copy_from_slice(&hash64(1, text.as_bytes()).to_be_bytes());
        id[8..].copy_from_slice(&hash64(2, text.as_bytes()).to_be_bytes());
        id
    }

    pub fn record(&self) -> Record<'_> {
        let seen = (self.day != 0).then_some((self.day, self.day));
        Record { id: self.id(), sent: self.sent(), seen }
    }
}

/// Numbers from a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) % sides as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.roll(i + 1);
            items.swap(i, j);
        }
    }
}

/// Kanji, an old or variant writing of it, kana.
const FAMILIES: [(&str, &str, &str); 9] = [
    ("見本", "見本", "ミホン"),
    ("架空", "架空", "カクウ"),
    ("仮山", "仮山", "カリヤマ"),
    ("斎藤", "齋藤", "サイトウ"),
    ("高橋", "髙橋", "タカハシ"),
    ("渡辺", "渡邊", "ワタナベ"),
    ("例田", "例田", "レイダ"),
    ("試作", "試作", "シサク"),
    ("中島", "中嶋", "ナカジマ"),
];
const MEN: [(&str, &str); 8] = [
    ("太郎", "タロウ"),
    ("一郎", "イチロウ"),
    ("健一", "ケンイチ"),
    ("健二", "ケンジ"),
    ("博", "ヒロシ"),
    ("浩", "ヒロシ"),
    ("隆", "タカシ"),
    ("誠", "マコト"),
];
const WOMEN: [(&str, &str); 8] = [
    ("花子", "ハナコ"),
    ("陽子", "ヨウコ"),
    ("洋子", "ヨウコ"),
    ("美咲", "ミサキ"),
    ("裕子", "ユウコ"),
    ("優子", "ユウコ"),
    ("恵", "メグミ"),
    ("愛", "アイ"),
];
const FACILITIES: [&str; 6] =
    ["1311234567", "1312345678", "1410000011", "1110000022", "1319999999", "2711111111"];
const CITIES: [(&str, &str); 4] = [
    ("1000001", "東京都千代田区見本町"),
    ("2310001", "神奈川県横浜市中区例示町"),
    ("3300001", "埼玉県さいたま市大宮区仮町"),
    ("1000002", "東京都千代田区架空町"),
];

/// What is true of a person from a day on.
#[derive(Debug, Clone)]
struct Life {
    person: u32,
    family: usize,
    given: (&'static str, &'static str),
    birth: (u32, u32, u32),
    man: bool,
    /// First day, insurer, symbol, number, branch.
    cards: Vec<(i32, String, String, String, u32)>,
    /// First day, family name.
    names: Vec<(i32, usize)>,
    home: (usize, usize, String),
}

fn card(dice: &mut Dice, day: i32, branch: u32) -> (i32, String, String, String, u32) {
    const INSURERS: [&str; 4] = ["06130017", "138057", "01130012", "32130213"];
    let insurer = INSURERS[dice.roll(4)].to_owned();
    (day, insurer, (100 + dice.roll(50)).to_string(), (1000 + dice.roll(9000)).to_string(), branch)
}

/// `families` households and what was written of their members.
pub fn population(seed: u64, families: usize) -> Vec<Card> {
    let mut dice = Dice(mix(seed ^ 77));
    let mut lives: Vec<Life> = Vec::new();
    for _ in 0..families {
        let family = dice.roll(FAMILIES.len());
        let home = (dice.roll(4), 1 + dice.roll(30), format!("03{:08}", dice.roll(50_000_000)));
        let shared = card(&mut dice, 14_000, 0);
        let mut add = |dice: &mut Dice, man: bool, birth: (u32, u32, u32), branch: u32| {
            let given = if man { MEN[dice.roll(8)] } else { WOMEN[dice.roll(8)] };
            let mut own = shared.clone();
            own.4 = branch;
            let names = vec![(0, family)];
            let person = lives.len() as u32;
            lives.push(Life {
                person,
                family,
                given,
                birth,
                man,
                cards: vec![own],
                names,
                home: home.clone(),
            });
        };
        let year = 1945 + dice.roll(40) as u32;
        let day = |dice: &mut Dice| (1 + dice.roll(12) as u32, 1 + dice.roll(28) as u32);
        let (m, d) = day(&mut dice);
        add(&mut dice, true, (year, m, d), 1);
        let (m, d) = day(&mut dice);
        add(&mut dice, false, (year + 2, m, d), 2);
        let (m, d) = day(&mut dice);
        let twins = dice.one_in(3);
        let man = dice.one_in(2);
        add(&mut dice, man, (year + 28, m, d), 3);
        if twins {
            add(&mut dice, man, (year + 28, m, d), 4);
        }
    }
    for life in &mut lives {
        // job changes
        for _ in 0..dice.roll(3) {
            let day = 15_000 + dice.roll(4_000) as i32;
            life.cards.push(card(&mut dice, day, 0));
        }
        life.cards.sort();
        if !life.man && dice.one_in(3) {
            life.names.push((16_000 + dice.roll(2_000) as i32, dice.roll(FAMILIES.len())));
        }
    }
    // namesakes: the same name and birth date somewhere else
    for _ in 0..families / 4 {
        let mut other = lives[dice.roll(lives.len())].clone();
        other.person = lives.len() as u32;
        let own = card(&mut dice, 14_000, 0);
        other.cards = vec![own];
        other.home = (dice.roll(4), 40 + dice.roll(30), format!("04{:08}", dice.roll(50_000_000)));
        lives.push(other);
    }
    let mut out = Vec::new();
    for life in &lives {
        let visits = 1 + dice.roll(6);
        let mine = [dice.roll(FACILITIES.len()), dice.roll(FACILITIES.len())];
        for _ in 0..visits {
            out.push(written(&mut dice, life, mine));
        }
    }
    out.sort();
    out.dedup();
    out
}

fn written(dice: &mut Dice, life: &Life, mine: [usize; 2]) -> Card {
    let day = 14_500 + dice.roll(5_000) as i32;
    let facility = mine[dice.roll(2)];
    let (_, insurer, symbol, number, branch) =
        life.cards.iter().rev().find(|c| c.0 <= day).unwrap_or(&life.cards[0]).clone();
    let family = life.names.iter().rev().find(|n| n.0 <= day).map_or(life.family, |n| n.1);
    let (kanji, old, kana) = FAMILIES[family];
    let kanji = if dice.one_in(5) { old } else { kanji };
    let blank = ["　", " ", ""][dice.roll(3)];
    let (year, month, date) = life.birth;
    let mut card = Card {
        person: life.person,
        facility: FACILITIES[facility].into(),
        local: format!("{:06}", 10_000 + life.person * 7 + facility as u32),
        kanji: format!("{kanji}{blank}{}", life.given.0),
        kana: format!("{kana}{blank}{}", life.given.1),
        birth: format!("{year:04}{month:02}{date:02}"),
        sex: if life.man { "1" } else { "2" }.into(),
        postal: CITIES[life.home.0].0.into(),
        address: format!("{}{}-{}", CITIES[life.home.0].1, life.home.1, 1 + life.person % 5),
        phone: life.home.2.clone(),
        insurer,
        symbol,
        number,
        branch: if branch == 0 { String::new() } else { format!("{branch:02}") },
        day: if dice.one_in(10) { 0 } else { day },
        ..Card::default()
    };
    match dice.roll(6) {
        0 => card.kanji.clear(),
        1 => card.kana.clear(),
        2 => card.kana = card.kana.replacen(['ン', 'ロ', 'コ'], "ト", 1),
        _ => {}
    }
    match dice.roll(8) {
        0 => card.birth = format!("{year:04}0101"),
        1 => card.birth = format!("{year:04}{month:02}{:02}", (date % 28) + 1),
        _ => {}
    }
    if dice.one_in(3) {
        card.address.clear();
        card.postal.clear();
    }
    if dice.one_in(3) {
        card.phone.clear();
    }
    if dice.one_in(4) {
        card.local.clear();
    }
    if dice.one_in(4) {
        card.branch.clear();
    }
    if dice.one_in(6) {
        for text in [&mut card.insurer, &mut card.symbol, &mut card.number, &mut card.branch] {
            text.clear();
        }
    }
    card
}

/// Persons as sets of record ids.
pub type Persons = BTreeSet<BTreeSet<[u8; 16]>>;

/// The persons that the engine makes of records which come in these batches.
pub fn engine<'a>(model: &Model, batches: impl IntoIterator<Item = &'a [Card]>) -> Persons {
    let mut mpi = Mpi::new(model);
    let mut rows = Vec::new();
    for batch in batches {
        let took = mpi.add(batch.iter().map(Card::record));
        rows.extend(batch.iter().map(Card::id).zip(took.rows));
    }
    let mut persons: BTreeMap<u32, BTreeSet<[u8; 16]>> = BTreeMap::new();
    for (id, row) in rows {
        persons.entry(mpi.person(row)).or_default().insert(id);
    }
    persons.into_values().collect()
}

/// The same from the pure decision over all of them at once.
pub fn decided(model: &Model, cards: &[Card], rulings: &[Ruling]) -> Decided {
    let records: Vec<Record<'_>> = cards.iter().map(Card::record).collect();
    decide(model, &records, rulings, &BTreeSet::new())
}

pub fn persons(decided: &Decided) -> Persons {
    decided.groups.iter().map(|g| g.members.iter().copied().collect()).collect()
}

/// Are two records one person?
pub fn together(persons: &Persons, a: &Card, b: &Card) -> bool {
    persons.iter().any(|p| p.contains(&a.id()) && p.contains(&b.id()))
}

pub fn ruling(a: &Card, b: &Card, same: bool) -> Ruling {
    let (x, y) = (a.id(), b.id());
    Ruling { a: x.min(y), b: x.max(y), same }
}
