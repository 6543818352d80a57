//! Pages for those who run the house (運用): the night as it is, what was set aside, runs and lineage, rules and parameters, the
//! checks of the Act, and when promises were last proven.

mod checks;
mod parameters;
mod quarantine;
mod runs;
mod tonight;

use musubi_compliance::audit::AuditRole::{self, Auditor, Curator, Officer, Operator, SecurityAdmin};

use crate::web::route::{Area, Route, action, page};
use crate::web::words::operator as w;

/// Who looks.
const LOOK: &[AuditRole] = &[Operator, Officer, SecurityAdmin, Auditor];
/// Who governs parameters.
const GOVERN: &[AuditRole] = &[Officer, SecurityAdmin];
/// Who works on what was set aside.
const MEND: &[AuditRole] = &[Operator, Curator];

pub(crate) const ROUTES: &[Route] = &[
    page("/tonight", w::TONIGHT, tonight::page).roles(LOOK).verbs(&["tonight"]).menu(Area::Operator),
    page("/quarantine", w::QUARANTINE, quarantine::page)
        .roles(&[Operator, Curator, Officer, Auditor])
        .verbs(&["delivery set-aside"])
        .menu(Area::Operator),
    action("/quarantine/retry", w::RETRY, quarantine::retry).roles(MEND).verbs(&["delivery retry"]),
    action("/quarantine/load", w::LOAD_AGAIN, quarantine::load).roles(MEND).verbs(&["delivery load"]),
    action("/quarantine/return", w::GIVE_BACK, quarantine::give_back).roles(MEND).verbs(&["delivery return"]),
    page("/runs/{id}", w::RUN, runs::page).roles(LOOK),
    page("/lineage/{id}", w::LINEAGE, runs::lineage).roles(MEND).verbs(&["delivery show", "trace"]),
    page("/parameters", w::PARAMETERS, parameters::page)
        .roles(LOOK)
        .verbs(&["parameter list"])
        .menu(Area::Operator),
    page("/parameters/proposals", w::PROPOSALS, parameters::proposals)
        .roles(GOVERN)
        .verbs(&["operation list"])
        .menu(Area::Operator),
    action("/parameters/proposals/decide", w::DECIDE, parameters::decide)
        .roles(GOVERN)
        .verbs(&["parameter approve", "parameter reject"]),
    page("/parameters/{name}", w::PARAMETER, parameters::one)
        .roles(LOOK)
        .verbs(&["parameter show", "parameter preview"]),
    action("/parameters/{name}/propose", w::PROPOSE, parameters::propose)
        .roles(GOVERN)
        .verbs(&["parameter propose"]),
    page("/checks", w::CHECKS, checks::page).roles(LOOK).verbs(&["check status"]).menu(Area::Operator),
    action("/checks/run", w::RUN_CHECKS, checks::run).roles(LOOK).starts(&["check"]),
    page("/checks/{id}", w::CHECK, checks::one).roles(LOOK).verbs(&["check show"]),
    page("/trust", w::TRUST, checks::trust).roles(LOOK).verbs(&["trust"]).menu(Area::Operator),
];
