//! Reading what a verb said: words, numbers, days and lists out of its value. What is missing is empty, never a failure: a
//! page shows what there is.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::words::Lang;

/// A text; empty when there is none.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The text of the visitor's language: `KEY_ja` or `KEY_en`, or `ja` and `en` when the key is empty.
pub(crate) fn words<'v>(value: &'v Value, key: &str, lang: Lang) -> &'v str {
    let name = match key {
        "" => lang.pick("ja", "en").to_owned(),
        key => format!("{key}_{}", lang.pick("ja", "en")),
    };
    text(value, &name)
}

/// A count; 0 when there is none.
pub(crate) fn count(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// A count that may be missing.
pub(crate) fn some(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

/// Whether it says yes.
pub(crate) fn yes(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The entries of a list.
pub(crate) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A part of a value; `Null` when there is none.
pub(crate) fn part<'v>(value: &'v Value, key: &str) -> &'v Value {
    static NOTHING: Value = Value::Null;
    value.get(key).unwrap_or(&NOTHING)
}

/// A day.
pub(crate) fn day(value: &Value, key: &str) -> Option<Date> {
    text(value, key).parse().ok()
}

/// A moment.
pub(crate) fn moment(value: &Value, key: &str) -> Option<Timestamp> {
    text(value, key).parse().ok()
}
