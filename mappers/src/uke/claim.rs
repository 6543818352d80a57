//! What was found and done: SY, SI, IY, TO, CO, SJ, and the lines of dental receipts.
//!
//! Two rules shape the lines (formats.md §2.3 rule 2): 診療識別 stands only on the first line of its group, and points
//! only on the last line of a unit of points and times (点数・回数算定単位). A fact is made of each line, a cost of each
//! unit. The text of comments never enters a fact, and a field for a code only when it looks like one.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, PartialDate};
use rust_decimal::Decimal;

use super::book::{Answer, Book};
use super::map::Reader;
use super::number::{self, Month};
use super::rules;
use super::sink::Place;

/// Where the columns of a kind of claim line stand; 0: there is none. Columns 1 to 4 are those of all lines: section,
/// burden, code, amount.
#[derive(Debug)]
pub(crate) struct Layout {
    pub table: FactTable,
    pub book: Book,
    /// First digit of its codes.
    pub first_digit: u8,
    pub points: usize,
    pub times: usize,
    /// First of three pairs of comment code and text.
    pub comments: usize,
    /// First pair of code and amount of an addition (加算), and how many pairs.
    pub additions: (usize, usize),
    /// Code of the unit (単位コード) and name in words.
    pub unit: usize,
    pub name: usize,
    /// Column of day 1.
    pub day_one: usize,
}

/// SI: 診療行為レコード.
pub(crate) const PROCEDURE: Layout = Layout {
    table: FactTable::ProcedureOccurrence,
    book: Book::Procedure,
    first_digit: b'1',
    points: 5,
    times: 6,
    comments: 7,
    additions: (0, 0),
    unit: 0,
    name: 0,
    day_one: 13,
};
/// IY: 医薬品レコード.
pub(crate) const DRUG: Layout =
    Layout { table: FactTable::DrugExposure, book: Book::Drug, first_digit: b'6', ..PROCEDURE };
/// TO: 特定器材レコード.
pub(crate) const MATERIAL: Layout = Layout {
    table: FactTable::DeviceExposure,
    book: Book::Material,
    first_digit: b'7',
    comments: 11,
    unit: 7,
    name: 10,
    day_one: 17,
    ..PROCEDURE
};

/// Section (診療識別) of meals, whose lines count yen, not points.
const MEALS: &str = "97";
/// First month of care in which the day columns are obligatory (平成24年4月).
const DAYS_SINCE: (i16, u8) = (2012, 4);

/// The state of the claim lines of one receipt.
#[derive(Debug, Default)]
pub(crate) struct Claim {
    care: Option<Month>,
    birth: Option<PartialDate>,
    section: CompactString,
    /// Units of points closed so far.
    units: u32,
    group: CompactString,
    /// The last line of a unit whose points have not come yet.
    pending: Option<Place>,
    /// Kind of the last 症状詳記, which a blank continues.
    statement: CompactString,
    /// Σ(points × times) of the lines the insurer pays.
    pub insurer_points: i64,
    /// Something changes the total that we cannot compute (分割調剤 and reductions).
    pub adjusted: bool,
}

impl Claim {
    pub(crate) fn begin(&mut self, care: Option<Month>, birth: Option<PartialDate>) {
        self.care = care;
        self.birth = birth;
    }

    pub(crate) fn care(&self) -> Option<Month> {
        self.care
    }

    pub(crate) fn birth(&self) -> Option<PartialDate> {
        self.birth
    }

    /// Counts what the insurer pays.
    pub(crate) fn add(&mut self, burden: &[u8], points: i64) {
        if insurer_pays(burden) {
            self.insurer_points = self.insurer_points.saturating_add(points);
        }
    }

    /// Another receipt below the same total begins: sections are written anew.
    pub(crate) fn next_part(&mut self) {
        self.section.clear();
        self.group.clear();
        self.statement.clear();
    }

    fn enter(&mut self, section: CompactString) {
        self.section = section;
        self.group.clear();
    }

    /// Names the group of lines that have no 診療識別.
    pub(crate) fn enter_once(&mut self, section: &'static str) {
        if self.section.is_empty() {
            self.enter(CompactString::const_new(section));
        }
    }

    pub(crate) fn next_unit(&mut self) {
        self.units = self.units.saturating_add(1);
        self.group.clear();
    }

    /// `21-3`: the section and the ordinal of the unit of points inside the receipt.
    pub(crate) fn group(&mut self) -> CompactString {
        if self.group.is_empty() {
            self.group.push_str(&self.section);
            self.group.push('-');
            push_number(&mut self.group, self.units.saturating_add(1));
        }
        self.group.clone()
    }
}

/// Appends a number without the formatting machinery, which costs more than the rest of a line.
pub(crate) fn push_number(out: &mut CompactString, number: u32) {
    let mut divisor = 1;
    while number / divisor >= 10 {
        divisor *= 10;
    }
    while divisor > 0 {
        out.push(char::from_digit(number / divisor % 10, 10).unwrap_or('0'));
        divisor /= 10;
    }
}

/// Days on which a line was counted.
#[derive(Debug, Default)]
struct Days {
    sum: u32,
    first: Option<PartialDate>,
    last: Option<PartialDate>,
}

impl Reader<'_, '_> {
    /// SI, IY, TO, SS.
    pub(crate) fn claim_line(&mut self, layout: &Layout) {
        self.section();
        let mut fact = Fact::new(layout.table, self.place.range);
        fact.group = self.claim.group();
        let (source, standard) = self.coded(layout.book, 3, layout.first_digit);
        (fact.source, fact.standard) = (Some(source), standard);
        fact.quantity = self.amount(4);
        if layout.unit > 0 {
            fact.value.unit = self.fields.code(layout.unit);
        }
        if layout.name > 0 {
            let name = self.text(layout.name);
            fact.source = fact.source.map(|source| source.with_text(&name));
        }
        let points = self.points(layout.points);
        let times = self.count(layout.times);
        let days = self.days(layout.day_one, layout.times, times);
        fact.times = times;
        fact.start = days.first.or(self.claim.care.map(|m| m.date));
        fact.end = days.last;
        let (start, end) = (fact.start, fact.end);
        self.facts.push(fact);
        let (first, pairs) = layout.additions;
        for pair in 0..pairs {
            self.addition(first + 2 * pair, times, start, end);
        }
        if layout.comments > 0 {
            for pair in 0..3 {
                let column = layout.comments + 2 * pair;
                if !self.fields.get(column).is_empty() {
                    self.note(column);
                }
            }
        }
        match points {
            None => self.claim.pending = Some(self.place),
            Some(points) => self.close_unit(points, times, start, end),
        }
    }

    /// An addition (加算) to the line at hand: five letters and digits.
    fn addition(
        &mut self,
        column: usize,
        times: Option<u32>,
        start: Option<PartialDate>,
        end: Option<PartialDate>,
    ) {
        let field = self.fields.get(column);
        if field.is_empty() {
            return;
        }
        if field.len() != 5 || !field.iter().all(u8::is_ascii_alphanumeric) {
            self.say_shape(&rules::CODE_SHAPE, column, "英数字 5 桁");
            return;
        }
        let code = self.fields.code(column);
        self.ask(Book::DentalAddition, column, &code);
        let mut fact = Fact::new(FactTable::ProcedureOccurrence, self.place.range);
        fact.group = self.claim.group();
        fact.source = Some(Coded { system: Book::DentalAddition.system(), code, text: None });
        fact.quantity = self.amount(column + 1);
        (fact.times, fact.start, fact.end) = (times, start, end);
        self.facts.push(fact);
    }

    /// An amount (数量・使用量); what cannot be read is said.
    pub(crate) fn amount(&mut self, column: usize) -> Option<Decimal> {
        number::amount(self.fields.get(column)).unwrap_or_else(|_| {
            self.say_shape(&rules::NUMBER, column, "数字");
            None
        })
    }

    /// Takes over the 診療識別 of the line at hand, or carries the last one forward.
    fn section(&mut self) {
        if self.fields.get(1).is_empty() {
            if self.claim.section.is_empty() {
                self.say(&rules::SECTION, 1, || "(空)".to_owned(), "診療識別 2 桁");
            }
            return;
        }
        self.end_of_lines();
        let section = self.fields.code(1);
        self.claim.enter(section);
    }

    /// A new group or the end of the receipt: lines still waiting for their points never get them.
    pub(crate) fn end_of_lines(&mut self) {
        if let Some(place) = self.claim.pending.take() {
            self.sink.push(place.finding(&rules::POINTS_PLACE, 5).found("(空)").expected("算定単位の点数"));
            self.claim.next_unit();
        }
    }

    fn close_unit(
        &mut self,
        points: i64,
        times: Option<u32>,
        start: Option<PartialDate>,
        end: Option<PartialDate>,
    ) {
        let meals = self.claim.section == MEALS;
        if !meals {
            let sum = points.saturating_mul(i64::from(times.unwrap_or(0)));
            self.claim.add(self.fields.get(2), sum);
        }
        let mut cost = Fact::new(FactTable::Cost, self.place.range);
        cost.start = start;
        cost.end = end;
        cost.source = Some(Coded::new(CodeSystem::Points, &self.claim.section));
        cost.quantity = Some(Decimal::from(points));
        cost.times = times;
        cost.value.unit = CompactString::const_new(if meals { "円" } else { "点" });
        cost.status = self.fields.code(2);
        cost.group = self.claim.group();
        self.facts.push(cost);
        self.claim.pending = None;
        self.claim.next_unit();
    }

    /// The day columns: their sum must be the number of times (formats.md §2.3 rule 6).
    fn days(&mut self, day_one: usize, times_column: usize, times: Option<u32>) -> Days {
        let mut days = Days::default();
        let Some(care) = self.claim.care else { return days };
        let mut filled = self.fields.filled_days(day_one);
        while filled != 0 {
            let offset = filled.trailing_zeros();
            filled &= filled - 1;
            let column = day_one + offset as usize;
            let day = u8::try_from(offset + 1).unwrap_or(u8::MAX);
            let Some(n) = self.count(column).filter(|n| *n > 0) else { continue };
            days.sum = days.sum.saturating_add(n);
            if day > care.days {
                self.say(&rules::DAY_BEYOND, column, || format!("{day} 日"), "診療月の日");
                continue;
            }
            days.last = care.day(day);
            if days.first.is_none() {
                days.first = days.last;
            }
        }
        let obligatory = (care.date.year(), care.date.month().unwrap_or(0)) >= DAYS_SINCE;
        let expected = times.unwrap_or(0);
        if days.sum != expected && (obligatory || days.sum > 0) {
            let difference = i64::from(days.sum) - i64::from(expected);
            self.say(&rules::DAYS_SUM, times_column, || format!("差 {difference:+}"), "差 0");
        }
        days
    }

    /// CO: コメントレコード.
    pub(crate) fn comment(&mut self) {
        if !self.fields.get(1).is_empty() && self.fields.get(1) != self.claim.section.as_bytes() {
            let section = self.fields.code(1);
            if self.claim.pending.is_none() {
                self.claim.enter(section);
            }
        }
        self.note(3);
    }

    /// A sealed reference to a comment: its code and where it stands, never its text.
    pub(crate) fn note(&mut self, column: usize) {
        let mut note = Fact::new(FactTable::Note, self.place.range);
        note.start = self.claim.care.map(|m| m.date);
        note.source = Some(self.coded(Book::Comment, column, b'8').0);
        note.group = self.claim.group();
        self.facts.push(note);
    }

    /// SJ: 症状詳記レコード. A blank kind continues the one before.
    pub(crate) fn statement(&mut self) {
        if !self.fields.get(1).is_empty() {
            self.claim.statement = self.fields.code(1);
        }
        let mut note = Fact::new(FactTable::Note, self.place.range);
        note.start = self.claim.care.map(|m| m.date);
        let system = CodeSystem::Other(CompactString::const_new("RECE-SJ"));
        note.source = Some(Coded::new(system, &self.claim.statement));
        self.facts.push(note);
    }

    /// A nine-digit code and the standard code it maps to; its shape and its being in the master are checked.
    pub(crate) fn coded(&mut self, book: Book, column: usize, first_digit: u8) -> (Coded, Option<Coded>) {
        let field = self.fields.get(column);
        let code = self.fields.code(column);
        let standard = if field.len() == 9
            && field.first() == Some(&first_digit)
            && field.iter().all(u8::is_ascii_digit)
        {
            self.ask(book, column, &code).and_then(|entry| entry.standard)
        } else {
            self.say_shape(&rules::CODE_SHAPE, column, &format!("{} で始まる 9 桁", char::from(first_digit)));
            None
        };
        (Coded { system: book.system(), code, text: None }, standard)
    }

    /// Asks the master; a code it does not have is said.
    pub(crate) fn ask(
        &mut self,
        book: Book,
        column: usize,
        code: &str,
    ) -> Option<musubi_model::code::MasterEntry> {
        match self.books.ask(book, code) {
            Answer::NoMaster => None,
            Answer::Known(entry) => Some(entry),
            Answer::Unknown(edition) => {
                let system = book.system();
                self.say(
                    &rules::CODE_UNKNOWN,
                    column,
                    || format!("{system} {code}"),
                    &format!("{system} {edition} 版にあるコード"),
                );
                None
            }
        }
    }
}

/// Does the insurer take part in this 負担区分? Those of public payers alone do not count in HO's total.
fn insurer_pays(burden: &[u8]) -> bool {
    !matches!(burden, [b'5' | b'6' | b'B' | b'C' | b'7' | b'H'..=b'L' | b'R'..=b'U' | b'Z'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_appended() {
        for number in [0, 9, 10, 1_000, 4_294_967_295] {
            let mut out = CompactString::default();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn burden_codes_tell_whether_the_insurer_pays() {
        let with: String =
            ('0'..='9').chain('A'..='Z').filter(|c| insurer_pays(c.to_string().as_bytes())).collect();
        assert_eq!(with, "0123489ADEFGMNOPQVWXY");
        assert!(insurer_pays(b""));
    }
}
