//! The guard before every page: rate, origin, session, role, size and time, in this order; then the page; then the headers.
//! It reads the table of routes and knows no page by name. Whatever it cannot tell, it refuses.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::http::{HeaderMap, HeaderValue, Response, header, request::Parts};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::house::Visitor;
use super::reply::{Problem, Reply};
use super::route::{self, Route, Takes, Who};
use super::site::{Site, in_turn};
use super::visit::{Carried, Visit};
use super::{assets, body, layout};
use crate::words::Lang;

/// Where a request came from, as the server saw it.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// SHA-256 of its client certificate, hexadecimal.
    pub certificate: Option<String>,
}

/// Nothing runs or loads that this house does not serve itself; nobody frames its pages.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The router of all rows.
pub fn router(site: &Arc<Site>) -> Router {
    let mut router = Router::new();
    let mut paths: Vec<(&'static str, MethodRouter)> = Vec::new();
    for row in route::all() {
        let site = Arc::clone(site);
        let filter = if row.post { MethodFilter::POST } else { MethodFilter::GET };
        let handler = move |request: Request| {
            let site = Arc::clone(&site);
            async move { answer(&site, row, request).await }
        };
        match paths.iter_mut().find(|(path, _)| *path == row.path) {
            Some((_, methods)) => *methods = std::mem::take(methods).on(filter, handler),
            None => paths.push((row.path, on(filter, handler))),
        }
    }
    for (path, methods) in paths {
        router = router.route(path, methods);
    }
    // Another method than a path has is answered like a path that does not exist, with the same headers.
    let nothing = {
        let site = Arc::clone(site);
        move |request: Request| {
            let site = Arc::clone(&site);
            async move {
                let (parts, _) = request.into_parts();
                let lang = language(&parts.headers, None, parts.uri.query());
                let known = parts.extensions.get::<Peer>().map(|peer| site.knock(peer.address, None));
                let what = known.and_then(Result::err).unwrap_or(Problem::NotFound);
                finish(&site, problem(&site, lang, None, &what, machine(&parts)))
            }
        }
    };
    router.fallback(nothing.clone()).method_not_allowed_fallback(nothing)
}

/// A request of a machine is answered as machines read.
fn machine(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/api/")
}

async fn answer(site: &Arc<Site>, row: &'static Route, request: Request) -> Response<Body> {
    let (mut parts, content) = request.into_parts();
    let machine = machine(&parts);
    let lang = language(&parts.headers, None, parts.uri.query());
    let fallen = |what: &Problem| problem(site, lang, None, what, machine);
    let peer = parts.extensions.get::<Peer>().cloned();
    let Some(peer) = peer else {
        return finish(site, fallen(&Problem::Broken("a request without a peer".into())));
    };
    let session = cookie(&parts.headers).and_then(|text| site.secret_in(text));
    if let Err(what) = site.knock(peer.address, session.as_deref()) {
        return finish(site, fallen(&what));
    }
    // A part of pages is compiled in and the same for everybody: it asks for nobody and waits for nobody.
    if row.path.starts_with(assets::FOLDER) {
        let reply = assets::answer(row.path, &parts.headers);
        return finish(site, reply.unwrap_or_else(|| fallen(&Problem::NotFound)));
    }
    if row.post
        && let Err(what) = same_origin(&parts.headers, &peer)
    {
        let code = what.code();
        drop(in_turn(site, true, move |site| site.house().refused(None, code)).await);
        return finish(site, fallen(&what));
    }
    let params = match RawPathParams::from_request_parts(&mut parts, &()).await {
        Ok(params) => params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        Err(_) => return finish(site, fallen(&Problem::NotFound)),
    };
    // Whoever may not have the page carries nothing in.
    let known = identify(site, session.clone(), peer.certificate.clone()).await;
    let visitor = match known {
        Ok(visitor) => visitor,
        Err(what) => return finish(site, fallen(&what)),
    };
    let lang = language(&parts.headers, visitor.as_ref(), parts.uri.query());
    if let Err(what) = admitted(row, visitor.as_ref()) {
        if let Some(who) = visitor.clone() {
            let code = what.code();
            drop(in_turn(site, false, move |site| site.house().refused(Some(&who), code)).await);
        }
        if what == Problem::LoggedOut && !machine && !row.post {
            let back = parts.uri.path_and_query().map_or("/", |p| p.as_str());
            let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
            return finish(site, Reply::to(format!("/login?next={back}")));
        }
        return finish(site, problem(site, lang, visitor.as_ref(), &what, machine));
    }
    let carried = match body::read(site, row.takes, &parts.headers, content).await {
        Ok(carried) => carried,
        Err(what) => return finish(site, problem(site, lang, visitor.as_ref(), &what, machine)),
    };
    let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    if [&query, &params, &carried.form].into_iter().flatten().any(|(n, v)| unprintable(n) || unprintable(v)) {
        carried.discard();
        let what =
            Problem::Bad(lang.pick("制御文字は使えません", "Control characters cannot be used").into());
        return finish(site, problem(site, lang, visitor.as_ref(), &what, machine));
    }
    let path = parts.uri.path().to_owned();
    let fragment = parts.headers.contains_key("hx-request");
    // A proxy on this machine speaks for others, and says so.
    let relayed = ["forwarded", "x-forwarded-for", "via"].iter().any(|h| parts.headers.contains_key(*h));
    let local = peer.address.is_loopback() && !relayed;
    let stranger = visitor.is_none() && row.post;
    let done = in_turn(site, stranger, move |site| {
        let mut visit =
            Visit { site, route: row, visitor, lang, path, params, query, carried, session, fragment, local };
        let outcome = (row.run)(&mut visit);
        visit.carried.discard();
        match outcome {
            Ok(reply) => reply,
            Err(what) => problem(site, visit.lang, visit.visitor.as_ref(), &what, machine),
        }
    })
    .await;
    match done {
        Ok(reply) => finish(site, reply),
        // A handler that panics ends its own page only.
        Err(_) => finish(site, fallen(&Problem::Broken(format!("{} panicked", row.path)))),
    }
}

/// What no keyboard types and no database keeps: control characters, but for the ends of lines and tabulators.
fn unprintable(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// Who came: by session, else by client certificate.
async fn identify(
    site: &Arc<Site>,
    session: Option<String>,
    certificate: Option<String>,
) -> Result<Option<Visitor>, Problem> {
    if session.is_none() && certificate.is_none() {
        return Ok(None);
    }
    in_turn(site, false, move |site| {
        if let Some(secret) = session {
            if let Some(visitor) = site.house().who(&secret)? {
                site.recognise(&secret);
                return Ok(Some(visitor));
            }
            site.forget(&secret);
        }
        certificate.map_or(Ok(None), |c| site.house().who_by_certificate(&c))
    })
    .await?
    .map_err(Problem::Broken)
}

fn admitted(row: &Route, visitor: Option<&Visitor>) -> Result<(), Problem> {
    if row.admits(visitor.map(|v| v.roles.as_slice())) {
        return Ok(());
    }
    match (row.who, visitor) {
        (_, None) => Err(Problem::LoggedOut),
        (Who::Roles(_), Some(_)) => Err(Problem::Forbidden(String::new())),
        _ => Err(Problem::NotFound),
    }
}

/// A form is only taken from a page of this house: by what the browser says of its origin. A machine with a client
/// certificate has no ambient authority that somebody else's page could use.
fn same_origin(headers: &HeaderMap, peer: &Peer) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return if matches!(site, "same-origin") { Ok(()) } else { Err(Problem::Foreign) };
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => {
            let own = origin.split_once("://").is_some_and(|(_, rest)| rest == host);
            if own { Ok(()) } else { Err(Problem::Foreign) }
        }
        _ if peer.certificate.is_some() && !headers.contains_key(header::COOKIE) => Ok(()),
        _ => Err(Problem::Foreign),
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::COOKIE).and_then(|v| v.to_str().ok())
}

/// `a=1&b=2` as pairs.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn language(headers: &HeaderMap, visitor: Option<&Visitor>, query: Option<&str>) -> Lang {
    let asked = query.map(|q| pairs(q.as_bytes())).and_then(|q| {
        q.into_iter().find(|(name, _)| name == "lang").and_then(|(_, value)| match value.as_str() {
            "en" => Some(Lang::En),
            "ja" => Some(Lang::Ja),
            _ => None,
        })
    });
    if let Some(lang) = asked {
        return lang;
    }
    if let Some(visitor) = visitor {
        return if visitor.english { Lang::En } else { Lang::Ja };
    }
    // Japanese, unless the browser asks for English and not for Japanese.
    let wants = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if wants.starts_with("en") && !wants.contains("ja") { Lang::En } else { Lang::Ja }
}

fn problem(site: &Site, lang: Lang, visitor: Option<&Visitor>, what: &Problem, machine: bool) -> Reply {
    site.counts.refuse(what.code());
    if let Problem::Broken(detail) = what {
        // To the operator's log, never to the visitor. Messages name files, tables and steps, never a person's value.
        site.house().broken(detail);
    }
    if machine {
        return layout::problem_json(lang, what).status(what.status());
    }
    Reply::html(layout::problem(lang, visitor, what)).status(what.status())
}

fn finish(site: &Site, reply: Reply) -> Response<Body> {
    let mut response = reply.into_response();
    let class = usize::from(response.status().as_u16() / 100).saturating_sub(2).min(3);
    if let Some(counter) = site.counts.answers.get(class) {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set("content-security-policy", POLICY);
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    if site.secure {
        set("strict-transport-security", "max-age=63072000; includeSubDomains");
    }
    response
}

/// The body of a request, for the row that takes one.
pub(crate) type Content = Body;

/// Nothing came with a request.
pub(crate) fn nothing(takes: Takes) -> Option<Carried> {
    (takes == Takes::Nothing).then(Carried::default)
}
