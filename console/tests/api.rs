//! The door for machines holds what its own document says: from the OpenAPI document requests are made, sound ones, ones at
//! the limits and hostile ones, as anybody, and every answer has a documented status and a body of the documented shape.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // helpers of tests stop on what cannot be

mod api {
    pub mod house;
    pub mod shape;
}

use std::sync::Arc;

use api::house::{FakeHouse, OTHER, OWN, visitors};
use api::shape::{fits, sample};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use musubi_console::web::guard::{Peer, router};
use musubi_console::web::site::{Limits, Site};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A request, in parts that can be told when a test fails.
#[derive(Debug, Clone)]
struct Asked {
    method: String,
    path: String,
    session: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

struct Got {
    status: StatusCode,
    kind: String,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

struct Door {
    runtime: tokio::runtime::Runtime,
    site: Arc<Site>,
}

impl Door {
    fn open(house: Arc<FakeHouse>) -> Self {
        let many = 1_000_000_000;
        let limits =
            Limits { package_bytes: 4096, knocks_a_minute: many, visits_a_minute: many, ..Limits::default() };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { runtime, site: Arc::new(Site::new(house, limits, false)) }
    }

    /// From an address elsewhere.
    fn ask(&self, asked: &Asked) -> Option<Got> {
        let mut request = Request::builder().method(asked.method.as_str()).uri(&asked.path);
        if let Some(session) = asked.session {
            request = request.header(header::COOKIE, format!("musubi={session}"));
        }
        for (name, value) in &asked.headers {
            request = request.header(*name, value);
        }
        // What is no request at all never reaches the house.
        let mut request = request.body(Body::from(asked.body.clone())).ok()?;
        request.extensions_mut().insert(Peer { address: [192, 0, 2, 1].into(), certificate: None });
        let answer = self.runtime.block_on(async {
            let response = router(&self.site).oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.unwrap().to_bytes().to_vec())
        });
        let kind = answer.0.headers.get(header::CONTENT_TYPE).map_or("", |v| v.to_str().unwrap());
        let kind = kind.split(';').next().unwrap_or_default().to_owned();
        Some(Got { status: answer.0.status, kind, body: answer.1 })
    }

    fn get(&self, path: &str, session: Option<&'static str>) -> Got {
        let (method, headers) = ("GET".to_owned(), Vec::new());
        self.ask(&Asked { method, path: path.to_owned(), session, headers, body: Vec::new() }).unwrap()
    }

    fn send(&self, path: &str, session: Option<&'static str>, body: &[u8]) -> Got {
        let headers = vec![
            ("sec-fetch-site", "same-origin".to_owned()),
            ("content-type", "application/zip".to_owned()),
        ];
        let (method, path, body) = ("POST".to_owned(), path.to_owned(), body.to_vec());
        self.ask(&Asked { method, path, session, headers, body }).unwrap()
    }
}

/// What people who mean harm put into a field.
const HOSTILE: [&str; 18] = [
    "",
    " ",
    "-1",
    "0",
    "18446744073709551616",
    "1e9",
    "../../etc/passwd",
    "%00",
    "\u{0}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "--out=/tmp/x",
    "--json",
    "見本 太郎",
    "\u{202e}\u{feff}",
    "0123456789abcdef0123456789abcdeF",
    "a/b",
    "*",
];

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// A value for a parameter of this shape: sound, at a limit, or hostile.
fn value(schema: &Value) -> BoxedStrategy<String> {
    let sound = sample(schema);
    let limits: Vec<String> = ["minimum", "maximum"]
        .iter()
        .filter_map(|limit| schema.get(limit)?.as_i64())
        .flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(1)])
        .map(|n| n.to_string())
        .chain([sound.clone()])
        .collect();
    prop_oneof![
        4 => Just(sound),
        2 => prop::sample::select(limits),
        2 => prop::sample::select(HOSTILE.as_slice()).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => Just("長".repeat(3_000)),
        // ids that are there
        3 => prop::sample::select(vec![OWN.to_string(), OTHER.to_string(), "1".to_owned(), "2".to_owned()]),
    ]
    .boxed()
}

/// Any request to an operation of the document.
fn request(path: &str, method: &str, operation: &Value) -> BoxedStrategy<Asked> {
    let parameters = operation["parameters"].as_array().unwrap().clone();
    let values: Vec<BoxedStrategy<Option<String>>> = parameters
        .iter()
        .map(|p| {
            let value = value(&p["schema"]);
            // Parts of the path are always there; a field may be left out, needed or not.
            if p["in"] == "path" { value.prop_map(Some).boxed() } else { prop::option::of(value).boxed() }
        })
        .collect();
    let (path, method) = (path.to_owned(), method.to_ascii_uppercase());
    let session = prop::sample::select(
        visitors()
            .into_iter()
            .map(|(secret, _)| Some(secret))
            .chain([None, Some("stranger")])
            .collect::<Vec<_>>(),
    );
    let kinds = [
        "application/zip",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "",
        "\u{e9}",
    ];
    let headers = (
        prop::option::of(prop::sample::select(kinds.to_vec())),
        prop::option::weighted(0.8, prop::sample::select(vec!["same-origin", "cross-site", "none", "?"])),
        prop::option::of(prop::sample::select(vec!["en", "ja", "*", ",;=", "xx"])),
    );
    let bodies = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..200),
        Just(vec![b'P'; 5_000]),
        Just(b"--x\r\ncontent-disposition: form-data; name=\"package\"; filename=\"a.zip\"\r\n\r\nPK\r\n--x--\r\n".to_vec()),
        Just(b"--x\r\ncontent-disposition: form-data".to_vec()),
    ];
    (values, session, headers, bodies)
        .prop_map(move |(values, session, (kind, origin, lang), body)| {
            let (mut path, mut query) = (path.clone(), Vec::new());
            for (parameter, value) in parameters.iter().zip(values) {
                let (name, Some(value)) = (parameter["name"].as_str().unwrap(), value) else { continue };
                if parameter["in"] == "path" {
                    path = path.replace(&format!("{{{name}}}"), &encoded(&value));
                } else {
                    query.push(format!("{name}={}", encoded(&value)));
                }
            }
            if !query.is_empty() {
                path = format!("{path}?{}", query.join("&"));
            }
            let headers = [("content-type", kind), ("sec-fetch-site", origin), ("accept-language", lang)];
            let headers = headers.into_iter().filter_map(|(n, v)| Some((n, v?.to_owned()))).collect();
            let body = if method == "POST" { body } else { Vec::new() };
            Asked { method: method.clone(), path, session, headers, body }
        })
        .boxed()
}

/// The request as the document shows it, from every visitor.
fn sound(path: &str, method: &str, operation: &Value) -> Vec<Asked> {
    let (mut path, mut query) = (path.to_owned(), Vec::new());
    for parameter in operation["parameters"].as_array().unwrap() {
        let (name, value) = (parameter["name"].as_str().unwrap(), encoded(&sample(&parameter["schema"])));
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), &value);
        } else if parameter["required"] == true {
            query.push(format!("{name}={value}"));
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let method = method.to_ascii_uppercase();
    let (kind, body) =
        if method == "POST" { ("application/zip", b"PK a package".to_vec()) } else { ("", Vec::new()) };
    let headers = vec![("content-type", kind.to_owned()), ("sec-fetch-site", "same-origin".to_owned())];
    let ask = |session| Asked {
        method: method.clone(),
        path: path.clone(),
        session,
        headers: headers.clone(),
        body: body.clone(),
    };
    visitors().into_iter().map(|(secret, _)| ask(Some(secret))).collect()
}

/// The answer is one that the document names.
fn holds(document: &Value, operation: &Value, got: &Got) -> Result<(), String> {
    if got.status.is_server_error() {
        return Err(format!("status {}", got.status));
    }
    let status = got.status.as_u16().to_string();
    let said = operation["responses"].get(&status).ok_or(format!("undocumented status {status}"))?;
    let content =
        said["content"].get(&got.kind).ok_or(format!("undocumented content {}: {}", status, got.kind))?;
    let Some(schema) = content.get("schema") else { return Ok(()) };
    let value: Value = serde_json::from_slice(&got.body).map_err(|e| format!("{status}: {e}"))?;
    fits(document, schema, &value, "")
}

#[test]
fn every_answer_is_one_that_the_document_names() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(Arc::clone(&house));
    let document = musubi_console::web::api::document();
    let mut seen = std::collections::BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let all = std::cell::RefCell::new(std::collections::BTreeSet::new());
            let mut runner =
                TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
            let outcome = runner.run(&request(path, method, operation), |asked| {
                let Some(got) = door.ask(&asked) else { return Ok(()) };
                all.borrow_mut().insert(got.status.as_u16());
                holds(&document, operation, &got)
                    .map_err(|e| TestCaseError::fail(format!("{e}: {}", String::from_utf8_lossy(&got.body))))
            });
            if let Err(e) = outcome {
                panic!("{name}: {e}");
            }
            // Chance may miss the sound request of the one who may send it.
            for asked in sound(path, method, operation) {
                let got = door.ask(&asked).expect("a request");
                all.borrow_mut().insert(got.status.as_u16());
                holds(&document, operation, &got).unwrap_or_else(|e| panic!("{name}: {e}: {asked:?}"));
            }
            // What asks for one thing by its number is reached by the tests below: chance seldom hits a number.
            if !path.contains('{') {
                seen.insert(name, all.into_inner());
            }
        }
    }
    // The generator reaches the inside, not only the guard.
    for (name, statuses) in &seen {
        assert!(statuses.iter().any(|s| *s < 300), "{name} never answered well: {statuses:?}");
    }
    assert!(house.incoming().is_empty(), "an upload that was refused is left lying about");
}

#[test]
fn a_submitter_sees_its_own_deliveries_and_the_house_all() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(house);
    let list = |session| {
        let all = door.get("/api/submissions", Some(session)).json();
        let ids: Vec<String> =
            all["submissions"].as_array().unwrap().iter().map(|s| s["submission"].to_string()).collect();
        (ids.len(), all["states"]["rejected"].as_u64().unwrap())
    };
    assert_eq!(list("submitter"), (1, 1));
    assert_eq!(list("operator"), (2, 2));
    for path in ["", "/findings", "/acknowledgement"] {
        let status = |id, session| door.get(&format!("/api/submissions/{id}{path}"), Some(session)).status;
        assert_eq!(status(OWN, "submitter"), StatusCode::OK, "{path}");
        assert_eq!(status(OTHER, "submitter"), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(status(OTHER, "operator"), StatusCode::OK, "{path}");
        assert_eq!(status(OWN, "applicant"), StatusCode::FORBIDDEN, "{path}");
    }
}

#[test]
fn a_package_goes_to_a_folder_of_its_own_and_becomes_a_job_that_others_do_not_see() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(Arc::clone(&house));
    let taken = door.send("/api/submissions", Some("submitter"), b"PK a package");
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let taken = taken.json();
    assert_eq!(taken["name"], json!("0123456789abcdef0123456789abcdef"));
    let kept = house.uploads();
    assert_eq!(kept.len(), 1);
    assert_eq!(std::fs::read(&kept[0]).unwrap(), b"PK a package");
    let status = taken["status"].as_str().unwrap();
    assert_eq!(door.get(status, Some("submitter")).json()["state"], json!("waiting"));
    assert_eq!(door.get(status, Some("other-submitter")).status, StatusCode::NOT_FOUND);
    assert_eq!(door.get(status, Some("operator")).status, StatusCode::OK);
    assert_eq!(
        door.send("/api/submissions", Some("submitter"), &[0; 5_000]).status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(door.send("/api/submissions", Some("submitter"), b"").status, StatusCode::BAD_REQUEST);
    // The made-up verb refuses whatever the other submitter offers, or takes it for its own.
    assert!(matches!(
        door.send("/api/submissions", Some("other-submitter"), b"PK").status,
        StatusCode::ACCEPTED | StatusCode::CONFLICT | StatusCode::FORBIDDEN
    ));
    assert_eq!(door.send("/api/submissions", Some("operator"), b"PK").status, StatusCode::FORBIDDEN);
    assert_eq!(door.send("/api/submissions", None, b"PK").status, StatusCode::UNAUTHORIZED);
    assert!(house.incoming().is_empty());
}

#[test]
fn problems_speak_the_language_asked_for() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(house);
    let title = |path: &str| door.get(path, None).json()["title"].as_str().unwrap().to_owned();
    assert_eq!(title("/api/submissions?lang=en"), "Please log in");
    assert_eq!(title("/api/submissions?lang=ja"), "ログインが必要です");
    assert_eq!(title("/api/nothing/of/the/kind"), "見つかりません");
}

#[test]
fn figures_are_for_watchers_and_for_this_machine() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(house);
    assert_eq!(door.get("/api/metrics", None).status, StatusCode::UNAUTHORIZED);
    assert_eq!(door.get("/api/metrics", Some("submitter")).status, StatusCode::FORBIDDEN);
    let watched = door.get("/api/metrics", Some("operator"));
    assert_eq!(watched.status, StatusCode::OK);
    let text = String::from_utf8(watched.body).unwrap();
    assert!(text.contains("musubi_submissions{state=\"rejected\"} 2\n"), "{text}");
    // Every line is a comment or a name with a number.
    for line in text.lines().filter(|l| !l.starts_with("# ")) {
        let (name, n) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("musubi_") && n.parse::<u64>().is_ok(), "{line}");
    }
    let from_here = |relayed: bool| {
        let mut request = Request::builder().uri("/api/metrics");
        if relayed {
            request = request.header("x-forwarded-for", "192.0.2.9");
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer { address: [127, 0, 0, 1].into(), certificate: None });
        door.runtime.block_on(async { router(&door.site).oneshot(request).await.unwrap().status() })
    };
    assert_eq!(from_here(false), StatusCode::OK);
    assert_eq!(from_here(true), StatusCode::UNAUTHORIZED, "a proxy on this machine speaks for others");
}

#[test]
fn the_house_says_whether_it_answers_to_anybody() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(house);
    assert_eq!(door.get("/api/health", None).json(), json!({ "status": "ok" }));
    let document = door.get("/api/openapi.json", None).json();
    assert_eq!(document, musubi_console::web::api::document());
    assert_eq!(document["openapi"], json!("3.1.0"));
}

#[test]
fn the_table_in_the_documents_is_the_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md");
    let table = musubi_console::web::api::table();
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&table), "docs/api.md has another table; it should be:\n{table}");
}

#[test]
fn the_search_page_marks_words_and_links_only_what_the_visitor_may_open() {
    let (_folder, house) = FakeHouse::open();
    let door = Door::open(house);
    let page = |who, path: &str| {
        let got = door.get(path, Some(who));
        (got.status, String::from_utf8(got.body).unwrap())
    };
    let (status, empty) = page("operator", "/search");
    assert_eq!(status, StatusCode::OK);
    assert!(empty.contains("患者さん") && !empty.contains("<table"), "{empty}");
    // The made-up verbs refuse some words and answer others.
    let words = ["高血圧", "糖尿病", "心不全", "喘息", "骨折", "<b>&\"'"];
    let asked = |who| -> Vec<String> {
        words.iter().map(|w| page(who, &format!("/search?q={}", encoded(w))).1).collect()
    };
    let answers = asked("operator");
    assert!(answers.iter().any(|a| a.contains("<mark>名</mark>")), "no answer has a hit");
    assert!(answers.iter().any(|a| a.contains("相談窓口")), "no answer names the help desk");
    for answer in &answers {
        assert!(!answer.contains("<b>&") && !answer.contains("style=\""), "{answer}");
    }
    // The page of a code is the house's: for others its id stands without a link.
    let links = |answers: &[String]| answers.iter().any(|a| a.contains("href=\"/codes/"));
    assert!(links(&answers) && !links(&asked("applicant")));
    assert_eq!(door.get("/search?q=a", None).status, StatusCode::SEE_OTHER, "to the way in");
}
