//! What is asked of a workbook before anything is taken from it: a small file must not become a large one.
//!
//! The parts are unpacked once and counted, since what the archive says of their sizes may be a lie; so are the strings,
//! since the reader makes room for as many as the file claims.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::io::error::ReadError;
use crate::task::Task;
use crate::text::Text;

/// Unpacked, a workbook may be so many times its size,
const MOST_TIMES: u64 = 200;
/// and so large.
const MOST_BYTES: u64 = 1 << 30;
/// Room that every file has, however small.
const SLACK: u64 = 100 << 20;
/// The shortest string among the shared ones, `<si/>`.
const SHORTEST_STRING: u64 = 5;

/// Looks at every part that is XML.
///
/// # Errors
/// [`ReadError::TooMuchMemory`] for a bomb, [`ReadError::Damaged`] for what is no archive or lies.
pub(super) fn check_archive(path: &Path, task: &mut Task) -> Result<(), ReadError> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let mut room = MOST_BYTES.min(len.saturating_mul(MOST_TIMES).max(1 << 20));
    let mut block = vec![0; 1 << 16];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(broken)?;
        let name = part.name().unwrap_or_default().to_ascii_lowercase();
        if !name.as_bytes().ends_with(b".xml") && !name.as_bytes().ends_with(b".rels") {
            continue;
        }
        let (mut size, mut head) = (0, Vec::new());
        loop {
            task.check()?;
            let read = part.read(&mut block).map_err(|error| broken(ZipError::Io(error)))?;
            if read == 0 {
                break;
            }
            if head.len() < 4096 {
                head.extend_from_slice(&block[..read.min(4096)]);
            }
            size += read as u64;
            room = room.checked_sub(read as u64).ok_or(ReadError::TooMuchMemory)?;
        }
        if name.as_bytes().ends_with(b"sharedstrings.xml") {
            if size > len.saturating_mul(4) + SLACK {
                return Err(ReadError::TooMuchMemory);
            }
            let is_lie = claimed_strings(&head).is_some_and(|claimed| claimed > size / SHORTEST_STRING + 1);
            if is_lie {
                let what = Text::new("声明的文字数与内容不符", "it claims more strings than it can hold");
                return Err(ReadError::Damaged { what });
            }
        }
    }
    Ok(())
}

/// The attribute `uniqueCount` of the list of strings; a number too long to be read is a large one.
fn claimed_strings(head: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(head, b"uniqueCount")?;
    let claim = head[at..].iter().copied().skip_while(|byte| !byte.is_ascii_digit());
    let digits: String = claim.take_while(u8::is_ascii_digit).map(char::from).collect();
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn broken(error: ZipError) -> ReadError {
    let what = match error {
        ZipError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Text::new("压缩包不完整，请重新复制或下载", "the archive ends in the middle: copy or download it again")
        }
        _ => Text::new("压缩包已损坏", "the archive is damaged"),
    };
    ReadError::Damaged { what }
}
