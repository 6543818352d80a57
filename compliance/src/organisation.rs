//! Organisations and accounts (認定事業者・受託者・アカウント; law: Art. 24, 45–51, R-OUT-01, R-SEC-01): who belongs where, in which
//! roles, and under which certificate.
//!
//! A [`Book`] is read whole and in good shape, or not at all. It must never hold the name of a person: an account has an
//! id and a staff number, and one human has one account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use musubi_storage::act::organisation::{OrganisationRow, PrincipalRow};

use crate::audit::{AuditRole, Name};
use crate::authority::ForbiddenPairs;

word_list! {
    /// What an organisation is to the operator.
    OrganisationKind {
        /// The certified operator (認定作成事業者).
        Operator = "operator", "認定作成事業者";
        /// A certified contractor (認定医療情報等取扱受託事業者).
        Contractor = "contractor", "認定受託事業者";
        /// Entrusted by a contractor (再委託先).
        SubContractor = "sub-contractor", "再委託先";
        /// Sends deliveries; its id is that of the submitter in the agreements (提出者).
        Submitter = "submitter", "提出者";
        /// Asks for data and is their recipient (利用者).
        User = "user", "利用者";
        /// A municipality: asks for statistics, and may send deliveries too (自治体).
        Municipality = "municipality", "自治体";
        /// The members of the review committee (審査委員会).
        Committee = "committee", "審査委員会";
    }
}

impl OrganisationKind {
    /// Stands outside the certified business: its accounts hold outside roles only, and no certificate covers them.
    #[must_use]
    pub fn outside(self) -> bool {
        matches!(self, Self::Submitter | Self::User | Self::Municipality | Self::Committee)
    }

    /// Whether an account of such an organisation may hold a role.
    #[must_use]
    pub fn admits(self, role: AuditRole) -> bool {
        match role {
            AuditRole::Submitter => matches!(self, Self::Submitter | Self::Municipality),
            AuditRole::Applicant => matches!(self, Self::User | Self::Municipality),
            AuditRole::Municipality => self == Self::Municipality,
            AuditRole::ReviewMember => self == Self::Committee,
            _ => !self.outside(),
        }
    }
}

word_list! {
    /// A zone of the house.
    Zone {
        /// Intake, raw bytes.
        Z1 = "Z1", "受入れ";
        /// Identities.
        Z2 = "Z2", "本人情報";
        /// The integrated repository.
        Z3 = "Z3", "統合データ";
        /// Processing.
        Z4 = "Z4", "加工";
        /// Staging of releases.
        Z5 = "Z5", "提供準備";
        /// Handover.
        Z6 = "Z6", "引渡し";
    }
}

/// The role of a stored word.
#[must_use]
pub fn role_of(word: &str) -> Option<AuditRole> {
    AuditRole::ALL.iter().copied().find(|role| role.as_str() == word)
}

/// The zones that a role enters (law.md §12).
#[must_use]
pub fn zones_of(role: AuditRole) -> &'static [Zone] {
    match role {
        AuditRole::Intake => &[Zone::Z1, Zone::Z3],
        AuditRole::Identity | AuditRole::HelpDesk => &[Zone::Z2],
        AuditRole::Curator => &[Zone::Z3],
        AuditRole::Operator => &[Zone::Z1, Zone::Z3],
        AuditRole::Release => &[Zone::Z4, Zone::Z5],
        AuditRole::Checker => &[Zone::Z5],
        AuditRole::ReleaseApprover => &[Zone::Z6],
        AuditRole::Eraser => &[Zone::Z1, Zone::Z2, Zone::Z3],
        AuditRole::Board
        | AuditRole::Officer
        | AuditRole::KeyCustodian
        | AuditRole::Auditor
        | AuditRole::SecurityAdmin
        | AuditRole::ReviewSecretary
        | AuditRole::Confirmer
        | AuditRole::Submitter
        | AuditRole::Applicant
        | AuditRole::Municipality
        | AuditRole::ReviewMember => &[],
    }
}

/// Why rows are no book. Nothing of them stands then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{id}: {why}")]
pub struct Invalid {
    /// Which organisation or account.
    pub id: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// An organisation, understood.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// As it was entered.
    pub row: OrganisationRow,
    /// What it is.
    pub kind: OrganisationKind,
    /// The zones its certificate covers.
    pub zones: BTreeSet<Zone>,
}

/// A role that an account holds for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRole {
    /// Which.
    pub role: AuditRole,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Option<Date>,
}

impl HeldRole {
    fn on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

/// An account, understood.
#[derive(Debug, Clone)]
pub struct Principal {
    /// As it was entered.
    pub row: PrincipalRow,
    /// Its name in the audit chain.
    pub id: Name,
    /// A human, not a service.
    pub human: bool,
    /// Its roles.
    pub roles: Vec<HeldRole>,
}

impl Principal {
    /// Neither closed nor left by this day.
    #[must_use]
    pub fn active(&self, on: Date) -> bool {
        !self.row.retired && self.row.left_on.is_none_or(|left| on < left)
    }

    /// The roles held on a day.
    #[must_use]
    pub fn roles_on(&self, on: Date) -> Vec<AuditRole> {
        self.roles.iter().filter(|r| r.on(on)).map(|r| r.role).collect()
    }

    /// Whether it holds a role on a day.
    #[must_use]
    pub fn holds(&self, role: AuditRole, on: Date) -> bool {
        self.roles.iter().any(|r| r.role == role && r.on(on))
    }
}

/// All organisations and accounts as they are now.
#[derive(Debug, Clone, Default)]
pub struct Book {
    organisations: BTreeMap<String, Organisation>,
    principals: BTreeMap<String, Principal>,
}

impl Book {
    /// Understands rows, all of them or none.
    pub fn new(organisations: Vec<OrganisationRow>, principals: Vec<PrincipalRow>) -> Result<Self, Invalid> {
        let mut book = Self::default();
        for row in organisations {
            let id = row.id.clone();
            if book.organisations.insert(id.clone(), organisation(row)?).is_some() {
                return Err(wrong(&id, "stands twice"));
            }
        }
        for row in principals {
            let id = row.id.clone();
            if book.principals.insert(id.clone(), principal(row)?).is_some() {
                return Err(wrong(&id, "stands twice"));
            }
        }
        book.holds_together()?;
        Ok(book)
    }

    /// Nobody is registered yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.organisations.is_empty() && self.principals.is_empty()
    }

    /// The organisations by id.
    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.organisations.values()
    }

    /// The accounts by id.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.principals.values()
    }

    /// An organisation.
    #[must_use]
    pub fn organisation(&self, id: &str) -> Option<&Organisation> {
        self.organisations.get(id)
    }

    /// An account.
    #[must_use]
    pub fn principal(&self, id: &str) -> Option<&Principal> {
        self.principals.get(id)
    }

    /// The account that acts in a role where none is named.
    #[must_use]
    pub fn default_for(&self, role: AuditRole, on: Date) -> Option<&Principal> {
        self.principals.values().find(|p| p.row.default && p.active(on) && p.holds(role, on))
    }

    /// The organisation of an account and all that entrusted it, the nearest first.
    pub fn chain(&self, organisation: &str) -> impl Iterator<Item = &Organisation> {
        let first = self.organisations.get(organisation);
        let parent = |o: &&Organisation| o.row.parent.as_ref().and_then(|p| self.organisations.get(p));
        // A book that holds together has no circle; no chain is longer than there are organisations.
        std::iter::successors(first, parent).take(self.organisations.len())
    }

    /// Accounts that hold two roles at a time which nobody may hold together (C-074).
    #[must_use]
    pub fn conflicts(&self, pairs: &ForbiddenPairs) -> Vec<(&Principal, AuditRole, AuditRole)> {
        let mut found = Vec::new();
        for p in self.principals.values().filter(|p| !p.row.retired) {
            for (i, a) in p.roles.iter().enumerate() {
                for b in p.roles.iter().skip(i + 1) {
                    if pairs.forbid(a.role, b.role) && a.overlaps(b) {
                        found.push((p, a.role, b.role));
                    }
                }
            }
        }
        found
    }

    fn holds_together(&self) -> Result<(), Invalid> {
        for (id, o) in &self.organisations {
            let up = o.row.parent.as_ref().map(|p| self.organisations.get(p));
            match (o.kind, up) {
                (OrganisationKind::SubContractor, None) => {
                    return Err(wrong(id, "a sub-contractor names who entrusted it"));
                }
                (_, Some(None)) => return Err(wrong(id, "whoever entrusted it is not registered")),
                (OrganisationKind::SubContractor, Some(Some(up))) if up.kind.outside() => {
                    return Err(wrong(id, "whoever entrusted it is no part of the certified business"));
                }
                (OrganisationKind::SubContractor, Some(Some(up)))
                    if up.kind == OrganisationKind::Operator =>
                {
                    return Err(wrong(id, "whoever the operator entrusts is a contractor"));
                }
                (OrganisationKind::SubContractor, Some(Some(_))) | (_, None) => {}
                (_, Some(Some(_))) => return Err(wrong(id, "only a sub-contractor has a parent")),
            }
            if self.chain(id).last().is_none_or(|top| top.kind == OrganisationKind::SubContractor) {
                return Err(wrong(id, "its chain of entrusting does not end at a contractor"));
            }
        }
        if !self.organisations.is_empty()
            && !self.organisations.values().any(|o| o.kind == OrganisationKind::Operator)
        {
            return Err(wrong("organisation", "no operator is among them"));
        }
        let mut staff = BTreeSet::new();
        let mut defaults: Vec<(&HeldRole, &str)> = Vec::new();
        for (id, p) in &self.principals {
            let Some(organisation) = self.organisations.get(&p.row.organisation) else {
                return Err(wrong(id, "its organisation is not registered"));
            };
            if p.roles.iter().any(|held| !organisation.kind.admits(held.role)) {
                return Err(wrong(id, "one of its roles is not for this kind of organisation"));
            }
            if p.row.retired {
                continue;
            }
            if let Some(number) = &p.row.staff_number
                && !staff.insert((&p.row.organisation, number))
            {
                return Err(wrong(id, "another account has this staff number: one human, one account"));
            }
            for held in p.roles.iter().filter(|_| p.row.default) {
                if defaults.iter().any(|(h, other)| h.role == held.role && h.overlaps(held) && *other != id) {
                    return Err(wrong(id, "another account acts by default in one of its roles"));
                }
                defaults.push((held, id));
            }
        }
        Ok(())
    }
}

/// What the nightly checks go by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Roles that do not come together.
    pub pairs: &'a ForbiddenPairs,
    /// Training is at most so old.
    pub training_months: u64,
    /// An account unused for so long is to be closed.
    pub unused_days: u64,
    /// So long before its end a certificate is called for.
    pub alarm_days: u64,
}

word_list! {
    /// How bad a finding is.
    Severity {
        /// Stops.
        Blocking = "blocking", "停止";
        /// Is to be looked at.
        Warning = "warning", "注意";
    }
}

/// Something in the book that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Which check says so.
    pub check: &'static str,
    /// How bad it is.
    #[serde(serialize_with = "as_word")]
    pub severity: Severity,
    /// Which organisation or account.
    pub subject: String,
    /// What is wrong.
    pub what: &'static str,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn as_word<S: serde::Serializer>(severity: &Severity, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(severity.as_str())
}

impl Book {
    /// C-070, C-074, C-083, C-084, C-090: everything in the book that is not as it has to be on a day.
    /// `seen`: the days on which accounts were entered and acted.
    #[must_use]
    pub fn findings(&self, rules: &Rules<'_>, seen: &[(String, Date)], on: Date) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut say = |check, severity, subject: &str, what| {
            found.push(Finding { check, severity, subject: subject.to_owned(), what });
        };
        for (p, _, _) in self.conflicts(rules.pairs) {
            say("C-074", Severity::Blocking, &p.row.id, "holds two roles that do not go together");
        }
        // More days or months than a calendar has mean: never before.
        let ago = |span: Option<Span>| span.and_then(|s| on.checked_sub(s).ok()).unwrap_or(Date::MIN);
        let span = |n: u64, make: fn(Span, i64) -> Option<Span>| make(Span::new(), i64::try_from(n).ok()?);
        let trained = ago(span(rules.training_months, |s, n| s.try_months(n).ok()));
        let unused = ago(span(rules.unused_days, |s, n| s.try_days(n).ok()));
        let alarm = span(rules.alarm_days, |s, n| s.try_days(n).ok());
        let alarm = alarm.and_then(|s| on.checked_add(s).ok()).unwrap_or(Date::MAX);
        for o in self.organisations.values().filter(|o| !o.row.retired && !o.kind.outside()) {
            if on < o.row.valid_from || o.row.valid_to < on {
                say("C-090", Severity::Blocking, &o.row.id, "its certificate is not valid");
            } else if o.row.valid_to < alarm {
                say("C-090", Severity::Warning, &o.row.id, "its certificate ends soon");
            }
        }
        // Outsiders are bound by contract, not by the operator's training and certificates.
        let outside =
            |p: &&Principal| self.organisations.get(&p.row.organisation).is_some_and(|o| o.kind.outside());
        for p in self.principals.values().filter(|p| p.active(on) && !outside(p)) {
            let id = p.row.id.as_str();
            for held in p.roles.iter().filter(|h| h.on(on)) {
                let mut chain = self.chain(&p.row.organisation);
                let covered = |o: &Organisation| {
                    !o.row.retired
                        && (o.row.valid_from..=o.row.valid_to).contains(&on)
                        && zones_of(held.role).iter().all(|z| o.zones.contains(z))
                };
                if !chain.all(covered) {
                    say("C-070", Severity::Blocking, id, "no certificate covers its role");
                }
            }
            if p.human && p.row.trained_on.is_none_or(|day| day < trained) {
                say("C-083", Severity::Blocking, id, "its training is too old");
            }
            if p.human && p.row.pledged_on.is_none() {
                say("C-083", Severity::Blocking, id, "no pledge of secrecy");
            }
            let last = seen.iter().filter(|(who, _)| who == id).map(|(_, day)| *day).max();
            if last.is_none_or(|day| day < unused) {
                say("C-084", Severity::Warning, id, "not used for long: close it");
            }
        }
        found
    }
}

fn wrong(id: &str, why: &'static str) -> Invalid {
    Invalid { id: id.to_owned(), why }
}

fn organisation(row: OrganisationRow) -> Result<Organisation, Invalid> {
    let id = row.id.as_str();
    Name::new(id).map_err(|_| wrong(id, "an id has 1 to 64 letters, digits, '-', '.' or '_'"))?;
    let kind = OrganisationKind::from_name(&row.kind).ok_or_else(|| {
        wrong(id, "operator, contractor, sub-contractor, submitter, user, municipality or committee")
    })?;
    if row.certificate.trim().is_empty() {
        return Err(wrong(id, "a certificate has a number"));
    }
    if row.valid_to < row.valid_from {
        return Err(wrong(id, "its certificate ends before it begins"));
    }
    let zones: Option<BTreeSet<Zone>> = row.zones.iter().map(|z| Zone::from_name(z)).collect();
    let zones = zones.ok_or_else(|| wrong(id, "zones are Z1 to Z6"))?;
    Ok(Organisation { kind, zones, row })
}

fn principal(row: PrincipalRow) -> Result<Principal, Invalid> {
    let bad = |why| wrong(&row.id, why);
    let id = Name::new(&row.id).map_err(|_| bad("an id has 1 to 64 letters, digits, '-', '.' or '_'"))?;
    let human = match row.kind.as_str() {
        "human" => true,
        "service" => false,
        _ => return Err(bad("human or service")),
    };
    if human != row.staff_number.as_ref().is_some_and(|n| !n.trim().is_empty()) {
        return Err(bad("a human has a staff number, a service has none"));
    }
    let mut roles = Vec::new();
    for held in &row.roles {
        let role = role_of(&held.role).ok_or_else(|| bad("a role that does not exist"))?;
        if held.to.is_some_and(|to| to < held.from) {
            return Err(bad("a role ends before it begins"));
        }
        roles.push(HeldRole { role, from: held.from, to: held.to });
    }
    Ok(Principal { id, human, roles, row })
}
