//! An `Approval` cannot be put together by hand, and an order is not complete without one.

use musubi_release::Order;
use musubi_review_board::Approval;

fn forged() -> Approval {
    Approval { id: String::new(), ..todo!() }
}

fn without(parameters: &musubi_model::parameter::ParameterSet) {
    let _ = Order { approval: &(), parameters, ..todo!() };
}

fn main() {
    let _ = forged();
}
