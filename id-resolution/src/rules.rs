//! The findings of matching (名寄せの指摘). They name keys that agree and dates that do not, never a value.

use musubi_model::finding::{Rule, Severity};
use musubi_model::matching::{ConflictKind, TokenKind};

/// One chart number, two birth dates or sexes.
pub static LOCAL_BIRTH: Rule = Rule {
    id: "MPI-LOCAL-BIRTH",
    severity: Severity::Warning,
    ja: "同じ患者番号に、生年月日または性別の異なる本人がいます(統合していません)。",
    en: "The same patient number has two birth dates or sexes; they were not joined.",
    mend_ja: "患者番号の再利用か、生年月日・性別の誤記かを提供元で確かめ、誤りは訂正して再提出してください。",
    mend_en: "Find out whether the number was reused or the birth date or sex was mistyped; correct and resend.",
    example: "患者番号 00123 に、1961年生まれと1987年生まれの人がいる。",
};

/// One insured number with branch, two birth dates or sexes.
pub static INSURED_GUARD: Rule = Rule {
    id: "MPI-INSURED-GUARD",
    severity: Severity::Warning,
    ja: "同じ被保険者番号(枝番まで一致)に、生年月日または性別の異なる本人がいます(統合していません)。",
    en: "The same insured number with branch has two birth dates or sexes; they were not joined.",
    mend_ja: "被保険者証の記号・番号・枝番と生年月日・性別を確かめ、誤りは訂正して再提出してください。",
    mend_en: "Check symbol, number and branch of the card, birth date and sex; correct and resend.",
    example: "同じ記号・番号・枝番で、性別が男の記録と女の記録がある。",
};

/// A name token holds birth date and sex, so that this says a stored guard is damaged or made under another key.
pub static NAME_GUARD: Rule = Rule {
    id: "MPI-NAME-GUARD",
    severity: Severity::Warning,
    ja: "氏名・生年月日・性別の照合値は同じなのに、生年月日・性別の照合値だけが異なります(統合していません)。",
    en: "The token of name, birth date and sex agrees, the guard of birth date and sex does not; not joined.",
    mend_ja: "照合鍵の取り違えがないか、運用担当者に連絡してください。",
    mend_en: "Tell the operator: the token key may have been exchanged.",
    example: "復元した照合鍵が、元の照合鍵と違う。",
};

/// A key agrees but one of the two lacks birth date or sex.
pub static INCOMPLETE: Rule = Rule {
    id: "MPI-INCOMPLETE",
    severity: Severity::Warning,
    ja: "生年月日(年月日)または性別がないため、番号が一致する本人と統合できません。",
    en: "Without a whole birth date and a sex the identity cannot be joined to others with the same number.",
    mend_ja: "生年月日と性別を補って再提出してください。",
    mend_en: "Supply birth date and sex and resend.",
    example: "生年月日が「1961年1月」までしかない。",
};

/// A key so crowded that its pairs are not all queued.
pub static CROWDED_KEY: Rule = Rule {
    id: "MPI-CROWDED-KEY",
    severity: Severity::Warning,
    ja: "一つの番号に食い違う本人が多すぎるため、一部の組を確認待ちに入れていません。",
    en: "Too many contradicting identities share one number; some pairs were not queued.",
    mend_ja: "代用の番号(99999 など)を本人の番号として送っていないか確かめてください。",
    mend_en: "Check that no placeholder number (such as 99999) is sent as a person's own.",
    example: "番号の不明な人すべてに 99999 を入れて送っている。",
};

/// The identity's key was destroyed at its erasure.
pub static ERASED: Rule = Rule {
    id: "MPI-ERASED",
    severity: Severity::Error,
    ja: "消去済みの本人の記録が再び提出されました。受け入れていません。",
    en: "A record of an erased identity was sent again; it was not taken in.",
    mend_ja: "提供停止の求めがあった本人です。今後の提出から除いてください。",
    mend_en: "The person has opted out; leave the person out of coming deliveries.",
    example: "昨年に消去の手続が済んだ人のレセプトが、今月の提出物にある。",
};

/// One insured number of long-term care, different people.
pub static CARE_GUARD: Rule = Rule {
    id: "MPI-CARE-GUARD",
    severity: Severity::Warning,
    ja: "同じ介護被保険者番号で生年月日または性別が異なります。別人として扱います。",
    en: "The same long-term care number comes with another birth date or sex; kept apart as different people.",
    mend_ja: "被保険者番号、生年月日、性別を確認し、誤りを直して再提出してください。",
    mend_en: "Check insured number, birth date and sex; correct and resend.",
    example: "同じ介護被保険者番号で、生年月日が10年違う。",
};

/// All rules of this room.
#[must_use]
pub fn rules() -> [&'static Rule; 7] {
    [&LOCAL_BIRTH, &INSURED_GUARD, &NAME_GUARD, &CARE_GUARD, &INCOMPLETE, &CROWDED_KEY, &ERASED]
}

/// The rule that a conflict breaks.
#[must_use]
pub fn rule_of(kind: ConflictKind) -> &'static Rule {
    match kind {
        ConflictKind::Guard(TokenKind::Local) => &LOCAL_BIRTH,
        ConflictKind::Guard(TokenKind::Insured) => &INSURED_GUARD,
        ConflictKind::Guard(TokenKind::Name) => &NAME_GUARD,
        ConflictKind::Guard(TokenKind::Care) => &CARE_GUARD,
        ConflictKind::Incomplete => &INCOMPLETE,
    }
}
