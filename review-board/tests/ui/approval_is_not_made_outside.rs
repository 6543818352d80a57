//! Nobody but the review board can put an `Approval` together, not even from another one.

use musubi_review_board::Approval;

fn forged(other: Approval) -> Approval {
    Approval { id: String::from("A-0000000000000000"), ..other }
}

fn main() {}
