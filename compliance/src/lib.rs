//! The Act as code (次世代医療基盤法): parameters, the opt-out gate, the audit chain.
//!
//! * [`parameters`]: what law or operator may change, as effective-dated rows with their basis.
//! * [`notice`]: who may be taken in at all (通知), before and after linkage; it fails closed.
//! * [`optout`]: who may not be taken in (提供停止), before and after linkage; it fails closed.
//! * [`optout_list`]: the help desk's list of those who asked to stop, read row by row.
//! * [`desk`]: who may ask to stop, and the paper they get; [`standing`]: what the desk tells a person; [`rate_chart`]:
//!   which provider has more or fewer stops than chance gives.
//! * [`checks`]: what must hold (C-001 to C-092), as data, and who finds out whether it does.
//! * [`audit`]: the hash-chained book of who did what.
//! * [`organisation`], [`instruction`], [`authority`]: who may do what, and on whose word.
//! * [`operation`]: what two people decide.
//! * [`login`]: who comes in through the browser, with two factors.
//! * [`erasure`]: taking persons out, looking for what must not be left, certifying it.
//! * [`receipt`], [`book`], [`incident`], [`inquiry`], [`register`], [`contract`], [`transfer`]: the records of the Act.
//! * [`output`], [`handover`]: two checkers, two keys, and what a recipient gets.
//! * [`deliveries`]: the calendar of feeds; [`trust`]: when promises were last proven.
//! * [`retention`]: what is kept where and for how long; [`calendar`]: business days.
//! * [`yearly`], [`disclosure`], [`masked`]: what the ministers and the public are told.
//!
//! This room knows neither formats nor pages, makes no token and never writes a person's value into a book.

#[macro_use]
mod words;

pub mod aftermath;
pub mod audit;
pub mod authority;
pub mod book;
pub mod calendar;
pub mod checks;
pub mod contract;
pub mod csv;
pub mod deliveries;
pub mod desk;
pub mod disclosure;
pub mod erasure;
pub mod handover;
pub mod incident;
pub mod inquiry;
pub mod instruction;
pub mod login;
pub mod masked;
pub mod notice;
pub mod operation;
pub mod optout;
pub mod optout_list;
pub mod organisation;
pub mod output;
pub mod parameters;
pub mod policies;
pub mod rate_chart;
pub mod receipt;
pub mod register;
pub mod retention;
pub mod standing;
pub mod transfer;
pub mod trust;
pub mod yearly;
