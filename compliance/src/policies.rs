//! The disclosure policies that come with the house (開示制御方針のひな型): data to be adopted by the board, never used
//! before it signed them.

/// A policy to begin with: its name and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// The TOML.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        /// All of them.
        pub const PRESETS: &[Preset] = &[$(Preset {
            name: $name,
            text: include_str!(concat!("../policies/", $name, ".toml")),
        }),*];
    };
}

presets![
    "anonymized-default",
    "anonymized-wide",
    "linkable-default",
    "pseudonymized-default",
    "statistics-default",
    "statistics-ndb",
    "statistics-kaigo-1",
    "statistics-kaigo-2",
    "statistics-kaigo-3",
];

/// The preset of that name.
#[must_use]
pub fn preset(name: &str) -> Option<Preset> {
    PRESETS.iter().copied().find(|preset| preset.name == name)
}

#[cfg(test)]
mod tests {
    use musubi_model::policy::Policy;

    use super::PRESETS;

    #[test]
    fn every_preset_is_a_policy_of_its_name() {
        for preset in PRESETS {
            let policy = Policy::parse(preset.text).unwrap_or_else(|e| panic!("{}: {e}", preset.name));
            assert_eq!(policy.name, preset.name);
        }
    }

    #[test]
    fn an_anonymised_policy_may_not_shift_dates() {
        let text = PRESETS.first().map_or("", |p| p.text);
        let shifted = text.replace(
            "{ kind = \"relative\", bin_days = 30, coarser_days = [90, 360] }",
            "{ kind = \"shifted\", max_weeks = 26 }",
        );
        assert_ne!(text, shifted);
        assert!(Policy::parse(&shifted).is_err());
    }
}
