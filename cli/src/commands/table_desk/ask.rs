//! `musubi desk ask`: the draft of an application for the table of a question; or what already answers it.
//!
//! It hands nothing in: the municipality completes its draft and submits it as any other application.

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_model::spec::ExtractSpec;
use musubi_review_board::committee::stage::State;
use musubi_review_board::questions::{Level, Wanted};
use musubi_storage::board_application::ApplicationRow;
use serde_json::json;

use super::super::committee::{Case, flaws_today};
use super::super::{Ending, books};
use super::{Ask, Standing};
use crate::home::{now, today};
use crate::say::Voice;

/// Makes the draft, unless a release, a standing approval or an application of the organisation is there already.
pub(super) fn run(desk: &Standing<'_>, voice: Voice, order: &Ask) -> Result<Ending> {
    let question = desk.question(&order.id)?;
    let place = desk.place(order.place.as_deref())?;
    let level = desk.level(place);
    let policy = desk.policy_ref();
    let wanted = Wanted {
        from: order.from,
        to: order.to,
        recipient_id: &desk.id,
        recipient: &desk.name,
        level,
        policy: &policy,
    };
    let (spec, draft) = question.draft(&wanted, &desk.label(place, level).0)?;
    let text = &draft.spec;
    if level == Level::MedicalArea {
        voice.say(
            format!(
                "{} の人口では市区町村の表を出せないので、{} の単位で申し出ます(人口の区分)",
                place.name, place.area_name
            ),
            format!(
                "too few people for a table of the municipality: asking by medical area ({})",
                place.area
            ),
        );
    }
    let mut value = json!({
        "question": question.id, "level": level, "scope_hash": spec.scope_hash(), "spec": text,
        "draft": draft, "from": order.from, "to": order.to,
    });
    let mut answer = |state: &str, more: serde_json::Value| -> Result<Ending> {
        if let (serde_json::Value::Object(value), serde_json::Value::Object(more)) = (&mut value, more) {
            value.insert("state".to_owned(), json!(state));
            value.extend(more);
        }
        voice.value(&value);
        Ok(Ending::Done)
    };
    let same = |s: &ExtractSpec| s.scope_hash() == spec.scope_hash();
    if let Some(there) = desk.read(&same)?.last() {
        voice.say(
            format!("すでに提供されています: {}", there.release),
            format!("released already: {}", there.release),
        );
        return answer("released", json!({ "release": there.release }));
    }
    let request =
        desk.home.registry.board()?.requests()?.into_iter().find(|r| r.scope_hash == spec.scope_hash());
    if let Some(request) = request {
        let approvals = desk.home.registry.board()?.approvals_of(&request.request_id)?;
        if let Some(standing) = approvals.iter().find(|a| a.expires_on >= today()) {
            voice.say(
                format!(
                    "承認済みの申出に含まれるので、審査なしで提供されます(方針による自動): {}",
                    standing.approval_id
                ),
                format!(
                    "covered by a standing approval, released without another review: {}",
                    standing.approval_id
                ),
            );
            return answer(
                "automatic",
                json!({ "request": request.request_id, "approval": standing.approval_id, "expires_on": standing.expires_on }),
            );
        }
    }
    let open = desk.cases()?.into_iter().rev().find(|case| !over(case.state) && same_scope(case, &spec));
    if let Some(case) = open {
        voice.say(
            format!("同じ申出があります: {}({})", case.id(), case.state.ja()),
            format!("there is such an application already: {} ({})", case.id(), case.state.as_str()),
        );
        return answer(
            "applied",
            json!({ "application": case.id(), "application_state": case.state.as_str() }),
        );
    }
    if order.dry {
        voice.line(text.trim_end());
        return answer("dry", json!({}));
    }
    if !desk.adopted {
        return Err(desk.unusable(
            "DSK_POLICY",
            "開示制御方針がまだ採択されていません(musubi policy adopt)",
            "the disclosure policy was not adopted yet (musubi policy adopt)",
        ));
    }
    let left = flaws_today(desk.home, &draft)?;
    let mut db = desk.home.registry.board()?;
    let row = ApplicationRow {
        application_id: String::new(),
        organisation: desk.id.clone(),
        amends: None,
        created_by: desk.home.acting.granted.principal.to_string(),
        created_at: now(),
    };
    let id = db.begin_application(&row, &draft.canonical(), &draft.hash()).context("申出を作れません")?;
    let object = AuditObject::Request(Name::new(&id).context("application")?);
    books::audit(&mut db, desk.cli, AuditRole::Municipality, AuditAction::Apply, object, 0)?;
    voice.say(
        format!("申出の下書きを作りました: {id}(残り {} 件を書いて提出してください)", left.len()),
        format!("Draft application {id} made ({} things left to fill in before handing it in)", left.len()),
    );
    answer("drafted", json!({ "application": id, "application_state": State::Draft.as_str(), "flaws": left }))
}

/// An application that is over stands in nobody's way: the table may be asked for once more.
pub(super) fn over(state: State) -> bool {
    matches!(state, State::Withdrawn | State::Rejected | State::Expired | State::Completed)
}

/// Whether an application asks for exactly this.
fn same_scope(case: &Case, spec: &ExtractSpec) -> bool {
    let document = case.document().ok();
    document.and_then(|d| d.extract()).is_some_and(|asked| asked.scope_hash() == spec.scope_hash())
}
