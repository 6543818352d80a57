//! Keyed hashes for exchange (連結用ハッシュ) with a partner who holds the same persons: of the form of NDB's ID1, ID2 and
//! ID4, over the comparable form of [`crate::normalise`].
//!
//! What each is made of, and how well it does (mpi.md §4.3 and its sources):
//! * ID1 = insurer, symbol and number, birth date, sex. Follows 86–88 % of enrollees over years; changes with the job.
//! * ID2 = name, birth date, sex. 60–84 %; changes with marriage and with the writing of a name.
//! * ID4 = name in kana, birth date, sex; links to other public data bases.
//!
//! None is an identity: ID1 is alike for twins whose branch is not part of it, ID2 and ID4 for namesakes. The key is the
//! partner's alone, so that two partners cannot join what they were given; and whoever holds the key can guess, so a
//! hash is personal data and never leaves the zone but to that partner.

use zeroize::Zeroizing;

use crate::normalise::kana;
use crate::sent::{NamePart, Normal, WILDCARD};

/// Part of every hash: raised when normalisation changes, so that old and new hashes never mix.
pub const VERSION: &[u8] = b"musubi exchange/1";

/// The key agreed with one partner (提供先ごとの鍵). Wiped when dropped; not printable.
pub struct PartnerKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for PartnerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PartnerKey(‹非表示›)")
    }
}

impl PartnerKey {
    /// From the secret agreed with the partner; hashes have a key of their own.
    #[must_use]
    pub fn new(raw: &[u8; 32]) -> Self {
        Self(Zeroizing::new(blake3::derive_key("musubi 2026 exchange hash", raw)))
    }

    fn hash(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        // each part with its length, so that no two lists of parts are the same bytes
        for part in [VERSION, kind.as_bytes()].iter().chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

/// ID1: insurer, symbol and number, birth date, sex. `None` when one of them is not known, or the record is a test
/// patient's. The branch is no part of it, as at NDB: cards from before 2021 have none.
#[must_use]
pub fn id1(key: &PartnerKey, person: &Normal) -> Option<[u8; 32]> {
    let [birth, sex] = guard(person)?;
    if person.insurer == 0 || person.insured.is_empty() {
        return None;
    }
    let insurer = format!("{:08}", person.insurer);
    Some(key.hash("ID1", &[insurer.as_bytes(), person.insured.as_bytes(), &birth, &sex]))
}

/// ID2: name as written (漢字氏名, variants folded), birth date, sex. `None` when one of them is not known for certain: a
/// sign that the source could not encode, a newborn without a name, a part missing.
#[must_use]
pub fn id2(key: &PartnerKey, person: &Normal) -> Option<[u8; 32]> {
    let [birth, sex] = guard(person)?;
    let name = whole(person, |part| part.kanji.as_bytes(), b' ')?;
    if std::str::from_utf8(&name).ok()?.contains(WILDCARD) {
        return None;
    }
    Some(key.hash("ID2", &[&name, &birth, &sex]))
}

/// ID4: name in kana, birth date, sex. `None` as for [`id2`].
#[must_use]
pub fn id4(key: &PartnerKey, person: &Normal) -> Option<[u8; 32]> {
    let [birth, sex] = guard(person)?;
    let name = whole(person, |part| &part.kana, kana::BLANK)?;
    if name.contains(&kana::WILDCARD) {
        return None;
    }
    // as text, so that a partner can make the same hash without our bytes for kana
    Some(key.hash("ID4", &[kana::text(&name).as_bytes(), &birth, &sex]))
}

/// Birth date and sex, which every hash contains, whole.
fn guard(person: &Normal) -> Option<[Vec<u8>; 2]> {
    let b = person.birth;
    let whole = b.year > 0 && b.month > 0 && b.day > 0;
    let sex = matches!(person.sex, 1 | 2);
    let fit = whole && sex && !person.test_patient;
    fit.then(|| {
        let birth = format!("{:04}{:02}{:02}", b.year, b.month, b.day);
        [birth.into_bytes(), person.sex.to_string().into_bytes()]
    })
}

/// The name in one piece, for sources that part names and sources that do not. `None`: only a part is known.
fn whole<'a>(person: &'a Normal, script: impl Fn(&'a NamePart) -> &'a [u8], blank: u8) -> Option<Vec<u8>> {
    let (family, given) = (script(&person.family), script(&person.given));
    // unparted, the whole stands in the family name: one sign is no whole name
    let signs = |text: &[u8]| text.iter().filter(|b| **b & 0xc0 != 0x80).count();
    let known = !family.is_empty() && (!given.is_empty() || signs(family) > 2) && !person.newborn;
    known.then(|| family.iter().chain(given).copied().filter(|b| *b != blank).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::NameBook;
    use crate::normalise::normalise;
    use crate::sent::Sent;

    type Hash = fn(&PartnerKey, &Normal) -> Option<[u8; 32]>;
    const ALL: [(&str, Hash); 3] = [("ID1", id1), ("ID2", id2), ("ID4", id4)];

    fn sent() -> Sent<'static> {
        Sent {
            name_kanji: "見本　花子",
            name_kana: "ミホン ハナコ",
            birth: "19800401",
            sex: "2",
            insurer: "06130017",
            symbol: "12",
            number: "345",
            branch: "02",
            ..Sent::default()
        }
    }

    fn hash(hash: Hash, sent: &Sent<'_>) -> Option<[u8; 32]> {
        let mut normal = Normal::default();
        normalise(sent, &NameBook::builtin(), &mut normal);
        hash(&PartnerKey::new(&[7; 32]), &normal)
    }

    fn hex(hash: Option<[u8; 32]>) -> String {
        hash.map_or_else(|| "-".to_owned(), |h| h.iter().take(8).map(|b| format!("{b:02x}")).collect())
    }

    /// These were handed out: they change with [`VERSION`] only.
    #[test]
    fn golden() {
        let got: Vec<(&str, String)> = ALL.iter().map(|(name, h)| (*name, hex(hash(*h, &sent())))).collect();
        let expect = [("ID1", "bf0d74719f93207d"), ("ID2", "d81141e6b42f8730"), ("ID4", "09d3ded69f327cef")];
        assert_eq!(got, expect.map(|(name, hash)| (name, hash.to_owned())));
    }

    #[test]
    fn one_hash_for_all_writings() {
        let other = Sent {
            name_kanji: "見本花子",
            name_kana: "ﾐﾎﾝﾊﾅｺ",
            birth: "昭和55年4月1日",
            sex: "女",
            insurer: "６１３００１７",
            symbol: "１２",
            number: "０３４５",
            branch: "",
            ..Sent::default()
        };
        for (name, h) in ALL {
            assert_eq!(hash(h, &sent()), hash(h, &other), "{name}");
        }
    }

    #[test]
    fn none_when_something_is_missing() {
        let cases: [(&str, Sent<'_>, &str); 10] = [
            ("birth", Sent { birth: "198004", ..sent() }, ""),
            ("sex", Sent { sex: "9", ..sent() }, ""),
            ("insurer", Sent { insurer: "", ..sent() }, "ID2 ID4"),
            ("number", Sent { symbol: "", number: "", ..sent() }, "ID2 ID4"),
            ("kanji", Sent { name_kanji: "", ..sent() }, "ID1 ID4"),
            ("kana", Sent { name_kana: "", ..sent() }, "ID1 ID2"),
            ("外字", Sent { name_kanji: "見〓 花子", ..sent() }, "ID1 ID4"),
            ("unreadable kana", Sent { name_kana: "ミホン ?ナコ", ..sent() }, "ID1 ID2"),
            ("newborn", Sent { name_kanji: "見本 ベビー", name_kana: "ミホン ベビー", ..sent() }, "ID1"),
            ("test patient", Sent { name_kanji: "テスト患者", name_kana: "テスト カンジャ", ..sent() }, ""),
        ];
        for (case, sent, expect) in cases {
            let have: Vec<&str> =
                ALL.iter().filter(|(_, h)| hash(*h, &sent).is_some()).map(|(name, _)| *name).collect();
            assert_eq!(have.join(" "), expect, "{case}");
        }
    }

    #[test]
    fn each_partner_has_hashes_of_its_own_and_each_kind_too() {
        let mut normal = Normal::default();
        normalise(&sent(), &NameBook::builtin(), &mut normal);
        let (a, b) = (PartnerKey::new(&[1; 32]), PartnerKey::new(&[2; 32]));
        let all: std::collections::BTreeSet<_> =
            ALL.iter().flat_map(|(_, h)| [h(&a, &normal), h(&b, &normal)]).collect();
        assert_eq!(all.len(), 6);
        assert_eq!(format!("{a:?}"), "PartnerKey(‹非表示›)");
    }
}
