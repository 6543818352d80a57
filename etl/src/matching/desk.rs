//! The engine as the desk uses it (窓口): who is meant by a description, and how two records stand to each other.

use std::collections::BTreeSet;

use musubi_id_resolution::mpi::explain::{SideBySide, Waterfall};
use musubi_id_resolution::mpi::model::Scorer;
use musubi_id_resolution::mpi::row::Lexicon;
use musubi_id_resolution::mpi::score::{Time, score};
use musubi_id_resolution::mpi::{self};
use musubi_id_resolution::normalise::normalise;
use musubi_id_resolution::query::{Candidate, Grades, Match, matches};
use musubi_id_resolution::sent::{Normal, Sent};
use musubi_id_resolution::{SealedRecord, Unreadable};
use musubi_model::identity::{Identifying, parts};
use musubi_model::{ResearchId, SourceIdentity};

use super::{Mpi, Opened, day};

/// Two records held against each other, with what each says. `Debug` hides the values.
#[derive(Debug)]
pub struct Compared {
    /// How the weight of the pair comes about.
    pub waterfall: Waterfall,
    /// What both say, field by field. For whoever may see the values.
    pub fields: SideBySide,
}

impl Mpi<'_> {
    /// The sealed block keys of a question, ascending. Empty: nothing to look for.
    #[must_use]
    pub fn keys_of(&self, asked: &Sent<'_>) -> Vec<i64> {
        let clear = mpi::block_keys(&self.matching.model, asked);
        let sealed: BTreeSet<i64> = clear.into_iter().map(|key| self.tokens.block(key)).collect();
        sealed.into_iter().collect()
    }

    /// The sealed block keys of a description, ascending: the same that a unit with it would get.
    #[must_use]
    pub fn keys_of_description(&self, of: &SourceIdentity) -> Vec<i64> {
        let parts = parts(&of.demographics).into_iter().map(|(name, text)| (name, Identifying::new(text)));
        self.keys_of(&Opened { parts: parts.collect() }.sent(of.provider.as_str()))
    }

    /// Who of the candidates is meant, the surest first. `candidates` in order of persons; whoever nobody can read any
    /// more is not found.
    ///
    /// # Errors
    /// A key that does not open what it should.
    pub fn answer(
        &self,
        asked: &Sent<'_>,
        candidates: &[(ResearchId, SealedRecord)],
    ) -> Result<Vec<Match>, Unreadable> {
        let opened: Vec<Option<Opened>> =
            candidates.iter().map(|(_, r)| self.open(r)).collect::<Result<_, _>>()?;
        let mut persons: Vec<Candidate<'_>> = Vec::new();
        for ((person, record), opened) in candidates.iter().zip(&opened) {
            let Some(opened) = opened else { continue };
            let sent = opened.sent(record.provider.as_str());
            match persons.last_mut().filter(|p| p.person == *person) {
                Some(known) => known.records.push(sent),
                None => persons.push(Candidate { person: *person, records: vec![sent] }),
            }
        }
        let model = &self.matching.model;
        Ok(matches(model, &Grades::of(model), asked, &persons))
    }

    /// Two records under the model in force. `None`: one of them nobody can read any more.
    ///
    /// # Errors
    /// A key that does not open what it should.
    pub fn compare(&self, a: &SealedRecord, b: &SealedRecord) -> Result<Option<Compared>, Unreadable> {
        let (Some(x), Some(y)) = (self.open(a)?, self.open(b)?) else { return Ok(None) };
        let (x, y) = (x.sent(a.provider.as_str()), y.sent(b.provider.as_str()));
        let model = &self.matching.model;
        let (mut normal, mut lexicon) = (Normal::default(), Lexicon::default());
        let mut row = |sent: &Sent<'_>, record: &SealedRecord| {
            normalise(sent, &model.names, &mut normal);
            let seen = record.seen.map(|(first, last)| (day(first), day(last)));
            lexicon.row(&normal, sent.facility, seen, &model.names, model.rules.unseen_name)
        };
        let (left, right) = (row(&x, a), row(&y, b));
        let scored = score(&Scorer::new(model), &lexicon, &left, &right, Time::Counts);
        Ok(Some(Compared {
            waterfall: Waterfall::new(model, scored.levels, Some(scored.weight), None),
            fields: SideBySide::of(model, &x, &y),
        }))
    }
}
