//! SS-MIX2 standard storage.

/// The mapper.
pub struct SsMix2;
impl crate::Mapper for SsMix2 {
    fn version(&self) -> &'static str {
        "ss-mix2-standard/1"
    }
    fn split(&self, _: &crate::Document<'_>) -> crate::Split {
        crate::Split::default()
    }
    fn map(
        &self,
        _: &crate::Document<'_>,
        _: &crate::Split,
        _: &crate::UnitSlice,
        _: &dyn musubi_model::code::Masters,
    ) -> crate::MappedUnit {
        unreachable!()
    }
    fn show(&self, _: &[u8]) -> String {
        String::new()
    }
}
