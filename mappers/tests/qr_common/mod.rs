//! Small hand-made record sets, one line a record.
#![allow(dead_code, clippy::unwrap_used)] // each test binary uses its part of it

use encoding_rs::SHIFT_JIS;

/// A notebook with every record of the standard.
pub const NOTEBOOK: &str = "\
JAHISTC08,1
1,見本 太郎,1,S330303,105-0004,東京都港区見本一丁目,03-0000-0000,090-0000-0000,AB型Rh(-),63.7,ﾐﾎﾝ ﾀﾛｳ
2,1,乳製品,1
2,2,発疹,1
2,3,狭心症,1
2,9,嚥下困難,2
3,見本散,20240401,20240405,2,1,4900000000009
31,1,見本成分,7,1149019F1ZZZ,2
4,健康診断を受けた,20240411,2
5,R060410,1
11,見本薬局,13,4,1234567,105-0004,東京都港区,03-0000-0001,1
15,薬剤師 次郎,,1
51,見本病院,13,1,7654321,1
55,医師 三郎,内科,1
201,1,見本錠5mg,2,錠,2,620000001,1,見本一般名,2,1149019F1ZZZ
281,1,粉砕しない,1
201,1,例示錠,3,錠,4,2171014G1020,1
291,1,かゆみに注意,1
301,1,【分２ 朝夕食後服用】,14,日分,1,2,1012040400000000,1
311,1,一包化,1
391,1,運転に注意,1
201,2,見本針,10,本,2,710010093,1
301,2,,1,調剤,9,1,,1
401,他の薬は相談,1
411,飲み込みにくい,31,1
421,3日分残っている,1
501,備考あり,1
5,20240301,1
11,見本薬局,13,4,1234567,,,,1
51,見本病院,13,1,7654321,1
201,1,見本軟膏,5,g,6,123456789,1
301,1,【患部に塗布】,1,調剤,5,1,,1
601,眠くなった,20240412
701,薬剤師 次郎,見本薬局,03-0000-0001,20230101,20241231,1
";

/// A prescription with every record of the standard.
pub const PRESCRIPTION: &str = "\
JAHIS10
1,1,1234567,13,見本クリニック
2,105-0004,東京都港区見本一丁目
3,03-0000-0000,03-0000-0001
4,2,01,内科
5,,ｲｼ ｻﾌﾞﾛｳ,医師 三郎
11,0000123,見本 花子,ﾐﾎﾝ ﾊﾅｺ
12,2
13,19671012
14,5
21,7
22,39131230
23,12,98765,2,01
24,30,70
25,1
27,21136791,6247373
30,特殊一,特殊二
31,1112
51,20240319
52,20240322
61,62516,東京都港区,03-0000-0002
62,1
63,3,2
64,3
81,1,1,一包化してください
82,1,1234567890123456
101,1,1,,14
102,1,7,14
111,1,2,1013044400000000,１日３回毎食後,3
181,1,1,1,夕だけ減らす,V11.5NNN,01C
201,1,1,1,7,1149019F1ZZZ,【般】見本錠,3,1,錠
211,1,1,500
221,1,1,1.5,0.5,,,,V11.5NNN,V20.5NNN,,,
231,1,1,1,0,,
241,1,1,2/3,3
281,1,1,1,3,後発品変更不可,
101,2,3,,1
111,2,1,,１日１回塗布,0
201,2,1,3,1,,見本軟膏,20,2,g
";

/// As the standards prescribe it: Shift_JIS, CRLF.
pub fn sjis(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost, "a character of the test is not in Shift_JIS");
    bytes.into_owned()
}

/// One line of a text changed; the line begins with `start`.
pub fn line(text: &str, start: &str, with: &str) -> String {
    assert_eq!(text.lines().filter(|l| l.starts_with(start)).count(), 1, "{start}");
    let lines = text.lines().filter_map(|l| match l.starts_with(start) {
        true if with.is_empty() => None,
        true => Some(format!("{with}\n")),
        false => Some(format!("{l}\n")),
    });
    lines.collect()
}
