//! Everything a page says, in both languages, in one place. Words of rules, states and tables come from `model`.

use musubi_model::fact::FactTable;
use musubi_model::finding::{Rule, Severity};
use musubi_model::submission::{Disposition, SubmissionState};

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The value of the HTML attribute `lang`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// One of two.
    pub(crate) fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// A word of this module.
    pub(crate) fn say(self, word: &Word) -> &'static str {
        self.pick(word.ja, word.en)
    }

    /// A number with its counter: `3件`, `3 deliveries`.
    pub(crate) fn counted(self, n: &str, word: &Word) -> String {
        match self {
            Self::Ja => format!("{n}{}", word.ja),
            Self::En => format!("{n} {}", word.en),
        }
    }
}

/// A word in both languages.
#[derive(Debug)]
pub(crate) struct Word {
    ja: &'static str,
    en: &'static str,
}

impl Word {
    pub(crate) fn text(&self, lang: Lang) -> &'static str {
        lang.say(self)
    }
}

macro_rules! words {
    ($($name:ident: $ja:literal, $en:literal;)*) => {
        $(pub(crate) const $name: Word = Word { ja: $ja, en: $en };)*
    };
}

words! {
    NIGHT_TITLE: "夜間報告", "Nightly report";
    ACK_TITLE: "受領通知", "Acknowledgement of delivery";
    MADE_AT: "作成", "made";
    ALL_CLOSE: "すべての提出が突合しました", "Every delivery balances";
    ALL_CLOSE_MORE: "受領したレコードは、一件も行方がわからなくなっていません。", "No record that was received is unaccounted for.";
    CLOSE_BUT: "突合しましたが、受け付けられなかった提出があります", "All else balances, but a delivery was not accepted";
    CLOSE_BUT_MORE: "受け付けた分に行方のわからないレコードはありません。受付不可・隔離の提出を下の表で確かめてください。", "No accepted record is unaccounted for. See below which delivery was refused or set aside.";
    NOT_CLOSE: "突合していない提出があります", "A delivery does not balance";
    NOT_CLOSE_MORE: "差のある提出を下の表で確かめてください。突合するまで完了になりません。", "See the table below. A delivery is not done until it balances.";
    NOTHING: "この夜の提出はありません", "No delivery came this night";
    NOTHING_MORE: "定期の提出が予定されていた場合は、提出元に確かめてください。", "If one was due, ask its sender.";
    WAITING: "処理の途中の提出があります", "A delivery is still under way";
    WAITING_MORE: "突合の前で止まっている提出を下の表で確かめてください。", "See below which delivery has not reached its balance.";
    SUBMISSIONS: "提出", "Deliveries";
    C_SUBMISSIONS: "件", "deliveries";
    C_FILES: "ファイル", "files";
    FIGURE_RECEIVED: "受領レコード", "Records received";
    FIGURE_ERRORS: "エラーの指摘", "Errors found";
    FIGURE_PERSONS: "名寄せ後の人数", "Persons after matching";
    FLOW: "夜の流れ", "How the night went";
    FLOW_NOTE: "帯の太さはレコード数。下へ分かれる帯は、格納に至らなかったものとその理由です。", "Width is the number of records. Bands that turn down did not become current facts, and why.";
    S_RECEIVE: "受領", "Received";
    S_VERIFY: "検証", "Verified";
    S_MAP: "変換", "Mapped";
    S_GATE: "関門", "Gate";
    S_RESOLVE: "名寄せ", "Matched";
    S_LOAD: "格納", "Loaded";
    S_BALANCE: "突合", "Balanced";
    S_NOTIFY: "通知", "Notified";
    DIFFERENCE: "差", "difference";
    BALANCE: "提出ごとの突合", "Balance of each delivery";
    BALANCE_NOTE: "受領 = 格納 + 旧版 + 重複 + 隔離 + 停止による除外 + 通知待ち。差が 0 でなければ完了になりません。", "received = loaded + superseded + duplicate + quarantined + excluded + held. Only a difference of 0 is done.";
    NO_BALANCE: "突合前", "not balanced yet";
    BY_KIND: "レコード種別ごとの内訳", "By kind of record";
    KIND: "種別", "Kind";
    RECEIVED: "受領", "Received";
    FINDINGS: "指摘", "Findings";
    FINDINGS_NOTE: "規則ごとの件数と直し方。検出値は形だけを示し、個人の値は含みません。", "Counts by rule and how to mend. What was found is shown as a shape, never as a person's value.";
    NO_FINDINGS: "指摘はありません。", "Nothing was found.";
    MEND: "直し方", "Mend";
    EXAMPLE: "例", "e.g.";
    FOUND: "検出", "found";
    EXPECTED: "期待", "expected";
    BYTES_AT: "バイト", "bytes";
    UNIT: "単位", "unit";
    UNKNOWN_RULE: "この版の語彙にない規則です。", "A rule this version has no words for.";
    FACTS: "蓄積されている事実", "Facts in the repository";
    FACTS_NOTE: "現在の版を構成するファイルの行数。後の版に置き換えられた行を含みます。", "Rows of the files that make the current snapshot; rows replaced by later versions are among them.";
    SNAPSHOT: "版", "Snapshot";
    DEAD_UNITS: "置き換えられた単位", "units replaced";
    NO_FACTS: "まだ何も格納されていません。", "Nothing was loaded yet.";
    PEOPLE: "人", "People";
    PEOPLE_NOTE: "医療機関ごとの患者記述をまとめて一人の人にします。鍵が同じで生年月日か性別が違うものは、まとめずに人が確かめます。", "Descriptions by providers are joined into persons. Equal keys with another birth date or sex are not joined; people look at them.";
    IDENTITIES: "患者記述", "identities";
    PERSONS: "人", "persons";
    CONFLICTS: "確認待ちの食い違い", "conflicts to be looked at";
    PYRAMID: "年齢階級と性別", "Age and sex";
    MALE: "男", "Male";
    FEMALE: "女", "Female";
    MASKED: "人未満（秘匿）", "withheld";
    OPT_OUTS: "提供停止の求め", "Opt-outs";
    OPT_OUTS_NOTE: "取り込みの前と名寄せの後の二つの関門で照合しています。関門を読めないときは取り込みを止めます。", "Checked before intake and again after matching. If the gate cannot be read, intake stops.";
    OPT_OUTS_HELD: "効力のある求め", "in force";
    OPT_OUTS_EXCLUDED: "この夜に除外したレコード", "records left out this night";
    RELEASES: "提供物", "Releases";
    NO_RELEASES: "提供物はありません。", "No release yet.";
    SHOWN: "表示", "shown";
    HIDDEN: "秘匿", "hidden";
    CELLS: "セル", "cells";
    VERIFIED: "独立検証 合格", "independent check passed";
    NOT_VERIFIED: "独立検証 不合格", "independent check failed";
    VERIFY_UNKNOWN: "独立検証 未実施", "independent check not run";
    APPROVAL: "承認", "Approval";
    SCOPE: "承認範囲のハッシュ", "Scope hash";
    MANIFEST: "目録のハッシュ", "Manifest hash";
    SEALED: "封印", "Sealed";
    WHERE: "所在と確かめ方", "Where things lie and how to look further";
    AUDIT: "監査証跡の末尾", "End of the audit chain";
    AUDIT_NOTE: "この番号とハッシュを紙などに控えておくと、後の書き換えや切り捨てを検出できます。", "Keep this number and hash elsewhere: a later rewriting or truncation will show.";
    PARAMETERS: "パラメータ", "Parameters";
    PROGRAM: "プログラム", "Program";
    STATE: "状態", "State";
    FEED: "契約", "Feed";
    SENDER: "提出元", "Sender";
    BUSINESS_DATE: "対象日", "Business date";
    RECEIVED_AT: "受領日時", "Received at";
    SUBMISSION_ID: "提出番号", "Delivery id";
    SIZE: "分量", "Size";
    HISTORY: "経過", "History";
    EQUATION: "突合", "Balance";
    MORE_FINDINGS: "ほか", "and";
    MORE_FINDINGS_END: "件", "more";
    REST: "ほかの提出", "other deliveries";
    ACK_NOTE: "お送りいただいたデータの処理結果です。エラーのある単位だけを隔離し、ほかは処理を進めています。", "What became of the data you sent. Only units with errors are set aside; all else went on.";
    ACK_OK: "受け付け、突合しました", "Accepted and balanced";
    ACK_REJECTED: "受け付けられませんでした", "Not accepted";
    ACK_QUARANTINED: "全体を隔離しました", "Set aside as a whole";
    ACK_MIXED: "受け付けましたが、直していただきたい箇所があります", "Accepted; some parts need mending";
    QUANTITY: "定量確認(統制合計)", "Quantity (control totals)";
    QUANTITY_NOTE: "目録の統制合計と、当方で数えた件数です。差があれば全体を隔離しています。", "Totals of your manifest beside what was counted here. Any difference sets the whole delivery aside.";
    PROMISED: "目録", "Manifest";
    COUNTED: "計数", "Counted";
    QUALITY: "定性確認(標本)", "Quality (sample)";
    QUALITY_NOTE: "quality.csv の事実を原本と比べ、回答欄に 一致・不一致・原本になし のいずれかを書いてお返しください。", "Compare the facts in quality.csv with the original and send it back with an answer in each row.";
    SAMPLED: "標本の単位", "Units in the sample";
    NO_ANSWERS: "回答はまだありません。", "No answers yet.";
    MATCH_RATE: "一致の割合", "Share of matches";
    UNMAPPED: "対応のないコード", "Codes without a mapping";
    UNMAPPED_NOTE: "どのマスタにも対応表にもないコードです。意味をお知らせください。", "No master and no map knows these codes. Please tell us what they mean.";
    COMPARED: "前回の提出との比較", "Compared with the delivery before";
    COMPARED_NOTE: "同じフィードの前回と件数が違う指摘です。", "Findings whose number differs from the last delivery of the same feed.";
    SAME_AS_BEFORE: "前回と同じです。", "As in the delivery before.";
    BEFORE: "前回", "before";
    NOW: "今回", "now";
    WORSE: "増えました", "worse";
    BETTER: "減りました", "better";
    MADE_BY: "作成システム", "Made by";
    RULE_EXAMPLE: "例", "For example";
    ACK_OPEN: "処理の途中です", "Under way";
    FOOT: "この報告に個人の値は含まれません。", "No value of any person is in this report.";
}

pub(crate) fn state(lang: Lang, state: SubmissionState) -> &'static str {
    lang.pick(state.ja(), state.as_str())
}

pub(crate) fn state_name(lang: Lang, name: &str) -> String {
    SubmissionState::from_name(name).map_or_else(|| name.to_owned(), |s| state(lang, s).to_owned())
}

pub(crate) fn disposition(lang: Lang, d: Disposition) -> &'static str {
    lang.pick(d.ja(), d.as_str())
}

pub(crate) fn table(lang: Lang, name: &str) -> String {
    match FactTable::from_name(name) {
        Some(t) => lang.pick(t.ja(), t.as_str()).to_owned(),
        None => name.to_owned(),
    }
}

pub(crate) fn severity(lang: Lang, s: Severity) -> &'static str {
    lang.pick(s.ja(), s.as_str())
}

pub(crate) fn rule(lang: Lang, r: &'static Rule) -> (&'static str, &'static str) {
    lang.pick((r.ja, r.mend_ja), (r.en, r.mend_en))
}
