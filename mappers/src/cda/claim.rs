//! Settlement files: check-up (cc08 checkupClaim) and guidance (gc08 healthGuidanceClaim).

use compact_str::{CompactString, format_compact};
use musubi_model::{CodeSystem, Coded, Demographics, Fact, FactTable, Identifying};
use rust_decimal::Decimal;

use super::checkup::{Said, address, attributes, insured, person_key};
use super::package::Kind;
use super::rules;
use super::work::{Work, add_named, code_of};
use super::xml::El;
use crate::{UnitVersion, VersionState};

/// Maps a settlement. The day is that of the result it stands beside, when the package has one.
pub(super) fn map(root: El<'_>, kind: Kind, frame: &super::Frame, work: &mut Work<'_>) -> Said {
    work.day = frame.day;
    work.made = frame.created;
    let mut d = Demographics::default();
    let Some(person) = root.child("subjectPerson") else {
        work.say(&rules::NO_PATIENT, root, "subjectPerson", "(なし)".to_owned(), "受診者情報");
        return Said { demographics: d, version: None };
    };
    let card = person.child("insuranceCard");
    let id = |name: &str| -> String {
        card.and_then(|c| c.child(name)).map(|n| n.attr("extension").into_owned()).unwrap_or_default()
    };
    let sent = [id("insurerNumber"), id("symbol"), id("number"), id("branchCode")];
    let law = insured(card.unwrap_or(person), sent.each_ref().map(String::as_str), &mut d, work);
    address(person, &mut d, work);
    attributes(person, "administrativeGender", &mut d, work);
    work.check_birth(person, *d.birth.expose(), work.day);
    work.person(person, &d);
    let mut plan = Fact::new(FactTable::PayerPlanPeriod, card.unwrap_or(person).range());
    plan.start = work.day;
    plan.source = law.map(|law| Coded::new(CodeSystem::Payer, &law));
    plan.group = CompactString::const_new("HO");
    work.facts.push(plan);
    let service = root
        .down(&["encounter", "serviceEventType"])
        .map(|s| s.attr("code").into_owned())
        .unwrap_or_default();
    let returned = returned(root);
    let settlement = root.child("settlement").unwrap_or(root);
    if kind == Kind::GuidanceClaim {
        guidance(root, settlement, &returned, work);
    } else {
        checkup(settlement, &returned, work);
    }
    let voucher = ["checkupCard", "healthGuidanceCard"]
        .iter()
        .find_map(|n| root.down(&[n, "id"]))
        .map(|i| i.attr("extension").into_owned())
        .unwrap_or_default();
    let performer = person
        .down(&["performerOrganization", "id"])
        .map(|i| i.attr("extension").into_owned())
        .unwrap_or_default();
    let day = work.day.map(|d| d.to_string()).unwrap_or_default();
    let timing =
        root.down(&["encounter", "guidanceTiming"]).map(|t| t.attr("code").into_owned()).unwrap_or_default();
    let named = !(voucher.is_empty() && day.is_empty());
    let version = named.then(|| UnitVersion {
        key: Identifying::new(
            ["決済", kind.name(), &person_key(&d), &voucher, &day, &service, &timing, &performer].join("|"),
        ),
        time: frame.time(None),
        state: VersionState::Current,
    });
    Said { demographics: d, version }
}

/// The reason for which an agency or insurer gave the settlement back (返戻・過誤).
fn returned(root: El<'_>) -> String {
    ["agencyAdjudicationResult", "insurerAdjudicationResult"]
        .iter()
        .find_map(|n| root.down(&[n, "reason"]))
        .map(|r| r.attr("code").into_owned())
        .filter(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_digit()))
        .map(|c| format!("returned-{c}"))
        .unwrap_or_default()
}

/// One amount as a fact; gives the number.
fn amount(el: El<'_>, name: &str, status: &str, work: &mut Work<'_>) -> Option<i64> {
    let holder = if el.attr("value").is_empty() { el.child("amount").unwrap_or(el) } else { el };
    let sent = holder.attr("value");
    let number: Option<i64> = (sent.len() <= 9).then(|| sent.parse().ok()).flatten().filter(|n| *n >= 0);
    let Some(number) = number else {
        work.say_shape(&rules::AMOUNT, holder, "value", &sent, "9 桁以内の整数");
        return None;
    };
    let mut fact = Fact::new(FactTable::Cost, el.range());
    fact.start = work.day;
    fact.source = Some(Coded::new(CodeSystem::Points, name));
    fact.quantity = Some(Decimal::from(number));
    fact.value.unit = CompactString::const_new("円");
    fact.status = CompactString::from(status);
    if let Some(item) = el.child("observation") {
        let code = item.attr("code");
        add_named(&mut fact.qualifiers, "item", code_of(&code).unwrap_or_default());
    }
    work.facts.push(fact);
    Some(number)
}

fn checkup(settlement: El<'_>, status: &str, work: &mut Work<'_>) {
    let mut units = 0;
    let mut has_units = false;
    let mut totals = [None; 4];
    const TOTALS: [&str; 4] = ["unitAmount", "paymentAmount", "paymentByOtherProgram", "claimAmount"];
    for el in settlement.children() {
        let name = el.name();
        match name {
            "unitPriceBasic" | "unitPriceDetail" | "unitPriceOther" => {
                units += amount(el, name, status, work).unwrap_or(0);
                has_units = true;
            }
            "paymentForBasic" | "paymentForDetail" | "paymentForOther" => {
                amount(el, name, status, work);
            }
            _ => {
                for (slot, total) in totals.iter_mut().zip(TOTALS) {
                    if total == name {
                        *slot = amount(el, name, status, work);
                    }
                }
            }
        }
    }
    let claim_type = settlement.child("claimType").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    if let Some(last) = work.facts.iter_mut().rev().find(|f| f.table == FactTable::Cost) {
        add_named(&mut last.qualifiers, "claim", code_of(&claim_type).unwrap_or_default());
    }
    let [unit, paid, other, claim] = totals;
    if let Some(unit) = unit.filter(|u| has_units && *u != units) {
        work.say(&rules::SETTLEMENT, settlement, "unitAmount", unit.to_string(), &units.to_string());
    }
    if let (Some(unit), Some(paid), Some(claim)) = (unit, paid, claim)
        && claim != unit - paid - other.unwrap_or(0)
    {
        let expected = unit - paid - other.unwrap_or(0);
        work.say(&rules::SETTLEMENT, settlement, "claimAmount", claim.to_string(), &expected.to_string());
    }
}

fn guidance(root: El<'_>, settlement: El<'_>, status: &str, work: &mut Work<'_>) {
    let encounter = root.child("encounter");
    let code = |name: &str| {
        let el = encounter.and_then(|e| e.child(name));
        el.map(|e| e.attr("code").into_owned()).unwrap_or_default()
    };
    let (level, timing) = (code("guidanceLevel"), code("guidanceTiming"));
    let mut fact = Fact::new(FactTable::HealthGuidance, encounter.unwrap_or(root).range());
    fact.start = work.day;
    fact.source = code_of(&level)
        .filter(|c| c.len() <= 2)
        .map(|c| Coded::new(CodeSystem::CheckupValue, &format_compact!("guidanceLevel:{c}")));
    fact.status = CompactString::from(status);
    add_named(&mut fact.qualifiers, "timing", code_of(&timing).unwrap_or_default());
    for (el, name) in [("pointCountCompleted", "completed"), ("pointCountIntended", "intended")]
        .into_iter()
        .filter_map(|(name, word)| Some((settlement.child(name)?, word)))
    {
        let sent = el.attr("value");
        if let Some(points) = sent.parse::<u32>().ok().filter(|p| *p <= 9_999) {
            add_named(&mut fact.qualifiers, name, &points.to_string());
            if name == "completed" {
                fact.quantity = Some(Decimal::from(points));
            }
        } else {
            work.say_shape(&rules::AMOUNT, el, "value", &sent, "0～9999");
        }
    }
    work.facts.push(fact);
    let unit = settlement.child("unitPrice").and_then(|e| amount(e, "unitPrice", status, work));
    let rate = settlement
        .child("paymentRate")
        .and_then(|r| r.attr("value").parse::<i64>().ok())
        .filter(|r| (0..=100).contains(r));
    let calculated =
        settlement.child("calculatedAmount").and_then(|e| amount(e, "calculatedAmount", status, work));
    let paid = settlement.child("payment").and_then(|e| amount(e, "paymentAmount", status, work));
    let claim = settlement.child("claimAmount").and_then(|e| amount(e, "claimAmount", status, work));
    // Rounding of the rate differs between senders: a yen more or less is no finding.
    if let (Some(unit), Some(rate), Some(calculated)) = (unit, rate, calculated)
        && (unit * rate / 100 - calculated).abs() > 1
    {
        let expected = (unit * rate / 100).to_string();
        work.say(&rules::SETTLEMENT, settlement, "calculatedAmount", calculated.to_string(), &expected);
    }
    if let (Some(calculated), Some(claim)) = (calculated, claim)
        && claim != calculated - paid.unwrap_or(0)
    {
        let expected = (calculated - paid.unwrap_or(0)).to_string();
        work.say(&rules::SETTLEMENT, settlement, "claimAmount", claim.to_string(), &expected);
    }
}
