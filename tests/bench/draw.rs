//! Opening and drawing, as the window does it: wishes go in, tiles and words come out.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use citygrid::model::geometry::Bounds;
use citygrid::render::tile::TileSet;
use citygrid::render::view::View;
use citygrid::session::command::{CityCommand, Command};
use citygrid::session::painting::{MapPiece, MapWish};
use citygrid::session::state::CityView;
use citygrid::session::{NoWake, Session};

/// The window's map, logical pixels.
const SIZE_PX: [f64; 2] = [1280.0, 800.0];

/// Widths of the views on the ground, metres; the city itself comes first.
const WIDTHS_M: [f64; 5] = [10_000.0, 5_000.0, 2_000.0, 1_000.0, 300.0];

/// Steps of panning measured at each scale.
const STEPS: usize = 7;

/// Opens a city twice and draws it at all scales.
pub(crate) fn measure(city: &Path) -> Result<(), Box<dyn Error>> {
    let settings = tempfile::tempdir()?;
    let (_, first_s, whole_s) = open(city, settings.path())?;
    println!("{:<34} {first_s:>9.3} s   everything in memory {whole_s:.3} s", "start to the first complete map");
    let (mut session, first_s, whole_s) = open(city, settings.path())?;
    println!("{:<34} {first_s:>9.3} s   everything in memory {whole_s:.3} s", "second start");
    memory();
    let home = home(&session).ok_or("the city is empty")?;
    scale(&mut session, "everything", View::fit(home, SIZE_PX), &home);
    for width_m in WIDTHS_M {
        let view = View::new(home.center(), 1.0, SIZE_PX);
        let metres_per_px = width_m / SIZE_PX[0] / view.ground_per_world();
        scale(&mut session, &format!("{width_m} m across"), View { metres_per_px, ..view }, &home);
    }
    pick(&session, &home);
    memory();
    Ok(())
}

/// A session with the city open; seconds to the first complete map, and until everything is in memory.
fn open(city: &Path, settings: &Path) -> Result<(Session, f64, f64), Box<dyn Error>> {
    let start = Instant::now();
    let mut session = Session::new(settings.to_owned(), Arc::new(NoWake));
    session.run(Command::City(CityCommand::Open(city.to_owned())));
    let mut first = None;
    while start.elapsed() < Duration::from_mins(10) {
        session.poll();
        let is_there = session.city().is_some_and(|city| !city.layers.is_empty());
        if let Some(home) = home(&session).filter(|_| is_there) {
            if first.is_none() && is_complete(&session) {
                draw(&mut session, &View::fit(home, SIZE_PX));
                first = Some(start.elapsed().as_secs_f64());
            }
            if let Some(first_s) = first.filter(|_| is_in_memory(&session)) {
                return Ok((session, first_s, start.elapsed().as_secs_f64()));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err("the city does not open".into())
}

fn home(session: &Session) -> Option<Bounds> {
    session.city().and_then(CityView::home_world)
}

/// Whether a picture of the whole city shows all layers.
fn is_complete(session: &Session) -> bool {
    is_in_memory(session)
}

fn is_in_memory(session: &Session) -> bool {
    session.city().is_some_and(|city| city.layers.iter().all(|layer| !layer.has_geometry() || layer.index.is_some()))
}

/// Draws views of one scale all over the city and prints the times.
fn scale(session: &mut Session, name: &str, view: View, home: &Bounds) {
    let (mut millis, mut words) = (Vec::new(), Vec::new());
    let mut features = 0;
    for step in 0..STEPS {
        // Places all over the city; every tile is painted anew, whatever was painted before.
        let share = |prime: f64| ((step as f64 * prime).fract() - 0.5) * 0.6;
        let [x, y] = home.center();
        let at = [x + share(0.754_877_666) * home.width(), y + share(0.569_840_290) * home.height()];
        let drawn = draw(session, &View { center_world: at, ..view });
        millis.push(drawn.tiles_ms.max(drawn.words_ms));
        words.push(drawn.words_ms);
        features = features.max(drawn.features);
    }
    millis.sort_by(f64::total_cmp);
    words.sort_by(f64::total_cmp);
    let (typical, worst) = (millis[STEPS / 2], millis[STEPS - 1]);
    println!(
        "{:<34} {typical:>9.1} ms  worst {worst:.1} ms, words {:.1} ms, {features} features, 1:{:.0}",
        format!("draw {name}"),
        words[STEPS / 2],
        view.denominator()
    );
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
    let set = TileSet::of(view, false);
    let wish = MapWish { tiles: set.tiles(view, 0), labels: Some(*view), ..MapWish::default() };
    let mut left = wish.tiles.len() + 1;
    let mut drawn = Drawn::default();
    let start = Instant::now();
    session.wish_map(wish);
    while left > 0 {
        session.poll();
        for piece in session.take_map() {
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
        hits += usize::from(session.hover([x, y], 4.0, 2500.0).is_some());
    }
    let each_ms = start.elapsed().as_secs_f64() * 1e3 / f64::from(count);
    println!("{:<34} {each_ms:>9.4} ms  {hits} of {count} hit", "pick under the pointer");
}

/// What the process holds, where the system says it.
fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(str::trim);
    if let Some(resident) = resident.and_then(|kb| kb.trim_end_matches(" kB").parse::<f64>().ok()) {
        println!("{:<34} {:>9.1} MB", "resident", resident / 1024.0);
    }
}
