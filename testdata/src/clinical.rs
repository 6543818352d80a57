//! The clinical facts the region is made of: diseases, drugs and laboratory items under their public codes.
//!
//! Codes and names are those of the レセプト電算 masters of June 2024, the drug price list and the JLAC10 items of the
//! specific health check-up; the ICD-10 code of a disease is our assignment. Prices are rounded and only plausible.
//! Nothing here may depend on a person.

/// Whether a disease stays or passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// 慢性.
    Chronic,
    /// 急性.
    Acute,
}

/// Who can have a disease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Both,
    Men,
    Women,
}

/// A group of laboratory items ordered together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panel {
    Nothing,
    Blood,
    Liver,
    Sugar,
    Lipid,
    Urate,
    Renal,
    Bone,
    Crp,
    Urine,
}

/// A disease (傷病名).
#[derive(Debug)]
pub(crate) struct Disease {
    /// レセ電 disease code, 7 digits.
    pub(crate) code: &'static str,
    /// Name of the master.
    pub(crate) name: &'static str,
    /// ICD-10 without the dot.
    pub(crate) icd10: &'static str,
    pub(crate) course: Course,
    pub(crate) whom: Whom,
    /// Ages between which it occurs.
    pub(crate) ages: (i64, i64),
    /// Persons in a thousand, at the age where it is most frequent.
    pub(crate) per_mille: u32,
    /// Indices into [`DRUGS`].
    pub(crate) drugs: &'static [usize],
    pub(crate) panel: Panel,
}

/// How a drug is given (診療識別 of the receipt).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// 内服, 21.
    Oral,
    /// 屯服, 22.
    AsNeeded,
    /// 外用, 23.
    External,
}

/// A drug (医薬品).
#[derive(Debug)]
pub(crate) struct Drug {
    /// レセ電 drug code, 9 digits.
    pub(crate) code: &'static str,
    /// Drug price list code, 12 characters.
    pub(crate) yj: &'static str,
    pub(crate) name: &'static str,
    /// MERIT-9 unit code and its name.
    pub(crate) unit: (&'static str, &'static str),
    /// Units in a day (oral), a dose (as needed) or in all (external).
    pub(crate) amount: u32,
    pub(crate) route: Route,
    /// Price of a unit in hundredths of a yen.
    pub(crate) price: u32,
    /// How to take it.
    pub(crate) usage: &'static str,
}

/// A laboratory item (検査項目).
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) panels: &'static [Panel],
    /// JLAC10, 17 characters.
    pub(crate) jlac10: &'static str,
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// Decimals.
    pub(crate) decimals: u32,
    /// Reference range in units of the last decimal.
    pub(crate) range: (i64, i64),
    /// Values drawn, in units of the last decimal.
    pub(crate) values: (i64, i64),
    /// レセ電 procedure code and points; items of biochemistry I are bundled instead.
    pub(crate) procedure: (&'static str, u32),
    /// Bundled with the other items of biochemistry I (生化学的検査（Ⅰ）の包括).
    pub(crate) bundled: bool,
}

/// Drugs in use.
#[rustfmt::skip] // one row a line: it is a table
pub(crate) static DRUGS: [Drug; 45] = [
    Drug { code: "620003887", yj: "2171022F4028", name: "アムロジンＯＤ錠５ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 1360, usage: "１日１回朝食後" },
    Drug { code: "622143501", yj: "2149048F1022", name: "アジルバ錠２０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 7630, usage: "１日１回朝食後" },
    Drug { code: "621974701", yj: "3962002F2027", name: "メトグルコ錠２５０ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 1040, usage: "１日２回朝夕食後" },
    Drug { code: "621951001", yj: "3969010F2030", name: "ジャヌビア錠５０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 8210, usage: "１日１回朝食後" },
    Drug { code: "622341901", yj: "3969019F1027", name: "フォシーガ錠５ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 16330, usage: "１日１回朝食後" },
    Drug { code: "620000423", yj: "2189016F2024", name: "リバロ錠２ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 2980, usage: "１日１回夕食後" },
    Drug { code: "622057301", yj: "3949003F2020", name: "フェブリク錠２０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 1900, usage: "１日１回朝食後" },
    Drug { code: "620000033", yj: "1141007F2027", name: "カロナール錠３００　３００ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::AsNeeded, price: 700, usage: "発熱時" },
    Drug { code: "610407447", yj: "2233002F2022", name: "ムコダイン錠５００ｍｇ", unit: ("TAB", "錠"), amount: 3, route: Route::Oral, price: 1040, usage: "１日３回毎食後" },
    Drug { code: "612220325", yj: "2223001F2099", name: "メジコン錠１５ｍｇ", unit: ("TAB", "錠"), amount: 3, route: Route::Oral, price: 860, usage: "１日３回毎食後" },
    Drug { code: "610443074", yj: "6250021M1027", name: "タミフルカプセル７５　７５ｍｇ", unit: ("CAP", "カプセル"), amount: 2, route: Route::Oral, price: 18940, usage: "１日２回朝夕食後" },
    Drug { code: "620006885", yj: "4490026F2040", name: "キプレス錠１０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 5060, usage: "１日１回就寝前" },
    Drug { code: "622516602", yj: "4490033F1028", name: "ビラノア錠２０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 4870, usage: "１日１回空腹時" },
    Drug { code: "610443040", yj: "4490023F1024", name: "アレグラ錠６０ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 2560, usage: "１日２回朝夕食後" },
    Drug { code: "622404401", yj: "2329030F1020", name: "タケキャブ錠１０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 9430, usage: "１日１回朝食後" },
    Drug { code: "610444042", yj: "2325003F4031", name: "ガスターＤ錠２０ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 1340, usage: "１日２回朝夕食後" },
    Drug { code: "620452801", yj: "2329021F1102", name: "ムコスタ錠１００ｍｇ", unit: ("TAB", "錠"), amount: 3, route: Route::Oral, price: 1040, usage: "１日３回毎食後" },
    Drug { code: "620515902", yj: "2431004F1056", name: "チラーヂンＳ錠５０μｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 1040, usage: "１日１回朝食後" },
    Drug { code: "613220039", yj: "3222013F1025", name: "フェロミア錠５０ｍｇ　鉄５０ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 610, usage: "１日２回朝夕食後" },
    Drug { code: "622703201", yj: "1190027F2029", name: "デエビゴ錠５ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 7130, usage: "１日１回就寝前" },
    Drug { code: "621978201", yj: "1179052M1022", name: "サインバルタカプセル２０ｍｇ", unit: ("CAP", "カプセル"), amount: 1, route: Route::Oral, price: 7280, usage: "１日１回朝食後" },
    Drug { code: "622069502", yj: "1179054F1022", name: "レクサプロ錠１０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 9750, usage: "１日１回夕食後" },
    Drug { code: "610432043", yj: "1190012F2022", name: "アリセプト錠５ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 6870, usage: "１日１回朝食後" },
    Drug { code: "622225001", yj: "3339004F2025", name: "エリキュース錠５ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 20700, usage: "１日２回朝夕食後" },
    Drug { code: "620003469", yj: "3399008F2021", name: "プラビックス錠７５ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 4010, usage: "１日１回朝食後" },
    Drug { code: "620000167", yj: "2139005F1052", name: "ラシックス錠２０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 980, usage: "１日１回朝食後" },
    Drug { code: "620256101", yj: "2123016F1107", name: "メインテート錠２．５ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 1010, usage: "１日１回朝食後" },
    Drug { code: "622042602", yj: "3112006M2029", name: "エディロールカプセル０．７５μｇ", unit: ("CAP", "カプセル"), amount: 1, route: Route::Oral, price: 4100, usage: "１日１回朝食後" },
    Drug { code: "620007804", yj: "2649729S3084", name: "モーラステープＬ４０ｍｇ　１０ｃｍ×１４ｃｍ", unit: ("SHEET", "枚"), amount: 28, route: Route::External, price: 2760, usage: "１日１回患部に貼付" },
    Drug { code: "620009078", yj: "2646717M1096", name: "ロコイド軟膏０．１％", unit: ("G", "グラム"), amount: 10, route: Route::External, price: 1490, usage: "１日２回患部に塗布" },
    Drug { code: "620009048", yj: "3339950M1137", name: "ヒルドイドソフト軟膏０．３％", unit: ("G", "グラム"), amount: 50, route: Route::External, price: 1820, usage: "１日２回患部に塗布" },
    Drug { code: "620224801", yj: "1319739Q1037", name: "キサラタン点眼液０．００５％", unit: ("ML", "ミリリットル"), amount: 2, route: Route::External, price: 30550, usage: "１日１回両眼に点眼" },
    Drug { code: "620004365", yj: "1319752Q1024", name: "パタノール点眼液０．１％", unit: ("ML", "ミリリットル"), amount: 5, route: Route::External, price: 8590, usage: "１日４回両眼に点眼" },
    Drug { code: "621925801", yj: "6241013F3027", name: "クラビット錠５００ｍｇ　（レボフロキサシンとして）", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 8590, usage: "１日１回朝食後" },
    Drug { code: "616130132", yj: "6131001F2026", name: "サワシリン錠２５０　２５０ｍｇ", unit: ("TAB", "錠"), amount: 3, route: Route::Oral, price: 1530, usage: "１日３回毎食後" },
    Drug { code: "616140105", yj: "6149003F2038", name: "クラリス錠２００　２００ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 2490, usage: "１日２回朝夕食後" },
    Drug { code: "620002536", yj: "2590008F2022", name: "ハルナールＤ錠０．２ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 2530, usage: "１日１回朝食後" },
    Drug { code: "622093301", yj: "2590014F2028", name: "ベタニス錠５０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::Oral, price: 14170, usage: "１日１回朝食後" },
    Drug { code: "620124001", yj: "1169101F1146", name: "メネシット配合錠１００", unit: ("TAB", "錠"), amount: 3, route: Route::Oral, price: 1050, usage: "１日３回毎食後" },
    Drug { code: "620066201", yj: "1139004G2063", name: "デパケンＲ錠２００ｍｇ", unit: ("TAB", "錠"), amount: 2, route: Route::Oral, price: 1210, usage: "１日２回朝夕食後" },
    Drug { code: "610443030", yj: "6250019F1020", name: "バルトレックス錠５００　５００ｍｇ", unit: ("TAB", "錠"), amount: 6, route: Route::Oral, price: 17060, usage: "１日３回毎食後" },
    Drug { code: "620002499", yj: "2655712N1020", name: "ルリコンクリーム１％", unit: ("G", "グラム"), amount: 10, route: Route::External, price: 2880, usage: "１日１回患部に塗布" },
    Drug { code: "610463120", yj: "3327002F1142", name: "トランサミン錠２５０ｍｇ", unit: ("TAB", "錠"), amount: 3, route: Route::Oral, price: 1040, usage: "１日３回毎食後" },
    Drug { code: "620098801", yj: "1149019F1560", name: "ロキソニン錠６０ｍｇ", unit: ("TAB", "錠"), amount: 1, route: Route::AsNeeded, price: 1010, usage: "疼痛時" },
    Drug { code: "622375501", yj: "2290803G3020", name: "レルベア１００エリプタ３０吸入用", unit: ("KIT", "キット"), amount: 1, route: Route::External, price: 482990, usage: "１日１回吸入" },
];

/// Diseases of the region.
#[rustfmt::skip] // one row a line: it is a table
pub(crate) static DISEASES: [Disease; 98] = [
    Disease { code: "0090001", name: "感染性胃腸炎", icd10: "A09", course: Course::Acute, whom: Whom::Both, ages: (0, 99), per_mille: 12, drugs: &[16], panel: Panel::Nothing },
    Disease { code: "0539013", name: "帯状疱疹", icd10: "B029", course: Course::Acute, whom: Whom::Both, ages: (30, 99), per_mille: 3, drugs: &[40], panel: Panel::Nothing },
    Disease { code: "0549007", name: "口唇ヘルペス", icd10: "B001", course: Course::Acute, whom: Whom::Both, ages: (10, 90), per_mille: 2, drugs: &[40], panel: Panel::Nothing },
    Disease { code: "8836770", name: "足白癬", icd10: "B353", course: Course::Chronic, whom: Whom::Both, ages: (20, 99), per_mille: 25, drugs: &[41], panel: Panel::Nothing },
    Disease { code: "0743002", name: "手足口病", icd10: "B084", course: Course::Acute, whom: Whom::Both, ages: (0, 6), per_mille: 15, drugs: &[7], panel: Panel::Nothing },
    Disease { code: "1129002", name: "カンジダ症", icd10: "B379", course: Course::Acute, whom: Whom::Both, ages: (18, 90), per_mille: 2, drugs: &[41], panel: Panel::Nothing },
    Disease { code: "0703025", name: "Ｃ型慢性肝炎", icd10: "B182", course: Course::Chronic, whom: Whom::Both, ages: (40, 99), per_mille: 8, drugs: &[], panel: Panel::Liver },
    Disease { code: "0703003", name: "Ｂ型慢性肝炎", icd10: "B181", course: Course::Chronic, whom: Whom::Both, ages: (30, 99), per_mille: 8, drugs: &[], panel: Panel::Liver },
    Disease { code: "1519006", name: "胃癌", icd10: "C169", course: Course::Chronic, whom: Whom::Both, ages: (45, 99), per_mille: 8, drugs: &[], panel: Panel::Blood },
    Disease { code: "1539004", name: "大腸癌", icd10: "C189", course: Course::Chronic, whom: Whom::Both, ages: (45, 99), per_mille: 9, drugs: &[], panel: Panel::Blood },
    Disease { code: "1629006", name: "肺癌", icd10: "C349", course: Course::Chronic, whom: Whom::Both, ages: (50, 99), per_mille: 7, drugs: &[], panel: Panel::Blood },
    Disease { code: "1749008", name: "乳癌", icd10: "C509", course: Course::Chronic, whom: Whom::Women, ages: (35, 99), per_mille: 14, drugs: &[], panel: Panel::Blood },
    Disease { code: "1859003", name: "前立腺癌", icd10: "C61", course: Course::Chronic, whom: Whom::Men, ages: (55, 99), per_mille: 14, drugs: &[], panel: Panel::Blood },
    Disease { code: "2189004", name: "子宮筋腫", icd10: "D259", course: Course::Chronic, whom: Whom::Women, ages: (25, 60), per_mille: 30, drugs: &[18], panel: Panel::Blood },
    Disease { code: "2113008", name: "大腸ポリープ", icd10: "D126", course: Course::Chronic, whom: Whom::Both, ages: (40, 90), per_mille: 25, drugs: &[], panel: Panel::Blood },
    Disease { code: "2809009", name: "鉄欠乏性貧血", icd10: "D509", course: Course::Chronic, whom: Whom::Both, ages: (12, 99), per_mille: 22, drugs: &[18], panel: Panel::Blood },
    Disease { code: "2875001", name: "血小板減少症", icd10: "D696", course: Course::Chronic, whom: Whom::Both, ages: (20, 99), per_mille: 3, drugs: &[], panel: Panel::Blood },
    Disease { code: "2500015", name: "２型糖尿病", icd10: "E11", course: Course::Chronic, whom: Whom::Both, ages: (30, 99), per_mille: 130, drugs: &[2, 3, 4], panel: Panel::Sugar },
    Disease { code: "8844446", name: "脂質異常症", icd10: "E785", course: Course::Chronic, whom: Whom::Both, ages: (30, 99), per_mille: 220, drugs: &[5], panel: Panel::Lipid },
    Disease { code: "7906015", name: "高尿酸血症", icd10: "E790", course: Course::Chronic, whom: Whom::Men, ages: (30, 99), per_mille: 80, drugs: &[6], panel: Panel::Urate },
    Disease { code: "8833504", name: "甲状腺機能低下症", icd10: "E039", course: Course::Chronic, whom: Whom::Both, ages: (25, 99), per_mille: 20, drugs: &[17], panel: Panel::Blood },
    Disease { code: "8833502", name: "甲状腺機能亢進症", icd10: "E059", course: Course::Chronic, whom: Whom::Women, ages: (20, 80), per_mille: 6, drugs: &[], panel: Panel::Blood },
    Disease { code: "2452003", name: "橋本病", icd10: "E063", course: Course::Chronic, whom: Whom::Women, ages: (25, 90), per_mille: 10, drugs: &[17], panel: Panel::Blood },
    Disease { code: "8837433", name: "脱水症", icd10: "E86", course: Course::Acute, whom: Whom::Both, ages: (0, 99), per_mille: 2, drugs: &[], panel: Panel::Nothing },
    Disease { code: "2961003", name: "うつ病", icd10: "F329", course: Course::Chronic, whom: Whom::Both, ages: (15, 99), per_mille: 30, drugs: &[20, 21], panel: Panel::Nothing },
    Disease { code: "8841702", name: "統合失調症", icd10: "F209", course: Course::Chronic, whom: Whom::Both, ages: (18, 85), per_mille: 7, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8837899", name: "適応障害", icd10: "F432", course: Course::Chronic, whom: Whom::Both, ages: (15, 65), per_mille: 10, drugs: &[21], panel: Panel::Nothing },
    Disease { code: "8842549", name: "アルツハイマー型認知症", icd10: "F009", course: Course::Chronic, whom: Whom::Both, ages: (70, 105), per_mille: 70, drugs: &[22], panel: Panel::Nothing },
    Disease { code: "8830330", name: "アルコール依存症", icd10: "F102", course: Course::Chronic, whom: Whom::Both, ages: (25, 80), per_mille: 2, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8839792", name: "不眠症", icd10: "G470", course: Course::Chronic, whom: Whom::Both, ages: (20, 105), per_mille: 60, drugs: &[19], panel: Panel::Nothing },
    Disease { code: "3459001", name: "てんかん", icd10: "G409", course: Course::Chronic, whom: Whom::Both, ages: (0, 99), per_mille: 7, drugs: &[39], panel: Panel::Nothing },
    Disease { code: "3469004", name: "片頭痛", icd10: "G439", course: Course::Chronic, whom: Whom::Both, ages: (10, 65), per_mille: 18, drugs: &[43], panel: Panel::Nothing },
    Disease { code: "3320002", name: "パーキンソン病", icd10: "G20", course: Course::Chronic, whom: Whom::Both, ages: (55, 99), per_mille: 12, drugs: &[38], panel: Panel::Nothing },
    Disease { code: "7805017", name: "睡眠時無呼吸症候群", icd10: "G473", course: Course::Chronic, whom: Whom::Both, ages: (30, 80), per_mille: 18, drugs: &[], panel: Panel::Nothing },
    Disease { code: "3669004", name: "白内障", icd10: "H269", course: Course::Chronic, whom: Whom::Both, ages: (50, 105), per_mille: 60, drugs: &[], panel: Panel::Nothing },
    Disease { code: "3659003", name: "緑内障", icd10: "H409", course: Course::Chronic, whom: Whom::Both, ages: (40, 105), per_mille: 45, drugs: &[31], panel: Panel::Nothing },
    Disease { code: "3721002", name: "アレルギー性結膜炎", icd10: "H101", course: Course::Acute, whom: Whom::Both, ages: (5, 90), per_mille: 14, drugs: &[32], panel: Panel::Nothing },
    Disease { code: "3731012", name: "麦粒腫", icd10: "H000", course: Course::Acute, whom: Whom::Both, ages: (0, 80), per_mille: 4, drugs: &[], panel: Panel::Nothing },
    Disease { code: "3671004", name: "近視", icd10: "H521", course: Course::Acute, whom: Whom::Both, ages: (6, 40), per_mille: 8, drugs: &[], panel: Panel::Nothing },
    Disease { code: "3829027", name: "急性中耳炎", icd10: "H669", course: Course::Acute, whom: Whom::Both, ages: (0, 12), per_mille: 30, drugs: &[34], panel: Panel::Nothing },
    Disease { code: "3801004", name: "外耳炎", icd10: "H609", course: Course::Acute, whom: Whom::Both, ages: (0, 99), per_mille: 5, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8842184", name: "耳垢栓塞", icd10: "H612", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 6, drugs: &[], panel: Panel::Nothing },
    Disease { code: "3899010", name: "難聴", icd10: "H919", course: Course::Chronic, whom: Whom::Both, ages: (60, 105), per_mille: 30, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8842865", name: "メニエール病", icd10: "H810", course: Course::Chronic, whom: Whom::Both, ages: (25, 90), per_mille: 4, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8833421", name: "高血圧症", icd10: "I10", course: Course::Chronic, whom: Whom::Both, ages: (35, 105), per_mille: 330, drugs: &[0, 1], panel: Panel::Lipid },
    Disease { code: "4139007", name: "狭心症", icd10: "I209", course: Course::Chronic, whom: Whom::Both, ages: (45, 105), per_mille: 35, drugs: &[24, 26], panel: Panel::Blood },
    Disease { code: "4273006", name: "心房細動", icd10: "I489", course: Course::Chronic, whom: Whom::Both, ages: (55, 105), per_mille: 35, drugs: &[23, 26], panel: Panel::Blood },
    Disease { code: "4289018", name: "慢性心不全", icd10: "I509", course: Course::Chronic, whom: Whom::Both, ages: (60, 105), per_mille: 35, drugs: &[25, 26], panel: Panel::Renal },
    Disease { code: "8837807", name: "陳旧性心筋梗塞", icd10: "I252", course: Course::Chronic, whom: Whom::Both, ages: (50, 105), per_mille: 12, drugs: &[24], panel: Panel::Blood },
    Disease { code: "4389014", name: "脳梗塞後遺症", icd10: "I693", course: Course::Chronic, whom: Whom::Both, ages: (55, 105), per_mille: 25, drugs: &[24], panel: Panel::Blood },
    Disease { code: "4549001", name: "下肢静脈瘤", icd10: "I839", course: Course::Chronic, whom: Whom::Both, ages: (40, 90), per_mille: 4, drugs: &[], panel: Panel::Nothing },
    Disease { code: "4659007", name: "急性上気道炎", icd10: "J069", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 70, drugs: &[8, 7], panel: Panel::Nothing },
    Disease { code: "4660009", name: "急性気管支炎", icd10: "J209", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 28, drugs: &[8, 9], panel: Panel::Nothing },
    Disease { code: "8832280", name: "急性咽頭炎", icd10: "J029", course: Course::Acute, whom: Whom::Both, ages: (0, 90), per_mille: 22, drugs: &[42, 7], panel: Panel::Nothing },
    Disease { code: "4871001", name: "インフルエンザ", icd10: "J111", course: Course::Acute, whom: Whom::Both, ages: (0, 100), per_mille: 18, drugs: &[10, 7], panel: Panel::Nothing },
    Disease { code: "4939008", name: "気管支喘息", icd10: "J459", course: Course::Chronic, whom: Whom::Both, ages: (0, 99), per_mille: 40, drugs: &[44, 11], panel: Panel::Nothing },
    Disease { code: "4779004", name: "アレルギー性鼻炎", icd10: "J304", course: Course::Chronic, whom: Whom::Both, ages: (5, 85), per_mille: 90, drugs: &[12, 13], panel: Panel::Nothing },
    Disease { code: "8840399", name: "慢性閉塞性肺疾患", icd10: "J449", course: Course::Chronic, whom: Whom::Both, ages: (55, 100), per_mille: 14, drugs: &[44], panel: Panel::Nothing },
    Disease { code: "4860030", name: "肺炎", icd10: "J189", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 4, drugs: &[33], panel: Panel::Blood },
    Disease { code: "4619004", name: "急性副鼻腔炎", icd10: "J019", course: Course::Acute, whom: Whom::Both, ages: (5, 80), per_mille: 8, drugs: &[35, 8], panel: Panel::Nothing },
    Disease { code: "5301002", name: "逆流性食道炎", icd10: "K210", course: Course::Chronic, whom: Whom::Both, ages: (25, 105), per_mille: 70, drugs: &[14], panel: Panel::Blood },
    Disease { code: "8830417", name: "胃炎", icd10: "K297", course: Course::Acute, whom: Whom::Both, ages: (15, 105), per_mille: 25, drugs: &[16, 15], panel: Panel::Blood },
    Disease { code: "5319009", name: "胃潰瘍", icd10: "K259", course: Course::Chronic, whom: Whom::Both, ages: (30, 100), per_mille: 12, drugs: &[14, 16], panel: Panel::Blood },
    Disease { code: "8840042", name: "便秘症", icd10: "K590", course: Course::Chronic, whom: Whom::Both, ages: (0, 105), per_mille: 50, drugs: &[], panel: Panel::Nothing },
    Disease { code: "5718008", name: "脂肪肝", icd10: "K760", course: Course::Chronic, whom: Whom::Both, ages: (30, 85), per_mille: 30, drugs: &[], panel: Panel::Liver },
    Disease { code: "4550005", name: "内痔核", icd10: "K648", course: Course::Acute, whom: Whom::Both, ages: (20, 90), per_mille: 4, drugs: &[], panel: Panel::Nothing },
    Disease { code: "6918002", name: "アトピー性皮膚炎", icd10: "L209", course: Course::Chronic, whom: Whom::Both, ages: (0, 70), per_mille: 35, drugs: &[29, 30], panel: Panel::Nothing },
    Disease { code: "6923002", name: "湿疹", icd10: "L309", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 28, drugs: &[29], panel: Panel::Nothing },
    Disease { code: "8841304", name: "じんま疹", icd10: "L509", course: Course::Acute, whom: Whom::Both, ages: (0, 90), per_mille: 8, drugs: &[12], panel: Panel::Nothing },
    Disease { code: "7061017", name: "尋常性ざ瘡", icd10: "L700", course: Course::Chronic, whom: Whom::Both, ages: (12, 35), per_mille: 25, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8842624", name: "皮脂欠乏性湿疹", icd10: "L308", course: Course::Acute, whom: Whom::Both, ages: (50, 105), per_mille: 12, drugs: &[30, 29], panel: Panel::Nothing },
    Disease { code: "7153018", name: "変形性膝関節症", icd10: "M179", course: Course::Chronic, whom: Whom::Both, ages: (50, 105), per_mille: 90, drugs: &[28, 43], panel: Panel::Nothing },
    Disease { code: "8840829", name: "腰痛症", icd10: "M545", course: Course::Acute, whom: Whom::Both, ages: (18, 105), per_mille: 25, drugs: &[28, 43], panel: Panel::Nothing },
    Disease { code: "7330006", name: "骨粗鬆症", icd10: "M819", course: Course::Chronic, whom: Whom::Women, ages: (55, 105), per_mille: 110, drugs: &[27], panel: Panel::Bone },
    Disease { code: "8842106", name: "関節リウマチ", icd10: "M0690", course: Course::Chronic, whom: Whom::Both, ages: (30, 95), per_mille: 8, drugs: &[43], panel: Panel::Crp },
    Disease { code: "7262008", name: "肩関節周囲炎", icd10: "M750", course: Course::Acute, whom: Whom::Both, ages: (40, 80), per_mille: 10, drugs: &[28], panel: Panel::Nothing },
    Disease { code: "7240012", name: "腰部脊柱管狭窄症", icd10: "M4806", course: Course::Chronic, whom: Whom::Both, ages: (55, 105), per_mille: 35, drugs: &[43], panel: Panel::Nothing },
    Disease { code: "8844106", name: "慢性腎臓病", icd10: "N189", course: Course::Chronic, whom: Whom::Both, ages: (50, 105), per_mille: 45, drugs: &[], panel: Panel::Renal },
    Disease { code: "8836591", name: "前立腺肥大症", icd10: "N40", course: Course::Chronic, whom: Whom::Men, ages: (55, 105), per_mille: 90, drugs: &[36], panel: Panel::Nothing },
    Disease { code: "5950005", name: "急性膀胱炎", icd10: "N300", course: Course::Acute, whom: Whom::Women, ages: (15, 100), per_mille: 10, drugs: &[33], panel: Panel::Urine },
    Disease { code: "8843031", name: "過活動膀胱", icd10: "N328", course: Course::Chronic, whom: Whom::Both, ages: (55, 105), per_mille: 30, drugs: &[37], panel: Panel::Urine },
    Disease { code: "8833259", name: "月経困難症", icd10: "N946", course: Course::Chronic, whom: Whom::Women, ages: (13, 48), per_mille: 25, drugs: &[43], panel: Panel::Nothing },
    Disease { code: "6272001", name: "更年期症候群", icd10: "N951", course: Course::Chronic, whom: Whom::Women, ages: (44, 60), per_mille: 20, drugs: &[], panel: Panel::Nothing },
    Disease { code: "6400001", name: "切迫流産", icd10: "O200", course: Course::Acute, whom: Whom::Women, ages: (20, 42), per_mille: 2, drugs: &[], panel: Panel::Nothing },
    Disease { code: "6489003", name: "妊娠糖尿病", icd10: "O244", course: Course::Acute, whom: Whom::Women, ages: (22, 42), per_mille: 1, drugs: &[], panel: Panel::Sugar },
    Disease { code: "7650004", name: "低出生体重児", icd10: "P071", course: Course::Acute, whom: Whom::Both, ages: (0, 0), per_mille: 25, drugs: &[], panel: Panel::Nothing },
    Disease { code: "7746003", name: "新生児黄疸", icd10: "P599", course: Course::Acute, whom: Whom::Both, ages: (0, 0), per_mille: 20, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8834988", name: "心室中隔欠損症", icd10: "Q210", course: Course::Chronic, whom: Whom::Both, ages: (0, 15), per_mille: 4, drugs: &[], panel: Panel::Nothing },
    Disease { code: "7580001", name: "ダウン症候群", icd10: "Q909", course: Course::Chronic, whom: Whom::Both, ages: (0, 40), per_mille: 1, drugs: &[], panel: Panel::Nothing },
    Disease { code: "7806011", name: "発熱", icd10: "R509", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 14, drugs: &[7], panel: Panel::Crp },
    Disease { code: "7840024", name: "頭痛", icd10: "R51", course: Course::Acute, whom: Whom::Both, ages: (8, 90), per_mille: 8, drugs: &[43], panel: Panel::Nothing },
    Disease { code: "8841308", name: "めまい", icd10: "R42", course: Course::Acute, whom: Whom::Both, ages: (20, 105), per_mille: 10, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8833170", name: "血尿", icd10: "R31", course: Course::Acute, whom: Whom::Both, ages: (30, 100), per_mille: 3, drugs: &[], panel: Panel::Urine },
    Disease { code: "8450012", name: "足関節捻挫", icd10: "S934", course: Course::Acute, whom: Whom::Both, ages: (6, 80), per_mille: 6, drugs: &[28, 43], panel: Panel::Nothing },
    Disease { code: "8796007", name: "挫創", icd10: "T140", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 5, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8838017", name: "橈骨遠位端骨折", icd10: "S5250", course: Course::Acute, whom: Whom::Both, ages: (5, 95), per_mille: 2, drugs: &[43], panel: Panel::Nothing },
    Disease { code: "8838137", name: "頭部打撲", icd10: "S000", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 3, drugs: &[], panel: Panel::Nothing },
    Disease { code: "8850104", name: "ＣＯＶＩＤ－１９", icd10: "U071", course: Course::Acute, whom: Whom::Both, ages: (0, 105), per_mille: 9, drugs: &[7, 9], panel: Panel::Nothing },
];

/// Laboratory items.
#[rustfmt::skip] // one row a line: it is a table
pub(crate) static ITEMS: [Item; 11] = [
    Item { panels: &[Panel::Blood], jlac10: "2A010000001930101", name: "白血球数", unit: "/mm3", decimals: 0, range: (3300, 8600), values: (2800, 11000), procedure: ("160008010", 21), bundled: false },
    Item { panels: &[Panel::Blood, Panel::Renal], jlac10: "2A030000001930101", name: "血色素量", unit: "g/dL", decimals: 1, range: (116, 168), values: (95, 172), procedure: ("160008010", 0), bundled: false },
    Item { panels: &[Panel::Liver, Panel::Blood, Panel::Lipid], jlac10: "3B035000002327201", name: "AST", unit: "U/L", decimals: 0, range: (13, 30), values: (12, 80), procedure: ("160022510", 17), bundled: true },
    Item { panels: &[Panel::Liver, Panel::Blood, Panel::Lipid], jlac10: "3B045000002327201", name: "ALT", unit: "U/L", decimals: 0, range: (10, 42), values: (8, 90), procedure: ("160022610", 17), bundled: true },
    Item { panels: &[Panel::Liver, Panel::Lipid], jlac10: "3B090000002327101", name: "γ-GT", unit: "U/L", decimals: 0, range: (13, 64), values: (10, 150), procedure: ("160020410", 11), bundled: true },
    Item { panels: &[Panel::Sugar], jlac10: "3D010000001926101", name: "グルコース", unit: "mg/dL", decimals: 0, range: (73, 109), values: (80, 220), procedure: ("160019410", 11), bundled: true },
    Item { panels: &[Panel::Sugar], jlac10: "3D046000001906202", name: "HbA1c", unit: "%", decimals: 1, range: (49, 60), values: (52, 98), procedure: ("160010010", 49), bundled: false },
    Item { panels: &[Panel::Lipid, Panel::Sugar], jlac10: "3F077000002327101", name: "LDLコレステロール", unit: "mg/dL", decimals: 0, range: (65, 163), values: (60, 210), procedure: ("160167250", 18), bundled: true },
    Item { panels: &[Panel::Renal, Panel::Sugar, Panel::Blood, Panel::Urate, Panel::Bone], jlac10: "3C015000002327101", name: "クレアチニン", unit: "mg/dL", decimals: 2, range: (46, 107), values: (45, 230), procedure: ("160019210", 11), bundled: true },
    Item { panels: &[Panel::Urate], jlac10: "3C020000002327101", name: "尿酸", unit: "mg/dL", decimals: 1, range: (26, 78), values: (40, 96), procedure: ("160019310", 11), bundled: true },
    Item { panels: &[Panel::Crp, Panel::Blood], jlac10: "5C070000002306201", name: "CRP", unit: "mg/dL", decimals: 2, range: (0, 14), values: (0, 480), procedure: ("160054710", 16), bundled: false },
];
