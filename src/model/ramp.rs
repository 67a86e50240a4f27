//! Colour ramps for values: from little to much, to both sides of a middle, or simply apart.
//!
//! Every ramp was chosen so that neighbouring classes stay apart for people who see fewer colours; the test below
//! simulates them. On the light map the pale end is the small one; on the dark map the ramp is turned around in its
//! lightness, so that much stands out from the ground on both.

use super::style::{Ink, Rgba};
use crate::text::Text;

/// What a ramp says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RampKind {
    /// From little to much.
    Sequential,
    /// From one side over a quiet middle to the other.
    Diverging,
    /// Different things, none more than another.
    Qualitative,
}

impl RampKind {
    /// Every kind, in the order of a chooser.
    pub const ALL: [Self; 3] = [Self::Sequential, Self::Diverging, Self::Qualitative];

    /// What a chooser says.
    pub fn name(self) -> Text {
        match self {
            Self::Sequential => Text::new("由少到多", "From little to much"),
            Self::Diverging => Text::new("两端对比", "To both sides"),
            Self::Qualitative => Text::new("互不相同", "Different things"),
        }
    }
}

/// Colours in an order.
#[derive(Debug)]
pub struct Ramp {
    /// The word in files and on the command line.
    pub id: &'static str,
    /// What a person reads.
    pub name: Text,
    /// What it says.
    pub kind: RampKind,
    /// Colours of the light map, `0xRRGGBB`, evenly spaced; of a qualitative ramp its only ones.
    pub stops: &'static [u32],
    /// How the dark map has it.
    dark: Dark,
}

/// The colours of the dark map.
#[derive(Debug)]
enum Dark {
    /// Pale becomes deep.
    Turned,
    /// The same: a ramp that has its own light.
    Same,
    /// Chosen one by one.
    Stops(&'static [u32]),
}

/// The ramp with this id.
pub fn ramp(id: &str) -> Option<&'static Ramp> {
    RAMPS.iter().find(|ramp| ramp.id == id)
}

const fn sequential(id: &'static str, name: Text, stops: &'static [u32]) -> Ramp {
    Ramp { id, name, kind: RampKind::Sequential, stops, dark: Dark::Turned }
}

const fn steady(id: &'static str, name: Text, stops: &'static [u32]) -> Ramp {
    Ramp { id, name, kind: RampKind::Sequential, stops, dark: Dark::Same }
}

const fn diverging(id: &'static str, name: Text, stops: &'static [u32]) -> Ramp {
    Ramp { id, name, kind: RampKind::Diverging, stops, dark: Dark::Turned }
}

const fn qualitative(id: &'static str, name: Text, stops: &'static [u32], dark: &'static [u32]) -> Ramp {
    Ramp { id, name, kind: RampKind::Qualitative, stops, dark: Dark::Stops(dark) }
}

/// Every ramp, in the order of a chooser. Viridis and Cividis are those of matplotlib (CC0); the qualitative ones are
/// those of Okabe and Ito and of Paul Tol, with lighter sisters for the dark map.
pub static RAMPS: &[Ramp] = &[
    sequential("blues", Text::new("蓝色", "Blues"), &[0xE2_F3_FF, 0x94_D3_FF, 0x41_A6_F2, 0x08_71_C1, 0x00_3C_79]),
    sequential("greens", Text::new("绿色", "Greens"), &[0xE5_F5_E7, 0xA0_DC_AC, 0x50_B7_6C, 0x00_85_42, 0x00_4A_27]),
    sequential("oranges", Text::new("橙色", "Oranges"), &[0xFA_EE_DE, 0xF1_C1_89, 0xE0_85_33, 0xB0_4D_00, 0x69_23_00]),
    sequential("purples", Text::new("紫色", "Purples"), &[0xF5_EC_FD, 0xDB_BB_F8, 0xB4_85_E6, 0x80_55_B6, 0x46_2A_73]),
    sequential("reds", Text::new("红色", "Reds"), &[0xFF_EB_E6, 0xFF_B5_A9, 0xEB_77_6E, 0xB6_43_40, 0x6F_18_1B]),
    sequential("greys", Text::new("灰色", "Greys"), &[0xEE_F0_F3, 0xC2_C4_C7, 0x93_95_98, 0x61_63_65, 0x31_33_35]),
    sequential(
        "yellow-red",
        Text::new("黄—红", "Yellow to red"),
        &[0xF6_F3_C5, 0xEE_C5_5E, 0xE6_81_00, 0xBE_3C_03, 0x72_11_1B],
    ),
    sequential(
        "yellow-blue",
        Text::new("黄—绿—蓝", "Yellow, green, blue"),
        &[0xF3_F4_C6, 0xA4_DD_98, 0x2C_B3_B3, 0x00_76_AF, 0x21_34_80],
    ),
    sequential(
        "green-blue",
        Text::new("绿—蓝", "Green to blue"),
        &[0xDE_F8_E2, 0x95_DD_BD, 0x2B_B3_B9, 0x00_78_A7, 0x12_3B_75],
    ),
    sequential(
        "red-purple",
        Text::new("粉—紫", "Pink to purple"),
        &[0xFF_EC_E2, 0xFC_B4_BE, 0xED_6B_A4, 0xAE_38_8F, 0x56_20_6B],
    ),
    diverging(
        "blue-orange",
        Text::new("蓝—橙", "Blue and orange"),
        &[0x00_49_82, 0x39_8A_D6, 0xA2_C8_F0, 0xF4_F2_EC, 0xEA_B8_9B, 0xC6_6A_28, 0x71_34_00],
    ),
    diverging(
        "purple-green",
        Text::new("紫—绿", "Purple and green"),
        &[0x5B_31_77, 0xA0_6C_C4, 0xD2_B8_E7, 0xF4_F2_EC, 0xA4_D1_AC, 0x39_9D_57, 0x00_57_24],
    ),
    diverging(
        "teal-brown",
        Text::new("青—褐", "Teal and brown"),
        &[0x00_53_50, 0x00_9A_94, 0x8E_D3_CE, 0xF4_F2_EC, 0xE4_BB_95, 0xBE_71_00, 0x68_3C_00],
    ),
    diverging(
        "blue-red",
        Text::new("蓝—红", "Blue and red"),
        &[0x0E_47_86, 0x46_87_D8, 0xA6_C7_F1, 0xF4_F2_EC, 0xEE_B3_AD, 0xCD_60_5A, 0x7C_25_24],
    ),
    steady(
        "viridis",
        Text::new("翠绿 Viridis", "Viridis"),
        &[
            0x44_01_54, 0x48_24_75, 0x41_44_87, 0x35_5F_8D, 0x2A_78_8E, 0x21_91_8C, 0x22_A8_84, 0x44_BF_70, 0x7A_D1_51,
            0xBD_DF_26, 0xFD_E7_25,
        ],
    ),
    steady(
        "cividis",
        Text::new("蓝黄 Cividis", "Cividis"),
        &[
            0x00_22_4E, 0x12_35_70, 0x3B_49_6C, 0x57_5D_6D, 0x70_71_73, 0x8A_86_78, 0xA5_9C_74, 0xC3_B3_69, 0xE1_CC_55,
            0xFE_E8_38,
        ],
    ),
    qualitative(
        "okabe",
        Text::new("鲜明八色", "Eight bold colours"),
        &[0x00_72_B2, 0xE6_9F_00, 0x00_9E_73, 0xCC_79_A7, 0x56_B4_E9, 0xD5_5E_00, 0xF0_E4_42, 0x4D_4D_4D],
        &[0x4A_9F_DB, 0xF0_B4_29, 0x2B_C4_95, 0xE3_9A_C4, 0x8C_D3_FF, 0xFF_8A_3D, 0xF7_EE_7A, 0xB8_BE_C4],
    ),
    qualitative(
        "tolbright",
        Text::new("明快七色", "Seven bright colours"),
        &[0x44_77_AA, 0xEE_66_77, 0x22_88_33, 0xCC_BB_44, 0x66_CC_EE, 0xAA_33_77, 0x8A_8A_8A],
        &[0x6C_9B_D2, 0xFF_8A_97, 0x4F_B3_5F, 0xE0_D2_69, 0x8F_E0_FA, 0xD9_63_A6, 0xBB_BB_BB],
    ),
    qualitative(
        "tolmuted",
        Text::new("柔和九色", "Nine muted colours"),
        &[0x33_22_88, 0x88_CC_EE, 0x44_AA_99, 0x11_77_33, 0x99_99_33, 0xDD_CC_77, 0xCC_66_77, 0x88_22_55, 0xAA_44_99],
        &[0x8F_7F_E0, 0xA9_DD_F5, 0x66_CC_BB, 0x3F_A6_60, 0xB9_B9_4F, 0xEB_DD_95, 0xEB_8B_9B, 0xC8_55_90, 0xD7_7B_C8],
    ),
];

/// A ramp for numbers, where nobody has chosen one.
pub const USUAL: &str = "yellow-blue";

/// A ramp for different things, where nobody has chosen one.
pub const USUAL_QUALITATIVE: &str = "okabe";

impl Ramp {
    /// `n` colours: from end to end, or the first ones of a qualitative ramp, lighter and darker where they run out.
    pub fn inks(&self, n: usize, reversed: bool) -> Vec<Ink> {
        let mut inks: Vec<Ink> = (0..n)
            .map(|at| match self.kind {
                RampKind::Qualitative => self.different(at),
                _ => self.ink(if n > 1 { at as f64 / (n - 1) as f64 } else { 0.7 }),
            })
            .collect();
        if reversed {
            inks.reverse();
        }
        inks
    }

    /// As [`Ramp::inks`] of a ramp from little to much, without the ends that things in them, thin ones or areas, could
    /// hardly be told from the ground in: each map leaves out its own.
    pub fn inks_on_land(&self, n: usize, reversed: bool, are_thin: bool) -> Vec<Ink> {
        let least = if are_thin { LEAST_CONTRAST } else { LEAST_CONTRAST_INSIDE };
        let shares = |dark_map: bool| {
            let is_seen = |share: &f64| contrast(self.ink(*share).on(dark_map), LAND.on(dark_map)) >= least;
            let steps = || (0..=100).map(|step| f64::from(step) / 100.0);
            (steps().find(is_seen).unwrap_or(0.0), steps().rev().find(is_seen).unwrap_or(1.0))
        };
        let (light, dark) = (shares(false), shares(true));
        let within = |(from, to): (f64, f64), share: f64| from + (to - from) * share;
        let mut inks: Vec<Ink> = (0..n)
            .map(|at| {
                let share = if n > 1 { at as f64 / (n - 1) as f64 } else { 0.7 };
                let ink = |shares: (f64, f64)| self.ink(within(shares, share));
                Ink { light: ink(light).light, dark: ink(dark).dark }
            })
            .collect();
        if reversed {
            inks.reverse();
        }
        inks
    }

    /// The colour at `share` of the way from its first to its last, 0 to 1.
    pub fn ink(&self, share: f64) -> Ink {
        let light = Oklab::between(self.stops, share);
        let dark = match self.dark {
            Dark::Turned => Oklab { lightness: TURN - light.lightness, ..light },
            Dark::Same => light,
            Dark::Stops(stops) => Oklab::between(stops, share),
        };
        Ink { light: light.rgba(), dark: dark.rgba() }
    }

    fn different(&self, at: usize) -> Ink {
        let (count, round) = (self.stops.len(), at / self.stops.len());
        let dark = match self.dark {
            Dark::Stops(stops) => stops[at % count],
            Dark::Turned | Dark::Same => self.stops[at % count],
        };
        // Every round is a step deeper on the light map and a step paler on the dark one.
        let shift = [0.0, -0.14, 0.12, -0.22][round % 4];
        let shifted = |rgb: u32, by: f64| {
            let color = Oklab::from_hex(rgb);
            Oklab { lightness: (color.lightness + by).clamp(0.15, 0.97), ..color }.rgba()
        };
        Ink { light: shifted(self.stops[at % count], shift), dark: shifted(dark, -shift * 0.7) }
    }
}

/// Lightness of a colour on the light map and of its sister on the dark one add up to this.
const TURN: f64 = 1.26;

/// The ground of both maps.
const LAND: Ink = Ink::new(0xF4_F2_EC, 0x20_25_2A);

/// Least contrast of a thin line or a small disc with the ground.
const LEAST_CONTRAST: f64 = 1.6;

/// Least contrast of an area with the ground.
const LEAST_CONTRAST_INSIDE: f64 = 1.2;

/// How much lighter one colour is than the other, as WCAG has it: 1 to 21.
fn contrast(one: Rgba, other: Rgba) -> f64 {
    let luminance = |color: Rgba| {
        let [red, green, blue] = linear(color);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    (one / other).max(other / one)
}

impl Ink {
    /// A pair for both maps from one colour: on the dark map it is as light as it takes to be seen there.
    pub fn from_light(light: Rgba) -> Self {
        let color = Oklab::from_rgba(light);
        let lightness = color.lightness.max(0.62 + 0.3 * color.lightness).min(0.95);
        let [.., alpha] = light.0;
        let Rgba([red, green, blue, _]) = Oklab { lightness, ..color }.rgba();
        Self { light, dark: Rgba([red, green, blue, alpha]) }
    }

    /// The same hue, well apart from this colour on both maps: lines over a fill of it can be seen. Deeper on the light
    /// map and paler on the dark one, the other way round where there is no room.
    pub fn apart(self) -> Self {
        let shifted = |color: Rgba, by: f64| {
            let seen = Oklab::from_rgba(color);
            let lightness = seen.lightness + by;
            let lightness = if (0.12..=0.97).contains(&lightness) { lightness } else { seen.lightness - by };
            let [.., alpha] = color.0;
            let Rgba([red, green, blue, _]) = Oklab { lightness, ..seen }.rgba();
            Rgba([red, green, blue, alpha])
        };
        Self { light: shifted(self.light, -0.3), dark: shifted(self.dark, 0.25) }
    }
}

/// A colour as people see it (Björn Ottosson's Oklab): equal steps look equal.
#[derive(Clone, Copy, Debug)]
struct Oklab {
    lightness: f64,
    a: f64,
    b: f64,
}

impl Oklab {
    fn from_hex(rgb: u32) -> Self {
        Self::from_rgba(Rgba::hex(rgb))
    }

    fn from_rgba(color: Rgba) -> Self {
        let [red, green, blue] = linear(color);
        let l = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let m = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let s = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        Self {
            lightness: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        }
    }

    fn between(stops: &[u32], share: f64) -> Self {
        let way = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let before = (way as usize).min(stops.len().saturating_sub(2));
        let after = (before + 1).min(stops.len() - 1);
        let (from, to, share) = (Self::from_hex(stops[before]), Self::from_hex(stops[after]), way - before as f64);
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Self { lightness: mix(from.lightness, to.lightness), a: mix(from.a, to.a), b: mix(from.b, to.b) }
    }

    fn linear(self) -> [f64; 3] {
        let l = (self.lightness + 0.396_337_777_4 * self.a + 0.215_803_757_3 * self.b).powi(3);
        let m = (self.lightness - 0.105_561_345_8 * self.a - 0.063_854_172_8 * self.b).powi(3);
        let s = (self.lightness - 0.089_484_177_5 * self.a - 1.291_485_548_0 * self.b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }

    /// The nearest colour of a screen: as colourful as it goes at this lightness.
    fn rgba(self) -> Rgba {
        let fits = |color: Self| color.linear().iter().all(|part| (-1e-4..=1.0001).contains(part));
        let faded = |share: f64| Self { a: self.a * share, b: self.b * share, ..self };
        let mut share = 1.0;
        if !fits(self) {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..24 {
                share = f64::midpoint(low, high);
                if fits(faded(share)) { low = share } else { high = share }
            }
            share = low;
        }
        let [red, green, blue] = faded(share).linear().map(|part| {
            let part = part.clamp(0.0, 1.0);
            let curved = if part <= 0.003_130_8 { part * 12.92 } else { 1.055 * part.powf(1.0 / 2.4) - 0.055 };
            (curved * 255.0).round() as u8
        });
        Rgba([red, green, blue, 255])
    }
}

/// Red, green and blue as amounts of light.
fn linear(Rgba([red, green, blue, _]): Rgba) -> [f64; 3] {
    [red, green, blue].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Machado, Oliveira and Fernandes (2009), severity 1: what is seen of linear red, green and blue.
    const SIGHTS: [(&str, [[f64; 3]; 3]); 4] = [
        ("all colours", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    #[test]
    fn neighbouring_classes_stay_apart_for_everybody() {
        for ramp in RAMPS {
            let most = if ramp.kind == RampKind::Qualitative { ramp.stops.len() } else { 9 };
            for (n, least) in [(5, 7.0), (7, 4.8), (most, 3.5)] {
                for pair in ramp.inks(n, false).windows(2) {
                    for (sight, matrix) in &SIGHTS {
                        for dark in [false, true] {
                            let apart = difference(seen(pair[0].on(dark), matrix), seen(pair[1].on(dark), matrix));
                            assert!(apart >= least, "{} of {n}: {apart:.1} for {sight}, dark {dark}", ramp.id);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_difference_of_colours_is_the_published_one() {
        // Pairs of Sharma, Wu and Dalal (2005).
        let pairs = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
        ];
        for (left, right, expected) in pairs {
            assert!((difference(left, right) - expected).abs() < 1e-3, "{left:?}");
        }
    }

    #[test]
    fn there_are_enough_ramps_and_each_has_a_word_of_its_own() {
        let count = |kind| RAMPS.iter().filter(|ramp| ramp.kind == kind).count();
        assert!(count(RampKind::Sequential) >= 8 && count(RampKind::Diverging) >= 3);
        assert!(count(RampKind::Qualitative) >= 3);
        for ramp in RAMPS {
            assert_eq!(super::ramp(ramp.id).map(|found| &found.name), Some(&ramp.name), "{}", ramp.id);
        }
        assert!(ramp(USUAL).is_some() && ramp(USUAL_QUALITATIVE).is_some());
    }

    #[test]
    fn a_ramp_runs_from_its_first_colour_to_its_last_and_back() {
        let blues = ramp("blues").expect("in the list");
        let inks = blues.inks(5, false);
        let ends = [blues.stops[0], blues.stops[4]].map(Rgba::hex);
        assert_eq!([inks[0].light, inks[4].light], ends);
        assert_eq!(blues.inks(5, true), inks.into_iter().rev().collect::<Vec<_>>());
        let many = ramp("okabe").expect("in the list").inks(20, false);
        assert!(many.iter().enumerate().all(|(at, ink)| !many[..at].contains(ink)), "twenty different colours");
    }

    #[test]
    fn thin_things_stand_out_from_the_ground_in_every_class() {
        for ramp in RAMPS.iter().filter(|ramp| ramp.kind == RampKind::Sequential) {
            let inks = ramp.inks_on_land(5, false, true);
            for (ink, dark) in inks.iter().flat_map(|ink| [(ink, false), (ink, true)]) {
                let contrast = contrast(ink.on(dark), LAND.on(dark));
                assert!(contrast >= 1.55, "{}: {contrast:.2}, dark {dark}", ramp.id);
            }
            for pair in inks.windows(2) {
                assert!(pair[0].light != pair[1].light && pair[0].dark != pair[1].dark, "{}", ramp.id);
            }
        }
    }

    #[test]
    fn lines_over_a_fill_are_apart_from_it() {
        for rgb in [0x1F_77_B4, 0xE2_F3_FF, 0x10_10_10, 0xFF_FF_FF] {
            let ink = Ink::new(rgb, rgb);
            for dark in [false, true] {
                let contrast = contrast(ink.on(dark), ink.apart().on(dark));
                assert!(contrast > 1.6, "{rgb:06x}: {contrast:.2}, dark {dark}");
            }
        }
    }

    /// A colour as it is seen, in `L*a*b*` of the CIE.
    fn seen(color: Rgba, matrix: &[[f64; 3]; 3]) -> [f64; 3] {
        let light = linear(color);
        let times = |row: &[f64; 3], of: [f64; 3]| row.iter().zip(of).map(|(a, b)| a * b).sum::<f64>();
        let light = [0, 1, 2].map(|row| times(&matrix[row], light).clamp(0.0, 1.0));
        let to_xyz = [
            [0.412_456_4, 0.357_576_1, 0.180_437_5],
            [0.212_672_9, 0.715_152_2, 0.072_175_0],
            [0.019_333_9, 0.119_192_0, 0.950_304_1],
        ];
        let white = [0.950_47, 1.0, 1.088_83];
        let curve = |part: f64| {
            if part > 216.0 / 24389.0 { part.cbrt() } else { (24389.0 / 27.0 * part + 16.0) / 116.0 }
        };
        let [x, y, z] = [0, 1, 2].map(|row| curve(times(&to_xyz[row], light) / white[row]));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// CIEDE2000.
    fn difference([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
        let mean = f64::midpoint(a1.hypot(b1), a2.hypot(b2));
        let grow = 1.5 - 0.5 * (mean.powi(7) / (mean.powi(7) + 25.0_f64.powi(7))).sqrt();
        let (a1, a2) = (a1 * grow, a2 * grow);
        let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
        let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
        let (h1, h2) = (hue(a1, b1), hue(a2, b2));
        let grey = c1 * c2 == 0.0;
        let turn = if grey { 0.0 } else { (h2 - h1 + 540.0).rem_euclid(360.0) - 180.0 };
        let middle = if grey { h1 + h2 } else { (h1 + turn / 2.0).rem_euclid(360.0) };
        let across = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
        let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
        let cos = |degrees: f64| degrees.to_radians().cos();
        let t = 1.0 - 0.17 * cos(middle - 30.0) + 0.24 * cos(2.0 * middle) + 0.32 * cos(3.0 * middle + 6.0)
            - 0.2 * cos(4.0 * middle - 63.0);
        let sl = 1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt();
        let (sc, sh) = (1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
        let theta = 30.0 * (-((middle - 275.0) / 25.0).powi(2)).exp();
        let rt = -2.0 * (c.powi(7) / (c.powi(7) + 25.0_f64.powi(7))).sqrt() * (2.0 * theta).to_radians().sin();
        let (dl, dc, dh) = ((l2 - l1) / sl, (c2 - c1) / sc, across / sh);
        (dl * dl + dc * dc + dh * dh + rt * dc * dh).sqrt()
    }
}
