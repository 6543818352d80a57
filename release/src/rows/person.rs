//! The person table (個票): from what is known of the persons to labels of the policy's hierarchies.
//!
//! It must never release a column that the policy does not classify, nor a label that is not of its hierarchy.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;
use musubi_disclosure::events::LEFT_OUT;
use musubi_disclosure::micro::dataset::{Column as Quasi, Dataset, Ids, Sensitive};
use musubi_disclosure::micro::hierarchy::{Band, Hierarchy};
use musubi_disclosure::micro::local;
use musubi_disclosure::micro::model::{Distance, Millionths, Model};
use musubi_disclosure::micro::search::{self, Budget};
use musubi_model::policy::{ColumnClass, HierarchySpec, PersonPolicy, Recoding};
use musubi_model::prefecture::{PREFECTURES, region_of};
use musubi_model::spec::{PersonColumn, RowSpec};

use super::in_product;
use crate::error::ReleaseError;
use crate::extract::{InsurerKind, Linked, PersonRow};
use crate::pack::{Column, ColumnLevel, NOT_TOLD, RiskColumn, Sheet, Values};

/// What is not known, inside the engine; an empty field in the files.
const UNKNOWN: &str = "?";

/// A column as it was read.
#[derive(Debug)]
struct Read {
    column: PersonColumn,
    class: ColumnClass,
    /// The finest labels.
    leaves: Vec<CompactString>,
    /// For each person the place of theirs.
    ids: Vec<u32>,
    hierarchy: Option<Arc<Hierarchy>>,
}

/// The person table before recoding.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Read>,
    persons: usize,
}

/// The person table after recoding.
#[derive(Debug)]
pub(super) struct Recoded {
    /// For each quasi-identifier of the table, in order, its level; `None` where levels differ between classes.
    levels: Vec<Option<usize>>,
    /// For each column of the table the labels, and for each person which.
    labels: Vec<(Vec<CompactString>, Vec<u32>)>,
    /// For each person the class, or [`LEFT_OUT`].
    pub(super) classes: Vec<u32>,
    /// Persons of each class.
    pub(super) sizes: Vec<u64>,
    /// Loss, 0 to 1.
    pub(super) loss: f64,
}

impl Recoded {
    /// Persons who are not in the product.
    pub(super) fn left_out(&self) -> usize {
        self.classes.iter().filter(|class| !in_product(**class)).count()
    }
}

/// The finest label of a person in a column; `None`: not known, or (death) nothing to tell.
fn leaf(column: PersonColumn, person: &PersonRow, bands: Option<&Band>) -> Option<CompactString> {
    let banded = |n: i64| bands.map_or_else(|| n.to_string(), |b| b.label(n)).into();
    match column {
        PersonColumn::Sex => person.sex.map(|sex| sex.to_string().into()),
        PersonColumn::Age => person.age.map(|age| banded(age.into())),
        PersonColumn::Area => {
            let at = usize::from(person.area?).checked_sub(1)?;
            PREFECTURES.get(at).map(|(_, name)| (*name).into())
        }
        PersonColumn::Index => person.index.map(|(year, quarter)| format!("{year}-Q{quarter}").into()),
        PersonColumn::Insurer => person.insurer.map(|kind| insurer(kind).into()),
        PersonColumn::Death => person.death.map(|days| banded(days.into())),
        PersonColumn::Observed => person.last.map(|days| banded(days.into())),
    }
}

fn insurer(kind: InsurerKind) -> &'static str {
    match kind {
        InsurerKind::National => "national",
        InsurerKind::Employees => "employees",
        InsurerKind::Elderly => "elderly",
        InsurerKind::Public => "public",
    }
}

/// The bands of a column; days are told in no finer band than the first.
fn bands(column: PersonColumn, spec: Option<&HierarchySpec>) -> Option<Band> {
    let Some(HierarchySpec::Bands { widths, top, bottom }) = spec else { return None };
    let given = widths.iter().map(|w| i64::from(*w));
    let single = matches!(column, PersonColumn::Age).then_some(1);
    let widths: Vec<i64> = single.into_iter().chain(given.filter(|w| *w > 1 || single.is_none())).collect();
    let most = widths.last().copied().unwrap_or(1).saturating_mul(100);
    Some(Band { bottom: bottom.unwrap_or(0), top: top.unwrap_or(most), widths })
}

/// The hierarchy over these leaves; what is not known has a leaf of its own.
fn hierarchy(spec: &HierarchySpec, leaves: &[CompactString]) -> Result<Hierarchy, ReleaseError> {
    let row = |leaf: &CompactString| -> Vec<String> {
        let leaf = leaf.as_str();
        let above: Vec<String> = match spec {
            HierarchySpec::Prefecture => {
                let at = PREFECTURES.iter().position(|(_, name)| *name == leaf);
                vec![at.map_or_else(|| leaf.to_owned(), |at| region_of(at).to_owned())]
            }
            HierarchySpec::Quarter => vec![leaf.split_once('-').map_or(leaf, |(year, _)| year).to_owned()],
            HierarchySpec::Prefix { keep } => {
                keep.iter().map(|n| leaf.chars().take(*n as usize).collect()).collect()
            }
            HierarchySpec::Rows { rows } => {
                let own = rows.iter().find(|row| row.first().is_some_and(|first| first == leaf));
                let middle = own.map(|row| row.iter().skip(1).rev().skip(1).rev().cloned().collect());
                let width = rows.first().map_or(0, |row| row.len().saturating_sub(2));
                middle.unwrap_or_else(|| vec![leaf.to_owned(); width])
            }
            HierarchySpec::Flat | HierarchySpec::Bands { .. } => Vec::new(),
        };
        let mut row = vec![leaf.to_owned()];
        row.extend(above);
        row.push("*".to_owned());
        row
    };
    let text: Vec<String> = leaves.iter().map(|leaf| row(leaf).join(";")).collect();
    Ok(Hierarchy::from_rows(&text.join("\n"))?)
}

/// The hierarchy of bands with a leaf for what is not known.
fn banded(band: &Band) -> Result<Hierarchy, ReleaseError> {
    let plain = Hierarchy::bands(band)?;
    let row = |leaf: u32| -> String {
        let labels = (0..plain.levels()).map(|level| plain.label(level, plain.node(level, leaf)).to_owned());
        labels.collect::<Vec<_>>().join(";")
    };
    let leaves = u32::try_from(plain.leaves()).unwrap_or(0);
    let unknown = vec![UNKNOWN; plain.levels().saturating_sub(1)].join(";");
    let rows: Vec<String> = (0..leaves).map(row).chain([format!("{unknown};*")]).collect();
    Ok(Hierarchy::from_rows(&rows.join("\n"))?)
}

impl Table {
    /// Reads the columns asked for. `watched`: persons whose area is not told.
    pub(super) fn read(
        linked: &Linked,
        asked: &RowSpec,
        policy: &PersonPolicy,
        watched: &[u32],
    ) -> Result<Self, ReleaseError> {
        let hidden = |column: PersonColumn, person: usize| {
            column == PersonColumn::Area
                && u32::try_from(person).is_ok_and(|p| watched.binary_search(&p).is_ok())
        };
        let mut columns = Vec::with_capacity(asked.person.len());
        for column in &asked.person {
            let rule = policy.columns.iter().find(|c| c.name == column.as_str());
            let rule = rule
                .filter(|rule| rule.class != ColumnClass::Direct)
                .ok_or(ReleaseError::Column(column.as_str()))?;
            let plain = policy.recoding.value == Recoding::None;
            let band = if plain { None } else { bands(*column, rule.hierarchy.as_ref()) };
            // All leaves of the hierarchy, so that its shape tells nothing of who is in the cohort.
            let known = band.as_ref().map(banded).transpose()?;
            let mut leaves: Vec<CompactString> = match &known {
                Some(known) => (0..u32::try_from(known.leaves()).unwrap_or(0))
                    .map(|leaf| known.label(0, leaf).into())
                    .collect(),
                None if *column == PersonColumn::Area => {
                    PREFECTURES.iter().map(|(_, name)| (*name).into()).chain([UNKNOWN.into()]).collect()
                }
                None => vec![UNKNOWN.into()],
            };
            let mut places: HashMap<CompactString, u32> = HashMap::new();
            for (place, leaf) in (0u32..).zip(&leaves) {
                places.insert(leaf.clone(), place);
            }
            let label = |person: (usize, &PersonRow)| {
                let own = leaf(*column, person.1, band.as_ref()).filter(|_| !hidden(*column, person.0));
                own.unwrap_or_else(|| UNKNOWN.into())
            };
            let mut ids = Vec::with_capacity(linked.persons.len());
            for person in linked.persons.iter().enumerate() {
                let label = label(person);
                let next = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
                let id = *places.entry(label.clone()).or_insert(next);
                if id == next {
                    leaves.push(label);
                }
                ids.push(id);
            }
            let made = match (&rule.hierarchy, known) {
                (_, Some(known)) => Some(known),
                (Some(spec), None) => Some(hierarchy(spec, &leaves)?),
                (None, None) => None,
            };
            columns.push(Read {
                column: *column,
                class: rule.class,
                leaves,
                ids,
                hierarchy: made.map(Arc::new),
            });
        }
        Ok(Self { columns, persons: linked.persons.len() })
    }

    fn quasi(&self) -> impl Iterator<Item = &Read> {
        self.columns.iter().filter(|c| c.class == ColumnClass::Quasi)
    }

    /// Everybody with the finest labels, as pseudonymised products tell them.
    pub(super) fn as_it_is(&self) -> Recoded {
        let quasi: Vec<&Vec<u32>> = self.quasi().map(|c| &c.ids).collect();
        let (classes, sizes) = classes(&quasi, self.persons, |_| true);
        let labels = self.columns.iter().map(|c| (c.leaves.clone(), c.ids.clone())).collect();
        Recoded { levels: self.quasi().map(|_| Some(0)).collect(), labels, classes, sizes, loss: 0.0 }
    }

    /// Recoded so that every class has at least `k` persons and what else the policy asks.
    pub(super) fn recoded(
        &self,
        policy: &PersonPolicy,
        k: u64,
        how: Recoding,
    ) -> Result<Recoded, ReleaseError> {
        let columns: Vec<Quasi> = self
            .quasi()
            .filter_map(|c| {
                let hierarchy = Arc::clone(c.hierarchy.as_ref()?);
                let mut ids = Ids::for_values(hierarchy.leaves());
                c.ids.iter().for_each(|id| ids.push(*id));
                Some(Quasi { name: c.column.as_str().to_owned(), hierarchy, ids })
            })
            .collect();
        if columns.is_empty() {
            return Ok(Recoded {
                sizes: vec![self.persons as u64],
                classes: vec![0; self.persons],
                ..self.as_it_is()
            });
        }
        let sensitive: Vec<Sensitive> = self
            .columns
            .iter()
            .filter(|c| c.class == ColumnClass::Sensitive)
            .map(|c| {
                let mut ids = Ids::for_values(c.leaves.len());
                c.ids.iter().for_each(|id| ids.push(*id));
                let domain = u32::try_from(c.leaves.len()).unwrap_or(u32::MAX);
                Sensitive { name: c.column.as_str().to_owned(), ids, domain, hierarchy: None }
            })
            .collect();
        let sensitive_columns = sensitive.len();
        let data = Dataset::new(columns, sensitive)?;
        let k = u32::try_from(k).unwrap_or(u32::MAX);
        let mut models = vec![Model::KAnonymity { k }];
        for column in 0..sensitive_columns {
            if let Some(l) = &policy.l {
                let l = u32::try_from(l.value).unwrap_or(u32::MAX);
                models.push(Model::DistinctDiversity { column, l });
            }
            if let Some(t) = &policy.t {
                let t = Millionths::new(t.value).ok_or(ReleaseError::Policy("t is not from 0 to 1"))?;
                models.push(Model::Closeness { column, t, distance: Distance::Equal });
            }
        }
        if how == Recoding::Local {
            return self.locally(&data, &models);
        }
        let found = search::optimal(&data, &models, policy.suppression_limit.value, &Budget::unlimited())
            .map_err(|e| ReleaseError::Rows(e.to_string()))?;
        let levels: Vec<usize> = found.levels.iter().map(|level| usize::from(*level)).collect();
        let mut labels = Vec::with_capacity(self.columns.len());
        let mut level = levels.iter();
        for column in &self.columns {
            match (&column.hierarchy, column.class) {
                (Some(hierarchy), ColumnClass::Quasi) => {
                    let level = level.next().copied().unwrap_or_else(|| hierarchy.top());
                    let nodes = u32::try_from(hierarchy.nodes(level)).unwrap_or(0);
                    let names = (0..nodes).map(|node| hierarchy.label(level, node).into()).collect();
                    let ids = column.ids.iter().map(|leaf| hierarchy.node(level, *leaf)).collect();
                    labels.push((names, ids));
                }
                _ => labels.push((column.leaves.clone(), column.ids.clone())),
            }
        }
        let quasi: Vec<&Vec<u32>> = self
            .columns
            .iter()
            .zip(&labels)
            .filter(|(column, _)| column.class == ColumnClass::Quasi)
            .map(|(_, (_, ids)): (_, &(Vec<CompactString>, Vec<u32>))| ids)
            .collect();
        let (classes, sizes) = classes(&quasi, self.persons, |person| !found.is_suppressed(person));
        Ok(Recoded {
            levels: levels.into_iter().map(Some).collect(),
            labels,
            sizes,
            classes,
            loss: found.loss,
        })
    }

    /// Recoded class by class.
    fn locally(&self, data: &Dataset, models: &[Model]) -> Result<Recoded, ReleaseError> {
        let found = local::recode(data, models, local::Effort::for_rows(self.persons))
            .map_err(|e| ReleaseError::Rows(e.to_string()))?;
        let mut labels = Vec::with_capacity(self.columns.len());
        let mut nth = 0;
        for column in &self.columns {
            let (Some(hierarchy), ColumnClass::Quasi) = (&column.hierarchy, column.class) else {
                labels.push((column.leaves.clone(), column.ids.clone()));
                continue;
            };
            let mut names: Vec<CompactString> = Vec::new();
            let mut places: HashMap<(u32, u32), u32> = HashMap::new();
            let mut of_group = Vec::with_capacity(found.groups.len());
            for group in &found.groups {
                let (level, node) = group.nodes.get(nth).copied().unwrap_or_default();
                let next = u32::try_from(names.len()).unwrap_or(NOT_TOLD);
                let place = *places.entry((level, node)).or_insert(next);
                if place == next {
                    names.push(hierarchy.label(level as usize, node).into());
                }
                of_group.push(place);
            }
            let of = |group: &u32| of_group.get(*group as usize).copied().unwrap_or(NOT_TOLD);
            labels.push((names, found.of_row.iter().map(of).collect()));
            nth += 1;
        }
        Ok(Recoded {
            levels: self.quasi().map(|_| None).collect(),
            labels,
            classes: found.of_row.clone(),
            sizes: found.groups.iter().map(|group| group.rows).collect(),
            loss: found.loss,
        })
    }
}

/// The class of each person equal in all these columns, or [`LEFT_OUT`], and the sizes of the classes.
fn classes(columns: &[&Vec<u32>], persons: usize, kept: impl Fn(usize) -> bool) -> (Vec<u32>, Vec<u64>) {
    let mut places: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut sizes: Vec<u64> = Vec::new();
    let mut classes = Vec::with_capacity(persons);
    for person in 0..persons {
        if !kept(person) {
            classes.push(LEFT_OUT);
            continue;
        }
        let key: Vec<u32> = columns.iter().filter_map(|ids| ids.get(person).copied()).collect();
        let next = u32::try_from(sizes.len()).unwrap_or(LEFT_OUT);
        let class = *places.entry(key).or_insert(next);
        if class == next {
            sizes.push(0);
        }
        if let Some(size) = usize::try_from(class).ok().and_then(|at| sizes.get_mut(at)) {
            *size += 1;
        }
        classes.push(class);
    }
    (classes, sizes)
}

/// The file.
pub(super) fn sheet(table: &Table, recoded: &Recoded, pids: &[String]) -> Sheet {
    let kept: Vec<usize> =
        (0..table.persons).filter(|p| recoded.classes.get(*p).copied().is_some_and(in_product)).collect();
    let own = kept.iter().map(|p| pids.get(*p).map(String::as_str));
    let pid =
        Column::new("pid", "提供用ID", "Pseudonym of this release", ColumnClass::Neutral, Values::text(own))
            .meaning("この提供だけの仮の番号", "a number of this release only")
            .grammar("16 hexadecimal digits");
    let mut columns = vec![pid];
    for (read, (labels, ids)) in table.columns.iter().zip(&recoded.labels) {
        let own: Vec<u32> = kept
            .iter()
            .map(|p| {
                let id = ids.get(*p).copied().unwrap_or(NOT_TOLD);
                let label = usize::try_from(id).ok().and_then(|at| labels.get(at));
                if label.is_none_or(|l| l == UNKNOWN) { NOT_TOLD } else { id }
            })
            .collect();
        let values = Values::Text { ids: own.into(), labels: labels.as_slice().into() };
        let (ja, en) = described(read.column);
        columns.push(
            Column::new(read.column.as_str(), read.column.ja(), en, read.class, values).meaning(ja, en),
        );
    }
    Sheet {
        name: "person".to_owned(), title_ja: "個人".to_owned(), title_en: "Persons".to_owned(), columns
    }
}

fn described(column: PersonColumn) -> (&'static str, &'static str) {
    match column {
        PersonColumn::Sex => {
            ("1 男、2 女、9 その他、空欄は不明", "1 male, 2 female, 9 other, empty: unknown")
        }
        PersonColumn::Age => ("基準日の満年齢", "age in full years on the index day"),
        PersonColumn::Area => ("住所地の都道府県または地方", "prefecture or region of residence"),
        PersonColumn::Index => ("基準日の四半期または年", "quarter or year of the index day"),
        PersonColumn::Insurer => (
            "national 国民健康保険、employees 被用者保険、elderly 後期高齢者医療、public 公費のみ",
            "kind of insurance",
        ),
        PersonColumn::Death => (
            "基準日から死亡までの日数の幅、空欄は死亡の記録なし",
            "days from the index day to death, empty: no death known",
        ),
        PersonColumn::Observed => {
            ("基準日から最後の記録までの日数の幅", "days from the index day to the last record")
        }
    }
}

/// What the report says of the columns.
pub(super) fn columns(table: &Table, recoded: &Recoded) -> Vec<RiskColumn> {
    let kept = recoded.classes.iter().filter(|class| in_product(**class)).count() as u64;
    let mut level = recoded.levels.iter();
    let of = |read: &Read| {
        let level = (read.class == ColumnClass::Quasi).then(|| level.next().copied().flatten()).flatten();
        let steps = read.hierarchy.as_ref().map_or(0, |h| h.levels());
        let levels = (0..steps).map(|step| ColumnLevel {
            ja: if step + 1 == steps { "示さない".to_owned() } else { format!("{step}段") },
            en: if step + 1 == steps { "not told".to_owned() } else { format!("level {step}") },
            persons: if Some(step) == level { kept } else { 0 },
        });
        RiskColumn {
            file: "person".to_owned(),
            name: read.column.as_str().to_owned(),
            class: read.class,
            level: level.and_then(|l| u32::try_from(l).ok()),
            levels: levels.collect(),
        }
    };
    table.columns.iter().map(of).collect()
}
