//! One spelling for each name: letters that Unicode writes in several ways are compared in NFC.

use super::scan::{KEYWORDS, begins_name, continues_name};
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A name as it is compared: in NFC.
pub fn canonical(name: &str) -> Cow<'_, str> {
    match is_nfc_quick(name.chars()) {
        IsNormalized::Yes => Cow::Borrowed(name),
        _ => Cow::Owned(name.nfc().collect()),
    }
}

/// Whether two different names look the same, as the micro sign and the Greek letter do.
pub fn alike(a: &str, b: &str) -> bool {
    canonical(a) != canonical(b) && a.nfkc().eq(b.nfkc())
}

/// Whether a text can be a name: letters, digits and `_`, and no keyword.
pub fn is_name(text: &str) -> bool {
    text.starts_with(begins_name) && text.chars().all(continues_name) && !KEYWORDS.contains(&text)
}

/// A name made of any text, such as the stem of a file: what cannot be in a name becomes `_`.
pub fn as_name(text: &str) -> String {
    let text = canonical(text);
    let letters = text.chars();
    let mut name: String = letters
        .map(|c| if continues_name(c) { c } else { '_' })
        .collect();
    if !name.starts_with(begins_name) || KEYWORDS.contains(&name.as_str()) {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{alike, as_name, canonical, is_name};

    #[test]
    fn spellings_of_one_letter_are_one_name() {
        assert_eq!(canonical("e\u{301}ps"), canonical("\u{e9}ps"));
        assert_eq!(canonical("\u{2126}"), "\u{3a9}");
        assert_ne!(canonical("\u{b5}"), canonical("\u{3bc}"));
        assert!(alike("\u{b5}", "\u{3bc}") && alike("\u{3f5}", "\u{3b5}"));
        assert!(!alike("e\u{301}", "\u{e9}") && !alike("a", "b"));
    }

    #[test]
    fn names_are_told_from_what_is_none() {
        assert!(is_name("eps1") && is_name("ε") && is_name("_x") && is_name("as"));
        assert!(!is_name("") && !is_name("1x") && !is_name("a b") && !is_name("let"));
    }

    #[test]
    fn any_stem_gives_a_name() {
        assert_eq!(as_name("noise"), "noise");
        assert_eq!(as_name("my-lib 2.1"), "my_lib_2_1");
        assert_eq!(as_name("2d"), "_2d");
        assert_eq!(as_name("let"), "_let");
        assert_eq!(as_name(""), "_");
    }
}
