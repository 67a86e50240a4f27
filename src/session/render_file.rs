//! A map without a window: the same scene, into a PNG, SVG or PDF file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use crate::geom::crs::Crs;
use crate::io;
use crate::io::error::WriteError;
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
use crate::task::{Cancel, Cancelled, Report, Task};
use crate::text;
use crate::text::{Lang, Text};

use super::Session;
use super::answer::{Answer, Failure, FailureKind, RenderFrame, RenderRequest};
use super::command::JobId;
use super::export::write_failure;
use super::ground;
use super::map::memory::{Indexes, read_index};
use super::map::painting::with_map_layers;
use super::place;
use super::print::{Pages, Printed};
use super::rows::find_schema;
use super::snapshot::{Snapshot, mapped_bounds};
use super::state::{JobView, LayerView};

/// Title of the job that prints.
const PRINTING: Text = Text::new("打印地图", "Printing the map");

/// Widest and highest picture, pixels.
pub(super) const MOST_PX: u32 = 16_384;

/// Logical pixels to the inch.
const DPI: f64 = 96.0;

/// What is said of how far a map is: what is being done, pages done, pages in all.
type OnPage<'a> = &'a mut dyn FnMut(&Text, u64, u64) -> Result<(), Cancelled>;

/// What was drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// Width and height of the last page, pixels.
    pub size: [u32; 2],
    /// How many pages.
    pub pages: usize,
    /// Whether each page is a file of its own.
    pub in_files: bool,
    /// The scale's denominator, where all pages of a series have the same.
    pub one_scale: Option<f64>,
}

impl Drawn {
    /// The scale of all pages in brackets; nothing where each has its own.
    pub fn scale_words(&self) -> Text {
        let Some(denominator) = self.one_scale.map(|scale| place::grouped(scale, 0)) else { return Text::default() };
        text!("（同为 1:{denominator}）", " (all at 1:{denominator})")
    }
}

impl Session {
    /// A map without a window, as the window would draw it, passing on how far it is.
    ///
    /// # Errors
    /// A layer does not exist, the ending is not known, the file cannot be written.
    pub fn render(&self, request: &RenderRequest, on_report: &mut dyn FnMut(&Report)) -> Result<Drawn, Failure> {
        let cancel = self.cancel_switch();
        let stop = cancel.clone();
        to_file(&self.opened()?.city, request, &cancel, &mut |what, done, total| {
            on_report(&Report { what: what.clone(), done, total: Some(total) });
            if stop.is_cancelled() { Err(Cancelled) } else { Ok(()) }
        })
    }

    /// The same as a job, for the window.
    pub(super) fn picture_job(&mut self, request: RenderRequest) -> Result<JobId, Failure> {
        let city = Arc::clone(&self.opened()?.city);
        let title = if request.sheet.is_some() { PRINTING } else { Text::new("存为图片", "Saving the picture") };
        Ok(self.jobs.start(title, move |_, mut task| {
            let cancel = task.cancel().clone();
            let drawn =
                to_file(&city, &request, &cancel, &mut |what, done, total| task.report(what, done, Some(total)))?;
            let (file, pages) = (request.path.display(), drawn.pages);
            let Text { zh, en } = drawn.scale_words();
            Ok(Answer::Told(match (&request.sheet, drawn.in_files) {
                (None, _) => text!("地图已存为图片：{file}", "The map was saved as a picture: {file}"),
                (Some(_), false) => text!("已输出 {pages} 页{zh}：{file}", "Pages printed: {pages}{en}, to {file}"),
                (Some(_), true) => {
                    let folder = request.path.parent().unwrap_or(&request.path).display();
                    text!("已输出 {pages} 个文件{zh}：{folder}", "Files printed: {pages}{en}, to {folder}")
                }
            }))
        }))
    }

    /// The printing that goes on, if there is one.
    pub fn printing(&self) -> Option<&JobView> {
        self.jobs().iter().find(|job| job.title == PRINTING)
    }
}

fn to_file(city: &City, request: &RenderRequest, cancel: &Cancel, on_page: OnPage<'_>) -> Result<Drawn, Failure> {
    let ending = Ending::of(&request.path)?;
    if request.size_px.iter().any(|&side| side == 0 || side > MOST_PX) {
        let text = text!("图片边长应在 1 到 {MOST_PX} 像素之间", "A side of the picture has 1 to {MOST_PX} pixels");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    let reader = city.reader()?;
    let snapshot = Snapshot::read(&reader, &Indexes::default())?;
    let grounds = ground::shown(&ground::read(&reader, city.path()));
    if let Some(sheet) = &request.sheet {
        let (path, layers) = (city.path(), snapshot.layers);
        let printed = Printed { path, reader: &reader, layers, grounds, is_sample: snapshot.is_sample };
        let pages = Pages::new(printed, request, sheet, cancel)?;
        return print(pages, ending, request, cancel, on_page);
    }
    let mut marks = vec![Mark::ScaleBar, Mark::North];
    if snapshot.is_sample {
        marks.push(Mark::SampleData);
    }
    let mut layers = wanted(&reader, snapshot.layers, &request.layers)?;
    let view = view_of(request, &layers);
    fill(&reader, &mut layers, &view)?;
    let options = MapOptions { lang: request.lang, dark: request.dark, marks, grounds, ..MapOptions::default() };
    let scene = with_map_layers(&layers, |layers| map_scene(layers, &view, &options, cancel));
    let (scene, _) = scene.ok_or(Cancelled)?;
    let title = city.path().file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut file = MapFile::new(ending, title, request.lang)?;
    file.add(&scene, cancel)?;
    Ok(Drawn { size: file.write(&request.path, request.overwrite)?, pages: 1, in_files: false, one_scale: None })
}

/// Writes finished scenes, one after the other: all into one PDF, or of PNG and SVG each into a file of its own
/// (`name-1.svg` …) where there are several; whether it was so.
pub(super) fn scenes_to_files(
    count: usize,
    title: &str,
    (path, overwrite, lang): (&Path, bool, Lang),
    task: &mut Task<'_>,
    draw: &mut dyn FnMut(usize, &mut Task<'_>) -> Result<Scene, Cancelled>,
) -> Result<bool, Failure> {
    let (ending, cancel) = (Ending::of(path)?, task.cancel().clone());
    let in_files = count > 1 && ending != Ending::Pdf;
    let path_of = |page: usize| if in_files { numbered(path, page + 1) } else { path.to_owned() };
    // Half a series beside an old one is worse than none.
    let taken = (0..count).map(path_of).find(|path| path.exists() && !overwrite);
    if let Some(path) = taken {
        return Err(write_failure(&WriteError::Exists { path }));
    }
    let mut whole = if in_files { None } else { Some(MapFile::new(ending, title.to_owned(), lang)?) };
    for page in 0..count {
        let scene = draw(page, task)?;
        if let Some(file) = &mut whole {
            file.add(&scene, &cancel)?;
        } else {
            let mut file = MapFile::new(ending, format!("{title} {}/{count}", page + 1), lang)?;
            file.add(&scene, &cancel)?;
            file.write(&path_of(page), overwrite)?;
        }
    }
    if let Some(file) = whole {
        file.write(path, overwrite)?;
    }
    Ok(in_files)
}

/// `plan-3.svg` for page 3 of `plan.svg`.
pub(super) fn numbered(path: &Path, number: usize) -> PathBuf {
    let [stem, ending] = [path.file_stem(), path.extension()].map(|part| part.unwrap_or_default().to_string_lossy());
    path.with_file_name(format!("{stem}-{number}.{ending}"))
}

/// Whether a name ends as one of a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    Ending::of(path).is_ok()
}

/// Writes the pages of a sheet: into one file, or each into its own.
fn print(
    mut pages: Pages<'_>,
    ending: Ending,
    request: &RenderRequest,
    cancel: &Cancel,
    on_page: OnPage<'_>,
) -> Result<Drawn, Failure> {
    let (count, words) = (pages.count(), Text::new("绘制图幅", "Drawing sheets"));
    let in_files = pages.path(0).is_some();
    if ending != Ending::Pdf && !in_files && pages.name(0).is_some() {
        let text = Text::new(
            "多页只能合成一个 .pdf；要每页一个文件，请在文件名里写 {}，如 图{}.png",
            "only a .pdf holds several pages; for a file for each, write {} in the name, as map{}.png",
        );
        return Err(Failure::new(FailureKind::Usage, text));
    }
    // Half a series beside an old one is worse than none.
    let taken = (0..count).filter_map(|page| pages.path(page)).find(|path| path.exists() && !request.overwrite);
    if let Some(file) = taken.as_deref().map(Path::display) {
        let text = text!("文件已存在：{file}，请选另一个文件夹", "{file} exists already; choose another folder");
        return Err(Failure::new(FailureKind::File, text));
    }
    let mut whole = MapFile::new(ending, pages.title().to_owned(), request.lang)?;
    let mut size = [0; 2];
    for page in 0..count {
        on_page(&words, page as u64, count as u64)?;
        let scene = pages.draw(page)?;
        match pages.path(page) {
            Some(path) => {
                let mut file = MapFile::new(ending, pages.page_title(page), request.lang)?;
                file.add(&scene, cancel)?;
                size = file.write(&path, request.overwrite)?;
            }
            None => whole.add(&scene, cancel)?,
        }
    }
    on_page(&words, count as u64, count as u64)?;
    if !in_files {
        size = whole.write(&request.path, request.overwrite)?;
    }
    let one_scale = pages.name(0).and(pages.one_scale());
    Ok(Drawn { size, pages: count, in_files, one_scale })
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
    /// What the file says that it is.
    title: String,
    pdf: Option<Pdf>,
    /// The finished file, or the pixels of a PNG.
    bytes: Vec<u8>,
    /// Width and height of the last page, pixels.
    size: [u32; 2],
    /// Pixels to the inch of a PNG.
    dpi: f64,
}

impl MapFile {
    fn new(ending: Ending, title: String, lang: Lang) -> Result<Self, Failure> {
        let pdf = (ending == Ending::Pdf).then(|| Pdf::new(&title, lang.code())).transpose();
        let pdf = pdf.map_err(|error| pdf_failure(&error))?;
        Ok(Self { ending, title, pdf, bytes: Vec::new(), size: [0; 2], dpi: DPI })
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
            (Ending::Svg, _) => self.bytes = svg::write(page, &self.title).into_bytes(),
            (Ending::Pdf, pdf) => {
                let added = pdf.as_mut().map_or(Ok(()), |pdf| pdf.page(page));
                added.map_err(|error| pdf_failure(&error))?;
            }
            (Ending::Png, _) => {
                let picture = painter::paint(page, cancel).ok_or(Cancelled)?;
                self.size = [picture.width, picture.height];
                self.bytes = picture.rgba;
                self.dpi = DPI * page.pixel_ratio;
            }
        }
        Ok(())
    }

    /// Width and height come back.
    fn write(self, path: &Path, overwrite: bool) -> Result<[u32; 2], Failure> {
        let Self { ending, pdf, mut bytes, size, dpi, .. } = self;
        if let Some(pdf) = pdf {
            bytes = pdf.finish().map_err(|error| pdf_failure(&error))?;
        }
        let written = io::atomic::write(path, overwrite, |out| match ending {
            Ending::Png => Ok(io::picture::write_sized_png(out, size, &bytes, dpi)?),
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
    fn of(path: &Path) -> Result<Self, Failure> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
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

/// Reads what the view shows of each layer that is not in memory, and no more.
pub(super) fn fill(reader: &Reader, layers: &mut [LayerView], view: &View) -> Result<(), Failure> {
    let window = view.bounds_world(0.0);
    let window = window.grown(0.1 * window.width().max(window.height()));
    let denominator = place::denominator(view.metres_per_px, view.center_world);
    let is_needed = |layer: &&mut LayerView| layer.visible && layer.has_geometry() && layer.index.is_none();
    for layer in layers.iter_mut().filter(is_needed) {
        let scales = layer.style.rules.iter().map(|rule| rule.scale);
        let labels = layer.style.labels.iter().map(|label| label.scale);
        let is_seen = scales.chain(labels).any(|scale| scale.holds(denominator));
        if !is_seen && !layer.style.crowd.gathers(denominator) {
            continue;
        }
        let bounds = mapped_bounds(window, Crs::WEB_MERCATOR, layer.schema.crs);
        let mut index = read_index(reader, &layer.schema, &layer.style, bounds)?;
        index.build_tree();
        layer.index = Some(Arc::new(RwLock::new(index)));
    }
    Ok(())
}
