//! The operator's report of a night (夜間報告): one file that shows what came, what became of it, and that nothing was
//! lost. It shows counts of persons only as statistics may show them, and never a value of a person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use musubi_compliance::audit::Checkpoint;
use musubi_model::finding::{Rule, Severity};
use musubi_model::submission::{Balance, BalanceLine, Disposition, SubmissionState};
use musubi_storage::StorageError;
use musubi_storage::console::{FindingCount, LakeView, SubmissionView};
use musubi_storage::registry::ConsoleDb;

use crate::charts::{self, Flow};
use crate::format::{bytes, moment, number, scale, short, signed};
use crate::page::{section, shell};
use crate::words::{self, Lang};

/// Deliveries shown one by one; those that need somebody come first, the rest as one line.
const DELIVERIES_SHOWN: usize = 60;

/// All that the report shows. [`NightReport::read`] fills what the console may see; the caller adds the rest.
#[derive(Debug, Clone, Default)]
pub struct NightReport {
    /// The night.
    pub night: Date,
    /// When the report was made.
    pub made_at: Timestamp,
    /// Name of the installation; may be empty.
    pub house: String,
    /// The deliveries of the night.
    pub submissions: Vec<SubmissionView>,
    /// The lake as of now.
    pub lake: LakeView,
    /// Identities and persons, counted by the identity role.
    pub people: Option<People>,
    /// Persons by age and sex; empty when not counted.
    pub pyramid: Vec<AgeBand>,
    /// Parameter `statistics.cell_min_persons`: smaller counts of persons are not shown.
    pub cell_min_persons: u64,
    /// Opt-outs in force.
    pub opt_outs: Option<u64>,
    /// Releases to show.
    pub releases: Vec<ReleaseSummary>,
    /// Where things lie and how to look further.
    pub places: Vec<Place>,
    /// End of the audit chain.
    pub audit: Option<Checkpoint>,
    /// Hash of the parameters in force.
    pub parameter_hash: String,
    /// Version of the program.
    pub code_version: String,
}

/// What matching has made of the identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct People {
    /// Source identities.
    pub identities: u64,
    /// Persons.
    pub persons: u64,
    /// Conflicts to be looked at.
    pub conflicts_open: u64,
}

/// Persons of one age band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeBand {
    /// First year of age.
    pub from: u16,
    /// Last year of age; `None`: and older.
    pub until: Option<u16>,
    /// Men.
    pub male: u64,
    /// Women.
    pub female: u64,
}

/// A release in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseSummary {
    /// Its id.
    pub release_id: String,
    /// Its title.
    pub title: String,
    /// Its approval.
    pub approval_id: String,
    /// What was approved.
    pub scope_hash: String,
    /// Hash of its manifest.
    pub manifest_hash: String,
    /// The snapshot.
    pub commit: u64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// Cells that show a number.
    pub cells_shown: u64,
    /// Cells withheld.
    pub cells_hidden: u64,
    /// What the independent checker said; `None`: it did not run.
    pub verified: Option<bool>,
}

/// A place or a command worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What is there, or what the command does.
    pub what: String,
    /// Path or command.
    pub at: String,
}

impl NightReport {
    /// Reads what the console may see: deliveries received in `[from, until)` and the lake as of now.
    pub fn read(
        db: &mut ConsoleDb,
        night: Date,
        made_at: Timestamp,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, StorageError> {
        let submissions = db.submissions(from, until)?;
        let lake = db.lake()?;
        let audit = musubi_compliance::audit::checkpoint(db)?;
        Ok(Self { night, made_at, submissions, lake, audit, ..Self::default() })
    }

    fn total(&self) -> BalanceLine {
        let mut all = Balance::default();
        for (i, s) in self.submissions.iter().enumerate() {
            *all.line(&i.to_string()) = s.balance.total();
        }
        all.total()
    }
}

/// How a delivery, or a night, stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Broken,
    Waiting,
    Fine,
}

pub(crate) fn standing(s: &SubmissionView) -> Standing {
    if !s.balance.closes() {
        Standing::Broken
    } else if s.state.is_final() || s.state == SubmissionState::Balanced {
        Standing::Fine
    } else {
        Standing::Waiting
    }
}

/// The report as one HTML file. `rule` finds the words of a rule; the console knows no room that declares rules.
#[must_use]
pub fn night_report(r: &NightReport, lang: Lang, rule: &dyn Fn(&str) -> Option<&'static Rule>) -> Markup {
    let title = format!("{} {}", lang.say(&words::NIGHT_TITLE), r.night);
    let total = r.total();
    let findings = by_rule(&r.submissions);
    let body = html! {
        header.top {
            span.mark lang="ja" { "結び" }
            h1 { (lang.say(&words::NIGHT_TITLE)) " " (r.night) }
            span.when {
                @if !r.house.is_empty() { (r.house) " · " }
                (moment(r.made_at)) " " (lang.say(&words::MADE_AT))
            }
        }
        (verdict(r, lang))
        (tiles(r, lang, &total, &findings))
        (section(lang.say(&words::FLOW), lang.say(&words::FLOW_NOTE), &html! {
            div.wide { (charts::flow(lang, &flow_of(r, total))) }
        }))
        (section(lang.say(&words::BALANCE), lang.say(&words::BALANCE_NOTE), &balances(r, lang)))
        (section(lang.say(&words::FINDINGS), lang.say(&words::FINDINGS_NOTE), &findings_list(lang, &findings, rule)))
        (section(lang.say(&words::PEOPLE), lang.say(&words::PEOPLE_NOTE), &people(r, lang, &total)))
        (section(lang.say(&words::FACTS), lang.say(&words::FACTS_NOTE), &facts(r, lang)))
        (section(lang.say(&words::RELEASES), "", &releases(r, lang)))
        (section(lang.say(&words::WHERE), "", &places(r, lang)))
    };
    shell(lang, &title, &body)
}

/// Nothing of the delivery went on.
fn stopped(state: SubmissionState) -> bool {
    matches!(state, SubmissionState::Rejected | SubmissionState::Quarantined)
}

fn verdict(r: &NightReport, lang: Lang) -> Markup {
    let worst = r.submissions.iter().map(standing).min();
    let (class, mark, head, more) = match worst {
        None => ("wait", None, &words::NOTHING, &words::NOTHING_MORE),
        Some(Standing::Fine) if r.submissions.iter().any(|s| stopped(s.state)) => {
            ("wait", None, &words::CLOSE_BUT, &words::CLOSE_BUT_MORE)
        }
        Some(Standing::Fine) => ("good", Some(true), &words::ALL_CLOSE, &words::ALL_CLOSE_MORE),
        Some(Standing::Waiting) => ("wait", None, &words::WAITING, &words::WAITING_MORE),
        Some(Standing::Broken) => ("bad", Some(false), &words::NOT_CLOSE, &words::NOT_CLOSE_MORE),
    };
    html! {
        div.verdict.(class) {
            (charts::verdict_mark(mark))
            div { strong { (lang.say(head)) } span { (lang.say(more)) } }
        }
    }
}

/// A count of persons as it may be shown.
fn persons(n: u64, least: u64, lang: Lang) -> String {
    if n == 0 || n >= least {
        number(n)
    } else {
        lang.pick(format!("{least}未満"), format!("fewer than {least}"))
    }
}

fn tiles(r: &NightReport, lang: Lang, total: &BalanceLine, findings: &[Counted]) -> Markup {
    let errors: u64 = findings.iter().filter(|f| f.severity == Severity::Error).map(|f| f.count).sum();
    let subs = u64::try_from(r.submissions.len()).unwrap_or(u64::MAX);
    let mut tiles = vec![
        (lang.say(&words::SUBMISSIONS), number(subs), lang.pick("件", "")),
        (lang.say(&words::FIGURE_RECEIVED), number(total.received), ""),
        (words::disposition(lang, Disposition::Loaded), number(total.loaded), ""),
        (words::disposition(lang, Disposition::Quarantined), number(total.quarantined), ""),
        (lang.say(&words::FIGURE_ERRORS), number(errors), lang.pick("件", "")),
    ];
    if let Some(p) = r.people {
        tiles.push((
            lang.say(&words::FIGURE_PERSONS),
            persons(p.persons, r.cell_min_persons, lang),
            lang.pick("人", ""),
        ));
    }
    html! {
        ul.tiles {
            @for (name, value, unit) in &tiles {
                li { div.k { (name) } div.v { (value) @if !unit.is_empty() { span.u { (unit) } } } }
            }
        }
    }
}

fn flow_of(r: &NightReport, records: BalanceLine) -> Flow {
    let count = |f: &dyn Fn(&SubmissionView) -> bool| {
        u64::try_from(r.submissions.iter().filter(|s| f(s)).count()).unwrap_or(u64::MAX)
    };
    Flow {
        received: count(&|_| true),
        verified: count(&|s| s.state != SubmissionState::Received && s.state != SubmissionState::Rejected),
        rejected: count(&|s| s.state == SubmissionState::Rejected),
        acknowledged: count(&|s| s.state == SubmissionState::Acknowledged),
        records,
    }
}

/// The state of a delivery as a chip.
pub(crate) fn chip(lang: Lang, state: SubmissionState) -> Markup {
    let class = match state {
        SubmissionState::Acknowledged | SubmissionState::Balanced => "done",
        SubmissionState::Quarantined | SubmissionState::Rejected => "stop",
        _ => "way",
    };
    html! { span.chip.(class) { (words::state(lang, state)) } }
}

/// The balance equation with its numbers and its difference.
pub(crate) fn equation(lang: Lang, line: &BalanceLine) -> Markup {
    let parts = [line.loaded, line.superseded, line.duplicate, line.quarantined, line.excluded, line.held];
    let class = if line.difference() == 0 { "zero" } else { "open" };
    html! {
        div.eq {
            (lang.say(&words::RECEIVED)) " " b { (number(line.received)) } " ="
            @for (i, (d, n)) in Disposition::ALL.into_iter().zip(parts).enumerate() {
                @if i > 0 { " +" }
                " " (words::disposition(lang, d)) " " b { (number(n)) }
            }
            span.diff.(class) {
                (lang.say(&words::DIFFERENCE)) " " (signed(line.difference())) @if class == "zero" { " ✓" }
            }
        }
    }
}

/// What the colours of a stacked bar mean.
pub(crate) fn legend(lang: Lang) -> Markup {
    html! {
        ul.legend {
            @for d in Disposition::ALL {
                li { (charts::swatch(charts::colour(d))) (words::disposition(lang, d)) }
            }
        }
    }
}

/// A delivery's lines by kind of record.
pub(crate) fn by_kind(lang: Lang, balance: &Balance) -> Markup {
    html! {
        table {
            thead { tr {
                th { (lang.say(&words::KIND)) }
                th.n { (lang.say(&words::RECEIVED)) }
                @for d in Disposition::ALL { th.n { (words::disposition(lang, d)) } }
                th.n { (lang.say(&words::DIFFERENCE)) }
            } }
            tbody {
                @for (kind, l) in &balance.lines {
                    tr {
                        td { code { (kind) } }
                        td.n { (number(l.received)) }
                        @for n in [l.loaded, l.superseded, l.duplicate, l.quarantined, l.excluded, l.held] {
                            td.n { (number(n)) }
                        }
                        td.n { (signed(l.difference())) }
                    }
                }
            }
        }
    }
}

fn balances(r: &NightReport, lang: Lang) -> Markup {
    let mut order: Vec<&SubmissionView> = r.submissions.iter().collect();
    order.sort_by_key(|s| (standing(s), !stopped(s.state), s.received_at, s.id));
    let (shown, rest) = order.split_at(order.len().min(DELIVERIES_SHOWN));
    let most = r.submissions.iter().map(|s| s.balance.total().received).max().unwrap_or(0);
    let mut rest_balance = Balance::default();
    for s in rest {
        *rest_balance.line(&s.id.to_string()) = s.balance.total();
    }
    html! {
        (legend(lang))
        @for s in shown {
            div.sub {
                div.head {
                    (chip(lang, s.state))
                    b { (s.feed.as_deref().unwrap_or("—")) }
                    @if let Some(kind) = &s.kind { span { (kind) } }
                    @if let Some(day) = s.business_date { span { (day) } }
                    span.soft { (lang.counted(&number(s.files), &words::C_FILES)) " · " (bytes(s.bytes)) }
                    span.soft { (moment(s.received_at)) }
                    span.soft.id { (short(&s.id.to_string())) }
                }
                @if s.balance.lines.is_empty() {
                    div.eq {
                        (lang.say(&words::NO_BALANCE))
                        @if let Some(why) = s.events.last().map(|e| e.detail.as_str()).filter(|d| !d.is_empty()) { " — " (why) }
                    }
                } @else {
                    @let total = s.balance.total();
                    div.bar { (charts::stacked(lang, &total, most)) }
                    (equation(lang, &total))
                    details { summary { (lang.say(&words::BY_KIND)) } (by_kind(lang, &s.balance)) }
                }
            }
        }
        @if !rest.is_empty() {
            div.sub {
                div.head { b { (lang.say(&words::REST)) " " (rest.len()) } }
                (equation(lang, &rest_balance.total()))
            }
        }
    }
}

/// A rule's findings over several deliveries.
pub(crate) struct Counted {
    pub(crate) severity: Severity,
    pub(crate) count: u64,
    pub(crate) first: FindingCount,
}

pub(crate) fn severity_of(word: &str) -> Severity {
    // A word this version does not know is shown as the worst, so that it is looked at.
    [Severity::Note, Severity::Warning].into_iter().find(|s| s.as_str() == word).unwrap_or(Severity::Error)
}

pub(crate) fn by_rule(submissions: &[SubmissionView]) -> Vec<Counted> {
    let mut rules: BTreeMap<(&str, &str), Counted> = BTreeMap::new();
    for f in submissions.iter().flat_map(|s| &s.findings) {
        rules.entry((&f.rule, &f.severity)).and_modify(|c| c.count += f.count).or_insert_with(|| Counted {
            severity: severity_of(&f.severity),
            count: f.count,
            first: f.clone(),
        });
    }
    let mut out: Vec<Counted> = rules.into_values().collect();
    out.sort_by(|a, b| {
        (b.severity, b.count).cmp(&(a.severity, a.count)).then_with(|| a.first.rule.cmp(&b.first.rule))
    });
    out
}

fn findings_list(lang: Lang, findings: &[Counted], rule: &dyn Fn(&str) -> Option<&'static Rule>) -> Markup {
    let most = findings.iter().map(|f| f.count).max().unwrap_or(0);
    html! {
        @if findings.is_empty() { p { (lang.say(&words::NO_FINDINGS)) } }
        @for f in findings {
            (crate::submission::finding_block(lang, f, rule, most, &[&f.first.example], 1))
        }
    }
}

fn people(r: &NightReport, lang: Lang, total: &BalanceLine) -> Markup {
    html! {
        div.two {
            div {
                @if let Some(p) = r.people {
                    div.big {
                        (number(p.identities)) small { (lang.say(&words::IDENTITIES)) }
                        " → " (persons(p.persons, r.cell_min_persons, lang)) small { (lang.say(&words::PERSONS)) }
                    }
                    p { (lang.say(&words::CONFLICTS)) " " b { (number(p.conflicts_open)) } }
                }
                h3 { (lang.say(&words::OPT_OUTS)) }
                dl {
                    @if let Some(n) = r.opt_outs {
                        dt { (lang.say(&words::OPT_OUTS_HELD)) }
                        dd { b { (number(n)) } " " (lang.pick("件", "")) }
                    }
                    dt { (lang.say(&words::OPT_OUTS_EXCLUDED)) }
                    dd { b { (number(total.excluded)) } }
                }
                p.note { (lang.say(&words::OPT_OUTS_NOTE)) }
            }
            @if !r.pyramid.is_empty() {
                div { (charts::pyramid(lang, &r.pyramid, r.cell_min_persons)) }
            }
        }
    }
}

fn facts(r: &NightReport, lang: Lang) -> Markup {
    let most = r.lake.tables.iter().map(|t| t.rows).max().unwrap_or(0);
    html! {
        @if r.lake.tables.is_empty() {
            p { (lang.say(&words::NO_FACTS)) }
        } @else {
            table {
                tbody {
                    @for t in &r.lake.tables {
                        @let name = words::table(lang, &t.table);
                        tr {
                            td { (name) @if lang == Lang::Ja { " " code { (t.table) } } }
                            td.n { (number(t.rows)) }
                            td width="45%" { (charts::count_bar(&name, t.rows, most, "#1b6a8c")) }
                            td.n { (lang.counted(&number(t.files), &words::C_FILES)) " · " (bytes(t.bytes)) }
                        }
                    }
                }
            }
            p.note {
                (lang.say(&words::SNAPSHOT)) " " (r.lake.commit) " · "
                (lang.say(&words::DEAD_UNITS)) " " (number(r.lake.dead_units))
            }
        }
    }
}

fn releases(r: &NightReport, lang: Lang) -> Markup {
    html! {
        @if r.releases.is_empty() { p { (lang.say(&words::NO_RELEASES)) } }
        @for x in &r.releases {
            @let cells = x.cells_shown + x.cells_hidden;
            div.release {
                div.head {
                    @match x.verified {
                        Some(true) => { span.chip.done { "✓ " (lang.say(&words::VERIFIED)) } },
                        Some(false) => { span.chip.stop { (lang.say(&words::NOT_VERIFIED)) } },
                        None => { span.chip.way { (lang.say(&words::VERIFY_UNKNOWN)) } },
                    }
                    b { (x.title) }
                    span.soft.id { (x.release_id) }
                }
                svg viewBox="0 0 1040 14" role="img" {
                    title { (lang.say(&words::SHOWN)) " " (number(x.cells_shown)) ", " (lang.say(&words::HIDDEN)) " " (number(x.cells_hidden)) }
                    rect width="1040" height="14" rx="3" fill="#c9c5ba" {}
                    rect width=(format!("{:.1}", scale(x.cells_shown, cells, 1040.0))) height="14" rx="3" fill="#1b6a8c" {}
                }
                dl {
                    dt { (lang.say(&words::CELLS)) }
                    dd {
                        (lang.say(&words::SHOWN)) " " b { (number(x.cells_shown)) } " · "
                        (lang.say(&words::HIDDEN)) " " b { (number(x.cells_hidden)) }
                    }
                    dt { (lang.say(&words::APPROVAL)) } dd.id { (x.approval_id) }
                    dt { (lang.say(&words::SCOPE)) } dd.id { (x.scope_hash) }
                    dt { (lang.say(&words::MANIFEST)) } dd.id { (x.manifest_hash) }
                    dt { (lang.say(&words::SEALED)) }
                    dd { (moment(x.sealed_at)) " · " (lang.say(&words::SNAPSHOT)) " " (x.commit) }
                }
            }
        }
    }
}

fn places(r: &NightReport, lang: Lang) -> Markup {
    html! {
        dl {
            @for p in &r.places { dt { (p.what) } dd { code { (p.at) } } }
            @if let Some(a) = &r.audit {
                dt { (lang.say(&words::AUDIT)) }
                dd { b { (a.seq) } " " code { (a.hash) } }
            }
            @if !r.parameter_hash.is_empty() {
                dt { (lang.say(&words::PARAMETERS)) } dd { code { (r.parameter_hash) } }
            }
            @if !r.code_version.is_empty() { dt { (lang.say(&words::PROGRAM)) } dd { code { (r.code_version) } } }
        }
        @if r.audit.is_some() { p.note { (lang.say(&words::AUDIT_NOTE)) } }
    }
}
