//! What an item tells of a person where no policy says so (項目のリスク区分): dimensions of tables and tables of events, which
//! policies of statistics and of rows do not name. For members to read; it must never decide what a product holds, which is
//! the policy's.

use musubi_model::fact::FactTable;
use musubi_model::policy::{ColumnClass, KnownBy};

/// Class of an item and who may know it, by its kind. What nobody knows the kind of counts as identifying.
#[must_use]
pub fn usual(item: &str) -> (ColumnClass, KnownBy) {
    match item {
        "sex" | "age" | "age_band5" | "age_band_5" | "age_band10" | "area" | "prefecture" => {
            (ColumnClass::Quasi, KnownBy::Acquaintance)
        }
        "municipality" | "medical_area" | "bed_class" | "year" | "month" | "index" | "observed" => {
            (ColumnClass::Quasi, KnownBy::Acquaintance)
        }
        "insurer" => (ColumnClass::Quasi, KnownBy::Provider),
        "death" => (ColumnClass::Sensitive, KnownBy::Acquaintance),
        "diagnosis_chapter" | "drug_ingredient" | "care_level" | "examination" | "value_band" => {
            (ColumnClass::Sensitive, KnownBy::Provider)
        }
        other if FactTable::ALL.iter().any(|t| t.as_str() == other) => {
            (ColumnClass::Sensitive, KnownBy::Provider)
        }
        _ => (ColumnClass::Quasi, KnownBy::Public),
    }
}

#[cfg(test)]
mod tests {
    use musubi_compliance::checks::items_of;
    use musubi_model::spec::{Dimension, ExtractSpec, PersonColumn};

    use super::*;
    use crate::templates::{Filling, TEMPLATES};

    /// Whatever a request can ask for has a class of its own: nothing falls through to what nobody knows.
    #[test]
    fn every_item_that_can_be_asked_for_has_a_kind() {
        let known = |item: &str| usual(item) != (ColumnClass::Quasi, KnownBy::Public);
        for column in PersonColumn::ALL {
            assert!(known(column.as_str()), "{}", column.as_str());
        }
        for dimension in [
            Dimension::Sex,
            Dimension::AgeBand5,
            Dimension::AgeBand10,
            Dimension::Prefecture,
            Dimension::BedClass,
            Dimension::Municipality,
            Dimension::MedicalArea,
            Dimension::Insurer,
            Dimension::DiagnosisChapter,
            Dimension::DrugIngredient,
            Dimension::CareLevel,
            Dimension::Examination,
            Dimension::ValueBand,
            Dimension::Year,
            Dimension::Month,
        ] {
            let word = serde_json::to_value(dimension).unwrap_or_default();
            assert!(word.as_str().is_some_and(known), "{word}");
        }
        for template in TEMPLATES {
            let day = jiff::civil::date(2026, 1, 1);
            let with =
                Filling { from: day, to: day, recipient: "見本大学", recipient_id: "mihon", age: None };
            let spec = template.fill(&with).ok().and_then(|text| ExtractSpec::parse(&text).ok());
            for item in spec.iter().flat_map(items_of) {
                assert!(known(&item), "{item} of {}", template.name);
            }
        }
        assert!(!known("shoe-size"));
    }
}
