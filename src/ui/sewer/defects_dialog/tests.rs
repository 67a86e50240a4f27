//! A table of defects comes in through the window, and unit costs are changed there.

use std::path::PathBuf;

use egui::{Role, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};

use crate::session::action::ActionId;
use crate::session::command::{CityCommand, Command, ImportRequest};
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::session::test_city::TestCity;
use crate::ui::app::App;
use crate::ui::ask::{Asks, FilePurpose};
use crate::ui::dialogs::Chosen;
use crate::ui::{test_steps, theme};

struct Window {
    harness: Harness<'static, App>,
    /// Writes into the folder of the window's city.
    folder: TestCity,
}

impl Window {
    /// A city with the pipes A and B of 600 mm, 30 m long by record.
    fn open() -> Self {
        let folder = TestCity::without_city();
        let mut city = folder.another_with_map();
        let pipe = |code: &str, lat: f64| {
            serde_json::json!({"type": "Feature",
                "properties": {"code": code, "sewer_type": "foul", "diameter_mm": 600, "length_m": 30.0},
                "geometry": {"type": "LineString", "coordinates": [[116.0, lat], [116.0003, lat]]}})
        };
        let json = serde_json::json!({"type": "FeatureCollection", "features": [pipe("A", 29.7), pipe("B", 29.71)]});
        let paths = vec![folder.write("pipes.geojson", json.to_string())];
        city.run(Command::City(CityCommand::New { path: folder.city_path(), overwrite: false }));
        city.import(ImportRequest { paths, kind: Some("sewer_pipe".to_owned()), ..ImportRequest::default() });
        let app = App::new(city.into_session().0, String::new());
        let builder = Harness::builder().with_size(vec2(1400.0, 900.0)).with_context_setup(theme::install);
        let harness = builder.build_ui_state(|ui, app: &mut App| app.frame(ui), app);
        let mut window = Self { harness, folder };
        window.wait(|app| app.session.city().is_some_and(|city| city.layers.iter().any(|it| it.count == 2)));
        window
    }

    #[track_caller]
    fn wait(&mut self, is_so: impl Fn(&App) -> bool) {
        test_steps::wait(&mut self.harness, is_so);
    }

    fn steps(&mut self) {
        test_steps::steps(&mut self.harness);
    }

    /// As if the desktop's dialog had given this file.
    fn choose(&mut self, name: &str, words: &str) -> PathBuf {
        let path = self.folder.write(name, words);
        let (mut asks, chosen) =
            (Asks::new(), Chosen { purpose: FilePurpose::SewerDefects, paths: vec![path.clone()] });
        self.harness.state_mut().file_chosen(chosen, &mut asks);
        self.wait_looked();
        path
    }

    /// Until the file is looked into as it is wanted now.
    fn wait_looked(&mut self) {
        self.steps();
        self.wait(|app| app.session.sewer().slot(SewerTopic::Defects).is_some_and(|slot| !slot.is_waiting()));
    }

    #[track_caller]
    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.steps();
    }

    #[track_caller]
    fn pick(&mut self, list: &str, entry: &str) {
        self.click(list);
        let found: Vec<_> = self.harness.query_all_by_label_contains(entry).collect();
        found.last().unwrap_or_else(|| panic!("{entry}")).click();
        self.steps();
    }

    #[track_caller]
    fn says(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    fn count(&self, layer: &str) -> u64 {
        let city = self.harness.state().session.city();
        city.and_then(|city| city.layer(layer)).map_or(0, |layer| layer.count)
    }
}

#[test]
fn columns_are_chosen_refused_rows_are_seen_and_the_rest_comes_in_as_one_step() {
    let mut window = Window::open();
    window.choose("报告.csv", "管号,代码,等级,距离\nA,PL,3,5\nA,QQ,1,9\nB,CJ,2,10\n");
    assert!(window.says("请为这些字段选一列：管段编号"));
    window.harness.get_by_label("导入").click();
    window.steps();
    assert_eq!(window.count("sewer_defect"), 0, "a pipe's number is needed");
    window.pick("管段编号取自", "管号");
    window.wait_looked();
    assert!(window.says("将导入检测 2 次、缺陷 2 处；退回 1 行"));
    window.click("退回的行 1");
    assert!(window.says("没有缺陷代码“QQ”"));
    window.click("全部逆流");
    window.wait_looked();
    window.click("退回的行另存到文件旁边");
    window.harness.get_all_by_role_and_label(Role::Button, "导入").last().expect("a button").click();
    window
        .wait(|app| app.session.city().is_some_and(|city| city.layer("sewer_defect").is_some_and(|it| it.count == 2)));
    assert!(window.folder.path("报告-退回.csv").exists());
    let rows = window.harness.state().session.rows("sewer_defect", &[1]).expect("rows");
    let place = window.harness.state().session.schema("sewer_defect").expect("a layer").field_index("start_m");
    assert_eq!(rows[0].values[place.expect("a field")], 25.0.into(), "counted from the other end");
    window.wait(|app| app.session.sewer().slot(SewerTopic::Defects).is_none());
    let undo = window.harness.state().session.city().and_then(|city| city.undo.clone());
    assert_eq!(undo.expect("a step").zh, "导入缺陷 报告.csv");
}

#[test]
fn a_price_that_is_changed_makes_the_plan_anew_and_one_that_is_none_is_told() {
    let mut window = Window::open();
    window.choose("r.csv", "pipe,code,grade,start_m\nA,PL,4,5\n");
    window.harness.get_all_by_role_and_label(Role::Button, "导入").last().expect("a button").click();
    window
        .wait(|app| app.session.city().is_some_and(|city| city.layer("sewer_defect").is_some_and(|it| it.count == 1)));
    let yuan = |app: &App| match app.session.sewer().slot(SewerTopic::Plan)?.answer.as_deref()? {
        SewerAnswer::Plan(plan) => Some(plan.yuan),
        _ => None,
    };
    let mut ask = window.harness.state().session.settings().sewer.plan(Some(5500.0));
    ask.budget_yuan = Some(5500.0);
    window.harness.state_mut().ask_sewers(SewerAsk::Plan(ask));
    window.wait(move |app| yuan(app) == Some(6000.0));
    window.harness.state_mut().act(&egui::Context::default(), ActionId::UnitCosts);
    window.steps();
    assert!(window.says("程序的假定"));
    let retype = |window: &mut Window, words: &str| {
        window.harness.get_by_label("单价 2").focus();
        window.steps();
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        window.steps();
        window.harness.get_by_label("单价 2").type_text(words);
        window.steps();
        window.harness.key_press(egui::Key::Enter);
        window.steps();
    };
    retype(&mut window, "oops");
    assert!(window.says("第 2 行：单价要写成数字"));
    assert!(window.harness.state().session.settings().sewer.costs.is_empty());
    retype(&mut window, "5,000");
    window.wait(move |app| yuan(app) == Some(5000.0));
    let slot = window.harness.state().session.sewer().slot(SewerTopic::Plan);
    assert!(matches!(slot.map(|slot| &slot.asked), Some(SewerAsk::Plan(ask)) if ask.budget_yuan == Some(5500.0)));
    window.click("恢复假定单价");
    window.wait(move |app| yuan(app) == Some(6000.0));
    assert!(window.harness.state().session.settings().sewer.costs.is_empty());
    window.click("完成");
    assert!(!window.says("程序的假定"));
}
