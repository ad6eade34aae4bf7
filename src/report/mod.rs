//! What a run leaves behind: data, arrays, figures, a summary and a page, all as values; writing
//! them to files is for the callers.

pub mod arrays;
pub mod bench;
pub mod chart;
pub mod comparison;
pub mod critical;
pub mod curves;
pub mod figure;
pub mod html;
pub mod kuva;
pub mod landscape;
pub mod maps;
pub mod number;
pub mod plot;
pub mod portrait;
pub mod result;
pub mod scan;
pub mod sections;
pub mod simulation;
pub mod summary;
pub mod surfaces;
pub mod table;
pub mod terminal;
pub mod trace;
pub mod window;

pub mod calibration;
mod canvas;
mod contour;
mod drawing;
mod json;
mod raster;
mod reading;
mod terms;
