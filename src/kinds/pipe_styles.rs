//! Other ways to colour sewer pipes than by what they carry: by their grade, by what their record says of the direction.

use super::look;
use crate::model::style::{Ink, LineMark, Rule, ScaleRange, Size, Style};
use crate::text::Text;

/// The repair grades of CJJ 181, as they stand in the layer: alike on both maps, with their widths: hue is never the only sign.
static GRADES: [(&str, Text, Ink, f32); 4] = [
    ("rating = 4", Text::new("修复等级 RI Ⅳ", "Repair grade RI IV"), Ink::new(0xD7_191C, 0xD7_191C), 5.0),
    ("rating = 3", Text::new("修复等级 RI Ⅲ", "Repair grade RI III"), Ink::new(0xFD_AE61, 0xFD_AE61), 3.6),
    ("rating = 2", Text::new("修复等级 RI Ⅱ", "Repair grade RI II"), Ink::new(0xAB_D9E9, 0xAB_D9E9), 2.4),
    ("rating = 1", Text::new("修复等级 RI Ⅰ", "Repair grade RI I"), Ink::new(0x2C_7BB6, 0x2C_7BB6), 1.6),
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
