//! The model as a file (モデルファイル): everything that decides and that may change, in one writing, known by its hash,
//! signed by the house.
//!
//! Canonical JSON: keys sorted, whole numbers, no blanks; the same model gives the same bytes on any machine. A file that
//! is not exactly as it would be written, or not signed, or holds what no training makes, is no model: fail closed.

use musubi_model::sign::{PublicKey, SecretKey, Signature};
use serde::{Deserialize, Serialize};

use crate::mpi::BIT;
use crate::mpi::model::{Model, Rules};
use crate::mpi::weights::{COMPARISONS, LEVELS, Weights};
use crate::names::NameBook;
use crate::train::{Names, TrainingReport};

/// What a signature of a model is for.
pub const DOMAIN: &str = musubi_model::sign::MATCHING_MODEL;
/// Form of the file.
pub const FORMAT: &str = "musubi-matching-model/1";
/// A file cannot be larger: names of a country fit a hundred times over.
pub const BYTES_MAX: usize = 512 << 20;
/// No weight can be larger: log2 of any share that counting can show.
const BITS_MAX: i32 = 64 * BIT;

/// What a model was trained on: counts, for whoever approves it and for the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainedOn {
    /// Records.
    pub records: u64,
    /// Different (name, birth date) that taught names.
    pub persons_named: u64,
    /// Names that were kept.
    pub names: Names,
    /// Silver pairs (銀の正解).
    pub silver_pairs: u64,
    /// Pairs drawn at random.
    pub random_pairs: u64,
    /// Probabilities that moved.
    pub moved: u64,
    /// Probabilities over which EM and silver pairs differ by a bit or more.
    pub disputed: u64,
}

impl From<&TrainingReport> for TrainedOn {
    fn from(r: &TrainingReport) -> Self {
        Self {
            records: r.records,
            persons_named: r.persons_named,
            names: r.names_kept,
            silver_pairs: r.silver.values().sum(),
            random_pairs: r.random_pairs,
            moved: r.moved(),
            disputed: r.disputed().count() as u64,
        }
    }
}

/// Why a file is not taken for a model. Says nothing of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoModel {
    /// The signature does not hold.
    #[error("モデルの署名をこの事業所の鍵で検証できません")]
    Signature,
    /// Too large.
    #[error("モデルファイルが大きすぎます")]
    TooLarge,
    /// Not this form.
    #[error("モデルファイルの形式が違います(musubi-matching-model/1 ではありません)")]
    Format,
    /// Not the one writing of its content.
    #[error("モデルファイルが正規の書き方ではありません(書き換えられた可能性があります)")]
    NotCanonical,
    /// The name or number of the version.
    #[error("モデルの名前は英小文字・数字・ハイフンと番号で、名前/番号 と書きます")]
    Version,
    /// Missing levels, or weights that no counting gives.
    #[error("モデルの確率の表が不正です")]
    Table,
    /// Thresholds in the wrong order, or limits that would stop the engine.
    #[error("モデルのしきい値・上限が不正です")]
    Rules,
}

impl NoModel {
    /// In English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Signature => "the model's signature does not hold under the key of this house",
            Self::TooLarge => "the model file is too large",
            Self::Format => "not a model file (musubi-matching-model/1)",
            Self::NotCanonical => "the model file is not in its canonical form; it may have been altered",
            Self::Version => {
                "a model is named by small letters, digits and hyphens, and a number: name/number"
            }
            Self::Table => "the model's table of probabilities does not hold together",
            Self::Rules => "the model's thresholds or limits do not hold together",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: String,
    rules: Rules,
    weights: Weights,
    names: NameBook,
    trained_on: TrainedOn,
}

/// A model with its one writing.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The bytes that are kept and signed.
    pub bytes: Vec<u8>,
    /// The model; its version is `name/number+hash8`.
    pub model: Model,
    /// What it was trained on.
    pub trained_on: TrainedOn,
}

impl ModelFile {
    /// Writes a model down. What stands after `+` in its version is made anew from the bytes.
    ///
    /// # Errors
    /// [`NoModel`] when it would not be read again.
    pub fn write(model: &Model, trained_on: &TrainedOn) -> Result<Self, NoModel> {
        let version = model.version.split('+').next().unwrap_or_default().to_owned();
        let file = File {
            format: FORMAT.to_owned(),
            version,
            rules: model.rules.clone(),
            weights: model.weights.clone(),
            names: model.names.clone(),
            trained_on: trained_on.clone(),
        };
        Self::read(&canonical(&file)?)
    }

    /// Signs the bytes as the house.
    #[must_use]
    pub fn sign(&self, house: &SecretKey) -> Signature {
        house.sign(DOMAIN, &self.bytes)
    }

    /// Reads a model whose signature holds, and no other.
    ///
    /// # Errors
    /// [`NoModel`] for anything but the exact bytes of a sound model that `house` signed.
    pub fn open(bytes: &[u8], signature: &Signature, house: &PublicKey) -> Result<Self, NoModel> {
        if !house.verifies(DOMAIN, bytes, signature) {
            return Err(NoModel::Signature);
        }
        Self::read(bytes)
    }

    fn read(bytes: &[u8]) -> Result<Self, NoModel> {
        if bytes.len() > BYTES_MAX {
            return Err(NoModel::TooLarge);
        }
        let file: File = serde_json::from_slice(bytes).map_err(|_| NoModel::Format)?;
        if file.format != FORMAT {
            return Err(NoModel::Format);
        }
        if canonical(&file)? != bytes {
            return Err(NoModel::NotCanonical);
        }
        sound(&file)?;
        let version = format!("{}+{}", file.version, hash(bytes).get(..8).unwrap_or_default());
        let model = Model { version, rules: file.rules, weights: file.weights, names: file.names };
        Ok(Self { bytes: bytes.to_vec(), model, trained_on: file.trained_on })
    }

    /// BLAKE3 of the bytes: the identity of the model, 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&self.bytes)
    }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// `serde_json` keeps objects sorted by key; all numbers of a model are whole.
fn canonical(file: &File) -> Result<Vec<u8>, NoModel> {
    serde_json::to_value(file).and_then(|v| serde_json::to_vec(&v)).map_err(|_| NoModel::Format)
}

fn sound(file: &File) -> Result<(), NoModel> {
    let (name, number) = file.version.split_once('/').ok_or(NoModel::Version)?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let named = (1..=40).contains(&name.len()) && name.chars().all(letters);
    let numbered = number.parse::<u32>().is_ok_and(|n| n > 0 && n.to_string() == number);
    if !named || !numbered {
        return Err(NoModel::Version);
    }
    let w = &file.weights;
    let whole = w.table.len() == COMPARISONS && w.table.iter().all(|t| t.len() == LEVELS);
    // log2 of a probability is never above zero; the priors may be
    let low = w.table.iter().flatten().flatten().all(|b| (-BITS_MAX..=0).contains(b));
    if !whole || !low || !w.prior.iter().all(|b| b.abs() <= BITS_MAX) {
        return Err(NoModel::Table);
    }
    let r = &file.rules;
    let weights = [r.threshold, r.edge, r.grey, r.sure_weight];
    let fine = r.edge <= r.threshold
        && r.grey >= 0
        && weights.iter().all(|b| b.abs() <= BITS_MAX)
        && r.population > 0
        && (2..=100_000).contains(&r.crowded)
        && (2..=1_000_000).contains(&r.component_max)
        && r.unseen_name > 0
        && r.era_slips.len() <= 64
        && r.sure.len() <= 64
        && r.sure.iter().all(|s| s.guard.len() <= 64 && !s.guard.is_empty());
    if fine { Ok(()) } else { Err(NoModel::Rules) }
}
