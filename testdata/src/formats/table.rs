//! Tables of municipalities and other senders, by the shipped interfaces. Each sheet says which headings it has and how
//! a cell is drawn; nothing here knows how they are read.

mod care;
mod checkup;
mod life;
mod screening;
mod sheet;

use musubi_model::manifest::FeedKind;

use super::{Format, Job, SynthFile};
use crate::SynthError;
use sheet::Sheet;

/// Declares one writer function for each sheet: a [`Format`] holds a plain function.
macro_rules! writers {
    ($($group:ident [$($index:literal)*])*) => {
        /// The writers of this module.
        pub(super) fn formats() -> Vec<Format> {
            vec![$($(
                {
                    static SHEET: &Sheet = sheet::at($group::SHEETS, $index);
                    fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
                        sheet::write(SHEET, job)
                    }
                    Format { kind: FeedKind::Table, interface: SHEET.interface, sender: SHEET.sender, write }
                },
            )*)*]
        }

        /// How many sheets have a writer.
        #[cfg(test)]
        const COUNTS: &[(usize, usize)] = &[$(($group::SHEETS.len(), [$($index),*].len())),*];
    };
}

writers! {
    checkup [0 1 2 3 4 5 6 7 8]
    screening [0 1 2 3 4 5 6 7 8]
    care [0 1 2 3 4 5 6 7 8 9]
    life [0 1 2 3 4 5 6 7 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sheet_has_its_writer() {
        for (sheets, writers) in COUNTS {
            assert_eq!(sheets, writers);
        }
        let mut names: Vec<_> = formats().iter().map(|f| f.interface).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COUNTS.iter().map(|c| c.0).sum::<usize>());
    }
}
