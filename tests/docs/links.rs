//! Links of a page to files of the repository, and to headings.

use std::path::Path;

/// The links of a page that lead nowhere; addresses elsewhere are not looked at.
pub fn broken(root: &Path, page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join(page)).unwrap();
    let mut broken = Vec::new();
    for link in links(&text) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => root.join(page),
            file => root.join(page).parent().unwrap().join(file),
        };
        let good = target.exists()
            && (heading.is_empty()
                || std::fs::read_to_string(&target)
                    .is_ok_and(|text| headings(&text).any(|h| h == heading)));
        if !good {
            broken.push(format!("{}: ({link}) leads nowhere", page.display()));
        }
    }
    broken
}

/// What is in the round brackets of `[text](link)`, outside fenced blocks and code.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in outside_fences(text) {
        // Every second piece is code.
        for piece in line.split('`').step_by(2) {
            let mut rest = piece;
            while let Some((_, after)) = rest.split_once("](") {
                let end = after.find(')').unwrap_or(after.len());
                found.push(&after[..end]);
                rest = &after[end..];
            }
        }
        // A link whose text is code, `[`x`](link)`, is cut in two by that.
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("`](") {
            let end = after.find(')').unwrap_or(after.len());
            found.push(&after[..end]);
            rest = &after[end..];
        }
    }
    found
}

fn outside_fences(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// The names that headings have in addresses.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let lines = outside_fences(text).filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}
