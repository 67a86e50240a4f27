//! Other programs read the city without a question.

use std::path::Path;
use std::process::Command;

use geopackage::{Finding, GeoPackage};

use super::fixture::{Folder, add_lamps, import, lamp, lamp_city, lamps, run};
use crate::geom::crs::Crs;
use crate::model::schema::Schema;
use crate::store::city::City;
use crate::store::command::{Action, NewPhoto};

/// A city in which everything has happened once.
fn used_city() -> (Folder, City) {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    let photo = NewPhoto { mime: "image/png".to_owned(), bytes: vec![1], ..NewPhoto::default() };
    run(&city, Action::AddPhotos { layer: "lamp".to_owned(), id: 1, photos: vec![photo] }).unwrap();
    run(&city, Action::CreateLayer(Schema { crs: Crs::Gcj02, ..lamps("shifted") })).unwrap();
    run(&city, Action::CreateLayer(Schema { crs: Crs::Epsg(4548), ..lamps("metres") })).unwrap();
    run(&city, Action::CreateLayer(Schema { geometry: None, ..lamps("rows") })).unwrap();
    run(&city, Action::RemoveLayer("metres".to_owned())).unwrap();
    import(&city, lamps("more"), false, (0..11_000).map(|number| lamp(number, "m")).collect()).unwrap();
    import(&city, lamps("more"), true, (0..9).map(|number| lamp(number, "n")).collect()).unwrap();
    import(&city, lamps("undone"), false, vec![lamp(1, "u")]).unwrap();
    run(&city, Action::Undo).unwrap();
    (folder, city)
}

#[test]
fn the_standards_own_check_finds_nothing() {
    let (folder, city) = used_city();
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
    drop(city);
    let package = GeoPackage::open_read_only(folder.file("九江.gpkg")).unwrap();
    let meant = |finding: &Finding| match finding {
        // The standard wants private tables named in gpkg_extensions; the library reports every name it does not know.
        Finding::UnrecognisedExtension { extension_name, table_name: Some(table), .. } => {
            extension_name == "citygrid_city" && table.starts_with("citygrid_")
        }
        _ => false,
    };
    let findings: Vec<_> = package.validate().unwrap().into_iter().filter(|finding| !meant(finding)).collect();
    assert_eq!(findings, []);
}

#[test]
fn gdal_lists_the_layers_and_nothing_else_and_has_no_warning() {
    let (folder, city) = used_city();
    drop(city);
    let path = folder.file("九江.gpkg");
    let Some((out, warnings)) = ogrinfo(&path, &["-al", "-so"]) else { return };
    assert_eq!(warnings, "");
    let mut names: Vec<_> = out.lines().filter_map(|line| line.strip_prefix("Layer name: ")).collect();
    names.sort_unstable();
    assert_eq!(names, ["citygrid_photos", "lamp", "more", "rows", "shifted"]);
    assert!(out.contains("Feature Count: 11009"), "{out}");
    assert!(out.contains("China Geodetic Coordinate System 2000"), "{out}");
    assert!(out.contains("code: String"), "{out}");
}

#[test]
fn gdal_can_write_into_the_city_and_we_see_it() {
    let (folder, city) = used_city();
    drop(city);
    let path = folder.file("九江.gpkg");
    let sql = "UPDATE lamp SET code = 'gdal' WHERE fid = 2";
    if ogrinfo(&path, &["-sql", sql]).is_none() {
        return;
    }
    ogrinfo(&path, &["-sql", "DELETE FROM lamp WHERE fid = 1"]).unwrap();
    let city = City::open(&path).unwrap();
    let reader = city.reader().unwrap();
    assert_eq!(reader.feature("lamp", 2).unwrap().unwrap().values[1], "gdal".into());
    let layers = reader.layers().unwrap();
    assert_eq!(layers.iter().find(|layer| layer.schema.table == "lamp").unwrap().count, 1);
    let problems = city.check(&mut crate::task::Task::silent()).unwrap();
    let rules: Vec<_> = problems.iter().map(|problem| problem.rule).collect();
    assert_eq!(rules, ["file.photo"], "the photo of the lamp that is gone: {problems:?}");
}

/// What ogrinfo says on its two streams; `None` where it is not installed.
fn ogrinfo(path: &Path, words: &[&str]) -> Option<(String, String)> {
    let done = Command::new("ogrinfo").args(words).arg(path).output().ok()?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    // GDAL before 3.7 says of every 1.4 file that it does not know the version, and reads it all the same.
    let is_warning = |line: &&str| !line.contains("This version of GeoPackage user_version");
    let warnings: Vec<_> = text(done.stderr).lines().filter(is_warning).map(str::to_owned).collect();
    Some((text(done.stdout), warnings.join("\n")))
}
