//! Shortest ways, models, loads, rules, campaigns, rows without a place: asked and kept in the window.

use egui::Rect;

use crate::session::state::NoticeLevel;
use crate::trades::sewer::users::UserRules;
use crate::ui::ask::UiAsk;
use crate::ui::right_panel::RightTab;

use super::*;

const START: &str = "起点：编号或 经度,纬度";
const END: &str = "终点：最短路径到哪里";

impl Window {
    /// What a text field holds is replaced; Enter takes it over.
    fn retype(&mut self, label: &str, words: &str) {
        let old = self.value_of(label).chars().count();
        self.harness.get_by_role_and_label(Role::TextInput, label).focus();
        self.steps();
        self.harness.key_press(Key::End);
        for _ in 0..old {
            self.harness.key_press(Key::Backspace);
        }
        self.steps();
        self.type_into(label, words);
        self.harness.key_press(Key::Enter);
        self.steps();
    }

    fn asks(&mut self, ask: UiAsk) {
        self.harness.state_mut().carry_out(&egui::Context::default(), ask);
        self.steps();
    }

    fn session(&self) -> &Session {
        &self.harness.state().session
    }

    /// How many rows a list of the checks has.
    fn rows_of(&self, table: &str) -> Option<usize> {
        let shown = self.session().sewer().shown(SewerTopic::Checks)?;
        shown.tables.iter().find(|it| it.id == table).map(|it| it.rows.len())
    }
}

#[test]
fn the_shortest_way_runs_with_the_flow_or_against_it_and_a_profile_follows_it() {
    let mut window = Window::open();
    window.act(ActionId::SewerPanel);
    window.type_into(START, "W5");
    window.type_into(END, "W2");
    window.click("最短路径");
    window.wait(|app| app.session.sewer().slot(SewerTopic::Trace).is_some_and(|slot| slot.answer.is_some()));
    assert!(window.says("顺水流到不了"));
    window.click("最短路径顺水流");
    window.wait_lines(SewerTopic::Trace, 3);
    assert!(window.has("W5 → W2"));
    window.click("沿此路径画纵断面");
    window.wait_lines(SewerTopic::Profile, 3);
    window.act(ActionId::SwitchLanguage);
    assert!(window.says("W5 → W2"));
}

#[test]
fn start_and_end_of_a_way_are_clicked_one_after_the_other() {
    let mut window = Window::open();
    window.harness.key_press(Key::Num9);
    window.steps();
    window.click_at(window.screen(at(2)), PointerButton::Primary);
    window.click_at(window.screen(at(4)), PointerButton::Primary);
    window.wait_lines(SewerTopic::Trace, 2);
    assert_eq!([START, END].map(|field| window.value_of(field)), ["W2", "W4"]);
    window.click("选中");
    assert!(window.session().selection().len() >= 2);
}

#[test]
fn a_model_is_written_and_comes_in_through_the_import_dialog_as_sewers() {
    let mut window = Window::open();
    let path = window.folder.path().join("模型.inp");
    window.act(ActionId::SewerPanel);
    window.asks(UiAsk::SewerTopic(SewerTopic::Summary));
    window.click("写成 SWMM 模型…");
    assert!(window.has("选择文件…"), "the dialog asks for the file");
    let mut asks = Vec::new();
    let App { panels, session, .. } = window.harness.state_mut();
    panels.right.sewer.swmm.write_to(session, path.clone(), &mut asks);
    asks.into_iter().for_each(|ask| window.asks(ask));
    window.wait(|app| app.session.notices().iter().any(|notice| notice.text.zh.contains("模型.inp")));
    // A pipe that rises, a network that nobody meant to run: what was made up is listed, nothing is an error of the program.
    assert!(window.session().notices().iter().all(|notice| notice.level != NoticeLevel::Error));
    assert!(path.exists() && !window.has("选择文件…"));
    let fresh = window.folder.path().join("另一座.gpkg");
    window.harness.state_mut().session.run(Command::City(CityCommand::New { path: fresh, overwrite: false }));
    window.wait(|app| app.session.city().is_some_and(|city| city.layers.is_empty()));
    window.asks(UiAsk::ImportFiles(vec![path]));
    window.wait(|app| app.session.jobs().is_empty());
    let told: Vec<_> = window.session().notices().iter().map(|notice| notice.text.en.to_string()).collect();
    assert!(window.harness.state().panels.import.is_open(), "{told:?}");
    // The model says no coordinate system; degrees are a guess that somebody has to look at.
    window.click("位置看过了，没错");
    window.click_button("导入");
    window.wait(|app| {
        let counts = |kind: &str| {
            let layers = app.session.city().map(|city| &city.layers[..]).unwrap_or_default();
            layers.iter().filter(|layer| layer.kind.id == kind).map(|layer| layer.count).sum::<u64>()
        };
        counts("sewer_pipe") == 4 && counts("sewer_node") == 5
    });
    window.asks(UiAsk::SewerTopic(SewerTopic::Trace));
    window.type_into(START, "W4");
    window.click("查上游");
    window.wait_lines(SewerTopic::Trace, 3);
}

#[test]
fn pipes_by_load_are_a_layer_with_classes_that_is_one_step_and_stays_up_to_date() {
    let mut window = Window::open();
    window.act(ActionId::PipesByLoad);
    let count = |app: &App| app.session.city()?.layer("sewer_load").map(|layer| layer.count);
    window.wait(move |app| count(app) == Some(4));
    let names = |app: &App| -> Vec<String> {
        let layer = app.session.city().and_then(|city| city.layer("sewer_load"));
        let rows = layer.map(|layer| crate::session::legend::rows(&layer.style)).unwrap_or_default();
        rows.iter().map(|rule| rule.name.zh.to_string()).collect()
    };
    let expected = ["负荷率 >1，超负荷", "负荷率 0.8–1", "负荷率 0.5–0.8", "负荷率 ≤0.5", "无法计算"];
    assert_eq!(names(window.harness.state()), expected);
    // Once more there is nothing to change; a pipe that is gone takes its load with it.
    window.act(ActionId::PipesByLoad);
    window.wait(|app| app.session.notices().iter().any(|notice| notice.text.zh.contains("负荷已经是这样")));
    let layer = "sewer_pipe".to_owned();
    window.harness.state_mut().session.run(Command::Edit(EditCommand::Delete { layer, ids: vec![4] }));
    window.wait(|app| app.session.city().and_then(|it| it.layer("sewer_pipe")).is_some_and(|it| it.count == 3));
    window.act(ActionId::PipesByLoad);
    window.wait(move |app| count(app) == Some(3));
    window.act(ActionId::Undo);
    window.wait(move |app| count(app) == Some(4));
}

#[test]
fn rules_are_changed_in_the_panel_kept_and_printed_on_the_report() {
    let mut window = Window::open();
    window.act(ActionId::SewerUsers);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Users).is_some());
    window.click("规则与假定");
    window.retype("即将到期：提前", "３０");
    let days = |app: &App| app.session.settings().sewer.users.rules().expiring_days;
    assert_eq!(days(window.harness.state()), 30);
    let notes = |app: &App, topic: SewerTopic| -> String {
        let shown = app.session.sewer().shown(topic);
        shown.map(|shown| shown.notes.iter().map(|note| note.zh.to_string()).collect()).unwrap_or_default()
    };
    window.wait(move |app| notes(app, SewerTopic::Users).contains("30 天内到期"));
    window.retype("即将到期：提前", "一个月");
    assert!(window.says("应为 0 到 36,500 的整数") && days(window.harness.state()) == 30);
    let reset = window.harness.get_by_label("恢复程序的假定").rect();
    assert!(reset.left() >= 1400.0 - 345.0, "the panel is no wider than it was: {reset:?}");
    window.click("恢复程序的假定");
    assert_eq!(window.session().settings().sewer.users.rules(), UserRules::default());
    window.act(ActionId::SewerCapacity);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Capacity).is_some());
    window.click("规则与假定");
    window.retype("每人每日污水", "180.5");
    window.wait(move |app| notes(app, SewerTopic::Capacity).contains("每人每天 180.5 L"));
    window.act(ActionId::SwitchLanguage);
    assert!(window.has("As the program assumes"));
}

#[test]
fn findings_are_kept_under_a_name_and_compared_after_they_were_mended() {
    let mut window = Window::open();
    window.act(ActionId::SewerChecks);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Checks).is_some());
    let before = window.rows_of("findings").expect("findings");
    window.click("保存为批次…");
    window.type_into("批次名称", "清淤前");
    window.click_button("保存批次");
    window.wait(|app| app.session.city().is_some_and(|city| city.layer("sewer_campaign").is_some()));
    window.wait(|app| match app.session.sewer().slot(SewerTopic::Checks).and_then(|slot| slot.answer.as_deref()) {
        Some(SewerAnswer::Check(report)) => report.campaigns.len() == 1,
        _ => false,
    });
    // The pipe that rose falls now, and another rises.
    for (id, field, words) in [(3, "invert_down_m", "16.7"), (4, "invert_up_m", "16.7"), (1, "invert_up_m", "17.0")] {
        let values = vec![(field.to_owned(), words.to_owned())];
        let set = EditCommand::Set { layer: "sewer_pipe".to_owned(), id, values };
        window.harness.state_mut().session.run(Command::Edit(set));
    }
    window.steps();
    window.harness.get_by_role_and_label(Role::ComboBox, "与批次比较").click();
    window.steps();
    window.harness.get_by_label_contains("清淤前 · ").click();
    window.steps();
    window.wait(|app| {
        let shown = app.session.sewer().shown(SewerTopic::Checks);
        shown.is_some_and(|it| it.tables.iter().any(|table| table.id == "new" && !table.rows.is_empty()))
    });
    let [new, still, gone] = ["new", "still", "gone"].map(|table| window.rows_of(table).expect("a list"));
    assert_eq!((gone + still, new > 0, gone > 0), (before, true, true));
    assert!(window.says("与“清淤前”比较"));
    window.click(&format!("已消除 {gone}"));
    let row = window.harness.get_all_by_role(Role::Row).next().expect("what is gone");
    row.click();
    window.steps();
    assert!(window.says("已消除 · "), "the row is told in full");
    window.click("今天的问题");
    window.wait(|app| app.session.sewer().shown(SewerTopic::Checks).is_some_and(|it| it.tables[0].id == "findings"));
    assert_eq!(window.rows_of("findings"), Some(new + still));
}

#[test]
fn a_row_without_a_place_says_so_and_leads_to_the_details_while_the_map_stays() {
    let mut window = Window::open();
    let pipes = |app: &App| app.session.city().and_then(|it| it.layer("sewer_pipe")).map(|it| Arc::clone(&it.schema));
    let schema = pipes(window.harness.state()).expect("pipes");
    let mut values = vec![Value::Null; schema.fields.len()];
    for (field, value) in [("code", "P9"), ("from_node", "W1"), ("to_node", "W5")] {
        values[schema.field_index(field).expect("a field")] = value.into();
    }
    let new = Some(Feature { id: 0, geometry: None, values });
    let deltas = vec![Delta { layer: "sewer_pipe".to_owned(), id: 0, old: None, new }];
    let label = Text::same("a pipe that was never drawn");
    window.harness.state_mut().session.run(Command::Edit(EditCommand::Change { label, deltas }));
    window.wait(|app| app.session.city().and_then(|it| it.layer("sewer_pipe")).is_some_and(|it| it.count == 5));
    window.act(ActionId::SewerPanel);
    window.type_into(START, "pipe:P9");
    window.click("查上游");
    window.wait(|app| app.session.sewer().slot(SewerTopic::Trace).is_some_and(|slot| !slot.is_waiting()));
    let failure = window.session().sewer().slot(SewerTopic::Trace).and_then(|slot| slot.failure.clone());
    assert_eq!(failure, None);
    window.click("管段 1");
    let before = window.harness.state().map.camera.view();
    let row = window.harness.get_by_label_contains("无位置");
    let panel = Rect::everything_right_of(1400.0 - 345.0).with_max_x(1400.0);
    let middle = row.rect().intersect(panel).center();
    window.click_at(middle, PointerButton::Primary);
    window.wait(|app| app.session.details().and_then(|it| it.row.as_ref()).is_some_and(|row| row.at.id == 5));
    assert_eq!(window.harness.state().panels.right.tab, RightTab::Details);
    assert_eq!(window.harness.state().map.camera.view(), before);
}

#[test]
fn findings_from_afar_are_discs_with_numbers_above_the_words_of_the_map() {
    let mut window = Window::open();
    let points: Vec<_> = (0..40).map(|step| [115.98 + f64::from(step) * 1e-5, 29.712]).collect();
    let node = |at: &[f64; 2]| {
        let values = vec![("code", Value::from("双")), ("node_type", "manhole".into()), ("sewer_type", "foul".into())];
        (Geometry::point(at[0], at[1]), values)
    };
    let deltas = rows("sewer_node", &points.iter().map(node).collect::<Vec<_>>());
    let label = Text::same("manholes with one number");
    window.harness.state_mut().session.run(Command::Edit(EditCommand::Change { label, deltas }));
    window.act(ActionId::SewerChecks);
    window.wait(|app| {
        let shown = app.session.sewer().shown(SewerTopic::Checks);
        shown.is_some_and(|shown| shown.drawing.points.len() > 40)
    });
    let [x, y] = place::world_from_lonlat(at(3));
    let around = |half: f64| Bounds::new(x - half, y - half, x + half, y + half);
    window.harness.state_mut().map.camera.go_to_bounds(&around(20_000.0));
    window.steps();
    let findings = window.session().sewer().shown(SewerTopic::Checks).expect("findings").drawing.points.len();
    let numbers = |window: &Window| -> usize {
        let painted = window.harness.output().shapes.iter().flat_map(|it| words_of(&it.shape));
        painted.filter_map(|words| words.parse::<usize>().ok()).filter(|number| *number > 9).max().unwrap_or_default()
    };
    assert_eq!(numbers(&window), findings, "one disc stands for all of them");
}
