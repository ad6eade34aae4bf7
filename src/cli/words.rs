//! The words of summaries and scans, as the page `docs/words.md` explains them.

/// The page that readers see, which is also what `explain` prints from.
const PAGE: &str = include_str!("../../docs/words.md");

/// A few words for one thing, and what they mean.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Word {
    /// As they are printed, the first one before all.
    pub names: Vec<&'static str>,
    /// Some sentences.
    pub text: String,
}

/// All words, in the order of the page: its paragraphs that begin in bold.
pub(super) fn words() -> impl Iterator<Item = Word> {
    PAGE.split("\n\n").filter_map(|paragraph| {
        let (names, text) = paragraph.strip_prefix("**")?.split_once("**: ")?;
        Some(Word {
            names: names.split("**, **").collect(),
            text: without_links(text),
        })
    })
}

/// The word of that name, in whatever case.
pub(super) fn find(name: &str) -> Option<Word> {
    let exact = |word: &Word| word.names.contains(&name);
    let near = |word: &Word| word.names.iter().any(|n| n.eq_ignore_ascii_case(name));
    words().find(exact).or_else(|| words().find(near))
}

/// `[text](address)` is its text.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        match link
            .split_once("](")
            .map(|(name, after)| (name, after.split_once(')')))
        {
            Some((name, Some((_, after)))) => {
                out.push_str(before);
                out.push_str(name);
                rest = after;
            }
            _ => break,
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::{find, without_links, words};

    /// Each word is explained once, by some sentences without marks of the page.
    #[test]
    fn the_page_is_read_as_words() {
        let mut names: Vec<String> = words()
            .flat_map(|word| word.names)
            .map(str::to_owned)
            .collect();
        assert!(names.len() > 50, "{names:?}");
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for word in words() {
            assert!(
                !word.text.contains("](") && !word.text.contains("**"),
                "{word:?}"
            );
            assert!(word.text.trim_end().ends_with(['.', ')']), "{word:?}");
        }
        assert_eq!(find("r-HAT").unwrap().names, ["R-hat"]);
        assert_eq!(find("u").unwrap().names[0], "U");
        assert_eq!(find("nonsense"), None);
        assert_eq!(without_links("a [b](c) d [e](f)"), "a b d e");
        assert_eq!(without_links("[0, 1] is a range"), "[0, 1] is a range");
    }
}
