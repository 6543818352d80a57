//! Style, script and icon, compiled in and served under names that change with their content, so that browsers may keep them.
//! htmx is vendored unchanged (0BSD, `assets/htmx.LICENSE`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::reply::{Problem, Reply};
use super::route::{Route, page};
use super::visit::Visit;
use crate::words::Word;

const STYLE: &str = include_str!("assets/web.css");
const SCRIPT: &str = include_str!("assets/musubi.js");
const HTMX: &str = include_str!("assets/htmx.min.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Where all of them lie, and nothing else.
pub(crate) const FOLDER: &str = "/assets/";
/// The version is part of the path; bump it with the crate or when an asset changes.
pub(crate) const STYLE_PATH: &str = "/assets/1/web.css";
pub(crate) const SCRIPT_PATH: &str = "/assets/1/musubi.js";
pub(crate) const HTMX_PATH: &str = "/assets/1/htmx.js";
pub(crate) const ICON_PATH: &str = "/assets/1/icon.svg";

const NAME: Word = Word::new("画面の部品", "Parts of pages");

pub(crate) const ROUTES: &[Route] = &[
    page(STYLE_PATH, NAME, asset).anyone(),
    page(SCRIPT_PATH, NAME, asset).anyone(),
    page(HTMX_PATH, NAME, asset).anyone(),
    page(ICON_PATH, NAME, asset).anyone(),
];

/// An asset, packed and named once.
struct Asset {
    kind: &'static str,
    plain: &'static str,
    packed: Vec<u8>,
    tag: String,
}

fn kept(kind: &'static str, plain: &'static str) -> Asset {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail; if it did, nothing packed is offered.
    let packed = packer.write_all(plain.as_bytes()).and_then(|()| packer.finish()).unwrap_or_default();
    let tag = format!("W/\"{}\"", blake3::hash(plain.as_bytes()).to_hex());
    Asset { kind, plain, packed, tag }
}

static KEPT: LazyLock<BTreeMap<&'static str, Asset>> = LazyLock::new(|| {
    BTreeMap::from([
        (STYLE_PATH, kept("text/css; charset=utf-8", STYLE)),
        (SCRIPT_PATH, kept("text/javascript; charset=utf-8", SCRIPT)),
        (HTMX_PATH, kept("text/javascript; charset=utf-8", HTMX)),
        (ICON_PATH, kept("image/svg+xml", ICON)),
    ])
});

/// Whether a list in a header has an item, whatever its weight; an item with the weight 0 is refused.
fn lists(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    let texts = headers.get_all(name).into_iter().filter_map(|v| v.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|item| {
        let (item, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = matches!(weight.trim().strip_prefix("q="), Some("0" | "0.0" | "0.00" | "0.000"));
        item.trim() == wanted && !refused
    })
}

/// An asset as it suits whoever asks: not again what a browser has, packed where it can unpack. Pages are never packed: their
/// length would tell of what stands in them beside what somebody else made a visitor send.
pub(crate) fn answer(path: &str, headers: &HeaderMap) -> Option<Reply> {
    let asset = KEPT.get(path)?;
    let same = lists(headers, header::IF_NONE_MATCH, &asset.tag);
    let packed = lists(headers, header::ACCEPT_ENCODING, "gzip") && !asset.packed.is_empty();
    let body: Vec<u8> = match (same, packed) {
        (true, _) => Vec::new(),
        (false, true) => asset.packed.clone(),
        (false, false) => asset.plain.into(),
    };
    let mut reply = Reply::bytes(asset.kind, body)
        .lasting()
        .with(header::ETAG, asset.tag.clone())
        .with(header::VARY, header::ACCEPT_ENCODING.as_str().to_owned());
    if same {
        reply = reply.status(StatusCode::NOT_MODIFIED);
    } else if packed {
        reply = reply.with(header::CONTENT_ENCODING, "gzip".to_owned());
    }
    Some(reply)
}

fn asset(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    answer(v.route.path, &HeaderMap::new()).ok_or(Problem::NotFound)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn asked(name: HeaderName, value: &str) -> axum::http::Response<axum::body::Body> {
        let mut headers = HeaderMap::new();
        headers.insert(name, axum::http::HeaderValue::from_str(value).unwrap());
        answer(STYLE_PATH, &headers).unwrap().into_response()
    }

    #[test]
    fn what_is_packed_unpacks_to_the_same_and_names_differ() {
        let mut tags = std::collections::BTreeSet::new();
        for asset in KEPT.values() {
            let mut text = String::new();
            flate2::read::GzDecoder::new(asset.packed.as_slice()).read_to_string(&mut text).unwrap();
            assert_eq!(text, asset.plain);
            assert!(tags.insert(asset.tag.clone()));
        }
        assert_eq!(tags.len(), ROUTES.len());
    }

    #[test]
    fn a_browser_gets_what_suits_it() {
        let encoding = |value: &str| {
            let reply = asked(header::ACCEPT_ENCODING, value);
            assert_eq!(reply.status(), StatusCode::OK);
            reply.headers().get(header::CONTENT_ENCODING).is_some()
        };
        for (value, packed) in [
            ("gzip", true),
            ("br, gzip;q=0.8", true),
            ("br", false),
            ("gzip;q=0", false),
            ("identity", false),
        ] {
            assert_eq!(encoding(value), packed, "{value}");
        }
        let tag = KEPT.get(STYLE_PATH).unwrap().tag.clone();
        assert_eq!(
            asked(header::IF_NONE_MATCH, &format!("\"other\", {tag}")).status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(asked(header::IF_NONE_MATCH, "W/\"other\"").status(), StatusCode::OK);
    }
}
