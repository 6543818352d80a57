//! The desk's scripted answers (定型の回答), as data in `scripts.toml`. A person reads each over before it is sent.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::words::Lang;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    ja: String,
    en: String,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Its id.
    pub(super) id: String,
    /// For which kinds of inquiries.
    kinds: Vec<String>,
    title: Both,
    text: Both,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scripts {
    script: Vec<Script>,
}

// What is shipped is read by a test; were it damaged all the same, the desk would write its answers itself.
static ALL: LazyLock<Scripts> =
    LazyLock::new(|| toml::from_str(include_str!("scripts.toml")).unwrap_or_default());

impl Script {
    /// Its heading.
    pub(super) fn title(&self, lang: Lang) -> &str {
        lang.pick(&self.title.ja, &self.title.en)
    }

    /// Its words.
    pub(super) fn text(&self, lang: Lang) -> &str {
        lang.pick(&self.text.ja, &self.text.en)
    }
}

/// Those for a kind of inquiry.
pub(super) fn for_kind(kind: &str) -> impl Iterator<Item = &'static Script> {
    ALL.script.iter().filter(move |s| s.kinds.iter().any(|k| k == kind))
}

#[cfg(test)]
mod tests {
    use musubi_compliance::inquiry::InquiryKind;

    use super::*;

    #[test]
    fn every_kind_of_inquiry_has_a_script_in_both_languages() {
        for kind in InquiryKind::ALL {
            assert!(for_kind(kind.as_str()).count() > 0, "{}", kind.as_str());
        }
        for script in &ALL.script {
            assert!(
                !script.text(Lang::Ja).trim().is_empty() && !script.text(Lang::En).trim().is_empty(),
                "{}",
                script.id
            );
            assert!(script.kinds.iter().all(|k| InquiryKind::from_name(k).is_some()), "{}", script.id);
        }
    }
}
