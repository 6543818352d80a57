//! Describing a person at the desk (本人の記入): the fields, birth dates by era, and the file that the verbs read. What is typed
//! here goes on by `POST` from form to form; it must never stand in an address, a title or a message.

use axum::http::StatusCode;
use maud::{Markup, html};
use musubi_compliance::desk::{Capacity, CheckMethod, Life};

use crate::web::reply::Reply;
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::desk as w;
use crate::words::{Lang, Word};

/// Fields of the description, as the verbs name them.
const PERSON: [&str; 12] = [
    "name_kana",
    "name_kanji",
    "birth",
    "sex",
    "insurer_number",
    "symbol",
    "number",
    "branch",
    "provider_id",
    "local_number",
    "care_insurer",
    "care_number",
];
/// Fields on who asks and why.
const ASKING: [&str; 6] = ["purpose", "requester", "life", "capacity", "check", "confirmed"];

/// Purposes for which the desk looks somebody up.
pub(super) const PURPOSES: [(&str, Word); 4] = [
    ("disclosure", Word::new("本人からの開示の求め(何を保有しているか)", "The person asks what is held")),
    ("opt-out", Word::new("提供の停止の求め", "A request to stop")),
    ("correction", Word::new("訂正の求め", "A request for a correction")),
    ("inquiry", Word::new("提出者・連携先からの照会", "A question of a sender or partner")),
];

/// Who may ask, with the relations of the law's list.
pub(super) const REQUESTERS: [(&str, Word); 10] = [
    ("self", Word::new("本人", "The person")),
    ("guardian", Word::new("法定代理人", "Guardian")),
    ("agent", Word::new("代理人(委任状あり)", "Agent with a mandate")),
    ("family:spouse", Word::new("遺族: 配偶者", "Bereaved: spouse")),
    ("family:de-facto-spouse", Word::new("遺族: 事実上の配偶者", "Bereaved: de-facto spouse")),
    ("family:child", Word::new("遺族: 子", "Bereaved: child")),
    ("family:parent", Word::new("遺族: 父母", "Bereaved: parent")),
    ("family:grandchild", Word::new("遺族: 孫", "Bereaved: grandchild")),
    ("family:grandparent", Word::new("遺族: 祖父母", "Bereaved: grandparent")),
    ("family:sibling", Word::new("遺族: 兄弟姉妹", "Bereaved: sibling")),
];

/// Eras as the seven-digit form of birth dates writes them; `w`: the common era.
const BIRTH_ERAS: [(&str, Word); 6] = [
    ("w", Word::new("西暦", "Common era")),
    ("5", Word::new("令和", "Reiwa")),
    ("4", Word::new("平成", "Heisei")),
    ("3", Word::new("昭和", "Showa")),
    ("2", Word::new("大正", "Taisho")),
    ("1", Word::new("明治", "Meiji")),
];

/// What is wrong with a form: field and words, in the order of the form.
pub(super) type Wrong = Vec<Fault>;
/// A field and the words on it.
pub(super) type Fault = (&'static str, String);

/// The summary on top of a form that could not be taken: links to the fields.
pub(super) fn summary(lang: Lang, wrong: &[Fault]) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div.problem role="alert" tabindex="-1" autofocus {
                h2 { (lang.pick("入力を確かめてください", "Please look at what you entered")) }
                ul { @for (field, words) in wrong { li { a href={ "#" (field) } { (words) } } } }
            }
        }
    }
}

/// How far a way of some steps is.
pub(super) fn way(v: &Visit<'_>, names: &[&Word], at: usize) -> Markup {
    let all: Vec<(&str, Option<bool>)> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (v.say(name), if i < at { Some(true) } else { (i == at).then_some(false) }))
        .collect();
    ui::steps(v.lang, &all)
}

/// The page of a form: as it is asked for, or, when something was wrong with it, as a form that could not be taken.
pub(super) fn asked_again(v: &mut Visit<'_>, title: &Word, wrong: &[Fault], body: &Markup) -> Reply {
    let page = v.page(title.text(v.lang), body);
    if wrong.is_empty() { page } else { page.status(StatusCode::BAD_REQUEST) }
}

/// Carries fields on to the next form.
pub(super) fn carried(v: &Visit<'_>, names: &[&str]) -> Markup {
    html! {
        @for name in names {
            @let value = value(v, name);
            @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
        }
    }
}

/// Carries who asks.
pub(super) fn carry_asking(v: &Visit<'_>) -> Markup {
    carried(v, &ASKING)
}

/// Carries the description.
pub(super) fn carry_person(v: &Visit<'_>) -> Markup {
    carried(v, &PERSON)
}

/// A form without fields of its own: a way on to the next step with what was typed.
pub(super) fn onward(path: &str, go: &str, hidden: &Markup) -> Markup {
    html! { form.inline action=(path) method="post" { (hidden) button.main { (go) } } }
}

fn half_width(text: &str) -> String {
    let digit = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        other => other,
    };
    text.trim().chars().map(digit).collect()
}

fn value(v: &Visit<'_>, name: &str) -> String {
    match name {
        "birth" => birth(v),
        "provider_id" => half_width(v.field(name)),
        name => v.field(name).trim().to_owned(),
    }
}

/// The birth date in a form that the verbs read; empty when nothing was given. What is no date stays as it was typed, and
/// the verb says so.
fn birth(v: &Visit<'_>) -> String {
    let part = |name: &str| half_width(v.field(name));
    if !v.field("birth").is_empty() {
        return v.field("birth").to_owned();
    }
    compose(v.field("birth_era"), &part("birth_year"), &part("birth_month"), &part("birth_day"))
}

/// `YYYY-MM-DD`, or era and year as `GYYMMDD`.
fn compose(era: &str, year: &str, month: &str, day: &str) -> String {
    if [year, month, day].iter().all(|part| part.is_empty()) {
        return String::new();
    }
    let year = if year == "元" { "1" } else { year };
    match era {
        "" | "w" => format!("{year:0>4}-{month:0>2}-{day:0>2}"),
        era => format!("{era}{year:0>2}{month:0>2}{day:0>2}"),
    }
}

/// The file of the description, as the verbs read it.
pub(super) fn file(v: &Visit<'_>) -> Vec<u8> {
    let mut text = String::new();
    for name in PERSON {
        let value = value(v, name);
        if !value.is_empty() {
            // A string of JSON is a basic string of TOML, once no control character is in it.
            let plain: String = value.chars().filter(|c| !c.is_control()).collect();
            text.push_str(&format!("{name} = {}\n", serde_json::Value::String(plain)));
        }
    }
    text.into_bytes()
}

/// The same as the question of a search by likeness.
pub(super) fn question(v: &Visit<'_>) -> Vec<u8> {
    const NAMES: [(&str, &str); 10] = [
        ("kana", "name_kana"),
        ("kanji", "name_kanji"),
        ("birth", "birth"),
        ("sex", "sex"),
        ("insurer", "insurer_number"),
        ("symbol", "symbol"),
        ("number", "number"),
        ("branch", "branch"),
        ("provider", "provider_id"),
        ("chart", "local_number"),
    ];
    let asked: serde_json::Map<String, serde_json::Value> =
        NAMES.iter().map(|(name, field)| ((*name).to_owned(), value(v, field).into())).collect();
    serde_json::Value::Object(asked).to_string().into_bytes()
}

/// Whether anything of a person was described.
pub(super) fn is_described(v: &Visit<'_>) -> bool {
    !file(v).is_empty()
}

/// What is missing of a description: one of the ways by which somebody is found.
pub(super) fn missing(v: &Visit<'_>) -> Wrong {
    let has = |name: &str| !v.field(name).trim().is_empty();
    let guarded = !birth(v).is_empty() && has("sex");
    let found = (has("provider_id") && has("local_number"))
        || guarded
            && (has("name_kana")
                || has("insurer_number") && has("number")
                || has("care_insurer") && has("care_number"));
    let mut wrong = Wrong::new();
    if !found {
        let field = if has("name_kana") && birth(v).is_empty() { "birth_year" } else { "name_kana" };
        wrong.push((field, v.say(&w::NEED_KEY).to_owned()));
    }
    if has("provider_id") && half_width(v.field("provider_id")).len() != 10 {
        wrong.push(("provider_id", v.say(&w::TEN_DIGITS).to_owned()));
    }
    wrong
}

fn text(v: &Visit<'_>, name: &str, label: &Word, help: &str) -> Markup {
    ui::field(v.lang, name, label, "text", v.field(name), false, help)
}

/// The fields of the description.
pub(super) fn fields(v: &Visit<'_>) -> Markup {
    let sex = [("1", v.pick("男", "male")), ("2", v.pick("女", "female"))];
    html! {
        fieldset {
            legend { (v.say(&w::BY_NAME)) }
            (text(v, "name_kana", &w::KANA, v.pick("姓と名の間を空けてください。", "Family and given name, parted by a blank.")))
            (text(v, "name_kanji", &w::KANJI, v.pick("名字が変わった人を見つける助けになります。", "Helps to find a changed name.")))
            fieldset {
                legend { (v.say(&w::BIRTH)) }
                div.columns {
                    (ui::choice(v.lang, "birth_era", &w::ERA, &worded(v, &BIRTH_ERAS), v.field("birth_era")))
                    (number(v, "birth_year", &w::YEAR)) (number(v, "birth_month", &w::MONTH)) (number(v, "birth_day", &w::DAY))
                }
            }
            fieldset {
                legend { (v.say(&w::SEX)) }
                @for (value, words) in sex {
                    label.radio { input type="radio" name="sex" value=(value) checked[v.field("sex") == value]; " " (words) }
                }
            }
        }
        fieldset {
            legend { (v.say(&w::BY_CARD)) }
            (text(v, "insurer_number", &w::INSURER, "")) (text(v, "symbol", &w::SYMBOL, ""))
            (text(v, "number", &w::NUMBER, "")) (text(v, "branch", &w::BRANCH, ""))
        }
        fieldset {
            legend { (v.say(&w::BY_LOCAL)) }
            (text(v, "provider_id", &w::PROVIDER, v.pick("10桁の番号", "Ten digits"))) (text(v, "local_number", &w::LOCAL, ""))
        }
        details {
            summary { (v.say(&w::BY_CARE)) }
            (text(v, "care_insurer", &w::CARE_INSURER, "")) (text(v, "care_number", &w::CARE_NUMBER, ""))
        }
    }
}

fn number(v: &Visit<'_>, name: &str, label: &Word) -> Markup {
    html! {
        div.field {
            label for=(name) { (v.say(label)) }
            input id=(name) name=(name) inputmode="numeric" maxlength="4" autocomplete="off" value=(v.field(name));
        }
    }
}

/// Choices in the visitor's language.
pub(super) fn worded(v: &Visit<'_>, all: &[(&str, Word)]) -> Vec<(String, String)> {
    all.iter().map(|(value, word)| ((*value).to_owned(), v.say(word).to_owned())).collect()
}

/// The fields on who asks, and how that was made sure.
pub(super) fn asking_fields(v: &Visit<'_>) -> Markup {
    let life: Vec<(&str, &str)> =
        Life::ALL.iter().map(|l| (l.as_str(), v.pick(l.ja(), l.as_str()))).collect();
    let able: Vec<(String, String)> = Capacity::ALL
        .iter()
        .map(|c| (c.as_str().to_owned(), v.pick(c.ja(), c.as_str()).to_owned()))
        .collect();
    let check: Vec<(String, String)> = CheckMethod::ALL
        .iter()
        .map(|c| (c.as_str().to_owned(), v.pick(c.ja(), c.as_str()).to_owned()))
        .collect();
    let or = |name: &str, default: &'static str| match v.field(name) {
        "" => default.to_owned(),
        value => value.to_owned(),
    };
    html! {
        (ui::choice(v.lang, "requester", &w::REQUESTER, &worded(v, &REQUESTERS), v.field("requester")))
        (ui::radios(v.lang, "life", &w::LIFE, &life, &or("life", "living")))
        (ui::choice(v.lang, "capacity", &w::CAPACITY, &able, &or("capacity", "able")))
        (ui::choice(v.lang, "check", &w::CHECK, &check, v.field("check")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_of_an_era_are_written_as_the_verbs_read_them() {
        assert_eq!(compose("3", "35", "4", "10"), "3350410");
        assert_eq!(compose("5", "元", "5", "1"), "5010501");
        assert_eq!(compose("w", "1960", "4", "10"), "1960-04-10");
        assert_eq!(compose("3", "", "", ""), "");
    }

    proptest! {
        #[test]
        fn every_real_birth_date_is_read_back(year in 1870i16..2030, month in 1i8..=12, day in 1i8..=28) {
            let date = jiff::civil::date(year, month, day);
            let typed = compose("w", &year.to_string(), &month.to_string(), &day.to_string());
            prop_assert_eq!(typed.parse::<jiff::civil::Date>().ok(), Some(date));
        }
    }
}
