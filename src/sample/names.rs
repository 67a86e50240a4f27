//! Names: real ones of sub-districts and communities, invented but believable ones of lanes, compounds and people.

use std::collections::BTreeSet;

use pinyin::ToPinyin as _;

use super::rng::Rng;

const STREETS: &str = include_str!("../../data/streets.csv");
const COMMUNITIES: &str = include_str!("../../data/communities.csv");

/// Name and district of the sub-district with this code.
pub(super) fn street(code: &str) -> (String, String) {
    let row = STREETS.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let found = row.filter(|cells| cells.len() >= 4).find(|cells| cells[0] == code);
    found.map_or_else(Default::default, |cells| (cells[1].to_owned(), cells[3].to_owned()))
}

/// Code and name of the communities of a sub-district: those of the town before its villages.
pub(super) fn communities_of(street: &str) -> impl Iterator<Item = (String, String)> + use<> {
    let rows = COMMUNITIES.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        Some((cells.next()?, cells.next()?, cells.next()?))
    });
    let street = street.to_owned();
    rows.filter(move |row| row.2 == street).map(|(code, name, _)| (code.to_owned(), short_community(name)))
}

/// `延支山社区居委会` as people say it: `延支山社区`.
fn short_community(name: &str) -> String {
    let tails = ["居委会", "居民委员会", "社区委员会", "村民委员会", "村委会"];
    let stem = tails.iter().find_map(|tail| name.strip_suffix(tail)).unwrap_or(name);
    match stem {
        _ if stem.ends_with("社区") || stem.ends_with("生活区") => stem.to_owned(),
        _ if name.ends_with("村委会") || name.ends_with("村民委员会") => {
            format!("{}村", stem.trim_end_matches('村'))
        }
        _ => format!("{stem}社区"),
    }
}

/// The first letters of a place's syllables, two of them: `甘棠街道` is `GT`.
pub(super) fn letters(name: &str) -> String {
    let syllables = name.chars().filter_map(|c| c.to_pinyin()).map(pinyin::Pinyin::plain);
    syllables.filter_map(|syllable| syllable.chars().next()).take(2).collect::<String>().to_uppercase()
}

/// Words at the end of names, in English.
const TAILS: &[(&str, &str)] = &[
    ("西大道", " West Avenue"),
    ("大道", " Avenue"),
    ("高速", " Expressway"),
    ("北路", " Road North"),
    ("南路", " Road South"),
    ("东路", " Road East"),
    ("西路", " Road West"),
    ("路", " Road"),
    ("街道", " Sub-district"),
    ("街", " Street"),
    ("巷", " Lane"),
    ("里", " Alley"),
    ("弄", " Alley"),
    ("堤", " Causeway"),
    ("社区", " Community"),
    ("生活区", " Quarter"),
    ("镇", " Town"),
    ("村", " Village"),
    ("区", " District"),
    ("森林公园", " Forest Park"),
    ("公园", " Park"),
    ("花园", " Garden"),
    ("小区", " Estate"),
    ("小学", " Primary School"),
    ("中学", " Middle School"),
    ("医院", " Hospital"),
    ("广场", " Plaza"),
    ("商厦", " Store"),
    ("工业园", " Works"),
    ("铁路", " Railway"),
    ("桥", " Bridge"),
];

/// How characters with several readings are read in names of places.
const READINGS: &[(char, &str)] = &[
    ('长', "chang"),
    ('朝', "chao"),
    ('都', "du"),
    ('厦', "sha"),
    ('石', "shi"),
    ('和', "he"),
    ('大', "da"),
    ('柏', "bai"),
    ('车', "che"),
    ('沙', "sha"),
    ('行', "hang"),
    ('乐', "le"),
];

/// A name in Latin letters: `长虹大道` is `Changhong Avenue`.
pub(super) fn english(name: &str) -> String {
    let tail = TAILS.iter().filter(|(zh, _)| name.ends_with(zh) && name != *zh).max_by_key(|(zh, _)| zh.len());
    let (stem, en) = tail.map_or((name, ""), |(zh, en)| (&name[..name.len() - zh.len()], en));
    let mut word: String = String::new();
    for c in stem.chars() {
        let in_names = READINGS.iter().find(|reading| reading.0 == c).map(|reading| reading.1);
        match in_names.or_else(|| c.to_pinyin().map(pinyin::Pinyin::plain)) {
            Some(syllable) => word.push_str(syllable),
            None => word.push(c),
        }
    }
    let mut letters = word.chars();
    let capital = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{capital}{}{en}", letters.as_str())
}

/// Makes up names, none of them twice.
pub(super) struct Names {
    rng: Rng,
    used: BTreeSet<String>,
}

const ROAD_FIRST: &[&str] = &[
    "浔", "湓", "庐", "柴", "桑", "琵", "锁", "烟", "莲", "兴", "永", "长", "安", "泰", "和", "同", "文", "学", "新",
    "龙", "凤", "金", "银", "清", "景", "德", "育", "春", "秋", "南", "北", "东", "西", "云", "松", "柏", "桂", "竹",
    "梅", "枫", "荷", "沙", "石", "双", "三", "八", "九", "万", "福", "瑞", "嘉", "建", "光", "明", "朝", "阳",
];
const ROAD_SECOND: &[&str] = &[
    "阳", "江", "山", "城", "湖", "溪", "泉", "港", "桥", "塘", "坡", "岭", "畈", "垅", "屏", "兴", "安", "平", "和",
    "宁", "华", "昌", "盛", "源", "林", "园", "台", "楼", "亭", "门", "池", "洲", "浦", "堤", "峰", "谷", "岗", "田",
    "圃", "苑", "月", "云", "霞", "虹",
];
const OLD_LANES: &[&str] = &[
    "南司",
    "北司",
    "六角石",
    "八角石",
    "孤溪埂",
    "能仁",
    "考棚",
    "小校场",
    "大中",
    "丁官",
    "西园",
    "西门口",
    "塔岭",
    "延支",
    "赵家花园",
    "梅绽坡",
    "龙开河",
    "半月亭",
    "岳师门",
    "小南门",
    "庾楼",
    "环城",
    "大胜",
    "环境",
    "龙池",
    "双峰",
    "幸福",
    "三马",
    "二马",
    "新桥头",
    "老马渡",
    "琥珀山",
    "黄土坡",
    "景星",
    "柴桑",
    "湓浦",
    "浔阳楼",
    "锁江",
    "琵琶亭",
    "女儿",
    "姚家洼",
    "大树下",
    "两亩地",
    "孙家垅",
];
const COMPOUND_FIRST: &[&str] = &[
    "庐峰",
    "柴桑",
    "莲花",
    "烟水",
    "浔城",
    "甘棠",
    "湖滨",
    "怡景",
    "金鹰",
    "信华",
    "中航",
    "新湖",
    "联盛",
    "华泰",
    "鑫宇",
    "怡康",
    "浔阳",
    "锦绣",
    "银河",
    "翠湖",
    "江南",
    "滨江",
    "长江",
    "八里湖",
    "九龙",
    "天赐",
    "恒盛",
    "阳光",
    "春天",
    "金桥",
    "丽景",
    "龙湖",
    "香榭",
    "水岸",
    "都市",
    "南山",
    "绿城",
    "远洲",
    "快乐",
    "东方",
    "荷塘",
    "御景",
    "国贸",
    "鹤湖",
    "桃源",
    "星河",
    "文博",
    "环球",
    "赣北",
    "陶然",
];
const COMPOUND_LAST: &[&str] = &[
    "苑",
    "花园",
    "小区",
    "新村",
    "家园",
    "名都",
    "豪庭",
    "华府",
    "雅苑",
    "公馆",
    "里",
    "嘉园",
    "美域",
    "新城",
    "佳苑",
    "尚城",
    "半岛",
    "一号院",
];
const OLD_UNITS: &[&str] = &[
    "纺织厂",
    "棉纺厂",
    "化纤厂",
    "轻机厂",
    "动力机厂",
    "仪表厂",
    "江塑厂",
    "九柴",
    "铁路",
    "港务局",
    "粮食局",
    "供销社",
    "农机公司",
    "二轻局",
    "建材公司",
    "商业局",
    "水厂",
    "电厂",
    "印刷厂",
    "食品厂",
    "外贸",
    "邮电局",
    "教育局",
    "地质队",
    "航道处",
    "木材公司",
];
const FAMILY: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "周", "吴", "徐", "胡", "朱", "何", "郭", "罗", "熊", "邓", "曹", "余",
    "万", "涂", "蔡", "叶", "程", "潘", "江", "吕", "欧阳", "殷", "柯",
];
const GIVEN: &[&str] = &[
    "敏", "伟", "芳", "磊", "静", "强", "洋", "艳", "勇", "娟", "涛", "明", "霞", "平", "刚", "辉", "玲", "鹏", "华",
    "超", "慧", "志远", "建国", "文斌", "小红", "海燕", "国庆", "晓东", "丽萍", "春生", "子涵", "思远", "庐生", "浔梅",
    "少华", "德明", "秀英", "家宝", "永康", "雪梅",
];

impl Names {
    /// Makes names for one subject.
    pub(super) fn new(seed: u64, subject: &str) -> Self {
        Self { rng: Rng::new(seed, subject), used: BTreeSet::new() }
    }

    /// Takes a name so that it is not made up again.
    pub(super) fn take(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// A road's name by its class: 1 arterial, 2 collector or long street, 3 lane; lanes of the old town have old names.
    pub(super) fn road(&mut self, class: u8, is_old: bool) -> String {
        for _ in 0..40 {
            let name = self.road_once(class, is_old);
            if self.used.insert(name.clone()) {
                return name;
            }
        }
        self.numbered(class, is_old)
    }

    fn road_once(&mut self, class: u8, is_old: bool) -> String {
        let tail = match class {
            1 => *self.rng.pick(&["大道", "大道", "路"]),
            2 => "路",
            _ if is_old => *self.rng.pick(&["巷", "巷", "里", "弄", "街", "路"]),
            _ => *self.rng.pick(&["路", "巷", "街", "巷", "里"]),
        };
        if is_old && class == 3 && self.rng.chance(0.5) {
            return format!("{}{tail}", self.rng.pick(OLD_LANES));
        }
        format!("{}{}{tail}", self.rng.pick(ROAD_FIRST), self.rng.pick(ROAD_SECOND))
    }

    fn numbered(&mut self, class: u8, is_old: bool) -> String {
        const NUMBERS: &[&str] = &["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
        loop {
            let stem = format!("{}{}", self.rng.pick(ROAD_FIRST), self.rng.pick(ROAD_SECOND));
            let tail = if class <= 2 {
                "路"
            } else if is_old {
                "巷"
            } else {
                "街"
            };
            let name = format!("{stem}{}{tail}", self.rng.pick(NUMBERS));
            if self.used.insert(name.clone()) {
                return name;
            }
        }
    }

    /// A compound's name; without management it is often a works' housing.
    pub(super) fn compound(&mut self, is_old: bool) -> String {
        for attempt in 0.. {
            let name = if is_old && self.rng.chance(0.55) {
                format!("{}{}", self.rng.pick(OLD_UNITS), self.rng.pick(&["宿舍", "家属院", "小区", "生活区"]))
            } else {
                format!("{}{}", self.rng.pick(COMPOUND_FIRST), self.rng.pick(COMPOUND_LAST))
            };
            let name = if attempt < 12 {
                name
            } else {
                let part =
                    *self.rng.pick(&["东区", "西区", "南区", "北区", "一期", "二期", "三期", "A区", "B区", "C区"]);
                let number = if attempt < 60 { String::new() } else { format!("{}", attempt / 10) };
                format!("{name}{number}{part}")
            };
            if self.used.insert(name.clone()) {
                return name;
            }
        }
        String::new()
    }

    /// The name of a school, shop or works after its street.
    pub(super) fn place(&mut self, stem: &str, kinds: &[&str]) -> String {
        for number in 1.. {
            let kind = *self.rng.pick(kinds);
            let name = if number < 6 { format!("{stem}{kind}") } else { format!("{stem}{}号{kind}", number - 4) };
            if self.used.insert(name.clone()) {
                return name;
            }
        }
        String::new()
    }

    /// The name of an invented person; may come twice, as in life.
    pub(super) fn person(&mut self) -> String {
        format!("{}{}", self.rng.pick(FAMILY), self.rng.pick(GIVEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_community_is_called_as_people_call_it() {
        assert_eq!(short_community("延支山社区居委会"), "延支山社区");
        assert_eq!(short_community("老街居委会"), "老街社区");
        assert_eq!(short_community("泉塘村民委员会"), "泉塘村");
        assert_eq!(short_community("五里村委会"), "五里村");
    }

    #[test]
    fn names_are_written_in_english() {
        assert_eq!(english("长虹大道"), "Changhong Avenue");
        assert_eq!(english("甘棠街道"), "Gantang Sub-district");
        assert_eq!(letters("甘棠街道"), "GT");
    }

    #[test]
    fn no_road_name_is_made_up_twice() {
        let mut names = Names::new(1, "roads");
        let mut made: Vec<String> = (0..3000).map(|k| names.road(3, k % 2 == 0)).collect();
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 3000);
    }
}
