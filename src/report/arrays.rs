//! Named arrays as the bytes of an `.npz` file, which `numpy.load` reads.

use super::surfaces::Surfaces;
use npyz::{AutoSerialize, WriterBuilder};
use std::io::{self, Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The numbers of an array, row-major.
#[derive(Clone, PartialEq, Debug)]
pub enum Values {
    /// Reals; NaN and infinities are kept.
    F64(Vec<f64>),
    /// Counts.
    U64(Vec<u64>),
    /// A mask.
    Bool(Vec<bool>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Values::F64(values) => values.len(),
            Values::U64(values) => values.len(),
            Values::Bool(values) => values.len(),
        }
    }
}

/// An array with a name and a shape.
#[derive(Clone, PartialEq, Debug)]
pub struct Array {
    /// The key under which it is found.
    pub name: String,
    /// Lengths of its axes, slowest first; empty for a single number.
    pub shape: Vec<usize>,
    /// Its numbers, as many as the product of `shape`.
    pub values: Values,
}

impl Array {
    /// Reals in one dimension.
    pub fn line(name: impl Into<String>, values: &[f64]) -> Array {
        Array {
            name: name.into(),
            shape: vec![values.len()],
            values: Values::F64(values.to_vec()),
        }
    }
}

/// `samples.npz` of a run in two coordinates: the centres `x` and `y`, and on them `counts`,
/// `density`, `V`, `dV`, `U`, `U_stderr`, `dU`, `covered` and, where it is known, `S`.
///
/// Shapes are `(nx, ny)`; `dV` and `dU` are `(2, nx, ny)`, by the first and by the second
/// coordinate; `S` is `(3, nx, ny)`: `S_xx`, `S_xy`, `S_yy`.
pub fn surface_arrays(surfaces: &Surfaces) -> Vec<Array> {
    let shape = surfaces.axes.each_ref().map(|axis| axis.cells).to_vec();
    let array = |name: &str, values: Values| Array {
        name: name.to_owned(),
        shape: shape.clone(),
        values,
    };
    let field = |name: &str, values: &[f64]| array(name, Values::F64(values.to_vec()));
    let stacked = |name: &str, parts: &[Vec<f64>]| Array {
        name: name.to_owned(),
        shape: [&[parts.len()], &shape[..]].concat(),
        values: Values::F64(parts.concat()),
    };
    let mut arrays = vec![
        Array::line("x", &surfaces.axes[0].centres()),
        Array::line("y", &surfaces.axes[1].centres()),
        array("counts", Values::U64(surfaces.counts.clone())),
        field("density", &surfaces.density),
        field("V", &surfaces.v),
        stacked("dV", &surfaces.dv),
        field("U", &surfaces.u),
        field("U_stderr", &surfaces.u_stderr),
        stacked("dU", &surfaces.du),
        array("covered", Values::Bool(surfaces.covered.clone())),
    ];
    arrays.extend(surfaces.noise.as_ref().map(|parts| stacked("S", parts)));
    arrays
}

/// Why arrays could not be packed.
#[derive(Debug, thiserror::Error)]
pub enum ArrayError {
    /// The shape and the numbers of an array do not fit.
    #[error("the array `{name}` has {found} numbers; its shape {shape:?} needs another count")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How many numbers it has.
        found: usize,
    },
    /// Two arrays have the same name.
    #[error("two arrays are called `{0}`")]
    Duplicate(String),
    /// Packing failed.
    #[error("the arrays could not be packed: {0}")]
    Pack(#[from] io::Error),
}

/// The bytes of an `.npz` file with these arrays in their order, compressed. Equal arrays give
/// equal bytes: no time is in them.
///
/// # Errors
/// [`ArrayError`]: a shape that does not fit, a name given twice, or a failure while packing.
pub fn npz(arrays: &[Array]) -> Result<Vec<u8>, ArrayError> {
    check(arrays)?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    for array in arrays {
        let file = npyz::npz::file_name_from_array_name(&array.name);
        zip.start_file(file, options).map_err(io::Error::from)?;
        match &array.values {
            Values::F64(values) => write(&mut zip, &array.shape, values)?,
            Values::U64(values) => write(&mut zip, &array.shape, values)?,
            Values::Bool(values) => write(&mut zip, &array.shape, values)?,
        }
    }
    let bytes = zip.finish().map_err(io::Error::from)?;
    Ok(bytes.into_inner())
}

fn check(arrays: &[Array]) -> Result<(), ArrayError> {
    let mut names = std::collections::BTreeSet::new();
    for array in arrays {
        if !names.insert(array.name.as_str()) {
            return Err(ArrayError::Duplicate(array.name.clone()));
        }
        let mut axes = array.shape.iter();
        let count = axes.try_fold(1usize, |count, &axis| count.checked_mul(axis));
        if count != Some(array.values.len()) {
            return Err(ArrayError::Shape {
                name: array.name.clone(),
                shape: array.shape.clone(),
                found: array.values.len(),
            });
        }
    }
    Ok(())
}

fn write<T: AutoSerialize + Copy>(to: impl Write, shape: &[usize], values: &[T]) -> io::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&axis| axis as u64).collect();
    let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
    let mut writer = options.writer(to).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()
}
