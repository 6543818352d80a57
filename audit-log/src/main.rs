//! `musubi-audit-verify`: checks an exported log, two kept checkpoints, or a proof about one entry, with nothing but the
//! files and the house's public key. No database, no network, no configuration; it writes nothing.
//!
//! Exit codes: 0 everything holds; 2 usage, or a file cannot be read; 4 something was done to the log.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use musubi_audit_log::damage::{Damage, Finding};
use musubi_audit_log::export::verify_export;
use musubi_audit_log::inclusion;
use musubi_audit_log::note::{Bundle, Keys, Note, PublicKey};

const USAGE: &str = "\
musubi-audit-verify FILE --key HOUSE.pub [--witness W.pub]... [--checkpoint SAVED]... [--english]
musubi-audit-verify --compare OLD NEW --key HOUSE.pub    二つの控えが両立するか / do two checkpoints agree
musubi-audit-verify --inclusion PROOF --key HOUSE.pub    一件の記録が含まれるか / is one entry in the log
終了コード / exit codes: 0 正しい / holds   2 使い方 / usage   4 改変あり / damaged
";

/// What was asked for.
#[derive(Debug, Default)]
struct Order {
    files: Vec<PathBuf>,
    key: Option<PathBuf>,
    witnesses: Vec<PathBuf>,
    checkpoints: Vec<PathBuf>,
    compare: bool,
    inclusion: bool,
    english: bool,
}

impl Order {
    fn read(words: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut order = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--key") => order.key = Some(words.next()?.into()),
                Some("--witness") => order.witnesses.push(words.next()?.into()),
                Some("--checkpoint") => order.checkpoints.push(words.next()?.into()),
                Some("--compare") => order.compare = true,
                Some("--inclusion") => order.inclusion = true,
                Some("--english") => order.english = true,
                Some(other) if other.starts_with("--") => return None,
                _ => order.files.push(word.into()),
            }
        }
        Some(order)
    }
}

/// How it ended.
enum Ending {
    /// Everything holds; what to say.
    Holds([String; 2]),
    /// Something was done.
    Damaged(Finding),
    /// It cannot be told: a file is missing, or the proof that would tell.
    Cannot([String; 2]),
}

fn main() -> ExitCode {
    let order = Order::read(std::env::args_os().skip(1));
    let english = order.as_ref().is_some_and(|o| o.english);
    let pick = |[ja, en]: [String; 2]| if english { en } else { ja };
    match order.and_then(|o| run(&o)) {
        None => say(USAGE.trim_end(), 2),
        Some(Ending::Holds(words)) => say(&format!("✓ {}", pick(words)), 0),
        Some(Ending::Damaged(finding)) => say(&format!("✗ {}", finding.sentence(english)), 4),
        Some(Ending::Cannot(words)) => say(&format!("? {}", pick(words)), 2),
    }
}

fn say(text: &str, code: u8) -> ExitCode {
    // Whoever closed the pipe does not want to read it; the exit code still says it.
    let _closed = writeln!(std::io::stdout().lock(), "{text}").is_err();
    ExitCode::from(code)
}

fn cannot(path: &Path) -> Ending {
    let path = path.display();
    Ending::Cannot([format!("読めません: {path}"), format!("cannot be read: {path}")])
}

fn key_of(path: &Path) -> Result<PublicKey, Ending> {
    let text = fs::read_to_string(path).map_err(|_| cannot(path))?;
    PublicKey::from_hex(text.trim_end()).ok_or_else(|| cannot(path))
}

fn bundle_of(path: &Path) -> Result<Bundle, Ending> {
    let text = fs::read_to_string(path).map_err(|_| cannot(path))?;
    Bundle::from_text(&text).ok_or(Ending::Damaged(Finding::at(Damage::Unreadable, 0)))
}

/// `None`: the words do not fit each other.
fn run(order: &Order) -> Option<Ending> {
    let key = order.key.as_deref()?;
    let done = match (order.files.as_slice(), order.compare, order.inclusion) {
        ([old, new], true, false) => compare(key, old, new),
        ([proof], false, true) => prove(key, proof),
        ([file], false, false) => whole(order, key, file),
        _ => return None,
    };
    Some(done.unwrap_or_else(|e| e))
}

fn whole(order: &Order, key: &Path, file: &Path) -> Result<Ending, Ending> {
    let witnesses = order.witnesses.iter().map(|w| key_of(w)).collect::<Result<_, _>>()?;
    let keys = Keys { house: key_of(key)?, witnesses };
    let kept: Vec<Note> =
        order.checkpoints.iter().map(|c| Ok(bundle_of(c)?.note)).collect::<Result<_, Ending>>()?;
    let saved = kept.len();
    let reader = BufReader::with_capacity(1 << 20, File::open(file).map_err(|_| cannot(file))?);
    let report = verify_export(reader, &keys, kept, |_| {}).map_err(|_| cannot(file))?;
    if let Some(finding) = report.first {
        return Ok(Ending::Damaged(finding));
    }
    let (n, c, root) = (report.entries, report.checkpoints, report.root);
    let at = report.newest.map(|n| n.at).unwrap_or_default();
    Ok(Ending::Holds([
        format!(
            "証跡は改変されていません: 記録 {n} 件、控え {c} 件(手元の控え {saved} 件を含む)、最新 {at}\n  根 {root}"
        ),
        format!(
            "the log holds: {n} entries, {c} checkpoints ({saved} of them kept), newest {at}\n  root {root}"
        ),
    ]))
}

fn compare(key: &Path, old: &Path, new: &Path) -> Result<Ending, Ending> {
    let house = key_of(key)?;
    let (mut old, mut new) = (bundle_of(old)?, bundle_of(new)?);
    if old.note.checkpoint.size > new.note.checkpoint.size {
        std::mem::swap(&mut old, &mut new);
    }
    for bundle in [&old, &new] {
        if let Err(damage) = bundle.note.check(&house) {
            return Ok(Ending::Damaged(Finding::at(damage, bundle.note.checkpoint.size)));
        }
    }
    let (a, b) = (old.note.checkpoint.size, new.note.checkpoint.size);
    Ok(match new.follows(&old.note.checkpoint) {
        Some(true) => Ending::Holds([
            format!("{b} 件の証跡は {a} 件の証跡の続きです"),
            format!("the log of {b} entries continues the log of {a}"),
        ]),
        Some(false) => Ending::Damaged(Finding { what: Damage::Forked, place: 1, until: a.max(1) }),
        None => Ending::Cannot([
            format!("{a} 件から {b} 件への証明がありません: musubi audit checkpoint --since {a} --out FILE"),
            format!("no proof leads from {a} to {b}: musubi audit checkpoint --since {a} --out FILE"),
        ]),
    })
}

fn prove(key: &Path, file: &Path) -> Result<Ending, Ending> {
    let house = key_of(key)?;
    let text = fs::read_to_string(file).map_err(|_| cannot(file))?;
    Ok(match inclusion::check(&text, &house) {
        Ok((seq, size)) => Ending::Holds([
            format!("{seq} 番目の記録は、署名された {size} 件の証跡に含まれています"),
            format!("entry {seq} is in the signed log of {size} entries"),
        ]),
        Err(damage) => Ending::Damaged(Finding::at(damage, 0)),
    })
}
