//! The sixteen defects of CJJ 181-2012 with their grades, scores and what tells the grades apart.
//!
//! Source: the tables of a public report application for CJJ 181-2012 and of a field application, which agree; the
//! words for the grades are shortened.

use crate::text::Text;

/// One kind of defect (缺陷).
#[derive(Debug, PartialEq)]
pub struct DefectKind {
    /// Code of two letters, as in the standard.
    pub code: &'static str,
    words: [&'static str; 2],
    /// Structural (结构性), else functional (功能性).
    pub is_structural: bool,
    /// Its grades, from 1 on.
    pub grades: &'static [Grade],
}

/// One grade of a defect.
#[derive(Debug, PartialEq)]
pub struct Grade {
    /// Its score (分值); none where the standard records the defect and does not score it.
    pub score: Option<f64>,
    words: [&'static str; 2],
}

impl Grade {
    /// What a defect of this grade looks like.
    pub fn criterion(&self) -> Text {
        Text::new(self.words[0], self.words[1])
    }
}

impl DefectKind {
    /// The kind with this code, in any letter case.
    pub fn of(code: &str) -> Option<&'static Self> {
        DEFECTS.iter().find(|kind| kind.code.eq_ignore_ascii_case(code))
    }

    /// What it is.
    pub fn name(&self) -> Text {
        Text::new(self.words[0], self.words[1])
    }

    /// The highest grade that the standard has for it.
    pub fn highest(&self) -> u8 {
        self.grades.len() as u8
    }

    /// One of its grades, if the standard has it.
    pub fn grade(&self, grade: u8) -> Option<&'static Grade> {
        self.grades.get(usize::from(grade).checked_sub(1)?)
    }
}

const fn grade(score: f64, zh: &'static str, en: &'static str) -> Grade {
    Grade { score: Some(score), words: [zh, en] }
}

const fn unscored(zh: &'static str, en: &'static str) -> Grade {
    Grade { score: None, words: [zh, en] }
}

const fn structural(code: &'static str, zh: &'static str, en: &'static str, grades: &'static [Grade]) -> DefectKind {
    DefectKind { code, words: [zh, en], is_structural: true, grades }
}

const fn functional(code: &'static str, zh: &'static str, en: &'static str, grades: &'static [Grade]) -> DefectKind {
    DefectKind { code, words: [zh, en], is_structural: false, grades }
}

/// All of them, in the order of the standard.
pub const DEFECTS: &[DefectKind] = &[
    structural(
        "PL",
        "破裂",
        "Crack or collapse",
        &[
            grade(0.5, "裂痕：有细裂痕，未见缝隙", "hairline crack, no open gap"),
            grade(2.0, "裂口：有明显缝隙，管形完好", "open gap, shape of the pipe intact"),
            grade(5.0, "破碎：管壁破碎或脱落，范围不大于 60°", "pieces broken away or missing over at most 60°"),
            grade(10.0, "坍塌：破碎范围大于 60°，或管道坍塌", "broken over more than 60°, or collapsed"),
        ],
    ),
    structural(
        "BX",
        "变形",
        "Deformation",
        &[
            grade(1.0, "变形不大于管道直径的 5%", "at most 5 % of the diameter"),
            grade(2.0, "变形为管道直径的 5%～15%", "over 5 % and up to 15 % of the diameter"),
            grade(5.0, "变形为管道直径的 15%～25%", "over 15 % and up to 25 % of the diameter"),
            grade(10.0, "变形大于管道直径的 25%", "over 25 % of the diameter"),
        ],
    ),
    structural(
        "FS",
        "腐蚀",
        "Corrosion",
        &[
            grade(0.5, "轻度：表面轻微剥落，管壁粗糙", "slight spalling, rough surface"),
            grade(2.0, "中度：显露骨料或钢筋", "aggregate or reinforcement showing"),
            grade(5.0, "重度：骨料或钢筋完全显露", "aggregate or reinforcement fully exposed"),
        ],
    ),
    structural(
        "CK",
        "错口",
        "Displaced joint",
        &[
            grade(0.5, "错开不大于管壁厚度的 1/2", "offset of at most half the wall"),
            grade(2.0, "错开为管壁厚度的 1/2～1", "offset over half and up to one wall"),
            grade(5.0, "错开为管壁厚度的 1～2 倍", "offset over one and up to two walls"),
            grade(10.0, "错开大于管壁厚度的 2 倍", "offset over two walls"),
        ],
    ),
    structural(
        "QF",
        "起伏",
        "Sag",
        &[
            grade(0.5, "起伏高与管径之比不大于 20%", "sag height up to 20 % of the diameter"),
            grade(2.0, "起伏高与管径之比 20%～35%", "over 20 % and up to 35 % of the diameter"),
            grade(5.0, "起伏高与管径之比 35%～50%", "over 35 % and up to 50 % of the diameter"),
            grade(10.0, "起伏高与管径之比大于 50%", "over 50 % of the diameter"),
        ],
    ),
    structural(
        "TJ",
        "脱节",
        "Separated joint",
        &[
            grade(1.0, "轻度：接口有少量泥土挤入", "a little soil pressed in at the joint"),
            grade(3.0, "中度：脱节距离不大于 20 mm", "gap of at most 20 mm"),
            grade(5.0, "重度：脱节距离 20～50 mm", "gap over 20 and up to 50 mm"),
            grade(10.0, "严重：脱节距离大于 50 mm", "gap over 50 mm"),
        ],
    ),
    structural(
        "TL",
        "接口材料脱落",
        "Joint seal hanging out",
        &[
            grade(1.0, "在管道水平方向中心线上部可见", "seen above the horizontal centre line"),
            grade(3.0, "在管道水平方向中心线下部可见", "seen below the horizontal centre line"),
        ],
    ),
    structural(
        "AJ",
        "支管暗接",
        "Hidden lateral",
        &[
            grade(0.5, "支管进入主管的长度不大于主管直径的 10%", "intrudes up to 10 % of the main's diameter"),
            grade(2.0, "支管进入主管的长度为主管直径的 10%～20%", "intrudes over 10 % and up to 20 %"),
            grade(5.0, "支管进入主管的长度大于主管直径的 20%", "intrudes over 20 %"),
        ],
    ),
    structural(
        "CR",
        "异物穿入",
        "Foreign object",
        &[
            grade(0.5, "异物占过水断面不大于 10%", "up to 10 % of the section lost"),
            grade(2.0, "异物占过水断面 10%～30%", "over 10 % and up to 30 % of the section lost"),
            grade(5.0, "异物占过水断面大于 30%", "over 30 % of the section lost"),
        ],
    ),
    structural(
        "SL",
        "渗漏",
        "Infiltration",
        &[
            grade(0.5, "滴漏", "drips"),
            grade(2.0, "线漏：连续流出", "a steady trickle"),
            grade(5.0, "涌漏：涌水面积不大于断面的 1/3", "gushes over up to a third of the section"),
            grade(10.0, "喷漏：喷水面积大于断面的 1/3", "jets over more than a third of the section"),
        ],
    ),
    functional(
        "CJ",
        "沉积",
        "Deposits",
        &[
            grade(0.5, "沉积物厚度为管径的 20%～30%", "20 % to 30 % of the diameter"),
            grade(2.0, "沉积物厚度为管径的 30%～40%", "over 30 % and up to 40 % of the diameter"),
            grade(5.0, "沉积物厚度为管径的 40%～50%", "over 40 % and up to 50 % of the diameter"),
            grade(10.0, "沉积物厚度大于管径的 50%", "over 50 % of the diameter"),
        ],
    ),
    functional(
        "JG",
        "结垢",
        "Scale or grease",
        &[
            grade(
                0.5,
                "硬质：断面损失不大于 15%；软质：15%～25%",
                "hard: up to 15 % of the section; soft: 15 % to 25 %",
            ),
            grade(2.0, "硬质：15%～25%；软质：25%～50%", "hard: over 15 % to 25 %; soft: over 25 % to 50 %"),
            grade(5.0, "硬质：25%～50%；软质：50%～80%", "hard: over 25 % to 50 %; soft: over 50 % to 80 %"),
            grade(10.0, "硬质：大于 50%；软质：大于 80%", "hard: over 50 %; soft: over 80 %"),
        ],
    ),
    functional(
        "ZW",
        "障碍物",
        "Obstacle",
        &[
            grade(0.1, "断面损失不大于 15%", "up to 15 % of the section lost"),
            grade(2.0, "断面损失 15%～25%", "over 15 % and up to 25 % of the section lost"),
            grade(5.0, "断面损失 25%～50%", "over 25 % and up to 50 % of the section lost"),
            grade(10.0, "断面损失大于 50%", "over 50 % of the section lost"),
        ],
    ),
    functional(
        "CQ",
        "残墙、坝根",
        "Remains of a wall",
        &[
            grade(1.0, "断面损失不大于 15%", "up to 15 % of the section lost"),
            grade(3.0, "断面损失 15%～25%", "over 15 % and up to 25 % of the section lost"),
            grade(5.0, "断面损失 25%～50%", "over 25 % and up to 50 % of the section lost"),
            grade(10.0, "断面损失大于 50%", "over 50 % of the section lost"),
        ],
    ),
    functional(
        "SG",
        "树根",
        "Roots",
        &[
            grade(0.5, "断面损失不大于 15%", "up to 15 % of the section lost"),
            grade(2.0, "断面损失 15%～25%", "over 15 % and up to 25 % of the section lost"),
            grade(5.0, "断面损失 25%～50%", "over 25 % and up to 50 % of the section lost"),
            grade(10.0, "断面损失大于 50%", "over 50 % of the section lost"),
        ],
    ),
    functional(
        "FZ",
        "浮渣",
        "Scum",
        &[
            unscored("零星浮渣，不大于水面的 30%", "scattered, up to 30 % of the water"),
            unscored("较多浮渣，占水面的 30%～60%", "over 30 % and up to 60 % of the water"),
            unscored("大量浮渣，大于水面的 60%", "over 60 % of the water"),
        ],
    ),
];
