//! What must not compile: nobody but the review board makes an `Approval`. That nothing is extracted without one stands
//! at `musubi_release::Order`.

#[test]
fn nobody_else_makes_an_approval() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
