//! How full sewers run in dry weather, kept as a layer that map, legend and paper show: a line for each pipe.

use super::check;
use super::kind::{Group, Kind};
use super::pipe_styles;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::text::Text;

/// Load and capacity of one pipe on the day on which they were worked out.
pub(super) fn sewer_load() -> Kind {
    Kind {
        id: "sewer_load",
        name: Text::new("旱流负荷", "Dry-weather load"),
        group: Group::Sewer,
        z_order: 61,
        geometry: Some(GeometryKind::LineString),
        fields: vec![
            Field::text("on_code", "要素编号", "Feature's number"),
            Field::real("load_ratio", "负荷率", "Load ratio", ""),
            Field::real("peak_l_per_s", "旱流高峰流量", "Peak dry-weather flow", "L/s"),
            Field::real("mean_l_per_s", "旱流平均流量", "Mean dry-weather flow", "L/s"),
            Field::real("full_l_per_s", "满流能力", "Full flow", "L/s"),
            Field::text("no_capacity", "无法计算的原因", "Why there is no capacity"),
            Field::bool("in_loop", "在环路中", "In a loop"),
            Field::date("worked_out_on", "计算日期", "Worked out on"),
            Field::text("load_basis", "计算依据", "What it rests on"),
            Field::text("on_layer", "所在图层", "On layer").required(),
            Field::int("on_id", "所在要素", "On feature").required(),
        ],
        title: &["on_code"],
        style: pipe_styles::by_load(),
        check: check::check,
    }
}
