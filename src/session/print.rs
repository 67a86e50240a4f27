//! Sheets of paper: which view, legend and overview each page gets.

use std::sync::PoisonError;

use crate::kinds::kind::Group;
use crate::model::geometry::Bounds;
use crate::model::style::{Rule, Style};
use crate::render::filter::Drawn;
use crate::render::scene::Scene;
use crate::render::sheet::{self, LegendRow, Sheet, legend_rows};
use crate::render::view::View;
use crate::store::city::City;
use crate::store::reader::Reader;
use crate::task::{Cancel, Cancelled};
use crate::text;
use crate::text::Text;

use super::answer::{Failure, FailureKind, RenderFrame, RenderRequest, SheetRequest};
use super::painting::with_map_layers;
use super::render_file::{fill, view_of, wanted};
use super::snapshot::{Snapshot, world_bounds};
use super::state::{LayerView, title_of};

/// Pages of one series.
const MOST_PAGES: usize = 500;

/// Hands over the pages of a request one by one; one alone unless it is a series.
pub(super) fn pages(
    city: &City,
    reader: &Reader,
    snapshot: Snapshot,
    request: &RenderRequest,
    asked: &SheetRequest,
    cancel: &Cancel,
    put: &mut dyn FnMut(&Scene) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let home_world = home_of(&snapshot.layers);
    let is_sample = snapshot.is_sample;
    let layers = wanted(reader, snapshot.layers, &request.layers)?;
    let stops = asked.series.as_ref().map(|table| stops(reader, &layers, table, request)).transpose()?;
    let file = city.path().file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let pixel_ratio = f64::from(request.pixel_ratio);
    let overview = home_world.map(|home| overview(reader, &layers, home, pixel_ratio, cancel)).transpose()?;
    let mut plan = Sheet {
        paper: asked.paper,
        title: asked.title.clone().unwrap_or_else(|| file.clone()),
        source: asked.source.clone().unwrap_or(file),
        date: jiff::Zoned::now().strftime("%Y-%m-%d").to_string(),
        lang: request.lang,
        is_sample,
        legend: Vec::new(),
        overview,
        pixel_ratio,
    };
    let whole = paper_view(request, asked, &layers);
    let Some(stops) = stops else {
        return put(&page(reader, &layers, &whole, &mut plan, cancel)?);
    };
    if stops.is_empty() {
        let text = Text::new("图层里没有可分幅的要素", "The layer has no feature to make a sheet of");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    let title = plan.title.clone();
    for (name, bounds) in stops {
        let view = match request.denominator {
            Some(denominator) => View::at_scale(bounds.center(), denominator, whole.size_px),
            None => rounded(View::fit(bounds.grown(bounds.width().max(bounds.height()) * 0.04), whole.size_px)),
        };
        plan.title = format!("{title} · {name}");
        put(&page(reader, &layers, &view, &mut plan, cancel)?)?;
    }
    Ok(())
}

fn page(
    reader: &Reader,
    layers: &[LayerView],
    view: &View,
    plan: &mut Sheet,
    cancel: &Cancel,
) -> Result<Scene, Failure> {
    let mut layers = layers.to_vec();
    fill(reader, &mut layers, view)?;
    plan.legend = legend(&layers, view);
    with_map_layers(&layers, |layers| sheet::sheet(layers, view, plan, cancel)).ok_or_else(|| Cancelled.into())
}

/// The legend of what the sheet shows, and of nothing else.
fn legend(layers: &[LayerView], view: &View) -> Vec<LegendRow> {
    let mut shown: Vec<(&Text, Vec<Rule>)> = Vec::new();
    for layer in layers.iter().filter(|layer| layer.visible) {
        let Some(index) = &layer.index else { continue };
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let slots = index.window_slots(view.bounds_world(0.0));
        let is_seen = |rule: &&Rule| {
            let one = Style { rules: vec![(*rule).clone()], labels: Vec::new() };
            let drawn = Drawn::at(&one, view.denominator(), &index, &layer.schema);
            slots.iter().any(|&slot| drawn.holds(&index, slot))
        };
        shown.push((&layer.name, layer.style.rules.iter().filter(is_seen).cloned().collect()));
    }
    legend_rows(shown.iter().map(|(name, rules)| (*name, rules.as_slice())), view.denominator())
}

fn overview(
    reader: &Reader,
    layers: &[LayerView],
    home_world: Bounds,
    pixel_ratio: f64,
    cancel: &Cancel,
) -> Result<(Scene, View), Failure> {
    let view = sheet::overview_view(home_world, pixel_ratio);
    // The ground alone: at this size symbols would hide it.
    let mut layers: Vec<LayerView> = layers.iter().filter(|layer| layer.group() == Group::Base).cloned().collect();
    fill(reader, &mut layers, &view)?;
    with_map_layers(&layers, |layers| sheet::overview(layers, view, cancel)).ok_or_else(|| Cancelled.into())
}

/// The view of a single sheet: at the scale asked for, else at the next round one that shows all that was asked for.
fn paper_view(request: &RenderRequest, asked: &SheetRequest, layers: &[LayerView]) -> View {
    let size_px = asked.paper.map_px();
    let frame = match request.frame {
        RenderFrame::All => home_of(layers).map(|home| View::fit(home, size_px)),
        RenderFrame::Bounds(_) | RenderFrame::Around(..) => None,
    };
    let pixels = RenderRequest { pixel_ratio: 1.0, size_px: size_px.map(|side| side as u32), ..request.clone() };
    let view = View { size_px, ..frame.unwrap_or_else(|| view_of(&pixels, layers)) };
    match request.denominator {
        Some(denominator) => View::at_scale(view.center_world, denominator, size_px),
        None => rounded(view),
    }
}

/// The same at the next smaller round scale: 1, 2, 2.5 or 5 times a power of ten.
fn rounded(view: View) -> View {
    let exact = view.denominator().max(1.0);
    let power = 10_f64.powf(exact.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    let denominator = steps.into_iter().find(|&step| step >= exact * 0.999).unwrap_or(exact);
    View::at_scale(view.center_world, denominator, view.size_px)
}

/// The ground that is managed, else everything.
fn home_of(layers: &[LayerView]) -> Option<Bounds> {
    let of = |kind: &str| layers.iter().find(|layer| layer.kind.id == kind)?.bounds_world;
    let all = || layers.iter().filter_map(|layer| layer.bounds_world).reduce(|left, right| left.union(&right));
    of("cell").or_else(|| of("street")).or_else(all).filter(|bounds| !bounds.is_empty())
}

/// Name and place of each feature of a layer, by id.
fn stops(
    reader: &Reader,
    layers: &[LayerView],
    table: &str,
    request: &RenderRequest,
) -> Result<Vec<(String, Bounds)>, Failure> {
    let all = reader.layers()?;
    let info = all.into_iter().find(|info| info.schema.table == table);
    let kind = layers.iter().find(|layer| layer.table() == table).map(|layer| layer.kind);
    let Some(info) = info else { return Ok(Vec::new()) };
    let kind = kind.unwrap_or_else(|| super::snapshot::kind_of(&info.schema.kind));
    let mut ids = reader.ids(table, &crate::store::query::Query::default())?;
    ids.sort_unstable();
    if ids.len() > MOST_PAGES {
        let count = ids.len();
        let text = text!(
            "分幅最多 {MOST_PAGES} 页，图层“{table}”有 {count} 个要素",
            "A series has {MOST_PAGES} pages at most, and layer “{table}” has {count} features"
        );
        return Err(Failure::new(FailureKind::Usage, text));
    }
    let place = |feature: crate::model::feature::Feature| {
        let bounds = world_bounds(feature.geometry.as_ref()?.bounds(), info.schema.crs)?;
        Some((title_of(kind, &info.schema, &feature, request.lang), bounds))
    };
    Ok(reader.features(table, &ids)?.into_iter().filter_map(place).collect())
}
