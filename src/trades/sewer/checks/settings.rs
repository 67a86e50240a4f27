//! What the rules hold the network against. Every value is printed on reports and may be set for one run.

use crate::text;
use crate::text::Text;

/// The parameters of the rules; see [`SETTINGS`] for what each is.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// SW04, SW05, SW08, SW29.
    pub same_place_m: f64,
    /// SW08.
    pub reach_m: f64,
    /// SW29.
    pub apart_m: f64,
    /// SW09.
    pub outlier_spacings: f64,
    /// SW10.
    pub rise_m: f64,
    /// SW11.
    pub steepest_deg: f64,
    /// SW12.
    pub size_mm: f64,
    /// SW12.
    pub by_smallest: f64,
    /// SW18.
    pub shortest_m: f64,
    /// SW18.
    pub longest_m: f64,
    /// SW19.
    pub deepest_m: f64,
    /// SW20, SW29.
    pub level_m: f64,
    /// SW21.
    pub floor_m: f64,
    /// SW25.
    pub length_m: f64,
    /// SW25.
    pub length_share: f64,
    /// SW30.
    pub sharpest_deg: f64,
    /// SW30.
    pub right_angle_deg: f64,
    /// SW31.
    pub survey_m: f64,
    /// SW36.
    pub least_cover_m: f64,
    /// SW24.
    pub nominal_mm: Vec<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            same_place_m: 0.05,
            reach_m: 1.0,
            apart_m: 1.0,
            outlier_spacings: 50.0,
            rise_m: 0.0,
            steepest_deg: 10.0,
            size_mm: 0.0,
            by_smallest: 0.0,
            shortest_m: 0.05,
            longest_m: 75.0,
            deepest_m: 15.0,
            level_m: 0.05,
            floor_m: 0.05,
            length_m: 0.5,
            length_share: 0.02,
            sharpest_deg: 90.0,
            right_angle_deg: 10.0,
            survey_m: 0.5,
            least_cover_m: 0.6,
            nominal_mm: NOMINAL_MM.to_vec(),
        }
    }
}

/// Nominal diameters (mm) of the bureau's table of checks.
const NOMINAL_MM: &[f64] = &[
    200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0, 1200.0, 1350.0, 1500.0, 1650.0, 1800.0, 2000.0,
    2200.0, 2400.0,
];

/// What one parameter is.
#[derive(Debug)]
pub struct Setting {
    /// The word on the command line.
    pub id: &'static str,
    /// The rules that ask for it.
    pub rules: &'static str,
    /// What a person reads.
    pub name: Text,
    /// `m`, `mm`, `°`; empty for a plain number.
    pub unit: &'static str,
    of: fn(&mut Settings) -> &mut f64,
}

/// Every parameter with one value; the list of nominal diameters (`nominal_mm`) stands beside it.
pub static SETTINGS: &[Setting] = &[
    setting("same_place_m", "SW04 SW05 SW08 SW29", ("同一位置容差", "Same place within"), "m", |it| {
        &mut it.same_place_m
    }),
    setting("reach_m", "SW08", ("悬挂搜索距离", "Undershoot up to"), "m", |it| &mut it.reach_m),
    setting("apart_m", "SW29", ("同号端点间距", "Ends of one node within"), "m", |it| &mut it.apart_m),
    setting("outlier_spacings", "SW09", ("飞点：平均点距的倍数", "Outlier: spacings away"), "", |it| {
        &mut it.outlier_spacings
    }),
    setting("rise_m", "SW10", ("逆坡容差", "Rise that is let pass"), "m", |it| &mut it.rise_m),
    setting("steepest_deg", "SW11", ("最大坡角", "Steepest"), "°", |it| &mut it.steepest_deg),
    setting("size_mm", "SW12 SW13", ("管径容差", "Size tolerance"), "mm", |it| &mut it.size_mm),
    setting(
        "by_smallest",
        "SW12",
        ("1：只按上游最小管判断；0：每根上游管都判断", "1: judge by the smallest upstream pipe; 0: by each"),
        "",
        |it| &mut it.by_smallest,
    ),
    setting("shortest_m", "SW18", ("最短", "Shortest"), "m", |it| &mut it.shortest_m),
    setting("longest_m", "SW18", ("最长", "Longest"), "m", |it| &mut it.longest_m),
    setting("deepest_m", "SW19", ("最大埋深", "Deepest"), "m", |it| &mut it.deepest_m),
    setting("level_m", "SW20 SW29", ("高程容差", "Level tolerance"), "m", |it| &mut it.level_m),
    setting("floor_m", "SW21", ("井底容差", "Floor tolerance"), "m", |it| &mut it.floor_m),
    setting("length_m", "SW25", ("长度容差", "Length tolerance"), "m", |it| &mut it.length_m),
    setting(
        "length_share",
        "SW25",
        ("长度容差（比例，取大者）", "Length tolerance as a share, the larger counts"),
        "",
        |it| &mut it.length_share,
    ),
    setting("sharpest_deg", "SW30", ("最小夹角", "Sharpest angle"), "°", |it| &mut it.sharpest_deg),
    setting(
        "right_angle_deg",
        "SW30",
        ("直角容差：街角很少正好 90°", "Tolerance of it: street corners are seldom square"),
        "°",
        |it| &mut it.right_angle_deg,
    ),
    setting("survey_m", "SW31", ("检测长度容差", "Inspected length tolerance"), "m", |it| &mut it.survey_m),
    // GB 50014: at least 0.6 m under a pavement, 0.7 m under a carriageway.
    setting("least_cover_m", "SW36", ("最小覆土", "Least cover"), "m", |it| &mut it.least_cover_m),
];

const fn setting(
    id: &'static str,
    rules: &'static str,
    (zh, en): (&'static str, &'static str),
    unit: &'static str,
    of: fn(&mut Settings) -> &mut f64,
) -> Setting {
    Setting { id, rules, name: Text::new(zh, en), unit, of }
}

impl Settings {
    /// Sets one parameter as a person types it; `nominal_mm` takes a list with commas.
    ///
    /// # Errors
    /// There is no such parameter, or the value is no number that makes sense for it: in words.
    pub fn set(&mut self, id: &str, typed: &str) -> Result<(), Text> {
        let number = |word: &str| {
            let number = word.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
            number.ok_or_else(|| text!("“{word}”不是不小于 0 的数", "“{word}” is no number of 0 or more"))
        };
        if id == "nominal_mm" {
            self.nominal_mm = typed.split([',', '，']).map(number).collect::<Result<_, _>>()?;
            return Ok(());
        }
        let Some(setting) = SETTINGS.iter().find(|setting| setting.id == id) else {
            return Err(text!("没有参数“{id}”", "there is no parameter “{id}”"));
        };
        *(setting.of)(self) = number(typed)?;
        Ok(())
    }

    /// The value of a parameter.
    pub fn value(&self, setting: &Setting) -> f64 {
        *(setting.of)(&mut self.clone())
    }
}
