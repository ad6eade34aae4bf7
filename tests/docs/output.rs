//! What a page shows against what was printed.
//!
//! Everything must be the same to the digit, but for what a clock says, and the spaces that make
//! room for it: a number before a unit of time, and the column `seconds` of a table of methods.

/// A text without what may differ: each line with times as `#` and runs of spaces as one.
pub fn masked(text: &str) -> Vec<String> {
    let mut seconds: Option<usize> = None;
    let mut lines = Vec::new();
    for line in text.trim_end().lines() {
        if line.starts_with("method ") {
            seconds = line.find("seconds");
        } else if !line.starts_with("  ") {
            seconds = None;
        }
        let mut line = line.to_owned();
        if let Some(at) = seconds.filter(|at| line.is_char_boundary(*at))
            && line.starts_with("  ")
            && let Some(end) = line.get(at..).map(|rest| at + word(rest))
        {
            line.replace_range(at..end, "#");
        }
        lines.push(without_times(&line));
    }
    lines
}

/// What was printed, with the times that the page shows in lines that differ in nothing else: those
/// of a build for tests are not what a reader sees.
pub fn with_times_of(shown: &str, printed: &str) -> String {
    let known: Vec<(String, &str)> = masked(shown).into_iter().zip(shown.lines()).collect();
    let lines = masked(printed).into_iter().zip(printed.lines());
    let lines = lines.map(|(mask, line)| {
        let same = known.iter().find(|(known, _)| *known == mask);
        same.map_or(line, |(_, shown)| shown).to_owned()
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn word(text: &str) -> usize {
    text.find(' ').unwrap_or(text.len())
}

/// `2.7 s` is `# s`, and so on.
fn without_times(line: &str) -> String {
    const UNITS: [&str; 6] = ["s", "ms", "us", "ns", "min", "seconds"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut masked: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let unit = words
            .get(at + 1)
            .map(|next| next.trim_end_matches([',', '.', ')', ';']));
        let opened = word.trim_start_matches('(');
        let time = opened.parse::<f64>().is_ok() && unit.is_some_and(|u| UNITS.contains(&u));
        masked.push(match time {
            true => format!("{}#", &word[..word.len() - opened.len()]),
            false => (*word).to_owned(),
        });
    }
    masked.join(" ")
}

/// What differs, as lines with `-` for the page and `+` for what was printed; `None` if nothing.
/// A line `...` of the page stands for any number of lines.
pub fn difference(shown: &str, printed: &str) -> Option<String> {
    let (shown, printed) = (masked(shown), masked(printed));
    let mut rest = printed.as_slice();
    let mut parts = shown.split(|line| line == "...");
    let first = parts.next().unwrap_or_default();
    let mut good = rest.starts_with(first);
    rest = rest.get(first.len()..).unwrap_or_default();
    let parts: Vec<&[String]> = parts.collect();
    for (number, part) in parts.iter().enumerate() {
        let last = number + 1 == parts.len();
        let found = match last {
            true => rest
                .len()
                .checked_sub(part.len())
                .filter(|&at| rest[at..] == **part),
            false => (0..=rest.len()).find(|&at| rest[at..].starts_with(part)),
        };
        match found {
            Some(at) => rest = &rest[at + part.len()..],
            None => good = false,
        }
    }
    if good && rest.is_empty() {
        return None;
    }
    let signed = |lines: &[String], others: &[String], sign: char| -> Vec<String> {
        let sign = |line: &String| if others.contains(line) { ' ' } else { sign };
        lines
            .iter()
            .map(|l| format!("    {} {l}", sign(l)))
            .collect()
    };
    let mut lines = vec!["  the page shows".to_owned()];
    lines.extend(signed(&shown, &printed, '-'));
    lines.push("  and this is printed".to_owned());
    lines.extend(signed(&printed, &shown, '+'));
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{difference, with_times_of};

    #[test]
    fn times_of_a_page_stay_where_nothing_else_changes() {
        let page = "method  evaluations   seconds\n  value 2e6           0.032\n0.1 s, seed 1";
        let new = "method  evaluations   seconds\n  value 3e6           0.9\n2.7 s, seed 1\nmore";
        let both = "method  evaluations   seconds\n  value 3e6           0.9\n0.1 s, seed 1\nmore";
        assert_eq!(with_times_of(page, new), both);
    }

    #[test]
    fn times_may_differ_and_nothing_else() {
        let page = "method  evaluations   error   seconds\n  value 2e6           7e-5    0.032    x\n2.7 s, seed 1";
        let same = "method  evaluations   error   seconds\n  value 2e6           7e-5    11     x\n0.1 s, seed 1";
        assert_eq!(difference(page, same), None);
        assert!(difference(page, &same.replace("7e-5", "8e-5")).is_some());
        assert!(difference(page, &same.replace("seed 1", "seed 2")).is_some());
        assert!(difference(page, &same.replace(" x", " y")).is_some());
        assert!(difference("l = 2.7 m", "l = 2.8 m").is_some());
    }

    #[test]
    fn dots_stand_for_lines_that_are_left_out() {
        assert_eq!(difference("a\n...\nd", "a\nb\nc\nd"), None);
        assert_eq!(difference("a\n...", "a\nb"), None);
        assert_eq!(difference("...\nb\n...\nd", "a\nb\nc\nd"), None);
        assert!(difference("a\n...\nd", "a\nb\nc").is_some());
        assert!(difference("a\n...\nd", "b\nc\nd").is_some());
        assert!(difference("a\nd", "a\nb\nd").is_some());
        assert!(difference("...\nc\n...\nb\n...", "a\nb\nc").is_some());
    }
}
