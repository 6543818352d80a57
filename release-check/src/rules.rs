//! The rules of the checker (検査規則): number in the catalogue of checks, stable word, meaning, and how to mend.
//!
//! It must never decide anything; the other files do, and name the rule.

/// What a broken rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be looked at; the package may leave.
    Warn,
    /// The package must not leave.
    Stop,
    /// Nothing can be said, so the package must not leave.
    Unreadable,
}

impl Severity {
    /// The word for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Stop => "stop",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Number of the check it belongs to, `C-036`.
    pub check: &'static str,
    /// Stable word.
    pub word: &'static str,
    /// What a broken rule means.
    pub severity: Severity,
    /// What is wrong, in Japanese.
    pub ja: &'static str,
    /// What is wrong, in English.
    pub en: &'static str,
    /// How to mend it, in Japanese.
    pub mend_ja: &'static str,
    /// How to mend it, in English.
    pub mend_en: &'static str,
}

macro_rules! rules {
    ($($word:ident $check:literal $severity:ident: $ja:literal / $en:literal => $mend_ja:literal / $mend_en:literal;)*) => {
        $(pub static $word: Rule = Rule {
            check: $check, word: stringify!($word), severity: Severity::$severity,
            ja: $ja, en: $en, mend_ja: $mend_ja, mend_en: $mend_en,
        };)*
        /// All rules, in the order of this file.
        #[cfg(test)]
        pub static ALL: &[&Rule] = &[$(&$word),*];
    };
}

rules! {
    // The package.
    PKG_READ "C-068" Unreadable: "読み取れません" / "it cannot be read"
        => "フォルダと読取権限を確かめてください" / "check the folder and the right to read it";
    PKG_VERSION_1 "C-068" Unreadable: "第1版のパッケージです" / "a package of version 1"
        => "musubi release verify を使ってください" / "use musubi release verify";
    PKG_FORM "C-068" Unreadable: "形式が正しくありません" / "it is not of the form it must have"
        => "パッケージを作り直してください" / "make the package again";
    PKG_MISSING "C-068" Stop: "ファイルが足りません" / "a file is missing"
        => "パッケージを受け取り直してください" / "get the package again";
    PKG_EXTRA "C-068" Stop: "余分なファイルがあります" / "a file that does not belong"
        => "余分なものを除き、パッケージを作り直してください" / "take it out and make the package again";
    PKG_CHANGED "C-068" Stop: "目録のハッシュと一致しません" / "it is not what the manifest lists"
        => "パッケージを受け取り直してください" / "get the package again";
    PKG_LISTED "C-068" Stop: "目録の並びがフォルダの内容と一致しません" / "the manifest does not list exactly the files there are"
        => "パッケージを作り直してください" / "make the package again";
    RELEASE_SIGNATURE "C-068" Stop: "提供責任者の署名が合いません" / "the manifest is not signed by the release key"
        => "公開鍵と発行元を確かめてください" / "check the public key and who made the package";
    PAIR_DIFFERS "C-068" Stop: "CSVとParquetの値が異なります" / "CSV and Parquet differ"
        => "両方を同じデータから書き直してください" / "write both again from the same data";
    CSV_FORM "C-068" Stop: "CSVの形式が正しくありません" / "the CSV is not of the form it must have"
        => "UTF-8（BOM付）かShift_JIS、CRLF、必要な場合だけ引用符で書いてください"
        / "write UTF-8 with BOM or Shift_JIS, CRLF, quotes only where they must be";
    // What stands behind it.
    BOARD_SIGNATURE "C-059" Stop: "審査委員会の署名が合いません" / "the decision is not signed by the board"
        => "承認をやり直してください" / "have it approved again";
    APPROVAL_SCOPE "C-059" Stop: "承認と目録の範囲・番号が一致しません" / "approval and manifest do not speak of the same scope"
        => "承認された抽出仕様で作り直してください" / "make it again from the approved request";
    APPROVAL_EXPIRED "C-059" Stop: "承認の期限後の作成です" / "sealed after the approval had ended"
        => "承認を取り直してください" / "have it approved again";
    POLICY_SIGNATURE "C-091" Stop: "方針に審査委員会の署名がありません" / "the policy is not signed by the board"
        => "方針に署名を受けてください" / "have the policy signed";
    POLICY_OTHER "C-091" Stop: "仕様の方針と同封の方針が異なります" / "the request names another policy than the one enclosed"
        => "仕様が名指す方針で作り直してください" / "make it again with the policy that the request names";
    POLICY_OUT_OF_FORCE "C-091" Stop: "作成日に有効な方針ではありません" / "the policy was not in force on the day of sealing"
        => "有効な版の方針で承認を取り直してください" / "have it approved under a policy in force";
    POLICY_WEAK "C-091" Stop: "方針の値が許される下限に達しません" / "the policy itself is below what may be allowed"
        => "方針を改めて署名を受けてください" / "mend the policy and have it signed";
    // Columns.
    COLUMN_NOT_ALLOWED "C-030" Stop: "仕様にない列、または列の順序の誤りです" / "not the columns that the layout and the request allow"
        => "仕様で求めた列だけを仕様の順で出してください" / "release the columns asked for, in their order, and no other";
    COLUMN_DIRECT "C-030" Stop: "直接識別子の列です" / "a column that identifies by itself"
        => "列を除いてください" / "take the column out";
    COLUMN_UNCLASSIFIED "C-037" Stop: "項目一覧に区分がありません" / "the dictionary gives the column no class"
        => "dictionary.csv に全列の区分を書いてください" / "classify every column in dictionary.csv";
    COLUMN_CLASS_DIFFERS "C-037" Stop: "項目一覧の区分が方針と異なります" / "the dictionary's class is not the policy's"
        => "方針の区分に合わせてください" / "use the policy's class";
    DICTIONARY_EXTRA "C-037" Stop: "項目一覧にない列が載っています" / "the dictionary has a column that no file has"
        => "dictionary.csv を作り直してください" / "make dictionary.csv again";
    LABEL "C-030" Stop: "列の書式に合わない値です" / "a value that fits no label of the column"
        => "方針の階層の表記だけを使ってください" / "use the labels of the policy's hierarchies only";
    FREE_TEXT "C-047" Stop: "自由記載と見られる値です" / "a value that looks like free text"
        => "自由記載を除いてください" / "take free text out";
    DIRECT_IDENTIFIER "C-031" Stop: "直接識別子と見られる値です" / "a value that looks like a direct identifier"
        => "値を除き、加工規則を見直してください" / "take it out and look at the rules of processing";
    IDENTIFICATION_CODE "C-032" Stop: "個人識別符号と見られる値です" / "a value that looks like an individual identification code"
        => "値を除き、加工規則を見直してください" / "take it out and look at the rules of processing";
    PROPERTY_NUMBER "C-051" Stop: "カード番号と見られる値です" / "a value that looks like a card number"
        => "値を除き、加工規則を見直してください" / "take it out and look at the rules of processing";
    // Pseudonyms and order.
    PID_FORM "C-034" Stop: "仮番号の形式・重複・対応の誤りです" / "a pseudonym is malformed, repeated, or stands for nobody"
        => "提供ごとの仮番号を作り直してください" / "make the pseudonyms of this release again";
    PID_REUSED "C-034" Stop: "過去の提供と同じ仮番号があります" / "pseudonyms of an earlier package come again"
        => "提供ごとに新しい仮番号にしてください" / "draw new pseudonyms for every release";
    PID_CLAIM "C-034" Stop: "仮番号のハッシュが目録と異なります" / "the manifest's hash of the pseudonyms is another"
        => "パッケージを作り直してください" / "make the package again";
    ROW_ORDER "C-049" Stop: "行の順序が規則と異なります" / "rows are not in the order of the layout"
        => "仮番号の順、次に列の順に並べてください" / "sort by pid, then by the columns";
    ORDER_CORRELATES "C-049" Stop: "過去の提供と行の順序が相関します" / "the order of persons correlates with an earlier package"
        => "仮番号を無作為に作り直してください" / "draw the pseudonyms at random";
    ROWS_LINK "C-049" Warn: "行の内容で過去の提供と突合できる人がいます" / "persons can be matched with an earlier package by their rows"
        => "提供先が同一か、併せ持つことがないかを確かめてください" / "make sure that nobody holds both packages";
    // Persons.
    K_CLASS "C-036" Stop: "同じ属性の人が方針のkより少ない区分があります" / "a class of equal persons is smaller than the policy's k"
        => "一般化を粗くするか、該当者を除いてください" / "generalise further or leave the persons out";
    L_DIVERSITY "C-038" Stop: "機微な値の種類が足りない区分があります" / "a class has too few sensitive values"
        => "一般化を粗くするか、該当者を除いてください" / "generalise further or leave the persons out";
    T_CLOSENESS "C-038" Stop: "機微な値の分布が全体から離れた区分があります" / "a class's sensitive values are too far from the whole's"
        => "一般化を粗くするか、該当者を除いてください" / "generalise further or leave the persons out";
    SENSITIVE_CERTAIN "C-038" Stop: "区分の全員が機微な傷病等を持ちます" / "all persons of a class have a sensitive group of codes"
        => "その区分から該当の記録を除いてください" / "take those events out of the class";
    AGE_TOP "C-039" Stop: "年齢が上限・下限の区分を超えて示されています" / "an age is told beyond the top or bottom code"
        => "上限以上・下限未満をまとめてください" / "use the top and the bottom code";
    AREA_LEVEL "C-044" Stop: "地域が認められた区分より細かく示されています" / "an area is told finer than allowed"
        => "都道府県より細かい地域を除いてください" / "tell prefectures or regions only";
    SUPPRESSED_TOO_MANY "C-036" Stop: "除いた人の割合が方針を超えます" / "more persons were left out than the policy allows"
        => "一般化を見直してください" / "generalise otherwise";
    // Events.
    EVENT_ITEMS "C-036" Stop: "知られうる記録の組合せを持つ人が少なすぎます" / "too few persons of a class share what may be known of one"
        => "記録を一般化するか除いてください" / "generalise the events or take them out";
    RARE_CODE "C-040" Stop: "コードを持つ人が少なすぎます" / "too few persons have a code"
        => "コードを一般化するか代替コードにしてください" / "make the code coarser or use the dummy";
    WATCH_AREA "C-045" Stop: "要注意コードの人に地域が示されています" / "a person with a code of the watch list has an area"
        => "該当者の地域を空にしてください" / "blank the area of these persons";
    DATE_GRID "C-043" Stop: "日付が方針の区切りに合いません" / "a date is not told as the policy says"
        => "基準日からの区切りで示してください" / "tell dates in the policy's bins";
    VALUE_CLIP "C-042" Stop: "検査値が丸め・上下限の範囲にありません" / "a measured value is outside of its clip bounds or too precise"
        => "上下限と桁数で丸めてください" / "clip and round the values";
    VALUE_EXTREME "C-042" Warn: "最大・最小の検査値を持つ人が少数です" / "few persons have the greatest or smallest value of a code"
        => "上下限を内側に取ることを検討してください" / "consider clip bounds further inside";
    CLAIM "C-058" Stop: "risk.json の主張が検査の計算と異なります" / "risk.json claims something else than was counted"
        => "報告を作り直してください" / "make the report again";
    // Tables.
    CELL_SMALL "C-052" Stop: "示してはならない小さな数です" / "a count is shown that is too small"
        => "秘匿してください" / "hide it";
    MEASURE_SHOWN "C-057" Stop: "人数を秘匿した欄の値が示されています" / "a measure is shown where it must be hidden"
        => "値も秘匿してください" / "hide the measure too";
    TABLE_SUM "C-055" Stop: "合計が内訳と一致しません" / "a total is not the sum of its parts"
        => "表を作り直してください" / "make the table again";
    TABLE_SHAPE "C-055" Stop: "表の行が揃っていません" / "a row is missing, repeated, or of the wrong form"
        => "すべての組合せと計を出してください" / "tell all combinations with all their totals";
    CELL_NARROW "C-055" Stop: "秘匿した欄の範囲が狭く絞り込めます" / "a hidden cell can be narrowed down"
        => "さらに欄を秘匿してください" / "hide more cells";
    CELL_EXACT_SOLVER "C-055" Unreadable: "範囲を計算できません" / "the bounds of a hidden cell could not be computed"
        => "表を小さく分けてください" / "ask for smaller tables";
    CELL_CONCENTRATED "C-055" Warn: "全員が1つの欄に入る行があります" / "all persons of a total are in one part"
        => "その集団の人の属性が分かります。委員会で確かめてください" / "whoever is in the total is known to be in the part; let the committee weigh it";
    CELL_ROUNDED "C-055" Stop: "丸めの規則に合わない数です" / "a count is not rounded as the policy says"
        => "方針の丸めを適用してください" / "round as the policy says";
    DIFFERENCE_SMALL "C-056" Stop: "過去の表との差から小さな数が分かります" / "the difference to an earlier table gives away a small count"
        => "過去の表と同じ欄を秘匿するか、提供を見合わせてください" / "hide these cells or do not release the table";
    EARLIER_NOT_COMPARED "C-056" Warn: "比べられない過去のパッケージです" / "an earlier package that cannot be compared"
        => "第1版の表は musubi release verify で確かめてください" / "hold tables of version 1 against it by other means";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_words() {
        for rule in ALL {
            assert!(rule.check.starts_with("C-0") && rule.check.len() == 5, "{}", rule.word);
            assert!([rule.ja, rule.en, rule.mend_ja, rule.mend_en].iter().all(|t| t.len() > 5));
        }
    }
}
