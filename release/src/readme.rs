//! The README of a package: in Japanese, for those who receive it. It must say what the code does, no more, no less.

use musubi_model::spec::{Axis, ExtractSpec, TableSpec};

use crate::grid::UNCODED;

/// What a column means.
fn column(axis: Axis, table: &TableSpec, age_top: u16) -> String {
    match axis {
        Axis::DiagnosisChapter => format!(
            "傷病大分類: 対象期間の傷病のICD-10コードの章（第1章〜第22章）。コードがないもの、どの章にも入らない\
             ものは「{UNCODED}」。1人が複数の章に数えられるため、章の合計は掲載しません。"
        ),
        Axis::Prefecture => {
            "都道府県: 住所地の都道府県。分からない人は「不明」。情報源が食い違うときは、最も多いもの\
             （同数ならJIS X 0401のコードが小さいもの）。"
                .to_owned()
        }
        Axis::Sex => "性別: 男、女、その他、不明。情報源が食い違うときは、最も多いもの\
             （同数なら男、女、その他の順）。"
            .to_owned(),
        Axis::AgeBand5 => format!(
            "年齢階級: {}時点の満年齢を5歳ごとに区切ったもの。{age_top}歳以上は1つにまとめます。年齢は生年月から\
             求め、誕生日は生まれた月の1日とみなします。分からない人は「不明」。情報源が食い違うときは、\
             最も多い生年月（同数なら早いもの）。",
            table.age_on
        ),
    }
}

/// The text, lines ended by CRLF.
pub(crate) fn text(
    release_id: &str,
    spec: &ExtractSpec,
    table: &TableSpec,
    cell_min: u64,
    age_top: u16,
) -> String {
    let cohort = &spec.cohort;
    let prefixes = if cohort.icd10_prefixes.is_empty() {
        "すべての傷病".to_owned()
    } else {
        format!("ICD-10コードが {} で始まる傷病", cohort.icd10_prefixes.join("、"))
    };
    let suspected = if cohort.without_suspected {
        "「疑い」（修飾語コード8002）の付いた傷病は除きます。"
    } else {
        "「疑い」（修飾語コード8002）の付いた傷病を含みます。"
    };
    let columns: Vec<String> =
        table.axes.iter().map(|axis| format!("  {}", column(*axis, table, age_top))).collect();
    let text = format!(
        "{title}
提供物番号: {release_id}

1. これは何か
  次世代医療基盤法の認定事業者が、審査委員会の承認にもとづいて作成した統計情報です。
  利用目的: {purpose}
  提供先: {recipient}

2. ファイル
  table.csv      集計表（UTF-8、BOM付き、改行CRLF）
  spec.toml      承認された抽出仕様（申出のまま）
  approval.json  承認の記録。approval.sig はその電子署名（審査委員会の鍵）
  manifest.json  目録。manifest.sig はその電子署名（提供責任者の鍵）
  README.txt     この説明

3. 確かめ方
  公開鍵2つ（審査委員会、提供責任者）を別の経路で受け取り、musubi の検証コマンドにこのフォルダと公開鍵を
  渡してください。通信は要りません。全ファイルのハッシュ（BLAKE3とSHA-256）、過不足、2つの署名、承認範囲の
  一致、秘匿が破れないことを検査します。SHA-256は一般のソフトウェアでも目録と照合できます。
  1バイトでも違えば不合格になります。不合格のときは使わず、提供元に連絡してください。

4. 数えた人
  {from}から{to}までの期間に傷病がある人。{prefixes}を対象とします。
  「期間に傷病がある」とは、傷病の開始日が{to}以前で、かつ終了日がないか{from}以後であることをいいます。
  日や月が分からない日付は、開始日は最も早い日、終了日は最も遅い日とみなします。開始日のない傷病は数えません。
  {suspected}

5. 列
{columns}
  人数: その区分に当てはまる人の数。1人は1つの欄に1回だけ数えます（件数や回数ではありません）。
  区分名「計」の行は、その列より内側の列をまとめた合計です。

6. 秘匿
  {cell_min}人未満（1人以上）の欄は「*」で示します。差し引きで分からないよう、他の欄も「*」にすることがあります。
  どちらの理由によるかは区別しません。「*」の合計の内訳は、0人の欄も含めてすべて「*」です。
  それ以外の欄の0は0人です。秘匿された値を推定したり、個人を特定しようとしてはいけません。
",
        title = spec.title,
        purpose = spec.purpose,
        recipient = spec.recipient,
        from = cohort.from,
        to = cohort.to,
        columns = columns.join("\n"),
    );
    text.replace('\n', "\r\n")
}
