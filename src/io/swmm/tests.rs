//! Models as people have them, read and written again.

use super::super::format::{ReadOptions, Survey};
use super::*;
use crate::model::schema::Field;

/// Every kind of node and link, in metres, ends above the bottom of their nodes.
pub(super) const WHOLE: &str = "\
[TITLE]
排水模型

[OPTIONS]
FLOW_UNITS LPS
LINK_OFFSETS DEPTH

[RAINGAGES]
RG1 INTENSITY 0:05 1.0 TIMESERIES T1

[SUBCATCHMENTS]
S1 RG1 J1 1.5 60 80 0.5 0

[SUBAREAS]
S1 0.01 0.1 1.5 3.0 25 OUTLET

[INFILTRATION]
S1 3 0.5 4 7 0

[JUNCTIONS]
;;Name Elev MaxDepth
;街口的井
J1 10.5 2.5 0.25 0 0
\"井 2\" 10 0 0 0 0 ; comment
j3\t9.0\t1.5\t0\t0\t0

[OUTFALLS]
O1 8 FREE NO
O2 7.5 FIXED 8.25 YES

[STORAGE]
ST1 7 4 1 TABULAR C1 0 0

[DIVIDERS]
D1 9.5 C2 WEIR 10 2 0.5 2 0.1 0 5

[CONDUITS]
C1 J1 \"井 2\" 50 0.013 0.1 0.2 0 0
C2 \"井 2\" J3 40 0.015 0 0 0 0
C3 D1 ST1 30 0.02 0 1.5 0 0
C4 J3 O2 20 0.013 0 0

[PUMPS]
P1 ST1 O1 * ON 0 0

[ORIFICES]
R1 ST1 J3 SIDE 0.5 0.65 NO 0

[WEIRS]
W1 D1 J3 TRANSVERSE 1.25 1.84 NO 0 0 YES

[OUTLETS]
U1 J3 O1 0.75 FUNCTIONAL/DEPTH 10 0.5 NO

[XSECTIONS]
C1 CIRCULAR 0.3 0 0 0 1
C2 RECT_CLOSED 0.6 1.2 0 0 2
C3 IRREGULAR T9 0 0 0 1
C4 FORCE_MAIN 0.2 120 0 0 1
R1 CIRCULAR 0.25 0 0 0
W1 RECT_OPEN 0.5 2 0 0

[LOSSES]
C1 0.5 0.5 0 NO 0

[CONTROLS]
RULE R-1
IF NODE ST1 DEPTH > 2
THEN PUMP P1 STATUS = ON

[INFLOWS]
J3 FLOW \"\" FLOW 1.0 1.0 2.5

[DWF]
J1 FLOW 0.5 \"P\"
J1 TSS 3

[REPORT]
NODES J1 J3
LINKS ALL

[TAGS]
Node J1 雨水
Link C4 foul

[MAP]
DIMENSIONS 0 0 100 100
Units Meters

[COORDINATES]
J1 500000 3280000
\"井 2\" 500050 3280000
J3 500090 3280000
O1 500110 3280010
O2 500110 3280000
ST1 500090 3280030
D1 500060 3280030

[VERTICES]
C1 500020 3280005
C1 500030 3280005

[Polygons]
S1 500000 3280000
S1 500050 3280000
S1 500050 3280040

[SYMBOLS]
RG1 500010 3280050

[PROFILES]
\"main one\" C1 C2
";

pub(super) struct File {
    folder: tempfile::TempDir,
}

impl File {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.inp"), bytes).unwrap();
        Self { folder }
    }

    fn survey(&self) -> Survey {
        format::survey(&self.folder.path().join("a.inp"), &ReadOptions::default(), &mut Task::silent()).unwrap()
    }

    /// Reads what there is, if anything.
    pub(super) fn try_rows(&self) {
        let path = self.folder.path().join("a.inp");
        let Ok(survey) = format::survey(&path, &ReadOptions::default(), &mut Task::silent()) else { return };
        format::read(&path, &survey, &mut Task::silent(), &mut |_, _, _| ControlFlow::Continue(())).unwrap();
    }

    pub(super) fn rows(&self) -> Vec<(Layer, Feature)> {
        let survey = self.survey();
        let layers = Original::of(&survey).unwrap().layers().to_vec();
        let mut rows = Vec::new();
        let path = self.folder.path().join("a.inp");
        format::read(&path, &survey, &mut Task::silent(), &mut |layer, number, feature| {
            assert_eq!(number as usize, rows.len() + 1);
            rows.push((layers[layer], feature));
            ControlFlow::Continue(())
        })
        .unwrap();
        rows
    }
}

/// What one element says: its fields that are not empty, `id=value`, and its place as WKT.
fn said(rows: &[(Layer, Feature)], layer: Layer, code: &str) -> String {
    let fields: Vec<Field> = layer.fields();
    let is_it = |(of, row): &&(Layer, Feature)| *of == layer && row.values[0].as_str() == Some(code);
    let (_, row) = rows.iter().find(is_it).unwrap();
    let filled = fields.iter().zip(&row.values).skip(1).filter(|(_, value)| !value.is_null());
    let mut words: Vec<String> = filled.map(|(field, value)| format!("{}={value}", field.id)).collect();
    let places = row.geometry.as_ref().map(positions);
    words.extend(places.map(|places| format!("{}", places.len())));
    words.join(" ")
}

/// A row of each kind of element, as [`said`] tells it.
const ROWS: &[(Layer, &str, &str)] = &[
    (
        Layer::Nodes,
        "J1",
        "node_type=manhole sewer_type=storm bottom_level_m=10.5 depth_m=2.5 ground_level_m=13 remark=街口的井 \
         dry_flow_l_s=0.5 init_depth_m=0.25 surcharge_depth_m=0 ponded_area_m2=0 tag=雨水 1",
    ),
    (
        Layer::Nodes,
        "井 2",
        "node_type=junction sewer_type=unknown bottom_level_m=10 init_depth_m=0 surcharge_depth_m=0 \
         ponded_area_m2=0 1",
    ),
    (
        Layer::Nodes,
        "O2",
        "node_type=outfall sewer_type=unknown bottom_level_m=7.5 has_flap=true outfall_type=FIXED \
         outfall_stage=8.25 1",
    ),
    (
        Layer::Nodes,
        "ST1",
        "node_type=storage sewer_type=unknown bottom_level_m=7 depth_m=4 ground_level_m=11 init_depth_m=1 \
         storage_curve=TABULAR C1 0 0 1",
    ),
    (
        Layer::Nodes,
        "D1",
        "node_type=divider sewer_type=unknown bottom_level_m=9.5 depth_m=2 ground_level_m=11.5 init_depth_m=0.1 \
         surcharge_depth_m=0 ponded_area_m2=5 1",
    ),
    (
        Layer::Links,
        "C1",
        "link_type=conduit sewer_type=unknown from_node=J1 to_node=井 2 length_m=50 diameter_mm=300 section=circle \
         manning_n=0.013 invert_up_m=10.6 invert_down_m=10.2 swmm_shape=CIRCULAR barrels=1 4",
    ),
    (
        Layer::Links,
        "C2",
        "link_type=conduit sewer_type=unknown from_node=井 2 to_node=j3 length_m=40 diameter_mm=600 width_mm=1200 \
         section=rectangle manning_n=0.015 invert_up_m=10 invert_down_m=9 swmm_shape=RECT_CLOSED barrels=2 2",
    ),
    (
        Layer::Links,
        "C4",
        "link_type=conduit sewer_type=foul from_node=j3 to_node=O2 length_m=20 diameter_mm=200 section=circle \
         manning_n=0.013 invert_up_m=9 invert_down_m=7.5 is_pressure=true swmm_shape=FORCE_MAIN barrels=1 \
         tag=foul 2",
    ),
    (Layer::Links, "P1", "link_type=pump sewer_type=unknown from_node=ST1 to_node=O1 device=* 2"),
    (
        Layer::Links,
        "R1",
        "link_type=orifice sewer_type=unknown from_node=ST1 to_node=j3 diameter_mm=250 section=circle \
         invert_up_m=7.5 swmm_shape=CIRCULAR device=SIDE 2",
    ),
    (
        Layer::Links,
        "W1",
        "link_type=weir sewer_type=unknown from_node=D1 to_node=j3 diameter_mm=500 width_mm=2000 \
         section=rectangle invert_up_m=10.75 swmm_shape=RECT_OPEN device=TRANSVERSE 2",
    ),
    (
        Layer::Links,
        "U1",
        "link_type=outlet sewer_type=unknown from_node=j3 to_node=O1 invert_up_m=9.75 device=FUNCTIONAL/DEPTH 2",
    ),
    (
        Layer::Areas,
        "S1",
        "rain_gage=RG1 outlet=J1 area_ha=1.5 impervious_pct=60 width_m=80 slope_pct=0.5 n_impervious=0.01 \
         n_pervious=0.1 store_impervious_mm=1.5 store_pervious_mm=3 zero_store_pct=25 route_to=OUTLET \
         infiltration=3 0.5 4 7 0 4",
    ),
    (Layer::Gages, "RG1", "format=INTENSITY interval=0:05 source=TIMESERIES T1 1"),
];

#[test]
fn every_kind_of_element_becomes_a_row() {
    let rows = File::of(WHOLE.as_bytes()).rows();
    for &(layer, code, expected) in ROWS {
        assert_eq!(said(&rows, layer, code), expected, "{code}");
    }
}

#[test]
fn feet_become_metres_and_levels_stay_levels() {
    let text =
        WHOLE.replace("LPS", "cfs").replace("OFFSETS DEPTH", "OFFSETS Elevation").replace("0.1 0.2 0 0", "12 * 0 0");
    let rows = File::of(text.as_bytes()).rows();
    let c1 = said(&rows, Layer::Links, "C1");
    assert!(c1.contains("length_m=15.24 diameter_mm=91 "), "{c1}");
    assert!(c1.contains("invert_up_m=3.6576 invert_down_m=3.048 "), "{c1}");
    let j1 = said(&rows, Layer::Nodes, "J1");
    assert!(j1.contains("bottom_level_m=3.2004 depth_m=0.762 ") && j1.contains("dry_flow_l_s=14.158423296"), "{j1}");
}

#[test]
fn what_is_wrong_is_told_and_the_rest_comes_in() {
    let text = "[JUNCTIONS]\nJ1 1\nj1 2\nJ2 x\n[CONDUITS]\nC1 J1 J2 10 0.01\nC2 J1 gone 10 0.01\nC3 J1\n\
                [COORDINATES]\nJ1 1 2\nJ2 here there\n[XSECTIONS]\nC9 CIRCULAR 1\n";
    let file = File::of(text.as_bytes());
    let survey = file.survey();
    let mut rules: Vec<&str> = survey.problems.listed.iter().map(|problem| problem.rule).collect();
    rules.sort_unstable();
    let expected = [
        "swmm.crs",
        "swmm.duplicate",
        "swmm.no-node",
        "swmm.no-node",
        "swmm.no-place",
        "swmm.no-place",
        "swmm.number",
        "swmm.position",
        "swmm.unknown-name",
    ];
    assert_eq!(rules, expected);
    let rows = file.rows();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().filter(|(layer, _)| *layer == Layer::Links).all(|(_, row)| row.geometry.is_none()));
    assert!(said(&rows, Layer::Links, "C2").contains("to_node=gone"), "the network is right all the same");
}

#[test]
fn numbers_shapes_and_sections_that_mean_nothing_are_told_one_by_one() {
    assert_eq!(unreadable(WHOLE), Vec::<String>::new(), "a sound model");
    for (from, to, expected) in [
        ("\"井 2\" 50 0.013", "\"井 2\" abc 0.013", "“C1”: “abc” is no number (Length); it is left empty"),
        ("J1 10.5 2.5", "J1 ten 2.5", "“J1”: “ten” is no number (Bottom level); it is left empty"),
        ("j3\t9.0\t1.5", "j3\t9.0\t-3", "“j3”: “-3” is impossible (Depth); it is left empty"),
        ("C1 CIRCULAR 0.3", "C1 CIRCULAR 0", "“C1”: “0” is impossible (Diameter); it is left empty"),
        ("C1 CIRCULAR", "C1 NOSHAPE", "SWMM knows no shape “NOSHAPE”, which “C1” has: its section is left empty"),
        ("[LOSSES]", "[JUNK]", "SWMM has no section “[JUNK]”: what stands in it is not read, and kept as it is"),
        ("30 0.02", "30 -1", "“C3”: “-1” is impossible (Manning n); it is left empty"),
    ] {
        let told = unreadable(&WHOLE.replacen(from, to, 1));
        assert_eq!(told, [expected], "{to}");
    }
    let rows = File::of(WHOLE.replace("C1 CIRCULAR 0.3", "C1 NOSHAPE 0").as_bytes()).rows();
    let c1 = said(&rows, Layer::Links, "C1");
    assert!(!c1.contains("section=") && !c1.contains("diameter_mm=") && c1.contains("swmm_shape=NOSHAPE"), "{c1}");
}

/// What is told of words that cannot be read.
fn unreadable(model: &str) -> Vec<String> {
    let survey = File::of(model.as_bytes()).survey();
    let rules = ["swmm.number", "swmm.shape", "swmm.section"];
    let told = survey.problems.listed.iter().filter(|problem| rules.contains(&problem.rule));
    told.map(|problem| problem.what.en.clone().into_owned()).collect()
}

#[test]
fn names_in_gbk_are_read() {
    let (bytes, _, _) = encoding_rs::GBK.encode(WHOLE);
    let rows = File::of(&bytes).rows();
    assert!(said(&rows, Layer::Nodes, "J1").contains("remark=街口的井"));
    assert!(said(&rows, Layer::Links, "C1").contains("to_node=井 2"));
}

#[test]
fn a_map_in_degrees_is_taken_for_longitude_and_latitude() {
    let text = "[MAP]\nUnits Degrees\n[JUNCTIONS]\nJ1 1\n[COORDINATES]\nJ1 -71.1 42.4\n";
    let survey = File::of(text.as_bytes()).survey();
    assert_eq!((survey.crs, survey.crs_origin), (Crs::WGS84, CrsOrigin::Guessed));
}
