//! For those who ask for data: how far an application is, what may be fetched, and the package itself. And the search, for
//! whoever is logged in. All of it is what the verbs say to this account.

use musubi_compliance::audit::AuditRole;

use super::count;
use super::endpoint::{Content, Endpoint, needed, optional, part, value};
use super::schema::{MANY, Schema};
use crate::web::house::{Answer, Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{action, page};
use crate::web::visit::Visit;
use crate::web::words::api as w;

const NAME: Schema = Schema::Pattern("[A-Za-z0-9._-]{1,64}", "R-0123456789abcdef");

/// Whoever receives data.
const RECIPIENTS: &[AuditRole] = &[AuditRole::Applicant, AuditRole::Municipality];

const PART: Schema = Schema::Object(&[("text", Schema::Text), ("hit", Schema::Flag)]);

const KINDS: &[&str] =
    &["page", "check", "parameter", "rule", "application", "minutes", "release", "finding", "code"];

pub(super) const APPLICATION: Endpoint = value(
    "application",
    page("/api/applications/{application}", w::APPLICATION, application)
        .roles(&[AuditRole::Applicant, AuditRole::ReviewSecretary])
        .verbs(&["application show"]),
    &Schema::Any,
)
.takes(&[part("application", NAME, w::APPLICATION_ID)]);

pub(super) const RELEASES: Endpoint = value(
    "releases",
    page("/api/releases", w::RELEASES, releases).roles(RECIPIENTS).verbs(&["package list"]),
    &Schema::Any,
);

pub(super) const PACKAGE: Endpoint = value(
    "package",
    // Every fetch is booked and counted: no `GET`.
    action("/api/releases/{release}/package", w::PACKAGE, package)
        .roles(RECIPIENTS)
        .verbs(&["package fetch"]),
    &Schema::Any,
)
.answers(200, Content::Bytes("application/zip"))
.takes(&[part("release", NAME, w::RELEASE_ID)])
.or(&[409]);

pub(super) const FIND: Endpoint = value(
    "search",
    page("/api/search", w::FIND, find).logged_in().verbs(&["search find"]),
    &Schema::Object(&[
        ("count", Schema::Count(MANY)),
        ("limit", Schema::Count(MANY)),
        (
            "kinds",
            Schema::List(&Schema::Object(&[
                ("kind", Schema::Word(KINDS)),
                ("kind_ja", Schema::Text),
                ("count", Schema::Count(MANY)),
            ])),
        ),
        (
            "hits",
            Schema::List(&Schema::Object(&[
                ("kind", Schema::Word(KINDS)),
                ("kind_ja", Schema::Text),
                ("id", Schema::Text),
                ("title_ja", Schema::Text),
                ("title_en", Schema::Text),
                ("title", Schema::List(&PART)),
                ("snippet", Schema::List(&PART)),
                ("path", Schema::Text),
                ("score", Schema::Number),
            ])),
        ),
    ]),
)
.takes(&[
    needed("q", Schema::Text, w::WORDS),
    optional("kind", Schema::Word(KINDS), w::KIND),
    optional("limit", Schema::Count(200), w::LIMIT),
])
.or(&[400, 403, 409]);

pub(super) const KNOW: Endpoint = value(
    "id",
    page("/api/ids", w::KNOW, know).logged_in().verbs(&["search id"]),
    &Schema::Object(&[
        (
            "found",
            Schema::List(&Schema::Object(&[
                ("kind", Schema::Text),
                ("kind_ja", Schema::Text),
                ("id", Schema::Text),
                ("verb", Schema::Text),
                ("path", Schema::Text),
            ])),
        ),
        ("help_desk", Schema::Flag),
        ("id", Schema::Flag),
    ]),
)
.takes(&[needed("q", Schema::Text, w::ANY_ID)])
.or(&[400, 403]);

/// A name in the path, if it is one at all: what is no name is nowhere.
fn name<'v>(v: &'v Visit<'_>, part: &str) -> Result<&'v str, Problem> {
    let name = v.param(part);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    ((1..=64).contains(&name.len()) && name.bytes().all(plain)).then_some(name).ok_or(Problem::NotFound)
}

/// A thing that the verb does not find for this account is not there.
fn there(answer: Answer) -> Result<Answer, Problem> {
    match answer.ended {
        Ended::Done | Ended::LookAtIt => Ok(answer),
        _ => Err(Problem::NotFound),
    }
}

fn application(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("application show").word(name(v, "application")?);
    Ok(Reply::json(&there(v.give(&order)?)?.value))
}

fn releases(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::json(&v.value(&Order::new("package list"))?))
}

fn package(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let release = name(v, "release")?.to_owned();
    let order = Order::new("package fetch").word(release.as_str()).out("--out", "zip");
    let answer = there(v.give(&order)?)?;
    match answer.files.into_iter().next() {
        Some(zip) if !zip.is_empty() => {
            Ok(Reply::bytes("application/zip", zip).named(&format!("{release}.zip")))
        }
        // Expired, recalled, or not to be taken out: the verb says which.
        _ => Err(Problem::Conflict(answer.lines.join("\n"))),
    }
}

fn find(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let limit = count(v, "limit", 20, 1..=200)?;
    let kind = v.field("kind");
    if !kind.is_empty() && !KINDS.contains(&kind) {
        return Err(Problem::Bad(format!("kind: {}", KINDS.join(", "))));
    }
    let order = Order::new("search find")
        .given("--kind", kind)
        .option("--limit", limit.to_string())
        .word(v.need("q", &w::WORDS)?);
    let answer = v.give(&order)?;
    // The index is missing, damaged or being made.
    if answer.went() { Ok(Reply::json(&answer.value)) } else { Err(Problem::Conflict(answer.said())) }
}

fn know(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("search id").word(v.need("q", &w::ANY_ID)?);
    Ok(Reply::json(&v.value(&order)?))
}
