//! Reading the value that a verb gave: what is not there reads as nothing, so that no page fails on a field it does not know.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::words::Lang;

/// Reading fields of a JSON object.
pub(crate) trait Told {
    /// A field; `Null` when there is none.
    fn at(&self, name: &str) -> &Value;
    /// A text; empty when there is none.
    fn text(&self, name: &str) -> &str;
    /// A count; 0 when there is none.
    fn count(&self, name: &str) -> u64;
    /// A number; 0 when there is none.
    fn real(&self, name: &str) -> f64;
    /// Whether it says `true`.
    fn yes(&self, name: &str) -> bool;
    /// A list; empty when there is none.
    fn list(&self, name: &str) -> &[Value];
    /// A day.
    fn day(&self, name: &str) -> Option<Date>;
    /// A moment.
    fn moment(&self, name: &str) -> Option<Timestamp>;
    /// A word in both languages, as `{ "ja": …, "en": … }`.
    fn word(&self, name: &str, lang: Lang) -> &str;
}

impl Told for Value {
    fn at(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> &str {
        self.at(name).as_str().unwrap_or_default()
    }

    fn count(&self, name: &str) -> u64 {
        self.at(name).as_u64().unwrap_or_default()
    }

    fn real(&self, name: &str) -> f64 {
        self.at(name).as_f64().unwrap_or_default()
    }

    fn yes(&self, name: &str) -> bool {
        self.at(name).as_bool().unwrap_or_default()
    }

    fn list(&self, name: &str) -> &[Value] {
        self.at(name).as_array().map_or(&[], Vec::as_slice)
    }

    fn day(&self, name: &str) -> Option<Date> {
        self.text(name).parse().ok()
    }

    fn moment(&self, name: &str) -> Option<Timestamp> {
        self.text(name).parse().ok()
    }

    fn word(&self, name: &str, lang: Lang) -> &str {
        self.at(name).text(lang.code())
    }
}
