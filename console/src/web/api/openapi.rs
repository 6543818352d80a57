//! The OpenAPI 3.1 document of all addresses for machines, written from their table.

use serde_json::{Map, Value, json};

use super::endpoint::{Content, Endpoint, Parameter, Place};
use super::schema::Schema;
use crate::web::route::{Takes, Who};
use crate::words::Lang;

/// A problem (RFC 9457), as every refusal is told.
pub const PROBLEM: Schema = Schema::Object(&[
    ("type", Schema::Text),
    ("title", Schema::Text),
    ("status", Schema::Count(599)),
    ("code", Schema::Pattern("[A-Z_]+", "NOT_FOUND")),
    ("detail", Schema::Text),
    ("next", Schema::Text),
]);

/// Statuses with which the guard answers before an endpoint sees anything.
fn guarded(endpoint: &Endpoint) -> Vec<u16> {
    // Control characters are refused wherever they stand, in fields that nobody asked for as well.
    let mut all = vec![400, 429];
    if endpoint.route.who != Who::Anyone {
        all.push(401);
    }
    if matches!(endpoint.route.who, Who::Roles(_)) || endpoint.route.post {
        all.push(403);
    }
    if endpoint.route.takes != Takes::Nothing {
        all.extend([408, 413]);
    }
    if endpoint.parameters.iter().any(|p| p.place == Place::Path) {
        all.push(404);
    }
    all
}

/// What a status means, in both languages.
fn meaning(status: u16) -> &'static str {
    match status {
        200 => "できました / done",
        202 => "受け付けました / accepted",
        400 => "入力の形が違います / the input has the wrong form",
        401 => "ログインかクライアント証明書が必要です / no session and no client certificate",
        403 => "この役割ではできません / not for this role, or from a foreign origin",
        404 => "ないか、このアカウントでは見られません / not there, or not for this account",
        408 => "時間内に届きませんでした / did not arrive in time",
        409 => "規則により受け付けられません / a rule does not allow this now",
        413 => "大きすぎます / too large",
        429 => "要求が多すぎます / too many requests",
        503 => "いまは使えません / not to be had now",
        _ => "",
    }
}

fn parameter(p: &Parameter) -> Value {
    json!({
        "name": p.name, "in": if p.place == Place::Path { "path" } else { "query" }, "required": p.required,
        "description": both(&p.word), "schema": p.schema.json(),
    })
}

fn both(word: &crate::words::Word) -> String {
    format!("{} / {}", word.text(Lang::Ja), word.text(Lang::En))
}

fn content(content: &Content) -> Value {
    let schema = match content {
        Content::Json(schema) => json!({ "schema": schema.json() }),
        Content::Bytes(_) => json!({}),
    };
    json!({ content.media_type(): schema })
}

/// All statuses with which an endpoint may answer, and what comes with each.
fn responses(endpoint: &Endpoint) -> Value {
    let mut all = Map::new();
    let well = json!({ "description": meaning(endpoint.status), "content": content(&endpoint.answer) });
    all.insert(endpoint.status.to_string(), well);
    for status in guarded(endpoint).into_iter().chain(endpoint.problems.iter().copied()) {
        let problem =
            json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        // What cannot answer now says so in its own shape.
        let content = if status == 503 { content(&endpoint.answer) } else { problem };
        all.insert(status.to_string(), json!({ "description": meaning(status), "content": content }));
    }
    Value::Object(all)
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!({
        "operationId": endpoint.id, "summary": both(&endpoint.route.name),
        "description": format!(
            "Roles: {}. Verbs: {}.",
            match endpoint.route.who {
                Who::Anyone => "anybody".to_owned(),
                Who::LoggedIn => "whoever is logged in".to_owned(),
                Who::Roles(roles) => roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", "),
            },
            match endpoint.route.verbs {
                [] => "none".to_owned(),
                verbs => verbs.join(", "),
            }
        ),
        "parameters": endpoint.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses(endpoint),
    });
    if let (Some(fields), Some(body)) = (operation.as_object_mut(), &endpoint.body) {
        fields.insert("requestBody".into(), json!({ "required": true, "content": content(body) }));
    }
    if let (Some(fields), Who::Anyone) = (operation.as_object_mut(), endpoint.route.who) {
        fields.insert("security".into(), json!([]));
    }
    operation
}

/// The document.
#[must_use]
pub fn document(endpoints: &[Endpoint]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let path = paths.entry(endpoint.route.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            let method = if endpoint.route.post { "post" } else { "get" };
            methods.insert(method.into(), operation(endpoint));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "結び Musubi", "version": env!("CARGO_PKG_VERSION"),
            "description": "機械のための窓口。画面と同じ規則・権限・証跡で動きます。 / The door for machines: the same rules, rights and audit log as the pages.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "certificate": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "schemas": { "Problem": PROBLEM.json() },
            "securitySchemes": {
                "certificate": { "type": "mutualTLS", "description": "An account's client certificate" },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-musubi", "description": "A login in the browser (password and second factor)" },
            },
        },
    })
}

/// The table of `docs/api.md`.
#[must_use]
pub fn table(endpoints: &[Endpoint]) -> String {
    let mut out = String::from("| what | address | roles | takes | answers |\n|---|---|---|---|---|\n");
    for e in endpoints {
        let method = if e.route.post { "POST" } else { "GET" };
        let query: Vec<&str> =
            e.parameters.iter().filter(|p| p.place == Place::Query).map(|p| p.name).collect();
        let path = match query.as_slice() {
            [] => e.route.path.to_owned(),
            names => format!("{}?{}", e.route.path, names.join("&")),
        };
        let roles = match e.route.who {
            Who::Anyone => "anybody".to_owned(),
            Who::LoggedIn => "whoever is logged in".to_owned(),
            Who::Roles(roles) => roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", "),
        };
        let takes = e.body.as_ref().map_or("", Content::media_type);
        let name = e.route.name.text(Lang::En);
        let answers = format!("{} {}", e.status, e.answer.media_type());
        out.push_str(&format!("| {name} | `{method} {path}` | {roles} | {takes} | {answers} |\n"));
    }
    out
}
