//! 要介護認定: a file with headings and one without, told by its interface code.

use std::collections::BTreeMap;

use jiff::ToSpan;

use super::{Client, clients, file, sex, ymd};
use crate::SynthError;
use crate::formats::{Job, SynthFile};
use crate::rng::Rng;

/// Survey items in order: heading and number of choices.
const ITEMS: [(&str, u64); 82] = [
    ("麻痺（左上肢）", 2),
    ("麻痺（右上肢）", 2),
    ("麻痺（左下肢）", 2),
    ("麻痺（右下肢）", 2),
    ("麻痺（その他）", 2),
    ("拘縮（肩関節）", 2),
    ("拘縮（股関節）", 2),
    ("拘縮（膝関節）", 2),
    ("拘縮（その他）", 2),
    ("寝返り", 3),
    ("起き上がり", 3),
    ("座位保持", 4),
    ("両足での立位", 3),
    ("歩行", 3),
    ("立ち上がり", 3),
    ("片足での立位", 3),
    ("洗身", 4),
    ("つめ切り", 3),
    ("視力", 5),
    ("聴力", 5),
    ("移乗", 4),
    ("移動", 4),
    ("えん下", 3),
    ("食事摂取", 4),
    ("排尿", 4),
    ("排便", 4),
    ("口腔清潔", 3),
    ("洗顔", 3),
    ("整髪", 3),
    ("上衣の着脱", 4),
    ("ズボン等の着脱", 4),
    ("外出頻度", 3),
    ("意思の伝達", 4),
    ("毎日の日課を理解", 2),
    ("生年月日や年齢を言う", 2),
    ("短期記憶", 2),
    ("自分の名前を言う", 2),
    ("今の季節を理解", 2),
    ("場所の理解", 2),
    ("徘徊", 3),
    ("外出して戻れない", 3),
    ("被害的", 3),
    ("作話", 3),
    ("感情が不安定", 3),
    ("昼夜逆転", 3),
    ("同じ話をする", 3),
    ("大声を出す", 3),
    ("介護に抵抗", 3),
    ("落ち着きなし", 3),
    ("一人で出たがる", 3),
    ("収集癖", 3),
    ("物や衣類を壊す", 3),
    ("ひどい物忘れ", 3),
    ("独り言・独り笑い", 3),
    ("自分勝手に行動する", 3),
    ("話がまとまらない", 3),
    ("薬の内服", 3),
    ("金銭の管理", 3),
    ("日常の意思決定", 4),
    ("集団への不適応", 3),
    ("買い物", 4),
    ("簡単な調理", 4),
    ("点滴の管理", 2),
    ("中心静脈栄養", 2),
    ("透析", 2),
    ("ストーマの処置", 2),
    ("酸素療法", 2),
    ("レスピレーター", 2),
    ("気管切開の処置", 2),
    ("疼痛の看護", 2),
    ("経管栄養", 2),
    ("モニター測定", 2),
    ("じょくそうの処置", 2),
    ("カテーテル", 2),
    ("障害高齢者の日常生活自立度", 9),
    ("認知症高齢者の日常生活自立度", 8),
    ("意見書短期記憶", 2),
    ("意見書認知能力", 4),
    ("意見書伝達能力", 4),
    ("意見書食事行為", 2),
    ("意見書障害高齢者自立度", 9),
    ("意見書認知症高齢者自立度", 8),
];

const MINUTES: [&str; 9] = [
    "基準時間合計",
    "基準時間食事",
    "基準時間排泄",
    "基準時間移動",
    "基準時間清潔保持",
    "基準時間間接ケア",
    "基準時間ＢＰＳＤ関連",
    "基準時間機能訓練",
    "基準時間医療関連",
];

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let clients = clients(job);
    let half = clients.len().div_ceil(2);
    let (named, plain) = clients.split_at_checked(half).unwrap_or((&clients, &[]));
    let mut files = Vec::new();
    let path =
        |name: &str| format!("care/certification/{name}_{}_{:03}.csv", ymd(job.business_date), job.part);
    if !named.is_empty() {
        let mut text = headings(true).join(",") + "\r\n";
        for client in named {
            text.push_str(&(row(job, client, "09B", true).join(",") + "\r\n"));
        }
        let totals = [("heading", 1), ("09B", named.len() as u64)];
        files.push(file(path("NCI242"), &text, totals.map(|(k, n)| (k.to_owned(), n)).into())?);
    }
    if !plain.is_empty() {
        let text: String = plain.iter().map(|c| row(job, c, "09A", false).join(",") + "\r\n").collect();
        files.push(file(path("NCI243"), &text, BTreeMap::from([("09A".to_owned(), plain.len() as u64)]))?);
    }
    Ok(files)
}

fn headings(names: bool) -> Vec<&'static str> {
    let mut all = vec![
        "申請書管理番号",
        "厚労省IF識別コード",
        "証記載保険者番号",
        "被保険者番号",
        "認定申請年月日",
        "申請区分",
        "生年月日",
        "性別",
        "前回要介護度",
        "前回認定有効期間開始",
        "前回認定有効期間終了",
        "調査日",
        "意見書日",
        "一次判定",
    ];
    all.extend(MINUTES);
    all.extend(["審査会日", "二次判定", "認定有効期間開始", "認定有効期間終了", "特定疾病", "状態像"]);
    all.extend(ITEMS.iter().map(|(name, _)| *name));
    if names {
        all.extend(["氏名", "氏名カナ"]);
    }
    all
}

fn row(job: &Job<'_>, client: &Client<'_>, code: &str, names: bool) -> Vec<String> {
    let mut rng = job.rng(client.subject, 10);
    let (from, to) = client.term;
    let applied = from.saturating_sub(i32::try_from(rng.between(20, 45)).unwrap_or(30).days());
    let surveyed = applied.saturating_add(i32::try_from(rng.between(3, 10)).unwrap_or(5).days());
    let board = surveyed.saturating_add(i32::try_from(rng.between(5, 9)).unwrap_or(7).days());
    let renewal = rng.chance(0.6);
    let previous = if renewal {
        let begun = from.saturating_sub(1.years());
        ["21".to_owned(), ymd(begun), ymd(from.saturating_sub(1.days()))]
    } else {
        [String::new(), String::new(), String::new()]
    };
    let mut out = vec![
        format!("{:08}", 10_000 + client.subject.number),
        code.to_owned(),
        client.care.insurer.clone(),
        client.care.number.clone(),
        ymd(applied),
        if renewal { "2" } else { "1" }.to_owned(),
        ymd(client.subject.birth),
        sex(client.subject).to_owned(),
    ];
    out.extend(previous);
    out.extend([ymd(surveyed), ymd(surveyed.saturating_add(1.days())), client.care.level.to_owned()]);
    out.extend(minutes(client, &mut rng));
    out.extend([ymd(board), client.care.level.to_owned(), ymd(from), ymd(to)]);
    // Before 65 only sixteen diseases (特定疾病) give a right to care.
    out.push(if client.subject.age < 65 { format!("{:02}", rng.between(1, 16)) } else { String::new() });
    out.push(if client.care.level == "21" { "1".to_owned() } else { String::new() });
    let weight = weight(client);
    for (_, choices) in ITEMS {
        // The heavier the need, the higher the answers.
        let top = (choices - 1) * weight / 5 + 1;
        out.push((1 + rng.below(top.min(choices))).to_string());
    }
    if names {
        let (kanji, kana) = (&client.subject.kanji, &client.subject.kana);
        out.push(format!("{} {}", kanji.0, kanji.1));
        out.push(format!("{} {}", kana.0, kana.1).trim().to_owned());
    }
    out
}

/// 1 (lightest) to 5.
fn weight(client: &Client<'_>) -> u64 {
    match client.care.level {
        "12" | "13" | "21" => 1,
        "22" => 2,
        "23" => 3,
        "24" => 4,
        _ => 5,
    }
}

/// Minutes in tenths; the total is their sum.
fn minutes(client: &Client<'_>, rng: &mut Rng) -> Vec<String> {
    let parts: Vec<u64> = (0..8).map(|_| 10 + rng.below(30 * weight(client))).collect();
    let tenths = |n: u64| format!("{}.{}", n / 10, n % 10);
    let mut out = vec![tenths(parts.iter().sum())];
    out.extend(parts.into_iter().map(tenths));
    out
}
