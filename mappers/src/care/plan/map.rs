//! The rows of one person in a table of a care plan into facts.

use compact_str::{CompactString, format_compact};
use musubi_model::code::Masters;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, Identifying, PartialDate};
use rust_decimal::Decimal;

use super::{Kind, TABLES, Table};
use crate::care::sheet::{Cells, each_row, frame, unit_bytes};
use crate::care::work::{At, Work, key, month, sortable};
use crate::care::{Shape, rules};
use crate::text::Encoding;
use crate::{Document, MappedUnit, Split, UnitSlice, UnitVersion, VersionState};

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let (encoding, of, route, time, occurrence) = match frame(split, unit).map(|f| (f.encoding, &f.shape)) {
        Some((encoding, Shape::Plan { table, route, time, occurrence })) => {
            (encoding, TABLES.get(usize::from(*table)), route.as_str(), time.as_str(), *occurrence)
        }
        _ => (Encoding::ShiftJis, None, "", "", 0),
    };
    let mut work = Work::new(document, unit, masters);
    let mut version = None;
    work.expect_facts(unit, 2);
    let (bytes, start) = unit_bytes(document, unit);
    each_row(bytes, start, b',', document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes, row, encoding, shift: 0 };
        let Some(of) = of else { return };
        if !work.take_up(document, &cells, of.prefix) {
            return;
        }
        if cells.len() < of.least {
            let expected = format!("{} 項目", of.columns.max(of.least));
            work.say(&rules::PLAN_SHORT, "", format!("{} 項目", cells.len()), &expected);
            return;
        }
        if of.columns > 0 && cells.len() != of.columns {
            let expected = format!("{} 項目", of.columns);
            work.say(&rules::COLUMNS, "", format!("{} 項目", cells.len()), &expected);
        }
        let reader = Reader { cells, of };
        if work.row == 1 {
            reader.begin(&mut work);
            version = reader.version(route, time, occurrence);
        }
        reader.row(&mut work);
    });
    work.finish(version)
}

#[derive(Clone, Copy)]
struct Reader<'a, 'r> {
    cells: Cells<'a, 'r>,
    of: &'static Table,
}

impl Reader<'_, '_> {
    /// Who it is.
    fn begin(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        work.insured(cells, At(1, "保険者番号"), At(2, "被保険者番号"));
        work.is_somebody();
        let words = |work: &mut Work<'_>, columns: &[(usize, &'static str)]| {
            let mut whole = CompactString::default();
            for (column, name) in columns {
                work.radar(cells, At(*column, name));
                whole.push_str(&work.words(cells, At(*column, name)));
            }
            Identifying::new(whole)
        };
        match self.of.kind {
            Kind::Supplement => {
                work.person.name_kana = words(work, &[(4, "利用者氏名フリガナ")]);
                work.person.name_kanji = words(work, &[(5, "利用者氏名")]);
                work.sex(cells, At(6, "利用者性別"));
                work.birth(cells, At(7, "利用者生年月日"));
                work.person.postal_code = words(work, &[(8, "利用者郵便番号")]);
                work.person.address = words(work, &[(9, "利用者住所1"), (10, "利用者住所2")]);
                work.person.phone = words(work, &[(11, "利用者電話番号")]);
            }
            Kind::First => {
                work.person.postal_code = words(work, &[(4, "利用者郵便番号")]);
                work.person.address = words(work, &[(5, "利用者住所1"), (6, "利用者住所2")]);
            }
            _ => {}
        }
        if !self.of.kind.is_delete() {
            work.person_fact();
        }
    }

    fn version(&self, route: &str, time: &str, occurrence: u32) -> Option<UnitVersion> {
        let text = |at| self.cells.text(at).trim().to_owned();
        let (insurer, insured) = (text(1), text(2));
        // Days and months are written alike in the table and in its deletion.
        let period = text(self.of.period);
        // The day of making serves where the name of the file has no time.
        let time = match (time, self.of.kind.is_delete()) {
            ("", false) => text(3),
            _ => time.to_owned(),
        };
        let sound = !insured.is_empty() && !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| UnitVersion {
            key: key(&[
                "care-plan",
                self.of.family,
                route,
                &insurer,
                &insured,
                &period,
                &format_compact!("{occurrence}"),
            ]),
            time: CompactString::from(time),
            state: if self.of.kind.is_delete() { VersionState::Deleted } else { VersionState::Current },
        })
    }

    fn row(&self, work: &mut Work<'_>) {
        match self.of.kind {
            Kind::Supplement => self.supplement(work),
            Kind::First => self.first(work),
            Kind::Second => self.second(work),
            Kind::Third => self.third(work),
            Kind::Planned => self.sixth(work, "plan"),
            Kind::Done => self.sixth(work, "actual"),
            Kind::Seventh => self.seventh(work),
            Kind::DeletePlanned | Kind::DeleteDone | Kind::DeleteFirst => {
                work.say(&rules::PLAN_DELETED, "", self.of.prefix.to_owned(), "");
            }
        }
    }

    /// A short code kept beside a fact, as `name=code`.
    fn word(&self, work: &mut Work<'_>, words: &mut CompactString, name: &str, at: At, max: usize) {
        let code = work.code(&self.cells, at, max);
        if !code.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(name);
            words.push('=');
            words.push_str(&code);
        }
    }

    fn decided(&self, work: &mut Work<'_>, at: At) -> CompactString {
        let day = work.date(&self.cells, at);
        day.map(|d| format_compact!("decided={d}")).unwrap_or_default()
    }

    /// 利用者補足情報: the certificate.
    fn supplement(&self, work: &mut Work<'_>) {
        let decided = self.decided(work, At(12, "認定日"));
        let from = work.date(&self.cells, At(13, "限度額適用開始年月日"));
        work.not_before_birth(from, "限度額適用開始年月日");
        if decided.is_empty() && from.is_none() {
            return;
        }
        let mut fact = work.fact(FactTable::CareNeed, from);
        fact.status = CompactString::const_new("limit");
        fact.qualifiers = decided;
        work.facts.push(fact);
    }

    /// 第1表: the certificate, the plan, what was thought of it.
    fn first(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        let made = work.date(cells, At(3, "作成年月日"));
        let day = work.date(cells, At(13, "居宅サービス計画作成(変更)日")).or(made);
        work.date(cells, At(14, "初回居宅サービス計画作成日"));
        let level = work.level(cells, At(20, "要介護状態区分"));
        let (from, to) = work.term(cells, At(18, "認定有効期間開始日"), At(19, "認定有効期間終了日"));
        let decided = self.decided(work, At(17, "認定日"));
        if level.is_some() || from.is_some() {
            let mut fact = work.fact(FactTable::CareNeed, from);
            (fact.source, fact.end, fact.qualifiers) = (level, to, decided);
            fact.status = CompactString::const_new("certified");
            self.word(work, &mut fact.qualifiers, "class", At(16, "認定状況区分"), 2);
            work.facts.push(fact);
        }
        let mut fact = work.fact(FactTable::Observation, day);
        fact.source = Some(Coded::new(CodeSystem::DocumentKind, "CARE-PLAN-1"));
        fact.status = work.code(cells, At(15, "計画書区分"), 2);
        self.word(work, &mut fact.qualifiers, "reason", At(24, "生活援助中心型の算定理由"), 1);
        work.facts.push(fact);
        for (column, name, kind) in [
            (21, "課題分析の結果", "CARE-PLAN-1-ASSESSMENT"),
            (22, "介護認定審査会の意見", "CARE-PLAN-1-BOARD"),
            (23, "総合的な援助の方針", "CARE-PLAN-1-POLICY"),
            (25, "その他理由", "CARE-PLAN-1-REASON"),
        ] {
            work.note(cells, At(column, name), kind, day);
        }
    }

    /// 第2表: issue, goals, and a service planned for them.
    fn second(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        let made = work.date(cells, At(3, "居宅計画書作成年月日"));
        let day = work.date(cells, At(4, "居宅サービス計画作成(変更)日")).or(made);
        for (column, name, kind) in [
            (6, "課題", "CARE-PLAN-2-ISSUE"),
            (8, "長期目標", "CARE-PLAN-2-LONG-GOAL"),
            (9, "短期目標", "CARE-PLAN-2-SHORT-GOAL"),
            (10, "長期期間", "CARE-PLAN-2-LONG-TERM"),
            (11, "短期期間", "CARE-PLAN-2-SHORT-TERM"),
            (13, "サービス内容", "CARE-PLAN-2-CONTENT"),
            (19, "実施期間", "CARE-PLAN-2-TERM"),
        ] {
            work.note(cells, At(column, name), kind, day);
        }
        let mut fact = work.fact(FactTable::CareService, day);
        let numbers: Vec<CompactString> = [(5, "課題NO"), (7, "援助目標NO"), (12, "援助内容NO")]
            .into_iter()
            .map(|(column, name)| work.code(cells, At(column, name), 4))
            .collect();
        fact.group = CompactString::from(numbers.join("-"));
        fact.status = CompactString::const_new("plan");
        self.word(work, &mut fact.qualifiers, "insured", At(14, "保険対象区分"), 1);
        // The kind is a code or its name in words; a name stays sealed.
        match cells.code(15, 6).filter(|c| c.len() == 2 || c.len() == 6) {
            Some(code) => fact.source = Some(Coded::new(CodeSystem::CareService, &code)),
            None => work.note(cells, At(15, "サービス種別"), "CARE-PLAN-2-KIND", day),
        }
        let often = cells.text(18);
        if is_frequency(often.trim()) {
            fact.value.text = CompactString::from(often.trim());
        } else {
            work.note(cells, At(18, "頻度"), "CARE-PLAN-2-FREQUENCY", day);
        }
        work.facts.push(fact);
    }

    /// 第3表: the week.
    fn third(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        let made = work.date(cells, At(3, "作成年月日"));
        let day = work.date(cells, At(4, "居宅サービス計画作成(変更)日")).or(made);
        let weekday = work.count(cells, At(6, "曜日"));
        if weekday.is_some_and(|d| !(1..=7).contains(&d)) {
            work.say_shape(&rules::RANGE, cells, At(6, "曜日"), "1〜7");
        }
        if !cells.is_blank(5) {
            let mut fact = work.fact(FactTable::CareService, day);
            fact.status = CompactString::const_new("plan");
            fact.group = CompactString::const_new("week");
            if let Some(weekday) = weekday.filter(|d| (1..=7).contains(d)) {
                fact.qualifiers = format_compact!("weekday={weekday}");
            }
            let from = self.time(work, At(7, "開始時間"));
            let to = self.time(work, At(8, "終了時間"));
            if let Some((from, to)) = from.zip(to) {
                fact.value.text = format_compact!("{}-{}", hhmm(from), hhmm(to));
            }
            work.facts.push(fact);
        }
        for (column, name, kind) in [
            (5, "介護サービス内容", "CARE-PLAN-3-CONTENT"),
            (9, "主な日常生活上の活動", "CARE-PLAN-3-ACTIVITY"),
            (12, "週単位以外のサービス", "CARE-PLAN-3-OTHER"),
        ] {
            work.note(cells, At(column, name), kind, day);
        }
    }

    /// 第6表: a service on a day.
    fn sixth(&self, work: &mut Work<'_>, status: &'static str) {
        let cells = &self.cells;
        work.date(cells, At(3, "作成年月日"));
        let care = self.month(work);
        let day = work.date(cells, At(9, "サービス利用日"));
        if let Some((day, care)) = day.zip(care)
            && (day.year(), day.month()) != (care.year(), care.month())
        {
            work.say(&rules::PLAN_DAY, "サービス利用日", "対象年月の外".to_owned(), "対象年月の日");
        }
        let mut fact = self.service(work, At(14, "サービスコード"), day.or(care));
        let from = self.time(work, At(11, "サービス開始時刻"));
        let to = self.time(work, At(12, "サービス終了時刻"));
        fact.start_second = from.map(|t| (t / 100) * 3_600 + (t % 100) * 60).filter(|_| day.is_some());
        if let Some(to) = to {
            fact.qualifiers = format_compact!("until={}", hhmm(to));
        }
        let unit = work.number(cells, At(7, "単位数"));
        let times = work.count(cells, At(13, "サービス回数"));
        if let Some(unit) = unit {
            fact.value.text = format_compact!("{unit}");
            fact.value.number = Some(unit);
        }
        fact.value.unit = CompactString::const_new("単位");
        fact.quantity = unit.zip(times).and_then(|(u, n)| u.checked_mul(Decimal::from(n)));
        fact.times = times;
        fact.status = CompactString::const_new(status);
        fact.group = CompactString::const_new("6");
        self.word(work, &mut fact.qualifiers, "tais", At(15, "TAISコード"), 12);
        self.word(work, &mut fact.qualifiers, "over30", At(22, "30日超区分"), 1);
        work.facts.push(fact);
        work.note(cells, At(17, "用具名称"), "CARE-PLAN-6-DEVICE", day.or(care));
    }

    /// 第7表: a service in a month. Rows of subtotals and totals repeat what stands above them.
    fn seventh(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        let care = self.month(work);
        let code = cells.raw(8);
        if [&b"AAAA"[..], b"EEEE", b"ZZZZ"].iter().any(|end| code.ends_with(end))
            || code.starts_with(b"ALL9")
            || code == b"999999"
        {
            return;
        }
        let mut fact = self.service(work, At(8, "サービスコード"), care);
        fact.times = work.count(cells, At(15, "回数"));
        fact.quantity = work.number(cells, At(21, "区分支給限度基準内単位数"));
        fact.value.unit = CompactString::const_new("単位");
        fact.status = CompactString::const_new("plan");
        fact.group = CompactString::const_new("7");
        work.facts.push(fact);
    }

    fn month(&self, work: &mut Work<'_>) -> Option<PartialDate> {
        let care = month(self.cells.raw(4));
        if care.is_none() {
            work.say_shape(&rules::DATE, &self.cells, At(4, "対象年月"), "YYYYMM");
        }
        let made = self.cells.raw(3);
        let early = care.is_some_and(|c| made.len() == 8 && sortable(c).as_bytes() < &b"200004"[..]);
        if early {
            work.say(&rules::DATE, "対象年月", "介護保険の開始前".to_owned(), "200004 以後");
        }
        care
    }

    fn service(&self, work: &mut Work<'_>, at: At, on: Option<PartialDate>) -> Fact {
        let code = work.code(&self.cells, at, 6);
        let mut fact = work.fact(FactTable::CareService, on);
        if code.len() == 6 {
            fact.source = Some(work.service(&code, on, at.1));
        } else {
            work.say(&rules::CODE, at.1, format!("{} 文字", code.len()), "6文字");
        }
        fact
    }

    /// `HHMM`; 9999 is a service without a time.
    fn time(&self, work: &mut Work<'_>, at: At) -> Option<u32> {
        let raw = self.cells.raw(at.0);
        if raw.is_empty() || raw == b"9999" {
            return None;
        }
        let number =
            std::str::from_utf8(raw).ok().filter(|t| t.len() == 4).and_then(|t| t.parse::<u32>().ok());
        let time = number.filter(|n| n / 100 < 24 && n % 100 < 60);
        if time.is_none() && raw != b"2400" {
            work.say_shape(&rules::PLAN_TIME, &self.cells, at, "HHMM または 9999");
        }
        time
    }
}

fn hhmm(time: u32) -> CompactString {
    format_compact!("{time:04}")
}

/// How often, in the words of it (`週2回`, `毎日`, `月１回程度`): such a text names nobody.
fn is_frequency(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 10
        && text.chars().all(|c| {
            c.is_ascii_digit() || "０１２３４５６７８９週月日毎年回度程随時適宜～〜~-/・".contains(c)
        })
}
