//! Files appear whole, are checked by their name, and go only when nobody can still want them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use musubi_model::fact::UnitFacts;
use musubi_storage::StorageError;
use musubi_storage::lake::{LakeFile, fingerprint, hold, sweep, verify, write_part};

use super::support::{placed, unit};

fn some_files(folder: &Path, n: u32) -> Vec<LakeFile> {
    let units: Vec<UnitFacts> = (n..n + 10).map(|n| unit(n, 3)).collect();
    write_part(folder, &placed(&units, 8)).unwrap()
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for table in fs::read_dir(folder).unwrap().flatten().filter(|e| e.path().is_dir()) {
        names.extend(
            fs::read_dir(table.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()),
        );
    }
    names.sort();
    names
}

#[test]
fn every_changed_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = some_files(folder.path(), 0).remove(0);
    let path = file.path(folder.path()).unwrap();
    let sound = fs::read(&path).unwrap();
    let check = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(verify(folder.path(), &file), Err(StorageError::Damaged(_))), "{what}");
    };
    for at in 0..sound.len() {
        let mut changed = sound.clone();
        changed[at] ^= 1;
        check(&changed, &format!("byte {at}"));
    }
    check(&sound[..sound.len() - 1], "cut");
    // Whoever counts looks first.
    let sum = fingerprint(folder.path(), std::slice::from_ref(&file), &BTreeSet::new());
    assert!(matches!(sum, Err(StorageError::Damaged(_))), "{sum:?}");
    check(&[], "empty");
    fs::remove_file(&path).unwrap();
    assert!(matches!(verify(folder.path(), &file), Err(StorageError::Io { .. })));
    // Writing the same facts once more mends it.
    some_files(folder.path(), 0);
    verify(folder.path(), &file).unwrap();
}

#[test]
fn sweeping_keeps_what_is_known_and_what_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let kept = some_files(folder.path(), 0);
    let lost = some_files(folder.path(), 100);
    fs::write(folder.path().join("measurement/dead.part"), b"half").unwrap();
    let known = || Ok(kept.iter().map(|f| f.file_id.clone()).collect::<BTreeSet<_>>());

    // A writer is alive: parts of dead ones go, whole files stay, and the catalogue is not even asked.
    let guard = hold(folder.path()).unwrap();
    let swept = sweep(folder.path(), || panic!("the catalogue is asked while a writer is alive")).unwrap();
    assert_eq!((swept.parts, swept.files, swept.busy), (1, 0, true));
    drop(guard);

    let swept = sweep(folder.path(), known).unwrap();
    assert_eq!((swept.parts, swept.files, swept.busy), (0, lost.len(), false));
    let mut names: Vec<String> = kept.iter().map(|f| format!("{}.parquet", f.file_id)).collect();
    names.sort();
    assert_eq!(files_below(folder.path()), names);
    kept.iter().for_each(|f| verify(folder.path(), f).unwrap());
    // A catalogue that cannot be read removes nothing.
    assert!(sweep(folder.path(), || Err(StorageError::Server("gone".to_owned()))).is_err());
    assert_eq!(files_below(folder.path()), names);
}

/// Runs itself once more as a child that may write only small files, as on a full disk.
#[test]
fn a_full_disk_leaves_nothing_under_a_final_name() {
    const FOLDER: &str = "MUSUBI_TEST_FULL_DISK";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = Path::new(&folder);
        // One table small enough to be written, two that are not: none may appear.
        let units: Vec<UnitFacts> = (0..4_000)
            .map(|n| {
                let mut unit = unit(n, 9);
                unit.facts.truncate(if n < 5 { 9 } else { 2 });
                unit
            })
            .collect();
        let result = write_part(folder, &placed(&units, 8));
        assert!(result.is_err(), "{result:?}");
        assert_eq!(files_below(folder), Vec::<String>::new());
        println!("refused as it should be");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "files::a_full_disk_leaves_nothing_under_a_final_name", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("refused as it should be"), "{said}");
    assert_eq!(files_below(folder.path()), Vec::<String>::new());
}
