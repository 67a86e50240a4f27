//! The text of a SWMM input file: its sections, its lines, and the words of a line.
//!
//! SWMM itself reads this way: a section is known by the first letters of its name in any case, a semicolon ends what
//! counts of a line, words stand between spaces or tabs, and a word in quotes may hold spaces.

use std::ops::Range;

use super::super::error::ReadError;
use crate::task::Task;
use crate::text::Text;
use crate::text::encoding::Encoding;
use crate::text::guess::{Evidence, decide};

/// Largest file, bytes: a million conduits take a third of it.
const MAX_BYTES: u64 = 1 << 30;

/// A part of the file. What is not looked into is [`Section::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Section {
    Options,
    Map,
    Tags,
    Report,
    Profiles,
    Controls,
    Labels,
    RainGages,
    Symbols,
    Subcatchments,
    Subareas,
    Infiltration,
    Polygons,
    Groundwater,
    /// Sections of which each line begins with the name of a subcatchment and that are not looked into otherwise.
    OfAreas,
    Junctions,
    Outfalls,
    Storage,
    Dividers,
    Coordinates,
    Inflows,
    Dwf,
    /// As `OfAreas`, with the name of a node.
    OfNodes,
    Conduits,
    Pumps,
    Orifices,
    Weirs,
    Outlets,
    Xsections,
    Vertices,
    InletUsage,
    Curves,
    Series,
    Hydrographs,
    /// As `OfAreas`, with the name of a link.
    OfLinks,
    Other,
}

/// The first letters of the sections, as SWMM tells them apart, and their full names; longer ones before what they
/// begin with.
const SECTIONS: &[(&str, &str, Section)] = &[
    ("TITLE", "TITLE", Section::Other),
    ("OPTION", "OPTIONS", Section::Options),
    ("FILE", "FILES", Section::Other),
    ("RAINGAGE", "RAINGAGES", Section::RainGages),
    ("EVAP", "EVAPORATION", Section::Other),
    ("TEMPERATURE", "TEMPERATURE", Section::Other),
    ("ADJUST", "ADJUSTMENTS", Section::Other),
    ("SUBCATCH", "SUBCATCHMENTS", Section::Subcatchments),
    ("SUBAREA", "SUBAREAS", Section::Subareas),
    ("INFIL", "INFILTRATION", Section::Infiltration),
    ("LID_USAGE", "LID_USAGE", Section::OfAreas),
    ("LID", "LID_CONTROLS", Section::Other),
    ("AQUIFER", "AQUIFERS", Section::Other),
    ("GROUNDWATER", "GROUNDWATER", Section::Groundwater),
    ("GWF", "GWF", Section::OfAreas),
    ("SNOWPACK", "SNOWPACKS", Section::Other),
    ("JUNC", "JUNCTIONS", Section::Junctions),
    ("OUTFALL", "OUTFALLS", Section::Outfalls),
    ("STORAGE", "STORAGE", Section::Storage),
    ("DIVIDER", "DIVIDERS", Section::Dividers),
    ("CONDUIT", "CONDUITS", Section::Conduits),
    ("PUMP", "PUMPS", Section::Pumps),
    ("ORIF", "ORIFICES", Section::Orifices),
    ("WEIR", "WEIRS", Section::Weirs),
    ("OUTLET", "OUTLETS", Section::Outlets),
    ("XSECT", "XSECTIONS", Section::Xsections),
    ("TRANSECT", "TRANSECTS", Section::Other),
    ("LOSS", "LOSSES", Section::OfLinks),
    ("STREET", "STREETS", Section::Other),
    ("INLET_USAGE", "INLET_USAGE", Section::InletUsage),
    ("INLET", "INLETS", Section::Other),
    ("CONTROL", "CONTROLS", Section::Controls),
    ("POLLUT", "POLLUTANTS", Section::Other),
    ("LANDUSE", "LANDUSES", Section::Other),
    ("COVERAGE", "COVERAGES", Section::OfAreas),
    ("LOADING", "LOADINGS", Section::OfAreas),
    ("BUILDUP", "BUILDUP", Section::Other),
    ("WASHOFF", "WASHOFF", Section::Other),
    ("TREATMENT", "TREATMENT", Section::OfNodes),
    ("INFLOW", "INFLOWS", Section::Inflows),
    ("DWF", "DWF", Section::Dwf),
    ("RDII", "RDII", Section::OfNodes),
    ("HYDROGRAPH", "HYDROGRAPHS", Section::Hydrographs),
    ("CURVE", "CURVES", Section::Curves),
    ("TIMESERIES", "TIMESERIES", Section::Series),
    ("PATTERN", "PATTERNS", Section::Other),
    ("REPORT", "REPORT", Section::Report),
    ("TAG", "TAGS", Section::Tags),
    ("MAP", "MAP", Section::Map),
    ("COORDINATE", "COORDINATES", Section::Coordinates),
    ("VERTICES", "VERTICES", Section::Vertices),
    ("POLYGON", "POLYGONS", Section::Polygons),
    ("SYMBOL", "SYMBOLS", Section::Symbols),
    ("LABEL", "LABELS", Section::Labels),
    ("BACKDROP", "BACKDROP", Section::Other),
    ("PROFILE", "PROFILES", Section::Profiles),
    ("EVENT", "EVENTS", Section::Other),
];

/// The section that a line begins; `None` for other lines, `Some(None)` for a name that SWMM does not know.
fn head(line: &str) -> Option<Option<Section>> {
    let name = line.trim_start().strip_prefix('[')?.trim_start();
    let is_it = |(begin, ..): &&(&str, &str, Section)| {
        name.get(..begin.len()).is_some_and(|letters| letters.eq_ignore_ascii_case(begin))
    };
    Some(SECTIONS.iter().find(is_it).map(|(.., section)| *section))
}

/// Whether a line begins a section that SWMM does not know.
pub(super) fn is_unknown_head(line: &str) -> bool {
    head(line) == Some(None)
}

/// Whether a file that begins like this may be a model: its first line that is neither blank nor a comment begins a
/// section that SWMM knows.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b";"));
    let words = first.map(String::from_utf8_lossy);
    words.is_some_and(|words| words.contains(']') && matches!(head(&words), Some(Some(_))))
}

/// The full name of a section.
pub(super) fn name_of(section: Section) -> &'static str {
    SECTIONS.iter().find(|(.., known)| *known == section).map_or("", |(_, name, _)| name)
}

/// A line that counts, without its ending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    start: u32,
    end: u32,
    /// Its section.
    pub section: Section,
    /// Whether it begins the section.
    pub is_head: bool,
}

impl Line {
    /// Where it stands in the text.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The text with its lines; blank lines and comments are not among them.
#[derive(Debug)]
pub(super) struct Inp {
    /// All of it.
    pub text: String,
    /// How it was spelled.
    pub encoding: Encoding,
    /// Why that is thought.
    pub why: Option<Text>,
    /// Whether it began with a mark of its encoding.
    pub has_mark: bool,
    /// Whether some bytes spelled nothing.
    pub is_broken: bool,
    /// What counts.
    pub lines: Vec<Line>,
}

impl Inp {
    /// Takes the bytes of a file apart.
    ///
    /// # Errors
    /// Empty, too large, UTF-16, or stopped.
    pub(super) fn read(bytes: &[u8], asked: Option<Encoding>, task: &Task<'_>) -> Result<Self, ReadError> {
        if bytes.is_empty() {
            return Err(ReadError::Empty);
        }
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ReadError::TooMuchMemory);
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(ReadError::Encoding { byte: 0, line: 1, utf16: true });
        }
        let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let has_mark = body.len() < bytes.len();
        let mut evidence = Evidence::default();
        for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
            evidence.see(line);
        }
        task.check()?;
        let asked = asked.or(has_mark.then_some(Encoding::UTF_8));
        let verdict = decide(asked, &[], &evidence);
        let (text, is_broken) = verdict.encoding.decode(body);
        let inp = Self {
            text: text.into_owned(),
            encoding: verdict.encoding,
            why: verdict.why,
            has_mark,
            is_broken,
            lines: Vec::new(),
        };
        inp.with_lines(task)
    }

    fn with_lines(self, task: &Task<'_>) -> Result<Self, ReadError> {
        // Rare characters grow when they are decoded.
        if u32::try_from(self.text.len()).is_err() {
            return Err(ReadError::TooMuchMemory);
        }
        task.check()?;
        let lines = self.find_lines();
        Ok(Self { lines, ..self })
    }

    fn find_lines(&self) -> Vec<Line> {
        let mut section = Section::Other;
        let mut lines = Vec::new();
        let mut start = 0;
        for whole in self.text.split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            let counts = line.split(';').next().unwrap_or_default().trim();
            if !counts.is_empty() {
                let found = head(counts);
                section = found.map_or(section, |found| found.unwrap_or(Section::Other));
                let (start, end) = (start as u32, (start + line.len()) as u32);
                lines.push(Line { start, end, section, is_head: found.is_some() });
            }
            start += whole.len();
        }
        lines
    }

    /// The text of a line with its comment, without its ending.
    pub(super) fn line(&self, line: Line) -> &str {
        &self.text[line.start as usize..line.end as usize]
    }

    /// The words of a line.
    pub(super) fn words(&self, line: Line) -> Vec<&str> {
        words(self.line(line))
    }

    /// The comment lines directly before a line, as a description of it: without the semicolons, joined. Lines that
    /// head a table (`;;Name  Elevation`) are none.
    pub(super) fn description(&self, line: Line) -> Option<String> {
        let before = self.text.get(..line.start as usize)?;
        let mut found: Vec<&str> = Vec::new();
        for comment in before.lines().rev().take(20) {
            let Some(words) = comment.trim().strip_prefix(';').filter(|words| !words.starts_with(';')) else { break };
            found.push(words.trim());
        }
        found.reverse();
        let whole = found.join(" ").trim().to_owned();
        (!whole.is_empty()).then_some(whole)
    }
}

/// The words of a line up to its comment; those in quotes without them.
pub(super) fn words(line: &str) -> Vec<&str> {
    ranges(line).into_iter().map(|range| line[range].trim_matches('"')).collect()
}

/// Where the words of a line stand in it, with their quotes.
pub(super) fn ranges(line: &str) -> Vec<Range<usize>> {
    let line = line.split(';').next().unwrap_or_default();
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        if bytes[at] == b'"' {
            at += 1 + bytes[at + 1..].iter().position(|byte| *byte == b'"').unwrap_or(bytes.len() - at - 1);
            at = (at + 1).min(bytes.len());
        } else {
            at += bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len() - at);
        }
        found.push(start..at);
    }
    found
}

/// A name as it must be written: in quotes where it holds a space.
pub(super) fn quoted(name: &str) -> String {
    if name.is_empty() || name.contains(char::is_whitespace) { format!("\"{name}\"") } else { name.to_owned() }
}

/// What two names have in common that SWMM takes for one: it looks past the case of letters.
pub(super) fn key(name: &str) -> String {
    name.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_spaces_tabs_and_quotes() {
        for (line, expected) in [
            ("J1\t1.5  2 ;remark", "J1|1.5|2"),
            ("\"井 1\" 2.0 \"\" x", "井 1|2.0||x"),
            ("\"open 1", "open 1"),
            ("  ", ""),
            ("a\"b c", "a\"b|c"),
        ] {
            assert_eq!(words(line).join("|"), expected, "{line}");
        }
    }

    #[test]
    fn sections_are_known_by_their_first_letters_in_any_case() {
        for (line, expected) in [
            ("[JUNCTIONS]", Some(Some(Section::Junctions))),
            ("  [polygons]", Some(Some(Section::Polygons))),
            ("[Outlets]", Some(Some(Section::Outlets))),
            ("[OUTFALL]", Some(Some(Section::Outfalls))),
            ("[NONSENSE]", Some(None)),
            ("J1 0", None),
        ] {
            assert_eq!(head(line), expected, "{line}");
        }
    }
}
