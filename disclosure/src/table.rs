//! Tables of statistics (集計表): which counts may be shown, which must be hidden, and what an attacker can still find
//! out. Everything here is a pure function of counts and rules; the same input gives the same bytes.
//!
//! The way through: [`cube`] counts persons into tables with all their totals and makes one [`System`] of linear
//! relations of all tables of a release; [`primary`] marks what is too small; [`suppress`] adds what must be hidden
//! besides (二次秘匿); [`audit`] plays the attacker over this release and the earlier ones; [`round`] is the other way
//! (介護DB options); [`measure`] decides on sums, means and percentiles beside the counts.
//!
//! It must never see a person's record, draw random numbers, or say in an error what a hidden count was.

pub mod audit;
pub mod cube;
mod exact;
mod heuristic;
mod local;
mod lp;
pub mod measure;
pub mod primary;
pub mod published;
pub mod round;
mod separate;
pub mod suppress;
pub mod system;

pub use audit::{Audit, Finding, Interval, audit};
pub use cube::{Axis, Cube, NodeId, TableId};
pub use primary::{Mask, State, Tier, Tiers, primary};
pub use published::Published;
pub use suppress::{Limits, Protect, Rule, suppress};
pub use system::{Cell, Law, Relation, System};

/// Why a table cannot be made or protected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// An axis, a node or a table that was not declared, or is declared twice.
    #[error("TABLE_AXES: {0} (集計表の軸の定義に誤りがあります)")]
    Axes(String),
    /// Too many cells.
    #[error(
        "TABLE_SIZE: {found} cells, at most {max}; leave out a dimension or take a coarser level (集計表が大きすぎます)"
    )]
    Size {
        /// Cells asked for.
        found: u128,
        /// Cells allowed.
        max: u128,
    },
    /// Two tables of one universe disagree, or parts do not add up to their total.
    #[error(
        "TABLE_SUM: cell {cell}: the tables of one universe disagree (集計値が一致しません); count all of them from the same persons"
    )]
    Sum {
        /// Name of the cell, no count.
        cell: String,
    },
    /// A mask made for another system.
    #[error("TABLE_MASK: the mask has {found} cells, the tables {expected} (秘匿表と集計表が対応しません)")]
    Mask {
        /// Cells of the mask.
        found: usize,
        /// Cells of the system.
        expected: usize,
    },
    /// No choice of hidden cells protects this one.
    #[error(
        "TABLE_UNSAFE: cell {cell} cannot be protected even with every other cell hidden (保護できないセルがあります); take a coarser level or a lower protection"
    )]
    Unprotectable {
        /// Name of the cell, no count.
        cell: String,
    },
    /// The rules contradict each other.
    #[error("TABLE_RULE: {0} (集計表の規則に誤りがあります)")]
    Rule(&'static str),
    /// What was published contradicts itself, so that no interval exists.
    #[error(
        "TABLE_CONTRADICTION: the published tables contradict each other (公表値が矛盾しています); were they counted from the same persons?"
    )]
    Contradiction,
    /// The solver gave up.
    #[error("TABLE_SOLVER: {0} (最適化計算が完了しませんでした)")]
    Solver(&'static str),
}
