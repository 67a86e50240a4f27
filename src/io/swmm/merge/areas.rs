//! Subcatchments and rain gages written again, and new ones that were drawn in the city.

use super::super::inp::{Line, Section, key, quoted};
use super::super::lines::{Edited, plain, position};
use super::super::model::number;
use super::super::network::{Area, Gage, Kept};
use super::super::rows::Layer;
use super::{Changed, Now, Work, code, has, value, word_of};
use crate::model::value::Value;
use crate::task::Problem;
use crate::text;

/// What SWMM proposes for a new subcatchment.
const IMPERVIOUS_PCT: f64 = 25.0;
const SLOPE_PCT: f64 = 0.5;
/// n of both parts, their storage in millimetres, the share without storage, where the water goes.
const N: [f64; 2] = [0.01, 0.1];
const STORE_MM: f64 = 1.27;
const ZERO_STORE_PCT: f64 = 25.0;

/// Methods of infiltration, and how many numbers each must have.
const METHODS: &[(&str, usize)] =
    &[("HORTON", 4), ("MODIFIED_HORTON", 4), ("GREEN_AMPT", 3), ("MODIFIED_GREEN_AMPT", 3), ("CURVE_NUMBER", 3)];

/// Fields of the line of a subcatchment, in the order of its words.
const AREA_WORDS: &[&str] = &["code", "rain_gage", "outlet", "area_ha", "impervious_pct", "width_m", "slope_pct"];
/// Likewise of its line among the subareas, behind its name.
const SUBAREA_WORDS: &[&str] =
    &["n_impervious", "n_pervious", "store_impervious_mm", "store_pervious_mm", "zero_store_pct"];

impl Work<'_> {
    pub(super) fn edit_area(&mut self, at: usize) {
        let was = &self.model.areas[at];
        let Some(now) = self.areas[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let is_other = |kept: &&Kept| kept.is_moved || !kept.changed.is_empty();
        let Some((area, kept)) = now.and_then(|area| Some((area, area.kept.as_ref().filter(is_other)?))) else {
            return self.edit_area_line(at, None, &mut Changed::of(None));
        };
        self.done.changed += 1;
        let mut left = Changed::of(Some(kept));
        let name = code(&area.values);
        self.tell_emptied(&name, area, &left);
        self.edit_area_line(at, Some(area), &mut left);
        self.edit_subarea(was.subarea, area, &mut left);
        self.edit_infiltration(was.infiltration, area, &mut left);
        if left.take("tag") && was.tag.is_none() {
            let tag = value(area, "tag").to_string();
            self.add_tag("Subcatch", &name, Some(&tag));
        }
        if kept.is_moved {
            self.add_outline(area);
        }
        self.tell_left(Layer::Areas, &name, left);
    }

    /// Numbers that were cleared: SWMM knows no empty ones.
    fn tell_emptied(&mut self, name: &str, area: &Area, left: &Changed<'_>) {
        let fields = Layer::Areas.fields();
        let numbers = AREA_WORDS.iter().skip(3).chain(SUBAREA_WORDS);
        let emptied = numbers.filter(|field| left.has(field) && value(area, field).is_null());
        let names = emptied.filter_map(|id| fields.iter().find(|field| field.id == *id)).map(|field| &field.name);
        let (zh, en): (Vec<&str>, Vec<&str>) = names.map(|name| (name.zh.as_ref(), name.en.as_ref())).unzip();
        if !zh.is_empty() {
            let (zh, en) = (zh.join("、"), en.join(", "));
            let what = text!("汇水区“{name}”的{zh}已清空，写为 0", "subcatchment “{name}”: {en} cleared, 0 is written");
            self.done.problems.push(Problem::warning("swmm.assumed", what));
        }
    }

    fn add_outline(&mut self, area: &Area) {
        let name = code(&area.values);
        let corners = area.ring.iter().flatten().map(|corner| position(&name, *corner));
        let corners: Vec<String> = corners.collect();
        corners.into_iter().for_each(|corner| self.add(Section::Polygons, corner));
    }

    /// The line of a subcatchment: names it speaks of, and its own values.
    fn edit_area_line(&mut self, at: usize, area: Option<&Area>, left: &mut Changed<'_>) {
        let (model, line) = (self.model, self.model.areas[at].line);
        let words = model.words(line);
        let mut edited = Edited::new(model.inp.line(model.inp.lines[line as usize]));
        for (place, field) in [(1, "rain_gage"), (2, "outlet")] {
            let Some(word) = words.get(place).filter(|_| !left.has(field)) else { continue };
            let now = if place == 1 { self.gage_word_now(word) } else { self.outlet_now(word) };
            match now {
                Now::Named(name) => edited.set(place, name, ""),
                Now::Gone => self.tell_named("SUBCATCHMENTS", words[0], word),
                Now::Same => {}
            }
        }
        if let Some(area) = area {
            for (place, field) in AREA_WORDS.iter().enumerate() {
                if left.take(field) && self.is_sound_word(area, field) {
                    edited.set(place, word_of(value(area, field), self.unit(field)), "0");
                }
            }
        }
        self.put(line as usize, edited);
    }

    /// What the model's unit of a field is in that of the city.
    fn unit(&self, field: &str) -> f64 {
        let units = self.form.units;
        match field {
            "area_ha" => units.area_ha(),
            "width_m" => units.length_m(),
            "store_impervious_mm" | "store_pervious_mm" => units.rain_mm(),
            _ => 1.0,
        }
    }

    /// Whether a name that a subcatchment speaks of is there; tells it otherwise.
    fn is_sound_word(&mut self, area: &Area, field: &str) -> bool {
        let word = value(area, field).to_string();
        let name = key(word.trim());
        let (is_there, what) = match field {
            "rain_gage" => (name == "*" || self.names.gages.contains(&name), ("雨量站", "rain gage")),
            "outlet" => (self.names.nodes.contains(&name) || self.names.areas.contains(&name), ("出口", "outlet")),
            _ => return true,
        };
        if !is_there {
            self.tell_word(&code(&area.values), what, &word);
        }
        is_there
    }

    fn gage_word_now(&self, word: &str) -> Now {
        let found = self.model.gage_names.get(&key(word));
        found.map_or(Now::Same, |at| self.gage_now(*at as usize))
    }

    fn edit_subarea(&mut self, line: Option<u32>, area: &Area, left: &mut Changed<'_>) {
        let fields = SUBAREA_WORDS.iter().copied().chain(["route_to"]);
        if line.is_none() && fields.clone().any(|field| left.has(field)) {
            left.take_all(&fields.collect::<Vec<_>>());
            self.add_subarea(area);
            return;
        }
        if left.take("route_to") && line.is_some() && route(area).is_none() {
            self.tell_word(&code(&area.values), ("内部汇流", "routing"), &value(area, "route_to").to_string());
        }
        left.take_all(SUBAREA_WORDS);
    }

    fn edit_infiltration(&mut self, line: Option<u32>, area: &Area, left: &mut Changed<'_>) {
        if !left.take("infiltration") {
            return;
        }
        let words = self.infiltration(area);
        match (line, words) {
            (_, None) => {
                let word = value(area, "infiltration").to_string();
                self.tell_word(&code(&area.values), ("下渗参数", "infiltration"), &word);
            }
            (None, Some(words)) => self.add_infiltration(area, &words),
            (Some(_), Some(_)) => {}
        }
    }

    fn add_subarea(&mut self, area: &Area) {
        let name = quoted(&code(&area.values));
        let usual = [N[0], N[1], STORE_MM, STORE_MM, ZERO_STORE_PCT];
        let words = SUBAREA_WORDS
            .iter()
            .zip(usual)
            .map(|(field, usual)| plain(value(area, field).as_f64().unwrap_or(usual) / self.unit(field)));
        let words: Vec<String> = words.collect();
        let route = route(area).unwrap_or_else(|| vec!["OUTLET".to_owned()]).join(" ");
        self.add(Section::Subareas, format!("{name:<16} {} {route}", words.join(" ")));
    }

    fn add_infiltration(&mut self, area: &Area, words: &[String]) {
        let name = quoted(&code(&area.values));
        self.add(Section::Infiltration, format!("{name:<16} {}", words.join(" ")));
    }

    /// A line about a subcatchment in another section.
    pub(super) fn area_detail(&mut self, place: usize, line: Line) {
        let model = self.model;
        let words = model.inp.words(line);
        let mut edited = Edited::new(model.inp.line(line));
        let Some(at) = words.first().and_then(|name| model.area_names.get(&key(name))).map(|at| *at as usize) else {
            return;
        };
        let Some(area) = self.areas[at] else { return self.drop_line(place) };
        let Some(area) = area else { return };
        let is = |field: &str| has(area.kept.as_ref(), field);
        if is("code") {
            edited.set(0, quoted(&code(&area.values)), "");
        }
        if line.section == Section::Subareas {
            for (column, field) in (1..).zip(SUBAREA_WORDS).filter(|(_, field)| is(field)) {
                edited.set(column, word_of(value(area, field), self.unit(field)), "0");
            }
            if let Some(route) = route(area).filter(|_| is("route_to")) {
                edited.set_tail(6, &route, "0");
            }
        } else if let Some(words) = self.infiltration(area).filter(|_| is("infiltration")) {
            edited.set_tail(1, &words, "0");
        }
        self.put(place, edited);
    }

    /// A subcatchment that was drawn in the city. What it does not say is made up and told.
    pub(super) fn add_area(&mut self, area: &Area) {
        self.done.added += 1;
        let mut area = area.clone();
        let mut made_up = Vec::new();
        let name = self.name_area(&mut area);
        let outlet = self.outlet_for(&area);
        let Some((outlet, is_found)) = outlet else {
            let what = text!(
                "汇水区“{name}”没有出口，附近也没有节点，没有写出",
                "subcatchment “{name}” has no outlet and no node is near: left out"
            );
            return self.tell("swmm.no-outlet", what);
        };
        if is_found {
            made_up.push((format!("出口 {outlet}"), format!("outlet {outlet}")));
        }
        let (gage, is_own_gage) = self.gage_for(&area);
        if !is_own_gage {
            made_up.push((format!("雨量站 {gage}"), format!("rain gage {gage}")));
        }
        let mut size = |field: &str, usual: f64, (zh, en): (&str, &str), unit: &str| {
            value(&area, field).as_f64().unwrap_or_else(|| {
                made_up.push((format!("{zh} {usual:.2} {unit}"), format!("{en} {usual:.2} {unit}")));
                usual
            })
        };
        let area_ha = size("area_ha", area.drawn_m2.unwrap_or(0.0) / 10_000.0, ("面积", "area"), "ha");
        let impervious = size("impervious_pct", IMPERVIOUS_PCT, ("不透水率", "impervious"), "%");
        let width_m = size("width_m", (area_ha * 10_000.0).sqrt(), ("特征宽度", "width"), "m");
        let slope = size("slope_pct", SLOPE_PCT, ("坡度", "slope"), "%");
        let [hectares, width] =
            [("area_ha", area_ha), ("width_m", width_m)].map(|(field, size)| plain(size / self.unit(field)));
        let [impervious, slope] = [impervious, slope].map(plain);
        let (word, outlet) = (quoted(&name), quoted(&outlet));
        self.add(
            Section::Subcatchments,
            format!("{word:<16} {gage:<16} {outlet:<16} {hectares:<10} {impervious:<8} {width:<10} {slope:<8} 0"),
        );
        if SUBAREA_WORDS.iter().any(|field| value(&area, field).is_null()) {
            let (zh, en) = ("n 与洼蓄为 SWMM 的默认值", "n and depression storage as SWMM proposes");
            made_up.push((zh.to_owned(), en.to_owned()));
        }
        self.add_subarea(&area);
        let words = self.infiltration(&area).unwrap_or_else(|| {
            let usual = self.usual_infiltration();
            made_up.push((format!("下渗参数 {}", usual.join(" ")), format!("infiltration {}", usual.join(" "))));
            usual
        });
        self.add_infiltration(&area, &words);
        let tag = value(&area, "tag").to_string();
        self.add_tag("Subcatch", &name, Some(&tag));
        self.add_outline(&area);
        self.tell_made_up(&name, &made_up);
    }

    fn tell_made_up(&mut self, name: &str, made_up: &[(String, String)]) {
        let (zh, en): (Vec<&str>, Vec<&str>) = made_up.iter().map(|(zh, en)| (zh.as_str(), en.as_str())).unzip();
        let (zh, en) = (zh.join("、"), en.join(", "));
        if !made_up.is_empty() {
            let what =
                text!("汇水区“{name}”没有填写，假定：{zh}", "subcatchment “{name}” does not say it, assumed: {en}");
            self.done.problems.push(Problem::warning("swmm.assumed", what));
        }
    }

    /// A name of its own that SWMM can read.
    fn name_area(&mut self, area: &mut Area) -> String {
        let typed = code(&area.values);
        let plain: String = typed.chars().filter(|letter| !matches!(letter, ';' | '"' | '[')).collect();
        let plain = plain.split_whitespace().collect::<Vec<_>>().join("_");
        let plain = if plain.is_empty() { "S".to_owned() } else { plain };
        let is_taken = |name: &str| {
            let is_of_text = self.model.area_names.contains_key(&key(name));
            let lines = self.new.get(&Section::Subcatchments);
            let is_new = lines
                .into_iter()
                .flatten()
                .any(|line| line.split_whitespace().next().is_some_and(|word| key(word) == key(name)));
            is_of_text || is_new
        };
        let numbered = (2_u64..).map(|number| format!("{plain}_{number}"));
        let found =
            std::iter::once(plain.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(plain.clone());
        if found != typed {
            let what = text!(
                "汇水区“{typed}”在模型中写作“{found}”",
                "subcatchment “{typed}” is spelled “{found}” in the model"
            );
            self.done.problems.push(Problem::warning("swmm.name", what));
        }
        if let Some(first) = area.values.first_mut() {
            *first = Value::from(found.as_str());
        }
        found
    }

    /// What a new subcatchment drains to, and whether that is the nearest node for want of a word.
    fn outlet_for(&mut self, area: &Area) -> Option<(String, bool)> {
        let typed = value(area, "outlet").to_string().trim().to_owned();
        if !typed.is_empty() && self.is_sound_word(area, "outlet") {
            return Some((typed, false));
        }
        let ring = area.ring.as_deref().filter(|ring| !ring.is_empty())?;
        let middle = [0, 1].map(|axis| ring.iter().map(|at| at[axis]).sum::<f64>() / ring.len() as f64);
        let away = |at: [f64; 2]| (at[0] - middle[0]).hypot(at[1] - middle[1]);
        let placed = self.written.nodes.iter().filter_map(|node| Some((away(node.place?), &node.name)));
        let nearest = placed.min_by(|one, other| one.0.total_cmp(&other.0));
        nearest.map(|(_, name)| (name.clone(), true))
    }

    /// The rain gage of a new subcatchment: its own, else the only one of the model, else none; and whether it is its own.
    fn gage_for(&self, area: &Area) -> (String, bool) {
        let typed = value(area, "rain_gage").to_string().trim().to_owned();
        if self.names.gages.contains(&key(&typed)) {
            return (quoted(&typed), true);
        }
        let mut gages = self.model.gages.iter().map(|gage| self.model.name(gage.line));
        match (gages.next(), gages.next()) {
            (Some(only), None) => (quoted(only), false),
            _ => ("*".to_owned(), false),
        }
    }

    /// The numbers of infiltration, and the word for a method behind them; `None` where they are too few for it.
    fn infiltration(&self, area: &Area) -> Option<Vec<String>> {
        let typed = value(area, "infiltration").to_string();
        let words: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
        let numbers = words.iter().take_while(|word| number(word).is_some()).count();
        let method = words.get(numbers).map_or_else(|| self.infiltration_method(), |word| word.to_ascii_uppercase());
        let least = METHODS.iter().find(|(known, _)| *known == method).map(|(_, least)| *least)?;
        ((least..=5).contains(&numbers) && words.len() <= numbers + 1).then_some(words)
    }

    fn infiltration_method(&self) -> String {
        self.option("INFILTRATION").unwrap_or("HORTON").to_ascii_uppercase()
    }

    /// What SWMM proposes for the method of infiltration of this model.
    fn usual_infiltration(&self) -> Vec<String> {
        let method = self.infiltration_method();
        let mm = self.form.units.rain_mm();
        let numbers = match method.as_str() {
            "GREEN_AMPT" | "MODIFIED_GREEN_AMPT" => vec![88.9 / mm, 12.7 / mm, 0.25],
            "CURVE_NUMBER" => vec![80.0, 12.7 / mm, 7.0],
            _ => vec![76.2 / mm, 12.7 / mm, 4.0, 7.0, 0.0],
        };
        numbers.into_iter().map(plain).collect()
    }

    pub(super) fn edit_gage(&mut self, at: usize) {
        let model = self.model;
        let was = &model.gages[at];
        let Some(now) = self.gages[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let is_other = |kept: &&Kept| kept.is_moved || !kept.changed.is_empty();
        let Some((gage, kept)) = now.and_then(|gage| Some((gage, gage.kept.as_ref().filter(is_other)?))) else {
            return;
        };
        self.done.changed += 1;
        let mut left = Changed::of(Some(kept));
        let name = code(&gage.values);
        let mut line = Edited::new(model.inp.line(model.inp.lines[was.line as usize]));
        if left.take("code") {
            line.set(0, quoted(&name), "");
        }
        for (place, field) in [(1, "format"), (2, "interval")] {
            if left.take(field) {
                match gage_word(gage, field) {
                    Some(word) => line.set(place, word, ""),
                    None => self.tell_gage(gage, field),
                }
            }
        }
        if left.take("source") {
            match source_words(gage).filter(|words| self.is_known_source(words)) {
                Some(words) => line.set_tail(4, &words, "1.0"),
                None => self.tell_gage(gage, "source"),
            }
        }
        self.put(was.line as usize, line);
        if kept.is_moved && was.place.is_none() {
            gage.place.into_iter().for_each(|place| self.add(Section::Symbols, position(&name, place)));
        }
        self.tell_left(Layer::Gages, &name, left);
    }

    /// A rain gage that was drawn in the city.
    pub(super) fn add_gage(&mut self, gage: &Gage) {
        let name = code(&gage.values);
        let is_spelled = !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == ';');
        let is_own = is_spelled && !self.model.gage_names.contains_key(&key(&name));
        let source = source_words(gage).filter(|words| is_own && self.is_known_source(words));
        let (Some(format), Some(interval), Some(source)) =
            (gage_word(gage, "format"), gage_word(gage, "interval"), source)
        else {
            let what = text!(
                "雨量站“{name}”的编号、数据形式、时间间隔或数据来源不完整，没有写出",
                "rain gage “{name}” lacks a number of its own, a format, an interval or a source: left out"
            );
            return self.tell("swmm.not-written", what);
        };
        self.done.added += 1;
        let source = source.join(" ");
        self.add(Section::RainGages, format!("{name:<16} {format:<10} {interval:<8} 1.0      {source}"));
        gage.place.into_iter().for_each(|place| self.add(Section::Symbols, position(&name, place)));
    }

    /// Whether the series that rainfall comes from is there; of a file nobody can tell.
    fn is_known_source(&self, words: &[String]) -> bool {
        match words {
            [kind, name, ..] if kind == "TIMESERIES" => self.names.series.contains(&key(name.trim_matches('"'))),
            [kind, _, ..] => kind == "FILE",
            _ => false,
        }
    }

    fn tell_gage(&mut self, gage: &Gage, field: &str) {
        let fields = Layer::Gages.fields();
        let Some(field) = fields.iter().find(|known| known.id == field) else { return };
        let words = (field.name.zh.as_ref(), field.name.en.as_ref());
        self.tell_word(&code(&gage.values), words, &of_gage(gage, &field.id));
    }
}

/// Where the water of a part goes: `OUTLET`, or `PERVIOUS 40`.
fn route(area: &Area) -> Option<Vec<String>> {
    let typed = value(area, "route_to").to_string();
    let words: Vec<String> = typed.split_whitespace().map(str::to_ascii_uppercase).collect();
    let is_sound = match &words[..] {
        [to] => is_part(to),
        [to, percent] => is_part(to) && number(percent).is_some_and(|percent| (0.0..=100.0).contains(&percent)),
        _ => false,
    };
    is_sound.then_some(words)
}

fn is_part(word: &str) -> bool {
    ["OUTLET", "IMPERVIOUS", "PERVIOUS"].contains(&word)
}

/// A value of a rain gage as text.
fn of_gage(gage: &Gage, field: &str) -> String {
    let place = Layer::Gages.fields().iter().position(|known| known.id == field);
    place.and_then(|place| gage.values.get(place)).map(|value| value.to_string().trim().to_owned()).unwrap_or_default()
}

/// The format or interval of a gage; `None` where it makes no sense.
fn gage_word(gage: &Gage, field: &str) -> Option<String> {
    let word = of_gage(gage, field).to_ascii_uppercase();
    let is_sound = match field {
        "format" => ["INTENSITY", "VOLUME", "CUMULATIVE"].contains(&word.as_str()),
        _ => word.split(':').count() <= 3 && word.split(':').all(|part| number(part).is_some_and(|part| part >= 0.0)),
    };
    is_sound.then_some(word)
}

/// Where the rainfall of a gage comes from, as words of its line.
fn source_words(gage: &Gage) -> Option<Vec<String>> {
    let source = of_gage(gage, "source");
    let mut words = super::super::inp::words(&source).into_iter();
    let kind = words.next()?.to_ascii_uppercase();
    let rest: Vec<String> = words.map(quoted).collect();
    let is_source = matches!(kind.as_str(), "TIMESERIES" | "FILE") && !rest.is_empty();
    is_source.then(|| std::iter::once(kind).chain(rest).collect())
}
