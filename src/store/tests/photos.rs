//! Photos hang on rows, go with them and come back.

use super::fixture::{add_lamps, content, edit, insert, lamp, lamp_city, run};
use crate::model::feature::Delta;
use crate::store::city::City;
use crate::store::command::{Action, Changed, NewPhoto};

#[test]
fn a_photo_comes_with_its_row_and_is_read_back() {
    let (folder, city) = lamp_city();
    let deltas = vec![insert("lamp", lamp(1, "a")), insert("lamp", lamp(2, "b"))];
    let done = run(&city, Action::Edit { deltas, photos: vec![photo(1, "一.jpg"), photo(1, "二.jpg")] }).unwrap();
    assert_eq!(done.changed[1], Changed::Photos { layer: "lamp".to_owned(), id: 2 });
    drop(city);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    let reader = city.reader().unwrap();
    assert_eq!(reader.photos("lamp", 1).unwrap(), []);
    let photos = reader.photos("lamp", 2).unwrap();
    assert_eq!(photos.iter().map(|photo| photo.name.as_str()).collect::<Vec<_>>(), ["一.jpg", "二.jpg"]);
    assert_eq!((photos[0].mime.as_str(), photos[0].size), ("image/jpeg", 3));
    assert_eq!(reader.photo(photos[0].id).unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(reader.thumbnail(photos[0].id).unwrap(), Some(vec![9]));
}

#[test]
fn photos_follow_undo_and_redo_of_their_row() {
    let (_folder, city) = lamp_city();
    let empty = content(&city);
    let deltas = vec![insert("lamp", lamp(1, "a"))];
    run(&city, Action::Edit { deltas, photos: vec![photo(0, "一.jpg")] }).unwrap();
    let with = content(&city);
    edit(&city, vec![Delta { layer: "lamp".to_owned(), id: 1, old: None, new: None }]).unwrap();
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), with);
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), empty);
    run(&city, Action::Redo).unwrap();
    assert_eq!(content(&city), with);
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
}

#[test]
fn a_photo_taken_off_comes_back_until_the_journal_forgets() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    run(&city, Action::AddPhotos { layer: "lamp".to_owned(), id: 1, photos: vec![photo(0, "一.jpg")] }).unwrap();
    let with = content(&city);
    let id = city.reader().unwrap().photos("lamp", 1).unwrap()[0].id;
    let remove = || Action::RemovePhoto { layer: "lamp".to_owned(), id: 1, photo: id };
    run(&city, remove()).unwrap();
    assert_eq!(run(&city, remove()).unwrap_err().kind(), "conflict", "it is off already");
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), with);
    run(&city, Action::Redo).unwrap();
    assert_eq!(city.reader().unwrap().photo(id).unwrap(), Some(vec![1, 2, 3]));
    run(&city, Action::TrimJournal { keep: 0 }).unwrap();
    assert_eq!(city.reader().unwrap().photo(id).unwrap(), None);
}

#[test]
fn photos_of_a_removed_layer_stay_with_it() {
    let (_folder, city) = lamp_city();
    let deltas = vec![insert("lamp", lamp(1, "a"))];
    run(&city, Action::Edit { deltas, photos: vec![photo(0, "一.jpg")] }).unwrap();
    let with = content(&city);
    run(&city, Action::RemoveLayer("lamp".to_owned())).unwrap();
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), with);
    run(&city, Action::Redo).unwrap();
    run(&city, Action::TrimJournal { keep: 0 }).unwrap();
    let left = city.probe(|conn| {
        let sql =
            "SELECT count(*) FROM sqlite_master WHERE name LIKE 'citygrid_photos_%' OR name LIKE 'citygrid_hidden_%'";
        let tables: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
        let photos: i64 = conn.query_row("SELECT count(*) FROM citygrid_photos", [], |row| row.get(0)).unwrap();
        (tables, photos)
    });
    assert_eq!(left, (0, 0));
}

fn photo(delta: usize, name: &str) -> NewPhoto {
    let name = name.to_owned();
    NewPhoto { delta, name, mime: "image/jpeg".to_owned(), bytes: vec![1, 2, 3], thumbnail: vec![9] }
}
