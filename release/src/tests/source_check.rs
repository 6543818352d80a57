//! Cells against what was released and what the source says.

use musubi_model::fact::Measured;
use musubi_model::{ByteRange, CodeSystem, Coded, FactTable, PartialDate};
use proptest::prelude::*;

use super::*;

const PID: &str = "00112233445566aa";

fn cell(column: &str, value: &str) -> Cell {
    let (file, pid) = ("measurement".to_owned(), PID.parse().unwrap());
    Cell { pid, file, row: 2, column: column.to_owned(), value: value.to_owned() }
}

fn fact() -> Fact {
    let mut fact = Fact::new(FactTable::Measurement, ByteRange { start: 0, len: 1 });
    fact.start = PartialDate::new(2026, 5, 14);
    fact.end = PartialDate::new(2026, 5, 16);
    fact.source = Some(Coded::new(CodeSystem::Icd10, "E11.9"));
    fact.value = Measured {
        text: "6.20".into(),
        number: "6.20".parse().ok(),
        unit: "%".into(),
        ..Measured::default()
    };
    fact
}

#[test]
fn a_source_says_codes_dates_values_and_nothing_that_was_derived() {
    for (column, value, shift, expect) in [
        ("code", "E119", 0, Answer::Match),
        ("code", "E118", 0, Answer::SourceDiffers),
        ("when", "2026-05-28", 14, Answer::Match),
        ("when", "2026-05-14", 14, Answer::SourceDiffers),
        ("days", "3", 0, Answer::Match),
        ("days", "4", 0, Answer::SourceDiffers),
        ("value", "6.2", 0, Answer::Match),
        ("value", "6.20", 0, Answer::Match),
        ("value", "6.3", 0, Answer::SourceDiffers),
        ("unit", "%", 0, Answer::Match),
        ("age", "40-49", 0, Answer::Derived),
    ] {
        assert_eq!(answer(&cell(column, value), shift, &[Some(fact())]), expect, "{column} {value}");
    }
    assert_eq!(answer(&cell("code", "E119"), 0, &[None]), Answer::Erased);
    assert_eq!(answer(&cell("code", "E119"), 0, &[None, Some(fact())]), Answer::Match);
}

#[test]
fn what_was_not_released_so_leads_nowhere() {
    let csv = format!("\u{feff}pid,code,value\r\nffeeddccbbaa0099,X,1\r\n{PID},\"E11,9\",6.2\r\n");
    let released = Released::of(&[("measurement.csv".to_owned(), csv.into_bytes())]);
    assert!(released.holds(&cell("code", "E11,9")) && released.holds(&cell("value", "6.2")));
    let elsewhere = [
        cell("value", "6.20"),
        cell("unit", "%"),
        Cell { row: 1, ..cell("value", "6.2") },
        Cell { row: 3, ..cell("value", "6.2") },
        Cell { file: "person".into(), ..cell("value", "6.2") },
        Cell { pid: ReleasePid([9; 8]), ..cell("value", "6.2") },
    ];
    let map = PseudonymMap::default();
    for cell in elsewhere {
        assert_eq!(way(&cell, &released, &map), Way::Ends(Answer::NotReleased), "{cell:?}");
    }
    assert_eq!(way(&cell("value", "6.2"), &released, &map), Way::Ends(Answer::Derived));
}

#[test]
fn a_list_is_read_whole_or_refused_by_line_without_its_values() {
    let list =
        |line: &str| cells(&format!("\u{feff}pid,file,row,column,value\r\n{PID},person,1,sex,1\r\n{line}"));
    let read = list("").unwrap();
    assert_eq!((read.cells.len(), read.hash.len()), (1, 64));
    assert_ne!(read.hash, list(&format!("{PID},person,1,sex,2\r\n")).unwrap().hash);
    for wrong in ["secret,person,1,sex,1", &format!("{PID},person,0,sex,secret"), &format!("{PID},secret,1")]
    {
        let words = list(wrong).unwrap_err().to_string();
        assert!(words.contains("REL_CELLS") && words.contains('3') && !words.contains("secret"), "{words}");
    }
    assert!(cells("").is_err() && cells("pid,file,row,column,value\n").is_err());
}

proptest! {
    #[test]
    fn no_list_is_a_panic(text: String) {
        let _read = cells(&format!("pid,file,row,column,value\n{text}"));
    }
}
