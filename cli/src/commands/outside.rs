//! What belongs to whom among outside organisations: a submitter's account sees and touches its own feeds and deliveries, and
//! is told of nothing else that it does not exist. The one place where verbs ask.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use musubi_compliance::organisation::OrganisationKind;
use musubi_model::SubmissionId;
use musubi_model::manifest::Agreements;

use super::show::one_submission;
use crate::home::Home;

/// Whose rows a command may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them: an account of the house.
    Whole,
    /// Those of one submitter.
    Submitter(String),
}

impl Reach {
    /// How far whoever acts may see. Fails closed: an outside account that sends nothing sees nothing.
    pub fn of(home: &Home) -> Result<Self> {
        let book = &home.books.organisations;
        if book.is_empty() {
            // A house that is being founded has its officer only.
            return Ok(Self::Whole);
        }
        let organisation = book
            .principal(&home.acting.granted.principal.to_string())
            .and_then(|principal| book.organisation(&principal.row.organisation))
            .ok_or_else(|| anyhow!("アカウントの所属が台帳にありません"))?;
        match organisation.kind {
            OrganisationKind::Submitter | OrganisationKind::Municipality => {
                Ok(Self::Submitter(organisation.row.id.clone()))
            }
            kind if kind.outside() => Err(anyhow!("この所属からは提出を扱えません")),
            _ => Ok(Self::Whole),
        }
    }

    /// The submitter to which lists are limited.
    pub fn submitter(&self) -> Option<&str> {
        match self {
            Self::Whole => None,
            Self::Submitter(id) => Some(id),
        }
    }

    /// Whether something of this submitter may be seen.
    pub fn covers(&self, submitter: Option<&str>) -> bool {
        match self {
            Self::Whole => true,
            Self::Submitter(own) => submitter == Some(own),
        }
    }

    /// The one delivery whose id begins so, if it may be seen. Another's is as unknown as none.
    pub fn delivery(&self, home: &Home, prefix: &str) -> Result<Option<SubmissionId>> {
        let mut db = home.registry.ingest()?;
        let Ok(id) = one_submission(&mut db, prefix) else { return Ok(None) };
        let view = home.registry.console()?.submission(&id)?;
        Ok(view.filter(|v| self.covers(v.submitter.as_deref())).map(|v| v.id))
    }

    /// The providers of which something may be seen; `None`: all.
    pub fn providers(&self, agreements: &Agreements) -> Option<BTreeSet<String>> {
        let own = self.submitter()?;
        let feeds = agreements.feeds.iter().filter(|f| f.submitter.as_str() == own);
        Some(feeds.flat_map(|f| &f.providers).map(ToString::to_string).collect())
    }
}
