//! Everything a page says, in both languages, in one place. Words of rules, states and tables come from `model`.

use musubi_id_resolution::train::silver::Proof;
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
    #[must_use]
    pub fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// A word of this module.
    #[must_use]
    pub fn say(self, word: &Word) -> &'static str {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    ja: &'static str,
    en: &'static str,
}

impl Word {
    /// Japanese, English.
    #[must_use]
    pub const fn new(ja: &'static str, en: &'static str) -> Self {
        Self { ja, en }
    }

    /// In a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> &'static str {
        lang.say(self)
    }
}

macro_rules! words {
    ($($name:ident: $ja:literal, $en:literal;)*) => {
        $(pub(crate) const $name: $crate::words::Word = $crate::words::Word::new($ja, $en);)*
    };
}
pub(crate) use words;

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
    M_TITLE: "名寄せモデルの報告", "Model of patient matching";
    M_AGREED: "学習した確率は、別の方法(EM)の推定と食い違いません", "What was learned agrees with the check by EM";
    M_AGREED_MORE: "独立な番号で確かめた組から数えた一致率と、候補全体からの推定を並べて確かめています。", "Shares counted among pairs that independent numbers prove, held against an estimate from all candidates.";
    M_DISPUTED: "別の方法(EM)の推定と食い違う確率があります", "The check by EM differs in some probabilities";
    M_DISPUTED_MORE: "下の表の印のある行を確かめてください。EM の値は使われません。採用の前に理由を説明できるようにしてください。", "See the marked rows. EM never enters the model; know the reason before the model is adopted.";
    M_UNTRAINED: "学習していないモデルです", "This model was not trained";
    M_UNTRAINED_MORE: "確率は組み込みの値です。", "Its probabilities are built in.";
    M_CURVE: "しきい値", "Threshold";
    M_CURVE_NOTE: "右へ行くほど結びにくくなります。縦線が選んだしきい値、その左の帯が人の確認に回る範囲です。", "Further right, less is joined. The line is the chosen threshold; the band left of it goes to people.";
    M_CURVE_EXPECTED_NOTE: "正解がないため、モデル自身の確率から期待される適合率を示します。実際の適合率ではありません。", "No truth is known: this is the precision that the model itself expects, not a measured one.";
    M_PRECISION: "適合率", "precision";
    M_RECALL: "再現率", "recall";
    M_F1: "F1", "F1";
    M_EXPECTED: "期待適合率", "expected precision";
    M_GREY: "人が確認", "to people";
    M_CHOSEN: "選択", "chosen";
    M_THRESHOLD_AXIS: "しきい値(ビット)", "threshold (bits)";
    M_ERRORS: "誤りとその原因", "Errors by cause";
    M_ERRORS_NOTE: "正解の記録に付いた印ごとに、別人に混ざった記録と、本人から離れた記録を数えます。印は重なります。", "By the tags of the truth: records that lie with somebody else, and records torn off their person. Tags overlap.";
    M_OVER: "過統合", "over-merged";
    M_SPLIT: "過分割", "split";
    M_ASTRAY: "別人に混ざった記録", "records astray";
    M_FRAGMENTS: "余分な断片", "extra fragments";
    M_CAUSE: "印", "Tag";
    M_TABLE: "一致率(m)と偶然の一致率(u)", "Probabilities (m and u)";
    M_TABLE_NOTE: "比べた結果が、四種類の組のそれぞれでどれだけ起こるか。根拠が足りない行は組み込みの値のままです。", "How often each outcome is met among the four kinds of pair. Rows without enough evidence keep what is built in.";
    M_LEVEL: "比べた結果", "Outcome";
    M_CLASSES: "四種類の組での確率", "Four kinds of pair";
    M_EVIDENCE: "証拠の重み(ビット)", "Evidence (bits)";
    M_COUNTED: "数えた組", "Pairs counted";
    M_BEFORE: "学習前", "Before";
    M_KEPT: "据え置き", "kept";
    M_BY_NAME: "名前の頻度", "by the name";
    M_BLOCKING: "候補を見つける鍵", "Keys that find candidates";
    M_BLOCKING_NOTE: "鍵ごとの候補の組。値を持つ記録が多すぎる鍵は何も語らないので使いません。", "Pairs by key. A value held by too many says nothing and is left out.";
    M_KEY: "鍵", "Key";
    M_PAIRS: "候補の組", "Pairs";
    M_POSTINGS: "索引", "Postings";
    M_VALUES: "値の数", "Values";
    M_CROWDED: "混みすぎ", "Crowded";
    M_SIZES: "一人あたりの記録の数", "Records of a person";
    M_SIZES_NOTE: "右端の長い尾は、まとめすぎの最初のしるしです。10未満の人数は示しません。", "A long tail is the first sign of merging too much. Fewer than 10 persons are not shown.";
    M_SIZES_AXIS: "記録の数", "records";
    M_LARGEST: "最大", "largest";
    M_TRAINED: "何から学んだか", "What it learned from";
    M_TRAINED_NOTE: "モデルに入るのは数だけです。個人の記録や組は残りません。", "Only counts enter a model; no record and no pair is kept.";
    M_VERSION: "版", "Version";
    M_RECORDS: "記録", "records";
    M_POPULATION: "人口", "Population";
    M_NAMES: "姓 / 名(漢字)/ 姓 / 名(カナ)", "Family / given names in kanji, in kana";
    M_SILVER: "銀の正解の組", "Silver pairs";
    M_RANDOM: "無作為の組", "Random pairs";
    M_MOVED: "動いた確率", "Probabilities that moved";
    M_DISPUTES: "EM との食い違い", "Disputed by EM";
    M_UNLINKABLE: "結べない記録", "unlinkable";
    M_ALONE: "一件だけの人の記録", "alone";
    M_COMPARED: "比べた組", "pairs compared";
    W_TITLE: "重みの内訳", "How the weight came about";
    W_JOINED: "同じ人として結ぶ", "joined";
    W_APART: "結ばない", "not joined";
    W_THRESHOLD: "しきい値", "threshold";
    W_SUM: "合計", "sum";
    FOOT: "この報告に個人の値は含まれません。", "No value of any person is in this report.";
}

pub(crate) fn proof(lang: Lang, p: Proof) -> &'static str {
    match p {
        Proof::Chart => lang.pick("患者番号", "chart number"),
        Proof::Care => lang.pick("介護", "care number"),
        Proof::Insured => lang.pick("被保険者番号", "insured number"),
        Proof::Inquiry => lang.pick("履歴照会", "history inquiry"),
    }
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
