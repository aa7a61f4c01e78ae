//! The charts of the page, drawn as SVG.
//!
//! | file | contents |
//! |---|---|
//! | `axis.rs`, `chart.rs` | the place of each value; the drawing itself |
//! | `figure.rs` | a chart for each setting, its legend and its downloads |
//! | `curves.rs`, `dots.rs`, `clients.rs` | the charts and their contents |

mod axis;
mod chart;
pub(super) mod clients;
pub(super) mod curves;
pub(super) mod dots;
pub(super) mod figure;
