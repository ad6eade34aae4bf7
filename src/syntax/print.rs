//! stub
use super::tree::Tree;
/// stub
pub fn print(_tree: &Tree, _text: &str) -> String {
    String::new()
}
