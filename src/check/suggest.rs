//! The name that was meant.

/// The candidate that is nearest to a name that does not exist, if one is near enough: a third of
/// its letters may differ, at least one.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let allowed = (length / 3).max(1);
    let scored = candidates.into_iter().filter_map(|candidate| {
        if candidate.chars().count().abs_diff(length) > allowed {
            return None;
        }
        let distance = distance(name, candidate);
        // A short name is not a misspelling of another one that shares no letter with it.
        let shares = candidate
            .chars()
            .any(|c| name.to_lowercase().contains(c.to_ascii_lowercase()));
        (distance <= allowed && shares).then_some((distance, candidate))
    });
    scored.min().map(|(_, candidate)| candidate)
}

/// How many letters to insert, delete, replace or swap with a neighbour; case costs nothing.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(suggest("esp1", ["eps1", "eps2"]), Some("eps1"));
        assert_eq!(suggest("sn", ["sin", "cos"]), Some("sin"));
        assert_eq!(suggest("gama", ["gamma"]), Some("gamma"));
        assert_eq!(suggest("x", ["y", "z"]), None);
        assert_eq!(suggest("temperature", ["eps", "sin"]), None);
    }
}
