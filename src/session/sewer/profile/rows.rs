//! A long profile as rows for files: nodes, pipes and crossings by chainage.

use crate::io::format::Written;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::answer::Failure;
use crate::session::sewer::SewerDesk;
use crate::session::sewer::found::{is_table, kind_field, millimetre, schema};
use crate::session::sewer::out::OutFile;
use crate::session::sewer::questions::ProfileAnswer;
use crate::task::Task;
use crate::text::Text;
use crate::trades::sewer::profile::{Crossing, Passing, Profile, Reach, Station};

/// What stands in a row beside its place.
type Cells = Vec<(&'static str, Value)>;

impl SewerDesk {
    /// Writes a long profile as rows: nodes, pipes and crossings by chainage; with their places where the format is one
    /// of maps.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_profile(
        &self,
        answer: &ProfileAnswer,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        let has_shapes = !is_table(&out.path);
        let lines = self.with(task, |live| {
            let line = |&(pipe, _): &(u32, bool)| live.sewers.line_along(pipe);
            answer.course.course.pipes.iter().map(line).collect::<Vec<_>>()
        })?;
        let fields = fields();
        let rows = rows(&answer.profile, &fields, &lines, has_shapes);
        let geometry = has_shapes.then_some(GeometryKind::Collection);
        let schema = schema("profile", Text::new("纵断面", "Long profile"), geometry, fields);
        self.write_rows(out, &schema, &rows, task)
    }
}

fn fields() -> Vec<Field> {
    let parts = [("node", "节点", "Node"), ("pipe", "管段", "Pipe"), ("crossing", "交叉管", "Crossing")];
    let passing = [("above", "上穿", "Above"), ("below", "下穿", "Below"), ("through", "相碰", "Through")];
    let metres = |id, zh, en| Field::real(id, zh, en, "m");
    let of_node = |id| {
        let found = kinds::find("sewer_node").and_then(|kind| kind.fields.iter().find(|field| field.id == id));
        found.cloned().unwrap_or_else(|| Field::text(id, id, id))
    };
    vec![
        Field::coded("part", "类别", "Part", &parts),
        Field::text("code", "编号", "Code"),
        metres("chainage_m", "里程", "Chainage"),
        metres("end_chainage_m", "终点里程", "End chainage"),
        metres("length_m", "距离", "Length"),
        metres("stated_length_m", "记录管长", "Recorded length"),
        Field::text("from_node", "起点井号", "Node at the beginning"),
        Field::text("to_node", "终点井号", "Node at the end"),
        Field::bool("with_flow", "顺水流", "With the flow"),
        metres("ground_m", "地面标高", "Ground"),
        metres("end_ground_m", "终点地面标高", "End ground"),
        Field::bool("ground_derived", "地面为推算", "Ground worked out"),
        Field::bool("floor_derived", "井底为推算", "Floor worked out"),
        metres("floor_m", "井底标高", "Floor"),
        metres("depth_m", "井深", "Depth"),
        metres("drop_m", "跌差", "Drop"),
        metres("invert_m", "管底标高", "Invert"),
        metres("end_invert_m", "终点管底标高", "End invert"),
        metres("crown_m", "管内顶标高", "Crown"),
        metres("end_crown_m", "终点管内顶标高", "End crown"),
        metres("cover_m", "覆土", "Cover"),
        metres("end_cover_m", "终点覆土", "End cover"),
        Field::real("diameter_mm", "管径", "Diameter", "mm"),
        Field::real("width_mm", "断面宽", "Width", "mm"),
        Field::real("slope_permille", "坡度", "Gradient", "‰"),
        Field::bool("adverse", "逆坡", "Adverse"),
        Field::bool("pressure", "压力管", "Under pressure"),
        Field::bool("siphon", "倒虹管", "Siphon"),
        kind_field("sewer_pipe", "sewer_type"),
        kind_field("sewer_pipe", "material"),
        of_node("node_type"),
        of_node("well_type"),
        Field::coded("passes", "穿越", "Passes", &passing),
        metres("gap_m", "交叉净距", "Vertical gap"),
    ]
}

/// Nodes, pipes and crossings by chainage; at one place the node comes first.
fn rows(profile: &Profile, fields: &[Field], lines: &[Vec<[f64; 2]>], has_shapes: bool) -> Vec<Feature> {
    let mut rows: Vec<(f64, u8, Option<Geometry>, Cells)> = Vec::new();
    for it in &profile.stations {
        rows.push((it.chainage_m, 0, it.at.map(|[lon, lat]| Geometry::point(lon, lat)), node_cells(it)));
    }
    for (number, (it, line)) in profile.reaches.iter().zip(lines).enumerate() {
        let shape = (line.len() > 1).then(|| Geometry::line(line));
        let ends = profile.stations.get(number..number + 2).unwrap_or_default();
        rows.push((it.chainages_m[0], 1, shape, pipe_cells(it, ends)));
    }
    for it in &profile.crossings {
        let cells = crossing_cells(it, profile.ground_at(it.chainage_m));
        rows.push((it.chainage_m, 2, Some(Geometry::point(it.at[0], it.at[1])), cells));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let feature = |(id, (_, _, geometry, mut cells)): (i64, (f64, u8, Option<Geometry>, Cells))| {
        let mut value = |field: &Field| {
            let place = cells.iter().position(|(id, _)| field.id == *id);
            place.map_or(Value::Null, |place| cells.swap_remove(place).1)
        };
        Feature { id, geometry: geometry.filter(|_| has_shapes), values: fields.iter().map(&mut value).collect() }
    };
    (1..).zip(rows).map(feature).collect()
}

fn number(number: Option<f64>) -> Value {
    number.map_or(Value::Null, millimetre)
}

fn text(text: &str) -> Value {
    Value::from(Some(text).filter(|it| !it.is_empty()))
}

fn node_cells(it: &Station) -> Cells {
    vec![
        ("part", Value::from("node")),
        ("code", text(&it.code)),
        ("chainage_m", millimetre(it.chainage_m)),
        ("ground_m", number(it.ground_m)),
        ("ground_derived", Value::from(it.ground_m.map(|_| it.is_ground_derived))),
        ("floor_m", number(it.floor_m)),
        ("floor_derived", Value::from(it.floor_m.map(|_| it.is_floor_derived))),
        ("depth_m", number(it.ground_m.zip(it.floor_m).map(|(ground, floor)| ground - floor))),
        ("drop_m", number(it.drop_m)),
        ("node_type", if it.row.is_some() { Value::from(it.node_type.code()) } else { Value::Null }),
        ("well_type", text(&it.well)),
    ]
}

fn pipe_cells(it: &Reach, ends: &[Station]) -> Cells {
    let [from_m, to_m] = it.chainages_m;
    let end = |side: usize| ends.get(side);
    vec![
        ("part", Value::from("pipe")),
        ("code", text(&it.code)),
        ("chainage_m", millimetre(from_m)),
        ("end_chainage_m", millimetre(to_m)),
        ("length_m", millimetre(it.length_m())),
        ("stated_length_m", number(it.stated_length_m)),
        ("from_node", text(end(0).map_or("", |node| &node.code))),
        ("to_node", text(end(1).map_or("", |node| &node.code))),
        ("with_flow", Value::from(it.is_along)),
        ("ground_m", number(end(0).and_then(|node| node.ground_m))),
        ("end_ground_m", number(end(1).and_then(|node| node.ground_m))),
        ("ground_derived", Value::from(ends.iter().any(|node| node.is_ground_derived))),
        ("invert_m", number(it.inverts_m[0])),
        ("end_invert_m", number(it.inverts_m[1])),
        ("crown_m", number(it.crowns_m[0])),
        ("end_crown_m", number(it.crowns_m[1])),
        ("cover_m", number(it.covers_m[0])),
        ("end_cover_m", number(it.covers_m[1])),
        ("diameter_mm", number(it.diameter_mm)),
        ("width_mm", number(it.width_mm)),
        ("slope_permille", number(it.slope.map(|slope| slope * 1000.0))),
        ("adverse", Value::from(it.slope.map(|_| it.is_adverse))),
        ("pressure", Value::from(it.is_pressure)),
        ("siphon", Value::from(it.is_siphon)),
        ("sewer_type", Value::from(it.system.code())),
        ("material", text(&it.material)),
    ]
}

fn crossing_cells(it: &Crossing, ground_m: Option<f64>) -> Cells {
    vec![
        ("part", Value::from("crossing")),
        ("code", text(&it.code)),
        ("chainage_m", millimetre(it.chainage_m)),
        ("ground_m", number(ground_m)),
        ("width_mm", number(it.width_mm)),
        ("invert_m", number(it.invert_m)),
        ("crown_m", number(it.crown_m)),
        ("cover_m", number(ground_m.zip(it.crown_m).map(|(ground, crown)| ground - crown))),
        ("diameter_mm", number(it.diameter_mm)),
        ("sewer_type", Value::from(it.system.code())),
        ("passes", Value::from(it.passing.map(Passing::code))),
        ("gap_m", number(it.gap_m)),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geom::plane::LocalPlane;
    use crate::trades::sewer::pipe::{Node, Pipe, RowRef};
    use crate::trades::sewer::sewers::{Joining, Sewers};
    use crate::trades::sewer::ways::shortest;

    fn at(x_m: f64) -> [f64; 2] {
        LocalPlane::at([115.99, 29.71]).to_lonlat([x_m, 0.0])
    }

    /// Pipes in a row from node 0 on: inverts at both ends, size, and the grounds of the nodes, in millimetres.
    fn street(pipes: &[([Option<i32>; 2], i32)], grounds: &[Option<i32>]) -> (Vec<Pipe>, Vec<Node>) {
        let metres = |level: Option<i32>| level.map(|level| f64::from(level) / 1000.0);
        let pipe = |(number, (inverts, size)): (usize, &([Option<i32>; 2], i32))| Pipe {
            row: RowRef { layer: 0, id: number as i64 },
            code: format!("P{number}").into(),
            from_code: format!("N{number}").into(),
            to_code: format!("N{}", number + 1).into(),
            invert_up_m: metres(inverts[0]),
            invert_down_m: metres(inverts[1]),
            diameter_mm: Some(f64::from(*size)),
            line: vec![at(number as f64 * 40.0), at((number + 1) as f64 * 40.0)],
            ..Pipe::default()
        };
        let node = |(number, ground): (usize, &Option<i32>)| Node {
            row: RowRef { layer: 1, id: number as i64 },
            code: format!("N{number}").into(),
            ground_m: metres(*ground),
            at: Some(at(number as f64 * 40.0)),
            ..Node::default()
        };
        (pipes.iter().enumerate().map(pipe).collect(), grounds.iter().enumerate().map(node).collect())
    }

    fn level() -> impl Strategy<Value = Option<i32>> {
        prop::option::weighted(0.8, 10_000..20_000)
    }

    proptest! {
        #[test]
        fn every_number_follows_from_the_rows_of_pipes_and_nodes(
            drawn in prop::collection::vec(((level(), level()), 200..2000, level()), 1..8),
        ) {
            let pipes: Vec<([Option<i32>; 2], i32)> = drawn.iter().map(|((a, b), size, _)| ([*a, *b], *size)).collect();
            let grounds: Vec<Option<i32>> = drawn.iter().map(|it| it.2).chain([Some(21_000)]).collect();
            let (pipe_rows, node_rows) = street(&pipes, &grounds);
            let sewers = Sewers::new(pipe_rows.clone(), node_rows.clone(), Joining::default());
            let ends = ["N0".to_owned(), format!("N{}", pipes.len())].map(|code| sewers.nodes_with_code(&code)[0]);
            let profile = Profile::along(&sewers, &shortest(&sewers, ends[0], ends[1], false).expect("a way"));
            let fields = fields();
            let lines = vec![Vec::new(); pipes.len()];
            let rows = rows(&profile, &fields, &lines, false);
            let told = |row: &Feature, id: &str| {
                row.values[fields.iter().position(|field| field.id == id).expect("a field")].clone()
            };
            let number = |row: &Feature, id: &str| told(row, id).as_f64();
            let near = |told: Option<f64>, want: Option<f64>| match (told, want) {
                (Some(told), Some(want)) => (told - want).abs() <= 0.000_51,
                (told, want) => told.is_none() && want.is_none(),
            };
            prop_assert_eq!(rows.len(), pipes.len() * 2 + 1);
            for row in rows.iter().filter(|row| told(row, "part") == Value::from("pipe")) {
                let code = told(row, "code").to_string();
                let number_of = pipe_rows.iter().position(|pipe| *pipe.code == *code).expect("its pipe");
                let (pipe, is_along) = (&pipe_rows[number_of], told(row, "with_flow") == Value::from(true));
                // The course runs from node 0 on, as the record does; what flows is another thing.
                let flow = sewers.flow(sewers.pipe_of_row(pipe.row).expect("a number")).expect("a flow");
                let from = sewers.node(flow.nodes[0]).expect("a node").code.clone();
                prop_assert_eq!(is_along, *from == *pipe.from_code);
                let end = |prefix: &str, id: &str| number(row, &format!("{prefix}{id}"));
                let inverts = [pipe.invert_up_m, pipe.invert_down_m];
                let height_m = pipe.diameter_mm.expect("a size") / 1000.0;
                for (side, prefix) in [(0, ""), (1, "end_")] {
                    let ground = node_rows[number_of + side].ground_m;
                    let crown = inverts[side].map(|invert| invert + height_m);
                    prop_assert!(near(end(prefix, "invert_m"), inverts[side]));
                    prop_assert!(near(end(prefix, "crown_m"), crown));
                    prop_assert!(near(end(prefix, "ground_m"), ground));
                    let cover = ground.zip(crown).map(|(ground, crown)| ground - crown);
                    prop_assert!(near(end(prefix, "cover_m"), cover));
                }
                let length_m = number(row, "length_m").expect("a length");
                let fall = inverts[0].zip(inverts[1]).map(|(up, down)| if is_along { up - down } else { down - up });
                let slope = number(row, "slope_permille");
                prop_assert_eq!(slope.is_some(), fall.is_some());
                if let Some((slope, fall)) = slope.zip(fall) {
                    prop_assert!((slope - fall / length_m * 1000.0).abs() < 0.02, "{slope} {fall} {length_m}");
                    prop_assert_eq!(told(row, "adverse"), Value::from(slope < 0.0));
                }
            }
        }
    }
}
