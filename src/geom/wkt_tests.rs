//! Descriptions as programs write them, and what they mean.

use proptest::prelude::*;

use super::*;
use crate::geom::transform::Transform;

const DEGREES_2000: &str = r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
const DEGREES_1980: &str = r#"GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
const DEGREES_1954: &str = r#"GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
const DEGREES_84: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

#[test]
fn planes_as_esri_writes_them_are_known_by_their_parameters() {
    check(&esri("CGCS2000_3_Degree_GK_CM_117E", DEGREES_2000, [117.0, 500_000.0, 1.0]), 4548);
    check(&esri("CGCS2000_3_Degree_GK_Zone_39", DEGREES_2000, [117.0, 39_500_000.0, 1.0]), 4527);
    check(&esri("CGCS2000_GK_CM_117E", DEGREES_2000, [117.0, 500_000.0, 1.0]), 4509);
    check(&esri("CGCS2000_GK_Zone_20", DEGREES_2000, [117.0, 20_500_000.0, 1.0]), 4498);
    check(&esri("某工程坐标系", DEGREES_2000, [114.0, 500_000.0, 1.0]), 4547);
    check(&esri("Xian_1980_3_Degree_GK_Zone_39", DEGREES_1980, [117.0, 39_500_000.0, 1.0]), 2363);
    check(&esri("Beijing_1954_3_Degree_GK_CM_117E", DEGREES_1954, [117.0, 500_000.0, 1.0]), 2436);
    check(&esri("Beijing_1954_GK_Zone_20", DEGREES_1954, [117.0, 20_500_000.0, 1.0]), 21_420);
    check(&esri("WGS_1984_UTM_Zone_50N", DEGREES_84, [117.0, 500_000.0, 0.9996]), 32_650);
}

#[test]
fn degrees_as_esri_writes_them_are_known_by_their_datum() {
    check(DEGREES_2000, 4490);
    check(DEGREES_1980, 4610);
    check(DEGREES_1954, 4214);
    check(
        &DEGREES_1954.replace("GCS_Beijing_1954", "GCS_New_Beijing").replace("D_Beijing_1954", "D_New_Beijing"),
        4555,
    );
    check(DEGREES_84, 4326);
}

#[test]
fn every_definition_of_epsg_is_recognised_with_its_number_and_without() {
    for entry in catalogue::entries() {
        let Some(code) = entry.code() else { continue };
        let text = entry.crs.definition_wkt().expect("a definition");
        check(&text, code);
        let end = text.rfind(",AUTHORITY").expect("a number at the end");
        let (found, how) = recognise(&format!("{}]", &text[..end])).expect("a system");
        assert_eq!(found, entry.crs, "{text}");
        assert_ne!(how, Recognition::Code, "{text}");
    }
}

#[test]
fn the_second_generation_and_its_json_are_read() {
    let wkt2 = r#"PROJCRS["CGCS2000 / 3-degree Gauss-Kruger CM 117E",BASEGEOGCRS["China Geodetic Coordinate System 2000",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4490]],CONVERSION["Gauss-Kruger CM 117E",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",117,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",1,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["northing (X)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (Y)",east,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",4548]]"#;
    check(wkt2, 4548);
    check(&wkt2.replace(r#",ID["EPSG",4548]"#, ""), 4548);
    let json = r#"{"type":"ProjectedCRS","name":"CGCS2000 / 3-degree Gauss-Kruger CM 117E","base_crs":{"name":"China Geodetic Coordinate System 2000","datum":{"name":"China 2000","ellipsoid":{"semi_major_axis":6378137,"inverse_flattening":298.257222101}}},"conversion":{"method":{"name":"Transverse Mercator"},"parameters":[{"name":"Longitude of natural origin","value":117,"unit":"degree"},{"name":"Scale factor at natural origin","value":1},{"name":"False easting","value":500000}]},"coordinate_system":{"axis":[{"unit":"metre"}]}}"#;
    check(json, 4548);
    check(r#"{"type":"GeographicCRS","name":"WGS 84","id":{"authority":"EPSG","code":4326}}"#, 4326);
}

#[test]
fn bare_names_and_codes_are_read() {
    check("CGCS2000_3_Degree_GK_CM_117E", 4548);
    check("Xian_1980_3_Degree_GK_Zone_39", 2363);
    check("CGCS2000 / Gauss-Kruger zone 20", 4498);
    check("WGS_1984_UTM_Zone_50N", 32_650);
    check("GCS_China_Geodetic_Coordinate_System_2000", 4490);
    check("EPSG:4548", 4548);
    check("\u{feff}4490\0", 4490);
    assert_eq!(crs_from_wkt("GCJ-02"), Ok(Crs::Gcj02));
}

#[test]
fn a_number_that_the_parameters_contradict_is_not_believed() {
    let text = Crs::Epsg(4548)
        .definition_wkt()
        .expect("a definition")
        .replace("\"central_meridian\",117", "\"central_meridian\",115.9");
    let (crs, how) = recognise(&text).expect("a system");
    assert_eq!(how, Recognition::Definition);
    same_place(crs, "+proj=tmerc +lon_0=115.9 +k=1 +x_0=500000 +ellps=GRS80");
}

#[test]
fn what_epsg_does_not_list_is_its_own_definition() {
    let text = esri("Jiangxi_Local", DEGREES_2000, [115.9, 500_000.0, 1.0]);
    let (crs, how) = recognise(&text).expect("a system");
    assert_eq!((crs.title().1.as_str(), how), ("Jiangxi_Local", Recognition::Definition));
    same_place(crs, "+proj=tmerc +lon_0=115.9 +k=1 +x_0=500000 +ellps=GRS80");
    let albers = r#"PROJCS["Krasovsky_1940_Albers",GEOGCS["GCS_Krasovsky_1940",DATUM["D_Krasovsky_1940",SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",105.0],PARAMETER["Standard_Parallel_1",25.0],PARAMETER["Standard_Parallel_2",47.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
    let crs = crs_from_wkt(albers).expect("a system");
    same_place(crs, "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +ellps=krass");
}

#[test]
fn seven_parameters_in_the_text_are_kept() {
    let text = Crs::Epsg(2384).definition_wkt().expect("a definition");
    let datum = "AUTHORITY[\"EPSG\",\"6610\"]";
    let shifted = text.replacen(datum, &format!("TOWGS84[10,20,30,1,2,3,4],{datum}"), 1);
    assert!(shifted.contains("TOWGS84"), "{shifted}");
    let crs = crs_from_wkt(&shifted).expect("a system");
    let own = crs.own().expect("a system of its own");
    assert_eq!(own.form.to_string(), "+base=EPSG:2384 +position_vector=10,20,30,1,2,3,4");
}

#[test]
fn what_we_write_we_read() {
    for line in [
        "+proj=tmerc +lat_0=0 +lon_0=115.9 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs",
        "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +ellps=krass +units=m +no_defs",
        "+base=EPSG:4548 +shift=380000,3260000 +turn=12.5 +scale=1.00002",
        "+base=EPSG:2384 +coordinate_frame=10,-20,30.25,1.1,-2.2,3.3,4.4",
        "+base=EPSG:4214 +position_vector=10,-20,30.25,1.1,-2.2,3.3,4.4",
    ] {
        let own = OwnCrs { name: "我市“独立”坐标系 \"A\"".into(), form: line.parse().expect(line) };
        let crs = own.learn().expect(line);
        let text = crs.definition_wkt().expect("a definition");
        let again = crs_from_wkt(&text).expect(&text);
        assert_eq!(again.own().map(|own| own.name.clone()), crs.own().map(|own| own.name.clone()), "{text}");
        assert_eq!(again, crs, "{text}");
    }
    for crs in [Crs::Gcj02, Crs::Bd09, Crs::WEB_MERCATOR] {
        assert_eq!(crs_from_wkt(&crs.definition_wkt().expect("a definition")), Ok(crs));
    }
}

#[test]
fn nothing_is_made_of_nonsense() {
    for text in [
        "",
        "undefined",
        "LOCAL_CS[\"x\"]",
        "GEOGCS[\"x\"]",
        "PROJCS[\"x\",PROJECTION[\"y\"]]",
        "{}",
        "[]",
        "{\"type\":1}",
    ] {
        assert!(crs_from_wkt(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "((GEOGCS|PROJCS|DATUM|PARAMETER|UNIT|\\[|\\]|,|\"[a-z]{0,3}\"|[0-9.e-]{1,4})){0,20}") {
        let _ = crs_from_wkt(&text);
    }
}

fn esri(name: &str, degrees: &str, [meridian, easting, scale]: [f64; 3]) -> String {
    format!(
        "PROJCS[\"{name}\",{degrees},PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",{easting:.1}],\
         PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",{meridian:.1}],\
         PARAMETER[\"Scale_Factor\",{scale}],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]"
    )
}

#[track_caller]
fn check(text: &str, code: u32) {
    assert_eq!(crs_from_wkt(text), Ok(Crs::Epsg(code)), "{text}");
}

/// Within a hundredth of a millimetre.
#[track_caller]
fn same_place(crs: Crs, words: &str) {
    let expected = Crs::parse(words).expect("a PROJ string");
    let [found, expected] = [crs, expected]
        .map(|crs| Transform::new(Crs::WGS84, crs).and_then(|to| to.point([116.0, 29.7])).expect("a place"));
    assert!((found[0] - expected[0]).hypot(found[1] - expected[1]) < 1e-5, "{found:?} is not {expected:?}");
}
