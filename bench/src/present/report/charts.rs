//! The charts of the page, drawn as SVG.
//!
//! | file | contents |
//! |---|---|
//! | `series.rs` | the name, the colour and the marker of a mechanism: the same in all charts |
//! | `axis.rs`, `layout.rs` | the place of each value; the sizes of a drawing, labels that do not touch |
//! | `lines.rs`, `dots.rs` | the two kinds of drawings |
//! | `figure.rs` | a drawing for each setting, and its downloads |
//! | `records.rs` | from rows of the results to lines, and to data for a download |
//! | `quantity.rs` | the dot plot of a quantity, for all ways to wait |
//! | `waits.rs`, `sizes.rs`, `percentiles.rs`, `baseline.rs`, `open_loop.rs`, `streams.rs`, `clients.rs`, `others.rs` | what is drawn |

mod axis;
pub(super) mod baseline;
pub(super) mod clients;
pub(super) mod dots;
pub(super) mod figure;
pub(super) mod layout;
mod lines;
pub(super) mod open_loop;
pub(super) mod others;
pub(super) mod percentiles;
pub(super) mod quantity;
mod records;
pub(super) mod series;
pub(super) mod sizes;
pub(super) mod streams;
pub(super) mod waits;
