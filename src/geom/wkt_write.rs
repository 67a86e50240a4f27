//! Well-known text (OGC 01-009) of the bureau's own systems, for files that carry one.
//!
//! What the text cannot say stands in an extension: PROJ strings as other programs write them (`PROJ4`), ours by the
//! line it is kept as (`CITYGRID`), so that a file of ours gives back what was put in.

use super::definition::Definition;
use super::own::{OwnCrs, OwnForm, shifted};

/// The text of a system of one's own.
pub(super) fn own_wkt(own: &OwnCrs) -> String {
    let line = own.form.to_string();
    let name = if own.name.is_empty() { line.as_str() } else { own.name.as_str() };
    let name = name.replace('"', "\"\"");
    let ours = format!("EXTENSION[\"CITYGRID\",\"{line}\"]");
    match &own.form {
        OwnForm::Proj(words) => match Definition::read(words) {
            Some(definition) => defined(&name, &definition, &ours),
            None => format!(
                "PROJCS[\"{name}\",{},PROJECTION[\"custom_proj4\"],UNIT[\"metre\",1],EXTENSION[\"PROJ4\",\"{words}\"]]",
                "GEOGCS[\"unknown\",DATUM[\"unknown\",SPHEROID[\"WGS 84\",6378137,298.257223563]],\
                 PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]]"
            ),
        },
        // A plane that other programs cannot reckon with: they say "unknown" instead of drawing it elsewhere.
        OwnForm::PlaneShift { .. } => {
            format!("LOCAL_CS[\"{name}\",LOCAL_DATUM[\"{name}\",32767],UNIT[\"metre\",1],{ours}]")
        }
        OwnForm::Swapped { .. } => {
            format!("LOCAL_CS[\"{name}\",LOCAL_DATUM[\"{name}\",32767],UNIT[\"unit\",1],{ours}]")
        }
        OwnForm::DatumShift { base, shift } => match shifted(*base, shift) {
            Some(definition) => defined(&name, &definition, &ours),
            None => format!("LOCAL_CS[\"{name}\",LOCAL_DATUM[\"{name}\",32767],UNIT[\"metre\",1],{ours}]"),
        },
    }
}

fn defined(name: &str, definition: &Definition, extension: &str) -> String {
    let on = definition.ellipsoid;
    let inverse = if on.f == 0.0 { 0.0 } else { 1.0 / on.f };
    let to_wgs84 = definition.to_wgs84.map_or_else(String::new, |shift| {
        let numbers = shift.towgs84().map(|number| number.to_string()).join(",");
        format!(",TOWGS84[{numbers}]")
    });
    let spheroid = format!("SPHEROID[\"{name}\",{},{inverse}]", on.a_m);
    let geographic = |name: &str, last: &str| {
        format!(
            "GEOGCS[\"{name}\",DATUM[\"{name}\",{spheroid}{to_wgs84}],PRIMEM[\"Greenwich\",0],\
             UNIT[\"degree\",0.0174532925199433]{last}]"
        )
    };
    let Some(plane) = &definition.plane else { return geographic(name, &format!(",{extension}")) };
    let given = plane.gauss.given;
    let unit_m = plane.unit_m;
    let parameter = |name: &str, value: f64| format!("PARAMETER[\"{name}\",{value}],");
    format!(
        "PROJCS[\"{name}\",{},PROJECTION[\"Transverse_Mercator\"],{}{}{}{}{}UNIT[\"{}\",{unit_m}],{extension}]",
        geographic(name, ""),
        parameter("latitude_of_origin", given.origin_deg),
        parameter("central_meridian", given.meridian_deg),
        parameter("scale_factor", given.scale),
        parameter("false_easting", given.false_easting_m / unit_m),
        parameter("false_northing", given.false_northing_m / unit_m),
        if unit_m == 1.0 { "metre" } else { "unit" },
    )
}
