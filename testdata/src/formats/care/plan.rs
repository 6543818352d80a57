//! ケアプラン標準仕様 V4: the supplement, tables 1, 2, 3, 6 (planned and done) and 7, one file each.

use std::collections::BTreeMap;

use jiff::ToSpan;

use super::{Client, clients, file, quoted, record, sex, ym, ymd};
use crate::SynthError;
use crate::formats::{Job, SynthFile};

const VERSION: &str = "202410";

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let clients = clients(job);
    let at_home: Vec<&Client<'_>> = clients.iter().filter(|c| c.admitted.is_none()).collect();
    if at_home.is_empty() {
        return Ok(Vec::new());
    }
    let time = format!("{}{:06}", ymd(job.business_date), 90_000 + job.part % 10_000);
    let office = &job.site.id;
    let other = "1390000005";
    type Rows = fn(&Job<'_>, &Client<'_>) -> Vec<Vec<String>>;
    let all: [(&str, Rows); 7] = [
        ("UPHOSOKU", supplement),
        ("UP1KYO", first),
        ("UP2KYO", second),
        ("UP3KYO", third),
        ("UPPLAN", planned),
        ("UPJSK", done),
        ("UPSIKYU", seventh),
    ];
    let mut files = Vec::new();
    for (prefix, rows) in all {
        let rows: Vec<_> = at_home.iter().flat_map(|c| rows(job, c)).collect();
        let text: String = rows.iter().map(|r| r.join(",") + "\r\n").collect();
        let month = if matches!(prefix, "UPPLAN" | "UPJSK" | "UPSIKYU") {
            ym(job.month) + "_"
        } else {
            String::new()
        };
        let path = format!("care/plan/{prefix}_{month}{office}_43_{other}_11_{time}.CSV");
        files.push(file(path, &text, BTreeMap::from([(prefix.to_owned(), rows.len() as u64)]))?);
    }
    Ok(files)
}

fn head(client: &Client<'_>) -> Vec<(usize, String)> {
    vec![(1, VERSION.into()), (2, client.care.insurer.clone()), (3, client.care.number.clone())]
}

fn joined(name: &(String, String)) -> String {
    format!("{} {}", name.0, name.1).trim().to_owned()
}

fn supplement(_: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    let s = client.subject;
    let mut fields = head(client);
    fields.extend([
        (4, ymd(client.term.0)),
        (5, quoted(&joined(&s.kana))),
        (6, quoted(&joined(&s.kanji))),
        (7, sex(s).into()),
        (8, ymd(s.birth)),
        (9, s.postal.clone()),
        (10, quoted(&s.address)),
        (12, s.phone.clone()),
        (13, ymd(client.term.0)),
        (14, ymd(client.term.0)),
    ]);
    vec![record(14, &fields)]
}

fn first(_: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    let s = client.subject;
    let mut fields = head(client);
    fields.extend([
        (4, ymd(client.term.0)),
        (5, s.postal.clone()),
        (6, quoted(&s.address)),
        (8, quoted("見本 専門員")),
        (9, quoted("見本居宅介護支援事業所")),
        (13, "1390000005".into()),
        (14, ymd(client.term.0)),
        (15, ymd(client.term.0)),
        (16, if s.number.is_multiple_of(3) { "11" } else { "21" }.into()),
        (17, "1".into()),
        (18, ymd(client.term.0)),
        (19, ymd(client.term.0)),
        (20, ymd(client.term.1)),
        (21, client.care.level.into()),
        (22, quoted("自宅で暮らしたい。\r\n家族も、できる限り支えたい。")),
        (24, quoted("転ばずに歩けるよう、体を動かす機会をつくる。")),
        (25, if s.number.is_multiple_of(4) { "1" } else { "" }.into()),
    ]);
    vec![record(28, &fields)]
}

fn second(job: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    let mut rng = job.rng(client.subject, 20);
    let issues = ["歩くのが不安", "入浴が一人では難しい", "人と話す機会が少ない"];
    let mut rows = Vec::new();
    for (n, used) in client.used.iter().enumerate() {
        let mut fields = head(client);
        fields.extend([
            (4, ymd(client.term.0)),
            (5, ymd(client.term.0)),
            (6, (n + 1).to_string()),
            (7, quoted(issues.get(n % 3).copied().unwrap_or_default())),
            (8, "1".into()),
            (9, quoted("安全に過ごせる")),
            (10, quoted("週に1度、外へ出る\r\n(天気の良い日)")),
            (11, quoted("1年")),
            (12, quoted("6か月")),
            (13, "1".into()),
            (14, quoted("見守りと手伝い")),
            (15, "Y".into()),
            (16, used.kind().into()),
            (17, "1390000005".into()),
            (18, quoted("見本訪問介護")),
            (19, quoted(&format!("週{}回", rng.between(1, 5)))),
            (20, quoted("6か月")),
        ]);
        rows.push(record(22, &fields));
    }
    rows
}

fn third(job: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    let mut rng = job.rng(client.subject, 21);
    let mut rows = Vec::new();
    for weekday in 1..=2 + rng.below(3) {
        let mut fields = head(client);
        fields.extend([
            (4, ymd(client.term.0)),
            (5, ymd(client.term.0)),
            (6, quoted("訪問介護")),
            (7, weekday.to_string()),
            (8, "0930".into()),
            (9, "1030".into()),
            (10, quoted("散歩")),
            (11, "1400".into()),
            (12, "1430".into()),
        ]);
        rows.push(record(13, &fields));
    }
    rows
}

fn planned(job: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    sixth(job, client, true)
}

fn done(job: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    sixth(job, client, false)
}

/// One row for each time, on days spread over the month.
fn sixth(job: &Job<'_>, client: &Client<'_>, planned: bool) -> Vec<Vec<String>> {
    let mut rng = job.rng(client.subject, 22);
    let days = i64::from(job.month.days_in_month());
    let mut rows = Vec::new();
    for used in &client.used {
        let times = i64::try_from(used.times).unwrap_or(1).max(1);
        for n in 0..times {
            // Now and then somebody is away.
            let away = rng.chance(0.05);
            if away && !planned && n > 0 {
                continue;
            }
            let day = job.month.saturating_add((n * days / times).days());
            let hour = rng.between(8, 16);
            let timed = used.kind() != "17";
            let mut fields = head(client);
            fields.extend([
                (4, ymd(job.month)),
                (5, ym(job.month)),
                (6, job.site.id.clone()),
                (7, quoted("見本 専門員")),
                (8, used.units.to_string()),
                (10, ymd(day)),
                (12, if timed { format!("{hour:02}00") } else { "9999".into() }),
                (13, if timed { format!("{:02}30", hour + 1) } else { "9999".into() }),
                (14, "1".into()),
                (15, used.code.into()),
                (16, if timed { String::new() } else { "00000000001".into() }),
                (20, "1390000005".into()),
                (21, quoted("見本訪問介護")),
                (23, "0".into()),
            ]);
            rows.push(record(25, &fields));
        }
    }
    rows
}

fn seventh(job: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    let row = |code: &str, times: u64, units: u64| {
        let mut fields = head(client);
        fields.extend([
            (4, ymd(job.month)),
            (5, ym(job.month)),
            (7, "1390000005".into()),
            (9, code.into()),
            (16, times.to_string()),
            (22, units.to_string()),
        ]);
        record(37, &fields)
    };
    let mut rows: Vec<_> = client.used.iter().map(|u| row(u.code, u.times, u.total())).collect();
    rows.push(row("999999", 0, client.used.iter().map(super::Used::total).sum()));
    rows
}
