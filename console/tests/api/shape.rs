//! A small matcher for the JSON Schema that the document uses, and a sound value for each shape. It fails on a keyword that
//! it does not know, so that no part of a schema goes unread.

use serde_json::Value;

const KNOWN: [&str; 13] = [
    "type",
    "pattern",
    "examples",
    "enum",
    "format",
    "minimum",
    "maximum",
    "anyOf",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "$ref",
];

/// The class and the bounds of `^(?:[class]{a,b})$`.
fn pattern(text: &str) -> (Vec<(char, char)>, usize, usize) {
    let inner =
        text.strip_prefix("^(?:[").and_then(|t| t.strip_suffix(")$")).expect("a pattern of one class");
    let (class, times) = inner.split_once(']').unwrap();
    let signs: Vec<char> = class.chars().collect();
    let (mut ranges, mut at) = (Vec::new(), 0);
    while at < signs.len() {
        if at + 2 < signs.len() && signs[at + 1] == '-' {
            ranges.push((signs[at], signs[at + 2]));
            at += 3;
        } else {
            ranges.push((signs[at], signs[at]));
            at += 1;
        }
    }
    let (least, most) = match times {
        "+" => (1, usize::MAX),
        bounds => {
            let bounds = bounds.strip_prefix('{').and_then(|b| b.strip_suffix('}')).expect("{n} or {n,m}");
            let (a, b) = bounds.split_once(',').unwrap_or((bounds, bounds));
            (a.parse().unwrap(), b.parse().unwrap())
        }
    };
    (ranges, least, most)
}

fn matches(text: &str, of: &str) -> bool {
    let (ranges, least, most) = pattern(of);
    let inside = |c: char| ranges.iter().any(|(a, b)| (*a..=*b).contains(&c));
    (least..=most).contains(&text.chars().count()) && text.chars().all(inside)
}

/// Whether a value has a shape; the error names the place.
pub fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{at}: {what}: {value}"));
    let keywords = schema.as_object().expect("a schema is an object");
    if let Some(unknown) = keywords.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        panic!("the matcher does not know {unknown}");
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target =
            document.pointer(reference.strip_prefix('#').unwrap()).expect("a reference leads somewhere");
        return fits(document, target, value, at);
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let fine = any.iter().any(|one| fits(document, one, value, at).is_ok());
        return if fine { Ok(()) } else { wrong("none of the shapes") };
    }
    let is = match schema.get("type").and_then(Value::as_str) {
        None => true,
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("type {other}"),
    };
    if !is {
        return wrong("another type");
    }
    if let (Some(of), Some(text)) = (schema.get("pattern").and_then(Value::as_str), value.as_str())
        && !matches(text, of)
    {
        return wrong(of);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        return wrong("none of the words");
    }
    if let (Some(format), Some(text)) = (schema.get("format").and_then(Value::as_str), value.as_str()) {
        let fine = match format {
            "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
            "date" => text.parse::<jiff::civil::Date>().is_ok(),
            other => panic!("format {other}"),
        };
        if !fine {
            return wrong(format);
        }
    }
    if let Some(n) = value.as_i64() {
        let outside = |limit: &str, beyond: fn(i64, i64) -> bool| {
            schema.get(limit).and_then(Value::as_i64).is_some_and(|limit| beyond(n, limit))
        };
        if outside("minimum", |n, min| n < min) || outside("maximum", |n, max| n > max) {
            return wrong("outside the limits");
        }
    }
    if let (Some(items), Some(all)) = (schema.get("items"), value.as_array()) {
        for (n, item) in all.iter().enumerate() {
            fits(document, items, item, &format!("{at}/{n}"))?;
        }
    }
    if let Some(fields) = value.as_object() {
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                return wrong(&format!("{name} is missing"));
            }
        }
        for (name, field) in fields {
            let own = schema.get("properties").and_then(|p| p.get(name));
            match own.or(schema.get("additionalProperties")) {
                Some(Value::Bool(false)) => return wrong(&format!("{name} is not in the document")),
                Some(shape) if shape.is_object() => fits(document, shape, field, &format!("{at}/{name}"))?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// A sound value of a parameter, as it stands in a request.
pub fn sample(schema: &Value) -> String {
    let first =
        |of: &str| schema.get(of).and_then(|all| all.get(0)).and_then(Value::as_str).map(str::to_owned);
    first("enum").or_else(|| first("examples")).unwrap_or_else(|| match schema["type"].as_str() {
        Some("integer") => "1".to_owned(),
        _ => "高血圧".to_owned(),
    })
}

#[test]
fn the_matcher_refuses_what_does_not_fit() {
    use serde_json::json;
    let shape = json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "type": "string", "pattern": "^(?:[0-9a-f]{4})$" } }
    });
    let fine = |v: Value| fits(&json!({}), &shape, &v, "").is_ok();
    assert!(fine(json!({ "a": "01af" })));
    for bad in [
        json!({}),
        json!({ "a": "01ag" }),
        json!({ "a": "01a" }),
        json!({ "a": 1 }),
        json!({ "a": "01af", "b": 1 }),
        json!([]),
    ] {
        assert!(!fine(bad.clone()), "{bad}");
    }
}
