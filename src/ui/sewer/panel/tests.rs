//! The sewer workbench in the window, as people meet it.

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers, PointerButton, Pos2, Role, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};
use tempfile::TempDir;

use crate::kinds;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Bounds, Geometry};
use crate::model::value::Value;
use crate::session::action::ActionId;
use crate::session::command::{CityCommand, Command, EditCommand, HistoryCommand, LayerCommand, LookCommand};
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::defects::DefectImport;
use crate::session::state::CityView;
use crate::session::{NoWake, Session, place};
use crate::text::Text;
use crate::ui::app::App;
use crate::ui::tools::ToolKind;
use crate::ui::{test_steps, theme};

mod answers;
mod profile;

/// Where the nodes W1 to W5 stand, 100 m apart from west to east; W5 is the outfall.
fn at(node: usize) -> [f64; 2] {
    [115.98 + node as f64 * 1e-3, 29.71]
}

/// Rows of a kind, each from its number on.
fn rows(kind: &str, layer: &[(Geometry, Vec<(&str, Value)>)]) -> Vec<Delta> {
    let fields = &kinds::find(kind).expect("a kind of the list").fields;
    let row = |(geometry, values): &(Geometry, Vec<(&str, Value)>)| {
        let value = |id: &str| values.iter().find(|(field, _)| *field == id).map_or(Value::Null, |(_, it)| it.clone());
        let values = fields.iter().map(|field| value(&field.id)).collect();
        let new = Some(Feature { id: 0, geometry: Some(geometry.clone()), values });
        Delta { layer: kind.into(), id: 0, old: None, new }
    };
    layer.iter().map(row).collect()
}

/// Four pipes one after the other; the third rises.
fn network() -> [Vec<Delta>; 2] {
    let node = |number: usize| {
        let [lon, lat] = at(number);
        let kind = if number == 5 { "outfall" } else { "manhole" };
        let values = vec![
            ("code", Value::from(format!("W{number}"))),
            ("node_type", kind.into()),
            ("sewer_type", "foul".into()),
            ("ground_level_m", Value::Real(20.0 - number as f64 * 0.1)),
        ];
        (Geometry::point(lon, lat), values)
    };
    let floors = [17.5, 17.2, 16.9, 17.0, 16.5];
    let pipe = |number: usize| {
        let values = vec![
            ("code", Value::from(format!("P{number}"))),
            ("sewer_type", "foul".into()),
            ("diameter_mm", Value::Int(if number < 3 { 300 } else { 400 })),
            ("from_node", format!("W{number}").into()),
            ("to_node", format!("W{}", number + 1).into()),
            ("invert_up_m", Value::Real(floors[number - 1])),
            ("invert_down_m", Value::Real(floors[number])),
        ];
        (Geometry::line(&[at(number), at(number + 1)]), values)
    };
    let nodes: Vec<_> = (1..=5).map(node).collect();
    let pipes: Vec<_> = (1..=4).map(pipe).collect();
    [rows("sewer_node", &nodes), rows("sewer_pipe", &pipes)]
}

struct Window {
    harness: Harness<'static, App>,
    folder: TempDir,
}

impl Window {
    fn open() -> Self {
        Self::of_size([1400.0, 900.0])
    }

    fn of_size(size: [f32; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut session = Session::new(folder.path().join("settings"), Arc::new(NoWake));
        let path = folder.path().join("管网.gpkg");
        let mut finish = |command| session.finish(command, &mut |_| {}).map(drop).expect("done");
        finish(Command::City(CityCommand::New { path, overwrite: false }));
        for (kind, deltas) in ["sewer_node", "sewer_pipe"].into_iter().zip(network()) {
            finish(Command::Layer(LayerCommand::Create { kind: kind.to_owned() }));
            finish(Command::Edit(EditCommand::Change { label: Text::same("rows"), deltas }));
        }
        let app = App::new(session, String::new());
        let builder = Harness::builder().with_size(vec2(size[0], size[1])).with_context_setup(theme::install);
        let harness = builder.build_ui_state(|ui, app: &mut App| app.frame(ui), app);
        let mut window = Self { harness, folder };
        window.wait(|app| {
            app.session.city().is_some_and(|city| {
                city.layers.len() == 2 && city.layers.iter().all(|it| it.index.is_some() && it.count >= 4)
            })
        });
        let bounds = window.harness.state().session.city().and_then(CityView::bounds_world).expect("a place");
        window.harness.state_mut().map.camera.go_to_bounds(&bounds);
        window.steps();
        window
    }

    fn steps(&mut self) {
        test_steps::steps(&mut self.harness);
    }

    #[track_caller]
    fn wait(&mut self, is_so: impl Fn(&App) -> bool) {
        test_steps::wait(&mut self.harness, is_so);
    }

    fn act(&mut self, id: ActionId) {
        self.harness.state_mut().act(&egui::Context::default(), id);
        self.steps();
    }

    #[track_caller]
    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.steps();
    }

    /// A button, where other things bear the same words.
    #[track_caller]
    fn click_button(&mut self, label: &str) {
        self.harness.get_all_by_role_and_label(Role::Button, label).last().expect("a button").click();
        self.steps();
    }

    fn type_into(&mut self, label: &str, words: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, label).focus();
        self.steps();
        self.harness.get_by_role_and_label(Role::TextInput, label).type_text(words);
        self.steps();
    }

    /// What stands in a text field.
    #[track_caller]
    fn value_of(&self, label: &str) -> String {
        self.harness.get_by_role_and_label(Role::TextInput, label).value().unwrap_or_default()
    }

    fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    fn says(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    fn screen(&self, lonlat: [f64; 2]) -> Pos2 {
        let canvas = self.harness.get_all_by_role(Role::Canvas).next().expect("a map");
        let [x, y] = self.harness.state().map.camera.screen_from_world(place::world_from_lonlat(lonlat));
        canvas.rect().min + vec2(x as f32, y as f32)
    }

    fn click_at(&mut self, at: Pos2, button: PointerButton) {
        for pressed in [true, false] {
            self.harness.event(egui::Event::PointerMoved(at));
            let modifiers = Modifiers::NONE;
            self.harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
            self.harness.step();
        }
        self.steps();
    }

    /// Waits for the answer of a topic with so many lines over the map.
    #[track_caller]
    fn wait_lines(&mut self, topic: SewerTopic, lines: usize) {
        self.wait(move |app| app.session.sewer().shown(topic).is_some_and(|it| it.drawing.lines.len() == lines));
    }
}

#[test]
fn a_click_with_the_trace_tool_shows_what_lies_above_and_an_edit_changes_it_at_once() {
    let mut window = Window::open();
    window.harness.key_press(Key::Num5);
    window.steps();
    window.click_at(window.screen(at(4)), PointerButton::Primary);
    window.wait_lines(SewerTopic::Trace, 3);
    assert!(window.has("W4 以上"), "the head says what it is about");
    // The second pipe goes: what lies above it is cut off.
    let layer = "sewer_pipe".to_owned();
    window.harness.state_mut().session.run(Command::Edit(EditCommand::Delete { layer, ids: vec![2] }));
    window.wait_lines(SewerTopic::Trace, 1);
    window.harness.state_mut().session.run(Command::History(HistoryCommand::Undo));
    window.wait_lines(SewerTopic::Trace, 3);
    // Esc drops the tool, and only then the result.
    window.harness.key_press(Key::Escape);
    window.steps();
    assert_eq!(window.harness.state().map.tool.kind(), ToolKind::Identify);
    assert!(window.harness.state().session.sewer().slot(SewerTopic::Trace).is_some());
    window.harness.key_press(Key::Escape);
    window.steps();
    assert!(window.harness.state().session.sewer().slot(SewerTopic::Trace).is_none());
}

#[test]
fn a_row_of_a_list_is_what_the_details_show_and_what_an_inspection_is_entered_for() {
    let mut window = Window::open();
    let middle = [f64::midpoint(at(3)[0], at(4)[0]), at(1)[1]];
    window.click_at(window.screen(middle), PointerButton::Primary);
    window.wait(|app| app.session.details().is_some_and(|details| details.row.is_some()));
    window.act(ActionId::LongestWay);
    window.wait_lines(SewerTopic::Trace, 4);
    window.click("管段 4");
    window.harness.get_by_label_contains("P2 污水").click();
    window.wait(|app| {
        let row = app.session.details().and_then(|details| details.row.as_ref());
        row.is_some_and(|row| row.at.layer == "sewer_pipe" && row.at.id == 2)
    });
    assert!(window.has("管段 4"), "the list stays in front");
    window.act(ActionId::EnterInspection);
    assert_eq!(window.value_of("管段编号"), "P2");
}

#[test]
fn a_result_out_of_sight_is_come_to_once_and_not_after_an_edit() {
    let mut window = Window::open();
    let far = Bounds::new(12_000_000.0, 3_000_000.0, 12_000_500.0, 3_000_500.0);
    window.harness.state_mut().map.camera.go_to_bounds(&far);
    window.act(ActionId::SewerPanel);
    window.type_into("起点：编号或 经度,纬度", "W4");
    window.click("查上游");
    window.wait_lines(SewerTopic::Trace, 3);
    let sees = |window: &Window, node: usize| {
        window.harness.state().map.camera.bounds_world().contains(place::world_from_lonlat(at(node)))
    };
    window.wait(|app| app.map.camera.bounds_world().contains(place::world_from_lonlat(at(1))));
    assert!(sees(&window, 4));
    window.harness.state_mut().map.camera.go_to_bounds(&far);
    let layer = "sewer_pipe".to_owned();
    window.harness.state_mut().session.run(Command::Edit(EditCommand::Delete { layer, ids: vec![1] }));
    window.wait_lines(SewerTopic::Trace, 2);
    assert!(!sees(&window, 4), "the map stays where it was put");
}

#[test]
fn mending_all_says_first_what_it_will_change_and_the_gravest_findings_come_first() {
    let mut window = Window::open();
    // A manhole's number that nobody has, at the place of a manhole that has one.
    let values = vec![("from_node".to_owned(), "W99".to_owned())];
    let wrong = EditCommand::Set { layer: "sewer_pipe".to_owned(), id: 1, values };
    window.harness.state_mut().session.run(Command::Edit(wrong));
    window.steps();
    window.act(ActionId::SewerChecks);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Checks).is_some());
    let is_sorted = |app: &App| match app.session.sewer().slot(SewerTopic::Checks).and_then(|it| it.answer.as_deref()) {
        Some(SewerAnswer::Check(report)) => report.findings.is_sorted_by_key(|fault| fault.severity),
        _ => false,
    };
    assert!(is_sorted(window.harness.state()));
    let undo = |app: &App| app.session.city().and_then(|city| city.undo.clone());
    let before = undo(window.harness.state());
    window.harness.get_by_label_contains("个可自动处理的").click();
    window.steps();
    assert!(window.says("将作以下改动") && window.says("· P1 ·"));
    window.click("取消");
    assert!(!window.says("将作以下改动"));
    assert_eq!(undo(window.harness.state()), before);
    window.harness.get_by_label_contains("个可自动处理的").click();
    window.steps();
    window.click("全部处理");
    window.wait(move |app| undo(app) != before);
    assert!(!window.says("将作以下改动"));
}

#[test]
fn a_place_that_is_typed_is_traced_both_ways_in_both_languages() {
    let mut window = Window::open();
    window.harness.key_press_modifiers(Modifiers::ALT, Key::Num1);
    window.steps();
    assert!(window.says("拿起追溯工具"), "an empty panel says what to do");
    window.type_into("起点：编号或 经度,纬度", "W3");
    window.click("查下游");
    window.wait_lines(SewerTopic::Trace, 2);
    assert!(window.has("W3 以下"));
    window.act(ActionId::SwitchLanguage);
    assert!(window.has("Below W3") && window.has("Export…"));
    window.click("Up");
    window.wait_lines(SewerTopic::Trace, 2);
    assert!(window.has("Above W3"));
    window.click("Pipes 2");
    window.harness.get_by_label_contains("P1 Foul").click();
    window.steps();
    window.wait(|app| app.session.selection().len() == 1);
}

#[test]
fn a_word_that_names_nothing_is_answered_with_what_is_wrong() {
    let mut window = Window::open();
    window.act(ActionId::SewerPanel);
    window.type_into("起点：编号或 经度,纬度", "W99");
    window.click("查上游");
    window.wait(|app| app.session.sewer().slot(SewerTopic::Trace).is_some_and(|slot| slot.failure.is_some()));
    assert!(window.says("W99"));
}

#[test]
fn the_profile_is_drawn_below_linked_with_the_map_and_closed_again() {
    let mut window = Window::open();
    window.act(ActionId::SewerProfile);
    window.click_at(window.screen(at(1)), PointerButton::Primary);
    window.click_at(window.screen(at(5)), PointerButton::Primary);
    window.wait_lines(SewerTopic::Profile, 4);
    let fields = ["从：编号或 经度,纬度", "到：空着就到出口"].map(|field| window.value_of(field));
    assert_eq!(fields, ["W1", "W5"], "the fields say what was clicked");
    window.harness.key_press(Key::Escape);
    window.steps();
    window.click("高度放大");
    window.harness.key_press(Key::Escape);
    window.steps();
    assert!(window.has("纵断面图"), "Esc in a list closes the list alone");
    let chart = window.harness.get_by_label("纵断面图").rect();
    window.harness.event(egui::Event::PointerMoved(chart.center()));
    window.steps();
    let spot = window.harness.state().map.sewer.spot_world.expect("a place on the map");
    let [lon, _] = place::lonlat_from_world(spot);
    assert!(lon > at(2)[0] && lon < at(5)[0], "{lon}");
    // The other way: on the map over the first pipe.
    let middle = [f64::midpoint(at(1)[0], at(2)[0]), at(1)[1]];
    window.harness.event(egui::Event::PointerMoved(window.screen(middle)));
    window.steps();
    let spot = window.harness.state().map.sewer.spot_world.expect("a place");
    assert!((place::lonlat_from_world(spot)[0] - middle[0]).abs() < 2e-5);
    window.click("关闭纵断面");
    assert!(!window.has("纵断面图"));
}

#[test]
fn a_finding_can_be_marked_as_no_fault_and_taken_back() {
    let mut window = Window::open();
    window.act(ActionId::SewerChecks);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Checks).is_some());
    window.harness.get_by_label("筛选这张表").focus();
    window.type_into("筛选这张表", "SW10");
    let row = window.harness.get_all_by_role(Role::Row).next().expect("the pipe that rises");
    row.click();
    window.steps();
    assert!(window.says("P3"));
    window.click("不算问题，因为…");
    window.type_into("为什么不算问题", "泵站出水");
    window.click_button("确定");
    window.wait(|app| {
        let shown = app.session.sewer().shown(SewerTopic::Checks);
        shown.is_some_and(|shown| shown.tables.iter().any(|table| table.id == "excused" && table.rows.len() == 1))
    });
    window.click("不算问题 1");
    let row = window.harness.get_all_by_role(Role::Row).next().expect("the marked one");
    row.click();
    window.steps();
    assert!(window.says("泵站出水"));
    window.click("撤回：还是问题");
    window.wait(|app| {
        let shown = app.session.sewer().shown(SewerTopic::Checks);
        shown.is_some_and(|shown| shown.tables.iter().all(|table| table.id != "excused"))
    });
}

#[test]
fn the_form_of_an_inspection_takes_what_the_standard_has_and_refuses_the_rest() {
    let mut window = Window::open();
    window.act(ActionId::EnterInspection);
    window.type_into("管段编号", "P2");
    window.click("加一处缺陷");
    // A rupture has four grades; what is no clock position is refused below the defect.
    assert_eq!(window.harness.get_all_by_role_and_label(Role::RadioButton, "Ⅳ").count(), 1);
    window.type_into("起 m 1", "12.5");
    window.type_into("环向 1", "9999");
    window.click_button("保存");
    assert!(window.says("有缺陷记录不符合标准"));
    for _ in 0..4 {
        window.harness.get_by_role_and_label(Role::TextInput, "环向 1").focus();
        window.harness.key_press(Key::Backspace);
        window.steps();
    }
    window.type_into("环向 1", "0309");
    window.click_button("保存");
    window.wait(|app| {
        app.session.sewer().slot(SewerTopic::Condition).is_none()
            && app.session.city().is_some_and(|city| city.layer("sewer_defect").is_some_and(|layer| layer.count == 1))
    });
    window.act(ActionId::SewerCondition);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Condition).is_some_and(|it| it.tables[0].rows.len() == 1));
    window.act(ActionId::Undo);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Condition).is_some_and(|it| it.tables[0].rows.is_empty()));
}

#[test]
fn a_distance_beyond_the_pipe_is_refused_with_its_length_and_all_that_is_wrong_is_said_at_once() {
    let mut window = Window::open();
    let show = LookCommand::Show { layer: "sewer_pipe".to_owned(), id: 2 };
    window.harness.state_mut().session.run(Command::Look(show));
    window.wait(|app| app.session.sewer().slot(SewerTopic::Pipe).is_some_and(|slot| slot.answer.is_some()));
    window.act(ActionId::EnterInspection);
    assert_eq!(window.value_of("管段编号"), "P2");
    window.click("加一处缺陷");
    window.type_into("起 m 1", "999");
    assert!(window.says("距离 999 m 在管段之外"), "it is said as it is typed");
    window.type_into("检测长度 m", "500");
    window.type_into("检测日期", "x");
    window.click_button("保存");
    for words in ["检测长度 500 m 超过管长", "日期写成", "有缺陷记录不符合标准"] {
        assert!(window.says(words), "{words}");
    }
}

#[test]
fn a_result_that_is_kept_as_a_layer_says_so_with_its_rows_and_is_shown_in_the_tree() {
    let mut window = Window::open();
    window.act(ActionId::SewerChecks);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Checks).is_some_and(|it| !it.tables[0].rows.is_empty()));
    let rows = window.harness.state().session.sewer().shown(SewerTopic::Checks).map_or(0, |it| it.tables[0].rows.len());
    window.click("存为图层");
    window.wait(|app| app.session.city().is_some_and(|city| city.layer("sewer_findings").is_some()));
    window.wait(|app| !app.session.notices().is_empty());
    assert!(window.says(&format!("（{rows} 行）")));
}

#[test]
fn pipes_by_grade_are_one_step_with_a_legend_and_back() {
    let mut window = Window::open();
    let rules = |app: &App| app.session.city().and_then(|city| city.layer("sewer_pipe")).map(|it| it.has_own_style);
    window.act(ActionId::PipesByGrade);
    window.wait(move |app| rules(app) == Some(true));
    window.act(ActionId::PipesUsual);
    window.wait(move |app| rules(app) == Some(false));
}

#[test]
fn every_topic_answers_and_fits_a_narrow_panel() {
    check_width([900.0, 620.0], [500.0, 900.0]);
}

#[test]
fn no_topic_makes_the_panel_wider_than_it_was() {
    check_width([1400.0, 900.0], [1400.0 - 345.0, 1400.0]);
}

/// Asks about every topic in both languages; all that can be clicked in the panel stays between two edges.
#[track_caller]
fn check_width(size: [f32; 2], edges: [f32; 2]) {
    let mut window = Window::of_size(size);
    let topics = [
        (ActionId::SewerCross, SewerTopic::Cross),
        (ActionId::SewerCondition, SewerTopic::Condition),
        (ActionId::SewerInspected, SewerTopic::Inspected),
        (ActionId::SewerPlan, SewerTopic::Plan),
        (ActionId::SewerBasins, SewerTopic::Basins),
        (ActionId::SewerUsers, SewerTopic::Users),
        (ActionId::SewerCapacity, SewerTopic::Capacity),
        (ActionId::LongestWay, SewerTopic::Trace),
    ];
    for (id, topic) in topics {
        window.act(id);
        window.wait(move |app| app.session.sewer().slot(topic).is_some_and(|slot| !slot.is_waiting()));
        let slot = window.harness.state().session.sewer().slot(topic);
        let failure = slot.and_then(|slot| slot.failure.as_ref()).map(|failure| failure.text.en.clone());
        assert_eq!(failure, None, "{topic:?}");
        for clear in ["清除结果", "Clear the result"] {
            let at = window.harness.get_by_label(clear).rect();
            assert!(at.right() <= edges[1] && at.left() >= edges[0], "{topic:?} {at:?}");
            let words = if clear == "清除结果" { "概况" } else { "Network" };
            let first = window.harness.get_by_role_and_label(Role::RadioButton, words).rect();
            assert!(first.left() >= edges[0], "{topic:?} {first:?}");
            window.act(ActionId::SwitchLanguage);
            window.steps();
        }
    }
    window.act(ActionId::ClearSewer);
    assert_eq!(window.harness.state().session.sewer().slots().count(), 0);
}

#[test]
fn a_pipe_in_the_details_says_which_way_it_runs_and_who_said_so() {
    let mut window = Window::open();
    let middle = [f64::midpoint(at(3)[0], at(4)[0]), at(1)[1]];
    window.click_at(window.screen(middle), PointerButton::Primary);
    window.wait(|app| app.session.sewer().slot(SewerTopic::Pipe).is_some_and(|slot| slot.answer.is_some()));
    assert!(window.says("W3 → W4") && window.says("记录的起止井") && window.says("逆坡"));
    window.click_at(window.screen(middle), PointerButton::Secondary);
    window.click("追溯上游");
    window.wait_lines(SewerTopic::Trace, 3);
}

#[test]
fn defects_lie_on_the_pipe_in_the_details_and_the_panel_says_which_grades_are_not_in_the_layer() {
    let mut window = Window::open();
    let row = |defect: &str, start: &str, end: &str, grade: &str| {
        let values = [
            ("pipe_code", "P2"),
            ("inspected_on", "2026-05-04"),
            ("method", "cctv"),
            ("defect", defect),
            ("start_m", start),
            ("end_m", end),
            ("grade", grade),
        ];
        values.map(|(field, words)| (field.to_owned(), words.to_owned())).to_vec()
    };
    let typed = vec![row("PL", "10", "", "3"), row("CJ", "30", "36.5", "2")];
    let import = Box::new(DefectImport { typed, ..DefectImport::default() });
    window.harness.state_mut().session.run(Command::Sewer(SewerCommand::ImportDefects(import)));
    window
        .wait(|app| app.session.city().is_some_and(|city| city.layer("sewer_defect").is_some_and(|it| it.count == 2)));
    let middle = [f64::midpoint(at(2)[0], at(3)[0]), at(1)[1]];
    window.click_at(window.screen(middle), PointerButton::Primary);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Pipe).is_some_and(|it| it.drawing.points.len() == 2));
    window.steps();
    // Above the outline of the selected pipe stand the numerals of both grades.
    let painted: Vec<String> = window.harness.output().shapes.iter().flat_map(|it| words_of(&it.shape)).collect();
    for grade in ["Ⅲ", "Ⅱ"] {
        assert!(painted.iter().any(|words| words == grade), "{grade}: {painted:?}");
    }
    window.act(ActionId::SewerCondition);
    window.wait(|app| app.session.sewer().shown(SewerTopic::Condition).is_some());
    assert!(window.says("1 段评估结果尚未写入图层"));
    window.click_button("现在写入");
    let mut left = 500;
    while window.says("尚未写入图层，") && left > 0 {
        left -= 1;
        window.steps();
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(left > 0, "the grades are in the layer");
}

fn words_of(shape: &egui::Shape) -> Vec<String> {
    match shape {
        egui::Shape::Text(text) => vec![text.galley.text().to_owned()],
        egui::Shape::Vec(shapes) => shapes.iter().flat_map(words_of).collect(),
        _ => Vec::new(),
    }
}
