//! How long a million rows take. Runs when `CITYGRID_SPEED` is set to a number of rows, and prints.

use std::ops::ControlFlow;
use std::time::Instant;

use super::fixture::{Folder, edit, insert, lamp, lamps, run};
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::store::city::City;
use crate::store::command::Action;
use crate::store::create::create_with;
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::store::query::Query;

struct Many(u32, bool);

impl Import for Many {
    fn targets(&self) -> Vec<Target> {
        vec![Target { schema: lamps("lamp"), append: self.1 }]
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        for number in 0..self.0 {
            let place =
                Geometry::point(115.8 + f64::from(number % 1000) * 1e-4, 29.6 + f64::from(number / 1000) * 1e-4);
            let values = vec![f64::from(number).into(), format!("L{number:07}").into(), "on".into()];
            sink(0, Feature { id: 0, geometry: Some(place), values })?;
        }
        Ok(())
    }
}

#[test]
fn a_million_rows() {
    let Some(rows) = std::env::var("CITYGRID_SPEED").ok().and_then(|rows| rows.parse().ok()) else { return };
    let folder = Folder::new();
    let path = folder.file("big.gpkg");
    let report = std::cell::RefCell::new(String::new());
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        *report.borrow_mut() += &format!("{what:28} {:8.1} ms\n", start.elapsed().as_secs_f64() * 1e3);
    };
    timed("import into a new city", &mut || {
        create_with(&path, false, |city| run(city, Action::Import(Box::new(Many(rows, false))))).unwrap();
    });
    let mut city = None;
    timed("open and list", &mut || {
        let opened = City::open(&path).unwrap();
        assert_eq!(opened.reader().unwrap().layers().unwrap()[0].count, u64::from(rows));
        city = Some(opened);
    });
    let city = city.unwrap();
    let reader = city.reader().unwrap();
    timed("scan geometry", &mut || {
        let mut sum = 0;
        reader
            .scan("lamp", None, &[], &mut |_, wkb, _| {
                sum += wkb.len();
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(sum > 0);
    });
    timed("scan geometry and 2 values", &mut || {
        let fields = ["height_m".to_owned(), "state".to_owned()];
        reader.scan("lamp", None, &fields, &mut |_, _, _| ControlFlow::Continue(())).unwrap();
    });
    timed("ids by text", &mut || {
        let query = Query { order: Some(("code".to_owned(), true)), ..Query::default() };
        assert_eq!(reader.ids("lamp", &query).unwrap().len(), rows as usize);
    });
    timed("search", &mut || {
        reader.search("lamp", &["code".to_owned()], &["099999"], 50).unwrap();
    });
    timed("first edit (switches to WAL)", &mut || drop(edit(&city, vec![insert("lamp", lamp(1, "e"))]).unwrap()));
    timed("100 edits, one after another", &mut || {
        for number in 0..100 {
            edit(&city, vec![insert("lamp", lamp(number, "e"))]).unwrap();
        }
    });
    timed("append as many", &mut || drop(run(&city, Action::Import(Box::new(Many(rows, true)))).unwrap()));
    timed("undo the append", &mut || drop(run(&city, Action::Undo).unwrap()));
    timed("redo the append", &mut || drop(run(&city, Action::Redo).unwrap()));
    timed("remove the layer", &mut || drop(run(&city, Action::RemoveLayer("lamp".to_owned())).unwrap()));
    timed("undo that", &mut || drop(run(&city, Action::Undo).unwrap()));
    timed("close", &mut || city.close().unwrap());
    std::fs::write(std::env::temp_dir().join("citygrid_speed.txt"), report.into_inner()).unwrap();
}
