//! One pass over a claim file: rows into claims, control totals held against the rows and the bill.

use musubi_model::{ByteRange, Finding, PartialDate, Rule};

use super::layout::{Key, Layout, find};
use super::{Record, plan_check, record_of};
use crate::care::sheet::{self, Cells, Cutter, Seen, each_row, open};
use crate::care::work::{month, plain_number};
use crate::care::{Frame, Shape, rules};
use crate::text::Encoding;
use crate::text::rows::Row;
use crate::{Document, Split, UnitContext};

pub(super) fn split(document: &Document<'_>) -> Split {
    let mut split = Split::default();
    let Some(encoding) = open(document, &mut split, false) else { return split };
    let mut reader = Reader {
        document,
        split,
        encoding,
        cutter: Cutter::default(),
        block: None,
        processing: None,
        unit: None,
        seen: Seen::default(),
        bill: (0, 0),
        claims: (0, 0),
        billed: false,
        plans: false,
        totals: false,
        rows: 0,
    };
    each_row(document.bytes, 0, b',', document.limits.record_bytes_max, |row| reader.row(row));
    reader.finish()
}

/// What a control record promised, and what came.
struct Block {
    control: ByteRange,
    promised: Option<u64>,
    rows: u64,
    /// The last running number.
    last: Option<u64>,
    gap: bool,
}

struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    split: Split,
    encoding: Encoding,
    cutter: Cutter,
    block: Option<Block>,
    processing: Option<PartialDate>,
    /// What the rows of the unit at hand have in common.
    unit: Option<[&'a [u8]; 6]>,
    seen: Seen,
    /// Claims and units by the bill; by the claims.
    bill: (u64, u64),
    claims: (u64, u64),
    billed: bool,
    plans: bool,
    totals: bool,
    rows: u64,
}

impl<'a> Reader<'_, 'a> {
    fn row(&mut self, row: &Row) {
        self.rows += 1;
        let cells = Cells { bytes: self.document.bytes, row, encoding: self.encoding, shift: 0 };
        let kind = cells.raw(0);
        if self.rows == 1 && kind != b"1" {
            self.say(&rules::CLAIM_KIND, cells.range(), "", "コントロールレコード(1)");
        }
        match kind {
            b"1" => self.control(&cells),
            b"2" => self.data(&cells),
            b"3" => self.end(&cells),
            _ => {
                self.sequence(None);
                self.cut(row, "??", None, &cells);
            }
        }
    }

    fn say(&mut self, rule: &'static Rule, range: ByteRange, found: &str, expected: &str) {
        self.split.findings.push(Finding::new(rule).at(range).found(found).expected(expected));
    }

    fn control(&mut self, cells: &Cells<'a, '_>) {
        self.close_unit();
        if let Some(block) = self.block.take() {
            self.say(&rules::CLAIM_END, block.control, "", "エンドレコード(3)");
        }
        self.split.envelope.add("control", 1);
        self.processing = month(cells.raw(10));
        self.block = Some(Block {
            control: cells.range(),
            promised: whole(cells.raw(3)),
            rows: 0,
            last: whole(cells.raw(1)),
            gap: false,
        });
    }

    fn end(&mut self, cells: &Cells<'a, '_>) {
        self.close_unit();
        self.sequence(whole(cells.raw(1)));
        self.split.envelope.add("end", 1);
        if let Some(block) = self.block.take() {
            self.close_block(&block);
        }
    }

    fn close_block(&mut self, block: &Block) {
        match block.promised {
            Some(promised) if promised == block.rows => {}
            Some(promised) => self.say(
                &rules::CLAIM_COUNT,
                block.control,
                &format!("{} 行", block.rows),
                &format!("{promised} 行"),
            ),
            None => self.say(&rules::CLAIM_COUNT, block.control, "件数なし", "データの行数"),
        }
        if block.gap {
            self.say(&rules::CLAIM_SEQUENCE, block.control, "続かない連番", "1ずつ増える連番");
        }
    }

    /// Holds a running number against the one before.
    fn sequence(&mut self, number: Option<u64>) {
        let Some(block) = &mut self.block else { return };
        let expected = block.last.map(|n| n.saturating_add(1));
        block.gap |= expected.is_some() && number != expected;
        block.last = number.or(expected);
    }

    fn data(&mut self, cells: &Cells<'a, '_>) {
        self.sequence(whole(cells.raw(1)));
        if let Some(block) = &mut self.block {
            block.rows += 1;
        }
        let (record, layout) = record_of(cells);
        let get = |key| column(layout, key).map_or(&b""[..], |at| cells.raw(at));
        let label = record.label(cells);
        match record {
            Record::Bill => {
                self.close_unit();
                self.split.envelope.add(&label, 1);
                self.billed = true;
                if get(Key::Payer) == b"1" && matches!(get(Key::Class), b"01" | b"1") {
                    self.bill.0 += whole(get(Key::Count)).unwrap_or(0);
                    self.bill.1 += whole(get(Key::Units)).unwrap_or(0);
                }
            }
            Record::Unknown | Record::Result => self.cut(cells.row, &label, None, cells),
            _ => {
                let key = [
                    get(Key::Insurer),
                    get(Key::Insured),
                    get(Key::Month),
                    get(Key::Office),
                    cells.raw(2),
                    get(Key::Action),
                ];
                if record == Record::Basic {
                    // Of one who has no insurance (生活保護単独) the insurer pays nothing and the bill counts nothing.
                    if column(layout, Key::Rate)
                        .is_some_and(|at| !matches!(cells.raw(at), b"" | b"0" | b"000"))
                    {
                        self.claims.0 += 1;
                        self.claims.1 += whole(get(Key::Units)).unwrap_or(0);
                    }
                }
                self.plans |= record == Record::Plan;
                self.totals |= label == "10";
                self.cut(cells.row, &label, Some((record, key)), cells);
            }
        }
    }

    /// Adds the row to the unit at hand when it belongs to it; else begins a unit.
    fn cut(&mut self, row: &Row, label: &str, key: Option<(Record, [&'a [u8]; 6])>, cells: &Cells<'a, '_>) {
        let belongs = key.is_some_and(|(record, key)| record != Record::Basic && self.unit == Some(key));
        if belongs {
            self.cutter.add(row, label);
            return;
        }
        self.unit = key.map(|(_, key)| key);
        let occurrence = match key {
            Some((record, key)) => {
                let mut parts = key.to_vec();
                let kind: &[u8] = match record {
                    Record::Basic => b"01",
                    Record::Line => b"lines",
                    _ => b"rest",
                };
                parts.push(kind);
                let before = self.seen.before(&parts);
                match record {
                    Record::Basic => {
                        if before > 0 {
                            self.say(&rules::CLAIM_TWICE, cells.range(), "同じキー", "1件の基本情報");
                        }
                        0
                    }
                    Record::Line => 0,
                    _ => {
                        if before > 0 {
                            self.say(&rules::SCATTERED, cells.range(), "離れた行", "続いた行");
                        }
                        before
                    }
                }
            }
            None => 0,
        };
        let context = self.context(occurrence);
        self.cutter.begin(self.document, &mut self.split, row, label, context);
    }

    /// The context of this processing month and occurrence.
    fn context(&mut self, occurrence: u32) -> u32 {
        let frame = Frame {
            encoding: self.encoding,
            shape: Shape::Claim { processing: self.processing, occurrence },
        };
        let known = self
            .split
            .contexts
            .iter()
            .rposition(|c| matches!(c, UnitContext::Care(known) if *known == frame));
        let at = known.unwrap_or_else(|| {
            self.split.contexts.push(UnitContext::Care(frame));
            self.split.contexts.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn close_unit(&mut self) {
        self.unit = None;
        self.cutter.close(self.document, &mut self.split);
    }

    fn finish(mut self) -> Split {
        self.close_unit();
        if self.rows == 0 {
            self.split.findings.push(Finding::new(&rules::EMPTY));
        }
        if let Some(block) = self.block.take() {
            self.say(&rules::CLAIM_END, block.control, "", "エンドレコード(3)");
        }
        if self.billed && self.bill != self.claims {
            let found =
                format!("明細書 {} 件、差 {} 単位", self.claims.0, self.bill.1.abs_diff(self.claims.1));
            self.split.findings.push(
                Finding::new(&rules::CLAIM_BILL)
                    .found(found)
                    .expected(format!("請求書 {} 件、差 0", self.bill.0)),
            );
        }
        if self.plans && self.totals {
            plan_check::claims_within_plans(self.document, self.encoding, &mut self.split);
        }
        sheet::totals(&mut self.split);
        self.split
    }
}

fn column(layout: Option<&'static Layout>, key: Key) -> Option<usize> {
    layout.and_then(|l| l.column(key))
}

fn whole(raw: &[u8]) -> Option<u64> {
    plain_number(raw).and_then(|n| u64::try_from(n).ok())
}

/// The record of a row for other passes over the file.
pub(super) fn layout_of(cells: &Cells<'_, '_>) -> (Record, Option<&'static Layout>) {
    record_of(cells)
}

/// Finds the layout of an identification number, a kind of record and a month.
pub(super) fn layout(id: &[u8], record: &[u8], month: &[u8]) -> Option<&'static Layout> {
    find(std::str::from_utf8(id).ok()?, std::str::from_utf8(record).ok()?, std::str::from_utf8(month).ok()?)
}
