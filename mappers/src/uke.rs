//! 医科 receipts (レセプト電算, UKE).

/// The institution record (IR).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {}
/// The mapper.
pub struct UkeMedical;
impl crate::Mapper for UkeMedical {
    fn version(&self) -> &'static str {
        "uke-medical/1"
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
