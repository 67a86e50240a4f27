//! What a person chooses for an import: how the file is understood, and for each of its layers what becomes of it.

use std::path::PathBuf;

use super::crs_choice::CrsChoice;
use crate::kinds::kind::Kind;
use crate::kinds::{self, mapping};
use crate::model::schema::Field;
use crate::session::command::{ImportRequest, LayerRequest, PlaceColumns, ReadOptions};
use crate::session::import::recipe::Recipe;
use crate::session::state::{CityView, ImportPreview, PreviewLayer};
use crate::text::encoding::Encoding;

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

/// How the place of a table's rows is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PlaceWay {
    /// It is found out.
    #[default]
    Auto,
    /// By two columns.
    Xy,
    /// By one of well-known text.
    Wkt,
    /// They have none.
    Nowhere,
}

/// How the file is read; another choice looks into it again.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// The CRS, where it is not as the file says.
    pub(super) crs: CrsChoice,
    /// The encoding, where it is not found out.
    pub(super) encoding: Option<Encoding>,
    /// How the place of a table's rows is told.
    pub(super) way: PlaceWay,
    /// The columns of x and y, or that of well-known text and nothing; empty until they are chosen.
    pub(super) place: [String; 2],
    /// Points, lines and areas together.
    pub(super) one_layer: bool,
}

impl Reading {
    /// As these options say.
    pub(super) fn of(options: &ReadOptions) -> Self {
        let (way, place) = match options.place.clone() {
            None => (PlaceWay::Auto, [String::new(), String::new()]),
            Some(PlaceColumns::Xy(x, y)) => (PlaceWay::Xy, [x, y]),
            Some(PlaceColumns::Wkt(column)) => (PlaceWay::Wkt, [column, String::new()]),
            Some(PlaceColumns::Nowhere) => (PlaceWay::Nowhere, [String::new(), String::new()]),
        };
        let (encoding, one_layer) = (options.encoding, options.one_layer);
        let mut reading = Self { encoding, way, place, one_layer, ..Self::default() };
        reading.crs.crs = options.crs;
        reading
    }

    /// The columns of the place; found out until they are chosen.
    pub(super) fn place(&self) -> Option<PlaceColumns> {
        let [x, y] = &self.place;
        match self.way {
            PlaceWay::Xy if !x.is_empty() && !y.is_empty() => Some(PlaceColumns::Xy(x.clone(), y.clone())),
            PlaceWay::Wkt if !x.is_empty() => Some(PlaceColumns::Wkt(x.clone())),
            PlaceWay::Nowhere => Some(PlaceColumns::Nowhere),
            PlaceWay::Auto | PlaceWay::Xy | PlaceWay::Wkt => None,
        }
    }

    /// Whether the file would be read the same.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let says = |reading: &Self| (reading.crs.crs, reading.encoding, reading.place(), reading.one_layer);
        says(self) == says(other)
    }

    /// The same for the session.
    pub(super) fn options(&self) -> ReadOptions {
        ReadOptions {
            crs: self.crs.crs,
            encoding: self.encoding,
            place: self.place(),
            one_layer: self.one_layer,
            ..ReadOptions::default()
        }
    }
}

/// The choices about one layer of the file.
#[derive(Clone, Debug)]
pub(super) struct LayerChoices {
    /// Its name in the file.
    pub(super) of: String,
    /// Whether it comes in.
    pub(super) take: bool,
    /// The kind; `plain` keeps the columns as they are.
    pub(super) kind: &'static Kind,
    /// An existing layer to append to, by table name.
    pub(super) append: Option<String>,
    /// Name of a new layer.
    pub(super) name: String,
    /// Every column.
    pub(super) columns: Vec<Column>,
    /// Our field and the value that every row gets.
    pub(super) set: Vec<(String, String)>,
}

impl LayerChoices {
    /// What is proposed for a layer of the file.
    fn propose(layer: &PreviewLayer, name: String) -> Self {
        let kind = layer.guessed_kind.unwrap_or_else(kinds::plain);
        let columns = columns(layer);
        let mut choices =
            Self { of: layer.name.clone(), take: true, kind, append: None, name, columns, set: Vec::new() };
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
    fn request(&self) -> LayerRequest {
        let changed = self.columns.iter().filter(|column| column.ours != column.guessed);
        let name_of = |place: usize| self.kind.fields.get(place).map(|field| field.id.to_string()).unwrap_or_default();
        let map = changed.map(|column| (column.theirs.id.to_string(), column.ours.map(name_of).unwrap_or_default()));
        let name = self.name.trim();
        LayerRequest {
            of: self.of.clone(),
            skip: !self.take,
            layer: self.append.clone().or((!name.is_empty()).then(|| name.to_owned())),
            kind: (self.kind.id != kinds::plain().id).then(|| self.kind.id.to_owned()),
            map: map.collect(),
            set: self.set.iter().filter(|(field, _)| !field.trim().is_empty()).cloned().collect(),
        }
    }

    /// Does what a recipe says.
    fn follow(&mut self, way: &LayerRequest, city: Option<&CityView>) {
        if way.kind.as_deref() != Some("auto") {
            self.set_kind(way.kind.as_deref().and_then(kinds::find).unwrap_or_else(kinds::plain));
        }
        self.take = !way.skip;
        let wanted = way.layer.clone().unwrap_or_default();
        self.append = city.and_then(|city| {
            let is_it = |layer: &&crate::session::state::LayerView| layer.table() == wanted || layer.name.is(&wanted);
            city.layers.iter().find(is_it).map(|layer| layer.table().to_owned())
        });
        if !wanted.is_empty() {
            self.name = wanted;
        }
        for (their, our) in &way.map {
            let column = self.columns.iter().position(|column| column.theirs.is_named(their));
            let ours = self.kind.fields.iter().position(|field| field.is_named(our));
            if let Some(column) = column {
                self.assign(column, ours);
            }
        }
        self.set.clone_from(&way.set);
    }
}

/// The choices about one file.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    /// Every layer of it.
    pub(super) layers: Vec<LayerChoices>,
    /// The layer that the dialog shows.
    pub(super) current: usize,
    /// Refuse the file if one feature is bad.
    pub(super) strict: bool,
    /// Keep the text of the features.
    pub(super) lossless: bool,
    /// Keep the features that are refused in a file beside this one.
    pub(super) keep_rejects: bool,
    /// A city file to make, where none is open.
    pub(super) new_city: String,
    /// A person has looked at where a guessed CRS puts the data.
    pub(super) place_is_right: bool,
    /// Nobody knows where the data lie: they come in on a plane of their own.
    pub(super) place_unknown: bool,
    /// The same for the other files of this shape.
    pub(super) for_all: bool,
}

impl Choices {
    /// What is proposed for a file.
    pub(super) fn propose(preview: &ImportPreview) -> Self {
        let stem = preview.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let is_one = preview.layers.len() == 1;
        let name = |layer: &PreviewLayer| if is_one { stem.clone() } else { layer.name.clone() };
        let layers: Vec<LayerChoices> =
            preview.layers.iter().map(|layer| LayerChoices::propose(layer, name(layer))).collect();
        let largest = (0..layers.len()).max_by_key(|&place| preview.layers[place].features).unwrap_or_default();
        Self {
            layers,
            current: largest,
            strict: false,
            lossless: false,
            keep_rejects: false,
            new_city: preview.path.with_extension("gpkg").display().to_string(),
            place_is_right: false,
            place_unknown: false,
            for_all: false,
        }
    }

    /// Whether they still fit a file that was looked into again.
    pub(super) fn fit(&self, preview: &ImportPreview) -> bool {
        let same = |(own, layer): (&LayerChoices, &PreviewLayer)| {
            let theirs = own.columns.iter().map(|column| &column.theirs.name);
            own.of == layer.name && theirs.eq(layer.fields.iter().map(|field| &field.name))
        };
        self.layers.len() == preview.layers.len() && self.layers.iter().zip(&preview.layers).all(same)
    }

    /// The layer that the dialog shows.
    pub(super) fn shown(&mut self) -> Option<&mut LayerChoices> {
        self.layers.get_mut(self.current)
    }

    /// Does what a recipe says, as far as it fits.
    pub(super) fn follow(&mut self, recipe: &Recipe, city: Option<&CityView>) {
        let mut request = ImportRequest::default();
        recipe.apply(&mut request);
        self.strict = request.strict;
        self.lossless = request.lossless;
        let all = LayerRequest {
            layer: request.layer.clone(),
            kind: request.kind.clone(),
            map: request.map.clone(),
            set: request.set.clone(),
            ..LayerRequest::default()
        };
        let is_one = self.layers.len() == 1;
        for layer in &mut self.layers {
            match request.each.iter().find(|each| each.of == layer.of) {
                Some(each) => layer.follow(each, city),
                None if is_one => layer.follow(&all, city),
                None => {}
            }
        }
    }

    /// The request.
    pub(super) fn request(&self, path: PathBuf, reading: &Reading, has_city: bool) -> ImportRequest {
        let rejects = self.keep_rejects.then(|| rejects_of(&path));
        let whole = ImportRequest {
            paths: vec![path],
            read: reading.options(),
            is_place_unknown: self.place_unknown,
            strict: self.strict,
            lossless: self.lossless,
            new_city: (!has_city).then(|| PathBuf::from(self.new_city.trim())),
            rejects,
            ..ImportRequest::default()
        };
        match &self.layers[..] {
            [only] => {
                let LayerRequest { layer, kind, map, set, .. } = only.request();
                ImportRequest { layer, kind, map, set, ..whole }
            }
            several => ImportRequest { each: several.iter().map(LayerChoices::request).collect(), ..whole },
        }
    }
}

/// Where refused features go: beside the file, in its own format where that can be written.
fn rejects_of(path: &std::path::Path) -> PathBuf {
    let ending =
        crate::session::exchange::formats::writable_by_ending(path).map_or("geojson", |format| format.ending());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    free_name(path, &format!("{stem}-未导入"), ending)
}

/// The name of a file beside another one that nothing has yet: with a number behind it if need be.
pub(super) fn free_name(beside: &std::path::Path, stem: &str, ending: &str) -> PathBuf {
    let numbered = (2..1000).map(|number: u32| format!("{stem}-{number}.{ending}"));
    let mut names = std::iter::once(format!("{stem}.{ending}")).chain(numbered).map(|name| beside.with_file_name(name));
    names.find(|path| !path.exists()).unwrap_or_else(|| beside.with_file_name(format!("{stem}.{ending}")))
}

/// The columns of a layer, with a value of each to look at.
fn columns(layer: &PreviewLayer) -> Vec<Column> {
    let column = |(place, field): (usize, &Field)| {
        let mut values = layer.sample.iter().filter_map(|row| row.values.get(place));
        let sample = values.find(|value| !value.is_null()).map(ToString::to_string).unwrap_or_default();
        Column { theirs: field.clone(), sample, ours: None, guessed: None }
    };
    layer.fields.iter().enumerate().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::super::import_dialog::sample_preview as preview;
    use super::*;

    #[test]
    fn an_accepted_proposal_says_nothing_about_columns() {
        let request = request(&Choices::propose(&preview()), true);
        assert_eq!(request.map, []);
        assert_eq!(request.layer.as_deref(), Some("lamps"));
        assert_eq!(request.kind.as_deref(), Some("bridge"));
        assert_eq!((request.new_city, request.rejects), (None, None));
    }

    #[test]
    fn a_changed_column_is_said_and_gives_up_its_place_to_no_two() {
        let mut choices = Choices::propose(&preview());
        let layer = choices.shown().expect("a layer");
        let name = layer.columns.iter().position(|column| column.theirs.id == "桥名").expect("a column");
        let other = layer.columns.iter().position(|column| column.theirs.id == "x1").expect("a column");
        let ours = layer.columns[name].ours;
        assert!(ours.is_some());
        layer.assign(other, ours);
        assert_eq!(request(&choices, true).map, [("桥名".into(), String::new()), ("x1".into(), "name".into())]);
    }

    #[test]
    fn without_a_city_one_is_made_beside_the_file() {
        assert_eq!(request(&Choices::propose(&preview()), false).new_city, Some(PathBuf::from("data/lamps.gpkg")));
    }

    #[test]
    fn each_layer_of_a_file_goes_its_own_way() {
        let mut preview = preview();
        let other =
            PreviewLayer { name: "说明".into(), guessed_kind: None, features: 9, ..preview.layers[0].clone() };
        preview.layers.push(other);
        let mut choices = Choices::propose(&preview);
        assert_eq!(choices.current, 1, "the largest is shown");
        choices.layers[1].take = false;
        let each = request(&choices, true).each;
        let said: Vec<_> = each.iter().map(|it| (it.of.as_str(), it.skip, it.kind.as_deref())).collect();
        assert_eq!(said, [("lamps", false, Some("bridge")), ("说明", true, None)]);
    }

    #[test]
    fn a_recipe_sets_what_it_was_made_from() {
        let mut choices = Choices::propose(&preview());
        let layer = choices.shown().expect("a layer");
        layer.assign(0, None);
        layer.set.push(("code".into(), "Q-1".into()));
        layer.name = "桥".to_owned();
        let made = request(&choices, true);
        let recipe = Recipe::of(&made, preview().shape());
        let mut again = Choices::propose(&preview());
        again.follow(&recipe, None);
        let again = request(&again, true);
        assert_eq!((again.map, again.set, again.layer), (made.map, made.set, made.layer));
    }

    fn request(choices: &Choices, has_city: bool) -> ImportRequest {
        choices.request("data/lamps.geojson".into(), &Reading::default(), has_city)
    }
}
