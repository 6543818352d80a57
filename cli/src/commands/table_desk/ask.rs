//! `musubi desk ask`: a request from a question's template, filed as any other; or what already answers it.

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_model::spec::ExtractSpec;
use musubi_review_board::file_request;
use musubi_review_board::questions::{Level, Wanted};
use serde_json::json;

use super::super::{Ending, books};
use super::{Ask, Standing};
use crate::home::{now, today};
use crate::say::Voice;

/// Files the request, unless a standing approval or a release answers it.
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
    let (spec, text) = question.request(&wanted)?;
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
        "from": order.from, "to": order.to,
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
    let mut db = desk.home.registry.board()?;
    let filed = file_request(&mut db, &text, &desk.id, now()).context("申出を受け付けられません")?;
    let object = AuditObject::Request(Name::new(&filed.request_id).context("request")?);
    books::audit(&mut db, desk.cli, AuditRole::Municipality, AuditAction::FileRequest, object, 0)?;
    voice.say(
        format!("申出を受け付けました: {}({}〜{})", filed.request_id, order.from, order.to),
        format!("filed request {} ({} to {})", filed.request_id, order.from, order.to),
    );
    answer("filed", json!({ "request": filed.request_id }))
}
