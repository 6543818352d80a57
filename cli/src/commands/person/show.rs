//! `musubi person show`: a research id or an identity, as it is or as it was known at a time.

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use musubi_compliance::audit::AuditObject;
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::identity::{MemberSince, PersonRow, PersonState, open_demographics};
use serde_json::{Map, Value, json};

use super::{Desk, Ending, Values, put, second};
use crate::say::Voice;

/// `musubi person show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Research id or identity.
    id: String,
    /// As it was known at this time: `YYYY-MM-DD` (the end of that day in Japan) or a timestamp.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<Timestamp>,
    #[command(flatten)]
    values: Values,
}

/// A day means its end in Japan.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day: Date = text.parse().map_err(|_| "YYYY-MM-DD / 2026-11-10T09:00:00+09:00".to_owned())?;
    let end = TimeZone::get("Asia/Tokyo").and_then(|tokyo| day.tomorrow()?.to_zoned(tokyo));
    end.map(|end| end.timestamp()).map_err(|e| e.to_string())
}

/// Runs the verb.
pub fn run(desk: &mut Desk<'_>, order: &Show) -> Result<Ending> {
    let voice = desk.voice;
    let named = desk.named(&order.id)?;
    let person = match (order.as_of, named.identity) {
        (Some(at), Some(id)) => desk
            .db
            .person_as_of(&id, at)?
            .ok_or_else(|| anyhow!("この元データは、その時点ではまだありません"))?,
        _ => named.person,
    };
    let chain = desk.db.person_chain(&person)?;
    let row = chain.first().ok_or_else(|| anyhow!("その研究用IDはありません"))?;
    let ids: Vec<IdentityId> = match order.as_of {
        Some(at) => desk.db.members_as_of(&person, at)?,
        None => desk.db.members_of(&person)?.into_iter().map(|m| m.identity_id).collect(),
    };
    let members = desk.db.members_since(&ids)?;
    let purpose = order.values.purpose();
    desk.book_look(AuditObject::Person(person, purpose), 1)?;
    if let Some(ruling) = desk.hidden(&person, named.identity, &ids)? {
        second::kept_from(desk, ruling);
        voice.value(&json!({ "asked": order.id, "blind": ruling }));
        return Ok(Ending::Done);
    }

    voice.line(format!("■ {} {person}", voice.word("研究用ID", "research id")));
    voice.line(format!("  {}: {}", voice.word("状態", "state"), state(voice, row)));
    for next in chain.iter().skip(1) {
        voice.line(format!("    → {}  {}", next.research_id, state(voice, next)));
    }
    match row.born_in {
        Some(born) => voice.line(format!("  {}: {born}", voice.word("発番した提出", "born in submission"))),
        None => voice.line(format!("  {}", voice.word("裁定により発番", "born by a ruling"))),
    }
    if let Some(at) = order.as_of {
        voice.line(format!("  {}: {at}", voice.word("この時点の構成", "as of")));
    }
    voice.line(format!("■ {} {}", voice.word("元データ上の本人", "identities"), members.len()));
    let mut told = Vec::new();
    for m in &members {
        voice.line(format!("  {}  {}", m.identity_id, line(voice, m, order.as_of.is_none())));
        let mut value = json!({ "identity": m.identity_id, "provider": m.provider,
            "seen_first": m.seen.map(|s| s.0), "seen_last": m.seen.map(|s| s.1) });
        if order.as_of.is_none() {
            put(&mut value, "since", json!(m.since));
        }
        if purpose.is_some() {
            put(&mut value, "values", values(desk, &m.identity_id)?);
        }
        told.push(value);
    }
    voice.value(&json!({
        "research_id": person, "state": row.state.as_str(), "born_in": row.born_in,
        "replaced_by": chain.iter().skip(1).map(|p| p.research_id).collect::<Vec<ResearchId>>(),
        "as_of": order.as_of, "members": told,
    }));
    Ok(Ending::Done)
}

fn state(voice: Voice, row: &PersonRow) -> &'static str {
    match row.state {
        PersonState::Active => voice.word("有効", "active"),
        PersonState::Merged => voice.word("統合済み", "merged"),
        PersonState::Split => voice.word("分割済み", "split"),
        PersonState::Retired => voice.word("廃止", "retired"),
    }
}

fn line(voice: Voice, m: &MemberSince, today: bool) -> String {
    let seen = m.seen.map_or_else(|| "-".to_owned(), |(first, last)| format!("{first} – {last}"));
    let since = m.since.filter(|_| today).map(|at| format!("  {}: {at:.0}", voice.word("所属", "since")));
    format!(
        "{}: {}  {}: {seen}{}",
        voice.word("提供元", "provider"),
        m.provider,
        voice.word("記載", "seen"),
        since.unwrap_or_default()
    )
}

/// What the source wrote of an identity; told to people at once. Only after the look was booked.
pub(super) fn values(desk: &mut Desk<'_>, id: &IdentityId) -> Result<Value> {
    let voice = desk.voice;
    let key = desk.db.existing_data_keys(&desk.home.ring.kek, &[*id])?.remove(id);
    let (Some(key), Some(sealed)) = (key, desk.db.sealed(id)?) else {
        voice.say("      (鍵が破棄されており読めません)", "      (the key was destroyed)");
        return Ok(Value::Null);
    };
    let mut all = Map::new();
    for (name, text) in open_demographics(&key, id, &sealed)? {
        let text = text.expose().as_str();
        if !text.is_empty() {
            voice.line(format!("      {}: {text}", voice.word(label(name), name)));
            all.insert(name.to_owned(), json!(text));
        }
    }
    Ok(Value::Object(all))
}

fn label(part: &'static str) -> &'static str {
    match part {
        "local_number" => "患者番号",
        "insurer_number" => "保険者番号",
        "insured_symbol" => "記号",
        "insured_number" => "番号",
        "insured_branch" => "枝番",
        "name_kanji" => "氏名",
        "name_kana" => "カナ氏名",
        "birth" => "生年月日",
        "sex" => "性別",
        "postal_code" => "郵便番号",
        "address" => "住所",
        "phone" => "電話番号",
        "care_insurer" => "介護保険者番号",
        "care_number" => "介護被保険者番号",
        other => other,
    }
}
