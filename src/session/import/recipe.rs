//! How a file was taken in, kept for the next delivery of the same shape: as a file to hand on, and beside the settings.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::geom::crs::Crs;
use crate::model::schema::Field;
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;

use crate::session::Session;
use crate::session::answer::{Failure, FailureKind};
use crate::session::command::{ImportRequest, LayerRequest, PlaceColumns, ReadOptions};
use crate::session::settings::{load_beside, save_beside};

/// Version of the form that is written.
const VERSION: u32 = 1;
/// Name of the file beside the settings.
const FILE: &str = "recipes.json";
/// Shapes of files that are remembered.
const MOST: usize = 100;
/// Largest file that is read as a recipe, bytes.
const LARGEST: u64 = 1 << 20;
/// Columns that a sentence names one by one.
const NAMED: usize = 8;

/// The shape of a file: its layers and their columns, as they are called there. A file with one layer has no name for it,
/// since that is mostly the name of the file, which is another with every delivery.
pub type Shape = Vec<(String, Vec<String>)>;

/// How files of one shape are taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    /// Version of this form.
    #[serde(rename = "citygrid_recipe")]
    version: u32,
    /// The shape of the file that it was made for.
    pub shape: Shape,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    only: Vec<String>,
    one_layer: bool,
    strict: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lossless: bool,
    /// What is done with all layers of the file.
    all: Way,
    /// What is done with single ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    each: Vec<Way>,
}

/// Where a table keeps the place of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Xy(String, String),
    Wkt(String),
    Nowhere,
}

/// What is done with a layer of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Way {
    #[serde(skip_serializing_if = "String::is_empty")]
    of: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    skip: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    map: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    set: Vec<(String, String)>,
}

impl From<&LayerRequest> for Way {
    fn from(request: &LayerRequest) -> Self {
        let LayerRequest { of, skip, layer, kind, map, set } = request.clone();
        Self { of, skip, layer, kind, map, set }
    }
}

impl From<&Way> for LayerRequest {
    fn from(way: &Way) -> Self {
        let Way { of, skip, layer, kind, map, set } = way.clone();
        Self { of, skip, layer, kind, map, set }
    }
}

/// The shape of a file with these layers: names and columns.
pub fn shape_of<'a>(layers: impl IntoIterator<Item = (&'a str, &'a [Field])>) -> Shape {
    let columns = |fields: &[Field]| fields.iter().map(|field| field.name.zh.to_string()).collect();
    let mut shape: Shape = layers.into_iter().map(|(name, fields)| (name.to_owned(), columns(fields))).collect();
    if let [(name, _)] = &mut shape[..] {
        name.clear();
    }
    shape
}

impl Recipe {
    /// What a request does with a file of this shape.
    pub fn of(request: &ImportRequest, shape: Shape) -> Self {
        let ReadOptions { crs, one_layer, encoding, place, only, .. } = request.read.clone();
        let place = place.map(|place| match place {
            PlaceColumns::Xy(x, y) => Place::Xy(x, y),
            PlaceColumns::Wkt(column) => Place::Wkt(column),
            PlaceColumns::Nowhere => Place::Nowhere,
        });
        let (layer, kind) = (request.layer.clone(), request.kind.clone());
        let all = Way { layer, kind, map: request.map.clone(), set: request.set.clone(), ..Way::default() };
        Self {
            version: VERSION,
            shape,
            encoding: encoding.map(|encoding| encoding.to_string()),
            crs: crs.map(|crs| crs.to_string()),
            place,
            only,
            one_layer,
            strict: request.strict,
            lossless: request.lossless,
            all,
            each: request.each.iter().map(Way::from).collect(),
        }
    }

    /// Makes a request do the same. What is not known any more (a coordinate system, an encoding) is left to be found out.
    pub fn apply(&self, request: &mut ImportRequest) {
        request.read = ReadOptions {
            crs: self.crs.as_deref().and_then(|words| Crs::parse(words).ok()),
            encoding: self.encoding.as_deref().and_then(Encoding::parse),
            place: self.place.clone().map(|place| match place {
                Place::Xy(x, y) => PlaceColumns::Xy(x, y),
                Place::Wkt(column) => PlaceColumns::Wkt(column),
                Place::Nowhere => PlaceColumns::Nowhere,
            }),
            only: self.only.clone(),
            one_layer: self.one_layer,
            ..request.read.clone()
        };
        let LayerRequest { layer, kind, map, set, .. } = LayerRequest::from(&self.all);
        (request.layer, request.kind, request.map, request.set) = (layer, kind, map, set);
        request.strict = self.strict;
        request.lossless = self.lossless;
        request.each = self.each.iter().map(LayerRequest::from).collect();
        request.recipe = Some(Box::new(self.clone()));
    }

    /// What does not fit a file of another shape: columns that are gone, and columns that are new.
    pub fn misfits(&self, shape: &Shape) -> Vec<Text> {
        let mut found = Vec::new();
        if let Some(words) = self.crs.as_deref().filter(|words| Crs::parse(words).is_err()) {
            found.push(text!(
                "不认识方案中的坐标系“{words}”，请另选",
                "the recipe's coordinate system “{words}” is not known: choose one"
            ));
        }
        for (name, columns) in &self.shape {
            let same = shape.iter().find(|(other, _)| other == name);
            let Some((_, theirs)) = same.or_else(|| shape.first().filter(|_| self.shape.len() == 1)) else {
                found.push(text!(
                    "方案中的图层“{name}”这个文件没有",
                    "the file has no layer “{name}”, which the recipe has"
                ));
                continue;
            };
            let gone = missing(columns, theirs);
            if !gone.is_empty() {
                let (zh, en) = listed(&gone);
                found.push(text!("方案用过的列这次没有：{zh}", "columns of the recipe that are not there: {en}"));
            }
            let new = missing(theirs, columns);
            if !new.is_empty() {
                let (zh, en) = listed(&new);
                found.push(text!("方案没见过的新列：{zh}", "columns that the recipe has never seen: {en}"));
            }
        }
        found
    }

    /// Reads a recipe from a file.
    ///
    /// # Errors
    /// The file cannot be read, or is no recipe of a version that this program knows.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let failed = |kind, zh: String, en: String| {
            Failure::new(kind, Text::owned(format!("{name}：{zh}"), format!("{name}: {en}")))
        };
        let read = std::fs::metadata(path).and_then(|about| {
            if about.len() > LARGEST { Err(std::io::ErrorKind::FileTooLarge.into()) } else { std::fs::read(path) }
        });
        let bytes = read.map_err(|error| {
            let Text { zh, en } = text::disk::why(&error, text::disk::Doing::Reading);
            failed(FailureKind::File, zh.into_owned(), en.into_owned())
        })?;
        let recipe: Self = serde_json::from_slice(&bytes).map_err(|error| {
            failed(FailureKind::Data, format!("不是导入方案：{error}"), format!("no import recipe: {error}"))
        })?;
        match recipe.version {
            VERSION => Ok(recipe),
            0 => Err(failed(FailureKind::Data, "不是导入方案".to_owned(), "no import recipe".to_owned())),
            _ => Err(failed(
                FailureKind::Data,
                "方案由更新的版本写出，请先更新程序".to_owned(),
                "the recipe was written by a newer version of the program".to_owned(),
            )),
        }
    }

    /// Writes it to a file, whole or not at all.
    fn write(&self, path: &Path) -> Result<(), Failure> {
        let written = crate::io::atomic::write(path, true, |out| {
            serde_json::to_writer_pretty(&mut *out, self).map_err(std::io::Error::from)?;
            Ok(crate::io::format::Written::default())
        });
        written.map(|_| ()).map_err(|error| crate::session::export::write_failure(&error))
    }

    /// What was kept of the last file of this shape.
    pub(in crate::session) fn remembered(folder: &Path, shape: &Shape) -> Option<Self> {
        load_beside::<Vec<Self>>(folder, FILE).into_iter().find(|recipe| recipe.shape == *shape)
    }
}

impl Session {
    /// Reads a recipe from a file; why it cannot be read becomes a notice.
    pub fn read_recipe(&mut self, path: &Path) -> Option<Recipe> {
        let read = Recipe::read(path);
        read.map_err(|failure| self.complain(failure, Some(crate::session::deed::Deed::Import))).ok()
    }

    pub(in crate::session) fn keep_recipe(&self, recipe: Recipe) -> Result<(), Failure> {
        let mut kept: Vec<Recipe> = load_beside(&self.settings_folder, FILE);
        kept.retain(|known| known.shape != recipe.shape);
        kept.insert(0, recipe);
        kept.truncate(MOST);
        save_beside(&self.settings_folder, FILE, &kept).map_err(|error| {
            let Text { zh, en } = text::disk::why(&error, text::disk::Doing::Writing);
            let text = text!("导入方案没有记住：{zh}", "the import's recipe is not kept: {en}");
            Failure::new(FailureKind::File, text)
        })
    }

    pub(in crate::session) fn save_recipe(&mut self, path: &Path, recipe: &Recipe) -> Result<(), Failure> {
        recipe.write(path)?;
        let name = path.display();
        self.notify(crate::session::NoticeLevel::Ok, text!("已存为方案：{name}", "Recipe saved: {name}"), Vec::new());
        Ok(())
    }
}

fn missing<'a>(from: &'a [String], among: &[String]) -> Vec<&'a str> {
    from.iter().filter(|name| !among.contains(name)).map(String::as_str).collect()
}

fn listed(names: &[&str]) -> (String, String) {
    let shown = &names[..names.len().min(NAMED)];
    let more = names.len() - shown.len();
    let (zh, en) = (shown.join("、"), shown.join(", "));
    if more == 0 { (zh, en) } else { (format!("{zh} 等 {} 列", names.len()), format!("{en} and {more} more")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::test_city::TestCity;

    #[test]
    fn a_recipe_survives_its_file_and_does_the_same_again() {
        let request = request();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("井盖.json");
        Recipe::of(&request, shape("编号,类型")).write(&path).expect("written");
        let mut again = ImportRequest::default();
        let recipe = Recipe::read(&path).expect("read");
        recipe.apply(&mut again);
        assert_eq!((again.read.crs, again.read.encoding), (Some(Crs::Gcj02), Some(Encoding::GB18030)));
        assert_eq!(again.read.place, Some(PlaceColumns::Xy("经度".into(), "纬度".into())));
        assert_eq!((again.layer, again.map, again.set), (request.layer, request.map, request.set));
        assert_eq!(again.each, request.each);
    }

    #[test]
    fn what_is_no_recipe_is_refused_with_a_reason() {
        check("{", "no import recipe");
        check("{}", "no import recipe");
        check(r#"{"citygrid_recipe": 9}"#, "newer version");
    }

    #[test]
    fn columns_that_came_and_went_are_named() {
        let misfits = Recipe::of(&request(), shape("编号,类型")).misfits(&shape("编号,材质"));
        let words: Vec<&str> = misfits.iter().map(|text| text.zh.as_ref()).collect();
        assert_eq!(words, ["方案用过的列这次没有：类型", "方案没见过的新列：材质"]);
        assert!(Recipe::of(&request(), shape("a,b")).misfits(&shape("a,b")).is_empty());
    }

    #[test]
    fn the_latest_recipe_of_a_shape_is_remembered() {
        let city = TestCity::without_city();
        for layer in ["甲", "乙"] {
            let request = ImportRequest { layer: Some(layer.to_owned()), ..request() };
            city.session.keep_recipe(Recipe::of(&request, shape("a"))).expect("kept");
        }
        let found = Recipe::remembered(city.settings(), &shape("a")).expect("remembered");
        assert_eq!(found.all.layer.as_deref(), Some("乙"));
        assert_eq!(Recipe::remembered(city.settings(), &shape("b")), None);
    }

    fn shape(columns: &str) -> Shape {
        vec![(String::new(), columns.split(',').map(str::to_owned).collect())]
    }

    fn request() -> ImportRequest {
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        ImportRequest {
            read: ReadOptions {
                crs: Some(Crs::Gcj02),
                encoding: Some(Encoding::GB18030),
                place: Some(PlaceColumns::Xy("经度".into(), "纬度".into())),
                ..ReadOptions::default()
            },
            layer: Some("检查井".into()),
            map: vec![pair("编号", "code")],
            set: vec![pair("类型", "污水")],
            each: vec![LayerRequest { of: "说明".into(), skip: true, ..LayerRequest::default() }],
            ..ImportRequest::default()
        }
    }

    #[track_caller]
    fn check(json: &str, why: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.json");
        std::fs::write(&path, json).expect("written");
        let failure = Recipe::read(&path).expect_err("refused");
        assert!(failure.text.en.contains(why), "{}", failure.text.en);
    }
}
