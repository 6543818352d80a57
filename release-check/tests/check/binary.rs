//! The binary: words, JSON and exit codes.

use std::path::Path;
use std::process::{Command, Output};

use crate::kit::{board, hex, release};
use crate::rows::sound;

fn run(folder: &Path, more: &[&str]) -> Output {
    let key = |k: ed25519_dalek::SigningKey| hex(k.verifying_key().as_bytes());
    Command::new(env!("CARGO_BIN_EXE_musubi-release-check"))
        .arg(folder)
        .args(["--board-key", &key(board()), "--release-key", &key(release())])
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn exit_codes_say_sound_unsound_unreadable() {
    let room = tempfile::tempdir().unwrap();
    let (good, bad, earlier) =
        (room.path().join("good"), room.path().join("bad"), room.path().join("earlier"));
    sound("a").seal(&good);
    let mut before = sound("b");
    before.release_id = "R-8899aabbccddeeff";
    before.seal(&earlier);
    let mut pack = sound("a");
    pack.expires_on = "2026-01-31";
    pack.seal(&bad);

    let output = run(&good, &["--earlier", earlier.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("判定: 適合") && text.contains("過去の提供と共通の仮番号: 0"), "{text}");

    let output = run(&bad, &["--lang", "en"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("STOP C-059 APPROVAL_EXPIRED – approval.json: sealed after the approval had ended"),
        "{text}"
    );

    let output = run(&room.path().join("none"), &["--json"]);
    assert_eq!(output.status.code(), Some(2));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["outcome"], "unreadable");
    assert_eq!(json["findings"][0]["rule"], "PKG_READ");

    // An earlier package that cannot be read: nothing is claimed.
    let output = run(&good, &["--earlier", room.path().join("none").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        Command::new(env!("CARGO_BIN_EXE_musubi-release-check")).output().unwrap().status.code(),
        Some(2)
    );
}
