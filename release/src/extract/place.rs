//! Where a fact was recorded (市区町村・二次医療圏): the municipality of its provider, by the register.
//!
//! Built once for a snapshot from the register; a provider that stands in none, or that two name, is of an unknown place.
//! Never sees a person.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use musubi_model::manifest::Municipality;
use musubi_model::spec::Dimension;

use super::dims::Label;

/// The places of tables.
#[derive(Debug, Clone, Default)]
pub struct Places {
    municipalities: Vec<Label>,
    areas: Vec<Label>,
    /// For each provider its municipality and area, as places in the lists.
    of: HashMap<String, (usize, usize)>,
    /// People by published label.
    people: BTreeMap<(Dimension, String), u64>,
}

impl Places {
    /// From the register.
    #[must_use]
    pub fn of(register: &[Municipality]) -> Self {
        let mut places = Self::default();
        let mut twice: BTreeSet<&str> = BTreeSet::new();
        for municipality in register {
            let area = places.areas.iter().position(|a| a.code == municipality.area).unwrap_or_else(|| {
                places.areas.push(Label::new(&municipality.area, &municipality.area_name));
                places.areas.len() - 1
            });
            let label = Label {
                parent: Some(municipality.area_name.clone()),
                ..Label::new(&municipality.code, &municipality.name)
            };
            places.municipalities.push(label);
            let own = (places.municipalities.len() - 1, area);
            for provider in &municipality.providers {
                if places.of.insert(provider.as_str().to_owned(), own).is_some() {
                    twice.insert(provider.as_str());
                }
            }
            let labels = [
                (Dimension::Municipality, &municipality.name),
                (Dimension::MedicalArea, &municipality.area_name),
            ];
            for (dimension, label) in labels {
                *places.people.entry((dimension, label.clone())).or_default() += municipality.population;
            }
        }
        places.of.retain(|provider, _| !twice.contains(provider.as_str()));
        places
    }

    /// The categories of a dimension, with that of unknown places last.
    pub(super) fn labels(&self, dimension: Dimension) -> Vec<Label> {
        let known = if dimension == Dimension::MedicalArea { &self.areas } else { &self.municipalities };
        known.iter().cloned().chain([Label::unknown()]).collect()
    }

    /// Where a provider falls.
    pub(super) fn category(&self, dimension: Dimension, provider: Option<&str>) -> usize {
        let found = provider.and_then(|id| self.of.get(id)).copied();
        match dimension {
            Dimension::MedicalArea => found.map_or(self.areas.len(), |(_, area)| area),
            _ => found.map_or(self.municipalities.len(), |(own, _)| own),
        }
    }

    /// The people who live in the place of a label.
    #[must_use]
    pub fn population(&self, dimension: Dimension, label: &str) -> Option<u64> {
        self.people.get(&(dimension, label.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use musubi_model::ProviderId;
    use proptest::prelude::*;

    use super::*;

    fn municipality(code: usize, area: usize, population: u64, providers: &[String]) -> Municipality {
        Municipality {
            code: format!("{code:05}"),
            name: format!("見本{code}市"),
            prefecture: "13".to_owned(),
            area: format!("A{area}"),
            area_name: format!("見本{area}医療圏"),
            population,
            organisation: None,
            tile: None,
            providers: providers.iter().map(|p| ProviderId::new(p).unwrap()).collect(),
        }
    }

    proptest! {
        /// A provider falls where the register says, in its municipality and that one's area; one that is named twice, or
        /// never, falls nowhere. People of an area are those of its municipalities.
        #[test]
        fn every_provider_falls_where_the_register_says(
            all in prop::collection::vec((0usize..3, 0u64..50_000, prop::collection::btree_set(0u32..12, 0..4)), 1..6)
        ) {
            let register: Vec<Municipality> = all.iter().enumerate().map(|(code, (area, people, providers))| {
                let ids: Vec<String> = providers.iter().map(|p| format!("p{p}")).collect();
                municipality(code, *area, *people, &ids)
            }).collect();
            let places = Places::of(&register);
            for provider in 0..12u32 {
                let id = format!("p{provider}");
                let named: Vec<usize> = (0..all.len()).filter(|at| all[*at].2.contains(&provider)).collect();
                let at = places.category(Dimension::Municipality, Some(&id));
                let area = places.category(Dimension::MedicalArea, Some(&id));
                if let [only] = named[..] {
                    prop_assert_eq!(&places.labels(Dimension::Municipality)[at].code, &register[only].code);
                    prop_assert_eq!(&places.labels(Dimension::MedicalArea)[area].code, &register[only].area);
                } else {
                    prop_assert_eq!(&places.labels(Dimension::Municipality)[at], &Label::unknown());
                    prop_assert_eq!(&places.labels(Dimension::MedicalArea)[area], &Label::unknown());
                }
            }
            for area in 0..3 {
                let people: u64 = all.iter().filter(|a| a.0 == area).map(|a| a.1).sum();
                let told = places.population(Dimension::MedicalArea, &format!("見本{area}医療圏"));
                prop_assert_eq!(told.unwrap_or(0), people);
            }
        }
    }
}
