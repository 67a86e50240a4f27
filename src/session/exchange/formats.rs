//! The file formats as a person chooses among them: what can be read, what can be written, and which choices each leaves.

use std::path::{Path, PathBuf};

use crate::io::format::{FORMATS, Format};
use crate::text::Text;

/// One kind of file.
#[derive(Clone, Copy, Debug)]
pub struct FileType(&'static Format);

/// Formats whose coordinates are WGS 84 and nothing else, and the one that has none.
const NO_CRS_CHOICE: &[&str] = &["geojson", "geojsonl", "kml", "kmz", "gpx", "topojson", "dbf"];
/// Formats that write coordinates as decimal digits.
const DIGITS: &[&str] = &["geojson", "geojsonl", "csv", "tsv", "xlsx", "kml", "kmz", "gpx", "dxf", "wkt"];
/// Formats whose rows keep their place in columns that a person may choose.
const TABLES: &[&str] = &["csv", "tsv", "xlsx", "xls", "ods"];
/// Formats that say all about codes in words of their own: a box around everything.
const BOXED: &[&str] = &["geojson"];
/// Endings of files that belong to another one of the same stem and are read with it, and the other's ending.
const PARTS: &[(&str, &str)] = &[
    ("dbf", "shp"),
    ("shx", "shp"),
    ("prj", "shp"),
    ("cpg", "shp"),
    ("qix", "shp"),
    ("qpj", "shp"),
    ("qmd", "shp"),
    ("sbn", "shp"),
    ("sbx", "shp"),
    ("fix", "shp"),
];

impl FileType {
    /// The word on the command line.
    pub fn id(self) -> &'static str {
        self.0.id
    }

    /// What a person reads.
    pub fn name(self) -> &'static Text {
        &self.0.name
    }

    /// Endings of file names without the dot, the usual one first.
    pub fn endings(self) -> &'static [&'static str] {
        self.0.endings
    }

    /// The usual ending.
    pub fn ending(self) -> &'static str {
        self.0.endings.first().copied().unwrap_or_default()
    }

    /// Whether a file may be in one coordinate system or another.
    pub fn has_crs_choice(self) -> bool {
        !NO_CRS_CHOICE.contains(&self.0.id)
    }

    /// Whether coordinates are written with so many decimals.
    pub fn has_decimals(self) -> bool {
        DIGITS.contains(&self.0.id)
    }

    /// Whether a box around everything can be written.
    pub fn has_bbox(self) -> bool {
        BOXED.contains(&self.0.id)
    }
}

/// What can be read, in the order of dialogs.
pub fn readable() -> impl Iterator<Item = FileType> {
    FORMATS.iter().filter(|format| format.survey.is_some()).map(FileType)
}

/// What can be written, in the order of dialogs.
pub fn writable() -> impl Iterator<Item = FileType> {
    FORMATS.iter().filter(|format| format.create.is_some()).map(FileType)
}

/// The format that a file's name asks for, among those that are written.
pub fn writable_by_ending(path: &Path) -> Option<FileType> {
    let ending = path.extension()?.to_str()?;
    writable().find(|it| it.endings().iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

/// `GeoJSON (.geojson .json), …`: everything that can be read.
pub fn readable_words() -> Text {
    let each = |name: &str, format: FileType| {
        let endings: Vec<String> = format.endings().iter().map(|ending| format!(".{ending}")).collect();
        format!("{name} ({})", endings.join(" "))
    };
    let zh: Vec<String> = readable().map(|format| each(&format.name().zh, format)).collect();
    let en: Vec<String> = readable().map(|format| each(&format.name().en, format)).collect();
    Text::owned(zh.join("、"), en.join(", "))
}

/// Whether rows of a format keep their place in columns that a person may choose.
pub(in crate::session) fn has_place_columns(format: &Format) -> bool {
    TABLES.contains(&format.id)
}

/// Files without those that another one of the list brings along: a Shapefile is four files or more and one delivery.
pub fn without_parts(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let is_part = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let stem = |name: &str| name.rsplit_once('.').map(|(stem, _)| stem.to_owned()).unwrap_or_default();
        let is_beside = |whole: &str| {
            files.iter().any(|other| {
                other.parent() == file.parent()
                    && other.file_name().unwrap_or_default().to_string_lossy().to_lowercase() == whole
            })
        };
        let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
        let whole = PARTS.iter().find(|(part, _)| *part == ending).map(|(_, whole)| whole);
        // The passport of an exported file lies beside it.
        if let Some(stem) = name.strip_suffix(".passport.json") {
            return readable().any(|it| it.endings().iter().any(|ending| is_beside(&format!("{stem}.{ending}"))));
        }
        // `roads.shp.xml` describes `roads.shp`.
        whole.is_some_and(|whole| is_beside(&format!("{}.{whole}", stem(&name))))
            || (ending == "xml" && is_beside(&stem(&name)))
    };
    let parts: Vec<bool> = files.iter().map(is_part).collect();
    files.into_iter().zip(parts).filter(|(_, is_part)| !is_part).map(|(file, _)| file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::io::error::WriteError;
    use crate::io::format::{WriteOptions, write_file};
    use crate::model::geometry::GeometryKind;
    use crate::model::schema::{Field, Schema};

    #[test]
    fn the_files_of_a_shapefile_are_one_delivery() {
        check("d/井.shp d/井.DBF d/井.prj d/井.shp.xml", "d/井.shp");
        check("d/井.dbf", "d/井.dbf");
        check("d/a.csv d/a.passport.json d/b.passport.json", "d/a.csv d/b.passport.json");
        check("d/a.shp e/a.dbf b.geojson", "d/a.shp e/a.dbf b.geojson");
    }

    /// What stands here of formats by their words is held against what their writers do.
    #[test]
    fn formats_refuse_another_crs_where_no_choice_is_offered() {
        let folder = tempfile::tempdir().expect("a folder");
        let schema = Schema {
            table: "t".to_owned(),
            name: Text::same("t"),
            kind: "plain".into(),
            geometry: Some(GeometryKind::Point),
            crs: Crs::CGCS2000,
            z_order: 0,
            fields: vec![Field::text("code", "编号", "Code")],
        };
        let options = WriteOptions { crs: Some(Crs::Epsg(4548)), ..WriteOptions::default() };
        for format in writable().filter(|format| format.id() != "dbf") {
            let path = folder.path().join(format!("a.{}", format.ending()));
            let written = write_file(&path, false, &schema, &options, |_| Ok(()));
            let is_refused = matches!(written, Err(WriteError::WrongCrs { .. }));
            assert_eq!(is_refused, !format.has_crs_choice(), "{}: {written:?}", format.id());
        }
    }

    #[test]
    fn a_format_is_found_by_any_of_its_endings() {
        let found = |name: &str| writable_by_ending(Path::new(name)).map(FileType::id);
        assert_eq!(
            [found("a.GeoJSON"), found("a.ndjson"), found("a.nothing")],
            [Some("geojson"), Some("geojsonl"), None]
        );
        assert!(readable_words().zh.contains("GeoJSON (.geojson .json)"));
    }

    #[track_caller]
    fn check(files: &str, expected: &str) {
        let files = files.split(' ').map(PathBuf::from).collect();
        let kept: Vec<String> = without_parts(files).iter().map(|file| file.display().to_string()).collect();
        assert_eq!(kept.join(" "), expected);
    }
}
