//! citygrid (城格): an offline desktop GIS for a city-management bureau.
//!
//! Planners look, inspectors annotate, analysts count and export; one file per city, no server, no network.
//!
//! # Bird's eye view
//!
//! A city is one OGC GeoPackage. The file is the document: there is no "save", every accepted command is one durable
//! transaction with a step in a journal that undo reads, tomorrow morning too. Everything that changes anything is a
//! [`Command`](session::command::Command); [`Session::run`](session::Session::run) is the only door. The window and the
//! command line are two callers of it, the tests a third.
//!
//! ```text
//! main → ui | cli → session → trades | sample → kinds → render | analysis → store | io → index → model | task → text | geom
//! ```
//!
//! # The rooms, from the ground up
//!
//! * [`mod@text`], [`geom`]: words in two languages ([`Text`](text::Text)); coordinate systems, lengths and areas on the
//!   ellipsoid ([`Crs`](geom::crs::Crs), [`Transform`](geom::transform::Transform)); [`catalogue`](geom::catalogue) lists
//!   the systems of a Chinese city, [`wkt`](geom::wkt) reads what files say, [`own`](geom::own) takes a bureau's own.
//! * [`model`], [`task`]: what a map is, as plain values. Read [`Schema`](model::schema::Schema),
//!   [`Geometry`](model::geometry::Geometry) and [`Delta`](model::feature::Delta) first, then
//!   [`Style`](model::style::Style). [`Problem`](task::Problem) and [`Task`](task::Task) are the words for bad data and
//!   for waiting.
//! * [`index`]: one layer's geometry in memory, packed, with a tree over its boxes
//!   ([`LayerIndex`](index::layer::LayerIndex)); [`pack`](index::pack) turns it into bytes and back.
//! * [`io`]: file formats, in one list ([`FORMATS`](io::format::FORMATS)); base maps from disk, which are looked at and
//!   never taken in ([`Ground`](io::ground::Ground)).
//! * [`store`]: the city file ([`City`](store::city::City)): one writer thread, any number of readers, the journal.
//! * [`render`]: layers + style + view → [`Scene`](render::scene::Scene) → pixels, by one painter for screen and file; the
//!   same scene becomes SVG and PDF. The screen asks for [tiles](render::tile), paper for a [sheet](render::sheet);
//!   small scales of large layers are painted from [levels](render::levels).
//! * [`analysis`]: answers about networks ([`Network`](analysis::network::Network)) that know edges, not sewers.
//! * [`kinds`]: what a layer may be, in one list ([`Kind`](kinds::kind::Kind)); tables, forms, legends, import mapping,
//!   search and command-line words all come from it.
//! * [`trades`]: the rules of each trade as pure functions over rows handed in. Read
//!   [`Sewers`](trades::sewer::sewers::Sewers), the sewer network that follows every edit.
//! * [`sample`]: the sample city, from a seed. Invented, and marked so wherever it is shown.
//! * [`session`]: the program without a screen. Threads begin here and nowhere below. What it has in memory of a city is
//!   kept beside the settings for the next start and proves itself before it is used (`session/map/cache.rs`).
//! * [`cli`], `ui`: the two callers. The window is behind the feature `gui`.
//!
//! # What is not there
//!
//! Nothing below `session` starts a thread of its own for work that people wait for, but the store's writer. Nothing
//! but `store` knows the city's SQL; `io` reads other people's SQLite files. `model` has no clock. `io` and `store` do
//! not know each other, and neither knows what a layer means. No panel opens a file or waits. Nothing holds all attributes of a layer in memory. No 32-bit float holds an
//! absolute coordinate. A bad feature never stops an import. Nothing uses the network.
//!
//! # What crosses all floors
//!
//! * **Text** stands in both languages where the thing is defined; there is no table of translations.
//! * **Bad data** is a list of `Problem`s beside the good part; an error is what a caller acts on.
//! * **Spaces** are in the names: `world` is Web Mercator metres, `lonlat` degrees, `screen` logical pixels; a layer's
//!   own CRS is on its schema.
//! * **Long work** is handed a `Task`, reports to it and stops when it says so.
//! * **Tests** drive features: the session without a window, the real binary, the window by accessible names. The rules
//!   of this page are a test too (`tests/it/layering.rs`).
//!
//! # To add …
//!
//! * … a kind of layer: write its file in `src/kinds/` and name it in `kinds::all`. That is all.
//! * … a format: write its file in `src/io/` and name it in `FORMATS`.
//! * … an action: one line in `session::action::ACTIONS`, one arm where the window turns it into a command.

pub mod geom;
pub mod text;

pub mod model;
pub mod task;

pub mod index;
pub mod io;
pub mod store;

pub mod analysis;
pub mod render;

pub mod kinds;

pub mod trades;

pub mod sample;

pub mod session;

pub mod cli;
#[cfg(feature = "gui")]
pub mod ui;
