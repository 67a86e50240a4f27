//! The passport of an exported file: a small file beside it that says where it comes from and what is in it, for who
//! receives it; and the look at it when such a file comes in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::geom::crs::Crs;
use crate::io::atomic;
use crate::io::error::{ReadError, WriteError};
use crate::io::format::{self, CrsOrigin, ReadOptions, Survey, Written};
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::store::reader::Reader;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

use super::formats;
use crate::session::answer::{Failure, FailureKind};
use crate::session::command::ExportRequest;
use crate::session::crs;
use crate::session::export::redact::Profile;
use crate::session::export::write_failure;
use crate::session::snapshot::mapped_bounds;

/// Version of the form that is written.
const VERSION: u32 = 1;
/// Largest file that is read as a passport, bytes.
const LARGEST: u64 = 1 << 20;
/// How far the corners of two extents that agree may be apart, degrees: about a centimetre.
const NEAR_DEG: f64 = 1e-7;
/// Endings of the files that make up a Shapefile.
const SHAPEFILE: [&str; 5] = ["shp", "shx", "dbf", "prj", "cpg"];

/// What is said of an exported file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Passport {
    #[serde(rename = "citygrid_passport")]
    form: u32,
    program: String,
    version: String,
    /// When it was written, RFC 3339 in UTC.
    time: String,
    /// The city's name; where its file lies is nobody's business.
    city: String,
    layer: String,
    layer_name: String,
    features: u64,
    /// West, south, east, north, WGS 84 degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    extent_wgs84: Option<[f64; 4]>,
    crs: String,
    /// What came of holding the file against the rest of the city.
    #[serde(skip_serializing_if = "Option::is_none")]
    datum: Option<String>,
    /// How often each rule found something, in writing the file and in reading it again.
    problems: BTreeMap<String, u64>,
    /// Whether the data are a sample, all of it invented.
    invented: bool,
    /// What was left out and blurred.
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted: Option<Profile>,
    files: Vec<FileSum>,
}

/// One file and the proof that nobody has changed it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct FileSum {
    name: String,
    bytes: u64,
    sha256: String,
}

/// What is said of an export beside what stands in the file.
pub(in crate::session) struct Source<'a> {
    /// The name of the city.
    pub(in crate::session) city: &'a str,
    /// The layer.
    pub(in crate::session) schema: &'a Schema,
    /// What came of writing it.
    pub(in crate::session) written: &'a Written,
    /// Whether the city is a sample.
    pub(in crate::session) is_sample: bool,
}

/// Where the passport of a file lies.
fn path_of(file: &Path) -> PathBuf {
    file.with_extension("passport.json")
}

/// Refuses an export whose passport would replace a file that nobody has agreed to lose.
pub(in crate::session) fn check_room(request: &ExportRequest) -> Result<(), Failure> {
    let path = path_of(&request.path);
    if request.passport && !request.overwrite && path.symlink_metadata().is_ok() {
        return Err(write_failure(&WriteError::Exists { path }));
    }
    Ok(())
}

/// Writes the passport of a file that has just been exported; where it is.
///
/// # Errors
/// The file cannot be read again, the passport cannot be written, or the person has stopped it.
pub(in crate::session) fn write(
    reader: &Reader,
    request: &ExportRequest,
    source: &Source<'_>,
    task: &mut Task<'_>,
) -> Result<PathBuf, Failure> {
    let Source { city, schema, written, is_sample } = *source;
    let crs = crs_of(request, schema);
    let mut passport = Passport {
        form: VERSION,
        program: "citygrid".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        city: city.to_owned(),
        layer: schema.table.clone(),
        layer_name: schema.name.zh.to_string(),
        features: written.features,
        crs: crs.to_string(),
        invented: is_sample,
        redacted: request.profile.clone(),
        files: files_of(&request.path, task)?,
        ..Passport::default()
    };
    count(&mut passport.problems, &written.problems);
    // What a reader finds is what the passport says; a file without a row has nothing to find.
    let read = ReadOptions { crs: Some(crs).filter(|crs| *crs != Crs::Unknown), ..ReadOptions::default() };
    if let Ok(survey) = format::survey(&request.path, &read, task) {
        passport.features = features(&survey);
        passport.extent_wgs84 = extent(&survey);
        count(&mut passport.problems, &survey.problems);
        // Its own layer is among what it is held against: what went out must come back to where it was.
        let goes_to = vec![Some(schema.table.as_str()); survey.layers.len()];
        let verdict = crs::check::verdict(reader, &reader.layers()?, (&request.path, &survey), &goes_to, task)?;
        passport.datum = verdict.map(|verdict| verdict.text().en.into_owned());
    }
    task.check()?;
    let path = path_of(&request.path);
    let done = atomic::write(&path, request.overwrite, |out| {
        serde_json::to_writer_pretty(&mut *out, &passport).map_err(std::io::Error::from)?;
        Ok(out.write_all(b"\n")?)
    });
    done.map_err(|error| write_failure(&error))?;
    Ok(path)
}

/// The system that the coordinates of an exported file are in: the one asked for where the format leaves a choice.
pub(in crate::session) fn crs_of(request: &ExportRequest, schema: &Schema) -> Crs {
    let has_choice = formats::writable_by_ending(&request.path).is_some_and(formats::FileType::has_crs_choice);
    match (request.crs, has_choice) {
        _ if schema.geometry.is_none() => schema.crs,
        (Some(crs), true) => crs,
        (None, true) => schema.crs,
        (_, false) => Crs::WGS84,
    }
}

/// Looks into a file. Where nobody says its system and it does not say one itself, the passport beside it does.
///
/// # Errors
/// As [`format::survey`].
pub(in crate::session) fn survey(path: &Path, options: &ReadOptions, task: &mut Task<'_>) -> Result<Survey, ReadError> {
    let first = format::survey(path, options, task);
    let is_unsaid = match &first {
        Ok(survey) => survey.crs_origin == CrsOrigin::Guessed,
        Err(error) => matches!(error, ReadError::UnknownCrs { .. }),
    };
    if !is_unsaid || options.crs.is_some() {
        return first;
    }
    let said = read(path).and_then(|passport| Crs::parse(&passport.crs).ok()).filter(|crs| *crs != Crs::Unknown);
    let Some(crs) = said else { return first };
    let mut survey = format::survey(path, &ReadOptions { crs: Some(crs), ..options.clone() }, task)?;
    survey.crs_origin = CrsOrigin::Declared;
    let (zh, en) = crs.title();
    survey
        .understood
        .push(text!("数据护照写明坐标系：{crs}（{zh}）", "its passport says the coordinate system: {crs} ({en})"));
    Ok(survey)
}

/// Holds a surveyed file against the passport that lies beside it, if one does: what agrees is said among how the file was
/// understood, what does not is a problem of it.
pub(in crate::session) fn check(path: &Path, survey: &mut Survey, task: &mut Task<'_>) {
    let Some(passport) = read(path) else { return };
    let Passport { city, time, features: said, .. } = &passport;
    match differences(path, &passport, survey, task) {
        found if found.is_empty() => survey.understood.push(text!(
            "数据护照相符：来自城市“{city}”，{time} 导出，{said} 个要素，文件未经改动",
            "its passport agrees: from the city “{city}”, exported {time}, {said} features, unchanged since"
        )),
        found => {
            let zh: Vec<&str> = found.iter().map(|text| text.zh.as_ref()).collect();
            let en: Vec<&str> = found.iter().map(|text| text.en.as_ref()).collect();
            let (zh, en) = (zh.join("；"), en.join("; "));
            let what = text!("与旁边的数据护照不符：{zh}", "not as the passport beside it says: {en}");
            survey.problems.push(Problem::warning("import.passport", what));
        }
    }
    if passport.invented {
        survey
            .understood
            .push(Text::new("护照注明：示例数据，全部为虚构", "its passport says: sample data, all invented"));
    }
}

fn read(file: &Path) -> Option<Passport> {
    let mut json = Vec::new();
    File::open(path_of(file)).ok()?.take(LARGEST).read_to_end(&mut json).ok()?;
    let passport: Passport = serde_json::from_slice(&json).ok()?;
    let name = name_of(file);
    // Files of one stem have one passport, which may be another's.
    let is_its = passport.files.iter().any(|sum| sum.name == name);
    (passport.form == VERSION && is_its).then_some(passport)
}

fn differences(path: &Path, passport: &Passport, survey: &Survey, task: &Task<'_>) -> Vec<Text> {
    let mut found = Vec::new();
    for said in &passport.files {
        let name = &said.name;
        // A passport names files beside it and no others.
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
        let file = path.with_file_name(name);
        match sum(&file, task) {
            Ok(sum) if is_plain && sum.sha256 == said.sha256 => {}
            Ok(_) if is_plain => found.push(text!("{name} 的内容改动过", "{name} has been changed")),
            _ => found.push(text!("{name} 读不到", "{name} cannot be read")),
        }
    }
    let (said, now) = (passport.features, features(survey));
    if said != now {
        found.push(text!("护照记 {said} 个要素，文件有 {now} 个", "it says {said} features, there are {now}"));
    }
    let is_as_said = survey.crs_origin != CrsOrigin::Asked;
    let far = |(said, now): ([f64; 4], [f64; 4])| said.iter().zip(now).any(|(said, now)| (said - now).abs() > NEAR_DEG);
    if is_as_said && passport.extent_wgs84.zip(extent(survey)).is_some_and(far) {
        found.push(Text::new("范围不同", "its extent is another"));
    }
    found
}

fn features(survey: &Survey) -> u64 {
    survey.layers.iter().map(|draft| draft.features).sum()
}

fn extent(survey: &Survey) -> Option<[f64; 4]> {
    let mut whole = Bounds::EMPTY;
    for draft in survey.layers.iter().filter(|draft| !draft.bounds.is_empty()) {
        let crs = draft.crs.unwrap_or(survey.crs);
        whole = whole.union(&mapped_bounds(draft.bounds, crs, Crs::WGS84)?);
    }
    let ([west, south], [east, north]) = (whole.min, whole.max);
    (!whole.is_empty()).then_some([west, south, east, north])
}

fn count(rules: &mut BTreeMap<String, u64>, problems: &Problems) {
    for problem in &problems.listed {
        *rules.entry(problem.rule.to_owned()).or_default() += 1;
    }
    if problems.omitted > 0 {
        *rules.entry("not-listed".to_owned()).or_default() += problems.omitted;
    }
}

/// The files that an export has made.
fn files_of(path: &Path, task: &Task<'_>) -> Result<Vec<FileSum>, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let parts: Vec<PathBuf> = if ending.eq_ignore_ascii_case("shp") {
        let beside = SHAPEFILE[1..].iter().map(|part| path.with_extension(part)).filter(|part| part.exists());
        std::iter::once(path.to_owned()).chain(beside).collect()
    } else {
        vec![path.to_owned()]
    };
    let sums = parts.iter().map(|part| {
        sum(part, task).map_err(|error| {
            let (name, Text { zh, en }) = (part.display(), text::disk::why(&error, text::disk::Doing::Reading));
            Failure::new(FailureKind::File, text!("{name}：{zh}", "{name}: {en}"))
        })
    });
    sums.collect()
}

fn sum(path: &Path, task: &Task<'_>) -> std::io::Result<FileSum> {
    let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut block = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        task.check().map_err(|_| std::io::Error::from(std::io::ErrorKind::Interrupted))?;
        bytes += read as u64;
        hash.update(&block[..read]);
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(FileSum { name: name_of(path), bytes, sha256 })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
