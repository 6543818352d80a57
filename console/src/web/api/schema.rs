//! The shape of values that machines send and get, as data: from it the OpenAPI document is written and answers are
//! tested. It must never know a route.

use serde_json::{Map, Value, json};

/// A shape.
#[derive(Debug, Clone, Copy)]
pub enum Schema {
    /// Any text.
    Text,
    /// A text that fits a regular expression as a whole, with an example.
    Pattern(&'static str, &'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A moment, RFC 3339.
    Moment,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// A whole number from 0 on, up to a limit.
    Count(u64),
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// Or nothing (`null`).
    Maybe(&'static Schema),
    /// A list.
    List(&'static Schema),
    /// Texts to counts.
    Counts,
    /// These fields, all of them, and no other.
    Object(&'static [(&'static str, Schema)]),
    /// Any value: what a verb says in full.
    Any,
}

/// No upper limit worth naming.
pub const MANY: u64 = i64::MAX as u64;

impl Schema {
    /// As JSON Schema 2020-12.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Pattern(pattern, example) => {
                json!({ "type": "string", "pattern": format!("^(?:{pattern})$"), "examples": [example] })
            }
            Self::Word(words) => json!({ "type": "string", "enum": words }),
            Self::Moment => json!({ "type": "string", "format": "date-time" }),
            Self::Day => json!({ "type": "string", "format": "date" }),
            Self::Count(max) => json!({ "type": "integer", "minimum": 0, "maximum": max }),
            Self::Number => json!({ "type": "number" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Maybe(inner) => json!({ "anyOf": [inner.json(), { "type": "null" }] }),
            Self::List(item) => json!({ "type": "array", "items": item.json() }),
            Self::Counts => json!({
                "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 }
            }),
            Self::Object(fields) => {
                let properties: Map<String, Value> =
                    fields.iter().map(|(name, shape)| ((*name).to_owned(), shape.json())).collect();
                let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                json!({
                    "type": "object", "properties": properties, "required": required,
                    "additionalProperties": false
                })
            }
            Self::Any => json!({}),
        }
    }
}
