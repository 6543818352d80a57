//! What a source wrote of one person, as borrowed text, and the same in comparable form.
//!
//! Stored text is never normalised (invariant 13): [`Sent`] is what came, [`Normal`] lives only while matching runs.

/// One description of a person as sent; an empty text means that the source did not say.
#[derive(Clone, Copy, Default)]
pub struct Sent<'a> {
    /// The provider or facility (医療機関コード) in whose number space `local_number` counts.
    pub facility: &'a str,
    /// Chart number (患者番号).
    pub local_number: &'a str,
    /// Name in kanji or Latin letters; family and given name parted by a blank where the source parts them.
    pub name_kanji: &'a str,
    /// Name in kana, full or half width, likewise.
    pub name_kana: &'a str,
    /// Birth date: `YYYYMMDD`, `YYYY-MM-DD`, `YYYY/MM/DD`, or era and year `GYYMMDD` (G = 1 明治 … 5 令和).
    pub birth: &'a str,
    /// Sex: `M F O U`, `1 2 9 0`, 男 女.
    pub sex: &'a str,
    /// Postal code (郵便番号).
    pub postal_code: &'a str,
    /// Address in one line.
    pub address: &'a str,
    /// Telephone number.
    pub phone: &'a str,
    /// Insurer number (保険者番号).
    pub insurer: &'a str,
    /// Symbol (記号).
    pub symbol: &'a str,
    /// Number (番号).
    pub number: &'a str,
    /// Branch number (枝番).
    pub branch: &'a str,
    /// Insurer of long-term care (介護保険者番号).
    pub care_insurer: &'a str,
    /// Insured number of long-term care (介護被保険者番号).
    pub care_number: &'a str,
    /// Key of the history inquiry (履歴照会の回答), where the operator may use it.
    pub inquiry_key: &'a str,
}

/// A birth date as far as it can be read. Zeros: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Birth {
    /// Western year, 0 when not known.
    pub year: u16,
    /// 1–12, 0 when not known.
    pub month: u8,
    /// 1–31, 0 when not known.
    pub day: u8,
}

/// A name part in the two scripts, folded.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NamePart {
    /// Folded kana, one byte a kana (code point − U+30A0; a wildcard is 0xFF). Empty: not known.
    pub kana: Vec<u8>,
    /// Folded kanji (old and variant forms as the common one), or upper-case Latin letters, or kana where the source
    /// writes the name so. A sign that a system could not encode is [`WILDCARD`]. Empty: not known.
    pub kanji: String,
    /// BLAKE3-independent 32-bit hash (FxHash-like, stable) of the kanji before variants were folded; 0: no kanji.
    /// Differs from that of the same person's other record when one of them uses an old form.
    pub written: u32,
}

/// Stands for a sign that a source could not encode (外字): agrees weakly with anything, disagrees with nothing.
pub const WILDCARD: char = '\u{fffd}';

/// A description of a person in comparable form. Made to be reused: [`Normal::clear`] keeps the buffers.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Normal {
    /// Family name (姓). The whole name, when it could not be split and `split` is false.
    pub family: NamePart,
    /// Given name (名). Empty when not known: not split, or a newborn without a name.
    pub given: NamePart,
    /// Family and given name could be told apart in kana / in kanji.
    pub split_kana: bool,
    /// See `split_kana`.
    pub split_kanji: bool,
    /// The source itself parts the kana name (by a blank or dot), so that it can teach the book of names.
    pub parted_kana: bool,
    /// See `parted_kana`.
    pub parted_kanji: bool,
    /// A newborn's stopgap name (ベビー, 児): the given name is not known.
    pub newborn: bool,
    /// A foreign name (Latin letters, or several kana tokens with ・): the order of its parts is free. `family` holds
    /// its first token, `given` the others, parted by one blank (kanji) or a zero byte (kana).
    pub foreign: bool,
    /// A test patient (テスト患者): takes no part in matching.
    pub test_patient: bool,
    /// Birth date.
    pub birth: Birth,
    /// 1 male, 2 female, 9 other, 0 not known.
    pub sex: u8,
    /// Postal code as a number of seven digits, 0 when not known.
    pub postal_code: u32,
    /// City, town and numbers in one writing, without prefecture and building. Empty: not known.
    pub address: String,
    /// The part of `address` up to the end of city, ward, town or village (市区町村): its length in bytes.
    pub city_len: usize,
    /// Telephone digits without country code, as a number; 0 when not known.
    pub phone: u64,
    /// Insurer number as a number; 0 when not known.
    pub insurer: u32,
    /// The insurer number's check digit holds.
    pub insurer_sound: bool,
    /// Symbol and number as one text (see `normalise::symbol_and_number`). Empty: not known.
    pub insured: String,
    /// Branch number; 255 when not known.
    pub branch: u8,
    /// Insurer and number of long-term care as one text. Empty: not known.
    pub care: String,
    /// Chart number. Empty: not known.
    pub local: String,
    /// Key of the history inquiry. Empty: not known.
    pub inquiry: String,
}

macro_rules! hidden {
    ($($name:ty),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(‹非表示›)"))
            }
        }
    )*};
}
hidden!(Sent<'_>, NamePart, Normal);

impl Normal {
    /// Empties all fields and keeps their buffers.
    pub fn clear(&mut self) {
        // every field by name, so that a new one cannot be forgotten
        let Self {
            family,
            given,
            split_kana,
            split_kanji,
            parted_kana,
            parted_kanji,
            newborn,
            foreign,
            test_patient,
            birth,
            sex,
            postal_code,
            address,
            city_len,
            phone,
            insurer,
            insurer_sound,
            insured,
            branch,
            care,
            local,
            inquiry,
        } = self;
        for part in [family, given] {
            part.kana.clear();
            part.kanji.clear();
            part.written = 0;
        }
        for text in [address, insured, care, local, inquiry] {
            text.clear();
        }
        for flag in [
            split_kana,
            split_kanji,
            parted_kana,
            parted_kanji,
            newborn,
            foreign,
            test_patient,
            insurer_sound,
        ] {
            *flag = false;
        }
        *birth = Birth::default();
        (*sex, *branch, *postal_code, *insurer) = (0, 255, 0, 0);
        (*city_len, *phone) = (0, 0);
    }
}
