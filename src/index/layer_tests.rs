//! The index against plain loops over the same geometries.

use geo::{Contains, Distance, Euclidean, Intersects};
use proptest::prelude::*;

use super::layer::{LayerIndex, LayerIndexBuilder};
use crate::geom::crs::Crs;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::text::Text;

#[derive(Clone, Debug)]
struct Row {
    id: i64,
    geometry: Geometry,
}

fn schema() -> Schema {
    Schema {
        table: "plain".into(),
        name: Text::same("plain"),
        kind: "plain".into(),
        geometry: None,
        crs: Crs::WEB_MERCATOR,
        z_order: 0,
        fields: vec![Field::text("name", "名称", "Name"), Field::int("floors", "层数", "Floors")],
    }
}

fn build(rows: &[Row], tree: bool) -> LayerIndex {
    let mut builder = LayerIndexBuilder::new(&schema(), &["层数".to_owned()]);
    for row in rows {
        builder.push(row.id, Some(&row.geometry), &[Value::Int(row.id * 2)], &Some);
    }
    let mut index = builder.finish();
    if tree {
        index.build_tree();
    }
    index
}

/// Whole metres, so that centimetres lose nothing; a small world, so that features overlap.
fn geometry() -> impl Strategy<Value = Geometry> {
    let at = || (-500_i32..500, -500_i32..500).prop_map(|(x, y)| [f64::from(x), f64::from(y)]);
    let step = || (-40_i32..40, -40_i32..40).prop_map(|(x, y)| [f64::from(x), f64::from(y)]);
    let line = (at(), prop::collection::vec(step(), 1..6)).prop_map(|(start, steps)| {
        let mut path = vec![start];
        path.extend(steps.iter().scan(start, |at, step| {
            *at = [at[0] + step[0], at[1] + step[1]];
            Some(*at)
        }));
        Geometry::line(&path)
    });
    let ring = |[x, y]: [f64; 2], half: f64| {
        let ring = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)];
        geo::LineString::from_iter(ring.map(|(a, b)| (x + a * half, y + b * half * 0.5)))
    };
    let area = (at(), 6_i32..60, 1_i32..5).prop_map(move |(at, half, hole)| {
        let (half, hole) = (f64::from(half), f64::from(hole));
        let polygon = geo::Polygon::new(ring(at, half), vec![ring(at, hole)]);
        Geometry::from_geo(&geo::Geometry::Polygon(polygon))
    });
    prop_oneof![at().prop_map(|[x, y]| Geometry::point(x, y)), line, area]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (1_i64..200, geometry()).prop_map(|(id, geometry)| Row { id, geometry });
    prop::collection::vec(row, 0..80).prop_map(|mut rows| {
        let mut seen = std::collections::BTreeSet::new();
        rows.retain(|row| seen.insert(row.id));
        rows
    })
}

fn window() -> impl Strategy<Value = Bounds> {
    (-600_i32..600, -600_i32..600, 0_i32..400, 0_i32..400)
        .prop_map(|(x, y, w, h)| Bounds::new(x.into(), y.into(), (x + w).into(), (y + h).into()))
}

/// Distance as `geo` sees it, with the half-centimetre by which a crossing of two grids may differ left aside.
fn oracle_distance(geometry: &Geometry, at: [f64; 2]) -> f64 {
    let point = geo::Point::new(at[0], at[1]);
    match geometry.to_geo() {
        geo::Geometry::Polygon(area) if area.intersects(&point) => 0.0,
        geo::Geometry::Polygon(area) => Euclidean.distance(&point, &area),
        geo::Geometry::LineString(line) => Euclidean.distance(&point, &line),
        geo::Geometry::Point(other) => Euclidean.distance(point, other),
        _ => f64::INFINITY,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_window_meets_every_box_in_it_and_none_far_away(rows in rows(), window in window(), tree: bool) {
        let index = build(&rows, tree);
        let mut found = Vec::new();
        index.window(window, &mut |slot| found.push(index.id(slot).unwrap()));
        found.sort_unstable();
        for row in &rows {
            let met = found.binary_search(&row.id).is_ok();
            prop_assert!(met || !row.geometry.bounds().intersects(&window));
            prop_assert!(!met || row.geometry.bounds().intersects(&window.grown(0.02)));
        }
    }

    #[test]
    fn pick_and_nearest_agree_with_distances(rows in rows(), x in -600_i32..600, y in -600_i32..600, tree: bool) {
        let at = [f64::from(x), f64::from(y)];
        let index = build(&rows, tree);
        let mut want: Vec<f64> = rows.iter().map(|row| oracle_distance(&row.geometry, at)).collect();
        want.sort_by(f64::total_cmp);
        let nearest: Vec<f64> = index.nearest(at, f64::INFINITY, 5).iter().map(|hit| hit.distance_m).collect();
        prop_assert_eq!(nearest.len(), rows.len().min(5));
        for (got, want) in nearest.iter().zip(&want) {
            prop_assert!((got - want).abs() < 1e-6, "{got} is not {want}");
        }
        let picked = index.pick(at, 50.0, usize::MAX);
        prop_assert_eq!(picked.len(), want.iter().filter(|&&distance| distance <= 50.0).count());
        for hit in picked {
            let row = rows.iter().find(|row| row.id == hit.id).unwrap();
            prop_assert!((oracle_distance(&row.geometry, at) - hit.distance_m).abs() < 1e-6);
        }
    }

    #[test]
    fn inside_agrees_with_overlap_and_containment(rows in rows(), window in window()) {
        prop_assume!(window.width() > 0.0 && window.height() > 0.0);
        let rect = geo::Rect::new((window.min[0], window.min[1]), (window.max[0], window.max[1])).to_polygon();
        let index = build(&rows, true);
        let want = |keep: &dyn Fn(&Row) -> bool| {
            let mut ids: Vec<i64> = rows.iter().filter(|row| keep(row)).map(|row| row.id).collect();
            ids.sort_unstable();
            ids
        };
        prop_assert_eq!(index.inside(window, false, &|_| true), want(&|row| row.geometry.to_geo().intersects(&rect)));
        let within = |row: &Row| window.contains(row.geometry.bounds().min) && window.contains(row.geometry.bounds().max);
        prop_assert_eq!(index.inside(window, true, &|_| true), want(&within));
        let contains = |row: &&Row| rect.contains(&row.geometry.to_geo());
        prop_assert!(rows.iter().filter(contains).all(|row| index.inside(window, true, &|_| true).contains(&row.id)));
    }

    #[test]
    fn edits_leave_what_a_fresh_index_has(
        rows in rows(),
        edits in prop::collection::vec((1_i64..220, prop::option::of(geometry())), 0..40),
        window in window(),
        tree: bool,
    ) {
        let mut index = build(&rows, tree);
        let mut truth = rows;
        for (id, new) in edits {
            truth.retain(|row| row.id != id);
            truth.extend(new.clone().map(|geometry| Row { id, geometry }));
            let values = [Value::Int(id * 2)];
            index.apply(id, new.as_ref().map(|geometry| (Some(geometry), &values[..], &Some as _)));
        }
        prop_assert_eq!(index.len(), truth.len());
        prop_assert_eq!(index.inside(window, false, &|_| true), build(&truth, false).inside(window, false, &|_| true));
        for row in &truth {
            let slot = index.slot(row.id).unwrap();
            prop_assert_eq!(index.value(slot, 1), Value::Int(row.id * 2));
            prop_assert_eq!(index.value(slot, 0), Value::Null);
        }
    }
}

#[test]
fn a_hole_is_outside() {
    let outer = geo::LineString::from(vec![(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]);
    let hole = geo::LineString::from(vec![(4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0)]);
    let geometry = Geometry::from_geo(&geo::Geometry::Polygon(geo::Polygon::new(outer, vec![hole])));
    let index = build(&[Row { id: 1, geometry }], true);
    assert_eq!(index.pick([2.0, 2.0], 0.0, 9).len(), 1);
    assert_eq!(index.pick([5.0, 5.0], 0.5, 9).len(), 0);
    assert_eq!(index.inside(Bounds::new(4.5, 4.5, 5.5, 5.5), false, &|_| true), Vec::<i64>::new());
}

#[test]
fn of_two_at_the_same_place_the_later_painted_is_picked_first() {
    let rows = [1, 2].map(|id| Row { id, geometry: Geometry::point(5.0, 5.0) });
    let hits = build(&rows, true).pick([5.0, 5.0], 1.0, 1);
    assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_feature_that_comes_back_gets_its_place_back() {
    let rows: Vec<Row> = (1..=3).map(|id| Row { id, geometry: Geometry::point(5.0, 5.0) }).collect();
    let mut index = build(&rows, true);
    index.apply(2, None);
    assert_eq!((index.len(), index.slot(2)), (2, None));
    index.apply(2, Some((Some(&rows[1].geometry), &[], &Some)));
    assert_eq!((index.len(), index.slot(2)), (3, Some(1)));
}

#[test]
fn much_garbage_is_packed_away() {
    let line: Vec<[f64; 2]> = (0..2000).map(|n| [f64::from(n), 0.0]).collect();
    let rows: Vec<Row> = (1..=5).map(|id| Row { id, geometry: Geometry::line(&line) }).collect();
    let mut index = build(&rows, true);
    let before = index.resident_bytes();
    for round in 0..200 {
        index.apply(1 + round % 5, Some((Some(&rows[0].geometry), &[Value::Int(7)], &Some)));
    }
    assert!(index.resident_bytes() < before * 12, "{} of {before}", index.resident_bytes());
    assert_eq!(index.inside(Bounds::new(-1.0, -1.0, 1.0, 1.0), false, &|_| true), [1, 2, 3, 4, 5]);
    assert_eq!(index.value(0, 1), Value::Int(7));
}
