//! From a feature of a file to a row of its layer, and what there is to tell: of single rows one by one, of whole
//! columns once.

use std::collections::BTreeMap;

use crate::geom::transform::Transform;
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::store::import::Target;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

use super::columns::{Columns, Constants, Source};

/// Different words for "unknown" that are told of one column; more are counted together.
const MARKS: usize = 5;

/// The rule that a value breaks which cannot be read: its field stays empty.
pub(in crate::session) const UNREAD: &str = "import.value";

/// One target and how rows get there.
pub(in crate::session) struct Planned {
    /// The layer.
    pub(in crate::session) target: Target,
    /// What its rows are.
    pub(in crate::session) kind: &'static Kind,
    /// Where the file's columns go.
    pub(in crate::session) columns: Columns,
    /// What every row gets.
    pub(in crate::session) constants: Constants,
    /// The file's columns.
    pub(in crate::session) theirs: Vec<Field>,
    /// From the file's CRS to the layer's, where they differ.
    pub(in crate::session) transform: Option<Transform>,
    /// To degrees, where some feature of the file may have no place there.
    pub(in crate::session) to_degrees: Option<Transform>,
    /// From the layer's CRS to WGS 84, where they differ.
    pub(in crate::session) place: Option<Transform>,
}

/// What was seen of the columns of one target.
#[derive(Default)]
pub(in crate::session) struct Told {
    rows: u64,
    /// Column → what stood there for "unknown", and how often.
    marks: BTreeMap<usize, BTreeMap<String, u64>>,
    /// Column without a place → values.
    dropped: BTreeMap<usize, u64>,
    /// Column that is read → values of which only a part was taken.
    cut: BTreeMap<usize, u64>,
}

impl Told {
    fn mark(&mut self, column: usize, mark: String) {
        let marks = self.marks.entry(column).or_default();
        let is_room = marks.len() < MARKS || marks.contains_key(&mark);
        *marks.entry(if is_room { mark } else { "…".to_owned() }).or_default() += 1;
    }
}

impl Planned {
    /// A feature of the file, by its number there, as a row of the target, none if it cannot be placed; and what there
    /// is to tell of it.
    pub(in crate::session) fn row(
        &self,
        feature: Feature,
        number: i64,
        told: &mut Told,
    ) -> (Option<Feature>, Vec<Problem>) {
        let mut problems = Vec::new();
        let row = self.read_row(feature, told, &mut problems);
        let at = row.as_ref().filter(|_| !problems.is_empty()).and_then(|row| self.lonlat(row));
        for problem in &mut problems {
            problem.at = problem.at.or(at);
            problem.layer = Some(self.target.schema.table.clone());
            problem.feature = Some(number);
        }
        (row, problems)
    }

    /// Where a row is seen: the middle of its box, WGS 84 degrees.
    pub(in crate::session) fn lonlat(&self, row: &Feature) -> Option<[f64; 2]> {
        let bounds = row.geometry.as_ref()?.bounds();
        let middle = (!bounds.is_empty()).then(|| bounds.center())?;
        self.place.as_ref().map_or(Some(middle), |place| place.point(middle).ok())
    }

    fn read_row(&self, feature: Feature, told: &mut Told, problems: &mut Vec<Problem>) -> Option<Feature> {
        let geometry = self.placed(feature.geometry, problems)?;
        told.rows += 1;
        let values = self.values(feature.values, told, problems);
        let id = if self.target.append { 0 } else { feature.id };
        let row = Feature { id, geometry, values };
        if self.kind.id != "plain" {
            let found = (self.kind.check)(self.kind, &row);
            problems.extend(found.into_iter().filter(|problem| !self.is_of_whole_layer(problem)));
        }
        Some(row)
    }

    /// The geometry in the layer's CRS, where there is one; `None` if it cannot be placed, which is told.
    fn placed(&self, geometry: Option<Geometry>, problems: &mut Vec<Problem>) -> Option<Option<Geometry>> {
        let Some(geometry) = geometry else { return Some(None) };
        if let Some(transform) = &self.transform {
            let moved = geometry.try_map_xy(|at| transform.point(at));
            return match moved {
                Ok(moved) => Some(Some(moved)),
                Err(error) => {
                    problems.push(Problem::error("import.crs", Text::owned(error.zh(), error.en())));
                    None
                }
            };
        }
        if let Some(to_degrees) = &self.to_degrees
            && geometry.try_map_xy(|at| to_degrees.point(at)).is_err()
        {
            let crs = self.target.schema.crs;
            let what = text!(
                "位置超出坐标系 {crs} 的范围，地图上看不到：请检查坐标系",
                "its place lies outside the area of {crs}, no map shows it: check the coordinate system"
            );
            problems.push(Problem::warning("import.place", what));
        }
        Some(Some(geometry))
    }

    /// The values of the row: first what is read from columns, then what is taken out of them as it is.
    fn values(&self, mut given: Vec<Value>, told: &mut Told, problems: &mut Vec<Problem>) -> Vec<Value> {
        let fields = &self.target.schema.fields;
        let mut values = vec![Value::Null; fields.len()];
        let filled = |is_read: bool| {
            let filled =
                self.columns.sources.iter().enumerate().filter_map(|(place, source)| Some((place, (*source)?)));
            filled.filter(move |(_, source)| source.is_read == is_read)
        };
        for (place, source) in filled(true) {
            if let Some(value) = given.get(source.column).filter(|value| !value.is_null()) {
                values[place] = self.read(value, source, &fields[place], told, problems);
            }
        }
        for (place, source) in filled(false) {
            let value = given.get_mut(source.column).map(std::mem::take).unwrap_or_default();
            values[place] = self.kept(value, source, &fields[place], told, problems);
        }
        for &column in &self.columns.homeless {
            let is_lost = given.get(column).is_some_and(|value| !value.is_null());
            *told.dropped.entry(column).or_default() += u64::from(is_lost);
        }
        self.constants.fill(&mut values);
        kinds::mapping::settle(self.kind, fields, &mut values);
        values
    }

    /// A value as the field wants it. One that cannot be read is lost, unless another field keeps it as it came.
    fn read(
        &self,
        value: &Value,
        source: Source,
        field: &Field,
        told: &mut Told,
        problems: &mut Vec<Problem>,
    ) -> Value {
        let read = match kinds::convert::convert(value.clone(), field) {
            Ok(read) => read,
            Err(what) if self.columns.is_kept(source.column) && source.is_read => {
                problems.push(Problem::warning(UNREAD, what));
                return Value::Null;
            }
            Err(what) => {
                problems.push(Problem::error(UNREAD, what));
                return Value::Null;
            }
        };
        if !kinds::convert::is_whole(value, &read, field) {
            *told.cut.entry(source.column).or_default() += 1;
        }
        let is_blank = value.as_str().is_some_and(|words| words.trim().is_empty());
        if read.is_null() && !is_blank {
            told.mark(source.column, value.to_string());
        }
        read
    }

    /// A value that stays as it is in the file, unless a layer that is there holds another type under that name.
    fn kept(&self, value: Value, source: Source, field: &Field, told: &mut Told, problems: &mut Vec<Problem>) -> Value {
        let theirs = self.theirs[source.column].field_type;
        match (field.field_type, value) {
            (_, Value::Null) => Value::Null,
            (ours, value) if ours == theirs => value,
            (FieldType::Text, value) => Value::Text(value.to_string()),
            (_, value) => self.read(&value, source, field, told, problems),
        }
    }

    /// Whether a problem is told of the layer, once: that a required field has no column at all.
    fn is_of_whole_layer(&self, problem: &Problem) -> bool {
        problem.rule == "field.missing" && self.absent().any(|field| kinds::check::missing(field).what == problem.what)
    }

    /// Required fields of the kind that no column fills.
    fn absent(&self) -> impl Iterator<Item = &Field> {
        let required = |field: &Field| self.kind.fields.iter().any(|own| own.id == field.id && own.required);
        let fields = self.target.schema.fields.iter().zip(&self.columns.sources);
        let is_set = |place: &usize| self.constants.places().contains(place);
        let empty = fields.enumerate().filter(move |(place, (_, source))| source.is_none() && !is_set(place));
        empty.map(|(_, (field, _))| field).filter(move |field| required(field))
    }

    /// What is to be told of whole columns.
    pub(in crate::session) fn tell(&self, told: &Told) -> Vec<Problem> {
        let name = |column: usize| self.theirs[column].name.zh.as_ref();
        let mut found = Vec::new();
        let rows = told.rows;
        for field in self.absent().filter(|_| rows > 0) {
            let (zh, en) = (&field.name.zh, &field.name.en);
            let what = text!(
                "没有一列是必填的“{zh}”，{rows} 个要素都缺少",
                "no column is the required “{en}”: all {rows} features are without it"
            );
            found.push(Problem::warning("field.missing", what));
        }
        for (&column, field) in self.columns.twins.iter().zip(self.kept_fields()) {
            let (name, id) = (name(column), &field.id);
            let what = text!(
                "列“{name}”有些值读入时会有损失，原样另存在字段“{id}”",
                "reading loses something of column “{name}”: it is also kept as it is, in the field “{id}”"
            );
            found.push(Problem::warning("import.kept", what));
        }
        for (&column, &values) in told.dropped.iter().filter(|(_, values)| **values > 0) {
            let name = name(column);
            let what = text!(
                "图层没有放列“{name}”的字段，{values} 个值没有读入",
                "the layer has no field for column “{name}”: {values} values were left out"
            );
            found.push(Problem::warning("import.dropped", what));
        }
        let is_kept = |column: usize| self.columns.is_kept(column);
        for (&column, &values) in told.cut.iter().filter(|(column, _)| !is_kept(**column)) {
            let name = name(column);
            let what = text!(
                "列“{name}”有 {values} 个值只读入了一部分（取整，或去掉了时间）",
                "column “{name}”: {values} values were rounded, or lost their time of day"
            );
            found.push(Problem::warning("import.rounded", what));
        }
        for (&column, marks) in &told.marks {
            let name = name(column);
            let zh: Vec<String> = marks.iter().map(|(mark, times)| format!("“{mark}”按未知处理，{times} 次")).collect();
            let en: Vec<String> =
                marks.iter().map(|(mark, times)| format!("“{mark}” taken as unknown, {times} times")).collect();
            let (zh, en) = (zh.join("；"), en.join("; "));
            let what = text!("列“{name}”：{zh}", "column “{name}”: {en}");
            found.push(Problem::warning("import.unknown", what));
        }
        found.into_iter().map(|problem| problem.in_layer(self.target.schema.table.as_str())).collect()
    }

    /// The fields in which twins are kept, in the order of the twins: the last ones of a new layer.
    fn kept_fields(&self) -> &[Field] {
        let fields = &self.target.schema.fields;
        &fields[fields.len() - self.columns.twins.len()..]
    }
}

/// What is told of single features and of whole columns, the latter first: they are few and must not be cut off.
pub(super) fn all_told(targets: &[Planned], told: &[Told], of_features: Problems) -> Problems {
    let mut all = Problems::default();
    targets.iter().zip(told).flat_map(|(planned, told)| planned.tell(told)).for_each(|problem| all.push(problem));
    all.append(of_features);
    all
}
