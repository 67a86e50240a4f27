//! One pipe: its defects at their chainage over the map. What is read of it stands in the details.

use std::sync::Arc;

use crate::geom::measure::path_length_m;
use crate::session::sewer::live::LiveNetwork;
use crate::session::sewer::pipe_card::PipeCard;
use crate::text::Text;

use super::{Drawing, DrawnPoint, Layers, Mark, SewerShown, Tone};

/// A defect longer than this is drawn as a line.
const LONG_M: f64 = 0.5;

pub(super) fn card(live: &LiveNetwork, card: &PipeCard) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let row = layers.row(&card.at);
    // The inspection that counts comes first.
    let mut defects: Vec<_> = card.inspections.first().map_or(&[][..], |it| &it.defects).iter().collect();
    // The gravest is drawn last: nothing lies over it.
    defects.sort_by_key(|defect| defect.defect.grade());
    for defect in defects {
        let grade = defect.defect.grade();
        let (from, to) = (defect.defect.start_m(), defect.defect.end_m());
        let Some(at) = at_chainage(card, f64::midpoint(from, to)) else { continue };
        let tone = Tone::Grade(grade);
        if to - from > LONG_M {
            drawing.add_line(row, stretch(card, from, to), tone, false);
        }
        let words = Text::same(format!("{} {from:.1} m", defect.defect.kind().code));
        drawing.add_point(at, DrawnPoint { words, at: Some(row), ..DrawnPoint::new(Mark::Defect(grade), tone) });
    }
    SewerShown { title: Text::same(card.code.clone()), drawing: Arc::new(drawing), layers, ..SewerShown::default() }
}

/// The place so far down the pipe: by its share of the length, since a line may be drawn shorter than the pipe is.
fn at_chainage(card: &PipeCard, chainage_m: f64) -> Option<[f64; 2]> {
    let whole_m = path_length_m(card.line.iter().copied());
    let share = if card.length_m > 0.0 { (chainage_m / card.length_m).clamp(0.0, 1.0) } else { 0.0 };
    let mut rest_m = share * whole_m;
    for pair in card.line.windows(2) {
        let step_m = path_length_m(pair.iter().copied());
        if rest_m <= step_m && step_m > 0.0 {
            let part = rest_m / step_m;
            return Some([0, 1].map(|axis| pair[0][axis] + (pair[1][axis] - pair[0][axis]) * part));
        }
        rest_m -= step_m;
    }
    card.line.last().copied()
}

fn stretch(card: &PipeCard, from_m: f64, to_m: f64) -> Vec<[f64; 2]> {
    const STEPS: usize = 8;
    let at = |step: usize| at_chainage(card, from_m + (to_m - from_m) * step as f64 / STEPS as f64);
    (0..=STEPS).filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_lies_at_its_share_of_the_drawn_line() {
        let line = vec![[116.0, 29.7], [116.001, 29.7], [116.001, 29.701]];
        let length_m = path_length_m(line.iter().copied());
        let card = PipeCard {
            at: crate::session::state::FeatureRef { layer: "sewer_pipe".to_owned(), id: 1 },
            code: "WS-1".to_owned(),
            flow: None,
            nodes: Default::default(),
            slope: None,
            // The record says twice what is drawn.
            length_m: length_m * 2.0,
            line,
            inspections: Vec::new(),
        };
        let first_m = path_length_m([[116.0, 29.7], [116.001, 29.7]]);
        let at = at_chainage(&card, first_m).expect("a place");
        assert!((at[0] - 116.0005).abs() < 1e-7 && (at[1] - 29.7).abs() < 1e-9, "{at:?}");
        assert_eq!(at_chainage(&card, 1e9), Some([116.001, 29.701]));
    }
}
