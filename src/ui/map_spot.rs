//! The mark of a place that was gone to by its coordinates: a ring with a cross-hair, for a while or until Esc.

use egui::{Painter, Stroke, Ui, Vec2, vec2};

use super::map_marks::{Lens, readout};
use super::theme::Tokens;

/// How long the mark stays.
const STAYS_S: f64 = 12.0;
/// Radius of the ring; the hairs reach from inside it to beyond it.
const RING_RADIUS: f32 = 12.0;
const HAIR: [f32; 2] = [5.0, 20.0];

/// See the module's head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    at_world: [f64; 2],
    since_s: f64,
}

impl Spot {
    /// A mark at a place (Web Mercator metres), from now on.
    pub(super) fn new(at_world: [f64; 2], now_s: f64) -> Self {
        Self { at_world, since_s: now_s }
    }

    /// How long it still stays; `None` when its time is over.
    pub(super) fn rest_s(&self, now_s: f64) -> Option<f64> {
        Some(self.since_s + STAYS_S - now_s).filter(|rest| *rest > 0.0)
    }

    /// The place.
    pub(super) fn at_world(&self) -> [f64; 2] {
        self.at_world
    }

    /// Draws it, with the coordinates beside it.
    pub(super) fn draw(&self, ui: &Ui, painter: &Painter, lens: &Lens<'_>, words: String) {
        let tokens = Tokens::of(ui);
        let at = lens.at(self.at_world);
        if !lens.map.expand(HAIR[1]).contains(at) {
            return;
        }
        let directions = [Vec2::RIGHT, Vec2::DOWN, Vec2::LEFT, Vec2::UP];
        // A light line under the dark one: the mark is seen on every ground.
        for stroke in [Stroke::new(5.0, tokens.raised), Stroke::new(2.0, tokens.accent)] {
            painter.circle_stroke(at, RING_RADIUS, stroke);
            for way in directions {
                painter.line_segment([at + way * HAIR[0], at + way * HAIR[1]], stroke);
            }
        }
        readout(ui, painter, at + vec2(22.0, 10.0), &[words]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stays_for_a_while() {
        let spot = Spot::new([0.0; 2], 100.0);
        assert_eq!(spot.rest_s(100.0), Some(STAYS_S));
        assert_eq!(spot.rest_s(100.0 + STAYS_S), None);
    }
}
