//! Tables of words, wherever they come from: rows in, features out.
//!
//! [`Form`] says what the columns are called and which hold the place, [`Look`] is what the first pass saw of the rows,
//! [`Plan`] makes features of them in the second.

mod degrees;
mod header;
pub(super) mod out;
mod place;

use std::borrow::Cow;

use super::columns::ColumnNames;
use super::error::ReadError;
use super::format::{CrsOrigin, Draft, ReadOptions};
use super::gather::{Gather, Homes};
use super::guess_crs::{Guess, guess_crs};
use super::infer::{Reading, Seen, is_rounded_code, rounded_code};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

pub(super) use degrees::pair;
pub(super) use header::Header;
pub(super) use place::Place;

/// Most columns of a layer; cells beyond are left out.
pub(super) const MAX_COLUMNS: usize = 1000;
/// Rows that are looked at before the first pass, to tell names from data and find the place.
pub(super) const FIRST_ROWS: usize = 500;

/// One row as words.
pub(super) type Cells<'a> = [Cow<'a, str>];

/// How the rows of one table are to be understood, known before the first pass.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// Rows before the data, and the columns' names.
    pub header: Header,
    /// Where rows have their place.
    pub place: Place,
    /// What the options or the file say of the CRS.
    pub crs: Option<(Crs, CrsOrigin)>,
    /// Whether coordinates are taken as degrees.
    pub is_geographic: bool,
    /// How it was understood, with the evidence.
    pub understood: Vec<Text>,
}

impl Form {
    /// Looks at the first rows of a table.
    ///
    /// # Errors
    /// [`ReadError::NothingUsable`] if a column that was asked for is not there.
    pub(super) fn of(rows: &[Vec<String>], options: &ReadOptions) -> Result<Self, ReadError> {
        let header = header::find(rows);
        Self::with_header(header, rows, options)
    }

    /// The same, where it is known which row names the columns.
    pub(super) fn with_header(
        mut header: Header,
        rows: &[Vec<String>],
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        header.names.truncate(MAX_COLUMNS);
        let data = &rows[header.rows.min(rows.len())..];
        let found = place::find(&header.names, data, options.place.as_ref())
            .map_err(|first| ReadError::NothingUsable { first })?;
        let asked = options.crs.map(|crs| (crs, CrsOrigin::Asked));
        let crs = asked.or(found.crs.map(|crs| (crs, CrsOrigin::Declared)));
        let is_geographic = match crs {
            Some((crs, _)) => crs.is_geographic(),
            None => look_like_degrees(found.place, data),
        };
        let mut understood: Vec<Text> = header.understood.clone().into_iter().collect();
        understood.extend(found.understood);
        if let (Some(crs), None) = (found.crs, options.crs) {
            let (zh, en) = crs.title();
            understood.push(text!("列名或几何文字写明坐标系：{zh}", "its columns name the coordinate system: {en}"));
        }
        Ok(Self { header, place: found.place, crs, is_geographic, understood })
    }

    fn place_of(&self, cells: &Cells<'_>) -> Result<Option<Geometry>, place::BadPlace> {
        self.place.of(|column| cells.get(column).map_or("", AsRef::as_ref), self.is_geographic)
    }
}

/// Whether most places among some rows can be longitudes and latitudes.
fn look_like_degrees(place: Place, rows: &[Vec<String>]) -> bool {
    let (mut all, mut degrees) = (0, 0);
    for row in rows {
        let found = place.of(|column| row.get(column).map_or("", String::as_str), false);
        let Ok(Some(geometry)) = found else { continue };
        let bounds = geometry.bounds();
        all += 1;
        degrees += usize::from(bounds.min[0] >= -180.0 && bounds.max[0] <= 180.0 && bounds.max[1].abs() <= 90.0);
    }
    degrees * 2 >= all
}

/// What the first pass saw of some rows. Pieces can be looked at apart and merged.
#[derive(Debug, Default)]
pub(super) struct Look {
    columns: Vec<Seen>,
    gather: Gather,
    problems: Problems,
    /// Whether a place could not be read: then its words must not be lost.
    has_bad_place: bool,
    /// Rows whose cells for the place are blank.
    blank_places: u64,
}

impl Look {
    /// Takes note of one row of data; `number` is what problems call it.
    pub(super) fn row(&mut self, form: &Form, number: i64, cells: &Cells<'_>) {
        let width = form.header.names.len();
        if self.columns.len() < width {
            self.columns.resize(width, Seen::default());
        }
        for (column, (seen, cell)) in self.columns.iter_mut().zip(cells).enumerate() {
            seen.see(cell);
            if is_rounded_code(cell) {
                self.problems.push(rounded_code(number, &form.header.names[column], cell));
            }
        }
        self.check_width(number, width, cells);
        let place = form.place_of(cells);
        self.blank_places += u64::from(form.place != Place::Nowhere && matches!(place, Ok(None)));
        let geometry = place.unwrap_or_else(|bad| {
            self.has_bad_place = true;
            self.problems.push(Problem::error("table.bad-place", bad.words()).of_feature(number));
            None
        });
        self.gather
            .see(geometry.as_ref(), || cells.iter().take(width).map(|cell| Value::from(cell.as_ref())).collect());
    }

    fn check_width(&mut self, number: i64, width: usize, cells: &Cells<'_>) {
        let found = cells.len();
        if found > width && cells[width..].iter().any(|cell| !cell.trim().is_empty()) {
            let what = text!(
                "有 {found} 格，多于 {width} 列；多出的未读入",
                "it has {found} cells for {width} columns: the rest is left out"
            );
            self.problems.push(Problem::error("table.too-many-cells", what).of_feature(number));
        } else if found < width {
            let what = text!("只有 {found} 格，少于 {width} 列", "it has only {found} cells for {width} columns");
            self.problems.push(Problem::warning("table.too-few-cells", what).of_feature(number));
        }
    }

    /// Adds a problem that is not of the table's making.
    pub(super) fn tell(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds what was seen `rows` rows further down.
    pub(super) fn merge(&mut self, mut later: Self, rows: i64) {
        if self.columns.len() < later.columns.len() {
            self.columns.resize(later.columns.len(), Seen::default());
        }
        self.columns.iter_mut().zip(later.columns).for_each(|(seen, later)| seen.merge(later));
        self.gather.merge(later.gather);
        for problem in &mut later.problems.listed {
            problem.feature = problem.feature.map(|number| number + rows);
        }
        self.problems.append(later.problems);
        self.has_bad_place |= later.has_bad_place;
        self.blank_places += later.blank_places;
    }

    /// Rows seen.
    pub(super) fn rows(&self) -> u64 {
        self.gather.features()
    }

    /// The layers that the table called `name` becomes, the first at `first` among those of the file.
    pub(super) fn finish(mut self, form: Form, name: &str, options: &ReadOptions, first: usize) -> Finished {
        let mut understood = form.understood.clone();
        if self.blank_places > 0 {
            let rows = self.blank_places;
            let what = text!(
                "{rows} 行没有坐标，读入后没有位置",
                "no coordinates in {rows} of the rows: they come in without a place"
            );
            self.problems.push(Problem::warning("table.no-place", what));
        }
        let (crs, crs_origin) = form.crs.unwrap_or_else(|| {
            if form.place == Place::Nowhere {
                return (Crs::WGS84, CrsOrigin::Guessed);
            }
            let Guess { crs, why, is_doubtful } = guess_crs(&self.gather.bounds());
            if is_doubtful {
                self.problems.push(Problem::warning("table.guessed-crs", why.clone()));
            }
            understood.push(why);
            (crs, CrsOrigin::Guessed)
        });
        let is_consumed = |column: usize| !self.has_bad_place && form.place.columns().any(|taken| taken == column);
        let mut names = ColumnNames::default();
        let (mut fields, mut kept) = (Vec::new(), Vec::new());
        for (column, name) in form.header.names.iter().enumerate().filter(|(column, _)| !is_consumed(*column)) {
            let reading = self.columns.get(column).copied().unwrap_or_default().reading();
            let field = Field::new(names.take(name), reading.field_type(), "", "");
            fields.push(Field { name: Text::same(name.clone()), ..field });
            kept.push((column, reading));
        }
        if let Some((column, _)) = kept.iter().find(|(_, reading)| reading.decimal_comma) {
            let name = &form.header.names[*column];
            understood.push(text!("“{name}”等列的逗号是小数点", "commas in “{name}” are decimal points"));
        }
        if let Some((column, _)) = kept.iter().find(|(_, reading)| reading.thousands) {
            let name = &form.header.names[*column];
            understood.push(text!("“{name}”等列的逗号是千位分隔", "commas in “{name}” stand between thousands"));
        }
        let values = |row: Vec<Value>| values(&kept, |column| row.get(column).and_then(Value::as_str).unwrap_or(""));
        let (drafts, homes) = self.gather.into_layers(name, &fields, options, first, &values);
        Finished { drafts, plan: Plan { form, kept, homes }, crs, crs_origin, understood, problems: self.problems }
    }
}

/// What a table becomes.
#[derive(Debug)]
pub(super) struct Finished {
    pub drafts: Vec<Draft>,
    pub plan: Plan,
    pub crs: Crs,
    pub crs_origin: CrsOrigin,
    pub understood: Vec<Text>,
    pub problems: Problems,
}

/// How rows become features.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// How the table is understood.
    pub form: Form,
    /// The columns that become fields, and how their words are read.
    kept: Vec<(usize, Reading)>,
    homes: Homes,
}

impl Plan {
    /// The feature of a row, and the place of its layer.
    pub(super) fn feature(&self, cells: &Cells<'_>) -> (usize, Feature) {
        let (layer, geometry) = self.homes.put(self.form.place_of(cells).unwrap_or_default());
        let values = values(&self.kept, |column| cells.get(column).map_or("", AsRef::as_ref));
        (layer, Feature { id: 0, geometry, values })
    }
}

fn values<'a>(kept: &[(usize, Reading)], cell: impl Fn(usize) -> &'a str) -> Vec<Value> {
    kept.iter().map(|(column, reading)| reading.value(cell(*column))).collect()
}
