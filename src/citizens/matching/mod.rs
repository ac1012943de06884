use crate::kernel::PersonName;
pub fn index_form(name: &PersonName) -> String {
    name.expose().to_lowercase()
}
