//! The curves of a comparison as files.

use super::ensembles::{Run, Three};
use crate::report::arrays::{Array, npz};
use crate::report::compared::{self, Traces};
use crate::report::comparison::Comparison;
use crate::report::picture::Picture;
use crate::report::table::csv;

pub(super) fn files(
    run: &Run<'_>,
    three: &Three,
    result: &Comparison,
    command: &str,
) -> (Vec<(String, Vec<u8>)>, Vec<Picture>) {
    let sides = [
        ("full", &three.full),
        ("again", &three.again),
        ("learned", &three.learned_run),
    ];
    let totals = sides.map(|(name, side)| (name, &side.sums, side.sums.total(None)));
    let names: Vec<&str> = run
        .pair
        .full
        .model
        .coordinates
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    let sums = &three.full.sums;
    let mut paths = vec![("t".to_owned(), sums.times())];
    let mut correlations = vec![("lag".to_owned(), sums.times()[..sums.lags].to_vec())];
    let mut densities = Vec::new();
    for (coordinates, mesh) in three.axes.meshes() {
        for (k, c) in coordinates.iter().enumerate() {
            let along = (0..mesh.bins()).map(|bin| mesh.centre(bin)[k]);
            densities.push((format!("bin_{}", names[*c]), along.collect()));
        }
    }
    for (side, sums, total) in &totals {
        let Some(total) = total else {
            continue;
        };
        for (c, name) in names.iter().enumerate() {
            paths.push((format!("mean_{name}_{side}"), sums.mean_path(total, c)));
            correlations.push((format!("acf_{name}_{side}"), sums.correlation(total, c)));
        }
        for ((coordinates, mesh), counts) in three.axes.meshes().iter().zip(&total.counts) {
            let all = counts.iter().sum::<f64>() * mesh.cell_volume();
            let named: Vec<&str> = coordinates.iter().map(|c| names[*c]).collect();
            let density = counts.iter().map(|n| n / all).collect();
            densities.push((format!("density_{}_{side}", named.join("_")), density));
        }
    }
    let portrait = &result.portrait;
    let mut phases = vec![("time".to_owned(), portrait.t.clone())];
    for (side, [q, p]) in [("full", &portrait.full), ("learned", &portrait.learned)] {
        for (c, name) in names.iter().enumerate().take(q.len()) {
            phases.push((format!("{name}_{side}"), q[c].clone()));
            phases.push((format!("p_{name}_{side}"), p[c].clone()));
        }
    }
    let pictures = compared::pictures(
        result,
        &Traces {
            coordinates: &names,
            paths: &paths,
            correlations: &correlations,
            densities: &densities,
            phases: &phases,
        },
    );
    let page = compared::page(result, command, &pictures);
    let tables = [
        ("mean-path.csv", paths),
        ("autocorrelation.csv", correlations),
        ("density.csv", densities),
        ("phase-portrait.csv", phases),
    ];
    let arrays = tables.iter().flat_map(|(_, columns)| columns);
    let arrays: Vec<Array> = arrays
        .map(|(name, values)| Array::line(name, values))
        .collect();
    let json = result.to_json().unwrap_or_default();
    let mut files = vec![("result.json".to_owned(), json.into_bytes())];
    if let Ok(bytes) = npz(&arrays) {
        files.push(("comparison.npz".to_owned(), bytes));
    }
    files.push(("report.html".to_owned(), page.into_bytes()));
    files.extend(pictures.iter().map(Picture::file));
    files.extend(tables.iter().map(|(file, columns)| {
        let columns = columns
            .iter()
            .map(|(name, values)| (name.as_str(), &values[..]));
        let text = csv(&columns.collect::<Vec<_>>());
        ((*file).to_owned(), text.into_bytes())
    }));
    (files, pictures)
}
