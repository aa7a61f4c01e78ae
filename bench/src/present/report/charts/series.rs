//! A mechanism and its variant in a chart: the same name, colour, marker and dash pattern everywhere.

use maud::{Markup, html};

use crate::present::report::data::named;
use crate::results::registry::SIX;

/// A mechanism has a colour, a variant a marker and a dash pattern, so lines can be told apart without colours. The
/// colours come from `chart.css`, which also goes into a chart that is saved by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// The identifier: the same in all charts.
    pub key: String,
    /// The name, for people.
    pub label: String,
    /// The index of its colour in `chart.css`.
    pub colour: usize,
    /// The index of its marker and its dash pattern.
    pub shape: usize,
}

impl Series {
    /// Returns the series of a mechanism and variant. One unknown to this version is drawn in grey.
    pub(crate) fn of(mechanism: &str, variant: &str) -> Self {
        let at = SIX.iter().position(|member| member.profile.name == mechanism);
        let shape = at.and_then(|at| SIX[at].variants().position(|known| known.name == variant));
        let key = format!("{mechanism}-{variant}");
        Self {
            key: key.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-', "_"),
            label: named(mechanism, variant),
            colour: at.unwrap_or(SIX.len()),
            shape: shape.unwrap_or(0),
        }
    }

    /// Returns the label, or as many of its last words as there is room for, but at least one.
    pub(crate) fn label_within(&self, letters: usize) -> &str {
        let mut rest = self.label.as_str();
        while rest.chars().count() > letters {
            let Some((_, shorter)) = rest.split_once(' ') else { break };
            rest = shorter;
        }
        rest
    }

    /// Returns the key that sorts series in the order of the course.
    pub(crate) fn order(&self) -> (usize, usize, String) {
        (self.colour, self.shape, self.label.clone())
    }

    /// Returns the classes of its line.
    pub(crate) fn line(&self) -> String {
        format!("line d{}", self.shape.min(3))
    }

    /// Returns a piece of the line with the marker, for the legend.
    pub(crate) fn swatch(&self) -> Markup {
        html! {
            svg class={ "swatch c" (self.colour) } viewBox="0 0 36 14" aria-hidden="true" focusable="false" {
                path class=(self.line()) d="M0 7H36" {}
                path.mark transform="translate(18 7)" d=(marker(self.shape)) {}
            }
        }
    }
}

/// Returns the outline of a marker around the origin: circle, triangle, square, diamond.
pub(crate) fn marker(shape: usize) -> &'static str {
    match shape {
        0 => "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
        1 => "M0-5.5L5.2 4.2H-5.2z",
        2 => "M-4-4H4V4H-4z",
        _ => "M0-5.8L5.4 0L0 5.8L-5.4 0z",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_as_short_as_it_can_be() {
        let label = |mechanism, variant| Series::of(mechanism, variant).label;
        assert_eq!([label("pipe", "anonymous"), label("shm", "ring")], ["pipe", "shm ring"]);
        let long = Series::of("socket", "unix-seqpacket");
        assert_eq!(
            [long.label_within(14), long.label_within(30)],
            ["unix-seqpacket", "socket unix-seqpacket"]
        );
        let [pipe, stream] = ["C pipe in blocks", "C unix stream in blocks"]
            .map(|label| Series { label: label.into(), ..long.clone() });
        assert_eq!([pipe.label_within(14), stream.label_within(16)], ["pipe in blocks", "stream in blocks"]);
        assert_eq!(pipe.label_within(3), "blocks", "no word is cut");
    }
}
