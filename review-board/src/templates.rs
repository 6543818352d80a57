//! Requests to begin with (申出のひな型): the statistics that the operator offers, and two of rows. Data, no rules.

use jiff::civil::Date;
use musubi_model::spec::{ExtractSpec, SpecError};

/// A template: its name and its text with places to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    text: &'static str,
}

/// What a template is filled in with.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// First day of the period.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Name of the recipient for people.
    pub recipient: &'a str,
    /// Its id: a-z, 0-9 and `-`.
    pub recipient_id: &'a str,
    /// Its public key for encryption.
    pub age: Option<&'a str>,
}

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// All of them.
        pub const TEMPLATES: &[Template] = &[$(Template {
            name: $name,
            text: include_str!(concat!("../templates/", $name, ".toml")),
        }),*];
    };
}

templates![
    "s1-drug-quantity",
    "s2-lab-category-patients",
    "s3-care-level",
    "s4-lab-distribution",
    "s5-drug-recipients",
    "diabetes-anonymized",
    "diabetes-pseudonymized",
];

impl Template {
    /// The template of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TEMPLATES.iter().copied().find(|t| t.name == name)
    }

    /// The request, ready to be filed.
    ///
    /// # Errors
    /// [`SpecError`] when what was filled in makes no request.
    pub fn fill(&self, with: &Filling<'_>) -> Result<String, SpecError> {
        // A string of TOML is written by the library that reads it: nothing that is filled in can end it.
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let age = with.age.map_or_else(String::new, |key| format!("age = {}\n", quoted(key)));
        let text = self
            .text
            .replace("\"{{recipient}}\"", &quoted(with.recipient))
            .replace("\"{{recipient-id}}\"", &quoted(with.recipient_id))
            .replace("{{from}}", &with.from.to_string())
            .replace("{{to}}", &with.to.to_string())
            .replace("{{age}}\n", &age);
        ExtractSpec::parse(&text)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_makes_a_request() {
        for template in TEMPLATES {
            let with = Filling {
                from: Date::constant(2026, 4, 1),
                to: Date::constant(2027, 3, 31),
                recipient: "見本\"大学",
                recipient_id: "mihon-univ",
                age: Some("age1mihon"),
            };
            let text = template.fill(&with).unwrap_or_else(|e| panic!("{}: {e}", template.name));
            let spec = ExtractSpec::parse(&text).expect("a request");
            assert_eq!(spec.name, template.name);
            assert_eq!(spec.recipient, "見本\"大学");
            let bare = Filling { recipient_id: "見本", age: None, ..with };
            assert!(template.fill(&bare).is_err());
        }
    }
}
