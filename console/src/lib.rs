//! The pages (画面・報告), rendered on the server as values: no script, no external resource, no rule of their own.
//!
//! * [`night`]: the operator's report of a night, one self-contained HTML file with pictures.
//! * [`submission`]: the acknowledgement of one delivery that goes back to its sender (受領通知).
//! * [`checkpoint`]: the printable checkpoint of the audit log.
//! * [`dossier()`]: what the members of the committee are given, as one file (審査資料一式).
//! * [`erasure_certificate`]: the certificate of an erasure, for printing (削除証明書).
//! * [`opt_out_receipt`]: the paper for a request to stop (書面).
//! * [`model`]: the report on a model of patient matching; [`waterfall`] draws why a pair is one person.
//! * [`yearly`]: the yearly report, the public page, a provider's provision record; [`pdf`]: a table for printing.
//! * [`words`]: everything a page says, Japanese and English.
//!
//! Pages show states, counts, rules and shapes. They must never show a value of a person, nor a count of persons that
//! is smaller than statistics may show.

mod ack;
mod charts;
pub mod checkpoint;
mod dossier;
mod erasure;
mod format;
pub mod model;
pub mod night;
mod opt_out_receipt;
mod page;
pub mod pdf;
pub mod submission;
pub mod web;
pub mod words;
pub mod yearly;

pub use ack::{AckMore, UnmappedCode};
pub use charts::{desk, waterfall};
pub use checkpoint::{CheckpointPage, checkpoint_page};
pub use dossier::dossier;
pub use erasure::erasure_certificate;
pub use maud::Markup;
pub use model::{ModelReport, model_report};
pub use night::{NightReport, night_report};
pub use opt_out_receipt::opt_out_receipt;
pub use submission::{AckReport, submission_report};
pub use words::Lang;
