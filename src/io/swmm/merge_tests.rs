//! Models written again, and models made of nothing.

use proptest::prelude::*;

use super::tests::{File, WHOLE};
use super::*;
use crate::model::value::{FieldType, Value};

/// The nodes and links of a model as the city hands them back, unchanged.
fn network(rows: &[(Layer, Feature)]) -> (Vec<Node>, Vec<Link>) {
    let kept = |at: usize| Some(Kept { number: at as i64 + 1, ..Kept::default() });
    let mut all = (Vec::new(), Vec::new());
    for (at, (layer, row)) in rows.iter().enumerate() {
        let fields = layer.fields();
        let value = |id: &str| &row.values[fields.iter().position(|field| field.id == id).unwrap()];
        let number = |id: &str| value(id).as_f64();
        let words = |id: &str| value(id).to_string();
        match layer {
            Layer::Nodes => all.0.push(Node {
                kept: kept(at),
                name: words("code"),
                kind: match words("node_type").as_str() {
                    "outfall" => NodeKind::Outfall,
                    "storage" => NodeKind::Storage,
                    "divider" => NodeKind::Divider,
                    _ => NodeKind::Junction,
                },
                place: row.geometry.as_ref().map(|place| positions(place)[0]),
                bottom_m: number("bottom_level_m"),
                depth_m: number("depth_m"),
                init_depth_m: number("init_depth_m"),
                surcharge_depth_m: number("surcharge_depth_m"),
                ponded_area_m2: number("ponded_area_m2"),
                dry_flow_l_s: number("dry_flow_l_s"),
                inflow_l_s: number("inflow_l_s"),
                has_flap: value("has_flap").as_bool(),
                boundary: value("outfall_type").as_str().map(str::to_owned),
                stage: value("outfall_stage").as_str().map(str::to_owned),
                storage: value("storage_curve").as_str().map(str::to_owned),
                tag: value("tag").as_str().map(str::to_owned),
                remark: value("remark").as_str().map(str::to_owned),
            }),
            Layer::Links => {
                let path = row.geometry.as_ref().map(positions).unwrap_or_default();
                all.1.push(Link {
                    kept: kept(at),
                    name: words("code"),
                    kind: match words("link_type").as_str() {
                        "pump" => LinkKind::Pump,
                        "orifice" => LinkKind::Orifice,
                        "weir" => LinkKind::Weir,
                        "outlet" => LinkKind::Outlet,
                        _ => LinkKind::Conduit,
                    },
                    ends: [words("from_node"), words("to_node")],
                    vertices: path.get(1..path.len().max(1) - 1).unwrap_or_default().to_vec(),
                    length_m: number("length_m"),
                    manning_n: number("manning_n"),
                    inverts_m: [number("invert_up_m"), number("invert_down_m")],
                    section: value("section").as_str().map(str::to_owned),
                    height_mm: number("diameter_mm"),
                    width_mm: number("width_mm"),
                    barrels: value("barrels").as_i64(),
                    is_pressure: value("is_pressure").as_bool(),
                    shape: value("swmm_shape").as_str().map(str::to_owned),
                    device: value("device").as_str().map(str::to_owned),
                    tag: value("tag").as_str().map(str::to_owned),
                    remark: value("remark").as_str().map(str::to_owned),
                });
            }
            Layer::Areas | Layer::Gages => {}
        }
    }
    all
}

fn written<'a>(nodes: &'a [Node], links: &'a [Link]) -> Written<'a> {
    Written { nodes, links, ..Written::default() }
}

/// The lines that are in one text and not in the other, `-` and `+`.
fn differences(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-{line}"));
    let came = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+{line}"));
    gone.chain(came).collect()
}

#[track_caller]
fn check_merge(change: impl FnOnce(&mut Vec<Node>, &mut Vec<Link>), expected: &[&str], rules: &[&str]) -> String {
    let (mut nodes, mut links) = network(&File::of(WHOLE.as_bytes()).rows());
    change(&mut nodes, &mut links);
    let merged = merge(WHOLE.as_bytes(), written(&nodes, &links), &mut Task::silent()).unwrap();
    let text = String::from_utf8(merged.bytes).unwrap();
    let found = differences(WHOLE, &text);
    let squeezed: Vec<String> = found
        .iter()
        .map(|line| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(squeezed, expected);
    let told: Vec<&str> = merged.problems.listed.iter().map(|problem| problem.rule).collect();
    assert_eq!(told, rules);
    text
}

fn change<'a>(kept: &'a mut Option<Kept>, fields: &[&str]) -> &'a mut Kept {
    let kept = kept.as_mut().unwrap();
    kept.changed.extend(fields.iter().map(|field| (*field).to_owned()));
    kept
}

#[test]
fn what_nobody_changed_goes_out_byte_for_byte() {
    let text = check_merge(|_, _| {}, &[], &[]);
    assert_eq!(text, WHOLE);
}

#[test]
fn a_changed_value_changes_its_word_alone() {
    check_merge(
        |nodes, links| {
            (nodes[0].depth_m, nodes[0].dry_flow_l_s) = (Some(2.75), Some(0.8));
            change(&mut nodes[0].kept, &["depth_m", "dry_flow_l_s"]);
            (links[0].length_m, links[0].height_mm) = (Some(51.5), Some(400.0));
            change(&mut links[0].kept, &["length_m", "diameter_mm"]);
        },
        &[
            "-J1 10.5 2.5 0.25 0 0",
            "-C1 J1 \"井 2\" 50 0.013 0.1 0.2 0 0",
            "-C1 CIRCULAR 0.3 0 0 0 1",
            "-J1 FLOW 0.5 \"P\"",
            "+J1 10.5 2.75 0.25 0 0",
            "+C1 J1 \"井 2\" 51.5 0.013 0.1 0.2 0 0",
            "+C1 CIRCULAR 0.4 0 0 0 1",
            "+J1 FLOW 0.8 \"P\"",
        ],
        &[],
    );
}

#[test]
fn pipes_keep_their_level_when_the_bottom_of_a_node_is_lowered() {
    check_merge(
        |nodes, _| {
            nodes[0].bottom_m = Some(10.25);
            change(&mut nodes[0].kept, &["bottom_level_m"]);
        },
        &[
            "-J1 10.5 2.5 0.25 0 0",
            "-C1 J1 \"井 2\" 50 0.013 0.1 0.2 0 0",
            "+J1 10.25 2.5 0.25 0 0",
            "+C1 J1 \"井 2\" 50 0.013 0.35 0.2 0 0",
        ],
        &[],
    );
}

#[test]
fn what_is_gone_is_named_nowhere_and_rules_that_name_it_are_told() {
    let text = check_merge(
        |nodes, links| {
            nodes.remove(0);
            links.retain(|link| !["C1", "P1"].contains(&link.name.as_str()));
        },
        &[
            "-;街口的井",
            "-J1 10.5 2.5 0.25 0 0",
            "-C1 J1 \"井 2\" 50 0.013 0.1 0.2 0 0",
            "-P1 ST1 O1 * ON 0 0",
            "-C1 CIRCULAR 0.3 0 0 0 1",
            "-C1 0.5 0.5 0 NO 0",
            "-J1 FLOW 0.5 \"P\"",
            "-J1 TSS 3",
            "-NODES J1 J3",
            "-Node J1 雨水",
            "-J1 500000 3280000",
            "-C1 500020 3280005",
            "-C1 500030 3280005",
            "-\"main one\" C1 C2",
            "+NODES J3",
            "+\"main one\" C2",
        ],
        &["swmm.named", "swmm.rule"],
    );
    assert!(text.contains("THEN PUMP P1"), "rules stay as they are");
}

#[test]
fn a_new_name_goes_wherever_the_old_one_stood() {
    check_merge(
        |nodes, _| {
            nodes[2].name = "M3".into();
            change(&mut nodes[2].kept, &["code"]).is_moved = true;
            nodes[2].place = Some([1.5, 2.5]);
        },
        &[
            "-j3\t9.0\t1.5\t0\t0\t0",
            "-C2 \"井 2\" J3 40 0.015 0 0 0 0",
            "-C4 J3 O2 20 0.013 0 0",
            "-R1 ST1 J3 SIDE 0.5 0.65 NO 0",
            "-W1 D1 J3 TRANSVERSE 1.25 1.84 NO 0 0 YES",
            "-U1 J3 O1 0.75 FUNCTIONAL/DEPTH 10 0.5 NO",
            "-J3 FLOW \"\" FLOW 1.0 1.0 2.5",
            "-NODES J1 J3",
            "-J3 500090 3280000",
            "+M3\t9.0\t1.5\t0\t0\t0",
            "+C2 \"井 2\" M3 40 0.015 0 0 0 0",
            "+C4 M3 O2 20 0.013 0 0",
            "+R1 ST1 M3 SIDE 0.5 0.65 NO 0",
            "+W1 D1 M3 TRANSVERSE 1.25 1.84 NO 0 0 YES",
            "+U1 M3 O1 0.75 FUNCTIONAL/DEPTH 10 0.5 NO",
            "+J3 FLOW \"\" FLOW 1.0 1.0 2.5",
            "+NODES J1 M3",
            "+M3 1.5 2.5",
        ]
        .map(|line| if line == "+J3 FLOW \"\" FLOW 1.0 1.0 2.5" { "+M3 FLOW \"\" FLOW 1.0 1.0 2.5" } else { line }),
        &[],
    );
}

fn new_node(name: &str, kind: NodeKind, at: [f64; 2]) -> Node {
    Node {
        kept: None,
        name: name.into(),
        kind,
        place: Some(at),
        bottom_m: Some(7.25),
        depth_m: Some(2.0),
        ..Node::default()
    }
}

fn new_link(name: &str, kind: LinkKind, ends: [&str; 2]) -> Link {
    Link {
        kept: None,
        name: name.into(),
        kind,
        ends: ends.map(str::to_owned),
        vertices: vec![[1.0, 2.0]],
        length_m: Some(12.5),
        inverts_m: [Some(8.0), Some(7.5)],
        height_mm: Some(300.0),
        ..Link::default()
    }
}

#[test]
fn what_is_new_gets_lines_of_its_own() {
    let text = check_merge(
        |nodes, links| {
            nodes.push(Node { dry_flow_l_s: Some(1.5), ..new_node("N1", NodeKind::Junction, [3.0, 4.0]) });
            links.push(new_link("L1", LinkKind::Conduit, ["N1", "O2"]));
        },
        &[
            "+N1 7.25 2 0 0 0",
            "+L1 N1 O2 12.5 0.013 0.75 0 0 0",
            "+L1 CIRCULAR 0.3 0 0 0 1",
            "+N1 FLOW 1.5",
            "+N1 3 4",
            "+L1 1 2",
        ],
        &[],
    );
    let lines: Vec<&str> = text.lines().collect();
    let at = |begin: &str| lines.iter().position(|line| line.starts_with(begin)).unwrap();
    assert_eq!(at("N1") - 1, at("j3"), "behind the last of its section");
}

#[test]
fn pumps_that_share_their_node_get_a_curve() {
    let text = check_merge(
        |_, links| links.push(new_link("P2", LinkKind::Pump, ["ST1", "O1"])),
        &["+P2 ST1 O1 CITYGRID_PUMP ON 0 0", "+1 2", "+[CURVES]", "+CITYGRID_PUMP PUMP4 0 0", "+CITYGRID_PUMP 1 50"]
            .map(|line| if line == "+1 2" { "+P2 1 2" } else { line }),
        &["swmm.assumed"],
    );
    assert!(text.ends_with("50\n"), "a section that was not there comes at the end");
}

#[test]
fn an_ellipse_without_a_width_becomes_a_circle_and_that_is_told() {
    let ellipse = |width_mm| Link {
        section: Some("ellipse".into()),
        width_mm,
        inverts_m: [None; 2],
        vertices: Vec::new(),
        ..new_link("E2", LinkKind::Conduit, ["ST1", "O1"])
    };
    let (nodes, links) = network(&File::of(WHOLE.as_bytes()).rows());
    for (width_mm, line, told) in [
        (None, "E2 CIRCULAR 0.3 0", &["swmm.assumed"][..]),
        (Some(450.0), "E2 HORIZ_ELLIPSE 0.3 0.45", &[]),
        (Some(200.0), "E2 VERT_ELLIPSE 0.3 0.2", &[]),
    ] {
        let mut links = links.clone();
        links.push(ellipse(width_mm));
        let merged = merge(WHOLE.as_bytes(), written(&nodes, &links), &mut Task::silent()).unwrap();
        let text = String::from_utf8(merged.bytes).unwrap();
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.lines().any(|it| squeezed(it).starts_with(line)), "{line}");
        assert_eq!(merged.problems.listed.iter().map(|problem| problem.rule).collect::<Vec<_>>(), told);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    /// A broken text is read for what it has and written again for what is there, or refused.
    #[test]
    fn broken_models_do_no_harm(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        let (mut nodes, mut links) = network(&File::of(WHOLE.as_bytes()).rows());
        nodes.iter_mut().for_each(|node| change(&mut node.kept, &["code", "depth_m", "tag"]).is_moved = true);
        links.iter_mut().step_by(2).for_each(|link| change(&mut link.kept, &["section", "length_m"]).is_moved = true);
        for count in [nodes.len(), 0] {
            let written = Written { areas: Some(&[]), gages: Some(&[]), ..written(&nodes[..count], &links[..count.min(3)]) };
            let merged = merge(&bytes, written, &mut Task::silent());
            prop_assert!(merged.is_ok() || bytes.is_empty() || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff"));
        }
        if !bytes.is_empty() {
            let file = File::of(&bytes);
            file.try_rows();
        }
    }

    /// A network that is written into an empty model comes in again as it was.
    #[test]
    fn what_is_written_is_read_again(
        levels in proptest::collection::vec((0_i32..3000, 1_i32..600, 0_i32..3), 2..12),
        pipes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..5, 1_i64..300), 1..12),
        units in proptest::sample::select(vec!["LPS", "CMS", "CFS", "MGD"]),
    ) {
        let kinds = [NodeKind::Junction, NodeKind::Outfall, NodeKind::Storage];
        let nodes: Vec<Node> = levels.iter().enumerate().map(|(at, (level, depth, kind))| Node {
            bottom_m: Some(f64::from(*level) / 100.0),
            depth_m: (*kind != 1).then(|| f64::from(*depth) / 100.0),
            ..new_node(&format!("节点{at}"), kinds[*kind as usize], [at as f64 * 10.5, f64::from(*level)])
        }).collect();
        let classes = [LinkKind::Conduit, LinkKind::Pump, LinkKind::Orifice, LinkKind::Weir, LinkKind::Outlet];
        let links: Vec<Link> = pipes.iter().enumerate().map(|(at, (from, to, class, size))| {
            let ends = [from, to].map(|end| nodes[end.index(nodes.len())].name.clone());
            let size = *size as f64 * 10.0;
            Link { height_mm: Some(size), width_mm: Some(size), length_m: Some(size / 8.0),
                ..new_link(&format!("P{at}"), classes[*class], [&ends[0], &ends[1]]) }
        }).collect();
        let text = template("试算", Units::named(units).unwrap(), [0.0, 0.0, 100.0, 100.0], false);
        let merged = merge(text.as_bytes(), written(&nodes, &links), &mut Task::silent()).unwrap();
        let told = |problem: &Problem| problem.rule == "swmm.assumed";
        prop_assert!(merged.problems.listed.iter().all(told), "{:?}", merged.problems);
        let rows = File::of(&merged.bytes).rows();
        let (again, links_again) = network(&rows);
        prop_assert_eq!(again.len(), nodes.len());
        prop_assert_eq!(links_again.len(), links.len());
        for node in &nodes {
            let found = again.iter().find(|found| found.name == node.name).unwrap();
            prop_assert_eq!(found.place, node.place);
            prop_assert_eq!((found.bottom_m, found.depth_m, found.kind), (node.bottom_m, node.depth_m, node.kind));
        }
        for link in &links {
            let found = links_again.iter().find(|found| found.name == link.name).unwrap();
            prop_assert_eq!(&found.ends, &link.ends);
            prop_assert_eq!(&found.vertices, &link.vertices);
            prop_assert_eq!(found.kind, link.kind);
            if link.kind == LinkKind::Conduit {
                let (found, put) = (found.length_m.unwrap(), link.length_m.unwrap());
                prop_assert!((found - put).abs() < 1e-8, "{found} {put}");
            }
        }
    }
}

/// The subcatchments and rain gages of a model as the city hands them back, unchanged.
fn others(rows: &[(Layer, Feature)]) -> (Vec<Area>, Vec<Gage>) {
    let mut all = (Vec::new(), Vec::new());
    for (at, (layer, row)) in rows.iter().enumerate() {
        let kept = Some(Kept { number: at as i64 + 1, ..Kept::default() });
        let places = row.geometry.as_ref().map(positions);
        match layer {
            Layer::Areas => {
                let ring = places.map(|mut ring| {
                    ring.pop();
                    ring
                });
                all.0.push(Area { kept, values: row.values.clone(), ring, drawn_m2: Some(1000.0) });
            }
            Layer::Gages => {
                all.1.push(Gage { kept, values: row.values.clone(), place: places.and_then(|at| at.first().copied()) });
            }
            Layer::Nodes | Layer::Links => {}
        }
    }
    all
}

/// The model with one value of one row set, as it is written; the values of that row when it is read again.
fn set(rows: &[(Layer, Feature)], at: usize, place: usize, value: &Value) -> (Merge, Option<Vec<Value>>) {
    let mut rows = rows.to_vec();
    let id = rows[at].0.fields()[place].id.to_string();
    rows[at].1.values[place] = value.clone();
    let ((mut nodes, mut links), (mut areas, mut gages)) = (network(&rows), others(&rows));
    let number = at as i64 + 1;
    let nodes_kept = nodes.iter_mut().map(|it| &mut it.kept);
    let kept = nodes_kept.chain(links.iter_mut().map(|it| &mut it.kept));
    let kept = kept.chain(areas.iter_mut().map(|it| &mut it.kept)).chain(gages.iter_mut().map(|it| &mut it.kept));
    let kept = kept.flatten().filter(|kept| kept.number == number);
    kept.for_each(|kept| _ = kept.changed.insert(id.clone()));
    let whole = Written { areas: Some(&areas), gages: Some(&gages), ..written(&nodes, &links) };
    let merged = merge(WHOLE.as_bytes(), whole, &mut Task::silent()).unwrap();
    let code = rows[at].1.values[0].to_string();
    let again = File::of(&merged.bytes).rows();
    let row = again.into_iter().find(|(layer, row)| *layer == rows[at].0 && row.values[0].to_string() == code);
    (merged, row.map(|(_, row)| row.values))
}

/// Whether two values say the same: numbers to the micrometre, words in any case.
fn is_same(one: &Value, other: &Value) -> bool {
    // Not said is not so.
    if one.as_bool().or(other.as_bool()).is_some() {
        return one.as_bool().unwrap_or_default() == other.as_bool().unwrap_or_default();
    }
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-6,
        _ => one.to_string().eq_ignore_ascii_case(&other.to_string()),
    }
}

/// Whether a value is none, or what SWMM takes where none is given.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_f64() == Some(0.0) || ["NO", "false", "FREE", "1"].contains(&&*value.to_string())
}

/// Words that a city lets in for a field: kinds of nodes and links are chosen from a list.
fn may_be(field: &str, word: &str) -> bool {
    match field {
        "node_type" => ["outfall", "storage"].contains(&word),
        "link_type" => word == "weir",
        "section" => word == "rectangle",
        _ => true,
    }
}

#[test]
fn every_value_that_changes_is_written_or_told() {
    let rows = File::of(WHOLE.as_bytes()).rows();
    let mut dropped = Vec::new();
    let mut tried = 0;
    for (at, (layer, row)) in rows.iter().enumerate() {
        for (place, field) in layer.fields().iter().enumerate().skip(1) {
            let old = &row.values[place];
            let number = old.as_f64().map_or(1.5, |old| old + 0.5);
            let words = [
                "O1",
                "RG1",
                "FIXED",
                "8.75",
                "TABULAR C1 0 0",
                "FUNCTIONAL 10 0 5",
                "TIMESERIES T1",
                "PERVIOUS 40",
                "80 0.5 7",
                "0:15",
                "VOLUME",
                "SIDEFLOW",
                "FUNCTIONAL/HEAD",
                "storage",
                "outfall",
                "weir",
                "rectangle",
                "ARCH",
                "完全不懂",
            ];
            let values: Vec<Value> = match field.field_type {
                FieldType::Real => vec![Value::Real(number), Value::Null],
                FieldType::Int => vec![Value::Int(number.round() as i64 + 100), Value::Null],
                FieldType::Bool => vec![Value::Bool(old.as_bool() != Some(true))],
                _ => words
                    .iter()
                    .filter(|word| may_be(&field.id, word))
                    .map(|word| Value::from(*word))
                    .chain([Value::Null])
                    .collect(),
            };
            // An element's own name above it says nothing about it.
            let is_other = |value: &&Value| !is_same(value, old) && !is_same(value, &row.values[0]);
            // What has no type is what nothing else is.
            let is_type = ["node_type", "link_type"].contains(&&*field.id);
            for value in values.iter().filter(is_other).filter(|value| !is_type || !value.is_null()) {
                tried += 1;
                let (merged, again) = set(&rows, at, place, value);
                let is_told = !merged.problems.is_empty() || merged.unplaced.contains_key(&*field.id);
                let now = again.as_ref().map(|values| &values[place]);
                let is_written = now.is_some_and(|now| is_same(now, value) || (value.is_null() && is_nothing(now)));
                if !is_told && !is_written {
                    dropped.push(format!("{}.{} = {value} (was {old}, is {now:?})", row.values[0], field.id));
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn a_subcatchment_drawn_in_the_city_gets_all_its_lines_and_what_is_made_up_is_told() {
    let rows = File::of(WHOLE.as_bytes()).rows();
    let ((nodes, links), (mut areas, _)) = (network(&rows), others(&rows));
    let mut values = vec![Value::Null; Layer::Areas.fields().len()];
    values[0] = "新 区".into();
    let ring = Some(vec![[500_088.0, 3_280_001.0], [500_092.0, 3_280_001.0], [500_090.0, 3_280_004.0]]);
    areas.push(Area { kept: None, values, ring, drawn_m2: Some(10_000.0) });
    let whole = Written { areas: Some(&areas), ..written(&nodes, &links) };
    let merged = merge(WHOLE.as_bytes(), whole, &mut Task::silent()).unwrap();
    let text = String::from_utf8(merged.bytes).unwrap();
    let squeezed = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        differences(WHOLE, &text).iter().map(squeezed).collect::<Vec<_>>(),
        [
            "+新_区 RG1 j3 1 25 100 0.5 0",
            "+新_区 0.01 0.1 1.27 1.27 25 OUTLET",
            "+新_区 76.2 12.7 4 7 0",
            "+新_区 500088 3280001",
            "+新_区 500092 3280001",
            "+新_区 500090 3280004",
        ]
    );
    let told: Vec<&str> = merged.problems.listed.iter().map(|problem| problem.rule).collect();
    assert_eq!(told, ["swmm.name", "swmm.assumed"]);
}

#[test]
fn a_rain_gage_takes_its_name_along_to_whoever_names_it() {
    let rows = File::of(WHOLE.as_bytes()).rows();
    let gage = rows.iter().position(|(layer, _)| *layer == Layer::Gages).unwrap();
    let (merged, again) = set(&rows, gage, 0, &"气象局".into());
    let text = String::from_utf8(merged.bytes).unwrap();
    assert!(again.is_some());
    let lines = differences(WHOLE, &text);
    let squeezed: Vec<String> =
        lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        squeezed[3..],
        ["+气象局 INTENSITY 0:05 1.0 TIMESERIES T1", "+S1 气象局 J1 1.5 60 80 0.5 0", "+气象局 500010 3280050"]
    );
}
