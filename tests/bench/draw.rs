//! Opening and drawing, as the window does it: wishes go in, tiles and words come out.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use citygrid::model::geometry::Bounds;
use citygrid::render::tile::TileSet;
use citygrid::render::view::View;
use citygrid::session::command::{CityCommand, Command};
use citygrid::session::map::clusters::Glance;
use citygrid::session::map::painting::{MapPiece, MapWish, Pane};
use citygrid::session::map::shown::Shown;
use citygrid::session::place;
use citygrid::session::state::{CityView, LayerView};
use citygrid::session::{NoWake, Session};

use crate::peer;
use crate::ratios::Ratios;

/// The window's map, logical pixels.
const SIZE_PX: [f64; 2] = [1280.0, 800.0];

/// Widths of the views on the ground, metres; the city itself comes first.
const WIDTHS_M: [f64; 5] = [10_000.0, 5_000.0, 2_000.0, 1_000.0, 300.0];

/// Steps of panning measured at each scale.
const STEPS: usize = 7;

/// Opens a city twice and draws it at all scales; `features` names the city in the list of ratios.
pub(crate) fn measure(city: &Path, features: Option<usize>, ratios: &mut Ratios) -> Result<(), Box<dyn Error>> {
    let name = features.map_or_else(|| "city".to_owned(), |features| features.to_string());
    let settings = tempfile::tempdir()?;
    let (first, first_s, whole_s) = open(city, settings.path())?;
    println!("{:<44} {first_s:>10.3} s   everything in memory {whole_s:.3} s", "first start to the first complete map");
    settle(first);
    let (mut session, first_s, whole_s) = open(city, settings.path())?;
    let home = home(&session).ok_or("the city is empty")?;
    let widths: Vec<f64> = [0.0].into_iter().chain(WIDTHS_M).collect();
    let qgis = features.and_then(|_| peer::qgis(city, SIZE_PX, place::lonlat_from_world(home.center()), &widths));
    let theirs = qgis.as_ref().map(|qgis| qgis.first_map_ms / 1000.0);
    ratios.add(&format!("{name}: second start to the first map"), first_s, "s", "QGIS", theirs);
    println!("{:<44} {whole_s:>10.3} s", "second start until everything is in memory");
    ratios.add(&format!("{name}: resident"), memory_mb(), "MB", "QGIS", qgis.as_ref().map(|qgis| qgis.resident_mb));
    for (place, width_m) in widths.into_iter().enumerate() {
        let view = View::new(home.center(), 1.0, SIZE_PX);
        let metres_per_px = width_m / SIZE_PX[0] / view.ground_per_world();
        let view = if width_m > 0.0 { View { metres_per_px, ..view } } else { View::fit(home, SIZE_PX) };
        let words = if width_m > 0.0 { format!("draw {width_m} m across") } else { "draw everything".to_owned() };
        let typical_ms = scale(&mut session, &view, &home);
        let theirs = qgis.as_ref().map(|qgis| qgis.draw_ms[place]);
        ratios.add(&format!("{name}: {words}"), typical_ms, "ms", "QGIS", theirs);
    }
    pick(&session, &home);
    println!("{:<44} {:>10.1} MB", "resident after all that", memory_mb());
    Ok(())
}

/// Leaves a session when what it makes for the next start is made.
fn settle(mut session: Session) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(5) {
        session.poll();
        let large = |layer: &LayerView| layer.count >= 20_000 && layer.has_geometry() && layer.levels.is_none();
        if !session.city().is_some_and(|city| city.layers.iter().any(large)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        if start.elapsed() > Duration::from_secs(90) {
            break;
        }
    }
    drop(session);
}

/// A session with the city open; seconds to the first complete map, and until everything is in memory.
fn open(city: &Path, settings: &Path) -> Result<(Session, f64, f64), Box<dyn Error>> {
    let start = Instant::now();
    let mut session = Session::new(settings.to_owned(), Arc::new(NoWake));
    session.run(Command::City(CityCommand::Open(city.to_owned())));
    let mut first = None;
    while start.elapsed() < Duration::from_mins(10) {
        session.poll();
        let view = home(&session).map(|home| View::fit(home, SIZE_PX));
        if let Some(view) = view.filter(|_| first.is_none())
            && session.city().is_some_and(|city| city.is_ready(&view))
        {
            draw(&mut session, &view);
            first = Some(start.elapsed().as_secs_f64());
        }
        if let Some(first_s) = first.filter(|_| is_in_memory(&session)) {
            return Ok((session, first_s, start.elapsed().as_secs_f64()));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err("the city does not open".into())
}

fn home(session: &Session) -> Option<Bounds> {
    session.city().and_then(CityView::home_world)
}

fn is_in_memory(session: &Session) -> bool {
    session.city().is_some_and(|city| city.layers.iter().all(|layer| !layer.has_geometry() || layer.index.is_some()))
}

/// Draws views of one scale all over the city and prints the times; the typical one comes back, milliseconds.
fn scale(session: &mut Session, view: &View, home: &Bounds) -> f64 {
    let (mut millis, mut words) = (Vec::new(), Vec::new());
    let mut features = 0;
    for step in 0..STEPS {
        // Places all over the city; every tile is painted anew, whatever was painted before.
        let share = |prime: f64| ((step as f64 * prime).fract() - 0.5) * 0.6;
        let [x, y] = home.center();
        let at = [x + share(0.754_877_666) * home.width(), y + share(0.569_840_290) * home.height()];
        let drawn = draw(session, &View { center_world: at, ..*view });
        millis.push(drawn.tiles_ms.max(drawn.words_ms));
        let alone = MapWish { labels: Some(View { center_world: at, ..*view }), ..MapWish::default() };
        words.push(fulfil(session, alone).words_ms);
        features = features.max(drawn.features);
    }
    millis.sort_by(f64::total_cmp);
    words.sort_by(f64::total_cmp);
    let (typical, worst) = (millis[STEPS / 2], millis[STEPS - 1]);
    println!(
        "    1:{:<39.0} worst {worst:.1} ms, words alone {:.1} ms, {features} features",
        view.denominator(),
        words[STEPS / 2],
    );
    typical
}

/// What drawing a view took, from the wish to the last tile and to the words.
#[derive(Default)]
struct Drawn {
    tiles_ms: f64,
    words_ms: f64,
    /// On all tiles together.
    features: usize,
}

/// Asks for all tiles and words of a view and waits for them.
fn draw(session: &mut Session, view: &View) -> Drawn {
    let tiles = TileSet::of(view, false).tiles(view, 0);
    fulfil(session, MapWish { tiles, labels: Some(*view), ..MapWish::default() })
}

/// Waits for all that a wish names.
fn fulfil(session: &mut Session, wish: MapWish) -> Drawn {
    let mut left = wish.tiles.len() + 1;
    let mut drawn = Drawn::default();
    let start = Instant::now();
    session.wish_map(wish);
    while left > 0 {
        session.poll();
        for piece in session.take_map(Pane::Main) {
            left -= 1;
            let now_ms = start.elapsed().as_secs_f64() * 1e3;
            match piece {
                MapPiece::Tile(_, pixels) => {
                    drawn.tiles_ms = now_ms;
                    drawn.features += pixels.features;
                }
                MapPiece::Words { .. } => drawn.words_ms = now_ms,
            }
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    drawn
}

/// What is under the pointer, at a thousand places.
fn pick(session: &Session, home: &Bounds) {
    let (count, start) = (1000_u16, Instant::now());
    let mut hits = 0;
    for index in 0..count {
        let share = |prime: f64| (f64::from(index) * prime).fract();
        let x = home.min[0] + home.width() * share(0.754_877_666);
        let y = home.min[1] + home.height() * share(0.569_840_290);
        let (tolerance_m, denominator, metres_per_px) = (4.0, 2500.0, 0.76);
        let glance = Glance { at_world: [x, y], tolerance_m, denominator, metres_per_px, shown: Shown::Visible };
        hits += usize::from(session.hover(&glance).is_some());
    }
    let each_ms = start.elapsed().as_secs_f64() * 1e3 / f64::from(count);
    println!("{:<34} {each_ms:>9.4} ms  {hits} of {count} hit", "pick under the pointer");
}

/// What the process holds, megabytes, where the system says it; 0 elsewhere.
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(str::trim);
    resident.and_then(|kb| kb.trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
