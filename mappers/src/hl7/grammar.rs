//! Which segments may follow which: the structure of a message as a small automaton.
//!
//! A structure is written as in the standard's abstract syntax: names in order, `?` optional, `*` any number, `+` one or
//! more, brackets for groups. It is compiled into the sets "may come first / next / last" over its positions (the
//! method of Glushkov). A segment out of its place is told and passed over, and the rest is still judged.

use std::collections::BTreeSet;

/// Positions of a structure, as bits; a structure has at most 128.
type Set = u128;

/// A compiled structure.
#[derive(Debug, Clone)]
pub struct Grammar {
    names: Vec<[u8; 3]>,
    /// Each name once, with its positions.
    places: Vec<([u8; 3], Set)>,
    first: Set,
    last: Set,
    follow: Vec<Set>,
    /// What can be reached from a position at all.
    reach: Vec<Set>,
}

#[derive(Clone, Copy)]
struct Part {
    nullable: bool,
    first: Set,
    last: Set,
}

/// What the grammar says of the next segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// In its place.
    Fits,
    /// It could stand here if others stood before it: one of these.
    Missing(Vec<String>),
    /// It cannot stand here, nor later.
    OutOfPlace,
}

/// Where in a structure a message has come to.
#[derive(Debug, Clone)]
pub struct Progress<'g> {
    grammar: &'g Grammar,
    at: Option<Set>,
}

impl Grammar {
    /// Compiles a structure. `None` when it is not one (unbalanced brackets, a name not of three letters, too long).
    #[must_use]
    pub fn compile(structure: &str) -> Option<Self> {
        let mut grammar = Self {
            names: Vec::new(),
            places: Vec::new(),
            first: 0,
            last: 0,
            follow: Vec::new(),
            reach: Vec::new(),
        };
        let mut rest = structure.as_bytes();
        let whole = grammar.sequence(&mut rest)?;
        if !rest.is_empty() {
            return None;
        }
        (grammar.first, grammar.last) = (whole.first, whole.last);
        grammar.reach = grammar.follow.clone();
        // Closure by repetition; structures are small and compiled once.
        loop {
            let next: Vec<Set> =
                grammar.reach.iter().map(|set| set | Grammar::step(*set, &grammar.reach)).collect();
            if next == grammar.reach {
                return Some(grammar);
            }
            grammar.reach = next;
        }
    }

    fn sequence(&mut self, rest: &mut &[u8]) -> Option<Part> {
        let mut whole = Part { nullable: true, first: 0, last: 0 };
        loop {
            *rest = rest.trim_ascii_start();
            let part = match rest {
                [] | [b')', ..] => return Some(whole),
                [b'(', inner @ ..] => {
                    *rest = inner;
                    let part = self.sequence(rest)?;
                    *rest = rest.strip_prefix(b")")?;
                    part
                }
                [a, b, c, after @ ..] if [a, b, c].iter().all(|x| x.is_ascii_alphanumeric()) => {
                    let name = [*a, *b, *c];
                    *rest = after;
                    self.position(name)?
                }
                _ => return None,
            };
            let part = match rest {
                [b'?', after @ ..] => {
                    *rest = after;
                    Part { nullable: true, ..part }
                }
                [sign @ (b'*' | b'+'), after @ ..] => {
                    let nullable = part.nullable || *sign == b'*';
                    *rest = after;
                    self.link(part.last, part.first);
                    Part { nullable, ..part }
                }
                _ => part,
            };
            self.link(whole.last, part.first);
            whole = Part {
                nullable: whole.nullable && part.nullable,
                first: if whole.nullable { whole.first | part.first } else { whole.first },
                last: if part.nullable { whole.last | part.last } else { part.last },
            };
        }
    }

    fn position(&mut self, name: [u8; 3]) -> Option<Part> {
        let bit = 1u128.checked_shl(u32::try_from(self.names.len()).ok()?)?;
        self.names.push(name);
        match self.places.iter_mut().find(|(n, _)| *n == name) {
            Some((_, places)) => *places |= bit,
            None => self.places.push((name, bit)),
        }
        self.follow.push(0);
        Some(Part { nullable: false, first: bit, last: bit })
    }

    fn link(&mut self, from: Set, to: Set) {
        for (i, follow) in self.follow.iter_mut().enumerate() {
            if from >> i & 1 == 1 {
                *follow |= to;
            }
        }
    }

    /// All that `table` gives for the positions of `from`.
    fn step(from: Set, table: &[Set]) -> Set {
        let mut rest = from;
        let mut sum = 0;
        while rest != 0 {
            let at = usize::try_from(rest.trailing_zeros()).unwrap_or(usize::MAX);
            sum |= table.get(at).copied().unwrap_or(0);
            rest &= rest - 1;
        }
        sum
    }

    fn positions(&self, among: Set, name: [u8; 3]) -> Set {
        self.places.iter().find(|(n, _)| *n == name).map_or(0, |(_, places)| places & among)
    }

    fn names_of(&self, set: Set) -> Vec<String> {
        let names: BTreeSet<&[u8; 3]> =
            self.names.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, n)| n).collect();
        names.into_iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect()
    }

    /// Does the structure know this segment anywhere?
    #[must_use]
    pub fn knows(&self, name: [u8; 3]) -> bool {
        self.places.iter().any(|(n, _)| *n == name)
    }

    /// Begins a message.
    #[must_use]
    pub fn begin(&self) -> Progress<'_> {
        Progress { grammar: self, at: None }
    }
}

impl Progress<'_> {
    /// Takes the next segment.
    pub fn take(&mut self, name: [u8; 3]) -> Verdict {
        let grammar = self.grammar;
        let next = self.at.map_or(grammar.first, |at| Grammar::step(at, &grammar.follow));
        let fitting = grammar.positions(next, name);
        if fitting != 0 {
            self.at = Some(fitting);
            return Verdict::Fits;
        }
        let later = grammar.positions(Grammar::step(next, &grammar.reach), name);
        if later == 0 {
            return Verdict::OutOfPlace;
        }
        self.at = Some(later);
        // What stands directly before the segment and could have come: that is what is missing.
        let before = (0..grammar.names.len())
            .filter(|i| grammar.follow.get(*i).is_some_and(|f| f & later != 0))
            .fold(0u128, |sum, i| sum | 1 << i);
        let mut names = grammar.names_of(before);
        names.retain(|n| n.as_bytes() != name);
        Verdict::Missing(names)
    }

    /// What must still come before the message may end; empty when it may end here.
    #[must_use]
    pub fn missing_at_end(&self) -> Vec<String> {
        let grammar = self.grammar;
        match self.at {
            Some(at) if at & grammar.last != 0 => Vec::new(),
            Some(at) => grammar.names_of(Grammar::step(at, &grammar.follow)),
            None => grammar.names_of(grammar.first),
        }
    }
}
