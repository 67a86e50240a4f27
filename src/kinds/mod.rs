//! The kinds of layer that the program knows, in one list.
//!
//! To add one, write its file and name it in [`all`]; nothing else changes: table, import mapping, form, legend, command
//! line words, search and the tests below take it from the list.

pub mod check;
pub mod convert;
pub mod kind;
pub mod mapping;
pub mod overdue;
pub mod pipe_slope;
pub mod pipe_styles;

mod bridge;
mod building;
mod cable;
mod case;
mod cell;
mod chief_road;
mod component;
mod compound;
mod device;
mod district;
mod drainage_user;
mod fields;
mod ground;
mod kiosk;
mod look;
mod note;
#[cfg(test)]
mod picture_tests;
mod plain;
mod road;
mod sewer_check;
mod sewer_inspection;
mod sewer_load;
mod sewer_node;
mod sewer_pipe;
mod sewer_pipe_look;
mod synonyms;
mod waste_plant;

use std::sync::LazyLock;

use kind::Kind;

/// Every kind, from the top of the layer tree to its bottom.
pub fn all() -> &'static [Kind] {
    static ALL: LazyLock<Vec<Kind>> = LazyLock::new(|| {
        vec![
            note::note(),
            case::case(),
            sewer_node::sewer_node(),
            drainage_user::drainage_user(),
            sewer_pipe::sewer_pipe(),
            sewer_load::sewer_load(),
            sewer_inspection::sewer_inspection(),
            sewer_inspection::sewer_defect(),
            sewer_check::sewer_finding(),
            sewer_check::sewer_campaign(),
            sewer_check::sewer_excuse(),
            kiosk::kiosk(),
            waste_plant::waste_plant(),
            chief_road::chief_road(),
            cable::cable_span(),
            cable::cable_duct(),
            device::camera(),
            device::manhole_sensor(),
            device::lamp_controller(),
            component::component(),
            bridge::bridge(),
            cell::cell(),
            plain::plain(),
            district::district(),
            district::street(),
            district::community(),
            road::railway(),
            road::road(),
            building::building(),
            compound::compound(),
            ground::water(),
            ground::green(),
        ]
    });
    &ALL
}

/// The kind with this id.
pub fn find(id: &str) -> Option<&'static Kind> {
    all().iter().find(|kind| kind.id == id)
}

pub use plain::plain_z_order;

/// The kind of whatever a file brought: no fields and no style of its own.
pub fn plain() -> &'static Kind {
    static PLAIN: LazyLock<Kind> = LazyLock::new(plain::plain);
    find("plain").unwrap_or(&PLAIN)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::geom::crs::Crs;
    use crate::model::style::{Paint, ScaleRange};
    use crate::text::Text;

    /// Complains with every line that `find` has to say about any kind.
    #[track_caller]
    fn check(find: impl Fn(&Kind) -> Vec<String>) {
        let complaints: Vec<String> =
            all().iter().flat_map(|kind| find(kind).into_iter().map(|what| format!("{}: {what}", kind.id))).collect();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    fn repeated<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut seen = BTreeSet::new();
        words.filter(|word| !seen.insert(*word)).map(|word| format!("{word} twice")).collect()
    }

    fn half_translated(text: &Text) -> bool {
        text.zh.trim().is_empty() || text.en.trim().is_empty()
    }

    #[test]
    fn every_kind_has_names_of_its_own_in_both_languages() {
        check(|kind| if half_translated(&kind.name) { vec!["name".to_owned()] } else { Vec::new() });
        assert_eq!(repeated(all().iter().map(|kind| kind.id)), [""; 0]);
        assert_eq!(repeated(all().iter().map(|kind| kind.name.zh.as_ref())), [""; 0]);
        assert_eq!(repeated(all().iter().map(|kind| kind.name.en.as_ref())), [""; 0]);
    }

    #[test]
    fn ids_can_name_tables_and_columns_without_quotes() {
        let is_word = |id: &str| {
            let mut characters = id.chars();
            characters.next().is_some_and(|first| first.is_ascii_lowercase())
                && characters.all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
                && !["fid", "geom", "id", "rowid", "table", "order", "group", "from", "to", "use"].contains(&id)
        };
        check(|kind| {
            let ids = kind.fields.iter().map(|field| field.id.as_ref()).chain([kind.id]);
            ids.filter(|id| *id != "case" && !is_word(id)).map(|id| format!("{id} is no word")).collect()
        });
    }

    #[test]
    fn fields_have_ids_and_names_of_their_own_in_both_languages() {
        check(|kind| {
            let fields = || kind.fields.iter();
            let mut found = repeated(fields().map(|field| field.id.as_ref()));
            found.extend(repeated(fields().map(|field| field.name.zh.as_ref())));
            found.extend(repeated(fields().map(|field| field.name.en.as_ref())));
            found.extend(fields().filter(|field| half_translated(&field.name)).map(|field| field.id.to_string()));
            found
        });
    }

    #[test]
    fn codes_are_named_in_both_languages_and_no_two_are_alike() {
        check(|kind| {
            let mut found = Vec::new();
            for field in &kind.fields {
                found.extend(repeated(field.codes.iter().map(|code| code.value.as_ref())));
                found.extend(repeated(field.codes.iter().map(|code| code.name.zh.as_ref())));
                found.extend(repeated(field.codes.iter().map(|code| code.name.en.as_ref())));
                found
                    .extend(field.codes.iter().filter(|code| half_translated(&code.name)).map(|c| c.value.to_string()));
            }
            found
        });
    }

    #[test]
    fn titles_styles_and_labels_speak_of_fields_that_exist() {
        check(|kind| {
            let wanted = kind.title.iter().map(|id| (*id).to_owned());
            let wanted = wanted.chain(kind.style.fields()).chain(kind.style.label_fields());
            wanted.filter(|id| kind.fields.iter().all(|field| field.id != *id)).collect()
        });
    }

    #[test]
    fn filters_compare_coded_fields_with_codes_that_exist() {
        check(|kind| {
            let schema = kind.schema(Crs::CGCS2000);
            let rules = kind.style.rules.iter().filter_map(|rule| rule.filter.as_ref());
            let filters = rules.chain(kind.style.labels.iter().filter_map(|label| label.filter.as_ref()));
            let mut found = Vec::new();
            for filter in filters {
                found.extend(filter.check(&schema).err().map(|error| format!("{error:?}")));
                found.extend(compared(filter).into_iter().filter_map(|(field, value)| {
                    let codes = &schema.field(&field)?.codes;
                    let known = codes.is_empty() || codes.iter().any(|code| code.value == value);
                    (!known).then(|| format!("{field} = {value}"))
                }));
            }
            found
        });
    }

    fn compared(filter: &crate::model::expr::Expr) -> Vec<(String, String)> {
        use crate::model::expr::Expr;
        match filter {
            Expr::And(left, right) | Expr::Or(left, right) => [compared(left), compared(right)].concat(),
            Expr::Not(inner) => compared(inner),
            Expr::Compare { field, value, .. } => vec![(field.clone(), value.to_string())],
            Expr::In { field, values } => values.iter().map(|value| (field.clone(), value.to_string())).collect(),
            Expr::Like { .. } | Expr::IsNull { .. } => Vec::new(),
        }
    }

    #[test]
    fn symbols_are_there_for_the_light_and_the_dark_map() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/symbols");
        check(|kind| {
            let paints = kind.style.rules.iter().flat_map(|rule| &rule.paints);
            let ids = paints.filter_map(|paint| if let Paint::Symbol { id, .. } = paint { Some(id) } else { None });
            let paths = ids.flat_map(|id| [format!("{id}.svg"), format!("dark/{id}.svg")]);
            paths.filter(|path| !folder.join(path).is_file()).collect()
        });
    }

    #[test]
    fn what_has_a_place_is_drawn_and_has_a_legend_in_both_languages() {
        check(|kind| {
            let rules = &kind.style.rules;
            let mut found: Vec<String> = Vec::new();
            if kind.geometry.is_some() != rules.iter().any(|rule| rule.scale.holds(1_000.0)) {
                found.push("drawn at 1:1,000 though it has no place, or not drawn though it has".to_owned());
            }
            let names = rules.iter().map(|rule| &rule.name).filter(|name| **name != Text::default());
            found.extend(names.filter(|name| half_translated(name)).map(|name| format!("{name:?}")));
            // One row of the legend may say it for several rules, if they draw different features.
            let named = rules.iter().filter(|rule| !rule.name.zh.is_empty());
            let signs: Vec<String> = named.map(|rule| format!("{} {:?}", rule.name.zh, rule.filter)).collect();
            found.extend(repeated(signs.iter().map(String::as_str)));
            let empty = |scale: &ScaleRange| scale.least >= scale.most;
            found.extend(rules.iter().filter(|rule| empty(&rule.scale)).map(|rule| format!("never seen: {rule:?}")));
            found
        });
    }

    #[test]
    fn a_kind_is_found_by_its_id() {
        assert_eq!(find("sewer_pipe").map(|kind| kind.name.zh.as_ref()), Some("排水管"));
        assert!(find("nothing").is_none());
    }
}
