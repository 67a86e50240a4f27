//! What of a large drawing can be told apart at a scale: pieces on a grid of about two pixels, each once.

use rustc_hash::FxHashSet;

use crate::model::geometry::Bounds;
use crate::session::sewer::shown::{Drawing, Tone};

/// A straight piece, Web Mercator metres, along the flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) from: [f64; 2],
    pub(super) to: [f64; 2],
    pub(super) tone: Tone,
    pub(super) is_lit: bool,
}

impl Segment {
    pub(super) fn bounds(&self) -> Bounds {
        let [[x1, y1], [x2, y2]] = [self.from, self.to];
        Bounds::new(x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2))
    }
}

/// A drawing thinned out for a scale.
#[derive(Default)]
pub(super) struct Level {
    /// Side of a cell as a power of two metres, with the pieces; `None` for a drawing that is drawn as it is.
    known: Option<(i32, Vec<Segment>)>,
}

impl Level {
    /// Makes the pieces anew if the scale is another now, or there are none yet; a drawing with no more than `few`
    /// positions needs none.
    pub(super) fn follow(&mut self, drawing: &Drawing, metres_per_px: f64, few: usize) {
        if drawing.positions.len() <= few || metres_per_px <= 0.0 {
            self.known = None;
            return;
        }
        let power = metres_per_px.log2().floor() as i32 + 1;
        if self.known.as_ref().is_none_or(|(known, _)| *known != power) {
            self.known = Some((power, segments(drawing, f64::from(power).exp2())));
        }
    }

    /// The pieces, for a drawing that has them.
    pub(super) fn segments(&self) -> Option<&[Segment]> {
        self.known.as_ref().map(|(_, segments)| segments.as_slice())
    }
}

fn segments(drawing: &Drawing, cell_m: f64) -> Vec<Segment> {
    let cell = |place: [f64; 2]| place.map(|metres| (metres / cell_m).round() as i32);
    let middle = |cell: [i32; 2]| cell.map(|number| f64::from(number) * cell_m);
    let mut seen = FxHashSet::default();
    let mut found = Vec::new();
    for line in &drawing.lines {
        let path = drawing.path(line);
        let mut last = cell(path[0]);
        let mut has_piece = false;
        for place in &path[1..] {
            let here = cell(*place);
            if here == last {
                continue;
            }
            has_piece = true;
            // The same piece from its other end is the same piece.
            let key = if here < last { [here, last] } else { [last, here] };
            if seen.insert((key, line.tone, line.is_lit)) {
                found.push(Segment { from: middle(last), to: middle(here), tone: line.tone, is_lit: line.is_lit });
            }
            last = here;
        }
        if !has_piece && seen.insert(([last, last], line.tone, line.is_lit)) {
            found.push(Segment { from: middle(last), to: middle(last), tone: line.tone, is_lit: line.is_lit });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trades::sewer::pipe::RowRef;

    /// A town of streets of 30 m pipes, some degrees wide.
    fn town(pipes: u32) -> Drawing {
        let mut drawing = Drawing::default();
        for number in 0..pipes {
            let (row, column) = (f64::from(number / 300), f64::from(number % 300));
            let place = |step: f64| [115.9 + (column + step) * 3e-4, 29.6 + row * 3e-4];
            drawing.add_line(RowRef::default(), [place(0.0), place(1.0)], Tone::Foul, true);
        }
        drawing
    }

    #[test]
    fn from_afar_a_large_town_is_far_fewer_pieces_and_close_by_it_is_itself() {
        let drawing = town(60_000);
        let mut level = Level::default();
        level.follow(&drawing, 100.0, 1000);
        let afar = level.segments().expect("thinned").len();
        assert!((100..12_000).contains(&afar), "{afar}");
        level.follow(&drawing, 1.0, 1000);
        assert_eq!(level.segments().expect("all").len(), 60_000);
        level.follow(&town(10), 1.0, 1000);
        assert!(level.segments().is_none());
    }

    #[test]
    fn pieces_keep_their_place_within_a_cell() {
        let drawing = town(600);
        let mut level = Level::default();
        level.follow(&drawing, 3.0, 100);
        let (first, place) = (level.segments().expect("pieces")[0], drawing.positions[0]);
        assert!((first.from[0] - place[0]).hypot(first.from[1] - place[1]) <= 4.0);
    }
}
