//! What a pair of records can look like (levels), how likely each look is among the four kinds of pair (classes), and
//! the weight that follows. Fellegi–Sunter with four classes instead of two (mpi.md §5.2).

use serde::{Deserialize, Serialize};

use super::BIT;
use super::sum_table::SUM;

/// The kinds of pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// One person.
    Same,
    /// Two of one household.
    Household,
    /// Twins.
    Twin,
    /// Two who have nothing to do with each other.
    Stranger,
}

impl Class {
    /// All classes, in order of their numbers.
    pub const ALL: [Self; 4] = [Self::Same, Self::Household, Self::Twin, Self::Stranger];
}

macro_rules! comparisons {
    ($( $(#[$doc:meta])* $name:ident { $($level:ident),* $(,)? } )*) => {
        /// What is compared. A level vector holds 4 bits for each, the first lowest.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Comparison { $( $(#[$doc])* $name ),* }

        impl Comparison {
            /// All comparisons, in order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in model files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The names of its levels; level 0 is always `Missing`.
            #[must_use]
            pub fn levels(self) -> &'static [&'static str] {
                match self { $(Self::$name => &["Missing", $(stringify!($level)),*]),* }
            }
        }
    };
}

comparisons! {
    /// Family name (姓).
    Family { Both, Kanji, Kana, KanaOtherKanji, KanjiOtherKana, KanaNear, KanjiNear, Reading, NoReading, Differ, Swapped, Wild, DifferMan }
    /// Given name (名).
    Given { Both, Kanji, Kana, KanaOtherKanji, KanjiOtherKana, KanaNear, KanjiNear, Reading, NoReading, Differ, Swapped, Wild, DifferMan }
    /// Birth date (生年月日).
    Birth { Exact, Slip, Era, Default, MonthDay, YearMonth, Differ }
    /// Sex (性別).
    Sex { Same, Differ }
    /// Insured number (被保険者番号): personal number; number without a branch on one side; number, other branch; same
    /// insurer; another insurer, by the time between the records.
    Insured { Personal, Number, OtherBranch, Insurer, DifferMonths, DifferYear, DifferYears, DifferLong }
    /// Address (住所).
    Address { Exact, Postal, City, DifferSoon, DifferLater }
    /// Telephone (電話).
    Phone { Same, Differ }
    /// Chart number at one facility (患者番号).
    Local { Same, Differ }
    /// Number of long-term care (介護被保険者番号).
    Care { Same, Differ }
    /// Key of the history inquiry (履歴照会).
    Inquiry { Same, Differ }
}

/// Number of comparisons.
pub const COMPARISONS: usize = 10;
/// Number of levels a comparison can have.
pub const LEVELS: usize = 16;

/// The level of a comparison in a vector.
#[must_use]
pub fn level(levels: u64, comparison: Comparison) -> usize {
    (levels >> (4 * comparison as u32) & 15) as usize
}

/// log2 of probabilities in 1/[`BIT`] bits: for each comparison and level, one for each class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// `[comparison][level][class]`, fixed point; 0 where a level does not exist and at level 0.
    pub table: Vec<Vec<[i32; 4]>>,
    /// log2 of how many pairs of each class there are for one pair of the same person. The strangers' is for a population
    /// of one and grows with the number of persons.
    pub prior: [i32; 4],
}

/// log2 in 1/256 bits, rounded.
#[must_use]
pub fn bits(p: f64) -> i32 {
    (p.max(1e-12).log2() * f64::from(BIT)).round() as i32
}

/// Stands for "the frequency of this very name" in the table of defaults.
const TF: f64 = 1.0;

impl Default for Weights {
    /// What is known before any data were seen: shares by class for each level. They are replaced by training; the sources
    /// are the rates quoted in mpi.md and plain reasoning on households, not any one data set.
    fn default() -> Self {
        #[rustfmt::skip]
        let rows: &[(Comparison, &[[f64; 4]])] = &[
            //                           same   household twin   stranger
            (Comparison::Family, &[
                /* Both           */ [0.900, 0.860, 0.990, TF],
                /* Kanji          */ [0.930, 0.880, 0.990, TF],
                /* Kana           */ [0.920, 0.880, 0.980, TF],
                /* KanaOtherKanji */ [0.006, 0.004, 0.003, TF],
                /* KanjiOtherKana */ [0.012, 0.010, 0.010, 0.0005],
                /* KanaNear       */ [0.018, 0.012, 0.012, 0.010],
                /* KanjiNear      */ [0.008, 0.004, 0.004, 0.020],
                /* Reading        */ [0.900, 0.860, 0.960, TF],
                /* NoReading      */ [0.070, 0.120, 0.030, 0.990],
                /* Differ         */ [0.080, 0.160, 0.004, 0.970],
                /* Swapped        */ [0.002, 1e-4, 1e-4, 1e-6],
                /* Wild           */ [0.010, 0.010, 0.010, 0.010],
                /* DifferMan      */ [0.008, 0.080, 0.004, 0.970],
            ]),
            (Comparison::Given, &[
                [0.930, 5e-5, 2e-5, TF],
                [0.940, 5e-5, 2e-5, TF],
                [0.940, 1e-4, 4e-5, TF],
                [0.006, 2e-4, 2e-4, TF],
                [0.014, 3e-4, 5e-4, 0.0005],
                [0.020, 0.0080, 0.1600, 0.008],
                [0.010, 0.0200, 0.2500, 0.020],
                [0.860, 2e-4, 1e-4, TF],
                [0.110, 0.9900, 0.9900, 0.990],
                [0.008, 0.9600, 0.6000, 0.970],
                [0.002, 1e-4, 1e-4, 1e-6],
                [0.010, 0.010, 0.010, 0.010],
                [0.008, 0.9600, 0.6000, 0.970],
            ]),
            (Comparison::Birth, &[
                [0.9850, 0.0003, 0.9850, 3.6e-5],
                [0.0070, 0.0020, 0.0070, 0.0006],
                [0.0012, 0.0003, 0.0012, 0.0001],
                [0.0020, 0.0005, 0.0020, 0.0002],
                [0.0012, 0.0030, 0.0012, 0.0027],
                [0.0012, 0.0012, 0.0012, 0.0011],
                [0.0015, 0.9900, 0.0015, 0.9950],
            ]),
            (Comparison::Sex, &[
                [0.9975, 0.42, 0.67, 0.50],
                [0.0025, 0.58, 0.33, 0.50],
            ]),
            (Comparison::Insured, &[
                [0.700, 0.0040, 0.006, 2e-6],
                [0.600, 0.3500, 0.950, 3e-6],
                [0.012, 0.3500, 0.930, 2e-6],
                [0.040, 0.1000, 0.010, 0.045],
                [0.050, 0.4000, 0.030, 0.950],
                [0.090, 0.4000, 0.060, 0.950],
                [0.200, 0.4500, 0.120, 0.950],
                [0.400, 0.5500, 0.300, 0.950],
            ]),
            (Comparison::Address, &[
                [0.620, 0.5200, 0.750, 1e-5],
                [0.080, 0.0500, 0.050, 0.0010],
                [0.120, 0.1200, 0.060, 0.0500],
                [0.060, 0.1500, 0.050, 0.9400],
                [0.200, 0.3000, 0.150, 0.9400],
            ]),
            (Comparison::Phone, &[
                [0.650, 0.2500, 0.400, 1e-6],
                [0.350, 0.7500, 0.600, 1.0],
            ]),
            (Comparison::Local, &[
                [0.970, 0.0004, 0.0004, 1e-5],
                [0.030, 0.9990, 0.9990, 1.0],
            ]),
            (Comparison::Care, &[
                [0.900, 0.0001, 0.0001, 1e-6],
                [0.100, 1.0, 1.0, 1.0],
            ]),
            (Comparison::Inquiry, &[
                [0.998, 0.0003, 0.0003, 1e-7],
                [0.002, 1.0, 1.0, 1.0],
            ]),
        ];
        let mut table = vec![vec![[0; 4]; LEVELS]; COMPARISONS];
        for (comparison, levels) in rows {
            for (at, shares) in levels.iter().enumerate() {
                if let Some(cell) = table.get_mut(*comparison as usize).and_then(|t| t.get_mut(at + 1)) {
                    *cell = shares.map(bits);
                }
            }
        }
        Self { table, prior: [0, bits(1.5), bits(0.02), bits(1.0)] }
    }
}

impl Weights {
    /// log2 P(level | class), 0 for a level that does not exist.
    #[must_use]
    pub fn of(&self, comparison: usize, level: usize) -> [i32; 4] {
        self.table.get(comparison).and_then(|t| t.get(level)).copied().unwrap_or([0; 4])
    }
}

/// log2(2^a + 2^b) in 1/256 bits.
#[must_use]
pub fn add(a: i32, b: i32) -> i32 {
    let (high, low) = (a.max(b), a.min(b));
    let gap = usize::try_from((high - low) / 16).unwrap_or(usize::MAX);
    high + SUM.get(gap).copied().unwrap_or(0)
}
