//! The table of routes (権限表: 役割 × 画面 × 操作): one row a page or an action, with the roles that may have it and the verbs
//! that it gives. The rows make the router, its guards, the tests of the guards and `docs/pages.md`; a handler without a
//! row is unreachable, and a verb that is not in its row cannot be given.

use axum::http::Method;
use musubi_compliance::audit::AuditRole;

use super::reply::{Problem, Reply};
use super::visit::Visit;
use crate::words::Word;

/// What a handler is: it blocks, and never sees a visitor whom the row does not admit.
pub type Run = fn(&mut Visit<'_>) -> Result<Reply, Problem>;

/// Who may have a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody: the way in, pictures and styles, health.
    Anyone,
    /// Whoever is logged in.
    LoggedIn,
    /// Whoever holds one of these roles today.
    Roles(&'static [AuditRole]),
}

/// What a request may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// No body.
    Nothing,
    /// A form of fields.
    Form,
    /// A form with files that fit into memory: papers, lists.
    Papers,
    /// A form with one package, streamed to disk.
    Package,
}

/// A chapter of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Deliveries of submitters (提出).
    Submitter,
    /// Running the house (運用).
    Operator,
    /// The help desk (相談窓口).
    Desk,
    /// Matching by people (名寄せ).
    Matching,
    /// Applications for data (申出).
    Applicant,
    /// The committee's office (審査事務局).
    Secretary,
    /// The committee (審査委員会).
    Committee,
    /// Output check (出力確認).
    Output,
    /// Handing over (提供).
    Handover,
    /// A municipality's table desk (統計窓口).
    Municipality,
    /// What people decide for the operator (管理・承認).
    Govern,
    /// Audit (監査).
    Audit,
    /// Accounts and rights (利用者管理).
    Accounts,
    /// One's own account (自分の設定).
    Own,
}

impl Area {
    /// Its heading in the menu.
    #[must_use]
    pub const fn word(self) -> Word {
        match self {
            Self::Submitter => Word::new("提出", "Deliveries"),
            Self::Operator => Word::new("運用", "Running"),
            Self::Desk => Word::new("相談窓口", "Help desk"),
            Self::Matching => Word::new("名寄せ", "Matching"),
            Self::Applicant => Word::new("利用の申出", "Applications"),
            Self::Secretary => Word::new("審査事務局", "Review office"),
            Self::Committee => Word::new("審査委員会", "Review committee"),
            Self::Output => Word::new("出力確認", "Output check"),
            Self::Handover => Word::new("提供", "Handover"),
            Self::Municipality => Word::new("統計窓口", "Table desk"),
            Self::Govern => Word::new("管理・承認", "Governing"),
            Self::Audit => Word::new("監査", "Audit"),
            Self::Accounts => Word::new("利用者と権限", "Accounts"),
            Self::Own => Word::new("自分の設定", "My account"),
        }
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub post: bool,
    /// Path with `{names}`.
    pub path: &'static str,
    /// What it is, as people call it.
    pub name: Word,
    /// Who may have it.
    pub who: Who,
    /// What it may carry.
    pub takes: Takes,
    /// The verbs that it may give.
    pub verbs: &'static [&'static str],
    /// The verbs that it puts into the queue of jobs, for the service account of their role to give.
    pub starts: &'static [&'static str],
    /// Stands in the menu of this chapter.
    pub menu: Option<Area>,
    /// Does it.
    pub run: Run,
}

/// A page, for nobody until [`Route::roles`] or the like says so.
#[must_use]
pub const fn page(path: &'static str, name: Word, run: Run) -> Route {
    Route {
        post: false,
        path,
        name,
        who: Who::Roles(&[]),
        takes: Takes::Nothing,
        verbs: &[],
        starts: &[],
        menu: None,
        run,
    }
}

/// An action: `POST` with a form.
#[must_use]
pub const fn action(path: &'static str, name: Word, run: Run) -> Route {
    Route { post: true, takes: Takes::Form, ..page(path, name, run) }
}

impl Route {
    /// For these roles.
    #[must_use]
    pub const fn roles(self, roles: &'static [AuditRole]) -> Self {
        Self { who: Who::Roles(roles), ..self }
    }

    /// For whoever is logged in.
    #[must_use]
    pub const fn logged_in(self) -> Self {
        Self { who: Who::LoggedIn, ..self }
    }

    /// For anybody.
    #[must_use]
    pub const fn anyone(self) -> Self {
        Self { who: Who::Anyone, ..self }
    }

    /// Gives these verbs.
    #[must_use]
    pub const fn verbs(self, verbs: &'static [&'static str]) -> Self {
        Self { verbs, ..self }
    }

    /// Puts these verbs into the queue of jobs.
    #[must_use]
    pub const fn starts(self, starts: &'static [&'static str]) -> Self {
        Self { starts, ..self }
    }

    /// Stands in the menu.
    #[must_use]
    pub const fn menu(self, area: Area) -> Self {
        Self { menu: Some(area), ..self }
    }

    /// Carries files that fit into memory.
    #[must_use]
    pub const fn papers(self) -> Self {
        Self { takes: Takes::Papers, ..self }
    }

    /// Carries one package, streamed to disk.
    #[must_use]
    pub const fn package(self) -> Self {
        Self { takes: Takes::Package, ..self }
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> Method {
        if self.post { Method::POST } else { Method::GET }
    }

    /// Whether somebody who holds these roles may have it.
    #[must_use]
    pub fn admits(&self, roles: Option<&[AuditRole]>) -> bool {
        match (self.who, roles) {
            (Who::Anyone, _) | (Who::LoggedIn, Some(_)) => true,
            (Who::Roles(allowed), Some(held)) => held.iter().any(|role| allowed.contains(role)),
            (_, None) => false,
        }
    }
}

/// All rows, chapter by chapter.
pub fn all() -> impl Iterator<Item = &'static Route> {
    super::pages::CHAPTERS.iter().flat_map(|chapter| chapter.iter())
}

/// The menu of somebody: chapters with their pages.
#[must_use]
pub fn menu(roles: &[AuditRole]) -> Vec<(Area, Vec<&'static Route>)> {
    let mut chapters: Vec<(Area, Vec<&'static Route>)> = Vec::new();
    for route in all().filter(|r| r.admits(Some(roles))) {
        let Some(area) = route.menu else { continue };
        match chapters.iter_mut().find(|(a, _)| *a == area) {
            Some((_, pages)) => pages.push(route),
            None => chapters.push((area, vec![route])),
        }
    }
    chapters.sort_by_key(|(area, _)| *area);
    chapters
}
