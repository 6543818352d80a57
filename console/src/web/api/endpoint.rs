//! What an address for machines is: a row of the table of routes, and beside it what it takes and what it answers. The
//! OpenAPI document is written from this and from nothing else.

use super::schema::Schema;
use crate::web::route::Route;
use crate::words::Word;

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Its shape.
    pub schema: Schema,
    /// Has to be there.
    pub required: bool,
    /// What it is.
    pub word: Word,
}

/// What an answer carries.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// A value of this shape.
    Json(&'static Schema),
    /// Bytes of a media type.
    Bytes(&'static str),
}

impl Content {
    /// Its media type.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Bytes(kind) => kind,
        }
    }
}

/// An address for machines (API の口).
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// Its row.
    pub route: Route,
    /// Its name in the document, unique.
    pub id: &'static str,
    /// What it takes besides a body.
    pub parameters: &'static [Parameter],
    /// The body, if it takes one.
    pub body: Option<Content>,
    /// The status when all went well.
    pub status: u16,
    /// What it answers then.
    pub answer: Content,
    /// Other statuses of its own, with a problem as body; those of the guard are in every endpoint.
    pub problems: &'static [u16],
}

/// A part of the path.
pub(super) const fn part(name: &'static str, schema: Schema, word: Word) -> Parameter {
    Parameter { name, place: Place::Path, schema, required: true, word }
}

/// A field of the query that may be left out.
pub(super) const fn optional(name: &'static str, schema: Schema, word: Word) -> Parameter {
    Parameter { name, place: Place::Query, schema, required: false, word }
}

/// A field of the query that has to be there.
pub(super) const fn needed(name: &'static str, schema: Schema, word: Word) -> Parameter {
    Parameter { required: true, ..optional(name, schema, word) }
}

/// An endpoint that answers with a value.
pub(super) const fn value(id: &'static str, route: Route, answer: &'static Schema) -> Endpoint {
    let answer = Content::Json(answer);
    Endpoint { route, id, parameters: &[], body: None, status: 200, answer, problems: &[] }
}

impl Endpoint {
    pub(super) const fn takes(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    pub(super) const fn body(self, body: Content) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(super) const fn answers(self, status: u16, answer: Content) -> Self {
        Self { status, answer, ..self }
    }

    pub(super) const fn or(self, problems: &'static [u16]) -> Self {
        Self { problems, ..self }
    }
}
