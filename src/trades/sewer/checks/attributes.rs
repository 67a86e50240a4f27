//! Rules about values: missing, outside their lists, not fitting what is around them.

use crate::analysis::network::Way;
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::text;
use crate::text::{Lang, Text};

use super::super::pipe::{Node, NodeType, RowRef, System};
use super::scene::Scene;
use super::{Finding, Found};

/// What a field of the sewer kinds is called.
pub(super) fn field_name(id: &str) -> Text {
    let field = |kind| kinds::find(kind).and_then(|kind: &Kind| kind.fields.iter().find(|field| field.id == id));
    field("sewer_pipe").or_else(|| field("sewer_node")).map_or_else(|| Text::same(id), |field| field.name.clone())
}

/// The names of some fields, in a row.
fn names(ids: &[&str], lang: Lang) -> String {
    let (between, names) = (lang.pick("、", ", "), ids.iter().map(|id| field_name(id).get(lang).to_owned()));
    names.collect::<Vec<_>>().join(between)
}

/// SW23: what a node is and how many pipes it has.
pub(super) fn kind_and_degree(scene: &Scene<'_>, found: &mut Found) {
    for (node, row) in scene.rows() {
        let [arriving, leaving] = [Way::Up, Way::Down].map(|way| scene.degree(node, way));
        if arriving + leaving == 0 {
            continue;
        }
        let what = match row.node_type {
            // A reversed pipe is told as such.
            NodeType::Outfall | NodeType::Plant
                if scene.pipes_at(node, Way::Down).any(|laid| !scene.is_reversed(laid.number)) =>
            {
                let (zh, en) =
                    if row.node_type == NodeType::Plant { ("处理厂", "plant") } else { ("排放口", "outfall") };
                let leave = if leaving == 1 { "pipe leaves" } else { "pipes leave" };
                text!("{zh}有 {leaving} 根流出的管段", "{leaving} {leave} this {en}")
            }
            NodeType::Pump if leaving == 0 => Text::new("泵站没有出水管", "No pipe leaves this pumping station"),
            NodeType::Pump if arriving == 0 => Text::new("泵站没有进水管", "No pipe arrives at this pumping station"),
            NodeType::Inlet if leaving == 0 => Text::new("雨水口没有出水管", "No pipe leaves this inlet"),
            _ => continue,
        };
        found.add(Finding::new(row.row, row.at, what));
    }
}

/// SW26. The fields that a network is nothing without; where levels are a mark for "missing", another rule says so. A field
/// that no row has is no slip of a row: it is told once.
pub(super) fn missing(scene: &Scene<'_>, found: &mut Found) {
    let pipes = scene.laid().map(|laid| {
        let pipe = laid.pipe;
        let (wants_levels, is_channel) = (pipe.is_gravity(), pipe.is_channel());
        let fields = [
            ("code", pipe.code.is_empty()),
            ("sewer_type", pipe.system == System::Unknown),
            ("diameter_mm", pipe.diameter_mm.is_none() && !is_channel && wants_levels),
            ("material", pipe.material.is_empty() && !is_channel),
            ("invert_up_m", pipe.invert_up_m.is_none() && wants_levels),
            ("invert_down_m", pipe.invert_down_m.is_none() && wants_levels),
        ];
        (pipe.row, laid.middle(), fields)
    });
    tell_missing(found, pipes.collect(), &Text::new("管段", "pipes"));
    let nodes = scene.rows().map(|(_, row)| {
        let wants_ground = matches!(row.node_type, NodeType::Manhole | NodeType::Junction | NodeType::Inlet);
        let fields = [
            ("code", row.code.is_empty()),
            ("sewer_type", row.system == System::Unknown),
            ("ground_level_m", row.ground_m.is_none() && wants_ground),
            ("bottom_level_m", row.bottom_m.is_none() && row.depth_m.is_none() && wants_ground),
        ];
        (row.row, row.at, fields)
    });
    tell_missing(found, nodes.collect(), &Text::new("节点", "nodes"));
}

/// Of fewer rows than this each is told.
const FEW_ROWS: usize = 20;

fn tell_missing<const N: usize>(
    found: &mut Found,
    rows: Vec<(RowRef, Option<[f64; 2]>, [(&'static str, bool); N])>,
    of: &Text,
) {
    let has_all_empty = |field: usize| rows.len() >= FEW_ROWS && rows.iter().all(|(.., fields)| fields[field].1);
    let nowhere: [bool; N] = std::array::from_fn(has_all_empty);
    if let Some((.., fields)) = rows.first().filter(|_| nowhere.contains(&true)) {
        let ids: Vec<&str> = (0..N).filter(|&field| nowhere[field]).map(|field| fields[field].0).collect();
        let (zh, en) = (names(&ids, Lang::Zh), names(&ids, Lang::En));
        let (of_zh, of_en) = (&of.zh, &of.en);
        found.note(text!("所有{of_zh}都没有填：{zh}", "None of the {of_en} has: {en}"));
    }
    for (row, at, fields) in &rows {
        let empty = (0..N).filter(|&field| fields[field].1 && !nowhere[field]);
        let empty: Vec<&str> = empty.map(|field| fields[field].0).collect();
        if !empty.is_empty() {
            let (zh, en) = (names(&empty, Lang::Zh), names(&empty, Lang::En));
            found.add(Finding::new(*row, *at, text!("未填：{zh}", "Missing: {en}")));
        }
    }
}

/// SW27: codes that are in no list and numbers beyond what is possible.
pub(super) fn outside(scene: &Scene<'_>, found: &mut Found) {
    let [Some(pipes), Some(nodes)] = ["sewer_pipe", "sewer_node"].map(kinds::find) else { return };
    let (pipes, nodes) = (Domain::of(pipes), Domain::of(nodes));
    for (number, pipe) in scene.sewers.pipes() {
        let year = pipe.built_year.map(|year| year as f64);
        let rating = pipe.rating.map(|rating| rating.to_string()).unwrap_or_default();
        let numbers = [
            ("diameter_mm", pipe.diameter_mm.filter(|size| *size != 0.0)),
            ("width_mm", pipe.width_mm.filter(|size| *size != 0.0)),
            ("manning_n", pipe.manning_n.filter(|n| *n != 0.0)),
            ("length_m", pipe.stated_length_m),
            ("invert_up_m", pipe.invert_up_m.filter(|&level| scene.sewers.is_level(level))),
            ("invert_down_m", pipe.invert_down_m.filter(|&level| scene.sewers.is_level(level))),
            ("built_year", year),
        ];
        let words = [("material", &*pipe.material), ("section", &*pipe.section), ("rating", &rating)];
        let Some(what) = pipes.complaint(&numbers, &words) else { continue };
        let at = scene.one(number).and_then(|laid| laid.middle()).or_else(|| pipe.line.first().copied());
        found.add(Finding::new(pipe.row, at, what));
    }
    for (_, row) in scene.rows() {
        let level = |level: Option<f64>| level.filter(|&level| scene.sewers.is_level(level));
        let numbers = [
            ("ground_level_m", level(row.ground_m)),
            ("bottom_level_m", level(row.bottom_m)),
            ("depth_m", row.depth_m.filter(|depth| *depth > -90.0)),
        ];
        let what = nodes.complaint(&numbers, &[("well_type", &row.well)]);
        found.add_some(what.map(|what| Finding::new(row.row, row.at, what)));
    }
}

/// What the fields of a kind may hold.
struct Domain(&'static Kind);

impl Domain {
    fn of(kind: &'static Kind) -> Self {
        Self(kind)
    }

    /// The first value that is outside.
    fn complaint(&self, numbers: &[(&str, Option<f64>)], words: &[(&str, &str)]) -> Option<Text> {
        let field = |id: &str| self.0.fields.iter().find(|field| field.id == id);
        for (id, number) in numbers.iter().filter_map(|(id, number)| Some((*id, (*number)?))) {
            // A mark for "missing" is another finding.
            if let Some((field, (least, most))) = field(id).and_then(|field| Some((field, field.range?)))
                && !(least..=most).contains(&number)
                && number > -90.0
            {
                let (zh, en) = (&field.name.zh, &field.name.en);
                return Some(text!(
                    "{zh} {number} 不在 {least}～{most} 之内",
                    "{en}: {number} is not between {least} and {most}"
                ));
            }
        }
        for (id, word) in words.iter().filter(|(_, word)| !word.is_empty()) {
            if let Some(field) = field(id)
                && field.codes.iter().all(|code| code.value != *word)
                && !field.codes.is_empty()
            {
                let (zh, en) = (&field.name.zh, &field.name.en);
                return Some(text!("{zh}没有“{word}”这一取值", "{en} has no value “{word}”"));
            }
        }
        None
    }
}

/// SW29: rows of nodes that are one place or one number, and say different things; and, where nodes have no rows, ends of
/// pipes that name one node and lie apart.
pub(super) fn shared_nodes(scene: &Scene<'_>, found: &mut Found) {
    for (node, row) in scene.rows() {
        let mut others: Vec<u32> = row.at.map_or(Vec::new(), |at| {
            scene.sewers.nodes_near(at, scene.settings.same_place_m).into_iter().map(|it| it.0).collect()
        });
        if !row.code.is_empty() {
            others.extend(scene.sewers.nodes_with_code(&row.code));
        }
        others.sort_unstable();
        others.dedup();
        let earlier = others.into_iter().filter(|&other| other != node).filter_map(|other| scene.row(other));
        let different = earlier.filter(|it| it.row < row.row).find_map(|it| Some((it, difference(scene, row, it)?)));
        if let Some((other, what)) = different {
            found.add(Finding::new(row.row, row.at, what).with(other.row));
        }
    }
    super::drawing::ends_apart(scene, found);
}

fn difference(scene: &Scene<'_>, row: &Node, other: &Node) -> Option<Text> {
    let (id, tol_m) = (other.row.id, scene.settings.level_m);
    let is_level = |level: &f64| scene.sewers.is_level(*level);
    let grounds = row.ground_m.filter(is_level).zip(other.ground_m.filter(is_level));
    let grounds = grounds.filter(|(own, ground)| (own - ground).abs() > tol_m + 1e-9);
    let places = scene.sewers.plane().zip(row.at.zip(other.at));
    let away_m = places.map(|(plane, (own, there))| {
        let [own, there] = [own, there].map(|at| plane.from_lonlat(at));
        (own[0] - there[0]).hypot(own[1] - there[1])
    });
    let away_m = away_m.filter(|away_m| *away_m > scene.settings.same_place_m);
    match (grounds, away_m) {
        (Some((own, ground)), Some(away_m)) => Some(text!(
            "与第 {id} 行同号，位置相差 {away_m:.2} m，地面标高也不同：{own:.3} m 与 {ground:.3} m",
            "Row {id} has the same number, lies {away_m:.2} m away and has another ground level: {own:.3} m and {ground:.3} m"
        )),
        (Some((own, ground)), None) => Some(text!(
            "与同一点的第 {id} 行地面标高不同：{own:.3} m 与 {ground:.3} m",
            "Row {id} is the same point, and its ground level is another: {own:.3} m and {ground:.3} m"
        )),
        (None, Some(away_m)) => Some(text!(
            "与第 {id} 行同号，位置相差 {away_m:.2} m",
            "Row {id} has the same number and lies {away_m:.2} m away"
        )),
        (None, None) => None,
    }
}
