//! Which coordinates the members of a family have, as a loop would count them.

use crate::graph::Family;

/// The coordinates of all members of a family.
pub(super) enum Members {
    /// Slot `s` of member `k` is coordinate `first[s] + step*(k/repeat)`.
    Row {
        first: Vec<u32>,
        step: u32,
        repeat: usize,
    },
    /// All pairs `i < j` of `count` things, in order: slot `s` is `start + step*i + offset[s]` where
    /// `second[s]` is false, and with `j` where it is true.
    Pairs {
        count: usize,
        start: u32,
        step: u32,
        slots: Vec<(bool, u32)>,
    },
    /// Member `k` has bases `bases[k]`, and slot `s` is `bases[k][slots[s].0] + slots[s].1`.
    Table {
        bases: Vec<Vec<u32>>,
        slots: Vec<(usize, u32)>,
    },
}

impl Members {
    /// The shortest way to say it.
    pub(super) fn of(family: &Family) -> Members {
        let rows: Vec<&[u32]> = (0..family.members())
            .map(|member| family.coordinates(member))
            .collect();
        Members::of_rows(&rows)
    }

    /// The same for rows of numbers, a member each.
    pub(super) fn of_rows(rows: &[&[u32]]) -> Members {
        row(rows).unwrap_or_else(|| {
            let (bases, slots) = table(rows);
            pairs(&bases, &slots).unwrap_or(Members::Table { bases, slots })
        })
    }
}

fn row(rows: &[&[u32]]) -> Option<Members> {
    let first = rows.first()?.to_vec();
    let repeat = rows.iter().take_while(|row| **row == first).count();
    let step = match rows.get(repeat) {
        Some(next) => next[0].checked_sub(first[0])?,
        None => 0,
    };
    let fits = |(k, row): (usize, &&[u32])| {
        let shift = step as usize * (k / repeat);
        row.iter()
            .zip(&first)
            .all(|(at, first)| *at as usize == *first as usize + shift)
    };
    rows.iter().enumerate().all(fits).then_some(Members::Row {
        first,
        step,
        repeat,
    })
}

/// Slots whose distance is the same in all members share a base, the smallest of them.
fn table(rows: &[&[u32]]) -> (Vec<Vec<u32>>, Vec<(usize, u32)>) {
    let slots = rows.first().map_or(0, |row| row.len());
    let together = |a: usize, b: usize| {
        let distance = |row: &&[u32]| i64::from(row[a]) - i64::from(row[b]);
        rows.windows(2)
            .all(|pair| distance(&pair[0]) == distance(&pair[1]))
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for slot in 0..slots {
        match groups.iter_mut().find(|group| together(group[0], slot)) {
            Some(group) => group.push(slot),
            None => groups.push(vec![slot]),
        }
    }
    let base = |row: &[u32], group: &[usize]| group.iter().map(|s| row[*s]).min().unwrap_or(0);
    let bases: Vec<Vec<u32>> = rows
        .iter()
        .map(|row| groups.iter().map(|group| base(row, group)).collect())
        .collect();
    let place = |slot: usize| {
        let at = groups.iter().position(|group| group.contains(&slot));
        let at = at.unwrap_or(0);
        (at, rows[0][slot] - bases[0][at])
    };
    let slots = (0..slots).map(place).collect();
    (bases, slots)
}

fn pairs(bases: &[Vec<u32>], slots: &[(usize, u32)]) -> Option<Members> {
    let [start, second] = bases.first()?[..] else {
        return None;
    };
    let step = second.checked_sub(start).filter(|step| *step > 0)?;
    let count = (1..).find(|n| n * (n - 1) / 2 >= bases.len())?;
    let all = (0..count as u32).flat_map(|i| (i + 1..count as u32).map(move |j| (i, j)));
    let fits = count * (count - 1) / 2 == bases.len()
        && all
            .zip(bases)
            .all(|((i, j), base)| base[..] == [start + step * i, start + step * j]);
    fits.then(|| Members::Pairs {
        count,
        start,
        step,
        slots: slots.iter().map(|(at, by)| (*at == 1, *by)).collect(),
    })
}
