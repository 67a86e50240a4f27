//! From a list to the map: a line that names a feature leads to its details and its place.

use std::path::PathBuf;

use super::ask::{Asks, UiAsk};
use crate::model::geometry::Bounds;
use crate::session::Session;
use crate::session::command::{Command, EditCommand, LookCommand, TableCommand};
use crate::session::state::FeatureRef;

/// Endings of the files that a photo dialog offers.
pub(super) const PICTURES: &[&str] = &["jpg", "jpeg", "png", "webp"];

/// Asks for an edit.
pub(super) fn edit(asks: &mut Asks, edit: EditCommand) {
    asks.push(UiAsk::Run(Command::Edit(edit)));
}

/// Asks to look at something else.
pub(super) fn look(asks: &mut Asks, look: LookCommand) {
    asks.push(UiAsk::Run(Command::Look(look)));
}

/// Asks the attribute table for something else.
pub(super) fn table(asks: &mut Asks, table: TableCommand) {
    look(asks, LookCommand::Table(table));
}

/// Shows a feature in the details, the map stays where it is.
pub(super) fn show(asks: &mut Asks, at: &FeatureRef) {
    look(asks, LookCommand::Show { layer: at.layer.clone(), id: at.id });
}

/// Shows a feature in the details and on the map.
pub(super) fn visit(asks: &mut Asks, session: &Session, at: &FeatureRef) {
    show(asks, at);
    if let Some(bounds) = bounds_world(session, at) {
        asks.push(UiAsk::ZoomTo(bounds));
    }
}

/// The box around a feature's outline, Web Mercator metres, grown to be seen with its surroundings.
pub(super) fn bounds_world(session: &Session, at: &FeatureRef) -> Option<Bounds> {
    let mut bounds = Bounds::EMPTY;
    for position in session.outline(at).iter().flatten() {
        bounds.extend(*position);
    }
    (!bounds.is_empty()).then(|| with_surroundings(&bounds))
}

/// A box that shows `bounds` and what is around it: never less than about 120 m wide.
pub(super) fn with_surroundings(bounds: &Bounds) -> Bounds {
    let least_m = 120.0;
    let widest_m = bounds.width().max(bounds.height());
    bounds.grown(((least_m - widest_m) / 2.0).max(widest_m * 0.1))
}

/// Pictures among dropped files, by their endings.
pub(super) fn pictures(paths: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let is_picture = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        PICTURES.iter().any(|known| known.eq_ignore_ascii_case(ending))
    };
    paths.into_iter().filter(is_picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_shown_with_its_surroundings_and_a_road_whole() {
        assert_eq!(with_surroundings(&Bounds::new(5.0, 5.0, 5.0, 5.0)), Bounds::new(-55.0, -55.0, 65.0, 65.0));
        assert_eq!(with_surroundings(&Bounds::new(0.0, 0.0, 1000.0, 0.0)), Bounds::new(-100.0, -100.0, 1100.0, 100.0));
    }

    #[test]
    fn only_pictures_of_dropped_files_become_photos() {
        let dropped = ["a.JPG", "b.gpkg", "c.webp", "d"].map(PathBuf::from);
        assert_eq!(pictures(dropped), ["a.JPG", "c.webp"].map(PathBuf::from));
    }
}
