//! The description of a CRS as Esri writes it into a `.prj` file: their names, no numbers of EPSG, no axes.
//!
//! Source: the names of the Esri projection engine, as GDAL writes them for the systems of China.

use crate::geom::crs::Crs;

/// Names of datums and geographic systems that do not follow from EPSG's by a rule.
const NAMES: [(&str, &str); 8] = [
    ("China Geodetic Coordinate System 2000", "GCS_China_Geodetic_Coordinate_System_2000"),
    ("China_2000", "D_China_2000"),
    ("WGS 84", "GCS_WGS_1984"),
    ("Xian 1980", "GCS_Xian_1980"),
    ("Xian_1980", "D_Xian_1980"),
    ("Beijing 1954", "GCS_Beijing_1954"),
    ("Beijing_1954", "D_Beijing_1954"),
    ("New Beijing", "GCS_New_Beijing"),
];
/// Names of ellipsoids.
const SPHEROIDS: [(&str, &str); 4] = [
    ("WGS 84", "WGS_1984"),
    ("GRS 1980", "GRS_1980"),
    ("IAG 1975", "Xian_1980"),
    ("Krassowsky 1940", "Krasovsky_1940"),
];
const WEB_MERCATOR: &str = "PROJCS[\"WGS_1984_Web_Mercator_Auxiliary_Sphere\",GEOGCS[\"GCS_WGS_1984\",\
    DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],\
    UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Mercator_Auxiliary_Sphere\"],PARAMETER[\"False_Easting\",0.0],\
    PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",0.0],PARAMETER[\"Standard_Parallel_1\",0.0],\
    PARAMETER[\"Auxiliary_Sphere_Type\",0.0],UNIT[\"Meter\",1.0]]";

/// The text of a `.prj` file; none for an unknown CRS.
pub(super) fn prj(crs: Crs) -> Option<String> {
    match crs {
        Crs::WEB_MERCATOR => Some(WEB_MERCATOR.to_owned()),
        Crs::Epsg(_) => crs.definition_wkt().map(|wkt| translated(&wkt)),
        // What EPSG does not list keeps the words by which this program knows it again.
        _ => crs.definition_wkt(),
    }
}

/// Goes through the text once: each `KEYWORD["name"` may get another name, some members are left out.
fn translated(wkt: &str) -> String {
    let mut out = String::with_capacity(wkt.len());
    let mut rest = wkt;
    let is_plane = wkt.starts_with("PROJCS");
    while let Some(open) = rest.find('[') {
        let (before, after) = rest.split_at(open);
        let keyword = before.rsplit([',', ']']).next().unwrap_or_default().trim();
        if matches!(keyword, "AUTHORITY" | "AXIS" | "TOWGS84" | "EXTENSION") {
            let skipped = end_of(after);
            out.push_str(before[..before.len() - keyword.len()].trim_end_matches(','));
            rest = &after[skipped..];
            continue;
        }
        out.push_str(before);
        out.push('[');
        rest = &after[1..];
        if let Some((name, behind)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            out.push_str(&format!("\"{}\"", esri_name(keyword, name, is_plane && wkt.contains("Gauss-Kruger"))));
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

/// The bytes of a bracket and all that is in it.
fn end_of(text: &str) -> usize {
    let (mut depth, mut quoted) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

fn esri_name(keyword: &str, name: &str, is_gauss: bool) -> String {
    let known = |list: &[(&str, &str)]| list.iter().find(|(epsg, _)| *epsg == name).map(|(_, esri)| (*esri).to_owned());
    let plain = name.replace([' ', '-'], "_").replace(['(', ')', '/', ','], "");
    match keyword {
        "PROJCS" => {
            let name = name.replace("WGS 84", "WGS 1984").replace(" / ", " ");
            let name = name.replace("3-degree Gauss-Kruger", "3 Degree GK").replace("Gauss-Kruger", "GK");
            name.replace("zone", "Zone").replace([' ', '-'], "_")
        }
        "GEOGCS" => known(&NAMES).unwrap_or_else(|| format!("GCS_{plain}")),
        "DATUM" => known(&NAMES).unwrap_or_else(|| format!("D_{plain}")),
        "SPHEROID" => known(&SPHEROIDS).unwrap_or(plain),
        "UNIT" if name == "degree" => "Degree".to_owned(),
        "UNIT" if name == "metre" => "Meter".to_owned(),
        "PROJECTION" if name == "Transverse_Mercator" && is_gauss => "Gauss_Kruger".to_owned(),
        "PARAMETER" => {
            let words = name.split('_').map(|word| {
                let (first, rest) = word.split_at(word.len().min(1));
                format!("{}{rest}", first.to_uppercase())
            });
            words.collect::<Vec<_>>().join("_")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::wkt::crs_from_wkt;
    use expect_test::expect;

    #[test]
    fn the_bureaus_own_system_has_the_names_of_the_esri_engine() {
        expect![[r#"PROJCS["CGCS2000_3_Degree_GK_CM_117E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["Latitude_Of_Origin",0],PARAMETER["Central_Meridian",117],PARAMETER["Scale_Factor",1],PARAMETER["False_Easting",500000],PARAMETER["False_Northing",0],UNIT["Meter",1]]"#]]
            .assert_eq(&prj(Crs::Epsg(4548)).unwrap_or_default());
    }

    #[test]
    fn every_system_of_china_is_known_again() {
        let codes = (4491..=4554).chain([4490, 4326, 3857, 4610, 4214, 2363, 2384, 2415, 2436, 32649, 32650]);
        for crs in codes.map(Crs::Epsg).chain([Crs::Gcj02, Crs::Bd09]) {
            let text = prj(crs).unwrap_or_default();
            assert_eq!(crs_from_wkt(&text), Ok(crs), "{text}");
        }
        assert_eq!(prj(Crs::Unknown), None);
    }
}
