//! The path of a file in SS-MIX2 extended storage: `…/date/data type/content folder/file`.
//!
//! `content folder = patient_date_data type_key_time[_department]_flag`, read from both ends, for real times are of any
//! length and keys hold `_`. Copying tools write the `^` of a data type as `＾` or `%5E`: all are one. A path holds a
//! patient number: it is never printed. Source: formats.md §1.2.

use std::borrow::Cow;

use compact_str::CompactString;
use musubi_model::date::PartialDate;
use musubi_model::{Finding, Identifying};

use super::path::{is_time, read_date};
use super::rules;
use crate::VersionState;
use crate::hl7::Notes;

/// What a path of the extended storage says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFolder {
    /// Patient number (患者ID).
    pub patient: Identifying<String>,
    /// Date of care (診療日); `None` is `-`.
    pub date: Option<PartialDate>,
    date_text: String,
    /// Data type: code, name and system of the house, code, name and system of the standard.
    kind: [String; 6],
    /// What tells contents of one type and day apart (特定キー).
    key: Identifying<String>,
    /// Time of the event (発生日時) as written.
    time: String,
    /// Department; empty when the name has none.
    pub department: CompactString,
    /// Condition flag.
    pub state: VersionState,
    /// The file in the folder, with folders below it.
    file: Identifying<String>,
    folders: Vec<String>,
}

/// Why a path is not one of the extended storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotExtended(pub &'static str);

/// A path with the escapes of copying tools undone: `＾` and percent escapes.
fn plain(path: &str) -> Cow<'_, str> {
    if !path.contains(['%', '＾', '＿']) {
        return Cow::Borrowed(path);
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        match (first, after) {
            (b'%', [high, low, next @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                bytes.push(hex(high).unwrap_or(0) << 4 | hex(low).unwrap_or(0));
                rest = next;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Cow::Owned(text.replace('＾', "^").replace('＿', "_")),
        Err(_) => Cow::Borrowed(path),
    }
}

impl ContentFolder {
    /// Reads a path. The content folder is the nearest one above the file that is named like one.
    pub fn read(path: &str) -> Result<Self, NotExtended> {
        let path = plain(path);
        let parts: Vec<&str> = path.split(['/', '\\']).collect();
        let (_, folders) = parts.split_last().ok_or(NotExtended("コンテンツフォルダ"))?;
        let mut why = NotExtended("コンテンツフォルダ");
        for (at, name) in folders.iter().enumerate().rev() {
            let above = folders.get(..at).unwrap_or_default();
            match Self::of_name(name, above.last().copied().unwrap_or_default()) {
                Ok(mut folder) => {
                    folder.file = Identifying::new(parts.get(at + 1..).unwrap_or_default().join("/"));
                    folder.folders = above.iter().rev().take(3).map(|f| (*f).to_owned()).collect();
                    return Ok(folder);
                }
                Err(NotExtended("")) => {}
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// Reads a content folder's name; `above` is the folder it stands in. An empty reason: it is named otherwise.
    fn of_name(name: &str, above: &str) -> Result<Self, NotExtended> {
        let no = NotExtended("");
        let (rest, flag) = name.rsplit_once('_').ok_or(no)?;
        let state = match flag {
            "0" => VersionState::Deleted,
            "1" => VersionState::Current,
            "2" => VersionState::Superseded,
            _ => return Err(no),
        };
        let (patient, rest) = rest.split_once('_').ok_or(no)?;
        let (date_text, rest) = rest.split_once('_').ok_or(no)?;
        if patient.is_empty() {
            return Err(no);
        }
        let date = read_date(date_text).map_err(|_| NotExtended("診療日"))?;
        // The type may hold `_`: the folder above says where it ends.
        let stands_above = |r: &str| r.strip_prefix(above).is_some_and(|r| r.starts_with('_'));
        let kind = if !above.is_empty() && stands_above(rest) {
            above
        } else {
            rest.split('_').next().unwrap_or_default()
        };
        if !kind.contains('^') {
            return Err(NotExtended("データ種別"));
        }
        let rest = rest.get(kind.len() + 1..).unwrap_or_default();
        let (before, last) = rest.rsplit_once('_').unwrap_or(("", rest));
        let (key, time, department) = match before.rsplit_once('_') {
            _ if is_time(last) => (before, last, ""),
            Some((key, time)) if is_time(time) => (key, time, last),
            None if is_time(before) => ("", before, last),
            _ => return Err(NotExtended("発生日時")),
        };
        let mut pieces = kind.split('^').map(str::to_owned);
        Ok(Self {
            patient: Identifying::new(patient.to_owned()),
            date,
            date_text: date_text.to_owned(),
            kind: std::array::from_fn(|_| pieces.next().unwrap_or_default()),
            key: Identifying::new(key.to_owned()),
            time: time.to_owned(),
            department: CompactString::from(if department == "-" { "" } else { department }),
            state,
            file: Identifying::default(),
            folders: Vec::new(),
        })
    }

    /// Code, name and system of the standard (`18842-5`, `退院時サマリー`, `LN`).
    #[must_use]
    pub fn standard(&self) -> (&str, &str, &str) {
        let [_, _, _, code, name, system] = &self.kind;
        (code, name, system)
    }

    /// Code, name and system of the house.
    #[must_use]
    pub fn local(&self) -> (&str, &str, &str) {
        let [code, name, system, ..] = &self.kind;
        (code, name, system)
    }

    /// The name under which its files are counted.
    #[must_use]
    pub fn count_as(&self) -> &str {
        let sound =
            |code: &&str| !code.is_empty() && code.len() <= 20 && code.bytes().all(|b| b.is_ascii_graphic());
        [self.standard().0, self.local().0].into_iter().find(sound).unwrap_or("拡張")
    }

    /// The time of the event, filled to 17 digits so that it sorts as text.
    #[must_use]
    pub fn sortable_time(&self) -> CompactString {
        CompactString::from(format!("{:0<17}", self.time))
    }

    /// The key under which the versions of this file stand together.
    #[must_use]
    pub fn version_key(&self) -> Identifying<String> {
        let kind = self.kind.join("^");
        let (patient, key, file) = (self.patient.expose(), self.key.expose(), self.file.expose());
        Identifying::new(format!("ext {patient}_{}_{kind}_{key}/{file}", self.date_text))
    }

    /// Is this the file the folder is about? Its main document is named so; one file alone is it, too, but a file cannot
    /// know that.
    #[must_use]
    pub fn is_main(&self) -> bool {
        let file = self.file.expose().to_ascii_lowercase();
        file.starts_with("main") || file.ends_with(".xml") || file.ends_with(".hl7")
    }

    /// Holds the folders above against the name.
    pub fn check(&self, notes: &mut Notes) {
        let finding = |rule| Finding::new(rule).in_field("パス", "");
        if self.time.len() != 17 {
            notes.push(finding(&rules::PATH_TIME).found(format!("{} 桁", self.time.len())).expected("17 桁"));
        }
        let mut above = self.folders.iter();
        match above.next() {
            Some(kind) if *kind == self.kind_text() => {}
            Some(_) => notes.push(finding(&rules::FOLDER_TYPE).expected(self.count_as())),
            None => {
                let expected = "患者ID/診療日/データ種別/コンテンツフォルダ";
                notes.push(finding(&rules::FOLDER).found("フォルダなし").expected(expected));
            }
        }
        if above.next().is_some_and(|date| *date != self.date_text) {
            notes.push(finding(&rules::FOLDER).found("診療日フォルダ").expected("同じ診療日"));
        }
        if above.next().is_some_and(|id| id != self.patient.expose()) {
            notes.push(finding(&rules::FOLDER_PID).found("フォルダとコンテンツフォルダで患者IDが違う"));
        }
    }

    /// The data type as the folder above writes it: without the empty pieces at its end.
    fn kind_text(&self) -> String {
        self.kind.join("^").trim_end_matches('^').to_owned()
    }
}
