//! Where words stand in the plot of a long profile: none over another, and none over a match line.

use super::Sheet;
use crate::model::style::Ink;
use crate::render::decor::{Align, width};

/// Half the height of words, as a share of their size.
const HALF: f32 = 0.55;

/// The places that words have taken: left, top, right, bottom, pixels.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: Vec<[f32; 4]>,
    /// Where words may begin and must end: the plot, or less where a match line stands.
    pub(super) edges: [f32; 2],
}

impl Room {
    /// Takes a place if it lies between the edges and nothing stands there.
    pub(super) fn take(&mut self, place: [f32; 4]) -> bool {
        let [left, top, right, bottom] = place;
        let meets = |it: &[f32; 4]| left < it[2] && it[0] < right && top < it[3] && it[1] < bottom;
        let is_free = left >= self.edges[0] && right <= self.edges[1] && !self.taken.iter().any(meets);
        if is_free {
            self.taken.push(place);
        }
        is_free
    }

    /// The middle of words so wide that is nearest to a wished one.
    pub(super) fn middle(&self, wished: f32, wide: f32) -> f32 {
        let least = self.edges[0] + wide / 2.0;
        wished.min(self.edges[1] - wide / 2.0).max(least)
    }
}

/// Words about a pipe that wait for their place until what matters more has its own.
#[derive(Debug)]
pub(super) struct Remark {
    /// The forms that would do, the best first.
    pub(super) forms: Vec<&'static str>,
    /// Their middle.
    pub(super) at: [f32; 2],
    pub(super) ink: Ink,
    pub(super) size: f32,
}

impl Sheet<'_> {
    /// Writes words around a middle, on clear ground, if there is room for them.
    pub(super) fn say_if_free(&mut self, words: &str, [x, y]: [f32; 2], ink: Ink, size: f32) -> bool {
        let half = width(words, size) / 2.0;
        let place = [x - half - 1.0, y - HALF * size, x + half + 1.0, y + HALF * size];
        let is_free = self.room.take(place);
        if is_free {
            self.clear(place);
            self.say(words, [x, y], Align::Middle, ink, size);
        }
        is_free
    }

    /// Writes what waited.
    pub(super) fn remarks(&mut self) {
        for Remark { forms, at, ink, size } in std::mem::take(&mut self.remarks) {
            // The first form that fits.
            let _ = forms.into_iter().any(|words| self.say_if_free(words, at, ink, size));
        }
    }
}
