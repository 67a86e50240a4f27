//! What a person chooses for an import: layer, kind, which of their columns is which of our fields.

use std::path::PathBuf;

use super::crs_choice::CrsChoice;
use crate::kinds::kind::Kind;
use crate::kinds::{self, mapping};
use crate::model::schema::Field;
use crate::session::command::ImportRequest;
use crate::session::state::{ImportPreview, PreviewLayer};

/// One column of the file and the field it becomes.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// As in the file.
    pub(super) theirs: Field,
    /// Its first value that is known.
    pub(super) sample: String,
    /// Place of our field, `None` to keep the column as it is.
    pub(super) ours: Option<usize>,
    /// What was proposed.
    guessed: Option<usize>,
}

/// The choices about one file.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    /// The kind; `plain` keeps the columns as they are.
    pub(super) kind: &'static Kind,
    /// An existing layer to append to, by table name.
    pub(super) append: Option<String>,
    /// Name of a new layer.
    pub(super) name: String,
    /// Every column of the file, once.
    pub(super) columns: Vec<Column>,
    /// Mixed geometry in one layer rather than one a type.
    pub(super) one_layer: bool,
    /// Refuse the file if one feature is bad.
    pub(super) strict: bool,
    /// A city file to make, where none is open.
    pub(super) new_city: String,
}

impl Choices {
    /// What is proposed for a file.
    pub(super) fn propose(preview: &ImportPreview) -> Self {
        let kind = largest(&preview.layers).and_then(|layer| layer.guessed_kind).unwrap_or_else(kinds::plain);
        let stem = preview.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut choices = Self {
            kind,
            append: None,
            name: stem,
            columns: columns(&preview.layers),
            one_layer: false,
            strict: false,
            new_city: preview.path.with_extension("gpkg").display().to_string(),
        };
        choices.set_kind(kind);
        choices
    }

    /// Another kind: its fields are proposed anew.
    pub(super) fn set_kind(&mut self, kind: &'static Kind) {
        self.kind = kind;
        let fields: Vec<Field> = self.columns.iter().map(|column| column.theirs.clone()).collect();
        for (column, guessed) in self.columns.iter_mut().zip(mapping::guess(&fields, kind)) {
            (column.ours, column.guessed) = (guessed, guessed);
        }
    }

    /// One of our fields for a column; the column that had it before keeps its own name.
    pub(super) fn assign(&mut self, column: usize, ours: Option<usize>) {
        for other in self.columns.iter_mut().filter(|other| ours.is_some() && other.ours == ours) {
            other.ours = None;
        }
        if let Some(column) = self.columns.get_mut(column) {
            column.ours = ours;
        }
    }

    /// The request; only what differs from the proposal is said, an empty field id keeps a column as it is.
    pub(super) fn request(&self, path: PathBuf, crs: &CrsChoice, has_city: bool) -> ImportRequest {
        let changed = self.columns.iter().filter(|column| column.ours != column.guessed);
        let name_of = |place: usize| self.kind.fields.get(place).map(|field| field.id.to_string()).unwrap_or_default();
        let map = changed.map(|column| (column.theirs.id.to_string(), column.ours.map(name_of).unwrap_or_default()));
        let name = self.name.trim();
        ImportRequest {
            paths: vec![path],
            crs: crs.crs,
            layer: self.append.clone().or((!name.is_empty()).then(|| name.to_owned())),
            kind: (self.kind.id != kinds::plain().id).then(|| self.kind.id.to_owned()),
            map: map.collect(),
            one_layer: self.one_layer,
            strict: self.strict,
            new_city: (!has_city).then(|| PathBuf::from(self.new_city.trim())),
        }
    }
}

fn largest(layers: &[PreviewLayer]) -> Option<&PreviewLayer> {
    layers.iter().max_by_key(|layer| layer.features)
}

/// The columns of all layers, each name once, with a value to look at.
fn columns(layers: &[PreviewLayer]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for layer in layers {
        for (place, field) in layer.fields.iter().enumerate() {
            let mut values = layer.sample.iter().filter_map(|row| row.values.get(place));
            let sample = values.find(|value| !value.is_null()).map(ToString::to_string).unwrap_or_default();
            match columns.iter_mut().find(|column| column.theirs.id == field.id) {
                Some(known) if known.sample.is_empty() => known.sample = sample,
                Some(_) => {}
                None => columns.push(Column { theirs: field.clone(), sample, ours: None, guessed: None }),
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::model::feature::Feature;
    use crate::model::geometry::GeometryKind;
    use crate::model::value::{FieldType, Value};
    use crate::text::Text;

    #[test]
    fn an_accepted_proposal_says_nothing_about_columns() {
        let request = Choices::propose(&preview()).request("pipes.geojson".into(), &CrsChoice::default(), true);
        assert_eq!(request.map, []);
        assert_eq!(request.layer.as_deref(), Some("pipes"));
        assert_eq!(request.kind.as_deref(), Some("bridge"));
        assert_eq!(request.new_city, None);
    }

    #[test]
    fn a_changed_column_is_said_and_gives_up_its_place_to_no_two() {
        let mut choices = Choices::propose(&preview());
        let name = choices.columns.iter().position(|column| column.theirs.id == "桥名").unwrap();
        let other = choices.columns.iter().position(|column| column.theirs.id == "x1").unwrap();
        let ours = choices.columns[name].ours;
        assert!(ours.is_some());
        choices.assign(other, ours);
        let request = choices.request("b.geojson".into(), &CrsChoice::default(), true);
        assert_eq!(request.map, [("桥名".into(), String::new()), ("x1".into(), "name".into())]);
    }

    #[test]
    fn without_a_city_one_is_made_beside_the_file() {
        let request = Choices::propose(&preview()).request("pipes.geojson".into(), &CrsChoice::default(), false);
        assert_eq!(request.new_city, Some(PathBuf::from("data/pipes.gpkg")));
    }

    #[test]
    fn a_column_of_two_layers_stands_once_with_a_value_that_is_known() {
        let columns = columns(&preview().layers);
        let names: Vec<(&str, &str)> =
            columns.iter().map(|column| (column.theirs.id.as_ref(), column.sample.as_str())).collect();
        assert_eq!(names, [("桥名", "浔阳桥"), ("x1", "7")]);
    }

    pub(super) fn preview() -> ImportPreview {
        let field = |id: &'static str| Field::new(id, FieldType::Text, id, id);
        let row = |values: Vec<Value>| Feature { id: 1, geometry: None, values };
        let layer = |fields: Vec<Field>, sample| PreviewLayer {
            name: "pipes".into(),
            features: 3,
            geometry: Some(GeometryKind::Point),
            fields,
            guessed_kind: kinds::find("bridge"),
            sample,
            bounds_world: None,
        };
        ImportPreview {
            path: "data/pipes.geojson".into(),
            format: Text::same("GeoJSON"),
            crs: Crs::WGS84,
            layers: vec![
                layer(vec![field("桥名"), field("x1")], vec![row(vec![Value::Null, Value::from("7")])]),
                layer(vec![field("桥名")], vec![row(vec![Value::from("浔阳桥")])]),
            ],
            problems: Vec::new(),
            refused: None,
        }
    }
}
