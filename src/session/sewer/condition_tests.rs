//! A contractor's report from the file to the repair plan: taken in, refused in part, rated, written, taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use calamine::Reader as _;

use crate::model::value::Value;
use crate::task::{Cancel, Severity, Task};
use crate::text::Lang;
use crate::trades::sewer::cjj181::explain::number;
use crate::trades::sewer::cjj181::{PairRule, Rules};
use crate::trades::sewer::inspected::By;
use crate::trades::sewer::plan::Work;

use super::SewerDesk;
use super::checks::CheckAsk;
use super::command::SewerCommand;
use super::condition::ConditionReport;
use super::defects::DefectImport;
use super::out::OutFile;
use super::place::SewerPlace;
use super::plan::{PlanAsk, PlannedPipe};
use super::questions::Direction;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{Command, EditCommand, ExchangeCommand, HistoryCommand, ImportRequest};
use crate::session::test_city::TestCity;

/// A city of which reports are taken in.
struct Desk(TestCity);

impl Desk {
    /// A city with the pipes A and B, 30 m by record and 600 mm wide.
    fn new() -> Self {
        let mut city = TestCity::new();
        let pipe = |code: &str, lat: f64| {
            serde_json::json!({"type": "Feature",
                "properties": {"code": code, "sewer_type": "foul", "diameter_mm": 600, "length_m": 30.0},
                "geometry": {"type": "LineString", "coordinates": [[116.0, lat], [116.0003, lat]]}})
        };
        let json = serde_json::json!({"type": "FeatureCollection", "features": [pipe("A", 29.7), pipe("B", 29.71)]});
        let paths = vec![city.write("pipes.geojson", json.to_string())];
        city.import(ImportRequest { paths, kind: Some("sewer_pipe".to_owned()), ..ImportRequest::default() });
        Self(city)
    }

    fn write(&self, name: &str, words: &str) -> PathBuf {
        self.0.write(name, words)
    }

    #[track_caller]
    fn run(&mut self, command: Command) -> Answer {
        self.0.run(command)
    }

    fn import(&mut self, table: &str) -> Result<Answer, Failure> {
        let request = DefectImport { path: self.write("report.csv", table), ..DefectImport::default() };
        self.0.session.finish(Command::Sewer(SewerCommand::ImportDefects(Box::new(request))), &mut |_| {})
    }

    /// Rows taken in, and the rules by which rows were refused.
    #[track_caller]
    fn taken(&mut self, table: &str) -> (Vec<(String, u64)>, Vec<(&'static str, i64)>) {
        let Answer::Imported { layers, problems, .. } = self.import(table).expect("taken in") else {
            panic!("imported")
        };
        let refused = problems.listed.iter().filter(|problem| problem.severity == Severity::Error);
        let refused = refused.map(|problem| (problem.rule, problem.feature.unwrap_or_default())).collect();
        (layers.into_iter().map(|layer| (layer.name, layer.features)).collect(), refused)
    }

    /// Rules by which rows that were taken are told of, and their numbers.
    #[track_caller]
    fn told(&mut self, table: &str) -> Vec<String> {
        let Answer::Imported { problems, .. } = self.import(table).expect("taken in") else { panic!("imported") };
        let rows = problems.listed.iter().filter_map(|it| Some(format!("{} {}", it.rule, it.feature?)));
        rows.collect()
    }

    #[track_caller]
    fn ask<T>(&self, ask: impl FnOnce(&SewerDesk, &mut Task<'_>) -> Result<T, Failure>) -> T {
        let desk = self.0.session.sewers().expect("a city");
        ask(&desk, &mut Task::new(Cancel::default(), |_| {})).expect("answered")
    }

    fn rating(&self) -> ConditionReport {
        self.ask(|desk, task| desk.rate(Rules::default(), None, task))
    }

    /// `PIPE RI DEFECT@START-END …` of every pipe that was inspected.
    fn shown(&self) -> Vec<String> {
        let pipes = self.rating().pipes;
        let pipe = pipes.iter().map(|pipe| {
            let defects = pipe.defects.iter().map(|it| {
                let (defect, [start, end]) = (it.defect, [it.defect.start_m(), it.defect.end_m()].map(number));
                format!(" {}{}@{start}-{end}", defect.kind().code, defect.grade())
            });
            format!("{} {}{}", pipe.code, number(pipe.rating.ri.value), defects.collect::<String>())
        });
        pipe.collect()
    }

    fn value(&self, layer: &str, id: i64, field: &str) -> Value {
        let place = self.0.session.schema(layer).expect("a layer").field_index(field).expect("a field");
        self.0.session.rows(layer, &[id]).expect("a row")[0].values[place].clone()
    }
}

#[test]
fn a_plain_table_is_rated_at_once_and_bad_rows_are_named() {
    let mut desk = Desk::new();
    let table = "pipe,code,grade,start_m,end_m\n\
        A,PL,3,5,5\nA,CK,2,12,12\nA,SL,1,13.2,13.2\nA,TL,3,6,6\nX,PL,1,1,1\nB,QQ,1,1,1\nB,CJ,2,31,31\n";
    let (layers, refused) = desk.taken(table);
    assert_eq!(layers, [("sewer_inspection".to_owned(), 1), ("sewer_defect".to_owned(), 3)]);
    let expected = [("defect.grade", 5), ("defects.pipe", 6), ("defect.code", 7), ("defect.outside", 8)];
    assert_eq!(refused, expected);
    assert_eq!(desk.shown(), ["A 3.65 PL3@5-5 CK2@12-12 SL1@13.2-13.2"]);
    let later = desk.ask(|desk, task| desk.rate(Rules { pairs: PairRule::Later, ..Rules::default() }, Some("A"), task));
    assert_eq!(number(later.pipes[0].rating.structure.mean), "2.5167");
    desk.run(Command::History(HistoryCommand::Undo));
    assert!(desk.rating().pipes.is_empty(), "one step takes all of it back");
}

#[test]
fn a_trace_counts_what_was_inspected_before_any_rating_is_written() {
    let mut desk = Desk::new();
    let sums =
        |desk: &Desk| desk.ask(|asked, task| asked.trace(&SewerPlace::Words("A".into()), Direction::Up, task)).sums;
    assert_eq!((sums(&desk).inspected_m, sums(&desk).worst_grade), (0.0, None));
    desk.taken("pipe,code,grade,start_m,end_m\nA,PL,4,5,5\n");
    let found = sums(&desk);
    assert!(found.inspected_m > 0.0 && found.inspected_share() == Some(1.0), "{found:?}");
    let grade = i64::from(desk.rating().pipes[0].rating.ri.grade);
    assert_eq!(found.worst_grade, Some(grade));
    desk.run(Command::History(HistoryCommand::Undo));
    assert_eq!((sums(&desk).inspected_m, sums(&desk).worst_grade), (0.0, None));
}

#[test]
fn a_chinese_report_against_the_flow_counts_from_the_well_upstream() {
    let mut desk = Desk::new();
    let table = "检测编号,管段编号,检测日期,检测方向,检测方法,缺陷代码,等级,起点距离,终点距离,环向位置,地区重要性\n\
        J1,A,2025/3/1,逆流,CCTV,KSFS,Ⅲ,4,,0903,trunk\nJ1,A,2025/3/1,逆流,CCTV,JSFS,Ⅲ,10,,,trunk\n\
        J2,B,2025年4月2日,顺流,QV,无,,,,,\n";
    let (layers, refused) = desk.taken(table);
    assert_eq!((layers[0].1, layers[1].1, refused.len()), (2, 1, 0));
    assert_eq!(desk.shown(), ["A 4.25 FS3@20-26", "B 0"]);
    assert_eq!(desk.value("sewer_inspection", 1, "inspected_on"), "2025-03-01".into());
    assert_eq!(desk.value("sewer_defect", 1, "clock"), "0903".into());
    assert_eq!(desk.value("sewer_defect", 1, "score"), Value::Real(5.0));
}

#[test]
fn the_same_report_again_adds_nothing() {
    let mut desk = Desk::new();
    let table = "pipe,code,grade,start_m,end_m,date\nA,PL,3,5,5,2025-03-01\nA,PL,3,5,5,2025-03-01\n";
    assert_eq!(desk.told(table), ["defects.twice 3"], "nor does the same row again within the report");
    assert!(desk.taken(table).0.iter().all(|(_, rows)| *rows == 0));
    assert_eq!(desk.shown(), ["A 3.65 PL3@5-5"]);
}

#[test]
fn what_contradicts_an_inspection_of_that_number_is_told() {
    let mut desk = Desk::new();
    let head = "inspection,pipe,code,grade,start_m,date\n";
    assert_eq!(desk.told(&format!("{head}J1,A,PL,1,5,2025-03-01\n")), [""; 0]);
    let told = desk.told(&format!("{head}J1,A,PL,2,9,2025-04-01\nJ1,B,PL,1,5,2025-03-01\nJ2,B,PL,1,5,2025-03-01\n"));
    assert_eq!(told, ["defects.date 2", "defects.number 3"]);
    assert_eq!(desk.value("sewer_inspection", 1, "inspected_on"), "2025-03-01".into());
    let ask = CheckAsk { rules: vec!["SW39".to_owned()], ..CheckAsk::default() };
    let found = desk.ask(|desk, task| desk.check(&ask, task)).findings;
    assert_eq!(found.iter().map(|it| (it.at.id, it.code.as_str())).collect::<Vec<_>>(), [(1, "A"), (2, "B")]);
}

#[test]
fn a_glance_into_a_pipe_keeps_its_rating_and_a_day_to_come_does_not_count() {
    let mut desk = Desk::new();
    let head = "pipe,code,grade,start_m,date,检测长度\n";
    desk.taken(&format!("{head}A,PL,4,5,2025-03-01,30\nB,PL,4,5,2025-03-01,12\n"));
    desk.taken(&format!("{head}A,,,,2025-06-01,3\n"));
    assert_eq!(desk.shown(), ["A 7.15 PL4@5-5", "B 7.15 PL4@5-5"]);
    let report = desk.rating();
    let parts: Vec<_> = report.pipes.iter().map(|it| (it.seen_share, it.later_part.as_str())).collect();
    assert_eq!(parts, [(None, "2025-06-01"), (Some(0.4), "")]);
    assert!(report.parts().is_some_and(|words| words.zh.contains("1 段只检测了管长的一部分（不足 80%）")));
    let plan = desk.ask(|desk, task| desk.plan(&PlanAsk::default(), task));
    assert_eq!(plan.items.iter().map(|it| it.item.reason.zh.contains("只检测了")).collect::<Vec<_>>(), [false, true]);
    assert!(plan.basis().iter().any(|words| words.en.starts_with("Partly inspected")));
    let strict = desk.ask(|desk, task| desk.rate(Rules { whole_percent: 10, ..Rules::default() }, None, task));
    assert_eq!(strict.pipes[0].on, "2025-06-01", "a tenth is enough for those who say so");
    let day = [("inspected_on", "2099-01-01"), ("method", "cctv")];
    let day = day.map(|(field, value)| (field.to_owned(), value.to_owned())).to_vec();
    desk.run(Command::Edit(EditCommand::Set { layer: "sewer_inspection".to_owned(), id: 1, values: day }));
    assert_eq!(desk.shown(), ["A 0", "B 7.15 PL4@5-5"]);
    assert!(desk.rating().problems.iter().any(|problem| problem.rule == "condition.future"));
    let lengths = desk.ask(|desk, task| desk.inspected(By::Year, task));
    assert_eq!((lengths.future, lengths.years.len(), lengths.ever.length_m), (1, 1, 15.0));
    let ask = CheckAsk { rules: vec!["SW39".to_owned()], ..CheckAsk::default() };
    let found = desk.ask(|desk, task| desk.check(&ask, task)).findings;
    assert_eq!(found.iter().map(|it| (it.at.id, it.code.as_str())).collect::<Vec<_>>(), [(1, "A")]);
}

#[test]
fn odd_days_and_distances_are_called_what_they_are() {
    let mut desk = Desk::new();
    let table = "管段编号,缺陷代码,等级,起点距离,检测日期\nA,PL,1,-1,2025-01-01\nA,PL,1,5,1900-01-01\nA,PL,1,6,46086\n";
    assert_eq!(desk.taken(table).1, [("defect.outside", 2), ("defects.past", 3)]);
    assert_eq!(desk.value("sewer_inspection", 1, "inspected_on"), "2026-03-05".into());
}

#[test]
fn the_short_names_of_the_help_may_be_mapped_to() {
    let mut desk = Desk::new();
    let path = desk.write("odd.csv", "甲,乙,级别,米\nA,PL,2,3\n");
    let map = [("甲", "pipe"), ("乙", "code"), ("级别", "grade"), ("米", "start_m")];
    let map = map.map(|(their, our)| (their.to_owned(), our.to_owned())).to_vec();
    desk.run(Command::Sewer(SewerCommand::ImportDefects(Box::new(DefectImport {
        path,
        map,
        ..DefectImport::default()
    }))));
    assert_eq!(desk.shown(), ["A 1.4 PL2@3-3"]);
}

#[test]
fn a_cost_table_with_chinese_headings_is_read() {
    let mut desk = Desk::new();
    for head in ["工作,管径上限,单价", "措施,管径上限（mm）,元/m", "修复方式,管径,单价（元/m）"]
    {
        let path = desk.write("prices.csv", &format!("{head}\n局部修复,600,5000\n"));
        let costs = desk.ask(|_, task| SewerDesk::read_costs(&path, task));
        assert_eq!(costs.yuan_per_m(Work::Local, 500.0), Some(5000.0), "{head}");
    }
    let path = desk.write("prices.csv", "甲,乙\n1,2\n");
    let refused = SewerDesk::read_costs(&path, &mut Task::new(Cancel::default(), |_| {})).expect_err("no heading");
    assert!(refused.text.en.contains("修复方式") && !refused.text.en.contains("--map"), "{}", refused.text.en);
    desk.run(Command::History(HistoryCommand::Undo));
}

#[test]
fn the_latest_inspection_counts() {
    let mut desk = Desk::new();
    desk.taken("pipe,code,grade,start_m,end_m,date\nA,PL,4,5,5,2025-03-01\n");
    desk.taken("pipe,code,grade,start_m,end_m,date\nA,PL,1,5,5,2024-03-01\n");
    assert_eq!(desk.shown(), ["A 7.15 PL4@5-5"]);
    assert_eq!(desk.rating().pipes[0].inspections, 2);
    desk.taken("pipe,code,grade,start_m,end_m,date\nA,,,,,2026-03-01\n");
    assert_eq!(desk.shown(), ["A 0"]);
    let lengths = desk.ask(|desk, task| desk.inspected(By::Year, task));
    assert_eq!(lengths.years.iter().map(|year| year.length_m).collect::<Vec<_>>(), [30.0, 30.0, 30.0]);
    assert_eq!((lengths.ever.length_m, lengths.network_m), (30.0, 60.0));
}

#[test]
fn a_file_without_the_columns_says_which() {
    let mut desk = Desk::new();
    let failure = desk.import("管段编号,代码\nA,PL\n").expect_err("refused");
    assert_eq!(failure.kind, FailureKind::Data);
    assert!(failure.text.zh.contains("grade") && failure.text.zh.contains("start_m"), "{}", failure.text.zh);
    let nothing = desk.import("pipe,code,grade,start_m\nX,PL,1,1\n").expect_err("refused");
    assert_eq!(nothing.problems.len(), 1);
    let path = desk.write("odd.csv", "管号,缺陷类别,级,米\nA,PL,2,3\n");
    let map = [("管号", "pipe_code"), ("缺陷类别", "defect"), ("级", "grade"), ("米", "start_m")];
    let map = map.map(|(their, our)| (their.to_owned(), our.to_owned())).to_vec();
    let set = vec![("method".to_owned(), "sonar".to_owned())];
    let request = DefectImport { path, map, set, ..DefectImport::default() };
    desk.run(Command::Sewer(SewerCommand::ImportDefects(Box::new(request))));
    assert_eq!(desk.value("sewer_inspection", 1, "method"), "sonar".into());
}

#[test]
fn ratings_are_written_as_one_step() {
    let mut desk = Desk::new();
    desk.taken("pipe,code,grade,start_m,end_m,date\nA,PL,4,5,5,2025-03-01\nA,CJ,3,9,12,2025-03-01\n");
    let write = || Command::Sewer(SewerCommand::WriteRatings(Rules::default()));
    assert!(matches!(desk.run(write()), Answer::Step { .. }));
    assert_eq!(desk.value("sewer_inspection", 1, "ri"), Value::Real(7.15));
    assert_eq!(desk.value("sewer_inspection", 1, "density_sm"), Value::Real(0.0333));
    assert_eq!(desk.value("sewer_inspection", 1, "maintenance_grade"), Value::Int(3));
    let pipe =
        desk.0.session.layers().expect("layers").into_iter().find(|it| it.kind.id == "sewer_pipe").expect("pipes");
    assert_eq!(desk.value(pipe.table(), 1, "rating"), Value::Int(4));
    assert_eq!(desk.value(pipe.table(), 1, "inspected_on"), "2025-03-01".into());
    assert!(matches!(desk.run(write()), Answer::Told(_)), "nothing is left to write");
    desk.run(Command::History(HistoryCommand::Undo));
    assert!(desk.value(pipe.table(), 1, "rating").is_null() && desk.value("sewer_inspection", 1, "ri").is_null());
}

#[test]
fn a_plan_goes_out_with_the_bureaus_prices() {
    let mut desk = Desk::new();
    desk.taken("pipe,code,grade,start_m,end_m\nA,PL,4,5,5\nB,PL,3,5,20\n");
    let prices = desk.write("prices.csv", "work,up_to_mm,yuan_per_m\n局部修复,600,5000\nwhole,,1000\n");
    let (plan, written) = desk.ask(|desk, task| {
        let costs = SewerDesk::read_costs(&prices, task)?;
        let plan = desk.plan(&PlanAsk { costs, budget_yuan: Some(5000.0), ..PlanAsk::default() }, task)?;
        let out = OutFile { path: prices.with_file_name("plan.csv"), overwrite: false, lang: Lang::Zh };
        let written = desk.write_plan(&plan, &out, task)?;
        Ok((plan, written))
    });
    let items: Vec<_> =
        plan.items.iter().map(|it| (it.code.as_str(), it.item.repair, it.item.yuan, it.item.fits)).collect();
    let expected =
        [("A", Some(Work::Local), Some(5000.0), Some(true)), ("B", Some(Work::Whole), Some(30_000.0), Some(false))];
    assert_eq!(items, expected);
    assert!(!plan.ask.costs.is_assumed() && written.features > 2);
    let text = desk.0.read("plan.csv");
    assert!(text.lines().nth(1).is_some_and(|line| line.contains(",A,") && line.contains("局部修复")), "{text}");
    let foot: Vec<&str> = text.lines().skip(3).collect();
    for words in [",合计,,,35000.0,", ",预算,,,5000.0,", ",预算内,,,5000.0,", ",预算外,,,30000.0,"] {
        assert!(foot.iter().any(|line| line.contains(words)), "{words}: {text}");
    }
}

#[test]
fn what_is_only_watched_is_no_work_and_has_a_day_of_its_own() {
    let mut desk = Desk::new();
    desk.taken("pipe,code,grade,start_m,end_m,date\nA,PL,2,5,5,2024-02-29\nB,PL,4,5,5,2025-01-01\n");
    let out = desk.0.path("plan.xlsx");
    let plan = desk.ask(|desk, task| {
        let plan = desk.plan(&PlanAsk { budget_yuan: Some(100.0), ..PlanAsk::default() }, task)?;
        desk.write_plan(&plan, &OutFile { path: out.clone(), overwrite: false, lang: Lang::Zh }, task)?;
        Ok(plan)
    });
    let codes = |pipes: &[PlannedPipe]| pipes.iter().map(|it| it.code.clone()).collect::<Vec<_>>();
    assert_eq!((codes(&plan.items), codes(&plan.watched)), (vec!["B".to_owned()], vec!["A".to_owned()]));
    assert_eq!(plan.watched[0].next_on, "2029-02-28");
    let sheets = cells(&out);
    assert_eq!(sheets.keys().map(String::as_str).collect::<Vec<_>>(), ["合计", "排水管养护计划", "观察"]);
    assert_eq!(sheets["排水管养护计划"].len(), 2, "a head and one work");
    assert_eq!(sheets["观察"][1][..6], ["A", "", "600", "30", "2024-02-29", "2029-02-28"]);
    let sum = |name: &str| sheets["合计"].iter().find(|row| row[0] == name).map(|row| row[1..4].join(" "));
    assert_eq!(sum("局部修复").as_deref(), Some("1 1 6000"));
    assert_eq!(sum("预算内").as_deref(), Some("0  0"));
    assert_eq!(sum("预算外").as_deref(), Some("1  6000"));
    assert_eq!(sum("观察").as_deref(), Some("1  "));
}

/// The sheets of a workbook, as words.
fn cells(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut book = calamine::open_workbook_auto(path).expect("a workbook");
    let rows = |range: calamine::Range<calamine::Data>| {
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    };
    book.worksheets().into_iter().map(|(name, range)| (name, rows(range))).collect()
}

#[test]
fn codes_with_grades_and_full_width_letters_are_read() {
    let mut desk = Desk::new();
    let (layers, refused) = desk.taken("管段,代码,距离\nＡ,ＺＷ３,５．５\nA,PL-Ⅱ级,9\nB,ck５,1\nB,ＳＬ,1\n");
    assert_eq!((layers[1].1, refused), (2, vec![("defect.grade", 4), ("defect.grade", 5)]));
    assert_eq!(desk.shown(), ["A 1.4 ZW3@5.5-5.5 PL2@9-9"]);
    let (_, refused) = desk.taken("管段,代码,等级,距离\nB,ＰＬ３,３,1\nB,PL3,2,7\n");
    assert_eq!(refused, [("defect.grade", 3)], "a grade that contradicts itself");
    assert_eq!(desk.shown()[1], "B 3.65 PL3@1-1");
}

#[test]
fn a_day_after_today_is_refused() {
    let mut desk = Desk::new();
    let tomorrow = jiff::Zoned::now().date().tomorrow().expect("a day");
    let table = format!("pipe,code,grade,start_m,date\nA,PL,1,5,{tomorrow}\nA,PL,2,5,2025-01-01\n");
    assert_eq!(desk.taken(&table).1, [("defects.future", 2)]);
    assert_eq!(desk.shown(), ["A 1.4 PL2@5-5"]);
}

#[test]
fn refused_rows_are_kept_in_a_file_or_keep_all_of_them_out() {
    let mut desk = Desk::new();
    let path = desk.write("report.csv", "pipe,code,grade,start_m\nX,PL,1,1\n\nA,PL,2,5\nA,QQ,1,1\n");
    let rejects = desk.0.path("退回.csv");
    let request = DefectImport { path, rejects: Some(rejects.clone()), ..DefectImport::default() };
    let strict = DefectImport { strict: true, ..request.clone() };
    let import = |request| Command::Sewer(SewerCommand::ImportDefects(Box::new(request)));
    let refused = desk.0.session.finish(import(strict), &mut |_| {}).expect_err("strictly");
    assert_eq!((refused.kind, desk.rating().pipes.len()), (FailureKind::Data, 0));
    let preview = desk.ask(|desk, task| desk.preview_defects(&request, task));
    assert_eq!((preview.inspections, preview.defects, preview.refused), (1, 1, 2));
    let Answer::Imported { problems, rejects: kept, .. } = desk.run(import(request)) else { panic!("imported") };
    assert_eq!(kept, [(rejects.clone(), 2)]);
    assert!(problems.listed.iter().any(|problem| problem.what.zh.starts_with("第 5 行：")), "{problems:?}");
    let text = desk.0.read(rejects);
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "reject_row,reject_reason,pipe,code,grade,start_m");
    assert!(lines[1].starts_with("2,") && lines[1].ends_with(",X,PL,1,1"), "{text}");
    assert!(lines[2].starts_with("5,") && lines[2].ends_with(",A,QQ,1,1"), "{text}");
}

#[test]
fn neither_the_city_nor_the_report_is_a_file_for_refused_rows_or_results() {
    let mut desk = Desk::new();
    let city = desk.0.session.city().expect("a city").path.clone();
    let path = desk.write("report.csv", "pipe,code,grade,start_m\nX,PL,1,1\nA,PL,2,5\n");
    let other = desk.write("other.csv", "somebody's");
    let also = city.with_file_name(".").join(city.file_name().expect("a name"));
    let before = city.metadata().expect("there").len();
    let import = |rejects: &Path, replace_rejects| {
        let request = DefectImport {
            path: path.clone(),
            rejects: Some(rejects.to_owned()),
            replace_rejects,
            ..DefectImport::default()
        };
        Command::Sewer(SewerCommand::ImportDefects(Box::new(request)))
    };
    for (rejects, replace) in [(&city, true), (&also, true), (&path, true), (&other, false)] {
        let refused = desk.0.session.finish(import(rejects, replace), &mut |_| {}).expect_err("no such target");
        assert!(matches!(refused.kind, FailureKind::Usage | FailureKind::File), "{refused:?}");
        assert!(desk.rating().pipes.is_empty(), "nothing was taken in");
    }
    let plain = ImportRequest {
        paths: vec![path.clone()],
        rejects: Some(also.clone()),
        replace_rejects: true,
        ..ImportRequest::default()
    };
    let refused = desk.0.session.finish(Command::Exchange(ExchangeCommand::Import(plain)), &mut |_| {});
    assert_eq!(refused.expect_err("the city").kind, FailureKind::Usage);
    desk.run(import(&other, true));
    assert!(desk.0.read("other.csv").contains("X,PL,1,1"));
    let written = desk.0.session.sewers().expect("a city");
    let report = desk.rating();
    for path in [&city, &also] {
        let out = OutFile { path: path.clone(), overwrite: true, lang: Lang::En };
        let refused = written.write_rating(&report, &out, &mut Task::new(Cancel::default(), |_| {}));
        assert_eq!(refused.expect_err("the city").kind, FailureKind::Usage);
    }
    assert!(city.metadata().expect("there").len() >= before && desk.shown() == ["A 1.4 PL2@5-5"]);
}

#[test]
fn a_workbook_of_several_sheets_is_one_report() {
    let mut desk = Desk::new();
    let path = desk.0.path("检测.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2025, 3, 1).expect("a day");
    let as_day = rust_xlsxwriter::Format::new().set_num_format("yyyy/m/d");
    let tables = [
        ("结构性", vec![("A", "PL", 3.0, 5.0, 903.0), ("X", "PL", 1.0, 1.0, 12.0)]),
        ("功能性", vec![("A", "CJ", 2.0, 9.5, 507.0), ("A", "FZ", 4.0, 1.0, 12.0)]),
    ];
    for (name, rows) in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(name).expect("a name");
        let heads = ["管段编号", "检测日期", "缺陷代码", "等级", "距离", "环向位置"];
        for (column, head) in (0..).zip(heads) {
            sheet.write_string(0, column, head).expect("written");
        }
        // The second row is blank: people leave such.
        for (row, (pipe, code, grade, start, clock)) in (2..).zip(rows) {
            sheet.write_string(row, 0, pipe).expect("written");
            sheet.write_datetime_with_format(row, 1, &day, &as_day).expect("written");
            sheet.write_string(row, 2, code).expect("written");
            for (column, number) in (3..).zip([grade, start, clock]) {
                sheet.write_number(row, column, number).expect("written");
            }
        }
    }
    book.add_worksheet().set_name("填表说明").expect("a name").write_string(0, 0, "一行一处缺陷").expect("written");
    book.save(&path).expect("saved");
    let request = DefectImport { path, ..DefectImport::default() };
    let answer = desk.run(Command::Sewer(SewerCommand::ImportDefects(Box::new(request))));
    let Answer::Imported { layers, problems, .. } = answer else { panic!("imported") };
    assert_eq!(layers.iter().map(|layer| layer.features).collect::<Vec<_>>(), [1, 2], "one inspection on two sheets");
    let refused: Vec<&str> = problems
        .listed
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| problem.what.zh.as_ref())
        .collect();
    let expected =
        ["工作表“结构性”第 4 行：没有管段“X”", "工作表“功能性”第 4 行：管段 A：浮渣 FZ 没有 4 级，只有 1–3 级"];
    assert_eq!(refused, expected);
    assert_eq!(desk.shown(), ["A 3.65 PL3@5-5 CJ2@9.5-9.5"]);
    assert_eq!(desk.value("sewer_inspection", 1, "inspected_on"), "2025-03-01".into());
    assert_eq!(desk.value("sewer_defect", 2, "clock"), "0507".into());
}

#[test]
fn a_form_refuses_what_the_standard_does_not_have() {
    let mut desk = Desk::new();
    desk.taken("pipe,code,grade,start_m,end_m\nA,TL,2,5,5\n");
    let set = |field: &str, value: &str| {
        let (layer, values) = ("sewer_defect".to_owned(), vec![(field.to_owned(), value.to_owned())]);
        Command::Edit(EditCommand::Set { layer, id: 1, values })
    };
    for (field, value) in [("grade", "3"), ("clock", "1300"), ("end_m", "2")] {
        let refused = desk.0.session.finish(set(field, value), &mut |_| {}).expect_err(field);
        assert_eq!(refused.kind, FailureKind::Data, "{field}");
    }
    desk.run(set("clock", "0903"));
}
