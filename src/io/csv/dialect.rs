//! How a text table is written: encoding, what stands between cells, where the rows begin.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::records::{Between, Marks, Records};
use crate::io::error::ReadError;
use crate::io::format::ReadOptions;
use crate::io::table::FIRST_ROWS;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;
use crate::text::guess::{Claim, Evidence, decide};

/// Bytes that are looked at for marks and names.
const HEAD: usize = 1 << 18;
/// Bytes of lines beyond ASCII that are looked at for the encoding.
const MOST_EVIDENCE: usize = 1 << 18;
/// What may stand between cells, the likelier first.
const BETWEEN: [(Between, &str, &str); 6] = [
    (Between::Byte(b'\t'), "制表符", "tabs"),
    (Between::Byte(b','), "逗号", "commas"),
    (Between::Byte(b';'), "分号", "semicolons"),
    (Between::Byte(b'|'), "竖线", "vertical bars"),
    (Between::Wide('，'), "全角逗号", "full-width commas"),
    (Between::Wide('；'), "全角分号", "full-width semicolons"),
];

/// How a text table is written.
#[derive(Clone, Debug)]
pub(in crate::io) struct Dialect {
    /// How its text is encoded.
    pub encoding: Encoding,
    /// How rows and cells are told apart.
    pub marks: Marks,
    /// Where the first row begins: behind the byte order mark and Excel's `sep=` line.
    pub start: u64,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// How it was understood, with the evidence.
    pub understood: Vec<Text>,
}

impl Dialect {
    /// Looks at the beginning of a file, and at its bytes beyond ASCII wherever they are. With `between` it is known
    /// what stands between cells.
    ///
    /// # Errors
    /// [`ReadError::Empty`], and what the disk says.
    pub(super) fn of(
        path: &Path,
        options: &ReadOptions,
        between: Option<Between>,
        task: &Task,
    ) -> Result<Self, ReadError> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
        if head.is_empty() {
            return Err(ReadError::Empty);
        }
        let is_whole = head.len() < HEAD;
        let (encoding, mark, why) = encoding_of(path, &head, options, task)?;
        if is_no_text(&head, encoding) {
            let what = Text::new("内容不是文字，不是表格文件", "its bytes are no text: this is no table");
            return Err(ReadError::NotRead { what });
        }
        let (words, _) = encoding.codec().decode_without_bom_handling(&head[mark..]);
        let mut words = words.as_ref();
        let mut dialect = Self {
            encoding,
            marks: Marks { between: Between::Byte(b','), end: b'\n' },
            start: mark as u64,
            rows: Vec::new(),
            understood: why.into_iter().collect(),
        };
        if !words.contains('\n') && words.contains('\r') {
            dialect.marks.end = b'\r';
        }
        let said = said_separator(words);
        if let Some((_, line)) = said {
            dialect.start += (line * if dialect.utf16().is_some() { 2 } else { 1 }) as u64; // it is ASCII
            words = &words[line..];
        }
        dialect.marks.between = match (between, said) {
            (Some(between), _) => between,
            (None, Some((said, _))) => {
                let said_char = char::from(said);
                dialect.understood.push(text!(
                    "第一行的 sep={said_char} 写明了分隔符",
                    "the line sep={said_char} says what stands between cells"
                ));
                Between::Byte(said)
            }
            (None, None) => dialect.guessed(words, is_whole),
        };
        dialect.rows = rows(words, dialect.marks, is_whole);
        Ok(dialect)
    }

    /// The words of some whole rows, and whether some bytes spell nothing.
    pub(super) fn decode<'a>(&self, bytes: &'a [u8]) -> (Cow<'a, str>, bool) {
        if self.utf16().is_some() {
            let words = String::from_utf8_lossy(bytes); // already turned into UTF-8
            let is_broken = words.contains('\u{fffd}');
            return (words, is_broken);
        }
        self.encoding.decode(bytes)
    }

    /// The encoding, if its characters have two bytes each.
    pub(super) fn utf16(&self) -> Option<&'static encoding_rs::Encoding> {
        let codec = self.encoding.codec();
        [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].into_iter().find(|known| *known == codec)
    }

    /// The mark with which most rows are equally wide, the first among them.
    fn guessed(&mut self, words: &str, is_whole: bool) -> Between {
        let fits = BETWEEN.iter().map(|&(between, zh, en)| {
            let rows = rows(words, Marks { between, ..self.marks }, is_whole);
            let widths: Vec<usize> = rows.iter().map(Vec::len).filter(|&width| width > 0).collect();
            let count = |width: usize| widths.iter().filter(|&&other| other == width).count();
            let width = widths.iter().copied().max_by_key(|&width| (count(width), width)).unwrap_or(1);
            let share = count(width) * 1000 / widths.len().max(1);
            (if width > 1 { (share, width) } else { (0, 1) }, between, zh, en)
        });
        let best = fits.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some(((share, width), between, zh, en)) = best.filter(|best| best.0.0 > 0) else {
            return Between::Byte(b',');
        };
        if between != Between::Byte(b',') || share < 1000 {
            self.understood.push(text!("各列之间是{zh}（{width} 列）", "{en} stand between cells ({width} columns)"));
        }
        between
    }
}

/// The first rows; the last line may be cut off.
fn rows(words: &str, marks: Marks, is_whole: bool) -> Vec<Vec<String>> {
    let end = if is_whole { words.len() } else { marks.last_end(words.as_bytes(), true).unwrap_or(words.len()) };
    let (mut records, mut cells, mut rows) = (Records::new(&words[..end], marks), Vec::new(), Vec::new());
    while rows.len() < FIRST_ROWS && records.next(&mut cells) {
        let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
        rows.push(if is_blank { Vec::new() } else { cells.iter().map(std::string::ToString::to_string).collect() });
    }
    rows
}

/// Excel's first line `sep=;`: the mark, and the length of the line with its end.
fn said_separator(words: &str) -> Option<(u8, usize)> {
    let rest = words.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).map(|_| &words.as_bytes()[4..])?;
    let (&mark, rest) = rest.split_first().filter(|(mark, _)| mark.is_ascii() && !mark.is_ascii_alphanumeric())?;
    let ends = [&b"\r\n"[..], b"\n", b"\r"];
    ends.iter().find(|end| rest.starts_with(end)).map(|end| (mark, 5 + end.len()))
}

/// The encoding, the length of the byte order mark, and why.
fn encoding_of(
    path: &Path,
    head: &[u8],
    options: &ReadOptions,
    task: &Task,
) -> Result<(Encoding, usize, Option<Text>), ReadError> {
    if let Some((codec, mark)) = encoding_rs::Encoding::for_bom(head) {
        let encoding = options.encoding.unwrap_or(Encoding::from(codec));
        let evidence = if codec == encoding_rs::UTF_8 { evidence(path, task)? } else { Evidence::default() };
        let claim = Claim {
            who: Text::new("文件开头的字节标记", "the mark at its beginning"), encoding: codec.into()
        };
        let why = decide(options.encoding, &[claim], &evidence).why;
        let said = text!("文件开头的字节标记写明：{encoding}", "the mark at its beginning says {encoding}");
        let why = why.or_else(|| (codec != encoding_rs::UTF_8 && options.encoding.is_none()).then_some(said));
        return Ok((encoding, mark, why));
    }
    if let Some(codec) = utf16_without_mark(head).filter(|_| options.encoding.is_none()) {
        let encoding = Encoding::from(codec);
        let why = text!("每两个字节一个字符：按 {encoding} 读取", "two bytes a character: read as {encoding}");
        return Ok((encoding, 0, Some(why)));
    }
    let verdict = decide(options.encoding, &[], &evidence(path, task)?);
    Ok((verdict.encoding, 0, verdict.why))
}

/// Whether bytes are a program's own, not anybody's text: more than two in a hundred are characters that no table has.
fn is_no_text(head: &[u8], encoding: Encoding) -> bool {
    let codec = encoding.codec();
    if [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&codec) {
        return false;
    }
    let is_odd = |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a | 0x1b);
    let odd = head.iter().filter(is_odd).count();
    odd > 1 && odd * 50 > head.len()
}

/// Latin letters in UTF-16 have every other byte zero.
fn utf16_without_mark(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).take(2000).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let enough = (head.len() / 2).min(2000) / 5;
    match (even > enough, odd > enough) {
        (false, true) => Some(encoding_rs::UTF_16LE),
        (true, false) => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// What the lines beyond ASCII say, wherever in the file the first of them stand.
fn evidence(path: &Path, task: &Task) -> Result<Evidence, ReadError> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let (mut evidence, mut seen) = (Evidence::default(), 0);
    loop {
        task.check()?;
        let block = file.fill_buf()?;
        if block.is_empty() || seen > MOST_EVIDENCE {
            return Ok(evidence);
        }
        let whole = memchr::memrchr(b'\n', block).map_or(block.len(), |at| at + 1);
        if !block[..whole].is_ascii() {
            for line in block[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_ascii()) {
                evidence.see(line);
                seen += line.len();
            }
        }
        file.consume(whole);
    }
}
