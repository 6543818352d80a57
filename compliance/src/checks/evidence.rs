//! Evidence that people give (証拠) where no program can look: read strictly, kept in canonical form, and judged (C-060 to
//! C-062, C-076, C-080, C-081, C-090). Members of the board stand under codes; no name fits in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::act::check::EvidenceRow;
use musubi_storage::act::check_conduct::LoginSeen;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::conduct::InForce;
use super::notice::days_after;
use super::{Judgement, Unreadable, each};
use crate::audit::Name;

/// What every judgement here returns.
type Judged = Result<Judgement, Unreadable>;

/// Which of the three views a member brings (三つの立場). One member, one view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Natural science, medicine.
    NaturalScience,
    /// Humanities: ethics, law.
    Humanities,
    /// The general public.
    Public,
}

/// Sex of a member, as far as the rule on both sexes needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// A member at a session.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Under which code.
    pub code: String,
    /// Which view.
    pub view: View,
    /// Sex.
    pub sex: Sex,
    /// From outside the operator?
    pub outside: bool,
    /// Declared interests for this case?
    pub declared: bool,
    /// Is there a conflict?
    pub conflict: bool,
    /// Stood aside?
    pub recused: bool,
    /// Voted?
    pub voted: bool,
}

/// An item approved, with why it is needed.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NeededItem {
    /// The item, as the spec names it.
    pub item: String,
    /// Why it is needed.
    pub necessity: String,
}

/// A session of the board that decided on an approval.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Who was there.
    pub member: Vec<Member>,
    /// What was approved as needed.
    #[serde(default)]
    pub item: Vec<NeededItem>,
}

/// Logins of a period.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Interactive sessions.
    pub sessions: u64,
    /// Of them, with two factors or more.
    pub two_factors: u64,
}

/// A sample of a host's clock.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Offset from standard time.
    pub offset_ms: i64,
    /// When it was measured.
    pub sampled_at: Timestamp,
}

/// A probe of a zone's ways out.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EgressProbe {
    /// When.
    pub probed_at: Timestamp,
    /// Peers the firewall lets through that are not on the list.
    pub unlisted_peers: u64,
    /// Probes of the internet that were tried.
    pub probes: u64,
    /// Of them, those that got through.
    pub reached: u64,
}

/// A key that was changed.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// When it was changed last.
    pub rotated_on: Date,
}

/// A certificate.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// BLAKE3 of the copy that is kept.
    pub copy: String,
}

/// A kind of evidence, and how its file becomes canonical.
pub type Kind = (&'static str, fn(&str) -> Result<String, Unreadable>);

/// The kinds of evidence.
pub const KINDS: [Kind; 6] = [
    ("authentication", canonical::<Authentication>),
    ("certificate", canonical::<Certificate>),
    ("clock", canonical::<Clock>),
    ("egress-probe", canonical::<EgressProbe>),
    ("key-rotation", canonical::<KeyRotation>),
    ("review-session", canonical::<Session>),
];

/// TOML to canonical JSON.
fn canonical<T: DeserializeOwned + Serialize>(text: &str) -> Result<String, Unreadable> {
    let value: T = toml::from_str(text).map_err(|e| Unreadable::new(format!("evidence: {e}")))?;
    serde_json::to_string(&value).map_err(|e| Unreadable::new(format!("evidence: {e}")))
}

/// Evidence from the file (TOML) that somebody enters.
///
/// # Errors
/// When the kind is not one of [`KINDS`], the subject no short name, or the file not of the kind.
pub fn enter(
    kind: &str,
    subject: &str,
    text: &str,
    valid_until: Date,
    by: &Name,
    at: Timestamp,
) -> Result<EvidenceRow, Unreadable> {
    let read = KINDS.iter().find(|(name, _)| *name == kind).map(|(_, read)| read);
    let read = read.ok_or_else(|| Unreadable::new(format!("evidence: no kind {kind}")))?;
    let subject = Name::new(subject).map_err(|e| Unreadable::new(e.to_string()))?;
    let content = read(text)?;
    let content_hash = blake3::hash(content.as_bytes()).to_hex().to_string();
    Ok(EvidenceRow {
        kind: kind.to_owned(),
        subject: subject.to_string(),
        content,
        content_hash,
        valid_until,
        entered_by: by.to_string(),
        entered_at: at,
    })
}

/// Evidence as it was read back.
#[derive(Debug, Clone, Serialize)]
pub struct Given<T> {
    /// Of what.
    pub subject: String,
    /// The last day on which it counts.
    pub valid_until: Date,
    /// What it says.
    pub says: T,
}

/// Reads rows of one kind. A row that was tampered with or cannot be understood stops everything.
///
/// # Errors
/// Names the row's subject.
pub fn given<T: DeserializeOwned>(rows: &[EvidenceRow]) -> Result<Vec<Given<T>>, Unreadable> {
    rows.iter()
        .map(|row| {
            let genuine = blake3::hash(row.content.as_bytes()).to_hex().to_string() == row.content_hash;
            let says = serde_json::from_str(&row.content).ok().filter(|_| genuine);
            let says = says.ok_or_else(|| {
                Unreadable::new(format!("evidence {}:{} is damaged", row.kind, row.subject))
            })?;
            Ok(Given { subject: row.subject.clone(), valid_until: row.valid_until, says })
        })
        .collect()
}

/// An approval with the session that decided it.
#[derive(Debug, Clone, Serialize)]
pub struct Sat {
    /// The approval.
    pub approval: String,
    /// The session; `None`: no record of one.
    pub session: Option<Session>,
    /// Decided without a meeting, where that is allowed.
    pub expedited: bool,
}

/// How a board must be made up.
#[derive(Debug, Clone, Copy)]
pub struct Quorum {
    /// Members at least.
    pub members: u64,
    /// Of them from outside at least.
    pub outside: u64,
    /// Members who review a minor change without a meeting, at least.
    pub expedited: u64,
}

/// C-060: after recusal enough members, all three views, both sexes, enough from outside; one member counts once.
pub fn quorum(cases: &[Sat], rule: Quorum) -> Judged {
    let holds = |c: &Sat| {
        c.session.as_ref().is_some_and(|session| {
            let sitting: Vec<&Member> = session.member.iter().filter(|m| !m.recused).collect();
            let codes: BTreeSet<&str> = sitting.iter().map(|m| m.code.as_str()).collect();
            let views: BTreeSet<View> = sitting.iter().map(|m| m.view).collect();
            let sexes: BTreeSet<Sex> = sitting.iter().map(|m| m.sex).collect();
            let outside = sitting.iter().filter(|m| m.outside).count();
            if c.expedited {
                let all = sitting.iter().all(|m| m.voted) && codes.len() == sitting.len();
                return all && super::number(sitting.len()) >= rule.expedited;
            }
            codes.len() == sitting.len()
                && super::number(codes.len()) >= rule.members
                && views.len() == 3
                && sexes.len() == 2
                && super::number(outside) >= rule.outside
        })
    };
    each(cases, |c| c.approval.clone(), holds)
}

/// C-061: everybody declared; who has a conflict stood aside and did not vote.
pub fn interests(cases: &[Sat]) -> Judged {
    let clean = |m: &Member| m.declared && (!m.conflict || m.recused) && !(m.recused && m.voted);
    let holds =
        |c: &Sat| c.session.as_ref().is_some_and(|s| !s.member.is_empty() && s.member.iter().all(clean));
    each(cases, |c| c.approval.clone(), holds)
}

/// C-076: no session with less than two factors: in this house by log and sessions, elsewhere in a summary that still
/// counts. Where nobody logs in here, there must be a summary.
pub fn two_factors(cases: &[Given<Authentication>], seen: &[LoginSeen], today: Date) -> Judged {
    let sound = |c: &Given<Authentication>| c.says.two_factors >= c.says.sessions && today <= c.valid_until;
    let here = each(seen, |l| l.of.clone(), |l| l.both)?;
    each(cases, |c| c.subject.clone(), sound)?.and(here).required_evidence()
}

/// C-080: within the offset, sampled within the hours.
pub fn clocks(cases: &[Given<Clock>], offset_ms: u64, hours: u64, now: Timestamp) -> Judged {
    let seconds = i64::try_from(hours.saturating_mul(3600)).unwrap_or(i64::MAX);
    let sound = |c: &Given<Clock>| {
        let age = now.as_second().saturating_sub(c.says.sampled_at.as_second());
        c.says.offset_ms.unsigned_abs() <= offset_ms && (0..=seconds).contains(&age)
    };
    each(cases, |c| c.subject.clone(), sound)?.required_evidence()
}

/// C-081: of every zone, probes were tried and none got through, and only listed peers are let through.
pub fn egress(cases: &[Given<EgressProbe>], zones: &[&str], today: Date) -> Judged {
    let probed: BTreeSet<&str> = cases.iter().map(|c| c.subject.as_str()).collect();
    let sound = |c: &Given<EgressProbe>| {
        c.says.probes > 0 && c.says.reached == 0 && c.says.unlisted_peers == 0 && today <= c.valid_until
    };
    let mut judged = each(cases, |c| c.subject.clone(), sound)?;
    for zone in zones.iter().filter(|zone| !probed.contains(**zone)) {
        judged = judged.missing(&format!("egress-probe:{zone}"));
    }
    Ok(judged)
}

/// C-082, second half: every key named was changed within the days.
pub fn rotations(cases: &[Given<KeyRotation>], days: u64, today: Date) -> Judged {
    let sound = |c: &Given<KeyRotation>| today <= days_after(c.says.rotated_on, days);
    each(cases, |c| c.subject.clone(), sound)?.required_evidence()
}

/// C-090: certificates as terms.
#[must_use]
pub fn certificate_terms(cases: &[Given<Certificate>], today: Date) -> Vec<InForce> {
    cases
        .iter()
        .map(|c| InForce {
            of: c.subject.clone(),
            on: today,
            term: Some((c.says.from, c.says.to)),
            complete: c.says.copy.len() == 64,
        })
        .collect()
}

impl Judgement {
    /// Without any evidence it fails.
    fn required_evidence(self) -> Judged {
        Ok(self.required("no evidence entered"))
    }

    /// Something that must be there is not.
    #[must_use]
    pub fn missing(mut self, what: &str) -> Self {
        self.verdict = super::Verdict::Fail;
        self.evidence.push(what.to_owned());
        *self.counts.entry("failed").or_default() += 1;
        self
    }
}
