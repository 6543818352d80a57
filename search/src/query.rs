//! From words to a query: every word must stand in the document, wherever it stands in it, and whoever asks must be
//! among its readers. Both are one query.

use tantivy::Term;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use crate::doc::{EVERYBODY, Kind, organisation_mark, role_mark};
use crate::fold::fold;
use crate::index::Fields;

/// Words of a query beyond these, and signs of a word beyond these, are not looked at: nobody types so much.
const WORDS_MAX: usize = 8;
const SIGNS_MAX: usize = 64;

/// Who asks (照会者).
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The roles held today, by their stored words.
    pub roles: Vec<String>,
    /// The organisation, for whoever works for one outside the house.
    pub organisation: Option<String>,
}

/// The folded words of a query.
pub(crate) fn words(text: &str) -> Vec<Vec<char>> {
    let folded = fold(text);
    folded.split_whitespace().take(WORDS_MAX).map(|w| w.chars().take(SIGNS_MAX).collect()).collect()
}

/// The terms of a row of signs: each sign, and each pair of neighbours, at the place of its first sign. A pair finds
/// its place in a phrase, so that a longer word is found exactly where it stands.
pub(crate) fn terms(signs: &[char]) -> impl Iterator<Item = (usize, String)> {
    signs.iter().enumerate().flat_map(move |(at, c)| {
        let pair = signs.get(at + 1).map(|next| (at, String::from_iter([*c, *next])));
        // A word has no blank in it, so that terms with one are never asked for.
        let sought = |(_, term): &(usize, String)| !term.contains(' ');
        std::iter::once((at, c.to_string())).chain(pair).filter(sought)
    })
}

/// `word` as it stands in `field`.
fn standing(field: Field, word: &[char]) -> Box<dyn Query> {
    let pairs: Vec<Term> =
        word.windows(2).map(|pair| Term::from_field_text(field, &String::from_iter(pair))).collect();
    match pairs.as_slice() {
        [] => {
            let one = Term::from_field_text(field, &String::from_iter(word));
            Box::new(TermQuery::new(one, IndexRecordOption::WithFreqs))
        }
        [pair] => Box::new(TermQuery::new(pair.clone(), IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new(pairs)),
    }
}

/// The query of `words` for whoever asks, of one kind where one is named. `None` when nothing is asked.
pub(crate) fn query(
    fields: &Fields,
    words: &[Vec<char>],
    seen: &Seen,
    kind: Option<Kind>,
) -> Option<BooleanQuery> {
    if words.is_empty() {
        return None;
    }
    let mut all: Vec<(Occur, Box<dyn Query>)> = words
        .iter()
        .map(|word| {
            let exact = Term::from_field_text(fields.key, &String::from_iter(word));
            let exact: Box<dyn Query> = Box::new(TermQuery::new(exact, IndexRecordOption::Basic));
            let anywhere: Vec<(Occur, Box<dyn Query>)> = vec![
                (Occur::Should, Box::new(BoostQuery::new(exact, 10.0))),
                (Occur::Should, Box::new(BoostQuery::new(standing(fields.title, word), 3.0))),
                (Occur::Should, standing(fields.body, word)),
            ];
            (Occur::Must, Box::new(BooleanQuery::new(anywhere)) as Box<dyn Query>)
        })
        .collect();
    let marks = std::iter::once(EVERYBODY.to_owned())
        .chain(seen.roles.iter().map(|role| role_mark(role)))
        .chain(seen.organisation.as_deref().map(organisation_mark));
    let readers = BooleanQuery::new_multiterms_query(
        marks.map(|mark| Term::from_field_text(fields.readers, &mark)).collect(),
    );
    let of_kind = kind.map(|kind| {
        let term = Term::from_field_text(fields.kind, kind.as_str());
        Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Query>
    });
    // Rights and kind let in or not; they never make a hit better.
    for gate in std::iter::once(Box::new(readers) as Box<dyn Query>).chain(of_kind) {
        all.push((Occur::Must, Box::new(ConstScoreQuery::new(gate, 0.0))));
    }
    Some(BooleanQuery::new(all))
}
