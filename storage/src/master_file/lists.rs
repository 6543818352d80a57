//! Lists that publishers give with a header (in one or several lines) or in a fixed order of columns: drug prices, HOT,
//! JLAC10, check-up items, care services, insurers, DPC. Shift_JIS or UTF-8, quotation marks or none.
//!
//! With a header, columns are found by their names, wherever they stand; without one, by the order given here.

use musubi_model::CodeSystem;

use super::lines::{Delimiter, Fields, day, each_line, encoding_of};
use super::pattern::List;
use super::{Derived, MasterList, MasterRow, Misfit, Parsed, Sink, is_alphanumeric, is_digits};

/// Lines at the top in which a header is looked for.
const HEADER_LINES_MAX: usize = 5;

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The code; where it stands in two columns, its first half.
    Code,
    /// The second half of the code.
    CodeRest,
    Name,
    Unit,
    /// Preferred standard code, and the one in its stead.
    Standard,
    StandardElse,
    /// Other codes.
    Receipt,
    Receipt2,
    Jan,
    From,
    Until,
}

/// Names of a role's column in headers, and its place when there is no header.
type Columns = &'static [(Role, &'static [&'static str], Option<usize>)];

struct Spec {
    system: CodeSystem,
    columns: Columns,
    fits: fn(&str) -> bool,
    standard: Option<CodeSystem>,
}

fn spec(list: List) -> Spec {
    match list {
        List::DrugPrice => Spec {
            system: CodeSystem::Yj,
            columns: &[
                (Role::Code, &["薬価基準収載医薬品コード", "薬価収載コード"], Some(0)),
                (Role::Name, &["品名"], Some(1)),
                (Role::Unit, &["規格"], None),
                (Role::Until, &["経過措置による使用期限"], None),
            ],
            fits: |code| is_alphanumeric(code, 12),
            standard: None,
        },
        List::Hot => Spec {
            system: CodeSystem::Hot,
            columns: &[
                (
                    Role::Code,
                    &["基準番号（ＨＯＴコード）", "基準番号(HOTコード)", "基準番号（HOTコード）"],
                    Some(0),
                ),
                (Role::Jan, &["ＪＡＮコード", "JANコード"], Some(5)),
                (Role::StandardElse, &["薬価基準収載医薬品コード"], Some(6)),
                (Role::Standard, &["個別医薬品コード"], Some(7)),
                (
                    Role::Receipt,
                    &["レセプト電算処理システムコード（１）", "レセプト電算処理システムコード(1)"],
                    Some(8),
                ),
                (
                    Role::Receipt2,
                    &["レセプト電算処理システムコード（２）", "レセプト電算処理システムコード(2)"],
                    Some(9),
                ),
                (Role::Name, &["販売名"], Some(11)),
                (Role::Unit, &["規格単位"], Some(13)),
            ],
            fits: |code| [7, 9, 13].iter().any(|n| is_digits(code, *n)),
            standard: Some(CodeSystem::Yj),
        },
        List::Jlac10 => Spec {
            system: CodeSystem::Jlac10,
            columns: &[
                (Role::Code, &["JLAC10", "JLAC10コード", "検査項目コード", "コード", "code"], Some(0)),
                (Role::Name, &["項目名", "項目名称", "検査項目名称", "名称", "name", "NAME"], Some(1)),
                (Role::Unit, &["単位", "unit", "UNIT"], Some(2)),
            ],
            fits: |code| is_alphanumeric(code, 17) || is_alphanumeric(code, 15),
            standard: None,
        },
        List::CheckupItem { .. } => Spec {
            system: CodeSystem::CheckupItem,
            columns: &[
                (Role::Code, &["XMLITEM_17CODE"], None),
                (Role::Name, &["XMLITEM_NAME"], None),
                (Role::Unit, &["XMLITEM_UNIT"], None),
            ],
            fits: |code| is_alphanumeric(code, 17),
            standard: None,
        },
        List::CareService => Spec {
            system: CodeSystem::CareService,
            columns: &[
                (Role::Code, &["サービスコード", "サービス種類コード", "サービス種類"], Some(0)),
                (Role::CodeRest, &["サービス項目コード", "サービス項目"], Some(1)),
                (Role::Name, &["サービス名称", "サービスコード名称", "サービス内容略称", "名称"], Some(2)),
                (Role::From, &["適用開始年月", "適用開始年月日", "有効期間開始", "開始年月"], None),
                (Role::Until, &["適用終了年月", "適用終了年月日", "有効期間終了", "終了年月"], None),
            ],
            fits: |code| {
                is_alphanumeric(code, 6)
                    && code.bytes().take(2).all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            },
            standard: None,
        },
        List::Insurer => Spec {
            system: CodeSystem::Insurer,
            columns: &[
                (Role::Code, &["保険者番号", "コード", "code"], Some(0)),
                (Role::Name, &["保険者名", "保険者名称", "名称", "name"], Some(1)),
                (Role::From, &["開始年月日", "適用開始年月日"], None),
                (Role::Until, &["終了年月日", "適用終了年月日", "廃止年月日"], None),
            ],
            // 8 digits, 6 for 国民健康保険 and long-term care.
            fits: |code| is_digits(code, 8) || is_digits(code, 6),
            standard: None,
        },
        List::Dpc => Spec {
            system: CodeSystem::Dpc,
            columns: &[
                (Role::Code, &["診断群分類番号", "診断群分類コード", "コード", "code"], Some(0)),
                (Role::Name, &["診断群分類名", "名称", "傷病名", "name"], Some(1)),
                (Role::From, &["有効開始日", "適用開始年月日"], None),
                (Role::Until, &["有効終了日", "適用終了年月日"], None),
            ],
            fits: |code| is_alphanumeric(code, 14) && code.bytes().take(6).all(|b| b.is_ascii_alphanumeric()),
            standard: None,
        },
    }
}

/// Where the roles of a list stand in a file.
struct Places(Vec<(Role, usize)>);

impl Places {
    /// From a line that names at least code and name.
    fn of_header(columns: Columns, fields: &[String]) -> Option<Self> {
        let mut found = Vec::new();
        for (role, names, _) in columns {
            // In the order of the names: the first of them is the more exact one.
            let place = names.iter().find_map(|name| fields.iter().position(|f| f.trim() == *name));
            found.extend(place.map(|at| (*role, at)));
        }
        let has = |role| found.iter().any(|(r, _)| *r == role);
        (has(Role::Code) && has(Role::Name)).then_some(Self(found))
    }

    fn of_order(columns: Columns) -> Self {
        Self(columns.iter().filter_map(|(role, _, at)| Some((*role, (*at)?))).collect())
    }

    fn get<'f>(&self, role: Role, fields: &'f [String]) -> &'f str {
        let at = self.0.iter().find(|(r, _)| *r == role).map(|(_, at)| *at);
        at.and_then(|at| fields.get(at)).map_or("", |f| f.trim())
    }
}

/// Reads a list.
pub(super) fn parse(list: List, bytes: &[u8]) -> Parsed {
    let spec = spec(list);
    let (bytes, encoding) = encoding_of(bytes);
    let header = header(&spec, bytes, encoding);
    let (places, first) = match header {
        Some((line, places)) => (places, line + 1),
        None => (Places::of_order(spec.columns), 1),
    };
    let named = first > 1;
    let mut sink = Sink::default();
    let (mut nine, mut seven) = (Derived::default(), Derived::default());
    each_line(bytes, encoding, Delimiter::Comma, &mut |line, fields| {
        // What stands above the names of the columns is not a row, nor is a second header line below them.
        if line < first || (named && line <= HEADER_LINES_MAX && is_heading(&spec, &places, fields.as_ref()))
        {
            return;
        }
        let before = sink.rows.len();
        let row = fields.ok_or(Misfit::Text).and_then(|fields| row(&spec, &places, &fields));
        sink.take(line, row);
        if let (List::Hot, Some(row)) = (list, sink.rows.get(before)) {
            for (derived, digits) in [(&mut nine, 9), (&mut seven, 7)] {
                if let Some(short) = row.code.get(..digits).filter(|s| s.len() < row.code.len()) {
                    derived.add(short, &row.name, (&row.standard_system, &row.standard_code));
                }
            }
        }
    });
    let mut rows = sink.rows;
    for derived in [nine, seven] {
        rows.extend(
            derived.into_rows().into_iter().filter(|row| !sink.seen.contains(&(row.code.clone(), None))),
        );
    }
    let part = match list {
        List::CheckupItem { additional: true } => "ext",
        // HOT13 and HOT9 are distributed apart; a code that both have is found in either.
        List::Hot if rows.iter().all(|r| r.code.len() < 13) => "hot9",
        _ => "",
    };
    Parsed { lists: vec![MasterList { system: spec.system, part: part.to_owned(), rows }], bad: sink.bad }
}

/// The header, when one of the first lines is one.
fn header(spec: &Spec, bytes: &[u8], encoding: super::lines::Encoding) -> Option<(usize, Places)> {
    let top = bytes.split_inclusive(|b| *b == b'\n').take(HEADER_LINES_MAX).map(<[u8]>::len).sum();
    let mut found = None;
    each_line(bytes.get(..top)?, encoding, Delimiter::Comma, &mut |line, fields| {
        if found.is_none() {
            found = fields.and_then(|f| Places::of_header(spec.columns, &f)).map(|places| (line, places));
        }
    });
    found
}

/// A line below the header that holds words where the code stands: names of the columns once more.
fn is_heading(spec: &Spec, places: &Places, fields: Option<&Fields>) -> bool {
    fields.is_some_and(|fields| {
        let code = places.get(Role::Code, fields);
        !(spec.fits)(code) && !code.is_ascii() && !places.get(Role::Name, fields).is_empty()
    })
}

fn row(spec: &Spec, places: &Places, fields: &[String]) -> Result<MasterRow, Misfit> {
    let get = |role| places.get(role, fields);
    let (mut code, mut name) = (get(Role::Code).to_owned(), get(Role::Name));
    if spec.system == CodeSystem::CareService && code.len() == 2 {
        code.push_str(get(Role::CodeRest));
    } else if spec.system == CodeSystem::CareService
        && places.0.iter().all(|(_, at)| *at < 3)
        && fields.len() == 2
    {
        // Without a header: code and name alone.
        name = get(Role::CodeRest);
    }
    if fields.len() < 2 {
        return Err(Misfit::Layout);
    }
    if !(spec.fits)(&code) {
        return Err(Misfit::Code);
    }
    if name.is_empty() {
        return Err(Misfit::Name);
    }
    let date = |role, ends| day(get(role), ends).map_err(|()| Misfit::Date);
    let mut row = MasterRow {
        code,
        name: name.to_owned(),
        unit: get(Role::Unit).to_owned(),
        valid_from: date(Role::From, false)?,
        valid_until: date(Role::Until, true)?,
        ..MasterRow::default()
    };
    row.add_also(&CodeSystem::ReceiptDrug, get(Role::Receipt));
    row.add_also(&CodeSystem::ReceiptDrug, get(Role::Receipt2));
    row.add_also(&CodeSystem::Jan, get(Role::Jan));
    if let Some(system) = &spec.standard {
        let standard =
            [get(Role::Standard), get(Role::StandardElse)].into_iter().find(|c| is_alphanumeric(c, 12));
        row = row.with_standard(system, standard.unwrap_or_default());
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use encoding_rs::SHIFT_JIS;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::master_file::{BadLine, Kind, recognise};

    fn check(list: List, text: &str, expect: &[(&str, &str, &str, &str)], bad: &[(usize, Misfit)]) -> Parsed {
        let parsed = parse(list, text.as_bytes());
        assert_eq!(parsed, parse(list, &SHIFT_JIS.encode(text).0), "the same in Shift_JIS");
        let rows: Vec<_> = parsed.lists[0]
            .rows
            .iter()
            .map(|r| (r.code.as_str(), r.name.as_str(), r.unit.as_str(), r.standard_code.as_str()))
            .collect();
        assert_eq!(rows, expect);
        let found: Vec<_> = parsed.bad.iter().map(|b| (b.line, b.why)).collect();
        assert_eq!(found, bad);
        parsed
    }

    #[test]
    fn drug_prices() {
        let header = "区分,薬価基準収載医薬品コード,成分名,規格,品名,経過措置による使用期限\n";
        let text = format!(
            "{header}内用薬,1121001X1018,成分,１ｇ,見本散,\n内用薬,1121001X1019,成分,１ｇ,見本錠,R8.3.31まで\n\
             内用薬,112,成分,１ｇ,短い,\n内用薬,1121001X1020,成分,１ｇ,期限,いつか\n"
        );
        let parsed = check(
            List::DrugPrice,
            &text,
            &[("1121001X1018", "見本散", "１ｇ", ""), ("1121001X1019", "見本錠", "１ｇ", "")],
            &[(4, Misfit::Code), (5, Misfit::Date)],
        );
        assert_eq!(parsed.lists[0].rows[1].valid_until, Some(date(2026, 3, 31)));
        check(List::DrugPrice, "1121001X1018,見本散\n", &[("1121001X1018", "見本散", "", "")], &[]);
    }

    #[test]
    fn hot_codes_of_all_lengths() {
        let header = "基準番号（ＨＯＴコード）,個別医薬品コード,薬価基準収載医薬品コード,レセプト電算処理システムコード（１）,ＪＡＮコード,販売名,規格単位\n";
        let text = format!(
            "{header}1000001010101,1111111F1011,1111111F1011,611111111,4987000000001,見本錠甲,１錠\n\
             1000001010102,1111111F1011,,611111111,,見本錠甲,１錠\n\
             1000001020101,1111111F1022,,,,見本錠乙,１錠\n\
             1000002010101,,2222222F2011,,,見本錠丙,１錠\n1000003,x\n"
        );
        let parsed = check(
            List::Hot,
            &text,
            &[
                ("1000001010101", "見本錠甲", "１錠", "1111111F1011"),
                ("1000001010102", "見本錠甲", "１錠", "1111111F1011"),
                ("1000001020101", "見本錠乙", "１錠", "1111111F1022"),
                ("1000002010101", "見本錠丙", "１錠", "2222222F2011"),
                ("100000101", "見本錠甲", "", "1111111F1011"),
                ("100000102", "見本錠乙", "", "1111111F1022"),
                ("100000201", "見本錠丙", "", "2222222F2011"),
                // Two makers, two YJ codes: the prescription number alone says neither.
                ("1000001", "見本錠甲", "", ""),
                ("1000002", "見本錠丙", "", "2222222F2011"),
            ],
            &[(6, Misfit::Name)],
        );
        assert_eq!(parsed.lists[0].rows[0].also, "RECE-Y=611111111 JAN=4987000000001");
        assert_eq!(parsed.lists[0].part, "");
        // The order of the published columns, without header.
        let plain = "\"100000101\",\"1000001\",\"01\",\"\",\"\",\"\",\"1111111F1011\",\"1111111F1011\",\"\",\"\",\"告示\",\"見本錠\",\"\",\"１錠\"\n";
        let parsed = check(
            List::Hot,
            plain,
            &[("100000101", "見本錠", "１錠", "1111111F1011"), ("1000001", "見本錠", "", "1111111F1011")],
            &[],
        );
        assert_eq!(parsed.lists[0].part, "hot9");
    }

    #[test]
    fn laboratory_check_up_insurers_dpc() {
        let jlac = "コード,名称,単位\n3B035000002327201,AST,U/L\n3B035,短い,\n3B035000002327201,二度目,\n";
        check(
            List::Jlac10,
            jlac,
            &[("3B035000002327201", "AST", "U/L", "")],
            &[(3, Misfit::Code), (4, Misfit::Repeated)],
        );
        let items = "0,1,2\nXMLITEM_CATNO,XMLITEM_17CODE,XMLITEM_NAME\n区分番号,ＸＭＬ用項目コード17桁,ＸＭＬ表示名\n10,9N001000000000001,身長\n";
        check(List::CheckupItem { additional: false }, items, &[("9N001000000000001", "身長", "", "")], &[]);
        // Without its header the table cannot be read: no line is taken for something it may not be.
        check(
            List::CheckupItem { additional: false },
            "10,9N001000000000001,身長\n",
            &[],
            &[(1, Misfit::Code)],
        );
        let insurers = "保険者番号,保険者名\n06139999,見本健保組合\n138999,見本市国保\n13899,短い\n";
        let two = [("06139999", "見本健保組合", "", ""), ("138999", "見本市国保", "", "")];
        check(List::Insurer, insurers, &two, &[(4, Misfit::Code)]);
        let dpc = "診断群分類番号,傷病名\n040080x099x0xx,肺炎\n";
        check(List::Dpc, dpc, &[("040080x099x0xx", "肺炎", "", "")], &[]);
    }

    #[test]
    fn care_services_in_two_columns_or_one_with_or_without_periods() {
        let expect = [("111111", "身体介護１", "", "")];
        check(List::CareService, "11,1111,身体介護１\n", &expect, &[]);
        check(List::CareService, "111111,身体介護１\n", &expect, &[]);
        let text = "サービス種類コード,サービス項目コード,サービス名称,適用開始年月,適用終了年月\n\
                    11,1111,身体介護１,202104,202405\n11,1111,身体介護１,202406,999999\n";
        let parsed = check(List::CareService, text, &[expect[0], expect[0]], &[]);
        let periods: Vec<_> = parsed.lists[0].rows.iter().map(|r| (r.valid_from, r.valid_until)).collect();
        assert_eq!(
            periods,
            [(Some(date(2021, 4, 1)), Some(date(2024, 5, 31))), (Some(date(2024, 6, 1)), None)]
        );
    }

    #[test]
    fn published_files_are_read_whole() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples");
        let check = |path: &str, rows: usize, until: usize, bad: &[BadLine]| {
            let Ok(bytes) = std::fs::read(format!("{samples}/{path}")) else {
                println!("skipped: {path} is not here");
                return;
            };
            let Kind::List(list) = recognise(path.rsplit('/').next().unwrap()).unwrap().kind else {
                panic!("{path}")
            };
            let parsed = parse(list, &bytes);
            assert_eq!(parsed.bad, bad, "{path}");
            let found = &parsed.lists[0].rows;
            let ends = found.iter().filter(|r| r.valid_until.is_some()).count();
            assert_eq!((found.len(), ends), (rows, until), "{path}");
        };
        check("masters-mhlw-price/mhlw_price_20250716.csv", 12_434, 310, &[]);
        check("kenshin-tables/XMLhc24tab.csv", 322, 0, &[]);
        check("kenshin-tables/XMLhc24ext.csv", 201, 0, &[]);
    }

    const ALL: [List; 8] = [
        List::DrugPrice,
        List::Hot,
        List::Jlac10,
        List::CareService,
        List::CheckupItem { additional: false },
        List::CheckupItem { additional: true },
        List::Insurer,
        List::Dpc,
    ];

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            text in "[0-9あ,\n\"]{0,80}",
            list in 0..ALL.len(),
        ) {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let parsed = parse(ALL[list], bytes);
                let lines = bytes.split(|b| *b == b'\n').count();
                prop_assert!(parsed.bad.len() <= lines);
                prop_assert!(parsed.rows() <= 3 * lines);
            }
        }
    }
}
