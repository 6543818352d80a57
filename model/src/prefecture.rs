//! The 47 prefectures (都道府県) by JIS X 0401 code.

/// Code and name, in order of the code.
pub const PREFECTURES: [(&str, &str); 47] = [
    ("01", "北海道"),
    ("02", "青森県"),
    ("03", "岩手県"),
    ("04", "宮城県"),
    ("05", "秋田県"),
    ("06", "山形県"),
    ("07", "福島県"),
    ("08", "茨城県"),
    ("09", "栃木県"),
    ("10", "群馬県"),
    ("11", "埼玉県"),
    ("12", "千葉県"),
    ("13", "東京都"),
    ("14", "神奈川県"),
    ("15", "新潟県"),
    ("16", "富山県"),
    ("17", "石川県"),
    ("18", "福井県"),
    ("19", "山梨県"),
    ("20", "長野県"),
    ("21", "岐阜県"),
    ("22", "静岡県"),
    ("23", "愛知県"),
    ("24", "三重県"),
    ("25", "滋賀県"),
    ("26", "京都府"),
    ("27", "大阪府"),
    ("28", "兵庫県"),
    ("29", "奈良県"),
    ("30", "和歌山県"),
    ("31", "鳥取県"),
    ("32", "島根県"),
    ("33", "岡山県"),
    ("34", "広島県"),
    ("35", "山口県"),
    ("36", "徳島県"),
    ("37", "香川県"),
    ("38", "愛媛県"),
    ("39", "高知県"),
    ("40", "福岡県"),
    ("41", "佐賀県"),
    ("42", "長崎県"),
    ("43", "熊本県"),
    ("44", "大分県"),
    ("45", "宮崎県"),
    ("46", "鹿児島県"),
    ("47", "沖縄県"),
];

/// The name of a code.
#[must_use]
pub fn name_of(code: &str) -> Option<&'static str> {
    PREFECTURES.iter().find(|(c, _)| *c == code).map(|(_, name)| *name)
}

/// The code of the prefecture with which an address begins, after any spaces.
#[must_use]
pub fn of_address(address: &str) -> Option<&'static str> {
    let address = address.trim_start();
    PREFECTURES.iter().find(|(_, name)| address.starts_with(name)).map(|(code, _)| *code)
}

/// The eight regions (地方) with the number of their prefectures, which follow each other in order of the code.
const REGIONS: [(&str, usize); 8] = [
    ("北海道", 1),
    ("東北", 6),
    ("関東", 7),
    ("中部", 9),
    ("近畿", 7),
    ("中国", 5),
    ("四国", 4),
    ("九州・沖縄", 8),
];

/// The region (地方) of the prefecture in this place of [`PREFECTURES`].
#[must_use]
pub fn region_of(place: usize) -> &'static str {
    let mut end = 0;
    let within = |(_, count): &&(&str, usize)| {
        end += count;
        place < end
    };
    REGIONS.iter().find(within).map_or("", |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_begins_with_its_prefecture() {
        assert_eq!(of_address("　京都府京都市"), Some("26"));
        assert_eq!(of_address("東京都港区"), Some("13"));
        assert_eq!(of_address("京都市"), None);
        assert_eq!(name_of("47"), Some("沖縄県"));
        assert_eq!(name_of("48"), None);
    }
}
