//! Rules about levels: slopes, depths, covers.

use crate::text;
use crate::text::Text;

use super::super::pipe::{Link, NodeType};
use super::super::sewers::DirectionBy;
use super::scene::{Laid, Scene};
use super::{Finding, Found};

/// Levels are written to the millimetre: what is less than that is none.
const LEVEL_M: f64 = 1e-3;

/// Whether the rules about slopes do not hold for a pipe: pressure mains, pumps and weirs, inverted siphons.
fn is_excused_from_slope(scene: &Scene<'_>, laid: &Laid<'_>) -> bool {
    let siphon = |node: u32| scene.row(node).is_some_and(|row| &*row.well == "siphon");
    !laid.pipe.is_gravity() || laid.flow.nodes.iter().any(|&node| siphon(node))
}

/// SW10. Judged by the direction of the record, even where the network was told to trust inverts before it.
pub(super) fn adverse(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid() {
        let [Some(mut up), Some(mut down)] = laid.flow.inverts_m else { continue };
        if laid.flow.is_against_record {
            (up, down) = (down, up);
        }
        let codes = [&laid.pipe.from_code, &laid.pipe.to_code];
        let is_recorded = laid.flow.by == DirectionBy::Record || codes.iter().all(|code| !code.is_empty());
        let rise_m = down - up;
        if rise_m <= scene.settings.rise_m || !is_recorded || is_excused_from_slope(scene, &laid) {
            continue;
        }
        let permille = -rise_m / scene.sewers.length_m(laid.number) * 1000.0;
        let what = if permille.is_finite() {
            text!(
                "逆坡 {permille:.1}‰：管底由 {up:.3} m 升到 {down:.3} m",
                "Adverse slope {permille:.1}‰: the invert rises from {up:.3} m to {down:.3} m"
            )
        } else {
            text!(
                "逆坡：管底由 {up:.3} m 升到 {down:.3} m",
                "Adverse slope: the invert rises from {up:.3} m to {down:.3} m"
            )
        };
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}

/// SW11. The step of a drop manhole may be in the record of the pipe that ends there.
pub(super) fn steep(scene: &Scene<'_>, found: &mut Found) {
    let steepest = scene.settings.steepest_deg.to_radians().tan();
    for laid in scene.laid().filter(|laid| !is_excused_from_slope(scene, laid)) {
        let Some(slope) = scene.sewers.slope(laid.number).filter(|slope| *slope > steepest) else { continue };
        if scene.row(laid.flow.nodes[1]).is_some_and(|row| &*row.well == "drop") {
            continue;
        }
        let (angle_deg, limit_deg, permille) = (slope.atan().to_degrees(), scene.settings.steepest_deg, slope * 1000.0);
        let what = text!(
            "坡度 {permille:.0}‰（{angle_deg:.1}°），超过 {limit_deg:.0}°",
            "The slope is {permille:.0}‰ ({angle_deg:.1}°), more than {limit_deg:.0}°"
        );
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}

/// SW19.
pub(super) fn depths(scene: &Scene<'_>, found: &mut Found) {
    let most_m = scene.settings.deepest_m;
    for (_, row) in scene.rows() {
        let level = |level: Option<f64>| level.filter(|&level| scene.sewers.is_level(level));
        let from_levels = level(row.ground_m).zip(level(row.bottom_m)).map(|(ground, bottom)| ground - bottom);
        let Some(depth_m) = from_levels.or(row.depth_m.filter(|depth| *depth > -90.0)) else { continue };
        let what = if depth_m < 0.0 {
            let above_m = -depth_m;
            text!("井底高于地面 {above_m:.2} m", "Its floor is {above_m:.2} m above the ground")
        } else if depth_m > most_m {
            text!("井深 {depth_m:.2} m，超过 {most_m:.0} m", "It is {depth_m:.2} m deep, more than {most_m:.0} m")
        } else {
            continue;
        };
        found.add(Finding::new(row.row, row.at, what));
    }
}

/// SW20.
pub(super) fn mismatch(scene: &Scene<'_>, found: &mut Found) {
    for (_, row) in scene.rows() {
        let level = |level: Option<f64>| level.filter(|&level| scene.sewers.is_level(level));
        let depth = row.depth_m.filter(|depth| *depth > 0.0);
        let (Some(ground), Some(bottom), Some(depth)) = (level(row.ground_m), level(row.bottom_m), depth) else {
            continue;
        };
        let off_m = ground - bottom - depth;
        if off_m.abs() <= scene.settings.level_m + 1e-9 {
            continue;
        }
        let what = text!(
            "地面 {ground:.3} m − 井底 {bottom:.3} m 与井深 {depth:.3} m 相差 {off_m:.3} m",
            "Ground {ground:.3} m less floor {bottom:.3} m is {off_m:.3} m off the depth, {depth:.3} m"
        );
        found.add(Finding::new(row.row, row.at, what));
    }
}

/// SW21.
pub(super) fn floors(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid().filter(|laid| laid.pipe.is_gravity()) {
        for side in 0..2 {
            let node = laid.flow.nodes[side];
            let (Some(invert), Some(row)) = (laid.flow.inverts_m[side], scene.row(node)) else { continue };
            let level = |level: Option<f64>| level.filter(|&level| scene.sewers.is_level(level));
            let depth = row.depth_m.filter(|depth| *depth > 0.0);
            let floor = level(row.bottom_m).or_else(|| Some(level(row.ground_m)? - depth?));
            let Some(floor) = floor.filter(|floor| *floor - invert > scene.settings.floor_m + 1e-9) else { continue };
            let (name, over_m) = (scene.node_name(node), floor - invert);
            let what = text!(
                "井 {name} 的井底 {floor:.3} m 高于管底 {invert:.3} m，差 {over_m:.3} m",
                "The floor of node {name}, {floor:.3} m, is {over_m:.3} m above the invert, {invert:.3} m"
            );
            found.add(Finding::new(laid.pipe.row, scene.at(node), what));
            break;
        }
    }
}

/// Metres from the crown of a pipe up to the ground at one end, and the levels of both.
fn cover(scene: &Scene<'_>, laid: &Laid<'_>, side: usize) -> Option<(f64, f64, f64)> {
    let crown = laid.flow.inverts_m[side]? + laid.pipe.diameter_mm.unwrap_or(0.0).clamp(0.0, 20_000.0) / 1000.0;
    let ground = scene.ground_m(laid.flow.nodes[side])?;
    Some((ground - crown, crown, ground))
}

/// SW22. Open channels have no crown.
pub(super) fn above_ground(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid().filter(|laid| laid.pipe.link == Link::Conduit && !laid.pipe.is_channel()) {
        let bad = (0..2).find_map(|side| Some((side, cover(scene, &laid, side)?)).filter(|it| it.1.0 < -LEVEL_M));
        let Some((side, (_, crown, ground))) = bad else { continue };
        let node = laid.flow.nodes[side];
        let name = scene.node_name(node);
        let invert = laid.flow.inverts_m[side].unwrap_or(crown);
        let what = if invert > ground {
            text!(
                "在井 {name} 处管底 {invert:.3} m 高于地面 {ground:.3} m",
                "At node {name} the invert, {invert:.3} m, is above the ground, {ground:.3} m"
            )
        } else {
            text!(
                "在井 {name} 处管顶 {crown:.3} m 高于地面 {ground:.3} m",
                "At node {name} the crown, {crown:.3} m, is above the ground, {ground:.3} m"
            )
        };
        found.add(Finding::new(laid.pipe.row, scene.at(node), what));
    }
}

/// SW36. Gullies lie shallow by their nature, and the pipes from them too; what lies above the ground is another finding.
pub(super) fn thin_cover(scene: &Scene<'_>, found: &mut Found) {
    let least_m = scene.settings.least_cover_m;
    for laid in scene.laid().filter(|laid| laid.pipe.link == Link::Conduit && !laid.pipe.is_channel()) {
        let is_gully = laid.flow.nodes.iter().any(|&node| scene.node_type(node) == NodeType::Inlet);
        let covers = [0, 1].map(|side| cover(scene, &laid, side));
        if is_gully || laid.pipe.diameter_mm.is_none() || covers.iter().flatten().any(|it| it.0 < -LEVEL_M) {
            continue;
        }
        let thin = (0..2).filter_map(|side| Some((side, covers[side]?.0))).min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((side, cover_m)) = thin.filter(|(_, cover_m)| *cover_m < least_m - 1e-6) else { continue };
        let node = laid.flow.nodes[side];
        if scene.sewers.is_outlet(node) {
            continue;
        }
        let name = scene.node_name(node);
        let what = text!(
            "在井 {name} 处覆土 {cover_m:.2} m，不足 {least_m:.2} m",
            "At node {name} the cover is {cover_m:.2} m, less than {least_m:.2} m"
        );
        found.add(Finding::new(laid.pipe.row, scene.at(node), what));
    }
}

/// SW34: numbers that stand for "not known". Clearing them says what they mean.
pub(super) fn sentinels(scene: &Scene<'_>, found: &mut Found) {
    let is_mark = |level: &f64| !scene.sewers.is_level(*level);
    // As on import: 9999 and the like are marks where a field cannot hold them; a diameter can, but no pipe has it.
    let is_nothing = |size: &f64| *size <= -90.0 || *size == 0.0 || [9999.0, 99_999.0, 999_999.0].contains(size);
    for (number, pipe) in scene.sewers.pipes() {
        let levels = [("invert_up_m", pipe.invert_up_m), ("invert_down_m", pipe.invert_down_m)];
        let sizes = [
            ("diameter_mm", pipe.diameter_mm),
            ("width_mm", pipe.width_mm),
            ("length_m", pipe.stated_length_m),
            ("manning_n", pipe.manning_n),
        ];
        let levels = levels.into_iter().filter(|(_, level)| level.as_ref().is_some_and(is_mark));
        let sizes = sizes.into_iter().filter(|(_, size)| size.as_ref().is_some_and(is_nothing));
        let at = scene.one(number).and_then(|laid| laid.middle()).or_else(|| pipe.line.first().copied());
        found.add_some(sentinel(pipe.row, at, levels.chain(sizes).collect()));
    }
    for (_, row) in scene.rows() {
        let levels = [("ground_level_m", row.ground_m), ("bottom_level_m", row.bottom_m)];
        let levels = levels.into_iter().filter(|(_, level)| level.as_ref().is_some_and(is_mark));
        let depth = Some(("depth_m", row.depth_m)).filter(|(_, depth)| depth.is_some_and(|depth| depth <= -90.0));
        found.add_some(sentinel(row.row, row.at, levels.chain(depth).collect()));
    }
}

fn sentinel(row: super::RowRef, at: Option<[f64; 2]>, marks: Vec<(&'static str, Option<f64>)>) -> Option<Finding> {
    if marks.is_empty() {
        return None;
    }
    let list = |lang| {
        let words = marks.iter().map(|(field, value)| {
            format!("{} {}", super::attributes::field_name(field).get(lang), value.unwrap_or_default())
        });
        words.collect::<Vec<_>>().join(", ")
    };
    let (zh, en) = (list(crate::text::Lang::Zh), list(crate::text::Lang::En));
    let what = text!("{zh}：不是实际数值，只表示缺失", "{en}: no real value, only a mark for a missing one");
    let changes = marks.iter().map(|(field, _)| super::Change::Clear(row, field)).collect();
    Some(Finding::new(row, at, what).fixed_by(Text::new("清空", "Clear it"), changes))
}
