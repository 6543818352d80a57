//! The organisations of a synthetic region: an operator, a contractor, a sub-contractor, one account for each role (two
//! where two people decide), and the standing instruction for the work of a night.
//!
//! All of it is plainly made up: ids like `desk-01`, staff numbers like `M-010`, no name of a person. Certificates are
//! valid for long, so that a region made today can be tried years later.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::Date;

use crate::SynthError;

/// First day of everything here.
const FROM: &str = "2020-04-01";
/// Last day of certificates and standing instructions.
const UNTIL: &str = "2099-03-31";

const OPERATOR: &str = "mihon-operator";
const CONTRACTOR: &str = "mihon-contractor";
const SUB_CONTRACTOR: &str = "mihon-storage";
/// Whoever works in the browser from outside: id, name, kind, what for. A submitter's id is that of the agreements.
const OUTSIDE: [(&str, &str, &str, &str); 6] = [
    ("mihon-ishikai-13", "見本医師会(13)", "submitter", "受診情報の提出"),
    ("mihon-ishikai-12", "見本医師会(12)", "submitter", "受診情報の提出"),
    ("mihon-city", "見本市", "municipality", "政策・財務の評価"),
    ("mihon-university", "見本大学", "user", "学術研究"),
    ("mihon-pharma", "見本製薬", "user", "医薬品の研究開発"),
    ("mihon-committee", "見本提供審査委員会", "committee", "提供の審査"),
];

/// Account, organisation, roles, whether it acts by default. Those with a staff number are human.
const PRINCIPALS: [(&str, &str, &[&str], bool); 40] = [
    ("officer-01", OPERATOR, &["officer"], true),
    ("officer-02", OPERATOR, &["officer"], false),
    ("security-01", OPERATOR, &["security-admin"], true),
    ("security-02", OPERATOR, &["security-admin"], false),
    ("desk-01", OPERATOR, &["help-desk"], true),
    ("desk-02", OPERATOR, &["help-desk"], false),
    ("confirmer-01", OPERATOR, &["confirmer"], true),
    ("confirmer-02", OPERATOR, &["confirmer"], false),
    ("secretary-01", OPERATOR, &["review-secretary"], true),
    ("board-01", OPERATOR, &["board"], true),
    ("board-02", OPERATOR, &["board"], false),
    ("release-approver-01", OPERATOR, &["release-approver"], true),
    ("auditor-01", OPERATOR, &["auditor"], true),
    ("operator-01", CONTRACTOR, &["operator"], true),
    ("operator-02", CONTRACTOR, &["operator"], false),
    ("linker-01", CONTRACTOR, &["identity"], true),
    ("linker-02", CONTRACTOR, &["identity"], false),
    ("curator-01", CONTRACTOR, &["curator"], true),
    ("curator-02", CONTRACTOR, &["curator"], false),
    ("checker-01", CONTRACTOR, &["checker"], true),
    ("eraser-01", CONTRACTOR, &["eraser"], true),
    ("eraser-02", CONTRACTOR, &["eraser"], false),
    ("keys-01", SUB_CONTRACTOR, &["key-custodian"], true),
    ("night-job", CONTRACTOR, &["intake"], true),
    ("release-job", CONTRACTOR, &["release"], true),
    ("checker-02", CONTRACTOR, &["checker"], false),
    ("release-approver-02", OPERATOR, &["release-approver"], false),
    ("submitter-01", "mihon-ishikai-13", &["submitter"], false),
    ("submitter-02", "mihon-ishikai-12", &["submitter"], false),
    ("city-01", "mihon-city", &["municipality", "applicant"], false),
    ("city-02", "mihon-city", &["municipality", "applicant"], false),
    ("applicant-01", "mihon-university", &["applicant"], false),
    ("applicant-02", "mihon-pharma", &["applicant"], false),
    ("member-01", "mihon-committee", &["review-member"], false),
    ("member-02", "mihon-committee", &["review-member"], false),
    ("member-03", "mihon-committee", &["review-member"], false),
    ("member-04", "mihon-committee", &["review-member"], false),
    ("member-05", "mihon-committee", &["review-member"], false),
    ("member-06", "mihon-committee", &["review-member"], false),
    ("member-07", "mihon-committee", &["review-member"], false),
];

/// Writes `organisation.toml`; everybody was trained on one day.
pub(crate) fn write(out: &Path, trained_on: Date) -> Result<(), SynthError> {
    let mut text = String::from("# Synthetic: no such organisation, certificate or account exists.\n");
    organisation(
        &mut text,
        OPERATOR,
        "見本認定作成事業者",
        "operator",
        None,
        "Z1 Z2 Z3 Z4 Z5 Z6",
        "認定事業の全体",
    );
    organisation(
        &mut text,
        CONTRACTOR,
        "見本認定受託事業者",
        "contractor",
        None,
        "Z1 Z2 Z3 Z4 Z5",
        "受入れ・名寄せ・加工の実施",
    );
    organisation(
        &mut text,
        SUB_CONTRACTOR,
        "見本再委託先",
        "sub-contractor",
        Some(CONTRACTOR),
        "Z1",
        "鍵と原本の保管",
    );
    for (id, name, kind, work) in OUTSIDE {
        organisation(&mut text, id, name, kind, None, "", work);
    }
    for (number, (id, organisation, roles, default)) in PRINCIPALS.iter().enumerate() {
        principal(&mut text, number, id, organisation, roles, *default, trained_on);
    }
    let _infallible = write!(
        text,
        "\n[[instruction]]\ngiven_by = \"officer-01\"\nto = \"{CONTRACTOR}\"\nrole = \"intake\"\n\
         jobs = [\"intake\", \"held-load\"]\nfrom = \"{FROM}\"\nuntil = \"{UNTIL}\"\nreason = \"夜間の受入れ(常時)\"\n"
    );
    fs::write(out.join("organisation.toml"), text)?;
    Ok(())
}

fn organisation(
    text: &mut String,
    id: &str,
    name: &str,
    kind: &str,
    parent: Option<&str>,
    zones: &str,
    work: &str,
) {
    let parent = parent.map(|p| format!("parent = \"{p}\"\n")).unwrap_or_default();
    let zones: Vec<String> = zones.split_whitespace().map(|z| format!("\"{z}\"")).collect();
    let _infallible = write!(
        text,
        "\n[[organisation]]\nid = \"{id}\"\nname = \"{name}\"\nkind = \"{kind}\"\n{parent}certificate = \"見本-{id}\"\n\
         valid_from = \"{FROM}\"\nvalid_to = \"{UNTIL}\"\nzones = [{}]\nwork = \"{work}\"\n",
        zones.join(", ")
    );
}

fn principal(
    text: &mut String,
    number: usize,
    id: &str,
    organisation: &str,
    roles: &[&str],
    default: bool,
    trained_on: Date,
) {
    let human = !id.ends_with("-job");
    let (kind, person) = if human {
        let person = format!(
            "staff_number = \"M-{number:03}\"\ntrained_on = \"{trained_on}\"\npledged_on = \"{FROM}\"\n"
        );
        ("human", person)
    } else {
        ("service", String::new())
    };
    let roles: Vec<String> =
        roles.iter().map(|r| format!("{{ role = \"{r}\", from = \"{FROM}\" }}")).collect();
    let _infallible = write!(
        text,
        "\n[[principal]]\nid = \"{id}\"\norganisation = \"{organisation}\"\nkind = \"{kind}\"\n{person}\
         default = {default}\nroles = [{}]\n",
        roles.join(", ")
    );
}
