//! Settlements of check-ups (cc08) and guidance (gc08), and their summary (su08).

use super::checkup::{CLAIM, day, insurer, sex};
use super::results::Observed;
use super::xml::Xml;
use crate::formats::{Job, Subject};

/// What su08 sums up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) cost: u64,
    pub(super) paid: u64,
    pub(super) claimed: u64,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.cost += other.cost;
        self.paid += other.paid;
        self.claimed += other.claimed;
    }

    /// The summary file.
    pub(super) fn summary(&self, service: &str, subjects: usize) -> Vec<u8> {
        let mut xml = Xml::new("summary", CLAIM);
        xml.empty("serviceEventType", &[("code", service)]);
        xml.empty("totalSubjectCount", &[("value", &subjects.to_string())]);
        for (name, yen) in [
            ("totalCostAmount", self.cost),
            ("totalPaymentAmount", self.paid),
            ("totalPaymentByOtherProgram", 0),
            ("totalClaimAmount", self.claimed),
        ] {
            xml.empty(name, &[("value", &yen.to_string()), ("currency", "JPY")]);
        }
        xml.finish()
    }
}

/// The person as settlements write them.
fn person(xml: &mut Xml, job: &Job<'_>, subject: &Subject) {
    xml.nest(&["subjectPerson", "performerOrganization"]);
    xml.empty("id", &[("root", "1.2.392.200119.6.102"), ("extension", &job.site.id)]);
    xml.close(1);
    xml.nest(&["insuranceCard"]);
    let insurer = insurer(subject);
    for (name, arc, number) in [
        ("insurerNumber", "101", insurer.as_str()),
        ("symbol", "204", &subject.symbol),
        ("number", "205", &subject.insured_number),
        ("branchCode", "211", &subject.branch),
    ] {
        if !number.is_empty() {
            xml.empty(name, &[("root", &format!("1.2.392.200119.6.{arc}")), ("extension", number)]);
        }
    }
    xml.close(1);
    xml.leaf("name", &[], &format!("{}{}", subject.kana.0, subject.kana.1));
    xml.nest(&["addr"]);
    xml.leaf("postalCode", &[], &subject.postal);
    xml.text(&subject.address);
    xml.close(1);
    xml.empty("birthTime", &[("value", &day(subject.birth))]);
    xml.empty("administrativeGender", &[("code", sex(subject))]);
    xml.close(1);
}

fn amount(xml: &mut Xml, name: &'static str, yen: u64, detail: Option<&str>) {
    xml.open(name, &[]);
    xml.empty("amount", &[("value", &format!("{yen:06}")), ("currency", "JPY")]);
    if let Some(code) = detail {
        xml.empty("observation", &[("code", code)]);
    }
    xml.close(1);
}

fn total(xml: &mut Xml, name: &str, yen: u64) {
    xml.empty(name, &[("value", &yen.to_string()), ("currency", "JPY")]);
}

/// The settlement of a check-up: the basic part, and the detailed tests that were made.
pub(super) fn checkup(
    job: &Job<'_>,
    subject: &Subject,
    voucher: &str,
    found: &[Observed],
) -> (Vec<u8>, Sums) {
    let mut rng = job.rng(subject, 30);
    let basic = u64::try_from(rng.between(70, 95)).unwrap_or(80) * 100;
    let has = |prefix: &str| found.iter().any(|o| o.code.starts_with(prefix));
    let details: Vec<(&str, u64)> = [("1", "2A", 330u64), ("2", "9A110", 1_430), ("4", "3C015", 110)]
        .into_iter()
        .filter(|(_, prefix, _)| has(prefix))
        .map(|(code, _, yen)| (code, yen))
        .collect();
    let cost = basic + details.iter().map(|d| d.1).sum::<u64>();
    let paid = *rng.pick(&[0, 500, 1_000]);
    let mut xml = Xml::new("checkupClaim", CLAIM);
    xml.nest(&["encounter"]);
    xml.empty("serviceEventType", &[("code", "1")]);
    xml.close(1);
    person(&mut xml, job, subject);
    xml.nest(&["checkupCard"]);
    xml.empty("id", &[("root", "1.2.392.200119.6.209"), ("extension", voucher)]);
    xml.nest(&["effectiveTime"]);
    xml.empty("high", &[("value", &format!("{:04}1231", job.month.year()))]);
    xml.close(1);
    xml.open("chargeTypeBasic", &[("code", if paid == 0 { "1" } else { "2" })]);
    if paid > 0 {
        xml.empty("amount", &[("value", &format!("{paid:06}")), ("currency", "JPY")]);
    }
    xml.close(2);
    xml.nest(&["settlement"]);
    xml.empty("claimType", &[("code", if details.is_empty() { "1" } else { "2" })]);
    xml.empty("commissionType", &[("code", "1")]);
    amount(&mut xml, "unitPriceBasic", basic, None);
    for (code, yen) in &details {
        amount(&mut xml, "unitPriceDetail", *yen, Some(code));
    }
    amount(&mut xml, "paymentForBasic", paid, None);
    total(&mut xml, "unitAmount", cost);
    total(&mut xml, "paymentAmount", paid);
    total(&mut xml, "claimAmount", cost - paid);
    (xml.finish(), Sums { cost, paid, claimed: cost - paid })
}

/// The settlement of guidance.
pub(super) fn guidance(
    job: &Job<'_>,
    subject: &Subject,
    voucher: &str,
    level: &str,
    points: (u64, u64),
) -> (Vec<u8>, Sums) {
    let unit = if level == "1" { 24_000 } else { 8_000 };
    let calculated = unit * 80 / 100;
    let mut xml = Xml::new("healthGuidanceClaim", CLAIM);
    xml.nest(&["encounter"]);
    xml.empty("serviceEventType", &[("code", "2")]);
    xml.empty("guidanceLevel", &[("code", level)]);
    xml.empty("guidanceTiming", &[("code", "2")]);
    xml.close(1);
    person(&mut xml, job, subject);
    xml.nest(&["healthGuidanceCard"]);
    xml.empty("id", &[("root", "1.2.392.200119.6.210"), ("extension", voucher)]);
    xml.close(1);
    xml.nest(&["settlement"]);
    amount(&mut xml, "unitPrice", unit, None);
    xml.empty("paymentRate", &[("value", "80"), ("unit", "%")]);
    xml.empty("pointCountCompleted", &[("value", &points.0.to_string())]);
    xml.empty("pointCountIntended", &[("value", &points.1.to_string())]);
    total(&mut xml, "calculatedAmount", calculated);
    xml.nest(&["payment"]);
    xml.empty("status", &[("code", "1")]);
    xml.empty("amount", &[("value", "0"), ("currency", "JPY")]);
    xml.close(1);
    total(&mut xml, "claimAmount", calculated);
    (xml.finish(), Sums { cost: calculated, paid: 0, claimed: calculated })
}
