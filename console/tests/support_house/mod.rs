//! A house for tests of the guard and the server: it knows one session, one machine and no verb.

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::AuditRole;
use musubi_console::web::house::{Answer, Ended, Enrolment, Entry, House, Job, Order, Visitor};
use musubi_storage::registry::{ActDb, ConsoleDb};

/// The house.
#[derive(Debug, Default)]
pub struct FakeHouse {
    /// Fingerprint of the machine that it knows.
    pub machine: String,
    /// What was refused at the door.
    pub refused: Arc<Mutex<Vec<&'static str>>>,
}

fn visitor(account: &str) -> Visitor {
    Visitor {
        account: account.to_owned(),
        organisation: "mihon-ishikai-13".to_owned(),
        organisation_name: "見本医師会(13)".to_owned(),
        roles: vec![AuditRole::Submitter],
        english: false,
        session: "1".to_owned(),
        break_glass: None,
        must_change: false,
    }
}

impl House for FakeHouse {
    fn give(&self, _: &str, _: bool, order: &Order) -> Answer {
        Answer {
            ended: Ended::Usage,
            value: serde_json::Value::Null,
            lines: vec![order.verb().to_owned()],
            error: None,
            files: Vec::new(),
        }
    }

    fn start(&self, _: &Visitor, _: AuditRole, _: &str, _: Order) -> u64 {
        1
    }

    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn today(&self) -> Date {
        Date::constant(2027, 1, 15)
    }

    fn console(&self) -> Result<ConsoleDb, String> {
        Err("no database here".to_owned())
    }

    fn act(&self) -> Result<ActDb, String> {
        Err("no database here".to_owned())
    }

    fn inbox(&self) -> &Path {
        Path::new("/nonexistent")
    }

    fn first(&self, _: &str, _: &str) -> Result<Entry, String> {
        Ok(Entry::Refused("no".to_owned()))
    }

    fn second(&self, _: &str, _: &str) -> Result<Entry, String> {
        Ok(Entry::Refused("no".to_owned()))
    }

    fn accept(&self, _: &str, _: &str) -> Result<Result<Enrolment, String>, String> {
        Ok(Err("no".to_owned()))
    }

    fn confirm(&self, _: &str, _: &str) -> Result<Entry, String> {
        Ok(Entry::Refused("no".to_owned()))
    }

    fn who(&self, session: &str) -> Result<Option<Visitor>, String> {
        Ok((session == "known").then(|| visitor("submitter-01")))
    }

    fn who_by_certificate(&self, fingerprint: &str) -> Result<Option<Visitor>, String> {
        Ok((!self.machine.is_empty() && fingerprint == self.machine).then(|| visitor("machine-01")))
    }

    fn leave(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn speak(&self, _: &str, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn change_password(&self, _: &str, _: &str, _: &str) -> Result<Result<(), String>, String> {
        Ok(Err("no".to_owned()))
    }

    fn broken(&self, _: &str) {}

    fn refused(&self, _: Option<&Visitor>, code: &'static str) {
        self.refused.lock().unwrap().push(code);
    }
}
