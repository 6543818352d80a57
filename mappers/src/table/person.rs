//! Who a row speaks of: the parts of the person as written, checks of their numbers, and what research may know of them
//! (birth month, sex, prefecture). These values go to the identity zone only.

use compact_str::CompactString;
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::finding::shape_of;
use musubi_model::{
    ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Identifying, PartialDate, Sex, prefecture,
};

use super::cell::{Cell, Cells, Seen};
use super::date::halve;
use super::map::Teller;
use super::plan::{Interface, Part};
use super::rules;

/// The person of a row.
pub(super) fn demographics(interface: &Interface, cells: Cells<'_>, tell: &mut Teller<'_>) -> Demographics {
    let mut d = Demographics::default();
    let (mut kanji, mut kana) =
        ([const { CompactString::const_new("") }; 2], [const { CompactString::const_new("") }; 2]);
    let mut address = CompactString::default();
    let (mut asks_birth, mut asks_sex) = (None, None);
    for (part, column) in &interface.person {
        let cell = cells.at(*column);
        let text = CompactString::from(cell.text.as_ref());
        let title = interface.column(*column).map_or("", |c| c.title.as_str());
        check_number(*part, &cell.text, title, tell);
        match part {
            Part::LocalNumber => set(&mut d.local_number, text),
            Part::InsurerNumber => set(&mut d.insurer_number, text),
            Part::InsuredSymbol => set(&mut d.insured_symbol, text),
            Part::InsuredNumber => set(&mut d.insured_number, text),
            Part::InsuredBranch => set(&mut d.insured_branch, text),
            Part::Name if is_kana(&text) => set(&mut d.name_kana, text),
            Part::Name | Part::NameKanji => set(&mut d.name_kanji, text),
            Part::NameKana => set(&mut d.name_kana, text),
            Part::FamilyKanji => kanji[0] = text,
            Part::GivenKanji => kanji[1] = text,
            Part::FamilyKana => kana[0] = text,
            Part::GivenKana => kana[1] = text,
            Part::Birth => {
                asks_birth = Some(title);
                d.birth = Identifying::new(cell.date().or(*d.birth.expose()));
                if !cell.is_empty() && cell.date().is_none() {
                    asks_birth = None;
                }
            }
            Part::Sex => match sex(cell) {
                Some(sex) => d.sex = sex,
                None => asks_sex = Some((title, shape_of(&cell.text))),
            },
            Part::PostalCode => set(&mut d.postal_code, text),
            Part::Address => address.push_str(&text),
            Part::Phone => set(&mut d.phone, text),
            Part::CareInsurer => set(&mut d.care_insurer, text),
            Part::CareNumber => set(&mut d.care_number, text),
        }
    }
    set(&mut d.name_kanji, joined(&kanji));
    set(&mut d.name_kana, joined(&kana));
    set(&mut d.address, address);
    if let Some(title) = asks_birth.filter(|_| d.birth.expose().is_none()) {
        tell.tell(&rules::BIRTH, title, "", "19600403");
    }
    if let Some((title, found)) = asks_sex {
        tell.tell(&rules::SEX, title, &found, "1(男)・2(女)");
    }
    if is_nobody(&d) {
        tell.tell(&rules::PERSON_NONE, "", "", "番号、または氏名と生年月日");
    }
    d
}

/// The first value stays: a later column of the same part is another spelling.
fn set(slot: &mut Identifying<CompactString>, text: CompactString) {
    if slot.expose().is_empty() && !text.is_empty() {
        *slot = Identifying::new(text);
    }
}

fn joined(parts: &[CompactString; 2]) -> CompactString {
    let [family, given] = parts;
    match (family.is_empty(), given.is_empty()) {
        (false, false) => CompactString::from(format!("{family} {given}")),
        (false, true) => family.clone(),
        (true, _) => given.clone(),
    }
}

fn is_kana(text: &str) -> bool {
    text.chars().all(|c| matches!(c, 'ァ'..='ヿ' | 'ｦ'..='ﾟ' | ' ' | '\u{3000}'))
}

fn sex(cell: &Cell<'_>) -> Option<Sex> {
    if let Seen::Code(code) = &cell.seen
        && let Some(sex) = Sex::read(code)
    {
        return Some(sex);
    }
    let text = halve(&cell.text);
    match text.trim() {
        "男" | "男性" | "男児" | "男子" | "オトコ" => Some(Sex::Male),
        "女" | "女性" | "女児" | "女子" | "オンナ" => Some(Sex::Female),
        "不明" => Some(Sex::Unknown),
        "その他" => Some(Sex::Other),
        text => Sex::read(text.trim_start_matches('0')).or_else(|| Sex::read(text)),
    }
}

fn is_nobody(d: &Demographics) -> bool {
    let numbered = [&d.local_number, &d.insured_number, &d.care_number];
    let named = [&d.name_kanji, &d.name_kana];
    numbered.iter().all(|n| n.expose().is_empty())
        && (named.iter().all(|n| n.expose().is_empty()) || d.birth.expose().is_none())
}

/// Shape and check digit of a number that identifies a person.
fn check_number(part: Part, text: &str, title: &str, tell: &mut Teller<'_>) {
    let is_number = matches!(
        part,
        Part::LocalNumber
            | Part::InsurerNumber
            | Part::InsuredNumber
            | Part::InsuredBranch
            | Part::CareInsurer
            | Part::CareNumber
    );
    if !is_number || text.is_empty() {
        return;
    }
    let halved = if text.is_ascii() { text.to_owned() } else { halve(text) };
    check_my_number(&halved, title, tell);
    let number = halved.trim();
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    let (lengths, short, expected): (&[usize], &[usize], &str) = match part {
        Part::InsurerNumber => (&[6, 8], &[5, 7], "6桁か8桁"),
        Part::CareInsurer => (&[6], &[5], "6桁"),
        Part::CareNumber => (&[10], &[7, 8, 9], "10桁"),
        Part::InsuredBranch => (&[2], &[1], "2桁"),
        _ => return,
    };
    // The care number of a person on assistance begins with H.
    let assisted = part == Part::CareNumber && number.len() == 10 && number.starts_with('H');
    if assisted {
        return;
    }
    if digits && short.contains(&number.len()) {
        tell.tell(&rules::ZERO_DROPPED, title, &shape_of(number), expected);
    } else if !digits || !lengths.contains(&number.len()) {
        tell.tell(&rules::NUMBER_SHAPE, title, &shape_of(number), expected);
    } else if matches!(part, Part::InsurerNumber | Part::CareInsurer) {
        // Insurers of national health insurance are padded with two zeros in check-ups.
        let padded = number.strip_prefix("00").filter(|n| n.len() == 6);
        let sound = |n: &str| modulus10_weight21(n) == Some(true);
        if !sound(number) && !padded.is_some_and(sound) {
            tell.tell(&rules::CHECK_DIGIT, title, &shape_of(number), "検証番号の合う番号");
        }
    }
}

/// Twelve digits with the check digit of a My Number, hyphens and blanks left out.
pub(super) fn check_my_number(text: &str, title: &str, tell: &mut Teller<'_>) {
    if text.len() < 12 {
        return;
    }
    let digits: String =
        halve(text).chars().filter(|c| !matches!(c, '-' | ' ' | 'ー' | '－')).take(13).collect();
    if is_my_number(&digits) {
        tell.tell(&rules::MY_NUMBER, title, "9×12", "個人番号でない番号");
    }
}

/// The person's attributes for research. `None`: neither birth nor sex is known.
pub(super) fn fact(d: &Demographics, range: ByteRange) -> Option<Fact> {
    let birth = *d.birth.expose();
    if birth.is_none() && d.sex == Sex::Unknown {
        return None;
    }
    let mut fact = Fact::new(FactTable::Person, range);
    fact.start = birth.and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0));
    fact.status = CompactString::const_new(d.sex.code());
    let home = prefecture::of_address(d.address.expose()).or_else(|| of_insurer(d));
    fact.source = home.map(|code| Coded::new(CodeSystem::Prefecture, code));
    Some(fact)
}

/// The prefecture that an insurer number names: its third and fourth digit of eight, or the first two of six.
fn of_insurer(d: &Demographics) -> Option<&'static str> {
    let pick = |number: &str| {
        let at = match number.len() {
            8 => 2,
            6 => 0,
            _ => return None,
        };
        let code = number.get(at..at + 2)?;
        prefecture::PREFECTURES.iter().find(|(c, _)| *c == code).map(|(c, _)| *c)
    };
    pick(d.care_insurer.expose()).or_else(|| pick(d.insurer_number.expose()))
}
