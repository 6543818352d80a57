//! There is one way to an approval, and it leads through the committee.

use musubi_review_board::committee::stage::Case;

fn main() {
    let _approved = Case::begun().approve();
}
