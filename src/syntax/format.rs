//! `fmt` as a function: text in, text in the one layout out.

use super::{parse, print};
use crate::diagnostic::Diagnostic;
use crate::source::SourceId;

/// A file in the one layout, which [`print`] describes. A byte order mark goes.
///
/// # Errors
/// The text cannot be read: every syntax error, with places in the text without its byte order
/// mark, of the file `SourceId(0)`.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = parse(text, SourceId(0));
    if parsed.errors.is_empty() {
        Ok(print(&parsed.tree, text))
    } else {
        Err(parsed.errors)
    }
}
