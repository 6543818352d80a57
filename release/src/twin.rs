//! The synthetic twin of an extract (合成データによる写し): the files a release of rows would have, made of given lives of
//! nobody, so that applicants can write their programs before they are approved.
//!
//! Cohort, policy, labels, columns and writers are those of a release. It must never be given a person of the store, and
//! never look like a release: no approval, no manifest, no signature.

use std::fmt::Write as _;
use std::path::Path;

use musubi_disclosure::events::ShiftKey;
use musubi_model::policy::Policy;
use musubi_model::spec::ExtractSpec;

use crate::error::ReleaseError;
use crate::extract::{Attrition, Life, of_lives};
use crate::pack::{self, Sheet};
use crate::rows::{self, Ordered};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// How the synthetic cohort came about.
    pub attrition: Attrition,
    /// Names of the files, without `.csv` and `.parquet`, and their rows.
    pub files: Vec<(String, usize)>,
}

/// Writes the twin of a request into `folder`, which must not be there. The same lives, request, policy and seed give
/// the same bytes.
///
/// # Errors
/// [`ReleaseError::Twin`]: the request is not one for rows. [`ReleaseError::Policy`]: a policy for another product.
/// [`ReleaseError::Empty`], [`ReleaseError::Floor`]: too few lives are in the cohort. What the engines and the writer say.
pub fn twin(
    lives: impl Iterator<Item = Life>,
    spec: &ExtractSpec,
    policy: &Policy,
    seed: u64,
    folder: &Path,
) -> Result<Twin, ReleaseError> {
    let asked = spec.rows.as_ref().ok_or(ReleaseError::Twin)?;
    if policy.product != spec.product {
        return Err(ReleaseError::Policy(
            "the policy is for another product than the request; name one of the same product (方針の提供区分が申出と違います)",
        ));
    }
    let linked = of_lives(lives, &spec.cohort, asked)?;
    let attrition = linked.attrition.clone();
    let persons = linked.persons.len();
    let ordered = Ordered::new(linked, pids(seed, persons))?;
    let made = rows::make(&ordered, asked, policy, &ShiftKey(key(seed, "shift")))?;
    let text = |sheets: &[&Sheet]| readme(spec, policy, seed, attrition.persons, sheets);
    let omop = pack::plain(folder, &made.sheets, spec.product, asked, text)?;
    let files = made.sheets.iter().chain(&omop).map(|s| (s.name.clone(), s.rows())).collect();
    Ok(Twin { attrition, files })
}

/// 32 bytes of a seed, for one use.
fn key(seed: u64, what: &str) -> [u8; 32] {
    *blake3::Hasher::new_derive_key("musubi twin 2026-11 of a seed")
        .update(&seed.to_le_bytes())
        .update(what.as_bytes())
        .finalize()
        .as_bytes()
}

/// Pseudonyms of the usual form, each once: the number of a person goes through a bijection of 64 bits (splitmix64).
fn pids(seed: u64, persons: usize) -> Vec<String> {
    let [a, b, c, d, e, f, g, h, ..] = key(seed, "pid");
    let start = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let mix = |n: u64| {
        let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(start);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    (0u64..).take(persons).map(|n| format!("{:016x}", mix(n))).collect()
}

fn readme(spec: &ExtractSpec, policy: &Policy, seed: u64, lives: u64, sheets: &[&Sheet]) -> String {
    let line = "=".repeat(72);
    let mut text = format!(
        "\u{feff}{line}\n\
         合　成　デ　ー　タ　　　S Y N T H E T I C   D A T A\n\
         この中に実在の人はひとりもいません。分析や公表に使ってはなりません。\n\
         Nobody in these files exists. Not for analysis, not for publication.\n{line}\n\n\
         申出「{}」({})の提供物と同じファイル・列・区分を、乱数から作りました。\n\
         承認を待つ間にプログラムを書き、動かしてみるためのものです。提供物ではなく、署名も目録もありません。\n\
         件数・割合・値・関連は、実際のデータについて何も語りません。コードは合成データがもつものだけが現れます。\n\n\
         The files, columns and labels that a release of the request \"{}\" would have, made of random numbers, for \
         writing and trying programs before approval. It is no release: nothing is signed. Numbers, shares, values and \
         relations say nothing about real data, and only the codes of the generator occur.\n\n\
         方針 policy: {}/{}  {}\n種 seed: {seed}  合成した人 synthetic persons: {lives}\n\n\
         ファイル files (.csv, .parquet)\n",
        spec.title,
        spec.name,
        spec.name,
        policy.name,
        policy.version,
        spec.product.ja(),
    );
    for sheet in sheets {
        let columns: Vec<&str> = sheet.columns.iter().map(|c| c.name.as_str()).collect();
        let _ = writeln!(text, "  {}  {} 行 rows: {}", sheet.name, sheet.rows(), columns.join(", "));
    }
    text.push_str(
        "\n列の意味は dictionary.csv にあります。 What the columns mean stands in dictionary.csv.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn pseudonyms_are_different_and_follow_the_seed() {
        let some = pids(1, 5_000);
        assert!(some.iter().all(|p| p.len() == 16 && p.bytes().all(|b| b.is_ascii_hexdigit())));
        assert_eq!(some.iter().collect::<BTreeSet<_>>().len(), 5_000);
        assert_eq!(some, pids(1, 5_000));
        assert_ne!(some, pids(2, 5_000));
    }
}
