//! A tiny city for the tests of panels: manholes and notes, made up here.

use std::sync::Arc;

use crate::geom::crs::Crs;
use crate::kinds;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::session::state::{CityView, LayerView};
use crate::text::Text;

/// Manholes: number, depth, class.
pub(super) fn manhole_schema() -> Schema {
    Schema {
        table: "manhole".into(),
        name: Text::new("检查井", "Manhole"),
        kind: "plain".into(),
        geometry: Some(GeometryKind::Point),
        crs: Crs::CGCS2000,
        z_order: 0,
        fields: vec![
            Field::text("code", "编号", "Number").required(),
            Field::real("depth_m", "井深", "Depth", "m"),
            Field::coded("class", "类别", "Class", &[("ws", "污水", "Foul"), ("ys", "雨水", "Storm")]),
            Field::text("remark", "备注", "Remark"),
        ],
    }
}

/// Notes: text, severity, state, author, created, due.
pub(super) fn note_schema() -> Schema {
    let coded = |id, zh, en, codes| Field::coded(id, zh, en, codes).required();
    Schema {
        table: "note".into(),
        name: Text::new("标注", "Note"),
        kind: "note".into(),
        geometry: Some(GeometryKind::Collection),
        crs: Crs::CGCS2000,
        z_order: 0,
        fields: vec![
            Field::text("text", "内容", "Text").required(),
            coded(
                "severity",
                "程度",
                "Severity",
                &[("low", "一般", "Low"), ("mid", "较重", "Medium"), ("high", "紧急", "High")],
            ),
            coded(
                "state",
                "状态",
                "State",
                &[("open", "待办", "Open"), ("work", "在办", "In work"), ("done", "办结", "Done")],
            ),
            Field::text("author", "标注人", "Author"),
            Field::datetime("created", "标注时间", "Created").read_only(),
            Field::date("due", "期限", "Due"),
        ],
    }
}

/// A layer of 36,412 rows on one square kilometre.
pub(super) fn layer(schema: Schema, kind: &str) -> LayerView {
    let mut layer = LayerView::sample(schema, kinds::find(kind).expect("a kind of the list"));
    layer.count = 36_412;
    layer.bounds_world = Some(Bounds::new(12_900_000.0, 3_460_000.0, 12_901_000.0, 3_461_000.0));
    layer
}

/// An open city that can be changed.
pub(super) fn city() -> CityView {
    CityView {
        path: "九江.gpkg".into(),
        read_only: None,
        is_sample: true,
        layers: vec![layer(note_schema(), "note"), layer(manhole_schema(), "plain")],
        grounds: Vec::new(),
        undo: None,
        redo: None,
        pending: 0,
        saved_at: None,
        bookmarks: Vec::new(),
        revision: 1,
        changes: std::collections::VecDeque::new(),
    }
}

/// An open table of manholes with these rows.
pub(super) fn table(ids: Vec<i64>) -> crate::session::state::TableView {
    crate::session::state::TableView {
        layer: "manhole".into(),
        sort: None,
        filter: String::new(),
        filter_error: None,
        selected_only: false,
        total: ids.len() as u64,
        ids: Arc::new(ids),
        loading: false,
    }
}
