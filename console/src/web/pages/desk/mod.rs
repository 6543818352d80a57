//! The help desk (相談窓口): finding a person, stops, cases, numbers. It sees nothing clinical; what identifies a person goes
//! from form to form in the body of a request and never stands in an address, a title or a message.

mod cases;
mod describe;
mod doubts;
mod numbers;
mod papers;
mod person;
mod scripts;
mod stop;

use musubi_compliance::audit::AuditRole::{self, HelpDesk};

use crate::web::route::{Area, Route, action, page};
use crate::web::words::desk as w;

const DESK: &[AuditRole] = &[HelpDesk];

pub(crate) const ROUTES: &[Route] = &[
    page("/desk", w::HOME, numbers::home)
        .roles(DESK)
        .verbs(&["inquiry list", "optout status"])
        .menu(Area::Desk),
    page("/desk/person", w::FIND, person::begin).roles(DESK).menu(Area::Desk),
    action("/desk/person", w::STEP_PERSON, person::describe_page).roles(DESK),
    action("/desk/person/standing", w::STANDING, person::standing)
        .roles(DESK)
        .verbs(&["optout standing", "person match"]),
    action("/desk/stop", w::REGISTER_STOP, stop::impact).roles(DESK).verbs(&["optout preview"]),
    action("/desk/stop/confirm", w::STEP_CONFIRM, stop::confirm).roles(DESK).verbs(&["optout preview"]),
    action("/desk/stop/register", w::DO_REGISTER, stop::register).roles(DESK).verbs(&["optout register"]),
    page("/desk/stops", w::STOPS, stop::list).roles(DESK).verbs(&["optout status"]).menu(Area::Desk),
    page("/desk/stops/{entry}", w::ENTRY, stop::one).roles(DESK).verbs(&["optout status"]),
    action("/desk/stops/{entry}/paper", w::PRINT_PAPER, papers::paper).roles(DESK).verbs(&["optout receipt"]),
    action("/desk/stops/{entry}/paper/file", w::SAVE_PAPER, papers::paper_file)
        .roles(DESK)
        .verbs(&["optout receipt"]),
    action("/desk/stops/{entry}/certificate", w::CERTIFICATE, papers::certificate)
        .roles(DESK)
        .verbs(&["optout certificate"]),
    action("/desk/stops/{entry}/certificate/file", w::CERTIFICATE_FILE, papers::certificate_file)
        .roles(DESK)
        .verbs(&["optout certificate"]),
    action("/desk/stops/{entry}/withdraw", w::WITHDRAW, stop::withdraw)
        .roles(DESK)
        .verbs(&["optout withdraw"]),
    page("/desk/doubts", w::DOUBTS, doubts::list).roles(DESK).verbs(&["optout doubts"]).menu(Area::Desk),
    action("/desk/doubts", w::DECIDE, doubts::decide).roles(DESK).verbs(&["optout doubts"]),
    page("/desk/cases", w::CASES, cases::list).roles(DESK).verbs(&["inquiry list"]).menu(Area::Desk),
    page("/desk/cases/new", w::NEW_CASE, cases::new).roles(DESK),
    action("/desk/cases/new", w::NEW_CASE_OF, cases::new).roles(DESK),
    action("/desk/cases", w::TAKE_UP, cases::take_up).roles(DESK).verbs(&["inquiry new"]),
    page("/desk/cases/{id}", w::CASE, cases::one).roles(DESK).verbs(&["inquiry list"]),
    action("/desk/cases/{id}/words", w::READ, cases::read)
        .roles(DESK)
        .verbs(&["inquiry list", "inquiry show"]),
    action("/desk/cases/{id}/answer", w::NOTE_ANSWER, cases::answer).roles(DESK).verbs(&["inquiry answer"]),
    action("/desk/cases/{id}/escalate", w::PASS_ON, cases::escalate).roles(DESK).verbs(&["inquiry escalate"]),
    action("/desk/cases/{id}/close", w::CLOSE, cases::close).roles(DESK).verbs(&["inquiry close"]),
    page("/desk/numbers", w::NUMBERS, numbers::numbers)
        .roles(DESK)
        .verbs(&["inquiry numbers"])
        .menu(Area::Desk),
    page("/desk/rates", w::RATES, numbers::rates).roles(DESK).verbs(&["optout rates"]).menu(Area::Desk),
];
