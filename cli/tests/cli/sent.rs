//! A package on its way: encrypted to the recipients of its request, opened by one of them, by nobody else.

use std::fs;

use musubi_release::pack;

use crate::house::{folder, run_in, text};

const SPEC: &str = "version=2\nname='mihon'\ntitle='見本'\npurpose='試験'\nrecipient='見本大学'\nproduct='statistics'\n\
    [policy]\nname='mihon'\nversion=1\n[[recipients]]\nid='mihon-u'\nname='見本大学'\nage='KEY'\n\
    [[recipients]]\nid='mihon-e'\nname='見本環境'\n[cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
    [[tables]]\nname='sex'\ntitle='性別'\ndimensions=['sex']\n";

#[test]
fn a_package_is_sent_to_its_recipients_alone() {
    let here = folder();
    let place = |name: &str| here.path().join(name);
    let ((public, secret), (_, stranger)) = (pack::key_pair(), pack::key_pair());
    let package = place("R-0123456789abcdef");
    fs::create_dir(&package).unwrap();
    fs::write(package.join("spec.toml"), SPEC.replace("KEY", &public)).unwrap();
    fs::write(package.join("sex.csv"), "sex,persons\r\n計,*\r\n").unwrap();
    fs::write(place("key.txt"), format!("# a drill\n{}\n", *secret)).unwrap();
    fs::write(place("stranger.txt"), format!("{}\n", *stranger)).unwrap();

    run_in(here.path(), 0, &["release", "encrypt", text(&package), "--out", text(&place("sent"))]);
    let file = place("sent/R-0123456789abcdef.tar.age");
    let sealed = fs::read(&file).unwrap();
    assert!(!sealed.windows(11).any(|w| w == b"sex,persons"));
    let open = |code: i32, key: &str, to: &str| {
        let (key, to) = (place(key), place(to));
        run_in(
            here.path(),
            code,
            &["release", "open", text(&file), "--identity", text(&key), "--out", text(&to)],
        )
    };
    open(0, "key.txt", "in");
    for name in ["spec.toml", "sex.csv"] {
        let read = |folder| fs::read(place(folder).join("R-0123456789abcdef").join(name)).unwrap();
        assert_eq!(read("in"), fs::read(package.join(name)).unwrap());
    }
    // Another key: usage. A changed file: not verified. Nothing is left of either.
    assert!(open(2, "stranger.txt", "none").out.contains("PACK_IDENTITY"));
    let mut broken = sealed.clone();
    *broken.last_mut().unwrap() ^= 1;
    fs::write(&file, broken).unwrap();
    assert!(open(4, "key.txt", "none").out.contains("PACK_ARCHIVE"));
    assert!(!place("none").exists() || fs::read_dir(place("none")).unwrap().next().is_none());
}
