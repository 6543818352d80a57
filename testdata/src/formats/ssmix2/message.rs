//! A message and its segments. Fields are given by their HL7 numbers, so that nobody counts bars.

use std::fmt::Write as _;

use jiff::civil::Date;
use musubi_model::Sex;

use super::super::{Job, Subject};
use crate::SynthError;
use crate::ssmix2::jis;

/// No order (オーダNo).
pub(super) const NO_ORDER: &str = "999999999999999";
/// Who ordered; a synthetic third person, who must stay out of facts.
pub(super) const DOCTOR: &str = "110^見本^医師^^^^^^^L^^^^^I";
/// The department.
pub(super) const DEPARTMENT: &str = "01^内科^99SYN";

/// A message with the name it is stored under.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// Data type.
    pub(super) kind: &'static str,
    /// MSH-9.
    pub(super) event: &'static str,
    /// Patient number.
    pub(super) chart: String,
    /// 診療日, or `-`.
    pub(super) date: String,
    /// Order number, 15 digits.
    pub(super) order: String,
    /// 発生日時, 17 digits.
    pub(super) time: String,
    /// Department, or `-`.
    pub(super) department: &'static str,
    head: String,
    body: String,
}

impl Message {
    /// In ISO-2022-JP, as the standard asks.
    pub(super) fn encoded(&self) -> Result<Vec<u8>, SynthError> {
        let text = format!("{}~ISO IR87||ISO 2022-1994|{}", self.head, jis(&self.body));
        let (bytes, _, lost) = encoding_rs::ISO_2022_JP.encode(&text);
        if lost {
            return Err(SynthError::Encoding("ISO-2022-JP"));
        }
        Ok(bytes.into_owned())
    }

    /// In UTF-8.
    pub(super) fn unicode(&self) -> Vec<u8> {
        format!("{}UNICODE UTF-8|||{}", self.head, self.body).into_bytes()
    }
}

/// A segment from numbered fields.
pub(super) fn seg(name: &str, fields: &[(usize, &str)]) -> String {
    let mut out = String::from(name);
    let mut at = 0;
    for (number, text) in fields {
        while at < *number {
            out.push('|');
            at += 1;
        }
        out.push_str(text);
    }
    out.push('\r');
    out
}

/// A day as eight digits.
pub(super) fn ymd(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// A day and a minute.
pub(super) fn minute(day: Date, hour: i64, minute: i64) -> String {
    format!("{}{hour:02}{minute:02}", ymd(day))
}

/// Writes the messages of one person.
pub(super) struct Pen<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) subject: &'a Subject,
    pub(super) out: &'a mut Vec<Message>,
}

impl Pen<'_> {
    /// 15 digits: day, person, kind.
    pub(super) fn order(&self, day: Date, kind: u32) -> String {
        let day = ymd(day).chars().skip(2).collect::<String>();
        format!("{day}{:06}{kind:03}", self.subject.number % 1_000_000)
    }

    /// PID. `full` adds address and telephone.
    pub(super) fn pid(&self, full: bool) -> String {
        let s = self.subject;
        let mut name = format!("{}^{}^^^^^L^I", s.kanji.0, s.kanji.1);
        if !s.kana.0.is_empty() {
            let _ = write!(name, "~{}^{}^^^^^L^P", s.kana.0, s.kana.1);
        }
        let sex = if s.sex == Sex::Female { "F" } else { "M" };
        let id = format!("{}^^^^PI", s.chart);
        let birth = ymd(s.birth);
        let address = format!("^^^^{}^JPN^H^{}", s.postal, s.address);
        let phone = format!("^PRN^PH^^^^^^^^^{}", s.phone);
        let mut fields =
            vec![(1, "0001"), (3, id.as_str()), (5, name.as_str()), (7, birth.as_str()), (8, sex)];
        if full {
            fields.extend([(11, address.as_str()), (13, phone.as_str()), (30, "N")]);
        }
        seg("PID", &fields)
    }

    /// PV1 of an outpatient (`O`) or an inpatient (`I`), with further fields.
    pub(super) fn pv1(class: &str, location: &str, more: &[(usize, &str)]) -> String {
        let mut fields = vec![(1, "0001"), (2, class), (3, location), (7, DOCTOR), (10, "01")];
        fields.extend_from_slice(more);
        fields.sort_by_key(|(n, _)| *n);
        seg("PV1", &fields)
    }

    /// ORC of an order written at a time.
    pub(super) fn orc(control: &str, order: &str, group: &str, parent: &str, written: &str) -> String {
        seg(
            "ORC",
            &[
                (1, control),
                (2, order),
                (4, group),
                (8, parent),
                (9, written),
                (10, DOCTOR),
                (12, DOCTOR),
                (17, DEPARTMENT),
            ],
        )
    }

    /// IN1 of the insurance, and one more of a public payer for some.
    pub(super) fn insurance(&self) -> String {
        let s = self.subject;
        let (plan, relation) = match (s.assistance, s.insurer.len(), s.own) {
            (true, ..) => ("12^生保（生活保護法）^JHSD0001", "SEL^本人^HL70063"),
            (_, 6, _) => ("C0^国民健康保険^JHSD0001", "SEL^本人^HL70063"),
            (.., true) => ("06^組合管掌健康保険^JHSD0001", "SEL^本人^HL70063"),
            (.., false) => ("06^組合管掌健康保険^JHSD0001", "EME^被扶養者^HL70063"),
        };
        let mut out = seg(
            "IN1",
            &[
                (1, "1"),
                (2, plan),
                (3, &s.insurer),
                (10, &s.symbol),
                (11, &s.insured_number),
                (12, "20240401"),
                (17, relation),
            ],
        );
        if s.number.is_multiple_of(11) && !s.assistance {
            out.push_str(&seg(
                "IN1",
                &[
                    (1, "2"),
                    (2, "54^難病法による特定医療^JHSD0001"),
                    (3, "54136015"),
                    (11, "1234566"),
                    (17, "SEL"),
                ],
            ));
        }
        out
    }

    /// Puts a message under its name. `day` is the day of care, `None` where the data type has none; `written` the day
    /// the message came into being.
    pub(super) fn put(
        &mut self,
        (kind, event): (&'static str, &'static str),
        day: Option<Date>,
        order: &str,
        written: Date,
        body: &str,
    ) {
        let mut rng = self.job.rng(self.subject, 7_000 + self.out.len() as u64 % 97);
        let ms = rng.below(60_000);
        // Later messages of a day come later.
        let step = self.out.len() as u64 % 240;
        let time =
            format!("{}{:02}{:02}{:02}{:03}", ymd(written), 18 + step / 60, step % 60, ms / 1000, ms % 1000);
        let head = format!(
            "MSH|^~\\&|HIS|{}|GW|MUSUBI|{}.{}||{event}|{}|P|2.5||||||",
            self.job.site.id,
            time.get(..14).unwrap_or_default(),
            time.get(14..).unwrap_or_default(),
            time,
        );
        let body = format!("SS-MIX2_1.20^SS-MIX2^1.2.392.200250.2.1.100.1.2.120^ISO\r{body}");
        self.out.push(Message {
            kind,
            event,
            chart: self.subject.chart.clone(),
            date: day.map_or_else(|| "-".to_owned(), ymd),
            order: order.to_owned(),
            time,
            department: if kind == "ADT-00" { "-" } else { "01" },
            head,
            body,
        });
    }
}
