//! Reading what a request carries: bounded in bytes and time, papers in memory, a package streamed to disk. A body that is
//! too large or too slow is refused before a page sees any of it.

use std::io::Write as _;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use multer::{Constraints, Multipart, SizeLimit};

use super::guard::{self, Content};
use super::reply::Problem;
use super::route::Takes;
use super::site::Site;
use super::visit::{Carried, Paper};

/// Fields of one form; more is no form of ours.
const FIELDS: usize = 500;

/// Reads a body as its row takes it.
///
/// # Errors
/// [`Problem::TooLarge`], [`Problem::TooSlow`], [`Problem::Bad`], [`Problem::Broken`] when a disk fails.
pub(crate) async fn read(
    site: &Site,
    takes: Takes,
    headers: &HeaderMap,
    content: Content,
) -> Result<Carried, Problem> {
    if let Some(carried) = guard::nothing(takes) {
        return Ok(carried);
    }
    let (bytes, time) = match takes {
        Takes::Nothing | Takes::Form => (site.limits.form_bytes, site.limits.body_time),
        Takes::Papers => (site.limits.paper_bytes, site.limits.body_time),
        Takes::Package => (site.limits.package_bytes, site.limits.package_time),
    };
    let said = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if said.is_some_and(|n: u64| n > bytes) {
        return Err(Problem::TooLarge(bytes));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    within(time, async {
        match multer::parse_boundary(&kind) {
            Ok(boundary) if takes != Takes::Form => multipart(site, takes, bytes, boundary, content).await,
            _ if kind.starts_with("application/x-www-form-urlencoded") || kind.is_empty() => {
                let whole = whole(content, site.limits.form_bytes).await?;
                Ok(Carried { form: guard::pairs(&whole), ..Carried::default() })
            }
            _ if takes == Takes::Package => raw_package(site, bytes, content).await,
            _ => Err(Problem::Bad(format!("Content-Type: {}", safe(&kind)))),
        }
    })
    .await
}

/// Only what a media type is made of goes back to the sender.
fn safe(kind: &str) -> String {
    kind.chars().filter(|c| c.is_ascii_alphanumeric() || "/-+.;= ".contains(*c)).take(80).collect()
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    tokio::time::timeout(time, work).await.unwrap_or(Err(Problem::TooSlow))
}

async fn whole(content: Content, bytes: u64) -> Result<Vec<u8>, Problem> {
    let limit = usize::try_from(bytes).unwrap_or(usize::MAX);
    match Limited::new(content, limit).collect().await {
        Ok(all) => Ok(all.to_bytes().to_vec()),
        Err(e) if e.is::<LengthLimitError>() => Err(Problem::TooLarge(bytes)),
        Err(_) => Err(Problem::Bad("the body did not come whole".into())),
    }
}

/// Where a package lies until it is complete.
fn incoming(site: &Site) -> Result<std::path::PathBuf, Problem> {
    let mut name = [0u8; 16];
    getrandom::fill(&mut name).map_err(|e| Problem::Broken(e.to_string()))?;
    let folder = site.house().inbox().join(".incoming");
    std::fs::create_dir_all(&folder).map_err(|e| Problem::Broken(format!("the inbox: {e}")))?;
    Ok(folder.join(format!("{}.part", musubi_model::ids::to_hex(&name))))
}

/// A file being written; it goes away again unless it is kept.
struct Incoming {
    path: std::path::PathBuf,
    file: std::fs::File,
    len: u64,
    kept: bool,
}

impl Incoming {
    fn open(site: &Site) -> Result<Self, Problem> {
        let path = incoming(site)?;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(disk)?;
        Ok(Self { path, file, len: 0, kept: false })
    }

    fn take(&mut self, chunk: &[u8], limit: u64) -> Result<(), Problem> {
        self.len += chunk.len() as u64;
        if self.len > limit {
            return Err(Problem::TooLarge(limit));
        }
        tokio::task::block_in_place(|| self.file.write_all(chunk)).map_err(disk)
    }

    fn keep(mut self, field: String) -> Result<(String, std::path::PathBuf, u64), Problem> {
        tokio::task::block_in_place(|| self.file.sync_all()).map_err(disk)?;
        self.kept = true;
        Ok((field, self.path.clone(), self.len))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // as map_err gives it
fn disk(e: std::io::Error) -> Problem {
    Problem::Broken(format!("writing an upload: {e}"))
}

/// A body that is the package itself, as machines send it.
async fn raw_package(site: &Site, bytes: u64, mut content: Content) -> Result<Carried, Problem> {
    let mut incoming = Incoming::open(site)?;
    while let Some(frame) = content.frame().await {
        let frame = frame.map_err(|_| Problem::Bad("the body did not come whole".into()))?;
        if let Some(chunk) = frame.data_ref() {
            incoming.take(chunk, bytes)?;
        }
    }
    let package = incoming.keep("package".into())?;
    Ok(Carried { package: Some(package), ..Carried::default() })
}

async fn multipart(
    site: &Site,
    takes: Takes,
    bytes: u64,
    boundary: String,
    content: Content,
) -> Result<Carried, Problem> {
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(bytes));
    let mut parts = Multipart::with_constraints(content.into_data_stream(), boundary, limits);
    let mut carried = Carried::default();
    let told = |e: multer::Error| match e {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            Problem::TooLarge(bytes)
        }
        _ => Problem::Bad("the form did not come whole".into()),
    };
    while let Some(mut field) = parts.next_field().await.map_err(told)? {
        let name = field.name().unwrap_or_default().to_owned();
        if carried.form.len() + carried.papers.len() >= FIELDS {
            return Err(Problem::Bad(format!("more than {FIELDS} fields")));
        }
        if field.file_name().is_none() {
            let text = in_memory(&mut field, site.limits.form_bytes, told).await?;
            carried.form.push((name, String::from_utf8_lossy(&text).into_owned()));
        } else if takes == Takes::Package && carried.package.is_none() {
            let mut incoming = Incoming::open(site)?;
            while let Some(chunk) = field.chunk().await.map_err(told)? {
                incoming.take(&chunk, bytes)?;
            }
            carried.package = Some(incoming.keep(name)?);
        } else {
            let bytes = in_memory(&mut field, site.limits.paper_bytes, told).await?;
            carried.papers.push(Paper { field: name, bytes });
        }
    }
    Ok(carried)
}

/// A part that stays in memory: what is too long is refused while it comes, not after.
async fn in_memory(
    field: &mut multer::Field<'_>,
    limit: u64,
    told: impl Fn(multer::Error) -> Problem,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(&told)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > limit {
            return Err(Problem::TooLarge(limit));
        }
    }
    Ok(bytes)
}
