//! Authority (権限; law.md §12, C-070, C-071, C-074): who may do what, now. One pure function answers for every command.
//!
//! It must never guess: an account that is not registered, a certificate that ended, a pair of roles that nobody may hold
//! together, a job without an instruction – each is a refusal with words that say what to do.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use musubi_storage::act::instruction::InstructionRow;
use musubi_storage::act::organisation::RoleUse;
use musubi_storage::login::BreakGlassRow;

use crate::audit::{AuditRole, Name};
use crate::instruction::{self, Job, Lacking, Start};
use crate::login::break_glass::lent_roles;
use crate::organisation::{Book, Principal, role_of, zones_of};

/// Pairs of roles that nobody holds or uses together (兼務の禁止). A parameter: `auditor:* intake:release,checker …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenPairs(Vec<(AuditRole, AuditRole)>);

impl ForbiddenPairs {
    /// Reads the parameter's words: `role:role,role` or `role:*` for all others. `None`: not understood, so nobody acts.
    #[must_use]
    pub fn parse(words: &str) -> Option<Self> {
        let mut pairs = Vec::new();
        for word in words.split_whitespace() {
            let (role, others) = word.split_once(':')?;
            let role = role_of(role)?;
            if others == "*" {
                pairs.extend(AuditRole::ALL.iter().filter(|r| **r != role).map(|r| (role, *r)));
            } else {
                for other in others.split(',') {
                    let other = role_of(other).filter(|o| *o != role)?;
                    pairs.push((role, other));
                }
            }
        }
        Some(Self(pairs))
    }

    /// Whether two roles may not come together.
    #[must_use]
    pub fn forbid(&self, a: AuditRole, b: AuditRole) -> bool {
        self.0.iter().any(|pair| *pair == (a, b) || *pair == (b, a))
    }
}

/// What a command asks of whoever gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// One of these roles, the most fitting first.
    pub roles: &'static [AuditRole],
    /// The job it starts, which needs an instruction.
    pub job: Option<Job>,
    /// Only a human decides this.
    pub human: bool,
}

/// A use of a role is noted once a minute: pages are asked for faster than that, and each note is a write.
const NOTED: SignedDuration = SignedDuration::from_secs(60);

/// What is known when a command is given.
#[derive(Debug, Clone)]
pub struct Office {
    /// Organisations and accounts.
    pub book: Arc<Book>,
    /// Pairs of roles that do not come together.
    pub pairs: ForbiddenPairs,
    /// For so many hours after the use of one of them.
    pub hours: u64,
    /// All instructions.
    pub instructions: Vec<InstructionRow>,
    /// When accounts last acted.
    pub uses: Vec<RoleUse>,
    /// Roles that are lent in an emergency.
    pub lent: Vec<BreakGlassRow>,
}

impl Office {
    /// Whether a use of this role by this account was noted within the last minute.
    #[must_use]
    pub fn noted_lately(&self, granted: &Granted, at: Timestamp) -> bool {
        let (who, role) = (granted.principal.to_string(), granted.role.as_str());
        let mut uses = self.uses.iter().filter(|u| u.principal == who && u.role == role);
        uses.any(|u| at.duration_since(u.at).abs() < NOTED)
    }
}

/// Who acts, in which role, under which instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The account.
    pub principal: Name,
    /// The role.
    pub role: AuditRole,
    /// The instruction, of a job.
    pub instruction: Option<Name>,
}

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// No organisation is registered yet.
    Founding,
    /// Nobody is named, and no account acts by default in this role.
    NoDefault(AuditRole),
    /// No such account.
    Unknown,
    /// The account is closed, or whoever had it is gone.
    Closed,
    /// Holds none of the roles.
    Role(&'static [AuditRole]),
    /// A service cannot decide.
    Service,
    /// Not trained, or no pledge of secrecy.
    Untrained,
    /// The organisation, or one that entrusted it, is retired or without a certificate on this day.
    Certificate(String),
    /// The certificate does not cover a zone of the role.
    Zone(String),
    /// Holds a role, or used it lately, that does not go together with this one.
    Pair(AuditRole, AuditRole),
    /// No instruction for the job.
    Instruction(Job, Lacking),
}

impl Refused {
    /// The code for the audit chain.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Founding => "NOT-FOUNDED",
            Self::NoDefault(_) => "NO-DEFAULT-ACCOUNT",
            Self::Unknown => "UNKNOWN-ACCOUNT",
            Self::Closed => "CLOSED-ACCOUNT",
            Self::Role(_) => "ROLE",
            Self::Service => "SERVICE-ACCOUNT",
            Self::Untrained => "NOT-TRAINED",
            Self::Certificate(_) => "CERTIFICATE",
            Self::Zone(_) => "ZONE",
            Self::Pair(..) => "FORBIDDEN-PAIR",
            Self::Instruction(_, Lacking::None) => "NO-INSTRUCTION",
            Self::Instruction(_, Lacking::Date) => "INSTRUCTION-DATE",
            Self::Instruction(_, Lacking::Revoked) => "INSTRUCTION-REVOKED",
            Self::Instruction(_, Lacking::Scope) => "INSTRUCTION-SCOPE",
            Self::Instruction(_, Lacking::OwnHand) => "INSTRUCTION-OWN",
        }
    }

    /// What was refused and what to do, in Japanese.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::Founding => {
                "事業者がまだ登録されていません。まず登録してください: musubi organisation load FILE.toml"
                    .to_owned()
            }
            Self::NoDefault(role) => {
                format!(
                    "「{}」の既定のアカウントがありません。--actor でアカウントを指定してください",
                    role.ja()
                )
            }
            Self::Unknown => "登録されていないアカウントです(musubi organisation list)".to_owned(),
            Self::Closed => "閉鎖されたアカウントです".to_owned(),
            Self::Role(roles) => {
                let names: Vec<&str> = roles.iter().map(|r| r.ja()).collect();
                format!("この操作の役割({})がありません", names.join("、"))
            }
            Self::Service => "人が決める操作です。サービス用アカウントではできません".to_owned(),
            Self::Untrained => "教育または守秘誓約の記録がないアカウントです".to_owned(),
            Self::Certificate(id) => format!("事業者 {id} の認定が有効ではありません"),
            Self::Zone(id) => format!("事業者 {id} の認定はこの区画に及びません"),
            Self::Pair(a, b) => format!("兼務できない役割です: 「{}」と「{}」", a.ja(), b.ja()),
            Self::Instruction(job, lacking) => {
                let why = match lacking {
                    Lacking::None => "有効な指示がありません",
                    Lacking::Date => "指示の期間外です",
                    Lacking::Revoked => "指示は取り消されています",
                    Lacking::Scope => "指示の範囲に含まれません",
                    Lacking::OwnHand => "実行者自身の指示では始められません",
                };
                format!(
                    "「{}」を始められません。{why}。管理責任者が指示を出してください: musubi instruction give --job {} …",
                    job.ja(),
                    job.as_str()
                )
            }
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Founding => {
                "no organisation is registered yet: musubi organisation load FILE.toml".to_owned()
            }
            Self::NoDefault(role) => {
                format!("no account acts by default as {}; name one with --actor", role.as_str())
            }
            Self::Unknown => "no such account (musubi organisation list)".to_owned(),
            Self::Closed => "the account is closed".to_owned(),
            Self::Role(roles) => {
                let names: Vec<&str> = roles.iter().map(|r| r.as_str()).collect();
                format!("the account holds none of the roles of this command ({})", names.join(", "))
            }
            Self::Service => "a human decides this, not a service".to_owned(),
            Self::Untrained => "the account has no record of training or of the pledge of secrecy".to_owned(),
            Self::Certificate(id) => format!("organisation {id} has no valid certificate"),
            Self::Zone(id) => format!("the certificate of organisation {id} does not cover this zone"),
            Self::Pair(a, b) => format!("roles that do not go together: {} and {}", a.as_str(), b.as_str()),
            Self::Instruction(job, lacking) => {
                let why = match lacking {
                    Lacking::None => "there is no instruction",
                    Lacking::Date => "no instruction holds on this day",
                    Lacking::Revoked => "the instruction was revoked",
                    Lacking::Scope => "the instruction does not cover this",
                    Lacking::OwnHand => "nobody carries out their own instruction",
                };
                format!(
                    "{} cannot start: {why}; an officer gives one: musubi instruction give --job {} …",
                    job.as_str(),
                    job.as_str()
                )
            }
        }
    }
}

/// Decides whether a command may be given, by the account named or the default one.
pub fn decide(
    office: &Office,
    need: &Need,
    asked: Option<&str>,
    scope: Option<&str>,
    at: Timestamp,
    on: Date,
) -> Result<Granted, Refused> {
    if office.book.is_empty() {
        return Err(Refused::Founding);
    }
    let (principal, role) = who(office, need, asked, at, on)?;
    if need.human && !principal.human {
        return Err(Refused::Service);
    }
    if principal.human && (principal.row.trained_on.is_none() || principal.row.pledged_on.is_none()) {
        return Err(Refused::Untrained);
    }
    certified(office, principal, role, on)?;
    apart(office, principal, role, at, on)?;
    let instruction = match need.job {
        None => None,
        Some(job) => {
            let start = Start { job, scope, executor: principal, role, at, on };
            let found = instruction::find(&office.book, &office.instructions, &start);
            let row = found.map_err(|lacking| Refused::Instruction(job, lacking))?;
            Some(instruction::name(row).map_err(|_| Refused::Instruction(job, Lacking::None))?)
        }
    };
    Ok(Granted { principal: principal.id.clone(), role, instruction })
}

fn who<'o>(
    office: &'o Office,
    need: &Need,
    asked: Option<&str>,
    at: Timestamp,
    on: Date,
) -> Result<(&'o Principal, AuditRole), Refused> {
    let Some(id) = asked else {
        let first = need.roles.first().copied().unwrap_or(AuditRole::Operator);
        let mut found = need.roles.iter().filter_map(|r| Some((office.book.default_for(*r, on)?, *r)));
        return found.next().ok_or(Refused::NoDefault(first));
    };
    let principal = office.book.principal(id).ok_or(Refused::Unknown)?;
    if !principal.active(on) {
        return Err(Refused::Closed);
    }
    // What is lent is used only for what its own roles do not allow, and never by a service.
    let lent = lent_roles(&office.lent, principal, at);
    let held = need.roles.iter().find(|r| principal.holds(**r, on));
    let role = held.or_else(|| need.roles.iter().find(|r| lent.contains(r)));
    Ok((principal, *role.ok_or(Refused::Role(need.roles))?))
}

/// The organisation and all that entrusted it have a certificate for every zone of the role (C-070).
fn certified(office: &Office, principal: &Principal, role: AuditRole, on: Date) -> Result<(), Refused> {
    for o in office.book.chain(&principal.row.organisation) {
        if o.row.retired || on < o.row.valid_from || o.row.valid_to < on {
            return Err(Refused::Certificate(o.row.id.clone()));
        }
        if !zones_of(role).iter().all(|z| o.zones.contains(z)) {
            return Err(Refused::Zone(o.row.id.clone()));
        }
    }
    Ok(())
}

/// Neither held together nor used within the hours of the rule (C-074).
fn apart(
    office: &Office,
    principal: &Principal,
    role: AuditRole,
    at: Timestamp,
    on: Date,
) -> Result<(), Refused> {
    let mut held = principal.roles_on(on);
    held.extend(lent_roles(&office.lent, principal, at));
    if let Some(other) = held.into_iter().find(|r| office.pairs.forbid(role, *r)) {
        return Err(Refused::Pair(role, other));
    }
    // More hours than a clock can count mean for ever.
    let since = i64::try_from(office.hours)
        .ok()
        // The last use may be a little later than its note.
        .and_then(|h| at.checked_sub(SignedDuration::try_from_hours(h)?.checked_add(NOTED)?).ok())
        .unwrap_or(Timestamp::MIN);
    let lately = office.uses.iter().filter(|u| u.principal == principal.row.id && since < u.at);
    for one in lately {
        // A role that is no longer a word cannot be cleared of the suspicion.
        let Some(other) = role_of(&one.role) else { return Err(Refused::Pair(role, role)) };
        if office.pairs.forbid(role, other) {
            return Err(Refused::Pair(role, other));
        }
    }
    Ok(())
}
