//! A map without a window: the same painter, into a PNG file.

use std::sync::{Arc, RwLock};

use crate::geom::crs::Crs;
use crate::io;
use crate::model::geometry::Bounds;
use crate::render::decor::Mark;
use crate::render::map::{MapOptions, paint_map};
use crate::render::view::View;
use crate::store::city::City;
use crate::store::reader::Reader;
use crate::task::Cancel;
use crate::text;
use crate::text::Text;

use super::Session;
use super::answer::{Answer, Failure, FailureKind, RenderFrame, RenderRequest};
use super::command::JobId;
use super::exchange::write_failure;
use super::memory::{Indexes, read_index};
use super::painting::with_map_layers;
use super::place;
use super::rows::find_schema;
use super::snapshot::{Snapshot, mapped_bounds};
use super::state::LayerView;

/// Widest and highest picture, pixels.
const MOST_PX: u32 = 16_384;

impl Session {
    /// A map without a window, as the window would draw it.
    ///
    /// # Errors
    /// A layer does not exist, the ending is not known, the file cannot be written.
    pub fn render(&self, request: &RenderRequest) -> Result<(), Failure> {
        to_file(&self.opened()?.city, request, &self.cancel_switch())
    }

    /// The same as a job, for the window.
    pub(super) fn picture_job(&mut self, request: RenderRequest) -> Result<JobId, Failure> {
        let city = Arc::clone(&self.opened()?.city);
        let title = Text::new("存为图片", "Saving the picture");
        Ok(self.jobs.start(title, move |_, task| {
            to_file(&city, &request, task.cancel())?;
            let file = request.path.display();
            Ok(Answer::Told(text!("地图已存为图片：{file}", "The map was saved as a picture: {file}")))
        }))
    }
}

fn to_file(city: &City, request: &RenderRequest, cancel: &Cancel) -> Result<(), Failure> {
    refuse_ending(request)?;
    if request.size_px.iter().any(|&side| side == 0 || side > MOST_PX) {
        let text = text!("图片边长应在 1 到 {MOST_PX} 像素之间", "A side of the picture has 1 to {MOST_PX} pixels");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    let reader = city.reader()?;
    let snapshot = Snapshot::read(&reader, &Indexes::default())?;
    let mut marks = vec![Mark::ScaleBar, Mark::North];
    if snapshot.is_sample {
        marks.push(Mark::SampleData);
    }
    let mut layers = wanted(&reader, snapshot.layers, &request.layers)?;
    let view = view_of(request, &layers);
    fill(&reader, &mut layers, &view)?;
    let options = MapOptions { lang: request.lang, dark: request.dark, marks, ..MapOptions::default() };
    let picture = with_map_layers(&layers, |layers| paint_map(layers, &view, &options, cancel));
    let Some((picture, _)) = picture else { return Err(crate::task::Cancelled.into()) };
    let size = [picture.width, picture.height];
    io::atomic::write(&request.path, request.overwrite, |out| Ok(io::picture::write_png(out, size, &picture.rgba)?))
        .map_err(|error| write_failure(&error))
}

fn refuse_ending(request: &RenderRequest) -> Result<(), Failure> {
    let ending = request.path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if ending == "png" {
        return Ok(());
    }
    let text = text!("暂不能写出“.{ending}”地图，请用 .png", "A map cannot be written as “.{ending}” yet; use .png");
    Err(Failure::new(FailureKind::Usage, text))
}

fn wanted(reader: &Reader, layers: Vec<LayerView>, words: &[String]) -> Result<Vec<LayerView>, Failure> {
    if words.is_empty() {
        return Ok(layers);
    }
    let tables: Vec<String> =
        words.iter().map(|word| Ok(find_schema(reader, word)?.table)).collect::<Result<_, Failure>>()?;
    let named = layers.into_iter().filter(|layer| tables.iter().any(|table| table == layer.table()));
    Ok(named.map(|layer| LayerView { visible: true, ..layer }).collect())
}

fn view_of(request: &RenderRequest, layers: &[LayerView]) -> View {
    let ratio = f64::from(request.pixel_ratio.clamp(0.25, 8.0));
    let size_px = request.size_px.map(|side| (f64::from(side) / ratio).round().max(1.0));
    let (center_world, metres_per_px) = match request.frame {
        RenderFrame::All => around(layers.iter().filter_map(|layer| layer.bounds_world), size_px),
        RenderFrame::Bounds(bounds) => {
            let world = mapped_bounds(bounds, Crs::WGS84, Crs::WEB_MERCATOR);
            let (center, fit) = around(world.into_iter(), size_px);
            (center, fit / 1.08)
        }
        RenderFrame::Around(lonlat, reach_m) => {
            let center = place::world_from_lonlat(lonlat);
            let on_ground = 2.0 * reach_m / size_px[0].min(size_px[1]);
            (center, on_ground * lonlat[1].to_radians().cos().recip())
        }
    };
    View::new(center_world, metres_per_px, size_px).pixel_ratio(ratio)
}

fn around(boxes: impl Iterator<Item = Bounds>, size_px: [f64; 2]) -> ([f64; 2], f64) {
    let all = boxes.reduce(|left, right| left.union(&right)).filter(|bounds| !bounds.is_empty());
    all.map_or(([0.0, 0.0], 150_000.0), |bounds| (bounds.center(), place::metres_per_px_for(&bounds, size_px)))
}

/// Reads what the view shows of each layer, and no more.
fn fill(reader: &Reader, layers: &mut [LayerView], view: &View) -> Result<(), Failure> {
    let window = view.bounds_world(0.0);
    let window = window.grown(0.1 * window.width().max(window.height()));
    let denominator = place::denominator(view.metres_per_px, view.center_world);
    for layer in layers.iter_mut().filter(|layer| layer.visible && layer.has_geometry()) {
        let scales = layer.style.rules.iter().map(|rule| rule.scale);
        let labels = layer.style.labels.iter().map(|label| label.scale);
        if !scales.chain(labels).any(|scale| scale.holds(denominator)) {
            continue;
        }
        let bounds = mapped_bounds(window, Crs::WEB_MERCATOR, layer.schema.crs);
        let mut index = read_index(reader, &layer.schema, &layer.style, bounds)?;
        index.build_tree();
        layer.index = Some(Arc::new(RwLock::new(index)));
    }
    Ok(())
}
