//! A tiny writer of packages of its own, so that the checker is held against the layout and not against the makers.
//!
//! Keys and persons are made up; nothing here is anybody's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use ed25519_dalek::{Signer as _, SigningKey};
use musubi_release_check::{Key, Keys, Report, check_folder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub fn board() -> SigningKey {
    SigningKey::from_bytes(&[11; 32])
}

pub fn release() -> SigningKey {
    SigningKey::from_bytes(&[12; 32])
}

pub fn keys() -> Keys {
    let key = |k: &SigningKey| Key::from_hex(&hex(k.verifying_key().as_bytes())).unwrap();
    Keys { board: key(&board()), release: key(&release()) }
}

pub fn sign(key: &SigningKey, purpose: &str, content: &[u8]) -> Vec<u8> {
    let hash = blake3::hash(content);
    let message = [b"musubi signature/1 ", purpose.as_bytes(), b"\0", hash.as_bytes().as_slice()].concat();
    format!("{}\n", hex(&key.sign(&message).to_bytes())).into_bytes()
}

/// A file of data.
#[derive(Clone, Default)]
pub struct Data {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Data {
    pub fn new(header: &str) -> Self {
        Self { header: header.split(',').map(str::to_owned).collect(), rows: Vec::new() }
    }

    pub fn push(&mut self, row: &[&str]) {
        self.rows.push(row.iter().map(|c| (*c).to_owned()).collect());
    }

    fn csv(&self) -> String {
        let line = |fields: &[String]| {
            let quoted: Vec<String> = fields
                .iter()
                .map(|f| match f.contains([',', '"']) {
                    true => format!("\"{}\"", f.replace('"', "\"\"")),
                    false => f.clone(),
                })
                .collect();
            quoted.join(",") + "\r\n"
        };
        let rows: String = self.rows.iter().map(|r| line(r)).collect();
        format!("\u{feff}{}{rows}", line(&self.header))
    }

    fn parquet(&self) -> Vec<u8> {
        let columns = self.header.iter().enumerate().map(|(at, name)| {
            let cells: Vec<Option<&str>> =
                self.rows.iter().map(|r| Some(r[at].as_str()).filter(|c| !c.is_empty())).collect();
            (name.clone(), Arc::new(StringArray::from(cells)) as ArrayRef, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut out = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        out
    }
}

/// A change to the finished files, before they are hashed and signed.
pub type Touch = Box<dyn Fn(&mut BTreeMap<String, Vec<u8>>)>;

/// A package before it is sealed.
pub struct Pack {
    pub data: BTreeMap<String, Data>,
    pub product: &'static str,
    pub spec: String,
    pub policy: String,
    pub risk: Value,
    /// Class by file and column; whoever is not here is neutral.
    pub classes: BTreeMap<(String, String), &'static str>,
    pub left_out_of_dictionary: Option<(String, String)>,
    pub sealed_at: &'static str,
    pub expires_on: &'static str,
    pub release_id: &'static str,
    pub touch: Option<Touch>,
    /// A change after sealing.
    pub touch_sealed: Option<Touch>,
}

impl Pack {
    /// Writes the package into a folder of its own.
    pub fn seal(&self, folder: &Path) {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut dictionary =
            Data::new("file,column,name_ja,name_en,meaning_ja,meaning_en,type,class,unit,labels");
        for (name, data) in &self.data {
            files.insert(format!("{name}.csv"), data.csv().into_bytes());
            files.insert(format!("{name}.parquet"), data.parquet());
            for column in &data.header {
                let key = (name.clone(), column.clone());
                if self.left_out_of_dictionary.as_ref() != Some(&key) {
                    let class = self.classes.get(&key).copied().unwrap_or("neutral");
                    dictionary.push(&[name, column, "", "", "", "", "text", class, "", ""]);
                }
            }
        }
        files.insert("dictionary.csv".into(), dictionary.csv().into_bytes());
        let approval = json!({ "request_id": "Q-1", "scope_hash": "ab".repeat(32), "approver": "見本 承認者",
            "approved_at": "2026-01-05T00:00:00Z", "expires_on": self.expires_on });
        for (name, text) in [
            ("README.txt", "見本\r\n".to_owned()),
            ("README.en.txt", "sample\r\n".to_owned()),
            ("risk.html", "<!doctype html>\n".to_owned()),
            ("risk.json", self.risk.to_string()),
            ("spec.toml", self.spec.clone()),
            ("policy.toml", self.policy.clone()),
            ("approval.json", approval.to_string()),
        ] {
            files.insert(name.into(), text.into_bytes());
        }
        files.insert("approval.sig".into(), sign(&board(), "approval/1", &files["approval.json"]));
        files.insert("policy.sig".into(), sign(&board(), "musubi policy/1", &files["policy.toml"]));
        if let Some(touch) = &self.touch {
            touch(&mut files);
        }
        let listed: Vec<Value> = files
            .iter()
            .map(|(name, content)| {
                json!({ "name": name, "bytes": content.len(), "blake3": blake3::hash(content).to_hex().as_str(),
                    "sha256": hex(&Sha256::digest(content)) })
            })
            .collect();
        let approval_hash = blake3::hash(&files["approval.json"]);
        let mut manifest = json!({ "layout": "musubi-release/2", "release_id": self.release_id,
            "product": self.product, "approval_id": format!("A-{}", hex(&approval_hash.as_bytes()[..8])),
            "request_id": "Q-1", "scope_hash": "ab".repeat(32), "sealed_at": self.sealed_at, "files": listed });
        if let Some(person) = self.data.get("person") {
            let mut pids: Vec<&str> = person.rows.iter().map(|r| r[0].as_str()).collect();
            pids.sort_unstable();
            let lines: String = pids.iter().map(|p| format!("{p}\n")).collect();
            manifest["pids"] = json!(blake3::hash(lines.as_bytes()).to_hex().as_str());
        }
        let manifest = format!("{manifest:#}\n").into_bytes();
        files.insert("manifest.sig".into(), sign(&release(), "release/1", &manifest));
        files.insert("manifest.json".into(), manifest);
        if let Some(touch) = &self.touch_sealed {
            touch(&mut files);
        }
        std::fs::create_dir_all(folder).unwrap();
        for (name, content) in files {
            std::fs::write(folder.join(name), content).unwrap();
        }
    }

    /// Seals and checks.
    pub fn check(&self, earlier: &[&Pack]) -> Report {
        let room = tempfile::tempdir().unwrap();
        let folders: Vec<PathBuf> = (0..=earlier.len()).map(|n| room.path().join(n.to_string())).collect();
        self.seal(&folders[0]);
        for (pack, folder) in earlier.iter().zip(&folders[1..]) {
            pack.seal(folder);
        }
        let before: Vec<&Path> = folders[1..].iter().map(PathBuf::as_path).collect();
        check_folder(&folders[0], &keys(), &before)
    }

    pub fn data(&mut self, name: &str) -> &mut Data {
        self.data.get_mut(name).unwrap()
    }
}

/// The words of the rules that a report names.
pub fn words(report: &Report) -> Vec<&'static str> {
    report.counts.keys().copied().collect()
}
