//! From other people's files to a kind: which of its fields a column means, and which kind a table is.
//!
//! These are proposals that a person sees before an import is accepted; when unsure they say nothing.

use super::kind::Kind;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::value::Value;

/// How surely a column means a field; a surer match takes the field first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Id,
    Name,
    Alias,
    /// The id, a name or an alias, after a well-known ending was cut from either.
    Stem,
}

/// For each column of a file the place of the kind's field that it means. No field is proposed twice.
pub fn guess(fields_of_file: &[Field], kind: &Kind) -> Vec<Option<usize>> {
    let mut found = Vec::new();
    for (column, theirs) in fields_of_file.iter().enumerate() {
        let words = [theirs.id.as_ref(), theirs.name.zh.as_ref(), theirs.name.en.as_ref()].map(key);
        for (place, ours) in kind.fields.iter().enumerate() {
            let best = words.iter().filter_map(|word| match_of(word, ours)).min();
            found.extend(best.map(|(how, rank)| (how, rank, column, place)));
        }
    }
    found.sort_unstable();
    let mut guessed = vec![None; fields_of_file.len()];
    let mut taken = vec![false; kind.fields.len()];
    for (_, _, column, place) in found {
        if guessed[column].is_none() && !taken[place] {
            guessed[column] = Some(place);
            taken[place] = true;
        }
    }
    if kind.id == "sewer_pipe" {
        let names: Vec<String> = fields_of_file.iter().map(|theirs| key(&theirs.id)).collect();
        super::sewer_pipe::pair_sizes(&names, &mut guessed, kind);
    }
    guessed
}

/// Puts values of a new row where the kind wants them, when a file may have had them in either of two columns.
pub fn settle(kind: &Kind, fields: &[Field], values: &mut [Value]) {
    if kind.id == "sewer_pipe" {
        super::sewer_pipe::settle_size(fields, values);
    }
}

/// The kind that a table most probably is; `None` when two are as likely or none is.
pub fn guess_kind(table_name: &str, fields: &[Field], geometry: Option<GeometryKind>) -> Option<&'static Kind> {
    let mut scores: Vec<(usize, &Kind)> = Vec::new();
    for kind in super::all().iter().filter(|kind| !kind.fields.is_empty() && draws(kind, geometry)) {
        let named = name_score(table_name, kind);
        let mapped: usize = guess(fields, kind).into_iter().flatten().map(|place| weight(&kind.fields[place])).sum();
        scores.push((named + mapped, kind));
    }
    scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let (best, kind) = *scores.first()?;
    let next = scores.get(1).map_or(0, |(score, _)| *score);
    (best >= 8 && best >= next + 3).then_some(kind)
}

/// Fields that many kinds share say little about which kind it is.
fn weight(field: &Field) -> usize {
    let owners = super::all().iter().filter(|kind| kind.fields.iter().any(|other| other.id == field.id)).count();
    match owners {
        1 => 4,
        2 | 3 => 2,
        _ => 1,
    }
}

fn draws(kind: &Kind, geometry: Option<GeometryKind>) -> bool {
    match (kind.geometry, geometry) {
        (None, None) | (Some(GeometryKind::Collection), Some(_)) => true,
        (Some(ours), Some(theirs)) => theirs.dimension().is_none_or(|dimension| ours.dimension() == Some(dimension)),
        _ => false,
    }
}

/// Words in a table's name that point to a kind, beside the kind's own id and names.
const TABLE_WORDS: &[(&str, &[&str])] = &[
    (
        "sewer_pipe",
        &["pipe", "main", "sewer", "conduit", "drain", "排水管", "雨水管", "污水管", "管线", "管段", "管网"],
    ),
    (
        "sewer_node",
        &[
            "manhole",
            "catchbasin",
            "outfall",
            "outlet",
            "inlet",
            "junction",
            "检查井",
            "雨水口",
            "窨井",
            "排水口",
            "排放口",
        ],
    ),
    ("building", &["building", "footprint", "房屋", "楼栋", "建筑"]),
    ("road", &["road", "street", "highway", "道路", "街巷", "路网"]),
    ("water", &["water", "lake", "river", "水系", "水域", "湖泊", "河流"]),
    ("green", &["green", "park", "绿地", "公园"]),
    ("cell", &["grid", "cell", "单元网格", "万米网格", "网格"]),
    ("street", &["subdistrict", "街道办", "街道界"]),
    ("community", &["community", "communities", "社区", "村界"]),
    ("compound", &["compound", "estate", "小区"]),
    ("kiosk", &["kiosk", "垃圾亭", "投放点", "收集点"]),
    ("component", &["component", "部件"]),
    ("case", &["case", "案件"]),
    ("camera", &["camera", "cctv", "监控", "摄像", "探头"]),
    ("manhole_sensor", &["sensor", "传感器"]),
    ("lamp_controller", &["lamp", "单灯", "路灯"]),
    ("bridge", &["bridge", "桥梁"]),
    ("cable_span", &["cable", "架空线", "线缆"]),
    ("cable_duct", &["duct", "弱电管"]),
];

fn name_score(table_name: &str, kind: &Kind) -> usize {
    let table = key(table_name);
    let own = [kind.id, kind.name.zh.as_ref(), kind.name.en.as_ref()].map(key);
    if own.contains(&table) {
        return 20;
    }
    let words = TABLE_WORDS.iter().find(|(id, _)| *id == kind.id).map_or(&[][..], |(_, words)| words);
    let longest =
        words.iter().map(|word| key(word)).filter(|word| table.contains(word)).map(|word| word.chars().count());
    match longest.max() {
        // A longer word says more: "manhole sensor" is a sensor, not a manhole.
        Some(length) => 6 + length / 4,
        None => 0,
    }
}

/// The kind of match and the place of the word among the field's own, least first.
fn match_of(word: &str, field: &Field) -> Option<(Match, usize)> {
    if word.is_empty() {
        return None;
    }
    if word == key(&field.id) {
        return Some((Match::Id, 0));
    }
    if word == key(&field.name.zh) || word == key(&field.name.en) {
        return Some((Match::Name, 0));
    }
    if let Some(rank) = field.aliases.iter().position(|alias| word == key(alias)) {
        return Some((Match::Alias, rank));
    }
    let words = [field.id.as_ref(), field.name.zh.as_ref(), field.name.en.as_ref()];
    let words = words.into_iter().chain(field.aliases.iter().map(AsRef::as_ref)).map(key);
    let rank = words.enumerate().position(|(_, own)| stem(&own).chars().count() >= 2 && stem(&own) == stem(word))?;
    Some((Match::Stem, rank))
}

/// A name without letter case, spaces and punctuation.
fn key(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Endings that say in which unit or for whom, not what.
const ENDINGS: &[&str] =
    &["mm", "m2", "km", "m", "ft", "id", "no", "num", "code", "name", "flag", "txt", "str", "值", "号"];

fn stem(key: &str) -> &str {
    ENDINGS.iter().filter_map(|ending| key.strip_suffix(ending)).find(|stem| stem.chars().count() >= 2).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> Field {
        Field { id: name.to_owned().into(), name: crate::text::Text::same(name), ..Field::text("", "", "") }
    }

    fn columns(names: &str) -> Vec<Field> {
        names.split(' ').map(column).collect()
    }

    #[track_caller]
    fn check(kind: &str, names: &str, expected: &str) {
        let kind = super::super::find(kind).unwrap();
        let found = guess(&columns(names), kind);
        let words = found.iter().map(|place| place.map_or("-", |place| kind.fields[place].id.as_ref()));
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected);
    }

    #[track_caller]
    fn check_kind(table: &str, names: &str, geometry: Option<GeometryKind>, expected: Option<&str>) {
        assert_eq!(guess_kind(table, &columns(names), geometry).map(|kind| kind.id), expected);
    }

    #[test]
    fn our_own_export_maps_to_itself_in_every_language() {
        for kind in super::super::all() {
            let everything: Vec<_> = (0..kind.fields.len()).map(Some).collect();
            assert_eq!(guess(&kind.fields, kind), everything, "{}", kind.id);
            for name in [|field: &Field| field.name.zh.to_string(), |field: &Field| field.name.en.to_string()] {
                let theirs: Vec<_> = kind.fields.iter().map(|field| column(&name(field))).collect();
                assert_eq!(guess(&theirs, kind), everything, "{}", kind.id);
            }
        }
    }

    #[test]
    fn letter_case_spaces_punctuation_and_units_do_not_matter() {
        check("sewer_pipe", "PIPE_ID Diameter(mm) Length_m 管径", "code diameter_mm length_m -");
        check("building", "Building_ID FLOORCOUNT HEIGHT", "code floors height_m");
    }

    #[test]
    fn columns_of_the_national_census_are_known() {
        check(
            "sewer_pipe",
            "PIPEID LANE_WAY PIPE_CATEGORY PIPE_LEN IN_JUNCID OUT_JUNCID IN_ELEV OUT_ELEV SHAPETYPE MATERIAL",
            "code road_name sewer_type length_m from_node to_node invert_up_m invert_down_m section material",
        );
        check("sewer_node", "NODEID JUNC_CATEGORY JUNC_TYPE SURFACE_ELE", "code sewer_type well_type ground_level_m");
        check(
            "component",
            "GLBJBSM GLBJMC GLBJZT QSDWMC SZDYWGBSM CSRQ",
            "code class_code state owner cell_code first_date",
        );
    }

    #[test]
    fn the_words_of_a_bureaus_own_tables_are_known() {
        check("sewer_node", "井编号 排水类 备注", "code sewer_type remark");
        check("kiosk", "名称 户数", "name households_served");
    }

    #[test]
    fn names_cut_by_a_shapefile_are_known() {
        check(
            "sewer_pipe",
            "Compkey Upstream_M Downstream Sewer_Type Pipe_Type Pipe_Shape Pipe_Size Pipe_Lengt Upstream_E Downstre_1",
            "code from_node to_node sewer_type material section diameter_mm length_m invert_up_m invert_down_m",
        );
    }

    #[test]
    fn the_height_of_a_section_goes_beside_its_width() {
        check("sewer_pipe", "Pipe_Shape Pipe_Size Pipe_Heigh", "section width_mm diameter_mm");
        check("sewer_pipe", "WIDTH HEIGHT", "width_mm diameter_mm");
        check("sewer_pipe", "DIAMETER WIDTH HEIGHT", "diameter_mm width_mm -");
        check("sewer_pipe", "Pipe_Size", "diameter_mm");
    }

    #[test]
    fn the_one_size_of_a_circle_is_its_diameter_in_whichever_column() {
        let kind = super::super::find("sewer_pipe").unwrap();
        let fields: Vec<Field> = ["section", "diameter_mm", "width_mm"]
            .map(|id| kind.fields.iter().find(|field| field.id == id).unwrap().clone())
            .to_vec();
        let check = |section: Option<&str>, sizes: [Option<i64>; 2], want: [Option<i64>; 2]| {
            let mut values = vec![Value::from(section), Value::from(sizes[0]), Value::from(sizes[1])];
            settle(kind, &fields, &mut values);
            assert_eq!(values[1..], want.map(Value::from));
        };
        check(Some("circle"), [None, Some(900)], [Some(900), None]);
        check(None, [None, Some(300)], [Some(300), None]);
        check(Some("ellipse"), [None, Some(375)], [None, Some(375)]);
        check(Some("ellipse"), [Some(500), Some(375)], [Some(500), Some(375)]);
    }

    #[test]
    fn a_slope_of_unknown_unit_is_left_alone() {
        check("sewer_pipe", "Slope", "-");
    }

    #[test]
    fn a_table_is_known_by_its_columns_or_its_name() {
        let pipe = "FACILITYID DIAMETER MATERIAL UPSTREAMINVERT DOWNSTREAMINVERT";
        check_kind("mains", pipe, Some(GeometryKind::LineString), Some("sewer_pipe"));
        check_kind("layer1", pipe, Some(GeometryKind::MultiLineString), Some("sewer_pipe"));
        check_kind("垃圾亭", "编号 名称", Some(GeometryKind::Point), Some("kiosk"));
        check_kind("sewer_node", "code", Some(GeometryKind::Point), Some("sewer_node"));
    }

    #[test]
    fn what_could_be_anything_is_no_kind() {
        check_kind("layer", "id name", Some(GeometryKind::Point), None);
        check_kind("parcels", "OBJECTID GLOBALID Shape_Area", Some(GeometryKind::Polygon), None);
        check_kind("sewer_pipe", "code", Some(GeometryKind::Polygon), None);
        check_kind("", "", None, None);
    }
}
