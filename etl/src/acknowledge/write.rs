//! Writing the package: beside its place first, then into it by one rename; what is there already is left alone.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use musubi_model::DocumentHash;
use musubi_model::csv::{BOM, row};
use musubi_model::finding::Rule;
use musubi_model::limits::Limits;
use musubi_package::Package;
use musubi_storage::StorageError;
use musubi_storage::console::FindingView;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::receipt::{PackedFile, Receipt};
use super::{
    Acknowledgement, Desk, FINDINGS_CSV, FINDINGS_JSON, PAGE_FILE, QUALITY_FILE, RECEIPT_FILE,
    RECEIPT_SIGNATURE_FILE, SIGNATURE_DOMAIN, sample, verify,
};
use crate::house::EtlError;

/// What became of the writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is new, or took the place of an earlier one.
    New,
    /// The same stood there already.
    AlreadyThere,
}

/// Writes the package to a folder, or to a zip when `target` ends in `.zip`. `page` is the page for people.
///
/// # Errors
/// The database or the disk refuses. A package that stood there stays until the new one is whole.
pub fn write(desk: &Desk<'_>, ack: &Acknowledgement, page: &str, target: &Path) -> Result<Written, EtlError> {
    let is_zip = target.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(EtlError::Package)?;
    }
    let draft = beside(target, "new");
    remove(&draft)?;
    fs::create_dir_all(&draft).map_err(EtlError::Package)?;
    let receipt = fill(desk, ack, page, &draft)?;
    if stands(target, &receipt, desk) {
        remove(&draft)?;
        return Ok(Written::AlreadyThere);
    }
    let whole = if is_zip {
        let packed = beside(target, "zip-new");
        pack(&draft, &packed).map_err(EtlError::Package)?;
        remove(&draft)?;
        packed
    } else {
        draft
    };
    let old = beside(target, "old");
    remove(&old)?;
    if target.exists() {
        fs::rename(target, &old).map_err(EtlError::Package)?;
    }
    fs::rename(&whole, target).map_err(EtlError::Package)?;
    remove(&old)?;
    Ok(Written::New)
}

/// A name beside the target, hidden from those who collect packages.
fn beside(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!(".{name}.{what}-{}", std::process::id()))
}

fn remove(path: &Path) -> Result<(), EtlError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(EtlError::Package(e)),
        _ => Ok(()),
    }
}

/// Does the package at `target` hold, with this receipt?
fn stands(target: &Path, receipt: &[u8], desk: &Desk<'_>) -> bool {
    let same = Package::open(target, &Limits::default())
        .ok()
        .and_then(|mut p| p.read(RECEIPT_FILE, u64::try_from(receipt.len()).ok()?).ok())
        .is_some_and(|bytes| bytes == receipt);
    same && verify(target, &desk.ring.house.public()).is_ok()
}

/// Writes all files into a folder; returns the receipt.
fn fill(desk: &Desk<'_>, ack: &Acknowledgement, page: &str, folder: &Path) -> Result<Vec<u8>, EtlError> {
    let mut files = Vec::new();
    let mut csv = Hashed::create(folder, FINDINGS_CSV)?;
    let mut list = Hashed::create(folder, FINDINGS_JSON)?;
    findings(desk, ack, &mut csv, &mut list)?;
    files.push(csv.finish()?);
    files.push(list.finish()?);
    let mut out = Hashed::create(folder, PAGE_FILE)?;
    out.write_all(page.as_bytes()).map_err(EtlError::Package)?;
    files.push(out.finish()?);
    let mut form = Hashed::create(folder, QUALITY_FILE)?;
    let facts = sample::write(desk, &ack.view.id, &ack.sample, &mut form)?;
    files.push(form.finish()?);
    let receipt = Receipt::new(ack, facts, files);
    let mut bytes = serde_json::to_vec_pretty(&receipt).map_err(|e| EtlError::Package(e.into()))?;
    bytes.push(b'\n');
    let signature = desk.ring.house.sign(SIGNATURE_DOMAIN, &bytes);
    fs::write(folder.join(RECEIPT_FILE), &bytes).map_err(EtlError::Package)?;
    fs::write(folder.join(RECEIPT_SIGNATURE_FILE), format!("{signature}\n")).map_err(EtlError::Package)?;
    Ok(bytes)
}

/// Every finding, one by one, into both lists.
fn findings(
    desk: &Desk<'_>,
    ack: &Acknowledgement,
    csv: &mut dyn Write,
    list: &mut dyn Write,
) -> Result<(), EtlError> {
    let rules: Vec<Value> = ack
        .view
        .findings
        .iter()
        .map(|f| {
            let words = (desk.rule)(&f.rule);
            json!({
                "rule": f.rule, "severity": f.severity, "count": f.count,
                "ja": words.map(|r| r.ja), "en": words.map(|r| r.en), "mend_ja": words.map(|r| r.mend_ja),
                "mend_en": words.map(|r| r.mend_en), "example": words.map(|r| r.example),
                "makers": ack.makers.get(&f.rule),
            })
        })
        .collect();
    let head = json!({ "submission": ack.view.id, "rules": rules }).to_string();
    let head = head.strip_suffix('}').unwrap_or(&head);
    let columns = [
        "文書BLAKE3",
        "単位",
        "重大度",
        "規則",
        "内容",
        "直し方",
        "レコード",
        "項目",
        "開始バイト",
        "バイト数",
        "検出",
        "期待",
    ];
    let io = |e: io::Error| StorageError::io("writing findings", Path::new(FINDINGS_CSV))(e);
    csv.write_all([BOM, &row(&columns)].concat().as_bytes()).map_err(io)?;
    list.write_all(format!("{head},\n\"findings\":[").as_bytes()).map_err(io)?;
    let mut first = true;
    desk.registry.console()?.each_finding(&ack.view.id, &mut |f| {
        let words = (desk.rule)(&f.rule);
        csv.write_all(csv_row(&f, words).as_bytes()).map_err(io)?;
        let comma = if std::mem::take(&mut first) { "\n" } else { ",\n" };
        list.write_all(format!("{comma}{}", as_json(&f)).as_bytes()).map_err(io)
    })?;
    list.write_all(b"\n]}\n").map_err(io)?;
    Ok(())
}

fn csv_row(f: &FindingView, words: Option<&Rule>) -> String {
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let severity = words.map_or(f.severity.as_str(), |r| r.severity.ja());
    row::<&str>(&[
        &f.document.map(|d| d.to_string()).unwrap_or_default(),
        &number(f.unit.map(u64::from)),
        severity,
        &f.rule,
        words.map_or("", |r| r.ja),
        words.map_or("", |r| r.mend_ja),
        &f.record,
        &f.field,
        &number(f.range.map(|r| r.start)),
        &number(f.range.map(|r| u64::from(r.len))),
        &f.found,
        &f.expected,
    ])
}

fn as_json(f: &FindingView) -> Value {
    json!({
        "rule": f.rule, "severity": f.severity, "document": f.document, "unit": f.unit,
        "byte_start": f.range.map(|r| r.start), "byte_len": f.range.map(|r| r.len),
        "record": f.record, "field": f.field, "found": f.found, "expected": f.expected,
    })
}

/// A file whose hash is taken while it is written.
struct Hashed {
    name: &'static str,
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Hashed {
    fn create(folder: &Path, name: &'static str) -> Result<Self, EtlError> {
        let file = File::create(folder.join(name)).map_err(EtlError::Package)?;
        Ok(Self { name, file: BufWriter::new(file), hasher: blake3::Hasher::new(), bytes: 0 })
    }

    fn finish(mut self) -> Result<PackedFile, EtlError> {
        self.file.flush().map_err(EtlError::Package)?;
        let blake3 = DocumentHash(*self.hasher.finalize().as_bytes());
        Ok(PackedFile { name: self.name.to_owned(), bytes: self.bytes, blake3 })
    }
}

impl Write for Hashed {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.file.write(buf)?;
        self.hasher.update(buf.get(..n).unwrap_or_default());
        self.bytes += u64::try_from(n).unwrap_or(0);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Packs a folder; the same files give the same zip.
fn pack(folder: &Path, target: &Path) -> io::Result<()> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let mut zip = zip::ZipWriter::new(BufWriter::new(File::create(target)?));
    for name in names {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).map_err(io::Error::other)?;
        io::copy(&mut File::open(folder.join(&name))?, &mut zip)?;
    }
    zip.finish().map_err(io::Error::other)?.flush()
}
