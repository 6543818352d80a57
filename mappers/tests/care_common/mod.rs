//! Small valid files of long-term care of our own making, and how to change one cell. Shared by the `care_*` tests.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; a panic is a failed test"
)]

use encoding_rs::SHIFT_JIS;

/// A record of so many fields, the given ones (from 1) filled.
pub fn record(fields: usize, filled: &[(usize, &str)]) -> String {
    let mut out = vec![String::new(); fields];
    for (at, value) in filled {
        out[at - 1] = (*value).to_owned();
    }
    out.join(",")
}

/// The head of every record of the claim below.
const HEAD: [(usize, &str); 6] = [
    (1, "\"7131\""),
    (3, "202609"),
    (4, "\"1390000005\""),
    (5, "\"139998\""),
    (6, "\"0001000001\""),
    (2, ""),
];

/// A record of a claim.
pub fn claim_record(kind: &str, fields: usize, filled: &[(usize, &str)]) -> String {
    let kind = format!("\"{kind}\"");
    let mut all: Vec<(usize, &str)> = HEAD.to_vec();
    all[5].1 = &kind;
    all.extend(filled);
    record(fields, &all)
}

/// Records of a clean claim with its bill: 4 × 250 + 2 × 400 units of kinds 11 and 15, 90 %.
pub fn claim_records() -> Vec<String> {
    vec![
        record(
            18,
            &[
                (1, "\"7111\""),
                (2, "202609"),
                (3, "\"1390000005\""),
                (4, "\"1\""),
                (5, "0"),
                (6, "\"01\""),
                (7, "1"),
                (8, "1800"),
                (9, "18000"),
                (10, "16200"),
                (12, "1800"),
            ],
        ),
        claim_record(
            "01",
            56,
            &[
                (13, "19400315"),
                (14, "\"2\""),
                (15, "\"22\""),
                (17, "20260401"),
                (18, "20270331"),
                (19, "\"1\""),
                (29, "90"),
                (33, "1800"),
                (34, "16200"),
                (35, "1800"),
            ],
        ),
        claim_record(
            "02",
            18,
            &[
                (7, "\"11\""),
                (8, "\"1111\""),
                (9, "250"),
                (10, "4"),
                (14, "1000"),
                (18, "\"見本 太郎様希望\""),
            ],
        ),
        claim_record("02", 18, &[(7, "\"15\""), (8, "\"3341\""), (9, "400"), (10, "2"), (14, "800")]),
        claim_record(
            "10",
            38,
            &[
                (7, "\"11\""),
                (8, "4"),
                (9, "1000"),
                (10, "1000"),
                (11, "0"),
                (14, "1000"),
                (15, "1000"),
                (16, "9000"),
                (17, "1000"),
            ],
        ),
        claim_record(
            "10",
            38,
            &[
                (7, "\"15\""),
                (8, "2"),
                (9, "800"),
                (10, "800"),
                (11, "0"),
                (14, "800"),
                (15, "1000"),
                (16, "7200"),
                (17, "800"),
            ],
        ),
    ]
}

/// Records of a clean plan of benefits for the same person.
pub fn plan_records() -> Vec<String> {
    let head = [
        (1, "\"8222\""),
        (2, "202609"),
        (3, "\"139998\""),
        (4, "\"1390000013\""),
        (5, "\"1\""),
        (6, "20261005"),
        (7, "\"1\""),
        (9, "\"0001000001\""),
        (10, "19400315"),
        (11, "\"2\""),
        (12, "\"22\""),
        (13, "20260401"),
        (14, "20270331"),
        (15, "19705"),
        (25, "\"13999999\""),
    ];
    let with = |more: &[(usize, &str)]| record(27, &[&head, more].concat());
    vec![
        with(&[(8, "\"01\""), (17, "\"1390000005\""), (18, "\"1\""), (19, "\"11\""), (20, "1000")]),
        with(&[(8, "\"02\""), (17, "\"1390000005\""), (18, "\"1\""), (19, "\"15\""), (20, "800")]),
        with(&[(8, "\"99\""), (22, "1800"), (24, "1800")]),
    ]
}

/// A fee for care management.
pub fn fee_record() -> String {
    record(
        27,
        &[
            (1, "\"8124\""),
            (2, "\"1390000013\""),
            (3, "\"1\""),
            (4, "202609"),
            (5, "\"139998\""),
            (6, "1000"),
            (7, "\"0001000001\""),
            (10, "19400315"),
            (11, "\"2\""),
            (12, "\"22\""),
            (13, "20260401"),
            (14, "20270331"),
            (15, "20260401"),
            (16, "\"432111\""),
            (17, "1086"),
            (18, "10860"),
            (22, "\"13999999\""),
            (24, "1"),
            (25, "1086"),
            (26, "1"),
            (27, "1086"),
        ],
    )
}

/// Data records in their frame.
pub fn framed(records: &[String]) -> Vec<String> {
    let mut lines = vec![format!("1,1,0,{},711,0,000000,1390000005,00,1,202610,0", records.len())];
    lines.extend(records.iter().enumerate().map(|(n, r)| format!("2,{},{r}", n + 2)));
    lines.push(format!("3,{}", records.len() + 2));
    lines
}

/// A clean claim file.
pub fn claim() -> Vec<String> {
    framed(&claim_records())
}

/// Lines with one column (from 0, control columns counted) of one line changed.
pub fn with(mut lines: Vec<String>, line: usize, column: usize, value: &str) -> Vec<String> {
    let mut fields: Vec<&str> = lines[line].split(',').collect();
    fields[column] = value;
    lines[line] = fields.join(",");
    lines
}

/// The claim file with one field (from 1, as in the standard) of its `n`-th data record changed.
pub fn claim_with(n: usize, field: usize, value: &str) -> Vec<String> {
    with(claim(), n + 1, field + 1, value)
}

/// Lines as a file: Shift_JIS, CRLF.
pub fn sjis(lines: &[String]) -> Vec<u8> {
    let text: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost, "test text must fit Shift_JIS");
    bytes.into_owned()
}

/// The signs of the certification items in the order of the layout 09A.
pub fn survey_signs() -> Vec<(String, u32)> {
    let mut out = Vec::new();
    let groups: [(&str, &[u32]); 7] = [
        ("2", &[4, 4, 3, 4, 4, 4, 3, 3, 3, 4, 4, 3]),
        ("3", &[4, 2, 2, 2, 2, 2, 2, 3, 3]),
        ("4", &[3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]),
        ("5", &[3, 3, 4, 3, 4, 4]),
        ("6", &[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]),
        ("7", &[9, 8]),
        ("O", &[2, 4, 4, 2, 9, 8]),
    ];
    out.extend((1..=5).map(|n| (format!("1-1-{n}"), 2)));
    out.extend((1..=4).map(|n| (format!("1-2-{n}"), 2)));
    out.extend([3, 3, 4, 3, 3, 3, 3, 4, 3, 5, 5].iter().zip(3..).map(|(max, n)| (format!("1-{n}"), *max)));
    for (group, choices) in groups {
        out.extend(choices.iter().zip(1..).map(|(max, n)| (format!("{group}-{n}"), *max)));
    }
    out
}

/// A row of certification without headings (09A).
pub fn survey_row() -> Vec<String> {
    let mut row: Vec<String> = [
        "00010001",
        "09A",
        "139998",
        "0001000001",
        "20260301",
        "2",
        "19400315",
        "2",
        "21",
        "20250401",
        "20260331",
        "20260306",
        "20260310",
        "22",
        "45.5",
        "5.5",
        "8.0",
        "7.0",
        "5.0",
        "6.0",
        "4.0",
        "5.0",
        "5.0",
        "20260325",
        "22",
        "20260401",
        "20270331",
        "07",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    row.extend(survey_signs().iter().map(|(_, max)| max.to_string()));
    row
}

/// A file of certification with headings: name, numbers, and a few items.
pub fn survey_named() -> Vec<String> {
    vec![
        "申請書管理番号,証記載保険者番号,被保険者番号,氏名,認定申請年月日,申請区分,生年月日,性別,調査日,1-3 寝返り,一次判定,二次判定,二次判定日,特記事項,調査員氏名,備考2".to_owned(),
        "00010001,139998,0001000001,見本 花子,20260301,1,19400315,2,20260306,2,22,23,20260325,自由な記述,見本 調査員,x".to_owned(),
    ]
}

/// A file of LIFE: users.
pub fn life_user() -> Vec<String> {
    vec![
        "SERVICE_USER_INFO".to_owned(),
        "care_facility_id,service_code,external_system_management_number,insurer_no,insured_no,last_name,first_name,last_name_kana,first_name_kana,gender,birthday,certified_date,care_period_start,care_period_end,care_level,impaired_elderly_independence_degree,start_date,end_date,death_date,remarks".to_owned(),
        "\"1390000005\",15,\"U-001\",139998,0001000001,\"見本\",\"花子\",\"ﾐﾎﾝ\",\"ﾊﾅｺ\",2,19400315,20260325,20260401,20270331,22,4,20260410,20260801,20260802,\"自由な記述\"".to_owned(),
    ]
}

/// A file of LIFE: one form of 科学的介護推進.
pub fn life_form() -> Vec<String> {
    vec![
        "FORM_0000_2021".to_owned(),
        "care_facility_id,service_code,insurer_no,insured_no,external_system_management_number,facility_outpatient_category,evaluate_date,last_evaluate_date,filing_staff,barthel_index_meal,height,weight,diagnosis_of_dementia_other_name".to_owned(),
        "1390000005,15,139998,0001000001,F-1,2,20260910,20260610,\"見本 職員\",2,152.5,48.2,\"自由な記述\"".to_owned(),
    ]
}

/// The name of a plan's file.
pub fn plan_path(prefix: &str) -> String {
    format!("in/{prefix}_202609_1390000013_43_1390000005_11_20261001093000.CSV")
}

/// A row of table 6.
pub fn sixth() -> Vec<String> {
    vec![record(
        25,
        &[
            (1, "202410"),
            (2, "139998"),
            (3, "0001000001"),
            (4, "20260901"),
            (5, "202609"),
            (6, "1390000013"),
            (7, "\"見本 専門員\""),
            (8, "250"),
            (10, "20260903"),
            (12, "0930"),
            (13, "1030"),
            (14, "2"),
            (15, "111111"),
            (16, "00000000001"),
            (18, "\"見本の用具\""),
            (20, "1390000005"),
            (23, "0"),
        ],
    )]
}

/// A row of table 2, with a text of two lines.
pub fn second() -> Vec<String> {
    vec![record(
        22,
        &[
            (1, "202410"),
            (2, "139998"),
            (3, "0001000001"),
            (4, "20260401"),
            (5, "20260402"),
            (6, "1"),
            (7, "\"見本 太郎と暮らす\r\n不安\""),
            (8, "2"),
            (9, "\"長期\""),
            (10, "\"短期\""),
            (11, "\"1年\""),
            (12, "\"6か月\""),
            (13, "3"),
            (14, "\"手伝い\""),
            (15, "Y"),
            (16, "11"),
            (17, "1390000005"),
            (18, "\"見本訪問介護\""),
            (19, "\"週2回\""),
            (20, "\"6か月\""),
        ],
    )]
}
