//! SS-MIX2 standard storage (標準化ストレージ): messages in ISO-2022-JP and the paths they stand at.
//!
//! ADT-00, PPR-01, OMP-01, OMP-11 and OML-11 after SS-MIX2 1.2 and the JAHIS HL7 profiles. It writes sound messages only;
//! broken ones are made from these, in `broken`.

use std::fmt::Write as _;

use jiff::civil::Date;
use musubi_model::Sex;

use crate::SynthError;
use crate::care::Care;
use crate::clinical::{DRUGS, ITEMS, Panel, Route};
use crate::people::Payer;
use crate::place::Provider;
use crate::rng::{Rng, Use};
use crate::seen::Seen;

/// The kinds of message written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ADT-00 患者基本情報.
    Patient,
    /// PPR-01 病名.
    Problem,
    /// OMP-01 処方オーダ.
    Prescription,
    /// OMP-11 処方実施.
    Administration,
    /// OML-11 検体検査結果.
    Laboratory,
}

impl Kind {
    /// データ種別.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Patient => "ADT-00",
            Self::Problem => "PPR-01",
            Self::Prescription => "OMP-01",
            Self::Administration => "OMP-11",
            Self::Laboratory => "OML-11",
        }
    }

    fn event(self) -> &'static str {
        match self {
            Self::Patient => "ADT^A08^ADT_A01",
            Self::Problem => "PPR^ZD1^PPR_ZD1",
            Self::Prescription => "RDE^O11^RDE_O11",
            Self::Administration => "RAS^O17^RAS_O17",
            Self::Laboratory => "OUL^R22^OUL_R22",
        }
    }
}

/// The moment a message came into being (発生日時), to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    day: Date,
    /// Milliseconds since midnight.
    ms: u64,
}

impl Stamp {
    /// A moment between nine and eighteen o'clock that belongs to these words; `step` puts later messages later.
    pub(crate) fn new(seed: u64, day: Date, words: &[u64], step: u64) -> Self {
        let mut rng = Rng::new(seed, Use::Increment, words);
        Self { day, ms: (9 * 3_600_000) + rng.below(8 * 3_600_000) + step * 300_000 }
    }

    fn clock(self) -> (u64, u64, u64, u64) {
        (self.ms / 3_600_000, self.ms / 60_000 % 60, self.ms / 1000 % 60, self.ms % 1000)
    }

    /// 17 digits.
    pub(crate) fn file(self) -> String {
        let (h, m, s, ms) = self.clock();
        format!("{}{h:02}{m:02}{s:02}{ms:03}", ymd(self.day))
    }

    fn message(self) -> String {
        let (h, m, s, ms) = self.clock();
        format!("{}{h:02}{m:02}{s:02}.{ms:03}", ymd(self.day))
    }

    fn seconds(self) -> String {
        let (h, m, s, _) = self.clock();
        format!("{}{h:02}{m:02}{s:02}", ymd(self.day))
    }
}

fn ymd(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// A message with the name it is stored under. The flag is not part of it: a later file may take it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    chart: String,
    /// 診療日, or `-`.
    date: String,
    order: String,
    stamp: String,
    department: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Message {
    /// Path below the storage's root, with the condition flag: 1 current, 2 superseded, 0 deleted.
    pub(crate) fn path(&self, flag: u8) -> String {
        self.path_as(&self.chart, flag)
    }

    /// The path it would have if it were another patient's.
    pub(crate) fn path_as(&self, chart: &str, flag: u8) -> String {
        let part = |from: usize| chart.chars().skip(from).take(3).collect::<String>();
        let Self { date, order, stamp, department, .. } = self;
        let kind = self.kind.name();
        format!(
            "{}/{}/{chart}/{date}/{kind}/{chart}_{date}_{kind}_{order}_{stamp}_{department}_{flag}",
            part(0),
            part(3)
        )
    }
}

/// Who and where, for all messages of a patient.
pub(crate) struct Chart<'a> {
    pub(crate) seed: u64,
    pub(crate) provider: &'a Provider,
    pub(crate) seen: &'a Seen,
    /// The person's number within the provider, for order numbers.
    pub(crate) index: u64,
    /// The person's number, for values.
    pub(crate) person: u64,
}

/// Characters that JIS X 0208 lacks are written in their common form, as a system bound to it must.
pub(crate) fn jis(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '髙' => '高',
            '﨑' => '崎',
            other => other,
        })
        .collect()
}

const NO_ORDER: &str = "999999999999999";
const DOCTOR: &str = "110^見本^医師^^^^^^^L^^^^^I";

impl Chart<'_> {
    fn header(&self, kind: Kind, at: Stamp) -> String {
        format!(
            "MSH|^~\\&|HIS{}|{}|GW|MUSUBI|{}||{}|{}|P|2.5||||||~ISO IR87||ISO 2022-1994|\
             SS-MIX2_1.20^SS-MIX2^1.2.392.200250.2.1.100.1.2.120^ISO\r",
            self.provider.slot,
            self.provider.id,
            at.message(),
            kind.event(),
            at.file(),
        )
    }

    /// PID. `full` adds address, telephone and what else only ADT-00 has.
    fn patient(&self, full: Option<(Stamp, Option<Date>)>) -> String {
        let s = self.seen;
        let mut name = format!("{}^{}^^^^^L^I", jis(&s.kanji.0), jis(&s.kanji.1));
        if !s.kana.0.is_empty() {
            let _ = write!(name, "~{}^{}^^^^^L^P", s.kana.0, s.kana.1);
        }
        let sex = if s.sex == Sex::Female { 'F' } else { 'M' };
        let mut out = format!("PID|0001||{}^^^^PI||{name}||{}|{sex}", s.chart, ymd(s.birth));
        if let Some((at, death)) = full {
            let (died, flag) = death.map_or((String::new(), "N"), |d| (ymd(d), "Y"));
            let _ = write!(
                out,
                "|||^^^^{}^JPN^H^{}||^PRN^PH^^^^^^^^^{}||||||||||||||||{died}|{flag}|||{}",
                s.home.postal,
                s.home.address,
                s.home.phone,
                at.seconds()
            );
        }
        out.push('\r');
        out
    }

    fn visit(&self) -> String {
        format!("PV1|0001|O|01^^^^^C||||{DOCTOR}|||01\r")
    }

    fn common_order(&self, control: &str, order: &str, group: usize, at: Stamp) -> String {
        format!(
            "ORC|{control}|{order}||{group}|||||{}|{DOCTOR}||{DOCTOR}|01^^^^^C||||01^内科^99SYN||||{}||||||||\
             O^外来患者オーダ^HL70482\r",
            at.seconds(),
            self.provider.name,
        )
    }

    /// Insurance. 国保 numbers have six digits here.
    fn insurance(&self) -> String {
        let c = &self.seen.coverage;
        let (code, name) = match c.payer {
            Payer::Association => ("01", "全国健康保険協会管掌健康保険"),
            Payer::Union => ("06", "組合管掌健康保険"),
            Payer::Mutual => ("31", "国家公務員共済組合"),
            Payer::National => ("C0", "国民健康保険"),
            Payer::Elderly => ("39", "後期高齢者医療"),
            Payer::Assistance => ("12", "生活保護法による医療扶助"),
        };
        let relation = if c.own { "SEL^本人^HL70063" } else { "EME^被扶養者^HL70063" };
        format!(
            "IN1|1|{code}^{name}^JHSD0001|{}|||||||{}|{}||||||{relation}\r",
            c.insurer, c.symbol, c.number
        )
    }

    fn message(
        &self,
        kind: Kind,
        day: Option<Date>,
        order: &str,
        at: Stamp,
        body: &str,
    ) -> Result<Message, SynthError> {
        let text = format!("{}{body}", self.header(kind, at));
        let (encoded, _, lost) = encoding_rs::ISO_2022_JP.encode(&text);
        if lost {
            return Err(SynthError::Encoding("ISO-2022-JP"));
        }
        let mut bytes = encoded.into_owned();
        if self.provider.trailing_fs {
            bytes.push(0x1C);
        }
        Ok(Message {
            kind,
            chart: self.seen.chart.clone(),
            date: day.map_or_else(|| "-".to_owned(), ymd),
            order: order.to_owned(),
            stamp: at.file(),
            department: if kind == Kind::Patient { "-" } else { "01" },
            bytes,
        })
    }

    /// ADT-00.
    pub(crate) fn adt(&self, at: Stamp, death: Option<Date>) -> Result<Message, SynthError> {
        let body = format!(
            "EVN||{}|||||SYN\r{}{}{}",
            at.seconds(),
            self.patient(Some((at, death))),
            self.visit(),
            self.insurance()
        );
        self.message(Kind::Patient, None, NO_ORDER, at, &body)
    }

    /// PPR-01: all diagnoses that are not under suspicion. `None` when there are none.
    pub(crate) fn ppr(&self, at: Stamp, cares: &[&Care]) -> Result<Option<Message>, SynthError> {
        let mut body = self.patient(None);
        body.push_str(&self.visit());
        let mut known: Vec<&str> = Vec::with_capacity(8);
        for d in cares.iter().flat_map(|c| &c.diagnoses).filter(|d| !d.suspected) {
            if known.contains(&d.disease.code) {
                continue;
            }
            known.push(d.disease.code);
            let start = ymd(d.start);
            // One disease management number is known for certain; the others go under the receipt's code.
            let disease = match d.disease.icd10 {
                "K297" => format!("20054174^{}^MDCDX2", d.disease.name),
                _ => format!("{}^{}^99REC", d.disease.code, d.disease.name),
            };
            let main = if known.len() == 1 { "1^主診断^JHSD0007" } else { "" };
            let _ = write!(
                body,
                "PRB|AD|{start}|{disease}|{}{:02}|||{start}|||{}^^I10^O^外来時^JHSD0004^2013||||N^回復せず^HL70241||\
                 {start}|{}|{main}\rZPR||{disease}\r",
                self.order_number(d.start, 0),
                known.len(),
                d.disease.icd10,
                d.disease.name,
            );
        }
        if known.is_empty() {
            return Ok(None);
        }
        self.message(Kind::Problem, None, NO_ORDER, at, &body).map(Some)
    }

    /// 15 digits: day, patient, kind.
    fn order_number(&self, day: Date, kind: u64) -> String {
        let day = ymd(day).chars().skip(2).collect::<String>();
        format!("{day}{:06}{kind:03}", self.index % 1_000_000)
    }

    /// OMP-01 of a care's first day. A revision above 0 is a correction (days changed), `control` CA cancels.
    pub(crate) fn prescription(
        &self,
        at: Stamp,
        care: &Care,
        revision: u32,
        control: &str,
    ) -> Result<Option<Message>, SynthError> {
        let Some(day) = care.days.first().copied().filter(|_| !care.drugs.is_empty()) else {
            return Ok(None);
        };
        let order = self.order_number(day, 1);
        let written = Stamp { day, ..at };
        let mut body = format!("{}{}", self.patient(None), self.visit());
        for (i, p) in care.drugs.iter().enumerate() {
            let Some(drug) = DRUGS.get(p.drug) else { continue };
            let days = p.days + revision * 7;
            let (unit, unit_name) = drug.unit;
            let (dose, total, daily) = match drug.route {
                Route::Oral => {
                    let dose = dose_of(drug.amount);
                    (
                        dose,
                        u64::from(drug.amount) * u64::from(days),
                        format!("{}^{unit}&{unit_name}&MR9P", drug.amount),
                    )
                }
                Route::AsNeeded => {
                    (drug.amount.to_string(), u64::from(drug.amount) * u64::from(days), String::new())
                }
                Route::External => (String::from("1"), u64::from(drug.amount), String::new()),
            };
            let duration =
                if drug.route == Route::Oral { format!("{days}^D&日&ISO+") } else { String::new() };
            let route = if drug.route == Route::External { "AP^外用^HL70162" } else { "PO^口^HL70162" };
            let _ = write!(
                body,
                "{}RXE||{}^{}^YJ|{dose}||{unit}^{unit_name}^MR9P|||||{total}|{unit}^{unit_name}^MR9P||||{order}||||\
                 {daily}||OHP^外来処方^MR9P\rTQ1|1||&{}&99SYN|||{duration}|{}\rRXR|{route}\r",
                self.common_order(control, &order, i + 1, written),
                drug.yj,
                drug.name,
                drug.usage,
                ymd(day),
            );
        }
        self.message(Kind::Prescription, Some(day), &order, at, &body).map(Some)
    }

    /// OMP-11: the first drug, given on the first day at the site itself.
    pub(crate) fn administration(&self, at: Stamp, care: &Care) -> Result<Option<Message>, SynthError> {
        let (Some(day), Some(drug)) =
            (care.days.first().copied(), care.drugs.first().and_then(|p| DRUGS.get(p.drug)))
        else {
            return Ok(None);
        };
        let order = self.order_number(day, 2);
        let written = Stamp { day, ..at };
        let minute = written.seconds().chars().take(12).collect::<String>();
        let (unit, unit_name) = drug.unit;
        let route = if drug.route == Route::External { "AP^外用^HL70162" } else { "PO^口^HL70162" };
        let body = format!(
            "{}{}{}RXA|0|1|{minute}|{minute}|{}^{}^YJ|1|{unit}^{unit_name}^MR9P|||200^見本^看護^^^^^^^L^^^^^I|\
             |||||||||CP||{minute}\rRXR|{route}\r",
            self.patient(None),
            self.visit(),
            self.common_order("NW", &order, 1, written),
            drug.yj,
            drug.name,
        );
        self.message(Kind::Administration, Some(day), &order, at, &body).map(Some)
    }

    /// OML-11 of a care's first day. A revision above 0 is a correction: other values, status C.
    pub(crate) fn laboratory(
        &self,
        at: Stamp,
        care: &Care,
        revision: u32,
    ) -> Result<Option<Message>, SynthError> {
        let Some(day) = care.days.first().copied() else { return Ok(None) };
        let items =
            || ITEMS.iter().enumerate().filter(|(_, i)| i.panels.iter().any(|p| care.panels.contains(p)));
        if items().next().is_none() {
            return Ok(None);
        }
        let order = self.order_number(day, 3);
        let drawn = Stamp { day, ..at };
        let minute = drawn.seconds().chars().take(12).collect::<String>();
        let mut body = format!(
            "{}{}SPM|1|{order}||023^血清^JC10|||||||||||||{minute}\r\
             OBR|1|{order}|{order}|E001^検体検査^99SYN|||{}|||||||||{DOCTOR}||||||{}\r{}",
            self.patient(None),
            self.visit(),
            ymd(day),
            drawn.seconds(),
            self.common_order("SC", &order, 1, drawn),
        );
        let status = if revision == 0 { 'F' } else { 'C' };
        for (n, (i, item)) in items().enumerate() {
            let words =
                [self.person, self.provider.district * 64 + self.provider.slot, day_word(day), i as u64];
            let mut rng = Rng::new(self.seed, Use::Lab, &words);
            let (low, high) = item.values;
            let value = rng.between(low, high);
            // The corrected value lies a tenth of the range away, and inside it.
            let moved = i64::from(revision) * ((high - low) / 10 + 1);
            let value = if value + moved > high { value - moved } else { value + moved };
            let flag = match value {
                v if v < item.range.0 => "L",
                v if v > item.range.1 => "H",
                _ => "N",
            };
            let text = |v: i64| decimal(v, item.decimals);
            let _ = write!(
                body,
                "OBX|{}|NM|{}^{}^JC10||{}|{unit}^{unit}^ISO+|{}-{}|{flag}|||{status}|||{minute}\r",
                n + 1,
                item.jlac10,
                item.name,
                text(value),
                text(item.range.0),
                text(item.range.1),
                unit = item.unit,
            );
        }
        self.message(Kind::Laboratory, Some(day), &order, at, &body).map(Some)
    }
}

/// The dose at a time of a day's amount: three tablets are one in the morning, at noon and in the evening.
fn dose_of(daily: u32) -> String {
    match daily {
        6 => "2",
        _ => "1",
    }
    .to_owned()
}

fn day_word(day: Date) -> u64 {
    ymd(day).parse().unwrap_or(0)
}

/// `value` with its last `decimals` digits after the point.
fn decimal(value: i64, decimals: u32) -> String {
    let scale = 10i64.pow(decimals);
    match decimals {
        0 => value.to_string(),
        n => format!("{}.{:0width$}", value / scale, value % scale, width = n as usize),
    }
}

/// Does the care give laboratory results?
pub(crate) fn has_results(care: &Care) -> bool {
    care.panels.iter().any(|p| *p != Panel::Urine)
}
