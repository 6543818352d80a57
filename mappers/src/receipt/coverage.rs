pub(super) fn coverage() -> Vec<&'static crate::coverage::Covered> {
    Vec::new()
}
