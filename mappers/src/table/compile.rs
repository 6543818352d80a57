//! From the words of an interface file to an [`Interface`]: names become numbers, and everything that cannot be meant
//! is refused with its line. Nothing of a broken file is used.

use std::collections::BTreeMap;

use compact_str::CompactString;
use musubi_model::{ByteRange, CodeSystem, Coded, Fact, FactTable};
use toml::Spanned;

use super::error::{At, InterfaceError, of_toml};
use super::heading::squash;
use super::language::{CheckText, ColumnText, CsvText, FactText, FileText, Texts};
use super::plan::{
    Check, Column, Csv, FactPlan, Interface, Layout, Need, Part, Reads, Slot, Step, Versions, When,
};
use super::reads;
use crate::text::Encoding;

type Result<T> = std::result::Result<T, InterfaceError>;

/// No interface has more columns or facts; a slip of `each` could make millions.
const PARTS_MAX: usize = 4_096;

impl Interface {
    /// Reads and checks the text of an interface file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and how to mend it.
    pub fn parse(text: &str) -> Result<Self> {
        let file: FileText = toml::from_str(text).map_err(|e| of_toml(text, &e))?;
        Compile { text, ids: BTreeMap::new(), used: Vec::new() }.interface(&file)
    }
}

struct Compile<'t> {
    text: &'t str,
    ids: BTreeMap<String, usize>,
    /// Columns of which something becomes.
    used: Vec<bool>,
}

impl<'t> Compile<'t> {
    fn at<T>(&self, spanned: &Spanned<T>, key: impl Into<String>) -> At<'t> {
        At { text: self.text, span: spanned.span(), key: key.into() }
    }

    fn interface(mut self, file: &FileText) -> Result<Interface> {
        let at = self.at(&file.name, "name");
        let name = file.name.get_ref();
        if name.is_empty()
            || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        {
            return Err(at.error(
                "名前は小文字の英数字と「-」「.」だけです。",
                "「sample-city-infant」のような名前にしてください。",
            ));
        }
        if file.version == 0 {
            let at = At { key: "version".into(), ..at };
            return Err(at.error("版は1以上です。", "version = 1 としてください。"));
        }
        let mut facts = Vec::new();
        let mut columns = Vec::new();
        for spanned in &file.column {
            self.columns(spanned, file, &mut columns, &mut facts)?;
        }
        if columns.is_empty() {
            return Err(
                at.error("列が一つもありません。", "column = [ { head = \"…\", … } ] を加えてください。")
            );
        }
        for spanned in &file.fact {
            self.facts(spanned, file, &columns, &mut facts)?;
        }
        let layout = self.layout(file, &columns, &at)?;
        let (day, time, age_months) = self.record(file, &mut facts)?;
        let versions = self.versions(file)?;
        let mut checks = Vec::new();
        for spanned in &file.check {
            checks.push(self.check(spanned)?);
        }
        self.nothing_is_lost(file, &columns)?;
        if columns.iter().all(|c: &Column| c.part.is_none()) {
            return Err(at.error(
                "本人を示す列がありません。",
                "person = \"local_number\" などの列を加えてください。",
            ));
        }
        let person =
            columns.iter().enumerate().filter_map(|(i, c): (usize, &Column)| Some((c.part?, i))).collect();
        Ok(Interface {
            name: name.clone(),
            version: file.version,
            title: file.title.clone(),
            layout,
            recognise: file.recognise.iter().map(|h| squash(h)).collect(),
            columns,
            facts,
            checks,
            day,
            time,
            age_months,
            versions,
            person,
        })
    }

    fn columns(
        &mut self,
        spanned: &Spanned<ColumnText>,
        file: &FileText,
        columns: &mut Vec<Column>,
        facts: &mut Vec<FactPlan>,
    ) -> Result<()> {
        for words in
            each_of(&spanned.get_ref().each.iter().map(super::language::Each::words).collect::<Vec<_>>())
        {
            let column = column_for(spanned.get_ref(), &words);
            let heads = column.head.as_ref().map(Texts::list).unwrap_or_default();
            let id = column
                .id
                .clone()
                .or_else(|| heads.first().cloned())
                .or_else(|| column.path.clone())
                .or_else(|| column.at.map(|n| format!("列{n}")))
                .unwrap_or_default();
            let at = self.at(spanned, format!("column {id}"));
            if columns.len() >= PARTS_MAX {
                return Err(at.error(format!("列が{PARTS_MAX}を超えます。"), "eachの数を確認してください。"));
            }
            let index = columns.len();
            columns.push(self.one_column(&column, &heads, id.clone(), file, &at)?);
            self.used.push(column.person.is_some() || column.seal.is_some());
            if self.ids.insert(id, index).is_some() {
                return Err(
                    at.error("同じ名前の列が二つあります。", "id = \"…\" で別の名前を付けてください。")
                );
            }
            if let Some(fact) = self.column_fact(&column, index, file, &at)? {
                facts.push(fact);
                if let Some(used) = self.used.get_mut(index) {
                    *used = true;
                }
            }
        }
        Ok(())
    }

    fn one_column(
        &self,
        text: &ColumnText,
        heads: &[String],
        id: String,
        file: &FileText,
        at: &At<'t>,
    ) -> Result<Column> {
        let path = text.path.as_deref().map(|p| path_of(p, at)).transpose()?;
        if heads.iter().any(|h| squash(h).is_empty()) {
            return Err(at.error("見出しが空です。", "見出しを書くか、at = 番号 としてください。"));
        }
        let is_xml = file.xml.is_some();
        if is_xml != path.is_some() || (!is_xml && heads.is_empty() == text.at.is_none()) {
            return Err(at.error(
                "列の在りかは一つだけ要ります。",
                "CSVではhead(見出し)かat(番号)のどちらか、XMLではpathを書いてください。",
            ));
        }
        let purposes = [text.person.is_some(), text.seal.is_some(), text.note.is_some(), text.fact.is_some()];
        if purposes.iter().filter(|p| **p).count() > 1 {
            return Err(at.error(
                "使いみちが二つ以上あります。",
                "person・seal・note・factのうち一つだけにしてください。",
            ));
        }
        let part = match &text.person {
            None => None,
            Some(name) => {
                let all = || Part::ALL.iter().map(|p| p.name()).collect::<Vec<_>>().join("・");
                let found = Part::ALL.iter().copied().find(|p| p.name() == name);
                Some(found.ok_or_else(|| {
                    at.error(
                        format!("person = \"{name}\" は知られていません。"),
                        format!("{} のどれかにしてください。", all()),
                    )
                })?)
            }
        };
        let need = match text.need.as_deref() {
            None => Need::No,
            Some("column") => Need::Column,
            Some("expected") => Need::Expected,
            Some("value") => Need::Value,
            Some(other) => {
                let what = format!("need = \"{other}\" は知られていません。");
                return Err(at.error(what, "column・expected・valueのどれかにしてください。"));
            }
        };
        let position = match text.at {
            Some(0) => return Err(at.error("列の番号は1からです。", "at = 1 以上にしてください。")),
            Some(n) => Some(usize::try_from(n - 1).unwrap_or(usize::MAX)),
            None => None,
        };
        Ok(Column {
            title: heads.first().cloned().unwrap_or_else(|| id.clone()),
            heads: heads.iter().map(|h| squash(h)).collect(),
            at: position,
            path,
            need,
            items: if text.items.is_empty() { file.items.clone() } else { text.items.clone() },
            reads: reads::of(text, part, at)?,
            part,
            seal: text.seal.clone(),
            id,
        })
    }

    /// The fact that a column is the value of, when it says so itself.
    fn column_fact(
        &mut self,
        text: &ColumnText,
        index: usize,
        file: &FileText,
        at: &At<'t>,
    ) -> Result<Option<FactPlan>> {
        let (table, code, slots) = match (&text.note, &text.fact) {
            (Some(kind), _) => {
                (FactTable::Note, Some(Coded::new(CodeSystem::DocumentKind, kind)), Vec::new())
            }
            (None, Some(table)) => {
                let Some(code) = &text.code else {
                    return Err(
                        at.error("codeがありません。", "code = \"MUSUBI-ITEM:…\" のように書いてください。")
                    );
                };
                if text.kind.is_none() {
                    return Err(at.error(
                        "kindがありません。",
                        "number・code・flag・date・time・duration・wordのどれかを書いてください。",
                    ));
                }
                (table_of(table, at)?, Some(constant_code(code, at)?), vec![(Slot::Value, index)])
            }
            (None, None) => return Ok(None),
        };
        let mut template = Fact::new(table, ByteRange::default());
        template.source = code;
        template.standard = text.standard.as_deref().map(|c| constant_code(c, at)).transpose()?;
        template.group = text.group.as_deref().unwrap_or_default().into();
        template.qualifiers = text.qualifiers.as_deref().unwrap_or_default().into();
        let items = if text.items.is_empty() { file.items.clone() } else { text.items.clone() };
        let when = self.when(&text.when, at)?;
        Ok(Some(FactPlan {
            template,
            slots,
            needs: vec![index],
            when,
            mark: None,
            asks: false,
            on_day: true,
            items,
        }))
    }

    fn facts(
        &mut self,
        spanned: &Spanned<FactText>,
        file: &FileText,
        columns: &[Column],
        facts: &mut Vec<FactPlan>,
    ) -> Result<()> {
        for words in
            each_of(&spanned.get_ref().each.iter().map(super::language::Each::words).collect::<Vec<_>>())
        {
            let text = fact_for(spanned.get_ref(), &words);
            let at =
                self.at(spanned, format!("fact {} {}", text.table, text.code.as_deref().unwrap_or_default()));
            if facts.len() >= PARTS_MAX {
                return Err(
                    at.error(format!("事実が{PARTS_MAX}を超えます。"), "eachの数を確認してください。")
                );
            }
            let fact = self.one_fact(&text, file, &at)?;
            for (slot, n) in &fact.slots {
                if let Some(column) = columns.get(*n).filter(|c| !suits(slot, &c.reads)) {
                    let what = format!("列「{}」のkindは{}に使えません。", column.title, slot.column());
                    return Err(at.error(
                        what,
                        "日付にはdate、数量にはnumber、その他にはtext以外のkindにしてください。",
                    ));
                }
            }
            facts.push(fact);
        }
        Ok(())
    }

    fn one_fact(&mut self, text: &FactText, file: &FileText, at: &At<'t>) -> Result<FactPlan> {
        let mut template = Fact::new(table_of(&text.table, at)?, ByteRange::default());
        let mut slots = Vec::new();
        for (written, is_source) in [(&text.code, true), (&text.standard, false)] {
            let Some(written) = written else { continue };
            let (system, code) = system_of(written, at)?;
            if let Some(name) = code.strip_prefix('@') {
                let slot = if is_source { Slot::Code(system) } else { Slot::Standard(system) };
                slots.push((slot, self.column(name, at)?));
            } else {
                let coded = Some(Coded::new(system, code));
                *(if is_source { &mut template.source } else { &mut template.standard }) = coded;
            }
        }
        let only_columns = [
            (&text.start, Slot::Start),
            (&text.second, Slot::Second),
            (&text.end, Slot::End),
            (&text.value, Slot::Value),
            (&text.quantity, Slot::Quantity),
            (&text.times, Slot::Times),
        ];
        for (written, slot) in only_columns {
            let Some(written) = written else { continue };
            let Some(name) = written.strip_prefix('@') else {
                return Err(at.error(
                    format!("{} = \"{written}\" は列ではありません。", slot.column()),
                    "「@列の名前」と書いてください。",
                ));
            };
            slots.push((slot, self.column(name, at)?));
        }
        let constants = [
            (&text.unit, Slot::Unit),
            (&text.range, Slot::Range),
            (&text.flag, Slot::Flag),
            (&text.status, Slot::Status),
            (&text.department, Slot::Department),
            (&text.group, Slot::Group),
        ];
        for (written, slot) in constants {
            let Some(written) = written else { continue };
            if let Some(name) = written.strip_prefix('@') {
                slots.push((slot, self.column(name, at)?));
                continue;
            }
            let place = match slot {
                Slot::Unit => &mut template.value.unit,
                Slot::Range => &mut template.value.range,
                Slot::Flag => &mut template.value.flag,
                Slot::Status => &mut template.status,
                Slot::Department => &mut template.department,
                _ => &mut template.group,
            };
            *place = CompactString::from(written.as_str());
        }
        for written in &text.qualifiers {
            match written.split_once('@') {
                Some((name, column)) => {
                    let slot = Slot::Qualifier(CompactString::from(name.trim_end_matches('=')));
                    slots.push((slot, self.column(column, at)?));
                }
                None => {
                    if !template.qualifiers.is_empty() {
                        template.qualifiers.push(' ');
                    }
                    template.qualifiers.push_str(written);
                }
            }
        }
        let mut needs = self.list(&text.needs, at)?;
        if needs.is_empty() {
            // What the fact is about: its value, else its code, else whatever it reads first.
            let rank =
                |s: &Slot| matches!(s, Slot::Value).then_some(0).or(matches!(s, Slot::Code(_)).then_some(1));
            let first = slots.iter().filter(|(s, _)| rank(s).is_some()).min_by_key(|(s, _)| rank(s));
            needs.extend(first.or(slots.first()).map(|(_, column)| *column));
        }
        let mark = match &text.mark {
            Some(mark) => Some((CompactString::from(mark.as_str()), self.list(&text.mark_unless, at)?)),
            None => None,
        };
        let on_day = !slots.iter().any(|(s, _)| *s == Slot::Start);
        let when = self.when(&text.when, at)?;
        let items = if text.items.is_empty() { file.items.clone() } else { text.items.clone() };
        let own =
            |s: &CodeSystem| matches!(s, CodeSystem::Item | CodeSystem::DocumentKind | CodeSystem::Other(_));
        let asks = slots.iter().any(|(s, _)| matches!(s, Slot::Code(system) if !own(system)));
        Ok(FactPlan { template, slots, needs, when, mark, asks, on_day, items })
    }

    /// The number of a column that is called by name.
    fn column(&mut self, name: &str, at: &At<'t>) -> Result<usize> {
        let Some(index) = self.ids.get(name).copied() else {
            return Err(at.error(
                format!("「{name}」という列はありません。"),
                "columnのheadの最初の名前、またはidと同じに書いてください。",
            ));
        };
        if let Some(used) = self.used.get_mut(index) {
            *used = true;
        }
        Ok(index)
    }

    fn list(&mut self, names: &[String], at: &At<'t>) -> Result<Vec<usize>> {
        names.iter().map(|n| self.column(n.strip_prefix('@').unwrap_or(n), at)).collect()
    }

    fn when(&mut self, when: &BTreeMap<String, Texts>, at: &At<'t>) -> Result<When> {
        when.iter().map(|(name, texts)| Ok((self.column(name, at)?, texts.list()))).collect()
    }

    fn layout(&mut self, file: &FileText, columns: &[Column], at: &At<'t>) -> Result<Layout> {
        let csv = match (&file.csv, &file.xml) {
            (Some(_), Some(_)) => {
                return Err(at.error("csvとxmlの両方があります。", "どちらか一方だけにしてください。"));
            }
            (None, Some(xml)) => return Ok(Layout::Xml { record: xml.record.clone() }),
            (csv, None) => csv.as_ref(),
        };
        let none = CsvText {
            separator: None,
            encoding: None,
            skip: 0,
            headings: None,
            heading: None,
            comment: None,
            columns: None,
            trailer: None,
            key: Vec::new(),
        };
        let csv = csv.unwrap_or(&none);
        let by_heading = columns.iter().any(|c| !c.heads.is_empty());
        let headings = csv.headings.unwrap_or(u32::from(by_heading));
        let heading = csv.heading.unwrap_or(1);
        if by_heading && !(1..=headings).contains(&heading) {
            return Err(at.error(
                "csv.headingが見出し行の数を超えています。",
                "1からheadingsまでの番号にしてください。",
            ));
        }
        Ok(Layout::Csv(Csv {
            separator: match csv.separator.as_deref() {
                None | Some("auto") => None,
                Some("comma") => Some(b','),
                Some("tab") => Some(b'\t'),
                Some("semicolon") => Some(b';'),
                Some(_) => {
                    return Err(at.error(
                        "csv.separatorが知られていません。",
                        "auto・comma・tab・semicolonのどれかにしてください。",
                    ));
                }
            },
            encoding: match csv.encoding.as_deref() {
                None | Some("auto") => None,
                Some("utf-8") => Some(Encoding::Utf8),
                Some("shift_jis") => Some(Encoding::ShiftJis),
                Some("euc-jp") => Some(Encoding::EucJp),
                Some(_) => {
                    return Err(at.error(
                        "csv.encodingが知られていません。",
                        "auto・utf-8・shift_jis・euc-jpのどれかにしてください。",
                    ));
                }
            },
            skip: csv.skip,
            headings,
            heading,
            comment: csv.comment.clone().filter(|c| !c.is_empty()),
            columns: csv.columns,
            trailer: csv.trailer.as_ref().map(|t| (t.mark.clone(), t.rows)),
            key: self.list(&csv.key, at)?,
        }))
    }

    #[allow(clippy::type_complexity, reason = "three values of one record, taken apart at once")]
    fn record(
        &mut self,
        file: &FileText,
        facts: &mut [FactPlan],
    ) -> Result<(Option<usize>, Option<usize>, Option<[u16; 2]>)> {
        let Some(spanned) = &file.record else {
            facts.iter_mut().for_each(|f| f.on_day = false);
            return Ok((None, None, None));
        };
        let at = self.at(spanned, "record");
        let record = spanned.get_ref();
        let day = record.day.as_deref().map(|n| self.column(n, &at)).transpose()?;
        let time = record.time.as_deref().map(|n| self.column(n, &at)).transpose()?;
        if day.is_none() {
            facts.iter_mut().for_each(|f| f.on_day = false);
        }
        if record.age_months.is_some_and(|[low, high]| low > high) {
            return Err(at.error("age_monthsの順が逆です。", "[下限, 上限] の順に書いてください。"));
        }
        Ok((day, time, record.age_months))
    }

    fn versions(&mut self, file: &FileText) -> Result<Option<Versions>> {
        let Some(spanned) = &file.versions else { return Ok(None) };
        let at = self.at(spanned, "versions");
        let text = spanned.get_ref();
        let key = self.list(&text.key, &at)?;
        let time = self.list(&text.time, &at)?;
        let deleted = match &text.deleted {
            None => None,
            Some(map) => {
                let mut entries = map.iter();
                let (Some((name, values)), None) = (entries.next(), entries.next()) else {
                    return Err(at.error(
                        "deletedは一つの列だけです。",
                        "deleted = { 列の名前 = [\"1\"] } としてください。",
                    ));
                };
                Some((self.column(name, &at)?, values.clone()))
            }
        };
        if key.is_empty() {
            return Err(
                at.error("keyがありません。", "同じ記録を見分ける列を key = [ … ] に書いてください。")
            );
        }
        Ok(Some(Versions { key, time, deleted }))
    }

    fn check(&mut self, spanned: &Spanned<CheckText>) -> Result<Check> {
        let at = self.at(spanned, "check");
        let text = spanned.get_ref();
        let when = self.when(&text.when, &at)?;
        let (order, sum) = (self.list(&text.order, &at)?, self.list(&text.sum, &at)?);
        let (below, bmi) = (self.list(&text.below, &at)?, self.list(&text.bmi, &at)?);
        let mut found = Vec::new();
        match (order.len(), sum.is_empty(), below.as_slice(), bmi.as_slice()) {
            (2.., _, _, _) => found.push(Check::Order(order)),
            (_, false, _, _) => {
                let Some(is) = &text.is else {
                    return Err(at.error("sumにisがありません。", "is = \"合計の列\" を加えてください。"));
                };
                found.push(Check::Sum(sum, self.column(is, &at)?));
            }
            (_, _, [low, high], _) => found.push(Check::Below(*low, *high)),
            (_, _, _, [height, weight, bmi]) => found.push(Check::Bmi([*height, *weight, *bmi])),
            _ => {}
        }
        if let Some(name) = &text.filled {
            found.push(Check::Filled(self.column(name, &at)?, when.clone()));
        }
        if let Some(name) = &text.empty {
            found.push(Check::Empty(self.column(name, &at)?, when));
        }
        match (found.pop(), found.pop()) {
            (Some(one), None) => Ok(one),
            _ => Err(at.error(
                "検査の種類は一つだけ要ります。",
                "order(2列以上)・sumとis・below(2列)・bmi(3列)・filled・emptyのどれか一つにしてください。",
            )),
        }
    }

    fn nothing_is_lost(&self, file: &FileText, columns: &[Column]) -> Result<()> {
        let mut index = 0;
        for spanned in &file.column {
            for _ in 0..spanned.get_ref().each.len().max(1) {
                if self.used.get(index) == Some(&false) {
                    let id = columns.get(index).map_or("", |c| c.id.as_str());
                    return Err(self.at(spanned, format!("column {id}")).error(
                        "この列からは何も作られません。",
                        "person・fact・noteか、取り込まない理由をseal = \"…\" に書いてください。",
                    ));
                }
                index += 1;
            }
        }
        Ok(())
    }
}

/// Can a column of this kind fill that place? A text never enters a fact.
fn suits(slot: &Slot, reads: &Reads) -> bool {
    match slot {
        Slot::Start | Slot::End => matches!(reads, Reads::Date { .. }),
        Slot::Second => matches!(reads, Reads::Date { .. } | Reads::Time { .. }),
        Slot::Quantity | Slot::Times => matches!(reads, Reads::Number(_) | Reads::Code(_)),
        _ => !matches!(reads, Reads::Text),
    }
}

/// The word lists of `each`; once without words when there is none.
fn each_of(each: &[Vec<String>]) -> Vec<Vec<String>> {
    if each.is_empty() { vec![Vec::new()] } else { each.to_vec() }
}

/// `{0}`, `{1}` … of a text, filled in.
fn fill(text: &str, words: &[String]) -> String {
    let mut out = text.to_owned();
    for (n, word) in words.iter().enumerate() {
        out = out.replace(&format!("{{{n}}}"), word);
    }
    out
}

fn fill_in(text: &mut Option<String>, words: &[String]) {
    if let Some(text) = text {
        *text = fill(text, words);
    }
}

fn fill_when(when: &mut BTreeMap<String, Texts>, words: &[String]) {
    *when = std::mem::take(when).into_iter().map(|(k, v)| (fill(&k, words), v)).collect();
}

fn column_for(text: &ColumnText, words: &[String]) -> ColumnText {
    let mut column = text.clone();
    column.head = text.head.as_ref().map(|h| Texts::Many(h.list().iter().map(|t| fill(t, words)).collect()));
    for part in [
        &mut column.path,
        &mut column.id,
        &mut column.note,
        &mut column.code,
        &mut column.standard,
        &mut column.group,
        &mut column.qualifiers,
    ] {
        fill_in(part, words);
    }
    fill_when(&mut column.when, words);
    column
}

fn fact_for(text: &FactText, words: &[String]) -> FactText {
    let mut fact = text.clone();
    for part in [
        &mut fact.code,
        &mut fact.standard,
        &mut fact.start,
        &mut fact.second,
        &mut fact.end,
        &mut fact.value,
        &mut fact.unit,
        &mut fact.range,
        &mut fact.flag,
        &mut fact.status,
        &mut fact.quantity,
        &mut fact.times,
        &mut fact.department,
        &mut fact.group,
        &mut fact.mark,
    ] {
        fill_in(part, words);
    }
    for list in [&mut fact.needs, &mut fact.qualifiers, &mut fact.mark_unless] {
        list.iter_mut().for_each(|t| *t = fill(t, words));
    }
    fill_when(&mut fact.when, words);
    fact
}

fn table_of(name: &str, at: &At<'_>) -> Result<FactTable> {
    FactTable::from_name(name).filter(|t| *t != FactTable::Person).ok_or_else(|| {
        let all: Vec<_> = FactTable::ALL.iter().map(|t| t.as_str()).filter(|t| *t != "person").collect();
        at.error(
            format!("表「{name}」はありません。"),
            format!("{} のどれかにしてください。", all.join("・")),
        )
    })
}

/// `SYSTEM:code`. Systems of the sender's own begin with 99, as in HL7.
fn system_of<'c>(written: &'c str, at: &At<'_>) -> Result<(CodeSystem, &'c str)> {
    let mend = "「MUSUBI-ITEM:コード」のように、知られた体系か、99で始まる独自の体系で書いてください。";
    let Some((system, code)) = written.split_once(':') else {
        return Err(at.error(format!("「{written}」に体系がありません。"), mend));
    };
    let found = CodeSystem::from_name(system);
    if code.is_empty() || (matches!(found, CodeSystem::Other(_)) && !system.starts_with("99")) {
        return Err(at.error(format!("コード体系「{system}」は知られていないか、コードが空です。"), mend));
    }
    Ok((found, code))
}

fn constant_code(written: &str, at: &At<'_>) -> Result<Coded> {
    let (system, code) = system_of(written, at)?;
    if code.starts_with('@') {
        return Err(
            at.error("列のコードを他の列から取ることはできません。", "fact = [ … ] に書いてください。")
        );
    }
    Ok(Coded::new(system, code))
}

fn path_of(path: &str, at: &At<'_>) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.split('/') {
        let bad =
            || at.error(format!("path「{path}」が読めません。"), "「子/孫[2]/@属性」の形に書いてください。");
        if matches!(steps.last(), Some(Step::Attribute(_))) {
            return Err(bad());
        }
        let step = match (part.strip_prefix('@'), part.strip_suffix(']').and_then(|p| p.split_once('['))) {
            (Some(name), _) => Step::Attribute(name.to_owned()),
            (None, Some((name, n))) => Step::Child(name.to_owned(), n.parse().map_err(|_| bad())?),
            (None, None) => Step::Child(part.to_owned(), 1),
        };
        if matches!(&step, Step::Child(name, n) if name.is_empty() || *n == 0 || name.contains('[')) {
            return Err(bad());
        }
        steps.push(step);
    }
    Ok(steps)
}
