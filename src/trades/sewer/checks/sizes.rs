//! Rules about sizes.

use crate::analysis::network::Way;
use crate::text;

use super::super::pipe::NodeType;
use super::scene::{Laid, Scene};
use super::{Finding, Found};

/// A pipe's size: the diameter of the circle of the same area, mm. `None` for what is not known and for channels.
fn size_mm(laid: &Laid<'_>) -> Option<f64> {
    let pipe = laid.pipe;
    let height = pipe.diameter_mm.filter(|size| *size > 0.0);
    let width = pipe.width_mm.filter(|size| *size > 0.0);
    match &*pipe.section {
        "" | "circle" => height,
        "rectangle" => Some((height? * width? * 4.0 / std::f64::consts::PI).sqrt()),
        "ellipse" => Some((height? * width?).sqrt()),
        _ => None,
    }
}

/// `DN500`, or `2000×1500` for a section that is no circle.
fn size_words(laid: &Laid<'_>) -> String {
    match (laid.pipe.diameter_mm, laid.pipe.width_mm, &*laid.pipe.section) {
        (Some(size), _, "" | "circle") => format!("DN{size:.0}"),
        (Some(height), Some(width), _) => format!("{width:.0}×{height:.0}"),
        _ => "?".to_owned(),
    }
}

/// Where a large pipe runs into a small one: the large one, the small one. Nodes with channels, pumps, storage and
/// intercepting or overflow wells are left out, and so are pressure mains: there the size changes for a reason.
pub(super) fn pairs(scene: &Scene<'_>) -> Vec<[u32; 2]> {
    let mut found = Vec::new();
    for (node, joint) in scene.sewers.nodes() {
        let well = joint.row.as_ref().map_or("", |row| &row.well);
        let parts_water = matches!(well, "intercepting" | "overflow");
        if parts_water || !matches!(scene.node_type(node), NodeType::Manhole | NodeType::Junction | NodeType::Other) {
            continue;
        }
        let around = || scene.pipes_at(node, Way::Up).chain(scene.pipes_at(node, Way::Down));
        if around().any(|laid| laid.pipe.is_channel() || !laid.pipe.is_gravity()) {
            continue;
        }
        let size = |laid: Laid<'_>| Some((size_mm(&laid)?, laid.number));
        let leaving = scene.pipes_at(node, Way::Down).filter_map(size);
        let Some((largest_mm, small)) = leaving.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else {
            continue;
        };
        let arriving = scene.pipes_at(node, Way::Up).filter_map(size);
        let judged = if scene.settings.by_smallest > 0.0 {
            arriving.min_by(|a, b| a.0.total_cmp(&b.0))
        } else {
            arriving.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        };
        let tol_mm = scene.settings.size_mm + 1e-6;
        found.extend(judged.filter(|(size_mm, _)| *size_mm > largest_mm + tol_mm).map(|(_, large)| [large, small]));
    }
    found
}

/// SW12.
pub(super) fn large_into_small(scene: &Scene<'_>, found: &mut Found) {
    for &pair in scene.large_into_small() {
        let [Some(large), Some(small)] = pair.map(|pipe| scene.one(pipe)) else { continue };
        let [before, after] = [&large, &small].map(size_words);
        let (node, name) = (small.flow.nodes[0], large.name());
        let at = scene.node_name(node);
        let what = text!(
            "大管接小管：井 {at} 处 {before}（{name}）接入 {after}",
            "{before} ({name}) runs into {after} at node {at}"
        );
        found.add(Finding::new(small.pipe.row, scene.at(node), what).with(large.pipe.row));
    }
}

/// The only gravity pipe above (or below) a node that joins two pipes and nothing else.
fn neighbour<'a>(scene: &Scene<'a>, node: u32, way: Way) -> Option<(Laid<'a>, f64)> {
    let is_row = scene.degree(node, Way::Up) == 1 && scene.degree(node, Way::Down) == 1;
    let laid = scene.pipes_at(node, way).next().filter(|laid| is_row && laid.pipe.is_gravity())?;
    Some((laid, size_mm(&laid)?))
}

/// Sizes of a pipe in a row and of the two beside it: above, own, below.
fn row_of_three<'a>(scene: &Scene<'a>, laid: &Laid<'a>) -> Option<([Laid<'a>; 2], [f64; 3])> {
    let own = size_mm(laid).filter(|_| laid.pipe.is_gravity())?;
    let (above, above_mm) = neighbour(scene, laid.flow.nodes[0], Way::Up)?;
    let (below, below_mm) = neighbour(scene, laid.flow.nodes[1], Way::Down)?;
    Some(([above, below], [above_mm, own, below_mm]))
}

/// SW13. A pipe that is too small for the one above it is told as large into small; here is what remains.
pub(super) fn odd_sizes(scene: &Scene<'_>, found: &mut Found) {
    let tol_mm = scene.settings.size_mm;
    let mut is_told = vec![false; scene.sewers.pipe_numbers() as usize];
    scene.large_into_small().iter().for_each(|[_, small]| is_told[*small as usize] = true);
    for laid in scene.laid().filter(|laid| !is_told[laid.number as usize]) {
        let Some(([above, below], [above_mm, own_mm, below_mm])) = row_of_three(scene, &laid) else { continue };
        let is_larger = own_mm > above_mm + tol_mm && own_mm > below_mm + tol_mm;
        let is_smaller = own_mm < above_mm - tol_mm && own_mm < below_mm - tol_mm;
        // Where the next one is smaller than both its neighbours it is the odd one, not this.
        let next_is_odd = row_of_three(scene, &below).is_some_and(|(_, [up, own, down])| own < up && own < down);
        if !is_smaller && (!is_larger || next_is_odd) {
            continue;
        }
        let [own, up, down] = [&laid, &above, &below].map(size_words);
        let what = text!(
            "管径 {own} 与前后的 {up}、{down} 不协调",
            "Its size, {own}, does not fit those before and after it, {up} and {down}"
        );
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}

/// SW24.
pub(super) fn nominal(scene: &Scene<'_>, found: &mut Found) {
    let nominal = &scene.settings.nominal_mm;
    for laid in scene.laid().filter(|laid| matches!(&*laid.pipe.section, "" | "circle")) {
        let Some(size) = laid.pipe.diameter_mm.filter(|size| *size > 0.0) else { continue };
        if nominal.iter().any(|nominal| (nominal - size).abs() < 0.5) {
            continue;
        }
        let near = nominal.iter().copied().min_by(|a, b| (a - size).abs().total_cmp(&(b - size).abs()));
        let what = match near {
            Some(near) => text!(
                "管径 {size} mm 不是标准管径，最近的是 DN{near}",
                "{size} mm is no nominal size; the nearest is DN{near}"
            ),
            None => text!("管径 {size} mm 不是标准管径", "{size} mm is no nominal size"),
        };
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}
