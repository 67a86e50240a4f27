//! `sewer`: the sewer workbench on the command line. One line a question here, its words and its printing in a file of
//! its own.

mod capacity;
mod checks;
mod condition;
mod defects;
mod plan;
mod profile;
mod questions;
mod sums;
mod swmm;
mod users;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use self::capacity::CapacityArgs;
use self::checks::{CheckArgs, CrossArgs};
use self::condition::{InspectedArgs, RateArgs};
use self::defects::DefectsArgs;
use self::plan::PlanArgs;
use self::profile::ProfileArgs;
use self::questions::{BasinsArgs, CloseArgs, LongestArgs, PathArgs, TraceArgs};
use self::swmm::SwmmArgs;
use self::users::UsersArgs;
use super::Run;
use super::console::Reply;
use super::table::Table;
use crate::session::answer::{Failure, FailureKind};
use crate::session::sewer::SewerDesk;
use crate::session::sewer::kept_rules::limits;
use crate::task::Task;
use crate::text;
use crate::text::Lang;
use crate::trades::sewer::sewers::Joining;

/// Examples of the verb.
pub(super) const EXAMPLES: &str = "\
  citygrid sewer summary city.gpkg                                   # 管网规模与连通 | how large it is and how it hangs together
  citygrid sewer trace city.gpkg --from WS-0417 --direction up       # 上游有什么 | what lies upstream
  citygrid sewer trace city.gpkg --from 115.99,29.71 --direction down --out down.geojson
  citygrid sewer path city.gpkg --from WS-0417 --to WS-0102          # 两点间最短管路 | the shortest way between two nodes
  citygrid sewer basins city.gpkg --through-pumps --out basins.xlsx  # 厂网一体 | what drains to each plant and outfall
  citygrid sewer close city.gpkg --pipe WS-00012                     # 关管影响 | what backs up, and the by-pass
  citygrid sewer profile city.gpkg --down WS-0417 --out profile.pdf  # 纵断面 | a long profile
  citygrid sewer check city.gpkg --rules SW10,SW12 --out faults.xlsx # 检查 | check
  citygrid sewer check city.gpkg --excuse SW10 sewer_pipe/12 --because 倒虹管 # 不是错误 | no fault
  citygrid sewer cross city.gpkg --max 20                            # 混接疑点 | cross connections
  citygrid sewer rate city.gpkg --pipe WS-00012 --explain            # 逐步说明评估 | every step of a rating
  citygrid sewer plan city.gpkg --budget 2000000 --out plan.xlsx     # 养护计划 | repair plan
  citygrid sewer inspected city.gpkg --by street                     # 检测里程 | kilometres inspected
  citygrid sewer defects city.gpkg --import report.xlsx --dry-run    # 先看会怎样 | see what would come of it
  citygrid sewer defects city.gpkg --import report.xlsx --rejects 退回.csv # 导入缺陷，退回的行另存 | take defects in, keep refused rows
  citygrid sewer users city.gpkg --list expired --out users.xlsx     # 过期的排水许可 | permits that have run out
  citygrid sewer capacity city.gpkg --out load.geojson               # 管段负荷 | load of the pipes
  citygrid sewer capacity city.gpkg --layer                          # 负荷率图层 | as a layer, coloured by load
  citygrid sewer swmm city.gpkg --out model.inp                      # 写成 SWMM 模型 | as a model of SWMM";

/// `sewer`.
#[derive(Debug, Args)]
pub(super) struct SewerArgs {
    /// 管端与井相接的最大距离，米（默认 0.5） | How far a pipe's drawn end may be from its node, metres (0.5)
    #[arg(long, value_name = "M", global = true, value_parser = clap::value_parser!(f64))]
    snap: Option<f64>,
    /// 流向先看管底标高，再看记录 | Inverts say the direction before the record does
    #[arg(long, global = true)]
    trust_inverts: bool,
    /// What is asked.
    #[command(subcommand)]
    pub(super) verb: SewerVerb,
}

/// The questions.
#[derive(Debug, Subcommand)]
pub(super) enum SewerVerb {
    /// 管网规模、连通与流向依据 | How large the network is and how it hangs together
    Summary(SummaryArgs),
    /// 追踪上游或下游 | What lies upstream or downstream
    Trace(TraceArgs),
    /// 两点间最短的管路 | The shortest way from one place to another
    Path(PathArgs),
    /// 厂网一体：各处理厂、泵站、排放口接纳哪些管段 | What drains to each plant, pumping station and outfall
    Basins(BasinsArgs),
    /// 关闭管段：谁壅水、有无旁路 | Close pipes: what backs up, and is there a by-pass
    Close(CloseArgs),
    /// 到处理厂或排放口的最长管路 | The longest path to a plant or outfall
    Longest(LongestArgs),
    /// 纵断面：图、表 | A long profile, as picture or table
    Profile(ProfileArgs),
    /// 检查管网：规则、非错标记、自动处理、整治前后对比 | Check the network: rules, marks, fixes, before and after
    Check(CheckArgs),
    /// 混接疑点，先查哪口井 | Cross connections, and which manhole to open first
    Cross(CrossArgs),
    /// 按 CJJ 181 评估检测过的管段 | Rate the inspected pipes after CJJ 181
    Rate(RateArgs),
    /// 养护计划：先修哪段、怎样修、多少钱 | Repair plan: which pipe first, how, for how much
    Plan(PlanArgs),
    /// 检测里程，每米只计一次 | Kilometres inspected, each metre once
    Inspected(InspectedArgs),
    /// 导入管道缺陷表 | Take a table of defects in
    Defects(DefectsArgs),
    /// 排水户：许可、接入、隔油池，排放口上游有谁 | Drainage users: permits, laterals, grease traps, who is above an outfall
    Users(UsersArgs),
    /// 管段满流能力与旱流负荷 | What each pipe carries full, and how full it runs in dry weather
    Capacity(CapacityArgs),
    /// 写成 EPA SWMM 模型（.inp） | Write an EPA SWMM model (.inp)
    Swmm(SwmmArgs),
}

/// `sewer summary`.
#[derive(Debug, Args)]
pub(super) struct SummaryArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
}

impl SewerVerb {
    /// The city that is asked about.
    pub(super) fn city(&self) -> &Path {
        match self {
            Self::Summary(it) => &it.city,
            Self::Trace(it) => it.city(),
            Self::Path(it) => it.city(),
            Self::Basins(it) => it.city(),
            Self::Close(it) => it.city(),
            Self::Longest(it) => it.city(),
            Self::Profile(it) => it.city(),
            Self::Check(it) => &it.city,
            Self::Cross(it) => &it.city,
            Self::Rate(it) => &it.city,
            Self::Plan(it) => &it.city,
            Self::Inspected(it) => &it.city,
            Self::Defects(it) => &it.city,
            Self::Users(it) => &it.city,
            Self::Capacity(it) => &it.city,
            Self::Swmm(it) => &it.city,
        }
    }
}

/// Answers a question about the sewers.
pub(super) fn sewer(run: &mut Run, args: SewerArgs) -> Result<Reply, Failure> {
    let kept = run.session.sewer_joining();
    let snap_m = args.snap.unwrap_or(kept.snap_m);
    if !(limits::SNAP_M[0]..=limits::SNAP_M[1]).contains(&snap_m) {
        let [least, most] = limits::SNAP_M;
        let text = text!("--snap 要在 {least} 到 {most} 米之间", "--snap is {least} to {most} metres");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    run.session.join_sewers(Joining { snap_m, trusts_inverts: args.trust_inverts || kept.trusts_inverts });
    match args.verb {
        SewerVerb::Summary(_) => summary(run),
        SewerVerb::Trace(args) => questions::trace(run, args),
        SewerVerb::Path(args) => questions::path(run, args),
        SewerVerb::Basins(args) => questions::basins(run, args),
        SewerVerb::Close(args) => questions::close(run, args),
        SewerVerb::Longest(args) => questions::longest(run, args),
        SewerVerb::Profile(args) => profile::profile(run, &args),
        SewerVerb::Check(args) => checks::check(run, args),
        SewerVerb::Cross(args) => checks::cross(run, args),
        SewerVerb::Rate(args) => condition::rate(run, &args),
        SewerVerb::Plan(args) => plan::plan(run, args),
        SewerVerb::Inspected(args) => condition::inspected(run, &args),
        SewerVerb::Defects(args) => defects::defects(run, args),
        SewerVerb::Users(args) => users::users(run, args),
        SewerVerb::Capacity(args) => capacity::capacity(run, args),
        SewerVerb::Swmm(args) => swmm::swmm(run, args),
    }
}

impl Run {
    /// Asks the sewers something, with progress on a terminal.
    pub(super) fn ask_sewers<T>(
        &mut self,
        ask: impl FnOnce(&SewerDesk, &mut Task<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let desk = self.session.sewers()?;
        let mut progress = self.console.progress();
        let mut task = Task::new(self.session.cancel_switch(), |report| progress.report(&report));
        let answer = ask(&desk, &mut task);
        drop(task);
        progress.clear();
        answer
    }
}

fn summary(run: &mut Run) -> Result<Reply, Failure> {
    let found = run.ask_sewers(|desk, task| desk.summary(task))?;
    let json = json!({
        "pipes": found.pipes,
        "apart": found.apart,
        "nodes": found.nodes,
        "implied_nodes": found.implied_nodes,
        "length_m": found.length_m,
        "network_m": found.network_m,
        "parts": found.parts,
        "largest_part_m": found.largest_part_m,
        "ends": {
            "record": found.ends_by_record,
            "place": found.ends_by_place,
            "missing_node": found.ends_misnamed,
            "no_node": found.ends_without_node,
            "met": found.ends_met,
        },
        "directions": {
            "record": found.directions_by_record,
            "inverts": found.directions_by_inverts,
            "drawn": found.directions_as_drawn,
        },
    });
    let lang = run.lang();
    let mut table = Table::new(if lang == Lang::Zh { ["管网", ">数量"] } else { ["Network", ">Number"] });
    let percent = |share: f64, whole: f64| if whole > 0.0 { share / whole * 100.0 } else { 0.0 };
    for (zh, en, number) in [
        ("管段", "Pipes", found.pipes.to_string()),
        ("全部管段长度 km", "Length of all pipes, km", format!("{:.3}", found.length_m / 1000.0)),
        (
            "不参与连通的管段（拟建、在建、已废，或无位置无井号）",
            "Pipes in no network (planned, being built, retired, or nowhere)",
            found.apart.to_string(),
        ),
        ("管网中管段长度 km", "Length of the pipes in the network, km", format!("{:.3}", found.network_m / 1000.0)),
        ("节点", "Nodes", found.nodes.to_string()),
        ("推定节点（无记录）", "Implied nodes (no record)", found.implied_nodes.to_string()),
        ("互不相连的部分", "Parts that hang together", found.parts.to_string()),
        (
            "最大部分占管网中管段长度 %",
            "The largest part, % of the pipes in the network",
            format!("{:.1}", percent(found.largest_part_m, found.network_m)),
        ),
        ("管端按记录接井", "Ends joined by the record", found.ends_by_record.to_string()),
        ("管端按位置接井", "Ends joined by their place", found.ends_by_place.to_string()),
        ("管端所记井号不存在", "Ends that name a missing node", found.ends_misnamed.to_string()),
        ("管端没有井", "Ends without any node", found.ends_without_node.to_string()),
        (
            "与其他管段相接的管端 %",
            "Ends that meet another pipe, %",
            format!("{:.1}", percent(found.ends_met as f64, 2.0 * (found.pipes - found.apart) as f64)),
        ),
        ("流向按记录", "Directions by the record", found.directions_by_record.to_string()),
        ("流向按管底标高", "Directions by the inverts", found.directions_by_inverts.to_string()),
        ("流向按画线", "Directions as drawn", found.directions_as_drawn.to_string()),
    ] {
        table.row([lang.pick(zh, en).to_owned(), number]);
    }
    Ok(Reply::result(json, table.lines()))
}
