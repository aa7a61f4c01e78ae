//! The sizes of a drawing. Each chart is drawn twice, for a screen and for a phone, so that letters are legible on both
//! and no label touches another; the style shows one of the two.

use maud::{Markup, html};

use super::axis::{Axis, Mark};

/// The space that a drawing is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Layout {
    /// A screen, or a sheet of paper.
    Wide,
    /// A column of text, such as a page of a book: for a chart in a file.
    Column,
    /// A phone.
    Narrow,
}

impl Layout {
    /// Those of the page.
    pub(crate) const BOTH: [Self; 2] = [Self::Wide, Self::Narrow];

    /// The class of the drawing.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Wide => "plot at-wide",
            Self::Column => "plot",
            Self::Narrow => "plot at-narrow",
        }
    }

    /// The width of the drawing, about as many pixels as it will have.
    pub(crate) const fn width(self) -> f64 {
        match self {
            Self::Wide => 900.0,
            Self::Column => 740.0,
            Self::Narrow => 350.0,
        }
    }

    /// The height of the part of a line chart between its axes.
    pub(crate) const fn height(self) -> f64 {
        match self {
            Self::Wide | Self::Column => 360.0,
            Self::Narrow => 300.0,
        }
    }

    /// The letters that a label may have.
    pub(crate) const fn letters(self) -> usize {
        match self {
            Self::Wide | Self::Column => 24,
            Self::Narrow => 16,
        }
    }

    /// The width of a text, as wide as the widest of the usual fonts makes it: `chart.css` has the sizes.
    pub(crate) fn text(self, text: &str) -> f64 {
        let letter = if self == Self::Narrow { 6.7 } else { 7.6 };
        letter * text.chars().count() as f64
    }

    /// The width of the longest of some texts.
    pub(crate) fn longest<'a>(self, texts: impl Iterator<Item = &'a str>) -> f64 {
        texts.map(|text| self.text(text)).fold(0.0, f64::max)
    }
}

/// The space between the edges of a plot and its outermost values, so that their marks are whole.
pub(crate) const PADDING: f64 = 10.0;

/// The horizontal axis of a plot, between its edges.
pub(crate) struct Across<'a> {
    pub axis: &'a Axis,
    pub layout: Layout,
    pub left: f64,
    pub right: f64,
}

impl Across<'_> {
    /// Returns the place of a value.
    pub(crate) fn px(&self, x: f64) -> f64 {
        self.left + PADDING + self.axis.place(x) * (self.right - self.left - 2.0 * PADDING)
    }

    /// Draws a line from the top to the bottom at each mark.
    pub(crate) fn grid(&self, top: f64, bottom: f64) -> Markup {
        html! {
            @for mark in &self.axis.marks {
                path class=(mark.line()) d=(format_args!("M{:.1} {top}V{bottom}", self.px(mark.at))) {}
            }
        }
    }

    /// Draws the labels of the marks, below the bottom.
    pub(crate) fn labels(&self, bottom: f64) -> Markup {
        let below = readable(&self.axis.marks, |x| self.px(x), |label| self.layout.text(label) + 8.0);
        html! { @for (x, label) in below { (text("tick mid code", (x, bottom), "1.4em", label)) } }
    }
}

/// Returns the labels that have room, those first that are not minor, and the place of each.
pub(crate) fn readable(
    marks: &[Mark],
    place: impl Fn(f64) -> f64,
    room: impl Fn(&str) -> f64,
) -> Vec<(f64, &str)> {
    let mut shown: Vec<(f64, &str)> = Vec::new();
    for minor in [false, true] {
        for mark in marks.iter().filter(|mark| mark.minor == minor && !mark.label.is_empty()) {
            let (at, own) = (place(mark.at), room(&mark.label) / 2.0);
            if shown.iter().all(|(other, label)| (other - at).abs() > own + room(label) / 2.0) {
                shown.push((at, &mark.label));
            }
        }
    }
    shown
}

/// Moves the places as little as possible so that neighbours are at least `gap` apart and all are within `range`. The
/// order is kept.
pub(crate) fn apart(places: &[f64], gap: f64, range: [f64; 2]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
    // Neighbours that touch form a block, which is centred over what its members wanted.
    let mut blocks: Vec<(f64, usize)> = Vec::new(); // the sum of the wanted beginnings, and the number of members
    let top = |&(sum, count): &(f64, usize)| {
        let last = range[1] - gap * (count as f64 - 1.0);
        (sum / count as f64).min(last).max(range[0])
    };
    for &at in &order {
        blocks.push((places[at], 1));
        while let [.., before, last] = &blocks[..] {
            if top(before) + gap * before.1 as f64 <= top(last) {
                break;
            }
            let shift = gap * (before.1 * last.1) as f64;
            let joined = (before.0 + last.0 - shift, before.1 + last.1);
            blocks.truncate(blocks.len() - 2);
            blocks.push(joined);
        }
    }
    let mut moved = vec![0.0; places.len()];
    let placed = blocks.iter().flat_map(|block| (0..block.1).map(move |nth| top(block) + gap * nth as f64));
    for (&at, place) in order.iter().zip(placed) {
        moved[at] = place;
    }
    moved
}

/// Draws text at a place, moved down by a part of its own height; nothing if it is empty.
pub(crate) fn text(class: &str, (x, y): (f64, f64), down: &str, text: &str) -> Markup {
    html! {
        @if !text.is_empty() {
            text class=(class) x=(format_args!("{x:.1}")) y=(format_args!("{y:.1}")) dy=(down) { (text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_pushed_apart_and_keep_their_order() {
        assert_eq!(apart(&[50.0, 10.0], 12.0, [0.0, 100.0]), [50.0, 10.0]);
        assert_eq!(apart(&[50.0, 52.0, 48.0], 10.0, [0.0, 100.0]), [50.0, 60.0, 40.0]);
        assert_eq!(apart(&[99.0, 98.0], 10.0, [0.0, 100.0]), [100.0, 90.0]);
        assert_eq!(apart(&[0.0, 1.0, 9.0], 10.0, [0.0, 100.0]), [0.0, 10.0, 20.0]);
        assert_eq!(apart(&[], 10.0, [0.0, 100.0]), [0.0; 0]);
    }

    #[test]
    fn a_minor_label_gives_way() {
        let mark = |at: f64, label: &str, minor| Mark { at, label: label.into(), minor };
        let marks = [mark(0.0, "64", false), mark(97.0, "8191", true), mark(100.0, "8 KiB", false)];
        let shown = |length: f64| readable(&marks, |at| at * length, |label| Layout::Wide.text(label));
        assert_eq!(shown(1.0).iter().map(|(_, label)| *label).collect::<Vec<_>>(), ["64", "8 KiB"]);
        assert_eq!(shown(100.0).len(), 3);
    }
}
