//! The open city at one moment, read by the keeper thread and swapped in by the session.

use std::sync::Arc;

use std::collections::BTreeSet;

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::model::geometry::Bounds;
use crate::store::command::Changed;
use crate::store::error::StoreError;
use crate::store::reader::{LayerInfo, Reader};
use crate::text::Text;

use super::ground::GroundView;
use super::map::memory::Indexes;
use super::state::{Bookmark, LayerPlace, LayerView};

/// Key of the setting that marks invented data.
pub(super) const SAMPLE_KEY: &str = "sample";
/// Key of the setting that holds the bookmarks, as JSON.
pub(super) const BOOKMARKS_KEY: &str = "bookmarks";

/// See the module's head.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Layers, topmost first.
    pub(super) layers: Vec<LayerView>,
    /// Base maps under them, topmost first; whoever shows them reads them.
    pub(super) grounds: Vec<GroundView>,
    /// What undo takes back.
    pub(super) undo: Option<Text>,
    /// What redo does again.
    pub(super) redo: Option<Text>,
    /// Places to come back to.
    pub(super) bookmarks: Vec<Bookmark>,
    /// Whether the data are invented.
    pub(super) is_sample: bool,
    /// The commit that it follows; `None` if it tells of more that was read.
    pub(super) commit: Option<Commit>,
    /// What of the map must be painted again.
    pub(super) repaint: Repaint,
}

/// A commit, for whoever shows rows.
#[derive(Debug)]
pub(super) struct Commit {
    /// Local time.
    pub(super) saved_at: String,
    /// Whose rows are others now.
    pub(super) touched: Touched,
}

/// Layers whose rows a commit has changed.
#[derive(Debug, Default, PartialEq)]
pub(in crate::session) struct Touched {
    /// Table names of layers that came, or of which some rows changed.
    tables: BTreeSet<String>,
    /// Whether a layer has gone.
    pub(in crate::session) is_everything: bool,
}

impl Touched {
    /// Whatever there is.
    pub(in crate::session) const EVERYTHING: Self = Self { tables: BTreeSet::new(), is_everything: true };

    /// Adds rows that a command changed.
    pub(super) fn add(&mut self, changed: &Changed) {
        match changed {
            Changed::Rows(deltas) => {
                for delta in deltas {
                    if !self.tables.contains(&delta.layer) {
                        self.tables.insert(delta.layer.clone());
                    }
                }
            }
            Changed::Photos { layer, .. } => _ = self.tables.insert(layer.clone()),
            Changed::Layer(_) | Changed::State(_) | Changed::Settings | Changed::History => {}
        }
    }

    /// Adds a layer that came, was filled, or has gone: who showed one that has gone cannot be told from its kind.
    pub(in crate::session) fn add_layer(&mut self, table: &str, is_there: bool) {
        self.tables.insert(table.to_owned());
        self.is_everything |= !is_there;
    }

    /// Whether rows of a layer may be others now.
    pub(in crate::session) fn has(&self, table: &str) -> bool {
        self.is_everything || self.tables.contains(table)
    }
}

/// What of the map a change has made stale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Repaint {
    /// Nothing.
    Nothing,
    /// What lies in or near this box, Web Mercator metres.
    Part(Bounds),
    /// Everything.
    All,
    /// What was not painted of all layers: more of the city is in memory.
    Unread,
}

impl Snapshot {
    /// Reads the city as it is now.
    pub(super) fn read(reader: &Reader, indexes: &Indexes) -> Result<Self, StoreError> {
        let mut layers: Vec<(i64, LayerView)> =
            reader.layers()?.into_iter().map(|info| (info.state.position, layer_view(info, indexes))).collect();
        layers.sort_by_key(|(position, _)| *position);
        let bookmarks = reader.setting(BOOKMARKS_KEY)?.and_then(|json| serde_json::from_str(&json).ok());
        Ok(Self {
            layers: layers.into_iter().map(|(_, layer)| layer).collect(),
            grounds: Vec::new(),
            undo: reader.undo_label()?,
            redo: reader.redo_label()?,
            bookmarks: bookmarks.unwrap_or_default(),
            is_sample: reader.setting(SAMPLE_KEY)?.is_some(),
            commit: None,
            repaint: Repaint::All,
        })
    }
}

fn layer_view(info: LayerInfo, indexes: &Indexes) -> LayerView {
    let kind = kind_of(&info.schema.kind);
    let style = Arc::new(super::style::style_of(kind, &info.schema, &info.state));
    let sums = indexes.sums(&info.schema.table);
    LayerView {
        bounds_world: info.bounds.and_then(|bounds| world_bounds(bounds, info.schema.crs)),
        index: indexes.get(&info.schema.table),
        levels: indexes.levels(&info.schema.table),
        legend_counts: sums.counts,
        length_m: sums.length_m,
        kind,
        name: info.state.name.clone(),
        visible: info.visible,
        opacity: info.state.opacity,
        kept_style: Arc::clone(&style),
        style,
        has_own_style: info.state.style.is_some(),
        count: info.count,
        place: LayerPlace { position: info.state.position, group: info.state.group, own_style: info.state.style },
        schema: Arc::new(info.schema),
    }
}

/// The kind with an id; `plain` for one that this program does not know.
pub(super) fn kind_of(id: &str) -> &'static Kind {
    kinds::find(id).unwrap_or_else(kinds::plain)
}

/// A box in a layer's CRS as a box of the map: its corners and the middles of its sides.
pub(super) fn world_bounds(bounds: Bounds, crs: Crs) -> Option<Bounds> {
    mapped_bounds(bounds, crs, Crs::WEB_MERCATOR)
}

/// A box in one CRS as a box in another that holds it.
pub(super) fn mapped_bounds(bounds: Bounds, from: Crs, to: Crs) -> Option<Bounds> {
    let transform = Transform::new(from, to).ok()?;
    let [x, y] = bounds.center();
    let ([west, south], [east, north]) = (bounds.min, bounds.max);
    let around =
        [[west, south], [x, south], [east, south], [east, y], [east, north], [x, north], [west, north], [west, y]];
    let mut mapped = Bounds::EMPTY;
    around.into_iter().filter_map(|at| transform.point(at).ok()).for_each(|at| mapped.extend(at));
    (!mapped.is_empty()).then_some(mapped)
}
