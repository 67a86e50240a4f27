//! Other ways to colour sewer pipes than by what they carry: by their grade, by how full they run, by what their record
//! says of the direction.

use super::look;
use crate::model::style::{Ink, LabelRule, LineMark, Placement, Rule, ScaleRange, Size, Style};
use crate::text::Text;

/// The repair grades of CJJ 181, as they stand in the layer: alike on both maps, with their widths: hue is never the only sign.
static GRADES: [(&str, Text, Ink, f32); 4] = [
    ("rating = 4", Text::new("修复等级 RI Ⅳ", "Repair grade RI IV"), Ink::new(0xD7_191C, 0xD7_191C), 5.0),
    ("rating = 3", Text::new("修复等级 RI Ⅲ", "Repair grade RI III"), Ink::new(0xFD_AE61, 0xFD_AE61), 3.6),
    ("rating = 2", Text::new("修复等级 RI Ⅱ", "Repair grade RI II"), Ink::new(0xAB_D9E9, 0xAB_D9E9), 2.4),
    ("rating = 1", Text::new("修复等级 RI Ⅰ", "Repair grade RI I"), Ink::new(0x2C_7BB6, 0x2C_7BB6), 1.6),
];

/// Where one class of load ratios goes over into the next; a ratio on a limit belongs to the lower class.
pub const LOAD_LIMITS: [f64; 3] = [0.5, 0.8, 1.0];

/// The classes of load ratios, the fullest first, in the same colours and widths as the grades.
static LOADS: [(&str, Text, usize); 4] = [
    ("load_ratio > 1", Text::new("负荷率 >1，超负荷", "Load >1, over full"), 0),
    ("load_ratio > 0.8", Text::new("负荷率 0.8–1", "Load 0.8–1"), 1),
    ("load_ratio > 0.5", Text::new("负荷率 0.5–0.8", "Load 0.5–0.8"), 2),
    ("load_ratio <= 0.5", Text::new("负荷率 ≤0.5", "Load ≤0.5"), 3),
];

/// What a row has that may say the direction, the first that it has: both nodes, both inverts, a line alone.
static DIRECTIONS: [(&str, Text, Ink, &[f32]); 3] = [
    (
        "from_node <> '' AND to_node <> ''",
        Text::new("起止井号齐全", "Names both nodes"),
        Ink::new(0x17_713F, 0x5C_CB8F),
        &[],
    ),
    (
        "invert_up_m IS NOT NULL AND invert_down_m IS NOT NULL",
        Text::new("缺井号，有两端管底标高", "Both inverts, not both nodes"),
        Ink::new(0xB9_7A00, 0xF2_C462),
        &[9.0, 3.0],
    ),
    ("", Text::new("只有绘制方向", "A drawn line alone"), Ink::new(0xB3_261E, 0xFF_6B6B), &[2.5, 3.0]),
];

/// Pipes are drawn from here inwards.
const SEEN: ScaleRange = ScaleRange::closer_than(100_000.0);

/// By the grade in the row (`rating`); pipes without one are thin and grey.
pub fn by_grade() -> Style {
    let graded = GRADES.iter().map(|(filter, name, ink, width)| {
        let paint = look::round_line(*ink, look::by_scale(&[(5_000.0, *width), (40_000.0, width * 0.6)]));
        Rule { name: name.clone(), ..Rule::all(vec![paint]).when(filter).at(SEEN) }
    });
    let rest = Rule::all(vec![look::dashes(look::UNKNOWN, Size::Px(1.0), &[4.0, 3.0])]);
    let rest = Rule {
        name: Text::new("图层中无等级", "No grade in the layer"),
        ..rest.at(ScaleRange::closer_than(25_000.0))
    };
    Style::new(graded.chain(std::iter::once(rest)).collect(), Vec::new())
}

/// By how full pipes run in dry weather (`load_ratio`); pipes whose capacity nobody can work out are thin and grey.
pub fn by_load() -> Style {
    let loaded = LOADS.iter().map(|(filter, name, place)| {
        let (_, _, ink, width) = GRADES[*place];
        let paint = look::round_line(ink, look::by_scale(&[(5_000.0, width), (40_000.0, width * 0.6)]));
        Rule { name: name.clone(), ..Rule::all(vec![paint]).when(filter).at(SEEN) }
    });
    let rest = Rule::all(vec![look::dashes(look::UNKNOWN, Size::Px(1.0), &[4.0, 3.0])]);
    let rest = Rule { name: Text::new("无法计算", "Not known"), ..rest.at(ScaleRange::closer_than(25_000.0)) };
    let ratio = LabelRule {
        filter: look::filter("load_ratio IS NOT NULL"),
        scale: ScaleRange::closer_than(3_000.0),
        offset: 9.0,
        ..look::label("{load_ratio:2}", "{load_ratio:2}", Placement::Along, 28, look::px(10.5))
    };
    Style::new(loaded.chain(std::iter::once(rest)).collect(), vec![ratio])
}

/// By what the record has that says which way the water runs, with arrows close by.
pub fn by_direction() -> Style {
    let lines = DIRECTIONS.iter().enumerate().map(|(place, (filter, name, ink, dash))| {
        let width = look::by_scale(&[(2_500.0, 2.6), (15_000.0, 1.6), (40_000.0, 1.0)]);
        let paint = if dash.is_empty() { look::round_line(*ink, width) } else { look::dashes(*ink, width, dash) };
        let rule = Rule::all(vec![paint]).at(SEEN);
        // The last takes what is left.
        let rule = if place + 1 == DIRECTIONS.len() { rule } else { rule.when(filter) };
        Rule { name: name.clone(), ..rule }
    });
    let size = look::by_scale(&[(1_000.0, 9.2), (4_000.0, 6.5)]);
    let arrows = look::marks(LineMark::Arrow, look::TEXT2, size, 64.0);
    let arrows = Rule::all(vec![arrows]).at(ScaleRange::closer_than(4_000.0)).pass(2);
    Style::new(lines.chain(std::iter::once(arrows)).collect(), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use crate::model::value::Value;

    #[test]
    fn a_load_on_a_limit_belongs_to_the_lower_class_and_the_classes_are_those_of_the_limits() {
        let style = by_load();
        let name = |ratio: Option<f64>| {
            let get = |_: &str| ratio.map_or(Value::Null, Value::Real);
            let is_for = |rule: &&Rule| rule.filter.as_ref().is_none_or(|filter| filter.matches(&get));
            style.rules.iter().find(is_for).map(|rule| rule.name.en.to_string()).expect("a rule")
        };
        let [half, most, full] = LOAD_LIMITS.map(|limit| name(Some(limit)));
        assert_eq!([half.as_str(), &most, &full], ["Load ≤0.5", "Load 0.5–0.8", "Load 0.8–1"]);
        assert_eq!([name(Some(1.01)), name(Some(0.0)), name(None)], ["Load >1, over full", "Load ≤0.5", "Not known"]);
    }

    #[test]
    fn both_styles_ask_for_fields_that_pipes_have_and_name_what_they_draw() {
        let pipes = kinds::find("sewer_pipe").expect("a kind of the list");
        for style in [by_grade(), by_direction()] {
            let missing: Vec<String> =
                style.fields().into_iter().filter(|id| !pipes.fields.iter().any(|field| field.id == *id)).collect();
            assert_eq!(missing, Vec::<String>::new());
            assert!(style.rules.iter().filter(|rule| rule.name != Text::default()).count() >= 3);
        }
    }
}
