//! A house for tests of the door: a real, nearly empty registry, visitors of some roles, and verbs that answer in every way
//! that verbs answer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::AuditRole;
use musubi_console::web::house::{Answer, Argument, Ended, Enrolment, Entry, House, Job, Order, Visitor};
use musubi_model::SubmissionId;
use musubi_model::submission::SubmissionState;
use musubi_storage::ingest::Arrival;
use musubi_storage::registry::{ActDb, ConsoleDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};
use serde_json::{Value, json};

/// A delivery of the submitter who visits.
pub const OWN: SubmissionId = SubmissionId([0x11; 16]);
/// A delivery of another.
pub const OTHER: SubmissionId = SubmissionId([0x22; 16]);

/// Who may come: the secret of the session, and the visitor.
pub fn visitors() -> Vec<(&'static str, Visitor)> {
    let visitor = |account: &str, organisation: &str, role| Visitor {
        account: account.to_owned(),
        organisation: organisation.to_owned(),
        organisation_name: organisation.to_owned(),
        roles: vec![role],
        english: false,
        session: account.to_owned(),
        break_glass: None,
        must_change: false,
    };
    vec![
        ("submitter", visitor("submitter-01", "mihon-ishikai-13", AuditRole::Submitter)),
        ("other-submitter", visitor("submitter-02", "mihon-ishikai-12", AuditRole::Submitter)),
        ("operator", visitor("operator-01", "mihon-contractor", AuditRole::Operator)),
        ("applicant", visitor("applicant-01", "mihon-university", AuditRole::Applicant)),
        ("secretary", visitor("secretary-01", "mihon-operator", AuditRole::ReviewSecretary)),
    ]
}

pub struct FakeHouse {
    registry: Registry,
    inbox: PathBuf,
    jobs: Mutex<Vec<Job>>,
}

fn at() -> Timestamp {
    Timestamp::constant(1_795_000_000, 0)
}

impl FakeHouse {
    pub fn open() -> (tempfile::TempDir, Arc<Self>) {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
        let registry = Registry::open(server).unwrap();
        let mut db = registry.ingest().unwrap();
        for (id, submitter) in [(OWN, "mihon-ishikai-13"), (OTHER, "mihon-ishikai-12")] {
            let arrival = Arrival {
                feed: Some("feed".to_owned()),
                submitter: Some(submitter.to_owned()),
                kind: Some("medical-receipts".to_owned()),
                business_date: Some(Date::constant(2026, 11, 10)),
                files: 3,
                bytes: 1_000,
                signature: None,
                parameter_hash: "0".repeat(64),
                code_version: "musubi test".to_owned(),
            };
            db.record_arrival(&id, at(), &arrival).unwrap();
            db.enter_state(&id, at(), SubmissionState::Rejected, "").unwrap();
        }
        let inbox = folder.path().join("inbox");
        std::fs::create_dir(&inbox).unwrap();
        let jobs = Mutex::default();
        (folder, Arc::new(Self { registry, inbox, jobs }))
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).map_or(Vec::new(), |all| all.map(|e| e.unwrap().path()).collect())
    }

    /// Uploads that were kept.
    pub fn uploads(&self) -> Vec<PathBuf> {
        let own = Self::files(&self.inbox.join(".uploads"));
        own.iter().flat_map(|p| Self::files(p)).flat_map(|p| Self::files(&p)).collect()
    }

    /// Uploads that were neither kept nor removed.
    pub fn incoming(&self) -> Vec<PathBuf> {
        Self::files(&self.inbox.join(".incoming"))
    }
}

fn value(verb: &str) -> Value {
    match verb {
        "search find" => json!({
            "count": 1, "limit": 20, "kinds": [{ "kind": "code", "kind_ja": "コード", "count": 1 }],
            "hits": [{
                "kind": "code", "kind_ja": "コード", "id": "RECE-B:1", "title_ja": "名", "title_en": "",
                "title": [{ "text": "名", "hit": true }], "snippet": [], "path": "/codes/RECE-B/1", "score": 1.5
            }]
        }),
        "search id" => json!({ "found": [], "help_desk": true, "id": true }),
        "delivery offer" => json!({
            "ok": true, "name": "0123456789abcdef0123456789abcdef", "bytes": 12, "blake3": "0".repeat(64)
        }),
        _ => json!({ "verb": verb }),
    }
}

impl House for FakeHouse {
    /// Answers well, refuses, or says that there is no such thing, by what was asked: the same question has one answer.
    fn give(&self, account: &str, _: bool, order: &Order) -> Answer {
        let (mut asked, mut outs) = (account.to_owned(), 0);
        order.each(|argument| match argument {
            // Where an upload lies differs from run to run.
            Argument::Text(_) if order.verb() == "delivery offer" => {}
            Argument::Text(text) => asked.push_str(text),
            Argument::Input(..) => {}
            Argument::Output(..) => outs += 1,
        });
        // Deliveries of the tests are answered well.
        let known = [OWN, OTHER].iter().any(|id| asked.contains(&id.to_string()));
        // So is what asks for nothing in particular: a list of one's own.
        let known = known || asked == format!("{account}--");
        let turn = if known { 0 } else { blake3::hash(asked.as_bytes()).as_bytes()[0] % 6 };
        let ended = [Ended::Done, Ended::Done, Ended::LookAtIt, Ended::Usage, Ended::Denied, Ended::Done];
        let ended = ended[usize::from(turn)];
        let went = matches!(ended, Ended::Done | Ended::LookAtIt);
        // Turn 5: the verb went but wrote nothing.
        let files = if went && turn != 5 { vec![b"PK".to_vec(); outs] } else { vec![Vec::new(); outs] };
        Answer {
            ended,
            value: if went { value(order.verb()) } else { Value::Null },
            lines: vec!["said".to_owned()],
            error: None,
            files,
        }
    }

    fn start(&self, visitor: &Visitor, _: AuditRole, subject: &str, order: Order) -> u64 {
        let mut jobs = self.jobs.lock().unwrap();
        let id = jobs.len() as u64 + 1;
        jobs.push(Job {
            id,
            verb: order.verb(),
            subject: subject.to_owned(),
            by: visitor.account.clone(),
            organisation: visitor.organisation.clone(),
            asked: at(),
            began: None,
            ended: None,
            said: String::new(),
        });
        id
    }

    fn jobs(&self) -> Vec<Job> {
        self.jobs.lock().unwrap().clone()
    }

    fn now(&self) -> Timestamp {
        at()
    }

    fn today(&self) -> Date {
        Date::constant(2026, 11, 21)
    }

    fn console(&self) -> Result<ConsoleDb, String> {
        self.registry.console().map_err(|e| e.to_string())
    }

    fn act(&self) -> Result<ActDb, String> {
        self.registry.act().map_err(|e| e.to_string())
    }

    fn inbox(&self) -> &Path {
        &self.inbox
    }

    fn first(&self, _: &str, _: &str) -> Result<Entry, String> {
        Ok(Entry::Refused("refused".to_owned()))
    }

    fn second(&self, _: &str, _: &str) -> Result<Entry, String> {
        Ok(Entry::Refused("refused".to_owned()))
    }

    fn accept(&self, _: &str, _: &str) -> Result<Result<Enrolment, String>, String> {
        Ok(Err("refused".to_owned()))
    }

    fn confirm(&self, _: &str, _: &str) -> Result<Entry, String> {
        Ok(Entry::Refused("refused".to_owned()))
    }

    fn who(&self, session: &str) -> Result<Option<Visitor>, String> {
        Ok(visitors().into_iter().find(|(secret, _)| *secret == session).map(|(_, v)| v))
    }

    fn who_by_certificate(&self, _: &str) -> Result<Option<Visitor>, String> {
        Ok(None)
    }

    fn leave(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn speak(&self, _: &str, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn change_password(&self, _: &str, _: &str, _: &str) -> Result<Result<(), String>, String> {
        Ok(Err("refused".to_owned()))
    }

    fn broken(&self, detail: &str) {
        eprintln!("broken: {detail}");
    }

    fn refused(&self, _: Option<&Visitor>, _: &'static str) {}
}
