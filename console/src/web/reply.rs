//! What a page answers: a page, a file, a way to the next page, or a problem with what to do about it.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use maud::Markup;
use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    kind: &'static str,
    body: Vec<u8>,
    location: Option<String>,
    cookie: Option<String>,
    file_name: Option<String>,
    /// May lie in a cache: styles and scripts only.
    lasting: bool,
    more: Vec<(HeaderName, String)>,
}

impl Reply {
    fn new(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            kind,
            body,
            location: None,
            cookie: None,
            file_name: None,
            lasting: false,
            more: Vec::new(),
        }
    }

    /// A page.
    #[must_use]
    pub fn html(page: Markup) -> Self {
        Self::new(StatusCode::OK, "text/html; charset=utf-8", page.into_string().into_bytes())
    }

    /// A file of a kind, to be shown or kept.
    #[must_use]
    pub fn bytes(kind: &'static str, body: Vec<u8>) -> Self {
        Self::new(StatusCode::OK, kind, body)
    }

    /// A value for machines.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self::new(StatusCode::OK, "application/json; charset=utf-8", value.to_string().into_bytes())
    }

    /// The browser goes on there (303).
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        let mut reply = Self::new(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Vec::new());
        reply.location = Some(path.into());
        reply
    }

    /// To be kept under a name (ASCII letters, digits, `-`, `_`, `.`; anything else becomes `_`).
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        self.file_name = Some(name.chars().map(plain).collect());
        self
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Sets a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: String) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// Another kind of content.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// May be kept by the browser.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// With another header.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.more.push((name, value));
        self
    }

    /// As a response.
    #[must_use]
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        let keep = if self.lasting { "public, max-age=31536000, immutable" } else { "no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        let mut set = |name, value: Option<String>| {
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
                headers.append(name, value);
            }
        };
        set(header::LOCATION, self.location);
        set(header::SET_COOKIE, self.cookie);
        set(header::CONTENT_DISPOSITION, self.file_name.map(|n| format!("attachment; filename=\"{n}\"")));
        for (name, value) in self.more {
            set(name, Some(value));
        }
        response
    }
}

/// Why there is no answer. The words are for the visitor, in their language, and name no value of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no such thing, or not for this visitor: both look the same.
    NotFound,
    /// Not logged in.
    LoggedOut,
    /// This account may not.
    Forbidden(String),
    /// What was sent cannot be used; with how to mend it.
    Bad(String),
    /// A rule says no, or the state has moved on.
    Conflict(String),
    /// More than may be carried, in bytes.
    TooLarge(u64),
    /// Too many requests; seconds to wait.
    TooMany(u64),
    /// The request did not come whole in time.
    TooSlow,
    /// It did not come from a page of this house.
    Foreign,
    /// Store, disk or database failed. Nothing of it is told; the operator's log has it.
    Broken(String),
}

impl Problem {
    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::LoggedOut => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::Foreign => StatusCode::FORBIDDEN,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable word, for the books and for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::LoggedOut => "LOGGED_OUT",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::Bad(_) => "BAD_REQUEST",
            Self::Conflict(_) => "CONFLICT",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::TooMany(_) => "TOO_MANY",
            Self::TooSlow => "TOO_SLOW",
            Self::Foreign => "FOREIGN_ORIGIN",
            Self::Broken(_) => "BROKEN",
        }
    }
}

impl From<String> for Problem {
    /// What the house says when a connection or the store fails.
    fn from(what: String) -> Self {
        Self::Broken(what)
    }
}

impl From<musubi_storage::StorageError> for Problem {
    fn from(e: musubi_storage::StorageError) -> Self {
        Self::Broken(e.to_string())
    }
}
