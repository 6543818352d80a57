//! The read-me of a package of version 2, in Japanese and English (説明書). It must say what was done and what can be
//! claimed, no more, no less; both languages say the same.

use std::fmt::Write as _;

use musubi_model::policy::{DateRule, EventPolicy, PersonPolicy, Protection, Recoding, TablePolicy};
use musubi_model::spec::Product;

use super::dictionary::class_ja;
use super::seal::Parts;
use super::sheet::Sheet;

/// `README.txt`, lines ended by CRLF.
pub(crate) fn japanese(parts: &Parts<'_>, release_id: &str, sheets: &[&Sheet]) -> String {
    text(parts, release_id, sheets, &Lang::Ja)
}

/// `README.en.txt`, lines ended by CRLF.
pub(crate) fn english(parts: &Parts<'_>, release_id: &str, sheets: &[&Sheet]) -> String {
    text(parts, release_id, sheets, &Lang::En)
}

/// The language of a text.
pub(crate) enum Lang {
    Ja,
    En,
}

impl Lang {
    /// The words of this language.
    pub(crate) fn say<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }
}

fn text(parts: &Parts<'_>, release_id: &str, sheets: &[&Sheet], lang: &Lang) -> String {
    let spec = parts.spec;
    let recipients: Vec<String> = spec.recipients.iter().map(|r| format!("{} ({})", r.name, r.id)).collect();
    let recipients = if recipients.is_empty() { spec.recipient.clone() } else { recipients.join("、") };
    let mut sections: Vec<(&str, Vec<String>)> = Vec::new();
    sections.push((
        lang.say("これは何か", "What this is"),
        vec![
            match lang {
                Lang::Ja => format!(
                    "次世代医療基盤法の認定事業者が、審査委員会の承認にもとづいて作成した{}です。",
                    spec.product.ja()
                ),
                Lang::En => format!(
                    "{}, made by a certified operator under Japan's Next-Generation Medical Infrastructure Act, with \
                     the approval of its review committee.",
                    product_en(spec.product)
                ),
            },
            format!("{}: {}", lang.say("利用目的", "Purpose"), spec.purpose),
            format!("{}: {recipients}", lang.say("提供先", "Recipients")),
            format!("{}: {}", lang.say("作成", "Sealed"), parts.sealed_at.strftime("%Y-%m-%d")),
        ],
    ));
    sections.push((lang.say("ファイル", "Files"), files(parts, sheets, lang)));
    sections.push((lang.say("確かめ方", "How to verify"), verify(lang)));
    sections.push((lang.say("対象集団", "Cohort"), cohort(parts, lang)));
    sections.push((lang.say("列", "Columns"), columns(sheets, lang)));
    sections.push((lang.say("施した処理", "What was done"), done(parts, lang)));
    sections.push((lang.say("してはならないこと", "What must not be done"), forbidden(spec.product, lang)));
    sections.push((
        lang.say("言えること・言えないこと", "What can and cannot be claimed"),
        claims(parts).iter().map(|(ja, en)| lang.say(ja, en).to_owned()).collect(),
    ));

    let mut out = format!("{}\n{}: {release_id}\n", spec.title, lang.say("提供物番号", "Release"));
    for (number, (title, lines)) in sections.iter().enumerate() {
        let _ = writeln!(out, "\n{}. {title}", number + 1);
        for line in lines {
            let _ = writeln!(out, "  {line}");
        }
    }
    out.replace('\n', "\r\n")
}

pub(crate) fn product_en(product: Product) -> &'static str {
    match product {
        Product::Statistics => "Statistical information (統計情報)",
        Product::Anonymized => "Anonymised medical data (匿名加工医療情報)",
        Product::Pseudonymized => "Pseudonymised medical data (仮名加工医療情報)",
        Product::Linkable => {
            "Anonymised medical data that can be linked to public databases (連結可能匿名加工医療情報)"
        }
    }
}

fn files(parts: &Parts<'_>, sheets: &[&Sheet], lang: &Lang) -> Vec<String> {
    let charset = if parts.spec.rows.as_ref().is_some_and(|r| r.shift_jis) {
        lang.say("Shift_JIS、改行CRLF", "Shift_JIS, CRLF")
    } else {
        lang.say("UTF-8(BOM付き)、改行CRLF", "UTF-8 with BOM, CRLF")
    };
    let mut lines: Vec<String> = sheets
        .iter()
        .map(|s| format!("{0}.csv, {0}.parquet  {1}", s.name, lang.say(&s.title_ja, &s.title_en)))
        .collect();
    lines.push(match lang {
        Lang::Ja => {
            format!("CSVは{charset}。空欄は「示さない」(不明または除去)。CSVとParquetの内容は同じです。")
        }
        Lang::En => {
            format!("CSV: {charset}. An empty field is \"not told\". CSV and Parquet hold the same values.")
        }
    });
    for (name, ja, en) in [
        (
            "dictionary.csv",
            "データ辞書: 全ファイルの全列の意味、型、区分、単位",
            "every column: meaning, type, class, unit",
        ),
        ("risk.html, risk.json", "リスク評価書: 数値と計算式", "what is claimed, with formulas"),
        ("spec.toml", "承認された抽出仕様(申出のまま)", "the approved request as filed"),
        ("approval.json, .sig", "承認の記録と審査委員会の電子署名", "the decision and the board's signature"),
        (
            "policy.toml, .sig",
            "開示制御方針と審査委員会の電子署名",
            "the disclosure policy and the board's signature",
        ),
        (
            "manifest.json, .sig",
            "目録(全ファイルのハッシュ)と提供責任者の電子署名",
            "hashes of all files and the release officer's signature",
        ),
    ] {
        lines.push(format!("{name}  {}", lang.say(ja, en)));
    }
    lines
}

fn verify(lang: &Lang) -> Vec<String> {
    let lines: &[&str] = match lang {
        Lang::Ja => &[
            "公開鍵2つ(審査委員会、提供責任者)を別の経路で受け取ってください。通信は要りません。",
            "  musubi release verify フォルダ --board-key 鍵 --release-key 鍵",
            "  musubi-release-check フォルダ --board-key 鍵 --release-key 鍵",
            "後者は作成側のプログラムと部品を共有しない独立検査です。ハッシュ、署名、過不足に加え、ここに書かれた主張を",
            "ファイルから計算し直します。1バイトでも違えば不合格です。不合格なら使わず、提供元に連絡してください。",
        ],
        Lang::En => &[
            "Get the two public keys (board, release officer) another way. No network is needed.",
            "  musubi release verify FOLDER --board-key KEY --release-key KEY",
            "  musubi-release-check FOLDER --board-key KEY --release-key KEY",
            "The second shares no code with the makers: besides hashes, signatures and completeness it works the claims",
            "out again from the files. One changed byte fails. If it fails, do not use the data; tell the operator.",
        ],
    };
    lines.iter().map(|l| (*l).to_owned()).collect()
}

fn cohort(parts: &Parts<'_>, lang: &Lang) -> Vec<String> {
    let c = &parts.spec.cohort;
    let codes = if c.icd10_prefixes.is_empty() {
        lang.say("すべての傷病", "any diagnosis").to_owned()
    } else {
        format!("ICD-10 {}", c.icd10_prefixes.join(", "))
    };
    let suspected = match (lang, c.without_suspected) {
        (Lang::Ja, true) => "「疑い」は除く",
        (Lang::Ja, false) => "「疑い」を含む",
        (Lang::En, true) => "suspected ones left out",
        (Lang::En, false) => "suspected ones included",
    };
    let mut lines = vec![format!("{} – {}: {codes} ({suspected})", c.from, c.to)];
    let title = lang.say("残った人数(幅で示す)", "persons left, in bands");
    lines.extend(parts.attrition.iter().map(|step| format!("{}  {title}: {}", step.title, step.persons)));
    lines
}

fn columns(sheets: &[&Sheet], lang: &Lang) -> Vec<String> {
    let mut lines = vec![
        lang.say(
            "意味、型、単位、ラベルは dictionary.csv にあります。",
            "Meaning, type, unit and labels: dictionary.csv.",
        )
        .to_owned(),
    ];
    // The columns of the CDM are the model's; what fills them stands in the dictionary.
    for sheet in sheets.iter().filter(|s| !s.name.starts_with("omop_")) {
        let names: Vec<String> = sheet
            .columns
            .iter()
            .map(|c| match lang {
                Lang::Ja => format!("{} {}[{}]", c.name, c.ja, class_ja(c.class)),
                Lang::En => format!("{} ({}) [{}]", c.name, c.en, super::class_word(c.class)),
            })
            .collect();
        lines.push(format!("{}: {}", sheet.name, names.join(", ")));
    }
    if sheets.iter().any(|s| s.name.starts_with("omop_")) {
        lines.push(
            lang.say(
                "omop_*: OMOP CDM v5.4 の全列。語彙は同梱せず、概念IDは性別と入院・外来を除き0です。示せない日付は、CDMで必須でも\
                 空欄です。イベントの番号は元のファイルの行番号です。",
                "omop_*: all columns of OMOP CDM v5.4. No vocabulary is shipped: concept ids are 0 but for gender and kinds \
                 of visits. Dates that are not told stay empty even where the CDM requires them. The id of an event is its \
                 row in the file it comes from.",
            )
            .to_owned(),
        );
    }
    lines
}

fn done(parts: &Parts<'_>, lang: &Lang) -> Vec<String> {
    let policy = parts.policy;
    let name = lang.say("開示制御方針", "Disclosure policy");
    let mut lines = vec![
        format!("{name}: {} v{} ({})", policy.name, policy.version, policy.title),
        format!("BLAKE3 {}", policy.hash()),
    ];
    if let (Some(rule), Some(rows)) = (&policy.person, &parts.risk.rows) {
        lines.extend(persons(rule, rows.persons.suppressed, lang));
    }
    if let (Some(rule), Some(events)) =
        (&policy.events, parts.risk.rows.as_ref().and_then(|r| r.events.as_ref()))
    {
        lines.extend(events_done(rule, parts.spec.product, events.removed, lang));
    }
    if let (Some(rule), true) = (&policy.tables, parts.spec.rows.is_none()) {
        lines.push(tables_done(rule, lang));
    }
    lines
}

fn persons(rule: &PersonPolicy, suppressed: u64, lang: &Lang) -> Vec<String> {
    let (ja, en) = match rule.recoding.value {
        Recoding::Global => ("列ごとに一つの粗さ", "one level per column"),
        Recoding::Local => ("同値類ごとに選んだ粗さ", "levels chosen class by class"),
        Recoding::None => ("なし", "none"),
    };
    match (lang, rule.recoding.value) {
        (Lang::Ja, Recoding::None) => vec![format!("一般化: {ja}(値はそのまま)。除いた人: {suppressed}人")],
        (Lang::En, Recoding::None) => {
            vec![format!("Recoding: {en} (values as they are). Persons left out: {suppressed}")]
        }
        (Lang::Ja, _) => vec![format!(
            "準識別子の一般化({ja})により、等しい人が{}人以上になるようにしました。そのために除いた人: {suppressed}人",
            rule.k_with_events.as_ref().map_or(rule.k.value, |k| k.value.max(rule.k.value))
        )],
        (Lang::En, _) => vec![format!(
            "Quasi-identifiers were made coarser ({en}) until at least {} persons are equal in all of them. Persons left \
             out for it: {suppressed}",
            rule.k_with_events.as_ref().map_or(rule.k.value, |k| k.value.max(rule.k.value))
        )],
    }
}

fn events_done(rule: &EventPolicy, product: Product, removed: u64, lang: &Lang) -> Vec<String> {
    let dates = match (rule.dates.value, lang) {
        (DateRule::Relative { bin_days, coarser_days: [a, b] }, Lang::Ja) => {
            format!(
                "日付: 基準日からの日数を{bin_days}日、{a}日または{b}日の幅で示し、それより粗いものは「*」"
            )
        }
        (DateRule::Relative { bin_days, coarser_days: [a, b] }, Lang::En) => {
            format!("Dates: days since the index day in bins of {bin_days}, {a} or {b} days, or `*`")
        }
        (DateRule::Shifted { max_weeks }, Lang::Ja) => {
            format!("日付: 人ごとに異なる週数(±{max_weeks}週以内)だけずらした日付。間隔は保たれます")
        }
        (DateRule::Shifted { max_weeks }, Lang::En) => {
            format!(
                "Dates: moved by a number of weeks (at most {max_weeks} either way) that differs from person to person; gaps are kept"
            )
        }
        (DateRule::Exact, Lang::Ja) => "日付: そのまま".to_owned(),
        (DateRule::Exact, Lang::En) => "Dates: as they are".to_owned(),
    };
    let mut lines = vec![dates];
    if product == Product::Pseudonymized {
        // law.md R-PSE-01: they need not go, and the report says so.
        let (ja, en) = (
            "特異な値や希少な病名・コードは除いていません",
            "Unusual values and rare codes were not taken out",
        );
        lines.push(lang.say(ja, en).to_owned());
    } else {
        lines.push(match lang {
            Lang::Ja => format!(
                "記録: 同値類の中で、ある人の任意の{}個の記録を{}人以上が共有するまで、コードと時期を粗くし、残りを除きました。除いた記録: {removed}件。\
                 {}人未満のコードは示しません",
                rule.known_events.value, rule.k.value, rule.rare_min_persons.value
            ),
            Lang::En => format!(
                "Events: within a class, codes and times were made coarser until any {} events of a person are had by at \
                 least {} persons; what remained was taken out. Events left out: {removed}. Codes of fewer than {} persons \
                 are not told",
                rule.known_events.value, rule.k.value, rule.rare_min_persons.value
            ),
        });
        let (clip, digits) = (rule.values.value.clip * 100.0, rule.values.value.digits);
        lines.push(match lang {
            Lang::Ja => format!("検査値: 両端{clip}%を限界値に置き換え、有効数字{digits}桁に丸めました"),
            Lang::En => format!("Measured values: {clip} % at either end set to the bound, rounded to {digits} significant digits"),
        });
    }
    lines
}

fn tables_done(rule: &TablePolicy, lang: &Lang) -> String {
    let min = rule.cell_min.value;
    match (rule.protection.value, lang) {
        (Protection::Suppress, Lang::Ja) => format!(
            "{min}人未満(1人以上)の欄は「*」。差し引きで分からないよう他の欄も「*」にすることがあり、どちらの理由かは区別しません"
        ),
        (Protection::Suppress, Lang::En) => format!(
            "Cells of 1 to {} persons are `*`; others are `*` too where subtraction would tell them. The reason is not told",
            min.saturating_sub(1)
        ),
        (_, Lang::Ja) => format!(
            "人数は10人単位に丸め、{min}人未満(1人以上)の欄は「*」。丸めた値の合計は一致しないことがあります"
        ),
        (_, Lang::En) => {
            format!("Counts are rounded to tens, cells below {min} are `*`; rounded counts need not add up")
        }
    }
}

fn forbidden(product: Product, lang: &Lang) -> Vec<String> {
    let mut lines: Vec<(&str, &str)> = vec![
        (
            "識別行為の禁止: 本人を識別するために、他の情報と照合したり、加工方法に関する情報を取得したりしてはいけません。",
            "No identification (識別行為の禁止): do not match the data with other information to find out who somebody is, nor \
             obtain information on how it was processed.",
        ),
        (
            "承認された目的と提供先の範囲を越えて使ったり、渡したりしてはいけません。",
            "Do not use it for another purpose, nor hand it to others than those approved.",
        ),
        (
            "隠された値(「*」)や除かれた記録を推定してはいけません。",
            "Do not try to infer hidden values (`*`) or what was left out.",
        ),
    ];
    if product == Product::Pseudonymized {
        lines.push((
            "仮名加工医療情報は認定利用事業者の管理区域の外に持ち出せません。第三者提供も禁止されています(承認申請のための提出を除く)。",
            "Pseudonymised data stay in the certified user's controlled area; no third party may get them, but for submissions \
             for marketing approval.",
        ));
    }
    lines.iter().map(|(ja, en)| lang.say(ja, en).to_owned()).collect()
}

/// What can be said of the package, and what cannot: Japanese, English.
pub(crate) fn claims(parts: &Parts<'_>) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut say = |ja: String, en: String| lines.push((ja, en));
    if let Some(rows) = &parts.risk.rows {
        if let Some(k) = rows.k {
            say(
                format!(
                    "言える: 準識別子として宣言した列だけを知る者には、どの人も本人を含む{k}人以上の中で区別がつきません。"
                ),
                format!(
                    "Holds: whoever knows only the columns declared as quasi-identifiers cannot tell anybody apart within at least {k} persons."
                ),
            );
        }
        if let (Some(events), Some(_)) = (&rows.events, rows.k) {
            say(
                format!(
                    "言える: それに加えて記録を{}個まで知る者にも、{}人以上が当てはまります。",
                    events.known_events, events.k
                ),
                format!(
                    "Holds: to whoever also knows up to {} events of a person, at least {} persons fit.",
                    events.known_events, events.k
                ),
            );
            say(
                format!(
                    "言えない: 記録を{}個より多く知る者、値や順序まで知る者からの安全。",
                    events.known_events
                ),
                format!(
                    "Does not hold: safety against whoever knows more than {} events, or values, or their order.",
                    events.known_events
                ),
            );
        }
        if parts.spec.product == Product::Pseudonymized {
            say(
                "言えない: 匿名性。特異な値や日付の間隔が残っているため、契約と安全管理のもとでのみ使えます。".to_owned(),
                "Does not hold: anonymity. Unusual values and gaps between dates remain; it may be used only under contract \
                 and safeguards."
                    .to_owned(),
            );
        } else {
            say(
                "言えない: 方針で「その他」とした列を誰も知らないこと、将来公開される情報との照合に対する安全。".to_owned(),
                "Does not hold: that nobody knows a column declared neutral, nor safety against what may become public later."
                    .to_owned(),
            );
        }
        say(
            "言えない: 日本の人口全体の代表性。協力医療機関の記録であり、粗くした値や除いた人・記録は分析結果を偏らせ得ます。".to_owned(),
            "Does not hold: that it stands for the population of Japan. It is what taking-part institutions recorded; coarser \
             values and what was left out can bias results."
                .to_owned(),
        );
    }
    for t in &parts.risk.tables {
        let most = t.cell_min.saturating_sub(1);
        if t.rule == "suppress" {
            say(
                format!(
                    "言える: 表 {} の{}欄のうち、隠した欄はこの提供物のすべての表を使っても1〜{most}人の範囲より狭く絞れません。",
                    t.name, t.cells
                ),
                format!(
                    "Holds: of the {} cells of {}, no hidden one can be narrowed down further than 1 to {most} persons with \
                     all tables of this package.",
                    t.cells, t.name
                ),
            );
        } else {
            say(
                format!(
                    "言える: 表 {} の{}欄は丸めてあり、正確な人数は分かりません。絞れる範囲は方法({})により1〜{most}人より狭いことがあります。",
                    t.name, t.cells, t.rule
                ),
                format!(
                    "Holds: the {} cells of {} are rounded and tell no exact count. What they can be narrowed down to follows \
                     from the rule ({}) and may be less than 1 to {most} persons.",
                    t.cells, t.name, t.rule
                ),
            );
        }
    }
    if !parts.risk.tables.is_empty() {
        say(
            "言えない: ほかで公開された表や、当てはまる人自身が持つ知識と合わせた場合の安全。".to_owned(),
            "Does not hold: safety together with tables published elsewhere, or with what those counted know themselves.".to_owned(),
        );
    }
    lines
}
