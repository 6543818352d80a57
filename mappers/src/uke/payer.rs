//! Who pays: HO, KO, SN, JD, MF.
//!
//! Numbers that identify go into [`musubi_model::Demographics`] only; facts get the law number (法別番号) of a payer and
//! the prefecture, never the rest.

use compact_str::CompactString;
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::{CodeSystem, Coded, Fact, FactTable, Identifying, prefecture};
use rust_decimal::Decimal;

use super::claim::push_number;
use super::map::Reader;
use super::number;
use super::person::is_half_width;
use super::rules;
use super::sink::Place;
use super::spec::PayerColumns;

/// What was seen of HO and KO.
#[derive(Debug, Default)]
pub(crate) struct Payers {
    pub has_insurer: bool,
    public: u32,
    pub prefecture: Option<CompactString>,
    /// Days of care (実日数): of HO, or of the first KO when there is no HO.
    pub days: Option<u32>,
    pub insurer_points: Option<(Place, i64)>,
    /// Payer and recipient number of the first KO.
    pub first_public: (CompactString, CompactString),
}

impl Payers {
    pub(crate) fn any(&self) -> bool {
        self.has_insurer || self.public > 0
    }
}

impl Reader<'_, '_> {
    /// HO: 保険者レコード.
    pub(crate) fn insurer(&mut self) {
        let columns = &self.spec.ho;
        self.radar(&[1, 2, 3, columns.certificate]);
        if self.below_total {
            return;
        }
        let number = self.text(1);
        let (symbol, insured) = (self.text(2), self.text(3));
        for (column, text) in [(2, &symbol), (3, &insured)] {
            if text.chars().any(is_half_width) {
                self.say_shape(&rules::SYMBOL_HALFWIDTH, column, "全角");
            }
        }
        let law = self.insurer_number(&number);
        self.person.insurer_number = Identifying::new(number);
        self.person.insured_symbol = Identifying::new(symbol);
        self.person.insured_number = Identifying::new(insured);
        self.payers.has_insurer = true;
        let days = self.count(4);
        self.payers.days = days;
        let points = self.points(5);
        if let Some(points) = points {
            self.payers.insurer_points = Some((self.place, points));
        }
        self.payer_facts("HO", law, days, points, columns);
    }

    /// The law number (法別番号) or 国保; the checks of the number; the prefecture.
    fn insurer_number(&mut self, raw: &str) -> Option<CompactString> {
        let digits = raw.trim_matches(' ');
        if digits.is_empty() {
            return None;
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            self.say_shape(&rules::NUMBER_SHAPE, 1, "8 桁、または空白 2 文字と 6 桁");
            return None;
        }
        let national = CompactString::const_new("国保");
        let (law, at) = match digits.len() {
            8 if raw.len() == 8 && digits.starts_with("00") => {
                self.say_shape(&rules::INSURER_PADDING, 1, "空白 2 文字と 6 桁");
                (national, 2)
            }
            8 => (digits.get(..2).map(CompactString::from).unwrap_or_default(), 2),
            6 => {
                if raw.len() != 8 || !raw.starts_with("  ") {
                    self.say_shape(&rules::INSURER_PADDING, 1, "空白 2 文字と 6 桁");
                }
                (national, 0)
            }
            5 | 7 => {
                self.say_shape(&rules::ZERO_DROPPED, 1, "8 桁、または空白 2 文字と 6 桁");
                return None;
            }
            _ => {
                self.say_shape(&rules::NUMBER_SHAPE, 1, "8 桁、または空白 2 文字と 6 桁");
                return None;
            }
        };
        self.check_digit(1, digits);
        let code = digits.get(at..at + 2).filter(|code| prefecture::name_of(code).is_some());
        self.payers.prefecture = code.map(CompactString::from);
        Some(law)
    }

    /// KO: 公費レコード.
    pub(crate) fn public_payer(&mut self) {
        self.radar(&[1, 2]);
        if self.below_total {
            return;
        }
        let (payer, recipient) = (self.text(1), self.text(2));
        self.payers.public += 1;
        let law = self.fixed_number(1, &payer, 8).then(|| payer.get(..2).map(CompactString::from)).flatten();
        self.fixed_number(2, &recipient, 7);
        let days = self.count(4);
        let points = self.points(5);
        if self.payers.public == 1 {
            self.payers.first_public = (payer, recipient);
            if !self.payers.has_insurer {
                self.payers.days = days;
            }
        }
        let mut group = CompactString::const_new("KO");
        push_number(&mut group, self.payers.public);
        let columns = &self.spec.ko;
        self.payer_facts(&group, law, days, points, columns);
        self.item_code("optional-benefit", 3, &group);
    }

    /// A number of a fixed length with a check digit. `true`: of that length.
    fn fixed_number(&mut self, column: usize, number: &str, length: usize) -> bool {
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        if number.is_empty() {
            return false;
        }
        if digits && number.len() == length {
            self.check_digit(column, number);
            return true;
        }
        let rule = if digits && number.len() < length { &rules::ZERO_DROPPED } else { &rules::NUMBER_SHAPE };
        self.say_shape(rule, column, &format!("{length} 桁"));
        false
    }

    fn check_digit(&mut self, column: usize, digits: &str) {
        if modulus10_weight21(digits) == Some(false) {
            self.say_shape(&rules::CHECK_DIGIT, column, "検証番号の一致");
        }
    }

    /// Cover, total, meals, amounts and reduction of one payer. The first payer's cover also tells what RE says of
    /// the burden: 給付割合 as value, 一部負担金・標準負担額区分 as status, 特記事項 as qualifiers.
    fn payer_facts(
        &mut self,
        group: &str,
        law: Option<CompactString>,
        days: Option<u32>,
        points: Option<i64>,
        columns: &PayerColumns,
    ) {
        let start = self.head.as_ref().and_then(|h| h.care).map(|m| m.date);
        let mut plan = Fact::new(FactTable::PayerPlanPeriod, self.place.range);
        plan.start = start;
        plan.source = law.map(|law| Coded::new(CodeSystem::Payer, &law));
        plan.times = days;
        plan.group = CompactString::from(group);
        if let Some(burden) = self.head.as_mut().and_then(|h| h.burden.take()) {
            if let Some(ratio) = burden.ratio {
                push_number(&mut plan.value.text, ratio);
                plan.value.number = Some(Decimal::from(ratio));
                plan.value.unit = CompactString::const_new("%");
            }
            plan.status = burden.income;
            plan.qualifiers = burden.special;
        }
        self.facts.push(plan);
        let unit = if self.spec.yen { "円" } else { "点" };
        if let Some(points) = points {
            self.payer_cost(group, "", Some(points), days, unit);
        }
        let (times, yen) = columns.meals;
        if times > 0 {
            let (times, yen) = (self.count(times), self.points(yen));
            if yen.is_some() || times.is_some_and(|n| n > 0) {
                self.payer_cost(group, "meal", yen, times, "円");
            }
        }
        for (column, name) in columns.yen {
            if let Some(yen) = self.points(*column) {
                self.payer_cost(group, name, Some(yen), None, "円");
            }
        }
        self.item_code_at("duty-reason", columns.duty, group);
        let (kind, ratio, yen) = columns.reduction;
        if kind > 0 && [kind, ratio, yen].iter().any(|c| !self.fields.get(*c).is_empty()) {
            let mut fact = self.item("reduction", group);
            fact.status = self.short_code(kind, 1).unwrap_or_default();
            fact.value.number = self.percentage(ratio).map(Decimal::from);
            fact.quantity = self.points(yen).map(Decimal::from);
            self.facts.push(fact);
        }
    }

    fn payer_cost(
        &mut self,
        group: &str,
        part: &str,
        amount: Option<i64>,
        times: Option<u32>,
        unit: &'static str,
    ) {
        let mut code = CompactString::from(group);
        if !part.is_empty() {
            code.push('.');
            code.push_str(part);
        }
        let mut cost = Fact::new(FactTable::Cost, self.place.range);
        cost.start = self.head.as_ref().and_then(|h| h.care).map(|m| m.date);
        cost.source = Some(Coded { system: CodeSystem::Points, code, text: None });
        cost.quantity = amount.map(Decimal::from);
        cost.times = times;
        cost.value.unit = CompactString::const_new(unit);
        cost.group = CompactString::from(group);
        self.facts.push(cost);
    }

    /// SN: 資格確認レコード. The branch number of the insured stands only here; the numbers found by the check stay in
    /// the original.
    pub(crate) fn entitlement(&mut self) {
        self.radar(&[3, 4, 5, 7]);
        let insurer = self.fields.get(1) == b"1";
        if insurer && !self.below_total {
            self.person.insured_branch = Identifying::new(self.text(6));
        }
        let group = payer_group(self.fields.get(1));
        self.item_code("eligibility", 2, group);
    }

    /// JD: 受診日等レコード. The days with their mark; 1 (counted) is not written out.
    pub(crate) fn attendance(&mut self) {
        let Some(care) = self.claim.care() else { return };
        let mut fact = self.item("attendance", payer_group(self.fields.get(1)));
        let mut counted = 0u32;
        for day in 1..=31u8 {
            let column = 1 + usize::from(day);
            let mark = self.fields.get(column);
            if mark.is_empty() {
                continue;
            }
            if day > care.days {
                self.say(&rules::DAY_BEYOND, column, || format!("{day} 日"), "診療月の日");
                continue;
            }
            counted += u32::from(mark == b"1");
            fact.end = care.day(day);
            if fact.qualifiers.is_empty() {
                fact.start = fact.end;
            } else {
                fact.qualifiers.push(' ');
            }
            push_number(&mut fact.qualifiers, u32::from(day));
            if mark != b"1" {
                fact.qualifiers.push('=');
                fact.qualifiers.push_str(&self.fields.code(column));
            }
        }
        if !fact.qualifiers.is_empty() {
            fact.times = Some(counted);
            self.facts.push(fact);
        }
    }

    /// MF: 窓口負担額レコード.
    pub(crate) fn window_burden(&mut self) {
        self.item_code("window-burden", 1, "");
    }

    /// A count; what cannot be read is said.
    pub(crate) fn count(&mut self, column: usize) -> Option<u32> {
        number::count(self.fields.get(column)).unwrap_or_else(|_| {
            self.say_shape(&rules::NUMBER, column, "数字");
            None
        })
    }

    /// Points; what cannot be read is said.
    pub(crate) fn points(&mut self, column: usize) -> Option<i64> {
        number::points(self.fields.get(column)).unwrap_or_else(|_| {
            self.say_shape(&rules::NUMBER, column, "数字");
            None
        })
    }

    /// A percentage, 0 to 100; anything else is said and left out.
    pub(crate) fn percentage(&mut self, column: usize) -> Option<u32> {
        if column == 0 {
            return None;
        }
        let percent = self.count(column)?;
        if percent > 100 {
            self.say_shape(&rules::NUMBER, column, "0 から 100");
            return None;
        }
        Some(percent)
    }

    /// Refuses a My Number (個人番号) in a field for another number.
    pub(crate) fn radar(&mut self, columns: &[usize]) {
        for column in columns {
            let field = self.fields.get(*column);
            if *column == 0 || field.len() < 12 {
                continue;
            }
            let text = super::encoding::decode(field, self.encoding);
            let number: Option<CompactString> = text
                .chars()
                .filter(|c| !matches!(c, ' ' | '\u{3000}' | '-' | '－' | '‐' | '−'))
                .map(number::digit)
                .collect();
            if number.is_some_and(|n| is_my_number(&n)) {
                self.say(&rules::MYNUMBER, *column, || "12 桁の番号".to_owned(), "個人番号ではない番号");
            }
        }
    }
}

/// HO, KO1 … of 負担者種別.
fn payer_group(kind: &[u8]) -> &'static str {
    match kind {
        b"1" => "HO",
        b"2" => "KO1",
        b"3" => "KO2",
        b"4" => "KO3",
        b"5" => "KO4",
        _ => "",
    }
}
