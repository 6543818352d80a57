//! Sentinels (見張り): a few invented families whose persons are known, decided every night under the model in force.
//!
//! They never lie in the store. Each stands for a mistake that a spoilt model or program makes first: twins that become
//! one, namesakes, a mother and her newborn, a marriage that parts a person. A wrong merge is never accepted; how many
//! persons may fall apart is the caller's to say.

use std::collections::{BTreeMap, BTreeSet};

use crate::mpi::{Model, Record, decide};
use crate::sent::Sent;

/// One planted description.
#[derive(Clone, Copy)]
struct Planted {
    /// The person, inside the family.
    person: u8,
    sent: Sent<'static>,
    /// Month of care, counted from 2024-01.
    month: i32,
}

/// A family: what it watches, and its descriptions.
struct Family {
    name: &'static str,
    ja: &'static str,
    records: Vec<Planted>,
}

/// What became of a family that was not decided as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The family.
    pub family: &'static str,
    /// The same in Japanese.
    pub ja: &'static str,
    /// Pairs of different persons that were put together.
    pub merged: u64,
    /// Persons that were not left whole.
    pub split: u64,
}

/// What the sentinels saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watch {
    /// Families.
    pub families: u64,
    /// Descriptions in all.
    pub records: u64,
    /// Pairs of different persons that were put together, within families and across them.
    pub merged: u64,
    /// Persons that were not left whole.
    pub split: u64,
    /// The families concerned.
    pub alarms: Vec<Alarm>,
}

/// The words of one description: person, month, facility, chart number, kanji, kana, birth, sex, card (insurer, symbol,
/// number, branch), postal code, address.
type Words = (
    u8,
    i32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 4],
    &'static str,
    &'static str,
);

fn family(name: &'static str, ja: &'static str, rows: &[Words]) -> Family {
    let planted = |row: &Words| {
        let (person, month, facility, local_number, name_kanji, name_kana, birth, sex, card, postal, address) =
            *row;
        let [insurer, symbol, number, branch] = card;
        let sent = Sent {
            facility,
            local_number,
            name_kanji,
            name_kana,
            birth,
            sex,
            insurer,
            symbol,
            number,
            branch,
            postal_code: postal,
            address,
            ..Sent::default()
        };
        Planted { person, sent, month }
    };
    Family { name, ja, records: rows.iter().map(planted).collect() }
}

// Facilities and insurers that do not exist; numbers are their own, so that families never meet by a number.
const CLINIC: &str = "1319999901";
const HOSPITAL: &str = "1319999902";
const FAR: &str = "0119999903";
const INSURER: &str = "06139997";
const OTHER: &str = "138990";

/// Every family.
fn families() -> Vec<Family> {
    let none = ["", "", "", ""];
    vec![
        family(
            "twins",
            "双子",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70001",
                    "見本 翔太",
                    "ミホン ショウタ",
                    "20150607",
                    "1",
                    [INSURER, "71", "7001", "03"],
                    "1000001",
                    "東京都千代田区見本町1-1",
                ),
                (
                    2,
                    0,
                    CLINIC,
                    "70002",
                    "見本 翔平",
                    "ミホン ショウヘイ",
                    "20150607",
                    "1",
                    [INSURER, "71", "7001", "04"],
                    "1000001",
                    "東京都千代田区見本町1-1",
                ),
                (
                    1,
                    5,
                    HOSPITAL,
                    "70011",
                    "見本 翔太",
                    "ミホン ショウタ",
                    "20150607",
                    "1",
                    [INSURER, "71", "7001", "03"],
                    "1000001",
                    "東京都千代田区見本町1-1",
                ),
                (
                    2,
                    5,
                    HOSPITAL,
                    "70012",
                    "見本 翔平",
                    "ミホン ショウヘイ",
                    "20150607",
                    "1",
                    [INSURER, "71", "7001", "04"],
                    "1000001",
                    "東京都千代田区見本町1-1",
                ),
            ],
        ),
        family(
            "twins without branch number",
            "枝番のない双子",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70101",
                    "",
                    "カクウ アオイ",
                    "20120303",
                    "2",
                    [INSURER, "72", "7101", ""],
                    "",
                    "",
                ),
                (
                    2,
                    0,
                    CLINIC,
                    "70102",
                    "",
                    "カクウ アカネ",
                    "20120303",
                    "2",
                    [INSURER, "72", "7101", ""],
                    "",
                    "",
                ),
                (
                    1,
                    9,
                    CLINIC,
                    "70101",
                    "架空 葵",
                    "カクウ アオイ",
                    "20120303",
                    "2",
                    [INSURER, "72", "7101", ""],
                    "1000002",
                    "東京都千代田区架空町2-2",
                ),
                (
                    2,
                    9,
                    CLINIC,
                    "70102",
                    "架空 茜",
                    "カクウ アカネ",
                    "20120303",
                    "2",
                    [INSURER, "72", "7101", ""],
                    "1000002",
                    "東京都千代田区架空町2-2",
                ),
            ],
        ),
        family(
            "namesakes of one birthday at two places",
            "同姓同名・同じ生年月日の別人",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70201",
                    "田中 花子",
                    "タナカ ハナコ",
                    "19600401",
                    "2",
                    [INSURER, "73", "7201", "00"],
                    "1000003",
                    "東京都千代田区例示町3-3",
                ),
                (
                    1,
                    7,
                    HOSPITAL,
                    "70202",
                    "田中 花子",
                    "タナカ ハナコ",
                    "19600401",
                    "2",
                    [INSURER, "73", "7201", "00"],
                    "1000003",
                    "東京都千代田区例示町3-3",
                ),
                (
                    2,
                    0,
                    FAR,
                    "70203",
                    "田中 花子",
                    "タナカ ハナコ",
                    "19600401",
                    "2",
                    [OTHER, "74", "7202", "00"],
                    "0600001",
                    "北海道札幌市中央区例示町9-9",
                ),
                (
                    2,
                    7,
                    FAR,
                    "70203",
                    "田中 華子",
                    "タナカ ハナコ",
                    "19600401",
                    "2",
                    [OTHER, "74", "7202", "00"],
                    "0600001",
                    "北海道札幌市中央区例示町9-9",
                ),
            ],
        ),
        family(
            "mother and newborn",
            "母と新生児",
            &[
                (
                    1,
                    0,
                    HOSPITAL,
                    "70301",
                    "試作 恵",
                    "シサク メグミ",
                    "19920808",
                    "2",
                    [INSURER, "75", "7301", "00"],
                    "1000004",
                    "東京都千代田区試作町4-4",
                ),
                (
                    1,
                    6,
                    HOSPITAL,
                    "70301",
                    "試作 恵",
                    "シサク メグミ",
                    "19920808",
                    "2",
                    [INSURER, "75", "7301", "00"],
                    "1000004",
                    "東京都千代田区試作町4-4",
                ),
                (
                    2,
                    6,
                    HOSPITAL,
                    "70302",
                    "試作ベビー",
                    "シサク ベビー",
                    "20240701",
                    "2",
                    [INSURER, "75", "7301", ""],
                    "1000004",
                    "東京都千代田区試作町4-4",
                ),
            ],
        ),
        family(
            "father and son on one card",
            "一枚の証の父と子",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70401",
                    "仮山 一郎",
                    "カリヤマ イチロウ",
                    "19700101",
                    "1",
                    [INSURER, "76", "7401", ""],
                    "1000005",
                    "東京都千代田区仮町5-5",
                ),
                (
                    2,
                    0,
                    CLINIC,
                    "70402",
                    "仮山 一朗",
                    "カリヤマ イチロウ",
                    "19990115",
                    "1",
                    [INSURER, "76", "7401", ""],
                    "1000005",
                    "東京都千代田区仮町5-5",
                ),
                (
                    1,
                    4,
                    HOSPITAL,
                    "70403",
                    "",
                    "カリヤマ イチロウ",
                    "19700101",
                    "1",
                    [INSURER, "76", "7401", "00"],
                    "",
                    "",
                ),
                (
                    2,
                    4,
                    HOSPITAL,
                    "70404",
                    "",
                    "カリヤマ イチロウ",
                    "19990115",
                    "1",
                    [INSURER, "76", "7401", "01"],
                    "",
                    "",
                ),
            ],
        ),
        family(
            "husband and wife",
            "夫と妻",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70501",
                    "例田 誠",
                    "レイダ マコト",
                    "19850505",
                    "1",
                    [INSURER, "77", "7501", "00"],
                    "1000006",
                    "東京都千代田区例田町6-6",
                ),
                (
                    2,
                    0,
                    CLINIC,
                    "70502",
                    "例田 真琴",
                    "レイダ マコト",
                    "19860707",
                    "2",
                    [INSURER, "77", "7501", "01"],
                    "1000006",
                    "東京都千代田区例田町6-6",
                ),
            ],
        ),
        family(
            "marriage",
            "婚姻による改姓",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70601",
                    "見本 美咲",
                    "ミホン ミサキ",
                    "19950909",
                    "2",
                    [INSURER, "78", "7601", "00"],
                    "1000007",
                    "東京都千代田区婚姻町7-7",
                ),
                (
                    1,
                    8,
                    CLINIC,
                    "70601",
                    "架空 美咲",
                    "カクウ ミサキ",
                    "19950909",
                    "2",
                    [INSURER, "78", "7601", "00"],
                    "1000007",
                    "東京都千代田区婚姻町7-7",
                ),
            ],
        ),
        family(
            "75th birthday",
            "75歳到達(後期高齢者医療への移行)",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70701",
                    "渡邊 稔",
                    "ワタナベ ミノル",
                    "19490801",
                    "1",
                    [OTHER, "79", "7701", ""],
                    "1000008",
                    "東京都千代田区長寿町8-8",
                ),
                (
                    1,
                    9,
                    CLINIC,
                    "70701",
                    "渡辺 稔",
                    "ワタナベ ミノル",
                    "19490801",
                    "1",
                    ["39139999", "", "07701000", ""],
                    "1000008",
                    "東京都千代田区長寿町8-8",
                ),
            ],
        ),
        family(
            "change of job",
            "転職による証の変更",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70801",
                    "斎藤 健一",
                    "サイトウ ケンイチ",
                    "19800220",
                    "1",
                    [INSURER, "80", "7801", "00"],
                    "1000009",
                    "東京都千代田区転職町9-9",
                ),
                (
                    1,
                    8,
                    CLINIC,
                    "70801",
                    "齋藤 健一",
                    "サイトウ ケンイチ",
                    "19800220",
                    "1",
                    [OTHER, "81", "7802", ""],
                    "1000009",
                    "東京都千代田区転職町9-9",
                ),
            ],
        ),
        family(
            "reused chart number",
            "再利用された患者番号",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "70901",
                    "高橋 浩",
                    "タカハシ ヒロシ",
                    "19551111",
                    "1",
                    [INSURER, "82", "7901", "00"],
                    "1000010",
                    "東京都千代田区再利用町10-1",
                ),
                (
                    2,
                    20,
                    CLINIC,
                    "70901",
                    "中島 優子",
                    "ナカジマ ユウコ",
                    "19881212",
                    "2",
                    [OTHER, "83", "7902", ""],
                    "1000011",
                    "東京都千代田区再利用町11-2",
                ),
            ],
        ),
        family(
            "names in one script each",
            "漢字だけ・カナだけの記録",
            &[
                (
                    1,
                    0,
                    CLINIC,
                    "71001",
                    "山田 陽子",
                    "",
                    "19770317",
                    "2",
                    [INSURER, "84", "8001", "00"],
                    "1000012",
                    "東京都千代田区文字町12-3",
                ),
                (
                    1,
                    3,
                    HOSPITAL,
                    "71002",
                    "",
                    "ﾔﾏﾀﾞ ﾖｳｺ",
                    "19770317",
                    "2",
                    [INSURER, "84", "8001", "00"],
                    "",
                    "",
                ),
            ],
        ),
        family(
            "order exchanged",
            "順序の入れ替わった記録",
            &[
                (
                    1,
                    12,
                    HOSPITAL,
                    "71102",
                    "例示 隆",
                    "レイジ タカシ",
                    "19681030",
                    "1",
                    [OTHER, "86", "8102", ""],
                    "1000013",
                    "東京都千代田区順序町13-4",
                ),
                (
                    1,
                    0,
                    HOSPITAL,
                    "71102",
                    "例示 隆",
                    "レイジ タカシ",
                    "19681030",
                    "1",
                    [INSURER, "85", "8101", "00"],
                    "1000013",
                    "東京都千代田区順序町13-4",
                ),
                (
                    1,
                    6,
                    HOSPITAL,
                    "71102",
                    "例示 隆",
                    "レイジ タカシ",
                    "19681030",
                    "1",
                    [INSURER, "85", "8101", "00"],
                    "1000013",
                    "東京都千代田区順序町13-4",
                ),
            ],
        ),
        family(
            "nothing but a name",
            "氏名だけの記録",
            &[
                (1, 0, CLINIC, "", "鈴木 一郎", "スズキ イチロウ", "", "1", none, "", ""),
                (2, 0, FAR, "", "鈴木 一郎", "スズキ イチロウ", "", "1", none, "", ""),
            ],
        ),
    ]
}

/// 2024-01-15 in days since 1970-01-01.
const FIRST_DAY: i32 = 19_737;

/// Decides all families together under a model and compares with what is true.
#[must_use]
pub fn watch(model: &Model) -> Watch {
    let families = families();
    let mut out = Watch { families: families.len() as u64, ..Watch::default() };
    let mut truth: BTreeMap<[u8; 16], (usize, u8)> = BTreeMap::new();
    let mut records = Vec::new();
    for (place, family) in families.iter().enumerate() {
        for (number, planted) in family.records.iter().enumerate() {
            let mut id = [0u8; 16];
            // the order of ids is not that of families nor of days
            let count = (place as u64) << 8 | number as u64;
            id[..8].copy_from_slice(&crate::mpi::row::mix(count).to_be_bytes());
            id[8..].copy_from_slice(&count.to_be_bytes());
            truth.insert(id, (place, planted.person));
            let day = FIRST_DAY + planted.month * 30;
            records.push(Record { id, sent: planted.sent, seen: Some((day, day)) });
        }
    }
    out.records = records.len() as u64;
    let decided = decide(model, &records, &[], &BTreeSet::new());
    let mut merged = vec![0u64; families.len()];
    let mut parts: BTreeMap<(usize, u8), u64> = BTreeMap::new();
    for group in &decided.groups {
        let persons: Vec<(usize, u8)> =
            group.members.iter().filter_map(|id| truth.get(id).copied()).collect();
        for (at, a) in persons.iter().enumerate() {
            let others = persons.iter().skip(at + 1).filter(|b| *b != a).count() as u64;
            out.merged += others;
            if let Some(count) = merged.get_mut(a.0) {
                *count += others;
            }
        }
        for person in persons.into_iter().collect::<BTreeSet<_>>() {
            *parts.entry(person).or_default() += 1;
        }
    }
    for (place, (family, merged)) in families.iter().zip(merged).enumerate() {
        let mine = parts.range((place, 0)..=(place, u8::MAX));
        let split = mine.filter(|(_, parts)| **parts > 1).count() as u64;
        out.split += split;
        if merged > 0 || split > 0 {
            out.alarms.push(Alarm { family: family.name, ja: family.ja, merged, split });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mpi::BIT;

    #[test]
    fn the_built_in_model_decides_every_family_as_it_is() {
        let seen = watch(&Model::default());
        assert_eq!(seen.alarms, []);
        assert_eq!((seen.merged, seen.split), (0, 0));
        assert!(seen.families >= 12 && seen.records > 2 * seen.families);
    }

    #[test]
    fn a_threshold_that_is_far_too_low_is_caught_by_wrong_merges() {
        let mut model = Model::default();
        model.rules.threshold = -40 * BIT;
        model.rules.edge = -60 * BIT;
        let seen = watch(&model);
        assert!(seen.merged > 0, "{seen:?}");
        assert!(seen.alarms.iter().any(|a| a.merged > 0));
    }

    #[test]
    fn a_threshold_that_is_far_too_high_is_caught_by_persons_that_fall_apart() {
        let mut model = Model::default();
        model.rules.threshold = 200 * BIT;
        model.rules.edge = 200 * BIT;
        let seen = watch(&model);
        assert_eq!(seen.merged, 0);
        assert!(seen.split > 5, "{seen:?}");
    }

    #[test]
    fn names_that_count_for_everything_are_caught() {
        let mut model = Model::default();
        // a frequency table gone wrong: every unknown name is one in 2^60
        model.rules.unseen_name = 60 * 256;
        model.rules.population = 1;
        assert!(watch(&model).merged > 0);
    }
}
