//! Words of the municipality's table desk.

use crate::words::words;

words! {
    CATALOGUE: "政策・財務の問い", "Questions of policy and finance";
    CATALOGUE_NOTE: "問いを選ぶと、公表された表、なぜ秘匿されたか、似た市区町村との比べ方が見られます。まだ表がない問いは、そのまま申し出られます。", "Choose a question to see its released table, why cells are hidden, and how it compares. A question without a table can be asked for.";
    QUESTION: "問い", "Question";
    DOMAIN: "分野", "Domain";
    ALL: "すべて", "All";
    KIND: "何を測るか", "What it measures";
    STATE: "状態", "State";
    PERIOD: "期間", "Period";
    WHY: "なぜ問うか", "Why it matters";
    READS: "表の読み方", "How to read it";
    CAUTION: "注意", "Note";
    MISSING: "足りないもの", "What is missing";
    FEEDS: "もとになるデータ", "What it is made from";
    AGREED: "取決めあり", "agreed";
    NOT_AGREED: "取決めなし", "not agreed";
    PLACE: "示す地域", "Place shown";
    CHOOSE: "見る形を選ぶ", "Choose what to see";
    WHOLE: "合計", "Total";
    EACH: "すべての値", "All values";
    DRAW: "図に描く値", "Value of the picture";
    RELEASE: "提供物", "Release";
    SHOW: "この形で見る", "Show";
    TABLE: "表", "Table";
    PICTURE: "図", "Picture";
    TREND: "期間ごとの動き", "Change over periods";
    PERSONS: "人数", "Persons";
    HIDDEN: "秘匿", "Hidden";
    WHY_HIDDEN: "秘匿の理由", "Why hidden";
    COMPARE: "人口が近い市区町村と比べる", "Beside municipalities of like size";
    MAP: "地域の広がり", "Across places";
    DOWNLOAD: "見ている表を CSV で保存", "Save the table as CSV";
    EXPLAIN: "説明書を保存", "Save its explanation";
    ASK: "この表を申し出る", "Ask for this table";
    ASK_GO: "申出の下書きを作る", "Make a draft application";
    APPLICATIONS: "この問いの申出", "Applications for this question";
    FROM: "期間の初日", "First day";
    TO: "期間の末日", "Last day";
    RELEASED: "提供された表", "Released tables";
    REQUESTS: "この問いの申出", "Requests for this question";
    CELLS: "セル", "Cells";
}
