//! Reading what verbs answer (JSON): a field that is not there reads as nothing, so that a page never breaks over one.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// A text; empty when absent.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A count; 0 when absent.
pub(super) fn count(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// Yes or no; no when absent.
pub(super) fn yes(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// A list; empty when absent.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Something within; null when absent.
pub(super) fn within<'v>(value: &'v Value, name: &str) -> &'v Value {
    const NOTHING: &Value = &Value::Null;
    value.get(name).unwrap_or(NOTHING)
}

/// A day.
pub(super) fn date(value: &Value, name: &str) -> Option<Date> {
    text(value, name).parse().ok()
}

/// A moment.
pub(super) fn moment(value: &Value, name: &str) -> Option<Timestamp> {
    text(value, name).parse().ok()
}

/// Texts of a list, one after the other.
pub(super) fn joined(value: &Value, name: &str) -> String {
    list(value, name).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}
