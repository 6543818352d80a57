//! Who a clinical document speaks of: recordTarget/patientRole, as written. It goes to the identity zone only.

use compact_str::CompactString;
use musubi_model::{Demographics, Identifying, Sex};

use super::checkup::birth;
use super::rules;
use super::work::Work;
use super::xml::El;

/// The patient; `None` when the document names none.
pub(super) fn patient<'t>(root: El<'t>, d: &mut Demographics, work: &mut Work<'_>) -> Option<El<'t>> {
    if root.all("recordTarget").count() > 1 {
        work.say(&rules::TWO_PATIENTS, root, "recordTarget", "二人以上".to_owned(), "一人");
    }
    let Some(role) = root.down(&["recordTarget", "patientRole"]) else {
        work.say(&rules::NO_PATIENT, root, "recordTarget", "(なし)".to_owned(), "患者情報");
        return None;
    };
    for id in role.all("id") {
        let number = id.attr("extension");
        work.refuse_my_number(id, &number);
        if !number.is_empty() && d.local_number.expose().is_empty() {
            d.local_number = Identifying::new(CompactString::from(&*number));
        }
    }
    if d.local_number.expose().is_empty() {
        work.say(&rules::PATIENT_NUMBER, role, "id", "(空)".to_owned(), "患者番号");
    }
    address(role, d, work);
    let phone = role.all("telecom").map(|t| t.attr("value").into_owned()).find_map(|value| {
        let number = value.strip_prefix("tel:").map(str::to_owned);
        number.or_else(|| (!value.is_empty() && !value.contains(':')).then_some(value))
    });
    d.phone = Identifying::new(phone.unwrap_or_default().into());
    let person = role.child("patient").unwrap_or(role);
    names(person, d, work);
    let code =
        person.child("administrativeGenderCode").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    d.sex = match code.as_str() {
        "UN" => Sex::Other,
        code => Sex::read(code).unwrap_or_else(|| {
            work.say_shape(&rules::SEX, person, "administrativeGenderCode", code, "M・F");
            Sex::Unknown
        }),
    };
    d.birth = Identifying::new(birth(person, work));
    Some(role)
}

/// `use` says which: IDE kanji, SYL kana, ABC letters. Where it says nothing, the signs tell.
fn names(person: El<'_>, d: &mut Demographics, work: &mut Work<'_>) {
    let (mut kanji, mut kana) = (CompactString::default(), CompactString::default());
    for name in person.all("name") {
        let parts: Vec<String> = ["family", "given"].iter().flat_map(|n| name.all(n)).map(El::text).collect();
        let text = if parts.is_empty() { name.text() } else { parts.join(" ") };
        let is_kana = match &*name.attr("use") {
            "SYL" | "P" => true,
            "ABC" => continue,
            "IDE" => false,
            _ => !text.is_empty() && text.chars().all(|c| matches!(c, 'ぁ'..='ヿ' | 'ｦ'..='ﾟ' | ' ' | '　')),
        };
        let slot = if is_kana { &mut kana } else { &mut kanji };
        if slot.is_empty() {
            *slot = CompactString::from(text);
        }
    }
    if kanji.is_empty() && kana.is_empty() {
        work.say(&rules::NAME, person, "name", "(空)".to_owned(), "氏名");
    }
    d.name_kanji = Identifying::new(kanji);
    d.name_kana = Identifying::new(kana);
}

fn address(role: El<'_>, d: &mut Demographics, work: &mut Work<'_>) {
    let Some(addr) = role.child("addr") else { return };
    if let Some(postal) = addr.child("postalCode") {
        let code = postal.text();
        let digits = code.bytes().filter(u8::is_ascii_digit).count();
        if digits != 7 || !code.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            work.say_shape(&rules::POSTAL, postal, "", &code, "999-9999");
        }
        d.postal_code = Identifying::new(code.into());
    }
    let parts = ["state", "city", "streetName", "houseNumber", "streetAddressLine", "additionalLocator"];
    let mut line: String = parts.iter().flat_map(|n| addr.all(n)).map(El::text).collect();
    if line.is_empty() {
        line = addr.text().split(['\n', '\r', '\t']).map(str::trim).collect();
    }
    d.address = Identifying::new(line.into());
}
