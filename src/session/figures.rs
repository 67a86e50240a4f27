//! The bureau's figures, each as a rule over features: so that anybody can see what a number is made of.

/// How a figure is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// Features.
    Count,
    /// Lengths on the ellipsoid, kilometres.
    LengthKm,
    /// Areas on the ellipsoid, square kilometres.
    AreaKm2,
    /// Sum of a field in metres, as kilometres.
    SumKm(&'static str),
    /// Different values of a field.
    Different(&'static str),
}

/// One figure.
#[derive(Debug)]
pub(super) struct Figure {
    /// Its name in `info --json`.
    pub(super) name: &'static str,
    /// Kind of the features.
    pub(super) kind: &'static str,
    /// Which of them, as EXPR; empty for all.
    pub(super) filter: &'static str,
    /// How they are counted.
    pub(super) measure: Measure,
}

const fn figure(name: &'static str, kind: &'static str, filter: &'static str, measure: Measure) -> Figure {
    Figure { name, kind, filter, measure }
}

/// Every figure, in the order in which `info` prints them.
pub(super) const FIGURES: &[Figure] = &[
    figure("grid_km2", "cell", "", Measure::AreaKm2),
    figure("cells", "cell", "", Measure::Count),
    figure("foul_sewer_km", "sewer_pipe", "sewer_type IN ('foul', 'combined')", Measure::LengthKm),
    figure("storm_sewer_km", "sewer_pipe", "sewer_type = 'storm'", Measure::LengthKm),
    figure("inspected_km", "sewer_inspection", "", Measure::SumKm("length_inspected_m")),
    figure("kiosks", "kiosk", "", Measure::Count),
    figure("compounds_without_management", "compound", "property_management = FALSE", Measure::Count),
    figure("cable_roads", "cable_span", "", Measure::Different("road_name")),
    figure("duct_roads", "cable_duct", "", Measure::Different("road_name")),
    figure("duct_km", "cable_duct", "", Measure::LengthKm),
    figure("chief_roads", "chief_road", "", Measure::Different("name")),
    figure("cameras", "camera", "", Measure::Count),
    figure("cameras_online", "camera", "state = 'online'", Measure::Count),
    figure("manhole_sensors", "manhole_sensor", "", Measure::Count),
    figure("lamp_controllers", "lamp_controller", "", Measure::Count),
    figure("bridges", "bridge", "", Measure::Count),
    figure("incinerators", "waste_plant", "plant_type = 'incinerator'", Measure::Count),
    figure("kitchen_waste_plants", "waste_plant", "plant_type = 'kitchen'", Measure::Count),
    figure("bulky_waste_plants", "waste_plant", "plant_type = 'bulky'", Measure::Count),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::kinds;
    use crate::model::expr::Expr;

    #[test]
    fn every_figure_asks_for_fields_that_its_kind_has() {
        for figure in FIGURES {
            let kind = kinds::find(figure.kind).unwrap_or_else(|| panic!("{}: no kind {}", figure.name, figure.kind));
            let schema = kind.schema(Crs::CGCS2000);
            if !figure.filter.is_empty() {
                Expr::read(figure.filter, &schema).unwrap_or_else(|error| panic!("{}: {error:?}", figure.name));
            }
            if let Measure::SumKm(field) | Measure::Different(field) = figure.measure {
                assert!(schema.field(field).is_some(), "{}: no field {field}", figure.name);
            }
        }
    }
}
