//! Pages for those who send data (提出): calendar of feeds, one delivery whole, findings, upload, codes, notices, opt-outs. A
//! submitter sees its own: the verbs see to that, and a page asks nobody else.

mod act;
mod calendar;
mod detail;
mod findings;
mod lists;
pub(crate) mod upload;

#[cfg(test)]
mod tests;

use musubi_compliance::audit::AuditRole::{
    self, Auditor, Confirmer, Curator, Intake, Officer, Operator, Submitter,
};
use serde_json::Value;

pub(super) use detail::{state_of, state_word, tone};
pub(super) use lists::reason;

use crate::web::house::{Ended, Order};
use crate::web::reply::Problem;
use crate::web::route::{Area, Route, action, page};
use crate::web::visit::Visit;
use crate::web::words::submitter as w;

/// Who sees what became of deliveries.
const SEE: &[AuditRole] = &[Submitter, Operator, Intake, Confirmer, Curator, Officer, Auditor];
/// Who sends.
const SEND: &[AuditRole] = &[Submitter, Operator];

/// Who opens a stop, by two.
const ALLOW: &[AuditRole] = &[Officer, Confirmer];

pub(crate) const ROUTES: &[Route] = &[
    page("/deliveries", w::CALENDAR, calendar::page)
        .roles(SEE)
        .verbs(&["delivery calendar"])
        .menu(Area::Submitter),
    page("/deliveries/upload", w::UPLOAD, upload::form).roles(SEND).menu(Area::Submitter),
    action("/deliveries/upload", w::UPLOAD, upload::take)
        .roles(SEND)
        .verbs(&["delivery offer"])
        .starts(&["nightly"])
        .package(),
    page("/deliveries/uploads/{name}", w::UPLOADED, upload::status).roles(SEND).verbs(&["delivery show"]),
    action("/deliveries/uploads/{name}/again", w::AGAIN, upload::again).roles(SEND).starts(&["nightly"]),
    page("/deliveries/codes", w::UNMAPPED, lists::codes)
        .roles(&[Submitter, Operator, Curator])
        .verbs(&["codes unmapped"])
        .menu(Area::Submitter),
    action("/deliveries/codes/propose", w::PROPOSE, lists::propose)
        .roles(&[Submitter, Operator, Curator])
        .verbs(&["codes propose"]),
    page("/deliveries/notices", w::NOTICES, lists::notices)
        .roles(SEE)
        .verbs(&["notice status", "notice held", "notice reconcile"])
        .menu(Area::Submitter),
    page("/deliveries/optouts", w::OPTOUTS, lists::optouts).roles(&[Submitter]).menu(Area::Submitter),
    action("/deliveries/optouts", w::OPTOUTS, lists::take_optouts)
        .roles(&[Submitter])
        .verbs(&["optout load"])
        .papers(),
    page("/deliveries/{id}", w::DETAIL, detail::page).roles(SEE).verbs(&["delivery show"]),
    page("/deliveries/{id}/findings", w::FINDINGS, findings::page).roles(SEE).verbs(&["delivery show"]),
    page("/deliveries/{id}/findings.csv", w::FINDINGS_CSV, findings::csv)
        .roles(SEE)
        .verbs(&["delivery findings"]),
    action("/deliveries/{id}/receipt", w::RECEIPT, act::receipt)
        .roles(&[Submitter, Operator, Intake])
        .verbs(&["delivery show", "ack"]),
    action("/deliveries/{id}/allow", w::ALLOW, act::allow)
        .roles(ALLOW)
        .verbs(&["delivery show", "notice allow"]),
    action("/deliveries/{id}/answers", w::ANSWERS, act::answers)
        .roles(&[Submitter, Operator, Intake])
        .verbs(&["delivery show", "quality import"])
        .papers(),
];

/// One delivery as `delivery show` tells it; unknown and another's look the same.
pub(super) fn delivery(v: &Visit<'_>, id: &str) -> Result<Value, Problem> {
    let answer = v.give(&Order::new("delivery show").word(id))?;
    if answer.ended == Ended::Done { Ok(answer.value) } else { Err(Problem::NotFound) }
}

/// Whether the visitor comes from outside.
fn outside(v: &Visit<'_>) -> Result<bool, Problem> {
    Ok(v.me()?.roles.contains(&Submitter))
}
