//! What a legend says: its rows, how many features each of them stands for, and the length that sums a group up.

use std::sync::Arc;

use crate::geom::measure;
use crate::index::arena::PathKind;
use crate::index::layer::LayerIndex;
use crate::kinds::kind::Kind;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Schema;
use crate::model::style::{Crowd, Rule, ScaleRange, Style};
use crate::render::crowd_legend::CrowdSign;
use crate::render::filter::Filter;

use super::place;
use super::state::LayerView;

/// The scale whose signs a legend shows.
pub const LEGEND_DENOMINATOR: f64 = 2500.0;

/// The rules that have a row in the legend, each name once.
pub fn rows(style: &Style) -> Vec<&Rule> {
    let mut rows: Vec<&Rule> = Vec::new();
    // Colours of a density stand for no features of their own.
    if matches!(style.crowd, Crowd::Heat { .. }) {
        return rows;
    }
    for rule in style.rules.iter().filter(|rule| !rule.name.zh.is_empty()) {
        match rows.iter_mut().find(|row| row.name == rule.name) {
            // The rule that is drawn nearest to the legend's scale stands for all of its name.
            Some(row) if !row.scale.holds(LEGEND_DENOMINATOR) && rule.scale.holds(LEGEND_DENOMINATOR) => *row = rule,
            Some(_) => {}
            None => rows.push(rule),
        }
    }
    rows
}

/// Those of [`rows`] that stand beside a map at 1:`denominator`, with their numbers: where one sign takes over from another
/// as one goes farther away (all pipes from near by, the large ones from afar), the one that the map shows.
pub fn rows_at(style: &Style, denominator: f64) -> Vec<(usize, &Rule)> {
    let rows = rows(style);
    let is_drawn = |row: &Rule, denominator: f64| {
        let drawn = |rule: &&Rule| rule.scale.holds(denominator) && !rule.paints.is_empty();
        style.rules.iter().filter(drawn).any(|rule| rule.name == row.name)
    };
    // Where the map shows nothing of the layer the legend is that of its own scale.
    let is_seen = rows.iter().any(|row| is_drawn(row, denominator));
    let denominator = if is_seen { denominator } else { LEGEND_DENOMINATOR };
    let takes_over = |one: &Rule, other: &Rule| {
        let meets = one.scale.most == other.scale.least || one.scale.least == other.scale.most;
        meets && is_drawn(other, denominator)
    };
    let stands = |row: &Rule| is_drawn(row, denominator) || !rows.iter().any(|other| takes_over(row, other));
    rows.iter().enumerate().filter(|(_, row)| stands(row)).map(|(number, row)| (number, *row)).collect()
}

/// The row for points that a layer shows together at some scale; `None` where every feature stands for itself.
pub fn crowd(layer: &LayerView) -> Option<CrowdSign> {
    let is_points = layer.schema.geometry.and_then(GeometryKind::dimension) == Some(0);
    CrowdSign::of(&layer.style.crowd).filter(|_| is_points)
}

/// What the layer tree says of a layer beside its rows. Worked out by the keeper, which changes the index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LayerSums {
    /// Features of each of [`rows`]; empty where one row says it all.
    pub(super) counts: Arc<[u64]>,
    /// Length of what its group is measured by, metres on the ellipsoid.
    pub(super) length_m: Option<f64>,
}

impl LayerSums {
    /// Looks at every feature once.
    pub(super) fn of(kind: &Kind, schema: &Schema, style: &Style, index: &LayerIndex) -> Self {
        Self { counts: counts(schema, style, index).into(), length_m: length_m(kind, index) }
    }
}

/// A rule in force at the scale of some rows, and the row that it stands in.
struct Active {
    pass: u8,
    filter: Option<Filter>,
    row: Option<usize>,
}

/// As the map is painted: of each pass the first rule takes the feature.
fn counts(schema: &Schema, style: &Style, index: &LayerIndex) -> Vec<u64> {
    let rows = rows(style);
    if rows.len() < 2 {
        return Vec::new();
    }
    let scales: Vec<f64> = rows.iter().map(|row| seen_at(row.scale)).collect();
    let mut each_once = scales.clone();
    each_once.sort_by(f64::total_cmp);
    each_once.dedup();
    let mut counts = vec![0; rows.len()];
    for scale in each_once {
        let in_force = style.rules.iter().filter(|rule| rule.scale.holds(scale) && !rule.paints.is_empty());
        let mut rules: Vec<Active> = in_force
            .map(|rule| Active {
                pass: rule.pass,
                filter: rule.filter.as_ref().map(|test| Filter::compile(test, index, schema)),
                row: (0..rows.len()).find(|&row| rows[row].name == rule.name && scales[row] == scale),
            })
            .collect();
        rules.sort_by_key(|rule| rule.pass);
        count_at(&rules, index, &mut counts);
    }
    counts
}

fn count_at(rules: &[Active], index: &LayerIndex, counts: &mut [u64]) {
    // Two passes of one name (a casing and its fill) are still one feature.
    let mut last = vec![u32::MAX; counts.len()];
    for slot in index.live_slots() {
        let mut done = None;
        for rule in rules {
            let takes = |filter: &Filter| filter.holds(index, slot);
            if done == Some(rule.pass) || !rule.filter.as_ref().is_none_or(takes) {
                continue;
            }
            done = Some(rule.pass);
            if let Some(row) = rule.row.filter(|&row| last[row] != slot) {
                last[row] = slot;
                counts[row] += 1;
            }
        }
    }
}

/// The legend's scale, or one at which the row is drawn if it is not drawn there.
fn seen_at(scale: ScaleRange) -> f64 {
    if scale.holds(LEGEND_DENOMINATOR) {
        LEGEND_DENOMINATOR
    } else if scale.least > LEGEND_DENOMINATOR {
        scale.least
    } else {
        scale.least.max(scale.most / 2.0)
    }
}

/// Whether a layer's group shows the length of the layer in place of a count.
pub fn is_measured(kind: &Kind) -> bool {
    kind.id == "sewer_pipe"
}

/// The length of all features of a kind that is measured. It asks for no field: which fields are in memory depends on the
/// layer's style.
fn length_m(kind: &Kind, index: &LayerIndex) -> Option<f64> {
    if !is_measured(kind) {
        return None;
    }
    let lines = index.live_slots().flat_map(|slot| index.geometry(slot)).filter(|path| path.kind == PathKind::Line);
    Some(lines.map(|path| measure::path_length_m(path.world().map(place::lonlat_from_world))).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::index::layer::LayerIndexBuilder;
    use crate::kinds;
    use crate::model::geometry::Geometry;
    use crate::model::value::Value;

    fn pipes(rows: &[(&str, bool)]) -> LayerSums {
        pipes_as(rows, &kinds::find("sewer_pipe").expect("a kind of the list").style)
    }

    /// Pipes of 0.001 degrees each, by type and whether under pressure, in memory as a style needs them.
    fn pipes_as(rows: &[(&str, bool)], style: &Style) -> LayerSums {
        let kind = kinds::find("sewer_pipe").expect("a kind of the list");
        let schema = kind.schema(Crs::WGS84);
        let mut builder = LayerIndexBuilder::new(&schema, &style.fields());
        let fields = builder.fields().to_vec();
        for (id, (sewer_type, is_pressure)) in (1..).zip(rows) {
            let value = |field: usize| match &*schema.fields[field].id {
                "sewer_type" => Value::from(*sewer_type),
                "is_pressure" => Value::Bool(*is_pressure),
                _ => Value::Null,
            };
            let values: Vec<Value> = fields.iter().map(|&field| value(field)).collect();
            let line = Geometry::line(&[[116.0, 29.7], [116.0, 29.701]]);
            builder.push(id, Some(&line), &values, &|at: [f64; 2]| Some(place::world_from_lonlat(at)));
        }
        LayerSums::of(kind, &schema, style, &builder.finish())
    }

    #[test]
    fn each_row_says_for_how_many_features_it_stands() {
        let rows_of =
            [("storm", false), ("storm", false), ("foul", false), ("foul", true), ("combined", false), ("", true)];
        let sums = pipes(&rows_of);
        let kind = kinds::find("sewer_pipe").expect("a kind of the list");
        let named: Vec<String> = rows(&kind.style)
            .iter()
            .zip(&*sums.counts)
            .map(|(row, count)| format!("{} {count}", row.name.zh))
            .collect();
        for expected in ["雨水 YS 2", "污水 WS 1", "合流 HS 1", "压力管 2", "类型不明 0"] {
            assert!(named.iter().any(|row| row == expected), "{expected}: {named:?}");
        }
    }

    #[test]
    fn sewers_are_summed_up_by_the_length_of_all_pipes_however_they_are_coloured() {
        let usual = kinds::find("sewer_pipe").expect("a kind of the list").style.clone();
        for style in [usual, kinds::pipe_styles::by_grade(), kinds::pipe_styles::by_direction()] {
            let sums = pipes_as(&[("storm", false), ("foul", false), ("combined", false)], &style);
            let length_m = sums.length_m.expect("a length");
            assert!((length_m - 3.0 * 110.85).abs() < 0.1, "{length_m}");
        }
    }

    #[test]
    fn the_legend_goes_over_to_large_pipes_where_the_map_does() {
        let style = &kinds::find("sewer_pipe").expect("a kind of the list").style;
        let named = |denominator| -> Vec<String> {
            rows_at(style, denominator).iter().map(|(_, row)| row.name.zh.to_string()).collect()
        };
        let near = ["雨水 YS", "污水 WS", "合流 HS", "类型不明", "压力管"];
        assert_eq!(named(2_500.0), near);
        assert_eq!(named(15_000.0), ["类型不明", "雨水 ≥DN600 或不详", "污水 ≥DN600 或不详", "合流 ≥DN600 或不详"]);
        assert_eq!(named(200_000.0), near);
    }

    #[test]
    fn a_layer_with_one_sign_needs_no_count_beside_it() {
        let kind = kinds::find("chief_road").expect("a kind of the list");
        let index = LayerIndexBuilder::new(&kind.schema(Crs::WGS84), &[]).finish();
        let sums = LayerSums::of(kind, &kind.schema(Crs::WGS84), &Style::default(), &index);
        assert_eq!(sums, LayerSums::default());
    }
}
