//! What a finished run shows: tables, arrays and figures, for one coordinate, for two, and for more.

use super::curves::{arrays, curves};
use super::estimate::OnBins;
use super::lines;
use super::results::Learned;
use super::sites::Sites;
use super::surfaces::surfaces;
use crate::report::arrays::{Array, npz, surface_arrays};
use crate::report::critical::CriticalPoint;
use crate::report::figure::{self, figure};
use crate::report::landscape;
use crate::report::picture::{Drawing, Picture};
use crate::report::table::{potential_csv, surfaces_csv};

/// The views of a run; nothing where it has no samples.
#[derive(Default)]
pub(super) struct Views {
    /// Files with numbers.
    pub tables: Vec<(String, Vec<u8>)>,
    /// Figures, in the order to show them.
    pub pictures: Vec<Picture>,
    /// Wells and saddles of U, in two coordinates.
    pub points: Vec<CriticalPoint>,
}

/// The views of a run.
pub(super) fn views(learned: &Learned<'_>) -> Views {
    match (&learned.bins, learned.sites()) {
        (Some(bins), _) if bins.ranges.len() < 3 => on_bins(learned, bins),
        (_, Some(sites)) => in_many(learned, sites),
        (_, None) => Views::default(),
    }
}

fn in_many(learned: &Learned<'_>, sites: &Sites) -> Views {
    let (table, arrays) = lines::tables(learned, sites);
    let lines = lines::lines(learned, sites);
    let picture = Picture {
        name: "lines".to_owned(),
        title: "The effective potential along coordinates".to_owned(),
        words: "Each line goes through the sampled place where U is lowest; the other coordinates stay as they are there.".to_owned(),
        drawing: Drawing::Panels(figure::lines(&lines)),
    };
    Views {
        tables: tables(table, &arrays),
        pictures: if lines.is_empty() {
            Vec::new()
        } else {
            vec![picture]
        },
        points: Vec::new(),
    }
}

fn on_bins(learned: &Learned<'_>, bins: &OnBins) -> Views {
    if bins.ranges.len() == 1 {
        let curves = curves(learned, bins);
        return Views {
            tables: tables(potential_csv(&curves), &arrays(learned, bins)),
            pictures: vec![Picture {
                name: "potential".to_owned(),
                title: "The effective potential".to_owned(),
                words: String::new(),
                drawing: Drawing::Panels(figure(&curves)),
            }],
            points: Vec::new(),
        };
    }
    let Some(surfaces) = surfaces(learned, bins) else {
        return Views::default();
    };
    Views {
        tables: tables(surfaces_csv(&surfaces), &surface_arrays(&surfaces)),
        pictures: landscape::pictures(&surfaces),
        points: surfaces.points,
    }
}

fn tables(csv: String, arrays: &[Array]) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("potential.csv".to_owned(), csv.into_bytes())];
    if let Ok(bytes) = npz(arrays) {
        files.push(("samples.npz".to_owned(), bytes));
    }
    files
}
