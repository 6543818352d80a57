//! The index on disk: built whole, replaced kind by kind, asked.
//!
//! What is replaced is gone: segments are merged and files of old ones removed, so that no deleted term stays on disk
//! (C-026). A folder that cannot be trusted is an error that says to rebuild, never an empty answer.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use musubi_model::DocumentHash;
use tantivy::collector::{Count, TopDocs};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::NoMergePolicy;
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{DocId, IndexWriter, ReloadPolicy, Score, SegmentReader, TantivyDocument, TantivyError, Term};

use crate::doc::{Doc, Kind};
use crate::fold::fold;
use crate::query::{Seen, query, terms, words};
use crate::snippet::{Part, snippet};

/// Memory of the one writer; the index of all masters is written in a few rounds of it.
const WRITER_BYTES: usize = 64 << 20;

/// One code stands in so many systems at most that all of them are shown.
const CODES_CALLED: usize = 20;

/// Why the index gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// There is none yet.
    #[error("there is no search index; make it with: musubi search rebuild")]
    Missing,
    /// It cannot be trusted.
    #[error(
        "the search index is damaged or of another version ({0}); make it anew with: musubi search rebuild"
    )]
    Broken(String),
    /// Another process writes it.
    #[error("another process is making the search index; try again when it is done")]
    Busy,
    /// Two documents of one kind have one id.
    #[error("two documents of the kind {0} are called {1}")]
    Twice(Kind, String),
    /// A document of another kind than the one to be replaced.
    #[error("a document of the kind {found} among those of the kind {expected}")]
    Kind {
        /// What it is.
        found: Kind,
        /// What was to be replaced.
        expected: Kind,
    },
    /// A folder or file.
    #[error("the folder of the search index: {0}")]
    Io(#[from] io::Error),
}

impl SearchError {
    /// The same in Japanese.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::Missing => "検索の索引がありません。作ってください: musubi search rebuild".to_owned(),
            Self::Broken(_) => {
                "検索の索引が壊れているか、版が違います。作り直してください: musubi search rebuild".to_owned()
            }
            Self::Busy => "ほかの処理が検索の索引を作っています。終わってからやり直してください".to_owned(),
            Self::Twice(kind, id) => format!("{}に同じ番号のものが二つあります: {id}", kind.ja()),
            Self::Kind { found, expected } => {
                format!("{}の中に{}があります", expected.ja(), found.ja())
            }
            Self::Io(e) => format!("検索の索引のフォルダーを使えません: {e}"),
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // it is given to `map_err`
fn broken(e: impl ToString) -> SearchError {
    SearchError::Broken(e.to_string())
}

fn writing(e: TantivyError) -> SearchError {
    match e {
        TantivyError::LockFailure(..) => SearchError::Busy,
        TantivyError::IoError(e) => SearchError::Io(io::Error::new(e.kind(), e.to_string())),
        e => broken(e),
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Title, Japanese.
    pub title_ja: String,
    /// Title, English; may be empty.
    pub title_en: String,
    /// Where it is shown.
    pub path: String,
    /// Its title with the words that were found.
    pub title: Vec<Part>,
    /// The part of its text with the words that were found.
    pub snippet: Vec<Part>,
    /// How well it fits; only the order means anything.
    pub score: f32,
}

/// An answer (検索結果).
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The best of them.
    pub hits: Vec<Hit>,
    /// How many there are, of the kind that was asked for.
    pub count: usize,
    /// How many there are of each kind that has some.
    pub kinds: Vec<(Kind, usize)>,
}

/// The fields of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) kind: Field,
    id: Field,
    title_ja: Field,
    title_en: Field,
    text: Field,
    path: Field,
    /// The folded id, and its part after the system, whole.
    pub(crate) key: Field,
    /// Pairs of signs of id and titles.
    pub(crate) title: Field,
    /// Pairs of signs of the text.
    pub(crate) body: Field,
    /// Marks of who may see it.
    pub(crate) readers: Field,
}

/// The name of the field that orders equally good hits.
const PLACE: &str = "place";

fn schema() -> (Schema, Fields, Field) {
    let mut b = Schema::builder();
    let grams = || {
        let indexing = TextFieldIndexing::default().set_tokenizer("raw");
        TextOptions::default()
            .set_indexing_options(indexing.set_index_option(IndexRecordOption::WithFreqsAndPositions))
    };
    let fields = Fields {
        kind: b.add_text_field("kind", STRING | STORED),
        id: b.add_text_field("id", STORED),
        title_ja: b.add_text_field("title_ja", STORED),
        title_en: b.add_text_field("title_en", STORED),
        text: b.add_text_field("text", STORED),
        path: b.add_text_field("path", STORED),
        key: b.add_text_field("key", STRING),
        title: b.add_text_field("title", grams()),
        body: b.add_text_field("body", grams()),
        readers: b.add_text_field("readers", STRING),
    };
    let place = b.add_u64_field(PLACE, FAST);
    (b.build(), fields, place)
}

/// The file with the hash of `meta.json`, the one file that has no check sum of its own.
const SUM: &str = "meta.sum";

fn sum_of(folder: &Path) -> Result<String, SearchError> {
    Ok(DocumentHash::of(&fs::read(folder.join("meta.json"))?).to_string())
}

/// A reader that looks for changes only when it is told to.
fn reader(index: &tantivy::Index) -> Result<tantivy::IndexReader, SearchError> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(broken)
}

/// The word index of a house.
pub struct Index {
    index: tantivy::Index,
    reader: tantivy::IndexReader,
    fields: Fields,
    folder: PathBuf,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Index")
    }
}

impl Index {
    /// Opens what stands in `folder`, every file held against its check sum.
    ///
    /// # Errors
    /// [`SearchError::Missing`] and [`SearchError::Broken`]; both are mended by rebuilding.
    pub fn open(folder: &Path) -> Result<Self, SearchError> {
        if !folder.join("meta.json").exists() {
            return Err(SearchError::Missing);
        }
        let sum = fs::read_to_string(folder.join(SUM)).unwrap_or_default();
        if sum != sum_of(folder)? {
            return Err(SearchError::Broken("meta.json".to_owned()));
        }
        let index = tantivy::Index::open_in_dir(folder).map_err(broken)?;
        let (schema, fields, _) = schema();
        if index.schema() != schema {
            return Err(SearchError::Broken("fields".to_owned()));
        }
        let damaged = index.validate_checksum().map_err(broken)?;
        if !damaged.is_empty() {
            return Err(SearchError::Broken(format!("{} files", damaged.len())));
        }
        let reader = reader(&index)?;
        Ok(Self { index, reader, fields, folder: folder.to_owned() })
    }

    /// Makes the index in `folder` anew from all documents. The old one answers until the new one is whole.
    ///
    /// # Errors
    /// [`SearchError::Busy`], [`SearchError::Twice`] and [`SearchError::Io`]; the old index stays as it was.
    pub fn rebuild(folder: &Path, docs: Vec<Doc>) -> Result<Self, SearchError> {
        let beside = |suffix: &str| {
            let mut name = folder.file_name().unwrap_or_default().to_owned();
            name.push(suffix);
            folder.with_file_name(name)
        };
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)?;
        }
        let lock = File::create(beside(".lock"))?;
        lock.try_lock().map_err(|e| match e {
            fs::TryLockError::WouldBlock => SearchError::Busy,
            fs::TryLockError::Error(e) => SearchError::Io(e),
        })?;
        let (new, old) = (beside(".new"), beside(".old"));
        remove(&new)?;
        fs::create_dir_all(&new)?;
        let directory = MmapDirectory::open(&new).map_err(broken)?;
        let (schema, fields, _) = schema();
        let settings = tantivy::IndexSettings::default();
        let index = tantivy::Index::create(directory, schema, settings).map_err(writing)?;
        let reader = reader(&index)?;
        let mut made = Self { index, reader, fields, folder: new.clone() };
        let mut by_kind: BTreeMap<Kind, Vec<Doc>> = BTreeMap::new();
        for doc in docs {
            by_kind.entry(doc.kind).or_default().push(doc);
        }
        made.write(by_kind)?;
        drop(made);
        remove(&old)?;
        if folder.exists() {
            fs::rename(folder, &old)?;
        }
        fs::rename(&new, folder)?;
        remove(&old)?;
        Self::open(folder)
    }

    /// Puts `docs` in the place of all documents of a kind: readers see the old ones or the new ones, never a mixture.
    ///
    /// # Errors
    /// [`SearchError::Busy`], [`SearchError::Twice`], [`SearchError::Kind`] and [`SearchError::Io`]; the old ones stay.
    pub fn replace(&mut self, kind: Kind, docs: Vec<Doc>) -> Result<(), SearchError> {
        if let Some(other) = docs.iter().find(|d| d.kind != kind) {
            return Err(SearchError::Kind { found: other.kind, expected: kind });
        }
        self.write(BTreeMap::from([(kind, docs)]))
    }

    fn write(&mut self, by_kind: BTreeMap<Kind, Vec<Doc>>) -> Result<(), SearchError> {
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, WRITER_BYTES).map_err(writing)?;
        // Merging is done below, once, and waited for.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for (kind, mut docs) in by_kind {
            // The order of hits must not depend on the order of the sources.
            docs.sort_unstable();
            for pair in docs.windows(2) {
                if let [a, b] = pair
                    && a.id == b.id
                {
                    return Err(SearchError::Twice(kind, a.id.clone()));
                }
            }
            writer.delete_term(Term::from_field_text(self.fields.kind, kind.as_str()));
            for (n, doc) in (0u64..).zip(&docs) {
                writer.add_document(self.document(doc, n)).map_err(writing)?;
            }
        }
        writer.commit().map_err(writing)?;
        let segments = self.index.searchable_segment_ids().map_err(writing)?;
        if !segments.is_empty() {
            writer.merge(&segments).wait().map_err(writing)?;
        }
        // Readers of this process let go of old files before these are removed.
        self.reader.reload().map_err(broken)?;
        writer.garbage_collect_files().wait().map_err(writing)?;
        writer.wait_merging_threads().map_err(writing)?;
        let beside = self.folder.join(format!("{SUM}.new"));
        fs::write(&beside, sum_of(&self.folder)?)?;
        Ok(fs::rename(&beside, self.folder.join(SUM))?)
    }

    fn document(&self, doc: &Doc, n: u64) -> TantivyDocument {
        let f = &self.fields;
        let mut out = TantivyDocument::new();
        for (field, text) in [
            (f.kind, doc.kind.as_str()),
            (f.id, doc.id.as_str()),
            (f.title_ja, &doc.title_ja),
            (f.title_en, &doc.title_en),
            (f.text, &doc.text),
            (f.path, &doc.path),
        ] {
            out.add_text(field, text);
        }
        let id = fold(&doc.id);
        out.add_text(f.key, &id);
        if let Some((_, own)) = id.split_once(':') {
            out.add_text(f.key, own);
        }
        out.add_pre_tokenized_text(f.title, grams(&format!("{} {} {}", doc.id, doc.title_ja, doc.title_en)));
        out.add_pre_tokenized_text(f.body, grams(&doc.text));
        for mark in doc.readers.marks() {
            out.add_text(f.readers, mark);
        }
        if let (Ok(place), Some(kind)) =
            (self.index.schema().get_field(PLACE), Kind::ALL.iter().position(|k| *k == doc.kind))
        {
            let kind = u64::try_from(kind).unwrap_or(u64::MAX);
            out.add_u64(place, (kind << 40) + n);
        }
        out
    }

    /// The best `limit` documents that hold every word and that whoever asks may see (of one kind where one is named),
    /// and how many there are of each kind.
    ///
    /// # Errors
    /// [`SearchError::Broken`] when the files cannot be read.
    pub fn find(
        &self,
        text: &str,
        kind: Option<Kind>,
        seen: &Seen,
        limit: usize,
    ) -> Result<Found, SearchError> {
        let words = words(text);
        let searcher = self.reader.searcher();
        let mut kinds = Vec::new();
        for one in Kind::ALL {
            if let Some(query) = query(&self.fields, &words, seen, Some(*one)) {
                kinds.push((*one, searcher.search(&query, &Count).map_err(broken)?));
            }
        }
        kinds.retain(|(_, n)| *n > 0);
        let count =
            kinds.iter().filter(|(k, _)| kind.is_none_or(|wanted| wanted == *k)).map(|(_, n)| n).sum();
        let mut found = Found { hits: Vec::new(), count, kinds };
        let Some(query) = query(&self.fields, &words, seen, kind).filter(|_| count > 0 && limit > 0) else {
            return Ok(found);
        };
        let best = TopDocs::with_limit(limit.min(count)).tweak_score(|segment: &SegmentReader| {
            let places = segment.fast_fields().u64(PLACE).ok().map(|c| c.first_or_default_col(0));
            move |doc: DocId, score: Score| {
                (score, Reverse(places.as_ref().map_or(u64::MAX, |places| places.get_val(doc))))
            }
        });
        for ((score, _), address) in searcher.search(&query, &best).map_err(broken)? {
            let doc: TantivyDocument = searcher.doc(address).map_err(broken)?;
            found.hits.push(self.hit(&doc, &words, score)?);
        }
        Ok(found)
    }

    fn hit(&self, doc: &TantivyDocument, words: &[Vec<char>], score: f32) -> Result<Hit, SearchError> {
        let text =
            |field| doc.get_first(field).and_then(|v| v.as_str()).map(str::to_owned).unwrap_or_default();
        let f = &self.fields;
        let kind = Kind::from_name(&text(f.kind)).ok_or_else(|| SearchError::Broken("kind".to_owned()))?;
        let (title_ja, title_en) = (text(f.title_ja), text(f.title_en));
        Ok(Hit {
            kind,
            id: text(f.id),
            path: text(f.path),
            title: snippet(&title_ja, words),
            snippet: snippet(&text(f.text), words),
            title_ja,
            title_en,
            score,
        })
    }

    /// The codes that are written exactly so, alone (`8830052`) or with their system (`RECE-B:8830052`); a few at most.
    ///
    /// # Errors
    /// [`SearchError::Broken`] when the files cannot be read.
    pub fn codes_called(&self, code: &str) -> Result<Vec<String>, SearchError> {
        let is = |field, text: &str| {
            let query = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic);
            Box::new(query) as Box<dyn Query>
        };
        let code = is(self.fields.key, &fold(code));
        let query = BooleanQuery::intersection(vec![code, is(self.fields.kind, Kind::Code.as_str())]);
        let searcher = self.reader.searcher();
        let best =
            searcher.search(&query, &TopDocs::with_limit(CODES_CALLED).order_by_score()).map_err(broken)?;
        let id = |(_, address)| {
            let doc: TantivyDocument = searcher.doc(address).map_err(broken)?;
            Ok(doc.get_first(self.fields.id).and_then(|v| v.as_str()).unwrap_or_default().to_owned())
        };
        best.into_iter().map(id).collect()
    }

    /// How many documents of a kind there are.
    ///
    /// # Errors
    /// [`SearchError::Broken`] when the files cannot be read.
    pub fn count(&self, kind: Kind) -> Result<usize, SearchError> {
        let term = Term::from_field_text(self.fields.kind, kind.as_str());
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        self.reader.searcher().search(&query, &Count).map_err(broken)
    }
}

/// A text as terms with their places.
fn grams(text: &str) -> PreTokenizedString {
    let signs: Vec<char> = fold(text).chars().collect();
    let tokens = terms(&signs)
        .map(|(position, text)| Token { position, text, position_length: 1, ..Token::default() })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}

/// Removes a folder that may not be there.
fn remove(folder: &PathBuf) -> Result<(), SearchError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}
