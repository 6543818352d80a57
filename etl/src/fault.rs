//! Fault injection (障害注入): named points at which a test can kill the process, fill the disk or lose the database.
//!
//! In normal operation no fault is set and a point costs one comparison. Points are ordered as the work goes.

use std::io;
use std::str::FromStr;

/// The points at which a load can be made to fail, in the order in which it passes them. `decided` lies inside the
/// transaction of matching: who is who is known, nothing of it is written.
pub const POINTS: [&str; 10] = [
    "received",
    "verified",
    "mapped",
    "gated",
    "decided",
    "resolved",
    "lake-written",
    "vault-written",
    "rows-written",
    "committed",
];

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process dies at once, as by `kill -9`.
    Kill,
    /// The disk is full.
    DiskFull,
    /// The database connection is gone.
    LoseDatabase,
}

/// At most one fault at one point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    at: Option<(String, Fault)>,
}

impl FromStr for Faults {
    type Err = String;

    /// `kill@POINT`, `disk-full@POINT` or `lose-database@POINT`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (what, point) = text.split_once('@').ok_or("expected FAULT@POINT")?;
        let fault = match what {
            "kill" => Fault::Kill,
            "disk-full" => Fault::DiskFull,
            "lose-database" => Fault::LoseDatabase,
            _ => return Err("expected kill, disk-full or lose-database".to_owned()),
        };
        if !POINTS.contains(&point) {
            return Err(format!("expected one of {}", POINTS.join(", ")));
        }
        Ok(Self { at: Some((point.to_owned(), fault)) })
    }
}

impl Faults {
    /// Passes a point. `Kill` does not return; `DiskFull` is an error of the operating system; `LoseDatabase` is told
    /// to the caller, who has the connection.
    pub fn pass(&self, point: &str) -> io::Result<Option<Fault>> {
        match &self.at {
            Some((at, fault)) if at == point => match fault {
                Fault::Kill => std::process::abort(),
                Fault::DiskFull => Err(io::Error::from_raw_os_error(28)),
                Fault::LoseDatabase => Ok(Some(Fault::LoseDatabase)),
            },
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_point_fails() {
        let faults: Faults = "disk-full@gated".parse().unwrap();
        assert!(faults.pass("mapped").is_ok());
        assert_eq!(faults.pass("gated").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!("disk-full@nowhere".parse::<Faults>().is_err());
        assert!(Faults::default().pass("gated").is_ok());
    }
}
