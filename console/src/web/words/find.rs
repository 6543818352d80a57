//! Words of the search.

use crate::words::words;

words! {
    TITLE: "検索", "Search";
    NOTE: "コード・規則・点検・申出・提供物などを言葉や番号で探します。患者さんの氏名や番号はここでは探せません。", "Finds codes, rules, checks, applications, releases by words or ids. Persons are not searched here.";
    QUERY: "言葉または番号", "Words or an id";
    GO: "検索", "Find";
    KIND: "種類", "Kind";
    ALL: "すべて", "All";
    KNOWN: "番号が一致したもの", "Exactly this id";
    FOUND: "言葉が一致したもの", "Found by words";
    NOTHING: "見つかりませんでした。言葉を減らすか、別の書き方で試してください。", "Nothing found. Try fewer or other words.";
    PERSON: "本人の番号かもしれません。ここでは探しません。相談窓口の照会を使ってください。", "This may be a person's number, which is not searched here. Use the help desk's look-up.";
    NO_INDEX: "検索の準備ができていません", "The search is not ready";
    VERB: "端末では", "At the terminal";
    WHAT: "内容", "What";
    ID: "番号", "Id";
    RULE: "指摘の規則", "Rule of findings";
    CODE: "コード", "Code";
    SEVERITY: "重大度", "Severity";
    MEND: "対処", "How to mend it";
    EXAMPLE: "例", "Example";
    EDITION: "版", "Edition";
    STANDARD: "標準コード", "Standard code";
    MORE: "ほかにもあります。言葉を足して絞り込んでください。", "There are more. Add words to narrow it down.";
}
