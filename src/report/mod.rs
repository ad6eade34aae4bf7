//! What a run leaves behind: data, arrays, figures, a summary and a page, all as values; writing
//! them to files is for the callers.

#[doc(hidden)]
pub mod agreement;
#[doc(hidden)]
pub mod arrays;
#[doc(hidden)]
pub mod asked;
pub mod bench;
#[doc(hidden)]
mod chart;
#[doc(hidden)]
pub mod compared;
pub mod comparison;
#[doc(hidden)]
pub mod critical;
#[doc(hidden)]
pub mod curves;
#[doc(hidden)]
pub mod evidence;
#[doc(hidden)]
pub mod figure;
#[doc(hidden)]
pub mod free;
#[doc(hidden)]
pub mod freed;
#[doc(hidden)]
pub mod html;
#[doc(hidden)]
pub mod kuva;
#[doc(hidden)]
pub mod landscape;
#[doc(hidden)]
pub mod maps;
#[doc(hidden)]
pub mod mathml;
pub mod number;
pub mod paper;
#[doc(hidden)]
pub mod picture;
#[doc(hidden)]
pub mod plot;
pub mod portrait;
pub mod result;
#[doc(hidden)]
pub mod scan;
#[doc(hidden)]
pub mod scanned;
#[doc(hidden)]
pub mod sections;
pub mod simulation;
pub mod summary;
#[doc(hidden)]
pub mod surfaces;
#[doc(hidden)]
pub mod table;
pub mod terminal;
#[doc(hidden)]
pub mod trace;
#[doc(hidden)]
pub mod unresolved;
#[doc(hidden)]
pub mod window;

#[doc(hidden)]
pub mod calibration;
mod canvas;
mod contour;
mod dashes;
mod drawing;
pub use drawing::keep_near;
mod json;
mod judged;
mod raster;
pub mod reading;
mod terms;
