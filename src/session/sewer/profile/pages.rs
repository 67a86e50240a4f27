//! How a profile is laid out on pages: which stretch each shows, at which scales, above which datum.

use super::scale::{INSET, PX_PER_PAPER_M, ProfileScale};
use super::{ProfileLook, block, table};
use crate::render::paper::Paper;
use crate::session::answer::{Failure, FailureKind};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::profile::Profile;

/// Denominators that are usual for drawings.
pub const USUAL_SCALES: [f64; 16] = [
    10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 2500.0, 5000.0, 10_000.0, 20_000.0, 25_000.0, 50_000.0,
    100_000.0, 200_000.0,
];
/// Most pages of one drawing.
pub const MOST_PAGES: usize = 500;

/// The scale of lengths that is taken by itself where a profile does not fit one page.
const USUAL_ACROSS: f64 = 1000.0;
/// How many times larger heights are by themselves at least, and the largest scale they have above that: 1:100 above 1:1000.
const USUAL_TIMES: f64 = 10.0;
const USUAL_UP: f64 = 100.0;
/// How much of the height that is left over lies below the levels.
const SPARE_BELOW: f64 = 0.35;
/// A page ends at a node that is at least so far along it, as a share of its room.
const LATE: f64 = 0.6;
/// Shortest stretch of a page, metres.
const LEAST_SPAN_M: f64 = 1.0;

/// Margin of a page, room for the heads of the table, above the plot, and in the plot above and below the levels, pixels of
/// an A3 sheet.
const MARGIN: f32 = 36.0;
const HEADS: f32 = 122.0;
const HEAD: f32 = 62.0;
const ABOVE: f32 = 58.0;
const BELOW: f32 = 30.0;
/// Lowest plot.
const LEAST_PLOT: f32 = 90.0;

/// A long picture: usual height of the levels, width of a station, and the narrowest and widest plot, pixels.
const LONG_PLOT_PX: f64 = 340.0;
const STATION_PX: f64 = 46.0;
const LONG_PX: [f64; 2] = [980.0, 12_000.0];
/// Longest and highest one, which is what a picture may have at most.
const MOST_LONG_PX: f64 = 15_000.0;

/// The scale of lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Across {
    /// The largest usual one at which all of it fits one page, but none smaller than 1:1000: then there are several.
    #[default]
    Usual,
    /// The largest usual one at which all of it fits one page.
    OnePage,
    /// One with this denominator.
    At(f64),
}

/// The paper of a drawing and its scales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileSheet {
    /// The paper; one page as long as the profile if there is none.
    pub paper: Option<Paper>,
    /// The scale of lengths.
    pub across: Across,
    /// Denominator of the scale of heights; the largest usual one that fits, but none above 1:100 and ten times that of
    /// lengths, if there is none.
    pub up: Option<f64>,
}

impl Default for ProfileSheet {
    fn default() -> Self {
        Self { paper: Some(Paper { size_mm: [420.0, 297.0] }), across: Across::default(), up: None }
    }
}

/// A page's stretch and its datum.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    span_m: [f64; 2],
    low_m: f64,
}

/// All pages of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfilePages {
    stretches: Vec<Stretch>,
    frame: Frame,
    scales: [f64; 2],
}

/// A page without what is on it, pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    size_px: [f64; 2],
    plot: [f32; 4],
    margin: f32,
    size: f32,
}

impl Frame {
    fn of(paper: &Paper) -> Self {
        let size_px = paper.size_px();
        let short = paper.size_mm[0].min(paper.size_mm[1]);
        let size = (short / 297.0).powf(0.5).clamp(0.62, 1.5) as f32;
        let [wide, high] = size_px.map(|side| side as f32);
        let margin = MARGIN * size;
        let bottom = high - margin - block::HEIGHT * size - table::HEIGHT * size;
        let plot = [margin + HEADS * size, margin + HEAD * size, wide - margin, bottom];
        Self { size_px, plot, margin, size }
    }

    /// Width for lengths and height for levels.
    fn room(&self) -> [f64; 2] {
        let [left, top, right, bottom] = self.plot;
        [right - left - 2.0 * INSET, bottom - top - (ABOVE + BELOW) * self.size].map(f64::from)
    }
}

impl ProfilePages {
    /// Lays a profile out.
    ///
    /// # Errors
    /// The levels do not fit the paper at that scale; there would be too many pages; the paper is too small.
    pub fn of(profile: &Profile, look: &ProfileLook) -> Result<Self, Failure> {
        match &look.sheet.paper {
            Some(paper) => paged(profile, paper, &look.sheet, look.exaggeration),
            None => long(profile, &look.sheet, look.exaggeration),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.stretches.len()
    }

    /// Denominators of the scales of lengths and of heights.
    pub fn scales(&self) -> [f64; 2] {
        self.scales
    }

    /// Width and height of each, pixels.
    pub(super) fn size_px(&self) -> [f64; 2] {
        self.frame.size_px
    }

    /// The stretch of a page, metres.
    pub(super) fn span_m(&self, page: usize) -> [f64; 2] {
        self.stretches[page].span_m
    }

    /// Where things are on a page.
    pub(super) fn scale(&self, page: usize) -> ProfileScale {
        let Stretch { span_m, low_m } = self.stretches[page];
        let Frame { plot, margin, size, .. } = self.frame;
        ProfileScale { plot, heads: margin, span_m, scales: self.scales, low_m, size }
    }
}

fn usage(text: Text) -> Failure {
    Failure::new(FailureKind::Usage, text)
}

fn paged(
    profile: &Profile,
    paper: &Paper,
    sheet: &ProfileSheet,
    exaggeration: Option<f64>,
) -> Result<ProfilePages, Failure> {
    let frame = Frame::of(paper);
    let [width_px, height_px] = frame.room();
    let [left, top, right, bottom] = frame.plot;
    if bottom - top < LEAST_PLOT * frame.size || right - left < LEAST_PLOT {
        let Text { zh, en } = paper.words();
        return Err(usage(text!("纸张太小，画不下纵断面：{zh}", "The paper is too small for a long profile: {en}")));
    }
    let length_m = profile.length_m.max(LEAST_SPAN_M);
    let whole = width_px / PX_PER_PAPER_M;
    let fitting = || USUAL_SCALES.into_iter().find(|scale| whole * scale >= length_m);
    let fitting = || fitting().unwrap_or(length_m / whole);
    let across = match sheet.across {
        Across::At(scale) => scale,
        Across::OnePage => fitting(),
        Across::Usual => fitting().min(USUAL_ACROSS),
    };
    let capacity_m = whole * across;
    let too_many = || {
        usage(text!(
            "按 1:{across} 会超过 {MOST_PAGES} 页，请用更小的比例尺",
            "At 1:{across} there would be more than {MOST_PAGES} pages; take a smaller scale"
        ))
    };
    if length_m / capacity_m > MOST_PAGES as f64 {
        return Err(too_many());
    }
    let height_m = |up: f64| height_px / PX_PER_PAPER_M * up;
    let wished = exaggeration.map(|times| across / times).or(sheet.up);
    let up = wished.unwrap_or_else(|| {
        let least = (across / USUAL_TIMES).min(USUAL_UP) * 0.999;
        // A page need not end early for its levels.
        let fits = |up: &f64| cut(profile, capacity_m, f64::INFINITY).iter().all(|it| it.fits(profile, height_m(*up)));
        USUAL_SCALES.into_iter().filter(|up| *up >= least).find(fits).unwrap_or(across)
    });
    let mut stretches = cut(profile, capacity_m, height_m(up));
    if stretches.len() > MOST_PAGES {
        return Err(too_many());
    }
    if let Some(steep) = stretches.iter().find(|it| !it.fits(profile, height_m(up))) {
        return Err(too_high(profile, steep, [up, height_m(up)]));
    }
    for it in &mut stretches {
        let range_m = profile.levels_within(it.span_m).map_or(0.0, |[low, high]| high - low);
        let spare_m = (height_m(up) - range_m).max(0.0) * SPARE_BELOW;
        it.low_m = datum_m(profile, it.span_m, f64::from(BELOW * frame.size) / PX_PER_PAPER_M * up, spare_m);
    }
    Ok(ProfilePages { stretches, frame, scales: [across, up] })
}

fn too_high(profile: &Profile, steep: &Stretch, [up, room_m]: [f64; 2]) -> Failure {
    let [low_m, high_m] = profile.levels_within(steep.span_m).unwrap_or_default();
    let fits = |scale: &f64| room_m / up * scale >= high_m - low_m;
    let wanted = USUAL_SCALES.into_iter().find(fits).unwrap_or(up);
    let from = super::stake(steep.span_m[0]);
    let range_m = high_m - low_m;
    usage(text!(
        "里程 {from} 处高差 {range_m:.1} m，纵向 1:{up} 在这张纸上只容 {room_m:.1} m；请用 1:{wanted} 或更大的纸",
        "At {from} levels differ by {range_m:.1} m; at 1:{up} the paper has room for {room_m:.1} m: take 1:{wanted}, \
         or larger paper"
    ))
}

impl Stretch {
    fn fits(&self, profile: &Profile, height_m: f64) -> bool {
        profile.levels_within(self.span_m).is_none_or(|[low, high]| high - low <= height_m)
    }
}

/// Cuts a profile at nodes, so that each stretch is as long as the paper holds and its levels have room: where they have
/// not, it ends sooner, and the next has a datum of its own. What cannot be cut so stays too high.
fn cut(profile: &Profile, capacity_m: f64, height_m: f64) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut from_m = 0.0;
    while stretches.len() <= MOST_PAGES {
        let last_node = |span: [f64; 2]| profile.stations_within(span).last().map(|(_, it)| it.chainage_m);
        let mut to_m = from_m + capacity_m;
        // What rounding leaves over is no page.
        if to_m >= profile.length_m - 1e-6 {
            to_m = profile.length_m.max(from_m + 1e-3);
        } else if let Some(node) = last_node([from_m + capacity_m * LATE, to_m]) {
            to_m = node;
        }
        while !(Stretch { span_m: [from_m, to_m], low_m: 0.0 }).fits(profile, height_m) {
            let sooner = last_node([from_m + LEAST_SPAN_M, to_m - 1e-6]);
            let half_m = f64::midpoint(from_m, to_m);
            match sooner {
                Some(node) => to_m = node,
                None if half_m - from_m > LEAST_SPAN_M => to_m = half_m,
                None => break,
            }
        }
        stretches.push(Stretch { span_m: [from_m, to_m], low_m: 0.0 });
        if to_m >= profile.length_m {
            break;
        }
        from_m = to_m;
    }
    stretches
}

/// The level of the lower edge: a round number of metres, or of what a few millimetres of paper are.
fn datum_m(profile: &Profile, span_m: [f64; 2], below_m: f64, spare_m: f64) -> f64 {
    let low_m = profile.levels_within(span_m).map_or(0.0, |[low, _]| low) - spare_m;
    let step_m = [0.1, 0.5, 1.0, 5.0, 10.0, 50.0].into_iter().rev().find(|step| step * 2.0 <= below_m).unwrap_or(0.1);
    ((low_m - below_m * 0.6) / step_m).floor() * step_m
}

/// One page that is as long as the profile.
fn long(profile: &Profile, sheet: &ProfileSheet, exaggeration: Option<f64>) -> Result<ProfilePages, Failure> {
    let length_m = profile.length_m.max(LEAST_SPAN_M);
    let px_at = |scale: f64| length_m * PX_PER_PAPER_M / scale;
    let across = match sheet.across {
        Across::At(scale) => scale,
        Across::Usual | Across::OnePage => {
            let wished_px = (profile.stations.len() as f64 * STATION_PX).clamp(LONG_PX[0], LONG_PX[1]);
            USUAL_SCALES.into_iter().find(|scale| px_at(*scale) <= wished_px).unwrap_or(px_at(1.0) / LONG_PX[1])
        }
    };
    let [low, high] = profile.levels_m().unwrap_or([0.0, 1.0]);
    let high_px_at = |scale: f64| (high - low) * PX_PER_PAPER_M / scale;
    let fitting = || USUAL_SCALES.into_iter().find(|scale| high_px_at(*scale) <= LONG_PLOT_PX);
    let up = exaggeration.map(|times| across / times).or(sheet.up).or_else(fitting).unwrap_or(across);
    if px_at(across) > MOST_LONG_PX || high_px_at(up) > MOST_LONG_PX {
        let text = Text::new(
            "按这个比例尺整幅图太大，请用更小的比例尺，或分页（--paper a3）",
            "At these scales one picture is too large; take smaller ones, or pages (--paper a3)",
        );
        return Err(usage(text));
    }
    let width = px_at(across).max(LONG_PX[0] - 200.0) as f32 + 2.0 * INSET;
    let low_m = datum_m(profile, [0.0, length_m], f64::from(BELOW) / PX_PER_PAPER_M * up, 0.0);
    let height = ((high - low_m) * PX_PER_PAPER_M / up).max(80.0) as f32 + ABOVE;
    let plot = [MARGIN + HEADS, MARGIN + HEAD, MARGIN + HEADS + width, MARGIN + HEAD + height];
    let size_px = [plot[2] + MARGIN, plot[3] + table::HEIGHT + block::HEIGHT + MARGIN].map(f64::from);
    let frame = Frame { size_px, plot, margin: MARGIN, size: 1.0 };
    Ok(ProfilePages { stretches: vec![Stretch { span_m: [0.0, length_m], low_m }], frame, scales: [across, up] })
}
