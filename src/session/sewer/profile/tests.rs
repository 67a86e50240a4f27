//! Drawings of long profiles: what stands on them, and that nothing runs off the paper.

use super::*;
use crate::render::scene::TextRun;
use crate::session::sewer::place::Members;
use crate::session::sewer::questions::CourseAnswer;
use crate::trades::sewer::pipe::NodeType;
use crate::trades::sewer::profile::{Crossing, Passing, Reach, Station};
use crate::trades::sewer::trace::Sums;
use crate::trades::sewer::ways::Course;

fn answer(is_sample: bool) -> ProfileAnswer {
    let station = |code: &str, chainage_m: f64, ground_m: Option<f64>| Station {
        code: code.into(),
        chainage_m,
        ground_m,
        floor_m: ground_m.map(|ground| ground - 3.0),
        ..Station::default()
    };
    let reach = |chainages_m: [f64; 2], inverts_m: [Option<f64>; 2]| Reach {
        code: "P".into(),
        chainages_m,
        inverts_m,
        crowns_m: inverts_m.map(|level| level.map(|level| level + 0.5)),
        diameter_mm: Some(500.0),
        material: "HDPE".into(),
        is_along: true,
        slope: inverts_m[0].zip(inverts_m[1]).map(|(up, down)| (up - down) / (chainages_m[1] - chainages_m[0])),
        ..Reach::default()
    };
    let profile = Profile {
        stations: vec![
            station("WS-1", 0.0, Some(20.0)),
            station("WS-2", 60.0, Some(19.6)),
            station("WS-3", 100.0, None),
        ],
        reaches: vec![reach([0.0, 60.0], [Some(17.0), Some(16.8)]), reach([60.0, 100.0], [Some(16.7), None])],
        crossings: vec![
            Crossing {
                chainage_m: 30.0,
                invert_m: Some(18.0),
                crown_m: Some(18.3),
                passing: Some(Passing::Above),
                gap_m: Some(0.6),
                diameter_mm: Some(300.0),
                ..Crossing::default()
            },
            Crossing { code: "YS-9".into(), chainage_m: 80.0, diameter_mm: Some(300.0), ..Crossing::default() },
        ],
        length_m: 100.0,
    };
    let mut profile = profile;
    for number in 0..2 {
        for side in 0..2 {
            let ground_m = profile.stations[number + side].ground_m;
            let crown_m = profile.reaches[number].crowns_m[side];
            profile.reaches[number].covers_m[side] = ground_m.zip(crown_m).map(|(ground, crown)| ground - crown);
        }
    }
    let nodes = ["WS-1", "WS-2", "WS-3"].map(Into::into).to_vec();
    let members = Members { nodes, ..Members::default() };
    let course = CourseAnswer { course: Course::default(), members, sums: Sums::default(), left_out: Vec::new() };
    ProfileAnswer { course, profile, is_sample }
}

/// A long course: so many pipes of 40 m at 2 ‰, a manhole of 3 m at each end.
fn long_answer(pipes: usize) -> ProfileAnswer {
    let invert_m = |number: usize| 50.0 - 0.08 * number as f64;
    let station = |number: usize| Station {
        code: format!("WS-{number}").into(),
        chainage_m: 40.0 * number as f64,
        ground_m: Some(invert_m(number) + 3.0),
        floor_m: Some(invert_m(number)),
        ..Station::default()
    };
    let reach = |number: usize| Reach {
        chainages_m: [0, 1].map(|side| 40.0 * (number + side) as f64),
        inverts_m: [0, 1].map(|side| Some(invert_m(number + side))),
        crowns_m: [0, 1].map(|side| Some(invert_m(number + side) + 0.5)),
        covers_m: [Some(2.5); 2],
        diameter_mm: Some(500.0),
        material: "HDPE".into(),
        is_along: true,
        slope: Some(0.002),
        ..Reach::default()
    };
    let mut answer = answer(false);
    answer.profile = Profile {
        stations: (0..=pipes).map(station).collect(),
        reaches: (0..pipes).map(reach).collect(),
        crossings: Vec::new(),
        length_m: 40.0 * pipes as f64,
    };
    answer
}

fn texts(scene: &Scene) -> Vec<&str> {
    let items = scene.items.iter();
    items.filter_map(|item| if let Item::Text(run) = item { Some(run.text.as_str()) } else { None }).collect()
}

/// All pages, checked to have nothing beyond the paper.
#[track_caller]
fn draw(answer: &ProfileAnswer, look: &ProfileLook) -> (ProfilePages, Vec<Scene>) {
    let pages = ProfilePages::of(&answer.profile, look).expect("pages");
    let head = ProfileHead { city: "浔城".into(), date: "2026-03-01".into() };
    let scenes: Vec<Scene> = (0..pages.count()).map(|page| page_scene(answer, look, &pages, &head, page)).collect();
    for scene in &scenes {
        let [wide, high] = scene.size_px.map(|side| side as f32);
        let is_on = |at: [f32; 2]| (0.0..=wide).contains(&at[0]) && (0.0..=high).contains(&at[1]);
        for item in &scene.items {
            if let Item::Text(run) = item {
                assert!(run.glyphs.iter().all(|glyph| is_on(glyph.at)), "{} runs off", run.text);
            }
        }
    }
    (pages, scenes)
}

/// Where a text stands: left, top, right, bottom.
fn place_of(run: &TextRun) -> Option<[f32; 4]> {
    let (first, wide) = (run.glyphs.first()?, width(&run.text, run.size));
    let ([x, y], size) = (first.at, run.size);
    let (above, below) = (size * 0.72, size * 0.02);
    Some(if first.turn_rad == 0.0 { [x, y - above, x + wide, y + below] } else { [x - above, y - wide, x + below, y] })
}

/// Checks that no two texts of a page stand over each other.
#[track_caller]
fn check_apart(scenes: &[Scene]) {
    for (page, scene) in scenes.iter().enumerate() {
        let items = scene.items.iter();
        let runs = items.filter_map(|item| if let Item::Text(run) = item { Some(run) } else { None });
        let placed: Vec<(&str, [f32; 4])> = runs.filter_map(|run| Some((&*run.text, place_of(run)?))).collect();
        for (number, (text, one)) in placed.iter().enumerate() {
            for (other_text, other) in &placed[..number] {
                let is_apart = one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1];
                assert!(is_apart, "page {}: “{text}” over “{other_text}”, {one:?} {other:?}", page + 1);
            }
        }
    }
}

/// A long course with what drawings are crowded by: named wells at page ends, lifts, drops, crossings close to each other.
fn crowded_answer(pipes: usize) -> ProfileAnswer {
    let mut answer = long_answer(pipes);
    let profile = &mut answer.profile;
    for (number, station) in profile.stations.iter_mut().enumerate() {
        station.well = if number % 2 == 0 { "drop".into() } else { "siphon".into() };
        station.node_type = if number % 5 == 0 { NodeType::Pump } else { NodeType::Manhole };
        station.drop_m = (number > 0 && number < pipes).then_some(if number % 5 == 0 { -4.92 } else { 0.72 });
        station.is_ground_derived = number % 3 == 0;
    }
    for (number, reach) in profile.reaches.iter_mut().enumerate().filter(|(number, _)| number % 4 == 3) {
        if number % 8 == 3 {
            reach.is_adverse = true;
        } else {
            reach.inverts_m = [None; 2];
        }
    }
    let passings = [Passing::Above, Passing::Below, Passing::Through, Passing::Above];
    profile.crossings = (0..pipes * 4)
        .map(|number| {
            let is_known = number % 6 != 5;
            Crossing {
                code: format!("GD-YS-RM-{number:04}").into(),
                chainage_m: 7.0 + 10.0 * number as f64 * 0.985,
                diameter_mm: Some(300.0),
                invert_m: is_known.then_some(50.4 - 0.02 * number as f64),
                crown_m: is_known.then_some(50.7 - 0.02 * number as f64),
                passing: is_known.then_some(passings[number % 4]),
                gap_m: is_known.then_some(0.35),
                ..Crossing::default()
            }
        })
        .collect();
    answer
}

fn on(paper: &str, across: Across, up: Option<f64>) -> ProfileLook {
    let sheet = ProfileSheet { paper: Paper::parse(paper, true), across, up };
    ProfileLook { sheet, ..ProfileLook::new(Lang::Zh) }
}

#[test]
fn a_page_says_what_is_known_and_what_is_missing() {
    let (_, scenes) = draw(&answer(false), &ProfileLook::new(Lang::Zh));
    let told = texts(&scenes[0]);
    for word in [
        "排水管道纵断面图 WS-1 → WS-3",
        "缺管底标高",
        "WS-2",
        "20.000",
        "16.800/16.700",
        "2.30/2.40",
        "DN500 高密度聚乙烯",
        "3.33",
        "60.00",
        "0+060.00",
        "浔城",
        "2026-03-01",
        "第 1 页　共 1 页",
        "底 18.00 上穿净距 0.60",
        "YS-9 DN300 标高不明",
    ] {
        assert!(told.contains(&word), "{word} in {told:?}");
    }
    assert!(!told.iter().any(|word| word.contains("示例")));
}

#[test]
fn no_two_texts_of_a_page_stand_over_each_other() {
    for (paper, across) in [
        ("a3", Across::Usual),
        ("a4", Across::Usual),
        ("a4", Across::At(500.0)),
        ("a3", Across::OnePage),
        ("a1", Across::At(1000.0)),
    ] {
        for lang in [Lang::Zh, Lang::En] {
            let (_, scenes) = draw(&crowded_answer(60), &ProfileLook { lang, ..on(paper, across, None) });
            check_apart(&scenes);
        }
    }
}

#[test]
fn what_clashes_is_named_before_what_passes() {
    let (_, scenes) = draw(&crowded_answer(40), &on("a3", Across::OnePage, None));
    let count = |words: &str| texts(&scenes[0]).iter().filter(|it| it.contains(words)).count();
    assert!(count("相碰") > 8 && count("上穿") <= count("相碰"), "{} {}", count("相碰"), count("上穿"));
    // Slopes stay, though not of every pipe: 2.00 where the cells are far too narrow.
    assert!(count("2.00") > 8 && count("40.00") > 8, "{} {}", count("2.00"), count("40.00"));
}

#[test]
fn a_ground_that_is_worked_out_stands_in_brackets_and_the_notes_say_so() {
    let mut derived = answer(false);
    derived.profile.stations[1].is_ground_derived = true;
    let (_, scenes) = draw(&derived, &ProfileLook::new(Lang::Zh));
    let told = texts(&scenes[0]);
    assert!(told.contains(&"20.000") && told.contains(&"(19.600)") && told.contains(&"(2.30/2.40)"), "{told:?}");
    assert!(told.iter().any(|words| words.contains("括号内地面标高")));
    let (_, plain) = draw(&answer(false), &ProfileLook::new(Lang::Zh));
    assert!(texts(&plain[0]).iter().any(|words| words.contains("均按记录")));
}

#[test]
fn invented_levels_are_marked_on_every_page() {
    let invented = ProfileAnswer { is_sample: true, ..long_answer(40) };
    let look = ProfileLook { dark: true, lang: Lang::En, ..on("a4", Across::At(1000.0), None) };
    let (_, scenes) = draw(&invented, &look);
    assert!(scenes.len() > 4 && scenes.iter().all(|scene| texts(scene).contains(&"Sample data · invented")));
}

#[test]
fn pages_follow_each_other_node_by_node_at_the_scales_that_were_asked_for() {
    let answer = long_answer(50);
    let (pages, scenes) = draw(&answer, &on("a3", Across::At(1000.0), Some(100.0)));
    assert_eq!(pages.scales(), [1000.0, 100.0]);
    let spans: Vec<[f64; 2]> = (0..pages.count()).map(|page| pages.span_m(page)).collect();
    assert!(
        spans[0][0] == 0.0 && spans[spans.len() - 1][1] == 2000.0 && spans.windows(2).all(|it| it[0][1] == it[1][0])
    );
    assert!(spans.iter().all(|span| span[0] % 40.0 == 0.0), "cut at nodes: {spans:?}");
    for (page, scene) in scenes.iter().enumerate() {
        let (told, scale) = (texts(scene), pages.scale(page));
        let (first, last) = (stake(spans[page][0]), stake(spans[page][1]));
        // A metre of the ground is a millimetre of the paper, a metre of height a centimetre.
        assert!(((scale.x(spans[page][0] + 1.0) - scale.x(spans[page][0])) - 96.0 / 25.4).abs() < 0.01);
        assert!(((scale.y(scale.low_m) - scale.y(scale.low_m + 1.0)) - 960.0 / 25.4).abs() < 0.01);
        let number = format!("第 {} 页　共 {} 页", page + 1, pages.count());
        assert!(told.contains(&number.as_str()) && told.contains(&&*first) && told.contains(&&*last));
        let onward = format!("接第 {} 页　{last}", page + 2);
        assert_eq!(told.contains(&onward.as_str()), page + 1 < pages.count());
        let back = format!("接第 {page} 页　{first}");
        assert_eq!(told.contains(&back.as_str()), page > 0);
        let datum = format!("基准 {:.2} m", scale.low_m);
        assert!(told.contains(&datum.as_str()));
    }
    // Every node is on a page, with its number.
    let all: Vec<&str> = scenes.iter().flat_map(texts).collect();
    assert!((0..=50).all(|number| all.contains(&format!("WS-{number}").as_str())));
}

#[test]
fn scales_that_nobody_named_fit_the_paper() {
    let check = |pipes: usize, across: Across, want: (f64, usize)| {
        let pages = ProfilePages::of(&long_answer(pipes).profile, &on("a3", across, None)).expect("pages");
        assert_eq!((pages.scales()[0], pages.count()), want, "{pipes} {across:?}");
    };
    check(3, Across::Usual, (500.0, 1));
    check(8, Across::Usual, (1000.0, 1));
    check(50, Across::Usual, (1000.0, 7));
    check(50, Across::OnePage, (10_000.0, 1));
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let mut deep = answer(false);
    deep.profile.stations[0].ground_m = Some(60.0);
    let refused = ProfilePages::of(&deep.profile, &on("a4", Across::At(500.0), Some(50.0))).expect_err("too high");
    assert!(refused.text.en.contains("take 1:1000"), "{}", refused.text.en);
    assert!(ProfilePages::of(&deep.profile, &on("a4", Across::At(500.0), Some(1000.0))).is_ok());
    let refused =
        ProfilePages::of(&long_answer(5000).profile, &on("a4", Across::At(100.0), None)).expect_err("too many");
    assert!(refused.text.en.contains("500 pages"), "{}", refused.text.en);
}

#[test]
fn a_page_ends_sooner_where_the_ground_rises_and_the_next_has_its_own_datum() {
    let mut hilly = long_answer(8);
    for (number, station) in hilly.profile.stations.iter_mut().enumerate().skip(5) {
        let floor_m = 50.0 + 8.0 * (number - 4) as f64;
        (station.ground_m, station.floor_m) = (Some(floor_m + 3.0), Some(floor_m));
    }
    for reach in &mut hilly.profile.reaches[4..] {
        (reach.inverts_m, reach.crowns_m) = ([None; 2], [None; 2]);
    }
    // From node 4 on each lies 8 m higher: a page at 1:200 has room for two steps, not for all four.
    let (pages, _) = draw(&hilly, &on("a3", Across::At(1000.0), Some(200.0)));
    let lows: Vec<f64> = (0..pages.count()).map(|page| pages.scale(page).low_m).collect();
    assert!(pages.count() > 1 && lows[0] < 50.0 && lows[lows.len() - 1] > 60.0, "{lows:?}");
}

#[test]
fn one_long_picture_keeps_an_exaggeration() {
    let look = ProfileLook {
        sheet: ProfileSheet { paper: None, ..ProfileSheet::default() },
        exaggeration: Some(7.0),
        ..ProfileLook::new(Lang::En)
    };
    let (pages, scenes) = draw(&long_answer(100), &look);
    let scale = pages.scale(0);
    assert_eq!(scenes.len(), 1);
    let rise = scale.y(47.0) - scale.y(48.0);
    assert!((rise / (scale.x(1.0) - scale.x(0.0)) - 7.0).abs() < 0.01);
}

#[test]
fn gaps_are_bridged_only_if_told_so() {
    let mut gappy = long_answer(5);
    gappy.profile.reaches[2].inverts_m = [None; 2];
    gappy.profile.reaches[2].crowns_m = [None; 2];
    let guess = "按里程内插，非实测";
    let (_, plain) = draw(&gappy, &ProfileLook::new(Lang::Zh));
    assert!(!texts(&plain[0]).contains(&guess) && texts(&plain[0]).contains(&"缺管底标高"));
    let (_, bridged) = draw(&gappy, &ProfileLook { has_bridges: true, ..ProfileLook::new(Lang::Zh) });
    assert!(texts(&bridged[0]).contains(&guess) && texts(&bridged[0]).contains(&"缺管底标高"));
}

#[test]
fn nodes_that_stand_close_all_keep_their_columns() {
    let mut close = long_answer(30);
    let shrunk = |chainage: f64| if chainage > 400.0 { chainage - 360.0 } else { chainage / 10.0 };
    close.profile.stations.iter_mut().for_each(|it| it.chainage_m = shrunk(it.chainage_m));
    close.profile.reaches.iter_mut().for_each(|it| it.chainages_m = it.chainages_m.map(shrunk));
    close.profile.length_m = shrunk(1200.0);
    let (_, scenes) = draw(&close, &on("a3", Across::At(5000.0), None));
    let told = texts(&scenes[0]);
    assert!((0..=30).all(|number| told.contains(&format!("WS-{number}").as_str())), "{told:?}");
}

#[test]
fn a_profile_of_nothing_known_is_drawn_without_levels() {
    let mut nothing = answer(false);
    nothing.profile.stations.iter_mut().for_each(|it| (it.ground_m, it.floor_m) = (None, None));
    nothing.profile.reaches.iter_mut().for_each(|it| (it.inverts_m, it.crowns_m) = ([None; 2], [None; 2]));
    nothing.profile.crossings.clear();
    let (_, scenes) = draw(&nothing, &ProfileLook::new(Lang::En));
    let told = texts(&scenes[0]);
    assert_eq!(told.iter().filter(|word| **word == "no inverts").count(), 2);
    assert!(!told.iter().any(|word| word.starts_with("Datum")));
}

#[test]
fn stakes_count_kilometres() {
    for (chainage, want) in [(0.0, "0+000.00"), (160.046, "0+160.05"), (999.996, "1+000.00"), (7293.03, "7+293.03")] {
        assert_eq!(stake(chainage), want);
    }
}
