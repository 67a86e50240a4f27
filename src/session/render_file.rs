//! A map without a window: the same scene, into a PNG, SVG or PDF file.

use std::sync::{Arc, RwLock};

use crate::geom::crs::Crs;
use crate::io;
use crate::model::geometry::Bounds;
use crate::render::decor::Mark;
use crate::render::map::{MapOptions, map_scene};
use crate::render::painter;
use crate::render::pdf::{Pdf, PdfError};
use crate::render::scene::Scene;
use crate::render::svg;
use crate::render::view::View;
use crate::store::city::City;
use crate::store::reader::Reader;
use crate::task::Cancel;
use crate::text;
use crate::text::{Lang, Text};

use super::Session;
use super::answer::{Answer, Failure, FailureKind, RenderFrame, RenderRequest};
use super::command::JobId;
use super::exchange::write_failure;
use super::memory::{Indexes, read_index};
use super::painting::with_map_layers;
use super::place;
use super::print;
use super::rows::find_schema;
use super::snapshot::{Snapshot, mapped_bounds};
use super::state::LayerView;

/// Widest and highest picture, pixels.
const MOST_PX: u32 = 16_384;

impl Session {
    /// A map without a window, as the window would draw it; width and height of the picture come back, pixels.
    ///
    /// # Errors
    /// A layer does not exist, the ending is not known, the file cannot be written.
    pub fn render(&self, request: &RenderRequest) -> Result<[u32; 2], Failure> {
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

/// Width and height of the picture come back, pixels.
fn to_file(city: &City, request: &RenderRequest, cancel: &Cancel) -> Result<[u32; 2], Failure> {
    let ending = Ending::of(request)?;
    if ending != Ending::Pdf && request.sheet.as_ref().is_some_and(|sheet| sheet.series.is_some()) {
        let text = Text::new("分幅地图只能写成 .pdf", "A series of sheets is written as .pdf alone");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    if request.size_px.iter().any(|&side| side == 0 || side > MOST_PX) {
        let text = text!("图片边长应在 1 到 {MOST_PX} 像素之间", "A side of the picture has 1 to {MOST_PX} pixels");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    let reader = city.reader()?;
    let snapshot = Snapshot::read(&reader, &Indexes::default())?;
    if let Some(sheet) = &request.sheet {
        let mut file = MapFile::new(ending, request.lang)?;
        print::pages(city, &reader, snapshot, request, sheet, cancel, &mut |page| file.add(page, cancel))?;
        return file.write(request);
    }
    let mut marks = vec![Mark::ScaleBar, Mark::North];
    if snapshot.is_sample {
        marks.push(Mark::SampleData);
    }
    let mut layers = wanted(&reader, snapshot.layers, &request.layers)?;
    let view = view_of(request, &layers);
    fill(&reader, &mut layers, &view)?;
    let options = MapOptions { lang: request.lang, dark: request.dark, marks, ..MapOptions::default() };
    let scene = with_map_layers(&layers, |layers| map_scene(layers, &view, &options, cancel));
    let Some((scene, _)) = scene else { return Err(crate::task::Cancelled.into()) };
    let mut file = MapFile::new(ending, request.lang)?;
    file.add(&scene, cancel)?;
    file.write(request)
}

/// Which kind of file a map becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Png,
    Svg,
    Pdf,
}

/// A map's file as it grows: one page, or many in a PDF, of which one scene at a time is in memory.
struct MapFile {
    ending: Ending,
    title: &'static str,
    pdf: Option<Pdf>,
    /// The finished file, or the pixels of a PNG.
    bytes: Vec<u8>,
    /// Width and height of the last page, pixels.
    size: [u32; 2],
}

impl MapFile {
    fn new(ending: Ending, lang: Lang) -> Result<Self, Failure> {
        let title = lang.pick("城格地图", "A map by citygrid");
        let pdf = (ending == Ending::Pdf).then(|| Pdf::new(title, lang.code())).transpose();
        Ok(Self { ending, title, pdf: pdf.map_err(|error| pdf_failure(&error))?, bytes: Vec::new(), size: [0; 2] })
    }

    fn add(&mut self, page: &Scene, cancel: &Cancel) -> Result<(), Failure> {
        if page.size_px.iter().any(|side| side * page.pixel_ratio > f64::from(MOST_PX)) {
            let text = text!(
                "图幅每边最多 {MOST_PX} 像素，请降低 --dpi",
                "a side of the sheet has {MOST_PX} pixels at most: ask for a smaller --dpi"
            );
            return Err(Failure::new(FailureKind::Usage, text));
        }
        self.size = page.size_px.map(|side| side.round() as u32);
        match (self.ending, &mut self.pdf) {
            (Ending::Svg, _) => self.bytes = svg::write(page, self.title).into_bytes(),
            (Ending::Pdf, pdf) => {
                let added = pdf.as_mut().map_or(Ok(()), |pdf| pdf.page(page));
                added.map_err(|error| pdf_failure(&error))?;
            }
            (Ending::Png, _) => {
                let picture = painter::paint(page, cancel).ok_or(crate::task::Cancelled)?;
                self.size = [picture.width, picture.height];
                self.bytes = picture.rgba;
            }
        }
        Ok(())
    }

    /// Width and height come back.
    fn write(self, request: &RenderRequest) -> Result<[u32; 2], Failure> {
        let Self { ending, pdf, mut bytes, size, .. } = self;
        if let Some(pdf) = pdf {
            bytes = pdf.finish().map_err(|error| pdf_failure(&error))?;
        }
        let written = io::atomic::write(&request.path, request.overwrite, |out| match ending {
            Ending::Png => Ok(io::picture::write_png(out, size, &bytes)?),
            Ending::Svg | Ending::Pdf => Ok(out.write_all(&bytes)?),
        });
        written.map_err(|error| write_failure(&error))?;
        Ok(size)
    }
}

fn pdf_failure(error: &PdfError) -> Failure {
    Failure::new(FailureKind::Usage, text!("无法生成 PDF：{error}", "The PDF cannot be made: {error}"))
}

impl Ending {
    fn of(request: &RenderRequest) -> Result<Self, Failure> {
        let ending = request.path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "png" => Ok(Self::Png),
            "svg" => Ok(Self::Svg),
            "pdf" => Ok(Self::Pdf),
            _ => {
                let text = text!(
                    "不能写出“.{ending}”地图，请用 .png、.svg 或 .pdf",
                    "A map cannot be written as “.{ending}”; use .png, .svg or .pdf"
                );
                Err(Failure::new(FailureKind::Usage, text))
            }
        }
    }
}

pub(super) fn wanted(reader: &Reader, layers: Vec<LayerView>, words: &[String]) -> Result<Vec<LayerView>, Failure> {
    if words.is_empty() {
        return Ok(layers);
    }
    let tables: Vec<String> =
        words.iter().map(|word| Ok(find_schema(reader, word)?.table)).collect::<Result<_, Failure>>()?;
    let named = layers.into_iter().filter(|layer| tables.iter().any(|table| table == layer.table()));
    Ok(named.map(|layer| LayerView { visible: true, ..layer }).collect())
}

pub(super) fn view_of(request: &RenderRequest, layers: &[LayerView]) -> View {
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
    let view = match request.denominator {
        Some(denominator) => View::at_scale(center_world, denominator, size_px),
        None => View::new(center_world, metres_per_px, size_px),
    };
    view.pixel_ratio(ratio)
}

fn around(boxes: impl Iterator<Item = Bounds>, size_px: [f64; 2]) -> ([f64; 2], f64) {
    let all = boxes.reduce(|left, right| left.union(&right)).filter(|bounds| !bounds.is_empty());
    all.map_or(([0.0, 0.0], 150_000.0), |bounds| (bounds.center(), place::metres_per_px_for(&bounds, size_px)))
}

/// Reads what the view shows of each layer, and no more.
pub(super) fn fill(reader: &Reader, layers: &mut [LayerView], view: &View) -> Result<(), Failure> {
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
