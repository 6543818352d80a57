//! What can be wrong with a log, each kind with its own name, so that nobody has to guess what was done to it.

use std::fmt;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Damage {
    /// An entry's content is not what its hash says.
    Changed,
    /// Entries are missing.
    Dropped,
    /// Entries stand in another order.
    Reordered,
    /// Something stands there that was not in the log.
    Inserted,
    /// The log ends before a checkpoint, or the file before its end.
    Truncated,
    /// The log was written anew: its hashes fit each other, but not what was promised of it.
    Rewritten,
    /// The house signed two histories that cannot both be true.
    Forked,
    /// A signature does not hold.
    BadSignature,
    /// Somebody else's key signed.
    WrongKey,
    /// The log belongs to another house.
    OtherLog,
    /// The end of the log stands under no checkpoint.
    Unsigned,
    /// A witness that was asked for has signed nothing.
    NotWitnessed,
    /// A line or a file cannot be read as what it should be.
    Unreadable,
    /// A proof does not prove what it says.
    BadProof,
}

impl Damage {
    /// The word for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Dropped => "dropped",
            Self::Reordered => "reordered",
            Self::Inserted => "inserted",
            Self::Truncated => "truncated",
            Self::Rewritten => "rewritten",
            Self::Forked => "forked",
            Self::BadSignature => "bad-signature",
            Self::WrongKey => "wrong-key",
            Self::OtherLog => "other-log",
            Self::Unsigned => "unsigned",
            Self::NotWitnessed => "not-witnessed",
            Self::Unreadable => "unreadable",
            Self::BadProof => "bad-proof",
        }
    }

    /// What it means, Japanese.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Changed => "内容が書き換えられています",
            Self::Dropped => "記録が抜けています",
            Self::Reordered => "記録の順序が入れ替わっています",
            Self::Inserted => "もとの証跡にない記録が挿入されています",
            Self::Truncated => "控えの位置より前で終わっています",
            Self::Rewritten => "控えと異なる記録に書き直されています",
            Self::Forked => "両立しない二つの証跡に署名されています(分岐)",
            Self::BadSignature => "署名が正しくありません",
            Self::WrongKey => "別の鍵で署名されています",
            Self::OtherLog => "別の事業者の証跡です",
            Self::Unsigned => "末尾の記録に署名された控えがありません",
            Self::NotWitnessed => "指定された立会人の署名がありません",
            Self::Unreadable => "書式が違い、読めません",
            Self::BadProof => "証明が成り立ちません",
        }
    }

    /// What it means, English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Changed => "the entry was changed",
            Self::Dropped => "entries are missing",
            Self::Reordered => "entries stand in another order",
            Self::Inserted => "something stands here that was not in the log",
            Self::Truncated => "the log ends before its checkpoint",
            Self::Rewritten => "the log was written anew and is not what its checkpoint promised",
            Self::Forked => "the house signed two histories that cannot both be true",
            Self::BadSignature => "a signature does not hold",
            Self::WrongKey => "another key signed",
            Self::OtherLog => "this is another house's log",
            Self::Unsigned => "the end of the log stands under no checkpoint",
            Self::NotWitnessed => "the witness asked for has signed nothing",
            Self::Unreadable => "this cannot be read",
            Self::BadProof => "the proof does not prove it",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Damage and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What happened.
    pub what: Damage,
    /// The first entry that is not as it was (from 1).
    pub place: u64,
    /// The last entry up to which it may have happened, where only checkpoints tell; else equal to `place`.
    pub until: u64,
}

impl Finding {
    /// Damage at one entry.
    #[must_use]
    pub fn at(what: Damage, place: u64) -> Self {
        Self { what, place, until: place }
    }

    /// One sentence for people.
    #[must_use]
    pub fn sentence(&self, english: bool) -> String {
        let Self { what, place, until } = *self;
        match (english, place == until) {
            (true, true) => format!("entry {place}: {} ({what})", what.en()),
            (true, false) => format!("entries {place} to {until}: {} ({what})", what.en()),
            (false, true) => format!("{place} 番目の記録: {}({what})", what.ja()),
            (false, false) => format!("{place} 番目から {until} 番目の間: {}({what})", what.ja()),
        }
    }
}
