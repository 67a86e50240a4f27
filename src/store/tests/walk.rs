//! A long random walk of commands, undo, redo and reopening: always the same content at the same step.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::fixture::{content, edit, import, insert, lamp, lamp_city, lamps, run};
use crate::model::feature::Delta;
use crate::store::city::City;
use crate::store::command::{Action, LayerState, NewPhoto};
use crate::store::query::Query;
use crate::task::Task;
use crate::text::Text;

#[test]
fn every_state_comes_back_on_a_random_walk() {
    for seed in 0..3 {
        check(seed, 120);
    }
}

#[track_caller]
fn check(seed: u64, steps: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (folder, mut city) = lamp_city();
    // The content after each step; `at` is where we are.
    let mut states = vec![content(&city)];
    let mut at = 0;
    for number in 0..steps {
        match random.random_range(0..10) {
            0..3 if at > 0 => {
                assert!(run(&city, Action::Undo).unwrap().step.is_some());
                at -= 1;
            }
            3 if at + 1 < states.len() => {
                assert!(run(&city, Action::Redo).unwrap().step.is_some());
                at += 1;
            }
            4 if number % 3 == 0 => {
                drop(city);
                city = City::open(&folder.file("九江.gpkg")).unwrap();
            }
            _ => {
                if change(&city, &mut random, number) {
                    states.truncate(at + 1);
                    states.push(content(&city));
                    at += 1;
                }
            }
        }
        assert_eq!(content(&city), states[at], "seed {seed}, step {number}");
    }
    assert_eq!(city.check(&mut Task::silent()).unwrap(), []);
    while at > 0 {
        run(&city, Action::Undo).unwrap();
        at -= 1;
        assert_eq!(content(&city), states[at], "seed {seed}, on the way back to {at}");
    }
    assert_eq!(city.check(&mut Task::silent()).unwrap(), []);
}

/// Does something; whether it became a step.
fn change(city: &City, random: &mut ChaCha8Rng, number: usize) -> bool {
    let reader = city.reader().unwrap();
    let layers = reader.layers().unwrap();
    let new_layer = |random: &mut ChaCha8Rng| lamps(&format!("lamp{}", random.random_range(0..4)));
    if layers.is_empty() {
        return run(city, Action::CreateLayer(lamps("lamp"))).is_ok();
    }
    let layer = &layers[random.random_range(0..layers.len())];
    let table = layer.schema.table.clone();
    let ids = reader.ids(&table, &Query::default()).unwrap();
    let many = |random: &mut ChaCha8Rng| {
        let count = if random.random_bool(0.1) { 6000 } else { 20 };
        (0..count).map(|number| lamp(number % 50, "i")).collect::<Vec<_>>()
    };
    let done = match random.random_range(0..12) {
        0..4 => {
            let mut deltas = vec![insert(&table, lamp(random.random_range(0..100), "n"))];
            let every = random.random_range(1..60);
            for id in ids.iter().step_by(every).take(5) {
                let old = reader.feature(&table, *id).unwrap();
                let mut new = old.clone().unwrap();
                new.values[0] = random.random_range(0.0..9.0).into();
                if random.random_bool(0.5) {
                    new.geometry = lamp(random.random_range(-50..200), "").geometry;
                }
                deltas.push(Delta { layer: table.clone(), id: *id, old, new: Some(new) });
            }
            let photos = if random.random_bool(0.3) { vec![photo()] } else { Vec::new() };
            run(city, Action::Edit { deltas, photos })
        }
        4..6 if !ids.is_empty() => {
            let id = ids[random.random_range(0..ids.len())];
            edit(city, vec![Delta { layer: table, id, old: None, new: None }])
        }
        6 => import(city, new_layer(random), false, many(random)),
        7 => import(city, lamps(&table), true, many(random)),
        8 => run(city, Action::RemoveLayer(table)),
        9 => {
            let state = LayerState { name: Text::same(format!("灯 {number}")), opacity: 0.5, ..layer.state.clone() };
            run(city, Action::LayerState { table, state })
        }
        10 if !ids.is_empty() => run(city, Action::AddPhotos { layer: table, id: ids[0], photos: vec![photo()] }),
        _ => run(city, Action::CreateLayer(new_layer(random))),
    };
    done.is_ok_and(|done| done.step.is_some())
}

fn photo() -> NewPhoto {
    NewPhoto { name: "p".to_owned(), mime: "image/png".to_owned(), bytes: vec![7; 10], ..NewPhoto::default() }
}
