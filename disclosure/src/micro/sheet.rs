//! A table of cells, recoded as a policy says: every column by its class, quasi-identifiers by their hierarchies until
//! the models hold (個票の匿名加工).
//!
//! It must never let a column through that the policy does not classify, and never say a cell in an error: column and
//! row only (rows counted from 1, without the header).

use std::collections::{BTreeMap, HashMap};

use musubi_model::policy::{ColumnClass, ColumnPolicy, PersonPolicy, Policy, Recoding};

use super::dataset::{Builder, Dataset, DatasetError};
use super::hierarchy::{Hierarchy, HierarchyError};
use super::ladder::Ladder;
use super::local::{Effort, LocalError, recode};
use super::model::{Distance, Millionths, Model, ModelError};
use super::search::{Budget, SearchError, optimal};
use crate::report::{ColumnReport, LevelUse, Report, Risk};

/// Why a table is not recoded.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// A column that nobody classified.
    #[error(
        "ANON_COLUMN: column '{0}' of the file has no class in the policy; add a [[person.column]] with class direct, quasi, sensitive or neutral (方針に区分のない項目です)"
    )]
    Unclassified(String),
    /// A column of the policy that the file does not have.
    #[error(
        "ANON_COLUMN_MISSING: column '{0}' of the policy is not in the file's header; mend the header or take the column out of the policy (方針の項目が表にありません)"
    )]
    Missing(String),
    /// A hierarchy that cannot be used.
    #[error("column '{column}': {source}")]
    Hierarchy {
        /// The column.
        column: String,
        /// What is wrong.
        source: HierarchyError,
    },
    /// A quasi-identifier that cannot be made coarser.
    #[error(
        "ANON_NO_HIERARCHY: column '{0}' is a quasi-identifier without a hierarchy; give it one in the policy or with --hierarchy (準識別子に階層がありません)"
    )]
    NoHierarchy(String),
    /// A policy that is not for rows, or asks for what the columns do not offer.
    #[error("ANON_POLICY: {0} (方針をこの表に使えません)")]
    Policy(&'static str),
    /// The rows do not fit.
    #[error(transparent)]
    Data(#[from] DatasetError),
    /// The models do not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// No local recoding.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// No global recoding.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Columns and hierarchies.
    Columns = 1,
    /// Cells become leaves.
    Rows = 2,
    /// The recoding is looked for.
    Recode = 3,
    /// Cells are written, risks counted.
    Tell = 4,
}

/// A recoded table.
#[derive(Debug, Clone, PartialEq)]
pub struct Anonymized {
    /// Names of the columns that are left.
    pub header: Vec<String>,
    /// The rows in the order of their own cells, so that a place in the file tells nothing.
    pub rows: Vec<Vec<String>>,
    /// What was done, and what risk is left.
    pub report: Report,
}

/// A node for each quasi-identifier: level, and node of that level.
type Nodes = Vec<(u32, u32)>;

/// Recodes a table. `ladders` take the place of the hierarchies of the policy, by column.
///
/// # Errors
/// [`SheetError`].
pub fn anonymize(
    policy: &Policy,
    header: &[String],
    rows: &[Vec<String>],
    ladders: &BTreeMap<String, Ladder>,
    step: &mut dyn FnMut(Step),
) -> Result<Anonymized, SheetError> {
    step(Step::Columns);
    let person = policy.person.as_ref().ok_or(SheetError::Policy("it has no [person] part"))?;
    let columns = classified(person, header)?;
    let of = |class| columns.iter().enumerate().filter(move |(_, c)| c.class == class);
    let quasi: Vec<(usize, Ladder)> = of(ColumnClass::Quasi)
        .map(|(at, column)| Ok((at, ladder(column, at, rows, ladders)?)))
        .collect::<Result<_, SheetError>>()?;
    if quasi.is_empty() {
        return Err(SheetError::Policy("no column is a quasi-identifier"));
    }
    let sensitive: Vec<usize> = of(ColumnClass::Sensitive).map(|(at, _)| at).collect();
    let models = models(person, sensitive.len())?;
    step(Step::Rows);
    let data = dataset(&columns, &quasi, &sensitive, rows)?;
    step(Step::Recode);
    let told = match person.recoding.value {
        Recoding::Local => locally(&data, &models)?,
        Recoding::Global => globally(&data, &models, person.suppression_limit.value)?,
        Recoding::None => return Err(SheetError::Policy("recoding is none: there is nothing to do")),
    };
    step(Step::Tell);
    let kept: Vec<usize> = (0..columns.len())
        .filter(|&at| columns.get(at).is_some_and(|c| c.class != ColumnClass::Direct))
        .collect();
    let place: HashMap<usize, usize> = quasi.iter().enumerate().map(|(q, (at, _))| (*at, q)).collect();
    let mut out: Vec<Vec<String>> = Vec::with_capacity(rows.len());
    for (row, nodes) in rows.iter().zip(&told) {
        let Some(nodes) = nodes else { continue };
        let cell = |at: &usize| match place.get(at) {
            Some(&q) => label(&data, q, nodes).to_owned(),
            None => row.get(*at).cloned().unwrap_or_default(),
        };
        out.push(kept.iter().map(cell).collect());
    }
    out.sort_unstable();
    let report = report(policy, person, &columns, &quasi, &data, &told);
    Ok(Anonymized {
        header: kept.iter().filter_map(|&at| header.get(at)).cloned().collect(),
        rows: out,
        report,
    })
}

/// The policy's line for each column of the file.
fn classified<'a>(person: &'a PersonPolicy, header: &[String]) -> Result<Vec<&'a ColumnPolicy>, SheetError> {
    if let Some(missing) = person.columns.iter().find(|c| !header.contains(&c.name)) {
        return Err(SheetError::Missing(missing.name.clone()));
    }
    let find = |name: &String| {
        let column = person.columns.iter().find(|c| c.name == *name);
        column.ok_or_else(|| SheetError::Unclassified(name.clone()))
    };
    header.iter().map(find).collect()
}

fn ladder(
    column: &ColumnPolicy,
    at: usize,
    rows: &[Vec<String>],
    given: &BTreeMap<String, Ladder>,
) -> Result<Ladder, SheetError> {
    if let Some(ladder) = given.get(&column.name) {
        return Ok(ladder.clone());
    }
    let spec = column.hierarchy.as_ref().ok_or_else(|| SheetError::NoHierarchy(column.name.clone()))?;
    let cells = rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
    Ladder::of(spec, cells).map_err(|source| SheetError::Hierarchy { column: column.name.clone(), source })
}

/// The models that a policy asks for: k of every class; ℓ and t of every sensitive column in it.
///
/// # Errors
/// [`SheetError::Policy`] when ℓ or t is asked for and no column is sensitive, or a value is beyond what is possible.
pub fn models(person: &PersonPolicy, sensitive: usize) -> Result<Vec<Model>, SheetError> {
    let whole = |n: u64| u32::try_from(n).map_err(|_| SheetError::Policy("k or l is beyond 4,294,967,295"));
    if sensitive == 0 && (person.l.is_some() || person.t.is_some()) {
        return Err(SheetError::Policy("it asks for l or t, and no column is sensitive"));
    }
    let mut models = vec![Model::KAnonymity { k: whole(person.k.value)? }];
    for column in 0..sensitive {
        if let Some(l) = &person.l {
            models.push(Model::DistinctDiversity { column, l: whole(l.value)? });
        }
        if let Some(t) = &person.t {
            let t = Millionths::new(t.value).ok_or(SheetError::Policy("t is not from 0 to 1"))?;
            models.push(Model::Closeness { column, t, distance: Distance::Equal });
        }
    }
    Ok(models)
}

fn dataset(
    columns: &[&ColumnPolicy],
    quasi: &[(usize, Ladder)],
    sensitive: &[usize],
    rows: &[Vec<String>],
) -> Result<Dataset, SheetError> {
    let name = |at: usize| columns.get(at).map_or("", |c| c.name.as_str());
    let mut builder = Builder::default();
    for (at, ladder) in quasi {
        builder = builder.quasi(name(*at), ladder.hierarchy.clone());
    }
    for at in sensitive {
        builder = builder.sensitive(name(*at), None);
    }
    for row in rows {
        let cell = |at: usize| row.get(at).map_or("", String::as_str);
        let leaves: Vec<String> = quasi.iter().map(|(at, ladder)| ladder.leaf(cell(*at))).collect();
        let beside: Vec<String> = sensitive.iter().map(|at| cell(*at).trim().to_owned()).collect();
        builder.push(&leaves, &beside)?;
    }
    Ok(builder.finish()?)
}

fn locally(data: &Dataset, models: &[Model]) -> Result<Vec<Option<Nodes>>, SheetError> {
    let found = recode(data, models, Effort::for_rows(data.rows()))?;
    let nodes = |group: &u32| found.groups.get(*group as usize).map(|g| g.nodes.clone());
    Ok(found.of_row.iter().map(nodes).collect())
}

fn globally(data: &Dataset, models: &[Model], limit: f64) -> Result<Vec<Option<Nodes>>, SheetError> {
    let found = optimal(data, models, limit, &Budget::unlimited())?;
    let nodes = |row: usize| {
        let told = data.columns().iter().zip(&found.levels).map(|(column, &level)| {
            (u32::from(level), column.hierarchy.node(usize::from(level), column.ids.get(row)))
        });
        (!found.is_suppressed(row)).then(|| told.collect())
    };
    Ok((0..data.rows()).map(nodes).collect())
}

fn hierarchy(data: &Dataset, q: usize) -> Option<&Hierarchy> {
    data.columns().get(q).map(|c| &*c.hierarchy)
}

fn label<'a>(data: &'a Dataset, q: usize, nodes: &Nodes) -> &'a str {
    let node = nodes.get(q).copied().zip(hierarchy(data, q));
    node.map_or("*", |((level, node), h)| h.label(level as usize, node))
}

fn report(
    policy: &Policy,
    person: &PersonPolicy,
    columns: &[&ColumnPolicy],
    quasi: &[(usize, Ladder)],
    data: &Dataset,
    told: &[Option<Nodes>],
) -> Report {
    let rows = data.rows() as u64;
    let before = |row: usize| Some(data.columns().iter().map(|c| (0, c.ids.get(row))).collect());
    let kept = told.iter().flatten().count() as u64;
    let place: HashMap<usize, usize> = quasi.iter().enumerate().map(|(q, (at, _))| (*at, q)).collect();
    let columns: Vec<ColumnReport> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let blank =
                ColumnReport { name: column.name.clone(), class: column.class, levels: vec![], loss: None };
            let Some((&q, h)) = place.get(&at).and_then(|q| Some((q, hierarchy(data, *q)?))) else {
                return blank;
            };
            let mut levels: Vec<LevelUse> = (0..h.levels())
                .map(|level| LevelUse { level, nodes: h.nodes(level) as u64, rows: 0 })
                .collect();
            // A suppressed row loses everything: all leaves but one.
            let most = (h.leaves() as u64).saturating_sub(1);
            let mut beyond = (rows - kept) * most;
            for &(level, node) in told.iter().flatten().filter_map(|nodes| nodes.get(q)) {
                if let Some(used) = levels.get_mut(level as usize) {
                    used.rows += 1;
                }
                beyond += u64::from(h.covered(level as usize, node).saturating_sub(1));
            }
            let loss = if most == 0 { 0.0 } else { beyond as f64 / (most * rows) as f64 };
            ColumnReport { levels, loss: Some(loss), ..blank }
        })
        .collect();
    let losses: Vec<f64> = columns.iter().filter_map(|c| c.loss).collect();
    Report {
        policy: policy.name.clone(),
        version: policy.version,
        policy_hash: policy.hash(),
        recoding: person.recoding.value,
        k: person.k.value,
        l: person.l.as_ref().map(|l| l.value),
        t: person.t.as_ref().map(|t| t.value),
        suppression_limit: person.suppression_limit.value,
        rows,
        suppressed: rows - kept,
        loss: losses.iter().sum::<f64>() / losses.len().max(1) as f64,
        before: Risk::of(&sizes((0..data.rows()).map(before))),
        after: Risk::of(&sizes(told.iter().cloned())),
        columns,
    }
}

/// How many rows share each combination of nodes.
fn sizes(rows: impl Iterator<Item = Option<Nodes>>) -> Vec<u64> {
    let mut classes: HashMap<Nodes, u64> = HashMap::new();
    for nodes in rows.flatten() {
        *classes.entry(nodes).or_default() += 1;
    }
    classes.into_values().collect()
}
