//! What must not compile: nothing is extracted without an `Approval`, and nobody but the review board makes one.

#[test]
fn no_release_without_an_approval() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
