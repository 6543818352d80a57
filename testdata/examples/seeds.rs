//! Writes the seeds of the fuzz targets: one small file of each format and interface, below the folder given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fs;
use std::path::PathBuf;

use musubi_model::manifest::FeedKind;
use musubi_testdata::formats;

fn main() {
    let out: PathBuf = std::env::args().nth(1).expect("a folder").into();
    let mut tables: Vec<&str> =
        formats::all().iter().filter(|f| f.kind == FeedKind::Table).map(|f| f.interface).collect();
    tables.sort_unstable();
    tables.dedup();
    for format in formats::all() {
        let folder = out.join(format.kind.as_str().replace('-', "_"));
        fs::create_dir_all(&folder).unwrap();
        // Few persons, but enough that somebody has something to say.
        let files = [2, 8, 40, 200].iter().map(|n| formats::sample(&format, *n, 3).unwrap());
        let Some(files) = files.into_iter().find(|f| !f.is_empty()) else { continue };
        for (i, file) in files.iter().enumerate().take(6) {
            let mut bytes = Vec::new();
            if format.kind.as_str().starts_with("ss-mix2") {
                bytes.extend_from_slice(format!("path: {}\n", file.path).as_bytes());
            }
            if format.kind == FeedKind::Table {
                // The target's first byte chooses the interface, by place in the order of names.
                let at = tables.iter().position(|t| *t == format.interface).unwrap();
                bytes.push(u8::try_from(at).unwrap());
            }
            bytes.extend(file.bytes.iter().take(32 << 10));
            let name = format!("{}{i}", if format.interface.is_empty() { "seed" } else { format.interface });
            fs::write(folder.join(name.replace(['/', ' '], "-")), bytes).unwrap();
        }
    }
    println!("seeds written");
}
