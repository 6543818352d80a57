//! Registers and evidence of a synthetic region: what an operator enters by hand so that the checks of the Act find a
//! house in order. Numbers, issuers and hosts are plainly made up; it must never look like anybody's real certificate.
//!
//! What belongs to an hour or to a decision of the house itself (a clock's sample, the session of an approval) is here as
//! far as it can be: the time of the sample and the number of the approval come with the command.

use std::fs;
use std::path::Path;

use jiff::civil::Date;

use crate::SynthError;

/// First day of contracts and certificates.
const FROM: &str = "2020-04-01";
/// Their last day: long, as in `organisation.toml`.
const UNTIL: &str = "2099-03-31";
/// Who receives the table the region is made for, as in `requests/`.
pub(crate) const RECIPIENT: &str = "見本大学 公衆衛生学教室";
/// The clauses of a contract, as in the class `contract` of the registers.
const CLAUSES: [&str; 15] = [
    "purpose",
    "places",
    "no-reidentification",
    "no-reprovision",
    "security",
    "logs",
    "audit",
    "incident",
    "deletion",
    "publication",
    "recall",
    "penalty",
    "law",
    "foreign-access",
    "no-subcontract",
];
/// The zones whose ways out are probed.
const ZONES: [&str; 5] = ["Z1", "Z2", "Z3", "Z4", "Z5"];
/// Codes of the board's members, their view, sex, and whether they come from outside.
const MEMBERS: [(&str, &str, &str, bool); 5] = [
    ("b1", "natural-science", "female", false),
    ("b2", "natural-science", "male", false),
    ("b3", "humanities", "female", true),
    ("b4", "humanities", "male", true),
    ("b5", "public", "female", true),
];
/// What the table asks for, item by item, with the need for it.
const ITEMS: [(&str, &str); 5] = [
    ("diagnosis_chapter", "傷病別の需要を示すため"),
    ("prefecture", "地域ごとに示すため"),
    ("sex", "性別で傾向が異なるため"),
    ("age_band_5", "年齢で傾向が異なるため"),
    ("condition_occurrence", "患者数を数えるため"),
];

/// Writes `registers/` and `evidence/`. `on` is the day before which everything was put in order.
pub(crate) fn write(out: &Path, on: Date) -> Result<(), SynthError> {
    let registers = out.join("registers");
    fs::create_dir_all(&registers)?;
    fs::write(registers.join("registers.toml"), entries(on))?;
    let evidence = out.join("evidence");
    fs::create_dir_all(&evidence)?;
    for (name, text) in [
        (
            "authentication.toml",
            format!("from = \"{FROM}\"\nto = \"{on}\"\nsessions = 40\ntwo_factors = 40\n"),
        ),
        ("certificate.toml", certificate("見本-認定証")),
        ("isms.toml", certificate("見本-ISMS")),
        ("key-rotation.toml", format!("rotated_on = \"{on}\"\n")),
        ("review-session.toml", session()),
    ] {
        fs::write(evidence.join(name), text)?;
    }
    for zone in ZONES {
        let probe = format!("probed_at = \"{on}T00:00:00Z\"\nunlisted_peers = 0\nprobes = 3\nreached = 0\n");
        fs::write(evidence.join(format!("egress-{zone}.toml")), probe)?;
    }
    Ok(())
}

fn certificate(number: &str) -> String {
    let copy = blake3::hash(number.as_bytes()).to_hex();
    format!("from = \"{FROM}\"\nto = \"{UNTIL}\"\ncopy = \"{copy}\"\n")
}

fn session() -> String {
    let mut text = String::new();
    for (code, view, sex, outside) in MEMBERS {
        text += &format!(
            "[[member]]\ncode = \"{code}\"\nview = \"{view}\"\nsex = \"{sex}\"\noutside = {outside}\n\
             declared = true\nconflict = false\nrecused = false\nvoted = true\n\n"
        );
    }
    for (item, necessity) in ITEMS {
        text += &format!("[[item]]\nitem = \"{item}\"\nnecessity = \"{necessity}\"\n\n");
    }
    text
}

fn entries(on: Date) -> String {
    let term = |rest: &str| format!("from = \"{FROM}\"\nuntil = \"{UNTIL}\"\n{rest}");
    let clauses: String = CLAUSES.iter().map(|c| format!("clause-{c} = \"yes\"\n")).collect();
    let contract = |user: &str, organisation: &str, kind: &str| {
        term(&format!(
            "user = \"{user}\"\norganisation = \"{organisation}\"\nuser-kind = \"{kind}\"\nsigned = \"{FROM}\"\n{clauses}"
        ))
    };
    let certified = |organisation: &str, name: &str, kind: &str| {
        term(&format!(
            "organisation = \"{organisation}\"\nname = \"{name}\"\ncertificate = \"見本-{organisation}\"\ntype = \"{kind}\"\n"
        ))
    };
    let evidence = |what: &str| {
        term(&format!("what = \"{what}\"\nnumber = \"見本-{what}\"\nissuer = \"見本認証機関\"\n"))
    };
    let entries = [
        ("contract", "K-0001", contract(RECIPIENT, "mihon-university", "anon-user")),
        ("contract", "K-0002", contract("見本製薬", "mihon-pharma", "certified-user")),
        ("contract", "K-0003", contract("見本市", "mihon-city", "anon-user")),
        ("certified-user", "U-0001", certified("mihon-pharma", "見本製薬", "I")),
        ("line", "L-0001", term(&format!("peer = \"{RECIPIENT}\"\nkind = \"leased\"\n"))),
        ("evidence", "N-0001", evidence("certificate")),
        ("evidence", "S-0001", evidence("isms")),
        (
            "operator",
            "self",
            format!(
                "name = \"見本認定作成事業者\"\ncertificate = \"見本-認定証\"\ncertified = \"{FROM}\"\n\
                 desk = \"見本相談窓口\"\ndesk-hours = \"平日9時から17時\"\n"
            ),
        ),
        (
            "log-review",
            "R-0001",
            format!(
                "on = \"{on}\"\nperiod-from = \"{FROM}\"\nperiod-until = \"{on}\"\nreviewer = \"security-01\"\n\
                 findings = \"0\"\n"
            ),
        ),
    ];
    let mut text = String::from("# Synthetic: no such contract, line or certificate exists.\n");
    for (class, entry, fields) in entries {
        text += &format!("\n[[entry]]\nclass = \"{class}\"\nentry = \"{entry}\"\n[entry.fields]\n{fields}");
    }
    text
}
