//! `sewer users`: drainage users on the command line.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use crate::cli::Run;
use crate::cli::console::Reply;
use crate::cli::table::{Table, count, real};
use crate::session::answer::Failure;
use crate::session::sewer::out::OutFile;
use crate::session::sewer::users::{ListedUser, OutfallReport, UserCard, UsersAsk, UsersReport};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::users::{LoadBy, LoadRules, NodeUse, UserList, UserRules};

/// Lines shown to a person.
const SHOWN: usize = 100;

/// How users join and what they discharge, for all questions that ask.
#[derive(Debug, Args)]
pub(super) struct LoadWords {
    /// 没有接入井号时，在多少米内找最近的井 | Users without a node join the nearest one within so many metres
    #[arg(long, value_name = "METRES", value_parser = positive)]
    reach: Option<f64>,
    /// 每人每天污水量，升 | Sewage of one person, litres a day
    #[arg(long, value_name = "L", value_parser = positive)]
    litres: Option<f64>,
    /// 每户人数 | People of one household
    #[arg(long, value_name = "N", value_parser = positive)]
    heads: Option<f64>,
}

impl LoadWords {
    /// As rules; what was not typed is as the settings have it.
    pub(super) fn rules(&self, usual: UserRules) -> UserRules {
        let load = LoadRules {
            litres_per_head: self.litres.unwrap_or(usual.load.litres_per_head),
            heads_per_household: self.heads.unwrap_or(usual.load.heads_per_household),
        };
        UserRules { reach_m: self.reach.unwrap_or(usual.reach_m), load, ..usual }
    }
}

/// `sewer users`.
#[derive(Debug, Args)]
pub(in crate::cli) struct UsersArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 清单，可多次：unlicensed 无证、expired 过期、expiring 将到期、no-lateral 无接入井、no-trap 无隔油池、storm 接入雨水 | A list; may be repeated
    #[arg(long, value_name = "unlicensed|expired|expiring|no-lateral|no-trap|storm", value_parser = list)]
    list: Vec<UserList>,
    /// 截至哪一天（默认今天） | As of this day (today by default)
    #[arg(long, value_name = "DATE", value_parser = day)]
    on: Option<Date>,
    /// 多少天内到期算将到期（默认取设置，原为 90） | "expiring" means within so many days (90, or as the settings have it)
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(0..=36_500))]
    within: Option<i32>,
    /// 没有截止日期的许可按多少年计（默认取设置，原为 5） | A permit without a last day holds so many years (5, or as the settings have it)
    #[arg(long, value_name = "YEARS", value_parser = clap::value_parser!(i32).range(1..=100))]
    permit_years: Option<i32>,
    /// 不需许可的类型，用逗号隔开（默认取设置，原为 residential） | Types that need no permit, with commas between (residential, or as the settings have it)
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    exempt: Option<Vec<String>>,
    /// 有厨房的类型，用逗号隔开（默认取设置，原为 catering） | Types that have a kitchen, with commas between (catering, or as the settings have it)
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    kitchens: Option<Vec<String>>,
    /// Who joins where.
    #[command(flatten)]
    load: LoadWords,
    /// 列出每个排放口上游的排水户 | Who drains to each outfall
    #[arg(long)]
    outfalls: bool,
    /// 写到文件：.xlsx、.csv、.geojson … | Write it to a file: .xlsx, .csv, .geojson …
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    overwrite: bool,
}

fn list(word: &str) -> Result<UserList, String> {
    let known = UserList::ALL.into_iter().find(|list| list.code() == word);
    known.ok_or_else(|| UserList::ALL.map(UserList::code).join(" | "))
}

fn day(word: &str) -> Result<Date, String> {
    word.parse().map_err(|_| "YYYY-MM-DD".to_owned())
}

/// A finite number above 0.
pub(super) fn positive(word: &str) -> Result<f64, String> {
    let number = word.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "> 0".to_owned())
}

/// Tells how the users stand, who is on which list, and who drains to each outfall.
pub(super) fn users(run: &mut Run, args: UsersArgs) -> Result<Reply, Failure> {
    let lang = run.lang();
    let typed = |types: Vec<String>| types.into_iter().filter(|word| !word.trim().is_empty()).collect();
    let usual = args.load.rules(run.session.settings().sewer.users.rules());
    let rules = UserRules {
        exempt: args.exempt.map_or(usual.exempt, typed),
        kitchens: args.kitchens.map_or(usual.kitchens, typed),
        permit_years: args.permit_years.unwrap_or(usual.permit_years),
        expiring_days: args.within.unwrap_or(usual.expiring_days),
        ..usual
    };
    let shows_lists = !args.list.is_empty();
    let ask = UsersAsk { rules, on: args.on, lists: args.list, outfalls: args.outfalls };
    let out = args.out.map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.users(&ask, task)?;
        let written = match &out {
            Some(out) if ask.outfalls => Some(desk.write_outfall_users(&found, out, task)?),
            Some(out) => Some(desk.write_users(&found, out, task)?),
            None => None,
        };
        Ok((found, written))
    })?;
    let mut json = report_json(&found, ask.outfalls);
    if let (Some(out), Some(written)) = (&out, &written) {
        json["file"] = json!(out.path.display().to_string());
        json["features"] = json!(written.features);
        let (path, rows) = (out.path.display(), count(written.features));
        return Ok(Reply::done(json, text!("已写出 {path}：{rows} 行", "{rows} rows written to {path}")));
    }
    let mut lines = summary_lines(&found, lang);
    if shows_lists {
        lines = listed_lines(&found.listed, lang);
    } else if ask.outfalls {
        lines = outfall_lines(&found.outfalls, lang);
    }
    let basis: Vec<String> = found.basis().iter().map(|words| format!("{}\n", words.get(lang))).collect();
    Ok(Reply::result(json, format!("{lines}\n{}", basis.concat())))
}

/// Both languages of some lines.
pub(super) fn both(words: &[Text]) -> Json {
    words.iter().map(|words| json!({"zh": words.zh, "en": words.en})).collect()
}

fn report_json(found: &UsersReport, with_outfalls: bool) -> Json {
    let summary = &found.summary;
    let lists =
        UserList::ALL.into_iter().zip(summary.listed).map(|(list, listed)| (list.code().to_owned(), json!(listed)));
    let listed = |it: &ListedUser| {
        let mut json = card_json(&it.who);
        json["list"] = json!(it.list.code());
        json["zh"] = json!(it.why.zh);
        json["en"] = json!(it.why.en);
        json
    };
    let outfall = |it: &OutfallReport| {
        json!({
            "layer": it.at.layer, "id": it.at.id, "code": it.code, "name": it.name, "system": it.system,
            "pipes": it.pipes, "users": it.sum.users, "households": it.sum.households, "kitchens": it.sum.kitchens,
            "volume_m3_per_d": it.sum.volume_m3_per_d,
            "who": it.users.iter().map(card_json).collect::<Vec<_>>(),
        })
    };
    let NodeUse { households, users, kitchens, volume_m3_per_d } = summary.sum;
    let mut json = json!({
        "on": found.on.to_string(),
        "basis": both(&found.basis()),
        "summary": {
            "users": users, "households": households, "kitchens": kitchens, "volume_m3_per_d": volume_m3_per_d,
            "permit_exempt": summary.exempt, "permit_valid": summary.valid, "permit_no_term": summary.no_term,
            "lists": lists.collect::<serde_json::Map<_, _>>(),
            "trap_unknown": summary.trap_unknown,
            "joined_by_record": summary.by_record, "joined_by_nearest": summary.by_nearest,
            "node_missing": summary.node_missing,
            "volume_recorded": summary.loads[0], "volume_estimated": summary.loads[1], "volume_unknown": summary.loads[2],
            "unjoined_m3_per_d": summary.unjoined_m3_per_d,
        },
        "users": found.listed.iter().map(listed).collect::<Vec<_>>(),
    });
    if with_outfalls {
        json["outfalls"] = found.outfalls.iter().map(outfall).collect();
    }
    json
}

fn card_json(who: &UserCard) -> Json {
    let words = |words: &str| if words.is_empty() { Json::Null } else { json!(words) };
    json!({
        "layer": who.at.layer, "id": who.at.id, "code": words(&who.user.code), "name": words(&who.user.name),
        "user_type": words(&who.user.user_type), "permit_number": words(&who.user.permit_number),
        "permit_until": who.permit_until().map(|day| day.to_string()),
        "node": words(&who.node), "joined_by": who.joined_by(), "away_m": who.join.away_m,
        "households": who.user.households, "volume_m3_per_d": who.load.map(|load| load.0),
        "volume_by": who.load.map(|load| match load.1 {
            LoadBy::Record => "record",
            LoadBy::People => "people",
            LoadBy::Households => "households",
        }),
        "road": words(&who.user.road), "at": who.user.at,
    })
}

fn summary_lines(found: &UsersReport, lang: Lang) -> String {
    let summary = &found.summary;
    let on = found.on;
    let head = lang.pick("排水户", "Drainage users").to_owned();
    let mut table = Table::new([head.as_str(), lang.pick(">数量", ">Number")]);
    let numbers: [(&str, &str, usize); 10] = [
        ("排水户", "Users", summary.sum.users),
        ("居民户数", "Households", usize::try_from(summary.sum.households).unwrap_or_default()),
        ("有厨房", "With a kitchen", summary.sum.kitchens),
        ("不需许可", "Need no permit", summary.exempt),
        ("许可有效", "Permits that hold", summary.valid),
        ("许可期限不明", "Permits of unknown term", summary.no_term),
        ("隔油池未记录", "Grease trap not recorded", summary.trap_unknown),
        ("按记录接入", "Joined as recorded", summary.by_record),
        ("按最近井推定", "Joined to the nearest node", summary.by_nearest),
        ("接入井号查无此井", "Whose node is nowhere", summary.node_missing),
    ];
    for (zh, en, number) in numbers {
        table.row([lang.pick(zh, en).to_owned(), count(number as u64)]);
    }
    for (list, listed) in UserList::ALL.into_iter().zip(summary.listed) {
        table.row([format!("{} ({})", list.name().get(lang), list.code()), count(listed as u64)]);
    }
    let volume = lang.pick("日排水量 m³/d（含估算）", "Discharge, m³/d (estimated ones too)");
    table.row([volume.to_owned(), real(summary.sum.volume_m3_per_d, 1)]);
    let unjoined = lang.pick("其中无处接入 m³/d", "of it joined nowhere, m³/d");
    table.row([unjoined.to_owned(), real(summary.unjoined_m3_per_d, 1)]);
    let when = text!("截至 {on}", "as of {on}");
    format!("{}\n{}", table.lines(), when.get(lang))
}

fn listed_lines(listed: &[ListedUser], lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => ["清单", "编号", "名称", "许可截止", "接入井", "道路", "原因"],
        Lang::En => ["List", "Number", "Name", "Until", "Node", "Road", "Why"],
    };
    let mut table = Table::new(heads);
    for it in listed.iter().take(SHOWN) {
        table.row([
            it.list.name().get(lang).to_owned(),
            it.who.user.code.to_string(),
            it.who.user.name.to_string(),
            it.who.permit_until().map(|day| day.to_string()).unwrap_or_default(),
            it.who.node.clone(),
            it.who.user.road.to_string(),
            it.why.get(lang).to_owned(),
        ]);
    }
    format!("{}{}", table.lines(), left_out(listed.len(), lang))
}

fn outfall_lines(outfalls: &[OutfallReport], lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => ["排放口", "名称", ">上游管段", ">排水户", ">户数", ">有厨房", ">m³/d"],
        Lang::En => ["Outfall", "Name", ">Pipes above", ">Users", ">Households", ">Kitchens", ">m³/d"],
    };
    let mut table = Table::new(heads);
    for it in outfalls.iter().take(SHOWN) {
        table.row([
            it.code.clone(),
            it.name.clone(),
            count(it.pipes as u64),
            count(it.sum.users as u64),
            count(u64::try_from(it.sum.households).unwrap_or_default()),
            count(it.sum.kitchens as u64),
            real(it.sum.volume_m3_per_d, 1),
        ]);
    }
    format!("{}{}", table.lines(), left_out(outfalls.len(), lang))
}

/// That a table goes on.
fn left_out(rows: usize, lang: Lang) -> String {
    if rows <= SHOWN {
        return String::new();
    }
    let more = count((rows - SHOWN) as u64);
    let words = text!("还有 {more} 行，用 --out 写到文件\n", "{more} more; --out writes all of them to a file\n");
    words.get(lang).to_owned()
}
