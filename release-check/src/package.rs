//! A package from its folder to its report (パッケージの検査).
//!
//! It must never stop at the first thing it finds, and never call a package sound of which something could not be read.

use std::collections::BTreeSet;
use std::path::Path;

use crate::dates::{is_day, japan_day};
use crate::earlier::Earlier;
use crate::folder::Folder;
use crate::manifest::{Approval, LAYOUT, LAYOUT_1, Manifest, Risk};
use crate::omop;
use crate::person::Against;
use crate::policy::{self, Policy, Spec};
use crate::report::{Place, Report};
use crate::rows;
use crate::rules;
use crate::sign::{self, Keys};
use crate::tables;

/// Files of every package but the data, the manifest and its signature.
const ALWAYS: [&str; 10] = [
    "README.txt",
    "README.en.txt",
    "approval.json",
    "approval.sig",
    "spec.toml",
    "policy.toml",
    "policy.sig",
    "dictionary.csv",
    "risk.json",
    "risk.html",
];
const MANIFEST: &str = "manifest.json";
const MANIFEST_SIGNATURE: &str = "manifest.sig";

/// Checks the package in `folder` against two public keys and the packages handed out before it. It reads only, and
/// finds everything it can; the answer is [`Report::outcome`].
#[must_use]
pub fn check_folder(folder: &Path, keys: &Keys, earlier: &[&Path]) -> Report {
    let mut report = Report::default();
    let Some(folder) = Folder::open(folder) else {
        report.find(&rules::PKG_READ, Place::package(), "", "");
        return report;
    };
    let Some(manifest) = manifest(&folder, keys, &mut report) else { return report };
    report.release_id.clone_from(&manifest.release_id);
    report.product.clone_from(&manifest.product);

    let Some(spec) = parsed::<Spec>(&folder, "spec.toml", &mut report, |t| toml::from_str(t).ok()) else {
        return report;
    };
    let Some(policy) = parsed::<Policy>(&folder, "policy.toml", &mut report, |t| toml::from_str(t).ok())
    else {
        return report;
    };
    files(&folder, &manifest, &spec, &mut report);
    authority(&folder, &manifest, &spec, &policy, keys, &mut report);
    let Some(risk) = parsed::<Risk>(&folder, "risk.json", &mut report, |t| serde_json::from_str(t).ok())
    else {
        return report;
    };
    claims_of_whom(&risk, &manifest, &policy, &mut report);

    let opened: Vec<Earlier> = earlier
        .iter()
        .enumerate()
        .filter_map(|(nth, path)| Earlier::open(nth, path, keys, &mut report))
        .filter(|e| e.release_id != manifest.release_id)
        .collect();
    match (&spec.rows, &policy.person, &policy.tables) {
        (Some(rows_asked), Some(person), _) if policy.product != "statistics" => {
            let against =
                Against { policy: &policy, person, rows: rows_asked, manifest: &manifest, risk: &risk };
            rows::check(&folder, &against, &opened, &mut report);
        }
        (None, _, Some(tables)) if policy.product == "statistics" && !spec.tables.is_empty() => {
            tables::check(&folder, &spec, tables, &risk, &opened, &mut report);
        }
        _ => report.find(&rules::POLICY_OTHER, Place::file("policy.toml"), "", "a policy for what is asked"),
    }
    report
}

/// Reads a file that everything else hangs on; what cannot be read cannot be checked.
fn parsed<T>(
    folder: &Folder,
    name: &str,
    report: &mut Report,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let found = folder.text(name).and_then(|text| parse(&text));
    if found.is_none() {
        let rule = if folder.names.contains_key(name) { &rules::PKG_FORM } else { &rules::PKG_READ };
        report.find(rule, Place::file(name), "", "");
    }
    found
}

/// Reads the manifest and holds its signature.
fn manifest(folder: &Folder, keys: &Keys, report: &mut Report) -> Option<Manifest> {
    let place = || Place::file(MANIFEST);
    let Some(bytes) = folder.bytes(MANIFEST) else {
        report.find(&rules::PKG_READ, place(), "", "");
        return None;
    };
    let value: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
    let layout = value.as_ref().and_then(|v| v.get("layout")).and_then(|l| l.as_str());
    if layout == Some(LAYOUT_1) {
        report.find(&rules::PKG_VERSION_1, place(), LAYOUT_1, LAYOUT);
        return None;
    }
    let signature = folder.bytes(MANIFEST_SIGNATURE).unwrap_or_default();
    let signed = keys.release.verifies(sign::MANIFEST, &bytes, &signature);
    if !signed {
        report.find(&rules::RELEASE_SIGNATURE, place(), "", "");
    }
    report.ran("C-068", "目録の署名", "signature of the manifest", if signed { "ok" } else { "-" });
    let manifest =
        value.and_then(|v| serde_json::from_value::<Manifest>(v).ok()).filter(|m| m.layout == LAYOUT);
    if manifest.is_none() {
        report.find(&rules::PKG_FORM, place(), "", LAYOUT);
    }
    manifest
}

/// Exactly the files of the layout, exactly as the manifest lists them.
fn files(folder: &Folder, manifest: &Manifest, spec: &Spec, report: &mut Report) {
    let mut belongs: BTreeSet<String> = ALWAYS.iter().map(|n| (*n).to_owned()).collect();
    let mut data: Vec<String> = spec.tables.iter().map(|t| t.name.clone()).collect();
    if let Some(rows) = &spec.rows {
        data.push("person".to_owned());
        data.extend(rows.events.iter().map(|e| e.table.clone()));
        if rows.omop {
            data.push(omop::PERSON.to_owned());
            data.extend(rows.events.iter().map(|e| omop::named(&e.table)));
        }
    }
    belongs.extend(data.iter().flat_map(|name| [format!("{name}.csv"), format!("{name}.parquet")]));
    let there = |name: &str| folder.names.contains_key(name);
    let beside = [MANIFEST, MANIFEST_SIGNATURE];
    for name in belongs.iter().filter(|name| !there(name)) {
        report.find(&rules::PKG_MISSING, Place::file(name), "", "");
    }
    let extra =
        folder.names.keys().filter(|n| !belongs.contains(*n) && !beside.contains(&n.as_str())).count();
    if folder.strange || extra > 0 {
        report.find(&rules::PKG_EXTRA, Place::package(), extra + usize::from(folder.strange), 0);
    }
    let listed: BTreeSet<&str> = manifest.files.iter().map(|f| f.name.as_str()).collect();
    if listed.len() != manifest.files.len() || !listed.iter().copied().eq(belongs.iter().map(String::as_str))
    {
        report.find(&rules::PKG_LISTED, Place::file(MANIFEST), listed.len(), belongs.len());
    }
    let mut whole = 0;
    for file in manifest.files.iter().filter(|f| belongs.contains(&f.name) && there(&f.name)) {
        match folder.entry(&file.name) {
            None => report.find(&rules::PKG_READ, Place::file(&file.name), "", ""),
            Some(e) if e.bytes == file.bytes && e.blake3 == file.blake3 && e.sha256 == file.sha256 => {
                whole += 1;
            }
            Some(_) => report.find(&rules::PKG_CHANGED, Place::file(&file.name), "", ""),
        }
    }
    report.ran(
        "C-068",
        "長さ・BLAKE3・SHA-256が一致したファイル",
        "files with length, BLAKE3 and SHA-256 as listed",
        format!("{whole} / {}", belongs.len()),
    );
}

/// Approval and policy: signed by the board, speaking of the same, in force on the day of sealing in Japan.
fn authority(
    folder: &Folder,
    manifest: &Manifest,
    spec: &Spec,
    policy: &Policy,
    keys: &Keys,
    report: &mut Report,
) {
    let bytes = |name: &str| folder.bytes(name).unwrap_or_default();
    let approval_bytes = bytes("approval.json");
    if !keys.board.verifies(sign::APPROVAL, &approval_bytes, &bytes("approval.sig")) {
        report.find(&rules::BOARD_SIGNATURE, Place::file("approval.json"), "", "");
    }
    if !keys.board.verifies(sign::POLICY, &bytes("policy.toml"), &bytes("policy.sig")) {
        report.find(&rules::POLICY_SIGNATURE, Place::file("policy.toml"), "", "");
    }
    let day = japan_day(&manifest.sealed_at);
    if day.is_none() {
        report.find(&rules::PKG_FORM, Place::file(MANIFEST).column("sealed_at"), "", "2026-05-14T01:02:03Z");
    }
    let day = day.unwrap_or_default();
    match serde_json::from_slice::<Approval>(&approval_bytes) {
        Err(_) => report.find(&rules::PKG_FORM, Place::file("approval.json"), "", ""),
        Ok(approval) => {
            let same = approval.scope_hash == manifest.scope_hash
                && approval.request_id == manifest.request_id
                && Approval::id(&approval_bytes) == manifest.approval_id;
            if !same {
                report.find(&rules::APPROVAL_SCOPE, Place::file("approval.json"), "", "");
            }
            if day.is_empty() || !is_day(&approval.expires_on) || day > approval.expires_on {
                report.find(
                    &rules::APPROVAL_EXPIRED,
                    Place::file("approval.json"),
                    &day,
                    &approval.expires_on,
                );
            }
            report.ran(
                "C-059",
                "承認の期限",
                "approval holds until",
                format!("{day} <= {}", approval.expires_on),
            );
        }
    }
    let named = spec.policy.as_ref().is_some_and(|p| p.name == policy.name && p.version == policy.version);
    let same_product = policy.product == manifest.product && spec.product == manifest.product;
    if spec.version != 2 || policy.layout != policy::LAYOUT || !named || !same_product {
        report.find(&rules::POLICY_OTHER, Place::file("policy.toml"), "", "");
    }
    if day.is_empty() || !policy.in_force(&day) {
        let until = policy.until.as_deref().unwrap_or("");
        report.find(
            &rules::POLICY_OUT_OF_FORCE,
            Place::file("policy.toml"),
            &day,
            format!("{}..{until}", policy.from),
        );
    }
    report.ran("C-091", "方針", "policy", format!("{} {}", policy.name, policy.version));
}

/// The claims speak of this product and this policy.
fn claims_of_whom(risk: &Risk, manifest: &Manifest, policy: &Policy, report: &mut Report) {
    let same = risk.layout == "musubi-risk/1"
        && risk.product == manifest.product
        && risk.policy.name == policy.name
        && risk.policy.version == policy.version;
    if !same {
        report.find(&rules::CLAIM, Place::file("risk.json"), "", "the product and policy of the package");
    }
}
