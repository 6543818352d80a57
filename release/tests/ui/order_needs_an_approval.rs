//! An order for a release is not complete without an `Approval`.

use musubi_release::Order;

fn unapproved<'a>(other: Order<'a>) -> Order<'a> {
    Order { approval: &(), ..other }
}

fn main() {}
