//! `musubi person match`: who is meant by a description, with the grades of HL7's `$match`.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use musubi_compliance::audit::{AuditObject, AuditPurpose};
use musubi_etl::matching::Mpi;
use musubi_id_resolution::mpi::explain::signed;
use musubi_id_resolution::query::{Grade, Match, bundle};
use musubi_id_resolution::sent::Sent;
use serde::Deserialize;
use serde_json::json;

use super::{Desk, Ending, Unfit, purpose, purposes, put, show};
use crate::say::Voice;

/// Bytes of a question at most: it is one person.
const QUESTION_MAX: u64 = 64 << 10;

/// `musubi person match`.
#[derive(Debug, Args)]
pub struct Find {
    #[command(flatten)]
    asked: Question,
    /// The description as JSON with the names of these options; `-` for standard input. What stands on the command line
    /// other users of the machine can see.
    #[arg(long, value_name = "FILE", conflicts_with = "question")]
    from: Option<PathBuf>,
    /// For what; stands in the audit chain.
    #[arg(long, value_parser = purposes())]
    purpose: String,
    /// At most so many.
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Show what the sources wrote.
    #[arg(long)]
    values: bool,
}

/// What is known of the person.
#[derive(Args, Deserialize, Default)]
#[group(id = "question", multiple = true)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    /// Name in kana, family and given name parted by a blank.
    #[arg(long, default_value = "", hide_default_value = true)]
    kana: String,
    /// Name in kanji, likewise.
    #[arg(long, default_value = "", hide_default_value = true)]
    kanji: String,
    /// Birth date: `YYYY-MM-DD`, `YYYYMMDD`, or era and year `GYYMMDD`.
    #[arg(long, default_value = "", hide_default_value = true)]
    birth: String,
    /// Sex: `1`/`M`/男, `2`/`F`/女.
    #[arg(long, default_value = "", hide_default_value = true)]
    sex: String,
    /// Insurer number (保険者番号).
    #[arg(long, default_value = "", hide_default_value = true)]
    insurer: String,
    /// Symbol (記号).
    #[arg(long, default_value = "", hide_default_value = true)]
    symbol: String,
    /// Number (番号).
    #[arg(long, default_value = "", hide_default_value = true)]
    number: String,
    /// Branch number (枝番).
    #[arg(long, default_value = "", hide_default_value = true)]
    branch: String,
    /// Telephone.
    #[arg(long, default_value = "", hide_default_value = true)]
    phone: String,
    /// Postal code.
    #[arg(long, default_value = "", hide_default_value = true)]
    postal: String,
    /// Address.
    #[arg(long, default_value = "", hide_default_value = true)]
    address: String,
    /// Provider to which a chart number belongs.
    #[arg(long, default_value = "", hide_default_value = true)]
    provider: String,
    /// Chart number (患者番号).
    #[arg(long, default_value = "", hide_default_value = true)]
    chart: String,
}

/// Names nobody.
impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question(‹非表示›)")
    }
}

impl Question {
    fn sent(&self) -> Sent<'_> {
        Sent {
            facility: &self.provider,
            local_number: &self.chart,
            name_kanji: &self.kanji,
            name_kana: &self.kana,
            birth: &self.birth,
            sex: &self.sex,
            postal_code: &self.postal,
            address: &self.address,
            phone: &self.phone,
            insurer: &self.insurer,
            symbol: &self.symbol,
            number: &self.number,
            branch: &self.branch,
            ..Sent::default()
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let mut text = String::new();
        let read = if path == Path::new("-") {
            std::io::stdin().take(QUESTION_MAX).read_to_string(&mut text)
        } else {
            fs::File::open(path).and_then(|f| f.take(QUESTION_MAX).read_to_string(&mut text))
        };
        read.with_context(|| format!("読めません: {}", path.display()))?;
        // serde's message could repeat a value
        serde_json::from_str(&text).map_err(|_| anyhow::anyhow!("JSON の書式が違います: {}", path.display()))
    }
}

/// Runs the verb.
pub fn run(desk: &mut Desk<'_>, order: &Find) -> Result<Ending> {
    let voice = desk.voice;
    let purpose = purpose(Some(&order.purpose)).unwrap_or(AuditPurpose::Inquiry);
    let read = order.from.as_deref().map(Question::read).transpose()?;
    let asked = read.as_ref().unwrap_or(&order.asked).sent();
    let engine = Mpi::new(&desk.matching, &desk.home.ring);
    let keys = engine.keys_of(&asked);
    if keys.is_empty() {
        bail!(Unfit::new("照合できる項目がありません(氏名と生年月日、または番号が要ります)"));
    }
    let candidates = desk.db.candidates(&keys, desk.matching.crowd_max)?;
    let engine = Mpi::new(&desk.matching, &desk.home.ring);
    let mut found = engine.answer(&asked, &candidates.records)?;
    found.retain(|m| m.grade != Grade::CertainlyNot);
    let all = found.len();
    found.truncate(order.limit);
    desk.book_look(AuditObject::Persons(purpose), u64::try_from(found.len()).unwrap_or(u64::MAX))?;
    if order.values {
        for m in &found {
            desk.book_look(AuditObject::Person(m.person, Some(purpose)), 1)?;
        }
    }
    let mut values = Vec::new();
    for m in &found {
        voice.line(line(voice, m));
        if order.values {
            let mut records = Vec::new();
            for member in desk.db.members_of(&m.person)? {
                voice.line(format!("    {}  {}", member.identity_id, member.provider));
                let wrote = show::values(desk, &member.identity_id)?;
                records.push(json!({ "identity": member.identity_id, "values": wrote }));
            }
            values.push(json!({ "research_id": m.person, "records": records }));
        }
    }
    voice.say(
        format!("該当の見込みのある人 {all} 人(うち {} 人を表示)", found.len()),
        format!("{all} persons could be meant ({} shown)", found.len()),
    );
    if candidates.crowded > 0 {
        voice.say(
            format!("該当が多すぎて使えなかった手がかり {} 種。項目を足してください", candidates.crowded),
            format!("{} keys fit too many to be used; say more of the person", candidates.crowded),
        );
    }
    let mut answer = bundle(&found);
    put(&mut answer, "total", json!(all));
    if order.values {
        put(&mut answer, "values", json!(values));
    }
    voice.value(&answer);
    Ok(Ending::Done)
}

fn line(voice: Voice, m: &Match) -> String {
    let grade = match m.grade {
        Grade::Certain => voice.word("確実", "certain"),
        Grade::Probable => voice.word("ほぼ確実", "probable"),
        Grade::Possible => voice.word("可能性あり", "possible"),
        Grade::CertainlyNot => voice.word("別人", "certainly not"),
    };
    let (whole, part) = (m.score / 100, m.score % 100);
    format!(
        "  {}  {grade}  {whole}.{part:02}%  {} {}",
        m.person,
        voice.word("重み", "weight"),
        signed(m.weight)
    )
}
