//! The radar for identifying values in fields that are not meant for them (個人識別情報の混入検知): insurer numbers,
//! telephone numbers, My Numbers and names in codes, units, texts of results. Pure: facts and demographics in, findings
//! out.
//!
//! It looks into every text that would enter the research side, after every mapper. The person's own name, number or
//! address and any My Number are errors: the unit is quarantined, for whoever wrote them there may have written more.
//! What only looks like a telephone, an address and so on is taken out of the fact and told; the original keeps it.
//! It never shows what it found, and never changes a fact that is clean.

mod names;
mod numbers;

use compact_str::CompactString;
use musubi_model::code::CodeSystem;
use musubi_model::finding::shape_of;
use musubi_model::limits::Limits;
use musubi_model::{Coded, Demographics, Fact, Finding, Rule, catalogue};

use crate::MappedUnit;
use crate::notes::Notes;
use names::{Field, Names};
use numbers::Own;

catalogue! {
    /// The person's own name.
    OWN_NAME Error "LEAK-OWN-NAME"
        "氏名を書く場所ではない項目に、本人の氏名があります。受け取れません。" "The person's own name stands in a field that is not meant for it. It cannot be taken in."
        "項目から氏名を消して送り直してください。" "Remove the name from the field and send again."
        eg "検査結果の値に「見本 太郎様 再検」と書かれている。";
    /// One of the person's own numbers.
    OWN_NUMBER Error "LEAK-OWN-NUMBER"
        "別の項目に、本人の番号(カルテ番号・被保険者番号・電話番号など)があります。受け取れません。" "One of the person's own numbers (chart, insured, telephone) stands in another field. It cannot be taken in."
        "項目から番号を消して送り直してください。" "Remove the number from the field and send again."
        eg "院内の検査コードの列にカルテ番号が入っている。";
    /// The person's own address.
    OWN_ADDRESS Error "LEAK-OWN-ADDRESS"
        "別の項目に、本人の住所があります。受け取れません。" "The person's own address stands in another field. It cannot be taken in."
        "項目から住所を消して送り直してください。" "Remove the address from the field and send again."
        eg "診療科の項目に患者の住所が書かれている。";
    /// A My Number of anybody.
    MY_NUMBER Error "LEAK-MY-NUMBER"
        "個人番号(マイナンバー)と思われる番号があります。受け取れません。" "There is what looks like a My Number. It cannot be taken in."
        "個人番号を消して送り直してください。" "Remove the My Number and send again."
        eg "検査結果の値に、検査用数字の合う 12 桁の番号がある。";
    /// A telephone number.
    PHONE Warning "LEAK-PHONE"
        "電話番号と思われる文があります。事実から取り除きました。" "There is what looks like a telephone number; the text was taken out of the fact."
        "この項目に電話番号を書かないでください。" "Do not write telephone numbers into this field."
        eg "薬品名の後ろに薬局の電話番号が書かれている。";
    /// An insurer number with words of an insurance card.
    INSURANCE Warning "LEAK-INSURANCE"
        "保険証の記号・番号と思われる文があります。事実から取り除きました。" "There is what looks like the numbers of an insurance card; the text was taken out of the fact."
        "この項目に保険証の番号を書かないでください。" "Do not write insurance numbers into this field."
        eg "コメントの名称に「保険者番号」と 8 桁の番号が書かれている。";
    /// A mail address.
    MAIL Warning "LEAK-MAIL"
        "メールアドレスと思われる文があります。事実から取り除きました。" "There is what looks like a mail address; the text was taken out of the fact."
        "この項目にメールアドレスを書かないでください。" "Do not write mail addresses into this field."
        eg "単位の項目に担当者のメールアドレスがある。";
    /// An address.
    ADDRESS Warning "LEAK-ADDRESS"
        "郵便番号または住所と思われる文があります。事実から取り除きました。" "There is what looks like a postal code or an address; the text was taken out of the fact."
        "この項目に住所を書かないでください。" "Do not write addresses into this field."
        eg "病名の後ろに紹介元の住所が書かれている。";
}

/// Fewer digits in a code of the sender's own may be any code.
const CODE_DIGITS_MIN: usize = 8;
/// Fewer digits in a number that was measured may be any number.
const VALUE_DIGITS_MIN: usize = 7;
/// Texts with fewer digits hold no number of anybody.
const DIGITS_MIN: usize = 6;

/// Looks into a mapped unit: adds what it finds, and takes the facts out when one of them must not be taken in.
pub fn guard(unit: &mut MappedUnit, limits: &Limits) {
    let mut notes = Notes::new(limits.findings_per_unit_max);
    watch(&unit.demographics, &mut unit.facts, &mut notes);
    let found = notes.finish();
    if found.is_empty() {
        return;
    }
    let mut all = Notes::new(limits.findings_per_unit_max);
    for finding in unit.findings.drain(..).chain(found) {
        all.push(finding);
    }
    if all.has_error() {
        unit.facts.clear();
    }
    unit.findings = all.finish();
}

/// Looks into every text of the facts of one unit. An error among what it adds: the unit must be quarantined. Texts
/// with a softer finding are taken out of their facts.
pub fn watch(demographics: &Demographics, facts: &mut [Fact], notes: &mut Notes) {
    let mut radar: Option<Radar> = None;
    for fact in facts {
        if is_bare(fact) {
            continue;
        }
        let radar = radar.get_or_insert_with(|| Radar::new(demographics));
        look(radar, fact, notes);
    }
}

/// Codes of the systems we know, numbers, dates and our own short words: nothing to look into.
fn is_bare(fact: &Fact) -> bool {
    let clean = |text: &str| text.len() < DIGITS_MIN && text.is_ascii();
    let coded = |coded: &Option<Coded>| {
        coded.as_ref().is_none_or(|c| c.text.is_none() && (!is_other(c) || clean(&c.code)))
    };
    coded(&fact.source)
        && coded(&fact.standard)
        && clean(&fact.value.text)
        && clean(&fact.value.unit)
        && clean(&fact.value.range)
        && clean(&fact.value.flag)
        && clean(&fact.status)
        && clean(&fact.group)
        && clean(&fact.department)
        && is_own_words(&fact.qualifiers)
}

/// Qualifiers of ours: ASCII, without a long number.
fn is_own_words(text: &str) -> bool {
    let seen = numbers::glance(text);
    seen.ascii && seen.digits < DIGITS_MIN && !seen.at_sign
}

fn is_other(coded: &Coded) -> bool {
    matches!(coded.system, CodeSystem::Other(_))
}

/// What to look for in the facts of one person.
struct Radar {
    names: Names,
    own: Own,
}

/// How a text is looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    field: Field,
    /// How long a number of the person's must be to be known as one.
    digits_min: usize,
    /// Look for My Numbers.
    my_number: bool,
    /// Look for patterns of other people's identifiers.
    soft: bool,
}

const WORDS: Look = Look { field: Field::Words, digits_min: DIGITS_MIN, my_number: true, soft: true };
const TITLE: Look = Look { field: Field::Title, ..WORDS };

impl Radar {
    fn new(d: &Demographics) -> Self {
        Self { names: Names::new(d.name_kanji.expose(), d.name_kana.expose()), own: Own::new(d) }
    }

    /// The rule that a text breaks.
    fn find(&self, text: &str, look: Look) -> Option<&'static Rule> {
        let seen = numbers::glance(text);
        if !seen.ascii {
            if self.names.stand_in(text, look.field) {
                return Some(&OWN_NAME);
            }
            if self.own.address_in(text) {
                return Some(&OWN_ADDRESS);
            }
        }
        if self.own.has_mixed() && self.own.mixed_in(text) {
            return Some(&OWN_NUMBER);
        }
        if look.soft && seen.at_sign && numbers::mail(text) {
            return Some(&MAIL);
        }
        let runs = if seen.digits >= DIGITS_MIN { numbers::runs(text) } else { Vec::new() };
        if runs.iter().any(|run| self.own.has(run, look.digits_min)) {
            return Some(&OWN_NUMBER);
        }
        if look.my_number && numbers::my_number(&runs) {
            return Some(&MY_NUMBER);
        }
        if !look.soft {
            return None;
        }
        if numbers::phone(&runs) {
            return Some(&PHONE);
        }
        if seen.ascii {
            return None;
        }
        if numbers::insurance(text, &runs) {
            return Some(&INSURANCE);
        }
        numbers::address(text, &runs).then_some(&ADDRESS)
    }
}

fn look(radar: &Radar, fact: &mut Fact, notes: &mut Notes) {
    let (table, range) = (fact.table, fact.range);
    let mut tell = |rule: &'static Rule, field: &str, text: &str| {
        let finding = Finding::new(rule).at(range).in_field(format!("{} の事実", table.ja()), field);
        notes.push(finding.found(shape_of(text)).expected("個人を識別しない値"));
    };
    let mut sealed = false;
    for (field, coded) in [("元のコード", &mut fact.source), ("標準コード", &mut fact.standard)] {
        let Some(coded) = coded else { continue };
        // A code of the sender's own with a name beside it is a code, however many digits it has.
        let look = Look { my_number: coded.text.is_none(), digits_min: CODE_DIGITS_MIN, ..WORDS };
        if is_other(coded)
            && let Some(rule) = radar.find(&coded.code, look)
        {
            tell(rule, field, &coded.code);
            coded.code = CompactString::default();
        }
        if let Some(text) = &coded.text
            && let Some(rule) = radar.find(text, TITLE)
        {
            tell(rule, &format!("{field}の名称"), text);
            coded.text = None;
            sealed = true;
        }
    }
    // Numbers and scores of known items: only a number of the person's own is looked for.
    let known = fact.source.as_ref().is_some_and(|s| !is_other(s)) && fact.value.text.is_ascii();
    let value = if fact.value.number.is_some() || known {
        Look { digits_min: VALUE_DIGITS_MIN, my_number: fact.value.number.is_none(), ..WORDS }
    } else {
        WORDS
    };
    for (field, text, look) in [
        ("値", &mut fact.value.text, value),
        ("単位", &mut fact.value.unit, WORDS),
        ("基準範囲", &mut fact.value.range, WORDS),
        ("異常フラグ", &mut fact.value.flag, WORDS),
        ("修飾", &mut fact.qualifiers, WORDS),
        ("状態", &mut fact.status, WORDS),
        ("グループ", &mut fact.group, WORDS),
        ("診療科", &mut fact.department, WORDS),
    ] {
        if text.is_empty() {
            continue;
        }
        // Words of ours hold codes: a short number in them is hardly somebody's.
        let ours = text.is_ascii() && !matches!(field, "値" | "単位");
        let look = if ours { Look { digits_min: CODE_DIGITS_MIN, ..look } } else { look };
        if let Some(rule) = radar.find(text, look) {
            tell(rule, field, text);
            *text = CompactString::default();
            sealed |= field == "値";
        }
    }
    if sealed {
        if !fact.qualifiers.is_empty() {
            fact.qualifiers.push(' ');
        }
        fact.qualifiers.push_str("text=sealed");
    }
}
