//! The vault gives back bit for bit what it took, or says that it cannot.

// Helpers of tests stop at the first surprise, as the tests do; Clippy knows that only of the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use musubi_model::{ByteRange, DocumentHash};
use musubi_storage::StorageError;
use musubi_storage::keys::{KEY_BYTES, SealKey};
use musubi_storage::vault::{
    KeyId, PackEntry, PackName, PackWriter, Segment, read_document, read_range, read_table, seal_document,
    sweep, sweep_unknown, verify,
};
use proptest::prelude::*;

/// Keys of a test: key number `n` for the id that begins with `n`. Destroyed ones are taken out.
struct Keys(BTreeMap<KeyId, SealKey>);

impl Keys {
    fn new(count: u8) -> Self {
        Self((0..count).map(|n| ([n; 16], SealKey::from_bytes([n; KEY_BYTES]))).collect())
    }

    fn for_sealing(&self, id: &KeyId) -> Result<SealKey, StorageError> {
        self.0.get(id).cloned().ok_or(StorageError::Key("no such key"))
    }

    fn for_opening(&self, id: &KeyId) -> Result<Option<SealKey>, StorageError> {
        Ok(self.0.get(id).cloned())
    }
}

/// Cuts `bytes` into segments of these lengths (the rest is the last one), each under another of `count` keys.
fn cut(bytes: &[u8], lens: &[usize], count: u8) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    for len in lens.iter().copied().chain([usize::MAX]) {
        let end = at + len.min(bytes.len() - at);
        if end > at {
            let key_id = [u8::try_from(segments.len() % usize::from(count)).unwrap(); 16];
            segments.push(Segment { range: ByteRange::within(0, at, end), key_id });
        }
        at = end;
    }
    segments
}

fn pack(folder: &Path, documents: &[(&[u8], Vec<Segment>)], keys: &Keys) -> (PackName, Vec<PackEntry>) {
    let mut writer = PackWriter::create(folder).unwrap();
    let entries = documents
        .iter()
        .map(|(bytes, segments)| {
            let sealed =
                seal_document(&DocumentHash::of(bytes), bytes, segments, |id| keys.for_sealing(id)).unwrap();
            writer.append(&sealed).unwrap()
        })
        .collect();
    (writer.finish().unwrap(), entries)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_goes_in_comes_out(
        documents in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..3000), proptest::collection::vec(0usize..700, 0..8)), 1..5),
        pick in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new(5);
        let input: Vec<(&[u8], Vec<Segment>)> =
            documents.iter().map(|(bytes, lens)| (bytes.as_slice(), cut(bytes, lens, 5))).collect();
        let (name, entries) = pack(folder.path(), &input, &keys);
        verify(folder.path(), &name).unwrap();
        for ((bytes, segments), entry) in input.iter().zip(&entries) {
            let back = read_document(folder.path(), &name, *entry, |id| keys.for_opening(id)).unwrap();
            prop_assert_eq!(back.as_deref(), Some(*bytes));
            let (document, table) = read_table(folder.path(), &name, *entry).unwrap();
            prop_assert_eq!(document, DocumentHash::of(bytes));
            prop_assert_eq!(&table, segments);
        }
        // Any range of any document.
        let which = pick.0.index(input.len());
        let bytes = input[which].0;
        let mut ends = [pick.1.index(bytes.len() + 1), pick.2.index(bytes.len() + 1)];
        ends.sort_unstable();
        let range = ByteRange::within(0, ends[0], ends[1]);
        let part = read_range(folder.path(), &name, entries[which], range, |id| keys.for_opening(id)).unwrap();
        prop_assert_eq!(part.as_deref(), Some(&bytes[ends[0]..ends[1]]));
        // The same load once more: the same file.
        let again = pack(folder.path(), &input, &keys);
        prop_assert_eq!(again, (name.clone(), entries));
        prop_assert_eq!(names(folder.path()), vec![format!("{name}.pack")]);
    }
}

#[test]
fn the_whole_document_must_be_covered_once() {
    let bytes = b"a document of thirty-two bytes..";
    let keys = Keys::new(2);
    let check = |document: &DocumentHash, ranges: &[(u64, u32)], sound: bool| {
        let segments: Vec<Segment> = ranges
            .iter()
            .map(|(start, len)| Segment { range: ByteRange { start: *start, len: *len }, key_id: [0; 16] })
            .collect();
        let sealed = seal_document(document, bytes, &segments, |id| keys.for_sealing(id));
        assert_eq!(sealed.is_ok(), sound, "{ranges:?}");
    };
    let document = DocumentHash::of(bytes);
    check(&document, &[(0, 32)], true);
    check(&document, &[(0, 10), (10, 22)], true);
    check(&document, &[], false);
    check(&document, &[(0, 10)], false);
    check(&document, &[(0, 10), (11, 21)], false);
    check(&document, &[(0, 10), (9, 23)], false);
    check(&document, &[(10, 22), (0, 10)], false);
    check(&document, &[(0, 33)], false);
    check(&document, &[(0, 0), (0, 32)], false);
    check(&DocumentHash::of(b"another"), &[(0, 32)], false);
    let unknown = [Segment { range: ByteRange { start: 0, len: 32 }, key_id: [9; 16] }];
    assert!(matches!(
        seal_document(&document, bytes, &unknown, |id| keys.for_sealing(id)),
        Err(StorageError::Key(_))
    ));
}

#[test]
fn a_destroyed_key_takes_its_bytes_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..90u8).collect();
    let mut keys = Keys::new(3);
    let (name, entries) = pack(folder.path(), &[(&bytes, cut(&bytes, &[30, 30], 3))], &keys);
    keys.0.remove(&[1; 16]);
    let read = |start, len| {
        read_range(folder.path(), &name, entries[0], ByteRange { start, len }, |id| keys.for_opening(id))
            .unwrap()
    };
    assert_eq!(read_document(folder.path(), &name, entries[0], |id| keys.for_opening(id)).unwrap(), None);
    assert_eq!(read(0, 30).as_deref(), Some(&bytes[..30]));
    assert_eq!(read(60, 30).as_deref(), Some(&bytes[60..]));
    assert_eq!(read(30, 30), None);
    assert_eq!(read(29, 2), None);
    // Another key in its place opens nothing.
    keys.0.insert([1; 16], SealKey::from_bytes([77; KEY_BYTES]));
    let wrong = read_document(folder.path(), &name, entries[0], |id| keys.for_opening(id));
    assert!(matches!(wrong, Err(StorageError::Damaged(_))));
}

#[test]
fn every_changed_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..200u8).collect();
    let keys = Keys::new(3);
    let (name, entries) = pack(folder.path(), &[(&bytes, cut(&bytes, &[50, 70], 3))], &keys);
    let path = name.path(folder.path());
    let sound = fs::read(&path).unwrap();
    assert!(!sound.windows(16).any(|w| bytes.windows(16).any(|p| p == w)), "bytes in clear");
    for at in 0..sound.len() {
        let mut changed = sound.clone();
        changed[at] ^= 0x10;
        fs::write(&path, &changed).unwrap();
        let read = read_document(folder.path(), &name, entries[0], |id| keys.for_opening(id));
        assert!(matches!(read, Err(StorageError::Damaged(_)) | Ok(None)), "byte {at}: {read:?}");
        assert!(!matches!(read, Ok(None)), "byte {at} reads as erased");
        assert!(matches!(verify(folder.path(), &name), Err(StorageError::Damaged(_))), "byte {at}");
    }
    for len in 0..sound.len() {
        fs::write(&path, &sound[..len]).unwrap();
        assert!(read_document(folder.path(), &name, entries[0], |id| keys.for_opening(id)).is_err(), "{len}");
    }
    // A repeated load mends a damaged pack.
    pack(folder.path(), &[(&bytes, cut(&bytes, &[50, 70], 3))], &keys);
    verify(folder.path(), &name).unwrap();
    // Entries that the registry never gave out.
    for entry in [
        PackEntry { offset: 1, len: entries[0].len - 1 },
        PackEntry { offset: 0, len: entries[0].len - 1 },
        PackEntry { offset: 0, len: 0 },
        PackEntry { offset: u64::MAX, len: 2 },
    ] {
        assert!(
            matches!(read_table(folder.path(), &name, entry), Err(StorageError::Damaged(_))),
            "{entry:?}"
        );
    }
    let beyond = ByteRange { start: 199, len: 2 };
    assert!(read_range(folder.path(), &name, entries[0], beyond, |id| keys.for_opening(id)).is_err());
}

#[test]
fn a_pack_name_is_a_hash_and_no_path() {
    for bad in ["", "../pack", &"A".repeat(64), &"a".repeat(63), &"g".repeat(64)] {
        assert!(bad.parse::<PackName>().is_err(), "{bad}");
    }
    assert_eq!("a".repeat(64).parse::<PackName>().unwrap().as_str(), "a".repeat(64));
}

#[test]
fn sweeping_takes_only_what_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::new(1);
    let bytes = b"kept".as_slice();
    let (name, _) = pack(folder.path(), &[(bytes, cut(bytes, &[], 1))], &keys);
    fs::write(folder.path().join("dead.part"), b"half").unwrap();
    let alive = PackWriter::create(folder.path()).unwrap();
    assert_eq!(names(folder.path()).len(), 3);
    assert_eq!(sweep(folder.path()).unwrap(), 1);
    assert_eq!(names(folder.path()).len(), 2);
    drop(alive);
    assert_eq!(names(folder.path()), vec![format!("{name}.pack")]);
    assert_eq!(sweep(folder.path()).unwrap(), 0);
    let (lost, _) = pack(folder.path(), &[(b"lost", cut(b"lost", &[], 1))], &keys);
    let known = BTreeSet::from([name.to_string()]);
    assert_eq!(sweep_unknown(folder.path(), &known).unwrap(), 1);
    assert!(!lost.path(folder.path()).exists());
    verify(folder.path(), &name).unwrap();
    assert_eq!(sweep(&folder.path().join("nowhere")).unwrap(), 0);
}

/// Runs itself once more as a child that may write only small files, as on a full disk.
#[test]
fn a_full_disk_leaves_nothing_under_a_final_name() {
    const FOLDER: &str = "MUSUBI_TEST_FULL_DISK";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = Path::new(&folder);
        let keys = Keys::new(1);
        let bytes = vec![7u8; 1 << 20];
        let sealed =
            seal_document(&DocumentHash::of(&bytes), &bytes, &cut(&bytes, &[], 1), |id| keys.for_sealing(id))
                .unwrap();
        let mut writer = PackWriter::create(folder).unwrap();
        let result = writer.append(&sealed).and_then(|_| writer.finish());
        assert!(matches!(result, Err(StorageError::Io { .. })), "{result:?}");
        assert_eq!(names(folder), Vec::<String>::new());
        println!("refused as it should be");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "a_full_disk_leaves_nothing_under_a_final_name", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("refused as it should be"), "{said}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}
