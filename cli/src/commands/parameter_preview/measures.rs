//! What a change of a parameter would do, as far as it can be counted on what the house holds: one table, parameter →
//! measure. A measure counts under a value; the preview counts under both.
//!
//! It reads counts, states and days of the books. It must never read a record of a person, and a parameter whose effect
//! cannot be counted honestly (the model of matching, sizes, speeds, words) has no row: better none than a guess.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use musubi_compliance::book::japanese_day;
use musubi_compliance::calendar::Calendar;
use musubi_compliance::deliveries::{CalendarRules, Mark, mark_of};
use musubi_compliance::inquiry::{InquiryKind, Promises, state};
use musubi_compliance::trust::{Proof, Standing, standing};
use musubi_release::view::{Cut, released};
use musubi_storage::act::check_intake::OptOutCase;
use musubi_storage::act::output::OutputRows;
use musubi_storage::delivery::{DeliveriesWanted, DeliveryRow};
use musubi_storage::identity::ReviewState;
use musubi_storage::login::SessionRow;
use musubi_storage::unmapped::UnmappedWanted;
use serde_json::Value;

use crate::commands::{delivery, trust};
use crate::home::{Home, now, today};

/// Runs of the gates that are looked at.
const GATE_RUNS: u32 = 30;

/// How many, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// For so many the rule holds.
    pub hit: u64,
    /// So many were looked at.
    pub of: u64,
}

impl Counted {
    /// Counts a list.
    fn list<T>(all: &[T], holds: impl Fn(&T) -> bool) -> Self {
        let hit = all.iter().filter(|one| holds(one)).count();
        Self { hit: number(hit), of: number(all.len()) }
    }
}

/// What is counted for a parameter.
pub struct Measure {
    /// The parameter.
    pub parameter: &'static str,
    /// What is counted.
    pub ja: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// Counts under a value.
    pub count: fn(&Home, u64) -> Result<Counted>,
}

/// Shorter rows.
const fn measure(
    parameter: &'static str,
    ja: &'static str,
    en: &'static str,
    count: fn(&Home, u64) -> Result<Counted>,
) -> Measure {
    Measure { parameter, ja, en, count }
}

/// All measures.
pub const MEASURES: &[Measure] = &[
    // deliveries
    measure(
        "limits.files_per_submission_max",
        "ファイル数で受け付けない提出",
        "deliveries refused for their files",
        |home, n| Ok(Counted::list(&deliveries(home)?, |d| d.files > n)),
    ),
    measure(
        "limits.zip_bytes_max",
        "大きさで受け付けない提出",
        "deliveries refused for their size",
        |home, n| Ok(Counted::list(&deliveries(home)?, |d| d.bytes > n)),
    ),
    measure("deliveries.late_days", "遅れとなる提出", "deliveries that count as late", |home, n| {
        let rules = CalendarRules { late_days: n, ..delivery::rules(home)? };
        Ok(Counted::list(&deliveries(home)?, |d| mark_of(d, &rules) == Mark::Late))
    }),
    measure(
        "retention.receipt_years",
        "保存期間を過ぎる受領の記録(提出)",
        "receipts (deliveries) past their term",
        |home, n| {
            let since = years_back(n)?;
            let wanted = DeliveriesWanted {
                submitter: None,
                from: Date::constant(2018, 1, 1),
                until: Date::MAX,
                set_aside: false,
            };
            let all = home.registry.console()?.deliveries(wanted).context("提出を読めません")?;
            Ok(Counted::list(&all, |d| japanese_day(d.received_at) < since))
        },
    ),
    measure(
        "codes.show_min_persons",
        "値をそのまま示す未対応コード",
        "codes without a standard shown as they are",
        |home, n| {
            let wanted = UnmappedWanted { provider: None, submissions: &[] };
            let all = home.registry.ingest()?.unmapped_codes(wanted)?;
            Ok(Counted::list(&all, |r| r.persons >= n))
        },
    ),
    // the nightly gates of matching
    measure("gates.identities_min", GATE_FEW.0, GATE_FEW.1, |home, n| {
        gates(home, |m| m("identities_new") < n)
    }),
    measure("gates.cluster_largest", GATE.0, GATE.1, |home, n| gates(home, |m| m("largest") > n)),
    measure("gates.cluster_large_per_million", GATE.0, GATE.1, |home, n| {
        gates(home, |m| m("persons_large") > m("persons_touched").saturating_mul(n).div_ceil(1_000_000))
    }),
    measure("gates.changes_per_thousand", GATE.0, GATE.1, |home, n| {
        gates(home, |m| {
            let changed = m("persons_merged") + m("persons_split") + m("identities_moved");
            enough(home, m) && share(changed, m("decided"), 1000) > n
        })
    }),
    measure("gates.unlinkable_permille", GATE.0, GATE.1, |home, n| {
        gates(home, |m| share(m("unlinkable"), m("decided"), 1000) > n)
    }),
    measure("gates.share_band_permille", GATE.0, GATE.1, |home, n| {
        gates(home, |m| enough(home, m) && m("joined_permille").abs_diff(m("earlier_joined_permille")) > n)
    }),
    measure("gates.sentinel_splits", GATE.0, GATE.1, |home, n| gates(home, |m| m("sentinel_split") > n)),
    // people of matching
    measure(
        "matching.reviews_per_day",
        "待っている組を見終わるまでの日数",
        "days until the waiting pairs are reviewed",
        |home, n| {
            let counts = home.registry.identity()?.review_counts().context("確認待ちを読めません")?;
            let open = counts.get(&ReviewState::Open).copied().unwrap_or(0);
            Ok(Counted { hit: open.div_ceil(n.max(1)), of: open })
        },
    ),
    // tables
    measure(
        "statistics.cell_min_persons",
        "公表済みの表のセルのうち、この値なら隠れるもの",
        "shown cells of released tables that this value would hide",
        |home, n| {
            let key = home.ring.release.public();
            let all = released(&mut home.registry.release()?, &key, &|_| true).context("公表された表")?;
            let mut counts = Vec::new();
            for table in all.iter().flat_map(|r| &r.tables) {
                let whole = Cut { by: table.dimensions.clone(), at: Vec::new() };
                counts.extend(table.slice(&whole)?.into_iter().filter_map(|seen| seen.row.persons));
            }
            Ok(Counted::list(&counts, |persons| (1..n).contains(persons)))
        },
    ),
    // the help desk
    measure(
        "inquiry.first_answer_business_days",
        "期限を過ぎる問い合わせ(苦情を除く)",
        "inquiries answered too late (without complaints)",
        |home, n| answers(home, false, n),
    ),
    measure(
        "inquiry.complaint_business_days",
        "期限を過ぎる苦情",
        "complaints answered too late",
        |home, n| answers(home, true, n),
    ),
    measure(
        "inquiry.open_days_max",
        "長く開いたままの問い合わせ",
        "inquiries open for too long",
        |home, n| {
            let promises = Promises { open_days_max: n, ..Promises::in_force(&home.parameters, today())? };
            let all = home.registry.act()?.inquiries().context("問い合わせを読めません")?;
            Ok(Counted::list(&all, |(q, events)| state(q, events, &promises, today()).too_long))
        },
    ),
    measure(
        "retention.inquiry_years",
        "保存期間を過ぎる問い合わせ",
        "inquiries past their term",
        |home, n| {
            let since = years_back(n)?;
            let all = home.registry.act()?.inquiries().context("問い合わせを読めません")?;
            Ok(Counted::list(&all, |(q, _)| japanese_day(q.at) < since))
        },
    ),
    measure(
        "optout.receipt_business_days",
        "書面の交付が期限を過ぎる停止の求め",
        "requests to stop whose paper is late",
        |home, n| {
            stops(home, |case, calendar| {
                Ok(case.receipt_on.unwrap_or_else(today) > calendar.after(case.received_on, n)?)
            })
        },
    ),
    measure(
        "checks.optout_block_business_days",
        "停止が期限を過ぎる求め",
        "requests to stop that were blocked too late",
        |home, n| {
            stops(home, |case, calendar| {
                Ok(case.blocked_on.unwrap_or_else(today) > calendar.after(case.received_on, n)?)
            })
        },
    ),
    measure(
        "checks.optout_erase_days",
        "消去が期限を過ぎる停止の求め",
        "requests to stop whose erasure is late",
        |home, n| {
            let days = Span::new().try_days(i64::try_from(n)?)?;
            stops(home, |case, _| {
                let due = case.received_on.checked_add(days)?;
                Ok(case.erasable && case.erased_on.unwrap_or_else(today) > due)
            })
        },
    ),
    // the committee
    measure(
        "checks.review_members_min",
        "出席がこの数に足りない会議",
        "meetings with fewer members than that",
        |home, n| sat(home, |present, _| number(present.len()) < n),
    ),
    measure(
        "checks.review_outside_min",
        "外部の委員がこの数に足りない会議",
        "meetings with fewer outside members than that",
        |home, n| {
            sat(home, |present, outside| {
                number(present.iter().filter(|member| outside.contains(*member)).count()) < n
            })
        },
    ),
    // output check and hand-over
    measure(
        "output.checkers",
        "出力確認の人数が足りない引渡し",
        "hand-overs checked by fewer people",
        |home, n| {
            handed(home, |rows| {
                number(rows.votes.iter().map(|v| &v.checker).collect::<BTreeSet<_>>().len()) < n
            })
        },
    ),
    measure(
        "handover.keys",
        "提供の鍵が足りない引渡し",
        "hand-overs with fewer keys",
        |home, n| {
            handed(home, |rows| {
                number(rows.keys.iter().map(|k| &k.holder).collect::<BTreeSet<_>>().len()) < n
            })
        },
    ),
    measure(
        "handover.remind_days",
        "廃棄の期限が近いと知らせる引渡し",
        "hand-overs whose end is called to mind",
        |home, n| {
            let until = today().checked_add(Span::new().try_days(i64::try_from(n)?)?)?;
            let mut db = home.registry.act()?;
            let gone: BTreeSet<(String, String)> = db
                .handover_events(None)?
                .into_iter()
                .filter(|e| e.event == "destroyed")
                .map(|e| (e.release, e.organisation))
                .collect();
            let mut open = db.handovers(None)?;
            open.retain(|h| !gone.contains(&(h.release.clone(), h.organisation.clone())));
            Ok(Counted::list(&open, |h| h.destroy_by <= until))
        },
    ),
    measure(
        "ledger.retention_years",
        "保存期間を過ぎる提供の記録",
        "releases of the ledger past their term",
        |home, n| {
            let since = years_back(n)?;
            let all = home.registry.act()?.asked_releases().context("提供台帳を読めません")?;
            Ok(Counted::list(&all, |r| japanese_day(r.sealed_at) < since))
        },
    ),
    // two people, and accounts
    measure(
        "operation.valid_days",
        "決まる前に期限が切れる二人制の操作",
        "two-person operations that would lapse before their decision",
        |home, n| {
            let all = home.registry.act()?.operations(None).context("二人制の操作を読めません")?;
            Ok(Counted::list(&all, |o| {
                let end = o.decisions.iter().map(|d| d.at).max().unwrap_or_else(now);
                over(o.proposed_at, hours(n.saturating_mul(24)), end)
            }))
        },
    ),
    measure(
        "authority.unused_days",
        "使われていないとされるアカウント",
        "accounts that count as unused",
        |home, n| {
            let all = home.registry.login()?.credentials().context("認証情報を読めません")?;
            let used: Vec<Timestamp> = all.iter().filter_map(|c| c.last_login).collect();
            Ok(Counted::list(&used, |at| over(*at, hours(n.saturating_mul(24)), now())))
        },
    ),
    measure(
        "login.failures",
        "失敗が続いてロックされるアカウント",
        "accounts that their failures lock",
        |home, n| {
            let all = home.registry.login()?.credentials().context("認証情報を読めません")?;
            Ok(Counted::list(&all, |c| u64::from(c.failures) >= n))
        },
    ),
    measure(
        "login.invitation_hours",
        "期限が切れる招待",
        "invitations that would be over",
        |home, n| {
            let all = home.registry.login()?.credentials().context("認証情報を読めません")?;
            let open: Vec<Timestamp> =
                all.iter().filter(|c| c.invitation.is_some()).map(|c| c.changed_at).collect();
            Ok(Counted::list(&open, |at| over(*at, hours(n), now())))
        },
    ),
    measure(
        "login.idle_minutes",
        "操作がなく終わるセッション",
        "sessions that end for being idle",
        |home, n| sessions(home, |s| over(s.seen_at, minutes(n), now())),
    ),
    measure(
        "login.absolute_hours",
        "時間切れで終わるセッション",
        "sessions that end for their age",
        |home, n| sessions(home, |s| over(s.code_at, hours(n), now())),
    ),
    measure(
        "login.certificate_days",
        "期間が長すぎる機械の証明書",
        "certificates of machines that hold for too long",
        |home, n| {
            let all = home.registry.login()?.certificates().context("証明書を読めません")?;
            Ok(Counted::list(&all, |c| over(c.registered_at, hours(n.saturating_mul(24)), c.valid_to)))
        },
    ),
];

/// What is counted of the gates.
const GATE: (&str, &str) = ("この関門で止まる夜", "nights that this gate stops");
const GATE_FEW: (&str, &str) = ("少なくて判定しない夜", "nights with too few identities to judge");

/// The measure of a parameter. Proofs have a parameter each, and one measure.
pub fn count(
    home: &Home,
    parameter: &str,
    value: u64,
) -> Result<Option<(&'static str, &'static str, Counted)>> {
    if let Some(m) = MEASURES.iter().find(|m| m.parameter == parameter) {
        return Ok(Some((m.ja, m.en, (m.count)(home, value)?)));
    }
    let Some(proof) = Proof::ALL.iter().copied().find(|p| p.parameter() == parameter) else {
        return Ok(None);
    };
    let seen = trust::seen(home, &mut home.registry.act()?, proof)?;
    let overdue = |_: &Proof| standing(seen.as_ref(), value, today()) == Standing::Overdue;
    Ok(Some(("期限を過ぎる証し", "proofs that are overdue", Counted::list(&[proof], overdue))))
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn share(part: u64, whole: u64, of: u64) -> u64 {
    part.saturating_mul(of).checked_div(whole).unwrap_or(0)
}

fn hours(n: u64) -> SignedDuration {
    minutes(n.saturating_mul(60))
}

fn minutes(n: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(n.saturating_mul(60)).unwrap_or(i64::MAX))
}

/// Has so much time passed by then?
fn over(since: Timestamp, term: SignedDuration, by: Timestamp) -> bool {
    by.duration_since(since) > term
}

/// The day so many years ago.
fn years_back(n: u64) -> Result<Date> {
    Ok(today().checked_sub(Span::new().try_years(i64::try_from(n)?)?)?)
}

/// Deliveries of the days that are looked back on.
fn deliveries(home: &Home) -> Result<Vec<DeliveryRow>> {
    let back = i64::try_from(home.parameters.number("deliveries.calendar_days", today())?)?;
    let from = today().checked_sub(Span::new().try_days(back)?)?;
    let wanted = DeliveriesWanted { submitter: None, from, until: Date::MAX, set_aside: false };
    home.registry.console()?.deliveries(wanted).context("提出を読めません")
}

/// Is a night large enough to be judged, as the parameters stand?
fn enough(home: &Home, m: &dyn Fn(&str) -> u64) -> bool {
    home.parameters.number("gates.identities_min", today()).is_ok_and(|min| m("identities_new") >= min)
}

/// Runs of the gates for which a rule holds.
fn gates(home: &Home, holds: impl Fn(&dyn Fn(&str) -> u64) -> bool) -> Result<Counted> {
    let runs = home.registry.identity()?.gate_runs(GATE_RUNS).context("関門の記録を読めません")?;
    let measured: Vec<Value> = runs
        .iter()
        .map(|r| serde_json::from_str(&r.measured))
        .collect::<Result<_, _>>()
        .context("measured")?;
    Ok(Counted::list(&measured, |run| holds(&|key| run.get(key).and_then(Value::as_u64).unwrap_or(0))))
}

/// Inquiries that are late under a promise of so many business days.
fn answers(home: &Home, complaint: bool, days: u64) -> Result<Counted> {
    let (calendar, promises) = (Calendar::shipped()?, Promises::in_force(&home.parameters, today())?);
    let mut all = home.registry.act()?.inquiries().context("問い合わせを読めません")?;
    all.retain(|(q, _)| (q.kind == InquiryKind::Complaint.as_str()) == complaint);
    for (q, _) in &mut all {
        q.answer_due = calendar.after(japanese_day(q.at), days)?;
    }
    Ok(Counted::list(&all, |(q, events)| state(q, events, &promises, today()).late))
}

/// Requests to stop, those that were taken back left out.
fn stops(home: &Home, late: impl Fn(&OptOutCase, &Calendar) -> Result<bool>) -> Result<Counted> {
    let calendar = Calendar::shipped()?;
    let all = home.registry.act()?.opt_out_checks().context("停止の求めを読めません")?;
    let judged: Vec<bool> =
        all.iter().filter(|c| !c.withdrawn).map(|c| late(c, &calendar)).collect::<Result<_>>()?;
    Ok(Counted::list(&judged, |late| *late))
}

/// Meetings that were held: who was there, and who of the committee comes from outside.
fn sat(home: &Home, short: impl Fn(&[String], &BTreeSet<String>) -> bool) -> Result<Counted> {
    let mut db = home.registry.board()?;
    let outside: BTreeSet<String> =
        db.members()?.into_iter().filter(|m| m.outside).map(|m| m.member).collect();
    let mut held = db.meetings()?;
    held.retain(|m| !m.present.is_empty());
    Ok(Counted::list(&held, |m| short(&m.present, &outside)))
}

/// Hand-overs by what was said of their release.
fn handed(home: &Home, short: impl Fn(&OutputRows) -> bool) -> Result<Counted> {
    let mut db = home.registry.act()?;
    let all = db.handovers(None)?;
    let mut said = BTreeMap::new();
    for row in &all {
        if !said.contains_key(&row.release) {
            said.insert(row.release.clone(), short(&db.output_rows(&row.release)?));
        }
    }
    Ok(Counted::list(&all, |row| said.get(&row.release).copied().unwrap_or(true)))
}

/// Open sessions.
fn sessions(home: &Home, ends: impl Fn(&SessionRow) -> bool) -> Result<Counted> {
    Ok(Counted::list(&home.registry.login()?.sessions(None, false).context("セッションを読めません")?, ends))
}

#[cfg(test)]
mod tests {
    use musubi_compliance::parameters::parameters;
    use musubi_model::parameter::ParameterValue;

    use super::*;
    use crate::commands::parameter_preview::GOVERNS;

    #[test]
    fn every_measure_is_of_a_number_and_every_parameter_says_what_it_governs() {
        let set = parameters(None).unwrap();
        let names: BTreeSet<&str> = MEASURES.iter().map(|m| m.parameter).collect();
        assert_eq!(names.len(), MEASURES.len(), "a parameter with two measures");
        for name in names.into_iter().chain(Proof::ALL.iter().map(|p| p.parameter())) {
            let row = set.parameters.iter().find(|p| p.name == name);
            assert!(row.is_some_and(|p| matches!(p.value, ParameterValue::Number(_))), "{name}");
        }
        for p in &set.parameters {
            let area = p.name.split('.').next().unwrap();
            assert!(GOVERNS.iter().any(|(prefix, ..)| *prefix == area), "{}", p.name);
        }
    }
}
