//! Trajectories, moments and densities as files.

use super::Run;
use crate::dynamics::Trajectories;
use crate::kernel::LANES;
use crate::report::arrays::{Array, Values, npz};
use crate::report::simulation::Simulation;
use crate::report::table::csv;
use crate::surrogate::{Axes, Sums};

/// Rows of `trajectories.csv`, at most: the arrays have all.
const MOST_ROWS: usize = 200_000;

pub(super) fn files(
    run: &Run<'_>,
    trajectories: &Trajectories,
    result: &Simulation,
) -> Vec<(String, Vec<u8>)> {
    let model = &run.potential.model;
    let names: Vec<String> = model.coordinates.iter().map(|c| c.name.clone()).collect();
    let mut arrays = paths(trajectories);
    let mut files = Vec::new();
    let periods: Vec<Option<f64>> = model.coordinates.iter().map(|c| c.period).collect();
    if let Some(axes) = Axes::of(trajectories, &periods) {
        let sums = Sums::of(trajectories, &axes);
        if let Some(total) = sums.total(None) {
            let mut moments = vec![("t".to_owned(), sums.times())];
            let mut correlations = vec![("lag".to_owned(), sums.times()[..sums.lags].to_vec())];
            for (c, name) in names.iter().enumerate() {
                moments.push((format!("mean_{name}"), sums.mean_path(&total, c)));
                moments.push((format!("var_{name}"), sums.variance(&total, c)));
                correlations.push((format!("acf_{name}"), sums.correlation(&total, c)));
            }
            let densities = densities(&axes, &total.counts, &names);
            for (file, columns) in [
                ("moments.csv", &moments),
                ("autocorrelation.csv", &correlations),
                ("density.csv", &densities),
            ] {
                files.push((file.to_owned(), table(columns)));
            }
            let columns = moments[1..].iter().chain(&correlations).chain(&densities);
            arrays.extend(columns.map(|(name, values)| Array::line(name, values)));
        }
    }
    files.push(("trajectories.csv".to_owned(), some(trajectories, &names)));
    // A name given twice is the fault of coordinates called `t` and the like: files are all there.
    if let Ok(bytes) = npz(&arrays) {
        files.insert(0, ("trajectories.npz".to_owned(), bytes));
    }
    let json = result.to_json().unwrap_or_default();
    files.insert(0, ("result.json".to_owned(), json.into_bytes()));
    files
}

fn table(columns: &[(String, Vec<f64>)]) -> Vec<u8> {
    let columns = columns
        .iter()
        .map(|(name, values)| (name.as_str(), &values[..]));
    csv(&columns.collect::<Vec<_>>()).into_bytes()
}

/// Looks, trajectories and coordinates as arrays.
fn paths(trajectories: &Trajectories) -> Vec<Array> {
    let (looks, count, d) = (
        trajectories.looks(),
        trajectories.count(),
        trajectories.dimension(),
    );
    let stacked = |row: &dyn Fn(usize, usize, usize) -> Vec<f64>, width: usize| {
        let mut values = Vec::with_capacity(looks * count * width);
        for look in 0..looks {
            for group in 0..trajectories.groups() {
                let rows: Vec<Vec<f64>> = (0..width).map(|c| row(group, look, c)).collect();
                for lane in 0..trajectories.lanes(group) {
                    values.extend(rows.iter().map(|row| row[lane]));
                }
            }
        }
        Values::F64(values)
    };
    let array = |name: &str, shape: Vec<usize>, values: Values| Array {
        name: name.to_owned(),
        shape,
        values,
    };
    let positions = |group, look, c| trajectories.positions(group, look, c).to_vec();
    let potential = |group, look, _| trajectories.potential(group, look).to_vec();
    let mut arrays = vec![
        Array::line("t", &trajectories.times()),
        array("q", vec![looks, count, d], stacked(&positions, d)),
        array("V", vec![looks, count], stacked(&potential, 1)),
    ];
    if trajectories.has_momenta() {
        let momenta = |group, look, c| trajectories.momenta(group, look, c).to_vec();
        arrays.push(array("p", vec![looks, count, d], stacked(&momenta, d)));
    }
    arrays
}

/// The densities over all looks, with the centres of their bins.
fn densities(axes: &Axes, counts: &[Vec<f64>], names: &[String]) -> Vec<(String, Vec<f64>)> {
    let mut columns = Vec::new();
    for ((coordinates, mesh), counts) in axes.meshes().iter().zip(counts) {
        let centres: Vec<Vec<f64>> = (0..mesh.bins()).map(|bin| mesh.centre(bin)).collect();
        let total = counts.iter().sum::<f64>() * mesh.cell_volume();
        let named: Vec<&str> = coordinates.iter().map(|c| names[*c].as_str()).collect();
        for (k, name) in named.iter().enumerate() {
            let along = centres.iter().map(|centre| centre[k]);
            columns.push((format!("bin_{name}"), along.collect()));
        }
        let density = counts.iter().map(|n| n / total).collect();
        columns.push((format!("density_{}", named.join("_")), density));
    }
    columns
}

/// The first trajectories, a row for each of their looks.
fn some(trajectories: &Trajectories, names: &[String]) -> Vec<u8> {
    let looks = trajectories.looks();
    let count = trajectories.count().min((MOST_ROWS / looks.max(1)).max(1));
    let d = trajectories.dimension();
    let mut columns: Vec<(String, Vec<f64>)> = vec![
        ("trajectory".to_owned(), Vec::new()),
        ("t".to_owned(), Vec::new()),
    ];
    columns.extend(names.iter().map(|name| (name.clone(), Vec::new())));
    if trajectories.has_momenta() {
        columns.extend(names.iter().map(|name| (format!("p_{name}"), Vec::new())));
    }
    columns.push(("V".to_owned(), Vec::new()));
    let times = trajectories.times();
    for number in 0..count {
        let (group, lane) = (number / LANES, number % LANES);
        for (look, t) in times.iter().enumerate() {
            let mut row = vec![number as f64, *t];
            row.extend((0..d).map(|c| trajectories.positions(group, look, c)[lane]));
            if trajectories.has_momenta() {
                row.extend((0..d).map(|c| trajectories.momenta(group, look, c)[lane]));
            }
            row.push(trajectories.potential(group, look)[lane]);
            for ((_, column), value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
    }
    table(&columns)
}
