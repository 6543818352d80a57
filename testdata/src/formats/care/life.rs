//! LIFE: one file for each of the 21 interfaces of 2021, a row for each user.
//!
//! The list of fields is the standard's, the same table the mapper has as data. A field of one name has one value for
//! a person in all interfaces that hold it, so a person's files agree with each other.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Client, clients, quoted, sex, ymd};
use crate::SynthError;
use crate::formats::{Job, SynthFile};
use crate::rng::Rng;

const FIELDS: &str = include_str!("../../../../mappers/src/care/life_fields.tsv");
const CODES: &str = include_str!("../../../../mappers/src/care/life_codes.tsv");

/// A field of an interface.
struct Field {
    interface: &'static str,
    name: &'static str,
    class: &'static str,
    size: usize,
    decimals: bool,
    extra: &'static str,
    /// ◎: never empty.
    required: bool,
}

fn fields() -> Vec<Field> {
    let read = |line: &'static str| {
        let mut columns = line.split('\t');
        let (interface, name) = columns.next()?.split_once('.')?;
        let class = columns.nth(1)?;
        let size = columns.next().unwrap_or_default();
        let (whole, decimals) = size.split_once('.').unwrap_or((size, ""));
        let extra = columns.next().unwrap_or_default();
        let required = columns.next() == Some("◎");
        Some(Field {
            interface,
            name,
            class,
            size: whole.parse().ok()?,
            decimals: !decimals.is_empty(),
            extra,
            required,
        })
    };
    FIELDS.lines().filter(|l| !l.starts_with('#')).filter_map(read).collect()
}

fn codes() -> HashMap<&'static str, Vec<&'static str>> {
    let read = |line: &'static str| {
        let (name, values) = line.split_once('\t')?;
        Some((name, values.split('|').filter_map(|v| Some(v.split_once(':')?.0)).collect()))
    };
    CODES.lines().filter(|l| !l.starts_with('#')).filter_map(read).collect()
}

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let clients = clients(job);
    if clients.is_empty() {
        return Ok(Vec::new());
    }
    let (fields, codes) = (fields(), codes());
    let mut interfaces: Vec<&'static str> = fields.iter().map(|f| f.interface).collect();
    interfaces.dedup();
    let mut files = Vec::new();
    for (n, interface) in interfaces.into_iter().enumerate() {
        let of: Vec<&Field> = fields.iter().filter(|f| f.interface == interface).collect();
        let mut text = format!("{interface}\r\n");
        text.push_str(&of.iter().map(|f| f.name).collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
        for client in &clients {
            let row: Vec<String> = of.iter().map(|f| value(job, client, f, &codes)).collect();
            text.push_str(&(row.join(",") + "\r\n"));
        }
        // Senders write one of the two encodings.
        let bytes = if n % 3 == 2 {
            [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat()
        } else {
            crate::uke::encode(&text)?
        };
        files.push(SynthFile {
            path: format!("care/life/{interface}_{}{:06}.csv", ymd(job.business_date), job.part),
            bytes,
            totals: BTreeMap::from([("heading".to_owned(), 2), (interface.to_owned(), clients.len() as u64)]),
        });
    }
    Ok(files)
}

/// A stream for a field's name: the same in every interface.
fn stream(job: &Job<'_>, client: &Client<'_>, name: &str) -> Rng {
    let word = name.bytes().fold(17u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
    job.rng(client.subject, 100_000 + word % 1_000_000_007)
}

fn value(
    job: &Job<'_>,
    client: &Client<'_>,
    field: &Field,
    codes: &HashMap<&'static str, Vec<&'static str>>,
) -> String {
    let subject = client.subject;
    let mut rng = stream(job, client, field.name);
    match field.class {
        "facility" => quoted(&job.site.id),
        "service" => if client.admitted.is_some() { "51" } else { "15" }.to_owned(),
        "number" if field.interface == "SERVICE_USER_INFO" => quoted(&format!("U{}", subject.chart)),
        "number" => quoted(&format!("{}-{}", field.interface.get(5..9).unwrap_or("0"), subject.chart)),
        "detail" => "1".to_owned(),
        "insurer" => quoted(&client.care.insurer),
        "insured" => quoted(&client.care.number),
        "family" => quoted(&subject.kanji.0),
        "given" => quoted(&subject.kanji.1),
        "family-kana" => quoted(&subject.kana.0),
        "given-kana" => quoted(&subject.kana.1),
        "sex" => sex(subject).to_owned(),
        "birth" => ymd(subject.birth),
        "level" => client.care.level.to_owned(),
        "when" | "date" => day(job, client, field, &mut rng),
        "staff" => quoted("見本 職員"),
        "time" => match field.size {
            4 => format!("{:02}{:02}", rng.between(9, 16), rng.between(0, 5) * 10),
            _ => format!("{:02}", rng.between(9, 16)),
        },
        "icd10" => {
            rng.pick(&["I63.9", "F00.1", "S72.0", "I10", "E11.9", "J44.9", "G20", "M17.9"]).to_string()
        }
        "icf" => rng.pick(&["b730", "d450", "d510", "d540", "d550", "d640", "b134"]).to_string(),
        "drug" => rng.pick(&["610406079", "620098801", "620160501", "612170709"]).to_string(),
        "code" => match (field.name, codes.get(field.extra)) {
            ("care_level", _) => client.care.level.to_owned(),
            (_, Some(values)) => {
                let at = usize::try_from(rng.below(values.len() as u64)).unwrap_or(0);
                values.get(at).copied().unwrap_or_default().to_owned()
            }
            _ => format!("{:0width$}", rng.between(1, 9), width = field.size.min(3)),
        },
        "n" => number(job, client, field, &mut rng),
        // One in three has something to add; a single blank says that there is nothing.
        _ => match rng.below(6) {
            0 | 1 => quoted("見本の記述").chars().take(field.size + 2).collect(),
            2 => " ".to_owned(),
            _ => String::new(),
        },
    }
}

fn day(job: &Job<'_>, client: &Client<'_>, field: &Field, rng: &mut Rng) -> String {
    let back = |rng: &mut Rng, low, high| -> Date {
        job.month.saturating_sub(i32::try_from(rng.between(low, high)).unwrap_or(1).days())
    };
    let day = match field.name {
        "certified_date" => client.term.0.saturating_sub(3.days()),
        "care_period_start" => client.term.0,
        "care_period_end" => client.term.1,
        "start_date" => client.admitted.unwrap_or(client.term.0),
        "end_date" | "death_date" => return String::new(),
        _ if field.class == "when" => {
            job.month.saturating_add(i32::try_from(rng.between(0, 27)).unwrap_or(0).days())
        }
        _ if !field.required && rng.chance(0.3) => return String::new(),
        _ => back(rng, 1, 700),
    };
    ymd(day)
}

fn number(job: &Job<'_>, client: &Client<'_>, field: &Field, rng: &mut Rng) -> String {
    let tenths = |n: i64| format!("{}.{}", n / 10, n % 10);
    let height = 1_400 + stream(job, client, "height").between(0, 350);
    let weight = 350 + stream(job, client, "weight").between(0, 350);
    let unit = field.extra.rsplit(' ').next().unwrap_or_default();
    match (field.name, unit) {
        ("height", _) => tenths(height),
        ("weight", _) => tenths(weight),
        ("bmi", _) => tenths(weight * 10_000_000 / (height * height) / 10),
        (_, "kg") => tenths(rng.between(0, 25)),
        (_, "kcal") => tenths(rng.between(9_000, 18_000)),
        (_, "kcal/kg") => tenths(rng.between(200, 350)),
        (_, "g") => tenths(rng.between(350, 800)),
        (_, "g/kg") => tenths(rng.between(8, 15)),
        (_, "g/dL") => tenths(rng.between(28, 45)),
        (_, "%") => (rng.between(4, 10) * 10).to_string(),
        (_, "点") if field.extra.contains("45") => rng.between(0, 45).to_string(),
        (_, "点") => (rng.between(0, 20) * 5).to_string(),
        (_, "本") => rng.between(0, 28).to_string(),
        (_, "分") => (rng.between(2, 12) * 10).to_string().chars().take(field.size).collect(),
        _ if field.decimals => tenths(rng.between(5, 80)),
        _ => rng.between(1, 9).to_string(),
    }
}
