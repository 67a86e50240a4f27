//! Cases from five sources in every state, with times that follow the loop from report to close.

use super::clock::instant;
use super::names::Names;
use super::network::width_m;
use super::plane::{P, along, left, point_along};
use super::rng::Rng;
use super::rows::{Rows, point};
use super::world::World;
use crate::model::value::Value;

const SOURCES: &[(&str, u32)] = &[("patrol", 52), ("video", 15), ("hotline", 20), ("opinion", 4), ("public", 9)];
/// State, how often, and how far along the loop: 0 reported, 1 filed, 2 dispatched, 3 handled, 4 closed.
const STATES: &[(&str, u32, u8)] = &[
    ("collected", 18, 0),
    ("accepted", 20, 0),
    ("verifying", 14, 0),
    ("rejected", 24, 0),
    ("filed", 20, 1),
    ("dispatched", 34, 2),
    ("returned", 12, 2),
    ("handling", 90, 2),
    ("extended", 18, 2),
    ("suspended", 14, 2),
    ("feedback", 30, 3),
    ("checking", 26, 3),
    ("rework", 22, 2),
    ("closed", 930, 4),
    ("cancelled", 14, 1),
];

struct Matter {
    code: &'static str,
    weight: u32,
    words: &'static [&'static str],
    department: &'static str,
    limit_hours: i64,
}

const MATTERS: &[Matter] = &[
    Matter {
        code: "06010",
        weight: 150,
        words: &["路边有暴露垃圾约 2 平方米", "垃圾桶旁散落生活垃圾", "绿化带内有塑料袋等垃圾"],
        department: "市环境卫生管理处",
        limit_hours: 4,
    },
    Matter {
        code: "06011",
        weight: 50,
        words: &["人行道上堆放建筑垃圾", "渣土堆占用非机动车道"],
        department: "市环境卫生管理处",
        limit_hours: 8,
    },
    Matter {
        code: "06012",
        weight: 110,
        words: &["路面有泥水污渍", "路面落叶堆积", "沿街油污"],
        department: "市环境卫生管理处",
        limit_hours: 4,
    },
    Matter {
        code: "06013",
        weight: 80,
        words: &["路面坑洼，积水", "沥青路面开裂", "人行道板松动破损"],
        department: "市市政工程管理处",
        limit_hours: 56,
    },
    Matter {
        code: "06050",
        weight: 24,
        words: &["路缘石缺损两块", "路沿石倾倒"],
        department: "市市政工程管理处",
        limit_hours: 56,
    },
    Matter {
        code: "06051",
        weight: 22,
        words: &["盲道砖缺失", "盲道被占用"],
        department: "市市政工程管理处",
        limit_hours: 40,
    },
    Matter {
        code: "06017",
        weight: 46,
        words: &["绿地内有烟头纸屑", "绿篱缺株，黄土裸露"],
        department: "市园林绿化服务中心",
        limit_hours: 8,
    },
    Matter {
        code: "06042",
        weight: 60,
        words: &["垃圾亭满溢", "果皮箱满溢未清"],
        department: "市环境卫生管理处",
        limit_hours: 4,
    },
    Matter {
        code: "06041",
        weight: 30,
        words: &["厨余桶内混投其他垃圾"],
        department: "市环境卫生管理处",
        limit_hours: 8,
    },
    Matter {
        code: "06030",
        weight: 26,
        words: &["餐饮店向雨水口倾倒污水", "洗车废水流入路面"],
        department: "城管执法支队",
        limit_hours: 16,
    },
    Matter {
        code: "06008",
        weight: 18,
        words: &["新拉通信线缆未报批"],
        department: "市通信发展管理办公室",
        limit_hours: 40,
    },
    Matter {
        code: "10002",
        weight: 22,
        words: &["架空线缆脱落，离地不足 2 米", "线缆下垂影响通行"],
        department: "市通信发展管理办公室",
        limit_hours: 4,
    },
    Matter {
        code: "07001",
        weight: 70,
        words: &["电线杆上张贴小广告", "地面喷涂小广告"],
        department: "城管执法支队",
        limit_hours: 8,
    },
    Matter {
        code: "09005",
        weight: 90,
        words: &["水果店店外经营", "早餐店桌椅摆上人行道"],
        department: "城管执法支队",
        limit_hours: 4,
    },
    Matter {
        code: "09006",
        weight: 60,
        words: &["流动摊贩占道经营", "占道堆放货物"],
        department: "城管执法支队",
        limit_hours: 4,
    },
    Matter {
        code: "09009",
        weight: 88,
        words: &["小车停在人行道上", "路口违停影响通行"],
        department: "市公安局交通警察支队",
        limit_hours: 4,
    },
    Matter {
        code: "09011",
        weight: 62,
        words: &["共享单车堆积占道", "共享电单车倒伏一片"],
        department: "共享单车运营企业",
        limit_hours: 4,
    },
    Matter {
        code: "01002",
        weight: 44,
        words: &["污水井盖松动异响", "污水井盖破损", "井盖与路面高差约 2 厘米"],
        department: "市市政工程管理处",
        limit_hours: 24,
    },
    Matter {
        code: "01003",
        weight: 40,
        words: &["雨水井盖下沉", "雨水井盖缺失，已围挡"],
        department: "市市政工程管理处",
        limit_hours: 24,
    },
    Matter {
        code: "01004",
        weight: 36,
        words: &["雨水箅子堵塞", "雨水箅子破损"],
        department: "市市政工程管理处",
        limit_hours: 24,
    },
    Matter {
        code: "01037", weight: 40, words: &["路灯不亮", "灯杆倾斜"], department: "市路灯管理所", limit_hours: 40
    },
    Matter {
        code: "04002",
        weight: 30,
        words: &["行道树枯枝", "行道树遮挡信号灯"],
        department: "市园林绿化服务中心",
        limit_hours: 40,
    },
    Matter {
        code: "08004", weight: 26, words: &["工地未洒水，扬尘明显"], department: "城管执法支队", limit_hours: 8
    },
    Matter {
        code: "06025",
        weight: 20,
        words: &["湖面有漂浮物", "河道有水草垃圾"],
        department: "市环境卫生管理处",
        limit_hours: 24,
    },
    Matter {
        code: "06027", weight: 20, words: &["餐馆油烟直排"], department: "城管执法支队", limit_hours: 40
    },
];

/// Cases as rows.
pub(super) fn rows(world: &World) -> Rows {
    let mut rng = Rng::new(world.seed, "cases");
    let mut names = Names::new(world.seed, "case people");
    let people: Vec<String> = (0..36).map(|_| names.person()).collect();
    let mut rows = Rows::new("case");
    let total = world.figures.cases;
    for number in 0..total {
        let (state, reached) = state(number, &mut rng);
        let drawn = rng.weighted(&SOURCES.iter().map(|source| source.1).collect::<Vec<_>>());
        // Each source once at first, then as often as it comes.
        let (source, _) = *SOURCES.get(number).unwrap_or(&SOURCES[drawn]);
        let matter = &MATTERS[rng.weighted(&MATTERS.iter().map(|matter| matter.weight).collect::<Vec<_>>())];
        let (at, run) = street_place(world, &mut rng);
        let times = Times::draw(state, reached, matter.limit_hours, (number, total), &mut rng);
        let codes = world.codes_at(at);
        let road = world.road_name(run);
        let house = 1 + rng.below(180);
        let reporter = if matches!(source, "hotline" | "public") { "市民" } else { rng.pick(&people).as_str() };
        rows.add(
            point(at),
            vec![
                ("code", format!("2026{:06}", number + 1).into()),
                ("source", source.into()),
                ("state", state.into()),
                ("matter_code", matter.code.into()),
                ("description", (*rng.pick(matter.words)).into()),
                ("place", format!("{road}{house}号附近").into()),
                ("reported_at", instant(times.reported)),
                ("filed_at", opt(times.filed)),
                ("dispatched_at", opt(times.dispatched)),
                ("deadline", opt(times.deadline)),
                ("handled_at", opt(times.handled)),
                ("closed_at", opt(times.closed)),
                ("overdue", times.overdue.into()),
                ("department", times.dispatched.map(|_| matter.department).into()),
                ("handler", times.dispatched.map(|_| rng.pick(&people).as_str()).into()),
                ("reporter", reporter.into()),
                ("rework_count", i64::from(state == "rework" || (state == "closed" && rng.chance(0.06))).into()),
                ("road_name", road.into()),
                ("cell_code", codes.map(|codes| codes.cell).into()),
                ("street_code", codes.map(|codes| codes.street).into()),
                ("community_code", codes.map(|codes| codes.community).into()),
                ("remark", "示例数据".into()),
            ],
        );
    }
    rows
}

/// Each state once at first, then as often as it comes.
fn state(number: usize, rng: &mut Rng) -> (&'static str, u8) {
    let weights: Vec<u32> = STATES.iter().map(|state| state.1).collect();
    let drawn = rng.weighted(&weights);
    let (state, _, reached) = STATES[if number < STATES.len() { number } else { drawn }];
    (state, reached)
}

/// A place on the pavement of a street in the town; wide streets and the middle come more often.
pub(super) fn street_place(world: &World, rng: &mut Rng) -> (P, usize) {
    let mut last = (world.ground.center, 0);
    for _ in 0..60 {
        let link = rng.below(world.network.links.len());
        let own = &world.network.links[link];
        let far = super::plane::distance(world.network.nodes[own.nodes[0] as usize], world.ground.center);
        let share = libm::exp(-far / (3200.0 * world.ground.scale)) * [1.0, 1.0, 0.9, 0.5][usize::from(own.class)];
        if !world.town_links[link] {
            continue;
        }
        let (on, ahead) = point_along(&world.network.line(link), own.length_m * rng.between(0.1, 0.9));
        let side = if rng.chance(0.5) { 1.0 } else { -1.0 };
        let at = along(on, left(ahead), side * (width_m(own.class) / 2.0 + rng.between(-0.5, 2.0)));
        if world.cell_at(at).is_some() {
            last = (at, own.run);
            if rng.chance(share) {
                break;
            }
        }
    }
    last
}

/// Minutes ago of every step that has been taken.
struct Times {
    reported: i64,
    filed: Option<i64>,
    dispatched: Option<i64>,
    deadline: Option<i64>,
    handled: Option<i64>,
    closed: Option<i64>,
    overdue: bool,
}

impl Times {
    fn draw(state: &str, reached: u8, limit_hours: i64, (number, total): (usize, usize), rng: &mut Rng) -> Self {
        let minutes = |least: i64, most: i64, rng: &mut Rng| least + rng.below((most - least) as usize) as i64;
        // The latest cases have the highest numbers; open ones are younger than closed ones.
        let days = (total - number) as i64 * 170 / total as i64;
        let open_days = (total - number) as i64 * 4 / total as i64;
        let days =
            if matches!(state, "closed" | "rejected" | "cancelled" | "suspended") { days + 2 } else { open_days };
        let reported = days * 1440 + minutes(0, 900, rng);
        let filed = (reached >= 1).then(|| reported - minutes(8, 90, rng));
        let dispatched = filed.filter(|_| reached >= 2).map(|filed| filed - minutes(5, 60, rng));
        let deadline = dispatched.map(|dispatched| dispatched - limit_hours * 60 * 2);
        let late = rng.chance(0.11);
        let handled = dispatched.zip(deadline).filter(|_| reached >= 3).map(|(dispatched, deadline)| {
            let share = if late { rng.between(1.05, 1.8) } else { rng.between(0.1, 0.95) };
            (dispatched - ((dispatched - deadline) as f64 * share) as i64).max(60)
        });
        let closed = handled.filter(|_| reached >= 4).map(|handled| (handled - minutes(30, 600, rng)).max(5));
        let overdue = match (handled, deadline) {
            (Some(handled), Some(deadline)) => handled < deadline,
            (None, Some(deadline)) => deadline > 0 && state != "suspended" && state != "cancelled",
            _ => false,
        };
        Self { reported, filed, dispatched, deadline, handled, closed, overdue }
    }
}

fn opt(minutes_ago: Option<i64>) -> Value {
    minutes_ago.map_or(Value::Null, instant)
}
