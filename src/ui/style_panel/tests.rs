//! Styles as somebody at the panel makes them: tried out, kept, given up, in both languages.

use super::*;
use crate::model::expr::Expr;
use crate::model::geometry::Geometry;
use crate::model::style::{Classing, Paint, Size};
use crate::model::value::Value;
use crate::session::command::{HistoryCommand, SettingsCommand};
use crate::session::settings::Theme;
use crate::session::test_city::TestCity;
use crate::text::Text;
use crate::ui::theme;
use egui::vec2;
use egui_kittest::{Harness, kittest::Queryable as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The panel beside a city with manholes and cameras.
struct Window {
    session: Session,
    state: StyleState,
    layer: &'static str,
    /// What was asked of styles, in words.
    asked: Vec<&'static str>,
    _folder: Arc<TempDir>,
}

impl Window {
    /// Forty manholes, deeper and deeper; every other one for storm water.
    fn new() -> Self {
        let mut city = TestCity::new();
        ["sewer_node", "camera"].into_iter().for_each(|kind| city.create(kind));
        let manhole = |at: i32| {
            let system = if at % 2 == 0 { "storm" } else { "foul" };
            let values = vec![
                ("code", format!("W{at}").into()),
                ("depth_m", Value::Real(f64::from(at) / 4.0)),
                ("sewer_type", system.into()),
            ];
            (Geometry::point(115.9 + f64::from(at) * 0.001, 29.7), values)
        };
        city.add("sewer_node", (0..40).map(manhole));
        let (session, folder) = city.into_session();
        Self { session, state: StyleState::default(), layer: "sewer_node", asked: Vec::new(), _folder: folder }
    }

    fn finish(&mut self, command: Command) {
        self.session.finish(command, &mut |_| {}).expect("done");
    }

    fn layer(&self) -> &LayerView {
        self.session.city().and_then(|city| city.layer(self.layer)).expect("the layer")
    }

    fn draft(&mut self) -> &mut Draft {
        self.state.drafts.get_mut(self.layer).expect("a draft")
    }

    fn undo_words(&self) -> String {
        let words = self.session.city().and_then(|city| city.undo.clone());
        words.map(|words| words.en.into_owned()).unwrap_or_default()
    }

    fn frame(&mut self, ui: &mut Ui) {
        self.session.poll();
        let chosen = self.session.city().and_then(|city| city.layer(self.layer)).cloned();
        self.state.choose(chosen.as_ref());
        let mut asks = Asks::new();
        egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 0)).show(ui, |ui| {
            style_ui(ui, &self.session, &mut self.state, &mut asks);
        });
        for ask in asks {
            if let UiAsk::Run(command) = ask {
                self.asked.push(match &command {
                    Command::Style(StyleCommand::Set { .. }) => "set",
                    Command::Style(StyleCommand::Preview { style: Some(_), .. }) => "try",
                    Command::Style(StyleCommand::Preview { style: None, .. }) => "end",
                    Command::Style(StyleCommand::Reset(_)) => "reset",
                    _ => "other",
                });
                self.session.run(command);
            }
        }
    }
}

fn harness(window: Window) -> Harness<'static, Window> {
    let builder = Harness::builder().with_size(vec2(344.0, 1400.0)).with_max_steps(24);
    let builder = builder.with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(|ui, window: &mut Window| window.frame(ui), window);
    harness.run();
    harness
}

#[track_caller]
fn wait(harness: &mut Harness<'static, Window>, is_there: impl Fn(&mut Window) -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_there(harness.state_mut()) {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
        harness.step();
    }
    harness.run();
}

#[track_caller]
fn click(harness: &mut Harness<'static, Window>, name: &str) {
    harness.get_by_label(name).click();
    harness.run();
}

/// Chooses one of a list.
#[track_caller]
fn choose(harness: &mut Harness<'static, Window>, list: &str, word: &str) {
    click(harness, list);
    click(harness, word);
}

/// Manholes coloured by five classes of their depth, tried out.
fn graduated() -> Harness<'static, Window> {
    let mut harness = harness(Window::new());
    choose(&mut harness, "样式种类", "分级");
    choose(&mut harness, "字段", "井深（m）");
    wait(&mut harness, |window| {
        let style = &window.layer().style;
        let is_by_depth = matches!(&style.classing, Some(Classing::ByNumber { field, .. }) if field == "depth_m");
        is_by_depth && style.rules.len() == 5
    });
    harness
}

#[test]
fn classes_of_a_number_are_tried_out_then_kept_in_one_step_and_undone() {
    let mut harness = graduated();
    let before = Arc::clone(&harness.state().layer().kept_style);
    let window = harness.state();
    assert_eq!(window.undo_words(), "Add", "what is tried out is no step");
    let names: Vec<&str> = window.layer().style.rules.iter().map(|rule| &*rule.name.zh).collect();
    assert!(names[0].starts_with("0.0") && names[4].ends_with(" m"), "{names:?}");
    harness.get_by_label("预览，未保留");
    click(&mut harness, "应用");
    wait(&mut harness, |window| window.session.city().is_some_and(|city| city.pending == 0));
    let window = harness.state_mut();
    assert_eq!(window.layer().kept_style.rules.len(), 5);
    assert!(window.undo_words().starts_with("Style of"), "{}", window.undo_words());
    assert_eq!(window.asked.iter().filter(|asked| **asked == "set").count(), 1);
    assert!(harness.query_by_label("自有样式").is_some());
    harness.state_mut().finish(Command::History(HistoryCommand::Undo));
    harness.run();
    let window = harness.state_mut();
    assert_eq!(window.layer().style, before);
    assert!(!window.state.is_at_work() && window.draft().form != Form::Classes, "the panel follows the undo");
    assert_eq!(window.undo_words(), "Add");
}

#[test]
fn cancel_and_another_layer_leave_what_is_kept() {
    let mut harness = graduated();
    let kept = Arc::clone(&harness.state().layer().kept_style);
    harness.state_mut().layer = "camera";
    harness.run();
    harness.state_mut().layer = "sewer_node";
    assert_eq!(harness.state().layer().style, kept, "another layer ends what is tried out");
    wait(&mut harness, |window| window.layer().style.rules.len() == 5);
    click(&mut harness, "取消");
    let window = harness.state();
    assert_eq!(window.layer().style, kept);
    assert_eq!(window.undo_words(), "Add");
    assert!(!window.state.is_at_work());
}

#[test]
fn escape_over_the_panel_asks_before_it_gives_up_and_leaves_a_text_field_first() {
    let mut harness = graduated();
    harness.get_by_label("级 1的图例文字").focus();
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.state().state.is_at_work(), "the first one leaves the field");
    harness.hover_at(egui::pos2(100.0, 200.0));
    harness.run();
    let escape = |harness: &mut Harness<'static, Window>| {
        harness.key_press(Key::Escape);
        harness.run();
    };
    escape(&mut harness);
    click(&mut harness, "继续编辑");
    assert!(harness.state().state.is_at_work(), "nothing is lost by one key");
    escape(&mut harness);
    escape(&mut harness);
    assert!(harness.query_by_label("放弃").is_none(), "a second one takes the question back");
    escape(&mut harness);
    click(&mut harness, "放弃");
    assert!(!harness.state().state.is_at_work());
}

#[test]
fn a_value_has_its_own_row_with_its_count_and_can_be_taken_out() {
    let mut harness = harness(Window::new());
    choose(&mut harness, "样式种类", "分类");
    choose(&mut harness, "字段", "排水类型");
    wait(&mut harness, |window| window.layer().style.rules.len() == 3);
    let rules = harness.state().layer().style.rules.clone();
    let filters: Vec<String> = rules.iter().flat_map(|rule| &rule.filter).map(ToString::to_string).collect();
    assert_eq!(filters, ["sewer_type = 'storm'", "sewer_type = 'foul'"]);
    assert_eq!(harness.query_all_by_label("20").count(), 2, "twenty of each");
    click(&mut harness, "移除 污水");
    wait(&mut harness, |window| window.layer().style.rules.len() == 2);
    click(&mut harness, "再加 1 个值");
    wait(&mut harness, |window| window.layer().style.rules.len() == 3);
    let last = harness.state().layer().style.rules.last().and_then(|rule| rule.filter.clone());
    assert_eq!(last, None, "the rest stays last");
}

#[test]
fn a_condition_that_cannot_be_followed_leaves_the_rule_as_it_was() {
    let mut harness = harness(Window::new());
    let before = harness.state().layer().kept_style.rules.len();
    click(&mut harness, "添加规则");
    let new = harness.state_mut().draft().rule.clone().map(|(at, _)| at);
    let filter = |window: &mut Window| {
        let rules = &window.draft().style.rules;
        (rules.len(), new.and_then(|at| rules[at].filter.as_ref()).map(ToString::to_string))
    };
    for (typed, expected) in [("depth_m > 3", Some("depth_m > 3")), (" AND nothing = 1", Some("depth_m > 3"))] {
        harness.get_by_label("条件").focus();
        harness.run();
        harness.key_press(Key::End);
        harness.get_by_label("条件").type_text(typed);
        harness.run();
        assert_eq!(filter(harness.state_mut()), (before + 1, expected.map(str::to_owned)));
    }
    assert!(harness.query_by_label_contains("nothing").is_some(), "what is wrong is said below it");
}

#[test]
fn the_map_follows_a_moving_hand_now_and_then_only() {
    let builder = Harness::builder().with_size(vec2(344.0, 900.0)).with_step_dt(1.0 / 60.0);
    let builder = builder.with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(|ui, window: &mut Window| window.frame(ui), Window::new());
    harness.run();
    for step in 0..60_u8 {
        let draft = harness.state_mut().draft();
        draft.style.rules[0].paints = vec![Paint::Symbol { id: "pump".into(), size: Size::Px(f32::from(step)) }];
        harness.step();
    }
    harness.run_steps(30);
    let tried = harness.state().asked.iter().filter(|asked| **asked == "try").count();
    assert!((3..=8).contains(&tried), "{tried} in a second");
    let last = &harness.state().layer().style.rules[0].paints[0];
    assert_eq!(*last, Paint::Symbol { id: "pump".into(), size: Size::Px(59.0) }, "where the hand stopped");
}

#[test]
fn every_form_is_drawn_in_both_languages_and_themes() {
    let mut harness = harness(Window::new());
    let schema = Arc::clone(&harness.state().layer().schema);
    for (lang, theme) in [(Lang::Zh, Theme::Light), (Lang::En, Theme::Dark)] {
        harness.state_mut().finish(Command::Settings(SettingsCommand::Lang(lang)));
        theme::set_dark(&harness.ctx, theme == Theme::Dark);
        for form in Form::ALL {
            harness.state_mut().draft().take_form(form, &schema);
            let draft = harness.state_mut().draft();
            draft.rule = Some((0, String::new()));
            wait(&mut harness, |window| !window.draft().waits() || !matches!(form, Form::Values | Form::Classes));
            let names =
                [Text::new("所有各类的绘制项", "What all of them are painted with"), Text::new("注记", "Labels")];
            for name in names {
                let name = name.get(lang).to_owned();
                let found = harness.query_all_by_label_contains(&name).next().map(|node| node.click());
                harness.run();
                assert!(found.is_some() || !matches!(form, Form::Values | Form::Classes), "{form:?}: {name}");
            }
        }
    }
}

#[test]
fn a_style_comes_back_in_the_form_in_which_it_was_kept() {
    let mut harness = graduated();
    choose(&mut harness, "样式种类", "点聚合");
    choose(&mut harness, "样式种类", "分级");
    let draft = harness.state_mut().draft();
    assert_eq!(draft.bounds(), [0.0, 2.0, 4.0, 6.0, 8.0, 9.75], "what was set is there again");
    let kept = LayerView { kept_style: Arc::new(draft.style.clone()), ..harness.state().layer().clone() };
    let again = Draft::new(&kept);
    assert_eq!((again.form, again.bounds().len(), again.sizes), (Form::Classes, 6, None));
}

#[test]
fn other_paints_for_all_classes_keep_names_conditions_and_colours() {
    let mut harness = graduated();
    let schema = Arc::clone(&harness.state().layer().schema);
    let draft = harness.state_mut().draft();
    draft.style.rules[0].name = Text::same("浅");
    let said = |draft: &Draft| -> Vec<(Text, Option<Expr>, Option<Ink>)> {
        let rules = draft.style.rules.iter();
        rules.map(|rule| (rule.name.clone(), rule.filter.clone(), make::main_ink(&rule.paints))).collect()
    };
    let before = said(draft);
    let base = make::single(schema.geometry, Ink::new(0, 0)).rules[0].paints.clone();
    draft.set_base(base, &schema);
    assert_eq!(said(draft), before);
    draft.sizes = Some([2.0, 10.0]);
    draft.classify();
    draft.settle(&schema, &mut Surveys::default());
    assert!(draft.waits(), "nothing is made of values that are not known");
}

#[test]
fn a_style_from_a_file_is_looked_at_before_it_is_kept() {
    let mut harness = harness(Window::new());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("well.citystyle.json");
    let layer = || "sewer_node".to_owned();
    let window = harness.state_mut();
    let usual = Arc::clone(&window.layer().kept_style);
    let style = make::single(window.layer().schema.geometry, Ink::new(0xFF_0000, 0xFF_8080));
    window.finish(Command::Style(StyleCommand::Set { layer: layer(), style: style.clone() }));
    window.finish(Command::Style(StyleCommand::Export { layer: layer(), path: path.clone(), overwrite: false }));
    window.finish(Command::Style(StyleCommand::Reset(layer())));
    harness.run();
    let Window { session, state, .. } = harness.state_mut();
    let mut asks = Asks::new();
    state.filed = Some(layer());
    state.import(path, session, &mut asks);
    wait(&mut harness, |window| *window.layer().style == style);
    assert_eq!(harness.state().layer().kept_style, usual, "the file is only tried out");
    click(&mut harness, "取消");
    assert_eq!(harness.state().layer().style, usual);
}
