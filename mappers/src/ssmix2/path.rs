//! The path of a file in SS-MIX2 standard storage: three folders of the patient number, date, data type, file name.
//!
//! The name is read from both ends, not by counting: real order numbers hold `_`. What the folders say is held against
//! the name. A path holds a patient number: it is never printed. Sources: formats.md §1.1–1.3.

use compact_str::CompactString;
use musubi_model::date::PartialDate;
use musubi_model::{Finding, Identifying};

use super::{rules, types};
use crate::VersionState;
use crate::hl7::Notes;

/// What a path says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath<'p> {
    /// Patient number (患者ID), padded as the site pads it.
    pub patient: Identifying<&'p str>,
    /// Date of care (診療日); `None` is `-`.
    pub date: Option<PartialDate>,
    /// Date of care as written.
    pub date_text: &'p str,
    /// Data type (データ種別) as written.
    pub kind: &'p str,
    /// Order number (オーダNo), as written; may hold `_`.
    pub order: Identifying<&'p str>,
    /// Time of the event (発生日時) as written.
    pub time: &'p str,
    /// Condition flag (コンディションフラグ).
    pub state: VersionState,
    folders: Folders<'p>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Folders<'p> {
    kind: Option<&'p str>,
    date: Option<&'p str>,
    patient: Option<PatientFolders<'p>>,
}

/// The patient folder and the two above it.
type PatientFolders<'p> = (&'p str, Option<&'p str>, Option<&'p str>);

/// Eight to seventeen digits: real names give the time shorter than the seventeen of the standard.
pub(super) fn is_time(text: &str) -> bool {
    (8..=17).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// The date of care of a path: eight digits that are a day, or `-`.
pub(super) fn read_date(text: &str) -> Result<Option<PartialDate>, NotStandard> {
    match text {
        "-" => Ok(None),
        text if text.len() == 8 => match PartialDate::read(text.as_bytes()) {
            Ok(read) => Ok(Some(read.date)),
            Err(_) => Err(NotStandard("診療日")),
        },
        _ => Err(NotStandard("診療日")),
    }
}

/// What the name lacks, when it is not one of the standard storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotStandard(pub &'static str);

impl<'p> FilePath<'p> {
    /// Reads a path. Both `/` and `\` separate folders.
    pub fn read(path: &'p str) -> Result<Self, NotStandard> {
        let mut parts = path.rsplit(['/', '\\']);
        let name = parts.next().unwrap_or_default();
        let (rest, flag) = name.rsplit_once('_').ok_or(NotStandard("コンディションフラグ"))?;
        let state = match flag {
            "0" => VersionState::Deleted,
            "1" => VersionState::Current,
            "2" => VersionState::Superseded,
            _ => return Err(NotStandard("コンディションフラグ")),
        };
        let (patient, rest) = rest.split_once('_').ok_or(NotStandard("診療日"))?;
        if patient.is_empty() {
            return Err(NotStandard("患者ID"));
        }
        let (date_text, rest) = rest.split_once('_').ok_or(NotStandard("データ種別"))?;
        let (kind, rest) = rest.split_once('_').ok_or(NotStandard("オーダNo"))?;
        let (rest, department) = rest.rsplit_once('_').ok_or(NotStandard("発生日時"))?;
        // A name without department has the time where the department would stand.
        let (order, time) = match rest.rsplit_once('_') {
            Some((order, time)) if is_time(time) => (order, time),
            _ if is_time(department) => (rest, department),
            _ => return Err(NotStandard("発生日時")),
        };
        let date = read_date(date_text)?;
        let folders = Folders {
            kind: parts.next(),
            date: parts.next(),
            patient: parts.next().map(|id| (id, parts.next(), parts.next())),
        };
        Ok(Self {
            patient: Identifying::new(patient),
            date,
            date_text,
            kind,
            order: Identifying::new(order),
            time,
            state,
            folders,
        })
    }

    /// What the header of a transaction says, in the place of a path.
    pub(super) fn of_header(
        [patient, date_text, kind, order, time]: [&'p str; 5],
        state: VersionState,
    ) -> Result<Self, NotStandard> {
        if patient.is_empty() {
            return Err(NotStandard("患者ID"));
        }
        if !is_time(time) {
            return Err(NotStandard("発生日時"));
        }
        Ok(Self {
            patient: Identifying::new(patient),
            date: read_date(date_text)?,
            date_text,
            kind,
            order: Identifying::new(order),
            time,
            state,
            folders: Folders { kind: None, date: None, patient: None },
        })
    }

    /// The data type, when it is one of the standard's.
    #[must_use]
    pub fn data_type(&self) -> Option<&'static types::DataType> {
        types::by_name(self.kind)
    }

    /// The name under which its records are counted.
    #[must_use]
    pub fn count_as(&self) -> &'p str {
        self.data_type().map_or(self.kind, |t| t.name)
    }

    /// Is there an order number? Files without one write nines.
    #[must_use]
    pub fn has_order(&self) -> bool {
        let order = *self.order.expose();
        !order.is_empty() && order != "-" && order.bytes().any(|b| b != b'9')
    }

    /// The time of the event, filled to 17 digits so that it sorts as text.
    #[must_use]
    pub fn sortable_time(&self) -> CompactString {
        CompactString::from(format!("{:0<17}", self.time))
    }

    /// The key under which its versions stand together (formats.md §1.3).
    #[must_use]
    pub fn key(&self) -> Identifying<String> {
        let (patient, order) = (self.patient.expose(), self.order.expose());
        Identifying::new(format!("{patient}_{}_{}_{order}", self.date_text, self.count_as()))
    }

    /// Holds the name, or the header of a transaction, against the standard.
    pub(super) fn check_name(&self, notes: &mut Notes) {
        let finding = |rule| Finding::new(rule).in_field("パス", "");
        if self.data_type().is_none() {
            notes.push(finding(&rules::TYPE_UNKNOWN).found(musubi_model::finding::shape_of(self.kind)));
        }
        if self.time.len() != 17 {
            let found = format!("{} 桁", self.time.len());
            notes.push(finding(&rules::PATH_TIME).found(found).expected("17 桁"));
        }
    }

    /// Holds the folders against the name.
    pub fn check_folders(&self, notes: &mut Notes) {
        let finding = |rule| Finding::new(rule).in_field("パス", "");
        self.check_name(notes);
        let patient = *self.patient.expose();
        match self.folders.patient {
            Some((id, ..)) if id != patient => {
                notes.push(finding(&rules::FOLDER_PID).found("フォルダとファイル名で患者IDが違う"));
            }
            Some((_, second, first)) => {
                let third = |from: usize| patient.get(from..from + 3);
                let said = [(first, third(0)), (second, third(3))];
                if said.iter().any(|(folder, id)| folder.is_some() && folder != id) && patient.len() >= 6 {
                    notes.push(
                        finding(&rules::FOLDER).found("患者フォルダの上の３桁").expected("患者IDの先頭"),
                    );
                }
            }
            None => {
                notes
                    .push(finding(&rules::FOLDER).found("フォルダなし").expected("患者ID/診療日/データ種別"));
            }
        }
        if self.folders.kind.is_some_and(|folder| !folder.eq_ignore_ascii_case(self.kind)) {
            notes.push(finding(&rules::FOLDER_TYPE).expected(self.count_as()));
        }
        if self.folders.date.is_some_and(|folder| folder != self.date_text) {
            notes.push(finding(&rules::FOLDER).found("診療日フォルダ").expected("ファイル名と同じ診療日"));
        }
    }
}
