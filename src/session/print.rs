//! Sheets of paper: which view, legend and overview each page gets.

pub mod preview;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use crate::geom::crs::Crs;
use crate::kinds::kind::Group;
use crate::model::geometry::Bounds;
use crate::model::style::{Rule, Style};
use crate::render::crowd_legend::CrowdSign;
use crate::render::filter::Drawn;
use crate::render::ground::GroundLayer;
use crate::render::scene::Scene;
use crate::render::sheet::{self, Sheet};
use crate::render::sheet_focus::Focus;
use crate::render::sheet_legend::{LegendRow, Shown, legend_rows};
use crate::render::view::View;
use crate::store::reader::Reader;
use crate::task::{Cancel, Cancelled};
use crate::text;
use crate::text::{Lang, Text};

use super::answer::{Failure, FailureKind, RenderFrame, RenderRequest, SeriesRequest, SheetRequest};
use super::map::memory::read_index;
use super::map::painting::with_map_layers;
use super::render_file::{fill, view_of, wanted};
use super::rows::{Rows, find_schema};
use super::snapshot::{mapped_bounds, world_bounds};
use super::state::{LayerView, title_of};

/// Pages of one series.
const MOST_PAGES: usize = 500;

/// A feature is not looked at from closer than this, as a denominator.
const CLOSEST: f64 = 250.0;

/// Stands for the number and name of a page in a file's name.
const PAGE: &str = "{}";

/// The city as it is printed.
pub(super) struct Printed<'a> {
    /// Its file.
    pub(super) path: &'a Path,
    /// Reads what is not in memory.
    pub(super) reader: &'a Reader,
    /// Its layers, topmost first.
    pub(super) layers: Vec<LayerView>,
    /// Base maps under them, the lowest first.
    pub(super) grounds: Vec<GroundLayer>,
    /// Whether its data are invented.
    pub(super) is_sample: bool,
}

/// A page of a series: what it is called, and what it shows.
struct Stop {
    id: i64,
    name: String,
    bounds_world: Bounds,
}

/// The pages of a request, made one by one.
pub(super) struct Pages<'a> {
    reader: &'a Reader,
    layers: Vec<LayerView>,
    request: &'a RenderRequest,
    series: Option<&'a SeriesRequest>,
    plan: Sheet,
    whole: View,
    stops: Vec<Stop>,
    /// The scale that all pages of a series have.
    one_scale: Option<f64>,
    cancel: &'a Cancel,
}

impl<'a> Pages<'a> {
    /// Finds out which pages there are, and draws what all of them have.
    pub(super) fn new(
        city: Printed<'a>,
        request: &'a RenderRequest,
        asked: &'a SheetRequest,
        cancel: &'a Cancel,
    ) -> Result<Self, Failure> {
        let Printed { path, reader, layers, grounds, is_sample } = city;
        let home_world = home_of(&layers);
        let layers = wanted(reader, layers, &request.layers)?;
        let stops = asked.series.as_ref().map(|series| stops(reader, &layers, series, request.lang)).transpose()?;
        if stops.as_ref().is_some_and(Vec::is_empty) {
            let text = Text::new("图层里没有可分幅的要素", "The layer has no feature to make a sheet of");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        let pixel_ratio = f64::from(request.pixel_ratio);
        let home = home_world.filter(|_| asked.parts.overview);
        let view = home.map(|home| sheet::overview_view(&asked.paper, home, pixel_ratio));
        let overview = view.map(|view| overview(reader, &layers, view, cancel)).transpose()?;
        let file = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let plan = Sheet {
            paper: asked.paper,
            title: asked.title.clone().unwrap_or_else(|| file.clone()),
            subtitle: asked.subtitle.clone().unwrap_or_default(),
            source: asked.source.clone().unwrap_or(file),
            author: asked.author.clone().unwrap_or_default(),
            date: jiff::Zoned::now().strftime("%Y-%m-%d").to_string(),
            lang: request.lang,
            is_sample,
            parts: asked.parts,
            legend: Vec::new(),
            grounds,
            overview,
            focus: None,
            pixel_ratio,
        };
        let whole = paper_view(request, asked, &layers);
        let series = asked.series.as_ref();
        let stops = stops.unwrap_or_default();
        let mut pages = Self { reader, layers, request, series, plan, whole, stops, one_scale: None, cancel };
        let has_one = request.denominator.is_none() && series.is_some_and(|series| series.one_scale);
        let needed = (0..pages.stops.len()).filter(|_| has_one).map(|page| pages.view(page).denominator());
        pages.one_scale = needed.reduce(f64::max);
        Ok(pages)
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.stops.len().max(1)
    }

    /// What a page of a series is called.
    pub(super) fn name(&self, page: usize) -> Option<&str> {
        self.stops.get(page).map(|stop| stop.name.as_str())
    }

    /// What all pages are called together.
    pub(super) fn title(&self) -> &str {
        &self.plan.title
    }

    /// What stands above a page.
    pub(super) fn page_title(&self, page: usize) -> String {
        match self.name(page) {
            Some(name) => format!("{} · {name}", self.plan.title),
            None => self.plan.title.clone(),
        }
    }

    /// Middle, scale and turn of a page's map.
    pub(super) fn view(&self, page: usize) -> View {
        let Some(Stop { bounds_world, .. }) = self.stops.get(page) else { return self.whole };
        let (size_px, rotation_rad) = (self.whole.size_px, self.whole.rotation_rad);
        let view = if let Some(denominator) = self.request.denominator.or(self.one_scale) {
            View::at_scale(bounds_world.center(), denominator, size_px)
        } else {
            let margin = self.series.map_or(0.0, |series| series.margin);
            let longer = bounds_world.width().max(bounds_world.height());
            let room = turned(*bounds_world, rotation_rad).grown(longer * margin);
            let fit = rounded(View::fit(room, size_px));
            // A single place would be looked at through a microscope.
            View::at_scale(fit.center_world, fit.denominator().max(CLOSEST), size_px)
        };
        View { rotation_rad, ..view }
    }

    /// Draws a page.
    pub(super) fn draw(&mut self, page: usize) -> Result<Scene, Failure> {
        let view = self.view(page);
        let mut layers = self.layers.clone();
        fill(self.reader, &mut layers, &view)?;
        let legend = if self.plan.parts.legend { legend(&layers, &view) } else { Vec::new() };
        let (title, focus) = (self.page_title(page), self.focus(page, &view)?);
        let plan = Sheet { title, legend, focus, ..self.plan.clone() };
        with_map_layers(&layers, |layers| sheet::sheet(layers, &view, &plan, self.cancel))
            .ok_or_else(|| Cancelled.into())
    }

    /// The feature of a page, read for it alone: its layer need not be on the map.
    fn focus(&self, page: usize, view: &View) -> Result<Option<Focus>, Failure> {
        let (Some(series), Some(stop)) = (self.series, self.stops.get(page)) else { return Ok(None) };
        let schema = find_schema(self.reader, &series.layer)?;
        let bounds = mapped_bounds(view.bounds_world(0.0), Crs::WEB_MERCATOR, schema.crs);
        let index = read_index(self.reader, &schema, &Style::default(), bounds)?;
        Ok(Some(Focus { index: Arc::new(index), id: stop.id }))
    }

    /// The scale of all pages of a series, if they have one.
    pub(super) fn one_scale(&self) -> Option<f64> {
        self.one_scale.or(self.request.denominator)
    }

    /// The file of a page, where each has its own.
    pub(super) fn path(&self, page: usize) -> Option<PathBuf> {
        let pattern = self.request.path.file_name()?.to_str().filter(|name| name.contains(PAGE))?;
        let width = self.count().to_string().len();
        let words = format!("{:0width$} {}", page + 1, safe(self.name(page)?));
        Some(self.request.path.with_file_name(pattern.replace(PAGE, words.trim_end())))
    }
}

/// A name without what no file name may have.
fn safe(name: &str) -> String {
    let is_bad = |letter: char| letter.is_control() || "/\\:*?\"<>|".contains(letter);
    name.chars().take(60).map(|letter| if is_bad(letter) { '_' } else { letter }).collect()
}

/// The legend of what the sheet shows, and of nothing else.
fn legend(layers: &[LayerView], view: &View) -> Vec<LegendRow> {
    let mut shown = Vec::new();
    for layer in layers.iter().filter(|layer| layer.visible) {
        let Some(index) = &layer.index else { continue };
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let slots = index.window_slots(view.bounds_world(0.0));
        let is_seen = |rule: &&Rule| {
            let one = Style::new(vec![(*rule).clone()], Vec::new());
            let drawn = Drawn::at(&one, view.denominator(), &index, &layer.schema);
            slots.iter().any(|&slot| drawn.holds(&index, slot))
        };
        let gathers = layer.style.crowd.gathers(view.denominator()) && !slots.is_empty();
        let crowd = super::legend::crowd(layer).filter(|_| gathers);
        // Under a density no feature is drawn for itself.
        let has_rules = !matches!(crowd, Some(CrowdSign::Ramp { .. }));
        let rules = layer.style.rules.iter().filter(|_| has_rules).filter(is_seen).cloned().collect();
        let has_classes = super::legend::rows(&layer.style).len() > 1;
        shown.push(Shown { name: &layer.name, rules, has_classes, crowd });
    }
    legend_rows(shown.into_iter(), view.denominator())
}

fn overview(reader: &Reader, layers: &[LayerView], view: View, cancel: &Cancel) -> Result<(Scene, View), Failure> {
    // The ground alone: at this size symbols would hide it.
    let mut layers: Vec<LayerView> = layers.iter().filter(|layer| layer.group() == Group::Base).cloned().collect();
    fill(reader, &mut layers, &view)?;
    with_map_layers(&layers, |layers| sheet::overview(layers, view, cancel)).ok_or_else(|| Cancelled.into())
}

/// The view of a single sheet: at the scale asked for, else at the next round one that shows all that was asked for.
fn paper_view(request: &RenderRequest, asked: &SheetRequest, layers: &[LayerView]) -> View {
    let (size_px, rotation_rad) = (asked.paper.map_px(), asked.rotation_rad);
    let frame = match request.frame {
        RenderFrame::All => home_of(layers).map(|home| View::fit(turned(home, rotation_rad), size_px)),
        RenderFrame::Bounds(_) | RenderFrame::Around(..) => None,
    };
    let pixels = RenderRequest { pixel_ratio: 1.0, size_px: size_px.map(|side| side as u32), ..request.clone() };
    let view = View { size_px, ..frame.unwrap_or_else(|| view_of(&pixels, layers)) };
    let view = match request.denominator {
        Some(denominator) => View::at_scale(view.center_world, denominator, size_px),
        None => rounded(view),
    };
    View { rotation_rad, ..view }
}

/// A box with the same middle that holds `bounds` on a turned map.
fn turned(bounds: Bounds, rotation_rad: f64) -> Bounds {
    let ((sin, cos), [x, y]) = (rotation_rad.sin_cos(), bounds.center());
    let (width, height) = (bounds.width(), bounds.height());
    let half = [width * cos.abs() + height * sin.abs(), width * sin.abs() + height * cos.abs()].map(|side| side / 2.0);
    Bounds::new(x - half[0], y - half[1], x + half[0], y + half[1])
}

/// The scale's denominator at which a sheet's map, of this size in logical pixels, shows all of a box: a round one.
pub fn round_denominator(bounds_world: Bounds, rotation_rad: f64, map_px: [f64; 2]) -> f64 {
    rounded(View::fit(turned(bounds_world, rotation_rad), map_px)).denominator().round()
}

/// The same at the next smaller round scale: 1, 1.5, 2, 2.5, 3, 4, 5 or 7.5 times a power of ten.
fn rounded(view: View) -> View {
    let exact = view.denominator().max(1.0);
    let power = 10_f64.powf(exact.log10().floor());
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0].map(|step| step * power);
    let denominator = steps.into_iter().find(|&step| step >= exact * 0.999).unwrap_or(exact);
    View { rotation_rad: view.rotation_rad, ..View::at_scale(view.center_world, denominator, view.size_px) }
}

/// The ground that is managed, else everything.
fn home_of(layers: &[LayerView]) -> Option<Bounds> {
    let of = |kind: &str| layers.iter().find(|layer| layer.kind.id == kind)?.bounds_world;
    let all = || layers.iter().filter_map(|layer| layer.bounds_world).reduce(|left, right| left.union(&right));
    of("cell").or_else(|| of("street")).or_else(all).filter(|bounds| !bounds.is_empty())
}

/// Name and place of each feature of a series, by id.
fn stops(reader: &Reader, layers: &[LayerView], series: &SeriesRequest, lang: Lang) -> Result<Vec<Stop>, Failure> {
    let table = series.layer.as_str();
    let info = reader.layers()?.into_iter().find(|info| info.schema.table == table);
    let Some(info) = info else { return Ok(Vec::new()) };
    let kind = layers.iter().find(|layer| layer.table() == table).map(|layer| layer.kind);
    let kind = kind.unwrap_or_else(|| super::snapshot::kind_of(&info.schema.kind));
    let rows = Rows::new(&info.schema, &series.rows)?;
    let count = rows.count(reader)?;
    if count > MOST_PAGES as u64 {
        let text = text!(
            "分幅最多 {MOST_PAGES} 页，现有 {count} 个要素，请加条件",
            "A series has {MOST_PAGES} pages at most, and these are {count} features: add a condition"
        );
        return Err(Failure::new(FailureKind::Usage, text));
    }
    let mut found = Vec::new();
    rows.each(reader, &mut |feature| {
        let bounds = feature.geometry.as_ref().and_then(|shape| world_bounds(shape.bounds(), info.schema.crs));
        if let Some(bounds_world) = bounds {
            let name = title_of(kind, &info.schema, &feature, lang);
            found.push(Stop { id: feature.id, name, bounds_world });
        }
        ControlFlow::Continue(())
    })?;
    found.sort_by_key(|stop| stop.id);
    Ok(found)
}
