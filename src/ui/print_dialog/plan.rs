//! Everything a sheet is made from, as the fields of the dialog hold it, and the request it comes to.

use std::path::PathBuf;

use crate::kinds::kind::Group;
use crate::render::paper::{NAMED, Paper, Parts};
use crate::render::view::View;
use crate::session::Session;
use crate::session::answer::{RenderFrame, RenderRequest, SeriesRequest, SheetRequest};
use crate::session::command::RowFilter;
use crate::session::place;
use crate::session::print::round_denominator;
use crate::session::state::{CityView, LayerView};
use crate::text::{Lang, Text};
use crate::ui::camera::{Camera, SCALE_LIMITS};
use crate::ui::expr_field::Condition;

/// The fields.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// A size of [`NAMED`]; `None` for one of its own.
    pub(super) named: Option<usize>,
    pub(super) upright: bool,
    /// Width and height of paper of its own size.
    pub(super) custom_mm: [f64; 2],
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) source: String,
    pub(super) author: String,
    pub(super) parts: Parts,
    pub(super) lang: Lang,
    /// Middle of the map, Web Mercator metres.
    pub(super) center_world: [f64; 2],
    pub(super) denominator: f64,
    /// Turn of the map, clockwise.
    pub(super) rotation_deg: f64,
    pub(super) series: Option<Series>,
}

/// The scale of the pages of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// One for all, at which each shows its feature whole.
    All,
    /// Each its own, at which it shows its feature whole.
    Each,
    /// The one in the dialog.
    Typed,
}

/// The fields of a series.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) layer: String,
    pub(super) selected_only: bool,
    pub(super) condition: String,
    pub(super) fit: Fit,
    pub(super) margin_percent: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            named: Some(1),
            upright: false,
            custom_mm: [500.0, 350.0],
            title: String::new(),
            subtitle: String::new(),
            source: String::new(),
            author: String::new(),
            parts: Parts::default(),
            lang: Lang::Zh,
            center_world: [0.0; 2],
            denominator: 5000.0,
            rotation_deg: 0.0,
            series: None,
        }
    }
}

impl Plan {
    /// For the open city: its name and what is on the map as the title.
    pub(super) fn of(session: &Session) -> Self {
        let (lang, author) = (session.lang(), session.author());
        let Some(city) = session.city() else { return Self::default() };
        let file = city.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { title: title(city, &file, lang), source: file, author, lang, ..Self::default() }
    }

    /// The paper.
    pub(super) fn paper(&self) -> Paper {
        let size_mm = match self.named.and_then(|named| NAMED.get(named)) {
            Some((_, upright)) if self.upright => *upright,
            Some((_, [width, height])) => [*height, *width],
            None => self.custom_mm,
        };
        Paper { size_mm }
    }

    /// Shows what the map on the screen shows, at the next round scale that has room for it.
    pub(super) fn show(&mut self, camera: &Camera) {
        let view = camera.view();
        self.center_world = view.center_world;
        self.rotation_deg = view.rotation_rad.to_degrees();
        // As wide and high as the screen, whichever way it is turned.
        let screen = View::new(view.center_world, view.metres_per_px, camera.size_px());
        self.denominator = held(round_denominator(screen.bounds_world(0.0), 0.0, self.paper().map_px()));
    }

    /// Shows the whole city.
    pub(super) fn show_city(&mut self, city: &CityView) {
        let Some(home) = city.home_world().filter(|home| !home.is_empty()) else { return };
        self.center_world = home.center();
        let turn_rad = self.rotation_deg.to_radians();
        self.denominator = held(round_denominator(home, turn_rad, self.paper().map_px()));
    }

    /// A series over the layer that most people mean, all at the scale that fits.
    pub(super) fn start_series(&mut self, city: &CityView) {
        let with_place = || city.layers.iter().filter(|layer| layer.has_geometry() && layer.count > 0);
        let of = |kind: &str| with_place().find(|layer| layer.kind.id == kind);
        let layer = of("street").or_else(|| of("community")).or_else(|| with_place().min_by_key(|layer| layer.count));
        self.series = layer.map(|layer| Series {
            layer: layer.table().to_owned(),
            selected_only: false,
            condition: String::new(),
            fit: Fit::All,
            margin_percent: 5.0,
        });
    }

    /// What the session is asked for: `pixel_ratio` physical pixels for one logical.
    ///
    /// # Errors
    /// What is wrong with the condition of a series.
    pub(super) fn request(&self, session: &Session, path: PathBuf, pixel_ratio: f32) -> Result<RenderRequest, Text> {
        let series = self.series.as_ref().map(|series| series.request(session)).transpose()?;
        let fits = self.series.as_ref().is_some_and(|series| series.fit != Fit::Typed);
        let words = |words: &str| Some(words.trim().to_owned());
        Ok(RenderRequest {
            path,
            overwrite: false,
            size_px: [1, 1],
            pixel_ratio,
            frame: RenderFrame::Around(place::lonlat_from_world(self.center_world), 1.0),
            denominator: (!fits).then_some(self.denominator),
            layers: Vec::new(),
            lang: self.lang,
            dark: false,
            sheet: Some(SheetRequest {
                title: words(&self.title),
                subtitle: words(&self.subtitle),
                source: words(&self.source),
                author: words(&self.author),
                parts: self.parts,
                rotation_rad: self.rotation_deg.to_radians(),
                series,
                ..SheetRequest::new(self.paper())
            }),
        })
    }
}

impl Series {
    fn request(&self, session: &Session) -> Result<SeriesRequest, Text> {
        let layer = session.city().and_then(|city| city.layer(&self.layer));
        let filter = match layer.map(|layer| Condition::read(&self.condition, &layer.schema)) {
            Some(Condition::Good(expr)) => Some(expr),
            Some(Condition::Bad(wrong)) => return Err(wrong),
            Some(Condition::None) | None => None,
        };
        let selected = session.selection().rows.get(&self.layer);
        let ids = self.selected_only.then(|| selected.map(|rows| rows.iter().copied().collect()).unwrap_or_default());
        let rows = RowFilter { filter, ids, ..RowFilter::default() };
        let (margin, one_scale) = (self.margin_percent / 100.0, self.fit == Fit::All);
        Ok(SeriesRequest { rows, margin, one_scale, layer: self.layer.clone() })
    }
}

fn held(denominator: f64) -> f64 {
    denominator.clamp(SCALE_LIMITS[0], SCALE_LIMITS[1])
}

/// The city's name, and the layers that stand out on its map if they are few.
fn title(city: &CityView, file: &str, lang: Lang) -> String {
    let is_told = |layer: &&LayerView| {
        layer.visible && layer.count > 0 && layer.has_geometry() && !matches!(layer.group(), Group::Base | Group::Grid)
    };
    let names: Vec<&str> = city.layers.iter().filter(is_told).map(|layer| layer.name.get(lang)).collect();
    if names.is_empty() || names.len() > 3 {
        return file.to_owned();
    }
    format!("{file} {}", names.join(lang.pick("、", ", ")))
}
