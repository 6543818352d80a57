//! Handing a release over (引渡し; law: R-PSE-02, R-PSE-03, R-PSE-05, R-CON-01, R-CON-04, RL-14): what has to be in order,
//! what a recipient may do, and what is due afterwards. Pure functions of books and a day, and the one way to enter a row.
//!
//! It must never hand over without a [`Permit`], and never say yes to what it could not read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::spec::{ExtractSpec, Product};
use musubi_storage::StorageError;
use musubi_storage::act::handover::{HandoverEventRow, HandoverRow};
use musubi_storage::act::register::RegisterRow;
use musubi_storage::registry::ActDb;

use crate::book::japanese_day;
use crate::contract::may_receive;
use crate::output::Permit;
use crate::register::{date, text};

/// The parameter: days for which a recipient has access.
pub const ACCESS_DAYS: &str = "handover.access_days";
/// The parameter: months after which a recipient destroys what it received, at the latest.
pub const USE_MONTHS: &str = "handover.use_months";
/// The parameter: days within which a recipient destroys what was recalled.
pub const RECALL_DAYS: &str = "handover.recall_days";
/// The parameter: so many days before its end a term is called to mind.
pub const REMIND_DAYS: &str = "handover.remind_days";

word_list! {
    /// By which way a release reaches its recipient.
    Channel {
        /// Fetched over a line.
        Download = "download", "回線による受取り";
        /// On a medium.
        Media = "media", "媒体";
        /// Looked at in the operator's environment; no file leaves it.
        Visiting = "visiting", "閲覧環境";
    }
}

word_list! {
    /// Why a release is recalled.
    Cause {
        /// Somebody asked to stop.
        OptOut = "opt-out", "提供停止の求め";
        /// Records of two people had been taken for one person's.
        Split = "split", "名寄せの分割";
        /// Something is wrong with it.
        Defect = "defect", "不備";
        /// The contract was broken or ended.
        Contract = "contract", "契約の違反・終了";
        /// Something else, told in the note.
        Other = "other", "その他";
    }
}

word_list! {
    /// Where a delivery stands.
    State {
        /// Handed over.
        HandedOver = "handed-over", "引渡し済";
        /// The recipient confirmed the right manifest.
        Acknowledged = "acknowledged", "受領確認済";
        /// The recipient confirmed another manifest.
        WrongHash = "wrong-hash", "受領のハッシュ不一致";
        /// Called back.
        Recalled = "recalled", "回収";
        /// The days of access are over.
        Expired = "expired", "受取り期限切れ";
        /// Its destruction is certified.
        Destroyed = "destroyed", "廃棄証明済";
    }
}

/// One thing that has to be in order (引渡しの条件).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The check of the Act that asks for it.
    pub check: &'static str,
    /// What, in Japanese.
    pub ja: &'static str,
    /// What, in English.
    pub en: &'static str,
    /// What is wrong; empty: it is met.
    pub wrong: Vec<String>,
}

impl Condition {
    /// Is it met?
    #[must_use]
    pub fn met(&self) -> bool {
        self.wrong.is_empty()
    }
}

/// What the release itself has to say for the conditions.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// What was asked for.
    pub spec: &'a ExtractSpec,
    /// Do ledger, approval and request name one scope?
    pub same_scope: bool,
    /// Why its approval does not hold today; `None`: it does.
    pub approval: Option<String>,
    /// Did another account than its maker verify exactly this manifest (C-058)?
    pub verified: bool,
    /// The purposes that are allowed (C-064).
    pub purposes: BTreeSet<String>,
}

/// To whom it shall go, how and when.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The recipient's id.
    pub organisation: String,
    /// The way.
    pub channel: Channel,
    /// Number of the line; none when visiting.
    pub line: Option<String>,
    /// The day.
    pub on: Date,
}

/// What the registers say.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    /// Contracts.
    pub contracts: Vec<RegisterRow>,
    /// Obligations, with those that follow from hand-overs.
    pub obligations: Vec<RegisterRow>,
    /// Certified users.
    pub users: Vec<RegisterRow>,
    /// Lines.
    pub lines: Vec<RegisterRow>,
}

impl Registers {
    /// Reads them. `recall_days`: the parameter [`RECALL_DAYS`].
    ///
    /// # Errors
    /// The store's.
    pub fn read(db: &mut ActDb, recall_days: u64) -> Result<Self, StorageError> {
        Ok(Self {
            contracts: db.register("contract", None)?,
            obligations: obligations(db, recall_days)?,
            users: db.register("certified-user", None)?,
            lines: db.register("line", None)?,
        })
    }
}

/// All conditions, and what was found to meet them.
#[derive(Debug, Clone)]
pub struct Judged {
    /// In the order of the checks.
    pub conditions: Vec<Condition>,
    /// The contract.
    pub contract: Option<RegisterRow>,
    /// The certified user.
    pub user: Option<RegisterRow>,
}

fn condition(check: &'static str, ja: &'static str, en: &'static str, wrong: Vec<String>) -> Condition {
    Condition { check, ja, en, wrong }
}

fn unless(met: bool, why: &str) -> Vec<String> {
    if met { Vec::new() } else { vec![why.to_owned()] }
}

/// Why a certified user may not receive pseudonymised data on a day by this way (C-065, G-14). Empty: it may.
#[must_use]
pub fn certified_problems(user: Option<&RegisterRow>, channel: &str, on: Date) -> Vec<String> {
    let Some(user) = user else { return vec!["no certified user of this organisation".to_owned()] };
    let mut wrong = Vec::new();
    if date(user, "from").is_none_or(|from| on < from) || date(user, "until").is_none_or(|until| until < on) {
        wrong.push(format!("certificate {} is not in force that day", text(user, "certificate")));
    }
    if text(user, "type") != "I" && channel != Channel::Visiting.as_str() {
        wrong.push("type II: through the visiting environment only".to_owned());
    }
    wrong
}

/// Holds a hand-over against the law. Every condition is there, met or not.
#[must_use]
pub fn judge(registers: &Registers, asked: &Asked<'_>, terms: &Terms) -> Judged {
    let spec = asked.spec;
    let of_organisation: Vec<RegisterRow> = registers
        .contracts
        .iter()
        .filter(|c| text(c, "organisation") == terms.organisation)
        .cloned()
        .collect();
    let receives = may_receive(&of_organisation, &registers.obligations, &spec.recipient, terms.on);
    let contract =
        receives.as_ref().ok().and_then(|n| of_organisation.iter().find(|c| c.entry == *n)).cloned();
    let target = contract.as_ref().map_or("", |c| text(c, "user-kind")).to_owned();
    let own = |u: &&RegisterRow| text(u, "organisation") == terms.organisation;
    let user = registers.users.iter().filter(own).max_by_key(|u| date(u, "until")).cloned();
    let pseudonymised = spec.product == Product::Pseudonymized;
    let certified = match (pseudonymised, target.as_str()) {
        (false, _) | (true, "contractor" | "operator" | "regulator") => Vec::new(),
        (true, _) => certified_problems(user.as_ref(), terms.channel.as_str(), terms.on),
    };
    let mut kind = Vec::new();
    if !spec.recipients.is_empty() && spec.recipients.iter().all(|r| r.id != terms.organisation) {
        kind.push("the request does not name this organisation".to_owned());
    }
    match (target.as_str(), &contract) {
        ("anon-user", _) if pseudonymised => kind.push("a user of anonymised data only".to_owned()),
        ("regulator", Some(c)) if text(c, "request").trim().is_empty() => {
            kind.push("a regulator without the number of its application".to_owned());
        }
        ("anon-user" | "certified-user" | "contractor" | "operator" | "regulator", _) => {}
        _ => kind.push("no permitted kind of recipient".to_owned()),
    }
    let purpose = asked.same_scope && !spec.purpose.trim().is_empty() && asked.purposes.contains("release");
    let conditions = vec![
        condition(
            "C-058",
            "作成者でない人が検証した",
            "verified by somebody who did not make it",
            unless(asked.verified, "nobody apart verified this manifest"),
        ),
        condition(
            "C-059",
            "承認が有効である",
            "the approval is in force",
            asked.approval.iter().cloned().collect(),
        ),
        condition(
            "C-063",
            "契約が有効で全ての条項があり、期限を過ぎた義務がない",
            "a contract in force with all clauses, and nothing overdue",
            receives.err().unwrap_or_default(),
        ),
        condition(
            "C-064",
            "承認された目的のためである",
            "for the purpose that was approved",
            unless(purpose, "scopes differ, or the purpose is empty or not allowed"),
        ),
        condition(
            "C-065",
            "仮名加工の提供先は認定が有効で、II型は閲覧環境だけ",
            "who receives pseudonymised data is certified; type II visiting only",
            certified,
        ),
        condition("C-066", "認められた種別の提供先である", "a permitted kind of recipient", kind),
        condition("C-068", "回線が一覧にある", "the line is on the list", line_problems(registers, terms)),
    ];
    Judged { conditions, contract, user: user.filter(|_| pseudonymised) }
}

/// What is wrong with the line of a hand-over (C-068).
fn line_problems(registers: &Registers, terms: &Terms) -> Vec<String> {
    let kinds: &[&str] = match terms.channel {
        Channel::Visiting => return Vec::new(),
        Channel::Download => &["leased", "vpn"],
        Channel::Media => &["media"],
    };
    let Some(number) = &terms.line else { return vec!["no line is named".to_owned()] };
    let Some(line) = registers.lines.iter().find(|l| l.entry == *number) else {
        return vec!["not over a line on the list".to_owned()];
    };
    let open = date(line, "from").is_some_and(|from| from <= terms.on)
        && date(line, "until").is_some_and(|until| terms.on <= until);
    let mut wrong = unless(open, "the line is not open that day");
    wrong.extend(unless(kinds.contains(&text(line, "kind")), "the line is of another kind"));
    wrong
}

/// The last days of a hand-over: of access, and for the certificate of destruction. `None`: days that cannot be.
#[must_use]
pub fn terms_of(contract: &RegisterRow, on: Date, access_days: u64, use_months: u64) -> Option<(Date, Date)> {
    let after = |span: jiff::Span| on.checked_add(span).ok();
    let access = after(jiff::Span::new().try_days(i64::try_from(access_days).ok()?).ok()?)?;
    let used = after(jiff::Span::new().try_months(i64::try_from(use_months).ok()?).ok()?)?;
    let until = date(contract, "until")?;
    Some((access.min(until), used.min(until)))
}

/// A hand-over to be entered.
#[derive(Debug)]
pub struct HandOver<'a> {
    /// The leave.
    pub permit: Permit,
    /// The terms under which it was given.
    pub terms: &'a Terms,
    /// What was found.
    pub judged: &'a Judged,
    /// The recipient's name in the request.
    pub recipient: &'a str,
    /// Last days of access and use.
    pub until: (Date, Date),
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Enters a hand-over: the only way to one. `None`: it went to this recipient before.
///
/// # Errors
/// The store's; the database looks once more after checkers and keys.
pub fn enter(db: &mut ActDb, order: HandOver<'_>) -> Result<Option<HandoverRow>, StorageError> {
    let HandOver { permit, terms, judged, recipient, until: (expires_on, destroy_by), by, at } = order;
    let of = |row: Option<&RegisterRow>, field: &str| row.map_or("", |r| text(r, field)).to_owned();
    let (contract, user) = (judged.contract.as_ref(), judged.user.as_ref());
    let line = terms.line.clone().filter(|_| terms.channel != Channel::Visiting);
    let row = HandoverRow {
        release: permit.release().to_owned(),
        organisation: terms.organisation.clone(),
        recipient: recipient.to_owned(),
        manifest_hash: permit.manifest_hash().to_owned(),
        target: of(contract, "user-kind"),
        channel: terms.channel.as_str().to_owned(),
        line: line.unwrap_or_default(),
        contract: contract.map_or_else(String::new, |c| c.entry.clone()),
        certificate: of(user, "certificate"),
        user_type: of(user, "type"),
        handed_by: by.to_owned(),
        handed_at: at,
        expires_on,
        destroy_by,
    };
    Ok(db.enter_handover(&row)?.then_some(row))
}

/// The events of one hand-over.
pub fn events_of<'a>(
    row: &'a HandoverRow,
    events: &'a [HandoverEventRow],
) -> impl DoubleEndedIterator<Item = &'a HandoverEventRow> + Clone {
    events.iter().filter(|e| e.release == row.release && e.organisation == row.organisation)
}

fn newest<'a>(
    row: &'a HandoverRow,
    events: &'a [HandoverEventRow],
    event: &str,
) -> Option<&'a HandoverEventRow> {
    events_of(row, events).rev().find(|e| e.event == event)
}

/// Where a delivery stands on a day.
#[must_use]
pub fn state(row: &HandoverRow, events: &[HandoverEventRow], on: Date) -> State {
    let acknowledged = newest(row, events, "acknowledged");
    if newest(row, events, "destroyed").is_some() {
        State::Destroyed
    } else if newest(row, events, "recalled").is_some() {
        State::Recalled
    } else if let Some(back) = acknowledged {
        if back.hash == row.manifest_hash { State::Acknowledged } else { State::WrongHash }
    } else if on > row.expires_on {
        State::Expired
    } else {
        State::HandedOver
    }
}

word_list! {
    /// Why a package is not given out.
    NoFetch {
        /// No file leaves the visiting environment (G-14).
        Visiting = "visiting-only", "閲覧環境での利用に限られ、ファイルは受け取れません";
        /// It does not go over a line.
        Media = "media-only", "媒体での引渡しです";
        /// It was recalled.
        Recalled = "recalled", "回収されています";
        /// The days of access are over.
        Expired = "expired", "受取りの期限を過ぎています";
        /// Its destruction was certified.
        Destroyed = "destroyed", "廃棄の証明が出ています";
    }
}

/// May the recipient fetch the package on a day?
///
/// # Errors
/// Why not.
pub fn may_fetch(row: &HandoverRow, events: &[HandoverEventRow], on: Date) -> Result<(), NoFetch> {
    match Channel::from_name(&row.channel) {
        Some(Channel::Download) if row.user_type == "I" || row.user_type.is_empty() => {}
        Some(Channel::Media) => return Err(NoFetch::Media),
        // Type II, whatever else the row says, and any way that is not known.
        _ => return Err(NoFetch::Visiting),
    }
    match state(row, events, on) {
        State::Recalled => Err(NoFetch::Recalled),
        State::Destroyed => Err(NoFetch::Destroyed),
        _ if on > row.expires_on => Err(NoFetch::Expired),
        _ => Ok(()),
    }
}

/// When the certificate of destruction is due: earlier after a recall.
#[must_use]
pub fn destroy_due(row: &HandoverRow, events: &[HandoverEventRow], recall_days: u64) -> Date {
    let recalled = newest(row, events, "recalled").map(|e| japanese_day(e.at));
    let days = i64::try_from(recall_days).ok().and_then(|d| jiff::Span::new().try_days(d).ok());
    let after = recalled.zip(days).and_then(|(day, span)| day.checked_add(span).ok());
    after.map_or(row.destroy_by, |after| after.min(row.destroy_by))
}

fn row(class: &str, of: &HandoverRow, fields: Vec<(&str, String)>) -> RegisterRow {
    RegisterRow {
        class: class.to_owned(),
        entry: format!("{}.{}", of.release, of.organisation),
        version: 1,
        at: of.handed_at,
        actor: of.handed_by.clone(),
        fields: fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<BTreeMap<_, _>>(),
    }
}

/// All hand-overs in the form of the register: those entered by hand and those of the book.
///
/// # Errors
/// The store's.
pub fn all(db: &mut ActDb) -> Result<Vec<RegisterRow>, StorageError> {
    let mut found = db.register("handover", None)?;
    let (rows, events) = (db.handovers(None)?, db.handover_events(None)?);
    found.extend(rows.iter().map(|h| {
        let mut fields = vec![
            ("release", h.release.clone()),
            ("user", h.recipient.clone()),
            ("organisation", h.organisation.clone()),
            ("channel", h.channel.clone()),
            ("target", h.target.clone()),
            ("line", h.line.clone()),
            ("sent", japanese_day(h.handed_at).to_string()),
            ("manifest-hash", h.manifest_hash.clone()),
        ];
        if let Some(back) = newest(h, &events, "acknowledged") {
            fields.push(("acknowledged", japanese_day(back.at).to_string()));
            fields.push(("acknowledged-hash", back.hash.clone()));
        }
        row("handover", h, fields)
    }));
    Ok(found)
}

/// All obligations: those entered by hand, and the certificates of destruction that hand-overs bring with them (C-069).
///
/// # Errors
/// The store's.
pub fn obligations(db: &mut ActDb, recall_days: u64) -> Result<Vec<RegisterRow>, StorageError> {
    let mut found = db.register("obligation", None)?;
    let (rows, events) = (db.handovers(None)?, db.handover_events(None)?);
    found.extend(rows.iter().map(|h| {
        let mut fields = vec![
            ("user", h.recipient.clone()),
            ("contract", h.contract.clone()),
            ("what", "deletion-certificate".to_owned()),
            ("due", destroy_due(h, &events, recall_days).to_string()),
        ];
        if let Some(done) = newest(h, &events, "destroyed") {
            fields.push(("done", japanese_day(done.at).to_string()));
        }
        row("obligation", h, fields)
    }));
    Ok(found)
}

#[cfg(test)]
mod tests;
