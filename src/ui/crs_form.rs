//! The form of a coordinate system of the bureau's own: a PROJ string, a local grid (four parameters), or a datum with
//! seven parameters of its own.

use egui::{Context, RichText, Ui};

use super::ask::{Asks, UiAsk};
use super::sheet::{Sheet, foot, sheet};
use super::theme::{self, LABEL_WIDTH, Tokens};
use super::widgets::{choice_chip, field_error, primary_button, text_button, text_field};
use crate::geom::crs::Crs;
use crate::geom::ellipsoid::{Helmert, RotationSense};
use crate::geom::own::{OwnForm, PlaneShift};
use crate::session::Session;
use crate::session::command::{Command, SettingsCommand};
use crate::text;
use crate::text::{Lang, Text};

/// The form while it is open.
#[derive(Debug, Default)]
pub struct CrsFormState(Option<Form>);

/// What is typed.
#[derive(Clone, Debug, PartialEq)]
struct Form {
    /// The name of the system that is changed.
    was: Option<String>,
    name: String,
    sort: Sort,
    proj: String,
    base: String,
    /// East, north, turn, scale.
    plane: [String; 4],
    /// Three translations, three rotations, scale.
    datum: [String; 7],
    sense: RotationSense,
    wrong: Option<Text>,
}

/// What kind of system it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Proj,
    Plane,
    Datum,
}

impl Default for Form {
    fn default() -> Self {
        let zeros = ["0"; 7].map(str::to_owned);
        Self {
            was: None,
            name: String::new(),
            sort: Sort::Plane,
            proj: "+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs".to_owned(),
            base: "EPSG:4548".to_owned(),
            plane: ["0", "0", "0", "1"].map(str::to_owned),
            datum: zeros,
            sense: RotationSense::PositionVector,
            wrong: None,
        }
    }
}

impl CrsFormState {
    /// Opens it for a new system, or for the kept one of this name.
    pub fn open(&mut self, session: &Session, name: Option<&str>) {
        let kept = name.and_then(|name| session.settings().systems.iter().find(|kept| kept.name == name));
        let form = kept.and_then(|kept| Some(Form::of(&kept.name, &kept.definition.parse().ok()?)));
        self.0 = Some(form.unwrap_or_default());
    }
}

/// Draws the form while it is open.
pub(super) fn crs_form_ui(ctx: &Context, session: &Session, state: &mut CrsFormState, asks: &mut Asks) {
    let Some(form) = &mut state.0 else { return };
    let lang = session.lang();
    let title = lang.pick("自定义坐标系", "A coordinate system of your own");
    // English has the longer words.
    let width = if lang == Lang::Zh { 560.0 } else { 700.0 };
    let frame = Sheet { id: "crs-form", title, icon: "GLOBE_HEMISPHERE_EAST", width, lang };
    let taken = |name: &str| session.settings().systems.iter().any(|kept| kept.name == name);
    let mut end = None;
    let closed = sheet(ctx, &frame, |ui| end = form_ui(ui, lang, form, &taken));
    if let Some(command) = end.as_ref().and_then(Option::clone) {
        asks.push(UiAsk::Run(Command::Settings(command)));
    }
    if closed || end.is_some() {
        state.0 = None;
    }
}

/// The form; its end with what is to be kept, if it has one.
fn form_ui(ui: &mut Ui, lang: Lang, form: &mut Form, taken: &dyn Fn(&str) -> bool) -> Option<Option<SettingsCommand>> {
    ui.spacing_mut().item_spacing.y = 8.0;
    row(ui, lang.pick("名称", "Name"), |ui| {
        text_field(ui, &mut form.name, lang.pick("名称", "Name"));
    });
    row(ui, lang.pick("定义", "Defined by"), |ui| {
        let sorts = [
            (Sort::Plane, lang.pick("四参数（地方坐标）", "Four parameters (local grid)")),
            (Sort::Datum, lang.pick("七参数", "Seven parameters")),
            (Sort::Proj, lang.pick("PROJ 字符串", "PROJ string")),
        ];
        for (sort, words) in sorts {
            if choice_chip(ui, words, form.sort == sort).clicked() {
                form.sort = sort;
            }
        }
    });
    match form.sort {
        Sort::Proj => row(ui, "PROJ", |ui| {
            text_field(ui, &mut form.proj, lang.pick("PROJ 字符串", "PROJ string"));
        }),
        Sort::Plane => plane_ui(ui, lang, form),
        Sort::Datum => datum_ui(ui, lang, form),
    }
    if let Some(wrong) = &form.wrong {
        field_error(ui, wrong.get(lang));
    }
    foot(ui, |ui| {
        if primary_button(ui, Some("CHECK"), lang.pick("保存", "Keep")).clicked() {
            match form.system(taken) {
                Ok((name, system)) => {
                    let was = form.was.clone();
                    return Some(Some(SettingsCommand::KeepSystem { was, name, form: system }));
                }
                Err(wrong) => form.wrong = Some(wrong),
            }
        }
        text_button(ui, lang.pick("取消", "Cancel")).clicked().then_some(None)
    })
}

fn plane_ui(ui: &mut Ui, lang: Lang, form: &mut Form) {
    base_ui(ui, lang, &mut form.base, lang.pick("投影坐标系，如 EPSG:4548", "A projected system, as EPSG:4548"));
    let names = [
        Text::new("东移 dx（米）", "East dx (m)"),
        Text::new("北移 dy（米）", "North dy (m)"),
        Text::new("旋转（角秒，逆时针为正）", "Turn (arc seconds, counter-clockwise)"),
        Text::new("尺度 k", "Scale k"),
    ];
    for (name, words) in names.iter().zip(&mut form.plane) {
        row(ui, name.get(lang), |ui| {
            text_field(ui, words, name.get(lang));
        });
    }
    hint(
        ui,
        lang.pick(
            "从地方坐标到投影坐标：E = dx + k(x·cos t − y·sin t)，N = dy + k(x·sin t + y·cos t)",
            "From the local grid to the projection: E = dx + k(x·cos t − y·sin t), N = dy + k(x·sin t + y·cos t)",
        ),
    );
}

fn datum_ui(ui: &mut Ui, lang: Lang, form: &mut Form) {
    base_ui(
        ui,
        lang,
        &mut form.base,
        lang.pick("椭球和投影取自，如 EPSG:2384", "Ellipsoid and projection of, as EPSG:2384"),
    );
    let names = ["ΔX (m)", "ΔY (m)", "ΔZ (m)", "εX (″)", "εY (″)", "εZ (″)", "m (ppm)"];
    for (name, words) in names.iter().zip(&mut form.datum) {
        row(ui, name, |ui| {
            text_field(ui, words, name);
        });
    }
    row(ui, lang.pick("旋转约定", "Rotations"), |ui| {
        let senses = [
            (RotationSense::PositionVector, lang.pick("位置矢量（布尔莎）", "Position vector (Bursa–Wolf)")),
            (RotationSense::CoordinateFrame, lang.pick("坐标框架", "Coordinate frame")),
        ];
        for (sense, words) in senses {
            if choice_chip(ui, words, form.sense == sense).clicked() {
                form.sense = sense;
            }
        }
    });
    hint(ui, lang.pick("从该坐标系的基准到 CGCS2000（WGS 84）", "From the datum of that system to CGCS2000 (WGS 84)"));
}

fn base_ui(ui: &mut Ui, lang: Lang, base: &mut String, hint_words: &str) {
    row(ui, lang.pick("基于", "Based on"), |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            text_field(ui, base, lang.pick("基于", "Based on"));
            let said =
                Crs::parse(base).map_or_else(|_| hint_words.to_owned(), |crs| super::crs_choice::name(crs, lang));
            hint(ui, &said);
        });
    });
}

fn hint(ui: &mut Ui, words: &str) {
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
}

fn row(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        ui.scope(|ui| {
            ui.set_width(LABEL_WIDTH + 40.0);
            ui.add(egui::Label::new(RichText::new(name).color(Tokens::of(ui).text2)).wrap());
        });
        add(ui);
    });
}

impl Form {
    fn of(name: &str, form: &OwnForm) -> Self {
        let known = Self { was: Some(name.to_owned()), name: name.to_owned(), ..Self::default() };
        match form {
            OwnForm::Proj(words) => Self { sort: Sort::Proj, proj: words.clone(), ..known },
            OwnForm::PlaneShift { base, shift } => {
                let PlaneShift { shift_m: [east, north], turn_arcsec, scale } = *shift;
                let plane = [east, north, turn_arcsec, scale].map(|number| number.to_string());
                Self { sort: Sort::Plane, base: base.to_string(), plane, ..known }
            }
            OwnForm::DatumShift { base, shift } => {
                let datum = shift.numbers().map(|number| number.to_string());
                Self { sort: Sort::Datum, base: base.to_string(), datum, sense: shift.sense, ..known }
            }
            OwnForm::Swapped { .. } => Self { sort: Sort::Proj, proj: form.to_string(), ..known },
        }
    }

    /// Name and system, or what is wrong with what is typed.
    fn system(&self, taken: &dyn Fn(&str) -> bool) -> Result<(String, OwnForm), Text> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(Text::new("请填写名称", "Give it a name"));
        }
        if taken(name) && self.was.as_deref() != Some(name) {
            return Err(text!("已经有名为“{name}”的坐标系", "There is a system named “{name}” already"));
        }
        if Crs::parse(name).is_ok() {
            return Err(text!("“{name}”已是另一个坐标系的名称", "“{name}” already names another system"));
        }
        let form = match self.sort {
            Sort::Proj => OwnForm::Proj(self.proj.trim().to_owned()),
            Sort::Plane => {
                let [east, north, turn_arcsec, scale] = numbers(&self.plane)?;
                let shift = PlaneShift { shift_m: [east, north], turn_arcsec, scale };
                OwnForm::PlaneShift { base: self.base()?, shift }
            }
            Sort::Datum => {
                let [x, y, z, rx, ry, rz, scale_ppm] = numbers(&self.datum)?;
                let sense = self.sense;
                let shift = Helmert { shift_m: [x, y, z], rotation_arcsec: [rx, ry, rz], scale_ppm, sense };
                OwnForm::DatumShift { base: self.base()?, shift }
            }
        };
        // What is kept is the line, so the line is what must make sense.
        let form = form.to_string().parse().map_err(|_| match self.sort {
            Sort::Proj => {
                Text::new("无法按这个 PROJ 字符串换算坐标", "Coordinates cannot be computed from this PROJ string")
            }
            Sort::Plane => Text::new(
                "参数超出范围，或所基于的不是投影坐标系",
                "A parameter is out of range, or the base is not a projected system",
            ),
            Sort::Datum => Text::new(
                "参数超出范围，或所基于的坐标系不能另配七参数",
                "A parameter is out of range, or the base cannot take other parameters",
            ),
        })?;
        Ok((name.to_owned(), form))
    }

    fn base(&self) -> Result<Crs, Text> {
        Crs::parse(&self.base).map_err(|error| Text::owned(error.zh(), error.en()))
    }
}

fn numbers<const N: usize>(words: &[String; N]) -> Result<[f64; N], Text> {
    let mut read = [0.0; N];
    for (number, word) in read.iter_mut().zip(words) {
        let known = word.trim().parse().ok().filter(|number: &f64| number.is_finite());
        *number = known.ok_or_else(|| text!("“{word}”不是数", "“{word}” is no number"))?;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    type Kept = Option<Option<SettingsCommand>>;

    #[test]
    fn a_local_grid_is_typed_and_kept() {
        let mut harness = harness(Form::default());
        type_into(&mut harness, "Name", "城建坐标");
        type_into(&mut harness, "East dx (m)", "380000");
        harness.get_by_label("Keep").click();
        harness.run();
        let Some(Some(SettingsCommand::KeepSystem { was, name, form })) = &harness.state().1 else {
            panic!("{:?}", harness.state())
        };
        assert_eq!((was, name.as_str()), (&None, "城建坐标"));
        assert_eq!(form.to_string(), "+base=EPSG:4548 +shift=380000,0 +turn=0 +scale=1");
    }

    #[test]
    fn what_makes_no_sense_is_said_and_the_form_stays_open() {
        let check = |form: Form, words: &str| {
            let mut harness = harness(form);
            harness.get_by_label("Keep").click();
            harness.run();
            assert!(harness.query_by_label_contains(words).is_some(), "{words}");
            assert!(harness.state().1.is_none());
        };
        let named = || Form { name: "a".to_owned(), ..Form::default() };
        check(Form::default(), "Give it a name");
        check(Form { name: "taken".to_owned(), ..Form::default() }, "named “taken” already");
        check(Form { base: "EPSG:4490".to_owned(), ..named() }, "not a projected system");
        check(Form { plane: ["x", "0", "0", "1"].map(str::to_owned), ..named() }, "“x” is no number");
        check(Form { sort: Sort::Proj, proj: "+proj=mars".to_owned(), ..named() }, "cannot be computed");
    }

    #[test]
    fn a_kept_system_comes_back_into_the_form() {
        for line in [
            "+proj=tmerc +lon_0=115.9 +ellps=GRS80",
            "+base=EPSG:4548 +shift=380000,3260000.5 +turn=12.5 +scale=1.00002",
            "+base=EPSG:2384 +coordinate_frame=10,-20,30.25,1.1,-2.2,3.3,4.4",
        ] {
            let form = Form::of("甲", &line.parse().expect(line));
            let (name, again) = form.system(&|_| true).expect(line);
            assert_eq!((name.as_str(), again.to_string().as_str()), ("甲", line));
        }
    }

    fn harness(form: Form) -> Harness<'static, (Form, Kept)> {
        let builder = Harness::builder().with_size(egui::vec2(600.0, 560.0)).with_context_setup(theme::install);
        builder.build_ui_state(
            |ui, (form, kept): &mut (Form, Kept)| {
                if let Some(end) = form_ui(ui, Lang::En, form, &|name| name == "taken") {
                    *kept = Some(end);
                }
            },
            (form, None),
        )
    }

    fn type_into(harness: &mut Harness<'_, (Form, Kept)>, field: &str, words: &str) {
        harness.get_by_role_and_label(egui::Role::TextInput, field).click();
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        harness.get_by_role_and_label(egui::Role::TextInput, field).type_text(words);
        harness.run();
    }
}
